from odmantic import Field, Model


class Ship(Model):
    name: str
    tonnage: int = Field(gt=0)
    flag: str | None = None
    crew: list[str] = []


vega = Ship(name="Vega", tonnage="4200")  # validated and coerced, as pydantic does

print(vega.tonnage + 1)
# -> 4201
print(vega.flag, vega.crew)
# -> None []
print(list(vega.model_dump_doc()))  # what is stored
# -> ['name', 'tonnage', 'flag', 'crew', '_id']
