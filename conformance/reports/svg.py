"""Sequence charts as SVG, for pages. The columns are those of `chart`; the lines are as far apart as looks well."""

from __future__ import annotations

from html import escape

from .chart import Chart, Lane, Layout, Placed, Style, lay_out, plain

#: Pixels of a character, of a line of a label, of a row, and down to the first row.
_CELL, _LINE, _PITCH, _TOP = 7.3, 15, 24, 34

#: What the charts of a page need once. The colours are the page's variables, with defaults for a chart on its own.
STYLE = """
.chart { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; --halo: var(--paper, Canvas); }
.chart text { fill: var(--ink, CanvasText); }
.chart .label { paint-order: stroke; stroke: var(--halo); stroke-width: 4px; stroke-linejoin: round; }
.chart .name { font-weight: 700; }
.chart .at { fill: var(--faint, GrayText); font-size: 10px; }
.chart .head { fill: var(--panel, Canvas); stroke: var(--line, GrayText); }
.chart .target { stroke: var(--accent, CanvasText); stroke-width: 2; }
.chart .life { stroke: var(--line, GrayText); stroke-dasharray: 2 3; }
.chart .arrow { stroke: var(--ink, CanvasText); fill: none; }
.chart .tip { fill: var(--ink, CanvasText); }
.chart .open .arrow, .chart .end .arrow, .chart .reset .arrow { stroke-dasharray: 5 4; stroke: var(--faint, GrayText); }
.chart .open .tip, .chart .end .tip, .chart .reset .tip { fill: var(--faint, GrayText); stroke: var(--faint, GrayText); }
.chart .line .arrow { stroke: var(--accent, CanvasText); }
.chart .line .tip { fill: var(--accent, CanvasText); }
.chart .note text { font-style: italic; fill: var(--faint, GrayText); }
.chart .wrong text, .chart .wrong .tip { fill: var(--failed, #c00); }
.chart .wrong .arrow { stroke: var(--failed, #c00); stroke-width: 2; }
.chart .band .label { stroke: none; }
.chart .wrong .band { fill: var(--failed-soft, #fdd); }
"""


def svg(chart: Chart, width: int = 60, *, title: str = "Sequence chart", alone: bool = False) -> str:
    """The chart as an SVG element. `alone`: as a file of its own, with its style."""
    layout = lay_out(chart, width)
    parts: list[str] = []
    bottom = float(_TOP)
    for placed in layout.rows:
        above = len(placed.label) - 1 if not placed.inside else 0
        bottom += _PITCH + above * _LINE
        parts.append(_svg_row(placed, bottom, layout))
    bottom += _PITCH / 2
    right = (layout.width + 1) * _CELL
    lifelines = [f'<path class="life" d="M{_x(column)} {_TOP}V{bottom:g}"/>' for column, _ in layout.lanes]
    heads = [_svg_head(column, lane) for column, lane in layout.lanes]
    name = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    style = f"<style>{STYLE}</style>" if alone else ""
    size = f'viewBox="0 0 {right:.0f} {bottom:.0f}" width="{right:.0f}" height="{bottom:.0f}"'
    return (
        f'<svg class="chart" role="img" aria-label="{escape(plain(title))}" {size}{name}>{style}'
        f"{''.join(lifelines)}{''.join(heads)}{''.join(parts)}</svg>"
    )


def _x(column: float) -> str:
    return f"{(column + 0.5) * _CELL:.0f}"


def _svg_head(column: int, lane: Lane) -> str:
    wide = (len(lane.title) + 2) * _CELL
    left = (column + 0.5) * _CELL - wide / 2
    kind = "head target" if lane.target else "head"
    box = f'<rect class="{kind}" x="{left:.0f}" y="8" width="{wide:.0f}" height="22" rx="4"/>'
    return f'{box}<text x="{_x(column)}" y="23" text-anchor="middle">{escape(plain(lane.title))}</text>'


def _svg_row(placed: Placed, y: float, layout: Layout) -> str:
    row = placed.row
    parts = [f"<title>{escape(plain(row.whole))}</title>"] if row.whole and row.whole != row.label else []
    lines = len(placed.label)
    top = y - 5 - (lines - 1) * _LINE
    if row.margin:
        parts.append(f'<text class="at" x="2" y="{top:g}">{escape(row.margin)}</text>')
    if row.style is Style.BAND:
        wide = f'{(layout.width + 1) * _CELL - 8:.0f}" height="{lines * _LINE + 6}'
        parts.append(f'<rect class="band" fill="none" x="4" y="{top - 13:g}" width="{wide}" rx="4"/>')
    elif placed.first != placed.last:
        parts.append(_svg_arrow(placed, y))
    for index, (column, words) in enumerate(placed.label):
        name, space, rest = words.partition(" ") if row.style is Style.FRAME and not index else ("", "", words)
        bold = f'<tspan class="name">{escape(name)}</tspan>{space}' if name else ""
        parts.append(
            f'<text class="label" x="{column * _CELL:.0f}" y="{top + index * _LINE:g}">{bold}{escape(rest)}</text>'
        )
    return f'<g class="{row.style}{" wrong" if row.wrong else ""}">{"".join(parts)}</g>'


def _svg_arrow(placed: Placed, y: float) -> str:
    back = -1 if placed.last > placed.first else 1
    end = (placed.last + 0.5) * _CELL
    shaft = f'<path class="arrow" d="M{_x(placed.first)} {y:g}H{end:.0f}"/>'
    if placed.row.style is Style.RESET:
        tip = f'<path class="tip" d="M{end + back * 9:.0f} {y - 4:g}l8 8m0-8l-8 8"/>'
    else:
        tip = f'<path class="tip" d="M{end:.0f} {y:g}l{back * 8} -4v8z"/>'
    return shaft + tip
