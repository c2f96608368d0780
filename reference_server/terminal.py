"""The operator's console on a terminal: a line to type into at the bottom, and what is to be read above it.

It has a thread and an event loop of its own, so a terminal that does not go on (Ctrl-S) holds up nobody's chat. The
terminal is left as it was found, however the server ends; only SIGKILL cannot be helped.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import io
import os
import select
import signal
import sys
import termios
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.application import in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from .commands import candidates
from .pipe import Enter, hung_up

# How many candidates are shown at once.
_SHOWN = 100

# End of bracketed paste, a visible cursor, plain letters: what a prompt that was torn away leaves undone.
_PLAIN = b"\x1b[?2004l\x1b[?25h\x1b[0m\r\n"


class _Candidates(Completer):
    """Completes commands, users and what is banned."""

    def __init__(self, users: Callable[[], Iterable[str]], banned: Callable[[], Iterable[str]]) -> None:
        self._users, self._banned = users, banned

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> list[Completion]:
        """What the word before the cursor may become."""
        line = document.text_before_cursor
        typed = len(line.rpartition(" ")[2])
        return [
            Completion(word, -typed, display=word.strip(), display_meta=meta)
            for word, meta in candidates(line, self._users(), self._banned())[:_SHOWN]
        ]


class Terminal:
    """A prompt on standard input and output. `interrupt` is called at Ctrl-C; `users` and `banned` give what can be named."""

    def __init__(
        self,
        enter: Enter,
        interrupt: Callable[[], None],
        users: Callable[[], Iterable[str]],
        banned: Callable[[], Iterable[str]],
    ) -> None:
        self._enter, self._interrupt, self._completer = enter, interrupt, _Candidates(users, banned)
        self._found = termios.tcgetattr(0)
        # Opened here, since there may be no descriptor left when they are needed.
        self._keyboard, self._screen, self._nowhere = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
        self._waiting: deque[str] = deque()
        self._loop = asyncio.new_event_loop()
        self._told = asyncio.Event()
        self._typing: asyncio.Task[None] | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="console")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # A terminal may lack characters that others have.

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def say(self, line: str) -> None:
        """Show a line above the prompt."""
        self._waiting.append(line)
        self._from_outside(self._told.set)

    def close(self) -> bool:
        """Show what is left, for a second at most, and leave the terminal as it was found."""
        self._from_outside(self._end)
        if self._thread.ident is not None:
            self._thread.join(1.0)
        if self._thread.is_alive():
            self.restore()
            return False
        self._write()
        self._set_back()
        self._forget_unwritten()
        return True

    def restore(self) -> None:
        """Leave the terminal as it was found, at once. What is written to standard output from now on is lost."""
        # The thread may be about to set up its next prompt; what it does then reaches the terminal no more.
        for standard in (0, 1):
            os.dup2(self._nowhere, standard)
        self._set_back()
        with contextlib.suppress(OSError):
            if select.select([], [self._screen], [], 0)[1]:  # A terminal that takes nothing would hold up our end.
                os.write(self._screen, _PLAIN)

    def _forget_unwritten(self) -> None:
        """What a terminal that has been closed did not take: Python would try it again, and end with 120."""
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            try:
                stream.flush()
            except OSError:
                os.dup2(self._nowhere, number)

    def _set_back(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # In the background it would stop us before the end.
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._keyboard, termios.TCSANOW, self._found)

    def _from_outside(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # The loop has ended; `close` shows what is left.
            self._loop.call_soon_threadsafe(act)

    # -- in the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        # A terminal that has been closed raises OSError wherever it is touched; SIGHUP tells the server of it.
        with (
            contextlib.suppress(OSError, termios.error, asyncio.CancelledError),
            asyncio.Runner(loop_factory=lambda: self._loop) as runner,
        ):
            runner.run(self._converse())

    def _end(self) -> None:
        self._closing = True
        if self._typing is not None:
            self._typing.cancel()

    async def _converse(self) -> None:
        self._write()
        self._typing = asyncio.create_task(self._type())
        showing = asyncio.create_task(self._show())
        try:
            if not self._closing:
                done, _ = await asyncio.wait([self._typing, showing], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (self._typing, showing):
                task.cancel()
            await asyncio.gather(self._typing, showing, return_exceptions=True)

    async def _type(self) -> None:
        async with contextlib.aclosing(self._typed()) as lines:
            async for line in lines:
                with contextlib.suppress(concurrent.futures.CancelledError):
                    await asyncio.wrap_future(self._enter(line))

    async def _typed(self) -> AsyncGenerator[str, None]:
        """The lines that are entered, until the terminal is gone."""
        prompt: PromptSession[str] = PromptSession(
            "> ", history=InMemoryHistory(), completer=self._completer, complete_while_typing=False
        )
        while True:
            try:
                yield await prompt.prompt_async(set_exception_handler=False, handle_sigint=False)
            except EOFError:
                if hung_up():
                    return
                self.say("Ctrl-D changes nothing here; /stop or Ctrl-C stops the server")
            except KeyboardInterrupt:
                self._interrupt()

    async def _show(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            while self._waiting:
                async with in_terminal():
                    self._write()

    def _write(self) -> None:
        lines, count = [], len(self._waiting)
        for _ in range(count):
            lines.append(self._waiting.popleft() + "\n")
        with contextlib.suppress(OSError):
            sys.stdout.write("".join(lines))
            sys.stdout.flush()
