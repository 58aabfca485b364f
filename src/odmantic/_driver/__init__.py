"""How the drivers differ, and the primitives of async and sync code."""
