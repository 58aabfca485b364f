"""Fields in queries."""
