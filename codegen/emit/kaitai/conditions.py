"""What values have to be: the keys and expressions that say it."""

from __future__ import annotations

from ...model import BASE_SIZES
from ...sizes import capacity
from .members import Node
from .text import Hexadecimal

#: The greatest number that every build of the compiler takes from YAML. A greater one is written as an expression.
_GREATEST_PLAIN = (1 << 31) - 1

#: A character in UTF-8 as Unicode defines it: no longer form than need be, no surrogate, nothing beyond U+10FFFF.
CHARACTER: Node = {
    "doc": "A character in UTF-8.",
    "seq": [
        {"id": "lead", "type": "u1", "valid": {"expr": "_ <= 0x7f or (_ >= 0xc2 and _ <= 0xf4)"}},
        {
            "id": "second",
            "type": "u1",
            "if": "lead >= 0x80",
            "valid": {
                "expr": "_ >= (lead == 0xe0 ? 0xa0 : (lead == 0xf0 ? 0x90 : 0x80))"
                " and _ <= (lead == 0xed ? 0x9f : (lead == 0xf4 ? 0x8f : 0xbf))"
            },
        },
        {"id": "third", "type": "u1", "if": "lead >= 0xe0", "valid": {"min": 0x80, "max": 0xBF}},
        {"id": "fourth", "type": "u1", "if": "lead >= 0xf0", "valid": {"min": 0x80, "max": 0xBF}},
    ],
    "instances": {
        "code": {
            "value": "lead <= 0x7f ? lead : (lead <= 0xdf ? lead % 0x20 * 0x40 + second % 0x40"
            " : (lead <= 0xef ? (lead % 0x10 * 0x40 + second % 0x40) * 0x40 + third % 0x40"
            " : ((lead % 0x08 * 0x40 + second % 0x40) * 0x40 + third % 0x40) * 0x40 + fourth % 0x40))"
        }
    },
}


def integer(base: str) -> str:
    return f"u{BASE_SIZES[base]}"


def within(low: int, high: int, base: str) -> Node:
    """The bounds of a number, as far as its size on the wire does not see to them."""
    if low == high:
        return {"valid": number(low)}
    bounds = {"min": number(low)} if low else {}
    if high < capacity(base):
        bounds["max"] = number(high)
    return {"valid": bounds} if bounds else {}


def number(number: int) -> int | str:
    """A number in `valid` or in a case: in hexadecimal if that is how people know it, as an expression if it is great."""
    if number > _GREATEST_PLAIN:
        return f"{number:#x}"
    return Hexadecimal(number) if number > 0xFFFF else number


def none_of(value: str, mask: int) -> str:
    """The condition that none of these bits is set. Division for the high ones: JavaScript's bit operations end at 32."""
    low = mask & 0x7FFFFFFF
    conditions = [f"({value} & {low:#04x}) == 0"] if low else []
    conditions += [f"{value} / {1 << bit:#x} % 2 == 0" for bit in range(31, mask.bit_length()) if mask >> bit & 1]
    return " and ".join(conditions)


def one_of(allowed: bytes) -> str:
    """The condition that a byte is one of these."""
    firsts = [byte for byte in sorted(allowed) if byte - 1 not in allowed]
    lasts = [byte for byte in sorted(allowed) if byte + 1 not in allowed]
    runs = zip(firsts, lasts, strict=True)
    return " or ".join(
        f"_ == {first:#04x}" if first == last else f"(_ >= {first:#04x} and _ <= {last:#04x})" for first, last in runs
    )


def outside(item: str) -> str:
    """The condition that a character is none of a range such as U+0000-U+001F."""
    first, _, last = item.partition("-")
    low, high = int(first[2:], 16), int((last or first)[2:], 16)
    return f"_.code > {high:#04x}" if low == 0 else f"(_.code < {low:#04x} or _.code > {high:#04x})"
