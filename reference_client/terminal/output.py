"""The output of prompt_toolkit, with a gate before it.

The invariant: of what is not printable, the terminal gets only the escape sequences of prompt_toolkit and of this package,
which go around the gate with `Output.write_raw`.
"""

from __future__ import annotations

import sys

from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from ..pipe import abandon
from .gate import harmless_cells, unjoined


class Gate:
    """Makes an output for standard output, and stands in front of it. While it `is_held`, nothing is flushed.

    Its methods take the place of the output's. It is no subclass, since which class it is depends on the system.
    """

    def __init__(self) -> None:
        self.is_held = False
        self.output: Output = create_output(sys.stdout)
        if isinstance(self.output, Vt100_Output):
            # Where the cursor is does not matter here, and answers to that question could come between what is typed.
            self.output.enable_cpr = False
        self._write, self._erase_down, self._flush = self.output.write, self.output.erase_down, self.output.flush
        self.output.write = self.write  # type: ignore[method-assign]
        self.output.erase_down = self.erase_down  # type: ignore[method-assign]
        self.output.flush = self.flush  # type: ignore[method-assign]

    def write(self, data: str) -> None:
        """Print what is harmless in one place of the screen; prompt_toolkit draws one after the other."""
        # It moves on with line ends; within a text they have no business.
        self._write(harmless_cells(unjoined(data)) if data.strip("\r\n") else data)

    def write_text(self, text: str) -> None:
        """Print what is harmless, joined as it may be: nothing that is counted stands behind it."""
        self._write(harmless_cells(text))

    def erase_down(self) -> None:
        """Erase what follows, but never all at once from the very first place of the screen: tmux takes that for the wish
        to begin anew, and puts what is erased, a prompt, among the lines to scroll back to."""
        self.output.erase_end_of_line()
        self.output.cursor_forward(1)
        self._erase_down()
        self.output.cursor_backward(1)

    def flush(self) -> None:
        """Let the terminal have what was written, unless it is held."""
        if not self.is_held:
            try:
                self._flush()
            except KeyboardInterrupt:
                abandon(sys.stdout)
                raise
