"""What goes wrong: errors and warnings; `odmantic.exceptions` shows those that are public."""
