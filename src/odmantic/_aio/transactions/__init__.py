"""How a transaction begins, ends, and is retried."""
