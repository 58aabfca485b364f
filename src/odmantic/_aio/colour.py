"""The colour of this source: `if ASYNC` marks the differences of the twin."""

from typing import Final

ASYNC: Final = True
