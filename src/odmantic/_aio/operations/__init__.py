"""What an engine does with documents: find, save, delete, one at a time and in bulk."""
