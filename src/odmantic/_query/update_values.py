"""Values of updates: validated like those of assignments, and encoded as their path is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator, core_schema

from odmantic._bson.values import is_collection, is_document
from odmantic._codec.encode import encode_value, type_encoder
from odmantic._codec.operands import encode_operand_inside
from odmantic._codec.validation import Validation
from odmantic._errors.lines import line_errors
from odmantic._mapping.fields import ODMBaseField, ODMReference
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.ref import is_ref
from odmantic._query.checks import refuse
from odmantic._query.operands import is_computed
from odmantic._query.places import key_step
from odmantic._query.steps import Item, Path, Place, without_none
from odmantic._types.kinds import is_model_instance
from odmantic._types.tree import Array, Nullable, Table, Type

_Validate = Callable[[Any], Any]


def stored_value(operator: str, path: Path, value: Any) -> Any:
    """Return the stored form of a new value for a path.

    Raises:
        ValidationError: if it is not valid there.
        TypeError: if it is an instance of another model than that of a reference.
    """
    check_is_value(operator, path, value)
    if isinstance(path.field, ODMReference):
        return _stored_target(operator, path, path.node, value)
    step = path.step
    if not isinstance(step, ODMBaseField):
        return _stored_inside(operator, path, path.node, value, ())
    model, name = step.owner or (None, "")
    valid = _validated(operator, path, _field_validator(model, name), value, ())
    encode = mapping_of(model).encoder_of.get(name)
    return valid if encode is None else encode(valid)


def stored_item(operator: str, path: Path, value: Any) -> Any:
    """Return the stored form of an item for the array at a path; see `stored_value`."""
    check_is_value(operator, path, value)
    node = without_none(path.node)
    if not isinstance(node, Array):  # of which nothing is known
        return encode_value(value)
    if isinstance(path.field, ODMReference):
        return _stored_target(operator, path, node.inner, value)
    return _stored_inside(operator, path, node.inner, value, ("each",))


def check_is_value(operator: str, path: Path, value: Any) -> None:
    """Check that what an update is given is no field, and no expression.

    Raises:
        TypeError: if it is.
    """
    if is_computed(value):
        raise refuse(
            operator,
            path,
            f"takes a value, and the server computes {value!r:.200}: write such an update as a list of stages, as in "
            '[{"$set": {"key": {"$add": ["$one", "$other"]}}}]',
        )


def _stored_inside(
    operator: str, path: Path, node: Type, value: Any, behind: tuple[str, ...]
) -> Any:
    validate: Validation | None = node.__dict__.get("validation")
    if validate is None:
        validate = node.__dict__["validation"] = Validation(node.annotation)
    valid = _validated(operator, path, validate, value, behind)
    encode = type_encoder(node)
    return valid if encode is None else encode(valid)


def _stored_target(operator: str, path: Path, node: Type, value: Any) -> Any:
    """Return the stored form of a reference, or of a container of references."""
    field: Any = path.field
    if value is None and isinstance(node, Nullable):
        return None
    node = without_none(node)
    if isinstance(node, Array) and is_collection(value):
        return [_stored_target(operator, path, node.inner, each) for each in value]
    if isinstance(node, Table) and is_document(value):
        return {
            key_step(str(path), key, node.inner).text: _stored_target(
                operator, path, node.inner, each
            )
            for key, each in value.items()
        }
    if value is None or isinstance(node, (Array, Table)):
        raise refuse(operator, path, f"takes what it leads to, not {value!r:.200}")
    if is_model_instance(value):
        if not any(isinstance(value, cls) for each in field.members for cls in each.classes):
            raise refuse(operator, path, f"takes what it leads to, not a {type(value).__name__}")
    elif not is_ref(value) and not field.members[0].is_named:
        target = field.members[0].cls
        validate = _field_validator(target, mapping_of(target).primary_field or "")
        value = _validated(operator, path, validate, value, ())
    return encode_operand_inside(field, node, value)


def _validated(
    operator: str, path: Path, validate: _Validate, value: Any, behind: tuple[str, ...]
) -> Any:
    try:
        return validate(value)
    except ValidationError as error:
        where = (*location_of(path), *behind)
        lines = [{**line, "loc": (*where, *line.get("loc", ()))} for line in line_errors(error)]
        title = f"{operator} {path}"
        raise ValidationError.from_exception_data(title, lines) from None  # type: ignore[arg-type]


def location_of(path: Path) -> tuple[str | int, ...]:
    """Return the names, numbers and keys of a path, as locations of errors have them."""
    own: tuple[str | int, ...]
    match path.step:
        case ODMBaseField() as field:
            own = (field.owner[1] if field.owner else field.key_name,)
        case Item(place=int(number)):
            own = (number,)
        case Item(place=place):
            own = (repr(place) if isinstance(place, Place) else "where",)
        case step:
            own = (getattr(step, "text", ""),)
    return own if path.parent is None else (*location_of(path.parent), *own)


def _field_validator(model: Any, name: str) -> _Validate:
    # Pydantic is slow to make one.
    kept: dict[str, _Validate] = mapping_of(model).__dict__.setdefault("_validators", {})
    if name not in kept:
        kept[name] = _make_validator(model, name)
    return kept[name]


def _make_validator(model: Any, name: str) -> _Validate:
    """Return the validator of a field with those of its class for it, and without those for whole instances."""
    schema: Any = model.__pydantic_core_schema__
    definitions: list[Any] = schema["definitions"] if schema["type"] == "definitions" else []
    config: Any = None
    while schema["type"] != "model-fields":
        if schema["type"] == "definition-ref":
            wanted = schema["schema_ref"]
            schema = next(each for each in definitions if each.get("ref") == wanted)
            continue
        config = schema.get("config", config)
        schema = schema["schema"]
    fields: Mapping[str, Any] = schema["fields"]
    inner = fields[name]["schema"]
    if definitions:
        inner = core_schema.definitions_schema(inner, definitions)
    by_alias = mapping_of(model).takes_aliases
    validator = SchemaValidator(inner, config)
    return lambda value: validator.validate_python(value, by_alias=by_alias, by_name=True)
