"""What a line looks like: its colours, the time in front of it, and its rows.

A `Show` and a width go in; rows of styled fragments come out, as prompt_toolkit has them. The styles keep to the 16
colours that people choose for their terminals. The invariant: names of speakers are marked by a style that no text of
theirs can have.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from prompt_toolkit.styles import Style

from ..display import Show
from .gate import END_OF_ISOLATE, ISOLATE, is_right_to_left, tamed
from .rows import Row, wrap

#: A row: styles and texts.
Fragments = list[tuple[str, str]]

#: The style of what goes around the gate.
RAW = "[ZeroWidthEscape]"

_WORD = re.compile(r"[^ ,]+")

#: Colours of names: in the palettes of six common terminals each has a contrast of 2 or more on black and on white.
_COLOURS = ("ansigreen", "ansicyan", "ansimagenta", "ansibrightred", "ansibrightblue", "ansibrightmagenta")

STYLE = Style.from_dict(
    {
        **{f"name{number}": f"{colour} bold" for number, colour in enumerate(_COLOURS)},
        "own": "dim",
        "notice": "bold",
        "label": "reverse",
        "event": "dim",
        "note": "dim",
        "error": "ansired bold",
        "time": "dim",
        "prompt": "bold",
        "control-character": "reverse",
        "status": "reverse",
        "status.trouble": "bold",
        "status.chosen": "noreverse bold",
    }
)

#: The style of a line by its kind.
_KINDS = {
    "SAY": "class:own",
    "PM": "class:own",
    "NOTICE": "class:notice",
    "JOINED": "class:event",
    "LEFT": "class:event",
    "RENAMED": "class:event",
    "RENAME": "class:event",
    "EXPLANATION": "class:note",
}


class _Span(NamedTuple):
    """The style of a part of a line."""

    start: int
    end: int
    style: str


def name_style(name: str) -> str:
    """The style of a name: the same at every client, for as long as it is the same name (NAME-2)."""
    return f"class:name{zlib.adler32(name.lower().encode('utf-8', 'replace')) % len(_COLOURS)}"


class Painter:
    """Paints one line after the other; `shows_times` may be changed at any time."""

    def __init__(self, *, shows_times: bool) -> None:
        self.shows_times = shows_times
        self._date = ""

    def paint(self, show: Show, width: int) -> Iterator[Fragments]:
        """The rows of a line on a terminal of so many columns; in front of them the date, where that has changed."""
        moment = _moment(show.time)
        if moment is not None:
            date = f"{moment:%A, %Y-%m-%d}"
            if self._date not in ("", date):
                yield [("class:time", f"--- {date} ---"[:width])]
            self._date = date
        time = (f"{moment:%H:%M} " if moment else " " * 6) if self.shows_times else ""
        prefix = time + tamed(show.line[: show.indent])
        line = prefix + tamed(show.line[show.indent :])
        styles = [""] * len(line)
        for start, end, style in [*_spans(show, len(time), len(prefix), line)][::-1]:
            styles[start:end] = [style] * (end - start)
        styles[: len(time)] = ["class:time"] * len(time)
        for row in wrap(line, width, len(prefix), len(time)):
            yield _fragments(line, row, styles, len(prefix))


def _moment(time: int | None) -> datetime | None:
    """The time of a message on the clock of this place; None where a calendar has no such time."""
    if time is None:
        return None
    try:
        return datetime.fromtimestamp(time / 1000)
    except (ValueError, OverflowError, OSError):
        return None


def _spans(show: Show, start: int, text: int, line: str) -> Iterator[_Span]:
    """The styles of a line that begins at `start` and its text at `text`; the first that fits a place is taken."""
    whole = "class:error" if show.stream == "error" else _KINDS.get(show.kind, "")
    if show.kind == "NOTICE":
        yield _Span(start, text - 1, "class:label")
    elif show.kind == "ROSTER":
        for name in _WORD.finditer(line, text):
            yield _Span(*name.span(), name_style(name[0]))
    elif show.kind == "CHAT":
        yield _Span(start, text, name_style(show.speaker))
    elif show.kind == "WHISPER":
        yield _Span(start, text - 1, f"class:label {name_style(show.speaker)}")
    elif show.speaker and not show.indent and (at := line.find(f'"{show.speaker}"', start) + 1):
        yield _Span(at, at + len(show.speaker), name_style(show.speaker))
    yield _Span(start, len(line), whole)


def _fragments(line: str, row: Row, styles: list[str], text: int) -> Fragments:
    """A row, cut where its style changes. Text that runs from right to left is kept from moving what stands before it."""
    begin = max(row.start, min(text, row.end))
    isolated = is_right_to_left(line[begin : row.end])
    fragments: Fragments = [("", " " * row.hang)] if row.hang else []
    for start, end in ((row.start, begin), (begin, row.end)):
        if isolated and start == begin and end > start:
            fragments.append((RAW, ISOLATE))
        for style, places in groupby(range(start, end), styles.__getitem__):
            fragments.append((style, "".join(line[place] for place in places)))
    if isolated:
        fragments.append((RAW, END_OF_ISOLATE))
    return fragments
