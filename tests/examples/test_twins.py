"""The sync examples: generated from the async ones, or written by hand where those say so."""

from __future__ import annotations

from pathlib import Path

import generate_sync


def test_the_sync_examples_are_up_to_date(capsys) -> None:
    assert generate_sync.main(["--check", "--pair", "examples/aio", "examples/sync"]) == 0
    assert capsys.readouterr().out == ""


def test_a_twin_that_is_written_by_hand_is_left_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "aio", tmp_path / "sync"
    for directory in (source, target):
        directory.mkdir()
    (source / "mine.py").write_text(
        "# The sync twin is written by hand: it waits.\nimport asyncio\n"
    )
    (source / "other.py").write_text("async def f(): await g()\n")
    (target / "mine.py").write_text("import threading\n")
    results = generate_sync.generate(source, target, root=tmp_path)
    assert set(results) == {target / "other.py"}
