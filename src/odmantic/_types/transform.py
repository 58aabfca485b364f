"""`dataclass_transform`, which older Pythons lack."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass_transform"]

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform
elif sys.version_info >= (3, 11):
    from typing import dataclass_transform
else:  # pragma: no cover - before Python 3.11

    def dataclass_transform(**_parameters: Any) -> Callable[[type], type]:
        """Do nothing: it matters only to type checkers."""
        return lambda cls: cls
