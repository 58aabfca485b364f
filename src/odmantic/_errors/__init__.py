"""Errors and warnings; `odmantic.exceptions` exports the public ones."""
