"""Check the types of every program to copy (README.md, docs/snippets, examples) with mypy and pyright, both strict.

`snippets_untyped.toml` lists the lines that no type checker accepts, each with its reason; an accepted line must go.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("snippets_untyped.toml")
GROUPS = {
    "docs": ROOT / "docs" / "snippets",
    "docs/testing": ROOT / "docs" / "snippets" / "testing",
    "aio": ROOT / "examples" / "aio",
    "sync": ROOT / "examples" / "sync",
    "fastapi": ROOT / "examples" / "fastapi_app",
}
"""The folders of modules that import one another, each in its own tree."""
_MYPY = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: (?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A type checker's complaint about a line."""

    file: str
    line: int
    text: str


def main() -> int:
    """Check all; return 1 if an unlisted line has a complaint, or a listed one has none."""
    listed: dict[tuple[str, str], str] = {
        (entry["file"], line): entry["reason"]
        for entry in tomllib.loads(LIST.read_text(encoding="utf-8")).get("lines", [])
        for line in entry["lines"]
    }
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        _copy(tree)
        complaints = [*_mypy(tree), *_pyright(tree)]
        used: set[tuple[str, str]] = set()
        failed = False
        for complaint in complaints:
            source = (tree / complaint.file).read_text(encoding="utf-8").splitlines()
            key = complaint.file, source[complaint.line - 1].strip()
            if key in listed:
                used.add(key)
            else:
                failed = True
                print(f"{complaint.file}:{complaint.line}: {complaint.text}\n    {key[1]}")
    for key in listed.keys() - used:
        failed = True
        print(f"{LIST.name} lists a line that is fine, or is not there: {key}")
    return int(failed)


def _copy(tree: Path) -> None:
    for group, folder in GROUPS.items():
        shutil.copytree(folder, tree / group, dirs_exist_ok=True)
    shutil.rmtree(tree / "docs" / "__pycache__", ignore_errors=True)
    (tree / "readme").mkdir()
    for number, source in enumerate(_blocks()):
        (tree / "readme" / f"block_{number}.py").write_text(source, encoding="utf-8")


def _blocks() -> Iterator[str]:
    """Yield the blocks of README.md as modules; a fragment gets the definitions of the first program."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    definitions = "\n".join(
        ast.unparse(statement)
        for statement in ast.parse(blocks[0]).body
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.ClassDef))
    )
    for block in blocks:
        if "mongodb://" in block:
            yield block
        else:
            body = textwrap.indent(block, "    ")
            yield f"{definitions}\n\n\nasync def readme(engine: AIOEngine) -> None:\n{body}"


def _mypy(tree: Path) -> Iterator[Complaint]:
    for folders in (["docs", "readme"], ["aio"], ["sync"], ["fastapi"]):
        roots = [tree, tree / "docs" / "testing"] if "docs" in folders else [tree / folders[0]]
        path = os.pathsep.join(map(str, [ROOT / "src", *roots]))
        command = ["mypy", "--strict", "--explicit-package-bases", "--no-error-summary"]
        cache = ROOT / ".mypy_cache" / "snippets" / folders[0]
        command += ["--hide-error-context", "--config-file=", f"--cache-dir={cache}", *folders]
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tree,
            env=os.environ | {"MYPYPATH": path},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
        )
        for line in done.stdout.splitlines():
            match = _MYPY.match(line)
            if match is not None:
                yield Complaint(match["file"], int(match["line"]), f"mypy: {match['text']}")
            elif ": note:" not in line:
                sys.exit(f"mypy: {line}")


def _pyright(tree: Path) -> Iterator[Complaint]:
    source = str(ROOT / "src")
    environments = [
        {"root": "docs", "extraPaths": [source, "docs/testing"]},
        *({"root": root, "extraPaths": [source]} for root in ("readme", "aio", "sync", "fastapi")),
    ]
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.10",
        "include": ["."],
        "executionEnvironments": environments,
        # A name that an example omits, or shows only in a comment, is not a mistake.
        "reportUnusedExpression": False,
        "reportUnusedImport": False,
        "reportUnusedFunction": False,
        "reportPrivateUsage": False,
    }
    (tree / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = ["pyright", "--outputjson", f"--pythonpath={sys.executable}"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=tree, check=False, text=True, stdout=subprocess.PIPE
    )
    for found in json.loads(done.stdout)["generalDiagnostics"]:
        if found["severity"] == "error":
            file = Path(found["file"]).resolve().relative_to(tree.resolve()).as_posix()
            text = found["message"].splitlines()[0]
            yield Complaint(file, found["range"]["start"]["line"] + 1, f"pyright: {text}")


if __name__ == "__main__":
    sys.exit(main())
