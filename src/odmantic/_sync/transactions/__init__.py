# Generated from src/odmantic/_aio/transactions/__init__.py by tools/generate_sync.py: do not edit.
"""How a transaction begins, ends, and is retried."""
