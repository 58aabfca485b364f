"""Run programs that use odmantic against this version, or against 1.1.0, each in its own environment.

    python tools/ecosystem.py                      all of them, with this odmantic
    python tools/ecosystem.py --release polyfactory    one, with odmantic 1.1.0

Each is installed without its own odmantic extra. The tests are ours in `tests/ecosystem`, and those in a program's
source distribution.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

from odmantic.testing import LocalReplicaSet

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "ecosystem"
RELEASE = "odmantic==1.1.0"
TOOLS = ("pytest", "pytest-asyncio", "httpx")


@dataclass(frozen=True, slots=True)
class Program:
    """A package by others that works with odmantic.

    Attributes:
        name: The distribution; our tests of it are in `tests/ecosystem`, in a file of that name.
        requirement: The versions to install.
        needs: Further requirements, besides odmantic.
        alone: Install it without its dependencies, because odmantic is one.
        own_tests: Arguments of pytest for the tests in its source distribution.
        test_needs: The requirements of only those tests.
    """

    name: str
    requirement: str
    needs: tuple[str, ...] = ()
    alone: bool = False
    own_tests: tuple[str, ...] = ()
    test_needs: tuple[str, ...] = ()


PROGRAMS = (
    Program("starlette-admin", "starlette-admin<1", needs=("pydantic[email]",)),
    Program(
        "fastapi-pagination",
        "fastapi-pagination<0.16",
        needs=("fastapi<0.141",),
        own_tests=("tests/ext/test_odmantic.py", "--mongodb-dsn={uri}"),
        test_needs=(
            "aiosqlite",
            "asgi-lifespan",
            "asyncpg",
            "cassandra-driver",
            "dirty-equals",
            "faker",
            "sqlalchemy",
        ),
    ),
    Program(
        "polyfactory",
        "polyfactory",
        own_tests=("tests/test_optional_model_field_inference.py",),
        test_needs=("attrs", "msgspec", "sqlalchemy[asyncio]"),
    ),
    Program("quart-mongo", "quart-mongo", needs=("quart", "six", "types-six"), alone=True),
)


def environment(program: Program, *, release: bool) -> Path:
    """Create or update the environment of `program`; return its Python."""
    home = CACHE / f"{program.name}-{'release' if release else 'ours'}"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    odmantic = RELEASE if release else str(ROOT)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    themselves = [] if program.alone else [program.requirement]
    subprocess.run(
        [*pip, *TOOLS, "motor", *program.needs, *program.test_needs, *themselves, odmantic],
        check=True,
    )
    if program.alone:
        subprocess.run([*pip, "--no-deps", program.requirement], check=True)
    if not release:
        # The version does not change with the code, so pip would keep the earlier installation.
        subprocess.run([*pip, "--no-deps", "--force-reinstall", odmantic], check=True)
    return python


def source(program: Program, python: Path) -> Path:
    """Unpack the source distribution of `program` as installed; return its directory."""
    shown = [
        str(python),
        "-c",
        f"from importlib.metadata import version as v; print(v({program.name!r}))",
    ]
    version = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()
    home = CACHE / "sources"
    stem = f"{program.name.replace('-', '_')}-{version}"
    if not (home / stem).exists():
        fetch = [
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            str(home),
        ]
        subprocess.run([sys.executable, "-m", *fetch, f"{program.name}=={version}"], check=True)
        with tarfile.open(home / f"{stem}.tar.gz") as archive:
            archive.extractall(home, filter="data")
    return home / stem


def run(program: Program, uri: str, *, release: bool) -> bool:
    """Run the tests of `program`; return whether they pass."""
    python = environment(program, release=release)
    variables = os.environ | {"ODMANTIC_ECOSYSTEM_URI": uri}
    pytest = [str(python), "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    ours = ROOT / "tests" / "ecosystem"
    file = ours / f"test_{program.name.replace('-', '_')}.py"
    passed = (
        subprocess.run([*pytest, str(file)], cwd=ours, env=variables, check=False).returncode == 0
    )
    if program.own_tests:
        print(f"-- {program.name}'s own tests", flush=True)
        arguments = [argument.format(uri=uri) for argument in program.own_tests]
        theirs = subprocess.run(
            [*pytest, *arguments], cwd=source(program, python), env=variables, check=False
        )
        passed = theirs.returncode == 0 and passed
    return passed


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if a test fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="programs; all without")
    parser.add_argument("--release", action="store_true", help="with odmantic 1.1.0, to compare")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - {program.name for program in PROGRAMS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    failed: list[str] = []
    with LocalReplicaSet() as replica_set:
        for program in PROGRAMS:
            if options.names and program.name not in options.names:
                continue
            print(f"== {program.requirement}", flush=True)
            if not run(program, replica_set.uri, release=options.release):
                failed.append(program.name)
    print(f"failed: {', '.join(failed)}" if failed else "all passed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
