"""One actor of a case that is played to a server: its connection, what it waits for, and the rules that always hold.

Replies bear the request_id of the request that has waited longest, events bear 0, an ERROR names the type of its request
(FRAME-10, REQ-1, REQ-2, ERROR-2), only the codes that may bear a retry_after_ms do (REQ-7), no flag is set (EXT-1), no
second PING comes before the first is answered (PING-3), each actor sees seq without gaps (ORD-3 to ORD-5), and all see
the same event under the same seq (ORD-3).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import FAILURES, REPLIES
from impwire.wire import Message

from ..verdicts import Difference
from .peer import Peer
from .transcript import describe

REQUESTS = frozenset(request.NAME for request in REPLIES)
ANSWERS = frozenset(reply.NAME for replies in REPLIES.values() for reply in replies)


@dataclass
class Actor:
    """An actor who is connected. `user` is whether it has been welcomed and not been sent away."""

    name: str
    peer: Peer
    user: bool = False
    #: Whether the actor still reads and answers, so that a fence can be asked of it.
    attentive: bool = True
    #: request_id and name of each request that waits for its reply, in the order in which they were sent.
    requests: list[tuple[int, str]] = field(default_factory=list)
    last_request_id: int = 0
    last_seq: int = 0
    ping: m.Ping | None = None
    owes_pong: bool = False
    #: The public events that any actor of the case has got, by seq.
    public: dict[int, Message] = field(default_factory=dict)
    #: When the actor last did something: no timer that it has set off can have begun before.
    acted: float = field(default_factory=time.monotonic)

    def note(self, message: Message) -> None:
        """Keep what later messages are judged by."""
        if isinstance(message, m.Welcome):
            self.user = True
            self.last_seq = message.seq
        elif isinstance(message, m.Ping):
            self.ping, self.owes_pong = message, True
        elif isinstance(message, m.Goodbye):
            self.user = self.attentive = False

    def is_early(self, message: Message) -> bool:
        """Whether the message answers a request that has waited less long than another. Ask before `judge`."""
        request_id = getattr(message, "request_id", 0)
        return (
            message.NAME in ANSWERS
            and bool(self.requests)
            and request_id != self.requests[0][0]
            and any(request_id == other for other, _ in self.requests[1:])
        )

    def judge(self, message: Message, *, told: bool = False) -> list[Difference]:
        """What is wrong with a message by the rules that hold for every one, and take it for the reply that it is.

        `told`: the step itself says what the request_id is.
        """
        early = self.is_early(message)
        found = list(self._answer_faults(message, early=early, told=told))
        if isinstance(message, (m.Error, m.Goodbye)) and message.retry_after_ms and not _may_be_retried(message.code):
            found.append(Difference("retry_after_ms", "0 with this code", str(message.retry_after_ms), "REQ-7"))
        if flags := getattr(message, "flags", 0):
            found.append(Difference("flags", "0", f"{flags:#04x}", "EXT-1"))
        seq: int = getattr(message, "seq", 0)
        if seq and not isinstance(message, m.Welcome):
            if seq != self.last_seq + 1:
                found.append(Difference("seq", str(self.last_seq + 1), str(seq), "ORD-3"))
            self.last_seq = seq
            if not isinstance(message, m.Ok) and (first := self.public.setdefault(seq, message)) != message:
                found.append(Difference("event", f"what others got: {describe(first)}", describe(message), "ORD-3"))
        return found

    def _answer_faults(self, message: Message, *, early: bool, told: bool) -> Iterator[Difference]:
        request_id: int = getattr(message, "request_id", 0)
        if message.NAME not in ANSWERS or (isinstance(message, m.Goodbye) and not request_id):
            if request_id and not isinstance(message, (m.Goodbye, m.Ping)):
                yield Difference("request_id", "0 in an event", str(request_id), "FRAME-10")
            return
        due, request = self.requests.pop(0) if self.requests else (None, "")
        if request_id != due and not told:
            expected = "no reply, since no request waits" if due is None else f"{due} ({request})"
            yield Difference("request_id", expected, str(request_id), "REQ-2" if early else "REQ-1")
        if isinstance(message, m.Error) and request:
            kind = CODECS.by_name[request].record.TYPE
            if message.request_type != kind:
                yield Difference("request_type", f"{kind:#04x} ({request})", f"{message.request_type:#04x}", "ERROR-2")


def _may_be_retried(code: int) -> bool:
    """Whether retry_after_ms may be other than 0 with this code; what is not in the tables is not judged."""
    return all(failure.retry for failure in FAILURES.values() if failure.code == code)
