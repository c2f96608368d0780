"""Accepts connections, and waits while the process has no descriptor left for another.

Accepting by ourselves, and not through `create_server`, gives each link its socket to write to, and lets newcomers wait in the
kernel's queue while descriptors are short, without the loop being woken for them again and again.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections.abc import Callable

#: How many connections the kernel keeps for us, and how many are taken in one turn of the loop.
_BACKLOG, _AT_ONCE = 2048, 128
#: Seconds after which accepting is tried again even if nobody has left: somebody else may have held the descriptors.
_RETRY = 1.0
#: Seconds within which the operator is told of a shortage once, however often accepting pauses.
_TELL = 60.0


class Listener:
    """Listening sockets. `take` gets each accepted socket with its peer's address as text, and `tls`.

    `report` gets a line when accepting pauses, but no more than one a minute.
    """

    def __init__(
        self, take: Callable[[socket.socket, str, ssl.SSLContext | None], None], report: Callable[[str], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._take, self._report = take, report
        self._sockets: dict[socket.socket, ssl.SSLContext | None] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._told = -math.inf

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> list[tuple[str, int]]:
        """Listen on every address of a host; returns them as they are to be shown. Raises OSError.

        Port 0 takes a free one, the same for every address.
        """
        found = await self._loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        shown = []
        for family, kind, protocol, _, address in dict.fromkeys(found):
            sock = socket.socket(family, kind, protocol)
            self._sockets[sock] = tls
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address[0], port, *address[2:]))
            port = sock.getsockname()[1]
            sock.listen(_BACKLOG)
            shown.append((f"[{address[0]}]" if ":" in str(address[0]) else str(address[0]), port))
        for sock in self._sockets:
            self._loop.add_reader(sock, self._accept, sock)
        return shown

    def close(self) -> None:
        """Listen no more."""
        if self._retry is not None:
            self._retry.cancel()
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def resume(self) -> None:
        """Somebody has left: if accepting waits for a descriptor, go on."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
            for sock in self._sockets:
                self._loop.add_reader(sock, self._accept, sock)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # No descriptor or memory is left, mostly; whatever it is, it passes, and must not make the loop spin.
                self._pause(error)
                return
            sock.setblocking(False)  # TRANSPORT-2: asyncio switches off Nagle's algorithm.
            self._take(sock, address[0], self._sockets[listening])

    def _pause(self, error: OSError) -> None:
        if self._retry is None:
            if self._loop.time() >= self._told + _TELL:
                self._told = self._loop.time()
                self._report(f"no connection can be accepted for now: {error.strerror}")
            for sock in self._sockets:
                self._loop.remove_reader(sock)
            self._retry = self._loop.call_later(_RETRY, self.resume)
