"""The interface of instances for the rooms below the models; `odmantic.model` defines the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

if TYPE_CHECKING:

    class Instance(BaseModel):
        """An instance of a model or of an embedded model."""

        __mapping__: ClassVar[Any]
        """The mapping of the class to documents: an `odmantic._mapping.mapping.ModelMapping`."""
        __odm_body__: ClassVar[dict[str, Any]]
        __odm_bases__: ClassVar[tuple[type[Any], ...]]
        __collection__: ClassVar[str]

        @property
        def __fields_modified__(self) -> set[str]:
            """The names of the fields that were assigned since the instance was read or written."""
            ...

else:
    Instance = BaseModel
