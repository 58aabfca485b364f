"""One instance for each document: what `identity=True` makes of the instances of a read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from odmantic._codec.encode import encode_primary_key
from odmantic._mapping.links import changed_at, targets_in, values_at
from odmantic._mapping.ref import fill_ref, is_ref, loaded_in, model_of, stored_key
from odmantic._plan.groups import kind_of
from odmantic._plan.references import NO_ID, comparable
from odmantic._state.attached import attach_missing
from odmantic._state.hollow import hollow_in
from odmantic._types.kinds import is_model_instance

if TYPE_CHECKING:
    from collections.abc import Hashable

    from odmantic._mapping.links import Link
    from odmantic.model import Model

    ModelType = TypeVar("ModelType", bound=Model)


class Identities:
    """The instances of one read by their documents: the first that was read of each."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        """Know none."""
        self._known: dict[Hashable, Any] = {}

    def unite(self, instances: list[ModelType]) -> list[ModelType]:
        """Put the known instances in all places of a page that was just read, and in the page itself.

        What is not loaded gives way to an instance too. Those above come first: more of them is loaded.
        """
        united: dict[int, Any] = {}
        level: list[Any] = [*instances]
        while level:
            for each in level:
                one = self._known.setdefault(_document_of(each), each)
                united[id(one)] = one
                if one is not each:
                    attach_missing(one, each)
            level = [
                target
                for each in level
                for _, target in targets_in(each)
                if is_model_instance(target) and hollow_in(target) is None
            ]
        for one in united.values():
            self._link(one)
        return [self._in_place_of(each) for each in instances]

    def _in_place_of(self, value: Any) -> Any:
        """Return what belongs in the place of a value."""
        if not is_model_instance(value):
            return value
        return self._known.get(_document_of(value), value)

    def _link(self, holder: Any) -> None:
        """Link an instance, and what is embedded in it, with the known ones."""
        values = holder.__dict__
        for link in holder.__mapping__.links:
            if link.name not in values:
                continue
            if link.reference is not None and not link.is_lazy:
                values[link.name] = changed_at(values[link.name], link.steps, self._in_place_of)
                continue
            for value in values_at(values[link.name], link.steps):
                self._link_inside(value, link)

    def _link_inside(self, value: Any, link: Link) -> None:
        if link.reference is None:
            if isinstance(value, link.cls):
                self._link(value)
        elif is_ref(value):
            key = kind_of(model_of(value)), comparable(stored_key(value))
            one = self._known.get(key)
            if one is not None and one is not loaded_in(value):
                fill_ref(value, one)


def _document_of(instance: Any) -> Hashable:
    key = comparable(encode_primary_key(instance))
    return kind_of(instance.__class__), id(instance) if key is NO_ID else key
