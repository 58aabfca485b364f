# Generated from src/odmantic/_aio/__init__.py by tools/generate_sync.py: do not edit.
"""Engines, sessions and cursors: the code that waits. The sync twin is generated from here."""
