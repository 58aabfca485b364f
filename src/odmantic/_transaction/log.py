"""The log of transactions: begin, end and retries, without error texts or content of documents."""

from __future__ import annotations

import logging
from typing import Any

from odmantic._errors.transactions import driver_error_of, labels_of

logger = logging.getLogger("odmantic.transaction")
logging.getLogger("odmantic").addHandler(logging.NullHandler())


def log_event(event: str, session: Any) -> None:
    """Log the begin, commit or abort of a transaction."""
    logger.debug("%s (session %x)", event, id(session))


def log_error(event: str, error: BaseException, *, attempt: int, wait: float | None = None) -> None:
    """Log an unknown outcome or a retry, with the class, code and labels of the error."""
    logger.warning(
        "%s: attempt %d, wait %s, %s, code %s, labels %s",
        event,
        attempt,
        "none" if wait is None else f"{wait:.3f} s",
        type(error).__name__,
        getattr(driver_error_of(error), "code", None),
        ",".join(labels_of(error)) or "none",
    )
