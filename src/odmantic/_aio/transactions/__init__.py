"""How a transaction begins, ends, and is repeated."""
