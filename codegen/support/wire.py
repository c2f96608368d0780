"""What the generated messages and codecs share: the base of all messages, extensions, the layout of the frame, errors."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import construct as c

_PIECE = 1 << 16


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
    of the field, `offset` the place in the frame in bytes (None where there are no bytes yet), `excerpt` the bytes around
    it in hexadecimal, `section` the section of the document that describes the message, and `reason` says what is wrong.
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
        document: str = "",
        data: bytes = b"",
    ) -> None:
        self.code, self.reason, self.message, self.field = code, reason, message, field
        self.offset, self.section, self.excerpt = offset, section, excerpt(data, offset) if data else ""
        place = ".".join(part for part in (message, field) if part)
        text = f"{place}: {reason}" if place else reason
        if offset is not None:
            text += f" (byte {offset} of the frame{': ' + self.excerpt if self.excerpt else ''})"
        text += f" [{code}{f'; {document}, section {section}' if section else ''}]"
        super().__init__(text)

    def __reduce__(self) -> tuple[Any, ...]:
        # The arguments of the constructor are not those of `Exception`; a copy has to have everything else as well.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[WireError], args: tuple[Any, ...], attributes: dict[str, Any]) -> WireError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class DecodeError(WireError):
    """The peer's fault. `header` is what could be read of the header; `partial` the message with its unchecked values,
    or None where the layout itself is wrong."""

    header: Header | None = None
    partial: Message | None = None


class FramingError(DecodeError):
    """A frame whose end nobody can know: nothing behind it can be read."""


class EncodeError(WireError):
    """The caller's fault: a value that this message cannot bear."""


def amount(number: int, unit: str = "byte") -> str:
    """`1 byte`, `2 bytes`."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def shown(value: Any) -> str:
    """A value that is wrong, whatever it is, in a few words."""
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= 100 else f"{text[:97]}…"


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

    `tag` and `value` are the constructs of the two parts of an extension, or None. `document` is the file that describes
    the protocol, for errors.
    """

    fields: tuple[HeaderField, ...]
    critical_flags: int
    tag: Any
    value: Any
    malformed: str
    too_large: str
    unsupported_critical: str
    document: str = ""

    @cached_property
    def prefix_size(self) -> int:
        """Bytes up to the end of the length field."""
        return self.offset_of("length") + int(self._length.sizeof())

    @cached_property
    def header_size(self) -> int:
        """Bytes of the whole header."""
        return sum(field.subcon.sizeof() for field in self.fields)

    def name_of(self, role: str) -> str:
        """The name of the header field with that role, or an empty string."""
        return next((field.name for field in self.fields if field.role == role), "")

    def offset_of(self, role: str) -> int:
        """The place of the header field with that role, in bytes from the start of the frame."""
        before = self.fields[: [field.role for field in self.fields].index(role)]
        return sum(field.subcon.sizeof() for field in before)

    def header(self, frame: bytes) -> Header:
        """Read the header of a frame that has at least `header_size` bytes."""
        stream = io.BytesIO(frame)
        found = {field.role: field.subcon.parse_stream(stream) for field in self.fields}
        return Header(found["type"], found.get("flags", 0), found.get("correlation", 0))

    def type(self, frame: bytes) -> int | None:
        """The type that a frame says it is of, or None if it ends before."""
        place, subcon = self._type
        data = frame[place]
        return int(subcon.parse(data)) if len(data) == place.stop - place.start else None

    @cached_property
    def _type(self) -> tuple[slice, Any]:
        """Where the type stands in a frame, and how it is read."""
        start = self.offset_of("type")
        subcon = next(field.subcon for field in self.fields if field.role == "type")
        return slice(start, start + int(subcon.sizeof())), subcon

    def misfit(self, frame: bytes) -> FramingError | None:
        """What is wrong with the first fixed value of the header that is another one, as far as the bytes reach."""
        offset = 0
        for field in self.fields:
            end = offset + int(field.subcon.sizeof())
            if not field.role and end <= len(frame):
                number = field.subcon.parse(frame[offset:end])
                if number != field.const:
                    reason = f"{number:#x} is not {field.const:#x}"
                    return FramingError(self.malformed, reason, field=field.name, offset=offset, data=frame)
            offset = end
        return None

    @cached_property
    def beginning(self) -> bytes:
        """The bytes with which every frame begins: the fixed values that stand in front of all others."""
        return b"".join(
            field.subcon.build(field.const) for field in itertools.takewhile(lambda field: not field.role, self.fields)
        )

    @property
    def length_format(self) -> str:
        """What `struct` reads from the start of a frame to get its length: other bytes in front of it are passed over."""
        order, code = tuple(self._length.fmtstr)
        return f"{order}{self.offset_of('length')}x{code}"

    def length(self, frame: bytes) -> int:
        """What the length field of a frame says, which has at least `prefix_size` bytes."""
        return int(self._length.parse(frame[self.offset_of("length") : self.prefix_size]))

    @cached_property
    def _length(self) -> Any:
        return next(field.subcon for field in self.fields if field.role == "length")

    def read(self, stream: Any) -> bytes:
        """The next frame of a stream as far as it is there. What its length field says is not checked."""
        prefix = _read(stream, self.prefix_size)
        return prefix if len(prefix) < self.prefix_size else prefix + _read(stream, self.length(prefix))


def _read(stream: Any, size: int) -> bytes:
    """So many bytes of a stream, or those up to its end. A lying size costs no more memory than what is there."""
    data: bytes = stream.read(min(size, _PIECE))
    if len(data) == size or not data:
        return data
    pieces, missing = [data], size - len(data)
    while missing and (piece := stream.read(min(missing, _PIECE))):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
