"""Responses for errors of the database."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request, status
from fastapi.responses import JSONResponse

from odmantic.exceptions import (
    CommitOutcomeUnknownError,
    DocumentNotFoundError,
    DuplicateKeyError,
    TransactionTimeoutError,
    WriteConflictError,
)

logger = logging.getLogger("odmantic.fastapi")

_RETRY_AFTER = "1"
"""Seconds after which a client may try again."""


def install_error_handlers(app: FastAPI) -> None:
    """Answer the errors of the database that a client can act on.

    | Error | Status |
    | --- | --- |
    | `TransactionTimeoutError`, `WriteConflictError`: nothing was changed | 503, with `Retry-After` |
    | `DuplicateKeyError` | 409, with the names of the fields and no values |
    | `DocumentNotFoundError` | 404 |
    | `CommitOutcomeUnknownError` | 500, with an entry in the log `odmantic.fastapi` |

    FastAPI handles all other errors as usual: a pydantic `ValidationError` is a 500. The application's own handlers for
    these classes stay.

    Raises:
        RuntimeError: if the application is already serving, and takes no more handlers.
    """
    if app.middleware_stack is not None:
        raise RuntimeError("install_error_handlers has to be called before the application starts")
    for error_class, handler in _HANDLERS.items():
        app.exception_handlers.setdefault(error_class, handler)


async def _conflict(_: Request, __: Exception) -> JSONResponse:
    detail = "This could not be done in time, and nothing was changed: try again"
    return JSONResponse(
        {"detail": detail}, status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": _RETRY_AFTER}
    )


async def _duplicate(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DuplicateKeyError)  # noqa: S101 - see the table
    content = {"detail": str(error), "fields": list(error.fields)}  # neither holds a value
    return JSONResponse(content, status.HTTP_409_CONFLICT)


async def _not_found(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DocumentNotFoundError)  # noqa: S101 - see the table
    return JSONResponse({"detail": f"{error.model.__name__} not found"}, status.HTTP_404_NOT_FOUND)


async def _unknown(request: Request, error: Exception) -> JSONResponse:
    logger.error(
        "it is unknown whether %s %s was committed",
        request.method,
        request.url.path,
        exc_info=error,
    )
    detail = "It is unknown whether this was done: look before you try again"
    return JSONResponse({"detail": detail}, status.HTTP_500_INTERNAL_SERVER_ERROR)


_HANDLERS: dict[type[Exception], Any] = {
    CommitOutcomeUnknownError: _unknown,
    DocumentNotFoundError: _not_found,
    DuplicateKeyError: _duplicate,
    TransactionTimeoutError: _conflict,
    WriteConflictError: _conflict,
}
