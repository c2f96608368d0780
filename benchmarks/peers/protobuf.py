"""protobuf in its C implementation (upb). The messages are declared at run time, so that no compiler is needed."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation

from . import Codec, Peer
from .hand_written import read_chat, read_pm, read_roster, read_welcome

if api_implementation.Type() != "upb":
    raise ImportError(f"protobuf runs as {api_implementation.Type()}, not as upb")

_FIELD = descriptor_pb2.FieldDescriptorProto
_U32, _U64, _STRING, _BOOL = _FIELD.TYPE_UINT32, _FIELD.TYPE_UINT64, _FIELD.TYPE_STRING, _FIELD.TYPE_BOOL
_HEADER: dict[str, Any] = {"request_id": _U32, "flags": _U32}
_LIMITS = (
    *("max_frame", "max_text", "max_name", "send_queue", "hello_tries", "rate_burst", "rate_per_second"),
    *("flood_strikes", "max_connections", "connections_per_address", "attempts_per_minute"),
    *("handshake_timeout", "frame_timeout", "ping_after", "pong_timeout", "close_drain"),
)
#: By message, the fields and their types; a string names another message, one in a list is repeated.
_MESSAGES: dict[str, dict[str, Any]] = {
    "User": {"session_id": _U64, "name": _STRING},
    "Chat": {**_HEADER, "seq": _U64, "time": _U64, "who": "User", "text": _STRING},
    "Pm": {**_HEADER, "to": _STRING, "text": _STRING},
    "Welcome": {
        **_HEADER,
        "version": _U32,
        "capabilities": _U32,
        "session_id": _U64,
        "name": _STRING,
        "server_name": _STRING,
        "seq": _U64,
        "time": _U64,
        **dict.fromkeys(_LIMITS, _U32),
    },
    "Roster": {**_HEADER, "entries": ["User"], "more": _BOOL},
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="imp_benchmark.proto", package="imp_benchmark", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field_name, kind) in enumerate(fields.items(), 1):
            label = _FIELD.LABEL_REPEATED if isinstance(kind, list) else _FIELD.LABEL_OPTIONAL
            field = message.field.add(name=field_name, number=number, label=label)
            if isinstance(kind, (str, list)):
                field.type = _FIELD.TYPE_MESSAGE
                field.type_name = f".imp_benchmark.{kind if isinstance(kind, str) else kind[0]}"
            else:
                field.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"imp_benchmark.{name}")) for name in _MESSAGES
    }


_CLASSES = _classes()
_User, _Chat, _Pm, _Roster, _Welcome = (_CLASSES[name] for name in ("User", "Chat", "Pm", "Roster", "Welcome"))


def _make_chat(request_id: int, flags: int, seq: int, time: int, session_id: int, name: str, text: str) -> Any:
    who = _User(session_id=session_id, name=name)
    return _Chat(request_id=request_id, flags=flags, seq=seq, time=time, who=who, text=text)


def _make_pm(request_id: int, flags: int, to: str, text: str) -> Any:
    return _Pm(request_id=request_id, flags=flags, to=to, text=text)


_WELCOME_FIELDS = tuple(_MESSAGES["Welcome"])


def _make_welcome(*values: Any) -> Any:
    return _Welcome(**dict(zip(_WELCOME_FIELDS, values, strict=True)))


def _make_roster(request_id: int, flags: int, entries: tuple[tuple[int, str], ...], more: bool) -> Any:
    users = [_User(session_id=session_id, name=name) for session_id, name in entries]
    return _Roster(request_id=request_id, flags=flags, entries=users, more=more)


PEER = Peer(
    "protobuf (C, upb)",
    "types",
    {
        "CHAT": Codec(_Chat.FromString, read_chat, _make_chat, _Chat.SerializeToString),
        "PM": Codec(_Pm.FromString, read_pm, _make_pm, _Pm.SerializeToString),
        "WELCOME": Codec(_Welcome.FromString, read_welcome, _make_welcome, _Welcome.SerializeToString),
        "ROSTER": Codec(_Roster.FromString, read_roster, _make_roster, _Roster.SerializeToString),
    },
    speaks_imp=False,
    package="protobuf",
)
