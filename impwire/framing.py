"""From a stream in pieces of any size to whole frames.

The invariant: a length is judged as soon as it is known, before a byte behind it is kept (FRAME-3), so that no more is held
than one frame of the size allowed and the piece fed last. A piece is copied once at most, whatever comes after it.
"""

from __future__ import annotations

import struct

from .codecs import FRAME, decode
from .tables import MAX_FRAME_BEFORE_WELCOME
from .wire import DecodeError, Message

_PREFIX = FRAME.prefix_size
_MINIMUM = FRAME.header_size - _PREFIX
_length = struct.Struct(">I").unpack_from


class FrameDecoder:
    """Cuts a byte stream into frames (section 4).

    Feed it with `feed`, then call `next_frame` or `next_message` until it returns None. `max_frame` is the greatest length
    accepted, in bytes behind the length field, and may be changed between two frames.
    """

    def __init__(self, max_frame: int = MAX_FRAME_BEFORE_WELCOME) -> None:
        self.max_frame = max_frame
        self.clear()

    def clear(self) -> None:
        """Drop what is held: after GOODBYE nothing counts any more (STATE-5)."""
        self._buffer, self._start = b"", 0
        # What came while the buffer had the beginning of a frame. It is joined when it holds the rest.
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._needed = _PREFIX

    def feed(self, data: bytes) -> None:
        """Take bytes from the stream, any number of them."""
        if self._start == len(self._buffer) and not self._pieces:
            self._buffer, self._start = bytes(data), 0
        else:
            self._pieces.append(bytes(data))
            self._waiting += len(data)

    @property
    def unfinished(self) -> bool:
        """Whether the beginning of a frame is here and its end is not (once `next_frame` has returned None)."""
        return len(self._buffer) - self._start + self._waiting > 0

    def next_frame(self) -> bytes | None:
        """The next whole frame, or None if more bytes are needed.

        Raises `DecodeError` with FRAME_TOO_LARGE or MALFORMED for a length that is not allowed (FRAME-2, FRAME-4). There
        is no way to go on behind it.
        """
        if len(self._buffer) - self._start < self._needed and not self._gather():
            return None
        start = self._start
        (length,) = _length(self._buffer, start)
        if not _MINIMUM <= length <= self.max_frame:
            self._refuse(length)
        end = start + _PREFIX + length
        if end > len(self._buffer):
            self._needed = end - start
            if not self._gather():
                return None
            start, end = 0, self._needed
        self._needed = _PREFIX
        self._start = end
        return self._buffer[start:end]

    def next_message(self) -> Message | None:
        """The next message, or None if more bytes are needed. Raises `DecodeError`."""
        frame = self.next_frame()
        return None if frame is None else decode(frame)

    def _gather(self) -> bool:
        """Whether what is needed is here. The buffer then begins with it, otherwise with what is left of it."""
        enough = len(self._buffer) - self._start + self._waiting >= self._needed
        rest = self._buffer[self._start :]
        if enough:
            rest = b"".join((rest, *self._pieces))
            self._pieces, self._waiting = [], 0
        self._buffer, self._start = rest, 0
        return enough

    def _refuse(self, length: int) -> None:
        head = self._buffer[self._start : self._start + FRAME.header_size]
        if length > self.max_frame:
            reason = f"a length of {length} is more than {self.max_frame}"
            raise DecodeError("FRAME_TOO_LARGE", reason, offset=0, data=head)
        reason = f"a length of {length} is less than the header's {_MINIMUM}"
        raise DecodeError("MALFORMED", reason, offset=0, data=head)
