"""What an engineer writes by hand: precompiled structs, slices, slotted dataclasses, and every check that `impwire` makes.

What is common passes by a quick test on the bytes; only what fails it goes through the pattern. Errors are ValueErrors.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

from . import Codec, Peer, Values

_PM_HEAD = struct.Struct(">IBBIB")
_CHAT_HEAD = struct.Struct(">IBBIQQQB")
_WELCOME_HEAD = struct.Struct(">IBBIHIQB")
_WELCOME_TAIL = struct.Struct(">QQIHBIBIIHIIIIIIII")
_ROSTER_HEAD = struct.Struct(">IBBIH")
_USER = struct.Struct(">QB")
_COUNT = struct.Struct(">H")
_EXTENSION = struct.Struct(">BH")

_CRITICAL_FLAGS = 0x0F
_is_name = re.compile(rb"[A-Za-z][A-Za-z0-9_-]*").fullmatch
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL_OR_BREAK = re.compile("[\x00-\x1f\x7f-\x9f]")


def _marking(suspects: bytes) -> bytes:
    """A table that leaves bytes alone but for the suspects: what it does not change holds none of them."""
    return bytes.maketrans(suspects, b"?" * len(suspects))


# 0xC2 begins U+0080 to U+009F, which are forbidden, and U+00A0 to U+00BF, which are not.
_LABEL_SUSPECTS = _marking(bytes([*range(0x20), 0x7F, 0xC2]))
_TEXT_SUSPECTS = _marking(bytes([*range(0x09), *range(0x0B, 0x20), 0x7F, 0xC2]))

Extensions = tuple[tuple[int, bytes], ...]


@dataclass(slots=True)
class User:
    session_id: int
    name: str


@dataclass(slots=True)
class Pm:
    request_id: int
    flags: int
    to: str
    text: str
    extensions: Extensions = ()


@dataclass(slots=True)
class Chat:
    request_id: int
    flags: int
    seq: int
    time: int
    who: User
    text: str
    extensions: Extensions = ()


@dataclass(slots=True)
class Roster:
    request_id: int
    flags: int
    entries: tuple[User, ...]
    more: bool
    extensions: Extensions = ()


@dataclass(slots=True)
class Welcome:
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
    extensions: Extensions = ()


# -- checks --------------------------------------------------------------------------------------------------------------


def _check_header(frame: bytes, length: int, type_: int, expected: int, flags: int) -> None:
    """Say what is wrong with a header that is not as it should be."""
    if length + 4 != len(frame):
        raise ValueError(f"the length is {length}, and {len(frame) - 4} bytes follow it")
    if type_ != expected:
        raise ValueError(f"type {type_:#x} is not {expected:#x}")
    raise ValueError(f"flags {flags:#x} hold a critical one")


def _check_text(data: bytes) -> None:
    if _CONTROL.search(data.decode()):
        raise ValueError("the text holds a control character")


def _check_label(data: bytes) -> None:
    if _CONTROL_OR_BREAK.search(data.decode()):
        raise ValueError("the label holds a control character")


def _read_extensions(frame: bytes, at: int) -> Extensions:
    """The records from `at` to the end of the frame. Of equal tags the first counts."""
    found: dict[int, bytes] = {}
    while at < len(frame):
        tag, size = _EXTENSION.unpack_from(frame, at)
        at += 3 + size
        if tag % 2:
            raise ValueError(f"extension {tag} is critical")
        found.setdefault(tag, frame[at - size : at])
    if at > len(frame):
        raise ValueError("the frame ends too early")
    return tuple(found.items())


def _write_extensions(extensions: Extensions) -> bytes:
    if len({tag for tag, _ in extensions}) < len(extensions):
        raise ValueError("an extension stands here twice")
    if any(tag % 2 for tag, _ in extensions):
        raise ValueError("an extension is critical")
    return b"".join(_EXTENSION.pack(tag, len(value)) + value for tag, value in extensions)


# -- PM ------------------------------------------------------------------------------------------------------------------


def decode_pm(frame: bytes) -> Pm:
    try:
        length, type_, flags, request_id, size = _PM_HEAD.unpack_from(frame)
        at = 11 + size
        (count,) = _COUNT.unpack_from(frame, at)
        start = at + 2
        end = start + count
        extensions = () if end == len(frame) else _read_extensions(frame, end)
    except struct.error:
        raise ValueError("the frame ends too early") from None
    if length + 4 != len(frame) or type_ != 0x03 or flags & _CRITICAL_FLAGS:
        _check_header(frame, length, type_, 0x03, flags)
    to, text = frame[11:at], frame[start:end]
    if size > 24 or not ((to.isalnum() and to[0] >= 0x41) or _is_name(to)):
        raise ValueError(f"{to!r} is no name")
    if not 1 <= count <= 4096:
        raise ValueError(f"a text of {count} bytes")
    if text.translate(_TEXT_SUSPECTS) != text:
        _check_text(text)
    return Pm(request_id, flags, to.decode(), text.decode(), extensions)


def encode_pm(pm: Pm) -> bytes:
    try:
        if pm.flags & _CRITICAL_FLAGS:
            raise ValueError(f"flags {pm.flags:#x} hold a critical one")
        to, text = pm.to.encode(), pm.text.encode()
        size, count = len(to), len(text)
        if size > 24 or not ((to.isalnum() and to[0] >= 0x41) or _is_name(to)):
            raise ValueError(f"{to!r} is no name")
        if not 1 <= count <= 4096:
            raise ValueError(f"a text of {count} bytes")
        if text.translate(_TEXT_SUSPECTS) != text:
            _check_text(text)
        more = _write_extensions(pm.extensions) if pm.extensions != () else b""
        length = 9 + size + count + len(more)
        head = _PM_HEAD.pack(length, 0x03, pm.flags, pm.request_id, size)
        return head + to + _COUNT.pack(count) + text + more
    except (struct.error, AttributeError, TypeError) as error:
        raise ValueError(f"a field cannot be written: {error}") from None


# -- CHAT ----------------------------------------------------------------------------------------------------------------


def decode_chat(frame: bytes) -> Chat:
    try:
        length, type_, flags, request_id, seq, time, session_id, size = _CHAT_HEAD.unpack_from(frame)
        at = 35 + size
        (count,) = _COUNT.unpack_from(frame, at)
        start = at + 2
        end = start + count
        extensions = () if end == len(frame) else _read_extensions(frame, end)
    except struct.error:
        raise ValueError("the frame ends too early") from None
    if length + 4 != len(frame) or type_ != 0xC0 or flags & _CRITICAL_FLAGS:
        _check_header(frame, length, type_, 0xC0, flags)
    if not session_id:
        raise ValueError("a session_id of 0")
    name, text = frame[35:at], frame[start:end]
    if size > 24 or not ((name.isalnum() and name[0] >= 0x41) or _is_name(name)):
        raise ValueError(f"{name!r} is no name")
    if not 1 <= count <= 4096:
        raise ValueError(f"a text of {count} bytes")
    if text.translate(_TEXT_SUSPECTS) != text:
        _check_text(text)
    return Chat(request_id, flags, seq, time, User(session_id, name.decode()), text.decode(), extensions)


def encode_chat(chat: Chat) -> bytes:
    try:
        if chat.flags & _CRITICAL_FLAGS:
            raise ValueError(f"flags {chat.flags:#x} hold a critical one")
        who = chat.who
        session_id, name, text = who.session_id, who.name.encode(), chat.text.encode()
        size, count = len(name), len(text)
        if not session_id:
            raise ValueError("a session_id of 0")
        if size > 24 or not ((name.isalnum() and name[0] >= 0x41) or _is_name(name)):
            raise ValueError(f"{name!r} is no name")
        if not 1 <= count <= 4096:
            raise ValueError(f"a text of {count} bytes")
        if text.translate(_TEXT_SUSPECTS) != text:
            _check_text(text)
        more = _write_extensions(chat.extensions) if chat.extensions != () else b""
        length = 33 + size + count + len(more)
        flags, request_id = chat.flags, chat.request_id
        head = _CHAT_HEAD.pack(length, 0xC0, flags, request_id, chat.seq, chat.time, session_id, size)
        return head + name + _COUNT.pack(count) + text + more
    except (struct.error, AttributeError, TypeError) as error:
        raise ValueError(f"a field cannot be written: {error}") from None


# -- ROSTER --------------------------------------------------------------------------------------------------------------


def decode_roster(frame: bytes) -> Roster:
    try:
        length, type_, flags, request_id, count = _ROSTER_HEAD.unpack_from(frame)
        if count > 4096:
            raise ValueError(f"{count} users")
        at, entries, unpack_user = 12, [], _USER.unpack_from
        for _ in range(count):
            session_id, size = unpack_user(frame, at)
            start = at + 9
            at = start + size
            name = frame[start:at]
            if size > 24 or not ((name.isalnum() and name[0] >= 0x41) or _is_name(name)):
                raise ValueError(f"{name!r} is no name")
            if not session_id:
                raise ValueError("a session_id of 0")
            entries.append(User(session_id, name.decode()))
        more = frame[at]
        extensions = () if at + 1 == len(frame) else _read_extensions(frame, at + 1)
    except (struct.error, IndexError):
        raise ValueError("the frame ends too early") from None
    if length + 4 != len(frame) or type_ != 0x82 or flags & _CRITICAL_FLAGS:
        _check_header(frame, length, type_, 0x82, flags)
    if more > 1:
        raise ValueError(f"{more} is neither false nor true")
    return Roster(request_id, flags, tuple(entries), more == 1, extensions)


def encode_roster(roster: Roster) -> bytes:
    try:
        if roster.flags & _CRITICAL_FLAGS:
            raise ValueError(f"flags {roster.flags:#x} hold a critical one")
        entries = roster.entries
        if len(entries) > 4096:
            raise ValueError(f"{len(entries)} users")
        parts: list[bytes] = []
        pack_user = _USER.pack
        for user in entries:
            session_id, name = user.session_id, user.name.encode()
            size = len(name)
            if size > 24 or not ((name.isalnum() and name[0] >= 0x41) or _is_name(name)):
                raise ValueError(f"{name!r} is no name")
            if not session_id:
                raise ValueError("a session_id of 0")
            parts += pack_user(session_id, size), name
        if type(roster.more) is not bool:
            raise ValueError(f"{roster.more!r} is neither false nor true")
        parts.append(b"\x01" if roster.more else b"\x00")
        if roster.extensions != ():
            parts.append(_write_extensions(roster.extensions))
        body = b"".join(parts)
        return _ROSTER_HEAD.pack(8 + len(body), 0x82, roster.flags, roster.request_id, len(entries)) + body
    except (struct.error, AttributeError, TypeError) as error:
        raise ValueError(f"a field cannot be written: {error}") from None


# -- WELCOME -------------------------------------------------------------------------------------------------------------


def decode_welcome(frame: bytes) -> Welcome:
    try:
        length, type_, flags, request_id, version, capabilities, session_id, size = _WELCOME_HEAD.unpack_from(frame)
        at = 25 + size
        count = frame[at]
        start = at + 1
        end = start + count
        limits: Any = _WELCOME_TAIL.unpack_from(frame, end)
        extensions = () if end + 70 == len(frame) else _read_extensions(frame, end + 70)
    except (struct.error, IndexError):
        raise ValueError("the frame ends too early") from None
    if length + 4 != len(frame) or type_ != 0x80 or flags & _CRITICAL_FLAGS:
        _check_header(frame, length, type_, 0x80, flags)
    if not session_id:
        raise ValueError("a session_id of 0")
    name, label = frame[25:at], frame[start:end]
    if size > 24 or not ((name.isalnum() and name[0] >= 0x41) or _is_name(name)):
        raise ValueError(f"{name!r} is no name")
    if not 1 <= count <= 64:
        raise ValueError(f"a label of {count} bytes")
    if label.translate(_LABEL_SUSPECTS) != label:
        _check_label(label)
    welcome = Welcome(request_id, flags, version, capabilities, session_id, name.decode(), label.decode(), *limits)
    welcome.extensions = extensions
    return welcome


def encode_welcome(welcome: Welcome) -> bytes:
    try:
        if welcome.flags & _CRITICAL_FLAGS:
            raise ValueError(f"flags {welcome.flags:#x} hold a critical one")
        session_id = welcome.session_id
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
        name, label = welcome.name.encode(), welcome.server_name.encode()
        size, count = len(name), len(label)
        if not session_id:
            raise ValueError("a session_id of 0")
        if size > 24 or not ((name.isalnum() and name[0] >= 0x41) or _is_name(name)):
            raise ValueError(f"{name!r} is no name")
        if not 1 <= count <= 64:
            raise ValueError(f"a label of {count} bytes")
        if label.translate(_LABEL_SUSPECTS) != label:
            _check_label(label)
        more = _write_extensions(welcome.extensions) if welcome.extensions != () else b""
        length = 92 + size + count + len(more)
        head = _WELCOME_HEAD.pack(
            length,
            0x80,
            welcome.flags,
            welcome.request_id,
            welcome.version,
            welcome.capabilities,
            session_id,
            size,
        )
        return head + name + bytes((count,)) + label + tail + more
    except (struct.error, AttributeError, TypeError) as error:
        raise ValueError(f"a field cannot be written: {error}") from None


# -- all fields ----------------------------------------------------------------------------------------------------------


def read_pm(pm: Any) -> Values:
    return (pm.request_id, pm.flags, pm.to, pm.text)


def read_chat(chat: Any) -> Values:
    who = chat.who
    return (chat.request_id, chat.flags, chat.seq, chat.time, who.session_id, who.name, chat.text)


def read_roster(roster: Any) -> Values:
    return (
        roster.request_id,
        roster.flags,
        tuple([(user.session_id, user.name) for user in roster.entries]),
        roster.more,
    )


def read_welcome(welcome: Any) -> Values:
    return (
        welcome.request_id,
        welcome.flags,
        welcome.version,
        welcome.capabilities,
        welcome.session_id,
        welcome.name,
        welcome.server_name,
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


def make_chat(request_id: int, flags: int, seq: int, time: int, session_id: int, name: str, text: str) -> Chat:
    return Chat(request_id, flags, seq, time, User(session_id, name), text)


def make_roster(request_id: int, flags: int, entries: tuple[tuple[int, str], ...], more: bool) -> Roster:
    return Roster(request_id, flags, tuple([User(session_id, name) for session_id, name in entries]), more)


PEER = Peer(
    "hand-written, same checks",
    "all",
    {
        "CHAT": Codec(decode_chat, read_chat, make_chat, encode_chat),
        "PM": Codec(decode_pm, read_pm, Pm, encode_pm),
        "WELCOME": Codec(decode_welcome, read_welcome, Welcome, encode_welcome),
        "ROSTER": Codec(decode_roster, read_roster, make_roster, encode_roster),
    },
)
