"""An assignment that fails changes nothing: not the value, not `model_fields_set`, no mark, whoever refuses it.

Pydantic stores a value before validators of the whole instance see it. What such a validator changes besides is
marked as an assignment is, so that memory and document do not part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator, model_validator
from tests.unit.somewhere import read_document

from odmantic.field import Field
from odmantic.model import EmbeddedModel, Model


def _refuse_large(instance: Any) -> Any:
    extra = instance.__pydantic_extra__ or {}
    if instance.n > 5 or extra.get("more", 0) > 5:
        raise ValueError("too large")
    return instance


class Small(EmbeddedModel):
    n: int = 0

    @model_validator(mode="after")
    def check(self) -> Any:
        return _refuse_large(self)


class After(Model):
    n: int = 0
    other: int = 0

    @model_validator(mode="after")
    def check(self) -> Any:
        return _refuse_large(self)


class Wrap(Model):
    n: int = 0
    other: int = 0

    @model_validator(mode="wrap")
    @classmethod
    def check(cls, value: Any, handler: Any) -> Any:
        return _refuse_large(handler(value))


class Two(Model):
    n: int = 0
    other: int = 0

    @model_validator(mode="after")
    def set_other(self) -> Any:
        self.__dict__["other"] = self.n * 2
        return self

    @model_validator(mode="after")
    def check(self) -> Any:
        return _refuse_large(self)


class FieldAfter(Model):
    n: int = 0
    other: int = 0

    @field_validator("n")
    @classmethod
    def check(cls, value: int) -> int:
        if value > 5:
            raise ValueError("too large")
        return value


class Checked(BaseModel):
    @model_validator(mode="after")
    def check(self) -> Any:
        return _refuse_large(self)


class Inherited(Checked, Model):
    n: int = 0
    other: int = 0


class OwnSchema(Model):
    n: int = Field(0, le=100)
    other: int = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            _refuse_large, super().__get_pydantic_core_schema__(source, handler)
        )


class Open(Model):
    model_config = {"extra": "allow"}

    n: int = 0
    other: int = 0

    @model_validator(mode="after")
    def check(self) -> Any:
        return _refuse_large(self)


def _new(model: Any) -> Any:
    return model(n=1)


def _assigned(model: Any) -> Any:
    instance = model(n=1)
    instance.other = 3
    return instance


def _read(model: Any) -> Any:
    return read_document(model, model(n=1).model_dump_doc())


def _read_and_assigned(model: Any) -> Any:
    instance = _read(model)
    instance.other = 3
    return instance


def _state(instance: Any) -> Any:
    return (
        dict(instance.__dict__),
        dict(instance.__pydantic_extra__ or {}),
        set(instance.model_fields_set),
        set(instance.__fields_modified__),
        instance.model_dump_doc(),
    )


@pytest.mark.parametrize("make", [_new, _assigned, _read, _read_and_assigned])
@pytest.mark.parametrize("model", [After, Wrap, Two, FieldAfter, Inherited, OwnSchema, Open])
def test_an_assignment_that_fails_changes_nothing(
    model: type[Model], make: Callable[[Any], Any]
) -> None:
    instance, control = make(model), make(model)
    before = _state(instance)
    with pytest.raises(ValidationError):
        instance.n = 7
    assert _state(instance) == before
    assert instance.__fields_modified__ == control.__fields_modified__
    instance.n = 2
    assert instance.n == 2
    assert "n" in instance.__fields_modified__


def test_an_embedded_object_keeps_its_value_too() -> None:
    part = Small(n=1)
    with pytest.raises(ValidationError):
        part.n = 7
    assert part.n == 1


def test_an_additional_value_that_is_refused_does_not_stay() -> None:
    instance = _read(Open)
    with pytest.raises(ValidationError):
        instance.more = 7
    assert instance.model_extra == {}
    instance.more = 2
    with pytest.raises(ValidationError):
        instance.more = 7
    assert instance.model_extra == {"more": 2}
    assert instance.__fields_modified__ == {"more"}


def test_an_interruption_undoes_the_assignment_as_well() -> None:
    class Interrupted(Model):
        n: int = 0

        @model_validator(mode="after")
        def stop(self) -> Any:
            if self.n == 7:
                raise KeyboardInterrupt
            return self

    instance = _read(Interrupted)
    with pytest.raises(KeyboardInterrupt):
        instance.n = 7
    assert instance.n == 1
    assert instance.__fields_modified__ == set()


def test_what_a_validator_changes_besides_is_marked() -> None:
    instance = _read(Two)
    assert instance.other == 2
    instance.n = 4
    assert instance.other == 8
    assert instance.__fields_modified__ == {"n", "other"}
