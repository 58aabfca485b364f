from datetime import datetime

import pymongo

from odmantic import Field, Index, Model
from odmantic.query import desc, key_of


class Voyage(Model):
    code: str = Field(unique=True)
    ship: str = Field(index=True)
    leaves: datetime
    notes: str = ""

    model_config = {
        "indexes": lambda: [
            Index(Voyage.ship, desc(Voyage.leaves), name="ship_recent"),
            pymongo.IndexModel([(key_of(Voyage.notes), pymongo.TEXT)]),
        ]
    }
