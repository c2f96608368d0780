"""The ban file: read at the start, replaced as a whole at each change, so that a sudden end leaves the old or the new.

A disk can take its time, and the chat must not wait for it: one thread stores, in order. What the operator is told after a
change is held back until the change is safe, so a ban that the console has confirmed survives whatever comes (OP-4).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from .bans import Ban, BanList, ban_from_plain, to_plain


class UnusableBans(Exception):
    """The ban file cannot be used; the text says why and what to do. The file is left as it is."""


def load_bans(path: Path) -> BanList:
    """The bans in the file; none if there is no file. Raises `UnusableBans`, also if none could be stored later."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnusableBans(f"{path}: not a file; name another with --bans")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = "[]"
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableBans(
            f"{path}: cannot be read: {_why(error)}; mend it, or name another file with --bans"
        ) from None
    try:
        values = json.loads(text)
        if not isinstance(values, list):
            raise ValueError("expected a list")
        bans = BanList(ban_from_plain(value) for value in values)
    except (ValueError, RecursionError) as error:
        raise UnusableBans(
            f"{path}: not a list of bans: {error}; mend it, or move it away to start without bans"
        ) from None
    try:
        _temporary(path.resolve(), "try").unlink()
    except OSError as error:
        raise UnusableBans(
            f"{path}: no ban could be stored there: {_why(error)}; mend the folder, or name another file with --bans"
        ) from None
    return bans


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def store_bans(path: Path, bans: Iterable[Ban]) -> None:
    """Replace the file. Raises OSError; the old file then still stands, or the new one does, whole."""
    path = path.resolve()
    lines = ",\n".join(json.dumps(to_plain(ban)) for ban in bans)
    data = (f"[\n{lines}\n]\n" if lines else "[]\n").encode()
    temporary = _temporary(path, "new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # The new name, too, has to survive a loss of power.
    finally:
        os.close(directory)


def _temporary(path: Path, ending: str) -> Path:
    """A new empty file beside the path, which only we may read. Raises OSError."""
    # One name for all times, so that sudden ends leave one such file at most.
    temporary = path.with_name(f".{path.name}.{ending}")
    temporary.unlink(missing_ok=True)
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return temporary


class Keeper:
    """Stores the bans behind the back of the event loop, and holds back what is said until they are safe.

    `say` takes lines for the operator, `fail` an error with which the bans could not be stored. Everything here is called in
    the event loop's thread. What waits is bounded: of states of the list only the last one counts.
    """

    def __init__(self, path: Path, say: Callable[[str], None], fail: Callable[[Exception], None]) -> None:
        self._path, self._say, self._fail = path, say, fail
        self._loop = asyncio.get_running_loop()
        self._busy = False
        # What the thread is to store, which is started when there is something.
        self._work: queue.SimpleQueue[list[Ban]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._next: list[Ban] | None = None
        # What may be said after the change that is being stored, and after the one that waits.
        self._now_safe: deque[str] = deque()
        self._later: deque[str] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    def save(self, bans: BanList, time: int) -> None:
        """The bans have changed; `time` is theirs."""
        self._next = bans.all(time)
        if not self._busy:
            self._begin()

    def say(self, line: str) -> None:
        """A line for the operator, who may take it for a promise that all that went before is safe."""
        if not self._busy:
            self._say(line)
        else:
            (self._now_safe if self._next is None else self._later).append(line)

    async def finish(self, seconds: float) -> bool:
        """Wait until everything is safe, but no longer than that; returns whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        return self._idle.is_set()

    def _begin(self) -> None:
        bans, self._next = self._next, None
        assert bans is not None
        self._now_safe, self._later = self._later, deque()
        self._busy = True
        self._idle.clear()
        if self._thread is None:
            # A daemon that hangs at the disk cannot hold up the end.
            self._thread = threading.Thread(target=self._store, daemon=True, name="bans")
            self._thread.start()
        self._work.put(bans)

    def _store(self) -> None:
        """In the thread."""
        while True:
            bans, failure = self._work.get(), None
            try:
                store_bans(self._path, bans)
            except Exception as error:
                failure = error
            try:
                self._loop.call_soon_threadsafe(self._stored, failure)
            except RuntimeError:
                return  # The loop has ended without waiting for us.

    def _stored(self, failure: Exception | None) -> None:
        if failure is not None:
            self._fail(failure)
        for line in self._now_safe:
            self._say(line)
        self._now_safe.clear()
        self._busy = False
        if self._next is not None:
            self._begin()
        else:
            self._idle.set()
