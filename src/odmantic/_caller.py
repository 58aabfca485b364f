"""The code that called the library, to which warnings point."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_PASSED_OVER = ("odmantic.", "pydantic.", "contextlib")


def outside(frame: FrameType | None) -> FrameType | None:
    """Return the nearest frame outside the library; `None` if the event loop called the library itself."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_PASSED_OVER):
            return None if module.startswith("asyncio.") else frame
        frame = frame.f_back
    return None


def warn_caller(message: str, category: type[Warning], frame: FrameType | None = None) -> None:
    """Warn about a place in the code that uses the library.

    Args:
        message: The problem there, and the remedy.
        category: The class of the warning.
        frame: The place; by default the nearest one outside the library.
    """
    here = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the documented way to a caller's frame
    place = frame or outside(here) or here
    warnings.warn_explicit(
        message,
        category,
        filename=place.f_code.co_filename,
        lineno=place.f_lineno,
        module=place.f_globals.get("__name__", "<unknown>"),
        registry=place.f_globals.setdefault("__warningregistry__", {}),
    )
