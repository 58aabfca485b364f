from typing import Literal

from fastapi import FastAPI

from odmantic import Model, Polymorphic


class Vessel(Model):
    kind: str = "vessel"
    name: str

    model_config = {"inheritance": "single", "discriminator": "kind"}


class Tug(Vessel):
    kind: Literal["tug"] = "tug"
    pull: int


app = FastAPI()


@app.post("/vessels")
async def add(vessel: Polymorphic[Vessel]) -> Polymorphic[Vessel]:
    return vessel


body = app.openapi()["paths"]["/vessels"]["post"]["requestBody"]
schema = body["content"]["application/json"]["schema"]
print(schema["discriminator"]["mapping"])
# -> {'vessel': '#/components/schemas/Vessel', 'tug': '#/components/schemas/Tug'}
