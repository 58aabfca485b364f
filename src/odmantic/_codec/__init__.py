"""Conversion of instances to documents and back, by the annotations of their fields, and of values in queries."""
