"""Where the fields of a frame lie in its bytes, so that a report can mark what is wrong.

The constructs of the codecs are walked one by one over the frame, whatever its values; where a frame breaks off, or says
lengths that cannot be, the fields up to there are known and the rest is not.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import construct as c

from impwire import constructs
from impwire.codecs import CODECS, FRAME
from impwire.wire import DecodeError

_UNCHECKED = constructs.Notes(True, FRAME.malformed)


def field_ranges(frame: bytes) -> dict[str, tuple[int, int]]:
    """The bytes, from the first to behind the last, of each field of a frame: `length`, `who`, `who.name`,
    `entries[0].name`, `extensions[0]`. Counts belong to what they count."""
    found: dict[str, tuple[int, int]] = {}
    stream = io.BytesIO(frame)
    codec = CODECS.by_type.get(FRAME.type(frame) or 0)
    try:
        for field in FRAME.fields:
            _walk(field.name, field.subcon, stream, found)
        for member in codec.fields if codec else ():
            _walk(member.name, member.subcon, stream, found)
        if codec is None:
            found["body"] = (stream.tell(), len(frame))
        elif stream.tell() < len(frame):
            _walk_extensions(stream, found)
    except (c.StreamError, DecodeError):
        # What is read up to here is as it is; nobody can say where anything behind it begins.
        pass
    return found


def _walk(name: str, construct: Any, stream: io.BytesIO, found: dict[str, tuple[int, int]]) -> None:
    start = stream.tell()
    try:
        if isinstance(construct, constructs.Record):
            members: list[Any] = construct.subcons
            for member in members:
                _walk(f"{name}.{member.name}", member.subcon, stream, found)
        elif isinstance(construct, constructs.Many):
            for index in range(construct.count.parse_stream(stream)):
                _walk(f"{name}[{index}]", construct.item, stream, found)
        else:
            construct.parse_stream(stream, _notes=_UNCHECKED)
    except c.StreamError:
        found[name] = (start, len(stream.getbuffer()))
        raise
    found[name] = (start, stream.tell())


def _walk_extensions(stream: io.BytesIO, found: dict[str, tuple[int, int]]) -> None:
    start, index = stream.tell(), 0
    size = len(stream.getbuffer())
    found["extensions"] = (start, size)
    while stream.tell() < size:
        before = stream.tell()
        found[f"extensions[{index}]"] = (before, size)
        FRAME.tag.parse_stream(stream)
        FRAME.value.parse_stream(stream, _notes=_UNCHECKED)
        found[f"extensions[{index}]"] = (before, stream.tell())
        index += 1


def marks_of(frame: bytes, fields: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """The bytes in which the fields lie, in ascending order; a field that has no place of its own is part of another."""
    ranges = field_ranges(frame)
    found = set()
    for field in fields:
        name = field
        while name and name not in ranges:
            name = name[: max(name.rfind("."), name.rfind("["), 0)]
        if name and ranges[name][0] < ranges[name][1]:
            found.add(ranges[name])
    return tuple(sorted(found))
