"""What a class body may contain, and what a model class carries."""

from __future__ import annotations

import abc
import functools
import re
from collections import deque
from collections.abc import Callable as AbcCallable
from datetime import datetime
from types import FunctionType
from typing import (
    Annotated,
    Any,
    Callable,
    ClassVar,
    Deque,
    Dict,
    List,
    Literal,
    Optional,
    Set,
    Tuple,
    Union,
)

import bson
import pydantic
import pytest
from pydantic import ValidationError, computed_field, create_model, field_validator

import odmantic.bson
from odmantic.config import ODMConfigDict
from odmantic.field import (
    Field,
    FieldProxy,
    ODMEmbedded,
    ODMEmbeddedGeneric,
    ODMField,
    ODMReference,
)
from odmantic.model import EmbeddedModel, Model
from odmantic.reference import Reference


class Leg(EmbeddedModel):
    km: float


class Harbour(Model):
    name: str


class Mooring(EmbeddedModel):
    at: Harbour = Reference()


class Moorings(EmbeddedModel):
    ats: List[Harbour] = Reference()


class Around(EmbeddedModel):
    moorings: Dict[str, Optional[Mooring]] = {}


class Arbitrary:
    pass


def body(annotations: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"__module__": __name__, "__annotations__": annotations, **values}


def make(base: Any, annotations: dict[str, Any], **values: Any) -> Any:
    return type(base)("Ship", (base,), body(annotations, **values))


# --- What a class carries ----------------------------------------------------------------------


def test_fields_are_in_declared_order_and_automatic_id_comes_last() -> None:
    class Journey(Model):
        label: str
        legs: List[Leg] = []
        stamp: Optional[datetime] = None

    assert list(Journey.__odm_fields__) == ["label", "legs", "stamp", "id"]
    assert list(Journey.model_fields) == ["label", "legs", "stamp", "id"]
    assert Journey.__odm_fields__["legs"].model is Leg
    annotation = Journey.__odm_fields__["stamp"].pydantic_field.annotation
    assert annotation == Optional[odmantic.bson._datetime]
    assert Journey.__odm_fields__["label"].pydantic_field is Journey.model_fields["label"]


@pytest.mark.parametrize(
    ("annotation", "value", "kind", "model", "origin"),
    [
        (int, 1, ODMField, None, None),
        (Leg, Field(), ODMEmbedded, Leg, None),
        (Optional[Leg], None, ODMEmbedded, Leg, None),
        (Annotated[Leg, "note"], Field(), ODMEmbedded, Leg, None),
        (List[Leg], [], ODMEmbeddedGeneric, Leg, list),
        (Tuple[Leg, ...], (), ODMEmbeddedGeneric, Leg, tuple),
        (Tuple[int, Leg], Field(), ODMEmbeddedGeneric, Leg, tuple),
        (Set[Leg], Field(), ODMEmbeddedGeneric, Leg, set),
        (Dict[str, Leg], {}, ODMEmbeddedGeneric, Leg, dict),
        (Union[Leg, int], Field(), ODMEmbeddedGeneric, Leg, Union),
        (List[List[Leg]], [], ODMField, None, None),
        (Harbour, Reference(), ODMReference, Harbour, None),
    ],
)
def test_kind_of_field(annotation: Any, value: Any, kind: Any, model: Any, origin: Any) -> None:
    cls = make(Model, {"x": annotation}, x=value)
    field = cls.__odm_fields__["x"]
    assert type(field) is kind
    assert getattr(field, "model", None) is model
    assert getattr(field, "generic_origin", None) is origin


def test_attributes_of_a_class_with_collection() -> None:
    class CargoBay(Model):
        harbour: Harbour = Reference()
        tags: list[str] = []
        weight: int

    assert CargoBay.__references__ == ("harbour",)
    assert CargoBay.__mutable_fields__ == {"tags"}
    assert CargoBay.__collection__ == "cargo_bay"
    assert CargoBay.__primary_field__ == "id"
    assert CargoBay.__bson_serializers__ == {}
    assert +CargoBay == "cargo_bay"


def test_embedded_models_have_no_collection_and_no_primary_field() -> None:
    assert not hasattr(Leg, "__collection__")
    assert not hasattr(Leg, "__primary_field__")
    assert not hasattr(Leg, "__indexes__")
    with pytest.raises(TypeError):
        +Leg  # type: ignore[operator]


@pytest.mark.parametrize("base", [Model, EmbeddedModel])
def test_bases_have_docstrings_but_no_instances_and_no_fields(base: Any) -> None:
    assert base.__doc__
    with pytest.raises(TypeError, match="only its subclasses"):
        base()
    for name in ("__odm_fields__", "__mapping__", "__references__", "__pydantic_model__"):
        with pytest.raises(AttributeError, match=name):
            getattr(base, name)


def test_docstring_is_empty_unless_given() -> None:
    class Told(Model):
        """A told one."""

    assert Leg.__doc__ == ""
    assert "description" not in Leg.model_json_schema()
    assert Told.model_json_schema()["description"] == "A told one."


def test_attributes_of_the_class_are_visible_from_an_instance() -> None:
    assert Leg(km=1).__odm_fields__ is Leg.__odm_fields__
    assert Harbour(name="a").__collection__ == "harbour"


def test_class_access_gives_a_proxy_and_unknown_names_are_errors() -> None:
    assert isinstance(Harbour.name, FieldProxy)
    with pytest.raises(AttributeError):
        Harbour.nothing


def test_bind_replaces_the_view_of_pydantic() -> None:
    info = pydantic.fields.FieldInfo(annotation=int)
    field = make(Model, {"x": int}).__odm_fields__["x"]
    field.bind_pydantic_field(info)
    assert field.pydantic_field is info


# --- What a body may contain -------------------------------------------------------------------


def test_untouched_values_need_no_annotation_and_are_no_fields() -> None:
    def some_function() -> None:
        pass

    class Quiet(Model):
        model_config: ClassVar[ODMConfigDict] = {"arbitrary_types_allowed": True}
        x: int = 1
        count: ClassVar[int] = 3
        bare: ClassVar = 4
        text: "ClassVar[str]" = "t"  # noqa: UP037
        hook: FunctionType = some_function

        class Nested:
            pass

        def method(self) -> int:
            return self.x

        @property
        def half(self) -> float:
            return self.x / 2

        @classmethod
        def made(cls) -> Quiet:
            return cls()

        @staticmethod
        def static() -> int:
            return 5

        @functools.cached_property
        def cached(self) -> int:
            return self.x + 1

        @computed_field  # type: ignore[prop-decorator]
        @property
        def computed(self) -> int:
            return self.x * 2

        @field_validator("x")
        @classmethod
        def check(cls, value: int) -> int:
            return value

    quiet = Quiet.made()
    assert list(Quiet.__odm_fields__) == ["x", "id"]
    assert (quiet.method(), quiet.half, quiet.static(), quiet.cached, quiet.computed) == (
        1,
        0.5,
        5,
        2,
        2,
    )
    assert (quiet.count, Quiet.bare, Quiet.text) == (3, 4, "t")
    assert quiet.model_dump_doc() == {"x": 1, "_id": quiet.id}


def test_private_attributes_work_as_in_pydantic() -> None:
    class Secretive(Model):
        _count: int = 0
        _id: int
        _made: int = pydantic.PrivateAttr(default_factory=lambda: 3)
        _bare = pydantic.PrivateAttr(4)
        _plain = 5

    one = Secretive()
    one._count += 1
    assert (one._count, one._made, one._bare, one._plain) == (1, 3, 4, 5)
    assert list(Secretive.__odm_fields__) == ["id"]
    assert one.__fields_modified__ == {"id"}
    assert list(one.model_dump_doc()) == ["_id"]


def test_annotated_config_is_accepted() -> None:
    class Configured(Model):
        model_config: ODMConfigDict = {"collection": "things"}  # type: ignore[misc]

    assert Configured.__collection__ == "things"
    assert list(Configured.__odm_fields__) == ["id"]


def test_class_keywords_are_judged_like_the_config() -> None:
    class Named(Model, collection="things", extra="allow"):
        pass

    assert Named.__collection__ == "things"
    assert Named(a=1).model_extra == {"a": 1}

    class Frozen(Model, frozen=True):
        pass

    assert Frozen.model_config["frozen"] is True


def test_other_class_keywords_reach_the_hooks() -> None:
    class Hooked:
        def __init_subclass__(cls, colour: str, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            cls.colour = colour

    class Boat(Hooked, Model, colour="red"):
        pass

    assert Boat.colour == "red"


def test_config_is_completed() -> None:
    assert Harbour.model_config["validate_assignment"] is True
    assert Harbour.model_config["collection"] is None
    assert Harbour.__odm_fields__["name"].model_config == Harbour.model_config


def test_collection_in_the_body_is_ignored() -> None:
    class Boat(Model):
        __collection__ = "vessels"

    assert Boat.__collection__ == "boat"


def test_classes_called_like_the_bases_are_ordinary() -> None:
    own_model = type(Model)("Model", (Model,), body({"x": int}))
    own_embedded = type(EmbeddedModel)("EmbeddedModel", (EmbeddedModel,), body({"x": int}))
    assert own_model(x=1).model_dump_doc()["x"] == 1
    assert own_embedded(x=1).model_dump_doc() == {"x": 1}


def test_an_ellipsis_makes_a_field_required() -> None:
    class Crate(Model):
        n: int = ...  # type: ignore[assignment]

    for cls in (Crate, create_model("Crate", __base__=Model, n=(int, ...))):
        assert cls(n=1).model_dump_doc()["n"] == 1  # type: ignore[attr-defined]
        with pytest.raises(ValidationError, match="Field required"):
            cls()


def test_create_model_makes_a_model() -> None:
    cls = create_model("Crate", __base__=Model, n=(int, 3))
    crate = cls()
    assert crate.model_dump_doc() == {"n": 3, "_id": crate.id}  # type: ignore[attr-defined]
    assert cls.__collection__ == "crate"


def test_annotations_keep_the_real_classes() -> None:
    class Trip(Model):
        leg: Leg
        harbour: Harbour = Reference()

    assert Trip.model_fields["leg"].annotation is Leg
    assert Trip.model_fields["harbour"].annotation is Harbour
    assert Trip.__annotations__["leg"] is Leg


@pytest.mark.filterwarnings("ignore:Field name .* shadows:UserWarning")
@pytest.mark.parametrize("name", ["copy", "json", "update", "doc", "schema", "validate"])
def test_fields_may_shadow_methods(name: str) -> None:
    cls = make(Model, {name: str})
    with pytest.raises(ValidationError):
        cls()
    one = cls(**{name: "a"})
    assert getattr(one, name) == "a"
    assert one.model_dump_doc()[name] == "a"
    assert +getattr(cls, name) == name


def test_a_field_may_be_called_self() -> None:
    class Identity(Model):
        self: int

    assert Identity(self=3).model_dump_doc()["self"] == 3


def test_the_default_of_one_field_may_have_the_name_of_its_type() -> None:
    class Dated(Model):
        datetime: Optional[datetime] = None

    assert Dated(datetime="2020-01-01").datetime is not None


# --- What it may not contain -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotations", "values", "message"),
    [
        ({}, {"x": 3}, "field x is defined without type annotation"),
        ({}, {"Config": type("Config", (), {})}, "field Config is defined without type annotation"),
        (
            {"x": int},
            {"x": pydantic.Field()},
            "please use odmantic.Field instead of pydantic.Field",
        ),
        ({"x": int}, {"x": None}, "Unhandled field definition Ship: <class 'int'> = None"),
        ({"x": Optional[int]}, {"x": "a"}, "Unhandled field definition Ship: "),
        ({"x": int}, {"x": Reference()}, "Unhandled field definition Ship: "),
        *(
            ({"x": annotation}, {"x": Reference()}, "a reference leads to documents")
            for annotation in (
                Set[Harbour],
                Tuple[Harbour],
                Tuple[Harbour, int],
                Union[Harbour, int],
                Union[Harbour, str, None],
                List[int],
                Dict[str, Optional[int]],
            )
        ),
        (
            {"x": Harbour},
            {"x": Reference(missing="none")},
            "Ship.x cannot have missing='none': it cannot be None",
        ),
        (
            {"x": List[Harbour]},
            {"x": Reference(missing="none")},
            "Ship.x cannot have missing='none': it cannot be None",
        ),
        (
            {"x": Optional[Harbour]},
            {"x": Reference(missing="drop")},
            "Ship.x cannot have missing='drop': it is in no container",
        ),
        ({"x": Callable}, {}, "fields are not supported"),
        ({"x": AbcCallable}, {}, "fields are not supported"),
        ({"x": List[Callable]}, {}, "fields are not supported"),
        ({"x": Optional[Callable[[int], int]]}, {}, "fields are not supported"),
        ({"x": Harbour}, {}, "cannot define a reference x (in Ship) without a Reference"),
        ({"x": Harbour}, {"x": Field()}, "without a Reference assigned to it"),
        ({"x": Harbour}, {"x": None}, "without a Reference assigned to it"),
        (
            {"x": List[Leg]},
            {"x": Field(primary_field=True)},
            (
                "Declaring a generic type of embedded models as a primary field is not allowed: "
                "x in Ship"
            ),
        ),
        (
            {"x": Optional[Leg]},
            {"x": Field(primary_field=True)},
            "Declaring a generic type of embedded models as a primary field is not allowed",
        ),
        *(
            (
                {"x": generic},
                {},
                (
                    "Declaring a generic type of embedded models containing references is not "
                    "allowed: x in Ship"
                ),
            )
            for generic in (
                Union[Mooring, int],
                List[Union[Mooring, Leg]],
                Union[Moorings, Leg, None],
                Union[Around, int],
            )
        ),
        ({"id": int}, {}, "can't automatically generate a primary field since an 'id' field"),
        (
            {"a": int, "b": int},
            {"a": Field(key_name="k"), "b": Field(key_name="k")},
            "Duplicated key_name: k in Ship",
        ),
        ({"a": int, "b": int}, {"a": Field(key_name="b")}, "Duplicated key_name: b in Ship"),
        (
            {"a": int, "b": Harbour},
            {"b": Reference(key_name="a")},
            "Duplicated key_name: a in Ship",
        ),
        (
            {"a": int, "b": int},
            {"a": Field(primary_field=True), "b": Field(primary_field=True)},
            "Duplicated key_name: _id in Ship",
        ),
        ({"a": int}, {"a": Field(key_name="$a")}, "key_name cannot start with the dollar sign"),
        ({"a": Leg}, {"a": Field(key_name="a.b")}, "key_name cannot contain the dot"),
        ({"a": List[Leg]}, {"a": Field(key_name="")}, "key_name cannot be empty"),
        (
            {"a": Harbour},
            {"a": Reference(key_name="$a")},
            "key_name cannot start with the dollar sign",
        ),
        ({}, {"model_config": {"collection": "a$b"}}, "Invalid collection name for Ship"),
    ],
)
def test_refused_definitions(
    annotations: dict[str, Any], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        make(Model, annotations, **values)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (Harbour, ...),
        (Optional[Harbour], None),
        (List[Harbour], []),
        (Tuple[Harbour, ...], ()),
        (Deque[Harbour], deque()),
        (Dict[str, Harbour], {}),
        (Optional[List[Harbour]], None),
        (Dict[int, List[Harbour]], {}),
    ],
)
def test_forms_of_references(annotation: Any, default: Any) -> None:
    cls = make(Model, {"x": annotation}, x=Reference(key_name="k", index=True))
    field = cls.__odm_fields__["x"]
    assert type(field) is ODMReference
    assert (field.model, field.key_name, field.index) == (Harbour, "k", True)
    assert cls.__references__ == ("x",)
    if default is ...:
        with pytest.raises(ValidationError):
            cls()
    else:
        assert cls().x == default
        assert type(cls().x) is type(default)


@pytest.mark.parametrize(
    "annotation",
    [
        List[Mooring],
        Dict[str, Mooring],
        Tuple[Mooring],
        Tuple[Mooring, ...],
        Optional[Mooring],
        List[List[Mooring]],
        List[Around],
    ],
)
def test_embedded_models_with_references_in_containers(annotation: Any) -> None:
    assert make(Model, {"x": annotation}).__mapping__.targets == (Harbour,)


def test_embedded_models_have_no_primary_field() -> None:
    message = "cannot define a primary field in Ship embedded document"
    with pytest.raises(TypeError, match=message):
        make(EmbeddedModel, {"x": int}, x=Field(primary_field=True))


def test_references_cannot_take_the_key_of_the_primary_field() -> None:
    with pytest.raises(TypeError, match="_id"):
        Reference(key_name="_id")


def test_values_named_like_pydantics_own_are_left_to_pydantic() -> None:
    with pytest.raises(pydantic.PydanticUserError, match="non-annotated attribute"):
        make(Model, {}, model_thing=3)


def test_types_unknown_to_pydantic_need_the_option() -> None:
    with pytest.raises(pydantic.errors.PydanticSchemaGenerationError):
        make(Model, {"x": Arbitrary})
    default = Arbitrary()
    config = {"arbitrary_types_allowed": True}
    cls = make(Model, {"x": Arbitrary, "y": Arbitrary}, x=default, model_config=config)
    assert isinstance(cls(y=Arbitrary()).x, Arbitrary)
    with pytest.raises(TypeError, match="Unhandled field definition"):
        make(Model, {"x": Arbitrary}, x=3, model_config=config)


# --- Defaults ----------------------------------------------------------------------------------


def test_assigned_defaults_are_coerced() -> None:
    assert make(Model, {"x": int}, x="3")().x == 3


def test_defaults_that_are_pydantic_models_are_checked() -> None:
    class Note(pydantic.BaseModel):
        text: str

    cls = make(Model, {"x": Note, "y": Note}, x=Note(text="a"), y={"text": "b"})
    assert (cls().x, cls().y) == (Note(text="a"), Note(text="b"))
    with pytest.raises(TypeError, match="Unhandled field definition"):
        make(Model, {"x": Note}, x=3)


def test_bad_defaults_in_field_fail_with_the_instance() -> None:
    cls = make(Model, {"x": int}, x=Field("a"))
    with pytest.raises(ValidationError):
        cls()


def test_defaults_of_embedded_fields_are_checked_per_instance() -> None:
    cls = make(Model, {"x": Leg, "y": List[Leg]}, x={"km": 3}, y=[{"km": 4}])
    assert (cls().x, cls().y) == (Leg(km=3), [Leg(km=4)])
    bad = make(Model, {"x": Leg}, x=3)
    with pytest.raises(ValidationError):
        bad()


def test_datetime_defaults_are_truncated() -> None:
    cls = make(Model, {"x": datetime}, x=datetime(2020, 1, 1, 0, 0, 0, 1999))
    assert cls().x.microsecond == 1000


def test_mutable_defaults_are_copied_and_embedded_copies_are_complete() -> None:
    cls = make(Model, {"x": Leg, "y": List[Leg]}, x=Leg(km=1), y=[Leg(km=2)])
    one, other = cls(), cls()
    one.x.km = 5
    one.y[0].km = 6
    assert (other.x.km, other.y[0].km) == (1, 2)
    assert other.x.__fields_modified__ == {"km"}


def test_optional_has_no_implicit_default() -> None:
    with pytest.raises(ValidationError):
        make(Model, {"x": Optional[int]})()
    assert make(Model, {"x": Optional[int]}, x=None)().x is None


@pytest.mark.parametrize(
    "annotation",
    [
        Optional[bson.ObjectId],
        List[bson.decimal128.Decimal128],
        Union[bson.regex.Regex, bson.ObjectId],
        Dict[bson.ObjectId, str],
        Dict[Tuple[bson.ObjectId, ...], str],
        Literal["a", 1],
        Dict[str, Literal["a"]],
        list,
        dict,
        tuple,
        Tuple,
        None,
        Any,
        re.Pattern,
        re.Pattern[str],
    ],
)
def test_annotations_are_definable(annotation: Any) -> None:
    make(Model, {"x": annotation})


# --- Field and constraints in Annotated --------------------------------------------------------


def test_options_in_annotated_are_honoured() -> None:
    class Noted(Model):
        a: Annotated[int, Field(key_name="k", gt=0)]
        b: Annotated[int, pydantic.Field(gt=0)] = 1
        c: Annotated[int, Field(gt=3)] = Field(7, key_name="d")

    assert Noted(a=1).model_dump_doc(include={"a", "c"}) == {"k": 1, "d": 7}
    for bad in ({"a": 0}, {"a": 1, "b": 0}, {"a": 1, "c": 2}):
        with pytest.raises(ValidationError):
            Noted(**bad)


def test_primary_field_may_stand_in_annotated() -> None:
    class Keyed(Model):
        key: Annotated[str, Field(primary_field=True)]

    assert Keyed(key="a").model_dump_doc() == {"_id": "a"}


def test_options_in_several_places_add_up() -> None:
    key = Annotated[str, Field(primary_field=True)]

    class Noted(Model):
        a: Annotated[key, Field(min_length=2)] = Field("aa")
        b: Annotated[int, Field(key_name="k", index=True)] = Field(1, unique=True)
        c: Annotated[int, Field(key_name="l"), Field(gt=0)] = 1
        d: Annotated[int, Field(key_name="m")] = Field(1, key_name="n")

    assert Noted().model_dump_doc() == {"_id": "aa", "k": 1, "l": 1, "n": 1}
    assert [index.get_index_specifier() for index in Noted.__indexes__()] == [[("k", 1)]]
    with pytest.raises(ValidationError):
        Noted(a="a")


@pytest.mark.parametrize(
    ("annotation", "value", "error"),
    [
        (Annotated[int, Field(primary_field=True)], Field(key_name="k"), ValueError),
        (Annotated[int, Field(key_name="k")], Field(primary_field=True), ValueError),
        (Annotated[Harbour, Field(primary_field=True)], Reference(), TypeError),
    ],
)
def test_options_in_several_places_must_fit(
    annotation: Any, value: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="primary field"):
        make(Model, {"x": annotation}, x=value)


# --- Inheritance -------------------------------------------------------------------------------


def test_plain_mixins_and_abstract_classes_work_on_either_side() -> None:
    class Mixin:
        def twice(self) -> int:
            return self.x * 2  # type: ignore[attr-defined, no-any-return]

    class Sized(abc.ABC):
        @abc.abstractmethod
        def size(self) -> int: ...

    class Before(Mixin, Sized, Model):
        x: int

    class After(Model, Mixin):
        x: int

    assert After(x=2).twice() == 4
    with pytest.raises(TypeError, match="abstract"):
        Before(x=1)


@pytest.mark.filterwarnings("ignore:Field name .* shadows:UserWarning")
def test_fields_of_mixins_are_stored() -> None:
    class Stamped(pydantic.BaseModel):
        at: datetime
        note: str = "n"

    class Tagged:
        tags: List[str]
        colour: str = "red"
        seen: Optional[datetime] = None
        size: int = Field(3, key_name="s")
        other: datetime
        _private: int = 3

    class Boat(Stamped, Tagged, Model):
        name: str

    boat = Boat(
        at=datetime(2020, 1, 1, 0, 0, 0, 1999), tags=[], name="a", other=datetime(2020, 1, 1)
    )
    assert boat.model_dump_doc() == {
        "at": datetime(2020, 1, 1, 0, 0, 0, 1000),
        "note": "n",
        "tags": [],
        "colour": "red",
        "seen": None,
        "s": 3,
        "other": datetime(2020, 1, 1),
        "name": "a",
        "_id": boat.id,
    }


def test_an_inherited_id_is_refused_too() -> None:
    class Identified(pydantic.BaseModel):
        id: int

    with pytest.raises(TypeError, match="can't automatically generate"):

        class Boat(Identified, Model):
            pass


def test_subclasses_of_concrete_models_are_plain_pydantic_models() -> None:
    class Boat(Model):
        name: str = "a"

        def shout(self) -> str:
            return self.name.upper()

    class Ferry(Boat):
        cars: int = Field(3, gt=1)
        when: Optional[datetime] = None

    assert not isinstance(Ferry, type(Boat))
    assert not issubclass(Ferry, Model)
    assert list(Ferry.model_fields) == ["name", "id", "cars", "when"]
    assert Ferry().shout() == "A"  # type: ignore[attr-defined]
    assert not hasattr(Ferry, "model_dump_doc")
    cloned = create_model("Cloned", __base__=Boat, x=(int, 1))
    assert list(cloned.model_fields) == ["name", "id", "x"]


def test_subclasses_of_concrete_models_may_be_subclassed() -> None:
    class Boat(Model):
        name: str = "a"
        model_config = {"title": "A boat"}

    class Ferry(Boat):
        model_config = {"extra": "forbid"}

    class Hydrofoil(Ferry):
        knots: int = Field(40, gt=10)
        owner: bson.ObjectId
        launch: ClassVar[Callable[[], int]] = int
        _engines: int = 2

    class Cars(pydantic.BaseModel):
        cars: int = 1

    class Catamaran(Hydrofoil, Cars, title="Two hulls"):
        pass

    class Hull(EmbeddedModel):
        length: int = 1

    class LongHull(Hull):
        length: int = 9

    class Stored(LongHull, Model):
        hulls: int = 2

    oid = bson.ObjectId()
    assert Hydrofoil(owner=str(oid)).owner == oid  # type: ignore[arg-type]
    for bad in ({"knots": 1}, {"extra": 1}):
        with pytest.raises(ValidationError, match="1 validation error for Hydrofoil"):
            Hydrofoil(owner=oid, **bad)
    assert Catamaran(owner=oid).cars == Catamaran(owner=oid).launch() + 1 == 1
    titles = [cls.model_json_schema()["title"] for cls in (Boat, Ferry, Hydrofoil, Catamaran)]
    assert titles == ["A boat", "Ferry", "Hydrofoil", "Two hulls"]
    assert Stored().model_dump_doc(include={"length", "hulls"}) == {"length": 9, "hulls": 2}


class Part(Harbour):
    more: int = 0


def test_a_reference_to_a_subclass_of_a_model_says_why_that_is_none():
    with pytest.raises(
        TypeError,
        match=r"Part is no model: Part is a plain pydantic class made from Harbour, as in odmantic 1\.x; "
        "give Harbour `inheritance=` to make it a model",
    ):
        type(Model)(
            "Ship",
            (Model,),
            {"__module__": __name__, "__annotations__": {"x": Part}, "x": Reference()},
        )


def test_a_field_that_holds_classes_holds_no_copies():
    kinds = type(Model)(
        "Kinds",
        (Model,),
        {"__module__": __name__, "__annotations__": {"x": type[Harbour]}, "x": Harbour},
    )

    assert kinds().x is Harbour
