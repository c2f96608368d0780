"""What straight-line decoders and encoders are written with: a run of fixed-size values, local names, module tables.

Values of fixed size that stand side by side, and the count that follows them, are read and written by one
`struct.Struct`; everything else in a frame is variable in size and cut out by its count.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from typing import NamedTuple

from ..model import (
    EnumType,
    Spec,
    StringType,
)
from ..sizes import capacity
from .python_syntax import WIDTH, bytes_literal, call, class_name

FORMATS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset(b"0123456789")
#: What a generated function calls its own things; no field may take these names there.
_TAKEN = ("frame", "end", "at", "message", "records", "record", "extensions", "tail", "struct", "m", "t", "w")

#: Characters of a local name. What is deep within structs and arrays would have very long ones.
_LONGEST = 36


def between(low: int, value: str, high: int, base: str) -> list[str]:
    """The condition that a number lies within bounds; none where its size on the wire sees to that."""
    if low == 0 and high == capacity(base):
        return []
    if high == capacity(base):
        return [f"{value} >= {low}"]
    return [f"{value} <= {high}"] if low == 0 else [f"{low} <= {value} <= {high}"]


class Names:
    """The local names of one function."""

    def __init__(self) -> None:
        self._used: set[str] = set(_TAKEN)

    def new(self, wish: str) -> str:
        """The wish, or one like it that means nothing else there; of a long one its last words."""
        name = wish
        while len(name) > _LONGEST and (shorter := re.search(r"_([a-z].*)", name)):
            name = shorter[1]
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
        self.marks = False

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
        left, entries = f"{name}: dict[int, {members}] = {{", f"member.value: member for member in {members}"
        fits = len(left + entries) < WIDTH
        self._tables[name] = f"{left}{entries}}}" if fits else f"{left}\n    {entries}\n}}"
        return name

    def rules(self, type_: StringType, data: str) -> list[str]:
        """The conditions that the bytes of a string, which are UTF-8, have the characters that they may have.

        What is common passes by a test on the bytes, which costs less than a regular expression on the text.
        """
        if not type_.pattern:
            return []
        if alphabet := Alphabet.of(type_.pattern):
            return self._alphabet(type_.name.upper(), alphabet, data)
        name = f"_is_{type_.name}"
        self._tables[name] = f"{name} = t.{type_.name.upper()}_TYPE.rule.fullmatch"
        if not type_.forbidden:
            return [f"{name}({data}.decode())"]
        table = f"_MARKED_IN_{type_.name.upper()}"
        self._tables[table] = f'{table} = marking("{suspects(type_.forbidden)}")'
        self.marks = True
        return [f"({data}.translate({table}) == {data} or {name}({data}.decode()))"]

    def _alphabet(self, name: str, alphabet: Alphabet, data: str) -> list[str]:
        rest = f"_REST_OF_{name}"
        line = f"{rest} = {bytes_literal(alphabet.rest)}"
        self._tables[rest] = line if len(line) <= WIDTH else f"{rest} = (\n    {bytes_literal(alphabet.rest)}\n)"
        only_rest = f"not {data}.strip({rest})"  # Nothing is left if there are only such bytes.
        if not alphabet.first:
            return [only_rest]
        first = f"_FIRST_OF_{name}"
        self._tables[first] = call(f"{first} = frozenset", [bytes_literal(alphabet.first)])
        begins = f"{data}[0] in {first}"
        if alphabet.optional:
            return [f"(not {data} or {begins})", only_rest]
        if set(alphabet.first) >= _LETTERS and set(alphabet.rest) >= _LETTERS | _DIGITS:
            # Letters and digits with a letter in front: most names are no more than that.
            return [f"(({data}.isalnum() and {data}[0] > 0x40) or ({begins} and {only_rest}))"]
        return [begins, only_rest]

    def least(self, type_: StringType) -> int:
        """The size that is to be asked for: none where the rules look at the first byte, which has to be there."""
        alphabet = Alphabet.of(type_.pattern)
        first = alphabet is not None and alphabet.first and not alphabet.optional
        return 0 if first and type_.minimum.bytes <= 1 else type_.minimum.bytes

    def maker(self, name: str) -> str:
        """What makes an empty record: the call of its class would cost as much as all the rest."""
        self._tables[f"_new_{name}"] = f"_new_{name} = partial(object.__new__, m.{name})"
        return f"_new_{name}()"

    def record(self, name: str) -> str:
        """The class of a message or struct, by a name that is found at once."""
        self._tables[f"_{name}"] = f"_{name} = m.{name}"
        return f"_{name}"

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
        if not set(first) <= set(rest):
            return None
        return cls(first, rest, bool(match[3]))


def _class_bytes(text: str | None) -> bytes:
    """The characters of a set such as [A-Za-z], the more frequent ones first."""
    if text is None:
        return b""
    found = [code for code in range(128) if re.fullmatch(text, chr(code))]
    return bytes(sorted(found, key=lambda code: (not chr(code).islower(), not chr(code).isalpha(), code)))


def suspects(ranges: Iterable[str]) -> str:
    """The bytes with which a character in ranges such as U+0080-U+009F begins, as `00-08 7f`; others may begin so, too."""
    found: set[int] = set()
    for item in ranges:
        first, _, last = item.partition("-")
        low, high = int(first[2:], 16), int((last or first)[2:], 16)
        found |= set(range(low, min(high, 0x7F) + 1))
        if high > 0x7F:
            found |= set(range(_lead(max(low, 0x80)), _lead(high) + 1))
    firsts = [byte for byte in sorted(found) if byte - 1 not in found]
    lasts = [byte for byte in sorted(found) if byte + 1 not in found]
    pairs = zip(firsts, lasts, strict=True)
    return " ".join(f"{first:02x}" if first == last else f"{first:02x}-{last:02x}" for first, last in pairs)


def _lead(code: int) -> int:
    """The first byte of a character beyond ASCII in UTF-8."""
    return 0xC0 | code >> 6 if code < 0x800 else 0xE0 | code >> 12 if code < 0x10000 else 0xF0 | code >> 18
