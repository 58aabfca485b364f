"""The colour of this source: `if ASYNC` marks what differs in the twin."""

from typing import Final

ASYNC: Final = True
