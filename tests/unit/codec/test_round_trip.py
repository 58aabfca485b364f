"""Laws: what is stored and read back is the same instance, and can be stored by the driver."""

from __future__ import annotations

import decimal
import enum
from datetime import datetime
from typing import Annotated, Any, Dict, FrozenSet, List, Optional, Set, Tuple, Union

import bson
from bson.binary import Binary
from bson.int64 import Int64
from hypothesis import given, settings
from hypothesis import strategies as st

from odmantic._codec.encode import encode_document, encode_field, encode_value
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"
    NONE = decimal.Decimal(1)


class Leaf(EmbeddedModel):
    n: int = Field(0, key_name="number")
    price: Optional[decimal.Decimal] = None

    def __hash__(self) -> int:
        return hash((self.n, self.price))


class Twig(EmbeddedModel):
    name: str = Field("", key_name="leaves")
    leaves: List[Leaf] = Field([], key_name="name")
    best: Optional[Leaf] = Field(None, key_name="b")


class Owner(Model):
    key: Leaf = Field(primary_field=True)
    text: str = ""


class Tree(Model):
    model_config = {"extra": "allow"}
    at: datetime
    colour: Colour
    colours: Dict[Colour, List[Colour]] = {}
    big: Int64
    data: Binary
    numbers: Dict[int, float]
    prices: List[Tuple[decimal.Decimal, str]]
    ids: FrozenSet[bson.ObjectId] = frozenset()
    twigs: Dict[str, List[Twig]] = Field({}, key_name="t")
    either: Union[Leaf, Twig, None, List[Union[Leaf, str]]] = Field(None, key_name="e")
    pair: Tuple[Leaf, Twig] = Field(key_name="p")
    leaves: Set[Leaf] = set()
    owner: Owner = Reference(key_name="o")


def finite() -> Any:
    return st.floats(allow_nan=False)


numbers = st.integers(-(2**63), 2**63 - 1)
prices = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=3
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
keys = texts.filter(lambda text: "\0" not in text)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
ids = st.binary(min_size=12, max_size=12).map(bson.ObjectId)
colours = st.sampled_from(Colour)
leaves = st.builds(Leaf, n=numbers, price=st.none() | prices)
twigs = st.builds(Twig, name=texts, leaves=st.lists(leaves, max_size=3), best=st.none() | leaves)
trees = st.builds(
    Tree,
    at=moments,
    colour=colours,
    colours=st.dictionaries(colours, st.lists(colours, max_size=2), max_size=3),
    big=numbers,
    data=st.binary(max_size=5).map(Binary),
    numbers=st.dictionaries(numbers, finite(), max_size=3),
    prices=st.lists(st.tuples(prices, texts), max_size=3),
    ids=st.frozensets(ids, max_size=3),
    twigs=st.dictionaries(keys, st.lists(twigs, max_size=2), max_size=2),
    either=leaves | twigs | st.none() | st.lists(leaves | texts, max_size=2),
    pair=st.tuples(leaves, twigs),
    leaves=st.sets(leaves, max_size=3),
    owner=st.builds(Owner, key=leaves, text=texts),
    id=ids,
    more=st.none() | st.lists(numbers | texts, max_size=2),
)


def with_references(document: dict[str, Any], tree: Tree) -> dict[str, Any]:
    return {**document, "o": tree.owner.model_dump_doc()}


@settings(deadline=None, max_examples=50)
@given(trees)
def test_reading_what_was_stored_gives_the_same(tree: Tree) -> None:
    document = with_references(tree.model_dump_doc(), tree)
    again = Tree.model_validate_doc(bson.decode(bson.encode(document)))
    assert again == tree


@settings(deadline=None, max_examples=15)
@given(trees)
def test_a_document_is_made_of_its_fields(tree: Tree) -> None:
    document = encode_document(tree)
    for name, field in Tree.__odm_fields__.items():
        assert encode_field(tree, name) == document[field.key_name]
        part = encode_document(tree, include={name})
        assert part == {field.key_name: document[field.key_name], "more": tree.model_extra["more"]}  # type: ignore[index]


@settings(deadline=None, max_examples=15)
@given(trees)
def test_the_foreign_key_is_the_primary_key(tree: Tree) -> None:
    assert tree.model_dump_doc()["o"] == tree.owner.model_dump_doc()["_id"]
    assert encode_value(tree.owner) == tree.model_dump_doc()["o"]


@settings(deadline=None, max_examples=50)
@given(
    st.recursive(
        numbers | texts | prices | colours | leaves | moments | ids,
        lambda parts: (
            st.lists(parts, max_size=3)
            | st.tuples(parts, parts)
            | st.dictionaries(keys, parts, max_size=3)
        ),
    )
)
def test_any_value_of_a_query_can_be_sent(value: Any) -> None:
    bson.encode({"": encode_value(value)})


class Listed(EmbeddedModel):
    a: Annotated[List[int], "note"]
    b: Optional[List[int]] = None


@settings(deadline=None, max_examples=20)
@given(st.lists(numbers), st.lists(numbers))
def test_copies_and_dumps_agree(some: List[int], others: List[int]) -> None:
    one = Listed(a=some, b=others)
    assert one.model_copy(deep=True).model_dump_doc() == one.model_dump_doc() == one.model_dump()
