"""The edge to the network: sockets and the clock on one side, `Service` on the other.

Every event of the event loop becomes one input of the service; its effects are carried out at once. Frames are gathered
and each connection gets one write a turn of the loop, so telling everyone costs one encoding and one write each.

The invariant: `_links` holds the connections that the service knows; one that had its GOODBYE is in `_draining` until its
socket is closed, and nothing that it still sends reaches the service (STATE-5).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

from impwire import Connection, Received, RemoteProtocolError, Role, State
from impwire.codecs import encode
from impwire.messages import Goodbye, GoodbyeCode

from .addresses import parse_address
from .bans import BanList
from .clock import Now, read_clock
from .effects import Effect, Finish, Log, Print, SaveBans, Stop, Tell, TellAll
from .service import Service

_BACKLOG = 2048


class _Link(asyncio.Protocol):
    """One accepted connection: hands what happens on it to the server, and keeps what waits to be written."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.id = 0
        self.connection = Connection(Role.SERVER)
        self.pending: list[bytes] = []
        self.pending_size = 0
        self.ended = False  # the client has ended its stream
        self.drain: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # The server's own accounting cuts slow readers (LIM-6); nobody waits for this transport.
        transport.set_write_buffer_limits(high=1 << 40)
        peername = transport.get_extra_info("peername")
        if peername is None:
            transport.abort()  # The client was gone before it could be asked for its address (TRANSPORT-4).
        else:
            self.server.arrived(self, peername[0])

    def data_received(self, data: bytes) -> None:
        if self.drain is None:
            self.server.received(self, data)

    def eof_received(self) -> bool:
        self.ended = True
        self.server.ended(self)
        # True keeps the sending side open for replies that are still due (END-3).
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.server.lost(self, error)

    def queued(self) -> int:
        """Bytes that wait for this client."""
        return self.pending_size + self.transport.get_write_buffer_size()


class Server:
    """A running server. `stopped` is set when every connection is closed after a stop."""

    def __init__(
        self,
        service: Service,
        log: logging.Logger,
        say: Callable[[str], None],
        save_bans: Callable[[BanList, int], None],
        clock: Callable[[], Now] = read_clock,
    ) -> None:
        self.service, self.stopped = service, asyncio.Event()
        #: What went wrong outside any one connection; the server then ends with this error.
        self.failure: BaseException | None = None
        self._log, self._say, self._save_bans, self._clock = log, say, save_bans, clock
        self._loop = asyncio.get_running_loop()
        self._listener: asyncio.Server | None = None
        self._links: dict[int, _Link] = {}
        self._draining: set[_Link] = set()
        self._last_id = 0
        self._dirty: dict[_Link, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns host and port as they are to be shown. Raises OSError."""
        self._listener = await self._loop.create_server(partial(_Link, self), host, port, backlog=_BACKLOG)
        address = self._listener.sockets[0].getsockname()
        return (f"[{address[0]}]" if ":" in address[0] else address[0]), address[1]

    def operate(self, line: str) -> None:
        """The operator has typed a line."""
        self._guard(partial(self.service.operate, line, self._clock()))

    def stop(self) -> None:
        """Stop as /stop does."""
        if not self.service.stopping:
            self._guard(partial(self.service.stop, self._clock()))

    def abort(self, error: BaseException) -> None:
        """The server itself has failed: log it, tell and close every connection, and end (END-9)."""
        if self.failure is None:
            self.failure = error
            self._log.critical("failure: the server ends", exc_info=error)
            self._effects_of_abort()

    # -- from the links ------------------------------------------------------------------------------------------

    def arrived(self, link: _Link, address: str) -> None:
        if self.failure is not None:
            link.transport.abort()  # Accepted before the listener was closed; nobody is left to serve it.
            return
        self._last_id += 1
        link.id = self._last_id
        self._links[link.id] = link
        self._input(link, partial(self.service.arrive, link.id, parse_address(address), self._clock()))

    def received(self, link: _Link, data: bytes) -> None:
        link.connection.receive_data(data)
        fresh = False
        while link.drain is None:
            try:
                event = link.connection.next_event()
            except RemoteProtocolError as error:
                violate = self.service.violate
                self._input(link, partial(violate, link.id, error.code, error.reason, error.request_id, self._clock()))
                return
            except Exception as error:
                self._failed(link, error)
                return
            if event is None:
                break
            fresh = True
            if isinstance(event, Received):
                self._input(link, partial(self.service.receive, link.id, event.message, self._clock()))
            else:
                self._input(link, partial(self.service.refuse, link.id, event, self._clock()))
        if link.drain is None:
            unfinished, progress = link.connection.unfinished, self.service.progress
            self._input(link, partial(progress, link.id, unfinished=unfinished, fresh=fresh, now=self._clock()))

    def ended(self, link: _Link) -> None:
        if link.drain is not None:
            self._close_if_done(link)
            return
        unfinished, now = link.connection.unfinished, self._clock()
        self._input(link, partial(self.service.end_of_stream, link.id, unfinished=unfinished, now=now))

    def lost(self, link: _Link, error: Exception | None) -> None:
        if link.drain is not None:
            link.drain.cancel()
            self._draining.discard(link)
            self._stopped_if_done()
        elif self._links.pop(link.id, None) is not None:
            why = str(error) if error else "closed"
            self._guard(partial(self.service.lose, link.id, why, self._clock()))

    # -- inputs and effects --------------------------------------------------------------------------------------

    def _input(self, link: _Link, act: Callable[[], list[Effect]]) -> None:
        """Hand an input of one connection to the service; a failure there costs that connection alone (END-9)."""
        try:
            effects = act()
        except Exception as error:
            self._failed(link, error)
            return
        self._guard(lambda: effects)

    def _failed(self, link: _Link, error: Exception) -> None:
        self._log.error("failure: connection %d is ended", link.id, exc_info=error)
        if link.id in self.service.peers.by_id:
            self._guard(partial(self.service.fail, link.id, self._clock()))
        else:
            self._links.pop(link.id, None)
            link.transport.abort()

    def _guard(self, act: Callable[[], list[Effect]]) -> None:
        """Carry out what an input causes. An exception here is a failure of the server as a whole."""
        try:
            self._apply(act())
            self._schedule()
        except Exception as error:
            self.abort(error)

    def _apply(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case TellAll(message, but):
                    frame = encode(message)
                    for peer in self.service.peers.by_name.values():
                        if peer.id != but:
                            self._queue(self._links[peer.id], frame)
                case Tell(peer_id, message):
                    link = self._links.get(peer_id)
                    if link is not None:
                        self._queue(link, link.connection.send(message))
                case Finish(peer_id):
                    self._finish(self._links.pop(peer_id))
                case Log(event, text):
                    self._log.info("%s: %s", event, text)
                case Print(text):
                    self._say(text)
                case SaveBans():
                    self._store()
                case Stop():
                    self._end_of_service()

    def _store(self) -> None:
        try:
            self._save_bans(self.service.bans, self._clock().wall)
        except OSError as error:
            self._log.error("failure: the bans cannot be stored: %s", error)
            self._say(f"the bans hold, but cannot be stored: {error}")

    def _queue(self, link: _Link, frame: bytes) -> None:
        if not self._dirty:
            self._loop.call_soon(self._flush)
        self._dirty[link] = None
        link.pending.append(frame)
        link.pending_size += len(frame)

    def _flush(self) -> None:
        """One write for each connection that has something waiting; who has too much waiting is cut (LIM-6)."""
        limit = self.service.settings.send_queue
        while self._dirty:
            links, self._dirty = self._dirty, {}
            for link in links:
                data = b"".join(link.pending)
                link.pending.clear()
                link.pending_size = 0
                if not link.transport.is_closing():
                    link.transport.write(data)
                if link.drain is None and link.queued() > limit and link.id in self._links:
                    self._input(link, partial(self.service.overflow, link.id, self._clock()))
                if link.drain is not None and not link.pending:
                    self._shut_down_sending(link)

    # -- ends ----------------------------------------------------------------------------------------------------

    def _finish(self, link: _Link) -> None:
        """END-2: the GOODBYE is queued; drain for a while, then close whatever is left."""
        self._draining.add(link)
        link.drain = self._loop.call_later(self.service.settings.close_drain / 1000, link.transport.abort)

    def _shut_down_sending(self, link: _Link) -> None:
        if link.transport.is_closing():
            return
        if link.ended or not link.transport.can_write_eof():
            link.transport.close()
            return
        try:
            link.transport.write_eof()
        except OSError:
            link.transport.abort()  # The client has reset the connection, and the loop has not told yet.

    def _close_if_done(self, link: _Link) -> None:
        """The client has closed too: nothing more to wait for but the frames that are still on their way."""
        if not link.pending and not link.transport.is_closing():
            link.transport.close()

    def _schedule(self) -> None:
        """Have the service's next deadline attended to."""
        deadline = self.service.next_deadline()
        if self._timer is not None:
            if deadline is not None and self._timer.when() <= deadline and not self._timer.cancelled():
                return  # An early tick does no harm and arranges the next one.
            self._timer.cancel()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._guard(partial(self.service.tick, self._clock()))

    def _end_of_service(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._stopped_if_done()

    def _stopped_if_done(self) -> None:
        if (self.service.stopping or self.failure is not None) and not self._draining and not self._links:
            self.stopped.set()

    def _effects_of_abort(self) -> None:
        """GOODBYE with INTERNAL for everyone, without the service, whose state is not to be trusted any more."""
        frame = encode(Goodbye(code=GoodbyeCode.INTERNAL, retry_after_ms=0, detail=""))
        for link in list(self._links.values()):
            if link.connection.state is not State.CLOSED:
                self._queue(link, frame)
            self._finish(link)
        self._links.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._end_of_service()
