"""Rule: a type whose values can be gone through only once is refused by the class statement, wherever it stands.

To look whether such a value has changed, or to store it, would empty it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator as AbcGenerator
from collections.abc import Iterable as AbcIterable
from typing import (
    Annotated,
    Any,
    AsyncIterable,
    AsyncIterator,
    Dict,
    Generator,
    Generic,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    NewType,
    Optional,
    Reversible,
    Sequence,
    Tuple,
    TypeVar,
    Union,
)

import pydantic
import pytest
from typing_extensions import TypeAliasType, TypedDict

from odmantic.model import EmbeddedModel, Model

T = TypeVar("T")


class InModel(pydantic.BaseModel):
    numbers: Iterable[int]


class Deeper(pydantic.BaseModel):
    below: Optional[Deeper] = None
    inner: List[InModel] = []


@dataclasses.dataclass
class InData:
    numbers: Iterable[int]


class InRow(NamedTuple):
    numbers: Iterable[int]


class InKeys(TypedDict):
    numbers: Iterable[int]


Numbers = NewType("Numbers", Iterable)  # type: ignore[type-arg]
Several = TypeAliasType("Several", Iterable[int])
Boxed = TypeAliasType("Boxed", List[Iterable[T]], type_params=(T,))


def define(annotation: Any, base: Any = Model) -> Any:
    namespace = {"__module__": __name__, "__annotations__": {"x": annotation}}
    return type(base)("Ship", (base,), namespace)


@pytest.mark.parametrize("base", [Model, EmbeddedModel])
@pytest.mark.parametrize(
    "annotation",
    [
        Iterable,
        Iterable[int],
        AbcIterable,
        AbcIterable[int],
        Iterator[int],
        Generator[int, None, None],
        AbcGenerator,
        AsyncIterable[int],
        AsyncIterator[int],
        Optional[Iterable[int]],
        Union[int, Iterator[int], str],
        List[Iterable[int]],
        Tuple[int, Iterable[int]],
        Dict[str, Optional[Iterator[int]]],
        Annotated[Iterable[int], "note"],
        List[Annotated[Iterable[int], "note"]],
        Numbers,
        Several,
        Boxed[int],
        "Iterable[int]",
        "Optional[List[Iterable[int]]]",
        InModel,
        Optional[InModel],
        Deeper,
        List[InData],
        Dict[str, InRow],
        InKeys,
    ],
)
def test_one_shot_types_are_refused(annotation: Any, base: Any) -> None:
    message = r"fields are not supported: .* only once\. Use a list, .* \(field x in Ship\)"
    with pytest.raises(TypeError, match=message):
        define(annotation, base)


def test_parameters_of_generics_are_looked_at() -> None:
    class Box(EmbeddedModel, Generic[T]):
        content: T

    with pytest.raises(TypeError, match="only once"):
        Box[Iterable[int]]


def test_fields_of_mixins_are_looked_at() -> None:
    class Mixin:
        x: Iterable[int]

    with pytest.raises(TypeError, match="only once"):

        class Ship(Mixin, Model):
            pass


def test_a_type_that_is_defined_later_is_refused_when_it_is() -> None:
    class Later(Model):
        x: List[DefinedLater]  # type: ignore[name-defined] # noqa: F821 - below

    with pytest.raises(TypeError, match="only once"):
        Later.model_rebuild(_types_namespace={"DefinedLater": Iterable[int]})


class Rows:
    """A class of a user's, of which nothing here makes use."""

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        raise StopIteration


def test_other_types_are_not_refused() -> None:
    for annotation in (Sequence[int], List[int], str):
        define(annotation)
    for annotation in (Rows, Reversible):
        namespace = {
            "__module__": __name__,
            "__annotations__": {"x": annotation},
            "model_config": {"arbitrary_types_allowed": True},
        }
        type(Model)("Ship", (Model,), namespace)
