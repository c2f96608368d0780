"""The line being typed and the one below it: keys, history, completion, and how they are laid out.

What is entered goes to a function, and so do Ctrl-D and Ctrl-C. `Prompt.app` is the application of prompt_toolkit. It goes
on when the prompt is closed, with the line below it alone, until it is told to end: as long as it runs, the terminal
echoes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import get_common_complete_suffix
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import (
    ConditionalContainer,
    Container,
    FormattedTextControl,
    HSplit,
    Layout,
    VerticalAlign,
    Window,
    to_container,
)
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.widgets import SearchToolbar

from ..talk import Interrupted
from .completing import candidates
from .paint import STYLE, Fragments
from .renderer import ReflowingRenderer
from .status import candidates_line
from .suspending import suspender

#: Why nothing more is entered: None at Ctrl-D, `Interrupted` at Ctrl-C.
End = BaseException | None


class Prompt:
    """A prompt on an output. `bottom` gives the line below it for a width, `names` the names that can be completed, in the
    order in which they are to be offered. `entered` is called with each text, `ended` at Ctrl-D, and at Ctrl-C however often
    it is pressed, `switch_times` at F2."""

    def __init__(
        self,
        output: Output,
        depth: ColorDepth,
        *,
        bottom: Callable[[int], Fragments],
        names: Callable[[], Sequence[str]],
        entered: Callable[[str], None],
        ended: Callable[[End], None],
        switch_times: Callable[[], None],
    ) -> None:
        self._output, self._bottom, self._names = output, bottom, names
        self._entered, self._ended = entered, ended
        #: Whether there is no line to type into any more.
        self.is_closed = False
        is_closed = Condition(lambda: self.is_closed)
        self._buffer = Buffer(
            history=InMemoryHistory(),  # Nowhere else: there are private messages in it.
            accept_handler=self._accept,
        )
        keys = KeyBindings()
        self._bind_typing(keys)
        self._bind_ends(keys)
        keys.add("f2")(lambda event: switch_times())
        keys.add(Keys.Any, filter=is_closed, eager=True)(lambda event: None)
        search = SearchToolbar(ignore_case=True)
        line = Window(
            BufferControl(self._buffer, search_buffer_control=search.control, preview_search=True),
            height=lambda: Dimension(min=1, max=max(1, output.get_size().rows // 2)),
            get_line_prefix=lambda number, wrapped: [("class:prompt", "> " if number == wrapped == 0 else "  ")],
            wrap_lines=True,
            dont_extend_height=True,
        )
        below = Window(FormattedTextControl(self._below), height=1, style="class:status")
        rows: list[Container] = [
            ConditionalContainer(HSplit([line, to_container(search)]), ~is_closed),
            ConditionalContainer(below, is_closed | ~is_searching),
        ]
        self.app: Application[None] = Application(
            layout=Layout(HSplit(rows, align=VerticalAlign.TOP), focused_element=line),
            style=STYLE,
            key_bindings=keys,
            color_depth=depth,
            output=output,
            erase_when_done=True,
        )
        self.app.renderer = ReflowingRenderer(STYLE, output)

    @property
    def is_shown(self) -> bool:
        """Whether it has begun and was not told to end."""
        return self.app.is_running and not self.app.is_done

    @property
    def text(self) -> str:
        """What has been typed and not entered."""
        return self._buffer.text

    def put_back(self, text: str) -> None:
        """Let the user have again what was entered, where nothing has been typed since."""
        self._buffer.insert_text(text)

    def close(self) -> str:
        """Take no key any more but Ctrl-C and Ctrl-Z, and return what had been typed and not entered."""
        self.is_closed, text = True, self._buffer.text
        self._buffer.reset()
        return text

    def _below(self) -> StyleAndTextTuples:
        width = self._output.get_size().columns
        state = self._buffer.complete_state
        return [*(candidates_line(state, width) if state else self._bottom(width))]

    def _accept(self, buffer: Buffer) -> bool:
        self._entered(buffer.text)
        return False  # It is erased now, and shown when the server has accepted it (CLIENT-4), or put back.

    def _complete(self) -> None:
        """Complete the word before the cursor, as far as it is clear, and offer what it may become.

        At once, and not in a task, as prompt_toolkit would: the next key may have been pressed already.
        """
        buffer = self._buffer
        found = candidates(buffer.document.text_before_cursor, self._names())
        if len(found) == 1:
            buffer.apply_completion(found[0])
        elif found:
            buffer.insert_text(get_common_complete_suffix(buffer.document, found))
            found = candidates(buffer.document.text_before_cursor, self._names())
            buffer.complete_state = CompletionState(buffer.document, found)

    # -- keys ----------------------------------------------------------------------------------------------------

    def _bind_typing(self, keys: KeyBindings) -> None:
        buffer = self._buffer

        @keys.add("enter", filter=~is_searching)
        def _(event: KeyPressEvent) -> None:
            if buffer.complete_state and buffer.complete_state.current_completion:
                buffer.complete_state = None  # The first one takes what was chosen.
            else:
                buffer.validate_and_handle()

        @keys.add("escape", "enter", filter=~is_searching)
        def _(event: KeyPressEvent) -> None:
            buffer.insert_text("\n")

        @keys.add("tab", filter=~is_searching)
        def _(event: KeyPressEvent) -> None:
            if buffer.complete_state:
                buffer.complete_next()
            else:
                self._complete()

        @keys.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            # Several lines make one text, to be looked at and sent as one. The last line end nobody wants to say.
            buffer.insert_text(event.data.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n"))

    def _bind_ends(self, keys: KeyBindings) -> None:
        @keys.add("c-d", filter=Condition(lambda: not self._buffer.text) & ~is_searching)
        def _(event: KeyPressEvent) -> None:
            self._ended(None)

        # Eager, like the binding that takes all keys when the prompt is closed; of two, the more exact one counts.
        @keys.add("c-c", eager=True)
        def _(event: KeyPressEvent) -> None:
            self._ended(Interrupted())

        suspend = suspender()

        @keys.add("c-z", eager=True)
        def _(event: KeyPressEvent) -> None:
            run_in_terminal(suspend)
