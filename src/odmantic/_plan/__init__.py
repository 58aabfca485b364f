"""What to send: decisions that wait for nothing, as data that can be printed and compared.

To plan a save takes its fields, which are clean from then on, so that later changes stand out; whoever sends the plan
gives them back if that fails.
"""
