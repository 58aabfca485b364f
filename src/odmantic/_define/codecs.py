"""Codecs for a whole program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._bson.codecs import REGISTERED, BsonCodec, Registered
from odmantic._codec.untyped import note_codec
from odmantic._mapping.mapping import ModelMapping, is_library_base
from odmantic._types.instances import Instance
from odmantic._types.kinds import ModelKind, is_class, kind_of
from odmantic._types.tree import Coded, Object, Type, read_extras, value_class_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")


def register_codec(cls: type[T], codec: BsonCodec[T], *, subclasses: bool = False) -> None:
    """Store and read values of a class by a codec, in all models that are defined from now on.

    Codecs of annotations and of the config of a class go before it.

    Args:
        cls: The class of the values.
        codec: How they are stored and read.
        subclasses: Whether it is for values of derived classes too; the codec of the nearest base counts.

    Raises:
        TypeError: if `cls` is not a class or is a model, which has documents of its own, or `codec` is no codec.
        RuntimeError: if a model uses the class already; documents may have been written without the codec.

    Example:
        ```python
        class Grams(int):
            pass


        register_codec(
            Grams, BsonCodec(lambda grams: f"{int(grams)} g", lambda text: Grams(text[:-2]))
        )
        ```
    """
    if not is_class(cls) or kind_of(cls) in (ModelKind.MODEL, ModelKind.ABSTRACT, ModelKind.ROOT):
        raise TypeError(f"register_codec takes a class that is no model, not {cls!r}")
    if not isinstance(codec, BsonCodec):  # pyright: ignore[reportUnnecessaryIsInstance] - programs are not always checked
        raise TypeError(f"register_codec takes a BsonCodec for {cls.__name__}, not {codec!r}")
    known = REGISTERED.get(cls)
    if known == Registered(codec, subclasses):
        return
    user = next((name for name in _users_of(cls, subclasses=subclasses)), None)
    if user is not None:
        raise RuntimeError(
            f"{cls.__name__} cannot get a codec any more, because {user} uses it already: call register_codec before the "
            "class is defined"
        )
    for each in {cls, value_class_of(cls)}:
        REGISTERED[each] = Registered(codec, subclasses)
        note_codec(each)


def _users_of(cls: type[Any], *, subclasses: bool) -> Iterator[str]:
    """Yield the models whose fields have a type, at any depth."""
    waiting: list[Any] = [each for each in _models_of(Instance) if is_library_base(each)]
    while waiting:
        model = waiting.pop()
        waiting += _models_of(model)
        own: Mapping[str, Any] = model.__dict__
        mapping = own.get("__mapping__")
        if isinstance(mapping, ModelMapping):
            fields = (*mapping.fields.values(), *mapping.stored.values())
            nodes = (*(field.tree for field in fields), read_extras(model))
            if any(_uses(node, cls, set(), subclasses=subclasses) for node in nodes):
                yield model.__name__


def _models_of(base: Any) -> list[Any]:
    found: list[Any] = type.__subclasses__(base)
    return found


def _uses(node: Type, cls: type[Any], seen: set[Any], *, subclasses: bool) -> bool:
    for each in node.inside:
        if _is_of(each, cls, subclasses=subclasses):
            return True
        if isinstance(each, Object) and each.cls not in seen:
            seen.add(each.cls)
            parts = each.parts.values()
            if any(_uses(part, cls, seen, subclasses=subclasses) for part in parts):
                return True
    return False


def _is_of(node: Type, cls: type[Any], *, subclasses: bool) -> bool:
    if isinstance(node, Coded) and node.codec is not getattr(
        REGISTERED.get(node.cls), "codec", None
    ):
        return False
    if cls in (node.cls, node.value_class):
        return True
    return subclasses and is_class(node.cls) and issubclass(node.cls, cls)
