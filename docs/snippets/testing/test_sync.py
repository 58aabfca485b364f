from bank import Account

from odmantic import SyncEngine


def test_an_account_starts_empty(sync_engine: SyncEngine) -> None:
    sync_engine.save(Account(owner="Ada"))

    assert sync_engine.find_one(Account).balance == 0
