"""Class statements in a hierarchy: what they may say, and how they enter it.

`odmantic._mapping.hierarchy` is the hierarchy itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin

from odmantic._mapping.hierarchy import Hierarchy, hierarchy_of
from odmantic._mapping.mapping import ModelMapping
from odmantic._mapping.naming import check_key_name, generated_key, plain_text
from odmantic._mapping.options import PLAIN, FieldOptions, options_in
from odmantic._types.kinds import ModelKind, kind_of
from odmantic._types.polymorphic import HIERARCHY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

    from odmantic._mapping.hierarchy import TypeValue

_OF_ROOT = ("discriminator", "subclasses")
_OF_HIERARCHY = ("discriminator", "type_name", "type_aliases", "unknown_type", "subclasses")
_OF_VALUES = frozenset(("type_name", "type_aliases"))


def hierarchy_above(name: str, bases: Iterable[type[Any]]) -> Hierarchy | None:
    """Return the hierarchy that a new class enters by its bases.

    Raises:
        TypeError: if there are several.
    """
    found = {id(each): each for each in map(hierarchy_of, bases) if each is not None}
    if len(found) > 1:
        roots = " and ".join(each.root.__name__ for each in found.values())
        raise TypeError(
            f"{name} cannot be derived from both {roots}: a document belongs to one hierarchy"
        )
    return next(iter(found.values()), None)


def check_words(
    name: str, own: Mapping[str, Any], hierarchy: Hierarchy | None, config: Mapping[str, Any]
) -> None:
    """Check the words about hierarchies in the config of a class.

    Args:
        name: The name of the class.
        own: What the class itself says.
        hierarchy: The hierarchy that it enters by its bases.
        config: All that holds for the class.

    Raises:
        ValueError: if a word has a value that it cannot have.
        TypeError: if a word contradicts those of a base, or has no meaning for such a class.
    """
    said = sorted(word for word in _OF_HIERARCHY if own.get(word) is not None)
    for word in said:
        _CHECKS[word](f"'{name}': {word}", own[word])
    kind = config.get("inheritance")
    if kind == "abstract":
        for word in _OF_VALUES.intersection(said):
            raise TypeError(f"{name} is abstract and has no documents, so it cannot have {word}")
    elif hierarchy is None and kind != "single" and said:
        raise TypeError(
            f"{name} has {said[0]}, which is a word of hierarchies: add inheritance='single' to {name}, or to its base"
        )
    if hierarchy is not None:
        _check_below(name, own, hierarchy.root)


def _check_below(name: str, own: Mapping[str, Any], root: Any) -> None:
    """Refuse words that would take a class out of the hierarchy of a root, or belong to the root."""
    if own.get("inheritance") == "separate":
        raise TypeError(
            f"{name} cannot have inheritance='separate': the classes derived from {root.__name__} share its place"
        )
    if own.get("collection") is not None:
        raise TypeError(
            f"{name} cannot have a collection of its own: its documents are in that of {root.__name__}, which has "
            "inheritance='single'"
        )
    for word in _OF_ROOT:
        if own.get(word) is not None and own[word] != root.model_config.get(word):
            raise TypeError(
                f"{name} cannot have {word}: it belongs to {root.__name__}, the root of the hierarchy"
            )


def _check_discriminator(what: str, value: Any) -> None:
    try:
        check_key_name(plain_text(value))
    except TypeError as error:
        raise ValueError(f"{what} cannot be {value!r}: {error}") from error
    if value == "_id":
        raise ValueError(f"{what} cannot be '_id', which is the primary key")


def _check_type_name(what: str, value: Any) -> None:
    if not _is_value(value):
        raise ValueError(f"{what} has to be a text or a whole number, not {value!r}")


def _check_aliases(what: str, value: Any) -> None:
    if not isinstance(value, (tuple, list)):
        raise ValueError(f"{what} has to be a tuple of values, not {value!r}")  # noqa: TRY004 - as for any option
    for each in cast("Iterable[Any]", value):
        if not _is_value(each):
            raise ValueError(f"{what} has to hold texts or whole numbers, not {each!r}")


def _check_unknown_type(what: str, value: Any) -> None:
    if value not in ("raise", "base"):
        raise ValueError(f"{what} can be 'raise' or 'base', not {value!r}")


def _check_subclasses(what: str, value: Any) -> None:
    if not callable(value):
        raise ValueError(f"{what} has to be callable, as in `lambda: [Cat, Dog]`, not {value!r}")  # noqa: TRY004 - as for any option


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "discriminator": _check_discriminator,
    "type_name": _check_type_name,
    "type_aliases": _check_aliases,
    "unknown_type": _check_unknown_type,
    "subclasses": _check_subclasses,
}


def enter_hierarchy(cls: Any) -> Hierarchy | None:
    """Enter a class that is defined, and whose mapping is not made yet, into its hierarchy; a root makes its own.

    Raises:
        TypeError: if its documents cannot be told from those of another class.
    """
    config: Mapping[str, Any] = cls.model_config
    hierarchy = hierarchy_above(cls.__name__, cls.__bases__)
    is_abstract = kind_of(cls) is ModelKind.ABSTRACT
    is_root = hierarchy is None
    if hierarchy is None:
        if is_abstract or config.get("inheritance") != "single":
            return None
        key, field = _discriminator(cls, config)
        hierarchy = Hierarchy(cls, key, field, config.get("subclasses"))
        type.__setattr__(cls, HIERARCHY, hierarchy)
    if not is_abstract:
        stored = _values(cls, config, hierarchy, is_root=is_root)
        hierarchy.add(cls, stored, tuple(map(_plain, config.get("type_aliases") or ())))
    return hierarchy


def _discriminator(cls: Any, config: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the key of the discriminator, and the name of its field if it is not hidden."""
    name = config.get("discriminator") or "_type"
    info = cls.__pydantic_fields__.get(name)
    if info is None:
        return name, None
    options = options_in(info.metadata)
    if options.primary_field or options.reference:
        raise TypeError(
            f"the discriminator of {cls.__name__} cannot be {name!r}, which is a reference or the primary key"
        )
    return options.key_name or generated_key(cls.__name__, name, config), name


def _values(
    cls: Any, config: Mapping[str, Any], hierarchy: Hierarchy, *, is_root: bool
) -> tuple[TypeValue, ...]:
    """Return the values that documents of a class store."""
    given = config.get("type_name")
    if hierarchy.field is None:
        usual = () if is_root else (cls.__name__,)
        return usual if given is None else (_plain(given),)
    field = f"{cls.__name__}.{hierarchy.field}"
    if given is not None:
        raise TypeError(
            f"{cls.__name__} cannot have a type_name: its documents are told by {field}, whose Literal says how"
        )
    info = cls.__pydantic_fields__[hierarchy.field]
    values = _literal_values(info)
    default = _plain(info.default)
    if is_root and not values:
        return (default,) if _is_value(default) else ()
    if not all(map(_is_value, values)) or default not in values:
        raise TypeError(
            f"{field} tells documents of {cls.__name__} from others, so it needs a value of its own: declare it as "
            f"in `{hierarchy.field}: Literal[{cls.__name__.lower()!r}] = {cls.__name__.lower()!r}`"
        )
    return tuple(dict.fromkeys((default, *values)))


def _literal_values(info: FieldInfo) -> list[Any]:
    annotation: Any = info.annotation
    if get_origin(annotation) is not Literal:
        return []
    return [_plain(each) for each in get_args(annotation)]


def _plain(value: Any) -> Any:
    """Return the stored form of a value of a discriminator."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return plain_text(value)
    return int(value) if _is_value(value) else value


def _is_value(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def with_key_of_base(
    where: str, options: FieldOptions | None, bases: Iterable[Any], name: str
) -> FieldOptions | None:
    """Return the options of a field with those of the one that it overrides in a hierarchy: key and primary key stay.

    Raises:
        TypeError: if the field says another key.
    """
    for base in bases:
        info = getattr(base, "__pydantic_fields__", {}).get(name)
        above = PLAIN if info is None or hierarchy_of(base) is None else options_in(info.metadata)
        if above.key_name is not None:
            own = PLAIN if options is None else options
            if own.key_name not in (None, above.key_name):
                raise other_key(where, own.key_name, above.key_name)
            kept = FieldOptions(key_name=above.key_name, primary_field=above.primary_field)
            return kept.overridden_by(own)
    return options


def other_key(where: str, key: str | None, key_above: str) -> TypeError:
    """Return the error for a field of a hierarchy that has another key than the field that it overrides."""
    return TypeError(
        f"{where} cannot have the key {key!r}: the field that it overrides has {key_above!r}, and queries of the base "
        "would miss it; leave key_name out"
    )


def check_keys(cls: Any, keys: Mapping[str, str]) -> None:
    """Check the keys of a class's fields, given by name, against its hierarchy.

    Raises:
        TypeError: if the key of a field differs from that of a base, or is the hidden discriminator's.
    """
    hierarchy = hierarchy_of(cls)
    if hierarchy is None:
        return
    if hierarchy.field is None and hierarchy.key in keys.values():
        name = next(name for name, key in keys.items() if key == hierarchy.key)
        raise TypeError(
            f"{cls.__name__}.{name} cannot have the key {hierarchy.key!r}, which tells the classes of the hierarchy "
            f"apart: give the field another key_name, or {hierarchy.root.__name__} another discriminator"
        )
    for base in cls.__mro__[1:]:
        own: Mapping[str, Any] = base.__dict__ if hierarchy_of(base) is hierarchy else {}
        mapping = own.get("__mapping__")
        if isinstance(mapping, ModelMapping):
            for name, field in (*mapping.fields.items(), *mapping.stored.items()):
                if keys.get(name, field.key_name) != field.key_name:
                    raise other_key(f"{cls.__name__}.{name}", keys[name], field.key_name)
            return
