"""Run an example: `python examples/sync/session.py [URI]`.

The URI comes from the command line, or else from MONGODB_URI. Without one a replica set is started,
if the extra `server` is installed. The database is the URI's, or else `examples`.
"""

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from odmantic import SyncEngine
from odmantic.testing import LocalReplicaSet
from pymongo.uri_parser import parse_uri


def run(example: Callable[[SyncEngine], None]) -> None:
    """Call an example with an engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("uri", nargs="?", default=os.environ.get("MONGODB_URI"))
    options = parser.parse_args()
    with ExitStack() as stack:
        uri = options.uri or stack.enter_context(LocalReplicaSet()).uri
        database = parse_uri(uri)["database"] or "examples"
        example(stack.enter_context(SyncEngine(uri, database=database)))


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Make calls at the same time; the results are what they returned or raised."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
    return [future.exception() or future.result() for future in futures]
