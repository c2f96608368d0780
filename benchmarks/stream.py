"""The stream path: bytes in pieces into a `Connection`, events out, against the bare decoder of the same frames."""

from __future__ import annotations

from collections.abc import Hashable

from impwire import Connection, Extension, Received, Role
from impwire.codecs import decode_chat, encode_chat, encode_welcome
from impwire.messages import Chat, Hello, Welcome

from .peers.imp import make_chat, make_welcome
from .peers.samples import SAMPLES
from .rounds import Cell, Measured, cell, measure

_ROUNDS = 21
_ROUNDS_BYTEWISE = 5
_CHUNK = 1460
_FRAMES = 2000
_FRAMES_AT_ONCE = 10_000
#: Ignorable extensions of a frame that comes a byte at a time, and their size.
_EXTENSION = 50_000
_FEW, _MANY = 1, 4

_BARE = "for frame in frames: decode(frame)"
_STREAM = """
for piece in pieces:
    receive(piece)
    while next_event() is not None:
        pass
"""


def run() -> dict[str, float]:
    """Ratios by what they say."""
    chat = encode_chat(make_chat(*SAMPLES["CHAT"]))
    data = chat * _FRAMES
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    cells: dict[Hashable, Cell] = {
        "bare": cell(_BARE, frames=[chat] * _FRAMES, decode=decode_chat),
        "chunks": _fed(chunks, _FRAMES),
        "at once": _fed([chat * _FRAMES_AT_ONCE], _FRAMES_AT_ONCE),
    }
    measured = measure("stream", cells, _ROUNDS)
    bytewise = _bytewise()
    return {
        "chunks": measured.ratio("chunks", "bare"),
        "at once": measured.ratio("at once", "chunks") * _FRAMES / _FRAMES_AT_ONCE,
        "bytewise": bytewise.ratio(_MANY, _FEW) * len(_long_frame(_FEW)) / len(_long_frame(_MANY)),
    }


def _bytewise() -> Measured:
    cells: dict[Hashable, Cell] = {}
    for count in (_FEW, _MANY):
        frame = _long_frame(count)
        cells[count] = _fed([frame[at : at + 1] for at in range(len(frame))], 1)
    return measure("stream, a byte at a time", cells, _ROUNDS_BYTEWISE)


def _long_frame(extensions: int) -> bytes:
    chat: Chat = make_chat(*SAMPLES["CHAT"])
    chat.extensions = tuple(Extension(2 * number + 2, bytes(_EXTENSION)) for number in range(extensions))
    return encode_chat(chat)


def _fed(pieces: list[bytes], frames: int) -> Cell:
    """A cell that feeds the pieces, which hold so many frames, to a client in state ACTIVE."""
    connection = active_client()
    events = 0
    for piece in pieces:
        connection.receive_data(piece)
        while connection.next_event() is not None:
            events += 1
    assert events == frames
    assert not connection.unfinished
    return cell(_STREAM, pieces=pieces, receive=connection.receive_data, next_event=connection.next_event)


def active_client() -> Connection:
    """A client that has been welcomed, with the greatest max_frame."""
    connection = Connection(Role.CLIENT)
    connection.send(Hello(request_id=1, min_version=0x0100, max_version=0x0100, capabilities=0, name="ann"))
    welcome: Welcome = make_welcome(*SAMPLES["WELCOME"])
    welcome.max_frame = 1 << 20
    connection.receive_data(encode_welcome(welcome))
    assert isinstance(connection.next_event(), Received)
    return connection
