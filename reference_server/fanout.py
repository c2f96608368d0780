"""Who is to be written what at the end of a turn of the event loop.

A frame for all users is encoded once and noted once, whatever their number: what most users get in a turn is the same run of
bytes, joined once. Only a user that has had a frame of its own, or has to miss one, gets bytes put together for it, with
its own frames at their places in the order (ORD-1, ORD-2).

The invariant: at each moment a lane's `own`, followed by the public frames from `seen` on if it is a user's, is what the
service has said to it in this turn, in the order in which it was said.
"""

from __future__ import annotations

from typing import Generic, TypeVar


class Lane:
    """What one connection gets in this turn."""

    __slots__ = ("own", "seen", "shares")

    def __init__(self) -> None:
        #: Whether it gets what all users get.
        self.shares = False
        #: What differs from the other users', in order; None if nothing does.
        self.own: list[bytes] | None = None
        #: How many of the turn's public frames are in `own` already, or are to be missed.
        self.seen = 0


L = TypeVar("L", bound=Lane)


class Turn(Generic[L]):
    """Gathers the frames of a turn. Call `take` at its end, write what it says, then call `begin`."""

    def __init__(self) -> None:
        #: The lanes that get what all users get, in the order in which they came.
        self.users: dict[L, None] = {}
        #: Bytes of the public frames.
        self.size = 0
        self._public: list[bytes] = []
        self._touched: list[L] = []

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self._public and not self._touched

    def admit(self, lane: L) -> None:
        """From the next public frame on this lane gets them."""
        own = self._own(lane)
        assert not lane.shares, own
        lane.seen = len(self._public)
        lane.shares = True
        self.users[lane] = None

    def dismiss(self, lane: L) -> None:
        """The lane gets no public frame from now on; what it was told so far it still gets."""
        if lane.shares:
            self._own(lane)
            lane.shares = False
            del self.users[lane]

    def forget(self, lane: L) -> None:
        """Nothing can be written to the lane any more."""
        self.dismiss(lane)
        if lane.own is not None:
            lane.own.clear()

    def tell(self, lane: L, frame: bytes) -> None:
        """A frame for one lane."""
        self._own(lane).append(frame)

    def publish(self, frame: bytes, but: L | None = None) -> None:
        """A frame for all users, except for one lane."""
        if but is not None:
            self._own(but)
            but.seen += 1
        self._public.append(frame)
        self.size += len(frame)

    def _own(self, lane: L) -> list[bytes]:
        """The lane's own list, with every public frame up to now in it."""
        own = lane.own
        if own is None:
            own = lane.own = []
            self._touched.append(lane)
        if lane.shares:
            own += self._public[lane.seen :]
            lane.seen = len(self._public)
        return own

    def take(self) -> tuple[bytes, list[tuple[L, bytes]]]:
        """What every user gets whose `own` is None, and what each of the others gets."""
        return b"".join(self._public), [(lane, b"".join(self._own(lane))) for lane in self._touched]

    def begin(self) -> None:
        """All of that is written: the next turn."""
        for lane in self._touched:
            lane.own, lane.seen = None, 0
        self._touched.clear()
        self._public.clear()
        self.size = 0
