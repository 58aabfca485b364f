"""The workloads: the operation, the number of documents, and the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bench.data import Kind


class Colour(str, Enum):
    """How a library waits for the server."""

    SYNC = "sync"
    ASYNC = "async"
    NONE = "-"
    """It does not wait: the workload needs no server."""


class Metric(str, Enum):
    """The measured quantity."""

    TIME = "time"
    """Seconds, wall-clock and processor."""
    MEMORY = "memory"
    """The size in bytes of the result, while it is held."""
    PEAK = "peak"
    """The growth in bytes of a fresh process's peak memory."""
    IMPORT = "import"
    """Seconds of an import in a fresh process, wall-clock and processor."""
    EACH = "each"
    """Seconds, shown as microseconds of each operation: no baseline does anything like it."""


class Stage(Enum):
    """The content of the database when a run begins."""

    NOTHING = "nothing"
    EMPTY = "empty"
    """An empty collection, created for each run."""
    FILLED = "filled"
    REFILLED = "refilled"
    """Documents that a run removes: filled in anew for each run."""
    OWNED = "owned"
    """Documents that reference one of 50 owners."""


RAW = "raw"
PLAIN = "pydantic"
DRIVEN = (Colour.SYNC, Colour.ASYNC)


@dataclass(frozen=True, slots=True)
class Workload:
    """One line of the table.

    Attributes:
        name: The name on the command line and of a peer's method.
        title: The title for readers, with a place for the size.
        size: The number of documents or operations.
        quick_size: The same for a short run.
        stage: The content of the database before.
        filling: The number of documents in it; by default `size`.
        turns: How often each library takes its turn in a round. A workload that mostly waits for the server does
            few operations per turn, because the server's speed changes over time.
    """

    name: str
    title: str
    size: int
    quick_size: int
    stage: Stage
    filling: int | None = None
    turns: int = 1
    metric: Metric = Metric.TIME
    colours: tuple[Colour, ...] = DRIVEN
    kinds: tuple[Kind, ...] = tuple(Kind)
    baseline: str = RAW
    method: str | None = None

    @property
    def operation(self) -> str:
        """The name of the peer's method that does it."""
        return self.method or self.name

    def text(self, size: int) -> str:
        """Return the title of a run of `size`."""
        return self.title.format(size=f"{size:,}")


NO_COLOUR = (Colour.NONE,)

WORKLOADS = (
    Workload("find", "find {size} into instances", 10_000, 2_000, Stage.FILLED),
    Workload("iterate", "iterate {size}", 100_000, 5_000, Stage.FILLED),
    Workload(
        "peak", "peak memory of iterating {size}", 100_000, 10_000, Stage.FILLED,
        metric=Metric.PEAK, method="iterate",
    ),
    Workload(
        "memory", "memory of {size} loaded instances", 5_000, 1_000, Stage.FILLED,
        metric=Metric.MEMORY, method="find",
    ),
    Workload("save_new", "save_all of {size} new", 10_000, 1_000, Stage.EMPTY),
    Workload("save_given", "save_all of {size} with given ids", 10_000, 1_000, Stage.EMPTY),
    Workload(
        "change_many", "load {size}, change one field, save_all", 1_000, 500, Stage.FILLED
    ),
    Workload("find_one", "find_one by id, {size} times", 50, 20, Stage.FILLED, 1_000, turns=6),
    Workload("save_one", "save a new one, {size} times", 50, 20, Stage.EMPTY, turns=6),
    Workload(
        "change_one", "change a field and save, {size} times", 50, 20, Stage.FILLED, 1_000, turns=6
    ),
    Workload(
        "transaction", "transaction of two saves, {size} times", 20, 10, Stage.FILLED, 1_000,
        turns=5,
    ),
    Workload(
        "concurrent", "find_one and save, {size} times in 64 tasks", 128, 64, Stage.FILLED, 1_000,
        turns=4,
    ),
    Workload("insert", "insert a new one, {size} times", 50, 20, Stage.EMPTY, turns=6),
    Workload("insert_many", "insert_many of {size}", 10_000, 1_000, Stage.EMPTY),
    Workload(
        "update_one", "update_one by id, {size} times", 50, 20, Stage.FILLED, 1_000, turns=6
    ),
    Workload(
        "update_many", "update_many of {size}, 10 in each call", 500, 200, Stage.FILLED, 1_000,
        turns=6,
    ),
    Workload("delete_one", "delete_one by id, {size} times", 50, 20, Stage.REFILLED, turns=6),
    Workload(
        "delete_many", "delete_many of {size}, 10 in each call", 500, 200, Stage.REFILLED, turns=6
    ),
    Workload(
        "update", "update of a loaded one, {size} times", 50, 20, Stage.FILLED, 1_000, turns=6
    ),
    Workload("references", "find {size} with a reference each", 1_000, 500, Stage.OWNED),
    Workload(
        "construct", "construct {size}", 2_000, 500, Stage.NOTHING,
        colours=NO_COLOUR, baseline=PLAIN,
    ),
    Workload(
        "dump", "dump {size} documents", 2_000, 500, Stage.NOTHING,
        colours=NO_COLOUR, baseline=PLAIN,
    ),
    Workload(
        "validate", "validate {size} documents", 2_000, 500, Stage.NOTHING,
        colours=NO_COLOUR, baseline=PLAIN,
    ),
    Workload(
        "build", "build an update_one by id, {size} times", 2_000, 500, Stage.NOTHING,
        metric=Metric.EACH, colours=NO_COLOUR, kinds=(Kind.FLAT,), baseline=PLAIN,
    ),
    Workload(
        "import", "import", 1, 1, Stage.NOTHING,
        metric=Metric.IMPORT, colours=NO_COLOUR, kinds=(Kind.FLAT,), baseline=PLAIN,
    ),
    Workload(
        "begin", "import what a model needs, and define it", 1, 1, Stage.NOTHING,
        metric=Metric.IMPORT, colours=NO_COLOUR, kinds=(Kind.FLAT,), baseline=PLAIN,
    ),
)  # fmt: skip
TASKS = 64
IN_A_CALL = 10
"""How many documents a call by query writes."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a workload."""

    kind: Kind
    size: int
    filling: int
    round: int = 0
    """The number of the run, so that a change is a change each time."""


def find_workload(name: str) -> Workload:
    """Return the workload of a name."""
    return next(workload for workload in WORKLOADS if workload.name == name)
