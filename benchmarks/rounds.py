"""Timing side by side: every round runs every cell once, so that a change of the machine's speed hits all of them.

What counts is the median of the rounds and, between two cells, the median of the ratios that each round gives. Only the
ratios mean anything on another machine.
"""

from __future__ import annotations

import statistics
import sys
import timeit
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

#: Runs something as often as it is told; returns the seconds that this took. `timeit.Timer.timeit` is one.
Cell = Callable[[int], float]


def cell(statement: str, **names: object) -> Cell:
    """A cell that times a statement, with the garbage collector off."""
    return timeit.Timer(statement, globals=names).timeit


@dataclass(frozen=True)
class Measured:
    """Seconds a run, by cell and round."""

    rounds: Mapping[Hashable, list[float]]

    def seconds(self, key: Hashable) -> float:
        """The median of a cell."""
        return statistics.median(self.rounds[key])

    def ratio(self, key: Hashable, base: Hashable) -> float:
        """How many times as long as the base a cell takes."""
        return statistics.median(a / b for a, b in zip(self.rounds[key], self.rounds[base], strict=True))

    def difference(self, key: Hashable, base: Hashable) -> float:
        """How many seconds more than the base a cell takes."""
        return statistics.median(a - b for a, b in zip(self.rounds[key], self.rounds[base], strict=True))


def measure(title: str, cells: Mapping[Hashable, Cell], rounds: int, seconds: float = 0.0) -> Measured:
    """Run every cell in every round, each time for about so many seconds but at least once."""
    numbers = {key: _number(run, seconds) for key, run in cells.items()}
    found: dict[Hashable, list[float]] = {key: [] for key in cells}
    for done in range(rounds):
        progress(f"{title}: round {done + 1} of {rounds}")
        # There and back, so that no cell always runs behind the same other.
        for key in cells if done % 2 else reversed(cells):
            found[key].append(cells[key](numbers[key]) / numbers[key])
    progress("")
    return Measured(found)


def _number(run: Cell, seconds: float) -> int:
    """How many runs take so many seconds. The first runs also fill the caches."""
    number = 1
    while (took := run(number)) < seconds / 4:
        number *= 2
    return max(1, round(number * seconds / took))


def progress(line: str) -> None:
    """Tell what is being done: on a terminal in place of the line before, which an empty one removes."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif line:
        print(line, file=sys.stderr, flush=True)
