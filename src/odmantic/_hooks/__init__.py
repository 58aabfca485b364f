"""Hooks: methods and functions that are called when documents are written, deleted and read."""
