"""A model for each form of fields and documents, as programs declare them for odmantic 1.1.

They use no word that 1.1 does not know, so that `write.py` can have any version write them.
"""

import dataclasses
import enum
import re
from datetime import datetime
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    FrozenSet,
    Generic,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
)

import bson
from pydantic import BaseModel
from typing_extensions import TypedDict

from odmantic import EmbeddedModel, Field, Model, ObjectId, Reference, WithBsonSerializer
from odmantic.bson import Binary, Int64, Regex

T = TypeVar("T")
AN_ID = ObjectId("65a000000000000000000001")
MOMENT = datetime(2024, 2, 29, 12, 30, 15, 123000)


class Colour(str, enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class City(EmbeddedModel):
    name: str
    people: int = 0


class Street(EmbeddedModel):
    name: str = Field(key_name="n")
    number: int = Field(default=1, key_name="no")
    city: City = City(name="default")


class Numbered(EmbeddedModel):
    number: int
    text: str = ""


class Wrapped(EmbeddedModel, Generic[T]):
    value: T


class Point(BaseModel):
    x: int
    y: float = 0.5


@dataclasses.dataclass
class Size:
    width: int
    height: int = 2


class Row(TypedDict):
    title: str
    count: int


class Scalars(Model):
    text: str
    small: int = 1
    large: int = 2**40
    ratio: float = 0.25
    yes: bool = True
    data: bytes = b"\x00\xff"
    nothing: Optional[str] = None
    moment: datetime = MOMENT
    exact: Decimal = Decimal("1.10")
    colour: Colour = Colour.RED
    level: Level = Level.HIGH
    word: Literal["a", "b"] = "a"
    either: Union[int, str] = "x"


class Patterns(Model):
    pattern: re.Pattern = re.compile("^a", re.IGNORECASE)


class BsonTypes(Model):
    owner: ObjectId = AN_ID
    plain: bson.ObjectId = AN_ID
    long: Int64 = Int64(5)
    money: bson.Decimal128 = bson.Decimal128("2.50")
    raw: Binary = Binary(b"x", 5)
    regex: Regex = Regex("b+", "i")


class Containers(Model):
    texts: List[str] = ["a", "b"]
    pair: Tuple[int, str] = (1, "x")
    many: Tuple[float, ...] = (0.5, 1.5)
    nested: List[List[int]] = [[1], []]
    counts: Dict[str, int] = {"a": 1}
    deep: Dict[str, List[Optional[float]]] = {"k": [None, 1.0]}
    anything: Any = {"a": [1, "b", None]}
    bare_list: list = [1, "a"]
    bare_dict: dict = {"x": {"y": 1}}
    colours: List[Colour] = [Colour.BLUE]
    moments: List[datetime] = [MOMENT]


class NumberedKeys(Model):
    by_number: Dict[int, str] = {1: "one"}


class Amounts(Model):
    by_name: Dict[str, Decimal] = {"eur": Decimal("3.30")}


class Sets(Model):
    unique: Set[int] = {3}
    frozen: FrozenSet[str] = frozenset({"f"})
    sequence: Sequence[int] = [1, 2]
    mapping: Mapping[str, bool] = {"t": True}


class Choice(enum.Enum):
    NO = 0
    YES = "y"


class Choices(Model):
    one: Choice = Choice.NO
    many: List[Choice] = [Choice.YES, Choice.NO]


class Objects(Model):
    point: Point = Point(x=1)
    points: List[Point] = [Point(x=1, y=2.5)]
    size: Size = Size(1)
    row: Row = {"title": "t", "count": 2}
    optional: Optional[Point] = None


class Keys(Model):
    name: str = Field(primary_field=True)
    first: int = Field(default=1, key_name="f")
    second: str = Field(default="s", key_name="first")
    model_config = {"collection": "renamed"}


class CompoundKey(Model):
    key: Numbered = Field(primary_field=True)
    text: str = ""


class Embedding(Model):
    home: City
    work: Street
    cities: List[City] = []


class EmbeddingInContainers(Model):
    by_name: Dict[str, City] = {}
    pair: Tuple[City, ...] = ()


class DeepEmbedding(Model):
    streets: List[Street] = []
    by_name: Dict[str, Street] = {}


class OptionalEmbedding(Model):
    one: Optional[City] = None
    other: Optional[City] = None
    many: Optional[List[City]] = None


class Publisher(Model):
    name: str


class Author(Model):
    name: str
    publisher: Publisher = Reference()


class Note(EmbeddedModel):
    text: str
    by: Author = Reference()


class Book(Model):
    title: str
    author: Author = Reference(key_name="authorId")


class Review(Model):
    note: Note


class Generic1(Model, Generic[T]):
    content: T
    items: List[T] = []


class Generics(Model):
    number: Wrapped[int]
    texts: List[Wrapped[str]] = []


class Extras(Model):
    name: str
    model_config = {"extra": "allow"}


class ExtraCity(EmbeddedModel):
    name: str
    model_config = {"extra": "allow"}


class EmbeddedExtras(Model):
    city: ExtraCity


Shouted = Annotated[str, WithBsonSerializer(str.upper)]


class Serialized(Model):
    word: Shouted = "hey"
    words: List[str] = ["a"]


class Factories(Model):
    tags: List[str] = Field(default_factory=lambda: ["new"])
    made: datetime = Field(default_factory=lambda: MOMENT)
    model_config = {"parse_doc_with_default_factories": True}


class Empty(Model):
    pass


def _set(**values: Any) -> Callable[[Any], None]:
    def change(instance: Any) -> None:
        for name, value in values.items():
            setattr(instance, name, value)

    return change


def _changed_containers(one: Any) -> None:
    one.texts.append("c")
    one.counts["b"] = 2
    one.nested[0].append(7)
    one.anything["a"].append("more")


def _changed_embedding(one: Any) -> None:
    one.home.people = 7
    one.work.city = City(name="new")
    one.cities[0].name = "other"


def _changed_deep(one: Any) -> None:
    one.streets[0].city.people = 3
    one.by_name["a"].number = 4


def _changed_objects(one: Any) -> None:
    one.points[0].x = 5
    one.size = Size(7)


def _changed_book(one: Any) -> None:
    one.title = "Second"
    one.author.name = "Mary"
    one.author.publisher.name = "House"


def _changed_review(one: Any) -> None:
    one.note.text = "m"


def _ada() -> Author:
    return Author(name="Ada", publisher=Publisher(name="Press"))


FORMS: Dict[str, Tuple[Model, Callable[[Any], None]]] = {
    "scalars": (Scalars(text="t"), _set(small=2**40, ratio=1, colour=Colour.BLUE, nothing="n")),
    "scalars of other values": (
        Scalars(text="", large=-1, yes=False, nothing="n", either=5, level=Level.LOW),
        _set(either="y", exact=Decimal("2.20"), moment=datetime(2025, 1, 1), word="b"),
    ),
    "patterns": (Patterns(), _set(pattern=re.compile("b"))),
    "types of BSON": (BsonTypes(), _set(long=Int64(6), money=bson.Decimal128("1"))),
    "containers": (Containers(), _changed_containers),
    "empty containers": (
        Containers(
            texts=[],
            many=(),
            nested=[],
            counts={},
            deep={},
            anything=None,
            bare_list=[],
            bare_dict={},
            colours=[],
            moments=[],
        ),
        _set(anything=[1], bare_list=["x"]),
    ),
    "keys that are numbers": (NumberedKeys(), _set(by_number={2: "two"})),
    "decimals in containers": (Amounts(), _set(by_name={"usd": Decimal("1.5")})),
    "sets and other collections": (Sets(), _set(unique={4}, frozen=frozenset({"g"}), sequence=[3])),
    "enumerations": (Choices(), _set(one=Choice.YES, many=[])),
    "plain objects": (Objects(), _changed_objects),
    "keys": (Keys(name="k"), _set(first=2, second="z")),
    "embedded primary keys": (CompoundKey(key=Numbered(number=1)), _set(text="t")),
    "embedded documents": (
        Embedding(
            home=City(name="h", people=1),
            work=Street(name="w", city=City(name="c")),
            cities=[City(name="1"), City(name="2")],
        ),
        _changed_embedding,
    ),
    "embedded documents in containers": (
        EmbeddingInContainers(by_name={"a": City(name="s")}, pair=(City(name="p"), City(name="q"))),
        _set(by_name={"b": City(name="t", people=2)}, pair=(City(name="p"),)),
    ),
    "embedded documents in embedded documents": (
        DeepEmbedding(
            streets=[Street(name="s", city=City(name="c")), Street(name="t", number=2)],
            by_name={"a": Street(name="a")},
        ),
        _changed_deep,
    ),
    "optional embedded documents": (
        OptionalEmbedding(one=City(name="o"), many=[City(name="m")]),
        _set(one=None, other=City(name="p"), many=None),
    ),
    "references": (Book(title="First", author=_ada()), _changed_book),
    "references in embedded documents": (
        Review(note=Note(text="n", by=_ada())),
        _changed_review,
    ),
    "generic models": (Generic1[int](content=1, items=[2]), _set(content=3)),
    "generic embedded models": (
        Generics(number=Wrapped[int](value=1), texts=[Wrapped[str](value="a")]),
        _set(number=Wrapped[int](value=2)),
    ),
    "extras": (Extras(name="e", more=[1, {"a": "b"}], other=1.5), _set(more="less")),
    "extras of embedded models": (
        EmbeddedExtras(city=ExtraCity(name="c", mayor="m")),
        _set(city=ExtraCity(name="d", mayor="n")),
    ),
    "serialisers": (Serialized(), _set(words=["b"])),
    "default factories": (Factories(), _set(tags=[])),
    "no fields": (Empty(), _set()),
}
"""By name, an instance that is saved, and a change that is saved after it was read."""
