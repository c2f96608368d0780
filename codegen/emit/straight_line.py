"""What straight-line decoders and encoders are written with: a run of fixed-size values, local names, module tables.

Values of fixed size that stand side by side, and the count that follows them, are read and written by one
`struct.Struct`; everything else in a frame is variable in size and cut out by its count.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from ..model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    EnumType,
    IntegerType,
    Spec,
    StringType,
    StructType,
    Type,
)
from .python_syntax import WIDTH, class_name

FORMATS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}
#: What a generated function calls its own things; no field may take these names there.
_TAKEN = ("frame", "end", "at", "message", "records", "record", "extensions", "tail", "struct", "m", "t", "w")


def scalar_base(type_: Type) -> str:
    """The integer that a value of fixed size is on the wire; empty for types of variable size and structs."""
    return type_.base if isinstance(type_, (IntegerType, BoolType, BitsType, EnumType)) else ""


def capacity(base: str) -> int:
    """The greatest number that an unsigned integer of that type holds."""
    return (1 << 8 * BASE_SIZES[base]) - 1


def between(low: int, value: str, high: int, base: str) -> list[str]:
    """The condition that a number lies within bounds; none where its size on the wire sees to that."""
    if low == 0 and high == capacity(base):
        return []
    if high == capacity(base):
        return [f"{value} >= {low}"]
    return [f"{value} <= {high}"] if low == 0 else [f"{low} <= {value} <= {high}"]


def least_size(type_: Type) -> int:
    """The bytes that a value of the type has on the wire, at least."""
    if isinstance(type_, StructType):
        return sum(least_size(field.type) for field in type_.fields)
    if isinstance(type_, StringType):
        return BASE_SIZES[type_.count] + type_.minimum.bytes
    return BASE_SIZES[scalar_base(type_) or type_.count]  # type: ignore[union-attr]


def longest_short_string(type_: Type) -> int:
    """The bytes of the longest string behind a count of one byte that a value of the type can hold; -1 for none."""
    if isinstance(type_, StructType):
        return max([longest_short_string(field.type) for field in type_.fields], default=-1)
    if isinstance(type_, ArrayType):
        return longest_short_string(type_.item)
    return type_.maximum.bytes if isinstance(type_, StringType) and type_.count == "u8" else -1


class Names:
    """The local names of one function."""

    def __init__(self) -> None:
        self._used: set[str] = set(_TAKEN)

    def new(self, wish: str) -> str:
        """The wish, or one like it that means nothing else there."""
        name = wish
        while name in self._used or keyword.iskeyword(name) or hasattr(builtins, name):
            name += "_"
        self._used.add(name)
        return name


class Module:
    """What the functions of a module share; `prelude()` defines what was asked for."""

    def __init__(self, spec: Spec) -> None:
        self.order = ">" if spec.byte_order == "big" else "<"
        self._structs: dict[str, str] = {}
        self._tables: dict[str, str] = {}

    def unpack(self, codes: str) -> str:
        """The function that reads the values of a format from a place in a buffer."""
        return self._struct(codes, "unpack", "unpack_from")

    def pack(self, codes: str) -> str:
        """The function that makes bytes of the values of a format."""
        return self._struct(codes, "pack", "pack")

    def _struct(self, codes: str, verb: str, method: str) -> str:
        name = f"_{verb}_{codes}"
        self._structs[name] = f'{name} = struct.Struct("{self.order}{codes}").{method}'
        return name

    def members(self, type_: EnumType) -> str:
        """The table from number to member of an enumeration."""
        name, members = f"_MEMBERS_OF_{type_.name.upper()}", f"m.{class_name(type_.name)}"
        self._tables[name] = f"{name}: dict[int, {members}] = {{member.value: member for member in {members}}}"
        return name

    def byte_rules(self, type_: StringType, data: str) -> list[str]:
        """The conditions that the bytes of a string have the characters it may have; none if its pattern is not plain."""
        alphabet = Alphabet.of(type_.pattern)
        if alphabet is None:
            return []
        rest = f"_REST_OF_{type_.name.upper()}"
        self._tables[rest] = f"{rest} = {alphabet.rest!r}".replace("'", '"')
        conditions = []
        if alphabet.first:
            first = f"_FIRST_OF_{type_.name.upper()}"
            self._tables[first] = f"{first} = frozenset({alphabet.first!r})".replace("'", '"')
            test = f"{data}[0] in {first}"
            conditions.append(f"(not {data} or {test})" if alphabet.optional else test)
        # Nothing is left if there are only such bytes. That costs less than a regular expression.
        return [*conditions, f"not {data}.strip({rest})"]

    def rules(self, type_: StringType, text: str) -> list[str]:
        """The condition that a string has the characters it may have."""
        if not type_.pattern:
            return []
        name = f"_is_{type_.name}"
        self._tables[name] = f"{name} = t.{type_.name.upper()}_TYPE.rule.fullmatch"
        if type_.forbidden and only_controls(type_.forbidden):
            # No control character is printable, and asking that is cheaper.
            return [f"({text}.isprintable() or {name}({text}))"]
        return [f"{name}({text})"]

    def prelude(self) -> str:
        return "".join(f"{line}\n" for line in [*sorted(self._structs.values()), *self._tables.values()])


class Alphabet(NamedTuple):
    """What a plain pattern says: bytes of `rest`, the first of them one of `first` if there are such."""

    first: bytes
    rest: bytes
    optional: bool  # with `first`: the string may be empty all the same

    @classmethod
    def of(cls, pattern: str) -> Alphabet | None:
        """The alphabet of `[a-z][a-z0-9]*`, `([a-z][a-z0-9]*)?` or `[a-z]*`; None for any other pattern."""
        one = r"(\[[^\]\\^\[][^\]\\\[]*\])"
        match = re.fullmatch(rf"{one}?{one}\*|\({one}{one}\*\)\?", pattern) if pattern.isascii() else None
        if match is None:
            return None
        first, rest = (_class_bytes(text) for text in (match[1] or match[3], match[2] or match[4]))
        if not set(first) <= set(rest) or b"'" in rest or b'"' in rest:
            return None
        return cls(first, rest, bool(match[3]))


def _class_bytes(text: str | None) -> bytes:
    """The characters of a set such as [A-Za-z], the more frequent ones first."""
    if text is None:
        return b""
    found = [code for code in range(128) if re.fullmatch(text, chr(code))]
    return bytes(sorted(found, key=lambda code: (not chr(code).islower(), not chr(code).isalpha(), code)))


def only_controls(ranges: Iterable[str]) -> bool:
    """Whether ranges such as U+0000-U+001F hold nothing but control characters, of which Unicode will have no more."""
    for item in ranges:
        first, _, last = item.partition("-")
        for code in range(int(first[2:], 16), int((last or first)[2:], 16) + 1):
            if unicodedata.category(chr(code)) != "Cc":
                return False
    return True


def condition(parts: list[str], indent: str, negation: str = "") -> str:
    """`if …:` with conditions that all have to hold; with the negation `not `, one of which must fail."""
    joined = " and ".join(parts)
    line = f"{indent}if {negation}({joined}):\n" if negation and len(parts) > 1 else f"{indent}if {negation}{joined}:\n"
    if len(line) <= WIDTH + 1:
        return line
    if len(indent) + 4 + len(joined) > WIDTH or not negation:
        joined = f"\n{indent}    and ".join(parts)
    return f"{indent}if {negation}(\n{indent}    {joined}\n{indent}):\n"


def refusal(parts: list[str], indent: str) -> str:
    """The lines that leave a function's good path unless the conditions hold."""
    return condition(parts, indent, "not ") + f"{indent}    raise ValueError\n" if parts else ""
