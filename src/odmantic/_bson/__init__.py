"""Python values and BSON values: conversions, ids, decimals, JSON forms, and the pydantic schemas of BSON types."""
