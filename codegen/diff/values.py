"""Which values of a type a receiver accepts."""

from __future__ import annotations

from ..model import BitsType, BoolType, BytesType, EnumType, IntegerType, StringType, Type
from ..sizes import capacity

#: The types that are one number on the wire.
SCALARS = (IntegerType, BoolType, BitsType, EnumType)


def allowed(type_: StringType | BytesType) -> str:
    """What a string may hold, as people wrote it."""
    if isinstance(type_, BytesType):
        return "any bytes"
    if type_.forbidden:
        return f"all but {', '.join(type_.forbidden)}"
    return type_.allowed or "any character"


def numbers(type_: Type) -> range | frozenset[int]:
    """The numbers that a receiver accepts."""
    if isinstance(type_, IntegerType):
        return range(type_.minimum, type_.maximum + 1)
    if isinstance(type_, BoolType):
        return frozenset({0, 1})
    if isinstance(type_, EnumType) and not type_.open:
        return frozenset(value.number for value in type_.values)
    return range(_capacity(type_))


def _capacity(type_: Type) -> int:
    return capacity(type_.base) + 1 if isinstance(type_, SCALARS) else 0


def whole(type_: Type) -> bool:
    """Whether every number of its width is one of its values."""
    return numbers(type_) == range(_capacity(type_))


def within(inner: range | frozenset[int], outer: range | frozenset[int]) -> bool:
    """Whether all of the inner numbers are among the outer ones."""
    if isinstance(inner, range) and isinstance(outer, range):
        return outer.start <= inner.start and inner.stop <= outer.stop
    if isinstance(inner, range) and inner.stop - inner.start > len(outer):
        return False
    return all(number in outer for number in inner)


def shown(numbers: range | frozenset[int]) -> str:
    """The numbers for people."""
    if isinstance(numbers, range):
        return f"{numbers.start} to {numbers.stop - 1}"
    return ", ".join(map(str, sorted(numbers)))
