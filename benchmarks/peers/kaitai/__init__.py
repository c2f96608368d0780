"""Kaitai Struct: what its compiler makes of `imp.ksy`, over its Python runtime.

The read-only output decodes, as it is three times as fast at that; only the read-write output can encode. There a count is
a field like any other, so `make` sets it and `_check` holds it to the string.
"""

from __future__ import annotations

from typing import Any

from kaitaistruct import BytesIO, KaitaiStream

from .. import Codec, Peer, Values
from ..hand_written import read_chat, read_pm, read_welcome
from .imp_read_only import Imp as Reading  # type: ignore[attr-defined]
from .imp_read_write import Imp as Writing  # type: ignore[attr-defined]

_LIMITS = (
    *("max_frame", "max_text", "max_name", "send_queue", "hello_tries", "rate_burst", "rate_per_second"),
    *("flood_strikes", "max_connections", "connections_per_address", "attempts_per_minute"),
    *("handshake_timeout", "frame_timeout", "ping_after", "pong_timeout", "close_drain"),
)


def _decode_chat(frame: bytes) -> Any:
    return Reading.Chat(KaitaiStream(BytesIO(frame)))


def _decode_pm(frame: bytes) -> Any:
    return Reading.Pm(KaitaiStream(BytesIO(frame)))


def _decode_roster(frame: bytes) -> Any:
    return Reading.Roster(KaitaiStream(BytesIO(frame)))


def _decode_welcome(frame: bytes) -> Any:
    return Reading.Welcome(KaitaiStream(BytesIO(frame)))


def _read_roster(m: Any) -> Values:
    return (m.request_id, m.flags, tuple([(user.session_id, user.name) for user in m.entries]), m.more == 1)


def _user(parent: Any, session_id: int, name: str) -> Any:
    user = Writing.User(None, parent, None)
    user.session_id, user.name, user.len_name = session_id, name, len(name.encode())
    return user


def _make_chat(request_id: int, flags: int, seq: int, time: int, session_id: int, name: str, text: str) -> Any:
    m = Writing.Chat()
    m.type, m.request_id, m.flags, m.seq, m.time, m.text = 0xC0, request_id, flags, seq, time, text
    m.who, m.len_text = _user(m, session_id, name), len(text.encode())
    m.length = 33 + m.who.len_name + m.len_text
    return m


def _make_pm(request_id: int, flags: int, to: str, text: str) -> Any:
    m = Writing.Pm()
    m.type, m.request_id, m.flags, m.to, m.text = 0x03, request_id, flags, to, text
    m.len_to, m.len_text = len(to.encode()), len(text.encode())
    m.length = 9 + m.len_to + m.len_text
    return m


def _make_roster(request_id: int, flags: int, entries: tuple[tuple[int, str], ...], more: bool) -> Any:
    m = Writing.Roster()
    m.type, m.request_id, m.flags, m.more = 0x82, request_id, flags, int(more)
    m.entries = [_user(m, session_id, name) for session_id, name in entries]
    m.num_entries = len(entries)
    m.length = 9 + sum(9 + user.len_name for user in m.entries)
    return m


def _make_welcome(request_id: int, flags: int, *values: Any) -> Any:
    m = Writing.Welcome()
    m.type, m.request_id, m.flags = 0x80, request_id, flags
    m.version, m.capabilities, m.session_id, m.name, m.server_name, m.seq, m.time = values[:7]
    for name, value in zip(_LIMITS, values[7:], strict=True):
        setattr(m, name, value)
    m.len_name, m.len_server_name = len(m.name.encode()), len(m.server_name.encode())
    m.length = 92 + m.len_name + m.len_server_name
    return m


def _written(m: Any) -> bytes:
    m._check()
    stream = KaitaiStream(BytesIO(bytearray(4 + m.length)))
    m._write(stream)
    return bytes(stream.to_byte_array())


def _encode_chat(m: Any) -> bytes:
    m.who._check()
    return _written(m)


def _encode_roster(m: Any) -> bytes:
    for user in m.entries:
        user._check()
    return _written(m)


PEER = Peer(
    "Kaitai Struct",
    "numbers, not characters",
    {
        "CHAT": Codec(_decode_chat, read_chat, _make_chat, _encode_chat),
        "PM": Codec(_decode_pm, read_pm, _make_pm, _written),
        "WELCOME": Codec(_decode_welcome, read_welcome, _make_welcome, _written),
        "ROSTER": Codec(_decode_roster, _read_roster, _make_roster, _encode_roster),
    },
    package="kaitaistruct",
)
