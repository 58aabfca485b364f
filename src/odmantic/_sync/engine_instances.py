# Generated from src/odmantic/_aio/engine_instances.py by tools/generate_sync.py: do not edit.
"""The operations of an engine between one instance and its document: reading it again, and updating it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from odmantic._plan.arguments import check_instance, check_loaded_instances
from odmantic._plan.refresh import names_to_refresh
from odmantic._plan.update_instance import instance_update
from odmantic._shared.reading import ModelType
from odmantic._sync.engine_writes import EngineWrites
from odmantic._sync.operations.refresh import refresh
from odmantic._sync.operations.update_instance import plan_for, update_instance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from odmantic._query.paths import FieldProxy
    from odmantic._sync.engine_deletions import Query
    from odmantic._sync.engine_scopes import SyncSessionType
    from odmantic.model import Model
    from odmantic.update import Update

    OneQuery: TypeAlias = Query | tuple[Query, ...]
    AnyUpdate: TypeAlias = Update | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class EngineInstances(EngineWrites):
    """The operations of an engine between one instance and its document."""

    def refresh(
        self,
        instance: ModelType,
        *fields: FieldProxy | str | Any,
        discard: bool = False,
        session: SyncSessionType = None,
    ) -> ModelType:
        """Read the document of an instance again, into the same object.

        Fields with changes that are not saved keep them, and a save still writes exactly these; all others get the
        stored values. References are loaded as by `find`; private attributes stay.

        Args:
            instance: The instance.
            *fields: Fields such as `User.name`, or their names; by default all.
            discard: Whether changes that are not saved are lost, too.
            session: See the class.

        Returns:
            The same object.

        Raises:
            TypeError: if `instance` is not an instance of a model.
            ValueError: if something is not a field of the model.
            NotLoadedError: if the instance was not loaded; `load` is for these.
            DocumentNotFoundError: if there is no such document of its class; the instance is as before.
            DocumentParsingError: if the document does not fit the model; the instance is as before.
        """
        check_instance(instance, "refresh")
        names = names_to_refresh(type(instance), fields)
        check_loaded_instances((instance,), "refresh")
        scope = self._scope_for(session, "refresh")
        refresh(self, scope, instance, names, discard=discard)
        return instance

    def update(
        self,
        instance: Model,
        *updates: AnyUpdate,
        where: OneQuery | None = None,
        session: SyncSessionType = None,
    ) -> bool:
        """Update the document of an instance; the fields that it touches get the values that the document then has.

        One command changes the document and returns the new values, so that other writers' changes are in them. All
        other fields stay, with unsaved changes or not. After a rollback the touched fields are as before.

        Args:
            instance: The instance.
            *updates: Changes such as `inc(User.age, 1)`; or one update in MongoDB's language, a dict or a list of
                stages.
            where: What else the document has to match: a condition, a dict, or a tuple of these.
            session: See the class.

        Returns:
            Whether it is updated; `False` if `where` did not hold. Then the instance is as before.

        Raises:
            TypeError: if `instance` is not an instance of a model, an update or `where` has a wrong type, or the
                collection's writes are not acknowledged.
            ValueError: if there is no update, or two change one path.
            NotLoadedError: if the instance was not loaded.
            UnsavedChangesError: if a touched field has unsaved changes, unless `set_` assigns it; nothing is sent.
            DocumentNotFoundError: if there is no such document of its class; the instance is as before.
            UpdateRefusedError: if a value would leave the bounds of its field; the document and the instance are as
                before.
            DuplicateKeyError: if a unique index refuses the document; it and the instance are as before.
            DocumentParsingError: if the new values do not fit the model, after an update in MongoDB's language. The
                document is updated; the instance is as before.

        Example:
            ```python
            stock = engine.save(Stock(item="tea", left=5))
            if not engine.update(stock, inc(Stock.left, -3), where=Stock.left >= 3):
                print("too few")
            ```
        """
        check_instance(instance, "update")
        check_loaded_instances((instance,), "update")
        plan = plan_for(self, instance_update(instance, where, updates, self._raw_queries))
        scope = self._scope_for(session, "update", writes=True)
        return update_instance(self, scope, plan)
