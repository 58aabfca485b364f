"""An option of a config is obeyed on every path, however it reaches a class; one that nobody knows leaves no shortcut.

A model names it itself, or a mixin brings its config along. The measure is plain pydantic: the same fields under the
same config.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Dict, List, Optional, Tuple, Type

import bson
import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import TypedDict

from odmantic._codec.decode import decode_document, validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._mapping.shortcuts import _NEVER_IN_THE_WAY, _SWITCHED_OFF, Shortcut, shortcuts_of
from odmantic._state.places import SOMEWHERE
from odmantic.config import ODMConfigDict
from odmantic.exceptions import DocumentParsingError
from odmantic.model import EmbeddedModel, Model

_PYDANTIC_OPTIONS = ConfigDict.__required_keys__ | ConfigDict.__optional_keys__


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Text(TypedDict):
    t: str


class Plain(BaseModel):
    t: str = ""


_FIELDS: dict[str, Tuple[Any, Any]] = {
    "text": (str, "abc"),
    "texts": (List[str], []),
    "table": (Dict[str, str], {}),
    "maybe": (Optional[str], None),
    "number": (float, 0.5),
    "whole": (int, 1),
    "flag": (bool, False),
    "raw": (bytes, b""),
    "colour": (Colour, Colour.RED),
    "colours": (List[Colour], []),
    "typed": (Optional[Text], None),
    "plain": (Plain, Plain()),
    "limited": (Annotated[str, pydantic.Field(min_length=1)], "x"),
}

_OPTIONS: list[dict[str, Any]] = [
    {},
    {"allow_inf_nan": False},
    {"coerce_numbers_to_str": True},
    {"str_max_length": 3},
    {"str_min_length": 2},
    {"str_strip_whitespace": True},
    {"str_to_lower": True},
    {"str_to_upper": True},
    {"strict": True},
    {"use_enum_values": True},
    {"frozen": True},
    {"validate_assignment": False},
    {"validate_default": False},
    {"revalidate_instances": "always"},
    {"revalidate_instances": "subclass-instances"},
    {"from_attributes": True},
    {"regex_engine": "python-re"},
    {"val_temporal_unit": "seconds"},
    {"cache_strings": "none"},
    {"hide_input_in_errors": True},
    {"validation_error_cause": True},
    {"defer_build": True},
    {"extra": "forbid"},
    {"extra": "allow"},
    {"arbitrary_types_allowed": True},
    {"protected_namespaces": ()},
    {"use_attribute_docstrings": True},
    {"validate_by_name": True, "populate_by_name": True},
    {"loc_by_alias": False},
    {"serialize_by_alias": True},
    {"alias_generator": lambda name: f"the_{name}"},
    {"ser_json_bytes": "base64", "val_json_bytes": "base64"},
    {"ser_json_inf_nan": "strings"},
    {"json_schema_extra": {"examples": []}},
    {"title": "T"},
    {"allow_inf_nan": False, "str_max_length": 3, "frozen": True, "use_enum_values": True},
]


def _itself(config: Any) -> Tuple[Any, ...]:
    return Model, config


def _mixin_before(config: Any) -> Tuple[Any, ...]:
    return pydantic.create_model("Mixin", __config__=config), Model


def _mixin_after(config: Any) -> Tuple[Any, ...]:
    return Model, pydantic.create_model("Mixin", __config__=config)


def _parent_of_a_mixin(config: Any) -> Tuple[Any, ...]:
    parent: Any = pydantic.create_model("Parent", __config__=config)
    return Model, type("Mixin", (parent,), {"__module__": __name__})


def _no_pydantic_model(config: Any) -> Tuple[Any, ...]:
    return Model, type("Mixin", (), {"model_config": config})


_BASES = [_itself, _mixin_before, _mixin_after, _parent_of_a_mixin, _no_pydantic_model]


def _as_embedded(bases: Tuple[Any, ...]) -> Tuple[Any, ...]:
    return tuple(EmbeddedModel if base is Model else base for base in bases)


def _class(name: str, bases: Any, fields: dict[str, Tuple[Any, Any]]) -> Any:
    namespace = {
        "__module__": __name__,
        "__annotations__": {field: annotation for field, (annotation, _) in fields.items()},
        **{field: default for field, (_, default) in fields.items()},
    }
    if isinstance(bases[-1], dict):
        *bases, namespace["model_config"] = bases
    bases = tuple(bases)
    metaclass: Any = type(next(base for base in bases if base in (Model, EmbeddedModel, BaseModel)))
    return metaclass(name, bases, namespace)


def _pure(model: Any) -> Any:
    """Give the class that plain pydantic makes of the same fields and config."""
    config = {key: value for key, value in model.model_config.items() if key in _PYDANTIC_OPTIONS}
    namespace: dict[str, Any] = {
        "__module__": __name__,
        "__annotations__": {name: annotation for name, (annotation, _) in _FIELDS.items()},
        **{name: default for name, (_, default) in _FIELDS.items()},
        "model_config": config,
    }
    return type(BaseModel)("Pure", (BaseModel,), namespace)


_VALUES: dict[str, list[Any]] = {
    "text": ["", "a", "  a  ", "abcdef", "ABC", 5, 5.5, None, b"abc"],
    "texts": [["", " Abc ", "abcdef"], ["abc"], [5], ("ab",), [Colour.RED]],
    "table": [{"a": "abcdef"}, {"Abcdef": " b "}, {"a": 5}],
    "maybe": [None, "a", "abcdef", " A "],
    "number": [math.nan, math.inf, -math.inf, 1.5, 1, "1.5", True],
    "whole": [1, 2.0, "5", True, 2.5],
    "flag": [True, 1, "yes"],
    "raw": [b"abcdef", "abc"],
    "colour": [Colour.BLUE, "blue", "green"],
    "colours": [[Colour.BLUE], ["blue", "red"], ["green"]],
    "typed": [{"t": "abcdef"}, {"t": " A "}, {"t": 5}],
    "plain": [{"t": "abcdef"}, {"t": 5}],
    "limited": ["", "  ", "abcdef", 5],
}


def _stored(value: Any) -> Any:
    """Give the form in a document, or leave it away."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_stored(item) for item in value]
    return value


# All a class knows of an option is its merged config, so the others reach it by one way each, in turn.
_BY_EVERY_WAY = {"frozen", "strict", "str_max_length"}
_CASES = [
    pytest.param(option, bases, id=f"{index}-{'-'.join(option)}-{bases.__name__}")
    for index, option in enumerate(_OPTIONS)
    for turn, bases in enumerate(_BASES)
    if turn == index % len(_BASES) or option.keys() & _BY_EVERY_WAY
]


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        result = action()
    except (ValidationError, DocumentParsingError) as error:
        inner = getattr(error, "inner", error)
        return [(line["type"], line["loc"]) for line in inner.errors()]
    return result


def _state(instance: Any) -> str:
    # Not equality, for which `1` is `True`, and no number is itself.
    return repr({name: instance.__dict__[name] for name in _FIELDS})


def _names(instance: Any, name: str) -> str:
    """Give the name that a constructor knows."""
    return str(type(instance).__pydantic_fields__[name].validation_alias or name)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("option", "bases"), _CASES)
def test_assigning_and_updating_do_what_pydantic_does(option: Any, bases: Any) -> None:
    model = _class("Case", bases(option), _FIELDS)
    pure = _pure(model)
    for key, value in option.items():
        if key not in ODMConfigDict.__annotations__ or key in ("frozen", "strict"):
            assert model.model_config[key] == value
    for name, values in _VALUES.items():
        for value in values:
            ours, theirs, updated = model(), pure(), model()

            def assign(instance: Any, name: str = name, value: Any = value) -> str:
                setattr(instance, name, value)
                return _state(instance)

            def update(instance: Any = updated, name: str = name, value: Any = value) -> str:
                instance.model_update({name: value})
                return _state(instance)

            expected = _outcome(lambda: assign(theirs))  # noqa: B023 - called at once
            assert _outcome(lambda: assign(ours)) == expected, (name, value)  # noqa: B023
            assert _state(ours) == _state(theirs), (name, value)
            if name == "typed" and "alias_generator" in option:
                continue  # a patch goes by names, also for what has the config of the class around it
            result = _outcome(update)
            if model.model_config["validate_assignment"] is False:
                continue  # see test_unvalidated
            if isinstance(expected, str) or not model.model_config.get("frozen"):
                assert result == expected, (name, value)
            else:
                # What is not valid says so first, and what changes nothing is no change.
                assert _state(updated) == _state(model()), (name, value)
            given = {_names(ours, name): value}
            made = _outcome(lambda: _state(model(**given)))  # noqa: B023
            assert made == _outcome(lambda: _state(pure(**given))), (name, value)  # noqa: B023


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("option", "bases"), _CASES)
def test_generated_code_reads_as_pydantic_does(option: Any, bases: Any) -> None:
    model = _class("Case", bases(option), _FIELDS)
    inner = _class("Inner", _as_embedded(bases(option)), _FIELDS)
    document = {**_stored_all(model()), "_id": bson.ObjectId()}
    for name, values in _VALUES.items():
        for value in map(_stored, values):
            changed = {**document, name: value}
            expected = _outcome(lambda: _state(validate_document(model, changed)))  # noqa: B023
            assert _outcome(lambda: _state(decode_document(model, changed))) == expected, (  # noqa: B023
                name,
                value,
            )
            assert _outcome(lambda: _state(_read_in_bulk(model, changed))) == expected, (  # noqa: B023
                name,
                value,
            )
    _check_nested(inner, document)


def _check_nested(inner: Any, document: dict[str, Any]) -> None:
    class Outer(Model):
        one: inner
        many: List[inner] = []

    for name, values in _VALUES.items():
        for value in map(_stored, values):
            part = {**document, name: value}
            del part["_id"]
            whole = {"_id": document["_id"], "one": part, "many": [part]}

            def read(how: Any, whole: Any = whole) -> Any:
                instance = how(Outer, whole)
                return [_state(instance.one), _state(instance.many[0])]

            expected = _outcome(lambda: read(validate_document))
            assert _outcome(lambda: read(decode_document)) == expected, (name, value)
            assert _outcome(lambda: read(_read_in_bulk)) == expected, (name, value)


def _stored_all(instance: Any) -> dict[str, Any]:
    document = bson.decode(bson.encode(instance.model_dump_doc()))
    return {str(key): value for key, value in document.items()}


def _read_in_bulk(model: Type[Any], document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("option", "bases"), _CASES)
def test_what_is_saved_is_read(option: Any, bases: Any) -> None:
    model = _class("Case", bases(option), _FIELDS)
    values = {"texts": ["abc"], "table": {"abc": "abc"}, "colours": [Colour.BLUE], "text": "abc"}
    instance = model(**{_names(model(), name): value for name, value in values.items()})
    document = _stored_all(instance)
    assert document["colours"] == ["blue"]
    assert document["colour"] == "red"
    for read in (decode_document(model, document), validate_document(model, document)):
        assert _state(read) == _state(instance)


# --- The table -------------------------------------------------------------------------------------


def test_every_option_of_the_installed_pydantic_is_in_a_table() -> None:
    known = _SWITCHED_OFF.keys() | _NEVER_IN_THE_WAY
    assert ODMConfigDict.__required_keys__ | ODMConfigDict.__optional_keys__ <= known
    assert not _SWITCHED_OFF.keys() & _NEVER_IN_THE_WAY


@pytest.mark.parametrize("bases", _BASES[1:])
def test_an_option_that_nobody_knows_leaves_no_shortcut(bases: Any) -> None:
    model = _class(
        "Case", bases({"of_the_future": 1}), {"text": (str, ""), "c": (Colour, Colour.RED)}
    )
    usual = _class("Usual", (Model,), {"text": (str, ""), "c": (Colour, Colour.RED)})
    assert not shortcuts_of(model.model_config)
    codec, usual_codec = mapping_of(model).codec, mapping_of(usual).codec
    assert "text" in usual_codec.exact_classes
    assert usual_codec.take is not None
    assert codec.exact_classes == {}
    assert codec.take is None
    assert codec.take_changes is None
    document = {"_id": bson.ObjectId(), "text": "a", "c": "red"}
    assert usual_codec.read_new(document) is not None
    assert codec.read_new(document) is None
    instance = model(text="a", c=Colour.BLUE)
    assert instance.model_dump_doc() == {"text": "a", "c": "blue", "_id": instance.id}


@pytest.mark.parametrize(
    ("config", "left"),
    [
        ({}, "ASSIGNMENT|READER|FIELD|WRITER"),
        (
            {"frozen": False, "strict": None, "str_max_length": None},
            "ASSIGNMENT|READER|FIELD|WRITER",
        ),
        ({"frozen": True}, "READER|FIELD|WRITER"),
        ({"strict": True}, "ASSIGNMENT|READER|WRITER"),
        ({"str_max_length": 0}, "FIELD|WRITER"),
        ({"allow_inf_nan": False}, "FIELD|WRITER"),
        ({"of_the_future": None}, ""),
    ],
)
def test_what_is_left(config: Any, left: str) -> None:
    expected = Shortcut(0)
    for name in filter(None, left.split("|")):
        expected |= Shortcut[name]
    assert shortcuts_of(config) == expected


def test_a_frozen_field_is_not_updated() -> None:
    class Frozen(Model):
        fixed: Annotated[int, pydantic.Field(frozen=True)] = 1
        free: int = 1

    instance = Frozen()
    with pytest.raises(ValidationError, match="Field is frozen"):
        instance.model_update(fixed=2, free=2)
    assert (instance.fixed, instance.free) == (1, 1)
    instance.model_update(fixed=1, free=2)
    assert (instance.fixed, instance.free) == (1, 2)
