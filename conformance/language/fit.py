"""Whether a value of a case can ever fit its field: what can be known before the case is played.

Each function returns why a value cannot fit, in words, and nothing if it can. Variables may be anything; of expressions
only the names are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from impwire import constructs
from impwire.codecs import FRAME

from .strict_yaml import suggestion
from .values import CONDITIONS, LIMIT_NAMES, expression, is_variable, members_of

_SUM_OF_VARIABLE = re.compile(r"\$[A-Za-z_]\w*(\.\w+)* [-+*] .*")
_HEX = re.compile(r"([0-9A-Fa-f]{2})*")
#: What a mapping can be instead of a struct or conditions: the keys of each form.
_MADE = (("bytes",), ("repeat", "times"), ("hex",))


def misfit(value: Any, construct: Any, *, sending: bool) -> str:
    """Why a value of a case can never fit its field; empty if it can. For the loader, which knows no variables."""
    if isinstance(value, Mapping):
        return _mapping_misfit(value, construct, sending=sending)
    if is_variable(value):
        return ""
    if isinstance(construct, constructs.Text):
        return _text_misfit(value)
    if isinstance(construct, constructs.Enumeration):
        known = construct.members.__members__
        if value in known:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return _range_fault(value, construct.sizeof())
        return f"unknown value '{value}'{suggestion(str(value), known) or '; known are ' + ', '.join(known)}"
    if isinstance(construct, constructs.Many):
        if not isinstance(value, list):
            return f"expected a list, found {_found(value)}"
        faults = (misfit(item, construct.item, sending=sending) for item in value)
        return next((f"item {index}: {fault}" for index, fault in enumerate(faults) if fault), "")
    if isinstance(construct, constructs.Record):
        members = ", ".join(f"{name}: …" for name in members_of(construct))
        return f"expected $variable or {{{members}}}, found {_found(value)}"
    if isinstance(construct, constructs.Boolean) and not (sending and isinstance(value, int)):
        return "" if isinstance(value, bool) else f"expected true or false, found {_found(value)}"
    if isinstance(value, bool) and isinstance(construct, constructs.Boolean):
        return ""
    return expression_fault(value) or (_range_fault(value, construct.sizeof()) if isinstance(value, int) else "")


def _found(value: Any) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def _text_misfit(value: Any) -> str:
    if not isinstance(value, str):
        quotes = "" if value is None or isinstance(value, list) else "; put it in quotes"
        return f"expected a string, found {_found(value)}{quotes}"
    if not _SUM_OF_VARIABLE.fullmatch(value):
        return ""
    return f"'{value}' looks like a sum, and this is a text; write ${value} for these very words"


def _range_fault(value: int, size: int) -> str:
    highest = 256**size - 1
    return "" if 0 <= value <= highest else f"{value} does not fit: it goes from 0 to {highest}"


def _mapping_misfit(value: Mapping[str, Any], construct: Any, *, sending: bool) -> str:
    if isinstance(construct, constructs.Record):
        return _struct_misfit(value, construct, sending=sending)
    forms = [name for form in _MADE for name in form] + list(CONDITIONS)
    for name in value:
        if name not in forms:
            return f"unknown form '{name}'{suggestion(name, forms) or '; known are ' + ', '.join(forms)}"
    if any(name in CONDITIONS for name in value):
        return _conditions_fault(value, construct, sending=sending)
    if tuple(value) not in _MADE:
        shapes = ", ".join("{" + ", ".join(f"{name}: …" for name in form) + "}" for form in _MADE)
        return f"expected one of {shapes}"
    if not isinstance(construct, constructs.Text):
        return "this form is for strings"
    if "hex" in value:
        return "" if _is_hex(value["hex"]) else "hex: expected pairs of hexadecimal digits in quotes"
    if "repeat" in value and not isinstance(value["repeat"], str):
        return f"repeat: expected a string, found {_found(value['repeat'])}; put it in quotes"
    key = "bytes" if "bytes" in value else "times"
    if wrong := expression_fault(value[key]) or (_range_fault(value[key], 4) if isinstance(value[key], int) else ""):
        return f"{key}: {wrong}"
    if isinstance(value.get("bytes"), int):
        return _range_fault(value["bytes"], construct.count.sizeof())
    return ""


def _struct_misfit(value: Mapping[str, Any], construct: Any, *, sending: bool) -> str:
    members = members_of(construct)
    for name, item in value.items():
        if name not in members:
            return f"unknown field '{name}'{suggestion(name, members) or ''}; known are {', '.join(members)}"
        if inner := misfit(item, members[name], sending=sending):
            return f"{name}: {inner}"
    return ""


def _conditions_fault(value: Mapping[str, Any], construct: Any, *, sending: bool) -> str:
    names = " and ".join(f"'{name}'" for name in value)
    if sending:
        return f"{names} can be expected, and not sent"
    if other := next((name for name in value if name not in CONDITIONS), ""):
        return f"'{other}' does not go with conditions"
    for name, item in value.items():
        if name == "not":
            fault = misfit(item, construct, sending=sending)
        elif isinstance(construct, (constructs.Text, constructs.Many, constructs.Enumeration, constructs.Boolean)):
            return f"'{name}' is for numbers"
        else:
            fault = expression_fault(item)
        if fault:
            return f"{name}: {fault}"
    return ""


def _is_hex(value: Any) -> bool:
    return isinstance(value, str) and bool(_HEX.fullmatch(value))


def expression_fault(value: Any) -> str:
    """Why a value is no number, name or sum of them; empty if it is one."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return f"expected a number, found {_found(value)}"

    def known(name: str) -> int:
        if not name.startswith("$") and name not in LIMIT_NAMES:
            hint = suggestion(name, LIMIT_NAMES) or f"; known are {', '.join(sorted(LIMIT_NAMES))}"
            raise ValueError(f"unknown limit '{name}'{hint}")
        return 1

    try:
        expression(value, known)
    except ValueError as error:
        return str(error)
    return ""


def header_fault(name: str, value: Any) -> str:
    """Like `misfit`, for request_id and flags. Conditions are for what is received, or sent by a client under test."""
    construct = next(field.subcon for field in FRAME.fields if field.name == name)
    return misfit(value, construct, sending=False)


def extensions_fault(value: Any) -> str:
    """Why this is no list of extensions, `[[tag, hex], …]`; empty if it is one."""
    if not isinstance(value, list):
        return "expected a list such as [[2, 'cafe']]"
    for item in value:
        if not (isinstance(item, list) and len(item) == 2 and type(item[0]) is int and _is_hex(item[1])):
            return f"expected [tag, hexadecimal digits in quotes], such as [2, 'cafe'], found {item!r}"
        if fault := _range_fault(item[0], 1):
            return f"tag {fault}"
    return ""
