"""The places where documents are known: deployment, database and collection.

To another database an instance is new, even if it was read or written elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from weakref import ref

if TYPE_CHECKING:
    from typing_extensions import Self

Addresses = frozenset[tuple[str, int | None]]
"""Addresses of servers."""


class Deployment:
    """The servers behind a client, without a strong reference to the client.

    Two clients have the same deployment if they share an address. A stand-in of a client has no address. A client that
    has not connected yet knows only the addresses of its connection string: if these name the servers differently, it
    counts as another deployment until it has connected.
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
            client: The client; `None` if only addresses are left.
            look: Returns the addresses that a client knows now; there are more once it is connected.
            addresses: The addresses known before.
        """
        self._look = look
        self._addresses = addresses
        try:
            self._client: Callable[[], Any] = ref(client) if client is not None else _no_client
        except TypeError:  # a stand-in with slots
            self._client = lambda: client
        self.addresses()

    def addresses(self) -> Addresses:
        """Return all addresses that the client has known so far."""
        client = self._client()
        if client is not None and self._look is not None:
            self._addresses |= self._look(client)
        return self._addresses

    def is_same(self, other: Deployment) -> bool:
        """Return whether this reaches the same servers."""
        if self is other:
            return True
        client = self._client()
        if client is not None and client is other._client():
            return True
        # Addresses are never removed, and asking the clients takes thirty times as long.
        if not self._addresses.isdisjoint(other._addresses):
            return True
        return not self.addresses().isdisjoint(other.addresses())


def _no_client() -> None:
    return None


class Place:
    """One collection."""

    __slots__ = ("collection", "database", "deployment")

    def __init__(self, deployment: Deployment, database: str, collection: str) -> None:
        self.deployment: Deployment = deployment
        self.database: str = database
        self.collection: str = collection

    def is_same(self, other: Place) -> bool:
        """Return whether this is the same collection."""
        return self is other or (
            self.collection == other.collection
            and self.database == other.database
            and self.deployment.is_same(other.deployment)
        )


class Journal(Protocol):
    """The interface that a write needs of its transaction's journal."""

    @property
    def committed(self) -> bool | None:
        """Whether the transaction committed; `None` while that is unknown."""


class Moved(Protocol):
    """The interface that a write needs of the state of an instance that it moves to its place."""

    known: Known | None
    earlier: Any


class Known:
    """The knowledge that documents of one model exist at a place, from reads.

    All instances from one place share one. In a pickle, only names and addresses are left of it.
    """

    __slots__ = ("place",)

    is_hollow: ClassVar[bool] = False
    """Whether an instance has nothing but its primary key, see `odmantic._state.hollow`."""

    def __init__(self, place: Place) -> None:
        """Know a place."""
        self.place: Place = place

    def of(self, _model: type[Any]) -> Known:
        """Return the knowledge about referenced documents of a model that are read along."""
        return self

    @property
    def is_settled(self) -> bool:
        """Whether a failure or a rollback can no longer undo it."""
        return True

    def is_at(self, place: Place) -> bool:
        """Return whether documents are known at a place."""
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
    """The knowledge from a read that may include referenced documents.

    Attributes:
        others: The knowledge about those, by weak references to their models.
    """

    __slots__ = ("others",)

    def __init__(self, place: Place, others: dict[ref[Any], Known]) -> None:
        """Know a place, and the others."""
        self.place = place
        self.others = others

    def of(self, model: type[Any]) -> Known:
        """Return the knowledge about referenced documents of a model that are read along."""
        return self.others.get(ref(model), self)


class Written(Known):
    """The knowledge that documents exist at a place because they are, or were, written there.

    Attributes:
        journal: The journal of their transaction.
        is_under_way: Whether the write has not ended yet.
        moved: The states of instances that were known at another place before.
    """

    __slots__ = ("is_under_way", "journal", "moved")

    def __init__(self, place: Place, journal: Journal | None) -> None:
        """Begin a write."""
        self.place = place
        self.journal: Journal | None = journal
        self.is_under_way: bool = True
        self.moved: list[Moved] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the write and its transaction have ended."""
        journal = self.journal
        return not self.is_under_way and (journal is None or journal.committed is not None)

    def moves(self, state: Moved) -> None:
        """Note that an instance was known at another place before."""
        if self.moved is None:
            self.moved = []
        self.moved.append(state)

    def end(self) -> None:
        """Note that the write has ended, after what failed was made dirty again."""
        self.is_under_way = False
        if self.journal is None and self.moved is not None:
            for state in self.moved:
                if state.known is self:
                    state.earlier = None
            self.moved = None


NOWHERE = Place(Deployment(), "", "")
"""The place of embedded objects: in another document."""

EMBEDDED = Known(NOWHERE)
"""The knowledge about an embedded object that equals its part of the document."""

SOMEWHERE = Known(Place(Deployment(), "", ""))
"""The knowledge about a document at an unknown place: a program reads its own cursor."""


# One per instance of a pickle would take a third more memory.
@lru_cache(maxsize=1024)
def known_at(addresses: Addresses, database: str, collection: str) -> Known:
    """Return the knowledge of a place from a pickle."""
    return Known(Place(Deployment(addresses=addresses), database, collection))
