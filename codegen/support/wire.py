"""What the generated codecs are made of: constructs that check, and the errors they raise.

A `MessageCodec` is a `construct.Struct` for one whole frame, header included; its members are the field constructs of this
module. It parses into the message's dataclass and builds from it.

The invariant: what breaks the *layout* (the frame cannot be cut into fields) is raised at once, while a *value* that is
not allowed is noted and reading goes on, so that the layout of the whole frame is always judged first. Only then is the
first noted fault raised, with the message as far as it could be read. With `unchecked=True` no value is checked, either
way: for tools that must look at, or send, what is wrong. What cannot be written at all, such as a string in a number's
place, is refused even then.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import construct as c

if TYPE_CHECKING:
    # The stubs make these generic; at run time they are not.
    _Construct = c.Construct[Any, Any]
    _Subconstruct = c.Subconstruct[Any, Any, Any, Any]
else:
    _Construct = c.Construct
    _Subconstruct = c.Subconstruct


class Message:
    """Base of every generated message."""

    __slots__ = ()
    NAME: ClassVar[str]
    TYPE: ClassVar[int]


class Extension(NamedTuple):
    """A record behind the fields of a message."""

    tag: int
    value: bytes


class Header(NamedTuple):
    """What the header says besides the length. Parts that the protocol does not have are 0."""

    type: int
    flags: int
    correlation: int


class WireError(c.ConstructError):
    """A message that cannot be read from, or written to, the wire.

    `code` is the failure code of the protocol, `message` the name of the message (empty if unknown), `field` the path
    of the field, `offset` the place in the frame in bytes (None where there are no bytes yet), `section` the section of
    the document that describes the message, and `reason` says what is wrong.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        message: str = "",
        field: str = "",
        offset: int | None = None,
        section: str = "",
        data: bytes = b"",
    ) -> None:
        self.code, self.reason, self.message, self.field = code, reason, message, field
        self.offset, self.section, self.excerpt = offset, section, excerpt(data, offset) if data else ""
        place = ".".join(part for part in (message, field) if part)
        text = f"{place}: {reason}" if place else reason
        if offset is not None:
            text += f" (byte {offset} of the frame{': ' + self.excerpt if self.excerpt else ''})"
        text += f" [{code}{', section ' + section if section else ''}]"
        super().__init__(text)


class DecodeError(WireError):
    """The peer's fault. `header` is what could be read of the header; `partial` the message with its unchecked values,
    or None where the layout itself is wrong."""

    header: Header | None = None
    partial: Message | None = None


class EncodeError(WireError):
    """The caller's fault: a value that this message cannot bear."""


def excerpt(data: bytes, offset: int | None, around: int = 6) -> str:
    """The bytes around the offset in hexadecimal, the one at it in brackets: `05 61 [ff] 6e`."""
    at = len(data) if offset is None else offset
    first, last = max(0, at - around), min(len(data), at + around + 1)
    shown = [f"[{data[i]:02x}]" if i == at else f"{data[i]:02x}" for i in range(first, last)]
    if at >= len(data):
        shown.append("[end]")
    return " ".join(["…", *shown] if first else shown) + (" …" if last < len(data) else "")


@dataclass(frozen=True)
class HeaderField:
    """A field of the header: its role is length, type, flags or correlation; without one it has a fixed value."""

    name: str
    subcon: Any
    role: str = ""
    const: int = 0


@dataclass(frozen=True)
class FrameLayout:
    """The header and the extension record that all messages of a protocol share, and its codes for what can be wrong.

    `tag` and `value` are the constructs of the two parts of an extension, or None.
    """

    fields: tuple[HeaderField, ...]
    critical_flags: int
    tag: Any
    value: Any
    malformed: str
    unsupported_critical: str

    @property
    def prefix_size(self) -> int:
        """Bytes up to the end of the length field."""
        size = 0
        for field in self.fields:
            size += field.subcon.sizeof()
            if field.role == "length":
                break
        return size

    @property
    def header_size(self) -> int:
        """Bytes of the whole header."""
        return sum(field.subcon.sizeof() for field in self.fields)

    def name_of(self, role: str) -> str:
        """The name of the header field with that role, or an empty string."""
        return next((field.name for field in self.fields if field.role == role), "")

    def header(self, frame: bytes) -> Header:
        """Read the header of a frame that has at least `header_size` bytes."""
        stream = io.BytesIO(frame)
        found = {field.role: field.subcon.parse_stream(stream) for field in self.fields}
        return Header(found["type"], found.get("flags", 0), found.get("correlation", 0))


def _field(path: str) -> str:
    """construct's path `(parsing) -> entry -> word` as `entry.word`."""
    return ".".join(path.split(" -> ")[1:])


def _fault(context: Any, code: str, reason: str, offset: int, path: str) -> None:
    """Note a value that is not allowed, or raise it where nobody collects faults. Malformed ones are always raised."""
    notes = context.get("_notes")
    if notes is not None and notes.unchecked:
        return
    error = DecodeError(code, reason, field=_field(path), offset=offset)
    if notes is None or code == notes.malformed:
        raise error
    notes.faults.append(error)


def _refuse(context: Any, code: str, reason: str, path: str) -> None:
    """Raise EncodeError, unless values go unchecked."""
    notes = context.get("_notes")
    if notes is None or not notes.unchecked:
        raise EncodeError(code, reason, field=_field(path))


class _Notes:
    """What one parse or build of a frame shares with its members."""

    def __init__(self, unchecked: bool, malformed: str) -> None:
        self.unchecked, self.malformed = unchecked, malformed
        self.faults: list[DecodeError] = []


def _number(value: Any, code: str, path: str) -> int:
    """A whole number as it is; anything else cannot be written, checked or not."""
    if not isinstance(value, int):
        raise EncodeError(code, f"{value!r} is not a whole number", field=_field(path))
    return int(value)


def _inner(context: Any, notes: _Notes | None) -> Any:
    """The context of the members of a struct."""
    return c.Container(_=context, _params=context._params, _notes=notes)


class _Scalar(_Subconstruct):
    """A number on the wire, held to `code` for what is out of range."""

    def __init__(self, subcon: Any, code: str) -> None:
        super().__init__(subcon)
        self.code = code

    def reading(self, number: int, context: Any, offset: int, path: str) -> Any:
        raise NotImplementedError

    def writing(self, value: Any, context: Any, path: str) -> int:
        raise NotImplementedError

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        offset = stream.tell()
        return self.reading(self.subcon._parsereport(stream, context, path), context, offset, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        number = self.writing(obj, context, path)
        try:
            self.subcon._build(number, stream, context, path)
        except c.FormatFieldError:
            raise EncodeError(
                self.code, f"{obj!r} does not fit into {self.sizeof()} bytes", field=_field(path)
            ) from None
        return obj


class Integer(_Scalar):
    """An unsigned integer from `minimum` to `maximum`."""

    def __init__(self, subcon: Any, minimum: int, maximum: int, code: str) -> None:
        super().__init__(subcon, code)
        self.minimum, self.maximum = minimum, maximum

    def reading(self, number: int, context: Any, offset: int, path: str) -> int:
        if not self.minimum <= number <= self.maximum:
            _fault(context, self.code, f"{number} is not from {self.minimum} to {self.maximum}", offset, path)
        return number

    def writing(self, value: Any, context: Any, path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self.minimum <= value <= self.maximum:
            _refuse(context, self.code, f"{value!r} is not a whole number from {self.minimum} to {self.maximum}", path)
        return _number(value, self.code, path)


class Fixed(_Scalar):
    """A number that is always the same, and no attribute of the message."""

    def __init__(self, subcon: Any, value: int, code: str) -> None:
        super().__init__(subcon, code)
        self.value = value
        self.flagbuildnone = True

    def reading(self, number: int, context: Any, offset: int, path: str) -> int:
        if number != self.value:
            _fault(context, self.code, f"{number:#x} is not {self.value:#x}", offset, path)
        return number

    def writing(self, value: Any, context: Any, path: str) -> int:
        if value is not None and value != self.value:
            _refuse(context, self.code, f"{value!r} is not {self.value:#x}", path)
        return self.value if value is None else _number(value, self.code, path)


class Boolean(_Scalar):
    """False as 0 and True as 1; a number above that stays one where it goes unchecked."""

    def reading(self, number: int, context: Any, offset: int, path: str) -> bool | int:
        if number > 1:
            _fault(context, self.code, f"{number} is neither 0 nor 1", offset, path)
            return number
        return bool(number)

    def writing(self, value: Any, context: Any, path: str) -> int:
        if not isinstance(value, bool):
            _refuse(context, self.code, f"{value!r} is neither True nor False", path)
        return _number(value, self.code, path)


class Enumeration(_Scalar):
    """A member of an IntEnum. An open one also bears numbers that have no name yet, as plain integers."""

    def __init__(self, subcon: Any, members: type[IntEnum], code: str, *, open: bool) -> None:
        super().__init__(subcon, code)
        self.members, self.open = members, open
        self._by_number: dict[int, IntEnum] = {member.value: member for member in members}

    def reading(self, number: int, context: Any, offset: int, path: str) -> int:
        member = self._by_number.get(number)
        if member is None and not self.open:
            _fault(context, self.code, f"{number} is none of {', '.join(self.members.__members__)}", offset, path)
        return number if member is None else member

    def writing(self, value: Any, context: Any, path: str) -> int:
        if isinstance(value, str) and value in self.members.__members__:
            return self.members[value].value
        known = isinstance(value, int) and not isinstance(value, bool) and (self.open or value in self._by_number)
        if not known:
            _refuse(context, self.code, f"{value!r} is none of {', '.join(self.members.__members__)}", path)
        return _number(value, self.code, path)


def _write_count(count: Any, number: int, what: str, code: str, stream: Any, context: Any, path: str) -> None:
    try:
        count._build(number, stream, context, path)
    except c.FormatFieldError:
        reason = f"the count of {number} {what} does not fit into {count.sizeof()}"
        raise EncodeError(code, reason, field=_field(path)) from None


class Blob(_Construct):
    """Bytes behind a count of them."""

    def __init__(self, count: Any, maximum: int, code: str) -> None:
        super().__init__()
        self.count, self.maximum, self.code = count, maximum, code

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        offset = stream.tell()
        size = self.count._parsereport(stream, context, path)
        if size > self.maximum:
            _fault(context, self.code, f"{size} bytes are more than {self.maximum}", offset, path)
        return bytes(c.stream_read(stream, size, path))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, bytes):
            raise EncodeError(self.code, f"{obj!r} is not bytes", field=_field(path))
        if len(obj) > self.maximum:
            _refuse(context, self.code, f"{len(obj)} bytes are more than {self.maximum}", path)
        self._write(obj, stream, context, path)
        return obj

    def _write(self, data: bytes, stream: Any, context: Any, path: str) -> None:
        _write_count(self.count, len(data), "bytes", self.code, stream, context, path)
        c.stream_write(stream, data, len(data), path)


class Text(Blob):
    """UTF-8 behind a count of its bytes. Each rule has its own code, and they are examined in this order: the length,
    the encoding, the characters (the whole string has to match `pattern`)."""

    def __init__(
        self, count: Any, minimum: tuple[int, str], maximum: tuple[int, str], pattern: str, pattern_code: str
    ) -> None:
        super().__init__(count, maximum[0], maximum[1])
        self.minimum, self.minimum_code = minimum
        self.pattern, self.pattern_code = re.compile(pattern) if pattern else None, pattern_code

    def fault(self, data: bytes) -> tuple[str, str, int] | None:
        """Code, reason and place (in bytes of the string) of the first rule that the bytes break, or None."""
        if len(data) < self.minimum:
            return self.minimum_code, f"{len(data)} bytes are fewer than {self.minimum}", 0
        if len(data) > self.maximum:
            return self.code, f"{len(data)} bytes are more than {self.maximum}", self.maximum
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            return self.pattern_code, f"not UTF-8: {error.reason}", error.start
        if self.pattern is None or self.pattern.fullmatch(text):
            return None
        match = self.pattern.match(text)
        good = text[: match.end()] if match else ""
        wrong = f"U+{ord(text[len(good)]):04X} is not allowed here" if len(good) < len(text) else "it ends too early"
        return self.pattern_code, wrong, len(good.encode())

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        size = self.count._parsereport(stream, context, path)
        offset = stream.tell()
        data = bytes(c.stream_read(stream, size, path))
        if fault := self.fault(data):
            _fault(context, fault[0], fault[1], offset + fault[2], path)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if isinstance(obj, str):
            try:
                data = obj.encode()
            except UnicodeEncodeError as error:
                raise EncodeError(self.pattern_code, f"not UTF-8: {error.reason}", field=_field(path)) from None
        else:
            data = obj if isinstance(obj, bytes) else b""
            if not isinstance(obj, bytes) or not context.get("_notes") or not context["_notes"].unchecked:
                raise EncodeError(self.pattern_code, f"{obj!r} is not a string", field=_field(path))
        if fault := self.fault(data):
            _refuse(context, fault[0], fault[1], path)
        self._write(data, stream, context, path)
        return obj


class Many(_Construct):
    """A tuple of items behind their number."""

    def __init__(self, count: Any, item: Any, maximum: int, code: str) -> None:
        super().__init__()
        self.count, self.item, self.maximum, self.code = count, item, maximum, code

    def _parse(self, stream: Any, context: Any, path: str) -> tuple[Any, ...]:
        offset = stream.tell()
        number = self.count._parsereport(stream, context, path)
        if number > self.maximum:
            # Raised at once, whatever is unchecked: a lying count must not cost time or memory.
            raise DecodeError(
                self.code, f"{number} items are more than {self.maximum}", field=_field(path), offset=offset
            )
        return tuple(self.item._parsereport(stream, context, f"{path}[{index}]") for index in range(number))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (list, tuple)):
            raise EncodeError(self.code, f"{obj!r} is not a tuple", field=_field(path))
        if len(obj) > self.maximum:
            _refuse(context, self.code, f"{len(obj)} items are more than {self.maximum}", path)
        _write_count(self.count, len(obj), "items", self.code, stream, context, path)
        for index, item in enumerate(obj):
            self.item._build(item, stream, context, f"{path}[{index}]")
        return obj


class _Struct(c.Struct):
    """A Struct whose reading and writing are its own, also within a construct that is compiled."""

    def _emitparse(self, code: Any) -> str:
        # The base class would emit code of its own here, which checks less and returns a Container.
        raise NotImplementedError

    def _emitbuild(self, code: Any) -> str:
        raise NotImplementedError


class Record(_Struct):
    """A Struct that parses into a dataclass and builds from it or from a mapping. Fixed fields are no attributes."""

    def __init__(self, record: type[Any], *fields: Any) -> None:
        super().__init__(*fields)
        self.record = record

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        inner = _inner(context, context.get("_notes"))
        values: dict[str, Any] = {}
        members: list[Any] = self.subcons
        for member in members:
            value = member._parsereport(stream, inner, path)
            if not isinstance(member.subcon, Fixed):
                values[str(member.name)] = value
        return self.record(**values)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        inner = _inner(context, context.get("_notes"))
        _build_members(self.subcons, obj, stream, inner, path)
        return obj


class _Extensions(_Construct):
    """Records until the frame ends. Of equal tags the first counts."""

    def __init__(self, layout: FrameLayout) -> None:
        super().__init__()
        self.layout = layout

    def _parse(self, stream: Any, context: Any, path: str) -> tuple[Extension, ...]:
        found: dict[int, bytes] = {}
        size = len(stream.getbuffer())
        while stream.tell() < size:
            offset = stream.tell()
            tag = self.layout.tag._parsereport(stream, context, path)
            value = self.layout.value._parsereport(stream, context, path)
            if tag % 2:
                reason = f"extension {tag} is critical and not known here"
                _fault(context, self.layout.unsupported_critical, reason, offset, path)
            found.setdefault(tag, value)
        return tuple(Extension(tag, value) for tag, value in found.items())

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (list, tuple)) or any(not isinstance(e, (list, tuple)) or len(e) != 2 for e in obj):
            reason = f"{obj!r} is not a tuple of extensions"
            raise EncodeError(self.layout.malformed, reason, field=_field(path))
        for index, (tag, value) in enumerate(obj):
            if any(tag == other for other, _ in obj[:index]):
                _refuse(context, self.layout.malformed, f"extension {tag} stands here twice", path)
            try:
                self.layout.tag._build(tag, stream, context, path)
            except c.FormatFieldError:
                reason = f"the tag {tag!r} does not fit into {self.layout.tag.sizeof()} bytes"
                raise EncodeError(self.layout.malformed, reason, field=_field(path)) from None
            self.layout.value._build(value, stream, context, path)
        return obj


_ABSENT = object()


def _value(obj: Any, name: str) -> Any:
    return obj.get(name, _ABSENT) if isinstance(obj, Mapping) else getattr(obj, name, _ABSENT)


def _build_members(members: Iterable[Any], obj: Any, stream: Any, context: Any, path: str) -> None:
    for member in members:
        value = _value(obj, member.name)
        if value is _ABSENT:
            if not member.flagbuildnone:
                raise EncodeError("", "the field is missing", field=_field(f"{path} -> {member.name}"))
            value = None
        member._build(value, stream, context, path)


class MessageCodec(_Struct):
    """The whole frame of one message, header included.

    `parse(data)` and `parse_stream(stream)` return the message and raise `DecodeError`; `build(message)` returns the
    frame and raises `EncodeError`. `parse` refuses bytes behind the frame; `parse_stream` leaves them in the stream.
    """

    def __init__(self, layout: FrameLayout, record: type[Message], section: str, *fields: Any) -> None:
        self.layout, self.record, self.section = layout, record, section
        self.fields = fields
        header = [field.name / self._header_subcon(field) for field in layout.fields]
        super().__init__(*header, *fields, *(["extensions" / _Extensions(layout)] if layout.tag else []))
        self._members_of_frame: list[Any] = list(self.subcons)
        self._header_size = layout.header_size
        self._prefix_size = layout.prefix_size

    def _header_subcon(self, field: HeaderField) -> Any:
        if field.role and field.role != "type":
            return field.subcon
        return Fixed(field.subcon, self.record.TYPE if field.role else field.const, self.layout.malformed)

    def _encode(self, message: Any, unchecked: bool) -> bytes:
        """`build`, which the stubs think to take only what `parse` returns from an ordinary Struct."""
        return bytes(self.build(message, unchecked=unchecked))

    def _located(self, error: WireError, frame: bytes) -> WireError:
        """The same error with what only the whole message knows."""
        located = type(error)(
            error.code or self.layout.malformed,
            error.reason,
            message=self.record.NAME,
            field=error.field,
            offset=error.offset,
            section=self.section,
            data=frame,
        )
        if isinstance(located, DecodeError):
            located.header = self.layout.header(frame) if len(frame) >= self._header_size else None
        return located

    def parse(self, data: Any, **contextkw: Any) -> Any:
        stream = io.BytesIO(data)
        message = self.parse_stream(stream, **contextkw)
        rest = len(data) - stream.tell()
        if rest:
            reason = f"{rest} bytes stand behind the end of the frame"
            raise self._located(DecodeError(self.layout.malformed, reason, offset=stream.tell()), bytes(data))
        return message

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        malformed, path = self.layout.malformed, ""  # Fields are named from the message on, wherever it is nested.
        prefix = stream.read(self._prefix_size)
        if len(prefix) < self._prefix_size:
            raise self._located(DecodeError(malformed, "the frame ends inside its header", offset=len(prefix)), prefix)
        length = self._length(prefix)
        frame: bytes = prefix + stream.read(length)
        if len(frame) < max(self._prefix_size + length, self._header_size):
            short = (
                "the frame ends before the length says"
                if len(frame) < self._prefix_size + length
                else "the length is too small"
            )
            raise self._located(DecodeError(malformed, short, offset=len(frame)), frame)
        notes = _Notes(bool(context._params.get("unchecked")), malformed)
        try:
            message = self._members(frame, context, notes, path)
        except DecodeError as error:
            raise self._located(error, frame) from None
        except c.StreamError as error:
            fault = DecodeError(
                malformed, "the frame ends inside this field", field=_field(error.path or ""), offset=len(frame)
            )
            raise self._located(fault, frame) from None
        if notes.faults:
            fault = min(notes.faults, key=lambda fault: fault.code != self.layout.unsupported_critical)
            located = self._located(fault, frame)
            assert isinstance(located, DecodeError)
            located.partial = message
            raise located
        return message

    def _length(self, prefix: bytes) -> int:
        stream = io.BytesIO(prefix)
        return int(
            [field.subcon.parse_stream(stream) for field in self.layout.fields if stream.tell() < len(prefix)][-1]
        )

    def _members(self, frame: bytes, context: Any, notes: _Notes, path: str) -> Message:
        stream = io.BytesIO(frame)
        inner = _inner(context, notes)
        values: dict[str, Any] = {}
        for member in self._members_of_frame:
            value = member._parsereport(stream, inner, path)
            inner[member.name] = value
            if not isinstance(member.subcon, Fixed):
                values[member.name] = value
        del values[self.layout.name_of("length")]
        flags = values.get(self.layout.name_of("flags"), 0)
        if flags & self.layout.critical_flags:
            reason = f"flags {flags:#04x} hold a critical flag that is not known here"
            offset = sum(
                f.subcon.sizeof() for f in self.layout.fields[: [f.role for f in self.layout.fields].index("flags")]
            )
            _fault(inner, self.layout.unsupported_critical, reason, offset, f"{path} -> {self.layout.name_of('flags')}")
        if stream.tell() < len(frame):
            raise DecodeError(
                notes.malformed, f"{len(frame) - stream.tell()} bytes follow the last field", offset=stream.tell()
            )
        return self.record(**values)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (self.record, Mapping)):
            raise EncodeError(
                self.layout.malformed,
                f"expected {self.record.__name__}, found {type(obj).__name__}",
                message=self.record.NAME,
            )
        path = ""
        notes = _Notes(bool(context._params.get("unchecked")), self.layout.malformed)
        inner = _inner(context, notes)
        body = io.BytesIO()
        try:
            source: Any = {"extensions": (), **obj} if isinstance(obj, Mapping) else obj
            _build_members(self._members_of_frame[len(self.layout.fields) :], source, body, inner, path)
            header = self._header(source, body.getvalue(), inner, path)
        except EncodeError as error:
            raise self._located(error, b"") from None
        frame = header + body.getvalue()
        c.stream_write(stream, frame, len(frame), path)
        return obj

    def _header(self, obj: Any, body: bytes, context: Any, path: str) -> bytes:
        stream = io.BytesIO()
        for field, member in zip(self.layout.fields, self._members_of_frame, strict=False):
            value = _value(obj, field.name)
            if field.role == "length" and (value is _ABSENT or not context["_notes"].unchecked):
                value = self._header_size - self._prefix_size + len(body)
            elif value is _ABSENT:
                value = None if isinstance(member.subcon, Fixed) else 0
            try:
                member._build(value, stream, context, path)
            except c.FormatFieldError:
                reason = f"{value!r} does not fit into {field.subcon.sizeof()} bytes"
                raise EncodeError(self.layout.malformed, reason, field=field.name) from None
        return stream.getvalue()


class Codecs:
    """The codecs of all messages of a protocol, chosen by the type in the header or by the class of the message."""

    def __init__(self, layout: FrameLayout, unknown_type: str, codecs: Iterable[MessageCodec]) -> None:
        self.layout, self.unknown_type = layout, unknown_type
        self.by_type = {codec.record.TYPE: codec for codec in codecs}
        self.by_class = {codec.record: codec for codec in self.by_type.values()}
        self.by_name = {codec.record.NAME: codec for codec in self.by_type.values()}

    def decode(self, frame: bytes, *, unchecked: bool = False) -> Message:
        """Read one whole frame. Raises `DecodeError`; for a type that is not known, with the protocol's code for it."""
        if len(frame) < self.layout.header_size:
            raise DecodeError(self.layout.malformed, "the frame ends inside its header", offset=len(frame), data=frame)
        header = self.layout.header(frame)
        codec = self.by_type.get(header.type)
        if codec is None:
            error = DecodeError(self.unknown_type, f"type {header.type:#04x} is not known here")
            error.header = header
            raise error
        message: Message = codec.parse(frame, unchecked=unchecked)
        return message

    def encode(self, message: Message, *, unchecked: bool = False) -> bytes:
        """The frame of a message. Raises `EncodeError`."""
        codec = self.by_class.get(type(message))
        if codec is None:
            raise EncodeError(self.layout.malformed, f"{type(message).__name__} is no message of this protocol")
        return codec._encode(message, unchecked)
