"""What a parser made from the grammar has to read, worked out from a message as the codecs have it.

The result is plain: dicts of attributes, lists, numbers, strings, and `{"bytes": "cafe"}`. A number stands for a truth and
for a value of an enumeration. Counts are attributes of their own, as the grammar has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codegen.model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BytesType,
    Field,
    OptionalField,
    Spec,
    StringType,
    StructType,
    Type,
)

Plain = dict[str, Any]


def header(spec: Spec, frame: bytes) -> dict[str, int]:
    """The fields of a frame's header."""
    numbers, at = {}, 0
    for field in spec.frame.fields:
        size = BASE_SIZES[field.base]
        numbers[field.name] = int.from_bytes(frame[at : at + size], spec.byte_order)
        at += size
    return numbers


def in_order(spec: Spec, read: Plain) -> Plain:
    """What was read of a frame, with extensions as `Reading` has them: of equal tags the first, ordered by tag.

    How long the value of an optional field is, nobody but the grammar says.
    """
    body = read["frames"][0]["body"]
    if spec.frame.extension and "extensions" in body:
        first = {record["tag"]: record for record in reversed(body["extensions"])}
        body["extensions"] = [first[tag] for tag in sorted(first)]
        for record in body["extensions"]:
            if "bytes" not in record["value"]:
                record.pop("len_value", record.pop("lenValue", None))
    return read


@dataclass(frozen=True)
class Reading:
    """How a parser in some language reads the frames of a protocol."""

    spec: Spec
    language: str

    def stream(self, frame: bytes, message: Any) -> Plain:
        """A stream of one frame, which bears that message. Without a message its type is unknown, and the body is bytes."""
        found: Plain = {name: self.number(number) for name, number in header(self.spec, frame).items()}
        found["body"] = raw(frame[self.spec.frame.header_size :]) if message is None else self.body(message)
        return {"frames": [self.named(found)]}

    def body(self, message: Any) -> Plain:
        declared = next(declared for declared in self.spec.messages if declared.number == message.TYPE)
        found = self.fields(declared.fields, message)
        if self.spec.frame.extension is None:
            return found | {"rest": raw(b"")}
        records: list[Plain] = [
            {"tag": self.number(tag), "len_value": len(value), "value": raw(value)} for tag, value in message.extensions
        ]
        for field in declared.optional:
            if getattr(message, field.name) is not None:
                records.append({"tag": field.tag, "value": self.fields((field,), message) | {"rest": raw(b"")}})
        return found | {"extensions": sorted(records, key=lambda record: int(record["tag"]))}

    def fields(self, fields: tuple[Field | OptionalField, ...], owner: Any) -> Plain:
        found: Plain = {}
        for field in fields:
            const = field.const if isinstance(field, Field) else None
            found |= self.value(field.name, field.type, getattr(owner, field.name) if const is None else const)
        return found

    def value(self, name: str, type_: Type, value: Any) -> Plain:
        """The attributes that a value is under that name."""
        if isinstance(type_, StringType):
            return {f"len_{name}": len(value.encode()), name: self.text(value)}
        if isinstance(type_, BytesType):
            return {f"len_{name}": len(value), name: raw(value)}
        if isinstance(type_, ArrayType):
            return {f"num_{name}": len(value), name: [self.item(type_.item, item) for item in value]}
        return {name: self.item(type_, value)}

    def item(self, type_: Type, value: Any) -> Any:
        """A value that is one attribute, or an item."""
        if isinstance(type_, StructType):
            return self.fields(type_.fields, value)
        if isinstance(type_, ArrayType):
            return self.value("items", type_, value)
        if isinstance(type_, (StringType, BytesType)):
            return self.value("value", type_, value)
        number = self.number(int(value))
        if isinstance(type_, BitsType) and type_.bits:
            return {"value": number} | {name.lower(): bool(number >> place & 1) for name, place, _ in type_.bits}
        return number

    def number(self, number: int) -> int:
        """JavaScript has no integers: the runtime reads u8 as the nearest number that there is."""
        return int(float(number)) if self.language == "javascript" else number

    def text(self, text: str) -> str:
        """TextDecoder, which the runtime for JavaScript uses, takes a byte order mark away."""
        return text.removeprefix("\ufeff") if self.language == "javascript" else text

    def named(self, plain: Any) -> Any:
        """The same with names in the manner of the language."""
        if isinstance(plain, list):
            return [self.named(item) for item in plain]
        if not isinstance(plain, dict) or self.language != "javascript":
            return plain
        return {camel(name): self.named(value) for name, value in plain.items()}


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def raw(data: bytes) -> Plain:
    """Bytes as they stand in plain values."""
    return {"bytes": data.hex()}
