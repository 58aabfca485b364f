"""How a class maps to documents: pure functions and their data."""
