"""Compares a message that came with what was due, field by field, and makes the failure that tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from impwire import constructs
from impwire.codecs import CODECS, FRAME
from impwire.wire import Message, amount

from ..language import Part
from ..language.values import Scope, field_constructs
from ..verdicts import CaseFailed, Difference, Verdict
from .layout import marks_of
from .transcript import describe

_LONGEST = 200


def differences(scope: Scope, fields: Mapping[str, Any], message: Message, frame: bytes) -> list[Difference]:
    """What differs between a message and the fields expected of it; fields not named may be anything. Binds variables."""
    kinds = field_constructs(message.NAME)
    found: list[Difference] = []
    for name, expected in fields.items():
        found += _compare(scope, name, expected, _value(message, name, frame), kinds.get(name))
    return found


def matches(scope: Scope, part: Part, message: Message, frame: bytes) -> bool:
    """Whether the message is the one that the part describes. Binds nothing."""
    return message.NAME == part.message and not differences(_copy(scope), part.fields, message, frame)


def _copy(scope: Scope) -> Scope:
    copy = Scope()
    copy.variables, copy.limits = dict(scope.variables), scope.limits
    return copy


def _value(message: Message, name: str, frame: bytes) -> Any:
    """The value of a field of the message or its header; extensions as cases write them."""
    if name == FRAME.name_of("length"):
        return FRAME.length(frame)
    if name == FRAME.name_of("type"):
        return message.TYPE
    value = getattr(message, name)
    return [[tag, data.hex()] for tag, data in value] if name == "extensions" else value


def _compare(scope: Scope, path: str, expected: Any, found: Any, kind: Any) -> list[Difference]:
    if isinstance(kind, constructs.Record) and isinstance(expected, Mapping):
        subcons: list[Any] = kind.subcons
        members = {member.name: member.subcon for member in subcons}
        if expected.keys() <= members.keys():
            parts = ((f"{path}.{name}", value, getattr(found, name), members[name]) for name, value in expected.items())
            return [difference for part in parts for difference in _compare(scope, *part)]
    if isinstance(kind, constructs.Many) and isinstance(expected, (list, tuple)):
        if len(expected) != len(found):
            return [Difference(path, amount(len(expected), "item"), f"{amount(len(found), 'item')}: {shown(found)}")]
        items = enumerate(zip(expected, found, strict=True))
        parts = ((f"{path}[{index}]", value, item, kind.item) for index, (value, item) in items)
        return [difference for part in parts for difference in _compare(scope, *part)]
    if path == "extensions":
        return [] if list(expected) == found else [Difference(path, shown(expected), shown(found))]
    if scope.difference(expected, found, kind):
        return [Difference(path, expectation(scope, expected, kind), shown(found))]
    return []


def expectation(scope: Scope, expected: Any, kind: Any) -> str:
    """What a case expects of a field, in words, with every variable that has a value."""
    if isinstance(expected, Mapping):
        bounds = [f"{form} {scope.number(expected[form])}" for form in ("at least", "at most") if form in expected]
        excluded = [f"anything but {expectation(scope, expected['not'], kind)}"] if "not" in expected else []
        if bounds or excluded:
            return " and ".join(bounds + excluded)
    if scope.is_free(expected):
        return f"anything ({expected})"
    return shown(scope.to_send(expected, kind))


def shown(value: Any) -> str:
    """A value for people, in one line of bounded length."""
    text = value.name if isinstance(value, IntEnum) else value if _is_symbol(value) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:120]} … ({len(text)} characters)"


def _is_symbol(value: Any) -> bool:
    """Whether a string is the name of a value of an enumeration, as a case writes it."""
    return isinstance(value, str) and value.isupper() and value.replace("_", "").isalnum()


def wrong_values(
    head: str, found: Iterable[Difference], frame: bytes, verdict: Verdict = Verdict.WRONG_REPLY
) -> CaseFailed:
    """The failure of a message that is of the right kind and has other values than are due."""
    found = tuple(found)
    lines = [head, *(f"  {difference}" for difference in found)]
    marks = marks_of(frame, (difference.field for difference in found))
    return CaseFailed(verdict, "\n".join(lines), differences=found, frame=frame, marks=marks)


def wrong_message(verdict: Verdict, who: str, due: Part, scope: Scope, message: Message, frame: bytes) -> CaseFailed:
    """The failure of a message that came where one of another kind was due."""
    found = [Difference("type", _kind(due.message), _kind(message.NAME))]
    copy, kinds = _copy(scope), field_constructs(message.NAME)
    alike = {name: value for name, value in due.fields.items() if name in kinds}
    if field_constructs(due.message).keys() & alike.keys():
        found += differences(copy, alike, message, frame)
    text = f"{who} should have got {due}, and got {describe(message)}"
    marks = marks_of(frame, (difference.field for difference in found))
    return CaseFailed(verdict, text, differences=tuple(found), frame=frame, marks=marks)


def unexpected(who: str, due: str, message: str, frame: bytes) -> CaseFailed:
    """The failure of a frame that came where none was due."""
    found = (Difference("frame", due, message),)
    text = f"{who} should have got {due}, and got {message}"
    return CaseFailed(Verdict.UNEXPECTED_FRAME, text, differences=found, frame=frame)


def _kind(message: str) -> str:
    return f"{message} ({CODECS.by_name[message].record.TYPE:#04x})"
