"""Values in cases: what they are when sent, and what they match when received.

| form | sent | expected |
|---|---|---|
| `hi`, `3`, `true` | that value; a name for an enumeration | that value |
| `$x` | the value bound to x | binds x the first time, then has to be equal |
| `$x + 1`, `max_text + 1` (number fields) | the sum | the sum |
| `{bytes: max_text + 1}` | as many letters x | the same |
| `{repeat: ab, times: 3}` | ababab | the same |
| `{hex: 'c328'}` (string fields) | those bytes, UTF-8 or not | - |
| `{at least: 1}`, `{at most: 1}`, `{not: 1}` | - | what they say, all of them |
| a mapping (structs), a list (arrays) | its members | the members that are given; items one by one |

Names in numbers are those of the limits and timers of WELCOME, as the peer announced them. In a string, only what looks
like `$x` or `$x.y` from end to end is a variable; `$$x` is the text $x.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from impwire import constructs
from impwire.codecs import CODECS
from impwire.tables import LIMITS, TIMERS
from impwire.wire import Message, amount

_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+)|(?P<name>\$?[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign>[-+*]))")
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
#: A sum or product with a variable in it.
_SUM = re.compile(r"\s*[$\w.]+(\s*[-+*]\s*[$\w.]+)*\s*")
LIMIT_NAMES = frozenset(LIMITS) | frozenset(TIMERS) | {"max_frame_before_welcome"}
#: What can be said of a value that is expected; any of these may stand together.
CONDITIONS = ("at least", "at most", "not")
_FORMS = ("bytes", "repeat", "times", "hex", *CONDITIONS)


class Unbound(LookupError):
    """A variable or limit that has no value yet."""


def field_constructs(message: str) -> dict[str, Any]:
    """The fields of a message with their constructs, header fields that a case may name included; no fixed ones."""
    found = {field.name: field.subcon for field in CODECS.by_name[message].fields}
    return {name: subcon for name, subcon in found.items() if not isinstance(subcon, constructs.Fixed)}


def all_constructs(message: str) -> dict[str, Any]:
    """Like `field_constructs`, with fixed fields too, for sending what is wrong."""
    return {field.name: field.subcon for field in CODECS.by_name[message].fields}


def expression(text: str | int, look_up: Callable[[str], Any]) -> Any:
    """The value of a sum or product of numbers, limits and $variables, from left to right.

    Raises ValueError if it is no expression, `Unbound` from `look_up`.
    """
    if isinstance(text, int):
        return text
    position, result, sign, term_due = 0, None, "+", True
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None or term_due == bool(match["sign"]):
            raise ValueError(f"'{text}' is no number, name or sum of them")
        position, term_due = match.end(), not term_due
        if match["sign"]:
            sign = match["sign"]
            continue
        value = int(match["number"]) if match["number"] else look_up(match["name"])
        result = value if result is None else _combine(result, sign, value)
    if result is None or term_due:
        raise ValueError(f"'{text}' is no number, name or sum of them")
    return result


def _combine(left: Any, sign: str, right: Any) -> Any:
    if sign == "+":
        return left + right
    return left - right if sign == "-" else left * right


class Scope:
    """The variables of one run of a case, and the limits that its actors were told."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}
        self.limits: dict[str, int] = {}

    def look_up(self, name: str) -> Any:
        """The value of `$x`, `$x.field` or a limit. Raises `Unbound`."""
        if not name.startswith("$"):
            if name not in self.limits:
                raise Unbound(f"no WELCOME has told {name} yet")
            return self.limits[name]
        head, *rest = name[1:].split(".")
        if head not in self.variables:
            raise Unbound(f"${head} has no value yet")
        value = self.variables[head]
        for part in rest:
            if not hasattr(value, part):
                raise Unbound(f"${head} has no part '{part}': it is {_shown(value)}")
            value = getattr(value, part)
        return value

    def is_free(self, value: Any) -> bool:
        """Whether the value is a variable, alone, that has no value yet."""
        return isinstance(value, str) and bool(_VARIABLE.fullmatch(value)) and value[1:] not in self.variables

    def number(self, value: Any) -> int:
        """The value of an expression as a number."""
        return int(expression(value, self.look_up))

    # -- sending -------------------------------------------------------------------------------------------------

    def segment(self, segment: Any) -> bytes:
        """The bytes of a segment of `raw`: hexadecimal digits, or some that are repeated."""
        if isinstance(segment, str):
            return bytes.fromhex(segment)
        return bytes.fromhex(segment["repeat"]) * self.number(segment["times"])

    def to_send(self, value: Any, construct: Any) -> Any:
        """The value for a codec; strings that are not UTF-8 come as bytes."""
        if isinstance(value, Mapping):
            return self._form_to_send(value, construct)
        if isinstance(construct, constructs.Text):
            return self._text_to_send(value)
        if isinstance(construct, constructs.Enumeration):
            return self.look_up(value) if is_variable(value) else value
        if isinstance(construct, constructs.Many):
            return tuple(self.to_send(item, construct.item) for item in value)
        if isinstance(construct, constructs.Record):
            return self.look_up(value)
        return expression(value, self.look_up) if isinstance(value, str) else value

    def _text_to_send(self, value: str) -> str:
        if is_variable(value):
            return str(self.look_up(value))
        return value[1:] if value.startswith("$$") else value

    def _form_to_send(self, form: Mapping[str, Any], construct: Any) -> Any:
        if "bytes" in form:
            return "x" * self.number(form["bytes"])
        if "repeat" in form:
            return form["repeat"] * self.number(form["times"])
        if "hex" in form:
            return _decoded(bytes.fromhex(form["hex"]))
        members = members_of(construct)
        return {name: self.to_send(item, members[name]) for name, item in form.items()}

    # -- expecting -----------------------------------------------------------------------------------------------

    def difference(self, expected: Any, found: Any, construct: Any) -> str:
        """Why a value that came is not the one expected; empty if it is. Binds variables that are still free."""
        if isinstance(expected, Mapping):
            return self._form_difference(expected, found, construct)
        if self.is_free(expected):
            self.variables[expected[1:]] = found
            return ""
        if isinstance(construct, constructs.Many):
            return self._items_difference(expected, found, construct)
        if isinstance(construct, constructs.Enumeration) and isinstance(expected, str) and not is_variable(expected):
            name = found.name if isinstance(found, IntEnum) else str(found)
            return "" if name == expected else f"expected {expected}, found {name}"
        wanted = self.to_send(expected, construct)
        return "" if wanted == found else f"expected {_shown(wanted)}, found {_shown(found)}"

    def _form_difference(self, form: Mapping[str, Any], found: Any, construct: Any) -> str:
        if any(key in form for key in CONDITIONS):
            return self._condition_difference(form, found, construct)
        if any(key in form for key in _FORMS):
            wanted = self._form_to_send(form, construct)
            return "" if wanted == found else f"expected {_shown(wanted)}, found {_shown(found)}"
        members = members_of(construct)
        parts = [(name, self.difference(item, getattr(found, name), members[name])) for name, item in form.items()]
        return "; ".join(f"{name}: {difference}" for name, difference in parts if difference)

    def _condition_difference(self, form: Mapping[str, Any], found: Any, construct: Any) -> str:
        if "at least" in form and found < (low := self.number(form["at least"])):
            return f"expected at least {low}, found {found}"
        if "at most" in form and found > (high := self.number(form["at most"])):
            return f"expected at most {high}, found {found}"
        if "not" in form and not self.difference(form["not"], found, construct):
            return f"expected anything but {_shown(found)}"
        return ""

    def _items_difference(self, expected: Any, found: tuple[Any, ...], construct: Any) -> str:
        if len(expected) != len(found):
            return f"expected {amount(len(expected), 'item')}, found {len(found)}: {_shown(found)}"
        parts = [self.difference(item, value, construct.item) for item, value in zip(expected, found, strict=True)]
        return "; ".join(f"item {index}: {part}" for index, part in enumerate(parts) if part)

    def differences(self, fields: Mapping[str, Any], message: Message) -> list[str]:
        """What differs between a message that came and the fields expected of it; fields not named may be anything."""
        constructs = field_constructs(message.NAME)
        found = []
        for name, expected in fields.items():
            construct = constructs.get(name)
            difference = self.difference(expected, getattr(message, name), construct)
            if difference:
                found.append(f"{name}: {difference}")
        return found


def _decoded(data: bytes) -> str | bytes:
    """Bytes as the codecs have them: a string where they are UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def members_of(construct: Any) -> dict[str, Any]:
    """The members of a struct with their constructs."""
    return {field.name: field.subcon for field in construct.subcons}


def is_variable(value: Any) -> bool:
    """Whether a value is `$x` or `$x.y`, from end to end."""
    return isinstance(value, str) and bool(_PATH.fullmatch(value))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:120]} … ({len(text)} characters)"


def variables_in(value: Any) -> tuple[set[str], set[str]]:
    """The variables that a value binds when it is expected, and those that it needs, in any case."""
    if isinstance(value, Mapping):
        binds, needs = set[str](), set[str]()
        for name, item in value.items():
            bound, needed = variables_in(item)
            if name in _FORMS:
                bound, needed = set(), bound | needed
            binds, needs = binds | bound, needs | needed
        return binds, needs
    if isinstance(value, (list, tuple)):
        pairs = [variables_in(item) for item in value]
        return {name for bound, _ in pairs for name in bound}, {name for _, needed in pairs for name in needed}
    if not isinstance(value, str) or value.startswith("$$"):
        return set(), set()
    if _VARIABLE.fullmatch(value):
        return {value[1:]}, set()
    if _PATH.fullmatch(value) or _SUM.fullmatch(value):
        return set(), {name[1:] for name in _VARIABLE.findall(value)}
    return set(), set()


def paths_in(value: Any) -> set[str]:
    """The parts of variables that a value names: `$x.y`, also in a sum."""
    if isinstance(value, Mapping):
        return {path for item in value.values() for path in paths_in(item)}
    if isinstance(value, (list, tuple)):
        return {path for item in value for path in paths_in(item)}
    if isinstance(value, str) and not value.startswith("$$") and (_PATH.fullmatch(value) or _SUM.fullmatch(value)):
        return {match[0] for match in _PATH.finditer(value) if "." in match[0]}
    return set()
