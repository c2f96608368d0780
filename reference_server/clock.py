"""The time, as one value that is handed in with every input."""

from __future__ import annotations

import time
from typing import NamedTuple


class Now(NamedTuple):
    """`clock` is seconds of a clock that never goes back, `wall` milliseconds since the epoch."""

    clock: float
    wall: int


def read_clock() -> Now:
    """The time of this machine. Only the edges call it."""
    return Now(time.monotonic(), time.time_ns() // 1_000_000)
