"""Frames read by the model alone, field by field: what a frame says, where its parts lie, and every fault in it.

It shares nothing with the code that is generated, so that the two prove each other. `read(spec, frame)` never raises; of
a frame with faults `Reading.fault` is the one that decides, by the rules that the generated decoders follow: what breaks
the layout comes before any value that is not allowed, and something critical that is not known before other values.

Values are told as JSON has them: a number behind the base u64 is a string of digits, as not every reader of JSON has numbers
that large; a value of an enumeration is its name, if it has one; bytes are hexadecimal digits.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    Message,
    OptionalField,
    Spec,
    StringType,
    StructType,
    Type,
)

_Scalar = IntegerType | BoolType | BitsType | EnumType


@dataclass(frozen=True)
class Fault:
    """A failure code, the path of the field that is at fault (empty if none is), and the place in the frame in bytes."""

    code: str
    field: str
    offset: int


@dataclass(frozen=True)
class Part:
    """A field, or an item of an array, from `start` to before `end` in its frame, with the members or items in it.

    `const` is what it is fixed to, if it is.
    """

    path: str
    type: Type
    start: int
    end: int = 0
    const: int | None = None
    parts: tuple[Part, ...] = ()


@dataclass
class Reading:
    """What a frame says. Without a `message` its type is not known, or its header cannot be read."""

    message: Message | None = None
    header: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    extensions: list[list[Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fault: Fault | None = None
    canonical: bool = True  # whether an encoder makes these very bytes
    whole: bool = True  # whether a reader of a stream takes these very bytes for one frame


class _LayoutError(Exception):
    """The frame cannot be cut into fields; the last fault says why."""


def read(spec: Spec, frame: bytes) -> Reading:
    """Read one whole frame, from its first byte to its last."""
    reader = _Reader(spec, frame)
    with suppress(_LayoutError):
        reader.read()
    reading, failures = reader.reading, spec.failures
    first: dict[str, Fault] = {}
    for fault in reading.faults:
        first.setdefault(fault.code, fault)
    deciding = [first[code] for code in (failures.malformed, failures.unsupported_critical) if code in first]
    reading.fault = next(iter([*deciding, *first.values()]), None)
    return reading


def number_of(value: Any, base: str) -> Any:
    """A number as JSON has it."""
    return str(value) if base == "u64" else value


class _Reader:
    def __init__(self, spec: Spec, frame: bytes) -> None:
        self.spec, self.frame, self.malformed = spec, frame, spec.failures.malformed
        self.at, self.end = 0, len(frame)
        self.reading = Reading()

    def read(self) -> None:
        numbers = self._header()
        self.reading.whole = self._is_whole(numbers)
        kind = next((message for message in self.spec.messages if message.number == numbers.get("type")), None)
        if kind is None:
            self._unknown(numbers)
        assert kind is not None
        self.reading.message = kind
        frame, size = self.spec.frame, len(self.frame)
        end = frame.prefix_size + numbers.get("length", 0)
        if size < frame.prefix_size or min(end, size) < max(end, frame.header_size):
            self._stop("", min(end, size) if size >= frame.prefix_size else size)
        self.end = end
        self._fixed_words()
        self.at = frame.header_size
        for member in kind.fields:
            self.reading.parts.append(self._field(member, "", self.reading.fields))
        if frame.extension:
            self._extensions(kind)
        flags = frame.field("flags")
        if flags and numbers["flags"] & frame.critical_flags:
            self._note(self.spec.failures.unsupported_critical, flags.name, frame.offset("flags"))
        if self.at < self.end or self.end < size:
            self._stop("", self.at if self.at < self.end else self.end)

    # -- the header ----------------------------------------------------------------------------------------------

    def _header(self) -> dict[str, int]:
        """The numbers of the header by role, as far as they are there."""
        numbers: dict[str, int] = {}
        start = 0
        for member in self.spec.frame.fields:
            end = start + BASE_SIZES[member.base]
            if end <= len(self.frame):
                numbers[member.role or f"const {member.name}"] = self._integer(start, end)
            start = end
        for member in self.spec.frame.fields:
            if member.role in ("flags", "correlation") and member.role in numbers:
                self.reading.header[member.name] = number_of(numbers[member.role], member.base)
        return numbers

    def _is_whole(self, numbers: dict[str, int]) -> bool:
        """Whether the length is that of the bytes, or one that is refused at once."""
        frame, length = self.spec.frame, numbers.get("length")
        if length is None:
            return False
        return length < frame.header_size - frame.prefix_size or frame.prefix_size + length == len(self.frame)

    def _unknown(self, numbers: dict[str, int]) -> None:
        """A type that is not known: whatever its frame holds, as long as it has a header."""
        if len(self.frame) < self.spec.frame.header_size:
            self._stop("", len(self.frame))
        self._fixed_words()
        if not self.reading.faults:
            self._note(self.spec.failures.unknown_type, "", self.spec.frame.offset("type"))
        raise _LayoutError

    def _fixed_words(self) -> None:
        start = 0
        for member in self.spec.frame.fields:
            end = start + BASE_SIZES[member.base]
            if not member.role and self._integer(start, end) != member.const:
                self._note(self.malformed, member.name, start)
            start = end

    # -- values --------------------------------------------------------------------------------------------------

    def _field(self, member: Field | OptionalField, prefix: str, values: dict[str, Any]) -> Part:
        path = f"{prefix}{member.name}"
        const = member.const if isinstance(member, Field) else None
        if const is None:
            values[member.name], part = self._value(member.type, path)
            return part
        value, part = self._value(member.type, path, fixed=True)
        if int(value) != const:
            self._note(self.malformed, path, part.start)
        return replace(part, const=const)

    def _value(self, type_: Type, path: str, *, fixed: bool = False) -> tuple[Any, Part]:
        start = self.at
        if isinstance(type_, StructType):
            values: dict[str, Any] = {}
            parts = tuple(self._field(member, f"{path}.", values) for member in type_.fields)
            return values, Part(path, type_, start, self.at, parts=parts)
        if isinstance(type_, ArrayType):
            count = self._taken(BASE_SIZES[type_.count], path)
            if count > type_.maximum:
                self._stop(path, start)  # Nobody reads so many.
            items = [self._value(type_.item, f"{path}[{index}]") for index in range(count)]
            return [item for item, _ in items], Part(
                path, type_, start, self.at, parts=tuple(part for _, part in items)
            )
        if isinstance(type_, StringType):
            value: Any = self._text(type_, path)
        elif isinstance(type_, BytesType):
            value = self._bytes(type_, path).hex()
        else:
            number = self._taken(BASE_SIZES[type_.base], path)
            value = number if fixed else self._scalar(type_, number, path, start)
        return value, Part(path, type_, start, self.at)

    def _scalar(self, type_: _Scalar, number: int, path: str, start: int) -> Any:
        if isinstance(type_, BoolType) and number <= 1:
            return bool(number)
        if isinstance(type_, EnumType):
            name = next((value.name for value in type_.values if value.number == number), "")
            if not name and not type_.open:
                self._note(self.malformed, path, start)
            return name or number_of(number, type_.base)
        if isinstance(type_, BoolType) or (
            isinstance(type_, IntegerType) and not type_.minimum <= number <= type_.maximum
        ):
            self._note(self.malformed, path, start)
        return number_of(number, type_.base)

    def _bytes(self, type_: BytesType, path: str) -> bytes:
        start, size = self.at, self._taken(BASE_SIZES[type_.count], path)
        if size > type_.maximum.bytes:
            self._note(type_.maximum.code, path, start)
        return self._skipped(size, path)

    def _text(self, type_: StringType, path: str) -> str:
        size, start = self._taken(BASE_SIZES[type_.count], path), self.at
        data = self._skipped(size, path)
        if size < type_.minimum.bytes:
            self._note(type_.minimum.code, path, start)
        elif size > type_.maximum.bytes:
            self._note(type_.maximum.code, path, start + type_.maximum.bytes)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            if type_.minimum.bytes <= size <= type_.maximum.bytes:
                self._note(type_.pattern_code, path, start + error.start)
            return data.decode(errors="replace")
        if type_.minimum.bytes <= size <= type_.maximum.bytes and not matches(type_, text):
            self._note(type_.pattern_code, path, start + _good_bytes(type_.pattern, text))
        return text

    # -- extensions ----------------------------------------------------------------------------------------------

    def _extensions(self, kind: Message) -> None:
        extension = self.spec.frame.extension
        assert extension is not None
        known = {member.tag: member for member in kind.optional}
        order, seen = list(known), list[int]()
        while self.at < self.end:
            start = self.at
            tag = self._taken(BASE_SIZES[extension.tag], "extensions")
            value = self._bytes(extension.value, "extensions")
            if tag in known:
                if tag not in seen:
                    self._optional(known[tag], len(value))
            elif tag % 2:
                self._note(self.spec.failures.unsupported_critical, "extensions", start)
            if tag not in known and tag not in seen:
                self.reading.extensions.append([number_of(tag, extension.tag), value.hex()])
            place = order.index(tag) if tag in known else len(order)
            before = [order.index(other) if other in known else len(order) for other in seen]
            self.reading.canonical &= tag not in seen and all(other <= place for other in before)
            seen.append(tag)

    def _optional(self, member: OptionalField, size: int) -> None:
        """The value of the record that has just been read, which has to fill it."""
        after, outer = self.at, self.end
        self.at, self.end = after - size, after
        self._field(member, "", self.reading.fields)
        if self.at < after:
            self._stop(member.name, self.at)
        self.at, self.end = after, outer

    # -- bytes ---------------------------------------------------------------------------------------------------

    def _integer(self, start: int, end: int) -> int:
        order = self.spec.byte_order
        return int.from_bytes(self.frame[start:end], order)

    def _taken(self, size: int, path: str) -> int:
        return int.from_bytes(self._skipped(size, path), self.spec.byte_order)

    def _skipped(self, size: int, path: str) -> bytes:
        if self.at + size > self.end:
            self._stop(path, self.end)
        self.at += size
        return self.frame[self.at - size : self.at]

    def _note(self, code: str, path: str, offset: int) -> None:
        self.reading.faults.append(Fault(code, path, offset))

    def _stop(self, path: str, offset: int) -> None:
        self._note(self.malformed, path, offset)
        raise _LayoutError


def matches(type_: StringType, text: str) -> bool:
    """Whether a string has the characters that its type asks for."""
    return not type_.pattern or re.fullmatch(type_.pattern, text) is not None


def _good_bytes(pattern: str, text: str) -> int:
    """How many bytes of a string stand before the first character that breaks the pattern; 0 where nobody can say."""
    match = re.match(pattern, text)
    first = re.match(r"\[[^\]\[\\]+\]", pattern)
    if match is None and (not text or first is None or re.match(first[0], text)):
        return 0
    return len(match[0].encode()) if match else 0
