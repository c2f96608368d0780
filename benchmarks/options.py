"""What the benchmarks of servers can be asked for on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .load.servers import SERVERS, Server, also_ours
from .rounds import progress


@dataclass(frozen=True)
class Options:
    """None, or nothing, is the benchmark's own choice. `quick` is a moment of everything, to see that it works."""

    quick: bool = False
    rounds: int | None = None
    seconds: float | None = None
    receivers: tuple[int, ...] = ()
    windows: tuple[int, ...] = ()
    servers: tuple[str, ...] = ()
    also: tuple[Path, ...] = ()
    absent: list[str] = field(default_factory=list, compare=False)

    @property
    def standard(self) -> bool:
        """Whether what is found may stand in the results: nothing was asked for otherwise, and nobody was left out."""
        return self == Options() and not self.absent

    def contenders(self, *names: str) -> list[Server]:
        """Those of the servers that are asked for and installed, ours first; tells on standard error who is not."""
        chosen = [SERVERS[name] for name in names if name in (self.servers or names)]
        present = []
        for server in [*chosen, *map(also_ours, self.also)]:
            if server.path() is None:
                self.absent.append(server.name)
                print(f"{server.name} is left out: it is not installed", file=sys.stderr)
            else:
                present.append(server)
        return present


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    group = parser.add_argument_group("the benchmarks of servers; with any of these, the results are only printed")
    group.add_argument("--quick", action="store_true", help="a moment of everything, to see that it works")
    group.add_argument("--rounds", type=_count, metavar="N", help="how often each server is measured")
    group.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="what makes a figure: processor time of the server; of latency, sending; of crowd, silence",
    )
    group.add_argument("--receivers", type=_counts, default=(), metavar="N,N,…", help="receivers, pairs or users")
    group.add_argument("--windows", type=_counts, default=(), metavar="N,N,…", help="messages under way at most")
    group.add_argument("--servers", type=_names, default=(), metavar="A,B,…", help=f"some of {', '.join(SERVERS)}")
    group.add_argument(
        "--also",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="measure the reference server of another checkout as well (repeatable)",
    )


def read_options(parsed: argparse.Namespace) -> Options:
    """What was asked for."""
    return Options(
        quick=parsed.quick,
        rounds=parsed.rounds,
        seconds=parsed.seconds,
        receivers=parsed.receivers,
        windows=parsed.windows,
        servers=parsed.servers,
        also=tuple(folder.resolve() for folder in parsed.also),
    )


def interleaved(title: str, contenders: list[Server], rounds: int) -> Iterator[Server]:
    """Each server once in every round, there and back, so that none always runs behind the same other."""
    for done in range(rounds):
        for server in reversed(contenders) if done % 2 else contenders:
            progress(f"{title}: round {done + 1} of {rounds}: {server.name}")
            yield server
    progress("")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(_count(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in SERVERS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(SERVERS)}")
    return names
