"""The library: a server of the Instant Messenger Protocol as an object to await and to iterate over.

    async with connect("ann", "chat.example.org") as client:
        await client.say("hi")
        async for event in client:
            print(event)

Each request waits for the reply with its own request_id, whatever events come in between (REQ-4), and is sent when the
rate of the server allows it (CLIENT-9). The invariant: each event is given out once, in order, or the program is told
that it has failed to take it; nothing is dropped in silence.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from impwire import Message
from impwire.messages import (
    Chat,
    Error,
    Joined,
    Left,
    Notice,
    Ok,
    Ping,
    Pm,
    Rename,
    Renamed,
    Roster,
    Say,
    User,
    Welcome,
    Whisper,
    Who,
)
from impwire.tables import DEFAULT_PORT, DEFAULT_TLS_PORT

from .dial import CONNECT_TIMEOUT, dial
from .display import harmless, says
from .effects import Cause, End, Ending, EndKind, Happening, Told
from .errors import ConnectionEnded, NameRefused, NotConnected, RequestRefused, RosterIncomplete, TooManyEvents
from .link import Link
from .session import ClientSession
from .tls import tls_context

#: What the server tells that is no answer.
Event = Chat | Whisper | Notice | Joined | Left | Renamed

#: Events that may wait for a program that takes none.
MOST_EVENTS = 10_000

#: Seconds that leaving in good order may take.
LEAVE_TIMEOUT = 10.0


@asynccontextmanager
async def connect(
    name: str,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    tls: ssl.SSLContext | bool | None = None,
    timeout: float = CONNECT_TIMEOUT,
    events: bool = True,
    observe: Callable[[Happening], None] | None = None,
) -> AsyncIterator[Client]:
    """A `Client` that has been welcomed as `name`, for the time of an `async with` block.

    At the end of the block the client leaves with LEAVE and awaits GOODBYE; if the block raised, what still waits to be sent
    is given up first. `port` is 8092 without TLS and 8093 with it; `tls=True` verifies the server by the authorities that
    the system trusts (section 3). `timeout` is for the connection alone, in seconds. A program that will not iterate over
    the client says `events=False`. `observe` is called with each thing that happens, replies and events in one order.

    Raises `InvalidRequest` for a name that no server may take, `CannotConnect`, `NameRefused`, and `ConnectionEnded` if the
    server sends GOODBYE, breaks the protocol or is lost before WELCOME.
    """
    client = Client(name, events=events, observe=observe)
    await client.open(host, port, tls=tls, timeout=timeout)
    try:
        yield client
    except BaseException:
        with suppress(Exception):  # What the block has raised says more.
            await client.leave(at_once=True)
        raise
    else:
        await client.leave()
    finally:
        client.abort()


class Client:
    """One stay on one server. `connect` makes one and ends it; who calls `open` has to call `leave` or `abort`."""

    def __init__(self, name: str, *, events: bool = True, observe: Callable[[Happening], None] | None = None) -> None:
        self._session = ClientSession(name)
        self._observe = observe
        self._link: Link | None = None
        self._events: deque[Event] | None = deque() if events else None
        #: Wakes who waits for an event.
        self._news = asyncio.Event()
        #: The replies so far to each request that somebody awaits, by its ticket.
        self._awaited: dict[int, tuple[asyncio.Future[None], list[Message]]] = {}
        self._welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._leaves = False

    async def open(
        self,
        host: str,
        port: int | None = None,
        *,
        tls: ssl.SSLContext | bool | None = None,
        timeout: float = CONNECT_TIMEOUT,
    ) -> None:
        """Connect and await WELCOME. Arguments and errors are those of `connect`."""
        context = tls_context() if tls is True else tls or None
        if not isinstance(context, ssl.SSLContext | None):  # It must not be taken for no TLS.
            raise TypeError(f"tls has to be an ssl.SSLContext, True or None, not {tls!r}")
        link = Link(self._session, self._happened, self._failed, tls=context is not None)
        self._link = link
        if port is None:
            port = DEFAULT_PORT if context is None else DEFAULT_TLS_PORT
        dialling = asyncio.create_task(dial(lambda: link, host, port, context, timeout))
        try:
            await _either(dialling, self._done)
            if not self._done.done():
                await dialling  # Raises CannotConnect.
                await _either(self._welcomed, self._done)
            if not self._welcomed.done():
                self._raise_if_done()
        except BaseException:
            dialling.cancel()
            self.abort()  # At once: who cancels may do so again.
            await asyncio.gather(dialling, return_exceptions=True)
            raise

    # -- the stay ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name that you bear: as the server has it after WELCOME, and after each RENAME that it has accepted."""
        return self._session.name

    @property
    def welcome(self) -> Welcome:
        """What the server has announced: its name, its limits and timers. Raises `NotConnected` before there was any."""
        if self._session.welcome is None:
            raise NotConnected("the server has not answered yet")
        return self._session.welcome

    @property
    def latency(self) -> float | None:
        """Seconds from the sending of a request to its reply, the latest time; None before there was any."""
        return self._session.latency

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended."""
        return self._session.has_ended or self._done.done()

    # -- requests ------------------------------------------------------------------------------------------------
    #
    # Each of them raises InvalidRequest before anything is sent, RequestRefused if the server answers with ERROR,
    # ConnectionEnded if the connection has ended or ends first, and NotConnected while you are leaving. To cancel one is
    # safe, and does not take back what was asked for.

    async def say(self, text: str) -> Ok:
        """Say something to all. The OK has the `seq` and the `time` of the CHAT that the others get."""
        return await self._ask_ok(Say(text=text))

    async def pm(self, to: str, text: str) -> Ok:
        """Say something to one user alone."""
        return await self._ask_ok(Pm(to=to, text=text))

    async def rename(self, name: str) -> Ok:
        """Take another name. If it is refused, you keep the one that you have (CLIENT-6)."""
        return await self._ask_ok(Rename(name=name))

    async def who(self) -> tuple[User, ...]:
        """All users who are there, your own included, in the order of their names: of all pages (CLIENT-11)."""
        pages = [page for page in await self._ask(Who(after="", limit=0)) if isinstance(page, Roster)]
        users = tuple(user for page in pages for user in page.entries)
        if pages[-1].more and self._session.is_leaving:
            raise RosterIncomplete("the list of users was not read to its end, since you are leaving", users)
        if pages[-1].more:
            raise RosterIncomplete("the server's list of users does not go on as it should", users)
        return users

    async def ping(self) -> float:
        """Ask the server for a sign of life, and return the seconds until it came.

        It is a fence: what your earlier requests have caused for you has come before (PING-2).
        """
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await self._ask(Ping(nonce=0))
        return loop.time() - begin

    async def leave(self, *, at_once: bool = False) -> None:
        """Leave: LEAVE behind all that was asked for, and await GOODBYE, for `LEAVE_TIMEOUT` seconds at most.

        `at_once` gives up what still waits to be sent, and awaits GOODBYE for two seconds. The connection is closed when this
        returns, also if it had ended before, in whatever way. Raises what `ended` does.
        """
        if self._link is None:
            return  # There never was one.
        try:
            if at_once:
                self.interrupt()
            else:
                self.finish()
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_TIMEOUT):  # wait_for may swallow a cancellation before Python 3.12.
                    await self.ended()
        finally:
            self.abort()

    async def _ask_ok(self, request: Message) -> Ok:
        reply = (await self._ask(request))[-1]
        assert isinstance(reply, Ok)  # STATE-7: the connection takes no other.
        return reply

    async def _ask(self, request: Message) -> list[Message]:
        """Send a request and return its replies: one, but for the pages of a roster."""
        if self._events is not None and len(self._events) >= MOST_EVENTS:
            raise TooManyEvents(
                f"{len(self._events)} events wait: iterate over the client, or connect with events=False"
            )
        self._raise_if_done()
        ticket = self._session.request(request, asyncio.get_running_loop().time())
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        replies: list[Message] = []
        self._awaited[ticket] = answered, replies
        self._perform()
        self._set_reading()
        await answered
        if isinstance(replies[-1], Error):
            error = replies[-1]
            raise RequestRefused(harmless(error.detail or says(error.code)), error, request)
        return replies

    # -- events --------------------------------------------------------------------------------------------------

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        """The next event. Ends when you have left, and raises `ConnectionEnded` at any other end.

        When `MOST_EVENTS` wait to be taken, requests raise `TooManyEvents`, and nothing more is read from the server once all
        earlier ones are answered. A server that cannot get rid of its events for long ends the connection. If a reply does
        not come behind ten times as many, `TooManyEvents` ends it, and is raised to all who wait.
        """
        if self._events is None:
            raise RuntimeError("this client was made with events=False")
        while not self._events:
            if self._done.done() and self._done.result().kind is EndKind.LEFT:
                raise StopAsyncIteration
            self._raise_if_done()
            self._news.clear()
            await self._news.wait()
        event = self._events.popleft()
        self._set_reading()
        return event

    # -- for programs that show replies and events in one order --------------------------------------------------

    @property
    def backlog(self) -> int:
        """How many requests wait to be sent or answered."""
        return self._session.backlog

    def send(self, request: Message) -> int:
        """Send a request in its turn without awaiting its reply, which `observe` is told of with the ticket returned here.

        Raises `InvalidRequest` and `NotConnected`, and TypeError for a message that is no request.
        """
        ticket = self._session.request(request, asyncio.get_running_loop().time())
        self._perform()
        return ticket

    def finish(self) -> None:
        """Leave when everything is sent and answered (CLIENT-3)."""
        self._leaves = True
        self._set_reading()
        self._session.finish(asyncio.get_running_loop().time())
        self._perform()

    def interrupt(self) -> None:
        """Leave at once, and give up what still waits to be sent; at the second time close at once (CLIENT-12)."""
        self._leaves = True
        self._set_reading()
        self._session.interrupt(asyncio.get_running_loop().time())
        self._perform()

    async def ended(self) -> Ending:
        """Await the end of the connection. Raises what `observe` has raised, or `TooManyEvents`, if that has ended it."""
        ending = await asyncio.shield(self._done)
        if self._link is not None:
            await self._link.gone.wait()
        return ending

    def abort(self) -> None:
        """Close the connection without another word, if it is still open."""
        if not self._done.done():
            self._session.disconnected(Cause("this program closed it"))
            self._perform()
        if self._link is not None:
            self._link.close()

    # -- what happens --------------------------------------------------------------------------------------------

    def _perform(self) -> None:
        if self._link is not None:
            self._link.perform()

    def _happened(self, happening: Happening) -> None:
        if self._observe is not None and not self._done.done():
            self._observe(happening)
        match happening:
            case Told(message, _, ticket, _, is_last):
                if isinstance(message, Welcome):
                    self._welcomed.set_result(None)
                if ticket in self._awaited:
                    answered, replies = self._awaited[ticket]
                    replies.append(message)
                    if is_last:
                        del self._awaited[ticket]
                        if not answered.done():  # It may have been cancelled.
                            answered.set_result(None)
                if self._events is not None and isinstance(message, Event):
                    # A server that keeps a reply back must not fill the memory.
                    if len(self._events) >= 10 * MOST_EVENTS:
                        raise TooManyEvents(f"{len(self._events)} events wait, and the server owes a reply behind them")
                    self._events.append(message)
                    self._news.set()
                self._set_reading()
            case End(ending):
                self._end(ending)

    def _failed(self, error: Exception) -> None:
        """What has observed has raised."""
        self._end(error)

    def _end(self, how: Ending | Exception) -> None:
        if self._done.done():
            return
        if isinstance(how, Ending):
            self._done.set_result(how)
        else:
            self._done.set_exception(how)
            self._done.exception()  # Somebody may ask for it; nobody has to.
        for answered, _ in self._awaited.values():
            if not answered.done():
                answered.set_exception(_ended(how) if isinstance(how, Ending) else how)
        self._awaited.clear()
        self._news.set()
        if self._link is None:
            return
        if isinstance(how, Exception) or how.kind in (EndKind.LOST, EndKind.INTERRUPTED):
            self._link.close()
        else:
            self._link.close_own_side()

    def _set_reading(self) -> None:
        """Read as long as there is room for events, or a reply is due that stands behind them."""
        if self._link is not None and self._events is not None:
            self._link.read(len(self._events) < MOST_EVENTS or bool(self._awaited) or self._leaves)

    def _raise_if_done(self) -> None:
        if self._done.done():
            raise _ended(self._done.result())


async def _either(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def _ended(ending: Ending) -> ConnectionEnded:
    return NameRefused(ending) if ending.kind is EndKind.NAME_REFUSED else ConnectionEnded(ending)
