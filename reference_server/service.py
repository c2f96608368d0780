"""The server without clock, socket or file: one input and the time in, effects out.

Each public method of `Service` is one input: an arrival, a message, a loss, a line of the operator, a tick of the clock. It
returns what is to be done, in order. The same inputs always give the same effects.

The invariant (ORD-1): when a method returns, its effects hold every frame that the input causes, for every recipient, and
the tables are as they are to be when the next input comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from impwire import Message, Refused
from impwire import messages as m
from impwire.codecs import FRAME, ROSTER_TYPE, encode
from impwire.tables import LIMITS, PROTOCOL_VERSION, RESERVED_NAMES, Settings

from .addresses import Address
from .bans import BanList
from .clock import Now
from .console import Console
from .effects import Admit, Effect, Stop
from .outbox import Outbox, label
from .peers import Peer, Peers
from .ratelimit import Attempts, Bucket
from .text import escaped

# RATE-1: what costs a token, besides requests of unknown types.
_COSTLY = frozenset({m.Say, m.Pm, m.Who, m.Rename, m.Ping})

# How long to wait where only the server's load is at fault, or it stops (REQ-7).
_RETRY_SOON_MS = 1000


class Service:
    """The whole server but for its edges. `settings` are the limits and timers, `name` what the server is called."""

    def __init__(self, settings: Settings, name: str, bans: BanList) -> None:
        self.settings, self.name, self.bans = settings, name, bans
        self.peers = Peers()
        self.stopping = False
        self._last_session_id = 0
        self._attempts = Attempts(settings.attempts_per_minute)
        self._out = Outbox(self.peers)
        self._console = Console(self.peers, bans, self._out, settings.max_text)
        self._roster_room = min(FRAME.prefix_size + settings.max_frame, settings.send_queue) - _EMPTY_ROSTER  # WHO-2
        self._limited = _limited(settings)
        self._handlers: dict[type[Message], Callable[[Peer, Any, Now], None]] = {
            m.Hello: self._hello,
            m.Say: self._say,
            m.Pm: self._pm,
            m.Who: self._who,
            m.Rename: self._rename,
            m.Leave: self._leave,
            m.Ping: self._ping,
            m.Pong: self._pong,
        }

    # -- inputs --------------------------------------------------------------------------------------------------

    def arrive(self, peer_id: int, address: Address, accepted: float, now: Now) -> list[Effect]:
        """A connection stands, and was accepted at `accepted`. If it may not stay, the effects end it before anything is
        read (LIM-1, LIM-2)."""
        peer = Peer(peer_id, address, accepted, self._bucket(now), heard=now.clock)
        self._out.log("connect", f"{peer_id} from {address}")
        code, retry, detail = self._refusal_at_accept(peer, now)
        if code:
            self._out.goodbye(peer, code, retry=retry, detail=detail)
        else:
            self.peers.add(peer)
            self.peers.watch(peer, self.settings)
        return self._out.take()

    def receive(self, peer_id: int, message: Message, now: Now) -> list[Effect]:
        """A well-formed message that the state allows has come.

        A request has its one reply among the effects (REQ-1), so the replies come in the order of the requests (REQ-2).
        """
        peer, kind = self._heard(peer_id, now), type(message)
        request_id: int = message.request_id  # type: ignore[attr-defined]
        if kind is m.Hello and self._ends_hello(peer, message):  # type: ignore[arg-type]
            return self._out.take()
        if kind in _COSTLY and not self._take_token(peer, message.TYPE, request_id, now):
            return self._out.take()
        fault = self._limit_fault(message) if kind in self._limited else ""
        if fault:
            self._refuse(peer, message.TYPE, request_id, fault)
        else:
            self._handlers[kind](peer, message, now)
        return self._out.take()

    def refuse(self, peer_id: int, refused: Refused, now: Now) -> list[Effect]:
        """A request has come that is to be refused for its form (REQ-5, steps 4 to 8)."""
        peer = self._heard(peer_id, now)
        header, partial = refused.header, refused.partial
        if isinstance(partial, m.Hello) and self._ends_hello(peer, partial):
            return self._out.take()
        # RATE-1: a LEAVE that is refused would be a way around the rate.
        costly = partial is None or type(partial) in _COSTLY or type(partial) is m.Leave
        if costly and not self._take_token(peer, header.type, header.correlation, now):
            return self._out.take()
        code = refused.code
        if partial is not None and code != "UNSUPPORTED_CRITICAL":
            # REQ-6: a limit of the server's own that an earlier field, or this one, exceeds.
            code = self._limit_fault(partial, up_to=refused.field) or code
        self._refuse(peer, header.type, header.correlation, code, refused.reason)
        return self._out.take()

    def violate(self, peer_id: int, code: str, reason: str, request_id: int, now: Now) -> list[Effect]:
        """The peer has done what ends its connection with `code`."""
        peer = self.peers.by_id[peer_id]
        self._out.log("violation", f"{label(peer)}: {escaped(reason)}")
        left = m.LeftReason.VIOLATION
        self._out.end(peer, code, now, request_id=request_id, detail=_detail(reason), left=left)
        return self._out.take()

    def progress(self, peer_id: int, unfinished: bool, fresh: bool, now: Now) -> list[Effect]:
        """Bytes have come. `unfinished`: a frame has begun and not ended; `fresh`: it began with these bytes."""
        peer = self.peers.by_id[peer_id]
        if not unfinished:
            peer.frame_began = None
        elif fresh or peer.frame_began is None:
            peer.frame_began = now.clock
            self.peers.watch(peer, self.settings)
        return self._out.take()

    def end_of_stream(self, peer_id: int, unfinished: bool, now: Now) -> list[Effect]:
        """The client has ended its stream, between two frames (END-3) or inside one (END-4).

        What came before has been handed in already (ORD-7).
        """
        peer = self.peers.by_id[peer_id]
        if unfinished:
            self._out.end(peer, "MALFORMED", now, detail="the stream ended inside a frame", left=m.LeftReason.LOST)
        else:
            self._out.end(peer, "LEFT", now)
        return self._out.take()

    def lose(self, peer_id: int, why: str, now: Now) -> list[Effect]:
        """The connection is gone: nothing can be sent on it any more."""
        self._out.lost(self.peers.by_id[peer_id], why, now)
        return self._out.take()

    def overflow(self, peer_id: int, now: Now) -> list[Effect]:
        """More than send_queue bytes wait for this client (LIM-6)."""
        self._out.end(self.peers.by_id[peer_id], "SLOW_CONSUMER", now)
        return self._out.take()

    def fail(self, peer_id: int, now: Now) -> list[Effect]:
        """Handling this connection raised an exception; it alone ends (END-9)."""
        self._out.end(self.peers.by_id[peer_id], "INTERNAL", now)
        return self._out.take()

    def operate(self, line: str, now: Now) -> list[Effect]:
        """The operator has typed a line."""
        self._console.enter(line, now)
        return self._out.take()

    def tick(self, now: Now) -> list[Effect]:
        """Time has passed: to be called at `next_deadline`, or soon after (TIME-6); nothing fires sooner (TIME-8)."""
        if self._console.stop_at is not None and now.clock >= self._console.stop_at:
            return self.stop(now)
        for peer in self.peers.due(now.clock, self.settings):
            self._attend(peer, now)
        return self._out.take()

    def next_deadline(self) -> float | None:
        """When `tick` is to be called next, in seconds of the clock; None if there is no need."""
        times = [when for when in (self._console.stop_at, self.peers.next_deadline()) if when is not None]
        return min(times) if times else None

    def stop(self, now: Now) -> list[Effect]:
        """End every connection with SHUTTING_DOWN (END-8). No LEFT is told: everyone goes."""
        self._console.stop_at, self.stopping = None, True
        self._out.log("stop", f"{len(self.peers.by_id)} connections are told")
        for peer in self.peers:
            self.peers.remove(peer)
            self._out.goodbye(peer, "SHUTTING_DOWN", retry=_RETRY_SOON_MS)
        self._out.put(Stop())
        return self._out.take()

    # -- requests ------------------------------------------------------------------------------------------------

    def _ends_hello(self, peer: Peer, hello: m.Hello) -> bool:
        """Step 4 of REQ-5: whether the connection has ended because no version suits both sides (HELLO-2, HELLO-9)."""
        if hello.min_version <= PROTOCOL_VERSION <= hello.max_version:
            return False
        self.peers.remove(peer)
        major, minor = divmod(PROTOCOL_VERSION, 256)
        self._out.goodbye(
            peer, "VERSION_UNSUPPORTED", hello.request_id, detail=f"this server speaks {major}.{minor} only"
        )
        return True

    def _hello(self, peer: Peer, hello: m.Hello, now: Now) -> None:
        # HELLO-1: there is but one version to choose, and `_ends_hello` has seen that it is among the client's.
        code = self._name_fault(peer, hello.name, now)
        if code:
            return self._refuse(peer, hello.TYPE, hello.request_id, code)
        # HELLO-3: checking and claiming are one step, since nothing else is handled in between (ORD-1).
        self._last_session_id += 1  # NAME-8
        peer.session_id = self._last_session_id
        self.peers.rename(peer, hello.name)
        peer.heard = now.clock
        self.peers.watch(peer, self.settings)
        self._out.log("join", label(peer))
        seq = self._out.publish(m.Joined(seq=0, time=now.wall, who=peer.user))
        # WELCOME-1: what is announced is what is enforced. LIM-7: the options allow nothing beyond the ranges.
        limits = {limit: getattr(self.settings, limit) for limit in self.settings.__slots__}
        # EXT-10, EXT-6, EXT-11: this server has no capability, and sends nothing that would need one. HELLO-4: the newcomer
        # gets the seq and no JOINED. WELCOME-3, NAME-6: the name is as the client wrote it.
        welcome = m.Welcome(
            request_id=hello.request_id,
            version=PROTOCOL_VERSION,
            capabilities=0,
            session_id=peer.session_id,
            name=peer.name,
            server_name=self.name,
            seq=seq,
            time=now.wall,
            **limits,
        )
        self._out.tell(peer, welcome)
        return self._out.put(Admit(peer.id))  # WELCOME-2, ORD-5: from here on it gets every public event.

    def _say(self, peer: Peer, say: m.Say, now: Now) -> None:
        self._out.log("say", f"{label(peer)}: {escaped(say.text)}")
        # SAY-1: the author is who the server knows it is. SAY-2: it gets the seq instead of the event. ORD-8: as it was said.
        seq = self._out.publish(m.Chat(seq=0, time=now.wall, who=peer.user, text=say.text), but=peer.id)
        self._out.ok(peer, say.request_id, seq, now)

    def _pm(self, peer: Peer, pm: m.Pm, now: Now) -> None:
        recipient = self.peers.by_name.get(pm.to.lower())
        if recipient is None:
            return self._refuse(peer, pm.TYPE, pm.request_id, "NO_SUCH_USER")  # PM-3
        if recipient is peer:
            return self._refuse(peer, pm.TYPE, pm.request_id, "SELF_TARGET")  # PM-4
        self._out.log("pm", f"{label(peer)} to {label(recipient)}")  # LOG-1: the fact, not the text.
        # PM-1. ORD-8: as it was said.
        self._out.tell(recipient, m.Whisper(time=now.wall, who=peer.user, text=pm.text))
        return self._out.ok(peer, pm.request_id, 0, now)  # PM-2

    def _who(self, peer: Peer, who: m.Who, now: Now) -> None:
        entries, more = self._roster_page(who.after.lower(), who.limit)
        self._out.tell(peer, m.Roster(request_id=who.request_id, entries=entries, more=more))

    def _roster_page(self, after: str, limit: int) -> tuple[tuple[m.User, ...], bool]:
        """The users behind a folded name, as many as asked for and as fit, and whether there are more (WHO-1 to WHO-4)."""
        names = self.peers.names
        first = bisect_right(names, after)
        end, room = first, self._roster_room
        for name in names[first : first + min(limit or ROSTER_TYPE.maximum, ROSTER_TYPE.maximum)]:
            room -= _USER + len(name)
            if room < 0:
                break
            end += 1
        return tuple(self.peers.by_name[name].user for name in names[first:end]), end < len(names)

    def _rename(self, peer: Peer, rename: m.Rename, now: Now) -> None:
        if rename.name == peer.name:
            return self._out.ok(peer, rename.request_id, 0, now)  # RENAME-4
        code = self._name_fault(peer, rename.name, now)
        if code:
            return self._refuse(peer, rename.TYPE, rename.request_id, code)  # RENAME-2
        before = peer.user
        self._out.log("rename", f"{label(peer)} to {rename.name}")  # RENAME-3: also where only its case changes.
        self.peers.rename(peer, rename.name)  # NAME-7: the session_id stays.
        renamed = m.Renamed(seq=0, time=now.wall, who=before, new_name=rename.name)
        return self._out.ok(peer, rename.request_id, self._out.publish(renamed, but=peer.id), now)

    def _leave(self, peer: Peer, leave: m.Leave, now: Now) -> None:
        self._out.end(peer, "LEFT", now, request_id=leave.request_id)  # LEAVE-1

    def _ping(self, peer: Peer, ping: m.Ping, now: Now) -> None:
        # PING-1. PING-2: it takes its place in the order like any other effect.
        self._out.tell(peer, m.Pong(request_id=ping.request_id, nonce=ping.nonce))

    def _pong(self, peer: Peer, pong: m.Pong, now: Now) -> None:
        # That it answers the PING that waits was seen to where the frame was read (PONG-1).
        peer.ping_id = 0

    # -- rules ---------------------------------------------------------------------------------------------------

    def _refusal_at_accept(self, peer: Peer, now: Now) -> tuple[str, int, str]:
        """The code, retry_after_ms and detail with which a new connection is turned away, in the order of LIM-4."""
        if self.stopping:
            return "SHUTTING_DOWN", _RETRY_SOON_MS, ""
        ban = self.bans.of_address(peer.address, self.bans.time(now))
        if ban is not None:
            return "BANNED", 0, ban.reason  # OP-3
        wait = self._attempts.take(peer.key, now.clock)
        if wait:
            return "TOO_MANY_ATTEMPTS", wait, ""
        if self.peers.of_key(peer.key) >= self.settings.connections_per_address:
            return "TOO_MANY_CONNECTIONS", _RETRY_SOON_MS, ""
        if len(self.peers.by_id) >= self.settings.max_connections:
            return "SERVER_FULL", _RETRY_SOON_MS, ""
        return "", 0, ""

    def _name_fault(self, peer: Peer, name: str, now: Now) -> str:
        """Why the peer may not take a valid name, in the order of the errors of HELLO and RENAME; empty if it may."""
        folded = name.lower()  # NAME-2: the name is ASCII, so lower() changes A to Z and nothing else.
        if folded in RESERVED_NAMES:
            return "NAME_RESERVED"  # NAME-4
        if self.bans.of_name(folded, self.bans.time(now)):
            return "NAME_BANNED"  # OP-3
        if self.peers.by_name.get(folded, peer) is not peer:
            return "NAME_TAKEN"  # NAME-3; RENAME-3: its own name is no other's.
        return ""

    def _limit_fault(self, message: Message, up_to: str = "") -> str:
        """The code of the first field that exceeds max_name or max_text (REQ-6), none behind the field `up_to`."""
        for field, limit, code in self._limited.get(type(message), ()):
            value = getattr(message, field)
            size = len(value if isinstance(value, bytes) else value.encode())
            if size > limit:
                return code
            if field == up_to:
                break
        return ""

    def _bucket(self, now: Now) -> Bucket:
        """RATE-4: each connection has its own."""
        return Bucket(self.settings.rate_burst, self.settings.rate_per_second, now.clock)

    def _take_token(self, peer: Peer, type_: int, request_id: int, now: Now) -> bool:
        """Whether the request may go on (section 13); if not, it has had its answer."""
        wait = peer.bucket.take(now.clock)
        if not wait:
            return True
        if peer.bucket.strikes >= self.settings.flood_strikes:
            retry = peer.bucket.full_after_ms()
            self._out.end(peer, "FLOOD", now, request_id=request_id, retry=retry, left=m.LeftReason.VIOLATION)
        else:
            self._refuse(peer, type_, request_id, "RATE_LIMITED", retry=wait)
        return False

    def _heard(self, peer_id: int, now: Now) -> Peer:
        """A complete frame has come: a sign of life (TIME-4)."""
        peer = self.peers.by_id[peer_id]
        peer.heard = now.clock
        if peer.pinged is not None:
            peer.pinged = None
            self.peers.watch(peer, self.settings)
        return peer

    def _attend(self, peer: Peer, now: Now) -> None:
        """A deadline of this connection has come; of several, the first here decides (TIME-9)."""
        frame_timeout = self.settings.frame_timeout / 1000
        if peer.frame_began is not None and now.clock >= peer.frame_began + frame_timeout:
            self._out.end(peer, "FRAME_TIMEOUT", now)  # TIME-2
        elif not peer.name:
            self._out.end(peer, "HANDSHAKE_TIMEOUT", now)  # TIME-1
        elif peer.pinged is not None:
            self._out.end(peer, "KEEPALIVE_TIMEOUT", now)  # TIME-4
        else:
            peer.pinged = now.clock
            if not peer.ping_id:  # PING-3: one at a time. TIME-3.
                peer.pings += 1
                peer.ping_id = peer.pings
                self._out.tell(peer, m.Ping(request_id=peer.ping_id, nonce=peer.pings))
            self.peers.watch(peer, self.settings)

    def _refuse(self, peer: Peer, type_: int, request_id: int, code: str, reason: str = "", retry: int = 0) -> None:
        """Answer a request with ERROR; a HELLO that was refused too often ends the connection (HELLO-5).

        Nothing else comes of the request (ERROR-1, SAY-3, PM-5). `type_` need not be one that there is (ERROR-2).
        """
        if type_ == m.Hello.TYPE:
            peer.tries += 1
            if peer.tries >= self.settings.hello_tries:
                self.peers.remove(peer)
                return self._out.goodbye(peer, "TOO_MANY_ATTEMPTS", request_id)
        return self._out.error(peer, type_, request_id, code, reason, retry)


# The fields that max_name and max_text bound, in the order in which they are examined.
_LIMITED: dict[type[Message], tuple[tuple[str, str, str], ...]] = {
    m.Hello: (("name", "max_name", "NAME_INVALID"),),
    m.Say: (("text", "max_text", "TEXT_TOO_LONG"),),
    m.Pm: (("to", "max_name", "NAME_INVALID"), ("text", "max_text", "TEXT_TOO_LONG")),
    m.Who: (("after", "max_name", "NAME_INVALID"),),
    m.Rename: (("name", "max_name", "NAME_INVALID"),),
}


def _limited(settings: Settings) -> dict[type[Message], tuple[tuple[str, int, str], ...]]:
    """The messages that a limit of this server bounds more narrowly than the protocol: their fields, limits and codes.

    What the protocol bounds was seen to where the frame was read.
    """
    narrow = {name for name in ("max_name", "max_text") if getattr(settings, name) < LIMITS[name].maximum}
    return {
        kind: tuple((field, getattr(settings, limit), code) for field, limit, code in fields)
        for kind, fields in _LIMITED.items()
        if not narrow.isdisjoint(limit for _, limit, _ in fields)
    }


#: The bytes of a ROSTER without users, and what a user adds to it beside the bytes of the name.
_EMPTY_ROSTER = len(encode(m.Roster(entries=(), more=False)))
_USER = len(encode(m.Roster(entries=(m.User(session_id=1, name="x"),), more=False))) - _EMPTY_ROSTER - 1


def _detail(reason: str) -> str:
    """A reason cut to what the field bears: one printable line of at most 255 bytes."""
    line = "".join(character if character.isprintable() else "?" for character in reason)
    return line.encode()[:255].decode(errors="ignore")
