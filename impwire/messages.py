# Generated from spec/imp.yaml by `python -m codegen`. Do not edit: change the spec and generate again.
"""The messages of the Instant Messenger Protocol, version 1.0, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from .wire import Extension, Message


@dataclass(slots=True, kw_only=True)
class User:
    """One stay of one user, under the name that counts at this point of the order.

    session_id: the stay (1 to 18446744073709551615).
    name: the name (1 to 24 bytes of UTF-8).
    """

    session_id: int
    name: str


class LeftReason(IntEnum):
    """Why a user is no longer there. Later versions may add values."""

    LEFT = 1
    LOST = 2
    TIMED_OUT = 3
    TOO_SLOW = 4
    KICKED = 5
    BANNED = 6
    VIOLATION = 7
    FAILED = 8


class NoticeScope(IntEnum):
    """To whom the operator speaks."""

    ALL = 1
    PRIVATE = 2


class ErrorCode(IntEnum):
    """Why a request was refused. Later versions may add values."""

    UNKNOWN_TYPE = 1
    UNSUPPORTED_CRITICAL = 2
    INVALID_TEXT = 3
    TEXT_EMPTY = 4
    TEXT_TOO_LONG = 5
    NAME_INVALID = 6
    NAME_RESERVED = 7
    NAME_TAKEN = 8
    NAME_BANNED = 9
    NO_SUCH_USER = 10
    SELF_TARGET = 11
    RATE_LIMITED = 12


class GoodbyeCode(IntEnum):
    """Why the connection ends. Later versions may add values."""

    LEFT = 128
    MALFORMED = 129
    FRAME_TOO_LARGE = 130
    UNEXPECTED_MESSAGE = 131
    VERSION_UNSUPPORTED = 132
    HANDSHAKE_TIMEOUT = 133
    FRAME_TIMEOUT = 134
    KEEPALIVE_TIMEOUT = 135
    SLOW_CONSUMER = 136
    FLOOD = 137
    KICKED = 138
    BANNED = 139
    SHUTTING_DOWN = 140
    SERVER_FULL = 141
    TOO_MANY_CONNECTIONS = 142
    TOO_MANY_ATTEMPTS = 143
    INTERNAL = 144


@dataclass(slots=True, kw_only=True)
class Hello(Message):
    """HELLO: the client says which versions it speaks and which name it wants. (Section 12.1.)

    min_version: the lowest version that the client speaks (0 to 65535).
    max_version: the highest version that the client speaks (0 to 65535).
    capabilities: what the client can do besides version 1.0.
    name: the name that the user wants to bear (1 to 24 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "HELLO"
    TYPE: ClassVar[int] = 0x01

    min_version: int
    max_version: int
    capabilities: int
    name: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Say(Message):
    """SAY: the user says something to all. (Section 12.2.)

    text: what is said (1 to 4096 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "SAY"
    TYPE: ClassVar[int] = 0x02

    text: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Pm(Message):
    """PM: the user says something to one other user. (Section 12.3.)

    to: who shall get it, compared without case (1 to 24 bytes of UTF-8).
    text: what is said (1 to 4096 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "PM"
    TYPE: ClassVar[int] = 0x03

    to: str
    text: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Who(Message):
    """WHO: the user asks who is there, a page at a time. (Section 12.4.)

    after: the page begins behind this name; empty for the first page (0 to 24 bytes of UTF-8).
    limit: the most users to tell; 0 leaves it to the server (0 to 65535, users).
    """

    NAME: ClassVar[str] = "WHO"
    TYPE: ClassVar[int] = 0x04

    after: str
    limit: int
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Rename(Message):
    """RENAME: the user wants another name. (Section 12.5.)

    name: the new name (1 to 24 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "RENAME"
    TYPE: ClassVar[int] = 0x05

    name: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Leave(Message):
    """LEAVE: the user goes. (Section 12.6.)"""

    NAME: ClassVar[str] = "LEAVE"
    TYPE: ClassVar[int] = 0x06

    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Ping(Message):
    """PING: are you there, and have you done all that I asked before? (Section 12.7.)

    nonce: any number; PONG repeats it (0 to 18446744073709551615).
    """

    NAME: ClassVar[str] = "PING"
    TYPE: ClassVar[int] = 0x40

    nonce: int
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Pong(Message):
    """PONG: the answer to PING. (Section 12.8.)

    nonce: the nonce of the PING (0 to 18446744073709551615).
    """

    NAME: ClassVar[str] = "PONG"
    TYPE: ClassVar[int] = 0x41

    nonce: int
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Welcome(Message):
    """WELCOME: the client is a user now; these are the server's limits. (Section 12.9.)

    version: the version spoken from now on (0 to 65535).
    capabilities: what both sides can do besides version 1.0.
    session_id: this stay of the user (1 to 18446744073709551615).
    name: the name that the user bears now, as it was asked for (1 to 24 bytes of UTF-8).
    server_name: what the server is called, for people (1 to 64 bytes of UTF-8).
    seq: the seq of the JOINED that the others get (0 to 18446744073709551615).
    time: the time of that JOINED (0 to 18446744073709551615, ms since the epoch).
    max_frame: the greatest length of a frame, once WELCOME is sent (0 to 4294967295, bytes).
    max_text: the longest text that a client may send (0 to 65535, bytes).
    max_name: the longest name (0 to 255, bytes).
    send_queue: what may wait for one client before it is cut (0 to 4294967295, bytes).
    hello_tries: refused HELLOs until the connection ends (0 to 255, HELLOs).
    rate_burst: tokens in a full bucket (0 to 4294967295, requests).
    rate_per_second: tokens that come back each second (0 to 4294967295, requests).
    flood_strikes: RATE_LIMITED refusals until the connection ends (0 to 65535, refusals).
    max_connections: connections in all (0 to 4294967295, connections).
    connections_per_address: connections of one address (of a /64 in IPv6) (0 to 4294967295, connections).
    attempts_per_minute: new connections of one address in any minute (0 to 4294967295, connections).
    handshake_timeout: from accept to an accepted HELLO (0 to 4294967295, ms).
    frame_timeout: from a frame's first byte to its last (0 to 4294967295, ms).
    ping_after: silence of a client, after which the server sends PING (0 to 4294967295, ms).
    pong_timeout: from that PING to the end, if no frame comes (0 to 4294967295, ms).
    close_drain: how long the server reads and drops after GOODBYE, at most (0 to 4294967295, ms).
    """

    NAME: ClassVar[str] = "WELCOME"
    TYPE: ClassVar[int] = 0x80

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
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Ok(Message):
    """OK: the request was carried out. (Section 12.10.)

    seq: the seq of the public event that the request caused, or 0 (0 to 18446744073709551615).
    time: when it was carried out (0 to 18446744073709551615, ms since the epoch).
    """

    NAME: ClassVar[str] = "OK"
    TYPE: ClassVar[int] = 0x81

    seq: int
    time: int
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Roster(Message):
    """ROSTER: a page of the users who are there. (Section 12.11.)

    entries: the users of this page (at most 4096).
    more: whether there are users behind the last one.
    """

    NAME: ClassVar[str] = "ROSTER"
    TYPE: ClassVar[int] = 0x82

    entries: tuple[User, ...]
    more: bool
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Error(Message):
    """ERROR: the request was not carried out, and the connection goes on. (Section 12.12.)

    code: why.
    request_type: the type of the request (0 to 255).
    retry_after_ms: when to try again; 0 where that is of no use (0 to 4294967295, ms).
    detail: why, in words for people, or nothing (0 to 255 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "ERROR"
    TYPE: ClassVar[int] = 0x83

    code: ErrorCode | int
    request_type: int
    retry_after_ms: int
    detail: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Goodbye(Message):
    """GOODBYE: the connection ends, and this is why. (Section 12.13.)

    code: why.
    retry_after_ms: how long to wait before the next attempt; 0 for no advice (0 to 4294967295, ms).
    detail: why, in words for people, or nothing (0 to 255 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "GOODBYE"
    TYPE: ClassVar[int] = 0x84

    code: GoodbyeCode | int
    retry_after_ms: int
    detail: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Chat(Message):
    """CHAT: a user has said something to all. (Section 12.14.)

    seq: the number of this public event (0 to 18446744073709551615).
    time: when it was said (0 to 18446744073709551615, ms since the epoch).
    who: who said it.
    text: what was said, byte for byte (1 to 4096 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "CHAT"
    TYPE: ClassVar[int] = 0xC0

    seq: int
    time: int
    who: User
    text: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Whisper(Message):
    """WHISPER: a user has said something to the receiver alone. (Section 12.15.)

    time: when it was said (0 to 18446744073709551615, ms since the epoch).
    who: who said it.
    text: what was said, byte for byte (1 to 4096 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "WHISPER"
    TYPE: ClassVar[int] = 0xC1

    time: int
    who: User
    text: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Notice(Message):
    """NOTICE: the operator has said something. (Section 12.16.)

    seq: the number of this public event; 0 when private (0 to 18446744073709551615).
    time: when it was said (0 to 18446744073709551615, ms since the epoch).
    scope: to whom.
    text: what was said (1 to 4096 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "NOTICE"
    TYPE: ClassVar[int] = 0xC2

    seq: int
    time: int
    scope: NoticeScope
    text: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Joined(Message):
    """JOINED: a user has come. (Section 12.17.)

    seq: the number of this public event (0 to 18446744073709551615).
    time: when (0 to 18446744073709551615, ms since the epoch).
    who: who.
    """

    NAME: ClassVar[str] = "JOINED"
    TYPE: ClassVar[int] = 0xC3

    seq: int
    time: int
    who: User
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Left(Message):
    """LEFT: a user is gone. (Section 12.18.)

    seq: the number of this public event (0 to 18446744073709551615).
    time: when (0 to 18446744073709551615, ms since the epoch).
    who: who.
    reason: why.
    """

    NAME: ClassVar[str] = "LEFT"
    TYPE: ClassVar[int] = 0xC4

    seq: int
    time: int
    who: User
    reason: LeftReason | int
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


@dataclass(slots=True, kw_only=True)
class Renamed(Message):
    """RENAMED: a user bears another name. (Section 12.19.)

    seq: the number of this public event (0 to 18446744073709551615).
    time: when (0 to 18446744073709551615, ms since the epoch).
    who: who, with the old name.
    new_name: the new name (1 to 24 bytes of UTF-8).
    """

    NAME: ClassVar[str] = "RENAMED"
    TYPE: ClassVar[int] = 0xC5

    seq: int
    time: int
    who: User
    new_name: str
    flags: int = 0
    request_id: int = 0
    extensions: tuple[Extension, ...] = ()


#: Every message by the type in the frame.
MESSAGES: dict[int, type[Message]] = {
    0x01: Hello,
    0x02: Say,
    0x03: Pm,
    0x04: Who,
    0x05: Rename,
    0x06: Leave,
    0x40: Ping,
    0x41: Pong,
    0x80: Welcome,
    0x81: Ok,
    0x82: Roster,
    0x83: Error,
    0x84: Goodbye,
    0xC0: Chat,
    0xC1: Whisper,
    0xC2: Notice,
    0xC3: Joined,
    0xC4: Left,
    0xC5: Renamed,
}
