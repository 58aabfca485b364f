"""Datetimes are naive or aware in Python as a program chooses, whatever the client, and dates of the past stay readable."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Dict, Generic, List, Optional, Set, Tuple, TypeVar, Union
from zoneinfo import ZoneInfo

import bson
import pytest
from bson.codec_options import CodecOptions
from pydantic import (
    AwareDatetime,
    BaseModel,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    ValidationError,
)

from odmantic import Datetimes, EmbeddedModel, Field, Model, stored
from odmantic._codec.decode import decode_document, validate_document
from odmantic._mapping.mapping import mapping_of
from odmantic._state.places import SOMEWHERE

T = TypeVar("T")
UTC = timezone.utc
TWO_HOURS = timezone(timedelta(hours=2))
AT = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=TWO_HOURS)
NAIVE = datetime(2024, 2, 29, 10, 0, 0, 123000)
AWARE = NAIVE.replace(tzinfo=UTC)
BY_MODE = {"naive": NAIVE, "aware": AWARE}

CLIENTS = [
    CodecOptions(),
    CodecOptions(tz_aware=True),
    CodecOptions(tz_aware=True, tzinfo=ZoneInfo("America/New_York")),
]


def read_in_bulk(model: Any, document: Any) -> Any:
    found: list[Any] = []
    refused = mapping_of(model).codec.read_all([document], found.append, SOMEWHERE)
    return validate_document(model, refused) if refused is not None else found[0]


def readings(instance: Any) -> list[Any]:
    """Return what each client reads, with generated code and by validation."""
    model = type(instance)
    data = bson.encode(instance.model_dump_doc())
    return [
        read(model, bson.decode(data, options))
        for options in CLIENTS
        for read in (decode_document, validate_document, read_in_bulk)
    ]


def assert_same_after_reading(instance: Any) -> None:
    for again in readings(instance):
        assert repr(again) == repr(instance)  # which shows the time zones
        assert again == instance


class Inner(EmbeddedModel):
    model_config = {"datetimes": "naive"}
    at: datetime


def model_of(mode: Any) -> Any:
    class Log(Model):
        model_config = {"datetimes": mode}
        at: datetime
        maybe: Optional[datetime] = None
        many: List[datetime] = []
        several: Set[datetime] = set()
        pair: Tuple[datetime, int] = (AT, 1)
        table: Dict[str, datetime] = {}
        by_time: Dict[datetime, int] = {}
        either: Union[datetime, int] = 0
        limited: datetime = Field(default=AT, gt=BY_MODE[mode] - timedelta(1))
        past: PastDatetime = AT
        inner: Optional[Inner] = None

    return Log


@pytest.mark.parametrize("mode", ["naive", "aware"])
@pytest.mark.parametrize("given", [AT, NAIVE, AWARE])
def test_any_datetime_is_read_as_the_config_says(mode, given):
    values = {
        "at": given,
        "maybe": given,
        "many": [given],
        "several": {given},
        "pair": (given, 1),
        "table": {"a": given},
        "by_time": {given: 1},
        "either": given,
    }
    log = model_of(mode)(**values)
    same = BY_MODE[mode]
    assert log.at == log.maybe == log.many[0] == log.pair[0] == log.either == log.past == same
    assert [*log.several, *log.by_time, *log.table.values(), log.limited] == [same] * 4
    assert log.at.tzinfo is same.tzinfo
    assert_same_after_reading(log)


@pytest.mark.parametrize("mode", ["naive", "aware"])
def test_each_class_chooses_for_itself(mode):
    log = model_of(mode)(at=AT, inner=Inner(at=AT))
    assert (log.at, log.inner.at) == (BY_MODE[mode], NAIVE)
    assert_same_after_reading(log)


@pytest.mark.parametrize("mode", ["naive", "aware"])
def test_an_assignment_converts_too(mode):
    log = model_of(mode)(at=NAIVE)
    log.at = AT
    log.model_update(maybe=AT)
    assert (log.at, log.maybe) == (BY_MODE[mode],) * 2


@pytest.mark.parametrize(
    ("mode", "form"),
    [("naive", "2024-02-29T10:00:00.123000"), ("aware", "2024-02-29T10:00:00.123000Z")],
)
def test_json_has_a_z_for_aware_datetimes(mode, form):
    assert model_of(mode)(at=AT).model_dump(mode="json")["at"] == form


@pytest.mark.parametrize("mode", ["naive", "aware"])
def test_operands_are_converted_alike(mode):
    model, same = model_of(mode), BY_MODE[mode]
    for query in (model.at > AT, model.maybe > AT, model.many > AT, model.either > AT):
        ((_, condition),) = query.items()
        assert condition == {"$gt": same}
        assert condition["$gt"].tzinfo is same.tzinfo
    assert (model.many == [AT]) == {"many": {"$eq": [same]}}
    assert model.at.in_([AT, NAIVE]) == {"at": {"$in": [same, same]}}
    assert (model.table == {"a": AT}) == {"table": {"$eq": {"a": same}}}
    assert (model.at == "text") == {"at": {"$eq": "text"}}


def test_an_annotation_goes_before_the_config():
    class Log(Model):
        model_config = {"datetimes": "aware"}
        one: Annotated[datetime, Datetimes("naive")]
        maybe: Annotated[Optional[datetime], Datetimes("naive")] = None
        many: Annotated[List[datetime], Datetimes("naive")] = []
        other: datetime

    log = Log(one=AT, maybe=AT, many=[AT], other=AT)
    assert (log.one, log.maybe, log.many, log.other) == (NAIVE, NAIVE, [NAIVE], AWARE)
    assert_same_after_reading(log)


def test_an_annotation_is_enough():
    class Log(Model):
        one: Annotated[datetime, Datetimes("aware")]
        other: datetime

    log = Log(one=AT, other=NAIVE)
    document = bson.decode(bson.encode(log.model_dump_doc()))
    assert Log.model_validate_doc(document) == log
    with pytest.raises(ValidationError):
        log.other = AT


def test_types_that_are_aware_or_naive_keep_their_word():
    class Log(Model):
        model_config = {"datetimes": "aware"}
        aware: AwareDatetime = AT
        naive: NaiveDatetime = NAIVE

    assert_same_after_reading(Log())
    assert (Log().aware, Log().naive) == (AWARE, NAIVE)
    with pytest.raises(ValidationError):
        Log(aware=NAIVE)
    with pytest.raises(ValidationError):
        Log(naive=AT)
    assert (Log.aware == NAIVE) == {"aware": {"$eq": AWARE}}
    assert (Log.naive == AT) == {"naive": {"$eq": NAIVE}}


class Stamped(Model):
    model_config = {"inheritance": "abstract"}
    created: datetime = Field(key_name="c", index=True)
    past: Annotated[PastDatetime, Field(le=datetime(2100, 1, 1, tzinfo=UTC))] = AWARE
    kept: Annotated[datetime, Datetimes("naive")] = AT


class Ship(Stamped):
    model_config = {"datetimes": "aware"}


class Boat(Ship):
    model_config = {"inheritance": "separate", "datetimes": "naive"}


def test_inherited_fields_follow_the_config_of_the_class():
    assert (Ship(created=AT).created, Ship(created=AT).past) == (AWARE, AWARE)
    assert Ship(created=AT).kept == NAIVE
    assert Ship.__odm_fields__["created"].key_name == "c"
    assert Ship.__odm_fields__["created"].index
    assert_same_after_reading(Ship(created=AT))
    with pytest.raises(ValidationError):
        Ship(created=AT, past=datetime(2101, 1, 1))


class Sailing(Model):
    model_config = {"inheritance": "separate", "datetimes": "aware"}
    at: datetime


class Race(Sailing):
    model_config = {"datetimes": "naive"}


class Regatta(Sailing):
    pass


def test_a_subclass_may_choose_otherwise():
    assert (Sailing(at=AT).at, Race(at=AT).at, Regatta(at=AT).at) == (AWARE, NAIVE, AWARE)
    assert_same_after_reading(Race(at=AT))
    assert pickle.loads(pickle.dumps(Race(at=AT))).at == NAIVE


class Of(Model, Generic[T]):
    model_config = {"datetimes": "aware"}
    it: T


def test_arguments_of_a_generic_model_follow_its_config():
    of = Of[Optional[datetime]](it=AT)
    assert of.it == AWARE
    assert_same_after_reading(of)


class Visit(Model):
    model_config = {"datetimes": "aware"}
    start: datetime

    @stored()
    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=1)


def test_operands_for_stored_properties_are_converted():
    assert (Visit.end > AT) == {"end": {"$gt": AWARE}}


class Open(Model):
    model_config = {"datetimes": "aware", "extra": "allow"}
    __pydantic_extra__: Dict[str, datetime]


def test_typed_extras_follow_the_config():
    extra = Open(at=AT)  # type: ignore[call-arg]
    assert extra.model_extra == {"at": AWARE}
    assert_same_after_reading(extra)


def test_a_forward_reference_follows_the_config():
    class Later(Model, datetimes="aware"):
        at: "Moment"

    Moment = datetime  # noqa: N806 - the name of a class
    later = Later(at=AT)
    assert later.at == AWARE
    assert_same_after_reading(later)


def test_strict_classes_convert_too():
    class Log(Model):
        model_config = {"datetimes": "aware", "strict": True}
        at: datetime
        several: Set[datetime]

    assert_same_after_reading(Log(at=AT, several={AT}))


class Plain(BaseModel):
    at: Annotated[datetime, Datetimes("aware")]
    maybe: Annotated[Optional[datetime], Datetimes("naive")]


class HasPlain(Model):
    plain: Plain


def test_an_annotation_works_in_a_plain_pydantic_model():
    has = HasPlain(plain=Plain(at=AT, maybe=AT))
    assert (has.plain.at, has.plain.maybe) == (AWARE, NAIVE)
    assert_same_after_reading(has)


def test_a_datetime_that_utc_has_no_date_for_is_invalid():
    with pytest.raises(ValidationError, match="out of range"):
        model_of("aware")(at=datetime.min.replace(tzinfo=TWO_HOURS))


def test_another_word_is_refused():
    with pytest.raises(ValueError, match="'naive' or 'aware', not 'local'"):
        Datetimes("local")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'Log': datetimes can be 'aware' or 'naive', not 'local'"):

        class Log(Model):
            model_config = {"datetimes": "local"}  # type: ignore[typeddict-item]


@pytest.mark.parametrize("annotation", [str, List[int], AwareDatetime])
def test_a_choice_without_datetimes_is_refused(annotation):
    with pytest.raises(TypeError, match=r"has no datetimes.* \(field at in Log\)"):

        class Log(Model):
            at: Annotated[annotation, Datetimes("naive")]


def test_a_choice_around_a_container_of_a_plain_model_is_refused():
    with pytest.raises(TypeError, match="write it on the type of the datetimes"):

        class Log(BaseModel):
            at: Annotated[List[datetime], Datetimes("naive")]


# --- The relation to now -----------------------------------------------------------------------

NEVER = datetime(9999, 1, 1)
LONG_AGO = datetime(2001, 1, 1)


class Plan(EmbeddedModel):
    due: FutureDate


class Task(Model):
    due: FutureDate
    at: FutureDatetime
    maybe: Optional[FutureDate] = None
    many: List[FutureDate] = []
    table: Dict[str, FutureDatetime] = {}
    either: Union[FutureDate, str] = ""
    plan: Optional[Plan] = None
    born: PastDate = date(2000, 1, 1)
    seen: PastDatetime = LONG_AGO


OVERDUE = {
    "_id": bson.ObjectId(),
    "due": LONG_AGO,
    "at": LONG_AGO,
    "maybe": LONG_AGO,
    "many": [LONG_AGO],
    "table": {"a": LONG_AGO},
    "either": LONG_AGO,
    "plan": {"due": LONG_AGO},
    "born": datetime(9998, 1, 1),
    "seen": NEVER,
}


@pytest.mark.parametrize("read", [decode_document, validate_document, read_in_bulk])
@pytest.mark.parametrize("options", CLIENTS[:2])
def test_what_has_become_past_is_read(read, options):
    task: Any = read(Task, bson.decode(bson.encode(OVERDUE), options))
    day = LONG_AGO.date()
    assert (task.due, task.maybe, task.many, task.either, task.plan.due) == (
        day,
        day,
        [day],
        day,
        day,
    )
    assert task.at.replace(tzinfo=None) == task.table["a"].replace(tzinfo=None) == LONG_AGO
    assert task.born == date(9998, 1, 1)
    assert task.seen.replace(tzinfo=None) == NEVER
    assert task.model_dump_doc().keys() == OVERDUE.keys()


def test_what_has_become_past_can_be_changed_elsewhere():
    task = Task.model_validate_doc(OVERDUE)
    task.many.append(LONG_AGO.date())
    task.model_update(either="x")
    assert Task.model_validate_doc(task.model_dump_doc()).many == [LONG_AGO.date()] * 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("due", LONG_AGO.date()), ("at", LONG_AGO), ("born", date(9998, 1, 1)), ("seen", NEVER)],
)
def test_a_program_is_told_about_the_wrong_time(field, value):
    task = Task.model_validate_doc(OVERDUE)
    with pytest.raises(ValidationError):
        setattr(task, field, value)
    with pytest.raises(ValidationError):
        Task.model_validate({"due": NEVER.date(), "at": NEVER, field: value})
