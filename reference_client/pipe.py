"""The client between programs: lines from standard input, lines to standard output, both UTF-8 whatever the locale.

`LineSplitter` turns pieces of bytes into lines; `input_lines` reads those pieces from a pipe, a file or /dev/null. The
invariant: a line that was shown has left this program before the next thing happens (CLIENT-4).
"""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from .display import Show
from .effects import Happening
from .talk import Settings, Talk, Tell

#: Bytes of a line that are kept. What is longer is refused as a text anyway, and must not fill the memory.
LONGEST_LINE = 65536

_PIECE = 65536


class LineSplitter:
    """Cuts bytes into lines at each line feed, with or without a carriage return in front of it."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[str]:
        """The lines that end in this piece."""
        *ends, rest = piece.split(b"\n")
        lines = []
        for end in ends:
            self._keep(end)
            lines.append(self._line())
        self._keep(rest)
        return lines

    def finish(self) -> list[str]:
        """The last line, if the input ended without a line feed."""
        return [self._line()] if self._rest else []

    def _keep(self, piece: bytes) -> None:
        self._rest += piece[: LONGEST_LINE - len(self._rest)]

    def _line(self) -> str:
        # What was cut may end inside a character, which is no fault of whoever typed it (CLIENT-1).
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        line = decoder.decode(self._rest.removesuffix(b"\r"), final=len(self._rest) < LONGEST_LINE)
        self._rest.clear()
        return line


async def input_lines() -> AsyncIterator[str]:
    """The lines of standard input. Raises OSError if it cannot be read.

    A thread reads, because files and pipes differ in how an event loop can wait for them. It is a daemon, since it may
    wait for ever, and it reads from the file descriptor: a lock on sys.stdin would be in the way of the interpreter's end.
    """
    if sys.stdin is None:
        return
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes | OSError] = asyncio.Queue()
    taken = threading.Semaphore()
    threading.Thread(target=_read, args=(sys.stdin.fileno(), loop, pieces, taken), daemon=True).start()
    splitter = LineSplitter()
    while piece := await pieces.get():
        if isinstance(piece, OSError):
            raise piece
        for line in splitter.feed(piece):
            yield line
        taken.release()
    for line in splitter.finish():
        yield line


def _read(
    descriptor: int,
    loop: asyncio.AbstractEventLoop,
    pieces: asyncio.Queue[bytes | OSError],
    taken: threading.Semaphore,
) -> None:
    """Hand each piece to the loop, an empty one at the end, and none before the last one was taken."""
    piece: bytes | OSError = b"?"
    with suppress(RuntimeError):  # The loop has ended meanwhile.
        while piece and not isinstance(piece, OSError):
            taken.acquire()
            try:
                piece = os.read(descriptor, _PIECE)
            except OSError as error:
                piece = error
            loop.call_soon_threadsafe(pieces.put_nowait, piece)


def write(stream: str, line: str) -> None:
    """Write a line at once to the stream 'output' or 'error'. Raises OSError if nobody can read it any more."""
    file = sys.stderr if stream == "error" else sys.stdout
    if file is not None:
        file.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        file.buffer.flush()


def tell_lines(_: Happening | None, show: Show | None) -> None:
    """Show each line that there is for people."""
    if show is not None:
        write(show.stream, show.line)


def run(settings: Settings, tell: Tell = tell_lines) -> int:
    """Talk until the end and return the exit code."""
    try:
        return asyncio.run(_talk(settings, tell))
    except BrokenPipeError:
        _abandon_output()
        return 1
    except OSError as error:
        _abandon_output()
        with suppress(OSError):
            write("error", f"Cannot write the output: {error.strerror or error}.")
        return 1


async def _talk(settings: Settings, tell: Tell) -> int:
    return await Talk(settings, tell, waits=True).run(input_lines())


def _abandon_output() -> None:
    """Whatever is still buffered has no reader; without this the interpreter would complain as it flushes it."""
    if sys.stdout is not None:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
