"""Programs to copy that use one database and collection mean the same documents: no program meets another's data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from odmantic.cli import serve

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"""(?:database=|Engine\((?:client|URI), |or )"(\w+)\"""")


def programs() -> Iterator[tuple[str, str, str]]:
    """Each program that goes to a server of the reader: its place, its database, and the source of its models."""
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    sources = [(f"README.md, block {number}", text) for number, text in enumerate(blocks)]
    paths = sorted((ROOT / "docs" / "snippets").rglob("*.py"))
    sources += [(path.name, path.read_text()) for path in paths]
    sources.append(("fastapi_app", (ROOT / "examples" / "fastapi_app" / "app.py").read_text()))
    sources.append(("odmantic serve", Path(serve.__file__).read_text()))
    for place, source in sources:
        name = NAME.search(source)
        if name is not None:
            yield place, name[1], source
    for colour in ("aio", "sync"):
        folder = ROOT / "examples" / colour
        name = NAME.search((folder / "runner.py").read_text())
        assert name is not None
        yield f"examples/{colour}", name[1], (folder / "models.py").read_text()


def models(source: str) -> dict[str, str]:
    """The models of a program, by name."""
    return {
        node.name: "\n".join(
            ast.unparse(line) for line in node.body if isinstance(line, ast.AnnAssign)
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    }


def test_programs_of_one_database_have_the_same_models():
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    found = list(programs())
    for place, database, source in found:
        for name, fields in models(source).items():
            first_place, first_fields = seen.setdefault((database, name), (place, fields))
            assert fields == first_fields, f"{database}.{name}: {first_place} and {place}"
    assert len(found) > 10
    assert len({database for _, database, _ in found}) > 5
