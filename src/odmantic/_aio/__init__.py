"""Engines, sessions and cursors: the code that waits. The sync twin is generated from here."""
