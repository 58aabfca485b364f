"""How a class maps to documents: pure functions and what they work with."""
