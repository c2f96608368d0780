"""What the service wants done. The edge carries effects out in order, before it hands in the next input."""

from __future__ import annotations

from dataclasses import dataclass

from impwire import Message


@dataclass(slots=True)
class Tell:
    """Send a message to one connection."""

    peer: int
    message: Message


@dataclass(slots=True)
class TellAll:
    """Send a message to every user, except to one connection (0 for none)."""

    message: Message
    but: int


@dataclass(slots=True)
class Admit:
    """The connection is a user's from now on: it has its part in what all users are told."""

    peer: int


@dataclass(slots=True)
class Finish:
    """The connection has had its GOODBYE: shut down sending, drain for `close_drain`, close (END-2)."""

    peer: int


@dataclass(slots=True)
class Log:
    """A line for the log; foreign strings in it are escaped already."""

    event: str
    text: str


@dataclass(slots=True)
class Print:
    """A line for the operator; foreign strings in it are escaped already."""

    text: str


@dataclass(slots=True)
class SaveBans:
    """The bans have changed and have to be stored."""


@dataclass(slots=True)
class Stop:
    """Every connection has had its GOODBYE: stop listening, flush, end."""


Effect = Tell | TellAll | Admit | Finish | Log | Print | SaveBans | Stop
