# Generated from tests/integration/aio/test_own_documents.py by tools/generate_sync.py: do not edit.
"""Methods of a program's own that make documents and read them: every way to the database goes through them.

As in 1.x, it is the class of a document that decides, its mixins included, also for a document that another one
refers to. An embedded object is a part of the document around it. What has no such methods stays as fast as it is.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from pydantic import field_serializer
from tests.integration.sync.reading import to_list

from odmantic import EmbeddedModel, Field, Model, Reference
from odmantic._plan import planner
from odmantic.exceptions import DocumentParsingError


class Sealing:
    """Keeps a field from readers of the database."""

    def model_dump_doc(self, include=None):
        document = super().model_dump_doc(include=include)
        if "secret" in document:
            document["secret"] = "sealed:" + document["secret"][::-1]
        return document

    @classmethod
    def model_validate_doc(cls, raw_doc):
        # In place, which 1.x allowed.
        raw_doc["secret"] = raw_doc["secret"].removeprefix("sealed:")[::-1]
        return super().model_validate_doc(raw_doc)


class Patient(Sealing, Model):
    name: str = ""
    secret: str = "abc"
    notes: list[str] = []


class Visit(Model):
    patient: Patient = Reference(key_name="p")
    room: int = 0


class Doctor(Model):
    """Does it without a mixin, and without the `super()` that 1.x did not know."""

    name: str = ""
    secret: str = "abc"
    notes: list[str] = []

    def model_dump_doc(self, include=None):
        document = Model.model_dump_doc(self, include)
        return {
            key: _sealed(value) if key == "secret" else value for key, value in document.items()
        }

    @classmethod
    def model_validate_doc(cls, raw_doc):
        opened = {**raw_doc, "secret": raw_doc["secret"].removeprefix("sealed:")[::-1]}
        return super().model_validate_doc(opened)


def _sealed(value: str) -> str:
    return "sealed:" + value[::-1]


# --- Ways to the database ------------------------------------------------------------------------


def _by_save(engine, instances):
    for each in instances:
        engine.save(each)


def _by_save_all(engine, instances):
    engine.save_all(instances)


def _in_session(engine, instances):
    with engine.session() as session:
        session.save(instances[0])
        session.save_all(instances)


def _one_by_one_in_transaction(engine, instances):
    with engine.transaction() as transaction:
        for each in instances:
            transaction.save(each)


def _in_transaction(engine, instances):
    with engine.transaction() as transaction:
        transaction.save_all(instances)


def _in_repeated_transaction(engine, instances):
    def save(transaction):
        transaction.save_all(instances)

    engine.run_transaction(save)


WRITES = [
    _by_save,
    _by_save_all,
    _in_session,
    _one_by_one_in_transaction,
    _in_transaction,
    _in_repeated_transaction,
]


def _found(engine, model):
    return to_list(engine.find(model))


def _iterated(engine, model):
    return [each for each in engine.find(model)]


def _found_one(engine, model):
    return [engine.find_one(model)]


def _found_in_transaction(engine, model):
    with engine.transaction() as transaction:
        return [*to_list(transaction.find(model)), transaction.find_one(model)]


READS = [_found, _iterated, _found_one, _found_in_transaction]


@pytest.mark.parametrize("count", [1, 3, 150])
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("model", [Patient, Doctor])
def test_every_write_goes_through_the_method(
    sync_engine, raw_database, monkeypatch, model, write, count
):
    monkeypatch.setattr(planner, "BATCH_SIZE", 60)  # so that batches are planned ahead
    instances = [model(name=str(number)) for number in range(count)]

    write(sync_engine, instances)

    documents = list(raw_database[+model].find())
    assert len(documents) == count
    assert {document["secret"] for document in documents} == {"sealed:cba"}
    assert not any(each.__fields_modified__ for each in instances)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("model", [Patient, Doctor])
def test_every_read_goes_through_the_method(sync_engine, model, read):
    sync_engine.save_all([model(), model()])

    found = read(sync_engine, model)

    assert {each.secret for each in found} == {"abc"}
    assert all(each.__fields_modified__ == set() for each in found)


@pytest.mark.parametrize("read", READS)
def test_references_go_through_the_methods_of_what_they_refer_to(sync_engine, raw_database, read):
    patient = Patient()
    sync_engine.save_all([Visit(patient=patient, room=number) for number in range(3)])

    found = read(sync_engine, Visit)

    assert raw_database["patient"].find_one({})["secret"] == "sealed:cba"
    assert {each.patient.secret for each in found} == {"abc"}
    assert all(each.patient.__fields_modified__ == set() for each in found)


# --- What is sent --------------------------------------------------------------------------------


def test_only_changes_are_sent(sync_engine, raw_database, commands):
    sync_engine.save(Patient(notes=["a"]))
    patient = sync_engine.find_one(Patient)
    commands.clear()

    sync_engine.save(patient)
    sync_engine.save_all([patient, patient])
    assert commands.names == []

    patient.name = "b"
    sync_engine.save(patient)
    patient.secret = "xyz"
    sync_engine.save_all([patient])
    patient.notes.append("b")
    sync_engine.save(patient)

    sent = [event.command["updates"][0]["u"]["$set"] for event in commands.started]
    assert sent == [{"name": "b"}, {"secret": "sealed:zyx"}, {"notes": ["a", "b"]}]


def test_a_save_of_many_changes_sends_only_these(sync_engine, raw_database, commands):
    sync_engine.save_all([Patient(name=str(number)) for number in range(5)])
    patients = to_list(sync_engine.find(Patient, sort=Patient.name))
    for patient in patients[1:4]:
        patient.secret = patient.name
    commands.clear()

    sync_engine.save_all(patients)

    (event,) = commands.started
    assert [each["u"] for each in event.command["updates"]] == [
        {"$set": {"secret": f"sealed:{number}"}} for number in (1, 2, 3)
    ]


def test_a_document_that_is_gone_is_stored_whole(sync_engine, raw_database):
    patient = sync_engine.save(Patient())
    raw_database["patient"].delete_many({})
    patient.name = "b"

    sync_engine.save(patient)

    document = raw_database["patient"].find_one({})
    assert document == {"_id": patient.id, "name": "b", "secret": "sealed:cba", "notes": []}


def test_a_rolled_back_instance_is_sent_again(sync_engine, raw_database):
    patient = Patient()
    with pytest.raises(KeyError):
        with sync_engine.transaction() as transaction:
            transaction.save(patient)
            raise KeyError

    sync_engine.save(patient)

    assert raw_database["patient"].find_one({})["secret"] == "sealed:cba"


def test_a_repeated_transaction_takes_no_offence_at_documents_that_differ(sync_engine, fail_point):
    class Salted(Model):
        n: int = 0

        def model_dump_doc(self, include=None):
            document = super().model_dump_doc(include)
            return {**document, "salt": ObjectId()} if "n" in document else document

    salted, runs = Salted(), []

    def save(transaction):
        runs.append(transaction)
        transaction.save(salted)

    with fail_point("update", error_code=112, times=1):  # a write conflict
        sync_engine.run_transaction(save)

    assert len(runs) == 2


# --- What methods may do -------------------------------------------------------------------------


class DatesAsDatetimes:
    """Stores dates, for which BSON has no form."""

    def model_dump_doc(self, include=None):
        document = super().model_dump_doc(include)
        return {
            key: datetime(value.year, value.month, value.day) if type(value) is date else value
            for key, value in document.items()
        }


def test_a_mixin_can_store_what_bson_has_no_form_for(sync_engine, raw_database):
    class Person(DatesAsDatetimes, Model):
        born: date
        name: str = ""

    sync_engine.save_all([Person(born=date(2000, 1, 2)), Person(born=date(2001, 1, 2))])
    person = sync_engine.find_one(Person, sort=Person.born)

    assert person.born == date(2000, 1, 2)
    assert raw_database["person"].find_one({})["born"] == datetime(2000, 1, 2)
    person.born = date(1999, 1, 1)
    sync_engine.save(person)
    assert raw_database["person"].count_documents({"born": datetime(1999, 1, 1)}) == 1


def test_it_can_leave_out_keys_and_add_others(sync_engine, raw_database):
    class Sparse(Model):
        a: int | None = None
        b: int = 1

        def model_dump_doc(self, include=None):
            document = super().model_dump_doc(include)
            kept = {key: value for key, value in document.items() if value is not None}
            return {**kept, "deep.er": 1} if "b" in kept else kept

    one, other = Sparse(), Sparse()
    sync_engine.save_all([one, other])
    # A dot is a path in an update, as in 1.x, where all writes were updates.
    assert raw_database["sparse"].find_one({"_id": one.id}) == {
        "_id": one.id,
        "b": 1,
        "deep": {"er": 1},
    }

    one.a = 2
    sync_engine.save(one)
    assert raw_database["sparse"].find_one({"_id": one.id})["a"] == 2


def test_it_can_store_another_id(sync_engine, raw_database):
    class Textual(Model):
        n: int = 0

        def model_dump_doc(self, include=None):
            document = super().model_dump_doc(include)
            return {k: str(v) if k == "_id" else v for k, v in document.items()}

    class Holder(Model):
        textual: Textual = Reference()

    one = sync_engine.save(Textual())
    one.n = 1
    sync_engine.save(one)
    found = sync_engine.find_one(Textual)
    found.n = 2
    sync_engine.save_all([found, sync_engine.save(Textual())])
    sync_engine.save(Holder(textual=found))

    assert {doc["_id"]: doc["n"] for doc in raw_database["textual"].find()}[str(one.id)] == 2
    assert sync_engine.find_one(Holder).textual == found
    assert sync_engine.count(Textual) == 2
    sync_engine.delete(found)
    assert sync_engine.count(Textual) == 1


def test_it_can_make_an_instance_of_another_model(sync_engine):
    class Cat(Model):
        kind: str = "cat"
        model_config = {"collection": "animals"}

    class Animal(Model):
        kind: str = "animal"
        model_config = {"collection": "animals"}

        @classmethod
        def model_validate_doc(cls, raw_doc):
            if raw_doc["kind"] == "cat":
                return Cat.model_validate_doc(raw_doc)
            return super().model_validate_doc(raw_doc)

    sync_engine.save_all([Animal(), Cat()])

    found = to_list(sync_engine.find(Animal, sort=Animal.kind))

    assert [type(each) for each in found] == [Animal, Cat]
    assert all(each.__fields_modified__ == set() for each in found)


def test_model_validate_is_followed_too(sync_engine):
    class Shouting(Model):
        text: str = "a"

        @classmethod
        def model_validate(cls, obj, **options):
            return super().model_validate({**obj, "text": obj["text"].upper()}, **options)

    sync_engine.save(Shouting())

    assert sync_engine.find_one(Shouting).text == "A"
    assert [each.text for each in to_list(sync_engine.find(Shouting))] == ["A"]


def test_methods_assigned_later_are_followed(sync_engine, raw_database, monkeypatch):
    class Later(Model):
        secret: str = "abc"

    class Holder(Model):
        later: Later = Reference()

    sync_engine.save(Holder(later=Later()))
    assert sync_engine.find_one(Holder).later.secret == "abc"

    own = Later.model_dump_doc
    with monkeypatch.context() as patch:
        patch.setattr(
            Later,
            "model_dump_doc",
            lambda self, include=None: {
                key: _sealed(value) if key == "secret" else value
                for key, value in own(self, include).items()
            },
        )
        sync_engine.save_all([Later(), Later()])
    with monkeypatch.context() as patch:
        patch.setattr(
            Later, "model_validate_doc", classmethod(lambda cls, raw_doc: cls(secret="read"))
        )
        assert sync_engine.find_one(Holder).later.secret == "read"

    sync_engine.save_all([Later(), Later()])
    assert raw_database["later"].count_documents({"secret": "sealed:cba"}) == 2
    assert sync_engine.find_one(Holder).later.secret == "abc"


def test_additional_values_are_sent_only_if_they_changed(sync_engine, commands):
    class Open(Sealing, Model):
        secret: str = "abc"
        model_config = {"extra": "allow"}

    sync_engine.save(Open(one=1, two=2))
    found = sync_engine.find_one(Open)
    found.two = 3
    commands.clear()

    sync_engine.save(found)

    (event,) = commands.started
    assert event.command["updates"][0]["u"] == {"$set": {"two": 3}}


# --- Limits --------------------------------------------------------------------------------------


def test_embedded_objects_are_part_of_the_document_around_them(sync_engine, raw_database):
    class Part(Sealing, EmbeddedModel):
        secret: str = "abc"

    class Whole(Model):
        part: Part = Field(Part(), key_name="p")
        parts: list[Part] = [Part()]

    sync_engine.save(Whole())

    document = raw_database["whole"].find_one({})
    assert document["p"] == {"secret": "abc"}
    assert document["parts"] == [{"secret": "abc"}]
    assert sync_engine.find_one(Whole).part == Part()
    # In a query it stands for itself, as in 1.x.
    assert (Whole.part == Part()) == {"p": {"$eq": {"secret": "sealed:cba"}}}


@pytest.mark.parametrize("given", [None, [("a", 1)], "text"])
def test_what_is_no_document_is_refused(sync_engine, commands, given):
    class Wrong(Model):
        n: int = 0

        def model_dump_doc(self, include=None):
            return given

    one = Wrong()
    with pytest.raises(TypeError, match=r"Wrong\.model_dump_doc has to give a dict, not "):
        sync_engine.save(one)
    with pytest.raises(TypeError, match=r"Wrong\.model_dump_doc has to give a dict, not "):
        sync_engine.save_all([one, Wrong()])

    assert commands.names == []
    assert one.__fields_modified__ == {"n", "id"}


def test_what_is_no_instance_is_refused(sync_engine):
    class Wrong(Model):
        n: int = 0

        @classmethod
        def model_validate_doc(cls, raw_doc):
            return raw_doc

    sync_engine.save(Wrong())

    with pytest.raises(TypeError, match=r"Wrong\.model_validate_doc has to give an instance of a"):
        sync_engine.find_one(Wrong)
    with pytest.raises(TypeError, match=r"Wrong\.model_validate_doc has to give an instance of a"):
        to_list(sync_engine.find(Wrong))


def test_a_problem_of_a_referenced_document_is_located(sync_engine, raw_database):
    visit = sync_engine.save(Visit(patient=Patient()))
    raw_database["patient"].update_one({}, {"$set": {"notes": 1}})

    for read in (_found, _found_one):
        with pytest.raises(DocumentParsingError) as caught:
            read(sync_engine, Visit)
        assert [error["loc"] for error in caught.value.inner.errors()] == [("patient", "notes")]

    raw_database["visit"].update_one({}, {"$set": {"p": ObjectId()}})
    with pytest.raises(DocumentParsingError, match="Referenced document not found"):
        sync_engine.find_one(Visit, Visit.id == visit.id)


def test_a_method_may_change_the_documents_it_is_given(sync_engine):
    class Town(Model):
        name: str

    class House(Model):
        town: Town = Reference()

        @classmethod
        def model_validate_doc(cls, raw_doc: dict[str, Any]):
            raw_doc["town"]["name"] += "!"
            return super().model_validate_doc(raw_doc)

    town = Town(name="a")
    sync_engine.save_all([House(town=town) for _ in range(3)])

    assert {each.town.name for each in to_list(sync_engine.find(House))} == {"a!"}


# --- What `model_dump` shows ---------------------------------------------------------------------


class Rounding:
    """Shows values in another way than they are, and so stores them: 1.x stored what `model_dump` gave."""

    def model_dump(self, **options):
        shown = super().model_dump(**options)
        shown["price"] = round(shown["price"])
        shown["sold"] = datetime(shown["sold"].year, 1, 1)
        shown["size"]["width"] += 1
        shown["sizes"][0]["width"] += 2
        shown["by_name"]["a"]["width"] += 3
        shown["factor"] *= 2
        shown["unknown"] = True
        del shown["note"]
        return shown


class Size(EmbeddedModel):
    width: int = Field(1, key_name="w")


class Product(Rounding, Model):
    price: float = Field(1.2, key_name="p")
    sold: date = date(2020, 5, 5)
    size: Size = Size()
    sizes: list[Size] = [Size()]
    by_name: dict[str, Size] = {"a": Size()}
    factor: Decimal = Decimal("1.5")
    note: str = "n"


def test_what_a_class_itself_shows_is_stored(sync_engine, raw_database):
    first, second = Product(), Product()
    sync_engine.save(first)
    sync_engine.save_all([second, Product()])
    expected = {
        "p": 1,
        "sold": datetime(2020, 1, 1),
        "size": {"w": 2},
        "sizes": [{"w": 3}],
        "by_name": {"a": {"w": 4}},
        "factor": Decimal128("3.0"),
        "note": "n",
    }

    for document in raw_database["product"].find({}, {"_id": 0}):
        assert document == expected
    assert first.model_dump_doc({"price", "note"}) == {"p": 1, "note": "n"}

    first.price = 7.7
    sync_engine.save(first)
    assert raw_database["product"].find_one({"_id": first.id})["p"] == 8


def test_a_shown_id_is_stored(sync_engine, raw_database):
    class Textual(Model):
        n: int = 0

        def model_dump(self, **options):
            shown = super().model_dump(**options)
            return {**shown, "id": str(shown["id"])}

    class Holder(Model):
        textual: Textual = Reference()

    sync_engine.save(Holder(textual=Textual()))
    found = sync_engine.find_one(Holder).textual
    found.n = 1
    sync_engine.save(found)

    assert list(raw_database["textual"].find()) == [{"_id": str(found.id), "n": 1}]


def test_extra_values_may_be_shown(sync_engine, raw_database):
    class Open(Model):
        model_config = {"extra": "allow"}

        def model_dump(self, **options):
            return {**super().model_dump(**options), "shown": 1}

    sync_engine.save(Open(own=2))

    assert raw_database["open"].find_one({}, {"_id": 0}) == {"own": 2, "shown": 1}


def test_serialisers_of_pydantic_store_nothing_else(sync_engine, raw_database):
    class Hiding(Model):
        secret: str = "abc"

        @field_serializer("secret")
        def hide(self, _value):
            return "***"

        def model_dump(self, **options):
            return super().model_dump(**options)

    sync_engine.save(Hiding())

    assert raw_database["hiding"].find_one({})["secret"] == "abc"
