"""What a transaction knows and decides: attempts, blocks, the journal, retries; nothing here waits."""
