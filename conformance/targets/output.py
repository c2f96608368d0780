"""What a program under test writes: read as it comes, so that the program can never block on it, and bounded.

A thread reads whenever there is something; whoever wants to know what was written reads along, so that all that the
program had written before it was asked is there. Only the last part is kept: a program that writes without end costs
no memory and no disk.
"""

from __future__ import annotations

import os
import select
import threading
import time

#: Bytes that are kept.
KEPT = 256 * 1024
_CHUNK = 64 * 1024
#: Milliseconds after which the thread looks whether anybody still wants it to read.
_GLANCE = 1000


class Output:
    """The reading end of a pipe, which it owns."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._text = bytearray()
        #: Bytes that were written in all, and bytes that `next_line` has passed.
        self._total = self._passed = 0
        self._ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._follow, daemon=True, name="output of a target").start()

    def _follow(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN | select.POLLHUP)
        while not self._ended:
            if poll.poll(_GLANCE):
                with self._changed:
                    self._read()

    def _read(self) -> None:
        """Take what there is, for a while. To be called with the lock held."""
        for _ in range(KEPT // _CHUNK):
            if self._ended:
                return
            try:
                data = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                self._end()
                return
            self._text += data
            self._total += len(data)
            del self._text[:-KEPT]
            self._changed.notify_all()

    def _end(self) -> None:
        self._ended = True
        os.close(self._fd)
        self._changed.notify_all()

    def close(self) -> None:
        """Read what is still there, and no more."""
        with self._changed:
            self._read()
            if not self._ended:
                self._end()

    def text(self, since: int = 0) -> str:
        """What is kept of all that has been written by now, without the first `since` bytes."""
        with self._changed:
            self._read()
            begin = max(0, since - (self._total - len(self._text)))
            return self._text[begin:].decode(errors="replace")

    def total(self) -> int:
        """How many bytes have been written by now."""
        with self._changed:
            self._read()
            return self._total

    def next_line(self, timeout: float) -> str | None:
        """The next line without its end; None if none comes within `timeout` seconds, or at the end of the output.

        Raises OverflowError if the program has written more than is kept before it was read.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            self._read()
            while True:
                begin = self._passed - (self._total - len(self._text))
                if begin < 0:
                    raise OverflowError
                end = self._text.find(b"\n", begin)
                if end >= 0:
                    break
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    return None
                self._changed.wait(left)
            self._passed += end + 1 - begin
            return self._text[begin:end].decode(errors="replace").removesuffix("\r")
