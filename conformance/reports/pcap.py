"""What crossed the wire, as a capture file (pcapng) for Wireshark and tshark.

The suite sees streams, not packets, so the packets are made up: a handshake where a connection was opened, segments for
what was sent and received, FIN or RST where a side ended. Every packet bears its run as comment:
`frame.comment contains "pm/delivered"` shows one case. The runs follow each other, whatever ran at the same time.

The suite has addresses of 192.0.2.0/24, the target has 198.51.100.0/24, and the server is at the port of IMP, where
Wireshark looks for its dissector. A client's address and port occur once in a file.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from impwire.tables import DEFAULT_PORT, Role

from ..play.transcript import Kind

_SUITE, _TARGET = bytes((192, 0, 2, 0)), bytes((198, 51, 100, 0))
#: Ports that no other protocol has: Wireshark asks the dissector of the lower port first.
_PORTS = range(49152, 65536)
_MSS = 1460
#: So much is sent without an acknowledgement, below the window of 65,535 bytes.
_IN_FLIGHT = 32768
#: Microseconds between two runs.
_GAP = 1000

_FIN, _SYN, _RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_NUMBERS = 1 << 32

# Blocks and options of pcapng (draft-ietf-opsawg-pcapng).
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _APPLICATION = 1, 4
_ETHERNET = 1


@dataclass
class _End:
    """One end of a connection, as TCP sees it."""

    address: bytes
    port: int
    mac: bytes
    #: The number of the next byte that it sends; bytes that the other one has not acknowledged yet.
    sequence: int = 0
    in_flight: int = 0
    ended: bool = False


@dataclass
class _Connection:
    """A connection whose `suite` or `target` has opened it."""

    suite: _End
    target: _End
    ended: bool = False
    _number: Iterator[int] = field(default_factory=itertools.count)

    def open(self, client: _End) -> Iterator[bytes]:
        server = self.target if client is self.suite else self.suite
        yield self._segment(client, server, _SYN)
        yield self._segment(server, client, _SYN | _ACK)
        yield self._segment(client, server, _ACK)

    def packets(self, kind: Kind, data: bytes) -> Iterator[bytes]:
        """The packets of an event. After a reset or its own end a side sends nothing more."""
        sender, receiver = self.suite, self.target
        if kind in (Kind.RECEIVED, Kind.RECEIVED_END, Kind.RECEIVED_RESET):
            sender, receiver = receiver, sender
        if self.ended or sender.ended:
            return
        if kind in (Kind.SENT_RESET, Kind.RECEIVED_RESET):
            self.ended = True
            yield self._segment(sender, receiver, _RST | _ACK)
        elif kind in (Kind.SENT_END, Kind.RECEIVED_END):
            sender.ended = True
            yield self._segment(sender, receiver, _FIN | _ACK)
            if receiver.ended:
                yield self._segment(receiver, sender, _ACK)
        else:
            for start in range(0, len(data), _MSS):
                yield self._segment(sender, receiver, _PSH | _ACK, data[start : start + _MSS])
                if sender.in_flight > _IN_FLIGHT:
                    yield self._segment(receiver, sender, _ACK)

    def _segment(self, sender: _End, receiver: _End, flags: int, data: bytes = b"") -> bytes:
        acknowledged = receiver.sequence if flags & _ACK else 0
        header = struct.pack(
            "!HHIIBBHHH", sender.port, receiver.port, sender.sequence, acknowledged, 5 << 4, flags, 65535, 0, 0
        )
        sender.sequence = (sender.sequence + len(data) + bool(flags & (_SYN | _FIN))) % _NUMBERS
        sender.in_flight += len(data)
        receiver.in_flight = 0
        pseudo = sender.address + receiver.address + struct.pack("!HH", 6, len(header) + len(data))
        segment = _with_checksum(header, 16, pseudo + header + data) + data
        identification = next(self._number) % 65536
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), identification, 0x4000, 64, 6, 0)
        ip += sender.address + receiver.address
        return receiver.mac + sender.mac + b"\x08\x00" + _with_checksum(ip, 10, ip) + segment


def pcap(report: dict[str, Any]) -> bytes:
    """The capture file of a report whose entries have events."""
    application = f"IMP conformance suite {report['suite']}".encode()
    parts = [
        _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((_APPLICATION, application))),
        _block(_INTERFACE, struct.pack("<HHI", _ETHERNET, 0, 0)),
    ]
    clock = round(datetime.fromisoformat(report["started"]).timestamp() * 1_000_000)
    ports = itertools.count()
    for entry in report["cases"]:
        last = 0
        for at, packet, comment in _packets(entry, ports):
            parts.append(_packet(clock + at, packet, comment))
            last = at
        clock += max(last, round(entry["seconds"] * 1_000_000)) + _GAP
    return b"".join(parts)


def _packets(entry: dict[str, Any], ports: Iterator[int]) -> Iterator[tuple[int, bytes, str]]:
    """Microseconds since the run began, packet and comment of all that crossed the wire in a run."""
    connections: dict[int, _Connection] = {}
    for event in entry.get("events", ()):
        number, kind = event.get("connection", 0), Kind(event["kind"])
        if not number:
            continue
        at = round(event["at"] * 1_000_000)
        comment = f"{entry['role']} {entry['id']} ({entry['verdict']}): {event['actor']}"
        made: list[bytes] = []
        if number not in connections:
            connections[number], client = _connection(Role(entry["role"]), next(ports))
            made += connections[number].open(client)
        if kind not in (Kind.OPENED, Kind.TYPED, Kind.SHOWN, Kind.NOTE):
            made += connections[number].packets(kind, bytes.fromhex(event.get("hex", "")))
        yield from ((at, packet, comment) for packet in made)


def _connection(role: Role, number: int) -> tuple[_Connection, _End]:
    """The connection of that number in the file, and the end that opens it."""
    hosts, port = divmod(number, len(_PORTS))
    suite, target = _end(_SUITE, b"\2\0\0\0\0\1"), _end(_TARGET, b"\2\0\0\0\0\2")
    client = suite if role is Role.SERVER else target
    client.address = client.address[:3] + bytes([1 + hosts % 254])
    client.port = _PORTS[port]
    return _Connection(suite, target), client


def _end(network: bytes, mac: bytes) -> _End:
    return _End(network[:3] + b"\1", DEFAULT_PORT, mac)


def _with_checksum(header: bytes, place: int, data: bytes) -> bytes:
    """The header with the Internet checksum (RFC 1071) of the data at its place."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:place] + (total ^ 0xFFFF).to_bytes(2, "big") + header[place + 2 :]


def _packet(at: int, packet: bytes, comment: str) -> bytes:
    head = struct.pack("<IIIII", 0, at >> 32, at & 0xFFFFFFFF, len(packet), len(packet))
    return _block(_PACKET, head + _padded(packet) + _options((_COMMENT, comment.encode(errors="replace"))))


def _options(*options: tuple[int, bytes]) -> bytes:
    parts = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(parts) + struct.pack("<HH", 0, 0)


def _block(type_: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", type_) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
