"""File descriptors: each connection takes one."""

from __future__ import annotations

import os
import resource

#: What the server needs for itself: console, event loop, io_uring, listeners, log, ban file, and connections that are being
#: refused.
OWN = 64


def fill_standard_descriptors() -> None:
    """Open what the caller has closed of 0, 1 and 2, lest a client's socket be taken for the console."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # It takes the lowest number that is free.


def raise_limit(connections: int) -> str:
    """Allow as many descriptors as the system lets us. Returns what to tell the operator if that is too few, or nothing."""
    needed = connections + OWN
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, needed):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            break
        except (OSError, ValueError):
            continue  # Some systems say that there is no limit, and do not mean it.
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    return (
        f"the system allows {soft} open files, enough for {max(soft - OWN, 0)} of {connections} connections; "
        f"start with 'ulimit -n {needed}', or with --max-connections {max(soft - OWN, 1)}"
    )
