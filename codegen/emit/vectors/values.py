"""The bytes of values: usual ones, those at every bound, and those that break a rule.

`usual(spec, type)` gives one good value, `good` those at the bounds, `bad` those that are just beyond them. A name says what
each is; whether it is good, and what is wrong with it, only the reading of its frame decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    IntegerType,
    Spec,
    StringType,
    StructType,
    Type,
)
from ...sizes import capacity, scalar_base
from .reading import matches

#: A name of what is special in it, and the bytes of a value.
Case = tuple[str, bytes]

#: No value that is derived has more bytes, unless its type allows no shorter one: the file is to be read by people, too, and
#: the time that a pattern takes may grow with the square of the length.
LONGEST = 5000
#: What strings are made of; the first that a type accepts is taken.
_LETTERS = ("a", "A", "0", "-", "_", " ", "!", "é", "€", "😀")
#: Characters at the edges of what rules tell apart, and of what UTF-8 makes longer.
_CHARACTERS = (
    *'\0\t\n\r\x1b !"-/09:@AZ[_`az{~\x7f\x80\x85\x9f\xa0\xad\xe9\u07ff\u0800\u200b\u2028\u202e\u3042\ud7ff',
    *"\ue000\ufeff\ufffd\uffff\U00010000\U0001f600\U0010ffff",
)
#: No text in UTF-8, each for another reason.
_NOT_UTF_8 = {
    "lone-continuation": "80",
    "lone-lead": "c3",
    "lead-before-letter": "c328",
    "cut-sequence": "e282",
    "cut-long-sequence": "f09f98",
    "overlong-slash": "c0af",
    "overlong-of-three": "e080af",
    "overlong-of-four": "f08080af",
    "surrogate": "eda080",
    "surrogate-pair": "eda0bdedb880",
    "beyond-unicode": "f4908080",
    "five-bytes": "f888808080",
    "byte-ff": "ff",
}


class Unusual(Exception):
    """No good value of a type is found: its pattern accepts none of the strings that are tried, or there is none."""


def encoded(spec: Spec, base: str, number: int) -> bytes:
    """A number as it is sent."""
    return number.to_bytes(BASE_SIZES[base], spec.byte_order)


def usual(spec: Spec, type_: Type, seed: int = 1) -> bytes:
    """One good value. Numbers have bytes that differ, from the seed on, so that no order of bytes passes for another."""
    if isinstance(type_, StructType):
        found = [
            usual(spec, member.type, seed + place)
            if member.const is None
            else encoded(spec, scalar_base(member.type), member.const)
            for place, member in enumerate(type_.fields)
        ]
        return b"".join(found)
    if isinstance(type_, ArrayType):
        items = usual(spec, type_.item, seed) if type_.maximum else b""
        return encoded(spec, type_.count, min(1, type_.maximum)) + items
    if isinstance(type_, StringType):
        least, most = type_.minimum.bytes, type_.maximum.bytes
        sizes = [
            *range(min(max(least, 3), most), min(least + 40, most) + 1),
            *range(min(least + 3, most), least - 1, -1),
        ]
        text = next((text for size in sizes if (text := _string(type_, size)) is not None), None)
        if text is None:
            raise Unusual
        return _counted(spec, type_, text.encode())
    if isinstance(type_, BytesType):
        return _counted(spec, type_, b"\xc0\xff\xee"[: type_.maximum.bytes])
    return encoded(spec, type_.base, _number(type_, seed))


def _number(type_: IntegerType | BoolType | BitsType | EnumType, seed: int) -> int:
    number = int.from_bytes(bytes((seed + place) % 256 for place in range(BASE_SIZES[type_.base])))
    if isinstance(type_, EnumType):
        if not type_.values and not type_.open:
            raise Unusual
        return type_.values[seed % len(type_.values)].number if type_.values else number
    if isinstance(type_, BoolType):
        return 1
    if isinstance(type_, BitsType):
        return sum(1 << position for _, position, _ in type_.bits)
    return type_.minimum + number % (type_.maximum - type_.minimum + 1)


def _counted(spec: Spec, type_: StringType | BytesType, data: bytes, count: int | None = None) -> bytes:
    return encoded(spec, type_.count, len(data) if count is None else count) + data


def _string(type_: StringType, size: int) -> str | None:
    """A string of so many bytes that its type accepts, if one is found: a letter, then another any number of times."""
    letters = (*_LETTERS, *sorted(set(type_.allowed).difference(_LETTERS)))
    for first in letters:
        for letter in letters:
            rest, odd = divmod(size - len(first.encode()), len(letter.encode()))
            text = "" if not size else first + letter * rest
            if not odd and (rest >= 0 or not size) and matches(type_, text):
                return text
    return None


# -- at the bounds -------------------------------------------------------------------------------------------------------


def good(spec: Spec, type_: Type, *, thorough: bool) -> Iterator[Case]:
    """Values at the bounds of a type; `thorough` also gives those that need be tried but once."""
    if isinstance(type_, StringType):
        yield from _good_strings(spec, type_, thorough=thorough)
    elif isinstance(type_, BytesType):
        for what, size in {"empty": 0, "one-byte": 1, "most-bytes": type_.maximum.bytes}.items():
            if size <= min(type_.maximum.bytes, LONGEST):
                yield what, _counted(spec, type_, bytes(255 - place % 256 for place in range(size)))
    elif isinstance(type_, ArrayType):
        item = None
        with suppress(Unusual):
            item = usual(spec, type_.item)
        for what, number in {"empty": 0, "one-item": 1, "two-items": 2, "most-items": type_.maximum}.items():
            if number <= type_.maximum and not (number and item is None) and number * len(item or b"") <= LONGEST:
                yield what, encoded(spec, type_.count, number) + (item or b"") * number
    elif not isinstance(type_, StructType):
        for what, number in _good_numbers(type_):
            yield what, encoded(spec, type_.base, number)


def _good_numbers(type_: IntegerType | BoolType | BitsType | EnumType) -> Iterator[tuple[str, int]]:
    if isinstance(type_, BoolType):
        yield from (("false", 0), ("true", 1))
    elif isinstance(type_, EnumType):
        yield from ((value.name.lower().replace("_", "-"), value.number) for value in type_.values)
        if type_.open:
            yield from _unnamed(type_)
    elif isinstance(type_, BitsType):
        yield from (("none", 0), ("all", capacity(type_.base)))
        yield from ((name.lower().replace("_", "-"), 1 << position) for name, position, _ in type_.bits)
    else:
        yield from (("least", type_.minimum), ("most", type_.maximum))


def _unnamed(type_: EnumType) -> Iterator[tuple[str, int]]:
    """The least and the greatest number that an enumeration has no name for."""
    named = {value.number for value in type_.values}
    least = next(number for number in range(len(named) + 1) if number not in named)
    most = next(number for number in range(capacity(type_.base), -1, -1) if number not in named)
    if least <= capacity(type_.base):
        yield "least-unnamed", least
    if most != least:
        yield "most-unnamed", most


def _good_strings(spec: Spec, type_: StringType, *, thorough: bool) -> Iterator[Case]:
    for what, size in {"shortest": type_.minimum.bytes, "longest": type_.maximum.bytes}.items():
        text = _string(type_, size) if size <= LONGEST else None
        if text is not None:
            yield what, _counted(spec, type_, text.encode())
    if thorough and type_.minimum.bytes <= LONGEST:
        allowed = [letter for letter in _CHARACTERS if matches(type_, _padded(type_, letter))]
        while allowed and len("".join(allowed).encode()) > type_.maximum.bytes - type_.minimum.bytes - 1:
            allowed.pop()
        text = _padded(type_, "".join(allowed))
        if matches(type_, text):
            yield "characters-at-the-edges", _counted(spec, type_, text.encode())
        most = "😀" * (min(type_.maximum.bytes, LONGEST) // 4)
        if len(most) > 1 and matches(type_, most):
            yield "most-of-four-bytes", _counted(spec, type_, most.encode())


def _padded(type_: StringType, text: str) -> str:
    """The text behind a letter, or behind as many as the type needs."""
    before = _string(type_, max(1, type_.minimum.bytes))
    return f"{before or 'a'}{text}"


# -- beyond the bounds ---------------------------------------------------------------------------------------------------


def bad(spec: Spec, type_: Type, *, thorough: bool) -> Iterator[Case]:
    """Values that break one rule of a type. Some may turn out to be good, or not to fit."""
    if isinstance(type_, StringType):
        yield from _bad_strings(spec, type_, thorough=thorough)
    elif isinstance(type_, BytesType):
        if type_.maximum.bytes < min(LONGEST, capacity(type_.count)):
            yield "too-many-bytes", _counted(spec, type_, bytes(type_.maximum.bytes + 1))
    elif isinstance(type_, ArrayType):
        for what, number in {"too-many-items": type_.maximum + 1, "count-of-all-ones": capacity(type_.count)}.items():
            if type_.maximum < number <= capacity(type_.count):
                yield what, encoded(spec, type_.count, number)
    elif not isinstance(type_, StructType):
        for what, number in _bad_numbers(type_):
            if 0 <= number <= capacity(type_.base):
                yield what, encoded(spec, type_.base, number)


def _bad_numbers(type_: IntegerType | BoolType | BitsType | EnumType) -> Iterator[tuple[str, int]]:
    if isinstance(type_, BoolType):
        yield from (("two", 2), ("all-ones", capacity(type_.base)))
    elif isinstance(type_, EnumType) and not type_.open:
        yield from _unnamed(type_)
    elif isinstance(type_, IntegerType):
        yield from (("under-least", type_.minimum - 1), ("over-most", type_.maximum + 1))


def fixed_otherwise(spec: Spec, base: str, const: int) -> Iterator[Case]:
    """Numbers in the place of one that is fixed: its lowest bit is another, its bytes are in the other order, none."""
    right = encoded(spec, base, const)
    for what, data in {
        "other-bit": encoded(spec, base, const ^ 1),
        "other-byte-order": right[::-1],
        "zero": bytes(len(right)),
    }.items():
        if data != right:
            yield what, data


def _bad_strings(spec: Spec, type_: StringType, *, thorough: bool) -> Iterator[Case]:
    for what, data in _spoiled_strings(type_, thorough=thorough):
        if len(data) <= capacity(type_.count):
            yield what, _counted(spec, type_, data)


def _spoiled_strings(type_: StringType, *, thorough: bool) -> Iterator[Case]:
    """The same without their counts; some have more bytes than a count can tell."""
    for what, size in {"too-short": type_.minimum.bytes - 1, "too-long": type_.maximum.bytes + 1}.items():
        if 0 <= size <= LONGEST:
            yield what, (_string(type_, size) or "a" * size).encode()
    if type_.minimum.bytes > LONGEST:
        return
    before = _padded(type_, "")
    for what, digits in _NOT_UTF_8.items() if thorough else (("not-utf-8", "ff"),):
        yield what, before.encode() + bytes.fromhex(digits)
    for letter in [letter for letter in _CHARACTERS if thorough or letter in "\0\n "]:
        last, first = before + letter, letter + before
        if not matches(type_, last):
            yield f"last-u+{ord(letter):04x}", last.encode()
        elif not matches(type_, first):
            yield f"first-u+{ord(letter):04x}", first.encode()
