"""Worked sessions as sequence charts in inline SVG: what `charts` draws in ASCII, row by row.

A chart of up to three actors is narrow enough for a phone; one of more is as wide as it has to be, for a box that scrolls.
It brings its own style and has the colour of the text around it; `--paper` is the page's colour behind it, if it is set.
"""

from __future__ import annotations

import textwrap
from html import escape

from ...model import Session, SessionStep
from .charts import Layout, Row, lay_out

#: Pixels: of a character, of a line, of a row, of the space above what somebody begins, down to the first row.
_CELL, _LINE, _ROW, _GAP, _TOP = 6.65, 14, 12, 10, 34
#: Columns of a chart, and of each actor where these do not suffice.
_WIDTH, _EACH = 50, 16
_FONT = "11px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
#: Words stay readable where they cross a line.
_WORDS = f"font:{_FONT};fill:currentColor;stroke:var(--paper,Canvas);stroke-width:3px;stroke-linejoin:round"
_LINES = "fill:none;stroke:currentColor"
_DASHES = {"opens": "2 3", "ends": "7 4", "resets": "7 4"}


def chart_svg(session: Session) -> str:
    """The chart as an SVG element. Its frames bear the numbers that they have in `charts.frame_lines`."""
    layout = lay_out(session, max(_WIDTH, _EACH * len(session.actors)))
    lines: list[str] = []
    words: list[str] = []
    y = float(_TOP)
    for row in layout.rows:
        folded = _folded(row, layout)
        y += _ROW + _LINE * len(folded) + (_GAP if row.gap and words else 0)
        lines += [] if row.step.kind == "note" else [_arrow(row, y)]
        words += _words(row, folded, y, layout)
    y += _ROW + _GAP
    lifelines = "".join(f"M{_x(column)} {_TOP - 6}V{y:g}" for _, column in layout.actors)
    heads = [_text(column, _TOP - 14, actor, "middle", "font-weight:700") for actor, column in layout.actors]
    wide = (layout.right + len(session.actors[-1]) / 2 + 1) * _CELL
    return (
        f'<svg class="session" role="img" aria-label="Sequence chart: {escape(session.title)}" '
        f'viewBox="0 0 {wide:.0f} {y:g}" width="{wide:.0f}" height="{y:g}"><desc>{escape(_told(session))}</desc>'
        f'<g style="{_LINES}"><path stroke-dasharray="1 3" d="{lifelines}"/>{"".join(lines)}</g>'
        f'<g paint-order="stroke" style="{_WORDS}">{"".join([*heads, *words])}</g></svg>'
    )


def _told(session: Session) -> str:
    """The session in words, for who cannot see it."""
    return " ".join(f"{_step_in_words(step)}." for step in session.steps)


def _step_in_words(step: SessionStep) -> str:
    text = step.text.rstrip(".") or {"opens": "connects", "ends": "end of stream"}.get(step.kind, step.kind)
    where = step.source if step.source == step.target else f"{step.source} to {step.target}"
    return f"{where}: {text}" if where else text


def _x(column: float) -> str:
    return f"{(column + 0.5) * _CELL:.1f}"


def _folded(row: Row, layout: Layout) -> list[str]:
    """The lines of the label."""
    if row.step.kind == "note" and not row.step.source:
        room = layout.right - layout.left
    elif row.step.kind == "note":
        room = layout.distance - 3
    else:
        room = abs(row.last - row.first) - 2
    return textwrap.wrap(row.label, max(room, 8), break_on_hyphens=False)


def _words(row: Row, folded: list[str], y: float, layout: Layout) -> list[str]:
    """The label above its arrow, or beside its actor, or across the chart; and the number of the frame."""
    kind, column, anchor, style = row.step.kind, min(row.first, row.last) + 1.0, "start", ""
    if kind == "note":
        style, y = "font-style:italic", y + 5
        column, anchor = row.first + 1.5, "start"
        if not row.step.source:
            column, anchor = (layout.left + layout.right) / 2, "middle"
        elif row.first == layout.right:
            column, anchor = row.first - 1.5, "end"
    top = y - 5 - (len(folded) - 1) * _LINE
    found = []
    for index, line in enumerate(folded):
        name, space, rest = line.partition(" ") if row.step.message and not index else ("", "", line)
        found.append(_text(column, top + index * _LINE, rest, anchor, style, f"{name}{space}"))
    if row.number:
        found.append(_text(-0.4, y + 4, f"({row.number})", "start", "opacity:.7"))
    if kind == "note" and row.step.source:
        found.append(f'<circle cx="{_x(row.first)}" cy="{y - 9:g}" r="2.5" stroke="none"/>')
    return found


def _text(column: float, y: float, words: str, anchor: str, style: str, bold: str = "") -> str:
    """Words at a column; `bold` stands in front."""
    bold = f'<tspan font-weight="700">{escape(bold)}</tspan>' if bold else ""
    how = f' style="{style}"' if style else ""
    return f'<text x="{_x(column)}" y="{y:g}" text-anchor="{anchor}"{how}>{bold}{escape(words)}</text>'


def _arrow(row: Row, y: float) -> str:
    """An arrow, dashed for a connection; its head is a cross where that is reset."""
    back, end = (-1 if row.last > row.first else 1), (row.last + 0.5) * _CELL
    dashes = f' stroke-dasharray="{_DASHES[row.step.kind]}"' if row.step.kind in _DASHES else ""
    shaft = f'<path d="M{_x(row.first)} {y:g}H{end:.1f}"{dashes}/>'
    if row.step.kind == "resets":
        return f'{shaft}<path d="M{end + back * 9:.1f} {y - 4:g}l8 8m0-8l-8 8"/>'
    return f'{shaft}<path fill="currentColor" stroke="none" d="M{end:.1f} {y:g}l{back * 8} -4v8z"/>'
