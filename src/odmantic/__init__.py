"""Typed MongoDB documents on pydantic and PyMongo, async and sync."""

__version__ = "2.0.0.dev0"
