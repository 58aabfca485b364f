from odmantic import EmbeddedModel, Field, Model


class Position(EmbeddedModel):
    latitude: float = Field(key_name="lat")
    longitude: float = Field(key_name="lon")


class Ship(Model):
    imo: int = Field(primary_field=True)
    position: Position
    last_seen: Position | None = None
    track: list[Position] = []
    berths: dict[str, Position] = {}


ship = Ship(
    imo=1,
    position=Position(latitude=59.9, longitude=10.7),
    track=[{"latitude": 59.0, "longitude": 10.6}],
)
print(ship.model_dump_doc()["position"])
# -> {'lat': 59.9, 'lon': 10.7}
print(ship.model_dump_doc()["track"])
# -> [{'lat': 59.0, 'lon': 10.6}]
print(+Ship.position.latitude)
# -> position.lat
