"""Run every check of `make check`, and print at the end which failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHECKS: dict[str, list[str]] = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "pyright": ["pyright"],
    "public types": ["pyright", "--verifytypes", "odmantic", "--ignoreexternal"],
    "snippets": ["python", "tools/check_snippets.py"],
    "layers": ["lint-imports", "--no-cache"],
    "generated code": ["python", "tools/generate_sync.py", "--check"],
    "spelling": ["codespell"],
    "dependencies": ["deptry", "."],
    "docs": ["mkdocs", "build", "--strict", "--quiet"],
}


def main(wanted: list[str]) -> int:
    """Run the checks named in `wanted`, or all; return 1 if one fails."""
    failed: list[str] = []
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # The package that is checked is the one here, wherever the environment has installed one from.
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT / "src")}
    # mkdocs-material would advertise its successor.
    environment["NO_MKDOCS_2_WARNING"] = "1"
    for name, command in CHECKS.items():
        if wanted and name not in wanted:
            continue
        start = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        passed = done.returncode == 0
        print(
            f"{'ok' if passed else 'FAILED':6} {name} ({time.monotonic() - start:.0f} s)",
            flush=True,
        )
        if not passed:
            failed.append(name)
            print(f"$ {' '.join(command)}\n{done.stdout}", flush=True)
    if failed:
        print(f"make check: {', '.join(failed)} failed", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
