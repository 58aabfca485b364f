"""BSON-aware types for plain ones, at any depth of an annotation."""

from __future__ import annotations

import collections.abc
import re
from collections.abc import Hashable, Mapping
from datetime import datetime
from itertools import takewhile
from typing import Annotated, Any, Literal, NewType, get_args, get_origin

from pydantic import Strict

from odmantic._bson.codecs import NO_CODECS, BsonCodec, Codecs, codec_in, codec_of_class
from odmantic._bson.datetimes import ConfiguredDatetimes, Datetimes, mode_in, not_of_datetimes
from odmantic._bson.python_types import DecimalSupport, PatternSupport
from odmantic._types.aliases import alias_value, is_type_alias
from odmantic._types.annotations import annotated, is_union, union_of
from odmantic._types.kinds import is_class
from odmantic._types.one_shot import is_one_shot, one_shot_refusal
from odmantic._types.polymorphic import RealClass, classes_around, with_real_class
from odmantic.bson import (
    BSON_TYPES_SUBSTITUTES,
    DECIMAL_SERIALIZER,
    PLAIN_DATETIMES,
    SUBSTITUTE_MARKS,
    WithBsonSerializer,
    datetimes_of,
    with_codec,
)

_CALLABLE: Any = collections.abc.Callable
_HOOK = "__get_pydantic_core_schema__"
_NO_CONFIG: Mapping[str, Any] = {}


class FieldMetadata:
    """The base class of annotation metadata about a whole field rather than a type."""

    __slots__ = ()

    def is_only_constraints(self) -> bool:
        """Return whether this may also be in a part of an annotation."""
        return False


def adapt_annotation(annotation: Any, config: Mapping[str, Any] = _NO_CONFIG) -> Any:
    """Replace types by those of `odmantic.bson`, at any depth.

    The meaning stays the same; generics of `typing` become builtin ones (`List[int]` becomes `list[int]`) and unions
    become `typing.Union`.

    Args:
        annotation: the annotation.
        config: that of the class, which may say of what kind datetimes are, and have codecs; an annotation that was
            adapted with another one can be adapted again.

    Raises:
        TypeError: if the annotation holds a callable type, one whose values can be iterated only once, `Datetimes`
            without any datetimes, or, below its top level, an `odmantic.Field` with more than constraints.
    """
    mode = config.get("datetimes")
    datetimes = None if mode is None else ConfiguredDatetimes(mode)
    return _Adapter({}, datetimes, config.get("codecs") or NO_CODECS).adapt(annotation)


class _Adapter:
    """One walk through an annotation, or through the value of an alias inside it.

    `known` has, for each alias met before, its replacement and whether types in it were replaced; an alias inside
    itself stays. A parametrised type is replaced once per object. `datetimes` says of what kind datetimes are, `codecs`
    are those of the class, and `codec` is that of the annotation around.
    """

    __slots__ = (
        *("_codec", "_codecs", "_datetimes", "_known", "_seen"),
        *("has_datetimes", "substituted"),
    )

    def __init__(
        self,
        known: dict[Any, tuple[Any, bool]],
        datetimes: Datetimes | None,
        codecs: Codecs,
        codec: BsonCodec[Any] | None = None,
    ) -> None:
        self._known = known
        self._datetimes = datetimes
        self._codecs = codecs
        self._codec = codec
        self._seen: dict[int, tuple[Any, Any]] = {}
        self.substituted = False
        self.has_datetimes = False

    def adapt(self, tp: Any) -> Any:
        """Return the replacement of a type."""
        if not get_args(tp):
            return self._adapt(tp)
        if id(tp) not in self._seen:
            # Keep the type, so that no other one gets its id.
            self._seen[id(tp)] = tp, self._adapt(tp)
        return self._seen[id(tp)][1]

    def _adapt(self, tp: Any) -> Any:
        origin = get_origin(tp)
        _check_storable(tp, origin)
        # `Pattern[str]` is a `Pattern`; the bare one of `typing` has an origin too.
        is_bare = origin is None or not hasattr(tp, "__args__")
        candidate = tp if is_bare else origin
        if origin is re.Pattern and get_args(tp) == (bytes,):
            self.substituted = True
            return Annotated[re.Pattern[bytes], PatternSupport()]
        if isinstance(candidate, Hashable) and (found := self._substitute(candidate)) is not None:
            self.substituted = True
            return found
        if isinstance(tp, NewType):
            adapted, is_other = self._behind(tp, tp.__supertype__)
            self.substituted |= is_other
            return adapted
        if is_type_alias(tp):
            return self._adapt_alias(tp)
        if origin is None or origin is Literal:
            return tp
        if origin is Annotated:
            return self._adapt_annotated(tp)
        if is_bare:
            # A bare `typing.List` is a list of `Any`.
            return origin
        return self._adapt_generic(tp, origin)

    def _substitute(self, cls: Any) -> Any:
        codec = self._codec
        if codec is None and is_class(cls):
            codec = codec_of_class(datetime if cls in PLAIN_DATETIMES else cls, self._codecs)
        is_chosen = cls in PLAIN_DATETIMES and type(self._datetimes) is Datetimes
        if codec is not None and not is_chosen:
            return with_codec(cls, codec)
        if cls in PLAIN_DATETIMES:
            self.has_datetimes = True
            if self._datetimes is not None:
                return datetimes_of(cls, self._datetimes)
        if classes_around(cls) is not None:
            return with_real_class(cls)
        return BSON_TYPES_SUBSTITUTES.get(cls)

    def _adapt_alias(self, tp: Any) -> Any:
        if tp not in self._known:
            self._known[tp] = (tp, False)
            try:
                value = alias_value(tp)
            except NameError:
                # It names something that is defined later.
                return tp
            self._known[tp] = self._behind(tp, value)
        adapted, is_other = self._known[tp]
        self.substituted |= is_other
        return adapted

    def _behind(self, name: Any, tp: Any) -> tuple[Any, bool]:
        inner = _Adapter(self._known, self._datetimes, self._codecs, self._codec)
        adapted = inner.adapt(tp)
        self.has_datetimes |= inner.has_datetimes
        # JSON schemas show the name, so keep it if it hides nothing.
        return (adapted, True) if inner.substituted else (name, False)

    def _adapt_annotated(self, tp: Any) -> Any:
        metadata: tuple[Any, ...] = tp.__metadata__
        if tp.__origin__ in PLAIN_DATETIMES:
            # It may have been adapted before, under another config.
            ours = (*SUBSTITUTE_MARKS, ConfiguredDatetimes)
            metadata = tuple(item for item in metadata if not isinstance(item, ours))
        if (chosen := mode_in(metadata)) is not None:
            return self._adapt_chosen(tp, chosen, metadata)
        if (codec := codec_in(metadata)) is not None:
            return self._adapt_coded(tp, codec, metadata)
        if any(isinstance(item, (*SUBSTITUTE_MARKS, RealClass)) for item in metadata):
            return tp
        inner = self.adapt(tp.__origin__)
        if any(isinstance(item, WithBsonSerializer) for item in metadata):
            inner = _without_decimal_serializer(inner)
        if get_origin(inner) is Annotated:
            return annotated(inner.__origin__, _constraints_first(inner.__metadata__, metadata))
        return annotated(inner, metadata)

    def _adapt_chosen(self, tp: Any, chosen: Datetimes, metadata: tuple[Any, ...]) -> Any:
        """Put the choice of a kind of datetimes on each of them."""
        inner = _Adapter({}, chosen, self._codecs, codec_in(metadata))
        adapted = inner.adapt(tp.__origin__)
        if not inner.has_datetimes:
            raise TypeError(not_of_datetimes(tp))
        self.substituted = self.has_datetimes = True
        return annotated(adapted, (item for item in metadata if not isinstance(item, Datetimes)))

    def _adapt_coded(self, tp: Any, codec: BsonCodec[Any], metadata: tuple[Any, ...]) -> Any:
        """Leave types as they are, as far as pydantic knows them: the codec alone says how their values are stored."""
        is_chosen = type(self._datetimes) is Datetimes
        inner = _Adapter({}, self._datetimes if is_chosen else None, self._codecs, codec)
        adapted = inner.adapt(tp.__origin__)
        self.substituted |= inner.substituted
        self.has_datetimes |= inner.has_datetimes
        ours = (*SUBSTITUTE_MARKS, ConfiguredDatetimes)
        return annotated(adapted, (item for item in metadata if not isinstance(item, ours)))

    def _adapt_generic(self, tp: Any, origin: Any) -> Any:
        arguments = tuple(self._adapt_argument(argument) for argument in get_args(tp))
        if is_union(tp):
            return union_of(arguments)
        return origin[arguments[0] if len(arguments) == 1 else arguments]

    def _adapt_argument(self, tp: Any) -> Any:
        for item in getattr(tp, "__metadata__", ()):
            if isinstance(item, FieldMetadata) and not item.is_only_constraints():
                raise TypeError(
                    f"odmantic.Field on a part of an annotation ({tp}) can only carry "
                    "constraints: whatever else it says belongs to the field as a whole"
                )
        return self.adapt(tp)


def _check_storable(tp: Any, origin: Any) -> None:
    if _CALLABLE in (tp, origin):
        raise TypeError(f"{tp} fields are not supported")
    if is_one_shot(tp):
        raise TypeError(one_shot_refusal(tp))


def _constraints_first(inner: tuple[Any, ...], outer: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put constraints of a decimal before the marks that make it BSON-aware: pydantic constrains no other schema."""
    place = next((i for i, one in enumerate(inner) if isinstance(one, DecimalSupport)), None)
    if place is None:
        return (*inner, *outer)
    first = list(takewhile(lambda one: not hasattr(one, _HOOK), outer))
    others = outer[len(first) :]
    # Strictness affects how the value is read, whatever functions come before it.
    strict = [one for one in others if isinstance(one, Strict)]
    others = tuple(one for one in others if not isinstance(one, Strict))
    return (*inner[:place], *first, *strict, *inner[place:], *others)


def _without_decimal_serializer(tp: Any) -> Any:
    """Make a user's serialiser on `Decimal` come first."""
    if get_origin(tp) is not Annotated:
        return tp
    metadata = tuple(item for item in tp.__metadata__ if item is not DECIMAL_SERIALIZER)
    return annotated(tp.__origin__, metadata)
