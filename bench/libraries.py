"""The libraries that take part, and their environments."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from bench.peers.peer import Peer
from bench.workloads import PLAIN, RAW, Colour, Workload


@dataclass(frozen=True, slots=True)
class Library:
    """A library that takes part.

    Attributes:
        name: Its name in the table.
        module: The module of its peers.
        distribution: The distribution to install.
        statement: The statement that imports it.
        beginning: The beginning of a program: it imports the names that it uses, and defines a model.
        released: Whether it is in the environment of odmantic 1.1.0.
    """

    name: str
    module: str
    distribution: str
    statement: str
    beginning: str
    released: bool = False

    @property
    def is_baseline(self) -> bool:
        """Whether other libraries are divided by it."""
        return self.name.split()[0] in {RAW, PLAIN}

    def peers(self) -> dict[Colour, type[Peer]]:
        """Return its peers, by colour."""
        peers: tuple[type[Peer], ...] = importlib.import_module(self.module).PEERS
        return {peer.colour: peer for peer in peers}

    def is_installed(self) -> bool:
        """Return whether this environment has it."""
        try:
            version(self.distribution)
        except PackageNotFoundError:
            return False
        return True


RELEASE = "1.1.0"
OURS = "odmantic"
RELEASED = f"odmantic {RELEASE}"
BESIDE = f"beside {RELEASE}"
"""The suffix of the baselines in the environment of 1.1.0."""


def _beginning(imports: str, base: str) -> str:
    return f"{imports}\nclass Customer({base}):\n    name: str\n    visits: int = 0\n"


BASELINE = "import pymongo, pydantic"
BASELINE_BEGINNING = _beginning(
    "from pydantic import BaseModel, Field\nfrom pymongo import AsyncMongoClient", "BaseModel"
)

LIBRARIES = (
    Library(RAW, "bench.peers.raw", "pymongo", BASELINE, BASELINE_BEGINNING),
    Library(PLAIN, "bench.peers.plain", "pydantic", BASELINE, BASELINE_BEGINNING),
    Library(
        OURS,
        "bench.peers.odm_writes",
        "odmantic",
        "import odmantic",
        _beginning(
            "from odmantic import AIOEngine, Field, Model\nfrom pymongo import AsyncMongoClient",
            "Model",
        ),
    ),
    Library(
        "beanie",
        "bench.peers.beanie_documents",
        "beanie",
        "import beanie",
        _beginning(
            "from beanie import Document, init_beanie\nfrom pydantic import Field\n"
            "from pymongo import AsyncMongoClient",
            "Document",
        ),
    ),
    Library(
        "butty",
        "bench.peers.butty_documents",
        "butty",
        "import butty",
        _beginning(
            "from butty import Engine\nfrom butty.utility.oid_document import OIDDocument\n"
            "from motor.motor_asyncio import AsyncIOMotorClient\nfrom pydantic import Field",
            "OIDDocument",
        ),
    ),
    Library(
        f"{RAW} {BESIDE}",
        "bench.peers.raw",
        "pymongo",
        BASELINE,
        BASELINE_BEGINNING,
        released=True,
    ),
    Library(
        f"{PLAIN} {BESIDE}",
        "bench.peers.plain",
        "pydantic",
        BASELINE,
        BASELINE_BEGINNING,
        released=True,
    ),
    Library(
        RELEASED,
        "bench.peers.odm",
        "odmantic",
        "import odmantic",
        _beginning(
            "from motor.motor_asyncio import AsyncIOMotorClient\n"
            "from odmantic import AIOEngine, Field, Model",
            "Model",
        ),
        released=True,
    ),
)


def find_library(name: str) -> Library:
    """Return the library of a name."""
    return next(library for library in LIBRARIES if library.name == name)


def baseline_of(library: Library, workload: Workload) -> str:
    """Return the name of the library by which the result of `library` is divided."""
    return f"{workload.baseline} {BESIDE}" if library.released else workload.baseline
