"""Values in cases: what they are when sent, and what they match when received.

| form | sent | expected |
|---|---|---|
| `hi`, `3`, `true` | that value; a name for an enumeration | that value |
| `$x` | the value bound to x | binds x the first time, then has to be equal |
| `$x + 1`, `max_text + 1` (number fields) | the sum | the sum |
| `{bytes: max_text + 1}` | as many letters x | the same |
| `{repeat: ab, times: 3}` | ababab | the same |
| `{hex: 'c328'}` (string fields) | those bytes, UTF-8 or not | - |
| `{at least: 1}`, `{at most: 1}`, `{not: 1}` | - | what they say |
| a mapping (structs), a list (arrays) | its members | the members that are given; items one by one |

Names in numbers are those of the limits and timers of WELCOME, as the peer announced them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from impwire import constructs
from impwire.codecs import CODECS
from impwire.tables import LIMITS, TIMERS
from impwire.wire import Message

from .strict_yaml import suggestion

_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+)|(?P<name>\$?[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign>[-+*]))")
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
LIMIT_NAMES = frozenset(LIMITS) | frozenset(TIMERS)
_FORMS = ("bytes", "repeat", "times", "hex", "at least", "at most", "not")


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
    position, result, sign = 0, None, "+"
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"'{text}' is no number, name or sum of them")
        position = match.end()
        if match["sign"]:
            sign = match["sign"]
            continue
        value = int(match["number"]) if match["number"] else look_up(match["name"])
        result = value if result is None else _combine(result, sign, value)
    if result is None:
        raise ValueError("an empty expression")
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
            value = value[part] if isinstance(value, Mapping) else getattr(value, part)
        return value

    def is_free(self, value: Any) -> bool:
        """Whether the value is a variable, alone, that has no value yet."""
        return isinstance(value, str) and bool(_VARIABLE.fullmatch(value)) and value[1:] not in self.variables

    def number(self, value: Any) -> int:
        """The value of an expression as a number."""
        return int(expression(value, self.look_up))

    # -- sending -------------------------------------------------------------------------------------------------

    def to_send(self, value: Any, construct: Any) -> Any:
        """The value for a codec; strings that are not UTF-8 come as bytes."""
        if isinstance(value, Mapping):
            return self._form_to_send(value, construct)
        if isinstance(construct, constructs.Text):
            return str(self.look_up(value)) if _is_variable(value) else value
        if isinstance(construct, constructs.Enumeration):
            return value
        if isinstance(construct, constructs.Many):
            return tuple(self.to_send(item, construct.item) for item in value)
        if isinstance(construct, constructs.Record):
            return self.look_up(value)
        return expression(value, self.look_up) if isinstance(value, str) else value

    def _form_to_send(self, form: Mapping[str, Any], construct: Any) -> Any:
        if "bytes" in form:
            return "x" * self.number(form["bytes"])
        if "repeat" in form:
            return form["repeat"] * self.number(form["times"])
        if "hex" in form:
            return bytes.fromhex(form["hex"])
        members = _members(construct)
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
        if isinstance(construct, constructs.Enumeration) and isinstance(expected, str) and not _is_variable(expected):
            name = found.name if isinstance(found, IntEnum) else str(found)
            return "" if name == expected else f"expected {expected}, found {name}"
        wanted = self.to_send(expected, construct)
        return "" if wanted == found else f"expected {_shown(wanted)}, found {_shown(found)}"

    def _form_difference(self, form: Mapping[str, Any], found: Any, construct: Any) -> str:
        if "at least" in form:
            low = self.number(form["at least"])
            return "" if found >= low else f"expected at least {low}, found {found}"
        if "at most" in form:
            high = self.number(form["at most"])
            return "" if found <= high else f"expected at most {high}, found {found}"
        if "not" in form:
            return "" if self.difference(form["not"], found, construct) else f"expected anything but {_shown(found)}"
        if any(key in form for key in _FORMS):
            wanted = self._form_to_send(form, construct)
            return "" if wanted == found else f"expected {_shown(wanted)}, found {_shown(found)}"
        members = _members(construct)
        parts = [(name, self.difference(item, getattr(found, name), members[name])) for name, item in form.items()]
        return "; ".join(f"{name}: {difference}" for name, difference in parts if difference)

    def _items_difference(self, expected: Any, found: tuple[Any, ...], construct: Any) -> str:
        if len(expected) != len(found):
            return f"expected {len(expected)} items, found {len(found)}: {_shown(found)}"
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


def _members(construct: Any) -> dict[str, Any]:
    """The members of a struct with their constructs."""
    return {field.name: field.subcon for field in construct.subcons}


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:120]} … ({len(text)} characters)"


def misfit(value: Any, construct: Any) -> str:
    """Why a value of a case can never fit its field; empty if it can. For the loader, which knows no variables."""
    if isinstance(value, Mapping):
        if any(key in _FORMS for key in value):
            return ""
        if not isinstance(construct, constructs.Record):
            return "a mapping stands for a struct or for one of the forms " + ", ".join(_FORMS)
        members = _members(construct)
        for name, item in value.items():
            if name not in members:
                return f"unknown field '{name}'; known are {', '.join(members)}"
            if inner := misfit(item, members[name]):
                return f"{name}: {inner}"
        return ""
    if _is_variable(value):
        return ""
    if isinstance(construct, constructs.Text):
        return "" if isinstance(value, str) else f"expected a string, found {value!r}"
    if isinstance(construct, constructs.Enumeration):
        known = construct.members.__members__
        if value in known or isinstance(value, int):
            return ""
        return f"unknown value '{value}'{suggestion(str(value), known) or '; known are ' + ', '.join(known)}"
    if isinstance(construct, constructs.Many):
        return "" if isinstance(value, list) else "expected a list"
    if isinstance(construct, constructs.Boolean):
        return "" if isinstance(value, bool) else f"expected true or false, found {value!r}"
    return _number_misfit(value)


def _number_misfit(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return f"expected a number, found {value!r}"

    def known(name: str) -> int:
        if not name.startswith("$") and name not in LIMIT_NAMES:
            raise ValueError(f"unknown limit '{name}'; known are {', '.join(sorted(LIMIT_NAMES))}")
        return 1

    try:
        expression(value, known)
    except ValueError as error:
        return str(error)
    return ""
