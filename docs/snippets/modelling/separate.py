from odmantic import Model


class Vessel(Model):
    name: str
    model_config = {"inheritance": "separate"}


class Tug(Vessel):
    pull: int


tug = Tug(name="Ox", pull=70)
print(+Vessel, +Tug, tug.pull)
# -> vessel tug 70
