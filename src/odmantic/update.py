"""Updates, built from the fields of models: changes that the server makes.

Every function takes a path (`Order.lines[each].quantity`) and returns an `Update`, which is validated and encoded:
https://www.mongodb.com/docs/manual/reference/operator/update/
"""

from __future__ import annotations

from odmantic._query.updates import (
    Update,
    add_to_set,
    bit,
    current_date,
    inc,
    max_,
    min_,
    mul,
    pop,
    pull,
    push,
    rename,
    set_,
    set_on_insert,
    unset,
)

__all__ = [
    "Update",
    "add_to_set",
    "bit",
    "current_date",
    "inc",
    "max_",
    "min_",
    "mul",
    "pop",
    "pull",
    "push",
    "rename",
    "set_",
    "set_on_insert",
    "unset",
]
