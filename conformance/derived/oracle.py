"""What a server owes to a frame: the order of examination of protocol.txt (REQ-5), one function a step.

It knows the tables, the constructs' bounds and the sentences of the document, and no implementation. A frame and a
situation come in; what is due goes out, with the requirements that demand it and the situation that follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from impwire import messages as m
from impwire.codecs import CODECS, CURSOR_TYPE, FRAME, NAME_TYPE, TEXT_TYPE
from impwire.constructs import Text
from impwire.tables import (
    FAILURES,
    LEGAL,
    MAX_FRAME_BEFORE_WELCOME,
    NUMBERING,
    PROTOCOL_VERSION,
    REPLIES,
    RESERVED_NAMES,
    Role,
    Settings,
    State,
)
from impwire.wire import Message

from ..language import Part
from .walk import Walk, text_fault, walk

#: The client whose frames are judged, and how the case language names it.
ACTOR = "ann"
_SELF = f"${ACTOR}"

#: REQ-6: the limits that a server may set lower than the types do.
_SET_LOWER = {id(TEXT_TYPE): "max_text", id(NAME_TYPE): "max_name", id(CURSOR_TYPE): "max_name"}

#: Where the parts of the header stand.
_STARTS = (0, *itertools.accumulate(field.subcon.sizeof() for field in FRAME.fields))
_HEADER = [(field.role, *ends) for field, ends in zip(FRAME.fields, itertools.pairwise(_STARTS), strict=True)]

#: RATE-1: what costs no token.
_FREE = (m.Hello, m.Leave, m.Pong)


@dataclass(frozen=True)
class Situation:
    """One client's connection as the server knows it. `others` are the names of the other users."""

    state: State = State.ACTIVE
    settings: Settings = field(default_factory=Settings)
    name: str = ACTOR
    others: tuple[str, ...] = ()
    #: Tokens that have been spent, refusals for lack of one, and refused HELLOs.
    spent: int = 0
    strikes: int = 0
    refused: int = 0

    @property
    def longest(self) -> int:
        """FRAME-4: the greatest length of a frame."""
        return MAX_FRAME_BEFORE_WELCOME if self.state is State.CONNECTED else self.settings.max_frame


class Fault(NamedTuple):
    """A code, and the requirements that demand it, the most particular one first."""

    code: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What is due: a reply with the fields that are known (no message: nothing is due), and what the others are told."""

    message: str
    fields: dict[str, Any]
    rules: tuple[str, ...]
    after: Situation
    told: dict[str, Part] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The code of the refusal or ending; empty if the frame is accepted or passed over."""
        return str(self.fields.get("code", ""))


class Frame:
    """A whole frame as far as a server reads it: the header, and the body of a type that it knows."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        values = {role: int.from_bytes(data[start:end], "big") for role, start, end in _HEADER}
        self.length, self.type = values["length"], values["type"]
        self.flags, self.request_id = values["flags"], values["correlation"]
        codec = CODECS.by_type.get(self.type)
        self.record: type[Message] | None = codec.record if codec else None

    @property
    def by_client(self) -> bool:
        """Whether a client may send this type, known or not (section 4)."""
        return any(first <= self.type <= last and sender != "server" for first, last, sender, _ in NUMBERING)

    @property
    def counts_as_request(self) -> bool:
        """GOODBYE-1: whether an ending that the frame causes bears its request_id."""
        return self.by_client and self.record is not m.Pong

    @cached_property
    def body(self) -> Walk:
        assert self.record is not None
        return walk(self.record.NAME, self.data)

    def value(self, path: str) -> bytes:
        return next(item.data for item in self.body.items if item.path == path)

    def text(self, path: str) -> str:
        return self.value(path).decode()

    def number(self, path: str) -> int:
        return int.from_bytes(self.value(path), "big")


# -- the order of examination ------------------------------------------------------------------------------------------


def _length(frame: Frame, now: Situation) -> Fault | None:
    """(1) The length: MALFORMED, FRAME_TOO_LARGE."""
    if frame.length < FRAME.header_size - FRAME.prefix_size:
        return Fault(FRAME.malformed, ("FRAME-2",))
    return Fault(FRAME.too_large, ("FRAME-4",)) if frame.length > now.longest else None


def _header(frame: Frame, now: Situation) -> Fault | None:
    """(2) The direction of the type, a request_id of 0, and the state, in this order."""
    if not frame.by_client:
        return Fault("UNEXPECTED_MESSAGE", ("STATE-3",))
    if frame.request_id == 0:
        return Fault(FRAME.malformed, ("FRAME-8",))
    known = frame.record is not None
    if known and (Role.CLIENT, now.state, frame.record) in LEGAL:
        return None
    if now.state is State.CONNECTED:
        return Fault("UNEXPECTED_MESSAGE", ("STATE-2", "STATE-1") if known else ("STATE-2",))
    return Fault("UNEXPECTED_MESSAGE", ("STATE-1",)) if known else None


def _layout(frame: Frame, now: Situation) -> Fault | None:
    """(3) The layout of the body of a type that it knows: MALFORMED."""
    if frame.record is None or not frame.body.broken:
        return None
    if frame.record is m.Hello and "FRAME-7" in frame.body.broken:
        return Fault(FRAME.malformed, ("HELLO-8", "FRAME-7"))
    return Fault(FRAME.malformed, frame.body.broken)


def _versions(frame: Frame, now: Situation) -> Fault | None:
    """(4) The versions in HELLO: VERSION_UNSUPPORTED."""
    if frame.record is not m.Hello:
        return None
    spoken = frame.number("min_version") <= PROTOCOL_VERSION <= frame.number("max_version")
    return None if spoken else Fault("VERSION_UNSUPPORTED", ("HELLO-2", "HELLO-1"))


def costs(record: type[Message] | None) -> bool:
    """RATE-1: whether a request costs a token; None is one of an unknown type."""
    return record not in _FREE


def _costs(frame: Frame, now: Situation) -> bool:
    """RATE-1: also a LEAVE that is to be refused."""
    return costs(frame.record) or (frame.record is m.Leave and _critical(frame, now) is not None)


def _rate(frame: Frame, now: Situation) -> Fault | None:
    """(5) The rate: FLOOD, RATE_LIMITED."""
    if not _costs(frame, now) or now.spent < now.settings.rate_burst:
        return None
    if now.strikes + 1 >= now.settings.flood_strikes:
        return Fault("FLOOD", ("RATE-3",))
    return Fault("RATE_LIMITED", ("RATE-2", "RATE-1"))


def _type(frame: Frame, now: Situation) -> Fault | None:
    """(6) The type: UNKNOWN_TYPE."""
    return Fault("UNKNOWN_TYPE", ("EXT-13",)) if frame.record is None else None


def _critical(frame: Frame, now: Situation) -> Fault | None:
    """(7) Flags and extensions: UNSUPPORTED_CRITICAL, for a PONG MALFORMED."""
    flag, extension = frame.flags & FRAME.critical_flags, any(tag % 2 for tag, _ in frame.body.extensions)
    if not flag and not extension:
        return None
    if frame.record is m.Pong:
        return Fault(FRAME.malformed, ("EXT-8",))
    return Fault(FRAME.unsupported_critical, ("EXT-2",) * bool(flag) + ("EXT-4",) * extension)


def _values(frame: Frame, now: Situation) -> Fault | None:
    """(8) The values, field by field in the order of the table."""
    for item in frame.body.items:
        if isinstance(item.construct, Text):
            limit = _SET_LOWER.get(id(item.construct))
            maximum = getattr(now.settings, limit) if limit else item.construct.maximum
            if code := text_fault(item.construct, item.data, min(maximum, item.construct.maximum)):
                return Fault(code, _VALUE_RULES.get(code, ("REQ-5",)))
    return None


_VALUE_RULES = {
    "NAME_INVALID": ("NAME-1",),
    "TEXT_EMPTY": ("TEXT-3", "TEXT-4"),
    "TEXT_TOO_LONG": ("TEXT-3", "TEXT-4"),
    "INVALID_TEXT": ("TEXT-4",),
}


def _asked(frame: Frame, now: Situation) -> Fault | None:
    """(9) Whether a PONG answers a PING (here none waits); what a request asks for."""
    if frame.record is m.Pong:
        return Fault("UNEXPECTED_MESSAGE", ("PONG-1",))
    if frame.record in (m.Hello, m.Rename):
        name = _folded(frame.text("name"))
        if name in RESERVED_NAMES:
            return Fault("NAME_RESERVED", ("NAME-4",))
        if name in map(_folded, now.others):
            return Fault("NAME_TAKEN", ("NAME-3", "NAME-2"))
    if frame.record is m.Pm:
        to = _folded(frame.text("to"))
        if to == _folded(now.name):
            return Fault("SELF_TARGET", ("PM-4",))
        if to not in map(_folded, now.others):
            return Fault("NO_SUCH_USER", ("PM-3",))
    return None


#: The steps of REQ-5 by their numbers.
STEPS: dict[int, Callable[[Frame, Situation], Fault | None]] = {
    1: _length,
    2: _header,
    3: _layout,
    4: _versions,
    5: _rate,
    6: _type,
    7: _critical,
    8: _values,
    9: _asked,
}


def _folded(name: str) -> str:
    """NAME-2: A to Z into a to z. (Any other character has been refused in step 8.)"""
    return name.lower()


# -- what follows from it ----------------------------------------------------------------------------------------------


def answer(data: bytes, now: Situation) -> Answer:
    """What is due on the next whole frame of the client; on a length that is refused, its first four bytes suffice."""
    if now.state in (State.CLOSING, State.CLOSED):
        return Answer("", {}, ("STATE-5",), now)
    frame = Frame(data)
    for step in STEPS.values():
        if fault := step(frame, now):
            return _refusal(frame, fault, now)
    return _accepted(frame, replace(now, spent=now.spent + 1) if costs(frame.record) else now)


def answer_to_end(rest: bytes, now: Situation) -> Answer:
    """What is due when the stream ends and `rest` is what has come of a frame (END-3, END-4)."""
    code, reason = (FRAME.malformed, "LOST") if rest else ("LEFT", "LEFT")
    return _ending(Fault(code, ("END-4",) if rest else ("END-3",)), 0, reason, now)


def _refusal(frame: Frame, fault: Fault, now: Situation) -> Answer:
    limited = fault.code == "RATE_LIMITED"
    if not FAILURES[fault.code].fatal and frame.record is m.Hello:
        now = replace(now, refused=now.refused + 1)
        if now.refused >= now.settings.hello_tries:
            fault = Fault("TOO_MANY_ATTEMPTS", ("HELLO-5",))
    if FAILURES[fault.code].fatal:
        refused_length = _length(frame, now) is not None
        request_id = frame.request_id if frame.counts_as_request and not refused_length else 0
        return _ending(fault, request_id, "VIOLATION", now)
    if limited:
        now = replace(now, strikes=now.strikes + 1)
    elif _costs(frame, now):
        now = replace(now, spent=now.spent + 1)
    fields = {"code": fault.code, "request_id": frame.request_id, "request_type": frame.type}
    fields["retry_after_ms"] = {"at least": 1} if limited else 0
    return Answer("ERROR", fields, fault.rules, now)


def _ending(fault: Fault, request_id: int, reason: str, now: Situation) -> Answer:
    """GOODBYE, and LEFT for the others if they knew of the client (LEFT-1, END-7)."""
    user = now.state is State.ACTIVE
    told = {other: Part("LEFT", {"who": _who(now), "reason": reason}) for other in now.others if user}
    fields = {"code": fault.code, "request_id": request_id}
    return Answer("GOODBYE", fields, fault.rules, replace(now, state=State.CLOSED), told)


def _who(now: Situation) -> Any:
    return _SELF if now.name == ACTOR else {"session_id": f"{_SELF}.session_id", "name": now.name}


def _accepted(frame: Frame, now: Situation) -> Answer:
    """The reply of a request in which nothing is wrong, and the events that it causes."""
    assert frame.record is not None
    reply = REPLIES[frame.record][0].NAME
    fields: dict[str, Any] = {"request_id": frame.request_id}
    told: dict[str, Part] = {}
    rules: tuple[str, ...] = ("REQ-1",)
    if frame.record is m.Hello:
        now = replace(now, state=State.ACTIVE, name=frame.text("name"))
        fields |= {"name": now.name, "version": PROTOCOL_VERSION}
        told = dict.fromkeys(now.others, Part("JOINED", {"who": _SELF}))
        rules = ("HELLO-4", "HELLO-1")
    elif frame.record is m.Say:
        told = dict.fromkeys(now.others, Part("CHAT", {"who": _who(now), "text": frame.text("text")}))
        rules = ("SAY-2", "SAY-1") if told else ("SAY-2",)
    elif frame.record is m.Pm:
        fields["seq"] = 0
        recipient = next(other for other in now.others if _folded(other) == _folded(frame.text("to")))
        told = {recipient: Part("WHISPER", {"who": _who(now), "text": frame.text("text")})}
        rules = ("PM-2", "PM-1")
    elif frame.record is m.Who:
        fields |= _roster(frame.text("after"), frame.number("limit"), now)
        rules = ("WHO-1", "WHO-2", "WHO-3")
    elif frame.record is m.Rename:
        name = frame.text("name")
        rules = ("RENAME-1",)
        if name == now.name:
            fields["seq"], rules = 0, ("RENAME-4",)
        else:
            told = dict.fromkeys(now.others, Part("RENAMED", {"who": _who(now), "new_name": name}))
        now = replace(now, name=name)
    elif frame.record is m.Leave:
        return _ending(Fault("LEFT", ("LEAVE-1",)), frame.request_id, "LEFT", now)
    elif frame.record is m.Ping:
        fields["nonce"] = frame.number("nonce")
        rules = ("PING-1",)
    return Answer(reply, fields, rules, now, told)


def _roster(after: str, limit: int, now: Situation) -> dict[str, Any]:
    """WHO-1 to WHO-3, among as few users as a case has."""
    bearers = {_folded(now.name): _who(now)} | {_folded(other): f"${other}" for other in now.others}
    behind = [bearers[name] for name in sorted(bearers) if name > _folded(after)]
    listed = behind[:limit] if limit else behind
    return {"entries": listed, "more": len(listed) < len(behind)}
