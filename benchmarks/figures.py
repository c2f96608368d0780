"""What the benchmarks of servers have found, kept as JSON: pages and plots are made of it, and of nothing else.

Each benchmark keeps its own part, so that each can be run alone.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .load.crowd import Crowd
from .load.fan_out import Spent
from .load.servers import OURS, Server, version
from .pages import processor


class Point(NamedTuple):
    """What was measured: a server with so many receivers (or pairs), and so many messages under way at most."""

    receivers: int
    window: int
    server: str


class Delays(NamedTuple):
    """Of the messages of one round: in how many seconds half, and 99 of 100, were with the last receiver."""

    p50: float
    p99: float


@dataclass(frozen=True)
class Conditions:
    """The machine, and the version of each server."""

    machine: str
    versions: dict[str, str]

    @classmethod
    def here(cls, servers: Iterable[Server]) -> Conditions:
        """Of this machine and these servers."""
        python = f"{platform.python_implementation()} {platform.python_version()}"
        machine = f"{os.cpu_count()} cores, {processor()}; Linux {platform.release().partition('-')[0]}; {python}"
        return cls(machine, {server.name: version(server) for server in servers})


@dataclass(frozen=True)
class Costs:
    """What units of one kind have taken, by point and round."""

    conditions: Conditions
    rounds: dict[Point, list[Spent]] = field(default_factory=dict)

    def median(self, point: Point, of: Callable[[Spent], float] = lambda spent: spent.microseconds) -> float:
        """The median of the rounds; of the server's processor time for a unit in microseconds, unless told otherwise."""
        return statistics.median(map(of, self.rounds[point]))

    def spread(self, point: Point) -> tuple[float, float]:
        """The least and the greatest processor time for a unit, in microseconds."""
        found = [spent.microseconds for spent in self.rounds[point]]
        return min(found), max(found)

    def ratio(self, point: Point, base: Point) -> float:
        """How many times as much as another a point costs: the median of the ratios within each round."""
        pairs = zip(self.rounds[point], self.rounds[base], strict=True)
        return statistics.median(one.microseconds / other.microseconds for one, other in pairs)

    def cheapest_peer(self, receivers: int, window: int) -> Point | None:
        """The cheapest of the others at a point, or None if there is none."""
        peers = [p for p in self.rounds if p[:2] == (receivers, window) and not p.server.startswith(OURS)]
        return min(peers, key=self.median, default=None)


@dataclass(frozen=True)
class Latency:
    """How long the last receiver waits at a steady pace, by server and round."""

    conditions: Conditions
    rounds: dict[str, list[Delays]] = field(default_factory=dict)

    def median(self, server: str) -> Delays:
        """The medians of the rounds."""
        return Delays(*(statistics.median(values) for values in zip(*self.rounds[server], strict=True)))

    def ratio(self, server: str, base: str) -> float:
        """How many times another's p99 a server's is: the median of the ratios within each round."""
        pairs = zip(self.rounds[server], self.rounds[base], strict=True)
        return statistics.median(one.p99 / other.p99 for one, other in pairs)


@dataclass(frozen=True)
class Crowds:
    """What was found with a crowd, by server."""

    conditions: Conditions
    found: dict[str, Crowd] = field(default_factory=dict)


@dataclass
class Figures:
    """All that is known. A part that was never measured is None."""

    delivery: Costs | None = None
    private: Costs | None = None
    crowd: Crowds | None = None
    latency: Latency | None = None


def percentile(values: Iterable[float], share: float) -> float:
    """The least value that is not below the given share of all."""
    ranked = sorted(values)
    return ranked[max(0, -int(-len(ranked) * share // 1) - 1)]


def load(path: Path) -> Figures:
    """What is kept in a file; nothing if there is no file."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    read: dict[str, Callable[[Any], Any]]
    read = {"delivery": _costs, "private": _costs, "crowd": _crowds, "latency": _latency}
    return Figures(**{name: read[name](part) for name, part in kept.items()})


def save(path: Path, figures: Figures) -> None:
    """Keep everything in a file, a line a point."""
    parts = []
    for name in ("delivery", "private", "crowd", "latency"):
        part: Costs | Crowds | Latency | None = getattr(figures, name)
        if part is not None:
            parts.append(f'"{name}": {{\n{_written(part)}\n}}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _written(part: Costs | Crowds | Latency) -> str:
    rows: Iterable[list[Any]]
    if isinstance(part, Crowds):
        rows = [[server, crowd] for server, crowd in part.found.items()]
    elif isinstance(part, Costs):
        rows = [[*point, rounds] for point, rounds in part.rounds.items()]
    else:
        rows = [[server, rounds] for server, rounds in part.rounds.items()]
    conditions = {"machine": part.conditions.machine, "versions": part.conditions.versions}
    lines = ",\n".join(json.dumps(_rounded(row), ensure_ascii=False) for row in rows)
    return f'"conditions": {json.dumps(conditions, ensure_ascii=False)},\n"found": [\n{lines}\n]'


def _rounded(value: Any) -> Any:
    """Without digits that mean nothing: a microsecond is the least that is told of anything."""
    if isinstance(value, float):
        return round(value, 6)
    return [_rounded(part) for part in value] if isinstance(value, (list, tuple)) else value


def _costs(part: Any) -> Costs:
    rounds = {Point(*key): [Spent(*spent) for spent in spents] for *key, spents in part["found"]}
    return Costs(Conditions(**part["conditions"]), rounds)


def _latency(part: Any) -> Latency:
    rounds = {server: [Delays(*delays) for delays in found] for server, found in part["found"]}
    return Latency(Conditions(**part["conditions"]), rounds)


def _crowds(part: Any) -> Crowds:
    return Crowds(Conditions(**part["conditions"]), {server: Crowd(*crowd) for server, crowd in part["found"]})
