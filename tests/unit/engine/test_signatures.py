"""The shapes in which programs call engines."""

from __future__ import annotations

import inspect

import pytest

from odmantic import AIOEngine, Model, SyncEngine
from odmantic.engine import AIOCursor, BaseCursor, BaseEngine, SyncCursor

POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
KEYWORD = inspect.Parameter.KEYWORD_ONLY
REST = inspect.Parameter.VAR_POSITIONAL
MODEL = [("model", POSITIONAL), ("queries", REST)]
UPDATE = [("model", POSITIONAL), ("query", POSITIONAL), ("updates", REST)]
REPLACE = [*UPDATE[:2], ("instance", POSITIONAL)]
READ = [("sort", KEYWORD), ("skip", KEYWORD), ("limit", KEYWORD)]
LOAD = [("load", KEYWORD), ("missing", KEYWORD), ("identity", KEYWORD)]
SESSION = [("session", KEYWORD)]
WITHOUT = ("without", KEYWORD)
OPTIONS = ("options", inspect.Parameter.VAR_KEYWORD)
HARD = ("hard", KEYWORD)
RULES = [("rules", KEYWORD), ("rules_limit", KEYWORD)]
CONCERNS = [
    ("read_concern", KEYWORD),
    ("write_concern", KEYWORD),
    ("max_commit_time_ms", KEYWORD),
]
METHODS = {
    "find": [*MODEL, *READ, *LOAD, WITHOUT, *SESSION, OPTIONS],
    "find_one": [*MODEL, *READ[:2], *LOAD, WITHOUT, *SESSION, OPTIONS],
    "count": [*MODEL, *READ[1:], WITHOUT, *SESSION, OPTIONS],
    "get": [("model", POSITIONAL), ("id", POSITIONAL), *LOAD, WITHOUT, *SESSION],
    "get_many": [("model", POSITIONAL), ("ids", POSITIONAL), *LOAD, WITHOUT, *SESSION],
    "exists": [*MODEL, WITHOUT, *SESSION, OPTIONS],
    "estimated_count": [("model", POSITIONAL), *SESSION, OPTIONS],
    "distinct": [("field", POSITIONAL), ("queries", REST), WITHOUT, *SESSION, OPTIONS],
    "recompute": [*MODEL, WITHOUT, *SESSION],
    "save": [("instance", POSITIONAL), ("cascade", KEYWORD), *SESSION],
    "save_all": [("instances", POSITIONAL), ("cascade", KEYWORD), *SESSION],
    "insert": [
        ("instance", POSITIONAL),
        ("cascade", KEYWORD),
        *SESSION,
        ("bypass_document_validation", KEYWORD),
    ],
    "insert_many": [
        ("instances", POSITIONAL),
        ("ordered", KEYWORD),
        ("cascade", KEYWORD),
        *SESSION,
        ("bypass_document_validation", KEYWORD),
    ],
    "refresh": [("instance", POSITIONAL), ("fields", REST), ("discard", KEYWORD), *SESSION],
    "replace": [("instance", POSITIONAL), *SESSION],
    "delete": [("instance", POSITIONAL), HARD, *RULES, *SESSION],
    "restore": [("instance", POSITIONAL), *SESSION],
    "remove": [*MODEL, ("just_one", KEYWORD), HARD, WITHOUT, *RULES, *SESSION],
    "update": [("instance", POSITIONAL), ("updates", REST), ("where", KEYWORD), *SESSION],
    "update_one": [*UPDATE, ("upsert", KEYWORD), READ[0], WITHOUT, *SESSION, OPTIONS],
    "update_many": [*UPDATE, ("upsert", KEYWORD), WITHOUT, *SESSION, OPTIONS],
    "delete_one": [*UPDATE[:2], READ[0], HARD, WITHOUT, *RULES, *SESSION, OPTIONS],
    "delete_many": [*UPDATE[:2], HARD, WITHOUT, *RULES, *SESSION, OPTIONS],
    "find_one_and_delete": [
        *(*UPDATE[:2], READ[0], *LOAD[:2], HARD, WITHOUT),
        *(*RULES, *SESSION, OPTIONS),
    ],
    "find_one_and_update": [
        *(*UPDATE, ("returning", KEYWORD), ("upsert", KEYWORD), READ[0], *LOAD[:2], WITHOUT),
        *(*SESSION, OPTIONS),
    ],
    "replace_one": [*REPLACE, ("upsert", KEYWORD), READ[0], WITHOUT, *SESSION, OPTIONS],
    "find_one_and_replace": [
        *(*REPLACE, ("returning", KEYWORD), ("upsert", KEYWORD), READ[0], *LOAD[:2], WITHOUT),
        *(*SESSION, OPTIONS),
    ],
    "get_or_create": [*REPLACE, *SESSION],
    "configure_database": [("models", POSITIONAL), ("update_existing_indexes", KEYWORD), *SESSION],
    "get_collection": [("model", POSITIONAL)],
    "session": [
        ("causal_consistency", KEYWORD),
        ("snapshot", KEYWORD),
        ("default_transaction_options", KEYWORD),
        ("after", KEYWORD),
    ],
    "transaction": CONCERNS,
    "run_transaction": [
        ("callback", POSITIONAL),
        ("attempts", KEYWORD),
        ("timeout", KEYWORD),
        ("restore", KEYWORD),
        ("join", KEYWORD),
        *CONCERNS,
    ],
}
PLAIN = {"find", "get_collection", "session", "transaction"}


@pytest.mark.parametrize("engine", [AIOEngine, SyncEngine])
@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_these_arguments(engine, name):
    parameters = list(inspect.signature(getattr(engine, name)).parameters.values())[1:]
    expected = list(METHODS[name])
    if engine is SyncEngine and name == "delete":
        expected[1:] = [("session", POSITIONAL), HARD, *RULES]

    assert [(parameter.name, parameter.kind) for parameter in parameters] == expected


DEFAULTS = {
    "sort": None,
    "skip": 0,
    "limit": None,
    "session": None,
    "just_one": False,
    "hard": False,
    "upsert": False,
    "rules": True,
    "rules_limit": 10_000,
    "cascade": True,
    "ordered": True,
    "discard": False,
    "bypass_document_validation": None,
    "without": (),
    "returning": "after",
    "update_existing_indexes": False,
}


@pytest.mark.parametrize("engine", [AIOEngine, SyncEngine])
def test_every_option_has_its_default(engine):
    for name in METHODS:
        for parameter in inspect.signature(getattr(engine, name)).parameters.values():
            if parameter.name in DEFAULTS:
                assert parameter.default == DEFAULTS[parameter.name]


@pytest.mark.parametrize("name", METHODS)
def test_what_reaches_the_server_is_a_coroutine_of_the_async_engine(name):
    assert inspect.iscoroutinefunction(getattr(AIOEngine, name)) is (name not in PLAIN)
    assert not inspect.iscoroutinefunction(getattr(SyncEngine, name))


@pytest.mark.parametrize("engine", [AIOEngine, SyncEngine, BaseEngine])
def test_client_and_database_may_be_positional_or_named(engine):
    parameters = inspect.signature(engine).parameters

    assert list(parameters)[:2] == ["client", "database"]
    assert parameters["database"].default == "test"
    assert all(parameters[name].kind is POSITIONAL for name in ("client", "database"))
    assert all(parameter.kind is KEYWORD for parameter in list(parameters.values())[2:])


def test_both_engines_have_one_base():
    assert issubclass(AIOEngine, BaseEngine)
    assert issubclass(SyncEngine, BaseEngine)
    assert not issubclass(AIOEngine, SyncEngine)


@pytest.mark.parametrize("cursor", [AIOCursor, SyncCursor])
def test_cursors_are_generic_and_take_a_model_and_a_cursor(cursor):
    class User(Model):
        name: str

    assert issubclass(cursor, BaseCursor)
    assert cursor[User] is not None
    assert list(inspect.signature(cursor).parameters) == ["model", "cursor"]


def test_cursors_have_only_the_protocol_of_their_colour():
    assert hasattr(AIOCursor, "__await__")
    assert hasattr(AIOCursor, "__aiter__")
    assert not hasattr(AIOCursor, "__iter__")
    assert hasattr(SyncCursor, "__iter__")
    assert not hasattr(SyncCursor, "__await__")
    for cursor in (AIOCursor, SyncCursor):
        assert not any(hasattr(cursor, name) for name in ("__len__", "__getitem__", "__next__"))
