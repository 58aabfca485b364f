"""Conversion between Python and BSON values: ids, decimals, JSON, and the pydantic schemas of BSON types."""
