"""CONTRIBUTING.md is true: its paths exist, its commands run, its map is the tree, its pictures name what there is.

So do the docstrings and comments of the code.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "odmantic"
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))

MAP = next(body for language, body in BLOCKS if not language and body.startswith("src/odmantic/"))
ON_MAP = re.findall(r"^  (\w+)(?:/|\.py)?(?= )", MAP, re.MULTILINE)
ROOMS = re.findall(r"^  (_\w+)/ (.*(?:\n {4,}.*)*)", MAP, re.MULTILINE)
IN_ROOMS = [(room, name) for room, says in ROOMS for name in re.findall(r"`([a-z]\w*)`", says)]
PICTURES = [body for language, body in BLOCKS if language == "mermaid"]

PATHS = sorted(
    {
        span
        for span in SPANS
        if re.fullmatch(r"(src|tests|tools|bench|docs|examples|changes|\.ci)/[\w/.*-]*", span)
    }
)
MODULES = sorted({span for span in SPANS if re.fullmatch(r"_[a-z]\w*(/\w+)*(\.py)?|\w+\.py", span)})
TARGETS = sorted(set(re.findall(r"\bmake ([a-z][a-z-]*)", TEXT)))
NAMES = sorted(
    {name for body in PICTURES for name in re.findall(r"(?<![\w.])_\w+(?:\.\w+)+", body)}
)
IN_CODE = sorted(
    {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"`odmantic\.(_\w+(?:\.\w+)*)`", path.read_text(encoding="utf-8"))
    }
)


def test_there_is_something_to_check():
    assert len(PICTURES) == 3
    assert min(map(len, (PATHS, MODULES, TARGETS, NAMES, IN_CODE, ON_MAP, IN_ROOMS))) > 10


@pytest.mark.parametrize("path", PATHS)
def test_a_path_exists(path):
    assert any(ROOT.glob(path.rstrip("/")))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_exists(module):
    anywhere = ROOT.glob(f"tests/**/{module}")
    assert (PACKAGE / module).exists() or (PACKAGE / f"{module}.py").exists() or any(anywhere)


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_of_make_exists(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"\.venv/bin/(?:python -m )?([\w.-]+)", TEXT)))
)
def test_a_program_exists(name):
    if name == "python":
        return
    is_ours = (ROOT / Path(*name.split("."))).with_suffix(".py").exists()
    assert (
        is_ours
        or (ROOT / ".venv" / "bin" / name).exists()
        or (Path(sys.executable).parent / name).exists()
    )


def layers() -> list[list[str]]:
    """The modules of the package from the lowest to the highest, those that stand side by side together."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [re.findall(r"\w+", layer) for layer in reversed(contract["layers"])]


def test_the_map_shows_every_module_and_package():
    there = {
        path.stem for path in PACKAGE.iterdir() if path.name not in ("__pycache__", "py.typed")
    }
    assert sorted(ON_MAP) == sorted(there - {"__init__", "__main__"})


def test_the_map_stands_in_the_order_of_the_layers():
    level = {name: number for number, names in enumerate(layers()) for name in names}
    heights = [level[name] for name in ON_MAP]
    assert heights == sorted(heights)


@pytest.mark.parametrize(("room", "name"), IN_ROOMS)
def test_a_module_on_the_map_is_in_its_room(room, name):
    assert any((PACKAGE / room).glob(f"**/{name}.py")) or (PACKAGE / room / name).is_dir()


@pytest.mark.parametrize("name", sorted({*NAMES, *IN_CODE}))
def test_a_name_in_a_picture_or_docstring_is_one_of_the_code(name):
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = PACKAGE.joinpath(*parts[:length])
        if path.with_suffix(".py").exists() or path.is_dir():
            found = importlib.import_module("odmantic." + ".".join(parts[:length]))
            for attribute in parts[length:]:
                found = getattr(found, attribute)
            return
    raise AssertionError(f"there is no {name}")
