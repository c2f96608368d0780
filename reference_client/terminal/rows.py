"""Where a line is broken, so that it fits the terminal: at words, and aligned under its text.

`wrap` takes a line and a width and gives the pieces that become rows. The invariant: no row but the first begins in the
first column, so no text can pass for a line of somebody else, however it is broken. (What was printed before a terminal
became narrower is broken anew by the terminal. A piece of it may then begin in the first column, without the style that
`paint` gives to names alone.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from prompt_toolkit.utils import get_cwidth

#: Columns by which the rows behind the first are set in at least.
LEAST_HANG = 2

#: How a line feed is shown (CLIENT-5). Behind it a row ends, if there are not more of them in a line than this.
_LINE_FEED = "\u21b5"
_MOST_LINE_FEEDS = 20

#: What no row ends with.
_TRIMMED = " \u200c\u200d"


class Row(NamedTuple):
    """The part of a line that makes a row, from the index `start` to `end`, set in by `hang` columns."""

    start: int
    end: int
    hang: int


def columns_of(text: str) -> int:
    """How many columns the text takes at most: terminals disagree about joined characters and about marks with a width.

    Not `get_cwidth` of the whole, which would remember every text.
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    category = unicodedata.category(character)
    if category == "Mn" or character.isascii():
        return get_cwidth(character)
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    return max(get_cwidth(character), 2 if wide else 1 if category == "Mc" else 0)


def wrap(line: str, width: int, indent: int = 0, margin: int = 0) -> list[Row]:
    """The rows of a harmless line on a terminal with so many columns; `indent` is the index at which its text begins, `margin`
    how many of the columns in front of that are for the time."""
    hang = columns_of(line[:indent])
    if hang > width // 2:  # It would leave too little room.
        hang, indent = 0, indent - 1
    hang = max(LEAST_HANG + (margin if margin < width // 2 else 0), hang)
    breaks_at_line_feeds = line.count(_LINE_FEED) <= _MOST_LINE_FEEDS
    rows: list[Row] = []
    start = used = 0  # Index and width of the row so far.
    gap: int | None = None  # Where the row may best be broken.
    behind = ""

    def end_row(end: int) -> None:
        nonlocal start, used, gap
        rows.append(Row(start, _trimmed(line, start, end), hang if rows else 0))
        start, used, gap = end, columns_of(line[end:index]), None

    for index, cluster in _clusters(line):
        columns = columns_of(cluster)
        if behind == _LINE_FEED and breaks_at_line_feeds:
            end_row(index)
        elif index > indent and cluster != " " and (behind == " " or (columns > 1 and index > start)):
            # At a blank, which is not shown then; and in front of a wide character, since those are not set in words.
            gap = index
        if cluster != " " and index > start and used + columns > width - (hang if rows else 0):
            end_row(index if gap is None else gap)
            if used + columns > width - hang and index > start:  # What was taken over has no gap.
                end_row(index)
        used += columns
        behind = cluster
    index = len(line)
    end_row(index)
    return rows


def _trimmed(line: str, start: int, end: int) -> int:
    """Where the last thing before `end` ends that is neither a blank nor a joiner: at the end of a row, some terminals join
    the first character of the next row to it, whoever wrote that one."""
    return start + len(line[start:end].rstrip(_TRIMMED))


def _clusters(line: str) -> Iterator[tuple[int, str]]:
    """Each character with what belongs to it, marks and joiners, and its index."""
    start = 0
    for index, character in enumerate(line):
        if index > start and get_cwidth(character) > 0:
            yield start, line[start:index]
            start = index
    if start < len(line):
        yield start, line[start:]
