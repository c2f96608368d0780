"""Sequence charts: who told whom what, in order, in ASCII for terminals and plain documents (`svg` has them for browsers).

A chart is lanes and rows, made of the events of a run (`chart_of_events`) or by whoever knows what is to happen. It is
laid out once, in character cells, and rendered twice: text stands at the same column in both. What comes from a peer
goes through `plain`, so that nothing but characters is left of it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from impwire.codecs import FRAME, decode
from impwire.messages import User
from impwire.tables import Role, Settings
from impwire.wire import DecodeError, Message, amount

from ..language import CONSOLE, SERVER
from ..play.transcript import Event, Kind

#: Rows of a chart; of more, the middle is left out.
_MOST_ROWS = 80
#: Lines of a label, and characters of a value in it.
_LABEL_LINES, _LONGEST_VALUE = 3, 40
#: The smallest distance of two lanes; actors that do not fit share a lane.
_NARROWEST = 9
_SUITE, _TERMINAL, _ACTORS = "suite", "terminal", "actors"


class Style(StrEnum):
    """How a row is drawn."""

    FRAME = "frame"
    OPEN = "open"
    END = "end"
    RESET = "reset"
    #: A line that is typed or shown.
    LINE = "line"
    #: Words at one lane.
    NOTE = "note"
    #: Words across all lanes: what went wrong, or what is left out.
    BAND = "band"


#: Those that have no arrow.
_WORDS = (Style.NOTE, Style.BAND)


class Lane(NamedTuple):
    """Somebody who sends or gets something. `target`: it is what is under test."""

    name: str
    title: str
    target: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Something that goes from one lane to another, or happens at one (`source` and `to` are the same).

    `margin` stands in front of it (a time, a number). `whole` is all that can be said of it where `label` is too short.
    """

    source: str
    to: str
    label: str
    style: Style = Style.FRAME
    margin: str = ""
    wrong: bool = False
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lanes from left to right and rows from top to bottom."""

    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]


def lanes_of(role: Role, actors: Iterable[str], *, terminal: bool) -> tuple[Lane, ...]:
    """The lanes of a run: the suite's on the left, what is under test, and on its right who types at it."""
    if role is Role.CLIENT:
        client = next(iter(actors))
        found = [Lane(_SUITE, "server (suite)"), Lane(client, f"{client} (client)", target=True)]
        return tuple([*found, Lane(_TERMINAL, "terminal")] if terminal else found)
    found = [Lane(actor, actor) for actor in dict.fromkeys(actors) if actor not in (CONSOLE, SERVER)]
    found.append(Lane(SERVER, "server", target=True))
    return tuple([*found, Lane(CONSOLE, "console")] if terminal else found)


def ends(role: Role, actor: str, *, to_target: bool, typed: bool = False) -> tuple[str, str]:
    """The lanes from and to which something goes. `typed`: it is a line, not a frame."""
    if role is Role.CLIENT:
        outside, target = _TERMINAL if typed else _SUITE, actor
    else:
        outside, target = actor, SERVER
    return (outside, target) if to_target else (target, outside)


# -- of events ---------------------------------------------------------------------------------------------------

_TO_TARGET = (Kind.SENT, Kind.SENT_END, Kind.SENT_RESET, Kind.TYPED)
_STYLES = {
    Kind.OPENED: Style.OPEN,
    Kind.SENT_END: Style.END,
    Kind.RECEIVED_END: Style.END,
    Kind.SENT_RESET: Style.RESET,
    Kind.RECEIVED_RESET: Style.RESET,
    Kind.TYPED: Style.LINE,
    Kind.SHOWN: Style.LINE,
    Kind.NOTE: Style.NOTE,
}


def chart_of_events(
    events: Sequence[Event], role: Role, actor: str = "", *, wrong: bytes = b"", outcome: str = ""
) -> Chart:
    """The chart of a run. `actor` is who a client under test is, `wrong` the frame that was not what was due, `outcome`
    what went wrong in a few words."""
    terminal = any(event.kind in (Kind.TYPED, Kind.SHOWN) for event in events)
    actors = [actor] if role is Role.CLIENT else [event.actor for event in events]
    last_wrong = max((index for index, event in enumerate(events) if _is(event, wrong)), default=-1)
    rows = []
    for index in _shown(len(events)):
        rows.append(
            _row(events[index], role, wrong=index == last_wrong)
            if index is not None
            else Row("", "", f"... {len(events) - _MOST_ROWS} more ...", Style.BAND)
        )
    if outcome:
        rows.append(Row("", "", outcome, Style.BAND, wrong=True))
    return Chart(lanes_of(role, actors, terminal=terminal), tuple(rows))


def _shown(count: int) -> list[int | None]:
    """The indices of the rows that are shown of so many; None for the middle that is left out."""
    if count <= _MOST_ROWS:
        return list(range(count))
    head = _MOST_ROWS // 3
    return [*range(head), None, *range(count - _MOST_ROWS + head, count)]


def _is(event: Event, frame: bytes) -> bool:
    return bool(frame) and event.kind is Kind.RECEIVED and event.data == frame


def _row(event: Event, role: Role, *, wrong: bool) -> Row:
    if event.kind is Kind.NOTE:
        source = to = SERVER if role is Role.SERVER and event.actor == CONSOLE else event.actor
    else:
        # A client connects to the suite, and an actor to the server.
        to_target = role is Role.SERVER if event.kind is Kind.OPENED else event.kind in _TO_TARGET
        source, to = ends(role, event.actor, to_target=to_target, typed=event.kind in (Kind.TYPED, Kind.SHOWN))
    label = label_of_bytes(event.data, event.text) if event.data else event.text
    style = _STYLES.get(event.kind, Style.FRAME)
    return Row(source, to, label, style, f"{event.at:.3f}", wrong, event.text)


def label_of_bytes(data: bytes, otherwise: str) -> str:
    """The messages in the bytes with the fields that matter; `otherwise` and the size if they are no whole frames."""
    try:
        return " + ".join(map(_label_of_frame, _frames(data)))
    except DecodeError:
        return f"{otherwise} ({amount(len(data))})"


def _label_of_frame(frame: bytes) -> str:
    try:
        return label_of(decode(frame))
    except DecodeError:
        # Many times slower, and reads what is laid out rightly and has values that are not allowed.
        return label_of(decode(frame, unchecked=True))


def _frames(data: bytes) -> list[bytes]:
    """The frames in the bytes; what is too short for its length is one, too."""
    found = []
    while data:
        size = FRAME.prefix_size + int.from_bytes(data[: FRAME.prefix_size], "big")
        found.append(data[:size])
        data = data[size:]
    return found


def label_of(message: Message) -> str:
    """The name of a message, its request_id as `#1`, and those of its fields that tell something."""
    values = {item.name: getattr(message, item.name) for item in fields(message)}  # type: ignore[arg-type]
    number = values.pop("request_id", 0)
    words = [message.NAME, *([f"#{number}"] if number else [])]
    return " ".join(words + [f"{name}={_value(value)}" for name, value in values.items() if _matters(name, value)])


_DEFAULTS = {name: getattr(Settings(), name) for name in Settings.__slots__}
_PASSED_OVER = ("time", "version", "min_version", "max_version", "server_name", "request_type", "nonce", "session_id")


def _matters(name: str, value: Any) -> bool:
    return name not in _PASSED_OVER and (
        value != _DEFAULTS[name] if name in _DEFAULTS else bool(value) or name == "seq"
    )


def _value(value: Any) -> str:
    if isinstance(value, User):
        return value.name
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    text = value.name if isinstance(value, IntEnum) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


# -- layout ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """A row in columns: from where to where it goes, and the lines of its label, each with its first column.

    `inside`: the label stands in the arrow itself; else its lines stand above.
    """

    row: Row
    first: int
    last: int
    label: tuple[tuple[int, str], ...]
    inside: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A chart in columns: how wide it is, where the lanes are, and its rows."""

    width: int
    lanes: tuple[tuple[int, Lane], ...]
    rows: tuple[Placed, ...]


def lay_out(chart: Chart, width: int) -> Layout:
    """Where everything stands, at most `width` columns wide."""
    chart = _gathered(chart, width)
    margin = max((len(row.margin) for row in chart.rows), default=0)
    titles = [len(lane.title) for lane in chart.lanes]
    first = margin + 2 + titles[0] // 2
    last = width - 1 - (titles[-1] + 1) // 2
    gaps = len(chart.lanes) - 1
    wanted = max((_wanted_gap(row, chart.lanes) for row in chart.rows), default=0)
    gap = min((last - first) // gaps, max(_NARROWEST, max(titles) + 2, wanted))
    columns = {lane.name: first + index * gap for index, lane in enumerate(chart.lanes)}
    right = first + gaps * gap
    rows = tuple(_place(row, columns, first, right) for row in chart.rows)
    lanes = tuple(
        (columns[lane.name], lane._replace(title=_cut(lane.title, gap - 1 if gaps > 1 else width)))
        for lane in chart.lanes
    )
    return Layout(right + (len(lanes[-1][1].title) + 1) // 2 + 1, lanes, rows)


def _wanted_gap(row: Row, lanes: Sequence[Lane]) -> int:
    """How far apart lanes have to be for the label to fit into its arrow, or between the outer lanes."""
    places = [index for index, lane in enumerate(lanes) if lane.name in (row.source, row.to)]
    span = places[1] - places[0] if len(places) == 2 else len(lanes) - 1
    return -(-(len(row.label) + 6) // span)


def _gathered(chart: Chart, width: int) -> Chart:
    """The chart with the actors in one lane, if there are too many for a lane each."""
    others = [lane for lane in chart.lanes if not lane.target and lane.name not in (CONSOLE, _TERMINAL)]
    if len(others) < 2 or (len(chart.lanes) - 1) * _NARROWEST + 20 <= width:
        return chart
    names = {lane.name for lane in others}

    def moved(row: Row) -> Row:
        source, to = (_ACTORS if end in names else end for end in (row.source, row.to))
        who = next((end for end in (row.source, row.to) if end in names), "")
        return replace(row, source=source, to=to, label=f"{who}: {row.label}" if who else row.label)

    lanes = (Lane(_ACTORS, f"{len(others)} actors"), *(lane for lane in chart.lanes if lane.name not in names))
    return Chart(lanes, tuple(map(moved, chart.rows)))


def _place(row: Row, columns: dict[str, int], left: int, right: int) -> Placed:
    label = plain(row.label)
    start, end = columns.get(row.source, left), columns.get(row.to, right)
    low, high = min(start, end), max(start, end)
    if start != end and row.style is not Style.BAND and len(label) <= high - low - 5:
        return Placed(row, start, end, ((low + (high - low - len(label)) // 2 + 1, label),), inside=True)
    indent = 3 if row.style in _WORDS else 2
    room = right - left - indent - 1
    lines = textwrap.wrap(label, room) or [""]
    if len(lines) > _LABEL_LINES:
        lines = [*lines[: _LABEL_LINES - 1], lines[_LABEL_LINES - 1][: room - 4] + " ..."]
    placed = tuple((max(left + indent, min(low + indent, right - 1 - len(line))), line) for line in lines)
    return Placed(row, start, end, placed, inside=False)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(1, length)]


def plain(text: str) -> str:
    """The text in printable ASCII: nothing in it can move a terminal's cursor, and every character is one column."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else repr(c)[1:-1].encode("ascii", "backslashreplace").decode() for c in text)


# -- text --------------------------------------------------------------------------------------------------------

_SHAFTS = {Style.FRAME: "-", Style.OPEN: ".", Style.END: "- ", Style.RESET: "- ", Style.LINE: "-"}


def text(chart: Chart, width: int = 100) -> str:
    """The chart in ASCII, at most `width` columns wide."""
    layout = lay_out(chart, width)
    heading = [" "] * (layout.width + 1)
    for column, lane in layout.lanes:
        _write(heading, column - len(lane.title) // 2, lane.title)
    lines = ["".join(heading).rstrip(), _lifelines(layout, "")]
    for placed in layout.rows:
        lines += _text_row(placed, layout)
    return "\n".join([*lines, _lifelines(layout, "")]) + "\n"


def _lifelines(layout: Layout, margin: str) -> str:
    cells = [" "] * (layout.width + 1)
    _write(cells, 0, margin)
    for column, _ in layout.lanes:
        cells[column] = "|"
    return "".join(cells).rstrip()


def _text_row(placed: Placed, layout: Layout) -> list[str]:
    row = placed.row
    margin = [f"{row.margin:>{_margin(layout)}}", *[""] * len(placed.label)]
    found = []
    for index, (column, words) in enumerate(() if placed.inside else placed.label):
        cells = list(_lifelines(layout, margin[index]).ljust(layout.width + 1))
        _write(cells, column - 1, f" {words}")
        if index == 0 and row.style in _WORDS:
            cells[column - 2] = "!" if row.wrong else "*"
        found.append("".join(cells).rstrip())
    if placed.first == placed.last or row.style in _WORDS:
        return found
    cells = list(_lifelines(layout, margin[0] if placed.inside else "").ljust(layout.width + 1))
    low, high = min(placed.first, placed.last), max(placed.first, placed.last)
    shaft = _SHAFTS[row.style]
    _write(cells, low + 1, (shaft * (high - low))[: high - low - 1])
    head = "x" if row.style is Style.RESET else ">" if placed.last == high else "<"
    cells[high - 1 if placed.last == high else low + 1] = head
    if placed.inside:
        column, words = placed.label[0]
        _write(cells, column - 1, f" {words} ")
    if row.wrong:
        cells += list("  <== here")
    return [*found, "".join(cells).rstrip()]


def _margin(layout: Layout) -> int:
    return max((len(placed.row.margin) for placed in layout.rows), default=0)


def _write(cells: list[str], column: int, words: str) -> None:
    cells[column : column + len(words)] = words
