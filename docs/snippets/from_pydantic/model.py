from typing import Annotated, Literal

from pydantic import StringConstraints, computed_field, field_validator

from odmantic import EmbeddedModel, Field, Model


class Card(EmbeddedModel):
    kind: Literal["card"] = "card"
    last_digits: str


class Transfer(EmbeddedModel):
    kind: Literal["transfer"] = "transfer"
    iban: str


class Customer(Model):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    zip_code: str = Field(alias="zipCode", key_name="zip")
    payment: Card | Transfer = Field(discriminator="kind")

    model_config = {"extra": "forbid", "frozen": True}

    @field_validator("zip_code")
    @classmethod
    def check_zip_code(cls, value: str) -> str:
        if not value.isdecimal():
            raise ValueError("a zip code has digits only")
        return value

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        return f"{self.name}, {self.zip_code}"


customer = Customer.model_validate(
    {
        "name": " Ada ",
        "zipCode": "0150",
        "payment": {"kind": "card", "last_digits": "42"},
    }
)
print(customer.label)
# -> Ada, 0150
dumped = customer.model_dump(by_alias=True, exclude={"id"})
print(dumped["zipCode"], dumped["label"])
# -> 0150 Ada, 0150
document = customer.model_dump_doc()
print(document["zip"], document["payment"], "label" in document)
# -> 0150 {'kind': 'card', 'last_digits': '42'} False
print(Customer.model_validate_doc(document) == customer)
# -> True
