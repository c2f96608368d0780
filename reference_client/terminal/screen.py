"""A line to type into at the bottom of a terminal, the status below it, and above it what there is to read.

Lines come in with `show` and are printed for good, so that they scroll into the terminal's own memory; what is typed
comes out of `lines`. The terminal stays in raw mode until the end of the context, for otherwise it would echo keys into
the lines; when nothing more can be typed, the status alone stands below them.
The invariant: every line is printed once, in order, whatever becomes of the prompt; and the terminal is left as it was
found, however the stay in the context ends.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.output import ColorDepth

from ..display import Show, harmless
from ..talk import Interrupted
from .output import Gate
from .paint import RAW, STYLE, Fragments, Painter
from .prompt import End, Prompt
from .status import Status, status_line

#: Seconds between two looks at the status, of what changes with time alone.
_LOOK = 1.0

#: How many of those who have spoken are remembered.
_MOST_SPEAKERS = 1000


class Screen:
    """A prompt on standard input and output, while the context lasts.

    `status` and `names` are asked whenever they may be needed: for what the status line tells, and for the names that can
    be completed. `interrupt` is called at Ctrl-C when `lines` has ended.
    """

    def __init__(
        self,
        status: Callable[[], Status],
        names: Callable[[], Sequence[str]],
        interrupt: Callable[[], None],
        *,
        timestamps: bool,
        color: bool,
    ) -> None:
        self._status, self._names, self._interrupt = status, names, interrupt
        self._painter = Painter(shows_times=timestamps)
        self._waiting: list[Show] = []
        self._typed: asyncio.Queue[str | End] = asyncio.Queue()
        self._is_refused = False  # Whether what `lines` gave last was explained instead of sent.
        self._speakers: dict[str, None] = {}  # The last one at the end.
        self._depth = ColorDepth.DEPTH_4_BIT if color else ColorDepth.DEPTH_1_BIT
        self._gate = Gate()
        self._output = self._gate.output
        self._prompt = Prompt(
            self._output,
            self._depth,
            bottom=self._bottom,
            names=self._others,
            entered=self._typed.put_nowait,
            ended=self._user_ends,
            switch_times=self._switch_times,
        )
        self._prompt.app.before_render += self._before_drawing
        self._prompt.app.after_render += self._after_drawing
        self._tasks: list[asyncio.Task[None]] = []
        self._seen: Status | None = None  # The status at the last look.

    async def __aenter__(self) -> Screen:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        self._tasks = [loop.create_task(self._let_type()), loop.create_task(self._watch_status())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        typing, watching = self._tasks
        watching.cancel()
        await asyncio.sleep(0)  # A prompt that has not begun could not be told to end.
        self._close()
        if self._prompt.is_shown:
            self._prompt.app.exit()
        await asyncio.wait({typing, watching})
        asyncio.get_running_loop().set_exception_handler(None)
        self._print_waiting()
        broken = typing.exception()
        if broken is not None and error is None:
            raise broken

    # -- what comes in -------------------------------------------------------------------------------------------

    def show(self, show: Show) -> None:
        """Print a line above the one being typed; before and after the stay in the context, too."""
        self._waiting.append(show)
        self._is_refused = self._is_refused or show.kind == "EXPLANATION"
        if show.kind in ("CHAT", "WHISPER"):
            self._speakers.pop(show.speaker, None)
            self._speakers[show.speaker] = None
            if len(self._speakers) > _MOST_SPEAKERS:
                del self._speakers[next(iter(self._speakers))]
        if self._prompt.app.is_running:
            self._prompt.app.invalidate()  # The line is printed in front of the next drawing.
        elif self._tasks and self._tasks[0].done():
            self._print_waiting()

    def look(self) -> None:
        """Draw again if the status has changed, and only then, since drawing counts as activity of the terminal."""
        seen, self._seen = self._seen, self._status()
        if self._seen != seen:
            self._prompt.app.invalidate()

    def _bottom(self, width: int) -> Fragments:
        self._seen = self._status()
        return status_line(self._seen, width)

    def _before_drawing(self, app: Application[Any]) -> None:
        """Print what there is, in one with the prompt that is drawn below it: nobody sees the one without the other."""
        if self._waiting:
            self._gate.is_held = True
            app.renderer.erase()
            self._print_waiting()

    def _after_drawing(self, app: Application[Any]) -> None:
        if self._gate.is_held:
            self._gate.is_held = False
            self._output.flush()

    def _print_waiting(self) -> None:
        shows, self._waiting = self._waiting, []
        width = self._output.get_size().columns - 1  # In the last column some terminals lose accents.
        # A terminal that draws something wider than expected is to cut it off: what it broke would begin a line.
        self._output.disable_autowrap()
        for show in shows:
            for row in self._painter.paint(show, width):
                self._print(row)
        self._output.enable_autowrap()
        with suppress(OSError):  # The terminal is gone; so will we be, soon.
            self._output.flush()
        _copy_errors(shows)

    def _print(self, row: Fragments) -> None:
        for style, text in row:
            if style == RAW:
                self._output.write_raw(text)
            else:
                self._output.set_attributes(STYLE.get_attrs_for_style_str(style), self._depth)
                self._gate.write_text(text)
        self._output.reset_attributes()
        self._output.write_raw("\r\n")

    # -- what goes out -------------------------------------------------------------------------------------------

    async def lines(self) -> AsyncIterator[str]:
        """What is entered, until Ctrl-D. A text of several lines has line feeds in it.

        If an EXPLANATION of a text is shown before the next one is asked for, it comes back into the line.

        Raises `Interrupted` at Ctrl-C and when the terminal is gone, and what has broken the prompt, if anything has.
        """
        try:
            while (line := await self._typed.get()) is not None:
                if isinstance(line, BaseException):
                    raise line
                self._is_refused = False
                yield line
                if self._is_refused:
                    self._put_back(line)
                self.look()
        finally:  # Nobody listens any more.
            while not self._typed.empty():
                self._tell_unsent(self._typed.get_nowait())
            self._close()
            self._prompt.app.invalidate()  # As soon as whoever listened knows it, the status is another one.

    async def _let_type(self) -> None:
        """Let the user type, until that is over."""
        try:
            await self._prompt.app.run_async(set_exception_handler=False, handle_sigint=False)
        except (EOFError, OSError):
            self._typed.put_nowait(Interrupted())  # The terminal is gone.
        except Exception as error:
            self._typed.put_nowait(error)
            raise
        finally:
            self._gate.is_held = False
            self._print_waiting()

    def _user_ends(self, end: End) -> None:
        """The user has pressed Ctrl-D or Ctrl-C, or Ctrl-C behind one of them."""
        if self._prompt.is_closed:
            self._interrupt()
        else:
            self._typed.put_nowait(end)
            self._close()

    def _close(self) -> None:
        """Let nothing more be typed. What was typed and not sent is not lost without a word."""
        self._tell_unsent(self._prompt.close())

    def _put_back(self, text: str) -> None:
        if self._prompt.is_closed or self._prompt.text:
            self._tell_unsent(text)
        else:
            self._prompt.put_back(text)

    def _tell_unsent(self, text: str | End) -> None:
        if isinstance(text, str) and text.strip():
            self.show(Show(f"Not sent: {harmless(text)}", kind="NOTE"))

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What breaks a callback ends the prompt, and is told on a terminal that is as it was."""
        error = context.get("exception")
        if isinstance(error, Exception) and self._prompt.is_shown:
            self._prompt.app.exit(exception=error)
        else:
            loop.default_exception_handler(context)

    # -- what the prompt asks for --------------------------------------------------------------------------------

    async def _watch_status(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_LOOK)

    def _others(self) -> list[str]:
        """The names of the others, those who have spoken last first."""
        names = set(self._names()) - {self._status().name}
        spoken = [name for name in reversed(self._speakers) if name in names]
        return spoken + sorted(names.difference(spoken), key=str.lower)

    def _switch_times(self) -> None:
        self._painter.shows_times = not self._painter.shows_times
        self.show(Show(f"Times are {'' if self._painter.shows_times else 'not '}shown from here on.", kind="NOTE"))


def _copy_errors(shows: Sequence[Show]) -> None:
    """CLIENT-7: what goes to standard error, wherever that leads if not to the terminal."""
    if sys.stderr is not None and not sys.stderr.isatty():
        for show in shows:
            if show.stream == "error":
                print(show.line, file=sys.stderr)
