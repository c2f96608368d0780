"""The one table of current connections: who they are, what they are called, and when each needs attention."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from impwire.messages import User
from impwire.tables import Settings

from .addresses import Address, limit_key
from .ratelimit import Bucket

#: How many entries of the queue may belong to nobody any more before they are taken out of it.
_SPARE = 1024
_NOBODY = User(session_id=0, name="")


@dataclass(slots=True)
class Peer:
    """One connection. It is a user while `name` is not empty. Times are seconds of a clock that never goes back."""

    id: int
    address: Address
    arrived: float
    bucket: Bucket
    name: str = ""
    session_id: int = 0
    #: What others are told of it, under its present name. It is never changed, since a message may hold it.
    user: User = field(default_factory=lambda: _NOBODY)
    tries: int = 0
    #: When the last complete frame came.
    heard: float = 0.0
    #: When the frame that is not finished yet began.
    frame_began: float | None = None
    #: When the PING went out (or would have) that no frame has followed yet.
    pinged: float | None = None
    #: The request_id of the PING that waits for its PONG, or 0.
    ping_id: int = 0
    pings: int = 0
    #: The time of this connection's entry in the queue of deadlines.
    queued: float = math.inf
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = limit_key(self.address)

    def deadline(self, settings: Settings) -> float:
        """When this connection next needs attention."""
        if not self.name:
            soonest = self.arrived + settings.handshake_timeout / 1000
        elif self.pinged is not None:
            soonest = self.pinged + settings.pong_timeout / 1000
        else:
            soonest = self.heard + settings.ping_after / 1000
        if self.frame_began is not None:
            soonest = min(soonest, self.frame_began + settings.frame_timeout / 1000)
        return soonest


class Peers:
    """All connections by id, all users by folded name, and a queue of deadlines."""

    def __init__(self) -> None:
        self.by_id: dict[int, Peer] = {}
        self.by_name: dict[str, Peer] = {}
        #: The folded names in their order (WHO-1).
        self.names: list[str] = []
        self._per_key: dict[str, int] = {}
        self._queue: list[tuple[float, int]] = []

    def __iter__(self) -> Iterator[Peer]:
        return iter(list(self.by_id.values()))

    def of_key(self, key: str) -> int:
        """How many connections an address has (LIM-2)."""
        return self._per_key.get(key, 0)

    def add(self, peer: Peer) -> None:
        self.by_id[peer.id] = peer
        self._per_key[peer.key] = self.of_key(peer.key) + 1

    def remove(self, peer: Peer) -> None:
        """Take a connection out; its name is free at once (NAME-5), and it counts for no limit any more (LIM-5)."""
        del self.by_id[peer.id]
        self._free_name(peer)
        self._per_key[peer.key] -= 1
        if not self._per_key[peer.key]:
            del self._per_key[peer.key]
        if len(self._queue) > 2 * len(self.by_id) + _SPARE:
            self._queue = [(peer.queued, peer.id) for peer in self.by_id.values() if peer.queued < math.inf]
            heapq.heapify(self._queue)

    def rename(self, peer: Peer, name: str) -> None:
        """Give a connection a name, freeing the one that it had, in one step (RENAME-1)."""
        self._free_name(peer)
        peer.name, peer.user = name, User(session_id=peer.session_id, name=name)
        self.by_name[name.lower()] = peer
        insort(self.names, name.lower())

    def _free_name(self, peer: Peer) -> None:
        if peer.name:
            folded = peer.name.lower()
            del self.by_name[folded]
            del self.names[bisect_left(self.names, folded)]

    # Each connection has one valid entry in the queue, never later than its deadline. An entry that comes too early is
    # put back, so that a frame that moves a deadline on costs nothing; one that a nearer entry has replaced is passed over.

    def watch(self, peer: Peer, settings: Settings) -> None:
        """To be called when a connection's deadline may have come nearer."""
        when = peer.deadline(settings)
        if when < peer.queued:
            peer.queued = when
            heapq.heappush(self._queue, (when, peer.id))

    def next_deadline(self) -> float | None:
        """When `due` is to be called next, or None."""
        return self._queue[0][0] if self._queue else None

    def due(self, now: float, settings: Settings) -> list[Peer]:
        """The connections whose deadline has come. Each has to be ended or watched again."""
        found: list[Peer] = []
        while self._queue and self._queue[0][0] <= now:
            when, peer_id = heapq.heappop(self._queue)
            peer = self.by_id.get(peer_id)
            if peer is None or peer.queued != when:
                continue
            peer.queued = math.inf
            if peer.deadline(settings) <= now:
                found.append(peer)
            else:
                self.watch(peer, settings)
        return found
