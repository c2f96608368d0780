"""What the bytes of a frame mean, one after another: the annotation of worked examples.

The frame is read as the tables of the document say and by nothing else, so an example that does not fit its table is shown
without annotation, and never with a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Message,
    Spec,
    StringType,
    StructType,
)
from ..vectors.reading import Part as Place
from ..vectors.reading import read
from .values import field_value

Part = tuple[bytes, str, str]  # the bytes, the name of the field, and its value for people


def annotate(spec: Spec, message: Message, frame: bytes) -> tuple[Part, ...]:
    """Every byte of the frame in parts, the header first; nothing if the frame is no good one of that message."""
    reading = read(spec, frame)
    if reading.fault or reading.message != message:
        return ()
    parts = [*_header(spec, message, frame)]
    for place in reading.parts:
        parts += _body(spec, frame, place)
    end = reading.parts[-1].end if reading.parts else spec.frame.header_size
    parts += _extensions(spec, message, frame, end)
    return tuple(parts) if b"".join(data for data, _, _ in parts) == frame else ()


def _header(spec: Spec, message: Message, frame: bytes) -> Iterator[Part]:
    start = 0
    for field in spec.frame.fields:
        data = frame[start : start + BASE_SIZES[field.base]]
        value = int.from_bytes(data, spec.byte_order)
        shown = f"{value:#x}" if field.const is not None else str(value)
        yield data, field.name, f"{value:#04x}, {message.name}" if field.role == "type" else shown
        start += len(data)


def _body(spec: Spec, frame: bytes, place: Place) -> Iterator[Part]:
    """The parts of a field: of a struct its members, of an array its count and its items."""
    data, type_ = frame[place.start : place.end], place.type
    if isinstance(type_, (StructType, ArrayType)):
        if isinstance(type_, ArrayType):
            count = len(place.parts)
            yield data[: BASE_SIZES[type_.count]], place.path, f"{count} item{'s' * (count != 1)}"
        for part in place.parts:
            yield from _body(spec, frame, part)
    elif isinstance(type_, StringType):
        yield data, place.path, field_value(data[BASE_SIZES[type_.count] :].decode())
    elif isinstance(type_, BytesType):
        yield data, place.path, data[BASE_SIZES[type_.count] :].hex(" ")
    else:
        yield data, place.path, _number(place, int.from_bytes(data, spec.byte_order))


def _number(place: Place, value: int) -> str:
    type_ = place.type
    if place.const is not None:
        return f"{value:#x}"
    if isinstance(type_, BoolType):
        return field_value(bool(value))
    if isinstance(type_, EnumType):
        return next((f"{value}, {known.name}" for known in type_.values if known.number == value), str(value))
    if isinstance(type_, BitsType):
        names = [name for name, position, _ in type_.bits if value >> position & 1]
        return f"{value:#x}, {' and '.join(names)}" if names else f"{value:#x}"
    return str(value)


def _extensions(spec: Spec, message: Message, frame: bytes, at: int) -> Iterator[Part]:
    """The records behind the fields, each as one part."""
    form = spec.frame.extension
    names = {field.tag: field.name for field in message.optional}
    while form and at < len(frame):
        count = at + BASE_SIZES[form.tag]
        value = count + BASE_SIZES[form.value.count]
        tag = int.from_bytes(frame[at:count], spec.byte_order)
        end = value + int.from_bytes(frame[count:value], spec.byte_order)
        yield frame[at:end], names.get(tag, f"extension {tag}"), frame[value:end].hex(" ")
        at = end
