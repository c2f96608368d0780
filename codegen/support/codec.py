"""The codec of a message: its interpreted construct, which defines it, and the straight-line code that stands in for it.

An `InterpretedCodec`, the twin, is a `construct.Struct` for one whole frame, header included. It is slow and says
exactly what is wrong. A `MessageCodec` is the same construct to its users, but reads and writes with generated
functions; whenever one of these meets something that it does not expect, it asks the twin, whose word counts.

The invariant: both accept the same frames and give the same messages, and the same frames for the same messages.
"""

from __future__ import annotations

import io
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import construct as c

from .constructs import (
    ABSENT,
    Extensions,
    Fixed,
    Notes,
    OpaqueStruct,
    build_members,
    field_path,
    inner_context,
    note_fault,
    refuse,
    value_of,
)
from .wire import DecodeError, EncodeError, FrameLayout, HeaderField, Message, WireError, amount, shown

MessageT = TypeVar("MessageT", bound=Message)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    # The stubs say that a Struct gives a Container; these give messages. The methods are those of construct, said again
    # for who has it without stubs.
    class _MessageStruct(c.Construct[MessageT, MessageT | Mapping[str, Any]], Generic[MessageT]):
        subcons: list[Any]

        def __init__(self, *subcons: Any) -> None: ...
        def parse_stream(self, stream: Any, **contextkw: Any) -> MessageT: ...
        def parse_file(self, filename: Any, **contextkw: Any) -> MessageT: ...
        def build(self, obj: MessageT | Mapping[str, Any], **contextkw: Any) -> bytes: ...
        def build_stream(self, obj: MessageT | Mapping[str, Any], stream: Any, **contextkw: Any) -> None: ...
        def build_file(self, obj: MessageT | Mapping[str, Any], filename: Any, **contextkw: Any) -> None: ...
else:

    class _MessageStruct(OpaqueStruct, Generic[MessageT]):
        """A Struct that gives messages."""


class InterpretedCodec(_MessageStruct[MessageT]):
    """The whole frame of one message, read and written field by field.

    `fields` are the constructs of the fields, `optional` those of the fields that travel in an extension, by tag.
    """

    def __init__(
        self,
        layout: FrameLayout,
        record: type[MessageT],
        section: str,
        *fields: Any,
        optional: Mapping[int, Any] | None = None,
    ) -> None:
        self.layout, self.record, self.section = layout, record, section
        self.fields, self.optional = fields, dict(optional or {})
        header = [field.name / self._header_subcon(field) for field in layout.fields]
        self.extensions = "extensions" / Extensions(layout, self.optional) if layout.tag else None
        super().__init__(*header, *fields, *([self.extensions] if self.extensions else []))
        self._header: list[Any] = header
        self._header_size = layout.header_size
        self._prefix_size = layout.prefix_size

    def _header_subcon(self, field: HeaderField) -> Any:
        if field.role and field.role != "type":
            return field.subcon
        return Fixed(field.subcon, self.record.TYPE if field.role else field.const, self.layout.malformed)

    def _located(self, error: WireError, frame: bytes) -> WireError:
        """The same error with what only the whole message knows."""
        located = type(error)(
            error.code or self.layout.malformed,
            error.reason,
            message=self.record.NAME,
            field=error.field,
            offset=error.offset,
            section=self.section,
            document=self.layout.document,
            data=frame,
        )
        if isinstance(located, DecodeError):
            located.header = self.layout.header(frame) if len(frame) >= self._header_size else None
        return located

    # -- reading -------------------------------------------------------------------------------------------------

    def parse(self, data: ReadableBuffer, **contextkw: Any) -> MessageT:
        stream = io.BytesIO(data)
        try:
            message = self.parse_stream(stream, **contextkw)
        except DecodeError as error:
            if error.partial is None or stream.tell() == len(stream.getbuffer()):
                raise
        rest = len(stream.getbuffer()) - stream.tell()
        if rest:  # The layout comes before any value.
            reason = f"{amount(rest)} behind the end of the frame"
            raise self._located(DecodeError(self.layout.malformed, reason, offset=stream.tell()), bytes(data))
        return message

    def _parse(self, stream: Any, context: Any, path: str) -> MessageT:
        try:
            return self._read(stream, context, "")  # Fields are named from the message on, wherever it is nested.
        except DecodeError as error:
            raise _within(path, error) from None

    def _read(self, stream: Any, context: Any, path: str) -> MessageT:
        malformed = self.layout.malformed
        frame = self.layout.read(stream)
        if len(frame) < self._prefix_size:
            raise self._located(DecodeError(malformed, "the frame ends inside its header", offset=len(frame)), frame)
        said = self._prefix_size + self.layout.length(frame)
        if len(frame) < max(said, self._header_size):
            short = "the frame ends before the length says" if len(frame) < said else "the length is too small"
            raise self._located(DecodeError(malformed, short, offset=len(frame)), frame)
        notes = Notes(bool(context._params.get("unchecked")), malformed)
        try:
            message = self._members(frame, context, notes, path)
        except DecodeError as error:
            raise self._located(error, frame) from None
        except c.StreamError as error:
            field = field_path(error.path or "")
            fault = DecodeError(malformed, "the frame ends inside this field", field=field, offset=len(frame))
            raise self._located(fault, frame) from None
        if notes.faults:
            raise self._first(notes, frame, message)
        return message

    def _first(self, notes: Notes, frame: bytes, message: MessageT) -> WireError:
        """The fault that counts: the first, unless something critical is not known."""
        fault = notes.faults.get(self.layout.unsupported_critical) or next(iter(notes.faults.values()))
        located = self._located(fault, frame)
        assert isinstance(located, DecodeError)
        located.partial = message
        return located

    def _members(self, frame: bytes, context: Any, notes: Notes, path: str) -> MessageT:
        stream = io.BytesIO(frame)
        inner = inner_context(context, notes)
        values: dict[str, Any] = {}
        for member in [*self._header, *self.fields]:
            value = member._parsereport(stream, inner, path)
            inner[member.name] = value
            if not isinstance(member.subcon, Fixed):
                values[member.name] = value
        if self.extensions:
            values |= self.extensions._parsereport(stream, inner, path)
        del values[self.layout.name_of("length")]
        name = self.layout.name_of("flags")
        if reason := self._critical(values.get(name, 0)):
            code, offset = self.layout.unsupported_critical, self.layout.offset_of("flags")
            note_fault(inner, code, reason, offset, f"{path} -> {name}")
        if stream.tell() < len(frame):
            reason = f"{amount(len(frame) - stream.tell())} behind the last field"
            raise DecodeError(notes.malformed, reason, offset=stream.tell())
        return self.record(**values)

    def _critical(self, flags: int) -> str:
        """What is wrong with flags, or an empty string."""
        critical = flags & self.layout.critical_flags
        return f"flags {flags:#04x} hold a critical flag that is not known here" if critical else ""

    # -- writing -------------------------------------------------------------------------------------------------

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (self.record, Mapping)):
            reason = f"expected {self.record.__name__}, found {type(obj).__name__}"
            raise _within(path, EncodeError(self.layout.malformed, reason, message=self.record.NAME))
        try:
            frame = self._written(obj, context, "")
        except EncodeError as error:
            raise _within(path, self._located(error, b"")) from None
        c.stream_write(stream, frame, len(frame), path)
        return obj

    def _written(self, obj: Any, context: Any, path: str) -> bytes:
        notes = Notes(bool(context._params.get("unchecked")), self.layout.malformed)
        inner = inner_context(context, notes)
        body = io.BytesIO()
        build_members(self.fields, obj, body, inner, path)
        if self.extensions:
            self.extensions.subcon._build(obj, body, inner, path)
        return self._build_header(obj, body.getvalue(), inner, path) + body.getvalue()

    def _build_header(self, obj: Any, body: bytes, context: Any, path: str) -> bytes:
        stream = io.BytesIO()
        for field, member in zip(self.layout.fields, self._header, strict=True):
            value = value_of(obj, field.name)
            if field.role == "length" and (value is ABSENT or not context["_notes"].unchecked):
                value = self._header_size - self._prefix_size + len(body)
            elif value is ABSENT:
                value = None if isinstance(member.subcon, Fixed) else 0
            try:
                member._build(value, stream, context, path)
            except c.FormatFieldError:
                reason = f"{shown(value)} does not fit into {amount(field.subcon.sizeof())}"
                raise EncodeError(self.layout.malformed, reason, field=field.name) from None
            if field.role == "flags" and (reason := self._critical(operator.index(value))):
                refuse(context, self.layout.unsupported_critical, reason, f"{path} -> {field.name}")
        return stream.getvalue()

    # -- what the straight-line code asks ------------------------------------------------------------------------

    def explain(self, frame: bytes) -> MessageT:
        """Read a frame that the straight-line code has not accepted. Raises the `DecodeError` that says why."""
        message = self.parse(frame)
        if isinstance(frame, bytes):
            raise AssertionError(f"the straight-line code refuses a good {self.record.NAME}: {frame.hex(' ')}")
        return message  # Another kind of buffer, which it does not read.

    def write(self, message: Any) -> bytes:
        """Write a message that the straight-line code has not accepted. Raises the `EncodeError` that says why.

        What a mapping or a subclass holds, and a name in an enumeration's place, are good all the same.
        """
        return self.build(message)


class MessageCodec(_MessageStruct[MessageT]):
    """The whole frame of one message, header included, as a construct.

    `parse(data)` and `parse_stream(stream)` return the message and raise `DecodeError`; `build(message)` returns the
    frame and raises `EncodeError`. `parse` refuses bytes behind the frame; `parse_stream` leaves them in the stream.
    With `unchecked=True` no value is checked. `decode` and `encode` are the same for plain bytes and for messages of this
    class, and the fastest way.
    """

    def __init__(
        self,
        twin: InterpretedCodec[MessageT],
        decode: Callable[[bytes], MessageT],
        encode: Callable[[MessageT], bytes],
    ) -> None:
        self.twin, self.decode, self.encode = twin, decode, encode
        self.layout, self.record, self.section = twin.layout, twin.record, twin.section
        self.fields, self.optional = twin.fields, twin.optional
        super().__init__(*twin.subcons)

    def parse(self, data: ReadableBuffer, **contextkw: Any) -> MessageT:
        if contextkw:
            return self.twin.parse(data, **contextkw)
        return self.decode(data if isinstance(data, bytes) else bytes(data))

    def _parse(self, stream: Any, context: Any, path: str) -> MessageT:
        if context._params.get("unchecked"):
            return self.twin._parse(stream, context, path)
        try:
            return self.decode(self.layout.read(stream))
        except DecodeError as error:
            raise _within(path, error) from None

    def build(self, obj: MessageT | Mapping[str, Any], **contextkw: Any) -> bytes:
        if contextkw or obj.__class__ is not self.record:
            return bytes(self.twin.build(obj, **contextkw))
        return self.encode(obj)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if context._params.get("unchecked") or obj.__class__ is not self.record:
            return self.twin._build(obj, stream, context, path)
        try:
            frame = self.encode(obj)
        except EncodeError as error:
            raise _within(path, error) from None
        c.stream_write(stream, frame, len(frame), path)
        return obj

    def compile(self, filename: Any = None) -> Any:
        """Itself. It is compiled already, and what construct would make of it ignores bytes behind the frame."""
        return self


def _within(path: str, error: WireError) -> WireError:
    """The error, whose `path` leads from the outermost construct to the field, as that of any error of construct."""
    error.path = " -> ".join([path, *error.field.split(".")]) if error.field else path
    return error


def marking(suspects: str) -> bytes:
    """A table for `bytes.translate` that changes bytes such as `00-08 7f` and no others.

    What it leaves alone holds none of them.
    """
    table = bytearray(range(256))
    for item in suspects.split():
        first, _, last = item.partition("-")
        for byte in range(int(first, 16), int(last or first, 16) + 1):
            table[byte] ^= 0xFF
    return bytes(table)


class Codecs:
    """The codecs of all messages of a protocol, chosen by the type in the header or by the class of the message."""

    def __init__(self, layout: FrameLayout, unknown_type: str, codecs: Iterable[MessageCodec[Any]]) -> None:
        self.layout, self.unknown_type = layout, unknown_type
        self.by_type: dict[int, MessageCodec[Any]] = {codec.record.TYPE: codec for codec in codecs}
        self.by_class: dict[type[Message], MessageCodec[Any]] = {codec.record: codec for codec in self.by_type.values()}
        self.by_name: dict[str, MessageCodec[Any]] = {codec.record.NAME: codec for codec in self.by_type.values()}

    def decode(self, frame: bytes, *, unchecked: bool = False) -> Message:
        """Read one whole frame. Raises `DecodeError`; for a type that is not known, with the protocol's code for it."""
        kind = self.layout.type(frame)
        codec = None if kind is None else self.by_type.get(kind)
        if codec is None:
            if len(frame) < self.layout.header_size:
                reason = "the frame ends inside its header"
                raise DecodeError(self.layout.malformed, reason, offset=len(frame), data=frame)
            if misfit := self.layout.misfit(frame):
                raise misfit  # What is no frame of this protocol at all has no type either.
            header = self.layout.header(frame)
            offset = self.layout.offset_of("type")
            error = DecodeError(
                self.unknown_type, f"type {header.type:#04x} is not known here", offset=offset, data=frame
            )
            error.header = header
            raise error
        message: Message = codec.parse(frame, unchecked=True) if unchecked else codec.parse(frame)
        return message

    def encode(self, message: Message, *, unchecked: bool = False) -> bytes:
        """The frame of a message. Raises `EncodeError`."""
        codec = self.by_class.get(type(message))
        if codec is None:
            raise EncodeError(self.layout.malformed, f"{type(message).__name__} is no message of this protocol")
        return codec.build(message, unchecked=True) if unchecked else codec.build(message)
