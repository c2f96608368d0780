"""One accepted connection: hands what happens on it to the server, and writes what it is given.

What is written goes straight to the socket as long as that takes it: the transport, which costs as much again, is for the
rest that the socket did not take, and for TLS.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from impwire import Connection, Role

from .addresses import Address
from .fanout import Lane

#: Bytes read at once. All links share one buffer, since what was read is taken out of it before anything else is read.
_READ = 32768
_BUFFER = memoryview(bytearray(_READ))


class Handler(Protocol):
    """What a link calls."""

    def arrived(self, link: Link) -> None:
        """The connection stands."""

    def received(self, link: Link, data: bytes) -> None:
        """The client has sent bytes."""

    def ended(self, link: Link) -> None:
        """The client has ended its stream."""

    def lost(self, link: Link, error: Exception | None) -> None:
        """The connection is no more."""


class Link(Lane, asyncio.BufferedProtocol):
    """`sock` is what `accept` gave; `address` where it comes from; `accepted` when, in seconds of the clock."""

    __slots__ = (
        "accepted",
        "address",
        "choked",
        "connection",
        "descriptor",
        "drain",
        "ended",
        "handler",
        "id",
        "partial",
        "send",
        "tls",
        "transport",
    )

    def __init__(self, handler: Handler, sock: socket.socket, address: Address, accepted: float, *, tls: bool) -> None:
        super().__init__()
        self.handler, self.address, self.accepted, self.tls = handler, address, accepted, tls
        self.id = 0
        self.connection = Connection(Role.SERVER)
        self.transport: asyncio.Transport
        #: Takes bytes and returns how many; raises OSError.
        self.send: Callable[[bytes], int] = self._send_through_transport if tls else sock.send
        #: The number of the socket. It is nobody else's until `lost` has been called.
        self.descriptor = sock.fileno()
        #: Whether bytes wait in the transport, so that more may go nowhere but behind them.
        self.choked = False
        #: Whether the client's last piece ended inside a frame.
        self.partial = False
        #: Whether the client has ended its stream.
        self.ended = False
        #: What closes the connection once its GOODBYE is queued, whatever the client does (END-2).
        self.drain: asyncio.TimerHandle | None = None

    # -- from the event loop -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # Any byte that waits is told of by pause_writing; that too many wait is the server's to judge (LIM-6).
        transport.set_write_buffer_limits(high=0)
        self.handler.arrived(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        if self.drain is None:
            self.handler.received(self, bytes(_BUFFER[:nbytes]))

    def eof_received(self) -> bool:
        self.ended = True
        self.handler.ended(self)
        # True keeps the sending side open for replies that are still due (END-3). TLS has no half-closed connection.
        return not self.tls

    def pause_writing(self) -> None:
        self.choked = True

    def resume_writing(self) -> None:
        self.choked = False

    def connection_lost(self, error: Exception | None) -> None:
        # A transport refers to itself by this, and would stay until the garbage collector comes round.
        vars(self.transport).pop("_read_ready_cb", None)
        self.handler.lost(self, error)

    # -- writing -------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send, or have the transport keep what the socket does not take."""
        sent = 0
        if not self.choked:
            try:
                sent = self.send(data)
            except OSError:
                sent = 0  # It is full, or broken: the transport will find out which.
        if sent != len(data):
            self.write_rest(data, sent)

    def write_rest(self, data: bytes, sent: int) -> None:
        """Have the transport send what follows the first `sent` bytes."""
        if not self.transport.is_closing():
            self.transport.write(data[sent:] if sent else data)

    def waiting(self) -> int:
        """Bytes that wait for this client."""
        return self.transport.get_write_buffer_size()

    def shut_down_sending(self) -> None:
        """All is written: let the client see the end of the stream, and close if it has ended its own (END-2)."""
        if self.transport.is_closing():
            return
        if self.ended or not self.transport.can_write_eof():
            self.transport.close()
            return
        try:
            self.transport.write_eof()
        except OSError:
            self.transport.abort()  # The client has reset the connection, and the loop has not told yet.

    def _send_through_transport(self, data: bytes) -> int:
        if not self.transport.is_closing():
            self.transport.write(data)
        return len(data)
