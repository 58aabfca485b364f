"""The stubs of `odmantic.strict`, which are made from the signatures of engines and sessions."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap

import pytest

import generate_sync
import odmantic.engine
import odmantic.index
import odmantic.strict
import odmantic.testing.rollback
import odmantic.testing.strict
from strict_stub import STUBS, Stub, StubError, Twin, make_stub

ENGINE = """
    from typing import TYPE_CHECKING, Any, TypeVar, overload

    from odmantic.base import Base, Query

    if TYPE_CHECKING:
        from collections.abc import Awaitable, Callable

        from odmantic.base import Limits

    T = TypeVar("T")

    class Engine(Base):
        def find(self, model: type[T], *queries: Query, limits: Limits = LIMITS, n: int = 3) -> list[T]:
            "Find."
            return []

        @overload
        def one(self, query: Query, *, must: bool) -> T: ...
        @overload
        def one(self, query: Query) -> T | None: ...
        def one(self, query: Query, *, must: bool = False) -> Any: ...

        def session(self) -> Session: ...

        def close(self) -> None: ...

        def _private(self, query: Query) -> None: ...

    class Session(Base):
        engine: Engine

        def begin(self, work: Callable[[Transaction], Awaitable[T]]) -> Transaction: ...

    class Transaction(Session):
        def begin(self, **options: Any) -> None:
            raise ValueError
"""
BASE = """
    from typing import TypeAlias

    Query: TypeAlias = dict[str, str] | bool
    Limits: TypeAlias = int | None

    class Base:
        if ASYNC:
            async def count(self, *queries: Query) -> int: ...
        elif not TYPE_CHECKING:
            def count(self, *queries: Query) -> int: ...

        def ping(self) -> bool: ...
"""
TWINS = tuple(
    Twin("odmantic.engines", name, after)
    for name, after in (("Engine", None), ("Session", None), ("Transaction", "Session"))
)


def stub_of(engine: str = ENGINE, base: str = BASE, twins: tuple[Twin, ...] = TWINS) -> str:
    texts = {"odmantic.engines": textwrap.dedent(engine), "odmantic.base": textwrap.dedent(base)}
    return make_stub(Stub("odmantic.strict", twins), texts.__getitem__, "by a test")


def classes_of(text: str) -> dict[str, str]:
    return {
        each.name: ast.unparse(each)
        for each in ast.parse(text).body
        if isinstance(each, ast.ClassDef)
    }


def test_a_class_has_the_methods_that_take_conditions_or_lead_to_another_class():
    classes = classes_of(stub_of())

    assert classes["Engine"] == textwrap.dedent(
        """\
        class Engine(_Engine):

            def find(self, model: type[T], *queries: _Condition, limits: Limits=..., n: int=3) -> list[T]:
                ...

            @overload
            def one(self, query: _Condition, *, must: bool) -> T:
                ...

            @overload
            def one(self, query: _Condition) -> T | None:
                ...

            def session(self) -> Session:
                ...

            async def count(self, *queries: _Condition) -> int:
                ..."""
    )
    assert classes["Session"].splitlines()[0:2] == [
        "class Session(_Session):",
        "    engine: Engine",
    ]
    assert "def begin(self, work: Callable[[Transaction], Awaitable[T]])" in classes["Session"]


def test_a_class_of_two_bases_repeats_what_the_first_one_would_hide():
    assert classes_of(stub_of())["Transaction"].splitlines() == [
        "class Transaction(Session, _Transaction):",
        "",
        "    def begin(self, **options: Any) -> None:",
        "        ...",
    ]


def test_names_are_imported_from_where_the_source_has_them():
    lines = set(stub_of().splitlines())

    assert lines >= {
        "from typing import overload",
        "from collections.abc import Callable",
        "from odmantic.base import Limits",
        "from odmantic.engines import T",
        "from odmantic.engines import Engine as _Engine",
        "_Condition: TypeAlias = Filter | QueryExpression | dict[str, Any]",
    }
    assert not any(line.startswith("_Sorting") for line in lines), "nothing sorts"


def test_a_name_with_two_meanings_is_refused():
    base = BASE.replace(
        "def count(", "def count(self, limits: T) -> Query: ...\n            async def c("
    )

    with pytest.raises(StubError, match="T has two meanings"):
        stub_of(base="    from typing import AnyStr as T\n" + base)


def test_a_name_that_nothing_defines_is_refused():
    with pytest.raises(StubError, match="does not say what Limits is"):
        stub_of(ENGINE.replace("import Limits", "import Others"))


def test_a_class_that_is_gone_is_refused():
    with pytest.raises(StubError, match="there is no Engine in"):
        stub_of(ENGINE.replace("class Engine", "class Machine"))


def test_the_stubs_are_current():
    for path, wanted in generate_sync.generate_stubs({}).items():
        assert path.read_text(encoding="utf-8") == wanted, f"{path}: run `make sync`"


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.name)
def test_a_stub_has_the_names_of_its_module(stub):
    module = importlib.import_module(stub.name)

    assert sorted(module.__all__) == sorted(twin.name for twin in stub.twins)


def test_strict_classes_are_the_usual_ones_at_run_time():
    assert odmantic.strict.AIOEngine is odmantic.AIOEngine
    assert odmantic.strict.SyncTransaction is odmantic.engine.SyncTransaction
    assert odmantic.strict.Index is odmantic.index.Index
    assert odmantic.testing.strict.AIORollbackEngine is odmantic.testing.rollback.AIORollbackEngine


@pytest.mark.parametrize("name", [twin.name for twin in STUBS[0].twins if twin.name != "Index"])
def test_no_method_with_conditions_or_a_sort_order_is_left_out(name):
    stub = ast.parse((generate_sync.ROOT / "src/odmantic/strict.pyi").read_text(encoding="utf-8"))
    (declared,) = (
        each for each in stub.body if isinstance(each, ast.ClassDef) and each.name == name
    )
    # A transaction has those of a session.
    names = {getattr(each, "name", "") for each in declared.body}
    wanted = {
        method
        for method, function in inspect.getmembers(getattr(odmantic.strict, name), callable)
        if not method.startswith("_")
        and {"query", "queries", "sort", "where"} & inspect.signature(function).parameters.keys()
    }

    assert len(wanted) > 5
    assert name.endswith("Transaction") or wanted <= names
    text = ast.unparse(declared)
    assert not re.findall(
        r"(?:query|queries|sort|where): (?!_Condition|_OneCondition|_Sorting).*", text
    )
