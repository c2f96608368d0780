"""A process from outside: what it costs, what it holds, and how to hold it still. From /proc, so on Linux alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import PATIENCE

_TICKS = os.sysconf("SC_CLK_TCK")
#: Seconds between two looks at what is waited for.
_GLANCE = 0.01


def require_proc() -> None:
    """Skip the test where the system does not tell of processes in /proc."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")


def cpu_seconds(pid: int) -> float:
    """What the process has used of a processor so far, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def descriptors(pid: int) -> int:
    """How many descriptors the process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory(pid: int, which: str = "VmRSS") -> int:
    """Bytes of the process in memory, now (VmRSS) or at most so far (VmHWM)."""
    found = re.search(rf"^{which}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found, f"/proc/{pid}/status has no {which}"
    return int(found[1]) * 1024


def becomes(what: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether something comes about in time; it is looked at again and again."""
    until = time.monotonic() + patience
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(_GLANCE)
    return True


@contextmanager
def held_still(process: subprocess.Popen[str]) -> Iterator[None]:
    """The process does nothing meanwhile: whatever reaches it in this time waits for it all at once."""
    process.send_signal(signal.SIGSTOP)
    try:
        stat = Path(f"/proc/{process.pid}/stat")
        assert becomes(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        yield
    finally:
        process.send_signal(signal.SIGCONT)
