from odmantic import Field, Model, Reference


class Port(Model):
    code: str = Field(primary_field=True)
    city: str


class Ship(Model):
    imo: int = Field(primary_field=True)
    home: Port = Reference()


oslo = Port(code="NOOSL", city="Oslo")
vega = Ship(imo=1, home=oslo)

print(vega.model_dump_doc())  # the key of the port, not the port
# -> {'_id': 1, 'home': 'NOOSL'}
print(vega.home is oslo)
# -> True
