"""What the generator has to know of a protocol: what to send, where a frame ends, and what a frame is."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod


class LoadError(Exception):
    """A server did something else than deliver what it was sent, or nothing at all. The figures are worth nothing then."""


class Kind(enum.Enum):
    """What a frame from a server is to the generator."""

    READY = enum.auto()  #: the connection can be used now
    JOIN = enum.auto()  #: somebody else has joined (IMP alone tells)
    DELIVERY = enum.auto()  #: what somebody else has sent
    RECEIPT = enum.auto()  #: the answer to what this connection has sent
    PROBE = enum.auto()  #: the server asks whether anybody is there
    NOTHING = enum.auto()  #: of no interest


class Dialect(ABC):
    """A protocol, as far as the load needs it.

    `announces_joins` tells whether every connection hears of those that come after it, `confirms` whether the sender of
    something to all is told that it was accepted.
    """

    announces_joins = False
    confirms = False

    @abstractmethod
    def greeting(self, name: str, channel: str = "", *, receipts: bool = False) -> bytes:
        """What a connection sends first: it is called `name` and wants to hear what is sent to `channel`, if any.

        `receipts`: it wants to be told of whatever it sends that it was accepted, where that is a matter of choice.
        """

    @abstractmethod
    def publish(self, number: int, channel: str, text: str) -> bytes:
        """Something for everyone who listens to a channel. `number` (from 1) tells it from others that are under way."""

    @abstractmethod
    def private(self, number: int, to: str, text: str) -> bytes:
        """Something for one, whose name is also its channel, with a receipt for the sender."""

    @abstractmethod
    def end(self, data: bytes, at: int) -> int:
        """Where the frame ends that begins at `at`; 0 if it is not all there."""

    @abstractmethod
    def kind(self, frame: bytes) -> Kind:
        """What a frame is. Raises LoadError if it is a refusal."""

    def answer(self, frame: bytes) -> bytes:
        """The answer to a PROBE."""
        raise NotImplementedError


def line_end(data: bytes, at: int) -> int:
    """Behind the next CR LF; 0 if there is none."""
    found = data.find(b"\r\n", at)
    return found + 2 if found >= 0 else 0
