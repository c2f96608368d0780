"""Thousands of connections to one server, in one thread, on bare epoll.

The invariant: of every connection it is known how many frames of the kind that is counted have come, exactly. The first is
looked at; from then on frames of that kind are known to have its size, and what arrives is not looked at as long as it is a
multiple of that, with no part of a frame in front. Anything else is taken apart, frame by frame.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from .dialect import Kind, LoadError
from .servers import Running

#: A bound on what never takes that long, so that what is lost is an error and not a hang.
STALLED_AFTER = 60.0

_BUFFER = 1 << 18
#: How many connections may be under way at once: fewer than any server's backlog holds (mosquitto's 100 is the least).
_JOINING_AT_ONCE = 64
#: Larger than whatever arrives, so that it is looked at.
_UNKNOWN = 1 << 62
#: Close with a reset, which leaves no socket in TIME_WAIT behind.
_NO_LINGER = struct.pack("ii", 1, 0)


class Generator:
    """The connections, by file descriptor. Use it as a context manager: they are closed at its end."""

    def __init__(self, running: Running) -> None:
        self.running, self.dialect = running, running.server.dialect
        self._epoll = select.epoll()
        self._buffer = bytearray(_BUFFER)
        self._sockets: dict[int, socket.socket] = {}
        self._receive: dict[int, Callable[[bytearray], int]] = {}
        self._partial: dict[int, bytes] = {}
        self._counted: dict[int, Kind] = {}
        self._size: dict[int, int] = {}
        self._ready: set[int] = set()
        self._heard_joins = 0
        #: How many probes of the server were answered.
        self.probes = 0

    def __enter__(self) -> Generator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._epoll.close()
        for sock in self._sockets.values():
            sock.close()

    # -- connecting --------------------------------------------------------------------------------------------------

    def join(self, greetings: Iterable[bytes], at_once: int = _JOINING_AT_ONCE) -> list[int]:
        """Connect, greet, and wait until every connection is ready and has heard of those that came after it.

        Returns the descriptors, in the order of the greetings.
        """
        joined, before = [], len(self._sockets)
        for greeting in greetings:
            while len(self._sockets) - len(self._ready) >= at_once:
                self._heed_joining()
            joined.append(self._connect(greeting))
        due = 0
        if self.dialect.announces_joins:
            due = sum(range(before, before + len(joined)))
        while len(self._ready) < len(self._sockets) or self._heard_joins < due:
            self._heed_joining()
        if self._heard_joins != due:
            raise LoadError(f"{self._heard_joins} arrivals were told instead of {due}")
        self._heard_joins = 0
        return joined

    def _connect(self, greeting: bytes) -> int:
        sock = socket.create_connection(self.running.address, timeout=STALLED_AFTER)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        fd = sock.fileno()
        self._sockets[fd], self._receive[fd] = sock, sock.recv_into
        self.count(Kind.JOIN, [fd])
        self._epoll.register(fd, select.EPOLLIN)
        self.send(fd, greeting)
        return fd

    def _heed_joining(self) -> None:
        for fd, _ in self.poll():
            self._heard_joins += self.read(fd)

    # -- sending and receiving ---------------------------------------------------------------------------------------

    def send(self, fd: int, data: bytes) -> None:
        """Send something small. Raises LoadError if it does not fit into what the system holds."""
        with contextlib.suppress(BlockingIOError):
            if self._sockets[fd].send(data) == len(data):
                return
        raise LoadError(f"{self.running.server.name} does not read what it is sent")

    def count(self, kind: Kind, connections: Iterable[int]) -> None:
        """From now on, `read` counts frames of this kind on these connections. Nothing else but probes may come there."""
        for fd in connections:
            self._counted[fd], self._size[fd] = kind, _UNKNOWN

    def poll(self, seconds: float = STALLED_AFTER) -> list[tuple[int, int]]:
        """The connections from which something has come, as soon as there are any.

        Raises LoadError if nothing comes, unless less time was asked for than the bound.
        """
        found = self._epoll.poll(seconds, max(1, len(self._sockets)))
        if not found and seconds >= STALLED_AFTER:
            raise LoadError(f"{self.running.server.name} has sent nothing for {seconds:.0f} s, and more was due")
        return found

    def read(self, fd: int) -> int:
        """How many frames of the kind that is counted have come on a connection that `poll` has named."""
        try:
            size = self._receive[fd](self._buffer)
        except OSError as error:
            raise LoadError(f"{self.running.server.name} has ended a connection: {error}") from error
        if size % self._size[fd] or not size or fd in self._partial:
            return self._take_apart(fd, size)
        return size // self._size[fd]

    def rest(self, seconds: float) -> None:
        """Send nothing for a while but the answers to probes. Nothing else may come."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for fd, _ in self.poll(min(left, STALLED_AFTER / 2)):
                if self.read(fd):
                    raise LoadError(f"{self.running.server.name} sent something while nobody did")

    def _take_apart(self, fd: int, size: int) -> int:
        if not size:
            raise LoadError(f"{self.running.server.name} has closed a connection")
        data = self._partial.pop(fd, b"") + self._buffer[:size]
        start, counted, end_of = 0, 0, self.dialect.end
        while start < len(data) and (end := end_of(data, start)):
            counted += self._frame(fd, data[start:end])
            start = end
        if start < len(data):
            self._partial[fd] = data[start:]
        return counted

    def _frame(self, fd: int, frame: bytes) -> bool:
        """Whether a frame is one of those that are counted."""
        kind = self.dialect.kind(frame)
        if kind is Kind.PROBE:
            self.send(fd, self.dialect.answer(frame))
            self.probes += 1
        elif kind is Kind.READY:
            self._ready.add(fd)
        elif fd in self._ready and kind is not Kind.NOTHING:
            if kind is not self._counted[fd]:
                raise LoadError(f"{self.running.server.name} sent {kind.name} where {self._counted[fd].name} was due")
            if self._size[fd] not in (_UNKNOWN, len(frame)):
                raise LoadError(f"{self.running.server.name} sent frames of {self._size[fd]} and {len(frame)} bytes")
            self._size[fd] = len(frame)
            return True
        return False
