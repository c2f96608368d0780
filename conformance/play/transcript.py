"""What happened in one run of a case: events, from which lines for people, charts and captures are made."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from impwire.wire import Message

_LONGEST = 160
#: Events that are kept of the beginning of a case, and of its end.
_MOST = 5000


class Kind(StrEnum):
    """What an event is. The direction is the suite's: SENT goes to the target."""

    OPENED = "opened"
    SENT = "sent"
    RECEIVED = "received"
    #: The suite has ended its sending side, closed, or reset the connection.
    SENT_END = "sent end"
    SENT_RESET = "sent reset"
    #: The target has.
    RECEIVED_END = "received end"
    RECEIVED_RESET = "received reset"
    #: A line at the console or at a client; a line that a client has shown.
    TYPED = "typed"
    SHOWN = "shown"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, `at` seconds after the case began.

    `connection` numbers the connections of the run from 1; 0 is no connection. `data` is what crossed it.
    """

    at: float
    actor: str
    kind: Kind
    text: str
    data: bytes = b""
    connection: int = 0

    def as_json(self) -> dict[str, Any]:
        """The event as an entry of the JSON report; what is empty is left out."""
        entry: dict[str, Any] = {"at": round(self.at, 6), "actor": self.actor, "kind": str(self.kind)}
        entry |= {"text": self.text} if self.text else {}
        entry |= {"hex": self.data.hex()} if self.data else {}
        return entry | ({"connection": self.connection} if self.connection else {})


def event_from_json(entry: dict[str, Any]) -> Event:
    """The event of an entry that `Event.as_json` has made."""
    data = bytes.fromhex(entry.get("hex", ""))
    return Event(
        entry["at"], entry["actor"], Kind(entry["kind"]), entry.get("text", ""), data, entry.get("connection", 0)
    )


#: The text of an event, or what makes it: most are never read.
Words = str | Callable[[], str]


_Entry = tuple[float, str, Kind, Words, bytes, int]


class Transcript:
    """Events in the order in which they happened. Of a case that floods, the first and the last are kept."""

    def __init__(self) -> None:
        self.start_over()

    @property
    def events(self) -> tuple[Event, ...]:
        missing: list[_Entry] = []
        if self._left_out:
            words = f"({self._left_out} events are left out here)"
            missing = [(self._first[-1][0], "", Kind.NOTE, words, b"", 0)]
        return tuple(
            Event(at, actor, kind, words if isinstance(words, str) else words(), data, connection)
            for at, actor, kind, words, data, connection in (*self._first, *missing, *self._last)
        )

    def start_over(self) -> None:
        """Forget everything: the case begins now."""
        self._first: list[_Entry] = []
        self._last: deque[_Entry] = deque(maxlen=_MOST)
        self._left_out = 0
        self._began = time.monotonic()
        self._closed = False
        self._connections = 0

    def close(self) -> None:
        """Nothing that follows belongs to the story."""
        self._closed = True

    def new_connection(self, actor: str) -> int:
        """Note that a connection stands; returns its number."""
        self._connections += 1
        self.add(actor, Kind.OPENED, "connects", connection=self._connections)
        return self._connections

    def add(self, actor: str, kind: Kind, text: Words, data: bytes = b"", connection: int = 0) -> None:
        """Note what has just happened."""
        if self._closed:
            return
        entry = (time.monotonic() - self._began, actor, kind, text, data, connection)
        if len(self._first) < _MOST:
            self._first.append(entry)
        else:
            self._left_out += len(self._last) == _MOST
            self._last.append(entry)

    def note(self, actor: str, text: str) -> None:
        """Note what is neither a frame nor a line."""
        self.add(actor, Kind.NOTE, text)


def describe(message: Message) -> str:
    """A message in one line: its name and its fields, but for what is empty."""
    parts = []
    for item in fields(message):  # type: ignore[arg-type]
        value: Any = getattr(message, item.name)
        if item.name in ("flags", "extensions") and not value:
            continue
        text = getattr(value, "name", None) if item.name in ("code", "reason", "scope") else None
        shown = text or repr(value)
        parts.append(f"{item.name}={shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '…'}")
    return f"{message.NAME} {' '.join(parts)}"
