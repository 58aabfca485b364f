"""Data and decisions of a transaction: attempts, blocks, journal, retries; nothing here waits."""
