"""Stands between clients and a server: passes on every byte at once, and tells the tape.

Nothing waits for a whole frame, and nothing is changed: ends of streams and resets are passed on as what they are. Who does
not read is not read for, so that neither side notices the recorder.

At the end, PINGs of its own serve as fences (PING-2): once they are answered, the tape has everything that the server sent
because of what any client had sent before.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import Role

from .tape import AT_END, Tape

_CONNECT_SECONDS = 10.0
_FENCE_SECONDS = 1.0
_FENCE_ID = 0xFE4CE4CE
_RESET = struct.pack("ii", 1, 0)


class Relay:
    """`say` is told what the person who records has to know. `sessions`: 0, or after how many connections it is done."""

    def __init__(
        self, tape: Tape, to: tuple[str, int], say: Callable[[str], None], *, sessions: int = 0, once: bool = False
    ) -> None:
        self.tape, self.to, self.say = tape, to, say
        self.done = asyncio.Event()
        self._sessions, self._once = sessions, once
        self._pairs: set[_Pair] = set()
        self._begun: set[asyncio.Task[None]] = set()
        self._ended = 0
        #: Set when a fence may have been answered.
        self.progress = asyncio.Event()
        self._listener: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """Begin; returns the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Pair(self).client, host, port)
        address: tuple[Any, ...] = self._listener.sockets[0].getsockname()
        return int(address[1])

    async def end(self) -> None:
        """Take nothing more from clients, see to it that everything they have caused is on the tape, and end."""
        assert self._listener is not None
        self._listener.close()
        for pair in self._pairs:
            pair.client.stop_reading()
        # The first fence proves that every request was handled, the second that each connection has all effects of that.
        for _ in range(2):
            for pair in self._pairs:
                pair.fence()
            await self._answered()
        for pair in list(self._pairs):
            pair.close()

    def cancel_fences(self) -> None:
        """End now, whatever may be missing."""
        self.tape.cut |= set(self.tape.fences)
        self.tape.fences.clear()
        self.progress.set()

    async def _answered(self) -> None:
        """Wait for the answers to all fences, for as long as is bearable."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FENCE_SECONDS):
                while self.tape.fences:
                    self.progress.clear()
                    await self.progress.wait()
        self.cancel_fences()

    def begin(self, pair: _Pair) -> None:
        """A client has come: connect to the server in its name."""
        self._pairs.add(pair)
        task = asyncio.get_running_loop().create_task(self._connect(pair))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _connect(self, pair: _Pair) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await loop.create_connection(lambda: pair.server, *self.to)
        except OSError as error:
            self.say(f"cannot connect to {self.to[0]}:{self.to[1]}: {_reason(error)}; the client was sent away")
            pair.close()

    def gone(self, pair: _Pair) -> None:
        """Both sides of a connection are closed."""
        if pair in self._pairs:
            self._pairs.discard(pair)
            self.tape.fences.pop(pair.number, None)
            self.progress.set()
            self._ended += bool(pair.number)
            enough = self._sessions and self._ended >= self._sessions
            if not self._pairs and self._ended and (self._once or enough):
                self.done.set()


def _reason(error: OSError) -> str:
    """Why there is no connection, in the system's words."""
    if isinstance(error, TimeoutError):
        return "no answer"
    # The words of asyncio's own errors say which call has failed, and not why.
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


class _Pair:
    """A connection of a client and the one to the server that stands for it."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        #: That of the tape; 0 until the server has been reached.
        self.number = 0
        self.client, self.server = _End(self, Role.CLIENT), _End(self, Role.SERVER)
        self.client.other, self.server.other = self.server, self.client

    def fence(self) -> None:
        """Ask the server for a sign that it has handled all requests; GOODBYE is one that comes by itself."""
        tape, number = self.relay.tape, self.number
        if not number or tape.is_over(number) or not self.server.is_open:
            return
        self.client.is_deaf = True
        if self.client.can_be_followed and tape.at_frame_boundary(number):
            tape.fences[number] = _FENCE_ID
            self.server.write(CODECS.encode(m.Ping(request_id=_FENCE_ID, nonce=_FENCE_ID)))
        elif self.client.can_be_followed:
            tape.cut.add(number)
        else:
            tape.fences[number] = AT_END

    def close(self) -> None:
        """End both connections; what follows is not recorded."""
        for end in (self.client, self.server):
            end.close()
        self.gone()

    def gone(self) -> None:
        if not self.client.is_open and not self.server.is_open:
            self.relay.gone(self)


class _End(asyncio.Protocol):
    """One of the two connections. What comes here is passed on to the `other`."""

    def __init__(self, pair: _Pair, side: Role) -> None:
        self.pair, self.side = pair, side
        self.other: _End
        self._transport: asyncio.Transport | None = None
        #: What comes next from the other side is not for it.
        self.is_deaf = False
        self._ended = self._silent = False

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    @property
    def can_be_followed(self) -> bool:
        """Whether a frame could come after what has come."""
        return self.is_open and not self._ended

    # -- what the network tells ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self.side is Role.CLIENT:
            transport.pause_reading()  # until there is somebody to pass it on to
            self.pair.relay.begin(self.pair)
        elif self.other.is_open:
            self.pair.number = self.pair.relay.tape.opened()
            self.other.start_reading()
        else:
            self.close()

    def data_received(self, data: bytes) -> None:
        self.other.write(data)
        if not self._silent:
            self.pair.relay.tape.received(self.pair.number, self.side, data)
            self.pair.relay.progress.set()

    def eof_received(self) -> bool:
        self._ended = True
        if not self._silent:
            self.pair.relay.tape.ended(self.pair.number, self.side)
        self.other.end_stream()
        if self.other._ended:
            self.close()
            self.other.close()
        return True  # the other direction stays open

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if error is not None and not self._silent:
            self.pair.relay.tape.ended(self.pair.number, self.side, reset=True)
            self.other.reset()
        self.pair.gone()

    def pause_writing(self) -> None:
        if self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other._transport is not None:
            self.other._transport.resume_reading()

    # -- what the pair does --------------------------------------------------------------------------------------

    def start_reading(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def stop_reading(self) -> None:
        """Take nothing more."""
        if self._transport is not None:
            self._transport.pause_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing() and not self.is_deaf:
            self._transport.write(data)

    def end_stream(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError):  # It was reset, and that is told next.
                self._transport.write_eof()

    def reset(self) -> None:
        """Pass on a reset: what was not sent yet is lost with it."""
        self._silent = True
        if self._transport is not None:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()

    def close(self) -> None:
        """Send what waits, and close."""
        self._silent = True
        if self._transport is not None:
            self._transport.close()
