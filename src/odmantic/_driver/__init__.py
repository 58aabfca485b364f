"""The only place that knows how drivers differ, and the primitives of each colour."""
