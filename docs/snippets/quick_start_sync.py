from odmantic import F, Field, Model, SyncEngine


class Account(Model):
    owner: str = Field(primary_field=True)
    balance: int = Field(default=0, ge=0)


with SyncEngine("mongodb://localhost:27017", database="quick_start") as engine:
    engine.save_all([Account(owner="Ada", balance=100), Account(owner="Bo")])

    ada = engine.find_one(Account, F(Account.owner) == "Ada")
    assert ada is not None
    bo = engine.find_one(Account, F(Account.owner) == "Bo")
    assert bo is not None

    with engine.transaction() as transaction:
        ada.balance -= 30
        bo.balance += 30
        transaction.save_all([ada, bo])  # sends the two balances, nothing else

    for account in engine.find(Account, sort=Account.owner):
        print(account.owner, account.balance)
        # -> Ada 70
        # -> Bo 30
