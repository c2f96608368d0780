"""Frames through tshark and a generated dissector: what it shows, and what our codecs say that it has to show."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as xml
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from codegen.model import ArrayType, BitsType, BytesType, Field, Spec, StringType, StructType, Type
from codegen.sizes import greatest_size
from conformance.reports.pcap import pcap
from tests.support import PATIENCE, require_program

#: What is sent and received, in order, on one connection that the suite has opened: the kind of the event, and its bytes.
Talk = list[tuple[str, bytes]]

#: What the dissector adds of its own, which is no field of a frame; the latter below a field.
_ADDED = ("request_in", "response_in", "response_time", "undecoded", "body")
_ADDED_BELOW = (".critical", ".ignorable", ".date")
_FAULTS = ("malformed", "invalid", "unknown")


def bytewise(talk: Talk) -> Talk:
    """The same in segments of one byte."""
    return [(kind, data[at : at + 1]) for kind, data in talk for at in range(len(data))]


def joined(talk: Talk) -> Talk:
    """The same in as few segments as can be."""
    found: Talk = []
    for kind, data in talk:
        if found and found[-1][0] == kind:
            data = found.pop()[1] + data
        found.append((kind, data))
    return found


def capture(path: Path, talks: Iterable[Talk]) -> Path:
    """A capture file of connections, one after another, to a server at the port of the protocol."""
    cases = []
    for talk in talks:
        events = [{"at": 0.0, "actor": "ann", "kind": "opened", "connection": 1}]
        events += [{"at": 0.0, "actor": "ann", "kind": kind, "connection": 1, "hex": data.hex()} for kind, data in talk]
        cases.append({"id": "talk", "role": "server", "verdict": "passed", "seconds": 0.0, "events": events})
    path.write_bytes(pcap({"suite": "test", "started": "2026-01-02T03:04:05+00:00", "cases": cases}))
    return path


def tshark(path: Path, script: Path, *options: str) -> str:
    """What tshark says of a capture. Fails if it complains of the script."""
    command = [require_program("tshark"), "-r", str(path), "-X", f"lua_script:{script}", *options]
    result = subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE * 5)
    said = result.stderr.decode()
    assert result.returncode == 0, said
    assert "lua" not in said.lower(), said
    return result.stdout.decode(errors="replace")  # A long label is cut wherever it may be.


@dataclass
class Shown:
    """An item of the tree: a field of the frame by its filter name, below the prefix of the protocol."""

    name: str
    value: bytes  # its bytes in the frame
    show: str  # as filters see it
    label: str  # as people see it
    parent: str

    @property
    def added(self) -> bool:
        """Whether it is no field of the frame."""
        return self.name in _ADDED or self.name.removeprefix(self.parent) in _ADDED_BELOW


@dataclass
class Dissected:
    """A frame as the dissector shows it: its fields in order, and the faults that it has found."""

    stream: int
    source: str
    packet: int
    fields: list[Shown]
    faults: list[Shown]


def dissect(path: Path, script: Path, prefix: str, *options: str) -> list[Dissected]:
    """Every frame in a capture, in order. Fails where Wireshark calls something malformed or the script has failed."""
    text = tshark(path, script, "-T", "pdml", "-Y", f"{prefix} || _ws.malformed || _ws.lua.error", *options)
    # tshark writes noncharacters, which XML cannot hold.
    text = text.translate({0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD})
    found = []
    for packet in xml.fromstring(text).iter("packet"):
        stream, source, number = (_show(packet, name) for name in ("tcp.stream", "ip.src", "frame.number"))
        for trouble in ("_ws.malformed", "_ws.lua.error", "_ws.short"):
            # A fault of the group "Malformed" brings a hidden one with it; one that Wireshark has found itself is shown.
            shown = [one for one in packet.iterfind(f".//*[@name='{trouble}']") if not one.get("hide")]
            assert not shown, f"{trouble} in packet {number}"
        for proto in packet.findall(f"./proto[@name='{prefix}']"):
            items = list(_items(proto, prefix, ""))
            faults = [item for item in items if item.name in _FAULTS]
            fields = [item for item in items if item not in faults and not item.added]
            found.append(Dissected(int(stream), source, int(number), fields, faults))
    return found


def _show(packet: xml.Element, name: str) -> str:
    found = packet.find(f".//field[@name='{name}']")
    assert found is not None
    return found.get("show", "")


def _items(element: xml.Element, prefix: str, parent: str) -> Iterator[Shown]:
    for item in element.findall("field"):
        name = item.get("name", "").removeprefix(f"{prefix}.")
        if item.get("name", "").startswith(f"{prefix}.") and not item.get("hide"):
            digits = item.get("value", "")  # An odd number of them is a part of a byte.
            value = bytes.fromhex("0" * (len(digits) % 2) + digits)
            yield Shown(name, value, item.get("show", ""), item.get("showname", ""), parent)
        expert = item.get("name", "").startswith("_ws.expert")
        yield from _items(item, prefix, parent if expert else name)


# -- what has to be shown ------------------------------------------------------------------------------------------------

#: A filter name and the value of the item: a number or truth, text, bytes, or None for a branch of the tree.
Due = tuple[str, int | str | bytes | None]


def due(spec: Spec, message: Any, number: int, length: int) -> list[Due]:
    """Every item that has to be shown of a message of that number in a frame whose length field is given, in order."""
    (kind,) = [one for one in spec.messages if one.number == number]
    name = kind.name.lower()
    roles = {"length": length, "type": kind.number}
    found: list[Due] = []
    for header in spec.frame.fields:
        value = roles.get(header.role, header.const)
        found.append((header.name, getattr(message, header.name) if value is None else value))
    for field in kind.fields:
        found += _field(f"{name}.{field.name}", field.type, _value(field, message))
    for optional in kind.optional:
        value = getattr(message, optional.name)
        if value is not None:
            inner = _field(f"{name}.{optional.name}", optional.type, value)
            found += [*_extension(optional.tag, None), *inner]
    for tag, data in message.extensions if spec.frame.extension else ():
        found += _extension(tag, data)
    return found


def _value(field: Field, record: Any) -> Any:
    return getattr(record, field.name) if field.const is None else field.const


def _extension(tag: int, data: bytes | None) -> list[Due]:
    """The items of a record; the size of one that is a field is not known here."""
    head: list[Due] = [("extension", None), ("extension.tag", tag)]
    if data is None:
        return [*head, ("extension.length", None)]
    return [*head, ("extension.length", len(data)), *([("extension.value", data)] if data else [])]


def _field(path: str, type_: Type, value: Any, inner: str = "") -> list[Due]:
    if isinstance(type_, StructType):
        members = [_field(f"{inner or path}.{field.name}", field.type, _value(field, value)) for field in type_.fields]
        return [(path, None), *(item for member in members for item in member)]
    if isinstance(type_, ArrayType):
        shown = value if greatest_size(type_.item) else value[:1]  # Of items without bytes one is enough.
        items = [_field(f"{path}.item", type_.item, one, path) for one in shown]
        return [(path, None), (f"{path}.count", len(value)), *(item for one in items for item in one)]
    if isinstance(type_, StringType):
        return [(f"{path}.length", len(value.encode())), (path, value)]
    if isinstance(type_, BytesType):
        return [(f"{path}.length", len(value)), *([(path, value)] if value else [])]
    bits: list[Due] = []
    if isinstance(type_, BitsType):
        bits = [(f"{path}.{name.lower()}", bool(value >> position & 1)) for name, position, _ in type_.bits]
    return [(path, value), *bits]


def found(spec: Spec, item: Shown, like: int | str | bytes | None) -> int | str | bytes | None:
    """The value of an item, as the one that is due is told. Fails if filters see another value than the bytes give."""
    if like is None:
        return None
    if isinstance(like, bool):
        return item.show in ("True", "1")
    if isinstance(like, int):
        number = int.from_bytes(item.value, spec.byte_order)
        assert int(item.show, 0) == number, item
        if isinstance(like, Enum):
            assert f" {like.name} " in item.label or f" {like.name}:" in item.label, item
        return number
    if isinstance(like, str):
        text = item.value.decode()
        assert item.show == text or not text.isprintable(), item
        return text
    return item.value


def assert_shown(spec: Spec, frame: Dissected, message: Any, number: int, length: int) -> None:
    """Fails unless every field of the message is shown, and nothing else, with the values that it has."""
    wanted = due(spec, message, number, length)
    assert [item.name for item in frame.fields] == [name for name, _ in wanted]
    for item, (path, value) in zip(frame.fields, wanted, strict=True):
        shown = found(spec, item, value)
        assert shown == value, f"{path} is shown as {shown!r}, and is {value!r}"
