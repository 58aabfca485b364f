"""Operands of conditions, in the stored form of their field.

A value of the field's type is encoded like one that is saved. Anything else is used as the stored form, and so is a
value of the field's type if a serialiser of the program returns the same type: programs then write the stored form. A
condition on an array may concern one of its items, so an operand may also be a value of the items' type; of arrays
inside it, MongoDB compares the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import bson
from bson.dbref import DBRef

from odmantic._bson.codecs import Codecs
from odmantic._bson.conversions import parse_object_id
from odmantic._bson.datetimes import MODES
from odmantic._bson.values import is_collection, is_document, is_tuple
from odmantic._codec.coded import codec_key_encoder, codec_operand
from odmantic._codec.encode import encode_primary_key, encode_value, type_encoder
from odmantic._codec.encoders import encode_key
from odmantic._codec.members import names_in
from odmantic._codec.own_forms import dumping_marks, is_left_to_field
from odmantic._codec.untyped import any_encoder
from odmantic._mapping.fields import ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.members import dbref_in, member_for
from odmantic._mapping.ref import is_ref, model_of, stored_key
from odmantic._types.kinds import is_model_instance
from odmantic._types.recursion import Recursion
from odmantic._types.tree import (
    Array,
    Coded,
    Document,
    FixedTuple,
    Nullable,
    Object,
    Table,
    Type,
    Union,
)

if TYPE_CHECKING:
    from odmantic._mapping.fields import ODMBaseField
    from odmantic._mapping.members import Member

_Classes: TypeAlias = "type[Any] | tuple[type[Any], ...]"
_Convert: TypeAlias = Callable[[Any], Any]
"""A function that returns the stored form of a value of a type, and `_OTHER` for any other value."""

_OTHER: Any = object()


def encode_operand(field: ODMBaseField, value: Any) -> Any:
    """Return the BSON form of a value that a field is compared with."""
    if field.operand is None:
        field.operand = _operand_of(field)
    return field.operand(value)


def encode_operand_inside(field: ODMBaseField | None, node: Type, value: Any) -> Any:
    """Return the BSON form of a value that a part of a field is compared with, which has a type of its own.

    Args:
        field: The field; `None` if there is none.
        node: The type of the part, from the field's own tree.
        value: The value.
    """
    # It is kept by the node, which it may refer to: a dictionary would keep both for ever.
    convert: _Convert | None = node.__dict__.get("operand")
    if convert is None:
        convert = node.__dict__["operand"] = _operand_inside(field, node)
    return convert(value)


def _operand_inside(field: ODMBaseField | None, node: Type) -> _Convert:
    if isinstance(field, ODMReference):
        return _in_containers(node, _target(field))
    if field is not None and field.owner is not None and is_left_to_field(*field.owner, field.tree):
        return encode_value
    convert = OperandCompiler().convert(node)
    others = _other_operand(node.codecs)
    return others if convert is None else _completed(convert, others)


def _operand_of(field: ODMBaseField) -> _Convert:
    if isinstance(field, ODMReference):
        return _reference(field)
    if field.owner is not None and is_left_to_field(*field.owner, field.tree):
        model, name = field.owner
        encode = mapping_of(model).encoder_of[name] or encode_value
        convert: _Convert | None = _encoded(_classes_of(field.tree), encode)
    else:
        convert = OperandCompiler().convert(field.tree)
    others = _other_operand(field.tree.codecs)
    return others if convert is None else _completed(convert, others)


def _reference(field: ODMReference) -> _Convert:
    encode = _target(field)
    return encode if field.is_to_one else _in_containers(field.tree, encode)


def _target(field: ODMReference) -> _Convert:
    """Return the conversion of one target, or of its key."""
    if field.members[0].is_named:
        return partial(_named_operand, field)
    key = _key_of(field.members[0])

    def encode(value: Any) -> Any:
        if is_ref(value):
            cls = model_of(value)
            if cls.__mapping__.collection != field.members[0].collection:
                where = _name_of(field)
                raise TypeError(
                    f"{where} leads to a {names_in(field.members)}, and is never {value!r}"
                )
            return stored_key(value)
        return encode_primary_key(value) if is_model_instance(value) else encode_operand(key, value)

    return encode


def _name_of(field: ODMReference) -> str:
    return f"{field.owner[0].__name__}.{field.owner[1]}" if field.owner else "the reference"


def _key_of(member: Member) -> ODMBaseField:
    """Return the field of the primary key of targets."""
    mapping = mapping_of(member.cls)
    return mapping.fields[mapping.primary_field or ""]


def _named_operand(field: ODMReference, value: Any) -> Any:
    """Encode one of the targets of a reference to models of several collections."""
    if value is None:
        return None
    members, where = field.members, _name_of(field)
    names = names_in(members, " or ")
    if is_ref(value) or is_model_instance(value):
        return _referring(members, where, value)
    given = dbref_in(value)
    if given is None:
        example = f"DBRef({members[0].collection!r}, id)"
        raise TypeError(
            f"{where} leads to a {names}, so that {value!r:.200} does not say in which collection: compare it with an "
            f"instance, or with {example}"
        )
    if given.database is not None:
        raise ValueError(
            f"{where} leads to documents of its own database: leave $db out, or write the filter as a dict"
        )
    for each in members:
        if each.collection == given.collection:
            return each.refer(encode_operand(_key_of(each), given.id))
    known = ", ".join(repr(each.collection) for each in members)
    raise ValueError(
        f"{where} leads to no document of {given.collection!r:.200}, but of one of {known}"
    )


def _referring(members: tuple[Member, ...], where: str, value: Any) -> DBRef:
    """Return the stored form of a reference to an instance, or of a lazy reference."""
    if is_ref(value):
        what, key = repr(value), stored_key(value)
        member = member_for(members, value)
    else:
        what, key = f"a {type(value).__name__}", encode_primary_key(value)
        member = next((each for each in members if each.has(value)), None)
    if member is None:
        raise TypeError(f"{where} leads to a {names_in(members, ' or ')}, and is never {what}")
    stored: DBRef = member.refer(key)
    return stored


def _in_containers(node: Type, encode: _Convert) -> _Convert:
    """Encode a whole container of a reference, or one of its targets."""
    match node:
        case Nullable():
            return _in_containers(node.inner, encode)
        case Array():
            encode_item = _in_containers(node.inner, encode)
            return lambda value: (
                [encode_item(each) for each in value]
                if is_collection(value)
                else encode_item(value)
            )
        case Table():
            encode_value_of = _in_containers(node.inner, encode)
            return lambda value: (
                {encode_key(key): encode_value_of(each) for key, each in value.items()}
                if is_document(value)
                else encode_value_of(value)
            )
        case _:
            return encode


def _completed(convert: _Convert, others: _Convert) -> _Convert:
    def encode(value: Any) -> Any:
        stored = convert(value)
        return others(value) if stored is _OTHER else stored

    return encode


def _other_operand(codecs: Codecs) -> _Convert:
    """Return the conversion of a value that is not of the field's type, where a class has codecs."""
    if not codecs:
        return encode_value
    encode_any = any_encoder(codecs)
    return lambda value: encode_any(value) if type(value) in codecs else encode_value(value)


class OperandCompiler:
    """A compiler of operand conversions by the type of a field; most types encode operands like any value."""

    def __init__(self) -> None:
        self._recursion: Recursion[_Convert | None] = Recursion(_by_other)
        self._is_inside = False

    def convert(self, node: Type) -> _Convert | None:
        """Return the conversion of operands for a type; `None` if there is nothing special."""
        return self._recursion.once((node, self._is_inside), lambda: self._convert(node))

    def _convert(self, node: Type) -> _Convert | None:
        if isinstance(node, Coded):
            return codec_operand(node, _OTHER)
        classes = _classes_of(node)
        is_id = classes is bson.ObjectId
        by_user = node.is_stored_by_user
        if by_user or (node.serializer is None and dumping_marks(node) is not None):
            convert = _encoded(classes, type_encoder(node) or encode_value)
            if by_user:
                convert = _own_form(convert, classes)
            return _object_id(convert) if is_id else convert
        if is_id:
            return _object_id(lambda value: value)
        if node.datetimes is not None:
            return _moment(MODES[node.datetimes])
        return self._convert_by_kind(node)

    def _convert_by_kind(self, node: Type) -> _Convert | None:
        match node:
            case Union():
                return self._union(node.arguments)
            case Object() if not isinstance(node, Document):
                return self._object(node, type_encoder(node) or encode_value)
            case Table():
                key = node.key
                encode = (
                    codec_key_encoder(key, ValueError) if isinstance(key, Coded) else encode_key
                )
                return _table(self._inside(node.arguments)[1], encode_one=encode)
            case FixedTuple():
                return _array(self._inside(node.arguments), is_inside=self._is_inside)
            case Array():
                items = self._inside(node.arguments[:1])
                return _array(items, is_inside=self._is_inside, repeats=True)
            case _:
                return None

    def _inside(self, parts: Iterable[Type]) -> list[_Convert | None]:
        outer, self._is_inside = self._is_inside, True
        converts = [self.convert(each) for each in parts]
        self._is_inside = outer
        return converts

    def _object(self, node: Object, encode: _Convert) -> _Convert | None:
        """Convert an object to what the field stores of it, whatever its own class."""
        cls = node.cls
        if not issubclass(cls, dict):
            return lambda value: encode(value) if isinstance(value, cls) else _OTHER
        return self._recursion.once(cls, lambda: self._typed_dictionary(node))

    def _typed_dictionary(self, node: Object) -> _Convert:
        converts = self._inside(node.parts.values())
        return _table(None, dict(zip(node.parts, converts, strict=True)))

    def _union(self, members: tuple[Type, ...]) -> _Convert | None:
        cases = [(_classes_of(each), self.convert(each)) for each in members]
        converts = [each for _, each in cases if each is not None]
        if not converts:
            return None

        def convert(value: Any) -> Any:
            for classes, each in cases:
                if type(value) is classes:
                    return _OTHER if each is None else each(value)
            return _first(converts, value)

        return convert


def _encoded(classes: _Classes, encode: _Convert) -> _Convert:
    """Encode the values of a type."""

    def convert(value: Any) -> Any:
        of_type = value
        if classes is float and type(value) is int:
            try:
                of_type = float(value)
            except OverflowError:  # no value of the field is so large
                return _OTHER
        if not _is_of(of_type, classes):
            return _OTHER
        try:
            return encode(of_type)
        except Exception:
            if value is None:  # of an optional field whose serialiser does not expect it
                return _OTHER
            raise

    return convert


def _own_form(encoded: _Convert, classes: _Classes) -> _Convert:
    """Leave a value whose stored form, which a program defines, is of the same type: it writes the stored form."""

    def convert(value: Any) -> Any:
        stored = encoded(value)
        if stored is None or stored is _OTHER:
            return stored
        is_same_type = type(stored) in (type(value), classes)
        return _OTHER if is_same_type else stored

    return convert


def _moment(as_chosen: Callable[[datetime], datetime]) -> _Convert:
    def convert(value: Any) -> Any:
        return as_chosen(value) if isinstance(value, datetime) else _OTHER

    return convert


def _object_id(inner: _Convert) -> _Convert:
    """Accept the text and bytes that the constructor accepts."""

    def convert(value: Any) -> Any:
        if not isinstance(value, (str, bytes)):
            return inner(value) if isinstance(value, bson.ObjectId) else _OTHER
        try:
            id_ = parse_object_id(value)
        except ValueError:
            return _OTHER
        stored = inner(id_)
        if stored is _OTHER:
            return id_
        return _OTHER if type(stored) is type(value) else stored

    return convert


def _array(
    items: list[_Convert | None], *, is_inside: bool, repeats: bool = False
) -> _Convert | None:
    converts = [each for each in items if each is not None]
    if not converts:
        return None
    as_item = [] if is_inside else converts

    def convert(value: Any) -> Any:
        if not is_collection(value):
            return _first(as_item, value)
        each_of = items * len(value) if repeats else [*items, *[None] * (len(value) - len(items))]
        stored = [
            _OTHER if each is None else each(item)
            for each, item in zip(each_of, value, strict=False)
        ]
        if all(each is _OTHER for each in stored):
            return _first(as_item, value)
        whole = [
            encode_value(item) if each is _OTHER else each
            for each, item in zip(stored, value, strict=True)
        ]
        return tuple(whole) if is_tuple(value) else whole

    return convert


def _table(
    inner: _Convert | None,
    by_key: Mapping[Any, _Convert | None] | None = None,
    *,
    encode_one: _Convert = encode_key,
) -> _Convert:
    of_keys = by_key or {}

    def convert(value: Any) -> Any:
        if not is_document(value):
            return _OTHER
        stored: dict[Any, Any] = {}
        for key, item in value.items():
            one = of_keys.get(key, inner)
            each = _OTHER if one is None else one(item)
            stored[encode_one(key)] = encode_value(item) if each is _OTHER else each
        return stored

    return convert


def _first(converts: list[_Convert], value: Any) -> Any:
    return next((each for c in converts if (each := c(value)) is not _OTHER), _OTHER)


def _by_other(found: list[_Convert | None]) -> _Convert:
    def convert(value: Any) -> Any:
        each = found[0]
        return _OTHER if each is None else each(value)

    return convert


def _classes_of(node: Type) -> _Classes:
    if isinstance(node, Union):
        return tuple(each.value_class for each in node.arguments)
    return node.value_class


def _is_of(value: Any, classes: _Classes) -> bool:
    """Return whether a value is of a type; `True` is not an `int`, and a datetime not a `date`."""
    for cls in classes if isinstance(classes, tuple) else (classes,):
        is_derived = (type(value) is bool and cls is int) or (
            isinstance(value, datetime) and cls is date
        )
        if isinstance(value, cls) and not is_derived:
            return True
    return False
