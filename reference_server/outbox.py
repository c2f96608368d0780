"""What is to be said, to whom, and in which order: the effects of one input as they come about.

The invariant: every public event passes through `publish`, which gives it the next seq (ORD-3), and every end of a
connection that was a user's is told to the others in the same breath (END-10).
"""

from __future__ import annotations

from typing import Any

from impwire import Message
from impwire import messages as m
from impwire.tables import FAILURES

from .clock import Now
from .effects import Effect, Finish, Log, Tell, TellAll
from .peers import Peer, Peers
from .text import escaped

# END-7: what LEFT says after each ending. Any other is a violation of the protocol.
_REASONS = {
    "LEFT": m.LeftReason.LEFT,
    "KEEPALIVE_TIMEOUT": m.LeftReason.TIMED_OUT,
    "FRAME_TIMEOUT": m.LeftReason.TIMED_OUT,
    "SLOW_CONSUMER": m.LeftReason.TOO_SLOW,
    "KICKED": m.LeftReason.KICKED,
    "BANNED": m.LeftReason.BANNED,
    "INTERNAL": m.LeftReason.FAILED,
}


class Outbox:
    """Gathers effects until they are taken."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._effects: list[Effect] = []
        self._seq = 0

    def take(self) -> list[Effect]:
        """Everything since the last time."""
        effects, self._effects = self._effects, []
        return effects

    def put(self, effect: Effect) -> None:
        self._effects.append(effect)

    def log(self, event: str, text: str) -> None:
        """A line for the log. Foreign strings in it have to be escaped."""
        self.put(Log(event, text))

    def tell(self, peer: Peer, message: Message) -> None:
        """Say something to one connection. No message is made with flags, so they are 0 (EXT-1)."""
        self.put(Tell(peer.id, message))

    def publish(self, event: Any, but: int = 0) -> int:
        """Number a public event and tell it to every user but one (ORD-3, ORD-4); returns its seq."""
        self._seq += 1
        event.seq = self._seq
        self.put(TellAll(event, but))
        return self._seq

    def ok(self, peer: Peer, request_id: int, seq: int, now: Now) -> None:
        self.tell(peer, m.Ok(request_id=request_id, seq=seq, time=now.wall))

    def error(self, peer: Peer, type_: int, request_id: int, code: str, reason: str = "", retry: int = 0) -> None:
        """A refusal. The reason is for the log; people at the client have its own words for the code."""
        self.log("refuse", f"{label(peer)}: {code}{' ' + escaped(reason) if reason else ''}")
        number = m.ErrorCode(FAILURES[code].code)
        self.tell(
            peer, m.Error(request_id=request_id, code=number, request_type=type_, retry_after_ms=retry, detail="")
        )

    def goodbye(self, peer: Peer, code: str, request_id: int = 0, retry: int = 0, detail: str = "") -> None:
        """The last frame of a connection (END-1), which is out of the tables already or never was in them."""
        self.log("disconnect", f"{label(peer)}: {code}{' ' + escaped(detail) if detail else ''}")
        number = m.GoodbyeCode(FAILURES[code].code)
        self.tell(peer, m.Goodbye(request_id=request_id, code=number, retry_after_ms=retry, detail=detail))
        self.put(Finish(peer.id))

    def end(
        self,
        peer: Peer,
        code: str,
        now: Now,
        *,
        request_id: int = 0,
        retry: int = 0,
        detail: str = "",
        left: m.LeftReason | None = None,
    ) -> None:
        """End a connection with GOODBYE and tell the others, in one step (END-10)."""
        self._peers.remove(peer)
        self.goodbye(peer, code, request_id, retry, detail)
        self._tell_left(peer, left or _REASONS.get(code, m.LeftReason.VIOLATION), now)

    def end_all(self, peers: list[Peer], code: str, detail: str, now: Now) -> None:
        """End several connections in one step: none of them is told of the others' end (OP-2)."""
        for peer in peers:
            self._peers.remove(peer)
        for peer in peers:
            self.goodbye(peer, code, detail=detail)
        for peer in peers:
            self._tell_left(peer, _REASONS[code], now)

    def lost(self, peer: Peer, why: str, now: Now) -> None:
        """A connection is gone without GOODBYE."""
        self._peers.remove(peer)
        self.log("disconnect", f"{label(peer)}: lost: {escaped(why)}")
        self._tell_left(peer, m.LeftReason.LOST, now)

    def _tell_left(self, peer: Peer, reason: m.LeftReason, now: Now) -> None:
        if peer.name:  # LEFT-1: nobody has heard of a connection without a name.
            self.publish(m.Left(seq=0, time=now.wall, who=peer.user, reason=reason))


def label(peer: Peer) -> str:
    """A connection in the log: names are harmless, being ASCII letters, digits, '_' and '-'."""
    return f"{peer.name}#{peer.session_id}" if peer.name else f"connection {peer.id}"
