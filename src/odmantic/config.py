"""The options of `model_config`, and their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
        store_defaults: Whether a field that equals its default has a key; `Field(store_default=...)` may say otherwise.
        inheritance: What the subclasses are; they inherit fields, methods, validators and options, except `title`,
            `json_schema_extra`, `collection` and `indexes`. `"abstract"`: models, while the class itself has neither a
            collection nor instances; its indexes are inherited too. `"separate"`: models with collections of their
            own. Otherwise they are plain pydantic classes.
    """

    collection: str | None
    parse_doc_with_default_factories: bool
    indexes: Callable[[], Iterable[Index | IndexModel]] | None
    key_generator: Callable[[str], str] | None
    store_none: bool
    store_defaults: bool
    inheritance: Literal["abstract", "separate"] | None


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

_ALLOWED = (
    _DEFAULTS.keys()
    | {"inheritance", "key_generator", "store_none", "store_defaults"}
    | ConfigDict.__required_keys__
    | ConfigDict.__optional_keys__
)

_INHERITANCE = (None, "abstract", "separate")


def validate_config(config: Mapping[str, Any], cls_name: str) -> ODMConfigDict:
    """Check the config of the class called `cls_name` and add the defaults.

    Raises:
        ValueError: if an option is unknown, or `inheritance` is another word.
    """
    for option in config:
        if option not in _ALLOWED:
            raise ValueError(f"'{cls_name}': unknown configuration attribute '{option}'")
    if config.get("inheritance") not in _INHERITANCE:
        words = " or ".join(map(repr, filter(None, _INHERITANCE)))
        raise ValueError(f"'{cls_name}': inheritance can be {words}, not {config['inheritance']!r}")
    return cast("ODMConfigDict", {**_DEFAULTS, **config})


_OF_ONE_CLASS = ("title", "json_schema_extra", "collection", "indexes")


def inherited_config(configs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a class has of the configs of the models it is derived from, given in the order of the bases."""
    inherited: dict[str, Any] = {}
    configs = list(configs)
    for config in reversed(configs):
        inherited.update({name: each for name, each in config.items() if name not in _OF_ONE_CLASS})
    if configs:
        # Pydantic hands all of it on, so a class says that it is not abstract.
        is_separate = any(config.get("inheritance") == "separate" for config in configs)
        inherited["inheritance"] = "separate" if is_separate else None
    return inherited
