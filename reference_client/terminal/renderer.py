"""A renderer of prompt_toolkit that also erases what a narrower terminal has broken into more rows.

When a terminal becomes narrower, most of them break each row that is now too long, the line being typed among them.
prompt_toolkit would go up by the rows that it has drawn, and leave the rest standing. (Terminals that cut rows off
instead, such as xterm, lose a row of what stands above if the line being typed was longer than they are wide now.)
"""

from __future__ import annotations

from prompt_toolkit.renderer import Renderer


class ReflowingRenderer(Renderer):
    """Knows in how many rows stands now what was drawn above the cursor."""

    def erase(self, leave_alternate_screen: bool = True) -> None:
        """Erase what was drawn, and put the cursor where that began."""
        self.output.cursor_up(self._rows_gained())
        super().erase(leave_alternate_screen)

    def _rows_gained(self) -> int:
        if self.last_rendered_screen is None or self._last_size is None:
            return 0
        width = self.output.get_size().columns
        if width >= self._last_size.columns:
            return 0  # Rows end with a line end of their own, so a wider terminal joins none.
        x, y = self._cursor_pos
        lengths = [
            max(
                (at + 1 for at, cell in self.last_rendered_screen.data_buffer[row].items() if cell.char.strip()),
                default=0,
            )
            for row in range(y + 1)
        ]
        # A cursor behind the last character stays in its row.
        below = (x - (x == lengths[y])) // width if x else 0
        return sum(max(0, length - 1) // width for length in lengths[:y]) + below
