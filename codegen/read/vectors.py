"""The section `vectors` of a spec: frames as bytes, worked out by hand."""

from __future__ import annotations

import re

from ..model import Frame, Message, Vector
from .messages import check_members, field_values, message_at
from .source import Source


def read_vectors(source: Source, messages: dict[str, Message], frame: Frame) -> tuple[Vector, ...]:
    """The vectors, each with its bytes and what they mean."""
    vectors: list[Vector] = []
    correlation = frame.field("correlation")
    header = (correlation.name,) if correlation else ()
    for node in source.section("vectors", []).items():
        entry = node.mapping(("name", "hex"), ("message", "fields", "code", "doc", "flags", "extensions"))
        name = entry.string("name")
        if ("message" in entry) == ("code" in entry):
            node.problem("a vector has either 'message' with 'fields', or 'code'", "vector-form")
        if any(vector.name == name for vector in vectors):
            entry.at("name").problem(f"vector '{name}' stands here a second time", "duplicate-name")
        text = "".join(entry.string("hex").split())
        if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
            entry.at("hex").problem("expected pairs of lower-case hexadecimal digits", "vector-form")
        message, known = message_at(entry, messages) if "message" in entry else ("", None)
        values = field_values(entry, "fields", known, header)
        check_members(values, known)
        for field in known.fields if known else ():
            if field.const is None and field.name not in values:
                wrong = f"vector '{name}' gives no '{field.name}'; its hex, too, has to follow {message}"
                entry.at("fields").problem(wrong, "vector-form")
        fields = {key: value.plain() for key, value in values.items()}
        fields |= {key: entry.at(key).plain() for key in ("flags", "extensions") if key in entry}
        vectors.append(Vector(name, text, message, fields, entry.string("code"), entry.string("doc")))
    return tuple(vectors)
