"""The operator's console on plain lines: standard input and output, whatever they are.

Reading and writing have a thread each, so a console that nobody reads, or that types without end, holds up nobody's chat. A
line is taken when the one before it has been dealt with and its answers have been written, which bounds what waits.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import queue
import select
import sys
import threading
from collections.abc import Callable
from typing import Protocol

#: Hands a line to the server; what comes back is done when the line has been dealt with. Raises RuntimeError after the end.
Enter = Callable[[str], "concurrent.futures.Future[None]"]

#: So many bytes a line may have. No command needs as many.
LONGEST = 65536

# Bytes read at once. Few, since the room for them is taken before they are there, and what is given back of it again and
# again would leave holes in the memory of this thread.
_READ = 448

# How many lines may wait to be written before another one is read; and at all, where nobody reads them.
_ROOM, _MOST = 1000, 100_000


class OperatorEdge(Protocol):
    """Where the operator is."""

    def start(self) -> None:
        """Begin to read."""

    def say(self, line: str) -> None:
        """Show a line, in order, from any thread and without waiting."""

    def close(self) -> bool:
        """Show what is left, for a while at most, and leave everything as it was found.

        Returns whether Python can end as usual: whether no thread hangs in what Python itself needs.
        """

    def restore(self) -> None:
        """Leave everything as it was found, at once: the process ends."""


class Pipe:
    """Lines from standard input if it `reads`, and to standard output. The end of the input changes nothing (OP-12)."""

    def __init__(self, enter: Enter, *, reads: bool = True) -> None:
        self._enter, self._reads = enter, reads
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._waiting = self._missing = 0
        self._writer = threading.Thread(target=self._write, daemon=True, name="console output")
        self._encoding = getattr(sys.stdout, "encoding", None) or "utf-8"

    def start(self) -> None:
        """Begin to write, and to read."""
        self._writer.start()
        if self._reads:
            threading.Thread(target=self._read, daemon=True, name="console input").start()
        else:
            self.say("in the background: nothing that is typed is read here; SIGTERM stops the server")

    def say(self, line: str) -> None:
        """Show a line."""
        with self._room:
            if self._waiting >= _MOST:
                self._missing += 1
                return
            if self._missing:
                line = f"({self._missing} lines were left out here, since nobody read them)\n{line}"
                self._missing = 0
            self._waiting += 1
        self._lines.put(line)

    def close(self) -> bool:
        """Show what is left, for a second at most."""
        self._lines.put(None)
        if self._writer.ident is not None:
            self._writer.join(1.0)
        return True

    def restore(self) -> None:
        """There is nothing to restore."""

    # -- output --------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        """It writes to the descriptor itself: a thread that waits inside sys.stdout would hold its lock at the end."""
        usable = True
        while (line := self._lines.get()) is not None:
            if usable:
                usable = self._write_all(f"{line}\n".encode(self._encoding, "backslashreplace"))
            with self._room:
                self._waiting -= 1
                self._room.notify()

    @staticmethod
    def _write_all(data: bytes) -> bool:
        """Whether anybody is there to read it; that nobody is must not stop the server."""
        while data:
            try:
                data = data[os.write(1, data) :]
            except BlockingIOError:
                select.select([], [1], [])
            except OSError:
                return False
        return True

    # -- input ---------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """The descriptor itself, for the same reason as in `_write`."""
        rest, skipping = b"", False
        while data := _read_some():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if not skipping and not self._deal_with(line):
                    return
                skipping = False
            if len(rest) > LONGEST:
                if not skipping:
                    self.say(f"a line of more than {LONGEST} bytes is no command")
                rest, skipping = b"", True
        if rest and not skipping:
            self._deal_with(rest)

    def _deal_with(self, line: bytes) -> bool:
        """Hand a line in and wait until that is done; returns whether the server is still there."""
        try:
            self._enter(line.decode(errors="surrogateescape")).result()
        except (RuntimeError, concurrent.futures.CancelledError):
            return False
        with self._room:
            self._room.wait_for(lambda: self._waiting < _ROOM)
        return True


def _read_some() -> bytes:
    """Some bytes of standard input, or nothing at its end."""
    while True:
        try:
            data = os.read(0, _READ)
        except BlockingIOError:
            select.select([0], [], [])
            continue
        except OSError:
            return b""
        # Ctrl-D at a terminal is no end: the next line can still be typed, unless the terminal is gone.
        if data or not os.isatty(0) or hung_up():
            return data


def hung_up() -> bool:
    """Whether the terminal at standard input has been closed."""
    waiting = select.poll()
    waiting.register(0, 0)
    with contextlib.suppress(OSError):
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in waiting.poll(0))
    return True
