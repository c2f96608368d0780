"""From a stream in pieces of any size to whole frames.

The invariant: a length is judged as soon as it is known, before a byte behind it is kept (FRAME-3), so the buffer never
holds more than one frame of the size allowed and the piece fed last.
"""

from __future__ import annotations

from .codecs import FRAME, decode
from .tables import MAX_FRAME_BEFORE_WELCOME
from .wire import DecodeError, Message

_PREFIX = FRAME.prefix_size
_MINIMUM = FRAME.header_size - _PREFIX


class FrameDecoder:
    """Cuts a byte stream into frames (section 4).

    Feed it with `feed`, then call `next_frame` or `next_message` until it returns None. `max_frame` is the greatest length
    accepted, in bytes behind the length field, and may be changed between two frames.
    """

    def __init__(self, max_frame: int = MAX_FRAME_BEFORE_WELCOME) -> None:
        self.max_frame = max_frame
        self._buffer = bytearray()
        self._start = 0

    def feed(self, data: bytes) -> None:
        """Take bytes from the stream, any number of them."""
        if self._start:
            del self._buffer[: self._start]
            self._start = 0
        self._buffer += data

    @property
    def unfinished(self) -> bool:
        """Whether the beginning of a frame is here and its end is not (once `next_frame` has returned None)."""
        return len(self._buffer) > self._start

    def clear(self) -> None:
        """Drop what is buffered: after GOODBYE nothing counts any more (STATE-5)."""
        self._buffer.clear()
        self._start = 0

    def next_frame(self) -> bytes | None:
        """The next whole frame, or None if more bytes are needed.

        Raises `DecodeError` with FRAME_TOO_LARGE or MALFORMED for a length that is not allowed (FRAME-2, FRAME-4). There
        is no way to go on behind it.
        """
        start, available = self._start, len(self._buffer) - self._start
        if available < _PREFIX:
            return None
        length = int.from_bytes(self._buffer[start : start + _PREFIX], "big")
        if length > self.max_frame:
            raise DecodeError("FRAME_TOO_LARGE", f"a length of {length} is more than {self.max_frame}", offset=0)
        if length < _MINIMUM:
            raise DecodeError("MALFORMED", f"a length of {length} is less than the header's {_MINIMUM}", offset=0)
        end = start + _PREFIX + length
        if end > len(self._buffer):
            return None
        self._start = end
        return bytes(self._buffer[start:end])

    def next_message(self) -> Message | None:
        """The next message, or None if more bytes are needed. Raises `DecodeError`."""
        frame = self.next_frame()
        return None if frame is None else decode(frame)
