# Generated from src/odmantic/_aio/operations/__init__.py by tools/generate_sync.py: do not edit.
"""What an engine does with documents: find, save, delete, one at a time and in bulk."""
