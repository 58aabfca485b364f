from odmantic import AIOEngine, EmbeddedModel, HookEvent, Model, hook


class Address(EmbeddedModel):
    street: str

    @hook("before_save")
    def tidy(self) -> None:
        self.street = self.street.title()


class User(Model):
    email: str
    address: Address
    greeting: str = ""

    @hook("before_save")
    def lower(self) -> None:
        self.email = self.email.lower()

    @hook("after_save")
    async def log(self, event: HookEvent) -> None:
        line = LogLine(text=f"{event.operation} of {self.email}")
        await event.engine.save(line, session=event.session)

    @hook("after_load")
    def greet(self) -> None:
        print(f"{self.email} at {self.address.street}")

    @hook("after_commit")
    async def tell(self, event: HookEvent) -> None:
        print(f"mail to {self.email}: {event.operations}")


class LogLine(Model):
    text: str


async def main(engine: AIOEngine) -> None:
    async with engine.transaction() as transaction:
        user = User(email="ADA@EXAMPLE.ORG", address=Address(street="main street"))
        await transaction.save(user)
        await transaction.save(user)  # nothing has changed: no hooks
        assert await transaction.count(LogLine) == 1
    # -> mail to ada@example.org: ('save',)

    await engine.find_one(User)
    # -> ada@example.org at Main Street
