"""Which names a spec may give: each becomes a name in Python, as an attribute, a class or a constant.

The name of a field or limit becomes an attribute; that of a message, enumeration, struct or bit set a class and a constant
of `codecs.py`; that of a constant one of `tables.py`. Enumerations hold the names of states, values and bits.
"""

from __future__ import annotations

import keyword
import re

from ..emit.python_syntax import class_name
from ..support.strict_yaml import Node

# The generated classes annotate their attributes with these, which an attribute of the same name would hide.
ANNOTATIONS = ("bool", "bytes", "int", "str", "tuple")
CLASSES = ("ClassVar", "Extension", "IntEnum", "IntFlag", "MESSAGES", "Message")
CODECS = ("CODECS", "FRAME")
TABLES = (
    *("CHAPTERS", "CLIENT_COMMANDS", "CONSOLE_COMMANDS", "DISPLAY", "EDITION", "EVENTS", "FAILURES", "LEGAL", "LIMITS"),
    *("NUMBERING", "PLAIN", "REPLIES", "REQUIREMENTS", "SECTIONS", "TIMERS"),
)


def check_name(place: Node, name: str, *, upper: bool = False) -> None:
    """Report a name that is none."""
    pattern, shape = ("[A-Z][A-Z0-9_]*", "NAME_2") if upper else ("[a-z][a-z0-9_]*", "name_2")
    if not re.fullmatch(pattern, name):
        place.problem(f"'{name}' is no name of the form {shape}", "name-form")


def check_attribute(place: Node, name: str) -> None:
    """Report the name of a field or limit that cannot be an attribute."""
    check_name(place, name)
    _check_free(place, name, keyword.iskeyword(name) or name in ANNOTATIONS)


def check_constant(place: Node, name: str) -> None:
    """Report the name of a constant that cannot be one of Python's."""
    check_name(place, name)
    _check_free(place, name, name.upper() in TABLES)


def _check_free(place: Node, name: str, taken: bool) -> None:
    if taken:
        place.problem(f"'{name}' is a name that the generated code needs for itself", "name-collision")


class ClassNames:
    """The names of types and messages, which share the classes of `messages.py` and the constants of `codecs.py`."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._constants: dict[str, str] = {}

    def check_type(self, place: Node, name: str, *, is_class: bool) -> None:
        """Report the name of a type that cannot stand beside those before it."""
        check_name(place, name)
        self._check(place, name, f"type '{name}'", f"{name.upper()}_TYPE", is_class)

    def check_message(self, place: Node, name: str) -> None:
        """Report the name of a message that cannot stand beside those before it."""
        check_name(place, name, upper=True)
        self._check(place, name, f"message {name}", name, True)

    def _check(self, place: Node, name: str, what: str, constant: str, is_class: bool) -> None:
        class_ = class_name(name) if is_class else ""
        _check_free(
            place,
            name,
            keyword.iskeyword(name) or keyword.iskeyword(class_) or class_ in CLASSES or constant in CODECS,
        )
        if is_class and (other := self._classes.setdefault(class_, what)) != what:
            place.problem(f"{what} and {other} would be classes of the same name", "name-collision")
        elif (other := self._constants.setdefault(constant, what)) != what:
            place.problem(f"{what} and {other} would be codecs of the same name", "name-collision")
