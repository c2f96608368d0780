"""The server's log (section 19): one line an event, gathered as it happens, and written in one go.

`add` only gathers, so a busy turn of the event loop costs one write. A log that cannot be written must not stop the chat:
the operator is told once, what could not be written is kept up to a bound, and what goes beyond it is counted.

The invariant: the file holds the lines in the order of the events. Where some are missing, a line says how many; one that
a full disk has cut short goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from .text import escaped, harmless

#: So many bytes at most are kept for a disk that does not take them.
HELD = 1 << 20
#: So many seconds a log that could not be written is left alone before it is tried again.
RETRY = 1.0

# Without O_NONBLOCK a pipe that nobody reads would hold up the whole chat.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY


class LogFile:
    """A log file, for one thread.

    `complain` takes a line for the operator. `size` is how many bytes the file may have before it is put away as
    `path.1` (0: any number); it takes more only if one turn has more. `keep` is how many of those there are at most.
    Raises OSError if the file cannot be opened.
    """

    def __init__(self, path: Path, complain: Callable[[str], None], size: int = 0, keep: int = 1) -> None:
        self._path, self._complain, self._limit, self._keep = path, complain, size, keep
        self._lines: list[str] = []
        self._second, self._prefix, self._zone = -1, "", ""
        self._held = bytearray()
        # How many lines found no room in what is held.
        self._missing = 0
        self._broken, self._retry_at = False, 0.0
        self._open()

    def add(self, wall: int, event: str, text: str) -> None:
        """Note one line. `wall` is in milliseconds since the epoch; foreign strings in `text` are escaped already."""
        second, millisecond = divmod(wall, 1000)
        if second != self._second:
            self._begin_second(second)
        self._lines.append(f"{self._prefix}{millisecond:03d}{self._zone} {event}: {text}\n")

    def failure(self, wall: int, text: str, error: BaseException | None = None) -> None:
        """Note a failure and what led to it. Each line of the traceback is an event of its own, so that it forges none."""
        if error is None:
            self.add(wall, "failure", text)
            return
        self.add(wall, "failure", f"{text}: {type(error).__name__}: {escaped(str(error))}")
        for line in "".join(traceback.format_exception(error)).splitlines():
            self.add(wall, "traceback", harmless(line))

    def flush(self) -> None:
        """Write what was gathered, in one go. Never raises, and never waits but for a disk."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        if self._broken and not self._mended():
            self._hold(lines)
            return
        self._held += _encoded(lines)
        self._drain()

    def close(self) -> None:
        """Write what is left, if that is possible, and close the file."""
        self._retry_at = 0.0
        self.flush()
        with contextlib.suppress(OSError):  # A file system on a network may tell only now that it is full.
            os.close(self._file)

    def _begin_second(self, second: int) -> None:
        stamp = datetime.fromtimestamp(second).astimezone().isoformat()
        self._second, self._prefix, self._zone = second, f"{stamp[:19]}.", stamp[19:]

    # -- a disk that takes nothing -------------------------------------------------------------------------------

    def _drain(self) -> bool:
        """Write what is held; returns whether all of it is out."""
        try:
            self._make_room()
            while self._held:
                written = os.write(self._file, self._held)
                self._size += written
                del self._held[:written]
        except OSError as error:
            self._retry_at = time.monotonic() + RETRY
            if not self._broken:
                self._broken = True
                self._complain(
                    f"the log {self._path} cannot be written: {error.strerror}; the chat goes on without it, "
                    "and the log once there is room again"
                )
            return False
        return True

    def _mended(self) -> bool:
        """Whether a log that could not be written can be written again; tried once in a while."""
        if time.monotonic() < self._retry_at or not self._drain():
            return False
        gap = f"{self._missing} lines are missing here" if self._missing else "no line is missing"
        self._complain(f"the log {self._path} is written again; {gap.removesuffix(' here')}")
        self._broken = False
        if self._missing:
            self._held += _encoded([f"{self._prefix}000{self._zone} gap: {gap}\n"])
            self._missing = 0
        return True

    def _hold(self, lines: list[str]) -> None:
        data = _encoded(lines)
        # Behind a gap nothing is kept, since it would stand before it.
        if self._missing or len(self._held) + len(data) > HELD:
            self._missing += len(lines)
        else:
            self._held += data

    # -- the file ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Open the file, or make it. Raises OSError; what was open before then stays open."""
        file = os.open(self._path, _FLAGS, 0o666)
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            self._limit = 0  # Only a file can be put away.
        self._file, self._size, self._identity = file, status.st_size, (status.st_dev, status.st_ino)
        #: The size at which the file is put away.
        self._full_at = self._limit
        self._looked = self._second

    def _make_room(self) -> None:
        """Begin a new file if this one has been moved away, or is full."""
        if self._second != self._looked:
            self._looked = self._second
            self._follow()
        if self._limit and self._size and self._size + len(self._held) > self._full_at:
            try:
                self._put_away()
                self._reopen()
            except OSError as error:
                # Better one file that is too large than none: it is tried again after as much as it may have.
                self._full_at = self._size + self._limit
                self._complain(f"the log {self._path} is full and cannot be put away: {error.strerror}; it grows on")

    def _follow(self) -> None:
        """If another program has moved or removed the file, as logrotate does, begin a new one; looked at each second."""
        try:
            status = os.stat(self._path)
            moved = (status.st_dev, status.st_ino) != self._identity
        except FileNotFoundError:
            moved = True
        except OSError:
            return
        if moved:
            with contextlib.suppress(OSError):  # The old one is still there to be written.
                self._reopen()

    def _put_away(self) -> None:
        names = [self._path, *(Path(f"{self._path}.{number}") for number in range(1, self._keep + 1))]
        for newer, older in reversed(list(itertools.pairwise(names))):
            with contextlib.suppress(FileNotFoundError):
                os.replace(newer, older)

    def _reopen(self) -> None:
        before = self._file
        self._open()
        os.close(before)


def _encoded(lines: list[str]) -> bytes:
    return "".join(lines).encode("utf-8", "backslashreplace")
