"""Documents in fields of dictionaries that the driver takes for references."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Union

import bson
import pytest
from bson.dbref import DBRef

from odmantic import EmbeddedModel, Model
from odmantic.exceptions import DocumentParsingError


class Inner(EmbeddedModel):
    model_config = {"extra": "allow"}

    value: Any = 0


class Holder(Model):
    table: Dict[str, Any] = {}
    tables: List[Dict[str, Any]] = []
    by_key: Dict[str, Dict[str, Any]] = {}
    maybe: Optional[Dict[str, Any]] = None
    either: Union[int, Dict[str, Any]] = 0
    inner: Inner = Inner()
    anything: Any = None
    number: int = 0


def read(instance, **changed):
    stored = {**instance.model_dump_doc(), **changed}
    return Holder.model_validate_doc(bson.decode(bson.encode(stored)))


@pytest.mark.parametrize(
    "given",
    [
        {"$ref": "c", "$id": 1},
        {"$id": "x", "$ref": "c"},
        {"$ref": "c", "$id": 1, "$db": "d"},
        {"$ref": "c", "$id": {"a": 1}, "k": [1]},
    ],
)
def test_a_document_like_a_reference_is_read_where_only_documents_are(given):
    holder = Holder(
        table=given,
        tables=[{}, given],
        by_key={"k": given},
        maybe=given,
        either=given,
        inner=Inner(**given),
        anything=given,
    )
    found = read(holder)
    assert found.model_dump(exclude={"anything", "inner"}) == holder.model_dump(
        exclude={"anything", "inner"}
    )
    assert {**found.inner.model_extra} == given
    # Where a reference may be, it is one.
    assert type(found.anything) is DBRef


def test_another_value_is_reported_as_before():
    with pytest.raises(DocumentParsingError, match="valid integer"):
        read(Holder(), number=DBRef("c", 1))
    with pytest.raises(DocumentParsingError, match="valid integer"):
        read(Holder(table={"$ref": "c", "$id": 1}), number="x")
