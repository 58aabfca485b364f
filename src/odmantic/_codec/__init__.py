"""Instances to documents and back, by the annotations of their fields, and the values in queries."""
