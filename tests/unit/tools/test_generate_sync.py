"""The generator of sync twins: what it translates, what it leaves alone, what it refuses."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

import generate_sync
from sync_translation import TranslationError, rename, translate


def twin(source: str) -> str:
    return translate(textwrap.dedent(source)).strip()


def expected(text: str) -> str:
    return textwrap.dedent(text).strip()


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("AIOEngine", "SyncEngine"),
        ("_AIOCursor", "_SyncCursor"),
        ("AIOSessionType", "SyncSessionType"),
        ("aio_engine", "sync_engine"),
        ("make_aio_session", "make_sync_session"),
        ("odmantic._aio.engine", "odmantic._sync.engine"),
        ("AsyncMongoClient", "MongoClient"),
        ("AsyncClientSession", "ClientSession"),
        ("AsyncCollection", "Collection"),
        ("AsyncCommandCursor", "CommandCursor"),
        ("pymongo.asynchronous.cursor", "pymongo.synchronous.cursor"),
        ("AbstractAsyncContextManager", "AbstractContextManager"),
        ("AsyncExitStack", "ExitStack"),
        ("asynccontextmanager", "contextmanager"),
        ("aclosing", "closing"),
        ("anext", "next"),
        ("__aexit__", "__exit__"),
        ("StopAsyncIteration", "StopIteration"),
        ("make_async_client", "make_sync_client"),
        ("an AIOEngine", "a SyncEngine"),
        ("An `AIOEngine`", "A `SyncEngine`"),
        ("an AsyncIterator", "an Iterator"),
        ("by default an\n    `AIOEngine`", "by default a\n    `SyncEngine`"),
        ("a", "a"),
        ("aiohttp", "aiohttp"),
        ("asyncio", "asyncio"),
        ("AsyncIOMotorClient", "AsyncIOMotorClient"),
        ("awaited", "awaited"),
        ("Maio", "Maio"),
    ],
)
def test_names_become_their_twins(source: str, result: str) -> None:
    assert rename(source) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("async def f():\n    return await g()", "def f():\n    return g()"),
        ("async def f():\n    return (await g()).y", "def f():\n    return g().y"),
        ("async def f():\n    return (await g(1, 2))['k']", "def f():\n    return g(1, 2)['k']"),
        ("async def f():\n    return not (await g())", "def f():\n    return not g()"),
        ("async def f():\n    return await resolve(g(1))", "def f():\n    return g(1)"),
        ("async def f():\n    h(resolve(g(resolve(i()))))", "def f():\n    h(g(i()))"),
        ("async def f():\n    await resolve(\n        g(),\n    )", "def f():\n    g()"),
        ("async def f():\n    await resolve(g)", "def f():\n    resolve(g)"),
        ("async def f():\n    return h(await g())", "def f():\n    return h(g())"),
        ("async def f():\n    return h()(await g())", "def f():\n    return h()(g())"),
        ("async def f():\n    return (await g(), 1)", "def f():\n    return (g(), 1)"),
        ("async def f():\n    return (await g() + 1) * 2", "def f():\n    return (g() + 1) * 2"),
        ("async def f():\n    return (await (g or h)).y", "def f():\n    return (g or h).y"),
        (
            "async def f():\n    return (\n        await g\n        .y()\n    )",
            "def f():\n    return (\n        g\n        .y()\n    )",
        ),
        (
            "async def f():\n    return [x async for x in y if await x]",
            "def f():\n    return [x for x in y if x]",
        ),
        (
            "async def f():\n    async for x in y:\n        pass",
            "def f():\n    for x in y:\n        pass",
        ),
        (
            "async def f():\n    async with a, b as c:\n        pass",
            "def f():\n    with a, b as c:\n        pass",
        ),
        (
            "async def f():\n    async with (\n        a,  # one\n        b as c,\n    ):\n        pass",
            "def f():\n    with (\n        a,  # one\n        b as c,\n    ):\n        pass",
        ),
        (
            "async def f():\n    print(f'{await g():>3} {x}')",
            "def f():\n    print(f'{g():>3} {x}')",
        ),
        ("async def f():\n    é = 'é', (await g()).y", "def f():\n    é = 'é', g().y"),
        ("x: Callable[[], Awaitable[dict[str, int]]]", "x: Callable[[], dict[str, int]]"),
        ("x: typing.Coroutine[Any, Any, list[int]]", "x: list[int]"),
        ("x: AsyncGenerator[int, None]", "x: Generator[int, None, None]"),
        ("x: AsyncIterator[Awaitable[int]]", "x: Iterator[int]"),
    ],
)
def test_code_loses_what_waits(source: str, result: str) -> None:
    assert twin(source) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('"""Then `await engine.find_one(User)` it."""', '"""Then `engine.find_one(User)` it."""'),
        ('""">>> await engine.save(x)"""', '""">>> engine.save(x)"""'),
        (
            '""">>> users = [u async for u in engine.find(User)]"""',
            '""">>> users = [u for u in engine.find(User)]"""',
        ),
        ('"""async with engine.session() as s: ..."""', '"""with engine.session() as s: ..."""'),
        ('"""An async engine, an asynchronous one."""', '"""A sync engine, a synchronous one."""'),
        ('"""An\nasync one."""', '"""A\nsync one."""'),
        ('"""Callers await the result."""', '"""Callers await the result."""'),
        ("x = 1  # the AIOCursor of an async session", "x = 1  # the SyncCursor of a sync session"),
        ("x = 'AIOEngine'", "x = 'SyncEngine'"),
    ],
)
def test_docstrings_and_comments_follow(source: str, result: str) -> None:
    assert twin(source) == result


def test_flag_keeps_the_sync_branch_at_every_level() -> None:
    source = '''
        from odmantic._driver.colour import ASYNC, lock

        if ASYNC:
            LIMIT = 1
        else:
            # fewer, because threads cost more
            LIMIT = 2
            TEXT = """
            left alone
            """


        class AIOThing:
            if ASYNC:

                def __await__(self):
                    return self._run().__await__()

            else:

                def __iter__(self):
                    if not ASYNC:
                        yield 1
                    yield 2 if ASYNC else 3

            async def run(self):
                if ASYNC:
                    await self
    '''
    result = '''
        from odmantic._driver.colour import lock

        # fewer, because threads cost more
        LIMIT = 2
        TEXT = """
            left alone
            """


        class SyncThing:

            def __iter__(self):
                yield 1
                yield 3

            def run(self):
                pass
    '''
    assert twin(source) == expected(result)


def test_the_branch_of_the_twin_can_be_hidden_from_checkers_of_the_source() -> None:
    source = """
        class A:
            if ASYNC:

                async def f(self, *, x): ...

            elif not TYPE_CHECKING:

                def f(self, x):
                    \"\"\"Sync.\"\"\"
    """
    assert [line for line in twin(source).splitlines() if line] == [
        "class A:",
        "    def f(self, x):",
        '        """Sync."""',
    ]


def test_what_the_flag_chooses_stands_in_parentheses_only_where_they_matter() -> None:
    assert twin("x = (a if ASYNC else b) * 2") == "x = (b) * 2"
    assert twin("x = [a if ASYNC else f(b)]") == "x = [f(b)]"
    assert twin("x = [2 * a if ASYNC else a + b] * 2") == "x = [(a + b)] * 2"


def test_flag_is_false_where_it_is_defined() -> None:
    assert twin("ASYNC: Final = True") == "ASYNC: Final = False"


def test_marks_of_async_tests_disappear() -> None:
    source = """
        pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

        @pytest.mark.anyio
        @pytest.mark.parametrize("x", [1])
        @pytest.mark.each_driver
        async def test_x(aio_engine, x):
            pass
    """
    result = """
        pytestmark = [pytest.mark.slow]


        @pytest.mark.parametrize("x", [1])
        def test_x(sync_engine, x):
            pass
    """
    assert [line for line in twin(source).splitlines() if line] == [
        line for line in expected(result).splitlines() if line
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import asyncio", "asyncio"),
        ("def f():\n    return isawaitable(x)", "isawaitable"),
        ("class A:\n    def __await__(self): ...", "__await__"),
        ("x = AsyncIOMotorClient()", "AsyncIOMotorClient"),
        ("x: Awaitable", "Awaitable"),
        ("if a:\n    pass\nelif ASYNC:\n    pass", "elif"),
        ("if ASYNC:\n    pass\nelif a:\n    pass", "elif"),
        (
            "if ASYNC:\n    pass\nelif not TYPE_CHECKING:\n    pass\nelse:\n    pass",
            "one more branch",
        ),
        ("if ASYNC: x = 1", "line of its own"),
    ],
)
def test_what_has_no_twin_is_refused_by_name(source: str, message: str) -> None:
    with pytest.raises(TranslationError, match=message):
        translate(source)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    source = tmp_path / "pkg" / "_aio"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text('"""Engines."""\n', encoding="utf-8")
    (source / "aio_engine.py").write_text(
        "from typing import Awaitable, Any\nimport os\n\nasync def aio_find(x:Awaitable[Any]) : return await x\n",
        encoding="utf-8",
    )
    return tmp_path


def run(tree: Path, *arguments: str) -> int:
    status: int = generate_sync.main(
        ["--root", str(tree), "--pair", "pkg/_aio", "pkg/_sync", *arguments]
    )
    return status


def test_files_are_formatted_and_say_where_they_come_from(tree: Path) -> None:
    assert run(tree) == 0
    assert (tree / "pkg/_sync/sync_engine.py").read_text(encoding="utf-8") == (
        "# Generated from pkg/_aio/aio_engine.py by tools/generate_sync.py: do not edit.\n"
        "from typing import Any\n\n\ndef sync_find(x: Any):\n    return x\n"
    )


def test_check_passes_after_generation_and_shows_a_diff_after_an_edit(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tree, "--check") == 1
    assert run(tree) == 0
    assert run(tree, "--check") == 0
    target = tree / "pkg/_sync/sync_engine.py"
    target.write_text(
        target.read_text(encoding="utf-8").replace("return x", "return None"), encoding="utf-8"
    )
    capsys.readouterr()
    assert run(tree, "--check") == 1
    shown = capsys.readouterr().out.splitlines()
    assert {"-    return None", "+    return x"} <= set(shown)
    assert "return None" in target.read_text(encoding="utf-8"), "--check changes nothing"


def test_a_twin_without_source_is_removed(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tree)
    (tree / "pkg/_aio/aio_engine.py").unlink()
    assert run(tree, "--check") == 1
    assert run(tree) == 0
    assert sorted(path.name for path in (tree / "pkg/_sync").iterdir()) == ["__init__.py"]
    capsys.readouterr()


def test_a_pair_of_files_leaves_their_neighbours_alone(tree: Path) -> None:
    written = tree / "pkg/_aio/mine.py"
    written.write_text("x = 1\n", encoding="utf-8")
    pair = ["--root", str(tree), "--pair", "pkg/_aio/aio_engine.py", "pkg/_aio/_sync.py"]
    assert generate_sync.main([*pair, "--check"]) == 1
    assert generate_sync.main(pair) == 0
    assert generate_sync.main([*pair, "--check"]) == 0
    assert (tree / "pkg/_aio/_sync.py").read_text(encoding="utf-8").endswith("return x\n")
    assert written.read_text(encoding="utf-8") == "x = 1\n"


@pytest.mark.parametrize("pair", generate_sync.PAIRS, ids=lambda pair: pair[0])
def test_each_pair_is_there_and_says_where_it_comes_from(
    pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows the first line is compared by `make check`: translating all takes many seconds."""
    monkeypatch.setattr(generate_sync, "translate", lambda _source: "")
    monkeypatch.setattr(generate_sync, "_format", lambda text, _path, _root: text)
    source, target = (generate_sync.ROOT / name for name in pair)
    twins = generate_sync.generate(source, target)
    assert twins
    for path in twins:
        first_line = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first_line.startswith(f"# Generated from {pair[0]}")


def test_a_written_file_among_the_generated_ones_is_refused(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tree)
    (tree / "pkg/_sync/mine.py").write_text("x = 1\n", encoding="utf-8")
    assert run(tree) == 2
    assert "mine.py" in capsys.readouterr().err
    assert (tree / "pkg/_sync/mine.py").exists()


def test_an_error_names_file_and_line_and_writes_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "pkg/_aio/broken.py").write_text("\nimport asyncio\n", encoding="utf-8")
    assert run(tree) == 2
    assert "pkg/_aio/broken.py: line 2" in capsys.readouterr().err
    assert not (tree / "pkg/_sync").exists()
