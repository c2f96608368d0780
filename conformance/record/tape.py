"""What passed between clients and a server, as frames, in the one order in which the recorder saw it.

Bytes go in as they come, entries come out: whole frames with their messages, bytes that are no frame, ends of streams.
The invariant: an entry's `at` is its place in that order. So what a server sent at 7 cannot have been caused by what a
client sent at 8; and what came from a client at 8 was handled after whatever the server had told of at 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from impwire import messages as m
from impwire.codecs import CODECS, FRAME
from impwire.tables import Role
from impwire.wire import DecodeError, Message

#: A longer frame is none: what claims to be one is kept as bytes.
_LONGEST_FRAME = 16 * 1024 * 1024
_SHORTEST_FRAME = FRAME.header_size - FRAME.prefix_size
#: So many of the bytes that are no frame are kept; a server has refused them long before.
_KEPT = 16 * 1024
#: The fence of a connection that the client has ended: GOODBYE, or the end of the stream.
AT_END = -1


class What(StrEnum):
    """What an entry is."""

    OPENED = "connects"
    FRAME = "frame"
    #: Bytes that are no whole frame; of a server also a frame that cannot be read.
    BYTES = "bytes"
    ENDED = "ends stream"
    RESET = "resets"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One thing that one side of a connection did.

    `message` is None for a frame of a type that is not known, or that is malformed. `piece` tells which read of the
    network has completed it: frames of one piece came in one segment, as far as can be known.
    """

    at: int
    connection: int
    side: Role
    what: What
    data: bytes = b""
    message: Message | None = None
    piece: int = 0


@dataclass(eq=False)
class _Stream:
    """One direction of one connection."""

    buffer: bytearray = field(default_factory=bytearray)
    #: Nobody can know where the next frame begins, or nothing more counts.
    broken: bool = False


class Tape:
    """`tell` is called with each entry as it is made."""

    def __init__(self, tell: Callable[[Entry], None] = lambda entry: None) -> None:
        self.entries: list[Entry] = []
        #: The connections of which a sign is awaited that everything is on the tape: the request_id of a PING whose answer
        #: does not belong on it, or `AT_END`.
        self.fences: dict[int, int] = {}
        #: Those of which it never came: what they were sent last is not known.
        self.cut: set[int] = set()
        self._over: set[int] = set()
        self._tell = tell
        self._streams: dict[tuple[int, Role], _Stream] = {}
        self._connections = self._pieces = 0

    def opened(self) -> int:
        """A client has connected; returns the number of the connection, from 1."""
        self._connections += 1
        for side in Role:
            self._streams[self._connections, side] = _Stream()
        self._add(self._connections, Role.CLIENT, What.OPENED)
        return self._connections

    def received(self, connection: int, side: Role, data: bytes) -> None:
        """Bytes have come from this side."""
        stream = self._streams[connection, side]
        self._pieces += 1
        if stream.broken:
            return
        stream.buffer += data
        while (frame := self._next_frame(connection, side, stream)) is not None:
            self._frame(connection, side, frame)

    def ended(self, connection: int, side: Role, *, reset: bool = False) -> None:
        """This side has ended its stream, or reset the connection."""
        # What was left unfinished stands before the end, whichever side it was that ended.
        self._flush(connection, Role.CLIENT)
        if side is Role.SERVER:
            self._flush(connection, Role.SERVER)
            self._finished(connection)
        self._add(connection, side, What.RESET if reset else What.ENDED)

    def is_over(self, connection: int) -> bool:
        """Whether the server sends nothing more, or nothing more that can be read."""
        return connection in self._over

    def at_frame_boundary(self, connection: int) -> bool:
        """Whether the client could send a frame now."""
        stream = self._streams[connection, Role.CLIENT]
        return not stream.broken and not stream.buffer

    def _finished(self, connection: int) -> None:
        self._over.add(connection)
        self.fences.pop(connection, None)

    def _next_frame(self, connection: int, side: Role, stream: _Stream) -> bytes | None:
        buffer, size = stream.buffer, FRAME.prefix_size
        if stream.broken or len(buffer) < size:
            return None
        length = int.from_bytes(buffer[:size], "big")
        if not _SHORTEST_FRAME <= length <= _LONGEST_FRAME:
            self._flush(connection, side)
            return None
        if len(buffer) < size + length:
            return None
        frame = bytes(buffer[: size + length])
        del buffer[: size + length]
        return frame

    def _frame(self, connection: int, side: Role, frame: bytes) -> None:
        try:
            message = CODECS.decode(frame, unchecked=side is Role.CLIENT)
        except DecodeError:
            if side is Role.CLIENT:
                self._add(connection, side, What.FRAME, frame)
            else:
                self._streams[connection, side].broken = True
                self._finished(connection)
                self._add(connection, side, What.BYTES, frame)
            return
        if side is Role.SERVER:
            if connection in self.fences and self.fences[connection] == getattr(message, "request_id", 0):
                del self.fences[connection]
                return
            if isinstance(message, m.Goodbye):
                # Whatever the server did not wait for is what it refused, and nothing behind it counts.
                self._flush(connection, Role.CLIENT)
                self._finished(connection)
        self._add(connection, side, What.FRAME, frame, message)

    def _flush(self, connection: int, side: Role) -> None:
        """The bytes that wait for the end of their frame are an entry of their own, and the stream holds no frame more."""
        stream = self._streams[connection, side]
        if stream.buffer:
            self._add(connection, side, What.BYTES, bytes(stream.buffer[:_KEPT]))
            stream.buffer.clear()
            stream.broken = True

    def _add(self, connection: int, side: Role, what: What, data: bytes = b"", message: Message | None = None) -> None:
        entry = Entry(len(self.entries), connection, side, what, data, message, self._pieces)
        self.entries.append(entry)
        self._tell(entry)
