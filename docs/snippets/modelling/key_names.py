from odmantic import Field, Model
from odmantic.query import key_of


class Ship(Model):
    imo: int = Field(primary_field=True)
    name: str = Field(key_name="n")

    model_config = {"collection": "fleet"}


print(Ship(imo=9074729, name="Vega").model_dump_doc())
# -> {'_id': 9074729, 'n': 'Vega'}
print(+Ship, key_of(Ship.name), +key_of(Ship.name))
# -> fleet n $n
