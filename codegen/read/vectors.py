"""The section `vectors` of a spec: frames as bytes, worked out by hand."""

from __future__ import annotations

import difflib
import re
from typing import Any

from ..model import Frame, FrameField, Message, Vector
from ..support.strict_yaml import Mapping
from .messages import check_members, field_values, message_at
from .source import Source


def read_vectors(source: Source, messages: dict[str, Message], frame: Frame) -> tuple[Vector, ...]:
    """The vectors, each with its bytes and what they mean. Header fields stand among the fields, by their names."""
    vectors: list[Vector] = []
    flags = frame.field("flags")
    header = tuple(field.name for field in frame.fields if field.role in ("flags", "correlation"))
    for node in source.section("vectors", []).items():
        entry = node.mapping(("name", "hex"), ("message", "fields", "code", "doc", "flags", "extensions"))
        name = entry.string("name")
        if ("message" in entry) == ("code" in entry):
            node.problem("a vector has either 'message' with 'fields', or 'code'", "vector-form")
        if name and any(vector.name == name for vector in vectors):
            entry.at("name").problem(f"vector '{name}' stands here a second time", "duplicate-name")
        text = "".join(entry.string("hex").split())
        if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
            entry.at("hex").problem("expected pairs of lower-case hexadecimal digits", "vector-form")
        message, known = message_at(source, entry, messages) if "message" in entry else ("", None)
        if not _sound(source):
            known = None
        fields = _fields(entry, name, known, header)
        if "flags" in entry and (flags or _sound(source)):
            fields |= _flags(entry, flags, fields)
        if "extensions" in entry:
            if known and not frame.extension and not source.spoilt("frame", "extension"):
                entry.at("extensions").problem("the frame has no extensions", "vector-form")
            fields["extensions"] = entry.at("extensions").plain()
        vectors.append(Vector(name, text, message, fields, entry.string("code"), entry.string("doc")))
    return tuple(vectors)


def _sound(source: Source) -> bool:
    """Whether it is known which fields the frame has."""
    return not source.lost("frame") and not source.spoilt("frame", "fields")


def _fields(entry: Mapping, name: str, message: Message | None, header: tuple[str, ...]) -> dict[str, Any]:
    values = field_values(entry, "fields", message, header)
    check_members(values, message)
    # What was misspelt is not missed as well.
    names = message.names if message else []
    meant = {close for key in values for close in difflib.get_close_matches(key, names, n=1) if key not in names}
    for field in message.fields if message else ():
        if field.const is None and field.name not in values and field.name not in meant:
            wrong = f"vector '{name}' gives no '{field.name}'; its hex, too, has to follow {entry.string('message')}"
            (entry.at("fields") if "fields" in entry else entry.node).problem(wrong, "vector-form")
    return {key: value.plain() for key, value in values.items()}


def _flags(entry: Mapping, field: FrameField | None, fields: dict[str, Any]) -> dict[str, Any]:
    """The key `flags`, which stands for the header's field of that role whatever its name is."""
    node = entry.at("flags")
    if field is None:
        node.problem("the frame has no field with role flags", "vector-form")
        return {}
    if field.name in fields:
        node.problem(f"'fields' gives the flags already, as '{field.name}'", "vector-form")
    return {field.name: node.plain()}
