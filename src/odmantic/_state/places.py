"""Where documents are known: the deployment, the database and the collection.

To another database an instance is new, though it was read or written elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from typing_extensions import Self

#: The addresses of servers.
Addresses = frozenset[tuple[str, int | None]]


class Deployment:
    """The servers behind a client, which it does not keep alive.

    Two clients have the same deployment if they share an address. A stand-in of a client knows no address. A client that
    has not connected yet knows those of its connection string only: where the servers have other names there, it counts
    as another deployment until it has connected.
    """

    __slots__ = ("_addresses", "_client", "_look")

    def __init__(
        self,
        client: Any = None,
        look: Callable[[Any], Addresses] | None = None,
        addresses: Addresses = frozenset(),
    ) -> None:
        """Note the addresses of a client.

        Args:
            client: the client; `None` where only addresses are left.
            look: gives the addresses that a client knows now; it finds more once it is connected.
            addresses: the addresses that were known before.
        """
        self._look = look
        self._addresses = addresses
        try:
            self._client: Callable[[], Any] = ref(client) if client is not None else _no_client
        except TypeError:  # a stand-in with slots
            self._client = lambda: client
        self.addresses()

    def addresses(self) -> Addresses:
        """Give every address that the client has known so far."""
        client = self._client()
        if client is not None and self._look is not None:
            self._addresses |= self._look(client)
        return self._addresses

    def is_same(self, other: Deployment) -> bool:
        """Tell whether this reaches the same servers."""
        if self is other:
            return True
        client = self._client()
        if client is not None and client is other._client():
            return True
        # Addresses are never dropped, and to ask the clients takes thirty times as long.
        if not self._addresses.isdisjoint(other._addresses):
            return True
        return not self.addresses().isdisjoint(other.addresses())


def _no_client() -> None:
    return None


class Place:
    """One collection."""

    __slots__ = ("collection", "database", "deployment")

    def __init__(self, deployment: Deployment, database: str, collection: str) -> None:
        self.deployment = deployment
        self.database = database
        self.collection = collection

    def is_same(self, other: Place) -> bool:
        """Tell whether this is the same collection."""
        return self is other or (
            self.collection == other.collection
            and self.database == other.database
            and self.deployment.is_same(other.deployment)
        )


class Journal(Protocol):
    """What a write asks of the journal of its transaction."""

    @property
    def committed(self) -> bool | None:
        """Whether the transaction committed; `None` while that is unknown."""


class Moved(Protocol):
    """What a write asks of the state of an instance that it moves to its place."""

    known: Known | None
    earlier: Any


class Known:
    """That documents of one model are known at a place, by reads.

    All instances that came from one place share one. In a pickle, names and addresses are what is left of it.
    """

    __slots__ = ("place",)

    def __init__(self, place: Place) -> None:
        """Know a place."""
        self.place = place

    def of(self, _model: type[Any]) -> Known:
        """Give what says that the referenced documents of a model, which are read along, are known."""
        return self

    @property
    def is_settled(self) -> bool:
        """Whether a failure or a rollback can no longer undo it."""
        return True

    def is_at(self, place: Place) -> bool:
        """Tell whether documents are known at a place."""
        mine = self.place
        return mine is place or mine.is_same(place)

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self.place is NOWHERE:
            return "EMBEDDED"
        place = self.place
        return known_at, (place.deployment.addresses(), place.database, place.collection)


class Reading(Known):
    """That documents are known by a read that may bring referenced ones along.

    Attributes:
        others: what says that those are known, by weak references to their models.
    """

    __slots__ = ("others",)

    def __init__(self, place: Place, others: dict[ref[Any], Known]) -> None:
        """Know a place, and the others."""
        self.place = place
        self.others = others

    def of(self, model: type[Any]) -> Known:
        """Give what says that the referenced documents of a model, which are read along, are known."""
        return self.others.get(ref(model), self)


class Written(Known):
    """That documents are known at a place because they are, or were, written there.

    Attributes:
        journal: that of the transaction they were written in.
        is_under_way: whether the write has not ended yet.
        moved: the states of instances that were known at another place before.
    """

    __slots__ = ("is_under_way", "journal", "moved")

    def __init__(self, place: Place, journal: Journal | None) -> None:
        """Begin a write."""
        self.place = place
        self.journal = journal
        self.is_under_way = True
        self.moved: list[Moved] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the write has ended, and so has its transaction."""
        journal = self.journal
        return not self.is_under_way and (journal is None or journal.committed is not None)

    def moves(self, state: Moved) -> None:
        """Note that an instance was known at another place before."""
        if self.moved is None:
            self.moved = []
        self.moved.append(state)

    def end(self) -> None:
        """Note that the write has ended, after giving back what it failed to write."""
        self.is_under_way = False
        if self.journal is None and self.moved is not None:
            for state in self.moved:
                if state.known is self:
                    state.earlier = None
            self.moved = None


#: Where embedded objects are: in another document.
NOWHERE = Place(Deployment(), "", "")

#: That an embedded object is as its document is.
EMBEDDED = Known(NOWHERE)

#: That a document is known, but not where: a program reads a cursor of its own.
SOMEWHERE = Known(Place(Deployment(), "", ""))


# One for each instance of a pickle would take a third more memory.
@lru_cache(maxsize=1024)
def known_at(addresses: Addresses, database: str, collection: str) -> Known:
    """Give what a pickle tells of a place."""
    return Known(Place(Deployment(addresses=addresses), database, collection))
