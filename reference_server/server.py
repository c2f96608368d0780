"""The edge to the network: sockets and the clock on one side, `Service` on the other.

Every event of the event loop becomes one input of the service; its effects are carried out at once. Frames are gathered
until the end of the turn of the loop, when each connection gets one write. Nothing here waits for a client (TRANSPORT-3).

The invariant: `_links` holds the connections that the service knows; one that had its GOODBYE is in `_draining` until its
socket is closed, and nothing that it still sends reaches the service (STATE-5).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from impwire import Received, RemoteProtocolError, State
from impwire.codecs import encode
from impwire.messages import Goodbye, GoodbyeCode

from .addresses import parse_address
from .bans import BanList
from .clock import Now, read_clock
from .delivery import Deliver, one_by_one
from .effects import Admit, Effect, Finish, Log, Print, SaveBans, Stop, Tell, TellAll
from .fanout import Turn
from .link import Link
from .listener import Listener
from .log import LogFile
from .service import Service
from .text import escaped

#: Bytes for all users that are gathered before they are written, even if the turn is not over yet.
_TURN_BYTES = 65536
#: How many connections may be on their way in or out besides those that the service counts (LIM-1, LIM-5).
_SPARE = 1024


class Server:
    """A running server. `stopped` is set when every connection is closed after a stop."""

    def __init__(
        self,
        service: Service,
        log: LogFile,
        say: Callable[[str], None],
        save_bans: Callable[[BanList, int], None],
        clock: Callable[[], Now] = read_clock,
        deliver: Deliver = one_by_one,
    ) -> None:
        self.service, self.stopped = service, asyncio.Event()
        #: What went wrong outside any one connection; the server then ends with this error.
        self.failure: BaseException | None = None
        self._log, self._say, self._save_bans, self._clock = log, say, save_bans, clock
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._listener = Listener(self._accepted, self._report)
        self._links: dict[int, Link] = {}
        self._draining: set[Link] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._last_id = 0
        self._turn: Turn[Link] = Turn()
        self._flush_is_due = False
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> list[tuple[str, int]]:
        """Listen on every address of `host`; returns each with its port, as they are to be shown. Raises OSError."""
        try:
            return await self._listener.open(host, port, tls)
        except OSError:
            self._listener.close()
            raise

    def operate(self, line: str) -> None:
        """The operator has typed a line."""
        self._guard(self.service.operate, line)

    def stop(self) -> None:
        """Stop as /stop does."""
        if not self.service.stopping:
            self._guard(self.service.stop)

    def abort(self, error: BaseException) -> None:
        """The server itself has failed: log it, tell and close every connection, and end (END-12)."""
        if self.failure is None:
            self.failure = error
            self._log.failure(self._clock().wall, "the server ends", error)
            self._effects_of_abort()

    # -- connections come and go ---------------------------------------------------------------------------------

    def _accepted(self, sock: socket.socket, address: str, tls: ssl.SSLContext | None) -> None:
        """A client has connected. With TLS, the service hears of it when the handshake is done."""
        if len(self._opening) + len(self._draining) > self.service.settings.max_connections + _SPARE:
            sock.close()  # END-11: so many are being turned away, or have not shaken hands, that no more can be held.
            return
        link = Link(self, sock, parse_address(address), self._clock().clock, tls=tls is not None)
        task = self._loop.create_task(self._open(link, sock, tls))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, link: Link, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        timeouts: dict[str, float] = {}
        if tls is not None:
            settings = self.service.settings
            timeouts["ssl_handshake_timeout"] = settings.handshake_timeout / 1000  # TIME-1
            timeouts["ssl_shutdown_timeout"] = settings.close_drain / 1000  # END-2
        try:
            await self._loop.connect_accepted_socket(lambda: link, sock, ssl=tls, **timeouts)
        except OSError as error:  # ssl.SSLError is one. TRANSPORT-4.
            self._log.add(self._clock().wall, "connect", f"from {link.address}, failed: {escaped(str(error))}")
            self._wake()
            sock.close()
            self._listener.resume()

    def arrived(self, link: Link) -> None:
        if self.failure is not None:
            link.transport.abort()  # Accepted before the listener was closed; nobody is left to serve it.
            return
        self._last_id += 1
        link.id = self._last_id
        self._links[link.id] = link
        self._input(link, self._clock(), self.service.arrive, link.id, link.address, link.accepted)

    def lost(self, link: Link, error: Exception | None) -> None:
        self._turn.forget(link)
        if link.drain is not None:
            link.drain.cancel()
            self._draining.discard(link)
            self._stopped_if_done()
        elif self._links.pop(link.id, None) is not None:
            why = str(error) if error else "closed"
            self._guard(self.service.lose, link.id, why)
        self._listener.resume()

    # -- what clients say ----------------------------------------------------------------------------------------

    def received(self, link: Link, data: bytes) -> None:
        service, connection, now = self.service, link.connection, self._clock()
        connection.receive_data(data)
        fresh = False
        while link.drain is None:
            try:
                event = connection.next_event()
                if event is None:
                    break
                if type(event) is Received:
                    effects = service.receive(link.id, event.message, now)
                else:
                    effects = service.refuse(link.id, event, now)  # type: ignore[arg-type]
            except RemoteProtocolError as error:
                self._input(link, now, service.violate, link.id, error.code, error.reason, error.request_id)
                return
            except Exception as error:
                self._failed(link, error)
                return
            fresh = True
            self._carry_out(effects, now)
        if link.drain is None and (link.partial or connection.unfinished):
            link.partial = connection.unfinished
            self._input(link, now, service.progress, link.id, link.partial, fresh)
        self._schedule()

    def ended(self, link: Link) -> None:
        if link.drain is not None:
            self._close_if_done(link)
        else:
            self._input(link, self._clock(), self.service.end_of_stream, link.id, link.connection.unfinished)

    # -- inputs and effects --------------------------------------------------------------------------------------

    def _input(self, link: Link, now: Now, act: Callable[..., list[Effect]], *arguments: Any) -> None:
        """Hand an input of one connection to the service; a failure there costs that connection alone (END-9)."""
        try:
            effects = act(*arguments, now)
        except Exception as error:
            self._failed(link, error)
            return
        self._carry_out(effects, now)
        self._schedule()

    def _failed(self, link: Link, error: Exception) -> None:
        self._log.failure(self._clock().wall, f"connection {link.id} is ended", error)
        if link.id in self.service.peers.by_id:
            self._guard(self.service.fail, link.id)
        else:
            self._links.pop(link.id, None)
            link.transport.abort()

    def _guard(self, act: Callable[..., list[Effect]], *arguments: Any) -> None:
        """Hand in an input that is nobody's. An exception in it is a failure of the server as a whole."""
        now = self._clock()
        try:
            effects = act(*arguments, now)
        except Exception as error:
            self.abort(error)
        else:
            self._carry_out(effects, now)
            self._schedule()

    def _carry_out(self, effects: Iterable[Effect], now: Now) -> None:
        """An exception here leaves the service and the connections at odds: the server as a whole has failed."""
        turn, links, add = self._turn, self._links, self._log.add
        try:
            for effect in effects:
                if isinstance(effect, Tell):
                    link = links.get(effect.peer)
                    if link is not None:
                        turn.tell(link, link.connection.send(effect.message))
                elif isinstance(effect, Log):
                    add(now.wall, effect.event, effect.text)
                elif isinstance(effect, TellAll):
                    turn.publish(encode(effect.message), links.get(effect.but))
                else:
                    self._seldom(effect, now)
        except Exception as error:
            self.abort(error)
        if not self._flush_is_due:
            self._wake()
        if turn.size > _TURN_BYTES:
            self._flush()

    def _seldom(self, effect: Effect, now: Now) -> None:
        match effect:
            case Admit(peer_id):
                self._turn.admit(self._links[peer_id])
            case Finish(peer_id):
                self._finish(self._links.pop(peer_id))
            case Print(text):
                self._say(text)
            case SaveBans():
                self._save_bans(self.service.bans, self.service.bans.time(now))
            case Stop():
                self._end_of_service()

    def _report(self, text: str) -> None:
        """Something has gone wrong, and the chat goes on: a line in the log and one for the operator."""
        self._log.failure(self._clock().wall, text)
        self._wake()
        self._say(text)

    # -- the end of a turn ---------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Something has to be written at the end of this turn."""
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._end_of_turn)

    def _end_of_turn(self) -> None:
        self._flush_is_due = False
        while not self._turn.empty:
            self._flush()
        self._log.flush()

    def _flush(self) -> None:
        """One write for each connection that has something waiting; who has too much waiting is cut (LIM-6)."""
        turn = self._turn
        public, others = turn.take()
        behind: list[Link] = []
        if public:
            for link, sent in self._deliver([link for link in turn.users if link.own is None], public):
                link.write_rest(public, sent)
                behind.append(link)
        for link, data in others:
            link.write(data)
            if link.choked:
                behind.append(link)
            elif link.drain is not None:
                link.shut_down_sending()
        turn.begin()
        limit = self.service.settings.send_queue
        for link in behind:
            if link.drain is not None:
                link.shut_down_sending()
            elif link.id in self._links and link.waiting() > limit:
                self._input(link, self._clock(), self.service.overflow, link.id)

    # -- ends ----------------------------------------------------------------------------------------------------

    def _finish(self, link: Link) -> None:
        """END-2: the GOODBYE is queued; drain for a while, then close whatever is left."""
        self._turn.dismiss(link)
        self._draining.add(link)
        link.drain = self._loop.call_later(self.service.settings.close_drain / 1000, link.transport.abort)

    def _close_if_done(self, link: Link) -> None:
        """The client has closed too: nothing more to wait for but the frames that are still on their way."""
        if link.own is None and not link.transport.is_closing():
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
        # TIME-10: a turn of asyncio's loop hands over what has arrived before it calls what is due.
        self._timer = None
        self._guard(self.service.tick)

    def _end_of_service(self) -> None:
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
                self._turn.tell(link, frame)
            self._finish(link)
        self._links.clear()
        self._wake()
        if self._timer is not None:
            self._timer.cancel()
        self._end_of_service()
