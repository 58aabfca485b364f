"""How a class maps to documents: pure functions and what they work with."""

from odmantic._mapping.compile import compile_mapping
from odmantic._mapping.decode import decode_document
from odmantic._mapping.encode import (
    encode_document,
    encode_field,
    encode_primary_key,
    encode_value,
    nested_instances,
)
from odmantic._mapping.mapping import (
    ModelKind,
    ModelMapping,
    ReferencePath,
    is_embedded_model,
    is_model,
    is_model_instance,
    mapping_of,
)

__all__ = [
    "ModelKind",
    "ModelMapping",
    "ReferencePath",
    "compile_mapping",
    "decode_document",
    "encode_document",
    "encode_field",
    "encode_primary_key",
    "encode_value",
    "is_embedded_model",
    "is_model",
    "is_model_instance",
    "mapping_of",
    "nested_instances",
]
