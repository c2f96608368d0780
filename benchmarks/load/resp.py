"""RESP, the protocol of Redis: PUBLISH is answered by the number of receivers, whether it goes to many or to one."""

from __future__ import annotations

from .dialect import Dialect, Kind, LoadError, line_end

_SUBSCRIBED, _MESSAGE = b"*3\r\n$9\r\nsubscribe", b"*3\r\n$7\r\nmessage"
_LINES_OF_SUBSCRIBED = 6


class Resp(Dialect):
    """RESP 2."""

    confirms = True

    def greeting(self, name: str, channel: str = "", *, receipts: bool = False) -> bytes:
        return _command("SUBSCRIBE", channel) if channel else _command("PING")

    def publish(self, number: int, channel: str, text: str) -> bytes:
        return _command("PUBLISH", channel, text)

    def private(self, number: int, to: str, text: str) -> bytes:
        return self.publish(number, to, text)

    def end(self, data: bytes, at: int) -> int:
        if data[at : at + 1] != b"*":
            return line_end(data, at)
        end = at
        # An array of three: its length, two strings with theirs, and a number or a third string.
        for _ in range(_LINES_OF_SUBSCRIBED if data[at:].startswith(_SUBSCRIBED) else 7):
            end = line_end(data, end)
            if not end:
                return 0
        return end

    def kind(self, frame: bytes) -> Kind:
        if frame[:1] == b":":
            return Kind.RECEIPT
        if frame.startswith(_MESSAGE):
            return Kind.DELIVERY
        if frame.startswith(_SUBSCRIBED) or frame == b"+PONG\r\n":
            return Kind.READY
        raise LoadError(f"the server sent {frame!r}")


def _command(*words: str) -> bytes:
    return f"*{len(words)}\r\n".encode() + b"".join(f"${len(word)}\r\n{word}\r\n".encode() for word in words)
