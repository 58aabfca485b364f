"""The parts of engines, sessions and cursors without a colour; nothing here waits."""
