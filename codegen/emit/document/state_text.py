"""The diagram of states in characters, drawn from the transitions alone.

The states stand one below the other, in their order. A transition from one state to the next is an arrow down; every other
one leaves at the right and runs along a lane of its own to its target, where it is joined by those of the same message from
other states. Lanes lie the further outside the more states they pass; where a line crosses another it is broken.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model import State, Transition

_GAP = 3  # Columns between a box or a label and the next lane.


@dataclass
class _Lane:
    """A transition at the right: its labels, the boxes that it leaves, the one that it enters, and its column."""

    labels: list[str]
    sources: list[int]
    target: int
    column: int = 0
    rows: list[int] = field(default_factory=list)

    @property
    def ends(self) -> tuple[int, int]:
        """The highest box and the lowest."""
        boxes = [*self.sources, self.target]
        return min(boxes), max(boxes)


def state_diagram(states: tuple[State, ...], transitions: tuple[Transition, ...], width: int) -> list[str]:
    """The lines of the diagram; none where it would be wider than `width`."""
    drawing = _Drawing(states, transitions)
    lines = drawing.lines()
    return lines if max(map(len, lines), default=0) <= width else []


class _Drawing:
    def __init__(self, states: tuple[State, ...], transitions: tuple[Transition, ...]) -> None:
        self.states = states
        self.cells: dict[tuple[int, int], str] = {}
        self.box = max(len(state.name) for state in states) + 4
        self.middle = 1 + self.box // 2
        self.down: dict[int, list[str]] = {}
        self.lanes: list[_Lane] = []
        self._sort(transitions)

    def _sort(self, transitions: tuple[Transition, ...]) -> None:
        """Tell arrows down from lanes; messages that do the same share a line."""
        places = {state.name: index for index, state in enumerate(self.states)}
        moves: dict[tuple[tuple[int, ...], int], list[str]] = {}
        for transition in transitions:
            sources = tuple(sorted(places[name] for name in transition.sources))
            moves.setdefault((sources, places[transition.target]), []).append(transition.message)
        for (sources, target), labels in moves.items():
            if sources == (target - 1,):
                self.down[sources[0]] = labels
            elif sources:
                self.lanes.append(_Lane(labels, list(sources), target))
        self.lanes.sort(key=lambda lane: lane.ends[1] - lane.ends[0])
        beside = [self.middle + 2 + len(label) for found in self.down.values() for label in found]
        column = max([self.box + 2, *beside]) + _GAP
        for lane in self.lanes:
            lane.column = column
            column += 2 + max(map(len, lane.labels)) + _GAP

    def lines(self) -> list[str]:
        row = self._start()
        gaps: dict[int, tuple[int, int]] = {}
        for index, state in enumerate(self.states):
            row = self._draw_box(row, index, state)
            if index + 1 < len(self.states):
                high = self._gap(index)
                self._draw_down(row, high, index)
                gaps[index] = (row, high)
                row += high
        for lane in self.lanes:
            self._draw_lane(lane, gaps)
        last = max(row for row, _ in self.cells)
        right = max(column for _, column in self.cells)
        return ["".join(self.cells.get((y, x), " ") for x in range(right + 1)).rstrip() for y in range(last + 1)]

    def _put(self, row: int, column: int, text: str) -> None:
        for offset, character in enumerate(text):
            self.cells[row, column + offset] = character

    def _start(self) -> int:
        self._put(0, self.middle, "o")
        self._put(1, self.middle, "v")
        return 2

    def _draw_box(self, row: int, index: int, state: State) -> int:
        """Draw a state with a row for each lane that begins or ends at it; returns the row behind it."""
        ports = self._ports(index)
        high = max(1, 2 * len(ports) - 1)
        edge = "+" + ("=" if state.final else "-") * self.box + "+"
        self._put(row, 0, edge)
        for offset in range(1, high + 1):
            name = state.name if offset == (high + 1) // 2 else ""
            self._put(row + offset, 0, f"|{name.center(self.box)}|")
        self._put(row + high + 1, 0, edge)
        for position, (lane, enters) in enumerate(ports):
            at = row + 1 + 2 * position
            lane.rows.append(at)
            self._put(at, self.box + 2, ("<" if enters else "-") + "-" * (lane.column - self.box - 3) + "+")
        return row + high + 2

    def _ports(self, index: int) -> list[tuple[_Lane, bool]]:
        """The lanes at a box from above: those that come from above it, those that pass it, those that go below it."""
        above: list[tuple[_Lane, bool]] = []
        through: list[tuple[_Lane, bool]] = []
        below: list[tuple[_Lane, bool]] = []
        for lane in self.lanes:
            ends = [(lane, False)] * (index in lane.sources) + [(lane, True)] * (index == lane.target)
            first, last = lane.ends
            (below if first == index else above if last == index else through).extend(ends)
        return [*above, *through, *reversed(below)]

    def _gap(self, index: int) -> int:
        """Rows between a box and the next."""
        passing = [len(lane.labels) for lane in self.lanes if lane.ends[0] <= index < lane.ends[1]]
        return max([1, len(self.down[index]) + 2 if index in self.down else 0, *passing])

    def _draw_down(self, row: int, high: int, index: int) -> None:
        labels = self.down.get(index, [])
        for offset in range(high if labels else 0):
            self._put(row + offset, self.middle, "v" if offset == high - 1 else "|")
        for offset, label in enumerate(labels, (high - len(labels)) // 2):
            self._put(row + offset, self.middle + 2, label)

    def _draw_lane(self, lane: _Lane, gaps: dict[int, tuple[int, int]]) -> None:
        for row in range(min(lane.rows), max(lane.rows) + 1):
            if self.cells.get((row, lane.column), " ") != "+":
                self._put(row, lane.column, "|")
        first, last = lane.ends
        row, high = (
            gaps[(first + last - 1) // 2] if first < last else (min(lane.rows), 2 + max(lane.rows) - min(lane.rows))
        )
        for offset, label in enumerate(lane.labels, (high - len(lane.labels)) // 2):
            self._put(row + offset, lane.column + 2, label)
