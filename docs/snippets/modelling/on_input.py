import hashlib
from typing import Annotated

from pydantic import AfterValidator

from odmantic import Model, OnInput


def hashed(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()[:8]


class User(Model):
    password: Annotated[str, OnInput(AfterValidator(hashed))]


user = User(password="secret")
again = User.model_validate_doc(user.model_dump_doc())
print(user.password, again.password)
# -> 2bb80d53 2bb80d53
