"""How much later others hear what is said while readers stop and are cut: `python -m tests.faults_latency`.

Blocks with a reader that has stopped take turns with blocks in which all read, so that whatever else the machine does
meets both alike. A sample is the time from a SAY of 4096 bytes to its CHAT at another user.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from impwire import messages as m
from tests.support import ServerProcess, User

_OPTIONS = ("--send-queue", "16384", "--rate-burst", "1000000", "--rate-per-second", "1000000")
_TEXT = "x" * 4096


@dataclass(frozen=True)
class Latency:
    """99th percentiles in seconds, with all reading and with readers that stop, and how many of these were cut."""

    all_read: float
    one_stops: float
    cut: int

    @property
    def ratio(self) -> float:
        return self.one_stops / self.all_read


class _Room:
    """Three users who read. `sample` is one measurement."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.talker, self.listener, self.third = (server.user(name) for name in ("talker", "listener", "third"))
        self.talker.receive_until(m.Joined, 2)
        self.listener.receive_until(m.Joined)

    def admit(self) -> User:
        """A further user, who reads nothing."""
        lazy = User(self._server.port, "lazy", receive_buffer=4096)
        for user in (self.talker, self.listener, self.third):
            user.receive_until(m.Joined)
        return lazy

    def sample(self) -> tuple[float, bool]:
        """The latency in seconds, and whether somebody was cut before."""
        began = time.perf_counter()
        self.talker.send(m.Say, text=_TEXT)
        heard = self.listener.receive_until(m.Chat)
        took = time.perf_counter() - began
        self.talker.receive_until(m.Ok)
        self.third.receive_until(m.Chat)
        reasons = [message.reason for message in heard if isinstance(message, m.Left)]
        assert set(reasons) <= {m.LeftReason.TOO_SLOW}, reasons
        return took, bool(reasons)


def measure(start: Callable[..., ServerProcess], samples: int) -> Latency:
    """Measure with a server of its own, with at least so many samples of each kind."""
    room = _Room(start(*_OPTIONS))
    all_read: list[float] = []
    one_stops: list[float] = []
    cut = 0
    while len(one_stops) < samples:
        lazy, block, left = room.admit(), 0, False
        while not left:
            took, left = room.sample()
            one_stops.append(took)
            block += 1
            assert block < 20_000, "the reader that has stopped is not cut"
        cut += 1
        lazy.socket.close()
        all_read += [room.sample()[0] for _ in range(block)]
    return Latency(_p99(all_read), _p99(one_stops), cut)


def _p99(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


def main(argv: list[str] | None = None) -> int:
    """Measure and print; returns 0 if a reader that stops at most doubles the latency of the others, and 1 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults_latency",
        description="How much later others hear what is said while readers stop and are cut.",
        epilog="exit codes: 0 at most twice as late, in the median of the rounds; 1 later",
    )
    parser.add_argument("--samples", type=int, default=10_000, help="of each kind in a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="each with a server of its own (default: %(default)s)")
    options = parser.parse_args(argv)
    ratios = []
    for _ in range(options.rounds):
        result = _round(options.samples)
        ratios.append(result.ratio)
        print(
            f"p99 {result.all_read * 1e6:.0f} µs with all reading, {result.one_stops * 1e6:.0f} µs with readers that "
            f"stop: {result.ratio:.2f} times; {result.cut} readers cut",
            flush=True,
        )
    print(f"{statistics.median(ratios):.2f} times as late in the median of {len(ratios)} rounds")
    return 0 if statistics.median(ratios) <= 2 else 1


def _round(samples: int) -> Latency:
    started: list[ServerProcess] = []
    with tempfile.TemporaryDirectory(prefix="imp-latency-") as folder:

        def start(*arguments: str) -> ServerProcess:
            started.append(ServerProcess(Path(folder), *arguments))
            return started[-1]

        try:
            return measure(start, samples)
        finally:
            for server in started:
                server.end()


if __name__ == "__main__":
    sys.exit(main())
