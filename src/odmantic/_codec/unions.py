"""Which member of a union a value of a document belongs to."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from enum import Enum
from types import NoneType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from odmantic._bson.values import is_document
from odmantic._codec.lookups import takes_aliases
from odmantic._codec.stored_forms import FROM_BSON, member_decoder, stored_members
from odmantic._codec.strict import is_json, strictness_of
from odmantic._codec.translate import written
from odmantic._errors.lines import ErrorList, line_errors
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.annotations import (
    field_types,
    is_array,
    is_mapping,
    is_union,
    type_adapter,
    unwrap,
)
from odmantic._types.kinds import is_class, is_embedded_model


def union_decoder(
    members: list[tuple[Any, Decoder | None]], *, arbitrary_types: bool, is_strict: bool = False
) -> Decoder | None:
    """Give the decoder of a union, with the decoders of its members."""
    members = [(member, decode or _enum_decoder(member, members)) for member, decode in members]
    candidates = [
        _Candidate(member, decode, arbitrary_types=arbitrary_types, is_strict=is_strict)
        for member, decode in members
        if decode is not None
    ]
    if not candidates:
        return None
    others = (None, *(member for member, decode in members if decode is None))
    rivals = _Candidate(Union[others], _unchanged, arbitrary_types=arbitrary_types)  # noqa: UP007

    def decode(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        possible = [one for one in candidates if isinstance(value, one.read_from)]
        if not possible:
            return value
        has_rivals = isinstance(value, rivals.read_from)
        if has_rivals:
            possible.append(rivals)
        if len(possible) == 1:
            return possible[0].decode(value, loc, errors, raw)
        return _best_of(possible, value, loc, errors, raw, has_rivals=has_rivals)

    return decode


def _unchanged(value: Any, _loc: Location, _errors: ErrorList, _raw: Any) -> Any:
    return value


def _enum_decoder(member: Any, members: list[tuple[Any, Decoder | None]]) -> Decoder | None:
    """Give what reads an enumeration whose stored form only its members have: others might convert that first."""
    bare, _ = unwrap(member)
    if not (is_class(bare) and issubclass(bare, Enum)):
        return None
    others = [_stored_classes(each) for each, _ in members if each is not member]
    if any(not taken.isdisjoint(_stored_classes(member)) for taken in others):
        return None
    return member_decoder(stored_members(bare, is_strict=True))


def _stored_classes(member: Any) -> frozenset[type[Any]]:
    """Give the classes of the scalars that values of a member of a union are stored as, as far as they matter here."""
    bare, _ = unwrap(member)
    if get_origin(bare) is Literal:
        found = {value.__class__ for value in get_args(bare)}
    elif is_class(bare) and issubclass(bare, Enum):
        found = {stored.__class__ for stored, _ in stored_members(bare, is_strict=True)}
    elif is_class(bare):
        found = {cls for cls in _SIMPLE if issubclass(bare, cls)}
    else:
        # What is not known may be stored as anything.
        found = _SIMPLE if get_origin(bare) is None else set[type[Any]]()
    return frozenset(found | (_NUMBERS if found & _NUMBERS else set()))


_NUMBERS: set[type[Any]] = {bool, int, float}
_SIMPLE: set[type[Any]] = {str, bytes, *_NUMBERS}


class _Candidate:
    """A member of a union whose values have keys to translate, or all the others."""

    def __init__(
        self,
        annotation: Any,
        decode: Decoder,
        *,
        arbitrary_types: bool,
        is_strict: bool = False,
    ) -> None:
        self._annotation = annotation
        self._arbitrary_types = arbitrary_types
        self._adapter: TypeAdapter[Any] | None = None
        self._takes_aliases = True
        self.decode = decode
        bare, _ = unwrap(annotation)
        is_enum = is_class(bare) and issubclass(bare, Enum)
        self.read_from = _read_from(annotation, is_strict=is_strict or is_enum)
        self.model: Any = bare if is_embedded_model(bare) else None

    def rank(self, value: Any) -> int:
        """Count the keys of a document that this member knows; a model that knows none comes last."""
        return _rank(self._annotation, value)

    def validate(self, value: Any) -> Any:
        """Validate a translated value.

        Raises:
            ValidationError: it is not of this type.
        """
        if self.model is not None:
            return self.model.__pydantic_validator__.validate_python(
                value, by_alias=self.model.__mapping__.takes_aliases, by_name=True
            )
        if self._adapter is None:
            self._adapter = type_adapter(self._annotation, arbitrary_types=self._arbitrary_types)
            self._takes_aliases = takes_aliases(self._adapter.core_schema)
        return self._adapter.validate_python(value, by_alias=self._takes_aliases, by_name=True)


def _rank(annotation: Any, value: Any) -> int:
    """Count the keys of a document that a type knows; of several types, that of the one that knows most."""
    bare, _ = unwrap(annotation)
    if is_union(bare):
        return max(_rank(member, value) for member in get_args(bare))
    if is_embedded_model(bare):
        return sum(key in value for key in bare.__mapping__.field_names) or -1
    names = field_types(bare) if is_class(bare) and is_document(value) else {}
    return (sum(name in value for name in names) or -1) if names else 0


def _best_of(
    candidates: list[_Candidate],
    value: Any,
    loc: Location,
    errors: ErrorList,
    raw: Any,
    *,
    has_rivals: bool,
) -> Any:
    """Read a value as the member of a union that knows most of its keys.

    The result is already validated, so that no other member can take the value for its own.
    """
    failures: list[ErrorList] = []
    ordered = sorted(candidates, key=lambda candidate: candidate.rank(value), reverse=True)
    for candidate in ordered:
        found: ErrorList = []
        translated = candidate.decode(value, loc, found, raw)
        if not found:
            try:
                return candidate.validate(translated)
            except ValidationError as error:
                found = [
                    {**line, "loc": (*written(loc), *line.get("loc", ()))}
                    for line in line_errors(error)
                ]
        failures.append(found)
    if not has_rivals:
        errors.extend(failures[0])
    return value


_DOCUMENT: tuple[type[Any], ...] = (Mapping,)
_ARRAY: tuple[type[Any], ...] = (list, tuple)
_SCALARS: tuple[type[Any], ...] = (NoneType, str, bytes, int, float, date, Enum)


def _read_from(annotation: Any, *, is_strict: bool = False) -> tuple[type[Any], ...]:
    """Give the classes of what values of a type may be read from; scalars that need no decoder do not matter."""
    bare, marks = unwrap(annotation)
    if any(map(is_json, (bare, *marks))):
        return (object,)
    if is_union(bare):
        return tuple(
            each for member in get_args(bare) for each in _read_from(member, is_strict=is_strict)
        )
    if members := stored_members(bare, is_strict=strictness_of(marks, is_strict)):
        classes = [stored.__class__ for stored, _ in members]
        # A tuple is an array once it is stored.
        return (*classes, tuple) if list in classes else tuple(classes)
    return _class_read_from(get_origin(bare) or bare)


def _class_read_from(cls: Any) -> tuple[type[Any], ...]:
    if cls in FROM_BSON:
        return (FROM_BSON[cls][0],)
    if cls is None or cls is Literal or (is_class(cls) and issubclass(cls, _SCALARS)):
        return ()
    if is_class(cls) and issubclass(cls, RootModel):
        return _read_from(cls.__pydantic_fields__["root"].annotation)
    if is_mapping(cls) or (is_class(cls) and issubclass(cls, BaseModel)):
        return _DOCUMENT
    if is_array(cls) or cls is Hashable:
        return _ARRAY
    return (*_DOCUMENT, *_ARRAY)
