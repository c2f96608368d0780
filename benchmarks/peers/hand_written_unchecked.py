"""Written by hand without a check of a value: what the checks cost shows beside `hand_written`."""

from __future__ import annotations

from . import Codec, Peer
from .hand_written import (
    _CHAT_HEAD,
    _COUNT,
    _PM_HEAD,
    _ROSTER_HEAD,
    _USER,
    _WELCOME_HEAD,
    _WELCOME_TAIL,
    Chat,
    Pm,
    Roster,
    User,
    Welcome,
    make_chat,
    make_roster,
    read_chat,
    read_pm,
    read_roster,
    read_welcome,
)


def _decode_pm(frame: bytes) -> Pm:
    _, _, flags, request_id, size = _PM_HEAD.unpack_from(frame)
    at = 11 + size
    (count,) = _COUNT.unpack_from(frame, at)
    return Pm(request_id, flags, frame[11:at].decode(), frame[at + 2 : at + 2 + count].decode())


def _encode_pm(pm: Pm) -> bytes:
    to, text = pm.to.encode(), pm.text.encode()
    head = _PM_HEAD.pack(9 + len(to) + len(text), 0x03, pm.flags, pm.request_id, len(to))
    return head + to + _COUNT.pack(len(text)) + text


def _decode_chat(frame: bytes) -> Chat:
    _, _, flags, request_id, seq, time, session_id, size = _CHAT_HEAD.unpack_from(frame)
    at = 35 + size
    (count,) = _COUNT.unpack_from(frame, at)
    text = frame[at + 2 : at + 2 + count].decode()
    return Chat(request_id, flags, seq, time, User(session_id, frame[35:at].decode()), text)


def _encode_chat(chat: Chat) -> bytes:
    who = chat.who
    name, text = who.name.encode(), chat.text.encode()
    length = 33 + len(name) + len(text)
    head = _CHAT_HEAD.pack(length, 0xC0, chat.flags, chat.request_id, chat.seq, chat.time, who.session_id, len(name))
    return head + name + _COUNT.pack(len(text)) + text


def _decode_roster(frame: bytes) -> Roster:
    _, _, flags, request_id, count = _ROSTER_HEAD.unpack_from(frame)
    at, entries = 12, []
    for _ in range(count):
        session_id, size = _USER.unpack_from(frame, at)
        start = at + 9
        at = start + size
        entries.append(User(session_id, frame[start:at].decode()))
    return Roster(request_id, flags, tuple(entries), frame[at] == 1)


def _encode_roster(roster: Roster) -> bytes:
    parts: list[bytes] = []
    for user in roster.entries:
        name = user.name.encode()
        parts += _USER.pack(user.session_id, len(name)), name
    body = b"".join(parts)
    head = _ROSTER_HEAD.pack(9 + len(body), 0x82, roster.flags, roster.request_id, len(roster.entries))
    return head + body + (b"\x01" if roster.more else b"\x00")


def _decode_welcome(frame: bytes) -> Welcome:
    _, _, flags, request_id, version, capabilities, session_id, size = _WELCOME_HEAD.unpack_from(frame)
    at = 25 + size
    end = at + 1 + frame[at]
    name, label = frame[25:at].decode(), frame[at + 1 : end].decode()
    limits = _WELCOME_TAIL.unpack_from(frame, end)
    return Welcome(request_id, flags, version, capabilities, session_id, name, label, *limits)


def _encode_welcome(welcome: Welcome) -> bytes:
    name, label = welcome.name.encode(), welcome.server_name.encode()
    head = _WELCOME_HEAD.pack(
        92 + len(name) + len(label),
        0x80,
        welcome.flags,
        welcome.request_id,
        welcome.version,
        welcome.capabilities,
        welcome.session_id,
        len(name),
    )
    tail = _WELCOME_TAIL.pack(
        welcome.seq,
        welcome.time,
        welcome.max_frame,
        welcome.max_text,
        welcome.max_name,
        welcome.send_queue,
        welcome.hello_tries,
        welcome.rate_burst,
        welcome.rate_per_second,
        welcome.flood_strikes,
        welcome.max_connections,
        welcome.connections_per_address,
        welcome.attempts_per_minute,
        welcome.handshake_timeout,
        welcome.frame_timeout,
        welcome.ping_after,
        welcome.pong_timeout,
        welcome.close_drain,
    )
    return head + name + bytes((len(label),)) + label + tail


PEER = Peer(
    "hand-written, unchecked",
    "none, not even bounds",
    {
        "CHAT": Codec(_decode_chat, read_chat, make_chat, _encode_chat),
        "PM": Codec(_decode_pm, read_pm, Pm, _encode_pm),
        "WELCOME": Codec(_decode_welcome, read_welcome, Welcome, _encode_welcome),
        "ROSTER": Codec(_decode_roster, read_roster, make_roster, _encode_roster),
    },
)
