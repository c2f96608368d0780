"""The constructs of single fields: each checks what it reads and what it writes.

The invariant: what breaks the *layout* (the frame cannot be cut into fields) is raised at once, while a *value* that is
not allowed is noted and reading goes on, so that the layout of the whole frame is always judged first. With
`unchecked=True` no value is checked, either way: for tools that must look at, or send, what is wrong. What cannot be
written at all, such as a string in a number's place, is refused even then.
"""

from __future__ import annotations

import io
import operator
import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import construct as c

from .wire import DecodeError, EncodeError, Extension, FrameLayout, amount, shown

if TYPE_CHECKING:
    # The stubs make these generic; at run time they are not.
    _Construct = c.Construct[Any, Any]
    _Subconstruct = c.Subconstruct[Any, Any, Any, Any]
else:
    _Construct = c.Construct
    _Subconstruct = c.Subconstruct


def field_path(path: str) -> str:
    """construct's path `(parsing) -> entry -> word` as `entry.word`."""
    return ".".join(path.split(" -> ")[1:])


def note_fault(context: Any, code: str, reason: str, offset: int, path: str) -> None:
    """Note a value that is not allowed, or raise it where nobody collects faults. Malformed ones are always raised.

    Of equal codes the first is noted, so that a frame full of faults costs no more than others.
    """
    notes = context.get("_notes")
    if notes is not None and (notes.unchecked or code in notes.faults):
        return
    error = DecodeError(code, reason, field=field_path(path), offset=offset)
    if notes is None or code == notes.malformed:
        raise error
    notes.faults[code] = error


def refuse(context: Any, code: str, reason: str, path: str) -> None:
    """Raise EncodeError, unless values go unchecked."""
    notes = context.get("_notes")
    if notes is None or not notes.unchecked:
        raise EncodeError(code, reason, field=field_path(path))


class Notes:
    """What one parse or build of a frame shares with its members."""

    def __init__(self, unchecked: bool, malformed: str) -> None:
        self.unchecked, self.malformed = unchecked, malformed
        self.faults: dict[str, DecodeError] = {}  # by code, in the order of the frame


def _number(value: Any, code: str, path: str) -> int:
    """A whole number, as `struct` understands it; anything else cannot be written, checked or not."""
    try:
        return operator.index(value)
    except TypeError:
        raise EncodeError(code, f"{shown(value)} is not a whole number", field=field_path(path)) from None


def inner_context(context: Any, notes: Notes | None) -> Any:
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
                self.code, f"{shown(obj)} does not fit into {amount(self.sizeof())}", field=field_path(path)
            ) from None
        return obj


class Integer(_Scalar):
    """An unsigned integer from `minimum` to `maximum`."""

    def __init__(self, subcon: Any, minimum: int, maximum: int, code: str) -> None:
        super().__init__(subcon, code)
        self.minimum, self.maximum = minimum, maximum

    def reading(self, number: int, context: Any, offset: int, path: str) -> int:
        if not self.minimum <= number <= self.maximum:
            note_fault(context, self.code, f"{number} is not from {self.minimum} to {self.maximum}", offset, path)
        return number

    def writing(self, value: Any, context: Any, path: str) -> int:
        number = _number(value, self.code, path)
        if not self.minimum <= number <= self.maximum:
            refuse(context, self.code, f"{shown(value)} is not from {self.minimum} to {self.maximum}", path)
        return number


class Fixed(_Scalar):
    """A number that is always the same, and no attribute of the message."""

    def __init__(self, subcon: Any, value: int, code: str) -> None:
        super().__init__(subcon, code)
        self.value = value
        self.flagbuildnone = True

    def reading(self, number: int, context: Any, offset: int, path: str) -> int:
        if number != self.value:
            note_fault(context, self.code, f"{number:#x} is not {self.value:#x}", offset, path)
        return number

    def writing(self, value: Any, context: Any, path: str) -> int:
        if value is not None and value != self.value:
            refuse(context, self.code, f"{shown(value)} is not {self.value:#x}", path)
        return self.value if value is None else _number(value, self.code, path)


class Boolean(_Scalar):
    """False as 0 and True as 1; a number above that stays one where it goes unchecked."""

    def reading(self, number: int, context: Any, offset: int, path: str) -> bool | int:
        if number > 1:
            note_fault(context, self.code, f"{number} is neither 0 nor 1", offset, path)
            return number
        return bool(number)

    def writing(self, value: Any, context: Any, path: str) -> int:
        if not isinstance(value, bool):
            refuse(context, self.code, f"{shown(value)} is neither True nor False", path)
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
            note_fault(context, self.code, f"{number} is none of {', '.join(self.members.__members__)}", offset, path)
        return number if member is None else member

    def writing(self, value: Any, context: Any, path: str) -> int:
        if isinstance(value, str) and value in self.members.__members__:
            return self.members[value].value
        reason = f"{shown(value)} is none of {', '.join(self.members.__members__)}"
        try:
            number = operator.index(value)
        except TypeError:
            raise EncodeError(self.code, reason, field=field_path(path)) from None
        if not self.open and number not in self._by_number:
            refuse(context, self.code, reason, path)
        return number


def _write_count(count: Any, number: int, what: str, code: str, stream: Any, context: Any, path: str) -> None:
    try:
        count._build(number, stream, context, path)
    except c.FormatFieldError:
        reason = f"the count of {number} {what} does not fit into {count.sizeof()}"
        raise EncodeError(code, reason, field=field_path(path)) from None


class Blob(_Construct):
    """Bytes behind a count of them."""

    def __init__(self, count: Any, maximum: int, code: str) -> None:
        super().__init__()
        self.count, self.maximum, self.code = count, maximum, code

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        offset = stream.tell()
        size = self.count._parsereport(stream, context, path)
        if size > self.maximum:
            note_fault(context, self.code, f"{size} bytes are more than {self.maximum}", offset, path)
        return bytes(c.stream_read(stream, size, path))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, bytes):
            raise EncodeError(self.code, f"{shown(obj)} is not bytes", field=field_path(path))
        if len(obj) > self.maximum:
            refuse(context, self.code, f"{len(obj)} bytes are more than {self.maximum}", path)
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
        self.rule, self.pattern_code = re.compile(pattern), pattern_code
        first = re.match(r"\[[^\]\[\\]+\]", pattern)
        self._first = re.compile(first[0]) if first else None

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
        if not self.rule.pattern or self.rule.fullmatch(text):
            return None
        match = self.rule.match(text)
        if match is None and (not text or self._first is None or self._first.match(text)):
            # Which character spoils a form that is not matched from its beginning on, nobody can say.
            return self.pattern_code, f"it is not of the form {self.rule.pattern}", 0
        good = text[: match.end()] if match else ""
        wrong = f"U+{ord(text[len(good)]):04X} is not allowed here" if len(good) < len(text) else "it ends too early"
        return self.pattern_code, wrong, len(good.encode())

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        size = self.count._parsereport(stream, context, path)
        offset = stream.tell()
        data = bytes(c.stream_read(stream, size, path))
        if fault := self.fault(data):
            note_fault(context, fault[0], fault[1], offset + fault[2], path)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if isinstance(obj, str):
            try:
                data = str.encode(obj)
            except UnicodeEncodeError as error:
                raise EncodeError(self.pattern_code, f"not UTF-8: {error.reason}", field=field_path(path)) from None
        else:
            data = obj if isinstance(obj, bytes) else b""
            if not isinstance(obj, bytes) or not context.get("_notes") or not context["_notes"].unchecked:
                raise EncodeError(self.pattern_code, f"{shown(obj)} is not a string", field=field_path(path))
        if fault := self.fault(data):
            refuse(context, fault[0], fault[1], path)
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
                self.code, f"{number} items are more than {self.maximum}", field=field_path(path), offset=offset
            )
        return tuple(self.item._parsereport(stream, context, f"{path}[{index}]") for index in range(number))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (list, tuple)):
            raise EncodeError(self.code, f"{shown(obj)} is not a tuple", field=field_path(path))
        if len(obj) > self.maximum:
            refuse(context, self.code, f"{len(obj)} items are more than {self.maximum}", path)
        _write_count(self.count, len(obj), "items", self.code, stream, context, path)
        for index, item in enumerate(obj):
            self.item._build(item, stream, context, f"{path}[{index}]")
        return obj


class OpaqueStruct(c.Struct):
    """A Struct whose reading and writing are its own, also within a construct that is compiled."""

    def _emitparse(self, code: Any) -> str:
        # The base class would emit code of its own here, which checks less and returns a Container.
        raise NotImplementedError

    def _emitbuild(self, code: Any) -> str:
        raise NotImplementedError


class Record(OpaqueStruct):
    """A Struct that parses into a dataclass and builds from it or from a mapping. Fixed fields are no attributes."""

    def __init__(self, record: type[Any], *fields: Any) -> None:
        super().__init__(*fields)
        self.record = record

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        inner = inner_context(context, context.get("_notes"))
        values: dict[str, Any] = {}
        members: list[Any] = self.subcons
        for member in members:
            value = member._parsereport(stream, inner, path)
            if not isinstance(member.subcon, Fixed):
                values[str(member.name)] = value
        return self.record(**values)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        inner = inner_context(context, context.get("_notes"))
        build_members(self.subcons, obj, stream, inner, path)
        return obj


class Extensions(_Construct):
    """Records until the frame ends, as the attributes that they are of a message. Of equal tags the first counts.

    A tag in `optional` belongs to a field of that name; all other records become the tuple `extensions`.
    """

    def __init__(self, layout: FrameLayout, optional: Mapping[int, Any]) -> None:
        super().__init__()
        self.layout, self.optional = layout, optional

    def _parse(self, stream: Any, context: Any, path: str) -> dict[str, Any]:
        unknown: dict[int, bytes] = {}
        attributes: dict[str, Any] = {}
        frame = stream.getbuffer()
        while stream.tell() < len(frame):
            offset = stream.tell()
            tag = self.layout.tag._parsereport(stream, context, path)
            value = self.layout.value._parsereport(stream, context, path)
            field = self.optional.get(tag)
            if field is not None:
                if field.name not in attributes:
                    record = io.BytesIO(frame[: stream.tell()])
                    record.seek(stream.tell() - len(value))
                    attributes[field.name] = self._field(field, record, context, path)
                continue
            if tag % 2:
                reason = f"extension {tag} is critical and not known here"
                note_fault(context, self.layout.unsupported_critical, reason, offset, path)
            unknown.setdefault(tag, value)
        return {"extensions": tuple(Extension(tag, value) for tag, value in unknown.items()), **attributes}

    def _field(self, field: Any, record: Any, context: Any, path: str) -> Any:
        """The value of a record, which has to fill it. `record` ends with it, so that offsets are those in the frame."""
        size = len(record.getbuffer())
        try:
            value = field._parsereport(record, context, path.removesuffix(" -> extensions"))
        except c.StreamError as error:
            reason = "the extension ends inside this field"
            raise DecodeError(self.layout.malformed, reason, field=field_path(error.path or ""), offset=size) from None
        if record.tell() < size:
            reason = f"{amount(size - record.tell())} of the extension behind the value"
            raise DecodeError(self.layout.malformed, reason, field=field.name, offset=record.tell())
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        """Write the records of a message."""
        for tag, field in self.optional.items():
            value = value_of(obj, field.name)
            if value is not ABSENT and value is not None:
                record = io.BytesIO()
                field._build(value, record, context, path)
                self._record(tag, record.getvalue(), stream, context, path)
        extensions = value_of(obj, "extensions")
        self._others(() if extensions is ABSENT else extensions, stream, context, f"{path} -> extensions")
        return obj

    def _others(self, extensions: Any, stream: Any, context: Any, path: str) -> None:
        if not isinstance(extensions, (list, tuple)) or any(
            not isinstance(extension, (list, tuple)) or len(extension) != 2 for extension in extensions
        ):
            reason = f"{shown(extensions)} is not a tuple of extensions"
            raise EncodeError(self.layout.malformed, reason, field=field_path(path))
        for index, (tag, value) in enumerate(extensions):
            if any(tag == other for other, _ in extensions[:index]):
                refuse(context, self.layout.malformed, f"extension {tag} stands here twice", path)
            if any(tag == other for other in self.optional):
                refuse(context, self.layout.malformed, f"extension {tag} is the field {self.optional[tag].name}", path)
            elif isinstance(tag, int) and tag % 2:
                reason = f"extension {tag} is critical and not known here"
                refuse(context, self.layout.unsupported_critical, reason, path)
            self._record(tag, value, stream, context, path)

    def _record(self, tag: Any, value: Any, stream: Any, context: Any, path: str) -> None:
        try:
            self.layout.tag._build(tag, stream, context, path)
        except c.FormatFieldError:
            reason = f"the tag {shown(tag)} does not fit into {amount(self.layout.tag.sizeof())}"
            raise EncodeError(self.layout.malformed, reason, field=field_path(path)) from None
        self.layout.value._build(value, stream, context, path)


ABSENT = object()


def value_of(obj: Any, name: str) -> Any:
    """An attribute of a message, or an entry of a mapping; ABSENT if it is not there."""
    return obj.get(name, ABSENT) if isinstance(obj, Mapping) else getattr(obj, name, ABSENT)


def build_members(members: Iterable[Any], obj: Any, stream: Any, context: Any, path: str) -> None:
    """Write what the object holds for each member."""
    for member in members:
        value = value_of(obj, member.name)
        if value is ABSENT:
            if not member.flagbuildnone:
                raise EncodeError("", "the field is missing", field=field_path(f"{path} -> {member.name}"))
            value = None
        member._build(value, stream, context, path)
