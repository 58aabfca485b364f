"""What to send: pure decisions, as data that can be printed and compared."""
