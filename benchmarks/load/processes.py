"""What a server's process has used: processor time and memory."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import time
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def cpu_clock(pid: int) -> int:
    """The id of the clock that counts a process's processor time, user and system, of all its threads.

    `time.clock_gettime(id)` reads it, in seconds. Its steps are nanoseconds; those of /proc/PID/stat are 10 ms.
    Raises OSError if there is no such process.
    """
    clock = ctypes.c_int()
    error = _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise OSError(error, os.strerror(error))
    return clock.value


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    return time.clock_gettime(cpu_clock(pid))


def end_with_parent() -> None:
    """Have the system kill this process when the one that has started it ends, however that comes about."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def resident_bytes(pid: int) -> int:
    """The memory of a process that is in RAM."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)
    if found is None:
        raise ProcessLookupError(f"process {pid} has ended")
    return int(found[1]) * 1024


def raise_descriptor_limit() -> int:
    """Allow this process, and those that it starts, as many descriptors as may be had; returns how many that are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
