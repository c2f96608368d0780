"""The plot of what a delivery costs: a panel a window, a line a server, both axes logarithmic. An SVG that needs nothing else."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from .figures import Costs, Point
from .load.servers import OURS

_WIDTH, _HEIGHT = 840, 400
_TOP, _BOTTOM, _LEFT, _GAP = 64, 52, 56, 44
_PANEL = 250
_COLOURS = {OURS: "#d1495b", "redis-server": "#3a86c8", "nats-server": "#2a9d6f", "mosquitto": "#b07aa1"}
_OTHER = "#8a8f98"
_NAME_HEIGHT = 15

# Drawn for light pages and, where the page is dark, for dark ones.
_STYLE = """\
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a; }
  .title { font-size: 15px; font-weight: 600; fill: #24292f; }
  .panel { font-size: 13px; font-weight: 600; }
  .name { font-weight: 600; }
  .grid { stroke: #8a8f98; stroke-opacity: 0.28; }
  .line { fill: none; stroke-width: 2; }
  .ours { stroke-width: 3.5; }
  .spread { stroke-width: 1.2; stroke-opacity: 0.7; }
  @media (prefers-color-scheme: dark) { text { fill: #9da7b3; } .title { fill: #e6edf3; } }
"""


def draw(costs: Costs) -> str:
    """The plot as SVG. A point is the median, the bar through it reaches from the least to the greatest of the rounds."""
    windows = sorted({point.window for point in costs.rounds})
    numbers = sorted({point.receivers for point in costs.rounds})
    ends = [end for point in costs.rounds for end in costs.spread(point)]
    axes = _Axes(numbers, _nice(min(ends), below=True), _nice(max(ends), below=False))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        ' role="img" aria-label="Processor time of the server for one delivery, by receivers and window">',
        f"<style>\n{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="22">Processor time of the server for one delivery, µs (less is better)</text>',
    ]
    for number, window in enumerate(windows):
        parts += axes.panel(_LEFT + number * (_PANEL + _GAP), window, first=number == 0)
        parts += _lines(costs, axes, _LEFT + number * (_PANEL + _GAP), window, named=number == len(windows) - 1)
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Axes:
    """Where numbers of receivers and microseconds stand in a panel."""

    def __init__(self, numbers: list[int], least: float, most: float) -> None:
        self.numbers, self._least, self._most = numbers, least, most

    def x(self, left: float, number: int) -> float:
        if len(self.numbers) == 1:
            return left + _PANEL / 2
        share = math.log(number / self.numbers[0]) / math.log(self.numbers[-1] / self.numbers[0])
        return left + 14 + share * (_PANEL - 28)

    def y(self, microseconds: float) -> float:
        share = math.log(microseconds / self._least) / math.log(self._most / self._least)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def panel(self, left: float, window: int, *, first: bool) -> list[str]:
        """The grid and its labels."""
        under_way = "1 message" if window == 1 else f"{window} messages"
        parts = [f'<text class="panel" x="{left}" y="{_TOP - 14}">{under_way} under way</text>']
        for value in _steps(self._least, self._most):
            y = self.y(value)
            parts.append(f'<path class="grid" d="M{left} {y:.1f}H{left + _PANEL}"/>')
            if first:
                parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
        for number in self.numbers:
            x, bottom = self.x(left, number), _HEIGHT - _BOTTOM
            parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>')
            parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{number:,}</text>')
        parts.append(f'<text x="{left + _PANEL / 2}" y="{_HEIGHT - 14}" text-anchor="middle">receivers</text>')
        return parts


def _lines(costs: Costs, axes: _Axes, left: float, window: int, *, named: bool) -> list[str]:
    parts, ends = [], {}
    servers = dict.fromkeys(point.server for point in costs.rounds)
    # Ours last, so that it lies above the others.
    for server in sorted(servers, key=lambda server: server == OURS):
        points = [p for number in axes.numbers if (p := Point(number, window, server)) in costs.rounds]
        if not points:
            continue
        colour = _COLOURS.get(server, _OTHER)
        places = [(axes.x(left, point.receivers), axes.y(costs.median(point))) for point in points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path class="line{" ours" if server == OURS else ""}" stroke="{colour}" d="{path}"/>')
        for point, (x, y) in zip(points, places, strict=True):
            low, high = map(axes.y, costs.spread(point))
            parts.append(f'<path class="spread" stroke="{colour}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4 if server == OURS else 3}" fill="{colour}"/>')
        ends[server] = places[-1]
    return [*parts, *(_names(ends) if named else [])]


def _names(ends: dict[str, tuple[float, float]]) -> list[str]:
    """The name of each line beside its end, moved down where two would lie on each other."""
    parts, free = [], 0.0
    for server, (x, y) in sorted(ends.items(), key=lambda item: item[1][1]):
        free = max(y, free)
        colour = _COLOURS.get(server, _OTHER)
        parts.append(
            f'<text class="name" x="{x + 22:.1f}" y="{free + 4:.1f}" style="fill: {colour}">{escape(server)}</text>'
        )
        free += _NAME_HEIGHT
    return parts


def _steps(least: float, most: float) -> list[float]:
    """1, 2, 5, 10, … between two of them, both included."""
    steps = [digit * 10.0**power for power in range(-4, 6) for digit in (1, 2, 5)]
    return [step for step in steps if least * 0.999 <= step <= most * 1.001]


def _nice(value: float, *, below: bool) -> float:
    """The nearest of the steps below or above."""
    steps = _steps(1e-4, 5e5)
    return max(step for step in steps if step <= value) if below else min(step for step in steps if step >= value)
