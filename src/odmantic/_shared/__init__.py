"""The halves of engines, sessions and cursors that have no colour; nothing here waits."""
