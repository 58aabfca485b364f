"""A class statement becomes a model."""
