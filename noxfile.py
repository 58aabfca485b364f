"""The matrix: every Python found, with the oldest and newest pydantic and PyMongo; and what compares two paths."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
GROUP = nox.project.dependency_groups(PYPROJECT, "test")


HOSTILE = [
    f"tests/unit/{name}.py"
    for name in (
        "compiled/test_generated",
        "compiled/test_awkward_names",
        "codec/test_generic_annotations",
    )
]


def oldest(name: str) -> str:
    """The pin to the oldest version of `name` that the project allows."""
    project = PYPROJECT["project"]
    optional = project["optional-dependencies"].values()
    for requirement in (*project["dependencies"], *chain.from_iterable(optional)):
        if requirement.startswith(f"{name}>="):
            return f"{name}=={requirement.partition('>=')[2]}.0"
    raise LookupError(name)


# What pyenv has counts as found, in front of its own commands, which run the selected versions only.
if "PYENV_ROOT" in os.environ:
    _of_pyenv = map(str, sorted(Path(os.environ["PYENV_ROOT"]).glob("versions/3.*/bin")))
    os.environ["PATH"] = os.pathsep.join((*_of_pyenv, os.environ["PATH"]))


def present() -> list[str]:
    """The Pythons on PATH and in pyenv, 3.10 to the newest that runs."""
    found: list[str] = []
    for minor in range(10, 20):
        path = shutil.which(f"python3.{minor}")
        if (
            path
            and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            found.append(f"3.{minor}")
    return found


@nox.session(python=sorted({present()[0], present()[-1]}))
def hostile(session: nox.Session) -> None:
    """Compare the fast path with the slow one over hostile documents, on the oldest and the newest Python."""
    session.install("--upgrade", *GROUP, ".[cli,motor,server]")
    examples = os.environ.get("ODMANTIC_HOSTILE_EXAMPLES", "100")
    session.run(
        *("python", "-m", "pytest", "-n", "2", *HOSTILE, *session.posargs),
        env={"ODMANTIC_HOSTILE_EXAMPLES": examples},
    )


@nox.session(python=present())
@nox.parametrize("pydantic", ["oldest", "newest"])
@nox.parametrize("pymongo", ["oldest", "newest"])
def tests(session: nox.Session, pydantic: str, pymongo: str) -> None:
    """Run the suite; Motor is as old as PyMongo, and FastAPI as pydantic."""
    pins = [oldest(n) if pydantic == "oldest" else n for n in ("pydantic", "fastapi")]
    pins += [oldest("pymongo"), oldest("motor")] if pymongo == "oldest" else ["pymongo", "motor"]
    session.install("--upgrade", *GROUP, *pins, ".[cli,fastapi,motor,server]")
    session.run(
        "python", "-c", "import pydantic, pymongo; print(pydantic.VERSION, pymongo.version)"
    )
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)
