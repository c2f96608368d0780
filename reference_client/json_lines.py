"""What happens as lines of JSON, for programs (`--json`; README.md describes each kind).

A happening goes in, a line comes out. `event` names its kind: in capitals the NAME of a message that the server has sent,
in small letters what the client itself has to say, so that a message of a later version is mistaken for nothing. The
invariant: a line is printable ASCII, so it survives every encoding, and nothing in it acts on a terminal (CLIENT-5).
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from impwire import Message

from .conversation import exit_code
from .display import Show
from .effects import End, Ending, Happening, Note, Told
from .pipe import write

#: What every message has besides the fields of its own.
_FRAME = frozenset({"flags", "request_id", "extensions"})


def tell(happening: Happening | None, show: Show | None) -> None:
    """Write what has happened to standard output, at once. What people see on standard error they see with JSON, too.

    Raises OSError if nobody can read it any more.
    """
    what = happening or show
    if what is not None:
        write("output", json_line(what))
    if show is not None and show.stream == "error":
        write("error", show.line)


def json_line(what: Happening | Show) -> str:
    """`as_json` as one line, without its line feed."""
    return json.dumps(as_json(what), ensure_ascii=True)


def as_json(what: Happening | Show) -> dict[str, Any]:
    """What is written for a happening, or for a line of the client's own that belongs to none, such as an explanation."""
    match what:
        case Told():
            answers = {} if what.answers is None else {"answers": _message("request", what.answers)}
            return _message("event", what.message) | answers
        case End():
            return _ending(what.ending)
        case Note():
            return {"event": "note", "text": what.line}
        case Show():
            return {"event": what.kind.lower(), "text": what.line}


def _ending(ending: Ending) -> dict[str, Any]:
    return {
        "event": "end",
        "kind": ending.kind.value,
        "text": ending.line,
        "code": _value(ending.code),
        "retry_after_ms": ending.retry_after_ms,
        "detail": ending.detail,
        "unanswered": [_message("request", request) for request in ending.unanswered],
        "unsent": [_message("request", request) for request in ending.unsent],
        "exit_code": exit_code(ending),
    }


def _message(key: str, message: Message) -> dict[str, Any]:
    """A message under its NAME, with its fields as the specification calls them."""
    return {key: message.NAME} | _fields(message)


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: _value(getattr(record, field.name)) for field in fields(record) if field.name not in _FRAME}


def _value(value: Any) -> Any:
    """Members of enumerations by name; those of later versions have none, and stay numbers."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    return _fields(value) if is_dataclass(value) else value
