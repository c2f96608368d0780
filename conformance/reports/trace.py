"""What happened in a run, for a terminal: an event a line, with the time, who, which way, and the bytes in hex."""

from __future__ import annotations

import textwrap
from typing import Any

from ..play.transcript import Kind
from .terminal import Style, cut, harmless

#: Of a failure with a long story, so many events from its beginning and its end are shown; the last ones with bytes.
_FIRST, _LAST, _WITH_BYTES = 6, 30, 3
#: Rows of the bytes of an event where not all are wanted.
_ROWS = 2
#: Columns left of the text: time, actor, arrow.
_MARGIN = 21

_ARROWS = {
    Kind.SENT: "->",
    Kind.SENT_END: "->",
    Kind.SENT_RESET: "->",
    Kind.RECEIVED: "<-",
    Kind.RECEIVED_END: "<-",
    Kind.RECEIVED_RESET: "<-",
    Kind.TYPED: " >",
    Kind.SHOWN: " <",
}


def story(events: list[dict[str, Any]], style: Style, *, whole: bool) -> list[str]:
    """The events of an entry of the JSON report, in lines. What is left out unless `whole` is said to be."""
    if whole:
        return [line for event in events for line in (*_words(event, style), *_bytes(event, style))]
    lines = []
    behind = len(events)
    for number, event in enumerate(events):
        behind -= 1
        if number < _FIRST or behind < _LAST:
            lines.append(cut(_words(event, Style(columns=10_000))[0], style.columns))
            lines += _bytes(event, style)[:_ROWS] if behind < _WITH_BYTES else []
        elif number == _FIRST:
            lines.append(f"{'':{_MARGIN}}… {len(events) - _FIRST - _LAST} events; --trace shows them")
    return lines


def trace(entry: dict[str, Any], style: Style) -> str:
    """A run that has not failed, with all that crossed the wire."""
    milliseconds = entry["seconds"] * 1000
    colour = "green" if entry["counts_as"] == "passed" else "yellow"
    head = f"{entry['role']} {entry['id']}: {style.paint(entry['verdict'], colour)} ({milliseconds:.0f} ms)"
    reason = [f"  {line}" for line in harmless(entry["text"]).splitlines()]
    return "\n".join([head, f"  {entry['title']}", *reason, *story(entry.get("events", []), style, whole=True)])


def _words(event: dict[str, Any], style: Style) -> list[str]:
    """Time, actor, direction and text of an event."""
    arrow = _ARROWS.get(Kind(event["kind"]), "")
    text = harmless(event.get("text", "")).splitlines() or [""]
    lines = [part for line in text for part in textwrap.wrap(line, max(style.columns - _MARGIN, 20)) or [""]]
    head = f"{event['at']:9.3f} {harmless(event['actor']):>7} {arrow:2} "
    return [head + lines[0], *(f"{'':{_MARGIN}}{line}" for line in lines[1:])]


def _bytes(event: dict[str, Any], style: Style) -> list[str]:
    """The bytes of an event in hex."""
    data = bytes.fromhex(event.get("hex", ""))
    row = _row(style.columns - _MARGIN)
    rows = [data[start : start + row].hex(" ") for start in range(0, len(data), row)]
    return [f"{'':{_MARGIN}}" + style.paint(text, "dim") for text in rows]


def _row(columns: int) -> int:
    """How many bytes in hex fit, as a power of two."""
    row = 8
    while row < 32 and row * 2 * 3 <= columns:
        row *= 2
    return row
