"""Generate the sync twin of async source: `_aio` -> `_sync`, for the package and for its tests; and strict stubs.

`sync_translation.py` has the rules of the translation, `strict_stub.py` makes the stubs, of both colours. This module
handles the files: which exist, what they must contain, and whether they do. ruff formats the result.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
import textwrap
from pathlib import Path

from strict_stub import STUBS, StubError, make_stub
from sync_translation import TranslationError, rename, translate

ROOT = Path(__file__).resolve().parents[1]

PAIRS: tuple[tuple[str, str], ...] = (
    ("src/odmantic/_aio", "src/odmantic/_sync"),
    ("src/odmantic/testing/faults/_aio.py", "src/odmantic/testing/faults/_sync.py"),
    ("src/odmantic/testing/rollback/_aio.py", "src/odmantic/testing/rollback/_sync.py"),
    ("tests/integration/aio", "tests/integration/sync"),
    ("examples/aio", "examples/sync"),
)
"""Source and target, relative to the root of the repository: two directories, or two files."""

MARKER = "by tools/generate_sync.py: do not edit."
BY_HAND = "# The sync twin is written by hand"
"""The first line of a source whose twin is written by hand."""


def generate(source: Path, target: Path, *, root: Path = ROOT) -> dict[Path, str | None]:
    """Return what `target`, or each file below it, must contain, or None for one that must not exist.

    Raises:
        TranslationError: if a file cannot be translated, or a file in `target` is neither generated nor has a source.
    """
    results: dict[Path, str | None] = {}
    by_hand: set[Path] = set()
    for path in [source] if source.is_file() else sorted(source.rglob("*.py")):
        twin = target / rename(path.relative_to(source).as_posix()) if source.is_dir() else target
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if text.startswith(BY_HAND):
            by_hand.add(twin)
            continue
        try:
            body = translate(text)
        except (TranslationError, SyntaxError) as error:
            raise TranslationError(f"{name}: {error}") from error
        results[twin] = _format(f"# Generated from {name} {MARKER}\n{body}", twin, root)
    for path in sorted(target.rglob("*.py")):
        if path not in results and path not in by_hand:
            if MARKER not in path.read_text(encoding="utf-8").partition("\n")[0]:
                raise TranslationError(
                    f"{path}: this directory is generated, but the file has no source in {source}"
                )
            results[path] = None
    return results


def generate_stubs(generated: dict[Path, str | None], *, root: Path = ROOT) -> dict[Path, str]:
    """Return what the stubs of `odmantic.strict` must contain, made of the files as generated.

    Raises:
        TranslationError: if a stub cannot be made.
    """

    def read(module: str) -> str:
        path = source / f"{module.replace('.', '/')}.py"
        if not path.exists() and path not in generated:
            path = path.with_suffix("") / "__init__.py"
        return generated.get(path) or path.read_text(encoding="utf-8")

    source = root / "src"
    results: dict[Path, str] = {}
    for stub in STUBS:
        path = source / f"{stub.name.replace('.', '/')}.pyi"
        try:
            text = make_stub(stub, read, MARKER)
        except StubError as error:
            raise TranslationError(f"{path}: {error}") from error
        results[path] = _format(text, path, root)
    return results


_FIXES = "I001,F401,PYI016,RUF022,RUF023,RUF100"


def _format(text: str, path: Path, root: Path) -> str:
    """Sort imports, remove unused ones, and format, with the settings of the repository."""
    common = ["--stdin-filename", str(path), "-"]
    check = ["check", "--quiet", "--fix-only", "--extend-select", _FIXES, "--fixable", _FIXES]
    for arguments in (["format", "--quiet"], check, ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, *common]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, cwd=root, check=False
        )
        if done.returncode != 0:
            raise TranslationError(
                f"{path}: ruff {arguments[0]} failed:\n{textwrap.indent(done.stderr, '  ')}"
            )
        text = done.stdout
    return text


def check(results: dict[Path, str | None]) -> bool:
    """Print a diff for each wrong file; return whether all are right."""
    clean = True
    for path, wanted in results.items():
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present != (wanted or "") or (wanted is None) == path.exists():
            clean = False
            before, after = (
                present.splitlines(keepends=True),
                (wanted or "").splitlines(keepends=True),
            )
            names = (f"{path} (present)", f"{path} (generated)")
            sys.stdout.writelines(difflib.unified_diff(before, after, *names))
    return clean


def store(results: dict[Path, str | None]) -> int:
    """Write `results` to the files, touching only those that differ; return how many did."""
    changed = 0
    for path, wanted in results.items():
        present = path.read_text(encoding="utf-8") if path.exists() else None
        if present == wanted:
            continue
        changed += 1
        if wanted is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 1 if `--check` finds a difference, 2 if something cannot be translated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing; print a diff and exit 1 if out of date",
    )
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="the repository (default: the one of this file)"
    )
    parser.add_argument(
        "--pair",
        action="append",
        nargs=2,
        metavar=("SOURCE", "TARGET"),
        help="directories or files, instead of the usual ones",
    )
    options = parser.parse_args(arguments)
    root: Path = options.root.resolve()
    results: dict[Path, str | None] = {}
    try:
        for source, target in options.pair or PAIRS:
            if (root / source).exists():
                results |= generate(root / source, root / target, root=root)
        if not options.pair:
            results |= generate_stubs(results, root=root)
    except TranslationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if options.check:
        if check(results):
            return 0
        sys.stderr.write("The generated code is out of date: run `make sync`.\n")
        return 1
    sys.stdout.write(f"{len(results)} files, {store(results)} changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
