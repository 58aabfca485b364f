"""The versions and the kind of machine of a run, without anything that identifies it."""

from __future__ import annotations

import gc
import os
import platform
import re
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

DISTRIBUTIONS = ("odmantic", "pymongo", "pydantic", "pydantic_core", "motor", "beanie", "butty")


def describe(server: str, released: str | None) -> dict[str, Any]:
    """Return the description of a run for the JSON."""
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "mongodb": server,
        "versions": _versions() | ({"odmantic (released)": released} if released else {}),
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
        "garbage collector": {"enabled": gc.isenabled(), "thresholds": list(gc.get_threshold())},
    }


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        content = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*: (.*)$", content, re.MULTILINE)
    return found[1] if found is not None else platform.machine()
