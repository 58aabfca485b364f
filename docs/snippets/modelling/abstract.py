from odmantic import Field, Index, Model


class Tracked(Model):
    created_by: str = Field(key_name="by")
    note: str = ""

    model_config = {
        "inheritance": "abstract",
        "indexes": lambda: [Index(Tracked.created_by)],
    }

    def is_by(self, name: str) -> bool:
        return self.created_by == name


class Invoice(Tracked):
    amount: int


class Letter(Tracked):
    text: str


invoice = Invoice(created_by="Ada", amount=3)
print(invoice.is_by("Ada"), +Invoice, +Letter)
# -> True invoice letter
