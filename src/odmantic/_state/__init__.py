"""The state of an instance against its last known document: where that is, and what must be written there."""
