"""Rewriting of a model's class body for pydantic."""

from __future__ import annotations

import functools
import itertools
import re
import sys
import warnings
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    NoReturn,
    get_origin,
)

import pydantic
from pydantic import BaseModel, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from odmantic._bson.datetimes import Datetimes, DatetimeSupport, NowSupport
from odmantic._caller import warn_caller
from odmantic._define.hierarchies import with_key_of_base
from odmantic._define.properties import adopt, resolve
from odmantic._define.references import check_lazy, check_union, empty_reference, evaluate_form
from odmantic._mapping.building import building_class
from odmantic._mapping.naming import plain_text
from odmantic._mapping.options import FieldOptions, options_in
from odmantic._types.adapt import adapt_annotation
from odmantic._types.annotations import annotated, evaluate, type_adapter
from odmantic._types.forms import has_lazy, target_in
from odmantic._types.kinds import ModelKind, is_class, kind_of, why_no_model
from odmantic._types.tree import Document, Target, Type, read_type
from odmantic._types.unions import mark_unions
from odmantic.bson import ObjectId
from odmantic.exceptions import EmbeddedReferenceWarning
from odmantic.field import ODMFieldInfo, default_as_supplier
from odmantic.reference import ODMReferenceInfo

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping


_UNTOUCHED: tuple[Any, ...] = (  # pyright: ignore[reportUnknownVariableType] - generic classes
    FunctionType,
    property,
    classmethod,
    staticmethod,
    functools.cached_property,
    functools.partialmethod,
    functools.singledispatchmethod,
    # The objects that pydantic's decorators leave in a class body.
    type(field_validator("*")(adapt_annotation)),
)

_counter = itertools.count()


@dataclass(slots=True)
class Declaration:
    """An annotated name of a class body, with its value."""

    class_name: str
    name: str
    annotation: Any
    value: Any
    config: Mapping[str, Any]
    tree: Type | None = None
    """What the adapted annotation says, once that is known."""

    def options(self) -> FieldOptions | None:
        """Collect the options that `Field()` or `Reference()` give for storing the field.

        Raises:
            TypeError: if the value is a field of plain pydantic.
        """
        if isinstance(self.value, FieldInfo):
            raise TypeError("please use odmantic.Field instead of pydantic.Field")
        if isinstance(self.value, ODMReferenceInfo):
            return self.value.options
        if isinstance(self.value, ODMFieldInfo):
            return self.value.options
        return None

    def adapted(self) -> Any:
        """Check the field, except its default, and return its annotation with BSON-aware types.

        Raises:
            TypeError: if the field cannot be defined like this.
        """
        is_reference = isinstance(self.value, ODMReferenceInfo)
        adapted = self._adapted_annotation()
        if is_reference:
            adapted = mark_unions(adapted)
        tree = self.tree = self._read(adapted)
        for node in tree.inside:
            if kind_of(node.bare) is ModelKind.ABSTRACT:
                raise TypeError(
                    f"Unhandled field definition {self.class_name}: {self.name}: {node.bare.__name__} is abstract, and "
                    "has no instances: name a class derived from it"
                )
        if isinstance(tree, Target) and not is_reference:
            raise TypeError(
                f"cannot define a reference {self.name} (in {self.class_name}) without a "
                "Reference assigned to it"
            )
        if has_lazy(tree):
            check_lazy(f"{self.class_name}.{self.name}", tree)
        elif is_reference and target_in(tree) is None:
            self._embed(adapted, tree)
        return adapted

    def _embed(self, adapted: Any, tree: Type) -> None:
        """Treat a reference to an embedded model as an ordinary field, as 1.x did."""
        check_union(f"{self.class_name}: {self.name}", tree)
        # It is the field's own type, or that of what is in a container.
        nodes = (node for node in (tree, *tree.arguments) if isinstance(node, Document))
        embedded = next(nodes, None)
        if embedded is None:
            why = why_no_model(tree.bare) if is_class(tree.bare) else ""
            if why:
                raise TypeError(
                    f"Unhandled field definition {self.class_name}: {self.name}: {_shown(adapted)} = Reference(): "
                    f"{_shown(adapted)} is no model{why}"
                )
            raise TypeError(
                f"Unhandled field definition {self.class_name}: {self.name}: {_shown(adapted)} = Reference(): a "
                "reference leads to documents, so its annotation is a model or a union of models, optional or in a list, "
                f"a tuple, a deque or a dict, as in `{self.name}: User = Reference()`, `User | None`, `list[User]`, "
                "`tuple[User, ...]` or `dict[str, User]`"
            )
        ignored = "" if self.value.key_name is None else ", and its key_name is ignored"
        warn_caller(
            f"{self.class_name}.{self.name}: {embedded.cls.__name__} is an embedded model and has no collection to refer "
            f"to, so it is stored in the document of {self.class_name}, under {self.name!r}{ignored}: leave out "
            "Reference()",
            EmbeddedReferenceWarning,
        )

    def _read(self, adapted: Any) -> Type:
        return read_type(adapted, codecs=self.config.get("codecs"))

    def _adapted_annotation(self) -> Any:
        try:
            return adapt_annotation(self.annotation, self.config)
        except TypeError as error:
            raise TypeError(f"{error} (field {self.name} in {self.class_name})") from error

    def check_default(self, adapted: Any) -> bool:
        """Check the default against an adapted annotation, and return whether that was possible yet.

        Raises:
            TypeError: if the default is not valid; one of an embedded model is checked where it is used.
        """
        value = self.value
        is_unchecked = isinstance(value, (ODMFieldInfo, ODMReferenceInfo))
        # For pydantic, an ellipsis is no default.
        is_absent = value is PydanticUndefined or value is Ellipsis
        if is_absent or is_unchecked or type(value) is adapted:
            return True
        tree = self.tree
        if tree is None or tree.annotation is not adapted:
            tree = self._read(adapted)
        if any(isinstance(node, Document) for node in tree.models):
            return True
        arbitrary_types = bool(self.config.get("arbitrary_types_allowed"))
        adapter = type_adapter(adapted, arbitrary_types=arbitrary_types)
        if not adapter.pydantic_complete:
            return False
        try:
            adapter.validate_python(value)
        except ValidationError:
            self._refuse(adapted)
        return True

    def _refuse(self, adapted: Any) -> NoReturn:
        raise TypeError(
            f"Unhandled field definition {self.class_name}: {adapted!r} = {self.value!r}"
        ) from None


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else repr(annotation)


@dataclass(slots=True)
class Deferred:
    """A field whose annotation names something that does not exist yet.

    Pydantic sees the name `placeholder` instead. It stands for `adapted`, once everything exists.
    """

    declaration: Declaration
    placeholder: str
    missing: str
    adapted: Any = None


@dataclass(slots=True)
class Body:
    """The body of a class during the rewriting.

    `known` are the names that annotations may use, besides those of the module, and `config` is complete.
    """

    class_name: str
    namespace: dict[str, Any]
    known: dict[str, Any]
    config: Mapping[str, Any]
    annotations: dict[str, Any]
    deferred: list[Deferred]
    has_primary_field: bool = False
    unchecked: list[Declaration] = field(default_factory=list[Declaration])
    """The fields whose defaults are checked when the class is complete."""
    inherited: set[str] = field(default_factory=set[str])
    """Names of the fields that come from mixins which are not models."""

    def rewrite(self, bases: tuple[type[Any], ...], *, automatic_id: bool) -> None:
        """Replace the namespace's annotations and values by those for pydantic.

        Raises:
            TypeError: if a name or a field is not defined correctly.
        """
        declared = own_annotations(self.namespace)
        self._check_values(declared)
        adopt(self.namespace, bases)
        resolve(self.class_name, self.namespace, self.known)
        for base in bases:
            if kind_of(base) is None:
                self._inherit(base, declared)
            elif issubclass(base, BaseModel):
                infos = base.__pydantic_fields__.values()
                self.has_primary_field |= any(
                    options_in(one.metadata).primary_field for one in infos
                )
                if base.model_config.get("datetimes") != self.config.get("datetimes"):
                    self._choose_datetimes(base, declared)
        for name, annotation in declared.items():
            self._declare(name, annotation, bases)
        if automatic_id and not self.has_primary_field:
            self._add_id(bases)
        self.namespace["__annotations__"] = self.annotations

    def _check_values(self, declared: Mapping[str, Any]) -> None:
        for name in self.namespace:
            if name in declared or name.startswith(("_", "model_")) or self._is_untouched(name):
                continue
            raise TypeError(f"field {name} is defined without type annotation") from None

    def _is_untouched(self, name: str) -> bool:
        value = self.namespace[name]
        # Old models were configured by a class called Config.
        return isinstance(value, _UNTOUCHED) or (is_class(value) and name != "Config")

    def _inherit(self, base: type[Any], declared: dict[str, Any]) -> None:
        """Take over the fields of a mixin, so that they get BSON-aware types too."""
        if issubclass(base, BaseModel):
            for name, info in base.__pydantic_fields__.items():
                adapted = adapt_annotation(info.annotation, self.config)
                if name not in declared and adapted != info.annotation:
                    self.annotations[name] = adapted
                    self.namespace[name] = info
            return
        for cls in base.__mro__:
            for name, annotation in own_annotations(vars(cls)).items():
                if name not in declared and not name.startswith("_"):
                    self._inherit_annotation(cls, name, annotation, declared)

    def _choose_datetimes(self, base: type[BaseModel], declared: Mapping[str, Any]) -> None:
        """Declare the datetimes of a model that is a base again, for a config with another choice."""
        for name, info in base.__pydantic_fields__.items():
            around = annotated(info.annotation, filter(_is_about_datetimes, info.metadata))
            adapted = adapt_annotation(around, self.config)
            if name not in declared and adapted != around:
                self.annotations[name] = adapted
                self.namespace[name] = copied = copy(info)
                copied.metadata = [one for one in info.metadata if not _is_about_datetimes(one)]
                self.inherited.add(name)

    def _inherit_annotation(
        self, cls: type[Any], name: str, annotation: Any, declared: dict[str, Any]
    ) -> None:
        evaluated, missing = evaluate(annotation, cls.__module__, self.known)
        value = vars(cls).get(name, PydanticUndefined)
        is_ours = isinstance(value, (ODMFieldInfo, ODMReferenceInfo))
        # Pydantic finds the unchanged fields itself.
        if missing is None and (is_ours or adapt_annotation(evaluated, self.config) != evaluated):
            declared[name] = evaluated
            self.inherited.add(name)
            if value is not PydanticUndefined:
                self.namespace.setdefault(name, value)

    def _declare(self, name: str, annotation: Any, bases: tuple[type[Any], ...]) -> None:
        evaluated, missing = evaluate(annotation, self.namespace["__module__"], self.known)
        if is_class_variable(evaluated):
            self.annotations[name] = evaluated
        elif name == "model_config":
            return
        elif name == "__pydantic_extra__" and missing is None and self._says_how_to_store():
            self.annotations[name] = adapt_annotation(evaluated, self.config)
        elif name.startswith("_"):
            self.annotations[name] = evaluated
        elif is_class(evaluated) and issubclass(evaluated, _UNTOUCHED):
            self.annotations[name] = ClassVar[evaluated]
        else:
            self._add_field(name, evaluated, missing, bases)

    def _says_how_to_store(self) -> bool:
        return bool(self.config.get("datetimes") or self.config.get("codecs"))

    def _add_field(
        self, name: str, annotation: Any, missing: str | None, bases: tuple[type[Any], ...]
    ) -> None:
        in_annotation, annotation = _take_field_info(annotation)
        declaration = Declaration(
            class_name=self.class_name,
            name=name,
            annotation=annotation,
            value=self.namespace.get(name, PydanticUndefined),
            config=self.config,
        )
        options = _merged(in_annotation, declaration.options())
        options = with_key_of_base(f"{self.class_name}.{name}", options, bases, name)
        form = annotation
        if missing is not None and isinstance(declaration.value, ODMReferenceInfo):
            form = evaluate_form(annotation, self.namespace["__module__"], self.known)
        self._replace_value(declaration, bases, form)
        if options is not None and options.supplier is not None:
            options = self._supply(declaration, options)
        if missing is None:
            adapted = declaration.adapted()
            if not declaration.check_default(adapted):
                self.unchecked.append(declaration)
        else:
            placeholder = f"__odmantic_{next(_counter)}__"
            self.deferred.append(Deferred(declaration, placeholder, missing))
            self.unchecked.append(declaration)
            # The missing name comes first, so that error messages show it.
            adapted = ForwardRef(f"({missing}, {placeholder})[1]")
        self.annotations[name] = adapted if options is None else annotated(adapted, (options,))
        self.has_primary_field |= options is not None and options.primary_field

    def _supply(self, declaration: Declaration, options: FieldOptions) -> FieldOptions:
        """Have instances get the value that a function gives, and documents without the key a plain default."""
        value = declaration.value
        if value is PydanticUndefined or isinstance(value, ODMFieldInfo):
            return options
        supplier: Any = options.supplier
        self.namespace[declaration.name] = pydantic.Field(default_factory=supplier)
        return replace(options, if_missing=options.if_missing or default_as_supplier(value))

    def _replace_value(
        self, declaration: Declaration, bases: tuple[type[Any], ...], form: Any
    ) -> None:
        name, value = declaration.name, declaration.value
        if isinstance(value, ODMReferenceInfo):
            self.namespace[name] = pydantic.Field(empty_reference(form))
        elif isinstance(value, ODMFieldInfo):
            self.namespace[name] = value.pydantic_field_info
        elif value is PydanticUndefined and _is_attribute(name, bases):
            # Pydantic would take the inherited attribute of that name as the default.
            self.namespace[name] = pydantic.Field()

    def _add_id(self, bases: tuple[type[Any], ...]) -> None:
        inherited = any("id" in getattr(base, "__pydantic_fields__", ()) for base in bases)
        if inherited or "id" in self.annotations:
            raise TypeError(
                "can't automatically generate a primary field since an 'id' field already exists"
            )
        self.annotations["id"] = Annotated[
            ObjectId, FieldOptions(key_name="_id", primary_field=True)
        ]
        self.namespace["id"] = pydantic.Field(default_factory=ObjectId)


def _is_about_datetimes(mark: object) -> bool:
    return isinstance(mark, (Datetimes, DatetimeSupport, NowSupport))


@contextmanager
def taking_over(names: Iterable[str]) -> Generator[None]:
    """Suppress pydantic's warning that fields taken over from mixins hide their defaults."""
    pattern = "|".join(map(re.escape, names))
    if not pattern:
        yield
        return
    with warnings.catch_warnings():
        message = f'Field name "({pattern})" in ".*" shadows an attribute in parent'
        warnings.filterwarnings("ignore", message, UserWarning)
        yield


def _take_field_info(annotation: Any) -> tuple[FieldOptions | None, Any]:
    """Separate pydantic's part of an `odmantic.Field` in an annotation's metadata from odmantic's options."""
    if get_origin(annotation) is not Annotated:
        return None, annotation
    options: FieldOptions | None = None
    metadata: list[Any] = []
    for item in annotation.__metadata__:
        if isinstance(item, ODMFieldInfo):
            options = _merged(options, item.options)
            metadata.append(item.pydantic_field_info)
        else:
            metadata.append(item)
    return options, annotated(annotation.__origin__, metadata)


def _merged(first: FieldOptions | None, second: FieldOptions | None) -> FieldOptions | None:
    if first is None or second is None:
        return first or second
    return first.overridden_by(second)


def is_class_variable(annotation: Any) -> bool:
    """Return whether an annotation is a `ClassVar`."""
    if get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def own_annotations(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Read the annotations of a class body; names that do not exist yet become plain text."""
    if sys.version_info >= (3, 14) and "__annotations__" not in namespace:
        import annotationlib  # noqa: PLC0415 - older Pythons lack the module

        annotate = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is None:
            return {}
        found = annotationlib.call_annotate_function(
            annotate, format=annotationlib.Format.FORWARDREF
        )
    else:
        found = namespace.get("__annotations__", {})
    return {plain_text(name): annotation for name, annotation in found.items()}


def _is_attribute(name: str, bases: tuple[type[Any], ...]) -> bool:
    """Return whether bases have an attribute; that is no reason to complete them."""
    with building_class():
        return any(hasattr(base, name) for base in bases)
