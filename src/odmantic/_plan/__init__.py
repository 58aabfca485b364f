"""What to send: decisions that wait for nothing, as data that can be printed and compared.

To plan a save takes the marks of its fields from the instance, so that changes made meanwhile stand out; whoever sends
the plan gives them back if that fails.
"""
