# Generated from tests/integration/aio/colour.py by tools/generate_sync.py: do not edit.
"""How the colours of engines differ for a test: `ASYNC` tells which one it has, and the rest waits as that does."""

from __future__ import annotations

import time

ASYNC = False

sleep = time.sleep
