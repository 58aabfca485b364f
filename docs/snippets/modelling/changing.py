from pydantic import BaseModel

from odmantic import Field, Model


class Ship(Model):
    imo: int = Field(primary_field=True)
    name: str
    tonnage: int = Field(gt=0)


class ShipPatch(BaseModel):
    name: str | None = None
    tonnage: int | None = None


vega = Ship(imo=1, name="Vega", tonnage=4200)

vega.name = "Vega II"  # validated, like the constructor's arguments
vega.model_update(tonnage=4300)  # by keyword
vega.model_update({"name": "Vega III"})  # from a mapping
# from a pydantic model: the fields that were set
vega.model_update(ShipPatch(tonnage=4400))
print(vega)
# -> imo=1 name='Vega III' tonnage=4400

twin = vega.model_copy(update={"imo": 2})  # the way to another primary key
print(twin)
# -> imo=2 name='Vega III' tonnage=4400
