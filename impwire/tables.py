# Generated from spec/imp.yaml by `python -m codegen`. Do not edit: change the spec and generate again.
"""The tables of the Instant Messenger Protocol: states, limits, failures, commands and requirements."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from . import messages as m
from .wire import Message


class Role(StrEnum):
    """The two sides of a connection."""

    CLIENT = "client"
    SERVER = "server"


class Limit(NamedTuple):
    """A limit or timer: its default, the range of its setting, its unit, and what it bounds."""

    default: int
    minimum: int
    maximum: int
    unit: str
    doc: str


class Argument(NamedTuple):
    """An argument of a command. `rest`: it takes the remainder of the line."""

    name: str
    type: str
    rest: bool
    optional: bool


class Command(NamedTuple):
    """A command of a person: what it is called, takes, does, and (for the client) sends."""

    usage: str
    arguments: tuple[Argument, ...]
    help: str
    sends: tuple[str, dict[str, Any]] | None


class DisplayLine(NamedTuple):
    """The line shown for a message, if it answers the request `answers` and has the fields `when`."""

    message: type[Message]
    answers: type[Message] | None
    when: dict[str, Any]
    line: str
    stream: str


class Requirement(NamedTuple):
    """A sentence that binds an implementation, with its section of the document."""

    level: str
    side: str
    section: str
    text: str


class Failure(NamedTuple):
    """A code with which a request or a connection ends. `fatal`: it ends the connection."""

    code: m.ErrorCode | m.GoodbyeCode
    fatal: bool
    retry: bool
    says: str
    trigger: str


#: The state of the spec that this was made from: eight hexadecimal digits, a fingerprint of all that binds.
EDITION = "9e10515d"

#: The port of a server without TLS.
DEFAULT_PORT = 8092

#: The port of a server with TLS from the first byte.
DEFAULT_TLS_PORT = 8093

#: The greatest length of a frame, either way, until WELCOME (bytes).
MAX_FRAME_BEFORE_WELCOME = 512

#: The version that this document describes.
PROTOCOL_VERSION = 256

#: Names that nobody may bear.
RESERVED_NAMES = ("server", "system", "admin", "operator", "all", "everyone")


class State(Enum):
    """The states of a connection."""

    #: The TCP connection stands; nobody knows the client's name yet.
    CONNECTED = "CONNECTED"
    #: The client has a name and takes part.
    ACTIVE = "ACTIVE"
    #: The client has asked to leave and sends nothing more; the server sends what is queued, then GOODBYE.
    CLOSING = "CLOSING"
    #: GOODBYE was sent. No frame counts any more, whatever still arrives.
    CLOSED = "CLOSED"


#: The state in which a message leaves the connection. A step that is not here is not allowed.
LEGAL: dict[tuple[Role, State, type[Message]], State] = {
    (Role.CLIENT, State.CONNECTED, m.Hello): State.CONNECTED,
    (Role.CLIENT, State.ACTIVE, m.Say): State.ACTIVE,
    (Role.CLIENT, State.ACTIVE, m.Pm): State.ACTIVE,
    (Role.CLIENT, State.ACTIVE, m.Who): State.ACTIVE,
    (Role.CLIENT, State.ACTIVE, m.Rename): State.ACTIVE,
    (Role.CLIENT, State.ACTIVE, m.Leave): State.CLOSING,
    (Role.CLIENT, State.CONNECTED, m.Ping): State.CONNECTED,
    (Role.CLIENT, State.ACTIVE, m.Ping): State.ACTIVE,
    (Role.SERVER, State.ACTIVE, m.Ping): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Ping): State.CLOSING,
    (Role.CLIENT, State.ACTIVE, m.Pong): State.ACTIVE,
    (Role.SERVER, State.CONNECTED, m.Pong): State.CONNECTED,
    (Role.SERVER, State.ACTIVE, m.Pong): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Pong): State.CLOSING,
    (Role.SERVER, State.CONNECTED, m.Welcome): State.ACTIVE,
    (Role.SERVER, State.ACTIVE, m.Ok): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Ok): State.CLOSING,
    (Role.SERVER, State.ACTIVE, m.Roster): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Roster): State.CLOSING,
    (Role.SERVER, State.CONNECTED, m.Error): State.CONNECTED,
    (Role.SERVER, State.ACTIVE, m.Error): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Error): State.CLOSING,
    (Role.SERVER, State.CONNECTED, m.Goodbye): State.CLOSED,
    (Role.SERVER, State.ACTIVE, m.Goodbye): State.CLOSED,
    (Role.SERVER, State.CLOSING, m.Goodbye): State.CLOSED,
    (Role.SERVER, State.ACTIVE, m.Chat): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Chat): State.CLOSING,
    (Role.SERVER, State.ACTIVE, m.Whisper): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Whisper): State.CLOSING,
    (Role.SERVER, State.ACTIVE, m.Notice): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Notice): State.CLOSING,
    (Role.SERVER, State.ACTIVE, m.Joined): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Joined): State.CLOSING,
    (Role.SERVER, State.ACTIVE, m.Left): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Left): State.CLOSING,
    (Role.SERVER, State.ACTIVE, m.Renamed): State.ACTIVE,
    (Role.SERVER, State.CLOSING, m.Renamed): State.CLOSING,
}

#: The messages that may answer a request.
REPLIES: dict[type[Message], tuple[type[Message], ...]] = {
    m.Hello: (m.Welcome, m.Error, m.Goodbye),
    m.Say: (m.Ok, m.Error, m.Goodbye),
    m.Pm: (m.Ok, m.Error, m.Goodbye),
    m.Who: (m.Roster, m.Error, m.Goodbye),
    m.Rename: (m.Ok, m.Error, m.Goodbye),
    m.Leave: (m.Goodbye, m.Error),
    m.Ping: (m.Pong, m.Error, m.Goodbye),
}

#: The messages that nobody asks for.
EVENTS: tuple[type[Message], ...] = (m.Chat, m.Whisper, m.Notice, m.Joined, m.Left, m.Renamed)

#: First type, last type, sender and kind of each range of types.
NUMBERING: tuple[tuple[int, int, str, str], ...] = (
    (0x01, 0x3F, "client", "request"),
    (0x40, 0x7F, "either", ""),
    (0x80, 0xBF, "server", "reply"),
    (0xC0, 0xFF, "server", "event"),
)

#: Limits: settings of the server, announced to the client.
LIMITS: dict[str, Limit] = {
    "max_frame": Limit(16384, 8192, 1048576, "bytes", "The greatest length of a frame, once WELCOME is sent"),
    "max_text": Limit(4096, 64, 4096, "bytes", "The longest text that a client may send"),
    "max_name": Limit(24, 8, 24, "bytes", "The longest name"),
    "send_queue": Limit(262144, 16384, 268435456, "bytes", "What may wait for one client before it is cut"),
    "hello_tries": Limit(3, 1, 100, "HELLOs", "Refused HELLOs until the connection ends"),
    "rate_burst": Limit(60, 1, 1000000000, "requests", "Tokens in a full bucket"),
    "rate_per_second": Limit(20, 1, 1000000000, "requests", "Tokens that come back each second"),
    "flood_strikes": Limit(10, 1, 65535, "refusals", "RATE_LIMITED refusals until the connection ends"),
    "max_connections": Limit(16384, 1, 1000000, "connections", "Connections in all"),
    "connections_per_address": Limit(16, 1, 1000000, "connections", "Connections of one address (of a /64 in IPv6)"),
    "attempts_per_minute": Limit(1200, 1, 1000000000, "connections", "New connections of one address in any minute"),
}

#: Timers, in milliseconds: settings of the server, announced to the client.
TIMERS: dict[str, Limit] = {
    "handshake_timeout": Limit(10000, 50, 3600000, "ms", "From accept to an accepted HELLO"),
    "frame_timeout": Limit(10000, 50, 3600000, "ms", "From a frame's first byte to its last"),
    "ping_after": Limit(30000, 50, 86400000, "ms", "Silence of a client, after which the server sends PING"),
    "pong_timeout": Limit(30000, 50, 86400000, "ms", "From that PING to the end, if no frame comes"),
    "close_drain": Limit(2000, 50, 60000, "ms", "How long the server reads and drops after GOODBYE, at most"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """A value for every limit and timer, the default where none is given. Ranges stand in LIMITS and TIMERS."""

    max_frame: int = 16384
    max_text: int = 4096
    max_name: int = 24
    send_queue: int = 262144
    hello_tries: int = 3
    rate_burst: int = 60
    rate_per_second: int = 20
    flood_strikes: int = 10
    max_connections: int = 16384
    connections_per_address: int = 16
    attempts_per_minute: int = 1200
    handshake_timeout: int = 10000
    frame_timeout: int = 10000
    ping_after: int = 30000
    pong_timeout: int = 30000
    close_drain: int = 2000


#: Every failure code by name.
FAILURES: dict[str, Failure] = {
    "UNKNOWN_TYPE": Failure(
        m.ErrorCode.UNKNOWN_TYPE,
        False,
        False,
        "this server does not know that kind of message",
        "The type of the request is not one that this server knows.",
    ),
    "UNSUPPORTED_CRITICAL": Failure(
        m.ErrorCode.UNSUPPORTED_CRITICAL,
        False,
        False,
        "the message asks for something that this server cannot do",
        "A critical flag is set, or a critical extension is present, that this server does not know.",
    ),
    "INVALID_TEXT": Failure(
        m.ErrorCode.INVALID_TEXT,
        False,
        False,
        "the text holds a character that is not allowed",
        "The text is not UTF-8, or it holds a forbidden character.",
    ),
    "TEXT_EMPTY": Failure(m.ErrorCode.TEXT_EMPTY, False, False, "there is no text", "The text has no byte."),
    "TEXT_TOO_LONG": Failure(
        m.ErrorCode.TEXT_TOO_LONG, False, False, "the text is too long", "The text has more bytes than max_text."
    ),
    "NAME_INVALID": Failure(
        m.ErrorCode.NAME_INVALID,
        False,
        False,
        "that is not a valid name",
        "The name breaks the rule for names or has more bytes than max_name.",
    ),
    "NAME_RESERVED": Failure(
        m.ErrorCode.NAME_RESERVED, False, False, "that name is reserved", "The name is one that nobody may bear."
    ),
    "NAME_TAKEN": Failure(
        m.ErrorCode.NAME_TAKEN, False, False, "that name is taken", "Another user bears the name now."
    ),
    "NAME_BANNED": Failure(
        m.ErrorCode.NAME_BANNED, False, False, "that name is banned", "The operator has banned the name."
    ),
    "NO_SUCH_USER": Failure(
        m.ErrorCode.NO_SUCH_USER, False, False, "there is no user of that name", "Nobody bears the name now."
    ),
    "SELF_TARGET": Failure(m.ErrorCode.SELF_TARGET, False, False, "that is you", "The recipient is the sender."),
    "RATE_LIMITED": Failure(
        m.ErrorCode.RATE_LIMITED,
        False,
        True,
        "too many messages at once",
        "The connection has no token left; retry_after_ms tells when the next one comes.",
    ),
    "LEFT": Failure(
        m.GoodbyeCode.LEFT, True, False, "you have left", "LEAVE, or the end of the client's stream between two frames."
    ),
    "MALFORMED": Failure(
        m.GoodbyeCode.MALFORMED,
        True,
        False,
        "the server could not read what this program sent",
        "A length below 6, a frame that cannot be read as its type's layout says or whose request_id is 0, a stream that ends inside a frame, or a PONG with a critical flag or extension that the server does not know.",
    ),
    "FRAME_TOO_LARGE": Failure(
        m.GoodbyeCode.FRAME_TOO_LARGE,
        True,
        False,
        "this program sent a frame that is too large",
        "A length greater than the limit in force.",
    ),
    "UNEXPECTED_MESSAGE": Failure(
        m.GoodbyeCode.UNEXPECTED_MESSAGE,
        True,
        False,
        "this program sent a message out of turn",
        "A type that the state or the direction does not allow, or a PONG that answers no PING.",
    ),
    "VERSION_UNSUPPORTED": Failure(
        m.GoodbyeCode.VERSION_UNSUPPORTED,
        True,
        False,
        "client and server speak no common version",
        "HELLO offers no version that the server speaks.",
    ),
    "HANDSHAKE_TIMEOUT": Failure(
        m.GoodbyeCode.HANDSHAKE_TIMEOUT,
        True,
        False,
        "the handshake took too long",
        "No HELLO was accepted within handshake_timeout.",
    ),
    "FRAME_TIMEOUT": Failure(
        m.GoodbyeCode.FRAME_TIMEOUT,
        True,
        False,
        "a message took too long to arrive",
        "A frame was begun and not finished within frame_timeout.",
    ),
    "KEEPALIVE_TIMEOUT": Failure(
        m.GoodbyeCode.KEEPALIVE_TIMEOUT,
        True,
        False,
        "nothing was heard from this program for too long",
        "No frame came within pong_timeout of the server's PING.",
    ),
    "SLOW_CONSUMER": Failure(
        m.GoodbyeCode.SLOW_CONSUMER,
        True,
        False,
        "this program did not read fast enough",
        "More than send_queue bytes wait for this client.",
    ),
    "FLOOD": Failure(
        m.GoodbyeCode.FLOOD,
        True,
        True,
        "too many messages for too long",
        "The request would have been refused with RATE_LIMITED for the flood_strikes-th time.",
    ),
    "KICKED": Failure(m.GoodbyeCode.KICKED, True, False, "the operator has removed you", "The operator's /kick."),
    "BANNED": Failure(
        m.GoodbyeCode.BANNED,
        True,
        False,
        "you are banned",
        "A ban of the name or the address, when it is made; one of the address, at accept.",
    ),
    "SHUTTING_DOWN": Failure(m.GoodbyeCode.SHUTTING_DOWN, True, True, "the server is stopping", "The server stops."),
    "SERVER_FULL": Failure(
        m.GoodbyeCode.SERVER_FULL, True, True, "the server is full", "A connection beyond max_connections."
    ),
    "TOO_MANY_CONNECTIONS": Failure(
        m.GoodbyeCode.TOO_MANY_CONNECTIONS,
        True,
        True,
        "too many connections from your address",
        "A connection beyond connections_per_address.",
    ),
    "TOO_MANY_ATTEMPTS": Failure(
        m.GoodbyeCode.TOO_MANY_ATTEMPTS,
        True,
        True,
        "too many attempts",
        "A connection beyond attempts_per_minute, or the HELLO that would be refused for the hello_tries-th time.",
    ),
    "INTERNAL": Failure(
        m.GoodbyeCode.INTERNAL,
        True,
        False,
        "the server has failed",
        "The server failed while it handled this connection, or as a whole.",
    ),
}

#: What people may type at the client.
CLIENT_COMMANDS: dict[str, Command] = {
    "help": Command("/help", (), "Show this list", None),
    "who": Command("/who", (), "List the users who are there", ("WHO", {"after": "", "limit": 0})),
    "pm": Command(
        "/pm <to> <text>",
        (Argument("to", "name", False, False), Argument("text", "text", True, False)),
        "Say something to one user alone",
        ("PM", {"to": "{to}", "text": "{text}"}),
    ),
    "rename": Command(
        "/rename <new>", (Argument("new", "name", False, False),), "Take another name", ("RENAME", {"name": "{new}"})
    ),
    "leave": Command("/leave", (), "Leave the server", ("LEAVE", {})),
}

#: What people may type at the console.
CONSOLE_COMMANDS: dict[str, Command] = {
    "help": Command("/help", (), "Show this list", None),
    "who": Command("/who", (), "List the connections: name, session, address, idle time", None),
    "all": Command("/all <text>", (Argument("text", "text", True, False),), "Speak to everyone", None),
    "pm": Command(
        "/pm <user> <text>",
        (Argument("user", "name", False, False), Argument("text", "text", True, False)),
        "Speak to one user",
        None,
    ),
    "kick": Command(
        "/kick <user> [reason]",
        (Argument("user", "name", False, False), Argument("reason", "detail", True, True)),
        "End a user's connection",
        None,
    ),
    "ban": Command(
        "/ban <user|address|network> [duration] [reason]",
        (
            Argument("user|address|network", "label", False, False),
            Argument("duration", "label", False, True),
            Argument("reason", "detail", True, True),
        ),
        "Keep out a name, an address or a network, for good or for a time such as 90s, 10m, 2h, 7d",
        None,
    ),
    "unban": Command("/unban <what>", (Argument("what", "label", False, False),), "Lift a ban", None),
    "bans": Command("/bans", (), "List the bans", None),
    "stop": Command(
        "/stop [seconds]",
        (Argument("seconds", "u32", False, True),),
        "Stop the server, at once or after some seconds",
        None,
    ),
}

#: What a line that is no command sends.
PLAIN: tuple[str, dict[str, Any]] | None = ("SAY", {"text": "{text}"})

#: What a client shows; the first line that fits a message counts.
DISPLAY: tuple[DisplayLine, ...] = (
    DisplayLine(m.Welcome, None, {}, "Welcome to {server_name}, {name}.", "output"),
    DisplayLine(m.Ok, m.Say, {}, "{self}: {request.text}", "output"),
    DisplayLine(m.Ok, m.Pm, {}, "To {request.to}: {request.text}", "output"),
    DisplayLine(m.Ok, m.Rename, {}, 'You are now "{request.name}".', "output"),
    DisplayLine(m.Roster, None, {}, "Users here: {entries.name}", "output"),
    DisplayLine(m.Error, m.Hello, {"detail": ""}, "Not done: {says}.", "error"),
    DisplayLine(m.Error, m.Hello, {}, "Not done: {detail}", "error"),
    DisplayLine(m.Error, None, {"detail": ""}, "Not done: {says}.", "output"),
    DisplayLine(m.Error, None, {}, "Not done: {detail}", "output"),
    DisplayLine(m.Chat, None, {}, "{who.name}: {text}", "output"),
    DisplayLine(m.Whisper, None, {}, "From {who.name}: {text}", "output"),
    DisplayLine(m.Notice, None, {"scope": "PRIVATE"}, "SERVER to you: {text}", "output"),
    DisplayLine(m.Notice, None, {}, "SERVER: {text}", "output"),
    DisplayLine(m.Joined, None, {}, '"{who.name}" has joined the server.', "output"),
    DisplayLine(m.Left, None, {"reason": "LEFT"}, '"{who.name}" has left the server.', "output"),
    DisplayLine(m.Left, None, {"reason": "KICKED"}, '"{who.name}" was removed by the operator.', "output"),
    DisplayLine(m.Left, None, {"reason": "BANNED"}, '"{who.name}" was banned by the operator.', "output"),
    DisplayLine(m.Left, None, {}, '"{who.name}" has lost the connection.', "output"),
    DisplayLine(m.Renamed, None, {}, '"{who.name}" is now "{new_name}".', "output"),
    DisplayLine(m.Goodbye, None, {"code": "LEFT"}, "You have left.", "output"),
    DisplayLine(m.Goodbye, None, {"detail": ""}, "The server has ended the connection: {says}.", "error"),
    DisplayLine(m.Goodbye, None, {}, "The server has ended the connection: {detail}", "error"),
)

#: The section of the document that describes each message.
SECTIONS: dict[str, str] = {
    "HELLO": "12.1",
    "SAY": "12.2",
    "PM": "12.3",
    "WHO": "12.4",
    "RENAME": "12.5",
    "LEAVE": "12.6",
    "PING": "12.7",
    "PONG": "12.8",
    "WELCOME": "12.9",
    "OK": "12.10",
    "ROSTER": "12.11",
    "ERROR": "12.12",
    "GOODBYE": "12.13",
    "CHAT": "12.14",
    "WHISPER": "12.15",
    "NOTICE": "12.16",
    "JOINED": "12.17",
    "LEFT": "12.18",
    "RENAMED": "12.19",
}

#: The chapters of the document: their titles by their numbers.
CHAPTERS: dict[str, str] = {
    "1": "Introduction",
    "2": "Terminology",
    "3": "Transport",
    "4": "Frames",
    "5": "Data types",
    "6": "Flags, extensions, capabilities and versions",
    "7": "States",
    "8": "Requests and replies",
    "9": "Order and delivery",
    "10": "Names",
    "11": "Text",
    "12": "Messages",
    "13": "Rate",
    "14": "Keepalive and time-outs",
    "15": "Limits and timers",
    "16": "How a connection ends",
    "17": "The operator",
    "18": "The client at work",
    "19": "The server's log",
    "20": "Security considerations",
    "21": "Worked sessions",
    "22": "Index of requirements",
    "23": "Messages as bytes",
}

#: Every requirement by its identifier.
REQUIREMENTS: dict[str, Requirement] = {
    "TRANSPORT-1": Requirement(
        "MUST",
        "both",
        "3",
        "A receiver MUST take the stream as a sequence of bytes: frames may arrive in pieces of any size and several in one piece, and that MUST NOT change what they mean.",
    ),
    "TRANSPORT-2": Requirement(
        "SHOULD",
        "both",
        "3",
        "A sender SHOULD switch off Nagle's algorithm (TCP_NODELAY), since it delays a small frame until an earlier one has been acknowledged.",
    ),
    "TRANSPORT-3": Requirement(
        "MUST",
        "server",
        "3",
        "One connection MUST NOT hold up another: while a client sends nothing, reads nothing, or leaves a frame unfinished, the server MUST go on serving all others.",
    ),
    "TRANSPORT-4": Requirement(
        "MUST",
        "server",
        "3",
        "A client that connects and closes at once, at any point of the handshake or of TLS, MUST NOT disturb the server or any user.",
    ),
    "TRANSPORT-5": Requirement("MUST", "both", "3", "TLS MUST be of version 1.2 or later."),
    "TRANSPORT-6": Requirement(
        "MUST",
        "client",
        "3",
        "Over TLS, a client MUST NOT send HELLO before it has verified the server's certificate for the host that its user has named, unless that user has told it not to.",
    ),
    "FRAME-1": Requirement(
        "MUST", "both", "4", "Integers MUST be sent in network byte order, the most significant byte first."
    ),
    "FRAME-2": Requirement(
        "MUST",
        "both",
        "4",
        "The length MUST count the bytes that follow it; it is thus at least 6. A server MUST answer a smaller one with GOODBYE and MALFORMED.",
    ),
    "FRAME-3": Requirement(
        "MUST",
        "both",
        "4",
        "A receiver MUST check the length as soon as its four bytes have come, and MUST NOT wait for, or keep, any further byte of a frame whose length is refused.",
    ),
    "FRAME-4": Requirement(
        "MUST",
        "both",
        "4",
        "A sender MUST NOT send a length greater than 512 up to and including WELCOME, nor greater than its max_frame afterwards, in either direction. A server MUST answer a greater length with GOODBYE and FRAME_TOO_LARGE.",
    ),
    "FRAME-5": Requirement(
        "MUST",
        "server",
        "4",
        "For the server, WELCOME counts as sent when HELLO is accepted: a frame that stands right behind an accepted HELLO MUST be held against max_frame.",
    ),
    "FRAME-6": Requirement(
        "MUST",
        "both",
        "4",
        "The fields and the extensions MUST fill the frame exactly. A server MUST answer with GOODBYE and MALFORMED if a field or an extension would end beyond the frame, or if the bytes behind the fields are not a whole number of extensions.",
    ),
    "FRAME-7": Requirement(
        "MUST",
        "both",
        "4",
        "What follows is malformed too and MUST be answered by a server with GOODBYE and MALFORMED: a bool other than 0 and 1, a number out of the range of its type, a value of a closed enumeration that is not in its table, a fixed value, such as the magic of HELLO, that is not the one given.",
    ),
    "FRAME-8": Requirement(
        "MUST",
        "both",
        "4",
        "In each request the client MUST put a request_id other than 0. A server MUST answer any frame of a client whose request_id is 0 with GOODBYE and MALFORMED.",
    ),
    "FRAME-9": Requirement(
        "SHOULD",
        "client",
        "4",
        "A client SHOULD NOT use a request_id again while a request that bears it waits for its reply. The server does not compare them.",
    ),
    "FRAME-10": Requirement(
        "MUST",
        "server",
        "4",
        "A server MUST put 0 into the request_id of every event, the request_id of the request into every reply (for GOODBYE see GOODBYE-1), and a number other than 0 into a PING of its own.",
    ),
    "TYPE-1": Requirement(
        "MUST",
        "client",
        "5",
        "A client MUST accept every value of an open enumeration, whether it is in the table or not. (No message of a client has a field of one.)",
    ),
    "TYPE-2": Requirement(
        "MUST",
        "both",
        "5",
        "The count in front of a string or of bytes MUST be the number of bytes that follow it, not of characters; that in front of an array, the number of items.",
    ),
    "EXT-1": Requirement(
        "MUST",
        "both",
        "6",
        "A sender MUST write 0 into every flag that the version spoken does not define. Version 1.0 defines none.",
    ),
    "EXT-2": Requirement(
        "MUST",
        "server",
        "6",
        "A request in which a flag of the low four bits (0x0F) is set that the server does not know MUST be refused with UNSUPPORTED_CRITICAL.",
    ),
    "EXT-3": Requirement(
        "MUST", "both", "6", "A flag of the high four bits (0xF0) that the receiver does not know MUST be ignored."
    ),
    "EXT-4": Requirement(
        "MUST",
        "server",
        "6",
        "A request with an extension that the server does not know and whose tag is odd MUST be refused with UNSUPPORTED_CRITICAL.",
    ),
    "EXT-5": Requirement(
        "MUST", "both", "6", "An extension that the receiver does not know and whose tag is even MUST be ignored."
    ),
    "EXT-6": Requirement(
        "MUST",
        "server",
        "6",
        "A server MUST NOT set a critical flag or add an extension with an odd tag unless both sides have the capability that it belongs to.",
    ),
    "EXT-7": Requirement(
        "MUST",
        "client",
        "6",
        "A client that gets a critical flag or an extension with an odd tag that it does not know MUST end the connection, since it cannot tell what the message means; the message then has no other effect, also when it is a GOODBYE.",
    ),
    "EXT-8": Requirement(
        "MUST",
        "server",
        "6",
        "A PONG with an unknown critical flag or an unknown extension with an odd tag asks for nothing that could be refused; the server MUST answer it with GOODBYE and MALFORMED.",
    ),
    "EXT-9": Requirement(
        "MUST",
        "both",
        "6",
        "A sender MUST NOT put the same tag twice into one message; a receiver takes the first. Tags may come in any order.",
    ),
    "EXT-10": Requirement(
        "MUST",
        "server",
        "6",
        "The capabilities in WELCOME MUST be those in HELLO less those that the server does not have. A bit that the server does not know is thus left out.",
    ),
    "EXT-11": Requirement(
        "MUST",
        "server",
        "6",
        "The server MUST NOT send an event of a type that is not in this document unless both sides have the capability that it belongs to.",
    ),
    "EXT-12": Requirement(
        "MUST",
        "client",
        "6",
        "From WELCOME on, a client MUST ignore an event (a type of 0xC0 or above) that it does not know and whose request_id is 0, whatever its flags; its body is not looked at. Any other frame of a type that it does not know ends the connection (STATE-4).",
    ),
    "EXT-13": Requirement(
        "MUST",
        "server",
        "6",
        "In state ACTIVE, a frame of a type from 0x01 to 0x7F that the server does not know counts as a request and MUST be refused with UNKNOWN_TYPE. Its body is not looked at.",
    ),
    "STATE-1": Requirement(
        "MUST",
        "server",
        "7",
        "A message that the table does not allow its sender in this state MUST be answered by GOODBYE with UNEXPECTED_MESSAGE.",
    ),
    "STATE-2": Requirement(
        "MUST",
        "server",
        "7",
        "In state CONNECTED, every type but HELLO and PING, known or not, MUST be answered by GOODBYE with UNEXPECTED_MESSAGE.",
    ),
    "STATE-3": Requirement(
        "MUST",
        "server",
        "7",
        "A type that no client may ever send (0x00, and 0x80 and above) MUST be answered by GOODBYE with UNEXPECTED_MESSAGE in every state.",
    ),
    "STATE-4": Requirement(
        "MUST",
        "client",
        "7",
        "A client MUST end the connection, and send nothing more on it, not even LEAVE, when the server sends what the table does not allow, a frame that breaks any rule of section 4 or 5, or a reply to a request that the client has not made.",
    ),
    "STATE-7": Requirement(
        "MUST",
        "client",
        "7",
        "A reply is for the request that has waited longest. A client MUST take it for one to a request that it has not made if it bears another request_id, is none of the replies to that request, is an ERROR that names another type, a PONG with another nonce, or a WELCOME with a version that the HELLO did not offer. GOODBYE ends the connection whatever its request_id. An event with a request_id other than 0, known or not, and a server's PING with 0, are malformed.",
    ),
    "STATE-5": Requirement(
        "MUST",
        "both",
        "7",
        "After GOODBYE, the server MUST NOT send anything more, and whatever still comes, from either side, MUST have no effect. GOODBYE counts as sent when it is queued; what stands behind an accepted LEAVE thus has no effect either.",
    ),
    "STATE-6": Requirement(
        "MUST",
        "both",
        "7",
        "A LEAVE that is answered by ERROR MUST have no effect. The client, which is in CLOSING until it reads that ERROR, is then ACTIVE again, and answers the PINGs that came meanwhile; if its input has ended, or it was told to end, it closes the connection instead.",
    ),
    "REQ-1": Requirement(
        "MUST",
        "server",
        "8",
        "Each request MUST get exactly one reply, which bears its request_id. One that comes after a GOODBYE gets none; one at which the server fails gets only the GOODBYE of END-9.",
    ),
    "REQ-2": Requirement("MUST", "server", "8", "Replies MUST be sent in the order of the requests."),
    "REQ-3": Requirement(
        "MAY", "client", "8", "In state ACTIVE, a client MAY send further requests before earlier ones are answered."
    ),
    "REQ-4": Requirement(
        "MUST", "client", "8", "A client MUST be ready to receive events between a request and its reply."
    ),
    "REQ-5": Requirement(
        "MUST",
        "server",
        "8",
        "A server MUST answer the first of these that applies, also where other requirements, each read alone, would allow several answers. (1) The length: MALFORMED, FRAME_TOO_LARGE. (2) The direction of the type, a request_id of 0, and the state, in this order: UNEXPECTED_MESSAGE, MALFORMED, UNEXPECTED_MESSAGE. (3) The layout of the body of a type that it knows: MALFORMED. (4) The versions in HELLO: VERSION_UNSUPPORTED. (5) The rate: FLOOD, RATE_LIMITED (for a LEAVE only where (7) would refuse it). (6) The type: UNKNOWN_TYPE. (7) Flags and extensions: UNSUPPORTED_CRITICAL, for a PONG MALFORMED. (8) The values, field by field in the order of the table; within a string first its length, then its encoding, then its characters. (9) Whether a PONG answers a PING: UNEXPECTED_MESSAGE; what a request asks for, in the order of the errors in the message's section.",
    ),
    "REQ-6": Requirement(
        "MUST",
        "server",
        "8",
        "The limits max_text and max_name MUST be examined together with the length of the string, that is, in step 8, also where the server has set them lower than the type does. They bind every text, name and cursor that a client sends.",
    ),
    "REQ-7": Requirement(
        "MUST",
        "server",
        "8",
        "With a code that has no * in the table below, retry_after_ms MUST be 0. With one that has, it may be 0 where the server has no advice to give.",
    ),
    "ORD-1": Requirement(
        "MUST",
        "server",
        "9",
        "The server MUST handle requests, arrivals, losses and the operator's acts one at a time, in one order, and MUST queue every frame that one of them causes, for every recipient, before it handles the next. Each is one step of that order.",
    ),
    "ORD-2": Requirement(
        "MUST",
        "server",
        "9",
        "Frames for one client MUST be sent in the order in which they were queued, and none may be left out.",
    ),
    "ORD-3": Requirement(
        "MUST",
        "server",
        "9",
        "Public events MUST be numbered by seq, one after another without gaps, none of them 0, and every user MUST see the same event, in every field, under the same seq. An event takes its number also when nobody is there to be told of it. The first number is the server's choice.",
    ),
    "ORD-4": Requirement(
        "MUST",
        "server",
        "9",
        "The user who causes a public event by a request MUST get its seq in OK or WELCOME, and not the event itself.",
    ),
    "ORD-5": Requirement(
        "MUST",
        "server",
        "9",
        "Each user MUST get every public event from its WELCOME on to its end, in ascending order of seq, other than those that it caused itself. OK or WELCOME stands in the place of such an event in that order, in front of whatever else the same step causes.",
    ),
    "ORD-6": Requirement(
        "SHOULD",
        "client",
        "9",
        "A client SHOULD treat a seq other than the last one plus 1 as a fault of the server, say so on standard error, and go on. What counts is every public event and every OK whose seq is not 0, from the seq of WELCOME on.",
    ),
    "ORD-7": Requirement(
        "MUST", "server", "9", "What was received before the end of a client's stream MUST still be handled."
    ),
    "ORD-8": Requirement(
        "MUST", "server", "9", "The text of a CHAT or WHISPER MUST be that of the SAY or PM, byte for byte."
    ),
    "NAME-1": Requirement(
        "MUST",
        "server",
        "10",
        "A name MUST be a letter followed by letters, digits, '_' and '-', all of ASCII, with no more than max_name bytes in all. Any other MUST be refused with NAME_INVALID.",
    ),
    "NAME-2": Requirement(
        "MUST",
        "server",
        "10",
        "Names MUST be compared without case, at the console too: a name is folded by changing A to Z into a to z. No two users bear names that fold to the same.",
    ),
    "NAME-3": Requirement(
        "MUST", "server", "10", "A name that another user bears MUST be refused with NAME_TAKEN, in HELLO and RENAME."
    ),
    "NAME-4": Requirement(
        "MUST",
        "server",
        "10",
        "The names server, system, admin, operator, all and everyone MUST be refused with NAME_RESERVED, in any case of their letters.",
    ),
    "NAME-5": Requirement(
        "MUST",
        "server",
        "10",
        "A name MUST be free again at once when its bearer has left, was lost, was ended by the server or has taken another name.",
    ),
    "NAME-6": Requirement("MUST", "server", "10", "The server MUST show a name as its bearer wrote it."),
    "NAME-7": Requirement("MUST", "server", "10", "A user's session_id MUST stay the same through every RENAME."),
    "NAME-8": Requirement("MUST", "server", "10", "The server MUST NOT use a session_id for two stays while it runs."),
    "TEXT-1": Requirement(
        "MUST",
        "both",
        "11",
        "A text MUST be well-formed UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. Noncharacters and U+FEFF are allowed and kept.",
    ),
    "TEXT-2": Requirement(
        "MUST",
        "both",
        "11",
        "A text MUST NOT hold a control character (U+0000 to U+001F, U+007F to U+009F), except tab (U+0009) and line feed (U+000A).",
    ),
    "TEXT-3": Requirement(
        "MUST",
        "both",
        "11",
        "A text MUST have at least 1 byte. That of a client, and what the operator types, MUST have no more than max_text bytes of UTF-8; a client accepts up to 4096.",
    ),
    "TEXT-4": Requirement(
        "MUST",
        "server",
        "11",
        "A server MUST refuse a text that breaks these rules, with TEXT_EMPTY, TEXT_TOO_LONG or INVALID_TEXT, and MUST NOT mend, cut or normalise it.",
    ),
    "TEXT-5": Requirement(
        "MUST", "client", "11", "A client MUST refuse to send a text that breaks these rules, and say so to its user."
    ),
    "HELLO-1": Requirement(
        "MUST",
        "server",
        "12.1",
        "The server MUST choose the highest version that it speaks and that lies between min_version and max_version, both included, and MUST name it in WELCOME. (Where min_version is the greater one, nothing lies between them.)",
    ),
    "HELLO-2": Requirement(
        "MUST",
        "server",
        "12.1",
        "If there is no such version, the server MUST answer with GOODBYE and VERSION_UNSUPPORTED, whatever else is wrong with the values in the HELLO.",
    ),
    "HELLO-9": Requirement(
        "SHOULD", "server", "12.1", "The detail of that GOODBYE SHOULD name the versions that the server speaks."
    ),
    "HELLO-3": Requirement(
        "MUST",
        "server",
        "12.1",
        "If the name can be given, the server MUST claim it and make the client a user in one step: of any number of clients that ask for one name at once, exactly one gets it.",
    ),
    "HELLO-4": Requirement(
        "MUST",
        "server",
        "12.1",
        "An accepted HELLO MUST be answered by WELCOME, and every other user MUST get JOINED with the seq that the WELCOME bears. The newcomer gets no JOINED of its own.",
    ),
    "HELLO-5": Requirement(
        "MUST",
        "server",
        "12.1",
        "A refused HELLO MUST be answered by ERROR, after which the client may try again on the same connection; the refusal that would be the hello_tries-th MUST be GOODBYE with TOO_MANY_ATTEMPTS instead.",
    ),
    "HELLO-6": Requirement(
        "MUST",
        "both",
        "12.1",
        "The layout of HELLO MUST be the same in every version of the protocol, so that any two versions can find out about each other; new fields can only be extensions.",
    ),
    "HELLO-7": Requirement(
        "MUST",
        "client",
        "12.1",
        "A client MUST NOT send a second HELLO before the first is answered, and MUST NOT send anything but HELLO and PING before it has received WELCOME.",
    ),
    "HELLO-8": Requirement(
        "MUST", "server", "12.1", "A frame with a wrong magic MUST be answered by GOODBYE with MALFORMED."
    ),
    "SAY-1": Requirement(
        "MUST",
        "server",
        "12.2",
        "An accepted SAY MUST be delivered as one CHAT to every other user, with the author's session_id and present name as the server knows them. No field lets a client say who it is.",
    ),
    "SAY-2": Requirement(
        "MUST", "server", "12.2", "The author MUST get OK, with the seq and time of that CHAT, and no CHAT."
    ),
    "SAY-3": Requirement("MUST", "server", "12.2", "A refused SAY MUST reach nobody."),
    "PM-1": Requirement(
        "MUST",
        "server",
        "12.3",
        "An accepted PM MUST be delivered as one WHISPER to the user who bears the name, and to nobody else.",
    ),
    "PM-2": Requirement(
        "MUST", "server", "12.3", "The sender of an accepted PM MUST get OK with seq 0 and the time of the WHISPER."
    ),
    "PM-3": Requirement(
        "MUST",
        "server",
        "12.3",
        "If nobody bears the name, the server MUST answer ERROR with NO_SUCH_USER. A reserved name is a name that nobody bears.",
    ),
    "PM-4": Requirement(
        "MUST", "server", "12.3", "If the sender bears the name, the server MUST answer ERROR with SELF_TARGET."
    ),
    "PM-5": Requirement("MUST", "server", "12.3", "A refused PM MUST reach nobody."),
    "WHO-1": Requirement(
        "MUST",
        "server",
        "12.4",
        "ROSTER MUST list users in ascending order of their folded names, compared byte by byte, and only those that come after the folded form of after. The name in after need not be anyone's.",
    ),
    "WHO-2": Requirement(
        "MUST",
        "server",
        "12.4",
        "ROSTER MUST hold no more users than limit, if limit is not 0, no more than 4096, and no more than fit into a frame that keeps to max_frame and, its length field included, to send_queue.",
    ),
    "WHO-3": Requirement(
        "MUST",
        "server",
        "12.4",
        "ROSTER MUST list as many users as WHO-2 allows, beginning with the first one behind after. The field more MUST be true if there are users behind the last one listed, and false otherwise.",
    ),
    "WHO-4": Requirement(
        "MUST",
        "server",
        "12.4",
        "The requester MUST be listed like any other user; a connection without a name MUST NOT be listed.",
    ),
    "RENAME-1": Requirement(
        "MUST",
        "server",
        "12.5",
        "An accepted RENAME MUST take the new name and free the old one in one step; every other user MUST get RENAMED, and the requester OK with the seq and time of that RENAMED.",
    ),
    "RENAME-2": Requirement(
        "MUST",
        "server",
        "12.5",
        "A refused RENAME MUST change nothing; the user keeps the old name, and nobody else hears of it.",
    ),
    "RENAME-3": Requirement(
        "MUST",
        "server",
        "12.5",
        "A RENAME that changes nothing but the case of the user's own name MUST be accepted and told as any other.",
    ),
    "RENAME-4": Requirement(
        "MUST",
        "server",
        "12.5",
        "A RENAME to the very name that the user bears MUST be answered by OK with seq 0 and the time at that moment, and nobody is told.",
    ),
    "LEAVE-1": Requirement(
        "MUST",
        "server",
        "12.6",
        "LEAVE MUST be answered by GOODBYE with LEFT and the request_id of the LEAVE, after the replies to all earlier requests; every other user MUST get LEFT with reason LEFT.",
    ),
    "LEAVE-2": Requirement(
        "MUST",
        "client",
        "12.6",
        "After LEAVE a client MUST NOT send anything more, nor end its stream, before the answer; STATE-6 tells what holds when that is ERROR.",
    ),
    "LEAVE-3": Requirement(
        "SHOULD",
        "client",
        "12.6",
        "A client that has sent LEAVE SHOULD go on reading until it has GOODBYE, so that no reply is lost.",
    ),
    "PING-1": Requirement(
        "MUST",
        "both",
        "12.7",
        "PING MUST be answered by PONG with the same request_id and the same nonce. (A client's may be refused by ERROR or GOODBYE; a client that has sent LEAVE does not answer.)",
    ),
    "PING-2": Requirement(
        "MUST",
        "server",
        "12.7",
        "The server MUST queue PONG behind every frame that earlier requests of any client have caused for this connection. A PONG is thus a fence: what has not come before it was not caused by anything before it.",
    ),
    "PING-3": Requirement(
        "MUST",
        "server",
        "12.7",
        "The server MUST send a PING only to a user, with a request_id other than 0, and MUST NOT send a second one before the first is answered.",
    ),
    "PONG-1": Requirement(
        "MUST",
        "server",
        "12.8",
        "A PONG from a client that does not bear the request_id and the nonce of a PING that still waits for its answer MUST be answered by GOODBYE with UNEXPECTED_MESSAGE.",
    ),
    "WELCOME-1": Requirement(
        "MUST", "server", "12.9", "WELCOME MUST bear the limits and timers that the server enforces on this connection."
    ),
    "WELCOME-2": Requirement(
        "MUST",
        "server",
        "12.9",
        "The first public event after a client's WELCOME, whether the client is told of it or causes it itself, MUST bear the seq of that WELCOME plus 1.",
    ),
    "WELCOME-3": Requirement(
        "MUST", "server", "12.9", "The name in WELCOME MUST be the name in the HELLO, byte for byte."
    ),
    "WELCOME-4": Requirement(
        "MUST",
        "client",
        "12.9",
        "From WELCOME on, a client MUST go by the name that stands in it, and MUST ignore capabilities there that its HELLO did not have.",
    ),
    "ERROR-1": Requirement(
        "MUST",
        "server",
        "12.12",
        "A request that is answered by ERROR MUST have had no effect, in whole or in part, but that it counts: for the rate (section 13), for the tries of HELLO-5, and as a sign of life (TIME-4).",
    ),
    "ERROR-2": Requirement(
        "MUST",
        "server",
        "12.12",
        "The request_type of an ERROR MUST be the type of the request that it answers, also where the server does not know that type.",
    ),
    "ERROR-3": Requirement(
        "MUST",
        "client",
        "12.12",
        "A client MUST accept a code that it does not know and treat it as a refusal of that request.",
    ),
    "GOODBYE-1": Requirement(
        "MUST",
        "server",
        "12.13",
        "A GOODBYE caused by a request, or by a frame that counts as one (any type from 0x01 to 0x7F but PONG), MUST bear its request_id, in any state, unless its length was refused. Any other MUST bear 0, be it caused by a PONG, by a type that no client may send, by a refused length, by the end of the stream, by a time-out, at accept, by a full send_queue, by a failure of the server, or by the operator.",
    ),
    "GOODBYE-2": Requirement(
        "MUST",
        "client",
        "12.13",
        "A client MUST accept a code that it does not know and treat it as the end of the connection.",
    ),
    "NOTICE-1": Requirement(
        "MUST",
        "server",
        "12.16",
        "What the operator says MUST be sent as NOTICE and never as CHAT or WHISPER, so that no user can pass for the server, nor the server for a user.",
    ),
    "NOTICE-2": Requirement(
        "MUST",
        "server",
        "12.16",
        "A NOTICE with scope ALL MUST be sent to every user and take a seq; one with scope PRIVATE MUST be sent to one user and bear seq 0.",
    ),
    "LEFT-1": Requirement(
        "MUST",
        "server",
        "12.18",
        "When a user's connection ends for whatever reason but the end of the whole server, every other user MUST get one LEFT with the reason that section 16 gives.",
    ),
    "LEFT-2": Requirement(
        "MUST", "client", "12.18", "A client MUST accept a reason that it does not know and treat the user as gone."
    ),
    "RATE-1": Requirement(
        "MUST",
        "server",
        "13",
        "SAY, PM, WHO, RENAME, PING, a LEAVE that is to be refused with UNSUPPORTED_CRITICAL, and each request of an unknown type MUST cost one token, also when it is refused. HELLO, any other LEAVE, and PONG cost nothing.",
    ),
    "RATE-2": Requirement(
        "MUST",
        "server",
        "13",
        "A request that finds no token MUST be refused with RATE_LIMITED, and retry_after_ms MUST be the time until there is one, rounded up, and at least 1.",
    ),
    "RATE-3": Requirement(
        "MUST",
        "server",
        "13",
        "Each such refusal is a strike. The request that would be strike number flood_strikes MUST be answered by GOODBYE with FLOOD instead. Strikes are forgotten when the bucket is full again.",
    ),
    "RATE-4": Requirement("MUST", "server", "13", "The rate of one connection MUST NOT affect another."),
    "TIME-1": Requirement(
        "MUST",
        "server",
        "14",
        "A connection whose HELLO has not been accepted within handshake_timeout of accept, a TLS handshake included, MUST be ended with HANDSHAKE_TIMEOUT. A PING does not lengthen that time.",
    ),
    "TIME-2": Requirement(
        "MUST",
        "server",
        "14",
        "A frame that is not complete within frame_timeout of its first byte MUST be answered by GOODBYE with FRAME_TIMEOUT, however often a further byte comes.",
    ),
    "TIME-3": Requirement(
        "MUST",
        "server",
        "14",
        "When no complete frame has come from a user for ping_after, the server MUST send a PING, unless an earlier one still waits for its PONG; TIME-4 then counts from the moment at which this one would have been sent.",
    ),
    "TIME-4": Requirement(
        "MUST",
        "server",
        "14",
        "When no complete frame has come within pong_timeout of that PING, the server MUST end the connection with KEEPALIVE_TIMEOUT. Any complete frame counts as a sign of life, not only PONG; the PONG is still owed.",
    ),
    "TIME-5": Requirement(
        "SHOULD",
        "client",
        "14",
        "A client SHOULD send a PING when it has heard nothing for longer than ping_after and a few seconds, and take the connection for lost if it hears nothing within pong_timeout of that. In CLOSING, where it may send no PING, it waits as long in all. Whether a byte counts as heard or a whole frame alone is the client's choice.",
    ),
    "TIME-6": Requirement("SHOULD", "server", "14", "A timer SHOULD fire within a second of its time."),
    "TIME-7": Requirement(
        "SHOULD",
        "client",
        "14",
        "A client SHOULD take a HELLO that is not answered within 15 seconds for a lost connection.",
    ),
    "TIME-8": Requirement("MUST", "server", "14", "A timer MUST NOT fire before its time."),
    "TIME-9": Requirement(
        "MAY",
        "server",
        "14",
        "Of several timers of one connection that have run out when the server looks, it MAY act on any.",
    ),
    "TIME-10": Requirement(
        "SHOULD",
        "server",
        "14",
        "A server that was held up SHOULD handle what has arrived meanwhile before it acts on a timer: its own delay is not its client's silence.",
    ),
    "LIM-1": Requirement(
        "MUST",
        "server",
        "15",
        "A connection beyond max_connections MUST be answered by GOODBYE with SERVER_FULL before anything is read from it.",
    ),
    "LIM-2": Requirement(
        "MUST",
        "server",
        "15",
        "A connection beyond connections_per_address MUST be answered by GOODBYE with TOO_MANY_CONNECTIONS, and one beyond attempts_per_minute by GOODBYE with TOO_MANY_ATTEMPTS, whose retry_after_ms is at most 60000, before anything is read from it.",
    ),
    "LIM-3": Requirement(
        "MUST",
        "server",
        "15",
        "For these limits, an address is an IPv4 address or the first 64 bits of an IPv6 address. An IPv4 address that is mapped into IPv6 (::ffff:0:0/96) MUST be taken for the IPv4 address.",
    ),
    "LIM-4": Requirement(
        "MUST",
        "server",
        "15",
        "When more than one of these applies, the first in this order MUST decide: SHUTTING_DOWN, BANNED, TOO_MANY_ATTEMPTS, TOO_MANY_CONNECTIONS, SERVER_FULL.",
    ),
    "LIM-5": Requirement(
        "MUST",
        "server",
        "15",
        "A connection counts for max_connections and connections_per_address from accept, or from the end of its TLS handshake, until the server has sent its GOODBYE or has lost it; one that was refused at accept MUST NOT count. For attempts_per_minute every connection counts but those refused with SHUTTING_DOWN, BANNED or TOO_MANY_ATTEMPTS.",
    ),
    "LIM-6": Requirement(
        "MUST",
        "server",
        "15",
        "When the frames that wait for a client exceed send_queue bytes, the server MUST end that connection with SLOW_CONSUMER. It MUST NOT drop a single frame for a client that it keeps, and MUST NOT hold up others for one that reads slowly. What the operating system has taken does not wait any more. The frame that exceeds the limit stays queued, and GOODBYE follows it at once.",
    ),
    "LIM-7": Requirement(
        "MUST",
        "server",
        "15",
        "Each limit and timer MUST lie within its range. A client MAY hold a server to them, whatever WELCOME says.",
    ),
    "END-1": Requirement(
        "MUST",
        "server",
        "16",
        "GOODBYE MUST be the last frame that a server sends on a connection, and it MUST send one on every connection that it ends, but for those that are lost, those of END-11, and those that have not read what waits for them when close_drain is over.",
    ),
    "END-2": Requirement(
        "MUST",
        "server",
        "16",
        "After GOODBYE the server MUST shut down its sending side of the connection, go on to read and drop what still comes, and close when the client has closed or close_drain is over, counted from when GOODBYE was queued. Were it to close at once, data that is still under way from the client would cause a reset, which could destroy the GOODBYE before it is read.",
    ),
    "END-3": Requirement(
        "MUST",
        "server",
        "16",
        "When a client's stream ends between two frames, the server MUST send the replies that are due, then GOODBYE with LEFT and request_id 0.",
    ),
    "END-4": Requirement(
        "MUST",
        "server",
        "16",
        "When a client's stream ends inside a frame, the server MUST drop that frame and send GOODBYE with MALFORMED and request_id 0.",
    ),
    "END-5": Requirement(
        "SHOULD",
        "client",
        "16",
        "A client SHOULD close its side when it has read GOODBYE, and SHOULD NOT connect again before retry_after_ms is over.",
    ),
    "END-6": Requirement(
        "MUST",
        "client",
        "16",
        "A client MUST take an end of the stream without GOODBYE for a lost connection, and MUST NOT show it as one for which the server has given a reason.",
    ),
    "END-7": Requirement(
        "MUST",
        "server",
        "16",
        "LEFT MUST bear this reason: LEFT after LEAVE or an end of stream between two frames; LOST after a reset, any other failure of the connection, or an end of stream inside a frame; TIMED_OUT after KEEPALIVE_TIMEOUT or FRAME_TIMEOUT; TOO_SLOW after SLOW_CONSUMER; KICKED after KICKED; BANNED after BANNED; VIOLATION after MALFORMED (other than by END-4), FRAME_TOO_LARGE, UNEXPECTED_MESSAGE or FLOOD; FAILED after INTERNAL.",
    ),
    "END-8": Requirement(
        "MUST",
        "server",
        "16",
        "When the server stops, it MUST send GOODBYE with SHUTTING_DOWN on every connection; it sends no LEFT for them. It MAY stop listening at once; whom it still accepts, it refuses with that code.",
    ),
    "END-9": Requirement(
        "MUST",
        "server",
        "16",
        "A failure while the server handles one connection MUST end that connection alone, with INTERNAL.",
    ),
    "END-10": Requirement(
        "MUST",
        "server",
        "16",
        "When a connection ends and a LEFT is due for it, the server MUST queue the LEFT in the same step of the order as the GOODBYE, or as it learns of the loss. Users whose connections end in one step MUST NOT be told of each other's end.",
    ),
    "END-11": Requirement(
        "MAY",
        "server",
        "16",
        "A server MAY close a connection without GOODBYE while its TLS handshake is not done, when the client has ended a stream of TLS (where the other direction need not stay open), and when so many connections are being turned away already that it can hold no more.",
    ),
    "END-12": Requirement(
        "SHOULD",
        "server",
        "16",
        "A server that fails as a whole SHOULD send GOODBYE with INTERNAL on every connection, and no LEFT, and end with the exit code 1.",
    ),
    "OP-1": Requirement(
        "MUST",
        "server",
        "17",
        "/kick MUST end the user's connection with KICKED; the reason given, if any, stands in its detail. A reason that no detail can hold cannot be used (OP-6).",
    ),
    "OP-2": Requirement(
        "MUST",
        "server",
        "17",
        "/ban MUST end the connection of every user and client that matches, with BANNED and in one step, so that none of them is told of another's end, and MUST keep out those who match from then on; the ban's reason stands in the detail of each BANNED, and is judged as that of OP-1.",
    ),
    "OP-3": Requirement(
        "MUST",
        "server",
        "17",
        "A ban of a name MUST be compared without case, and a HELLO or RENAME with that name refused with NAME_BANNED. A ban of an address or network MUST be examined at accept, and answered by GOODBYE with BANNED. A target that can be read as an address or a network is one; any other is a name, a reserved one included, and of the form that names have (section 5).",
    ),
    "OP-4": Requirement(
        "MUST",
        "server",
        "17",
        "A ban MUST survive a restart of the server, a sudden one included, as soon as the console has answered the command, and MUST end with its duration: a whole number from 1 to 999999999 and one of s, m, h, d. The word behind the target is a duration if it begins with a digit, and otherwise begins the reason.",
    ),
    "OP-10": Requirement(
        "MUST",
        "server",
        "17",
        "A ban of an address MUST match that address alone, one of a network all addresses in it, whatever stands in the bits behind its prefix; a mapped address is taken for what LIM-3 says, and so is a network that lies in ::ffff:0:0/96. No other network of IPv6 holds an address of IPv4. An address is the same target as the network of it alone (/32 or /128). A later ban of the same target takes the place of the earlier one. Where several bans match an address, the one with the longest prefix gives the reason.",
    ),
    "OP-5": Requirement(
        "MUST",
        "server",
        "17",
        "/unban MUST lift the ban of that very target at once. One that is not banned cannot be used (OP-6).",
    ),
    "OP-6": Requirement(
        "MUST",
        "server",
        "17",
        "A line that is none of these commands or is not UTF-8, a command that lacks an argument, has one too many or one that cannot be used, such as a user who is not there, and a ban for which there is no room, MUST be explained at the console, and MUST change nothing. A server MAY bound how many bans it keeps.",
    ),
    "OP-7": Requirement(
        "MUST",
        "server",
        "17",
        "A text typed at the console is held to section 11; one that breaks its rules MUST be refused with an explanation.",
    ),
    "OP-8": Requirement(
        "MUST",
        "server",
        "17",
        "/stop MUST stop the server as END-8 says, at once if no number or 0 is given. With a number of seconds from 1 to 86400, every user is told by a NOTICE at once, and the server stops after that time; a later /stop takes the place of an earlier one. Where the system can tell a program to end (SIGTERM, SIGINT), that MUST work as /stop does. The program then ends with the exit code 0, as soon as every connection is closed (END-2).",
    ),
    "OP-9": Requirement(
        "MUST",
        "server",
        "17",
        "/all MUST send a NOTICE with scope ALL to every user, and /pm one with scope PRIVATE to the user named.",
    ),
    "OP-11": Requirement(
        "MUST",
        "server",
        "17",
        "/help MUST show each command of the list with what it does, /who each connection with its address and, if it has one yet, its name, and /bans each ban that is in force with its reason. The idle time in /who runs from the last complete frame, or from accept.",
    ),
    "OP-12": Requirement(
        "MUST", "server", "17", "The end of the console's input MUST NOT end the server, nor change anything else."
    ),
    "CLIENT-1": Requirement(
        "MUST",
        "client",
        "18",
        "An unknown command, one that lacks an argument or has one too many, what is typed behind /leave, and a line that is not UTF-8 MUST be explained to the user at once, and nothing MUST be sent. The explanation goes to standard output. That of an unknown command names the command as it was typed, or its first 40 characters; that of a wrong number of arguments shows the first line of the command in the list above; that of a text that is too long gives the number max_text. A name that breaks NAME-1, or has more than max_name bytes, MAY be explained in the same way instead of being sent.",
    ),
    "CLIENT-10": Requirement(
        "MUST", "client", "18", "/help MUST show each command of the list on a line of its own, with what it does."
    ),
    "CLIENT-2": Requirement(
        "MUST",
        "client",
        "18",
        "A line that begins with '//' MUST be said to all without its first '/'. An empty line MUST be passed over; one of blanks alone is a text like any other. U+FEFF at the very beginning of its input a client MAY pass over.",
    ),
    "CLIENT-3": Requirement(
        "MUST",
        "client",
        "18",
        "When its input ends, a client MUST send what it still holds back, wait for the replies that it is owed, and then LEAVE. A PONG to a keepalive PING of its own need not be waited for.",
    ),
    "CLIENT-4": Requirement(
        "MUST",
        "client",
        "18",
        "For each message a client whose output is not a terminal, and whose user has not asked for another form, MUST show the line of the table and no other, each ended by one line feed, in the order of the frames. What was typed shows when the server has accepted it, not before.",
    ),
    "CLIENT-5": Requirement(
        "MUST",
        "client",
        "18",
        "Nothing that comes from the network may act on the terminal or pass for another line: in names, texts, labels and details, those that its user typed among them, a client MUST show a line feed as U+21B5, a tab as a space, and every other character of the Unicode categories Cc, Cf, Cs, Co, Cn, Zl and Zp, except U+200C and U+200D, as its number in the form <U+202E>, with capital digits and at least four of them. Which characters are not assigned (Cn) depends on the version of Unicode that the client knows.",
    ),
    "CLIENT-6": Requirement("MUST", "client", "18", "A client MUST keep its name when its RENAME is refused."),
    "CLIENT-7": Requirement(
        "MUST",
        "client",
        "18",
        "A client MUST end with the exit code 0 after a GOODBYE with LEFT; with 3 after one with BANNED or KICKED, after an ERROR in answer to HELLO if it has no one to ask for another name, and without connecting if it sees itself that the name breaks NAME-1; with 1 after any other end, and when it cannot connect. With 1 and 3 it says why in one line on standard error. Where the table marks a line with stderr, that line says why, and host and port MAY stand in front of it. The code 2 is for a command line that cannot be understood.",
    ),
    "CLIENT-8": Requirement(
        "MUST",
        "client",
        "18",
        "In state ACTIVE, a client MUST answer PING at any time, also while its user types nothing.",
    ),
    "CLIENT-9": Requirement(
        "SHOULD",
        "client",
        "18",
        "A client SHOULD keep within the rate that WELCOME tells, and hold back what it cannot send yet, so that nothing that is typed or piped into it is refused with RATE_LIMITED. (A client that counts a token as spent when it sends the request, and lets the time in which it comes back begin only at the reply, never counts on a token that the server does not have.) What is refused all the same, it SHOULD NOT send again by itself.",
    ),
    "CLIENT-11": Requirement(
        "MUST",
        "client",
        "18",
        "While a ROSTER that /who has led to says that there are more, a client MUST ask for the next page, behind the last name of this one, unless it has sent LEAVE meanwhile. It MUST stop at a page whose last name does not stand behind the name that it asked with.",
    ),
    "CLIENT-12": Requirement(
        "SHOULD",
        "client",
        "18",
        "A client that is told to end (SIGINT, SIGTERM) SHOULD drop what it holds back, LEAVE, and wait a few seconds for GOODBYE.",
    ),
    "CLIENT-13": Requirement(
        "MUST",
        "client",
        "18",
        "Lines that are typed before WELCOME, /help among them, MUST be kept until then and taken in their order. If the connection ends instead, a client MAY say on standard output that they were not sent.",
    ),
    "LOG-1": Requirement(
        "SHOULD",
        "server",
        "19",
        "A server SHOULD log connects, disconnects with their reason, renames, public messages, the fact but not the text of private ones, the operator's acts, and failures; one line each, with date, time and zone. The log goes anywhere but to standard output, which is the console's.",
    ),
    "LOG-2": Requirement(
        "MUST",
        "server",
        "19",
        "Whatever a client has sent MUST be escaped in log and console, so that it stays on its line and cannot act on a terminal.",
    ),
}
