"""One user's talk with one server: what pipe and terminal have in common (protocol.txt, section 18).

It connects, hands the user's lines to a `Conversation` and what happens to the `Tell` of its edge, until the end; then, if
the settings say so, it asks the policy of `reconnect` whether and when to try again. The invariant: the edge is told of
everything, one thing after the other, in the order in which it came about (CLIENT-4).
"""

from __future__ import annotations

import asyncio
import random
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Protocol

from impwire.messages import Welcome

from .client import Client
from .conversation import Conversation, Output, exit_code
from .dial import CannotConnect
from .display import Show, harmless, place
from .effects import End, Ending, EndKind, Happening, Remedy, Told
from .errors import ConnectionEnded
from .people import People
from .reconnect import Reconnect, Wait

#: Seconds that reading the input which is already there may take when there was no stay.
_READING = 0.1

#: The program's options against what has failed.
_OPTIONS = {Remedy.TLS: "--tls", Remedy.TRUST: "--tls-ca", Remedy.CERTIFICATE: "--tls-cert"}

#: What an edge does with what it is told: something that happened on the connection, or None for what the server has no part
#: in; and the line for it, or None if it shows nothing.
Tell = Callable[[Happening | None, Show | None], None]


class Interrupted(Exception):
    """Raised by a source of lines whose user wants to be gone at once."""


class Settings(Protocol):
    """What a talk needs to know; the options of the command line have it."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> ssl.SSLContext | None: ...
    @property
    def reconnect(self) -> bool: ...


class Talk:
    """A talk from the first connection to the last. Make one where an event loop runs, and call `run` once.

    If the user `waits`, the lines that are typed between two connections wait for the next one, and no more lines are taken
    while many are under way; otherwise they are refused in words. With `asks_who` it knows all `users`.
    """

    def __init__(self, settings: Settings, tell: Tell, *, waits: bool, asks_who: bool = False) -> None:
        self._settings, self._tell, self._waits = settings, tell, waits
        self._place = place(settings.host, settings.port)
        self._conversation = Conversation(self._place, waits=waits, asks_who=asks_who)
        self._policy = Reconnect() if settings.reconnect else None
        self._people = People()
        self._client: Client | None = None
        self._reader: asyncio.Task[None] | None = None
        self._tries = 0
        self._has_signal = False
        #: Set when there is room for another line.
        self._room = asyncio.Event()
        self._room.set()
        #: Set when there is to be no other try.
        self._over = asyncio.Event()
        #: What the server has announced; None while there is no connection.
        self.welcome: Welcome | None = None
        #: The name last borne.
        self.name = settings.name
        #: The time of the event loop at which the next try is due; None unless it is waited for.
        self.next_try: float | None = None

    async def run(self, lines: AsyncIterator[str]) -> int:
        """Talk until the end, and return the exit code (CLIENT-7).

        The end of `lines` is the end of the user's input; `Interrupted`, SIGINT, SIGTERM and SIGHUP leave at once, and the
        second time close at once (CLIENT-12). What `tell` and `lines` raise otherwise is raised from here.
        """
        self._handle_signals()
        stay = asyncio.create_task(self._stay())
        self._reader = asyncio.create_task(self._hand_over(lines))
        try:
            await asyncio.wait({stay, self._reader}, return_when=asyncio.FIRST_COMPLETED)
            if self._reader.done() and not self._reader.cancelled():
                self._reader.result()
            return await stay
        finally:
            stay.cancel()
            self._reader.cancel()
            await asyncio.gather(stay, self._reader, return_exceptions=True)

    def interrupt(self) -> None:
        """The user wants to be gone."""
        self._over.set()
        if self._reader is not None:
            self._reader.cancel()
        if self._client is not None:
            self._client.interrupt()

    # -- for a status line ---------------------------------------------------------------------------------------

    @property
    def is_leaving(self) -> bool:
        """Whether the user wants to be gone, and the talk is not over yet."""
        return self._over.is_set() or self._conversation.is_leaving

    @property
    def latency(self) -> float | None:
        """Seconds from a request to its reply, the latest time; None if there was none."""
        return self._client.latency if self._client is not None else None

    @property
    def knows_users(self) -> bool:
        """Whether `users` are all of them."""
        return self._people.is_complete

    @property
    def users(self) -> list[str]:
        """The names of the users who are known to be there, one's own included, sorted."""
        return self._people.names

    # -- connections ---------------------------------------------------------------------------------------------

    async def _stay(self) -> int:
        """Connect, and again as long as the policy says so; return the exit code."""
        while True:
            ending, wait = await self._connection()
            if wait is None:
                await self._read_rest(ending)
            self._tell_all(self._conversation.ended(ending, again=wait is not None, unread=not self._room.is_set()))
            if wait is None:
                return exit_code(ending)
            self._tell(None, Show(wait.line, "error", "NOTE"))
            self._make_room()
            self.next_try = asyncio.get_running_loop().time() + wait.seconds
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), wait.seconds)
                self._tell_all(self._conversation.gives_up())
                return exit_code(ending)
            self.next_try = None

    async def _connection(self) -> tuple[Ending, Wait | None]:
        """One connection from beginning to end: why it has ended, and whether there is to be another."""
        settings, self._tries = self._settings, self._tries + 1
        client = self._client = Client(self.name, events=False, observe=self._happened)
        self._conversation.begins(client)
        failure: CannotConnect | None = None
        try:
            await client.open(settings.host, settings.port, tls=settings.tls)
            ending = await client.ended()
        except ConnectionEnded as error:
            ending = error.ending
        except CannotConnect as error:
            failure = error
            ending = Ending(EndKind.NO_CONNECTION, str(error), name=self.name, remedy=error.remedy)
        finally:
            self._client = self.welcome = None
            client.abort()
        ending = _with_option(ending)
        if self._policy is None or self._over.is_set() or self._conversation.has_nothing_to_say(ending):
            return ending, None
        return ending, self._policy.ended(failure or ending, asyncio.get_running_loop().time(), random.random())

    def _happened(self, happening: Happening) -> None:
        if isinstance(happening, End):
            return  # `_stay` tells it, when it knows what follows.
        if isinstance(happening, Told):
            self._people.told(happening)
            if isinstance(happening.message, Welcome):
                self.welcome = happening.message
                if self._policy is not None:
                    self._policy.welcomed(happening.message, asyncio.get_running_loop().time())
        self._tell_all(self._conversation.happened(happening))
        if self._client is not None:
            self.name = self._client.name
        self._make_room()

    # -- lines ---------------------------------------------------------------------------------------------------

    async def _hand_over(self, lines: AsyncIterator[str]) -> None:
        """Give the conversation each line as it comes, no faster than the server takes what comes of it."""
        try:
            async for line in lines:
                self._tell_all(self._conversation.typed(line))
                self._stop_trying()
                self._make_room()
                await self._room.wait()
        except Interrupted:
            self.interrupt()
            return
        except OSError as error:
            self._tell(None, Show(harmless(f"Cannot read the input: {error.strerror or error}."), "error", "NOTE"))
        self._conversation.input_ended()
        self._stop_trying()

    async def _read_rest(self, ending: Ending) -> None:
        """Without a WELCOME the end may come before the input was looked at: what is there is to be accounted for."""
        if self._waits and not ending.welcomed and self._reader is not None:
            await asyncio.wait({self._reader}, timeout=_READING)

    def _stop_trying(self) -> None:
        """A user who wants to leave while there is no connection needs no other one."""
        tries_again = self._tries > 1 or self.next_try is not None
        if tries_again and self.welcome is None and self._conversation.has_nothing_to_say():
            self.interrupt()

    def _make_room(self) -> None:
        if self._waits and self._conversation.congested:
            self._room.clear()
        else:
            self._room.set()

    # -- the edge ------------------------------------------------------------------------------------------------

    def _tell_all(self, outputs: Iterable[Output]) -> None:
        for happening, show in outputs:
            self._tell(happening, show)

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is signal.SIG_IGN:
                continue  # As under nohup, or in the background of a script.
            with suppress(NotImplementedError):  # On Windows, where Ctrl-C ends the program as it stands.
                loop.add_signal_handler(number, self._signalled)
                # Behind it, since it lets a call of the system that waits go on waiting; the loop is woken all the same.
                signal.signal(number, self._signal_came)

    def _signal_came(self, *_: object) -> None:
        """Called even while the loop is held up, by whoever does not read our output; then the second one ends it."""
        if self._has_signal:
            raise KeyboardInterrupt
        self._has_signal = True

    def _signalled(self) -> None:
        self._has_signal = False
        self.interrupt()


def _with_option(ending: Ending) -> Ending:
    """The ending with the option of this program in its line, where that proposes what there is an option for."""
    if ending.remedy is None:
        return ending
    words = ending.line.rstrip(".?")
    return ending._replace(line=f"{words} ({_OPTIONS[ending.remedy]}){ending.line[len(words) :]}")
