"""The sections `frame` and `numbering` of a spec: what every message has in front of its fields, and behind them."""

from __future__ import annotations

from typing import get_args

from ..model import BytesType, Extension, Frame, FrameField, Kind, NumberRange, Sender
from ..sizes import capacity
from ..support.strict_yaml import Mapping, Node
from .names import check_attribute
from .source import Source
from .types import TypeReader, is_named

_ROLES = ("length", "type", "flags", "correlation")


def read_frame(source: Source, types: TypeReader) -> Frame:
    """The header and the extensions of every message."""
    entry = source.section("frame", {}).mapping(("doc", "fields"), ("critical_flags", "extension"))
    fields: list[FrameField] = []
    for node in entry.items("fields"):
        with source.watched("frame", "fields"):
            fields.append(_field(node, types, [field.name for field in fields]))
    for role in _ROLES:
        count = sum(field.role == role for field in fields)
        missing = not count and role in ("length", "type") and not source.spoilt("frame", "fields")
        if count > 1 or missing:
            text = f"the frame needs one field with role {role}, and has {count}"
            if "fields" in entry:
                source.key("frame", "fields").problem(text, "frame-shape")
    extension = _extension(entry, types)
    if "extension" in entry and not extension:
        source.spoil("frame", "extension")
    if extension and any(field.name == "extensions" for field in fields):
        text = "'extensions' is what the extensions of a message are called"
        source.key("frame", "fields").problem(text, "name-collision")
    frame = Frame(entry.string("doc"), tuple(fields), entry.integer("critical_flags"), extension)
    flags = frame.field("flags")
    most = capacity(flags.base if flags else "u64") if flags or source.spoilt("frame", "fields") else 0
    if not 0 <= frame.critical_flags <= most:
        text = "the critical flags do not lie within the field with role flags"
        entry.at("critical_flags").problem(text, "out-of-range")
    return frame


def _field(node: Node, types: TypeReader, taken: list[str]) -> FrameField:
    item = node.mapping(("name", "type", "doc"), ("role", "const"))
    name, base = item.string("name"), types.base(item, "type")
    if item.holds("name", str):
        check_attribute(item.at("name"), name)
    if name and name in taken:
        item.at("name").problem(f"field '{name}' stands in the frame already", "duplicate-name")
    role = item.at("role").one_of(_ROLES, "role") if "role" in item else ""
    if item.at("role").value != role:
        role = ""
    if ("role" in item) == ("const" in item):
        node.problem("a field of the frame has either a role or a const", "frame-shape")
    const = item.integer("const") if item.holds("const", int) else None
    if const is not None and not 0 <= const <= capacity(base):
        item.at("const").problem(f"{const} does not lie within {base}", "out-of-range")
    return FrameField(name, base, role, item.string("doc"), const)


def _extension(frame: Mapping, types: TypeReader) -> Extension | None:
    declared = frame.get("extension")
    if declared is None:
        return None
    fields = declared.mapping(("fields",)).at("fields", [])
    if len(fields.items()) != 2:
        fields.problem("an extension has two fields, the tag and the value", "frame-shape")
        return None
    tag, value = (field.mapping(("name", "type", "doc")) for field in fields.items())
    type_ = types.at(value.at("type"), "the extension's value")
    if not isinstance(type_, BytesType):
        if is_named(type_, value.at("type")):
            value.at("type").problem("the extension's value needs a type of kind bytes", "frame-shape")
        return None
    return Extension(types.base(tag, "type"), type_)


def read_numbering(source: Source, frame: Frame) -> tuple[NumberRange, ...]:
    """The ranges of the messages' numbers."""
    ranges: list[NumberRange] = []
    type_field = frame.field("type")
    most = capacity(type_field.base) if type_field else capacity("u64")
    for index, node in enumerate(source.section("numbering", []).items()):
        with source.watched("numbering", str(index)):
            entry = node.mapping(("numbers", "sender", "doc"), ("kind",))
            first, last = _first_and_last(entry, most)
            kind = read_kind(entry.at("kind")) if "kind" in entry else None
            found = NumberRange(first, last, kind, read_sender(entry), entry.string("doc"))
        if any(first <= other.last and other.first <= last for other in ranges):
            text = f"numbers {first:#04x} to {last:#04x} overlap with a range above"
            entry.at("numbers").problem(text, "number-range")
        ranges.append(found)
    return tuple(ranges)


def _first_and_last(entry: Mapping, most: int) -> tuple[int, int]:
    """The numbers of a range; of one that is none, those of an empty one."""
    numbers = [item.integer() for item in entry.items("numbers")]
    if len(numbers) == 2 and 0 <= numbers[0] <= numbers[1] <= most:
        return numbers[0], numbers[1]
    if entry.holds("numbers", list):
        entry.at("numbers").problem(f"expected [first, last] within 0 and {most}", "out-of-range")
    return 0, -1


def read_kind(node: Node) -> Kind:
    """Request, reply or event."""
    word = node.one_of(get_args(Kind), "kind of message")
    return next(kind for kind in get_args(Kind) if kind == word)


def read_sender(entry: Mapping) -> Sender:
    """Client, server or either, from the key `sender`."""
    word = entry.at("sender", "either").one_of(get_args(Sender), "sender")
    return next(sender for sender in get_args(Sender) if sender == word)
