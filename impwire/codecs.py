# Generated from spec/imp.yaml by `python -m codegen`. Do not edit: change the spec and generate again.
"""The codecs of the Instant Messenger Protocol: for each message a decoder, an encoder and a construct of both.

The functions are straight-line code for what is right. Whatever they do not expect they give to the twin,
which says what is wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from . import messages as m
from . import twins as t
from . import wire as w
from .codec import Codecs, MessageCodec, marking
from .twins import BOOL_TYPE as BOOL_TYPE
from .twins import CAPABILITIES_TYPE as CAPABILITIES_TYPE
from .twins import CURSOR_TYPE as CURSOR_TYPE
from .twins import DETAIL_TYPE as DETAIL_TYPE
from .twins import DURATION_TYPE as DURATION_TYPE
from .twins import ERROR_CODE_TYPE as ERROR_CODE_TYPE
from .twins import EXTENSION_VALUE_TYPE as EXTENSION_VALUE_TYPE
from .twins import FRAME as FRAME
from .twins import GOODBYE_CODE_TYPE as GOODBYE_CODE_TYPE
from .twins import LABEL_TYPE as LABEL_TYPE
from .twins import LEFT_REASON_TYPE as LEFT_REASON_TYPE
from .twins import NAME_TYPE as NAME_TYPE
from .twins import NOTICE_SCOPE_TYPE as NOTICE_SCOPE_TYPE
from .twins import ROSTER_TYPE as ROSTER_TYPE
from .twins import SEQ_TYPE as SEQ_TYPE
from .twins import SESSION_ID_TYPE as SESSION_ID_TYPE
from .twins import TEXT_TYPE as TEXT_TYPE
from .twins import TIME_TYPE as TIME_TYPE
from .twins import USER_TYPE as USER_TYPE
from .twins import VERSION_TYPE as VERSION_TYPE

_NO_EXTENSIONS: tuple[w.Extension, ...] = ()

_pack_B = struct.Struct(">B").pack
_pack_BH = struct.Struct(">BH").pack
_pack_H = struct.Struct(">H").pack
_pack_I = struct.Struct(">I").pack
_pack_IBBI = struct.Struct(">IBBI").pack
_pack_IBBIB = struct.Struct(">IBBIB").pack
_pack_IBBIBBIB = struct.Struct(">IBBIBBIB").pack
_pack_IBBIBIB = struct.Struct(">IBBIBIB").pack
_pack_IBBIH = struct.Struct(">IBBIH").pack
_pack_IBBIHIQB = struct.Struct(">IBBIHIQB").pack
_pack_IBBIIHHIB = struct.Struct(">IBBIIHHIB").pack
_pack_IBBIQ = struct.Struct(">IBBIQ").pack
_pack_IBBIQQ = struct.Struct(">IBBIQQ").pack
_pack_IBBIQQB = struct.Struct(">IBBIQQB").pack
_pack_IBBIQQBH = struct.Struct(">IBBIQQBH").pack
_pack_IBBIQQQB = struct.Struct(">IBBIQQQB").pack
_pack_QB = struct.Struct(">QB").pack
_pack_QQIHBIBIIHIIIIIIII = struct.Struct(">QQIHBIBIIHIIIIIIII").pack
_unpack_B = struct.Struct(">B").unpack_from
_unpack_BH = struct.Struct(">BH").unpack_from
_unpack_H = struct.Struct(">H").unpack_from
_unpack_IBBI = struct.Struct(">IBBI").unpack_from
_unpack_IBBIB = struct.Struct(">IBBIB").unpack_from
_unpack_IBBIBBIB = struct.Struct(">IBBIBBIB").unpack_from
_unpack_IBBIBIB = struct.Struct(">IBBIBIB").unpack_from
_unpack_IBBIH = struct.Struct(">IBBIH").unpack_from
_unpack_IBBIHIQB = struct.Struct(">IBBIHIQB").unpack_from
_unpack_IBBIIHHIB = struct.Struct(">IBBIIHHIB").unpack_from
_unpack_IBBIQ = struct.Struct(">IBBIQ").unpack_from
_unpack_IBBIQQ = struct.Struct(">IBBIQQ").unpack_from
_unpack_IBBIQQB = struct.Struct(">IBBIQQB").unpack_from
_unpack_IBBIQQBH = struct.Struct(">IBBIQQBH").unpack_from
_unpack_IBBIQQQB = struct.Struct(">IBBIQQQB").unpack_from
_unpack_Q26p = struct.Struct(">Q26p").unpack_from
_unpack_QQIHBIBIIHIIIIIIII = struct.Struct(">QQIHBIBIIHIIIIIIII").unpack_from
_REST_OF_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789_"
_FIRST_OF_NAME = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_new_Hello = partial(object.__new__, m.Hello)
_Hello = m.Hello
_is_text = t.TEXT_TYPE.rule.fullmatch
_MARKED_IN_TEXT = marking("00-08 0b-1f 7f c2")
_new_Say = partial(object.__new__, m.Say)
_Say = m.Say
_new_Pm = partial(object.__new__, m.Pm)
_Pm = m.Pm
_REST_OF_CURSOR = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789_"
_FIRST_OF_CURSOR = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_new_Who = partial(object.__new__, m.Who)
_Who = m.Who
_new_Rename = partial(object.__new__, m.Rename)
_Rename = m.Rename
_new_Leave = partial(object.__new__, m.Leave)
_Leave = m.Leave
_new_Ping = partial(object.__new__, m.Ping)
_Ping = m.Ping
_new_Pong = partial(object.__new__, m.Pong)
_Pong = m.Pong
_is_label = t.LABEL_TYPE.rule.fullmatch
_MARKED_IN_LABEL = marking("00-1f 7f c2")
_new_Welcome = partial(object.__new__, m.Welcome)
_Welcome = m.Welcome
_new_Ok = partial(object.__new__, m.Ok)
_Ok = m.Ok
_new_User = partial(object.__new__, m.User)
_new_Roster = partial(object.__new__, m.Roster)
_Roster = m.Roster
_MEMBERS_OF_ERROR_CODE: dict[int, m.ErrorCode] = {member.value: member for member in m.ErrorCode}
_is_detail = t.DETAIL_TYPE.rule.fullmatch
_MARKED_IN_DETAIL = marking("00-1f 7f c2")
_new_Error = partial(object.__new__, m.Error)
_Error = m.Error
_MEMBERS_OF_GOODBYE_CODE: dict[int, m.GoodbyeCode] = {member.value: member for member in m.GoodbyeCode}
_new_Goodbye = partial(object.__new__, m.Goodbye)
_Goodbye = m.Goodbye
_new_Chat = partial(object.__new__, m.Chat)
_Chat = m.Chat
_new_Whisper = partial(object.__new__, m.Whisper)
_Whisper = m.Whisper
_MEMBERS_OF_NOTICE_SCOPE: dict[int, m.NoticeScope] = {member.value: member for member in m.NoticeScope}
_new_Notice = partial(object.__new__, m.Notice)
_Notice = m.Notice
_new_Joined = partial(object.__new__, m.Joined)
_Joined = m.Joined
_MEMBERS_OF_LEFT_REASON: dict[int, m.LeftReason] = {member.value: member for member in m.LeftReason}
_new_Left = partial(object.__new__, m.Left)
_Left = m.Left
_new_Renamed = partial(object.__new__, m.Renamed)
_Renamed = m.Renamed


def _records(frame: bytes, at: int) -> dict[int, bytes]:
    """The extension records from a place to the end of the frame by tag; of equal tags the first counts."""
    found: dict[int, bytes] = {}
    while at < len(frame):
        tag, size = _unpack_BH(frame, at)
        start = at + 3
        at = start + size
        found.setdefault(tag, bytes(frame[start:at]))
    if at != len(frame):
        raise ValueError
    return found


def _unknown(records: dict[int, bytes]) -> tuple[w.Extension, ...]:
    """Records that belong to no field. An odd tag is critical."""
    if any(tag % 2 for tag in records):
        raise ValueError
    return tuple(w.Extension(tag, value) for tag, value in records.items())


def _tail(extensions: tuple[w.Extension, ...], known: Collection[int] = ()) -> bytes:
    """Extension records as bytes. None may have the tag of another, one that belongs to a field, or one that is odd."""
    if not isinstance(extensions, (tuple, list)):
        raise ValueError
    data, tags = b"", list(known)
    for extension in extensions:
        tag, value = extension
        if not (isinstance(extension, (tuple, list)) and tag not in tags and not tag % 2 and isinstance(value, bytes)):
            raise ValueError
        tags.append(tag)
        data += _pack_BH(tag, len(value)) + value
    return data


def _extended(frame: bytes, tail: bytes) -> bytes:
    """A frame with extension records behind its fields."""
    return _pack_I(len(frame) + len(tail) - 4) + frame[4:] + tail


def decode_hello(frame: bytes) -> m.Hello:
    """Read a whole HELLO frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, magic, min_version, max_version, capabilities, name_size = _unpack_IBBIIHHIB(
            frame
        )
        at = 23 + name_size
        name_data = frame[23:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0x01
            and not flags & 0x0F
            and magic == 0x494D5031
            and name_size <= 24
            and (
                (name_data.isalnum() and name_data[0] > 0x40)
                or (name_data[0] in _FIRST_OF_NAME and not name_data.strip(_REST_OF_NAME))
            )
        ):
            message = _new_Hello()
            message.min_version = min_version
            message.max_version = max_version
            message.capabilities = capabilities
            message.name = name_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.HELLO.explain(frame)


def encode_hello(message: m.Hello) -> bytes:
    """Write a whole HELLO frame. Raises `EncodeError`."""
    try:
        name_data = str.encode(message.name)
        name_size = len(name_data)
        if (
            type(message) is _Hello
            and not message.flags & 0x0F
            and name_size <= 24
            and (
                (name_data.isalnum() and name_data[0] > 0x40)
                or (name_data[0] in _FIRST_OF_NAME and not name_data.strip(_REST_OF_NAME))
            )
        ):
            frame = (
                _pack_IBBIIHHIB(
                    19 + name_size,
                    0x01,
                    message.flags,
                    message.request_id,
                    0x494D5031,
                    message.min_version,
                    message.max_version,
                    message.capabilities,
                    name_size,
                )
                + name_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.HELLO.write(message)


def decode_say(frame: bytes) -> m.Say:
    """Read a whole SAY frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, text_size = _unpack_IBBIH(frame)
        at = 12 + text_size
        text_data = frame[12:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0x02
            and not flags & 0x0F
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            message = _new_Say()
            message.text = text_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.SAY.explain(frame)


def encode_say(message: m.Say) -> bytes:
    """Write a whole SAY frame. Raises `EncodeError`."""
    try:
        text_data = str.encode(message.text)
        text_size = len(text_data)
        if (
            type(message) is _Say
            and not message.flags & 0x0F
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            frame = _pack_IBBIH(8 + text_size, 0x02, message.flags, message.request_id, text_size) + text_data
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.SAY.write(message)


def decode_pm(frame: bytes) -> m.Pm:
    """Read a whole PM frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, to_size = _unpack_IBBIB(frame)
        at = 11 + to_size
        to_data = frame[11:at]
        (text_size,) = _unpack_H(frame, at)
        text_at = at + 2
        at = text_at + text_size
        text_data = frame[text_at:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0x03
            and not flags & 0x0F
            and to_size <= 24
            and (
                (to_data.isalnum() and to_data[0] > 0x40)
                or (to_data[0] in _FIRST_OF_NAME and not to_data.strip(_REST_OF_NAME))
            )
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            message = _new_Pm()
            message.to = to_data.decode()
            message.text = text_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.PM.explain(frame)


def encode_pm(message: m.Pm) -> bytes:
    """Write a whole PM frame. Raises `EncodeError`."""
    try:
        to_data = str.encode(message.to)
        to_size = len(to_data)
        text_data = str.encode(message.text)
        text_size = len(text_data)
        if (
            type(message) is _Pm
            and not message.flags & 0x0F
            and to_size <= 24
            and (
                (to_data.isalnum() and to_data[0] > 0x40)
                or (to_data[0] in _FIRST_OF_NAME and not to_data.strip(_REST_OF_NAME))
            )
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            frame = (
                _pack_IBBIB(9 + to_size + text_size, 0x03, message.flags, message.request_id, to_size)
                + to_data
                + _pack_H(text_size)
                + text_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.PM.write(message)


def decode_who(frame: bytes) -> m.Who:
    """Read a whole WHO frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, after_size = _unpack_IBBIB(frame)
        at = 11 + after_size
        after_data = frame[11:at]
        (limit,) = _unpack_H(frame, at)
        extensions = () if end == at + 2 else _unknown(_records(frame, at + 2))
        if (
            length == end - 4
            and kind == 0x04
            and not flags & 0x0F
            and after_size <= 24
            and (not after_data or after_data[0] in _FIRST_OF_CURSOR)
            and not after_data.strip(_REST_OF_CURSOR)
        ):
            message = _new_Who()
            message.after = after_data.decode()
            message.limit = limit
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.WHO.explain(frame)


def encode_who(message: m.Who) -> bytes:
    """Write a whole WHO frame. Raises `EncodeError`."""
    try:
        after_data = str.encode(message.after)
        after_size = len(after_data)
        if (
            type(message) is _Who
            and not message.flags & 0x0F
            and after_size <= 24
            and (not after_data or after_data[0] in _FIRST_OF_CURSOR)
            and not after_data.strip(_REST_OF_CURSOR)
        ):
            frame = (
                _pack_IBBIB(9 + after_size, 0x04, message.flags, message.request_id, after_size)
                + after_data
                + _pack_H(message.limit)
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.WHO.write(message)


def decode_rename(frame: bytes) -> m.Rename:
    """Read a whole RENAME frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, name_size = _unpack_IBBIB(frame)
        at = 11 + name_size
        name_data = frame[11:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0x05
            and not flags & 0x0F
            and name_size <= 24
            and (
                (name_data.isalnum() and name_data[0] > 0x40)
                or (name_data[0] in _FIRST_OF_NAME and not name_data.strip(_REST_OF_NAME))
            )
        ):
            message = _new_Rename()
            message.name = name_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.RENAME.explain(frame)


def encode_rename(message: m.Rename) -> bytes:
    """Write a whole RENAME frame. Raises `EncodeError`."""
    try:
        name_data = str.encode(message.name)
        name_size = len(name_data)
        if (
            type(message) is _Rename
            and not message.flags & 0x0F
            and name_size <= 24
            and (
                (name_data.isalnum() and name_data[0] > 0x40)
                or (name_data[0] in _FIRST_OF_NAME and not name_data.strip(_REST_OF_NAME))
            )
        ):
            frame = _pack_IBBIB(7 + name_size, 0x05, message.flags, message.request_id, name_size) + name_data
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.RENAME.write(message)


def decode_leave(frame: bytes) -> m.Leave:
    """Read a whole LEAVE frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id = _unpack_IBBI(frame)
        extensions = () if end == 10 else _unknown(_records(frame, 10))
        if length == end - 4 and kind == 0x06 and not flags & 0x0F:
            message = _new_Leave()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.LEAVE.explain(frame)


def encode_leave(message: m.Leave) -> bytes:
    """Write a whole LEAVE frame. Raises `EncodeError`."""
    try:
        if type(message) is _Leave and not message.flags & 0x0F:
            frame = _pack_IBBI(6, 0x06, message.flags, message.request_id)
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.LEAVE.write(message)


def decode_ping(frame: bytes) -> m.Ping:
    """Read a whole PING frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, nonce = _unpack_IBBIQ(frame)
        extensions = () if end == 18 else _unknown(_records(frame, 18))
        if length == end - 4 and kind == 0x40 and not flags & 0x0F:
            message = _new_Ping()
            message.nonce = nonce
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.PING.explain(frame)


def encode_ping(message: m.Ping) -> bytes:
    """Write a whole PING frame. Raises `EncodeError`."""
    try:
        if type(message) is _Ping and not message.flags & 0x0F:
            frame = _pack_IBBIQ(14, 0x40, message.flags, message.request_id, message.nonce)
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.PING.write(message)


def decode_pong(frame: bytes) -> m.Pong:
    """Read a whole PONG frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, nonce = _unpack_IBBIQ(frame)
        extensions = () if end == 18 else _unknown(_records(frame, 18))
        if length == end - 4 and kind == 0x41 and not flags & 0x0F:
            message = _new_Pong()
            message.nonce = nonce
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.PONG.explain(frame)


def encode_pong(message: m.Pong) -> bytes:
    """Write a whole PONG frame. Raises `EncodeError`."""
    try:
        if type(message) is _Pong and not message.flags & 0x0F:
            frame = _pack_IBBIQ(14, 0x41, message.flags, message.request_id, message.nonce)
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.PONG.write(message)


def decode_welcome(frame: bytes) -> m.Welcome:
    """Read a whole WELCOME frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, version, capabilities, session_id, name_size = _unpack_IBBIHIQB(frame)
        at = 25 + name_size
        name_data = frame[25:at]
        (server_name_size,) = _unpack_B(frame, at)
        server_name_at = at + 1
        at = server_name_at + server_name_size
        server_name_data = frame[server_name_at:at]
        (
            seq,
            time,
            max_frame,
            max_text,
            max_name,
            send_queue,
            hello_tries,
            rate_burst,
            rate_per_second,
            flood_strikes,
            max_connections,
            connections_per_address,
            attempts_per_minute,
            handshake_timeout,
            frame_timeout,
            ping_after,
            pong_timeout,
            close_drain,
        ) = _unpack_QQIHBIBIIHIIIIIIII(frame, at)
        extensions = () if end == at + 70 else _unknown(_records(frame, at + 70))
        if (
            length == end - 4
            and kind == 0x80
            and not flags & 0x0F
            and session_id >= 1
            and name_size <= 24
            and (
                (name_data.isalnum() and name_data[0] > 0x40)
                or (name_data[0] in _FIRST_OF_NAME and not name_data.strip(_REST_OF_NAME))
            )
            and 1 <= server_name_size <= 64
            and (
                server_name_data.translate(_MARKED_IN_LABEL) == server_name_data or _is_label(server_name_data.decode())
            )
        ):
            message = _new_Welcome()
            message.version = version
            message.capabilities = capabilities
            message.session_id = session_id
            message.name = name_data.decode()
            message.server_name = server_name_data.decode()
            message.seq = seq
            message.time = time
            message.max_frame = max_frame
            message.max_text = max_text
            message.max_name = max_name
            message.send_queue = send_queue
            message.hello_tries = hello_tries
            message.rate_burst = rate_burst
            message.rate_per_second = rate_per_second
            message.flood_strikes = flood_strikes
            message.max_connections = max_connections
            message.connections_per_address = connections_per_address
            message.attempts_per_minute = attempts_per_minute
            message.handshake_timeout = handshake_timeout
            message.frame_timeout = frame_timeout
            message.ping_after = ping_after
            message.pong_timeout = pong_timeout
            message.close_drain = close_drain
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.WELCOME.explain(frame)


def encode_welcome(message: m.Welcome) -> bytes:
    """Write a whole WELCOME frame. Raises `EncodeError`."""
    try:
        session_id = message.session_id
        name_data = str.encode(message.name)
        name_size = len(name_data)
        server_name_data = str.encode(message.server_name)
        server_name_size = len(server_name_data)
        if (
            type(message) is _Welcome
            and not message.flags & 0x0F
            and session_id >= 1
            and name_size <= 24
            and (
                (name_data.isalnum() and name_data[0] > 0x40)
                or (name_data[0] in _FIRST_OF_NAME and not name_data.strip(_REST_OF_NAME))
            )
            and 1 <= server_name_size <= 64
            and (
                server_name_data.translate(_MARKED_IN_LABEL) == server_name_data or _is_label(server_name_data.decode())
            )
        ):
            frame = (
                _pack_IBBIHIQB(
                    92 + name_size + server_name_size,
                    0x80,
                    message.flags,
                    message.request_id,
                    message.version,
                    message.capabilities,
                    session_id,
                    name_size,
                )
                + name_data
                + _pack_B(server_name_size)
                + server_name_data
                + _pack_QQIHBIBIIHIIIIIIII(
                    message.seq,
                    message.time,
                    message.max_frame,
                    message.max_text,
                    message.max_name,
                    message.send_queue,
                    message.hello_tries,
                    message.rate_burst,
                    message.rate_per_second,
                    message.flood_strikes,
                    message.max_connections,
                    message.connections_per_address,
                    message.attempts_per_minute,
                    message.handshake_timeout,
                    message.frame_timeout,
                    message.ping_after,
                    message.pong_timeout,
                    message.close_drain,
                )
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.WELCOME.write(message)


def decode_ok(frame: bytes) -> m.Ok:
    """Read a whole OK frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, seq, time = _unpack_IBBIQQ(frame)
        extensions = () if end == 26 else _unknown(_records(frame, 26))
        if length == end - 4 and kind == 0x81 and not flags & 0x0F:
            message = _new_Ok()
            message.seq = seq
            message.time = time
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.OK.explain(frame)


def encode_ok(message: m.Ok) -> bytes:
    """Write a whole OK frame. Raises `EncodeError`."""
    try:
        if type(message) is _Ok and not message.flags & 0x0F:
            frame = _pack_IBBIQQ(22, 0x81, message.flags, message.request_id, message.seq, message.time)
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.OK.write(message)


def decode_roster(frame: bytes) -> m.Roster:
    """Read a whole ROSTER frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, entries_count = _unpack_IBBIH(frame)
        if not (entries_count <= 4096 and entries_count * 10 <= len(frame)):
            raise ValueError
        at = 12
        padded = frame + bytes(26)
        entries = tuple([_new_User() for _ in range(entries_count)])
        for entries_item in entries:
            entries_session_id, entries_name_data = _unpack_Q26p(padded, at)
            entries_name_data_size = len(entries_name_data)
            at += 9 + entries_name_data_size
            if not (
                entries_session_id >= 1
                and entries_name_data_size <= 24
                and (
                    (entries_name_data.isalnum() and entries_name_data[0] > 0x40)
                    or (entries_name_data[0] in _FIRST_OF_NAME and not entries_name_data.strip(_REST_OF_NAME))
                )
            ):
                raise ValueError
            entries_item.session_id = entries_session_id
            entries_item.name = entries_name_data.decode()
        (more,) = _unpack_B(frame, at)
        extensions = () if end == at + 1 else _unknown(_records(frame, at + 1))
        if length == end - 4 and kind == 0x82 and not flags & 0x0F and more <= 1:
            message = _new_Roster()
            message.entries = entries
            message.more = more == 1
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.ROSTER.explain(frame)


def encode_roster(message: m.Roster) -> bytes:
    """Write a whole ROSTER frame. Raises `EncodeError`."""
    try:
        entries = message.entries
        entries_count = len(entries)
        if not (isinstance(entries, (tuple, list)) and entries_count <= 4096):
            raise ValueError
        entries_parts = []
        for entries_item in entries:
            entries_part_session_id = entries_item.session_id
            entries_part_name_data = str.encode(entries_item.name)
            entries_part_name_size = len(entries_part_name_data)
            if not (
                entries_part_session_id >= 1
                and entries_part_name_size <= 24
                and (
                    (entries_part_name_data.isalnum() and entries_part_name_data[0] > 0x40)
                    or (entries_part_name_data[0] in _FIRST_OF_NAME and not entries_part_name_data.strip(_REST_OF_NAME))
                )
            ):
                raise ValueError
            entries_parts.append(_pack_QB(entries_part_session_id, entries_part_name_size) + entries_part_name_data)
        entries_data = b"".join(entries_parts)
        more = message.more
        if type(message) is _Roster and not message.flags & 0x0F and (more is True or more is False):
            frame = (
                _pack_IBBIH(9 + len(entries_data), 0x82, message.flags, message.request_id, entries_count)
                + entries_data
                + _pack_B(more)
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.ROSTER.write(message)


def decode_error(frame: bytes) -> m.Error:
    """Read a whole ERROR frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, code, request_type, retry_after_ms, detail_size = _unpack_IBBIBBIB(frame)
        at = 17 + detail_size
        detail_data = frame[17:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0x83
            and not flags & 0x0F
            and (detail_data.translate(_MARKED_IN_DETAIL) == detail_data or _is_detail(detail_data.decode()))
        ):
            message = _new_Error()
            message.code = _MEMBERS_OF_ERROR_CODE.get(code, code)
            message.request_type = request_type
            message.retry_after_ms = retry_after_ms
            message.detail = detail_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.ERROR.explain(frame)


def encode_error(message: m.Error) -> bytes:
    """Write a whole ERROR frame. Raises `EncodeError`."""
    try:
        detail_data = str.encode(message.detail)
        detail_size = len(detail_data)
        if (
            type(message) is _Error
            and not message.flags & 0x0F
            and (detail_data.translate(_MARKED_IN_DETAIL) == detail_data or _is_detail(detail_data.decode()))
        ):
            frame = (
                _pack_IBBIBBIB(
                    13 + detail_size,
                    0x83,
                    message.flags,
                    message.request_id,
                    message.code,
                    message.request_type,
                    message.retry_after_ms,
                    detail_size,
                )
                + detail_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.ERROR.write(message)


def decode_goodbye(frame: bytes) -> m.Goodbye:
    """Read a whole GOODBYE frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, code, retry_after_ms, detail_size = _unpack_IBBIBIB(frame)
        at = 16 + detail_size
        detail_data = frame[16:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0x84
            and not flags & 0x0F
            and (detail_data.translate(_MARKED_IN_DETAIL) == detail_data or _is_detail(detail_data.decode()))
        ):
            message = _new_Goodbye()
            message.code = _MEMBERS_OF_GOODBYE_CODE.get(code, code)
            message.retry_after_ms = retry_after_ms
            message.detail = detail_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.GOODBYE.explain(frame)


def encode_goodbye(message: m.Goodbye) -> bytes:
    """Write a whole GOODBYE frame. Raises `EncodeError`."""
    try:
        detail_data = str.encode(message.detail)
        detail_size = len(detail_data)
        if (
            type(message) is _Goodbye
            and not message.flags & 0x0F
            and (detail_data.translate(_MARKED_IN_DETAIL) == detail_data or _is_detail(detail_data.decode()))
        ):
            frame = (
                _pack_IBBIBIB(
                    12 + detail_size,
                    0x84,
                    message.flags,
                    message.request_id,
                    message.code,
                    message.retry_after_ms,
                    detail_size,
                )
                + detail_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.GOODBYE.write(message)


def decode_chat(frame: bytes) -> m.Chat:
    """Read a whole CHAT frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, seq, time, who_session_id, who_name_size = _unpack_IBBIQQQB(frame)
        at = 35 + who_name_size
        who_name_data = frame[35:at]
        who = _new_User()
        who.session_id = who_session_id
        who.name = who_name_data.decode()
        (text_size,) = _unpack_H(frame, at)
        text_at = at + 2
        at = text_at + text_size
        text_data = frame[text_at:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0xC0
            and not flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            message = _new_Chat()
            message.seq = seq
            message.time = time
            message.who = who
            message.text = text_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.CHAT.explain(frame)


def encode_chat(message: m.Chat) -> bytes:
    """Write a whole CHAT frame. Raises `EncodeError`."""
    try:
        who = message.who
        who_session_id = who.session_id
        who_name_data = str.encode(who.name)
        who_name_size = len(who_name_data)
        text_data = str.encode(message.text)
        text_size = len(text_data)
        if (
            type(message) is _Chat
            and not message.flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            frame = (
                _pack_IBBIQQQB(
                    33 + who_name_size + text_size,
                    0xC0,
                    message.flags,
                    message.request_id,
                    message.seq,
                    message.time,
                    who_session_id,
                    who_name_size,
                )
                + who_name_data
                + _pack_H(text_size)
                + text_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.CHAT.write(message)


def decode_whisper(frame: bytes) -> m.Whisper:
    """Read a whole WHISPER frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, time, who_session_id, who_name_size = _unpack_IBBIQQB(frame)
        at = 27 + who_name_size
        who_name_data = frame[27:at]
        who = _new_User()
        who.session_id = who_session_id
        who.name = who_name_data.decode()
        (text_size,) = _unpack_H(frame, at)
        text_at = at + 2
        at = text_at + text_size
        text_data = frame[text_at:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0xC1
            and not flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            message = _new_Whisper()
            message.time = time
            message.who = who
            message.text = text_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.WHISPER.explain(frame)


def encode_whisper(message: m.Whisper) -> bytes:
    """Write a whole WHISPER frame. Raises `EncodeError`."""
    try:
        who = message.who
        who_session_id = who.session_id
        who_name_data = str.encode(who.name)
        who_name_size = len(who_name_data)
        text_data = str.encode(message.text)
        text_size = len(text_data)
        if (
            type(message) is _Whisper
            and not message.flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            frame = (
                _pack_IBBIQQB(
                    25 + who_name_size + text_size,
                    0xC1,
                    message.flags,
                    message.request_id,
                    message.time,
                    who_session_id,
                    who_name_size,
                )
                + who_name_data
                + _pack_H(text_size)
                + text_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.WHISPER.write(message)


def decode_notice(frame: bytes) -> m.Notice:
    """Read a whole NOTICE frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, seq, time, scope, text_size = _unpack_IBBIQQBH(frame)
        at = 29 + text_size
        text_data = frame[29:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0xC2
            and not flags & 0x0F
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            message = _new_Notice()
            message.seq = seq
            message.time = time
            message.scope = _MEMBERS_OF_NOTICE_SCOPE[scope]
            message.text = text_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.NOTICE.explain(frame)


def encode_notice(message: m.Notice) -> bytes:
    """Write a whole NOTICE frame. Raises `EncodeError`."""
    try:
        scope = message.scope
        text_data = str.encode(message.text)
        text_size = len(text_data)
        if (
            type(message) is _Notice
            and not message.flags & 0x0F
            and scope in _MEMBERS_OF_NOTICE_SCOPE
            and 1 <= text_size <= 4096
            and (text_data.translate(_MARKED_IN_TEXT) == text_data or _is_text(text_data.decode()))
        ):
            frame = (
                _pack_IBBIQQBH(
                    25 + text_size, 0xC2, message.flags, message.request_id, message.seq, message.time, scope, text_size
                )
                + text_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.NOTICE.write(message)


def decode_joined(frame: bytes) -> m.Joined:
    """Read a whole JOINED frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, seq, time, who_session_id, who_name_size = _unpack_IBBIQQQB(frame)
        at = 35 + who_name_size
        who_name_data = frame[35:at]
        who = _new_User()
        who.session_id = who_session_id
        who.name = who_name_data.decode()
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0xC3
            and not flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
        ):
            message = _new_Joined()
            message.seq = seq
            message.time = time
            message.who = who
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.JOINED.explain(frame)


def encode_joined(message: m.Joined) -> bytes:
    """Write a whole JOINED frame. Raises `EncodeError`."""
    try:
        who = message.who
        who_session_id = who.session_id
        who_name_data = str.encode(who.name)
        who_name_size = len(who_name_data)
        if (
            type(message) is _Joined
            and not message.flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
        ):
            frame = (
                _pack_IBBIQQQB(
                    31 + who_name_size,
                    0xC3,
                    message.flags,
                    message.request_id,
                    message.seq,
                    message.time,
                    who_session_id,
                    who_name_size,
                )
                + who_name_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.JOINED.write(message)


def decode_left(frame: bytes) -> m.Left:
    """Read a whole LEFT frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, seq, time, who_session_id, who_name_size = _unpack_IBBIQQQB(frame)
        at = 35 + who_name_size
        who_name_data = frame[35:at]
        who = _new_User()
        who.session_id = who_session_id
        who.name = who_name_data.decode()
        (reason,) = _unpack_B(frame, at)
        extensions = () if end == at + 1 else _unknown(_records(frame, at + 1))
        if (
            length == end - 4
            and kind == 0xC4
            and not flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
        ):
            message = _new_Left()
            message.seq = seq
            message.time = time
            message.who = who
            message.reason = _MEMBERS_OF_LEFT_REASON.get(reason, reason)
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.LEFT.explain(frame)


def encode_left(message: m.Left) -> bytes:
    """Write a whole LEFT frame. Raises `EncodeError`."""
    try:
        who = message.who
        who_session_id = who.session_id
        who_name_data = str.encode(who.name)
        who_name_size = len(who_name_data)
        if (
            type(message) is _Left
            and not message.flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
        ):
            frame = (
                _pack_IBBIQQQB(
                    32 + who_name_size,
                    0xC4,
                    message.flags,
                    message.request_id,
                    message.seq,
                    message.time,
                    who_session_id,
                    who_name_size,
                )
                + who_name_data
                + _pack_B(message.reason)
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.LEFT.write(message)


def decode_renamed(frame: bytes) -> m.Renamed:
    """Read a whole RENAMED frame. Raises `DecodeError`."""
    try:
        end = len(frame)
        length, kind, flags, request_id, seq, time, who_session_id, who_name_size = _unpack_IBBIQQQB(frame)
        at = 35 + who_name_size
        who_name_data = frame[35:at]
        who = _new_User()
        who.session_id = who_session_id
        who.name = who_name_data.decode()
        (new_name_size,) = _unpack_B(frame, at)
        new_name_at = at + 1
        at = new_name_at + new_name_size
        new_name_data = frame[new_name_at:at]
        extensions = () if end == at else _unknown(_records(frame, at))
        if (
            length == end - 4
            and kind == 0xC5
            and not flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
            and new_name_size <= 24
            and (
                (new_name_data.isalnum() and new_name_data[0] > 0x40)
                or (new_name_data[0] in _FIRST_OF_NAME and not new_name_data.strip(_REST_OF_NAME))
            )
        ):
            message = _new_Renamed()
            message.seq = seq
            message.time = time
            message.who = who
            message.new_name = new_name_data.decode()
            message.flags = flags
            message.request_id = request_id
            message.extensions = extensions
            return message
    except Exception:
        pass
    return t.RENAMED.explain(frame)


def encode_renamed(message: m.Renamed) -> bytes:
    """Write a whole RENAMED frame. Raises `EncodeError`."""
    try:
        who = message.who
        who_session_id = who.session_id
        who_name_data = str.encode(who.name)
        who_name_size = len(who_name_data)
        new_name_data = str.encode(message.new_name)
        new_name_size = len(new_name_data)
        if (
            type(message) is _Renamed
            and not message.flags & 0x0F
            and who_session_id >= 1
            and who_name_size <= 24
            and (
                (who_name_data.isalnum() and who_name_data[0] > 0x40)
                or (who_name_data[0] in _FIRST_OF_NAME and not who_name_data.strip(_REST_OF_NAME))
            )
            and new_name_size <= 24
            and (
                (new_name_data.isalnum() and new_name_data[0] > 0x40)
                or (new_name_data[0] in _FIRST_OF_NAME and not new_name_data.strip(_REST_OF_NAME))
            )
        ):
            frame = (
                _pack_IBBIQQQB(
                    32 + who_name_size + new_name_size,
                    0xC5,
                    message.flags,
                    message.request_id,
                    message.seq,
                    message.time,
                    who_session_id,
                    who_name_size,
                )
                + who_name_data
                + _pack_B(new_name_size)
                + new_name_data
            )
            return frame if message.extensions is _NO_EXTENSIONS else _extended(frame, _tail(message.extensions))
    except Exception:
        pass
    return t.RENAMED.write(message)


HELLO = MessageCodec(t.HELLO, decode_hello, encode_hello)
SAY = MessageCodec(t.SAY, decode_say, encode_say)
PM = MessageCodec(t.PM, decode_pm, encode_pm)
WHO = MessageCodec(t.WHO, decode_who, encode_who)
RENAME = MessageCodec(t.RENAME, decode_rename, encode_rename)
LEAVE = MessageCodec(t.LEAVE, decode_leave, encode_leave)
PING = MessageCodec(t.PING, decode_ping, encode_ping)
PONG = MessageCodec(t.PONG, decode_pong, encode_pong)
WELCOME = MessageCodec(t.WELCOME, decode_welcome, encode_welcome)
OK = MessageCodec(t.OK, decode_ok, encode_ok)
ROSTER = MessageCodec(t.ROSTER, decode_roster, encode_roster)
ERROR = MessageCodec(t.ERROR, decode_error, encode_error)
GOODBYE = MessageCodec(t.GOODBYE, decode_goodbye, encode_goodbye)
CHAT = MessageCodec(t.CHAT, decode_chat, encode_chat)
WHISPER = MessageCodec(t.WHISPER, decode_whisper, encode_whisper)
NOTICE = MessageCodec(t.NOTICE, decode_notice, encode_notice)
JOINED = MessageCodec(t.JOINED, decode_joined, encode_joined)
LEFT = MessageCodec(t.LEFT, decode_left, encode_left)
RENAMED = MessageCodec(t.RENAMED, decode_renamed, encode_renamed)

#: Every codec, by type, class and name.
CODECS = Codecs(
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
_DECODERS: dict[int, Callable[[bytes], w.Message]] = {kind: codec.decode for kind, codec in CODECS.by_type.items()}
_ENCODERS: dict[type[w.Message], Callable[[Any], bytes]] = {
    kind: codec.encode for kind, codec in CODECS.by_class.items()
}


def decode(frame: bytes, *, unchecked: bool = False) -> w.Message:
    """Read one whole frame of any message.

    Raises `DecodeError`; for a type that is not known, with the protocol's code for that. With `unchecked` no value is
    checked.
    """
    if not unchecked:
        try:
            decoder = _DECODERS[frame[4]]
        except LookupError:
            pass
        else:
            return decoder(frame)
    return CODECS.decode(frame, unchecked=unchecked)


def encode(message: w.Message, *, unchecked: bool = False) -> bytes:
    """The frame of a message. Raises `EncodeError`. With `unchecked` no value is checked."""
    encoder = None if unchecked else _ENCODERS.get(message.__class__)
    return CODECS.encode(message, unchecked=unchecked) if encoder is None else encoder(message)
