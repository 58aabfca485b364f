import logging
import re
import sys

from odmantic import AIOEngine, Model
from odmantic.session import NO_SESSION, AIOTransaction


class Counter(Model):
    value: int = 0


class Masked(logging.Formatter):
    """Hides what differs between runs."""

    def format(self, record: logging.LogRecord) -> str:
        text = re.sub(r"session \w+", "session 7f9c", super().format(record))
        return re.sub(r"\d\.\d{3} s", "0.004 s", text)


async def main(engine: AIOEngine) -> None:
    counter = await engine.save(Counter())
    attempts: list[AIOTransaction] = []

    async def work(transaction: AIOTransaction) -> None:
        attempts.append(transaction)
        stored = await transaction.find_one(Counter, Counter.id == counter.id)
        assert stored is not None
        if len(attempts) == 1:
            counter.value = 5
            await engine.save(counter, session=NO_SESSION)
        stored.value += 1
        await transaction.save(stored)

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Masked("%(levelname)s %(message)s"))
    # --8<-- [start:log]
    logger = logging.getLogger("odmantic.transaction")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)  # WARNING leaves the retries

    await engine.run_transaction(work)
    # -> DEBUG begin (session 7f9c)
    # -> DEBUG abort (session 7f9c)
    # -> WARNING transaction repeated: attempt 1, wait 0.004 s, WriteConflictError, code 112, labels TransientTransactionError
    # -> DEBUG begin (session 7f9c)
    # -> DEBUG commit (session 7f9c)
    # --8<-- [end:log]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
