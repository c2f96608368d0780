"""How values, numbers and ranges are written in the document."""

from __future__ import annotations

import re
from typing import Any

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    Bound,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    OptionalField,
    StringType,
    StructType,
    Type,
)

#: From here on a number that ends a range of whole bytes is written as a power.
_POWERS = (32, 64)


def size_of(type_: Type) -> int | None:
    """Bytes of a value of the type, or None where they vary."""
    if isinstance(type_, (IntegerType, BoolType, BitsType, EnumType)):
        return BASE_SIZES[type_.base]
    if isinstance(type_, StructType):
        sizes = [size_of(field.type) for field in type_.fields]
        return None if None in sizes else sum(size or 0 for size in sizes)
    return None


def field_value(value: Any) -> str:
    """A value of a vector in the notation of the document."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Printable characters as they are, all others as escapes: the document is read on any screen.
        escaped = "".join(c if c.isprintable() and ord(c) < 0xE000 else _escape(c) for c in value.replace("\\", "\\\\"))
        return f'"{escaped}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {field_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(field_value(item) for item in value) + "]"
    return str(value)


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\t": "\\t"}
    number = ord(character)
    return short.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")


def since(version: str) -> str:
    """What is said of a value that came with a version; nothing for the first."""
    return f" (since {version})" if version else ""


def listing(names: tuple[str, ...], word: str) -> str:
    """Names in a sentence: `A, B or C`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def items(text: str) -> tuple[str, ...]:
    """A text in which `(1)`, `(2)` and so on begin its steps: what stands before them, and each step; else the text alone.

    Each step begins behind the end of a sentence, so that one may speak of another by its number.
    """
    parts = re.split(r"(?<=[.:;]\s)(?=\([0-9]+\)\s)", text)
    counted = all(part.startswith(f"({count})") for count, part in enumerate(parts[1:], 1))
    return tuple(part.strip() for part in parts) if counted else (text,)


def number(value: int) -> str:
    """A number; the greatest of four and of eight bytes as powers, since nobody knows their digits."""
    return next((f"2^{power}-1" for power in _POWERS if value == (1 << power) - 1), str(value))


def range_of(field: Field | OptionalField, malformed: str) -> str:
    """What a field may hold, with its unit: its bounds, each with the code of a value beyond it unless it is `malformed`."""
    const = field.const if isinstance(field, Field) else None
    unit = field.unit or getattr(field.type, "unit", "")
    unit = f" {unit}" if unit else ""
    if const is not None:
        return f"always {const:#x}{unit}"
    if isinstance(field.type, (StringType, BytesType)):
        low = field.type.minimum if isinstance(field.type, StringType) else Bound(0, field.type.maximum.code)
        return _bounds(low, field.type.maximum, unit or " bytes", malformed)
    return _plain_range(field.type) + (unit or " items" * isinstance(field.type, ArrayType))


def _plain_range(type_: Type) -> str:
    if isinstance(type_, IntegerType):
        return _span(type_.minimum, type_.maximum)
    if isinstance(type_, BoolType):
        return "0 or 1"
    if isinstance(type_, BitsType):
        return "any bits"
    if isinstance(type_, EnumType):
        return (
            "any value" if type_.open else listing(tuple(value.name for value in type_.values) or ("no value",), "or")
        )
    return _span(0, type_.maximum) if isinstance(type_, ArrayType) else "that of its fields"


def _bounds(low: Bound, high: Bound, unit: str, malformed: str) -> str:
    if low.bytes and low.code != high.code:
        return f"{number(low.bytes)} ({low.code}) to {number(high.bytes)}{unit} ({high.code})"
    return _span(low.bytes, high.bytes) + unit + ("" if high.code == malformed else f" ({high.code})")


def _span(low: int, high: int) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"
