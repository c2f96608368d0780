"""msgspec, written in C: MessagePack arrays to typed Structs. It checks types; no bounds of values are declared."""

from __future__ import annotations

import msgspec

from . import Codec, Peer
from .hand_written import read_chat, read_pm, read_roster, read_welcome


class _User(msgspec.Struct, array_like=True):
    session_id: int
    name: str


class _Pm(msgspec.Struct, array_like=True):
    request_id: int
    flags: int
    to: str
    text: str


class _Chat(msgspec.Struct, array_like=True):
    request_id: int
    flags: int
    seq: int
    time: int
    who: _User
    text: str


class _Roster(msgspec.Struct, array_like=True):
    request_id: int
    flags: int
    entries: tuple[_User, ...]
    more: bool


class _Welcome(msgspec.Struct, array_like=True):
    request_id: int
    flags: int
    version: int
    capabilities: int
    session_id: int
    name: str
    server_name: str
    seq: int
    time: int
    max_frame: int
    max_text: int
    max_name: int
    send_queue: int
    hello_tries: int
    rate_burst: int
    rate_per_second: int
    flood_strikes: int
    max_connections: int
    connections_per_address: int
    attempts_per_minute: int
    handshake_timeout: int
    frame_timeout: int
    ping_after: int
    pong_timeout: int
    close_drain: int


def _make_chat(request_id: int, flags: int, seq: int, time: int, session_id: int, name: str, text: str) -> _Chat:
    return _Chat(request_id, flags, seq, time, _User(session_id, name), text)


def _make_roster(request_id: int, flags: int, entries: tuple[tuple[int, str], ...], more: bool) -> _Roster:
    return _Roster(request_id, flags, tuple([_User(session_id, name) for session_id, name in entries]), more)


_encode = msgspec.msgpack.Encoder().encode

PEER = Peer(
    "msgspec (C), MessagePack",
    "types",
    {
        "CHAT": Codec(msgspec.msgpack.Decoder(_Chat).decode, read_chat, _make_chat, _encode),
        "PM": Codec(msgspec.msgpack.Decoder(_Pm).decode, read_pm, _Pm, _encode),
        "WELCOME": Codec(msgspec.msgpack.Decoder(_Welcome).decode, read_welcome, _Welcome, _encode),
        "ROSTER": Codec(msgspec.msgpack.Decoder(_Roster).decode, read_roster, _make_roster, _encode),
    },
    speaks_imp=False,
    package="msgspec",
)
