"""The limits in `limits.toml`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.results import Case

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limit of each workload and kind of document."""

    table: dict[str, Any]

    @classmethod
    def read(cls, path: Path = FILE) -> Limits:
        """Read the file."""
        return cls(tomllib.loads(path.read_text()))

    def of(self, case: Case, clock: str = "wall") -> float | None:
        """Return the highest permitted ratio on a clock, `wall` or `cpu`, or MiB of a peak; `None` without a limit."""
        entry = self.table.get(case.workload, {})
        if clock == "cpu":
            entry = entry.get("cpu", entry)
        limit = entry.get(case.kind.value)
        return None if limit is None else float(limit)

    def has(self, workload: str) -> bool:
        """Return whether a workload has a limit."""
        return workload in self.table

    def clocks(self, case: Case) -> tuple[str, ...]:
        """Return the clocks on which a case is compared."""
        entry = self.table.get(case.workload, {})
        return ("cpu", "wall") if "cpu" in entry else ("cpu",)
