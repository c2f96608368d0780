"""The TCP edge of a `ClientSession`: bytes, lines, signals and time go into it, and its effects are carried out.

`run` is given a source of lines and a function that shows them; the two kinds of edge towards people are `pipe` and
`terminal`. The invariant: effects are carried out in the order in which the session returned them, within the same turn
of the event loop.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from .dial import CannotConnect, dial
from .display import Show, harmless
from .session import ClientSession, Effect, End, Send

ShowFunction = Callable[[Show], None]


class Interrupted(Exception):
    """Raised by a source of lines whose user wants to be gone at once."""


async def run(session: ClientSession, host: str, port: int, lines: AsyncIterator[str], show: ShowFunction) -> int:
    """Connect, talk until the end, and return the exit code (CLIENT-7).

    The end of `lines` is the end of the user's input. What `show` raises ends the connection and is raised from here.
    """
    loop = asyncio.get_running_loop()
    edge = _Edge(session, show)
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Not on Windows, where Ctrl-C ends the program as it stands.
            loop.add_signal_handler(number, edge.interrupt)
    talk = asyncio.create_task(_talk(edge, host, port, lines))
    both: set[asyncio.Future[Any]] = {talk, edge.done}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not edge.done.done():
            talk.result()  # Raises what has ended it too early.
        return await edge.done
    except CannotConnect as error:
        show(Show(str(error), "error"))
        return 1
    finally:
        talk.cancel()
        await asyncio.wait({talk})
        edge.close()


async def _talk(edge: _Edge, host: str, port: int, lines: AsyncIterator[str]) -> None:
    """Connect and hand over the lines; then wait to be cancelled, for the edge knows when all is over."""
    connection = await dial(host, port)
    # asyncio sets TCP_NODELAY on every TCP connection (TRANSPORT-2).
    await asyncio.get_running_loop().create_connection(lambda: edge, sock=connection)
    await edge.hand_over(lines)
    await asyncio.Event().wait()


class _Edge(asyncio.Protocol):
    """One connection. `done` bears the exit code in the end, or what `show` has raised."""

    def __init__(self, session: ClientSession, show: ShowFunction) -> None:
        self._session, self._show = session, show
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[int] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._writable = asyncio.Event()

    # -- what the event loop calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._perform(self._session.connected(self._loop.time()))

    def data_received(self, data: bytes) -> None:
        self._perform(self._session.received(data, self._loop.time()))

    def eof_received(self) -> None:
        self._perform(self._session.disconnected())

    def connection_lost(self, error: Exception | None) -> None:
        cause = getattr(error, "strerror", None) or (str(error) if error else "")
        self._perform(self._session.disconnected(cause.lower()))

    def pause_writing(self) -> None:
        self._paused = True
        self._perform([])

    def resume_writing(self) -> None:
        self._paused = False
        self._perform([])

    def _tick(self) -> None:
        self._perform(self._session.tick(self._loop.time()))

    # -- what the user does --------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """The user wants to be gone."""
        self._perform(self._session.interrupt(self._loop.time()))

    async def hand_over(self, lines: AsyncIterator[str]) -> None:
        """Give the session each line as it comes, no faster than the server takes what comes of it."""
        try:
            async for line in lines:
                await self._writable.wait()
                self._perform(self._session.typed(line, self._loop.time()))
        except Interrupted:
            self.interrupt()
            return
        except OSError as error:
            self._perform([Show(harmless(f"Cannot read the input: {error.strerror or error}."), "error")])
        self._perform(self._session.input_ended())

    # -- effects -------------------------------------------------------------------------------------------------

    def _perform(self, effects: list[Effect]) -> None:
        if self.done.done():
            return
        try:
            for effect in effects:
                self._do(effect)
        except Exception as error:
            # Left to the event loop, it would be printed and the program would go on half dead.
            self.done.set_exception(error)
        self._set_timer()
        if self._paused or self._session.congested:
            self._writable.clear()
        else:
            self._writable.set()

    def _do(self, effect: Effect) -> None:
        match effect:
            case Send(data):
                if self._transport is not None:
                    self._transport.write(data)
            case Show():
                self._show(effect)
            case End(code):
                self.done.set_result(code)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = None if self.done.done() else self._session.next_deadline()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._tick)

    def close(self) -> None:
        """END-5: close when all is over. Nothing that could still wait to be sent matters any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
