# Generated from spec/imp.yaml by `python -m codegen`. Do not edit: change the spec and generate again.
"""The constructs of the Instant Messenger Protocol: one for each type and one for each message's whole frame.

They define what is read and written. `codecs` does the same faster, and asks them whenever it is in doubt.
"""

from __future__ import annotations

import construct as c

from . import constructs as k
from . import messages as m
from . import wire as w
from .codec import InterpretedCodec

FRAME = w.FrameLayout(
    fields=(
        w.HeaderField("length", c.Int32ub, role="length"),
        w.HeaderField("type", c.Int8ub, role="type"),
        w.HeaderField("flags", c.Int8ub, role="flags"),
        w.HeaderField("request_id", c.Int32ub, role="correlation"),
    ),
    critical_flags=0x0F,
    tag=c.Int8ub,
    value=k.Blob(c.Int16ub, 65535, "MALFORMED"),
    malformed="MALFORMED",
    too_large="FRAME_TOO_LARGE",
    unsupported_critical="UNSUPPORTED_CRITICAL",
    document="protocol.txt",
)

BOOL_TYPE = k.Boolean(c.Int8ub, "MALFORMED")
VERSION_TYPE = k.Integer(c.Int16ub, 0, 65535, "MALFORMED")
SESSION_ID_TYPE = k.Integer(c.Int64ub, 1, 18446744073709551615, "MALFORMED")
SEQ_TYPE = k.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED")
TIME_TYPE = k.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED")
DURATION_TYPE = k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED")
NAME_TYPE = k.Text(c.Int8ub, (1, "NAME_INVALID"), (24, "NAME_INVALID"), "[A-Za-z][A-Za-z0-9_-]*", "NAME_INVALID")
CURSOR_TYPE = k.Text(c.Int8ub, (0, "MALFORMED"), (24, "NAME_INVALID"), "([A-Za-z][A-Za-z0-9_-]*)?", "NAME_INVALID")
TEXT_TYPE = k.Text(
    c.Int16ub,
    (1, "TEXT_EMPTY"),
    (4096, "TEXT_TOO_LONG"),
    r"[^\U00000000-\U00000008\U0000000b-\U0000001f\U0000007f-\U0000009f]*",
    "INVALID_TEXT",
)
LABEL_TYPE = k.Text(
    c.Int8ub, (1, "MALFORMED"), (64, "MALFORMED"), r"[^\U00000000-\U0000001f\U0000007f-\U0000009f]*", "MALFORMED"
)
DETAIL_TYPE = k.Text(
    c.Int8ub, (0, "MALFORMED"), (255, "MALFORMED"), r"[^\U00000000-\U0000001f\U0000007f-\U0000009f]*", "MALFORMED"
)
EXTENSION_VALUE_TYPE = k.Blob(c.Int16ub, 65535, "MALFORMED")
CAPABILITIES_TYPE = k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED")
USER_TYPE = k.Record(m.User, "session_id" / SESSION_ID_TYPE, "name" / NAME_TYPE)
ROSTER_TYPE = k.Many(c.Int16ub, USER_TYPE, 4096, "MALFORMED")
LEFT_REASON_TYPE = k.Enumeration(c.Int8ub, m.LeftReason, "MALFORMED", open=True)
NOTICE_SCOPE_TYPE = k.Enumeration(c.Int8ub, m.NoticeScope, "MALFORMED", open=False)
ERROR_CODE_TYPE = k.Enumeration(c.Int8ub, m.ErrorCode, "MALFORMED", open=True)
GOODBYE_CODE_TYPE = k.Enumeration(c.Int8ub, m.GoodbyeCode, "MALFORMED", open=True)

HELLO = InterpretedCodec(
    FRAME,
    m.Hello,
    "12.1",
    "magic" / k.Fixed(c.Int32ub, 0x494D5031, "MALFORMED"),
    "min_version" / VERSION_TYPE,
    "max_version" / VERSION_TYPE,
    "capabilities" / CAPABILITIES_TYPE,
    "name" / NAME_TYPE,
)

SAY = InterpretedCodec(FRAME, m.Say, "12.2", "text" / TEXT_TYPE)

PM = InterpretedCodec(FRAME, m.Pm, "12.3", "to" / NAME_TYPE, "text" / TEXT_TYPE)

WHO = InterpretedCodec(
    FRAME, m.Who, "12.4", "after" / CURSOR_TYPE, "limit" / k.Integer(c.Int16ub, 0, 65535, "MALFORMED")
)

RENAME = InterpretedCodec(FRAME, m.Rename, "12.5", "name" / NAME_TYPE)

LEAVE = InterpretedCodec(FRAME, m.Leave, "12.6")

PING = InterpretedCodec(FRAME, m.Ping, "12.7", "nonce" / k.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED"))

PONG = InterpretedCodec(FRAME, m.Pong, "12.8", "nonce" / k.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED"))

WELCOME = InterpretedCodec(
    FRAME,
    m.Welcome,
    "12.9",
    "version" / VERSION_TYPE,
    "capabilities" / CAPABILITIES_TYPE,
    "session_id" / SESSION_ID_TYPE,
    "name" / NAME_TYPE,
    "server_name" / LABEL_TYPE,
    "seq" / SEQ_TYPE,
    "time" / TIME_TYPE,
    "max_frame" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "max_text" / k.Integer(c.Int16ub, 0, 65535, "MALFORMED"),
    "max_name" / k.Integer(c.Int8ub, 0, 255, "MALFORMED"),
    "send_queue" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "hello_tries" / k.Integer(c.Int8ub, 0, 255, "MALFORMED"),
    "rate_burst" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "rate_per_second" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "flood_strikes" / k.Integer(c.Int16ub, 0, 65535, "MALFORMED"),
    "max_connections" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "connections_per_address" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "attempts_per_minute" / k.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "handshake_timeout" / DURATION_TYPE,
    "frame_timeout" / DURATION_TYPE,
    "ping_after" / DURATION_TYPE,
    "pong_timeout" / DURATION_TYPE,
    "close_drain" / DURATION_TYPE,
)

OK = InterpretedCodec(FRAME, m.Ok, "12.10", "seq" / SEQ_TYPE, "time" / TIME_TYPE)

ROSTER = InterpretedCodec(FRAME, m.Roster, "12.11", "entries" / ROSTER_TYPE, "more" / BOOL_TYPE)

ERROR = InterpretedCodec(
    FRAME,
    m.Error,
    "12.12",
    "code" / ERROR_CODE_TYPE,
    "request_type" / k.Integer(c.Int8ub, 0, 255, "MALFORMED"),
    "retry_after_ms" / DURATION_TYPE,
    "detail" / DETAIL_TYPE,
)

GOODBYE = InterpretedCodec(
    FRAME, m.Goodbye, "12.13", "code" / GOODBYE_CODE_TYPE, "retry_after_ms" / DURATION_TYPE, "detail" / DETAIL_TYPE
)

CHAT = InterpretedCodec(
    FRAME, m.Chat, "12.14", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE, "text" / TEXT_TYPE
)

WHISPER = InterpretedCodec(FRAME, m.Whisper, "12.15", "time" / TIME_TYPE, "who" / USER_TYPE, "text" / TEXT_TYPE)

NOTICE = InterpretedCodec(
    FRAME, m.Notice, "12.16", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "scope" / NOTICE_SCOPE_TYPE, "text" / TEXT_TYPE
)

JOINED = InterpretedCodec(FRAME, m.Joined, "12.17", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE)

LEFT = InterpretedCodec(
    FRAME, m.Left, "12.18", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE, "reason" / LEFT_REASON_TYPE
)

RENAMED = InterpretedCodec(
    FRAME, m.Renamed, "12.19", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE, "new_name" / NAME_TYPE
)
