"""The protocol of NATS. What has a receipt is sent on connections that are `verbose`: each PUB is then confirmed by +OK."""

from __future__ import annotations

from .dialect import Dialect, Kind, LoadError, line_end

_KINDS = {
    b"PONG": Kind.READY,
    b"MSG ": Kind.DELIVERY,
    b"+OK\r": Kind.RECEIPT,
    b"PING": Kind.PROBE,
    b"INFO": Kind.NOTHING,
}


class Nats(Dialect):
    """NATS without echo of one's own messages, headers or authentication."""

    def greeting(self, name: str, channel: str = "", *, receipts: bool = False) -> bytes:
        connect = b'CONNECT {"verbose":%s,"pedantic":false}\r\n' % (b"true" if receipts else b"false")
        return connect + (b"SUB %s 1\r\n" % channel.encode() if channel else b"") + b"PING\r\n"

    def publish(self, number: int, channel: str, text: str) -> bytes:
        return b"PUB %s %d\r\n%s\r\n" % (channel.encode(), len(text), text.encode())

    def private(self, number: int, to: str, text: str) -> bytes:
        return self.publish(number, to, text)

    def end(self, data: bytes, at: int) -> int:
        end = line_end(data, at)
        if end and data.startswith(b"MSG ", at):
            end += int(data[at:end].split()[-1]) + 2
        return end if end <= len(data) else 0

    def kind(self, frame: bytes) -> Kind:
        kind = _KINDS.get(frame[:4])
        if kind is None:
            raise LoadError(f"the server sent {frame!r}")
        return kind

    def answer(self, frame: bytes) -> bytes:
        return b"PONG\r\n"
