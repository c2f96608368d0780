"""The server under the soak, its console, and the ways in; and the signs by which all clients work and rest together."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sys
from pathlib import Path
from types import TracebackType

from tests.support import PATIENCE, ROOT

from .book import Book
from .client import Client

#: Requests in a bucket, and new ones each second; polite clients stay below, flooders do not.
BURST, PER_SECOND = 1000, 100
SETTINGS = {
    "rate-burst": BURST,
    "rate-per-second": PER_SECOND,
    "flood-strikes": 20,
    "connections-per-address": 100000,
    "attempts-per-minute": 1000000,
    "max-frame": 131072,
    "send-queue": 131072,
    # Long, so that clients on a busy machine are not late for them.
    "handshake-timeout": 20000,
    "close-drain": 10000,
}


class House:
    """A server as a process, and everything that is needed to come to it. To be used as an asynchronous context.

    `silence` is what the server bears of one client, in milliseconds: until its PING, from there to the end, and in a frame.
    """

    def __init__(self, folder: Path, seed: int, silence: int, command: list[str] | None = None) -> None:
        self._settings = {**SETTINGS, "ping-after": silence, "pong-timeout": silence, "frame-timeout": silence}
        self.book, self.chance = Book(), random.Random(seed)
        #: Set while clients may act; cleared when all are to come to rest.
        self.working = asyncio.Event()
        #: How many of those who come and go are there now.
        self.guests = 0
        self._folder, self._command = folder, command or [sys.executable, "-m", "reference_server"]
        self._number = 0
        self._answers: list[tuple[re.Pattern[str], asyncio.Future[str]]] = []

    async def __aenter__(self) -> House:
        settings = [word for name, value in self._settings.items() for word in (f"--{name}", str(value))]
        files = ["--log", os.devnull, "--bans", str(self._folder / "bans.json")]
        self.process = await asyncio.create_subprocess_exec(
            *self._command,
            *("--port", "0"),
            *files,
            *settings,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the soak alone.
        )
        assert self.process.stdout is not None
        first = (await self.process.stdout.readline()).decode()
        self.port = int(first.rpartition(":")[2])
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reader

    async def end(self) -> int | None:
        """Tell the server to end; returns its exit code, or None if it does not end in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), PATIENCE)
        except TimeoutError:
            return None

    @property
    def pid(self) -> int:
        return self.process.pid

    def name(self) -> str:
        """A name that nobody has had."""
        self._number += 1
        return f"guest{self._number}"

    async def client(self, source: str = "") -> Client:
        """A new connection, from an address of 127.0.0.0/8 that chance chooses if none is given."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((source or f"127.0.{self.chance.randrange(50)}.1", 0))
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, ("127.0.0.1", self.port))
        self.book.counts["connections"] += 1
        return (await loop.create_connection(lambda: Client(self.book), sock=sock))[1]

    def type(self, line: str) -> None:
        """Type a line at the console."""
        assert self.process.stdin is not None
        self.process.stdin.write((line + "\n").encode())
        self.book.counts[f"console {line.split()[0]}"] += 1

    async def enter(self, line: str, answer: str) -> None:
        """Type a line, and wait for the answer that this regular expression finds."""
        found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answers.append((re.compile(answer), found))
        self.type(line)
        try:
            await asyncio.wait_for(found, PATIENCE)
        except TimeoutError:
            self.book.fault(f"the console does not answer {line!r} with {answer!r}")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while data := await self.process.stdout.readline():
            line = data.decode()
            for entry in [entry for entry in self._answers if entry[0].search(line)]:
                self._answers.remove(entry)
                if not entry[1].done():
                    entry[1].set_result(line)
