"""A transaction per request, for FastAPI: the writes of an endpoint take effect together or not at all.

    router = APIRouter(route_class=TransactionRoute.using(engine))


    @router.post("/ships")
    async def create_ship(ship: Ship, transaction: CurrentTransaction) -> Ship:
        return await transaction.save(ship)

The response is sent after the commit. After a conflict with another request, the whole request is retried.
"""

try:
    from odmantic.fastapi._errors import install_error_handlers
    from odmantic.fastapi._route import TransactionRoute
    from odmantic.fastapi._wanted import CurrentSyncTransaction, CurrentTransaction
except ModuleNotFoundError as _error:
    if _error.name != "fastapi":
        raise
    raise ModuleNotFoundError(
        "odmantic.fastapi needs FastAPI: pip install 'odmantic[fastapi]'", name="fastapi"
    ) from _error

__all__ = [
    "CurrentSyncTransaction",
    "CurrentTransaction",
    "TransactionRoute",
    "install_error_handlers",
]
