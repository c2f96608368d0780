"""What text for a terminal has to heed: colours or none, the width, and characters that a terminal would obey.

Whatever comes from a target goes through `harmless` first: a server must not paint the screen of who tests it.
"""

from __future__ import annotations

import contextlib
import os
import unicodedata
from typing import TextIO

#: Columns of what is not a terminal: a log.
_LOG = 120
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Style:
    """How text is set. `columns` is how many fit in a line."""

    def __init__(self, *, colour: bool = False, columns: int = _LOG) -> None:
        self._colour, self.columns = colour, columns

    def indented(self, columns: int) -> Style:
        """The same for text that stands so many columns further right."""
        return Style(colour=self._colour, columns=self.columns - columns)

    def paint(self, text: str, style: str) -> str:
        """The text in a style such as `red` or `bold`; as it is where colours are not wanted."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._colour and text else text


class Terminal:
    """A stream for people. `live` tells whether a line can be written over; https://no-color.org is respected."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colour = self.live and not os.environ.get("NO_COLOR")
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    @property
    def style(self) -> Style:
        """How text is set at this moment: a terminal can have been resized."""
        columns = _LOG
        if self.live:
            with contextlib.suppress(OSError):
                columns = os.get_terminal_size(self._stream.fileno()).columns or _LOG
        return Style(colour=self._colour, columns=columns)

    def write(self, text: str) -> None:
        """Write at once. Once nobody reads any more (`| head`), what is written goes nowhere, and the run goes on."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # The descriptor itself: Python flushes the stream again when it ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def harmless(text: str) -> str:
    """The text with every character that a terminal might obey as an escape; line feeds stay."""
    return "".join(
        character if character in "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )  # fmt: skip


def cut(text: str, columns: int) -> str:
    """The text in so many columns, with an ellipsis if that is not all of it."""
    return text if len(text) <= columns else text[: max(columns - 1, 0)] + "…"
