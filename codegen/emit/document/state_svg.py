"""The diagram of states as inline SVG, drawn from the transitions alone.

The states stand one below the other, in their order, narrow enough for a phone. A transition that leads from one state
to the next is an arrow down. Every other one leaves at the right, runs along a lane of its own, and comes back to its
target: one that many states share joins in one lane. Lanes never run through a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from ...model import State, Transition

#: Pixels: of a character, of a line; between two lines that leave a box, two boxes, two lanes; around it all.
_CELL, _LINE, _PORT, _GAP, _LANE, _EDGE = 7.9, 17, 26, 20, 16, 6
_HIGH, _START = 40, 34

#: What the diagrams of a page need once. The colours are the page's variables, with defaults for a diagram on its own.
STYLE = """
.states { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.states text { fill: var(--ink, CanvasText); }
.states .name { font-weight: 700; }
.states rect { fill: var(--panel, Canvas); stroke: var(--faint, GrayText); }
.states path { fill: none; stroke: var(--faint, GrayText); stroke-width: 1.5; }
.states .tip { fill: var(--faint, GrayText); stroke: none; }
"""


@dataclass
class _Lane:
    """A transition along the right side: the boxes that it leaves, the box that it leads to, where in these it does."""

    label: str
    sources: list[int]
    target: int
    leaves: dict[int, int] = field(default_factory=dict)  # box -> which of its ports
    enters: int = 0

    @property
    def span(self) -> int:
        ends = [*self.sources, self.target]
        return max(ends) - min(ends)


@dataclass
class _Box:
    """A state. `ports` counts the lines at its right side; `down` names what leads to the box below."""

    state: State
    ports: int = 0
    down: list[str] = field(default_factory=list)
    top: float = 0

    @property
    def height(self) -> float:
        return max(_HIGH, (self.ports + 1) * _PORT - 6)

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def port(self, number: int) -> float:
        """The height at which a line leaves or enters."""
        return self.top + self.height * (number + 1) / (self.ports + 1)


def state_svg(states: Sequence[State], transitions: Sequence[Transition]) -> str:
    """The states, the first of which a connection begins in, and what leads from one to another, as an SVG element."""
    boxes, lanes = _plan(states, transitions)
    bottom = _place(boxes)
    names = max(len(box.state.name) for box in boxes)
    left, right = float(_EDGE), _EDGE + (names + 4) * _CELL
    first = right + max((len(lane.label) + 2) * _CELL for lane in lanes) if lanes else right
    beside = max((len(word) for box in boxes for word in box.down), default=0)
    width = max(first + len(lanes) * _LANE, (left + right) / 2 + 10 + beside * _CELL) + _EDGE
    middle = (left + right) / 2
    parts = [f'<circle cx="{middle:g}" cy="7" r="5" class="tip"/>', *_arrow(middle, 12, boxes[0].top)]
    parts += [part for number, lane in enumerate(lanes) for part in _lane(lane, boxes, right, first + number * _LANE)]
    for box, below in zip(boxes, [*boxes[1:], None], strict=True):
        parts += _box(box, left, right)
        if below and box.down:
            parts += _arrow(middle, box.bottom, below.top)
            center = (box.bottom + below.top) / 2 + 1 - (len(box.down) - 1) * _LINE / 2
            parts += [_text(middle + 10, center + n * _LINE, word) for n, word in enumerate(box.down)]
    size = f'viewBox="0 0 {width:.0f} {bottom:.0f}" width="{width:.0f}" height="{bottom:.0f}"'
    return f'<svg class="states" role="img" aria-label="{escape(_said(states, transitions))}" {size}>{"".join(parts)}</svg>'


def _plan(states: Sequence[State], transitions: Sequence[Transition]) -> tuple[list[_Box], list[_Lane]]:
    """What leads where: down to the next box, or along a lane. Short lanes are the inner ones, so that few lines cross."""
    boxes = [_Box(state) for state in states]
    place = {state.name: number for number, state in enumerate(states)}
    lanes = []
    for transition in transitions:
        sources, target = sorted(place[name] for name in transition.sources), place[transition.target]
        if sources == [target - 1]:
            boxes[target - 1].down.append(transition.message)
        else:
            lanes.append(_Lane(transition.message, sources, target))
    lanes.sort(key=lambda lane: (lane.span, lane.target))
    for number, box in enumerate(boxes):
        # What comes from above enters above what leaves, so that a line never turns back over another.
        for lane in lanes:
            if lane.target == number and min(lane.sources) < number:
                lane.enters, box.ports = box.ports, box.ports + 1
        for lane in lanes:
            if number in lane.sources:
                lane.leaves[number], box.ports = box.ports, box.ports + 1
        for lane in lanes:
            if lane.target == number and min(lane.sources) >= number:
                lane.enters, box.ports = box.ports, box.ports + 1
    return boxes, lanes


def _place(boxes: Sequence[_Box]) -> float:
    """Put the boxes one below the other; returns where the drawing ends."""
    y = float(_START)
    for box in boxes:
        box.top = y
        y = box.bottom + (27 + len(box.down) * _LINE if box.down else _GAP)
    return boxes[-1].bottom + _EDGE


def _box(box: _Box, left: float, right: float) -> list[str]:
    wide, middle = right - left, (left + right) / 2
    parts = [f'<rect x="{left:g}" y="{box.top:g}" width="{wide:g}" height="{box.height:g}" rx="6"/>']
    if box.state.final:
        inner = f'width="{wide - 6:g}" height="{box.height - 6:g}"'
        parts.append(f'<rect x="{left + 3:g}" y="{box.top + 3:g}" {inner} rx="4"/>')
    center = (box.top + box.bottom) / 2
    return [*parts, _text(middle, center, box.state.name, ' class="name" text-anchor="middle"')]


def _lane(lane: _Lane, boxes: Sequence[_Box], right: float, x: float) -> list[str]:
    heights = {source: boxes[source].port(port) for source, port in lane.leaves.items()}
    end = boxes[lane.target].port(lane.enters)
    ends = [*heights.values(), end]
    lines = "".join(f"M{right:g} {y:g}H{x:g}" for y in heights.values())
    path = f'<path d="{lines}M{x:g} {min(ends):g}V{max(ends):g}M{x:g} {end:g}H{right + 8:g}"/>'
    labels = [_text(right + _CELL, y - 9, lane.label) for y in heights.values()]
    return [path, _tip(right + 1, end, -8, 0), *labels]


def _arrow(x: float, top: float, bottom: float) -> list[str]:
    return [f'<path d="M{x:g} {top:g}V{bottom - 8:g}"/>', _tip(x, bottom - 1, 0, 8)]


def _tip(x: float, y: float, right: float, down: float) -> str:
    """The head of an arrow that goes so far to the right and down until x and y."""
    back, side = (x - right, y - down), (down / 2, right / 2)
    corners = (x, y), (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])
    return '<path class="tip" d="M{}Z"/>'.format("L".join(f"{a:g} {b:g}" for a, b in corners))


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y + 4.5:g}"{more}>{escape(words)}</text>'


def _said(states: Sequence[State], transitions: Sequence[Transition]) -> str:
    """The diagram in words."""
    moves = [f"{t.message} leads from {', '.join(t.sources)} to {t.target}." for t in transitions]
    return " ".join([f"States: {', '.join(state.name for state in states)}. It begins in {states[0].name}.", *moves])
