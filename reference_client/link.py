"""The edge of a `ClientSession` towards the network: bytes and time go into it, and its effects are carried out.

The invariant: effects are carried out in the order in which the session gave them, within the same turn of the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .dial import TLS_EXPECTED, speaks_tls, why_lost
from .effects import Happening, Send
from .session import ClientSession

#: Seconds that a server may take to close its side when the client has closed its own (END-2).
LINGER = 1.0


class Link(asyncio.Protocol):
    """One connection. `happened` is told of all that the session tells; what it raises goes to `failed`."""

    def __init__(
        self,
        session: ClientSession,
        happened: Callable[[Happening], None],
        failed: Callable[[Exception], None],
        *,
        tls: bool = False,
    ) -> None:
        self._session, self._happened, self._failed, self._tls = session, happened, failed, tls
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lingers: asyncio.TimerHandle | None = None
        self._heard = self._performing = False
        #: Whether more is read from the server.
        self.is_reading = True
        #: Set when the transport is gone, or never came.
        self.gone = asyncio.Event()

    # -- what the event loop calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._session.connected(self._loop.time())
        self.perform()

    def data_received(self, data: bytes) -> None:
        if not (self._heard or self._tls) and speaks_tls(data):
            self._session.disconnected(TLS_EXPECTED)
        else:
            self._session.received(data, self._loop.time())
        self._heard = True
        self.perform()

    def eof_received(self) -> None:
        self._disconnected(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._disconnected(error)
        if self._lingers is not None:
            self._lingers.cancel()
        self.gone.set()

    def _disconnected(self, error: Exception | None) -> None:
        self._session.disconnected(why_lost(error, heard=self._heard, tls=self._tls))
        self.perform()

    def _tick(self) -> None:
        self._session.tick(self._loop.time())
        self.perform()

    # -- what the client wants -----------------------------------------------------------------------------------

    def perform(self) -> None:
        """Carry out what the session wants by now. What this leads to in turn is carried out behind it."""
        if self._performing:
            return
        self._performing = True
        try:
            while effects := self._session.take():
                for effect in effects:
                    if not isinstance(effect, Send):
                        self._happened(effect)
                    elif self._transport is not None and not self._transport.is_closing():
                        self._transport.write(effect.data)
        except Exception as error:
            # Left to the event loop, it would be printed and the program would go on half dead.
            self._failed(error)
        finally:
            self._performing = False
        self._set_timer()

    def read(self, wanted: bool) -> None:
        """Whether to go on reading. While nothing is read, the silence of the server says nothing."""
        if wanted is self.is_reading or self._transport is None or self._transport.is_closing():
            return
        self.is_reading = wanted
        if wanted:
            self._session.listened_again(self._loop.time())
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._session.next_deadline() if self.is_reading else None
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._tick)

    def close(self) -> None:
        """Close at once. Nothing that could still wait to be sent matters any more."""
        if self._transport is None:
            self.gone.set()
        else:
            self._transport.abort()

    def close_own_side(self) -> None:
        """Close for what the server has said (END-5, STATE-4). What may be under way behind that is read and dropped until the
        server closes too; closed at once, the connection would be reset."""
        if self._transport is None:
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:  # TLS has no half-closed streams.
            self._transport.close()
        self._lingers = self._loop.call_later(LINGER, self.close)
