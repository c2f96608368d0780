"""The client on a terminal: a line to type into at the bottom, and what comes above it.

The invariant: everything reaches the screen through one task, in order, and nothing is lost when the prompt ends. What
was typed is erased when it is entered, since the server's OK shows it (CLIENT-4).
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator

from prompt_toolkit import PromptSession
from prompt_toolkit.application import in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from impwire.tables import CLIENT_COMMANDS

from .client import Interrupted
from .client import run as run_client
from .display import Show
from .session import ClientSession


class CommandCompleter(Completer):
    """Completes the name of a command at the beginning of the line."""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> list[Completion]:
        """The commands that begin as the line does."""
        typed = document.text_before_cursor
        if not typed.startswith("/"):
            return []
        return [
            Completion(f"/{name} " if command.arguments else f"/{name}", -len(typed), command.usage, command.help)
            for name, command in CLIENT_COMMANDS.items()
            if f"/{name}".startswith(typed)
        ]


class _Screen:
    """What is to be shown, and the task that shows it above the prompt."""

    def __init__(self) -> None:
        self._waiting: list[Show] = []
        self._task: asyncio.Task[None] | None = None

    def show(self, line: Show) -> None:
        self._waiting.append(line)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self._waiting:
            async with in_terminal():
                self._write()

    def _write(self) -> None:
        lines, self._waiting = self._waiting, []
        for line in lines:
            print(line.line, file=sys.stderr if line.stream == "error" else sys.stdout, flush=True)

    async def finish(self) -> None:
        if self._task is not None:
            await self._task
        self._write()


async def typed_lines() -> AsyncIterator[str]:
    """The lines that the user enters, until Ctrl-D. Raises `Interrupted` at Ctrl-C."""
    prompt: PromptSession[str] = PromptSession(
        "> ",
        history=InMemoryHistory(),
        completer=CommandCompleter(),
        complete_while_typing=False,
        erase_when_done=True,
    )
    while True:
        try:
            yield await prompt.prompt_async()
        except EOFError:
            return
        except KeyboardInterrupt:
            raise Interrupted from None


async def _converse(session: ClientSession, host: str, port: int) -> int:
    screen = _Screen()
    try:
        return await run_client(session, host, port, typed_lines(), screen.show)
    finally:
        await screen.finish()


def run(session: ClientSession, host: str, port: int) -> int:
    """Talk until the end and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # A terminal may lack characters that others have.
    return asyncio.run(_converse(session, host, port))
