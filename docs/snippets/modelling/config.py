from datetime import datetime, timezone

from odmantic import Field, Model


class LogEntry(Model):
    text: str
    written: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))

    model_config = {
        "collection": "log",
        "parse_doc_with_default_factories": True,
        "str_strip_whitespace": True,
    }


old = LogEntry.model_validate_doc(
    {"_id": "5f85f36d6dfecacc68428a46", "text": "moored "}
)
print(repr(old.text), old.written.year > 2000)
# -> 'moored' True
