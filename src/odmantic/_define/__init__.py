"""From a class statement to a model."""
