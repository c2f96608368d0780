"""IMP: everyone is in one room, so there are no channels; something private goes to a name."""

from __future__ import annotations

from impwire.codecs import decode, encode
from impwire.messages import Chat, Hello, Joined, Ok, Ping, Pm, Pong, Say, Welcome, Whisper

from .dialect import Dialect, Kind, LoadError

_VERSION = 0x0100
_TYPE_AT = 4
_KINDS = {
    Welcome.TYPE: Kind.READY,
    Joined.TYPE: Kind.JOIN,
    Chat.TYPE: Kind.DELIVERY,
    Whisper.TYPE: Kind.DELIVERY,
    Ok.TYPE: Kind.RECEIPT,
    Ping.TYPE: Kind.PROBE,
}


class Imp(Dialect):
    """The Instant Messenger Protocol."""

    announces_joins = True
    confirms = True

    def greeting(self, name: str, channel: str = "", *, receipts: bool = False) -> bytes:
        return encode(Hello(request_id=1, min_version=_VERSION, max_version=_VERSION, capabilities=0, name=name))

    def publish(self, number: int, channel: str, text: str) -> bytes:
        return encode(Say(request_id=number, text=text))

    def private(self, number: int, to: str, text: str) -> bytes:
        return encode(Pm(request_id=number, to=to, text=text))

    def end(self, data: bytes, at: int) -> int:
        if len(data) - at < _TYPE_AT:
            return 0
        end = at + _TYPE_AT + int.from_bytes(data[at : at + _TYPE_AT], "big")
        return end if end <= len(data) else 0

    def kind(self, frame: bytes) -> Kind:
        kind = _KINDS.get(frame[_TYPE_AT])
        if kind is None:
            raise LoadError(f"the server sent {decode(frame)}")
        return kind

    def answer(self, frame: bytes) -> bytes:
        ping = decode(frame)
        assert isinstance(ping, Ping)
        return encode(Pong(request_id=ping.request_id, nonce=ping.nonce))
