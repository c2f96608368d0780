"""Where the parts of a frame stand, and the first rule of layout that it breaks.

It goes by the sizes and bounds that the constructs of a message name, never by their way of reading: what the codecs
get wrong is not to be got wrong here as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from impwire import constructs as k
from impwire.codecs import CODECS, FRAME

_HEADER = FRAME.header_size
_TAG, _COUNT = FRAME.tag.sizeof(), FRAME.value.count.sizeof()


class Item(NamedTuple):
    """A field of a frame, or a part of one: `data` stands at `start`, behind a count of `width` bytes (0: none)."""

    path: str
    construct: Any
    width: int
    start: int
    data: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.data, "big")


@dataclass
class Walk:
    """What stands behind the header. `broken` are the requirements that the layout breaks, none if it is good."""

    items: list[Item] = field(default_factory=list)
    extensions: list[tuple[int, bytes]] = field(default_factory=list)
    broken: tuple[str, ...] = ()


class _Broken(Exception):
    """The layout is not as it should be; the arguments are requirements."""


def walk(message: str, frame: bytes) -> Walk:
    """Go through the body of a whole frame as the table of the message says (protocol.txt, sections 4 and 5)."""
    found = Walk()
    try:
        at = _HEADER
        for member in CODECS.by_name[message].fields:
            at = _step(member.subcon, member.name, frame, at, found.items)
        while at < len(frame):
            tag, at = _take(frame, at, _TAG)
            size, at = _take(frame, at, _COUNT)
            value, at = _take(frame, at, int.from_bytes(size, "big"))
            found.extensions.append((tag[0], value))
        for item in found.items:
            _judge(item)
    except _Broken as broken:
        found.broken = broken.args
    return found


def _take(frame: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(frame):
        raise _Broken("FRAME-6")
    return frame[at : at + size], at + size


def _step(construct: Any, path: str, frame: bytes, at: int, items: list[Item]) -> int:
    """Note the items of one construct; returns where it ends."""
    if isinstance(construct, k.Record):
        members: list[Any] = construct.subcons
        for member in members:
            at = _step(member.subcon, f"{path}.{member.name}", frame, at, items)
        return at
    if not isinstance(construct, (k.Blob, k.Many)):
        data, end = _take(frame, at, construct.sizeof())
        items.append(Item(path, construct, 0, at, data))
        return end
    width = construct.count.sizeof()
    count, at = _take(frame, at, width)
    number = int.from_bytes(count, "big")
    if isinstance(construct, k.Many):
        items.append(Item(path, construct, width, at, b""))
        if number > construct.maximum:
            raise _Broken("FRAME-6")
        for index in range(number):
            at = _step(construct.item, f"{path}[{index}]", frame, at, items)
        return at
    data, end = _take(frame, at, number)
    items.append(Item(path, construct, width, at, data))
    return end


def _judge(item: Item) -> None:
    """Raise what breaks a rule of a single field whose breach is malformed (FRAME-7, section 5)."""
    construct, number = item.construct, item.number
    if isinstance(construct, k.Fixed) and number != construct.value:
        raise _Broken("FRAME-7")
    if isinstance(construct, k.Boolean) and number > 1:
        raise _Broken("FRAME-7")
    if isinstance(construct, k.Enumeration) and not construct.open and number not in set(construct.members):
        raise _Broken("FRAME-7")
    if isinstance(construct, k.Integer) and not construct.minimum <= number <= construct.maximum:
        raise _Broken("REQ-5")
    if isinstance(construct, k.Text) and text_fault(construct, item.data, construct.maximum) == FRAME.malformed:
        raise _Broken("REQ-5")


def text_fault(construct: k.Text, data: bytes, maximum: int) -> str:
    """The code for the first rule that a string breaks: its length, its encoding, its characters (REQ-5). Empty if none."""
    if len(data) < construct.minimum:
        return construct.minimum_code
    if len(data) > maximum:
        return construct.code
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return construct.pattern_code
    return "" if re.fullmatch(construct.rule, text) else construct.pattern_code
