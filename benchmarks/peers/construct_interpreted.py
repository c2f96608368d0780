"""construct as its users write it, without checks of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import construct as c

from . import Codec, Peer, Values

_TYPE = c.Enum(c.Int8ub, PM=0x03, WELCOME=0x80, ROSTER=0x82, CHAT=0xC0)
_SHORT = c.PascalString(c.Int8ub, "utf8")
_LONG = c.PascalString(c.Int16ub, "utf8")


def _body(*fields: Any) -> Any:
    return c.Struct("type" / _TYPE, "flags" / c.Int8ub, "request_id" / c.Int32ub, *fields)


_LIMITS = {
    "max_frame": c.Int32ub,
    "max_text": c.Int16ub,
    "max_name": c.Int8ub,
    "send_queue": c.Int32ub,
    "hello_tries": c.Int8ub,
    "rate_burst": c.Int32ub,
    "rate_per_second": c.Int32ub,
    "flood_strikes": c.Int16ub,
    "max_connections": c.Int32ub,
    "connections_per_address": c.Int32ub,
    "attempts_per_minute": c.Int32ub,
    "handshake_timeout": c.Int32ub,
    "frame_timeout": c.Int32ub,
    "ping_after": c.Int32ub,
    "pong_timeout": c.Int32ub,
    "close_drain": c.Int32ub,
}

_USER = c.Struct("session_id" / c.Int64ub, "name" / _SHORT)

#: What stands behind the length.
BODIES: dict[str, Any] = {
    "CHAT": _body("seq" / c.Int64ub, "time" / c.Int64ub, "who" / _USER, "text" / _LONG),
    "PM": _body("to" / _SHORT, "text" / _LONG),
    "WELCOME": _body(
        "version" / c.Int16ub,
        "capabilities" / c.Int32ub,
        "session_id" / c.Int64ub,
        "name" / _SHORT,
        "server_name" / _SHORT,
        "seq" / c.Int64ub,
        "time" / c.Int64ub,
        *(name / subcon for name, subcon in _LIMITS.items()),
    ),
    "ROSTER": _body("entries" / c.PrefixedArray(c.Int16ub, _USER), "more" / c.Flag),
}
FRAMES: dict[str, Any] = {name: c.Prefixed(c.Int32ub, body) for name, body in BODIES.items()}


def _read_chat(m: Any) -> Values:
    who = m["who"]
    return (m["request_id"], m["flags"], m["seq"], m["time"], who["session_id"], who["name"], m["text"])


def _make_chat(request_id: int, flags: int, seq: int, time: int, session_id: int, name: str, text: str) -> Any:
    who = {"session_id": session_id, "name": name}
    header = {"type": "CHAT", "flags": flags, "request_id": request_id}
    return {**header, "seq": seq, "time": time, "who": who, "text": text}


def _read_pm(m: Any) -> Values:
    return (m["request_id"], m["flags"], m["to"], m["text"])


def _make_pm(request_id: int, flags: int, to: str, text: str) -> Any:
    return {"type": "PM", "flags": flags, "request_id": request_id, "to": to, "text": text}


_WELCOME_FIELDS = ("version", "capabilities", "session_id", "name", "server_name", "seq", "time", *_LIMITS)


def _read_welcome(m: Any) -> Values:
    return (m["request_id"], m["flags"], *[m[name] for name in _WELCOME_FIELDS])


def _make_welcome(request_id: int, flags: int, *values: Any) -> Any:
    header = {"type": "WELCOME", "flags": flags, "request_id": request_id}
    return {**header, **dict(zip(_WELCOME_FIELDS, values, strict=True))}


def _read_roster(m: Any) -> Values:
    entries = tuple([(user["session_id"], user["name"]) for user in m["entries"]])
    return (m["request_id"], m["flags"], entries, m["more"])


def _make_roster(request_id: int, flags: int, entries: tuple[tuple[int, str], ...], more: bool) -> Any:
    users = [{"session_id": session_id, "name": name} for session_id, name in entries]
    return {"type": "ROSTER", "flags": flags, "request_id": request_id, "entries": users, "more": more}


def peer(
    name: str, checks: str, decoders: dict[str, Callable[[bytes], Any]], encoders: dict[str, Callable[[Any], bytes]]
) -> Peer:
    """The competitor that uses these functions, by message."""
    ways: dict[str, tuple[Callable[[Any], Values], Callable[..., Any]]] = {
        "CHAT": (_read_chat, _make_chat),
        "PM": (_read_pm, _make_pm),
        "WELCOME": (_read_welcome, _make_welcome),
        "ROSTER": (_read_roster, _make_roster),
    }
    codecs = {
        message: Codec(decoders[message], read, make, encoders[message]) for message, (read, make) in ways.items()
    }
    return Peer(name, checks, codecs, package="construct")


PEER = peer(
    "construct, plain",
    "bounds",
    {name: frame.parse for name, frame in FRAMES.items()},
    {name: frame.build for name, frame in FRAMES.items()},
)
