"""What all clients of a soak know together, and everything that was found wrong.

The invariant: each public event is one frame, the same for everyone, under one seq; each text is said once, by whoever the
book has for its author; nobody ends for a reason that the book has not been told to expect.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque

from impwire import Message
from impwire import messages as m
from impwire.codecs import decode

#: How a private message begins between two who both stay: it has to arrive.
OWED = "owed "
#: So many events are remembered; who is further behind has its frames decoded again.
_REMEMBERED = 20_000
#: So many faults are kept in words; the others are counted.
_FAULTS = 50


class Book:
    """Shared by all clients of one soak."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        #: The author's session_id by text, for what was asked to be said and has not been heard yet.
        self.said: dict[str, int] = {}
        #: The reasons for which a session may end. One that is not here may not end at all.
        self.ends: defaultdict[int, set[m.LeftReason]] = defaultdict(set)
        #: What a session that comes and goes is there for.
        self.acts: dict[int, str] = {}
        #: Texts of private messages that were accepted for somebody who stays, and not delivered yet.
        self.owed: set[str] = set()
        self._delivered_first: set[str] = set()
        self._left: set[int] = set()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._known: dict[bytes, Message] = {}
        self._tape: dict[int, bytes] = {}
        self._order: deque[tuple[int, bytes]] = deque()

    def fault(self, text: str) -> None:
        """Note that the server did something wrong."""
        self.counts["faults"] += 1
        if len(self.faults) < _FAULTS:
            self.faults.append(text)

    def event(self, frame: bytes) -> Message:
        """The event of a frame. What is public is looked at once, however many get it. Raises DecodeError."""
        known = self._known.get(frame)
        if known is None:
            known = decode(frame)
            seq = getattr(known, "seq", 0)
            if seq:
                self._note(seq, frame, known)
        return known

    def accepted(self, text: str) -> None:
        """A private message was answered by OK."""
        if text in self._delivered_first:
            self._delivered_first.remove(text)
        else:
            self.owed.add(text)

    def delivered(self, text: str) -> None:
        """A private message has come to whom it was for."""
        if text in self.owed:
            self.owed.remove(text)
        elif text in self._delivered_first:
            self.fault(f"the private message {text[:40]!r} was delivered twice")
        else:
            self._delivered_first.add(text)

    def settle(self) -> None:
        """Nothing is under way any more: what was accepted has to have come."""
        for text in self.owed:
            self.fault(f"the private message {text[:40]!r} was accepted and not delivered")
        for text in self._delivered_first:
            self.fault(f"the private message {text[:40]!r} was delivered and not accepted, or twice")
        self.owed.clear()
        self._delivered_first.clear()

    async def gone(self, session_id: int) -> None:
        """Return when the others have been told that a session has ended."""
        if session_id not in self._left:
            await self._waiting.setdefault(session_id, asyncio.get_running_loop().create_future())

    def _note(self, seq: int, frame: bytes, event: Message) -> None:
        if self._order and seq <= self._order[0][0]:
            return  # Of long ago: it was looked at then.
        if self._tape.setdefault(seq, frame) != frame:
            self.fault(f"two events have the seq {seq}: {decode(self._tape[seq])} and {event}")
            return
        self._known[frame] = event
        self._order.append((seq, frame))
        if len(self._order) > _REMEMBERED:
            old, forgotten = self._order.popleft()
            del self._known[forgotten], self._tape[old]
        self._examine(event)

    def _examine(self, event: Message) -> None:
        self.counts[event.NAME] += 1
        if isinstance(event, m.Chat):
            author = self.said.pop(event.text, None)
            if author != event.who.session_id:
                self.fault(f"{event.text[:40]!r} is said by {event.who}, and should be by {author}")
        elif isinstance(event, m.Left):
            who, reason = event.who, event.reason
            if reason not in self.ends[who.session_id]:
                due = self.ends[who.session_id] or "that it stays"
                act = self.acts.get(who.session_id, "none")
                self.fault(f"{who} has left for {reason!r}; expected {due}; its act: {act}")
            self._left.add(who.session_id)
            waiting = self._waiting.pop(who.session_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
