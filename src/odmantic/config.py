"""What `model_config` may say, and its completed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pymongo import IndexModel

    from odmantic.index import Index


class ODMConfigDict(ConfigDict, total=False):
    """The options of a model: some of pydantic's, and those below.

    Attributes:
        collection: Name of the collection; made from the class name if `None`.
        parse_doc_with_default_factories: Let default factories fill in for keys a document lacks.
        indexes: Called without arguments whenever the indexes of the model are needed, so that
            it may name the class being defined.
    """

    collection: str | None
    parse_doc_with_default_factories: bool
    indexes: Callable[[], Iterable[Index | IndexModel]] | None


_PYDANTIC_OPTIONS = ConfigDict.__required_keys__ | ConfigDict.__optional_keys__

_ENFORCED: dict[str, Any] = {"validate_default": True, "validate_assignment": True}

_DEFAULTS: dict[str, Any] = {
    "title": None,
    "json_schema_extra": None,
    "str_strip_whitespace": False,
    "arbitrary_types_allowed": False,
    "extra": None,
    **_ENFORCED,
    "collection": None,
    "parse_doc_with_default_factories": False,
    "indexes": None,
}

_ALLOWED = (_DEFAULTS.keys() - _ENFORCED.keys()) | {"json_encoders"}


def validate_config(config: Mapping[str, Any], cls_name: str) -> ODMConfigDict:
    """Check the config of the class called `cls_name` and fill in what it leaves out.

    Raises:
        ValueError: an option is unknown, not supported, or enforced by odmantic.
    """
    for option in config:
        if option in _ALLOWED:
            continue
        attribute = f"configuration attribute '{option}'"
        if option in _ENFORCED:
            reason = f"{attribute} is enforced to True by ODMantic and cannot be changed"
        elif option in _PYDANTIC_OPTIONS:
            reason = f"{attribute} from Pydantic is not supported"
        else:
            reason = f"unknown {attribute}"
        raise ValueError(f"'{cls_name}': {reason}")
    return cast("ODMConfigDict", {**_DEFAULTS, **config})
