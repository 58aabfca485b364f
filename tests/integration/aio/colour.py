"""How the colours of engines differ for a test: `ASYNC` tells which one it has, and the rest waits as that does."""

from __future__ import annotations

import time

ASYNC = True

if ASYNC:
    import asyncio
    import inspect

    sleep = asyncio.sleep

    async def resolve(value):
        """The result of a driver call, whether or not the driver at hand wants it awaited."""
        return await value if inspect.isawaitable(value) else value

else:
    sleep = time.sleep
