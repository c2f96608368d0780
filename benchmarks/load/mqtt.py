"""MQTT 3.1.1: QoS 0 for what goes to all; for something private QoS 1, which has a receipt, delivered at QoS 0."""

from __future__ import annotations

from .dialect import Dialect, Kind, LoadError

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 0x10, 0x20, 0x30, 0x40
_SUBSCRIBE, _SUBACK, _PINGREQ, _PINGRESP = 0x82, 0x90, 0xC0, 0xD0
_CLEAN_SESSION = 0x02
_QOS_1 = 0x02

_KINDS = {
    _CONNACK: Kind.NOTHING,
    _SUBACK: Kind.NOTHING,
    _PINGRESP: Kind.READY,
    _PUBLISH: Kind.DELIVERY,
    _PUBACK: Kind.RECEIPT,
}


class Mqtt(Dialect):
    """MQTT with clean sessions and without keepalive."""

    def greeting(self, name: str, channel: str = "", *, receipts: bool = False) -> bytes:
        connect = _packet(_CONNECT, _string("MQTT") + bytes([4, _CLEAN_SESSION, 0, 0]) + _string(name))
        subscribe = _packet(_SUBSCRIBE, b"\0\1" + _string(channel) + b"\0") if channel else b""
        return connect + subscribe + _packet(_PINGREQ, b"")

    def publish(self, number: int, channel: str, text: str) -> bytes:
        return _packet(_PUBLISH, _string(channel) + text.encode())

    def private(self, number: int, to: str, text: str) -> bytes:
        return _packet(_PUBLISH | _QOS_1, _string(to) + number.to_bytes(2, "big") + text.encode())

    def end(self, data: bytes, at: int) -> int:
        size, shift, index = 0, 0, at + 1
        while index < len(data):
            byte, index = data[index], index + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return index + size if index + size <= len(data) else 0
        return 0

    def kind(self, frame: bytes) -> Kind:
        kind = _KINDS.get(frame[0] & 0xF0)
        refused = (kind is Kind.NOTHING) and frame[-1] >= (0x80 if frame[0] == _SUBACK else 1)
        if kind is None or refused:
            raise LoadError(f"the server sent {frame!r}")
        return kind


def _packet(kind: int, body: bytes) -> bytes:
    assert len(body) < 0x80, "a longer length takes a second byte"
    return bytes([kind, len(body)]) + body


def _string(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()
