"""Messages that were recorded, as the case language writes their fields."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import PROTOCOL_VERSION, REPLIES
from impwire.wire import DecodeError, Message

from ..language.case import Part
from ..language.values import Scope, all_constructs, field_constructs
from ..play.peer import build
from .causes import Act

_OF_CLIENTS: tuple[type[Any], ...] = (*REPLIES, m.Pong)
#: A text of one letter that is longer is told by its length.
_LONG = 64


def text(value: str | bytes) -> Any:
    """A string as it is sent or expected; one that YAML or the language would take for something else in another form."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if len(value) > _LONG and len(set(value)) == 1:
        return {"repeat": value[0], "times": len(value)}
    return f"${value}" if value.startswith("$") else value


def plain(value: Any) -> Any:
    """A value of a field other than a user."""
    if isinstance(value, (str, bytes)):
        return text(value)
    return value.name if isinstance(value, IntEnum) else value


def part_of(act: Act, actor: str) -> Part | None:
    """What the step of a frame says; None if a step cannot say it and its bytes are needed.

    What the play fills in by itself is left out: the request_id, but where the answer depends on it, and defaults.
    """
    message: Any = act.message
    if not isinstance(message, _OF_CLIENTS) or act.entry is None:
        return None
    fields = {name: plain(getattr(message, name)) for name in field_constructs(message.NAME)}
    if message.flags:
        fields["flags"] = message.flags
    if message.extensions:
        fields["extensions"] = [[tag, value.hex()] for tag, value in message.extensions]
    if not _rebuilds(act.entry.data, message, fields):
        return None
    for name, value in _defaults(message, actor).items():
        if fields[name] == value:
            del fields[name]
    if isinstance(message, m.Pong) or not message.request_id or _ended(act):
        fields["request_id"] = message.request_id
    return Part(message.NAME, fields)


def _rebuilds(frame: bytes, message: Any, fields: dict[str, Any]) -> bool:
    """Whether the bytes come out again, to the last bit."""
    constructs, scope = all_constructs(message.NAME), Scope()
    values = {name: scope.to_send(value, constructs[name]) for name, value in fields.items() if name in constructs}
    header = {"request_id": message.request_id, "flags": message.flags, "extensions": message.extensions}
    return build(message.NAME, {**values, **header}) == frame


def _defaults(message: Message, actor: str) -> dict[str, Any]:
    version = PROTOCOL_VERSION
    if isinstance(message, m.Hello):
        return {"min_version": version, "max_version": version, "capabilities": 0, "name": actor}
    return {"after": "", "limit": 0} if isinstance(message, m.Who) else {}


def _ended(act: Act) -> bool:
    """Whether the act was answered by a GOODBYE that bears its request_id (GOODBYE-1)."""
    answers = (answer.message for answer in act.answers())
    return any(isinstance(answer, m.Goodbye) and answer.request_id for answer in answers)


def describe(frame: bytes) -> str:
    """A frame that was left out, in a word or in hexadecimal."""
    try:
        return CODECS.decode(frame, unchecked=True).NAME
    except DecodeError:
        return frame[:16].hex(" ") + (" …" if len(frame) > 16 else "")
