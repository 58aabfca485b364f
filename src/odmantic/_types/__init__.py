"""Annotations: read once, with their aliases, constraints and models."""
