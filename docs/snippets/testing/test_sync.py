from bank import Account

from odmantic import SyncEngine


def test_an_account_starts_empty(sync_engine: SyncEngine) -> None:
    sync_engine.save(Account(owner="Ada"))

    stored = sync_engine.find_one(Account)
    assert stored is not None
    assert stored.balance == 0
