"""The options of `model_config`, and their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import ConfigDict

from odmantic._bson.codecs import BsonCodec
from odmantic._bson.values import is_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pymongo import IndexModel

    from odmantic.index import Index


class ODMConfigDict(ConfigDict, total=False):
    """The options of a model: [pydantic's](https://docs.pydantic.dev/latest/api/config/), and those below.

    Values are validated when they are assigned, and defaults when they are used, unless `validate_assignment` or
    `validate_default` is `False`; a save then refuses values that could not be read again. Options for aliases and JSON
    affect neither documents nor queries.

    Attributes:
        collection: Name of the collection; made from the class name if `None`.
        parse_doc_with_default_factories: Let default factories fill in for keys a document lacks.
        indexes: Called without arguments whenever the indexes of the model are needed, so that
            it may name the class being defined.
        key_generator: Returns the key of a field that has no `key_name`, for its name, such as
            `pydantic.alias_generators.to_camel`; the primary key is not asked for.
        store_none: Whether a field that is `None` has a key; if not, a missing key is read as `None`, and `Field` may
            say otherwise. A field with another default is stored in any case.
        datetimes: `"aware"` or `"naive"`: all datetimes are so in Python, whatever the client's options. Any datetime is
            accepted, and a naive one means UTC. `Annotated[datetime, Datetimes(...)]` may say otherwise of a field.
        codecs: How values of classes are stored and read, by class; for the fields of this class and those derived from
            it, at any depth, and not for those of embedded models.
        store_defaults: Whether a field that equals its default has a key; `Field(store_default=...)` may say otherwise.
        inheritance: What the subclasses are; they inherit fields, methods, validators and options, except `title`,
            `json_schema_extra`, `collection`, `indexes`, `type_name` and `type_aliases`. `"abstract"`: models, while the
            class itself has neither a collection nor instances; its indexes are inherited too. `"separate"`: models with
            collections of their own. `"single"`: models in the collection of this class, or embedded in its place, told
            apart by a discriminator. Otherwise they are plain pydantic classes.
        discriminator: The key of the discriminator, `_type` by default, or the name of the root's field that is one.
        type_name: The value by which documents of this class are told; the name of the class by default. The root of a
            hierarchy has none, and stores none, unless it says so.
        type_aliases: Further values that mean this class; they are read and queried, and never written.
        unknown_type: What happens to documents of no known class: `"raise"` an error while they are read, or read them
            as the class asked for, which is `"base"`.
        subclasses: Returns the subclasses of the root; called once before the first operation, so that it may import
            them.
        soft_delete: The name of a field, declared as `datetime | None = None`: a deletion sets it to the time, and
            operations see only documents in which it is `None`.
        soft_delete_rules: Whether such a deletion, too, fires the delete rules of references; otherwise only one for good does.
    """

    collection: str | None
    parse_doc_with_default_factories: bool
    indexes: Callable[[], Iterable[Index | IndexModel]] | None
    key_generator: Callable[[str], str] | None
    store_none: bool
    store_defaults: bool
    inheritance: Literal["abstract", "single", "separate"] | None
    discriminator: str | None
    type_name: str | int | None
    type_aliases: tuple[str | int, ...] | None
    unknown_type: Literal["raise", "base"] | None
    subclasses: Callable[[], Iterable[type[Any]]] | None
    datetimes: Literal["aware", "naive"] | None
    soft_delete: str | None
    soft_delete_rules: bool
    codecs: Mapping[Any, BsonCodec[Any]] | None


_DEFAULTS: dict[str, Any] = {
    "title": None,
    "json_schema_extra": None,
    "str_strip_whitespace": False,
    "arbitrary_types_allowed": False,
    "extra": None,
    "validate_default": True,
    "validate_assignment": True,
    "collection": None,
    "parse_doc_with_default_factories": False,
    "indexes": None,
}

_ALLOWED = ODMConfigDict.__required_keys__.union(ODMConfigDict.__optional_keys__)

_INHERITANCE = (None, "abstract", "single", "separate")


def validate_config(config: Mapping[str, Any], cls_name: str) -> ODMConfigDict:
    """Check the config of the class called `cls_name` and add the defaults.

    Raises:
        ValueError: if an option is unknown, or has another value than those it knows.
    """
    for option in config:
        if option not in _ALLOWED:
            raise ValueError(f"'{cls_name}': unknown configuration attribute '{option}'")
    if config.get("inheritance") not in _INHERITANCE:
        *others, last = map(repr, filter(None, _INHERITANCE))
        words = f"{', '.join(others)} or {last}"
        raise ValueError(f"'{cls_name}': inheritance can be {words}, not {config['inheritance']!r}")
    if config.get("datetimes") not in (None, "aware", "naive"):
        raise ValueError(
            f"'{cls_name}': datetimes can be 'aware' or 'naive', not {config['datetimes']!r}"
        )
    _check_codecs(config.get("codecs"), cls_name)
    return cast("ODMConfigDict", {**_DEFAULTS, **config})


def _check_codecs(codecs: object, cls_name: str) -> None:
    if codecs is None:
        return
    if not is_document(codecs):
        raise ValueError(f"'{cls_name}': codecs are a dict of BsonCodec by class, not {codecs!r}")
    wrong = [
        item
        for item in codecs.items()
        if not (isinstance(item[0], type) and isinstance(item[1], BsonCodec))
    ]
    if wrong:
        cls, codec = wrong[0]
        raise ValueError(f"'{cls_name}': codecs has {cls!r}: {codec!r}, not a class and its codec")


def joined_config(inherited: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a class has of the configs of its bases and of its own."""
    config = {**inherited, **own}
    codecs = inherited.get("codecs")
    if is_document(codecs) and is_document(own.get("codecs")):
        config["codecs"] = {**codecs, **own["codecs"]}
    return config


_OF_ONE_CLASS = (
    *("title", "json_schema_extra", "collection", "indexes"),
    *("type_name", "type_aliases", "subclasses"),
)


def inherited_config(
    configs: Sequence[Mapping[str, Any]], *, is_single: bool = False
) -> dict[str, Any]:
    """Return what a class has of the configs of the models it is derived from, given in the order of the bases.

    Args:
        configs: The configs.
        is_single: Whether one of the models belongs to a hierarchy.
    """
    inherited: dict[str, Any] = {}
    for config in reversed(configs):
        said_here = {name: each for name, each in config.items() if name not in _OF_ONE_CLASS}
        inherited = joined_config(inherited, said_here)
    # Pydantic hands all of it on, so a class says what it is not.
    said = {name for config in configs for name in config}
    inherited |= dict.fromkeys(said.intersection(_OF_ONE_CLASS) - _DEFAULTS.keys())
    if configs:
        is_separate = any(config.get("inheritance") == "separate" for config in configs)
        words = {is_separate: "separate", is_single: "single"}
        inherited["inheritance"] = words.get(True)
    return inherited
