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
from typing import TextIO

from .display import Show, harmless, place
from .effects import Happening
from .talk import Settings, Talk, Tell

#: Bytes of a line that are kept. What is longer is refused as a text anyway, and must not fill the memory.
LONGEST_LINE = 65536

_PIECE = 65536


class LineSplitter:
    """Cuts bytes into lines at each line feed, with or without a carriage return in front of it.

    The byte order mark with which some editors begin a file belongs to no line.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_first = True

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
        if self._is_first:
            self._is_first = False
            line = line.removeprefix("\ufeff")
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
    if file is None:
        return
    rest = memoryview(line.encode("utf-8", "backslashreplace") + b"\n")
    try:
        while rest:  # Without a buffer (PYTHONUNBUFFERED), a signal cuts what is written.
            rest = rest[file.buffer.write(rest) :]
        file.buffer.flush()
    except (OSError, KeyboardInterrupt):
        abandon(file)
        raise


def tell_lines(_: Happening | None, show: Show | None) -> None:
    """Show each line that there is for people."""
    if show is not None:
        write(show.stream, show.line)


def run(settings: Settings, tell: Tell = tell_lines) -> int:
    """Talk until the end and return the exit code."""
    try:
        return asyncio.run(_talk(settings, tell))
    except OSError as error:
        where, why = place(settings.host, settings.port), error.strerror or str(error)
        with suppress(OSError):
            write("error", f"{where}: Cannot write the output: {harmless(why).lower()}.")  # CLIENT-7
        return 1


async def _talk(settings: Settings, tell: Tell) -> int:
    return await Talk(settings, tell, waits=True).run(input_lines())


def abandon(file: TextIO) -> None:
    """Nobody reads this file, nor what leads to the same place. What is still buffered, and what is written yet, goes nowhere;
    the interpreter would otherwise wait or complain as it flushes it."""
    streams = [stream.fileno() for stream in (sys.stdout, sys.stderr) if stream is not None]
    unread = [stream for stream in streams if os.path.sameopenfile(stream, file.fileno())]
    with open(os.devnull, "wb") as nowhere:
        for stream in unread:
            os.dup2(nowhere.fileno(), stream)
