"""Has the installed version of odmantic write each form, and notes the documents and updates as extended JSON.

python tests/integration/earlier/write.py URI > tests/integration/earlier/NAME.json
"""

import sys
from importlib.metadata import version
from typing import Any, Dict, List

import pymongo
from bson import json_util
from models import FORMS  # type: ignore[import-not-found]
from pymongo.monitoring import CommandListener

from odmantic import SyncEngine


class Updates(CommandListener):
    """The updates that were sent, by collection."""

    def __init__(self) -> None:
        self.sent: List[Dict[str, Any]] = []

    def started(self, event: Any) -> None:
        for each in event.command.get("updates", ()):
            self.sent.append({"in": event.command["update"], "q": each["q"], "u": each["u"]})

    def succeeded(self, event: Any) -> None:
        pass

    def failed(self, event: Any) -> None:
        raise AssertionError(event)


def main(uri: str) -> None:
    updates = Updates()
    client: Any = pymongo.MongoClient(uri, event_listeners=[updates])
    engine = SyncEngine(client, database="earlier")
    written: Dict[str, Any] = {}
    for name, (instance, change) in FORMS.items():
        client.drop_database("earlier")
        try:
            engine.save(instance)
            collections = client["earlier"].list_collection_names()
            documents = {each: list(client["earlier"][each].find()) for each in sorted(collections)}
            primary = getattr(instance, type(instance).__primary_field__)
            key = primary.model_dump_doc() if hasattr(primary, "model_dump_doc") else primary
            (read,) = engine.find(type(instance), {"_id": key})
        except Exception as error:
            sys.stderr.write(f"{name}: cannot be saved, or not be read: {error!s:.200}\n")
            continue
        written[name] = {"_id": key, "documents": documents}
        try:
            change(read)
            updates.sent.clear()
            engine.save(read)
        except Exception as error:
            sys.stderr.write(f"{name}: cannot be changed: {error!s:.200}\n")
        else:
            written[name]["updates"] = list(updates.sent)
    options = json_util.CANONICAL_JSON_OPTIONS
    sys.stdout.write(json_util.dumps(written, json_options=options, indent=1) + "\n")
    sys.stderr.write(f"odmantic {version('odmantic')}, {len(written)} forms\n")


if __name__ == "__main__":
    main(sys.argv[1])
