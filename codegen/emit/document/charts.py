"""Worked sessions as sequence charts in ASCII: who tells whom what, in order, with every frame in hexadecimal below.

`lay_out` gives each actor a column and each step a place, in character cells; `chart_svg` draws the same. The frames are
numbered in the margin, and the bytes stand under these numbers: between the lifelines they would tear the chart apart.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from ...model import Session, SessionStep

#: Columns from one actor to the next: of two actors at most so many, of more at most so many.
_WIDEST, _WIDE = 48, 30
#: Columns between lifelines that are too few for a note, which then crosses one.
_NARROW = 24
#: Digits of a group of bytes that stand on one line.
_LONGEST_GROUP = 32
_EVENTS = {"opens": "connects", "ends": "end of stream", "resets": "reset"}
_SHAFTS = {"opens": ".", "ends": "- ", "resets": "- "}


@dataclass(frozen=True)
class Row:
    """A step in its place. `first` and `last` are the columns from which and to which it goes, the same at one actor.

    `number` counts the frames from 1; it is 0 for what has no bytes. A `gap` stands above what somebody begins.
    """

    step: SessionStep
    number: int
    first: int
    last: int
    label: str
    gap: bool


@dataclass(frozen=True)
class Layout:
    """A chart in columns: the actors and how far they are apart, and the rows from top to bottom."""

    actors: tuple[tuple[str, int], ...]
    distance: int
    rows: tuple[Row, ...]

    @property
    def left(self) -> int:
        return self.actors[0][1]

    @property
    def right(self) -> int:
        return self.actors[-1][1]


def chart_lines(session: Session, width: int) -> list[str]:
    """The chart and, below it, the bytes of its frames, in lines of at most `width` columns."""
    frames = frame_lines(session, width)
    return [*arrow_lines(session, width), *([""] if frames else []), *frames]


def arrow_lines(session: Session, width: int) -> list[str]:
    """The chart alone, below what is given."""
    layout = lay_out(session, width)
    given = textwrap.wrap(_plain(session.given), width)
    heading = [" "] * width
    for actor, column in layout.actors:
        _write(heading, column - len(actor) // 2, actor)
    lines = ["".join(heading), _lifelines(layout)]
    for row in layout.rows:
        lines += [_lifelines(layout)] if row.gap and lines[-1] != _lifelines(layout) else []
        lines += _row_lines(row, layout)
    return [*given, *([""] if given else []), *(line.rstrip() for line in [*lines, _lifelines(layout)])]


def frame_lines(session: Session, width: int) -> list[str]:
    """The bytes of each frame under its number in the chart: a group of digits for each field."""
    margin = " " * _margin(session)
    lines = []
    for number, step in enumerate((step for step in session.steps if step.hex), 1):
        lines.append(f"({number})".ljust(len(margin)) + f"{step.message or 'bytes'}, {step.source} to {step.target}")
        groups = " ".join(part for group in step.hex.split() for part in _pieces(group))
        lines += textwrap.wrap(groups, width, initial_indent=margin, subsequent_indent=margin)
    return lines


def _pieces(group: str) -> Iterator[str]:
    """A group of digits, cut so that it fits a line."""
    for start in range(0, len(group), _LONGEST_GROUP):
        yield group[start : start + _LONGEST_GROUP]


def _margin(session: Session) -> int:
    """Columns for the numbers of the frames."""
    return len(f"({sum(bool(step.hex) for step in session.steps)}) ")


# -- layout ------------------------------------------------------------------------------------------------------------


def lay_out(session: Session, width: int) -> Layout:
    """Where everything stands, at most `width` columns wide."""
    names = session.actors
    left = _margin(session) + len(names[0]) // 2
    room = width - left - (len(names[-1]) + 1) // 2
    distance = min(_WIDEST if len(names) == 2 else _WIDE, room // (len(names) - 1))
    places = {name: left + index * distance for index, name in enumerate(names)}
    centre = _centre(session)
    rows: list[Row] = []
    number, before = 0, ""
    for step in session.steps:
        number += bool(step.hex)
        first, last = places.get(step.source, left), places.get(step.target, max(places.values()))
        gap = step.kind == "note" or (step.source not in (before, centre) and bool(before))
        label = _plain(step.text or _EVENTS.get(step.kind, ""))
        rows.append(Row(step, number if step.hex else 0, first, last, label, gap))
        before = "" if step.kind == "note" else step.source
    return Layout(tuple(places.items()), distance, tuple(rows))


def _centre(session: Session) -> str:
    """The actor with whom the others talk; of two, the second."""
    ends = [end for step in session.steps if step.source != step.target for end in (step.source, step.target)]
    return max(reversed(session.actors), key=ends.count)


def _plain(text: str) -> str:
    """The text in printable ASCII, so that each character takes one column."""
    return "".join(c if " " <= c <= "~" else repr(c)[1:-1].encode("ascii", "backslashreplace").decode() for c in text)


# -- lines -------------------------------------------------------------------------------------------------------------


def _lifelines(layout: Layout) -> str:
    cells = [" "] * (layout.right + 1)
    for _, column in layout.actors:
        cells[column] = "|"
    return "".join(cells)


def _row_lines(row: Row, layout: Layout) -> list[str]:
    if row.step.kind != "note":
        return _arrow(row, layout)
    return _note(row, layout) if row.step.source else _band(row, layout)


def _band(row: Row, layout: Layout) -> list[str]:
    """Words across the chart, which interrupt the lifelines."""
    wide = layout.right - layout.left - 3
    lines = []
    for words in textwrap.wrap(row.label, wide):
        cells = list(_lifelines(layout).replace("|", ":"))
        _write(cells, layout.left + 1 + (wide - len(words)) // 2, f" {words} ")
        lines.append("".join(cells))
    return [*lines, _lifelines(layout)]


def _note(row: Row, layout: Layout) -> list[str]:
    """Words beside a lifeline: on its right, but for the last one."""
    room = layout.distance - 3 if layout.distance >= _NARROW or len(layout.actors) < 3 else 2 * layout.distance - 3
    lines = []
    for index, words in enumerate(textwrap.wrap(row.label, room)):
        cells = list(_lifelines(layout))
        cells[row.first] = "|" if index else "*"
        _write(cells, row.first - 1 - len(words) if row.first == layout.right else row.first + 2, words)
        lines.append("".join(cells))
    return lines


def _arrow(row: Row, layout: Layout) -> list[str]:
    """An arrow with its label in it, or above it if there is no room."""
    low, high = min(row.first, row.last), max(row.first, row.last)
    cells = list(_lifelines(layout))
    _write(cells, low + 1, (_SHAFTS.get(row.step.kind, "-") * (high - low))[: high - low - 1])
    head = "x" if row.step.kind == "resets" else ">" if row.last == high else "<"
    cells[high - 1 if row.last == high else low + 1] = head
    if row.number:
        _write(cells, 0, f"({row.number})")
    above = textwrap.wrap(row.label, high - low - 3, break_on_hyphens=False)
    lines = []
    if len(row.label) <= high - low - 5:
        _write(cells, low + (high - low - len(row.label) + (row.last == low)) // 2, f" {row.label} ")
        above = []
    for words in above:
        line = list(_lifelines(layout))
        _write(line, low + 2, words)
        lines.append("".join(line))
    return [*lines, "".join(cells)]


def _write(cells: list[str], column: int, words: str) -> None:
    cells[column : column + len(words)] = words
