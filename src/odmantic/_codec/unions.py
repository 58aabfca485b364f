"""The member of a union to which a document's value belongs."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping
from datetime import date
from enum import Enum
from types import NoneType
from typing import Any, Literal
from uuid import UUID

from bson.binary import Binary
from pydantic import BaseModel, RootModel, ValidationError

from odmantic._bson.values import is_document
from odmantic._codec.embedded import located
from odmantic._codec.parsed import is_json
from odmantic._codec.stored_forms import FROM_BSON, member_decoder, stored_members
from odmantic._codec.strict import strictness_of
from odmantic._codec.validation import Validation
from odmantic._errors.lines import ErrorList
from odmantic._mapping.hierarchy import class_to_read
from odmantic._mapping.interfaces import Decoder, Location
from odmantic._types.annotations import union_of
from odmantic._types.classes import is_array, is_mapping
from odmantic._types.kinds import is_class
from odmantic._types.tree import (
    Anything,
    Choice,
    Document,
    Enumeration,
    Leaf,
    Object,
    Type,
    Union,
    read_type,
)


def union_decoder(
    members: list[tuple[Type, Decoder | None]],
    *,
    tag: str | None,
    arbitrary_types: bool,
    is_strict: bool = False,
) -> Decoder | None:
    """Return the decoder of a union, given those of its members, and the field that tells them apart, if any."""
    types = [member for member, _ in members]
    members = [
        (member, _unless_taken(member, decode, types, is_strict=is_strict))
        for member, decode in members
    ]
    members = [(member, decode or _enum_decoder(member, members)) for member, decode in members]
    candidates = [
        _Candidate([member], decode, tag, arbitrary_types=arbitrary_types, is_strict=is_strict)
        for member, decode in members
        if decode is not None
    ]
    if not candidates:
        return None
    others = [read_type(None), *(member for member, decode in members if decode is None)]
    rivals = _Candidate(others, _unchanged, tag, arbitrary_types=arbitrary_types)

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


def _unless_taken(
    member: Type, decode: Decoder | None, members: list[Type], *, is_strict: bool
) -> Decoder | None:
    """Return the decoder of a member of a union, or `None` if its stored values are taken for those of others."""
    if decode is None or not _is_taken(member, members):
        return decode
    others = [each for each in members if not isinstance(each, Choice)]
    if not is_strict or _is_taken(member, others):
        return None
    # Strict validation would not make a value of text; a `Literal` takes no other text than its own.
    earlier = members[: members.index(member)]
    taken = [value for each in earlier if isinstance(each, Choice) for value in each.values]

    def decode_others(value: Any, loc: Location, errors: ErrorList, raw: Any) -> Any:
        return value if value in taken else decode(value, loc, errors, raw)

    return decode_others


def _is_taken(member: Type, members: list[Type]) -> bool:
    """Return whether what a member is stored as is taken for a value of one that is declared before it."""
    stored = _stored_as(member)
    if stored is None:
        return False
    earlier = members[: next(i for i, each in enumerate(members) if each is member)]
    return any(
        isinstance(each, Anything) or stored in each.value_classes for each in earlier
    ) and not any(each.cls in FROM_BSON for each in earlier)


def _enum_decoder(member: Type, members: list[tuple[Type, Decoder | None]]) -> Decoder | None:
    """Return a decoder for an enumeration whose stored form is no other member's, since others might convert it."""
    if not isinstance(member, Enumeration):
        return None
    others = [_stored_classes(each) for each, _ in members if each is not member]
    if any(not taken.isdisjoint(_stored_classes(member)) for taken in others):
        return None
    return member_decoder(stored_members(member, is_strict=True))


def _stored_classes(member: Type) -> frozenset[type[Any]]:
    """Return the relevant classes of the scalars as which values of a union's member are stored."""
    bare = member.bare
    found: set[type[Any]]
    if isinstance(member, Choice):
        found = set(member.value_classes)
    elif isinstance(member, Enumeration):
        found = {stored.__class__ for stored, _ in stored_members(member, is_strict=True)}
    elif is_class(bare):
        found = {cls for cls in _SIMPLE if issubclass(bare, cls)}
    else:
        # An unknown type may be stored as anything.
        found = _SIMPLE if bare is member.cls else set()
    return frozenset(found | (_NUMBERS if found & _NUMBERS else set()))


_NUMBERS: set[type[Any]] = {bool, int, float}
_SIMPLE: set[type[Any]] = {str, bytes, *_NUMBERS}


class _Candidate:
    """A member of a union whose values have keys to translate, or all other members together.

    Attributes:
        decode: Translates a value.
        read_from: The classes of stored values that it may read.
    """

    def __init__(
        self,
        members: list[Type],
        decode: Decoder,
        tag: str | None,
        *,
        arbitrary_types: bool,
        is_strict: bool = False,
    ) -> None:
        self._members = members
        self._tag = tag
        self._arbitrary_types = arbitrary_types
        self._validate: Validation | None = None
        self.decode = decode
        first, is_one = members[0], len(members) == 1
        is_strict = is_strict or (is_one and isinstance(first, Enumeration))
        self.read_from = tuple(
            each for member in members for each in _read_from(member, is_strict=is_strict)
        )
        self._model: Any = first.cls if is_one and isinstance(first, Document) else None
        self._is_json = any(map(is_json, members))

    def rank(self, value: Any) -> int:
        """Count the keys of a document that this member knows; a model that knows none comes last.

        The member that the document's tag names comes first.
        """
        tag = self._tag
        if tag is not None and any(_is_tagged(member, tag, value) for member in self._members):
            return sys.maxsize
        return max(_rank(member, value) for member in self._members)

    def validate(self, value: Any) -> Any:
        """Validate a translated value; what would be parsed stays text, for it is parsed again.

        Raises:
            ValidationError: if it is not of this type.
        """
        if self._model is not None:
            return self._model.__pydantic_validator__.validate_python(
                value, by_alias=self._model.__mapping__.takes_aliases, by_name=True
            )
        if self._validate is None:
            members = tuple(member.annotation for member in self._members)
            annotation: Any = union_of(members)
            self._validate = Validation(annotation, arbitrary_types=self._arbitrary_types)
        validated = self._validate(value)
        return value if self._is_json else validated


def _rank(node: Type, value: Any) -> int:
    """Count the keys of a document that a type knows; for several types, those of the one that knows most."""
    match node:
        case Union():
            return max(_rank(member, value) for member in node.arguments)
        case Document():
            cls = class_to_read(node.cls, value) or node.cls
            return sum(key in value for key in cls.__mapping__.field_names) or -1
        case Object() if is_document(value) and node.parts:
            return sum(name in value for name in node.parts) or -1
        case _:
            return 0


def _is_tagged(node: Type, tag: str, value: Any) -> bool:
    """Return whether a document has the tag of a class."""
    if not isinstance(node, Object) or not is_document(value):
        return False
    is_of_model = isinstance(node, Document)
    field = node.cls.__mapping__.fields.get(tag) if is_of_model else None
    part = node.parts.get(tag) if field is None else field.tree
    key = tag if field is None else field.key_name
    return isinstance(part, Choice) and value.get(key) in part.values


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

    The result is already validated, so that no other member can claim the value.
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
                found = located(error, loc)
        failures.append(found)
    if not has_rivals:
        errors.extend(failures[0])
    return value


_DOCUMENT: tuple[type[Any], ...] = (Mapping,)
_ARRAY: tuple[type[Any], ...] = (list, tuple)
_SCALARS: tuple[type[Any], ...] = (NoneType, str, bytes, int, float, date, Enum)


def _read_from(node: Type, *, is_strict: bool = False) -> tuple[type[Any], ...]:
    """Return the classes of stored values that a type may read, except scalars without a decoder."""
    if is_json(node):
        return (object,)
    if isinstance(node, Union):
        return tuple(
            each for member in node.arguments for each in _read_from(member, is_strict=is_strict)
        )
    if members := stored_members(node, is_strict=strictness_of(node.marks, is_strict)):
        classes = [stored.__class__ for stored, _ in members]
        # A tuple is stored as an array.
        return (*classes, tuple) if list in classes else tuple(classes)
    if isinstance(node, Object) and issubclass(node.cls, RootModel):
        return _read_from(node.parts["root"])
    stored = _stored_as(node)
    return _class_read_from(node.cls) if stored is None else (stored,)


def _stored_as(node: Type) -> type[Any] | None:
    """Return the class of the stored form of a type with a decoder for it; `None` for other types."""
    if node.cls is UUID:
        return Binary
    form = node.form if isinstance(node, Leaf) else None
    return None if form is None else form.stored


def _class_read_from(cls: Any) -> tuple[type[Any], ...]:
    if cls in FROM_BSON:
        return (FROM_BSON[cls][0],)
    if cls is None or cls is Literal or (is_class(cls) and issubclass(cls, _SCALARS)):
        return ()
    if is_mapping(cls) or (is_class(cls) and issubclass(cls, BaseModel)):
        return _DOCUMENT
    if is_array(cls) or cls is Hashable:
        return _ARRAY
    return (*_DOCUMENT, *_ARRAY)
