"""The same bytes to many connections: what a delivery costs is decided here.

Nothing waits for a connection: each takes what its socket has room for, and who could not take all of it is told to the
caller, who keeps the rest for them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from .uring import Ring

#: Up to so many connections a call of the system for each costs less than the preparations for one for all.
_FEW = 24


class Recipient(Protocol):
    """What is needed of a connection; a `Link` has it."""

    #: Takes bytes and returns how many; raises OSError.
    send: Callable[[bytes], int]
    #: The descriptor of its socket.
    descriptor: int
    #: Whether bytes wait already, so that more may go nowhere but behind them.
    choked: bool


R = TypeVar("R", bound=Recipient)


class Deliver(Protocol):
    """A way to deliver. Returns who has not taken all of the bytes, each with how many it has."""

    def __call__(self, recipients: Sequence[R], data: bytes) -> list[tuple[R, int]]: ...


def one_by_one(recipients: Sequence[R], data: bytes) -> list[tuple[R, int]]:
    """Deliver with a call of the system for each."""
    behind, size = [], len(data)
    for recipient in recipients:
        sent = 0
        if not recipient.choked:
            send = recipient.send  # Called as a method it would cost more: it is none.
            try:
                sent = send(data)
            except OSError:
                sent = 0  # It is full, or broken: the transport will find out which.
        if sent != size:
            behind.append((recipient, sent))
    return behind


def all_at_once(note: Callable[[str], None] = lambda why: None) -> Deliver:
    """Deliver with one call for all, or, where the system has none, with one for each; then `note` is told why."""
    why = "only Linux has io_uring"
    if sys.platform == "linux":
        try:
            from .uring import Ring

            return _AtOnce(Ring())
        except (ImportError, OSError) as error:
            why = f"no io_uring: {error}"
    note(f"what all users get is handed to the system for each: {why}")
    return one_by_one


class _AtOnce:
    """Delivers to more than a few with one call of the system."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def __call__(self, recipients: Sequence[R], data: bytes) -> list[tuple[R, int]]:
        if len(recipients) <= _FEW or self._ring.is_closed:
            return one_by_one(recipients, data)
        sent = self._ring.send([-1 if it.choked else it.descriptor for it in recipients], data)
        if sent.count(len(data)) == len(sent):
            return []
        return [(it, max(taken, 0)) for it, taken in zip(recipients, sent, strict=True) if taken != len(data)]
