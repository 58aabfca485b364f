from odmantic import Field, Model, SyncEngine


class Account(Model):
    owner: str = Field(unique=True)
    balance: int = Field(default=0, ge=0)


def main(engine: SyncEngine) -> None:
    # --8<-- [start:session]
    with engine.session() as session:
        session.save(Account(owner="Ada", balance=100))
        ada = session.find_one(Account, Account.owner == "Ada")  # sees the write
        # the same, written differently
        accounts = list(engine.find(Account, session=session))
    # --8<-- [end:session]
    assert ada is not None
    assert len(accounts) == 1
    engine.save(Account(owner="Bo"))
    transfer(engine, "Ada", "Bo", 30)
    print([account.balance for account in engine.find(Account, sort=Account.owner)])
    # -> [70, 30]


# --8<-- [start:transfer]
def transfer(engine: SyncEngine, source: str, target: str, amount: int) -> None:
    with engine.transaction() as transaction:
        payer = transaction.find_one(Account, Account.owner == source)
        payee = transaction.find_one(Account, Account.owner == target)
        if payer is None or payee is None:
            raise LookupError("no such account")
        if payer.balance < amount:
            raise ValueError("insufficient funds")
        payer.balance -= amount
        payee.balance += amount
        transaction.save_all([payer, payee])
    # --8<-- [end:transfer]
