"""How a class maps to documents: pure functions and what they work with."""

from odmantic._mapping.decode import decode_document, validate_document
from odmantic._mapping.encode import (
    encode_changes,
    encode_document,
    encode_extras,
    encode_field,
    encode_fields,
    encode_primary_key,
    encode_value,
)
from odmantic._mapping.ids import are_scalars, check_id, id_filter, ids_filter
from odmantic._mapping.mapping import (
    ModelMapping,
    ReferencePath,
    is_embedded_model,
    is_model,
    is_model_instance,
    mapping_of,
)
from odmantic._mapping.marks import (
    NOTHING_TO_COMPARE,
    baseline_or_none,
    clear_slot,
    has_slot,
    mark_unmodified,
    modified_or_none,
)
from odmantic._mapping.nested import nested_instances
from odmantic._mapping.snapshot import (
    DIGEST_OPTIONS,
    Snapshot,
    changed_fields,
    digest,
    is_same,
    take_snapshot,
)

__all__ = [
    "DIGEST_OPTIONS",
    "NOTHING_TO_COMPARE",
    "ModelMapping",
    "ReferencePath",
    "Snapshot",
    "are_scalars",
    "baseline_or_none",
    "changed_fields",
    "check_id",
    "clear_slot",
    "decode_document",
    "digest",
    "encode_changes",
    "encode_document",
    "encode_extras",
    "encode_field",
    "encode_fields",
    "encode_primary_key",
    "encode_value",
    "has_slot",
    "id_filter",
    "ids_filter",
    "is_embedded_model",
    "is_model",
    "is_model_instance",
    "is_same",
    "mapping_of",
    "mark_unmodified",
    "modified_or_none",
    "nested_instances",
    "take_snapshot",
    "validate_document",
]
