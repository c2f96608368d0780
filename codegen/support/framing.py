"""From a stream in pieces of any size to whole frames.

The invariant: the length of the next frame is judged before more of the stream is asked for, so that no more is held than
one frame of the size allowed and the piece fed last. What is left of a piece is copied only to join it with the next.
"""

from __future__ import annotations

import struct
from typing import NoReturn

from .codec import Codecs
from .wire import FramingError, Message


class FrameDecoder:
    """Cuts a byte stream into frames.

    Feed it with `feed`, then call `next_frame` or `next_message` until it returns None. `max_length` is the greatest length
    accepted, in bytes behind the length field, and may be changed between two frames.
    """

    __slots__ = (
        "_beginning",
        "_broken",
        "_buffer",
        "_codecs",
        "_last",
        "_layout",
        "_length",
        "_length_at",
        "_minimum",
        "_more",
        "_prefix",
        "_size",
        "_start",
        "max_length",
    )

    def __init__(self, codecs: Codecs, max_length: int) -> None:
        self.max_length = max_length
        self._codecs, self._layout = codecs, codecs.layout
        self._prefix = self._layout.prefix_size
        self._minimum = self._layout.header_size - self._prefix
        self._length_at = self._layout.offset_of("length")
        self._length = struct.Struct(self._layout.length_format).unpack_from
        self._beginning = self._layout.beginning
        self.clear()

    def clear(self) -> None:
        """Drop what is held, and begin anew."""
        self._hold(b"")
        # What came while the buffer had the beginning of a frame. It is joined when it holds the rest.
        self._more = bytearray()
        self._broken: FramingError | None = None

    def _hold(self, buffer: bytes) -> None:
        """Cut this from now on. Its size, and the last place at which a length can be read, are asked for at each frame."""
        self._buffer, self._start, self._size = buffer, 0, len(buffer)
        self._last = self._size - self._prefix

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the stream, any number of them."""
        if self._broken is not None:
            return
        if self._start == self._size and not self._more:
            self._hold(data if isinstance(data, bytes) else bytes(memoryview(data)))
        else:
            self._more += data

    @property
    def unfinished(self) -> bool:
        """Whether the beginning of a frame is here and its end is not (once `next_frame` has returned None)."""
        return self._size - self._start + len(self._more) > 0

    def next_frame(self) -> bytes | None:
        """The next whole frame, or None if more bytes are needed.

        Raises `FramingError` for a length that is not allowed, with the protocol's code for frames that are too large or
        for what is malformed, and for a frame that does not begin as all do. There is no way to go on behind it: from
        then on nothing is taken, and each call raises it, until `clear` is called.
        """
        start = self._start
        if start > self._last:
            if not self._gather(self._prefix):
                return None
            start = 0
        (length,) = self._length(self._buffer, start)
        if not self._minimum <= length <= self.max_length or (
            self._beginning and not self._buffer.startswith(self._beginning, start)
        ):
            self._refuse(length)
        end = start + self._prefix + length
        if end > self._size:
            if not self._gather(end - start):
                return None
            start, end = 0, end - start
        self._start = end
        return self._buffer[start:end]

    def next_message(self) -> Message | None:
        """The next message, or None if more bytes are needed.

        Raises `FramingError` as `next_frame` does. Any other `DecodeError` is about one frame, which is taken from the
        stream; the next call reads the one behind it.
        """
        frame = self.next_frame()
        return None if frame is None else self._codecs.decode(frame)

    def _gather(self, needed: int) -> bool:
        """Whether that many bytes are here. The buffer then begins with them, otherwise with what is left of it."""
        if self._broken is not None:
            raise self._broken.with_traceback(None)
        enough = self._size - self._start + len(self._more) >= needed
        rest = self._buffer[self._start :]
        if enough:
            rest += self._more
            self._more = bytearray()
        self._hold(rest)
        return enough

    def _refuse(self, length: int) -> NoReturn:
        head = self._buffer[self._start : self._start + self._layout.header_size]
        error = self._layout.misfit(head)
        code, reason = self._layout.malformed, f"a length of {length} is less than the header's {self._minimum}"
        if length > self.max_length:
            code, reason = self._layout.too_large, f"a length of {length} is more than {self.max_length}"
        self.clear()
        self._broken = error or FramingError(code, reason, offset=self._length_at, data=head)
        raise self._broken
