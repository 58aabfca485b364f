"""An instance against its last known document: where it is known, and what must be written there."""
