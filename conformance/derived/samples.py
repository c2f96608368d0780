"""Frames to begin with: one that is right for each message, to be spoiled in one place.

A message or field that is new in the spec gets its sample from its construct; the tables below only make the samples
of those that are known agree with the users of a case.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from impwire import constructs as k
from impwire.codecs import CODECS, FRAME
from impwire.tables import LEGAL, PROTOCOL_VERSION, Role, State

#: The request_id of every frame that is looked at; no other frame of a case bears it.
REQUEST_ID = 7

_FIELDS: dict[str, dict[str, Any]] = {
    "HELLO": {"min_version": PROTOCOL_VERSION, "max_version": PROTOCOL_VERSION, "name": "ann"},
    "PM": {"to": "bob"},
    "RENAME": {"name": "annie"},
    "CHAT": {"seq": 2},
    "NOTICE": {"seq": 2},
    "JOINED": {"seq": 2},
    "LEFT": {"seq": 2},
    "RENAMED": {"seq": 2},
}
_NAME, _TEXT = "bob", "hello"

#: The parts of the header and their sizes.
_SIZES = [(field.role, int(field.subcon.sizeof())) for field in FRAME.fields]


def client_messages() -> list[str]:
    """The messages that a client may send in some state, in the order of their types."""
    return _sent_by(Role.CLIENT)


def server_messages() -> list[str]:
    """The messages that a server may send in some state, in the order of their types."""
    return _sent_by(Role.SERVER)


@functools.cache
def _sent_by(role: Role) -> list[str]:
    names = {record.NAME for sender, _, record in LEGAL if sender is role}
    return [codec.record.NAME for codec in CODECS.by_type.values() if codec.record.NAME in names]


def home(message: str) -> State:
    """The state in which a client may send the message: ACTIVE, unless it is for an earlier one only."""
    record = CODECS.by_name[message].record
    active = (Role.CLIENT, State.ACTIVE, record) in LEGAL
    return (
        State.ACTIVE if active else next(state for role, state, kind in LEGAL if (role, kind) == (Role.CLIENT, record))
    )


def sample(message: str) -> dict[str, Any]:
    """Values for all fields of a message, the fixed ones left out."""
    fields = CODECS.by_name[message].fields
    values = {member.name: _value(member.subcon) for member in fields if not isinstance(member.subcon, k.Fixed)}
    return values | _FIELDS.get(message, {})


def _value(construct: Any) -> Any:
    if isinstance(construct, k.Text):
        return _TEXT if construct.rule.fullmatch("two words") else _NAME
    if isinstance(construct, k.Enumeration):
        return next(iter(construct.members)).name
    if isinstance(construct, k.Record):
        members: list[Any] = construct.subcons
        return {member.name: _value(member.subcon) for member in members}
    if isinstance(construct, k.Boolean):
        return False
    return () if isinstance(construct, k.Many) else construct.minimum


def built(message: str, values: dict[str, Any]) -> bytes:
    """The frame of a message with any values, allowed or not."""
    frame: bytes = CODECS.by_name[message].build({"request_id": REQUEST_ID, **values}, unchecked=True)
    return frame


@functools.cache
def sample_frame(message: str) -> bytes:
    """The frame of the sample."""
    return built(message, sample(message))


def assembled(
    type_: int, body: bytes = b"", *, flags: int = 0, request_id: int = REQUEST_ID, length: int | None = None
) -> bytes:
    """A frame of any type; the length is right unless it is given."""
    counted = FRAME.header_size - FRAME.prefix_size + len(body) if length is None else length
    values = {"length": counted, "type": type_, "flags": flags, "correlation": request_id}
    return b"".join(values[role].to_bytes(size, "big") for role, size in _SIZES) + body


def body_of(frame: bytes) -> bytes:
    """What stands behind the header."""
    return frame[FRAME.header_size :]


def records(extensions: Iterable[tuple[int, bytes]]) -> bytes:
    """Extensions as they stand behind the fields."""
    tag, count = FRAME.tag.sizeof(), FRAME.value.count.sizeof()
    return b"".join(
        number.to_bytes(tag, "big") + len(value).to_bytes(count, "big") + value for number, value in extensions
    )


def padded(message: str, length: int) -> tuple[bytes, int]:
    """The beginning of a frame of that length, and how many zero bytes complete it: the value of an extension."""
    body = body_of(sample_frame(message))
    fill = length - (FRAME.header_size - FRAME.prefix_size) - len(body) - len(records([(0, b"")]))
    extension = (2).to_bytes(FRAME.tag.sizeof(), "big") + fill.to_bytes(FRAME.value.count.sizeof(), "big")
    return assembled(CODECS.by_name[message].record.TYPE, body + extension, length=length), fill
