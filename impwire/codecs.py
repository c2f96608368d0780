# Generated from spec/imp.yaml by `python -m codegen`. Do not edit: change the spec and generate again.
"""The codecs of the Instant Messenger Protocol: a construct for each type and for each message's whole frame."""

from __future__ import annotations

import construct as c

from . import messages as m
from . import wire as w

FRAME = w.FrameLayout(
    fields=(
        w.HeaderField("length", c.Int32ub, role="length"),
        w.HeaderField("type", c.Int8ub, role="type"),
        w.HeaderField("flags", c.Int8ub, role="flags"),
        w.HeaderField("request_id", c.Int32ub, role="correlation"),
    ),
    critical_flags=0x0F,
    tag=c.Int8ub,
    value=w.Blob(c.Int16ub, 65535, "MALFORMED"),
    malformed="MALFORMED",
    unsupported_critical="UNSUPPORTED_CRITICAL",
)

BOOL_TYPE = w.Boolean(c.Int8ub, "MALFORMED")
VERSION_TYPE = w.Integer(c.Int16ub, 0, 65535, "MALFORMED")
SESSION_ID_TYPE = w.Integer(c.Int64ub, 1, 18446744073709551615, "MALFORMED")
SEQ_TYPE = w.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED")
TIME_TYPE = w.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED")
DURATION_TYPE = w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED")
NAME_TYPE = w.Text(c.Int8ub, (1, "NAME_INVALID"), (24, "NAME_INVALID"), "[A-Za-z][A-Za-z0-9_-]*", "NAME_INVALID")
CURSOR_TYPE = w.Text(c.Int8ub, (0, "MALFORMED"), (24, "NAME_INVALID"), "([A-Za-z][A-Za-z0-9_-]*)?", "NAME_INVALID")
TEXT_TYPE = w.Text(
    c.Int16ub,
    (1, "TEXT_EMPTY"),
    (4096, "TEXT_TOO_LONG"),
    r"[^\U00000000-\U00000008\U0000000b-\U0000001f\U0000007f-\U0000009f]*",
    "INVALID_TEXT",
)
LABEL_TYPE = w.Text(
    c.Int8ub, (1, "MALFORMED"), (64, "MALFORMED"), r"[^\U00000000-\U0000001f\U0000007f-\U0000009f]*", "MALFORMED"
)
DETAIL_TYPE = w.Text(
    c.Int8ub, (0, "MALFORMED"), (255, "MALFORMED"), r"[^\U00000000-\U0000001f\U0000007f-\U0000009f]*", "MALFORMED"
)
EXTENSION_VALUE_TYPE = w.Blob(c.Int16ub, 65535, "MALFORMED")
CAPABILITIES_TYPE = w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED")
USER_TYPE = w.Record(m.User, "session_id" / SESSION_ID_TYPE, "name" / NAME_TYPE)
ROSTER_TYPE = w.Many(c.Int16ub, USER_TYPE, 4096, "MALFORMED")
LEFT_REASON_TYPE = w.Enumeration(c.Int8ub, m.LeftReason, "MALFORMED", open=True)
NOTICE_SCOPE_TYPE = w.Enumeration(c.Int8ub, m.NoticeScope, "MALFORMED", open=False)
ERROR_CODE_TYPE = w.Enumeration(c.Int8ub, m.ErrorCode, "MALFORMED", open=True)
GOODBYE_CODE_TYPE = w.Enumeration(c.Int8ub, m.GoodbyeCode, "MALFORMED", open=True)

HELLO = w.MessageCodec(
    FRAME,
    m.Hello,
    "12.1",
    "magic" / w.Fixed(c.Int32ub, 0x494D5031, "MALFORMED"),
    "min_version" / VERSION_TYPE,
    "max_version" / VERSION_TYPE,
    "capabilities" / CAPABILITIES_TYPE,
    "name" / NAME_TYPE,
)

SAY = w.MessageCodec(FRAME, m.Say, "12.2", "text" / TEXT_TYPE)

PM = w.MessageCodec(FRAME, m.Pm, "12.3", "to" / NAME_TYPE, "text" / TEXT_TYPE)

WHO = w.MessageCodec(FRAME, m.Who, "12.4", "after" / CURSOR_TYPE, "limit" / w.Integer(c.Int16ub, 0, 65535, "MALFORMED"))

RENAME = w.MessageCodec(FRAME, m.Rename, "12.5", "name" / NAME_TYPE)

LEAVE = w.MessageCodec(FRAME, m.Leave, "12.6")

PING = w.MessageCodec(FRAME, m.Ping, "12.7", "nonce" / w.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED"))

PONG = w.MessageCodec(FRAME, m.Pong, "12.8", "nonce" / w.Integer(c.Int64ub, 0, 18446744073709551615, "MALFORMED"))

WELCOME = w.MessageCodec(
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
    "max_frame" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "max_text" / w.Integer(c.Int16ub, 0, 65535, "MALFORMED"),
    "max_name" / w.Integer(c.Int8ub, 0, 255, "MALFORMED"),
    "send_queue" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "hello_tries" / w.Integer(c.Int8ub, 0, 255, "MALFORMED"),
    "rate_burst" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "rate_per_second" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "flood_strikes" / w.Integer(c.Int16ub, 0, 65535, "MALFORMED"),
    "max_connections" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "connections_per_address" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "attempts_per_minute" / w.Integer(c.Int32ub, 0, 4294967295, "MALFORMED"),
    "handshake_timeout" / DURATION_TYPE,
    "frame_timeout" / DURATION_TYPE,
    "ping_after" / DURATION_TYPE,
    "pong_timeout" / DURATION_TYPE,
    "close_drain" / DURATION_TYPE,
)

OK = w.MessageCodec(FRAME, m.Ok, "12.10", "seq" / SEQ_TYPE, "time" / TIME_TYPE)

ROSTER = w.MessageCodec(FRAME, m.Roster, "12.11", "entries" / ROSTER_TYPE, "more" / BOOL_TYPE)

ERROR = w.MessageCodec(
    FRAME,
    m.Error,
    "12.12",
    "code" / ERROR_CODE_TYPE,
    "request_type" / w.Integer(c.Int8ub, 0, 255, "MALFORMED"),
    "retry_after_ms" / DURATION_TYPE,
    "detail" / DETAIL_TYPE,
)

GOODBYE = w.MessageCodec(
    FRAME, m.Goodbye, "12.13", "code" / GOODBYE_CODE_TYPE, "retry_after_ms" / DURATION_TYPE, "detail" / DETAIL_TYPE
)

CHAT = w.MessageCodec(
    FRAME, m.Chat, "12.14", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE, "text" / TEXT_TYPE
)

WHISPER = w.MessageCodec(FRAME, m.Whisper, "12.15", "time" / TIME_TYPE, "who" / USER_TYPE, "text" / TEXT_TYPE)

NOTICE = w.MessageCodec(
    FRAME, m.Notice, "12.16", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "scope" / NOTICE_SCOPE_TYPE, "text" / TEXT_TYPE
)

JOINED = w.MessageCodec(FRAME, m.Joined, "12.17", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE)

LEFT = w.MessageCodec(
    FRAME, m.Left, "12.18", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE, "reason" / LEFT_REASON_TYPE
)

RENAMED = w.MessageCodec(
    FRAME, m.Renamed, "12.19", "seq" / SEQ_TYPE, "time" / TIME_TYPE, "who" / USER_TYPE, "new_name" / NAME_TYPE
)

#: Every codec, by type, class and name.
CODECS = w.Codecs(
    FRAME,
    "UNKNOWN_TYPE",
    (
        HELLO,
        SAY,
        PM,
        WHO,
        RENAME,
        LEAVE,
        PING,
        PONG,
        WELCOME,
        OK,
        ROSTER,
        ERROR,
        GOODBYE,
        CHAT,
        WHISPER,
        NOTICE,
        JOINED,
        LEFT,
        RENAMED,
    ),
)
decode = CODECS.decode
encode = CODECS.encode
