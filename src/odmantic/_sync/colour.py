# Generated from src/odmantic/_aio/colour.py by tools/generate_sync.py: do not edit.
"""The colour of this source: `if ASYNC` marks the differences of the twin."""

from typing import Final

ASYNC: Final = False
