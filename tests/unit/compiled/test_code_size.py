"""What a class costs grows with its own fields, not with the ways that lead to the classes below it.

Generated code is counted in lines and nodes of syntax, not timed: all classes together have code in proportion to their
number, however they embed one another. Walks over classes and aliases go to each once; a walk by paths would not end.
"""

from __future__ import annotations

import ast
import sys
from decimal import Decimal
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple, Union

import bson
import pytest
from pydantic import create_model
from tests.unit.somewhere import dirty_fields, read_document
from typing_extensions import TypeAliasType

from odmantic._codec.decode import decode_document
from odmantic._codec.decoders import DecoderCompiler
from odmantic._codec.encode import encode_document, type_encoder
from odmantic._codec.operands import OperandCompiler
from odmantic._compiled.inlining import LARGEST, MOST, MOST_BRANCHES
from odmantic._mapping.mapping import mapping_of
from odmantic._types.adapt import adapt_annotation
from odmantic._types.annotations import evaluate
from odmantic._types.tree import read_type
from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference

OID = bson.ObjectId("5f85f36d6dfecacc68428a46")


def embedded(title: str, /, **fields: Any) -> Any:
    return create_model(title, __base__=EmbeddedModel, **fields)


def levels(depth: int, width: int, kind: Any) -> list[Any]:
    """Classes of which each has as many fields of the class below; the lowest has numbers."""
    classes = [embedded("L0", **{f"f{i}": (int, i) for i in range(width)})]
    for level in range(1, depth):
        fields = {f"f{i}": (kind[classes[-1]], Field(None)) for i in range(width)}
        classes.append(embedded(f"L{level}", **fields))
    return classes


def linked(number: int, fields: int) -> list[Any]:
    """Classes that embed those before them, as many as they have fields."""
    classes: list[Any] = []
    for position in range(number):
        kinds: dict[str, Any] = {f"f{i}": (int, 0) for i in range(fields)}
        for i, cls in enumerate(classes[-fields:]):
            kinds[f"f{i}"] = (List[cls], []) if i % 2 else (Optional[cls], None)
        classes.append(embedded(f"C{position}", **kinds))
    return classes


def circle(number: int, fields: int) -> list[Any]:
    """Classes that embed one another, and themselves."""
    names = [f"Circle{position}" for position in range(number)]
    namespace: dict[str, Any] = {"__name__": "circle", "List": List}
    module = sys.modules["circle"] = type(sys)("circle")
    vars(module).update(namespace)
    for position, name in enumerate(names):
        annotations = {
            f"f{i}": f"List[{names[(position + i) % number]}]" if i < number else "int"
            for i in range(fields)
        }
        body = {f"f{i}": [] if i < number else 0 for i in range(fields)}
        cls = type(EmbeddedModel)(
            name,
            (EmbeddedModel,),
            {"__module__": "circle", "__annotations__": annotations, **body},
        )
        setattr(module, name, cls)
    classes = [getattr(module, name) for name in names]
    for cls in classes:
        cls.model_rebuild()
    return classes


def nodes_of(model: Any) -> int:
    return sum(1 for _ in ast.walk(ast.parse(model.__mapping__.source())))


def lines_of(model: Any) -> int:
    return model.__mapping__.source().count("\n")


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (lambda n: levels(n, 2, Optional), 2),
        (lambda n: levels(n, 2, List), 2),
        (lambda n: levels(n, 8, Optional), 8),
        (lambda n: levels(n, 10, List), 10),
        (lambda n: linked(n, 5), 5),
        (lambda n: circle(n, 6), 6),
    ],
    ids=["2 fields", "2 lists", "8 fields", "10 lists", "linked", "circle"],
)
def test_all_code_grows_with_the_number_of_classes(make: Any, fields: int) -> None:
    classes = [make(number) for number in (6, 12)]
    for count, per_field in ((lines_of, 50), (nodes_of, 700)):
        few, many = (sum(map(count, each)) for each in classes)
        # The first ones have less below them.
        assert many < 2.6 * few
        assert many / 12 < per_field * (fields + 2 * MOST / 6)


@pytest.mark.parametrize(
    ("make", "lines"),
    [
        (lambda: levels(17, 2, Optional), 400),
        (lambda: levels(4, 10, Optional), 1500),
        (lambda: levels(5, 8, Optional), 1500),
        (lambda: levels(12, 10, List), 1500),
        (lambda: linked(50, 20), 3000),
        (lambda: circle(12, 20), 3000),
    ],
    ids=["16 of 2", "3 of 10", "4 of 8", "11 of 10", "50 of 20", "circle"],
)
def test_a_class_at_the_top_costs_what_the_others_do(make: Any, lines: int) -> None:
    last = make()[-1]
    top: Any = create_model("Top", __base__=Model, v=(Optional[last], None), w=(List[last], []))
    assert lines_of(last) < lines
    assert lines_of(top) < lines
    one = top()
    document = encode_document(one)
    assert read_document(top, document) == one == decode_document(top, document)


@pytest.mark.parametrize("kind", [Optional, List])
def test_documents_as_deep_as_the_classes_round_trip(kind: Any) -> None:
    document: Any = {"f0": 3, "f1": 4}
    classes = levels(17, 2, kind)
    for _ in classes[1:]:
        document = {"f0": [document], "f1": []} if kind is List else {"f0": document, "f1": None}
    top: Any = create_model("Top", __base__=Model, v=(classes[-1], ...))
    one = read_document(top, {"v": document, "_id": OID})
    assert encode_document(one) == {"v": document, "_id": OID}
    assert one == decode_document(top, {"v": document, "_id": OID})
    assert dirty_fields(one) == set()
    lowest = one.v
    while not isinstance(lowest, classes[0]):
        lowest = lowest.f0[0] if kind is List else lowest.f0
    lowest.f1 = 5
    assert dirty_fields(one) == {"v"}


def test_small_embedded_documents_are_part_of_the_code_around_them() -> None:
    place = embedded("Place", town=(str, ""), code=(Optional[int], None))
    line = embedded("Line", name=(str, ""), place=(place, place()), price=(Decimal, Decimal(1)))
    top: Any = create_model("Top", __base__=Model, first=(line, line()), lines=(List[line], []))
    assert ".codec." not in top.__mapping__.source()
    assert "encode_document" not in top.__mapping__.source()


def test_a_class_is_part_of_the_code_around_it_up_to_a_size() -> None:
    for size, is_inlined in ((LARGEST, True), (LARGEST + 1, False)):
        cls = embedded("Sized", **{f"f{i}": (int, 0) for i in range(size)})
        top: Any = create_model("Top", __base__=Model, v=(cls, cls()))
        assert (".codec.read_part" not in top.__mapping__.source()) == is_inlined


def test_classes_in_one_place_have_code_up_to_a_number() -> None:
    def length(number: int, *, is_hierarchy: bool) -> int:
        root = create_model(
            "Root", __base__=EmbeddedModel, __cls_kwargs__={"inheritance": "single"}
        )
        members = [
            create_model(
                f"Member{i}",
                __base__=root if is_hierarchy else EmbeddedModel,
                kind=(Literal[i], i),
            )
            for i in range(number)
        ]
        union: Any = Annotated[Union[tuple(members)], Field(discriminator="kind")]
        top: Any = create_model(
            "Top", __base__=Model, v=(List[root if is_hierarchy else union], Field())
        )
        return len(top.__mapping__.source().splitlines())

    for is_hierarchy in (False, True):
        small, large = (length(n, is_hierarchy=is_hierarchy) for n in (MOST_BRANCHES + 2, 60))
        assert small == large


def test_a_class_beyond_that_size_may_have_references() -> None:
    port: Any = create_model("Port", __base__=Model, name=(str, ""))
    cls = embedded("Large", port=(port, Reference()), **{f"f{i}": (int, 0) for i in range(LARGEST)})
    top: Any = create_model("Top", __base__=Model, v=(cls, Field()))

    one = read_document(top, {"_id": OID, "v": {"port": {"_id": OID, "name": "Oslo"}, "f0": 1}})

    assert one == top(id=OID, v=cls(port=port(id=OID, name="Oslo"), f0=1))
    assert dirty_fields(one) == dirty_fields(one.v.port) == set()


def test_nested_containers_are_read_and_written_however_deep_they_are() -> None:
    tp: Any = embedded("Lowest", x=(List[List[int]], []))
    value: Any = {"x": [[1]]}
    for depth in range(30):
        tp, value = (Dict[str, tp], {"k": value}) if depth % 3 == 0 else (List[tp], [value])
        if depth % 5 == 0:
            tp = Optional[tp]
    top: Any = create_model("Top", __base__=Model, v=(tp, ...))
    one = read_document(top, {"v": value, "_id": OID})
    assert encode_document(one) == {"v": value, "_id": OID}
    assert one == decode_document(top, {"v": value, "_id": OID})
    assert dirty_fields(one) == set()
    compile(top.__mapping__.source(), "source", "exec")


def alias_of(leaf: Any, combine: Any, depth: int = 40) -> Any:
    alias = TypeAliasType("A0", leaf)
    for level in range(1, depth):
        alias = TypeAliasType(f"A{level}", combine(alias))
    return alias


@pytest.mark.parametrize("combine", [lambda a: Tuple[a, a], lambda a: Dict[str, Union[a, List[a]]]])
def test_aliases_are_walked_once(combine: Any) -> None:
    leaf = embedded("Leaf", x=(int, 0))
    alias = alias_of(leaf, combine)
    assert [node.cls for node in read_type(alias).models] == [leaf]
    assert read_type(alias).is_mutable
    top: Any = create_model("Top", __base__=Model, v=(Optional[alias], None))
    document = {"v": None, "_id": OID}
    assert encode_document(read_document(top, document)) == document


def test_plain_classes_are_walked_once() -> None:
    plain: Any = create_model("P0", price=(Decimal, Decimal(1)))
    for level in range(1, 40):
        plain = create_model(f"P{level}", a=(Optional[plain], None), b=(List[plain], []))
    top: Any = create_model("Top", __base__=Model, v=(plain, Field()))
    one = top(v=plain())
    document = encode_document(one)
    assert read_document(top, document) == one
    assert decode_document(top, document) == one


def test_classes_are_searched_for_references_once() -> None:
    classes = levels(40, 2, List)
    target: Any = create_model("Target", __base__=Model)
    for cls in classes:
        assert mapping_of(cls).links == ()
    body = {"__module__": __name__, "__annotations__": {"to": target}, "to": Reference()}
    refers: Any = type(EmbeddedModel)("Refers", (EmbeddedModel,), body)
    with pytest.raises(TypeError, match="containing references"):
        create_model("Top", __base__=Model, v=(Union[refers, int], 1), w=(List[classes[-1]], []))


def calls_of(function: Any, argument: Any) -> int:
    """Count the calls of functions of the library's own, without the hashing that Python does for a union."""
    count = 0

    def note(frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        is_own = "odmantic" in frame.f_globals.get("__name__", "")
        count += event == "call" and is_own and frame.f_code.co_name not in ("__hash__", "__eq__")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(argument)
    finally:
        sys.setprofile(before)
    return count


def containers(depth: int, kind: Any) -> Any:
    for _ in range(depth):
        kind = Union[List[kind], Dict[str, kind], Tuple[int, kind]]
    return kind


@pytest.mark.parametrize("leaf", [int, Decimal, bson.ObjectId])
@pytest.mark.parametrize(
    "function",
    [
        adapt_annotation,
        lambda each: read_type(each).is_mutable,
        lambda each: evaluate(each, __name__, {}),
        lambda each: read_type(each).models,
        lambda each: type_encoder(read_type(each)),
        lambda each: DecoderCompiler(arbitrary_types=False).decoder(read_type(each)),
        lambda each: OperandCompiler().convert(read_type(each)),
    ],
)
def test_a_type_in_several_places_is_looked_at_once(function: Any, leaf: Any) -> None:
    small, large = (calls_of(function, containers(depth, leaf)) for depth in (4, 8))
    # Twice the levels, each of which may look through those below; it would be 81 times as many by paths.
    assert large <= 5 * small
