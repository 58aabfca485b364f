"""What to send: decisions that do not wait, as data that can be printed and compared.

Planning a save takes its fields, which are clean from then on, so that later changes are detected. The sender of the
plan makes them dirty again if it fails.
"""
