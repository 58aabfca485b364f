"""What an annotation says: read once, with its aliases, constraints and models."""
