"""The functions generated for a class when they are first wanted: readable, and as fast as Python gets."""
