"""Ports for servers under test: free, and not about to be taken by anybody else.

A port that the system hands out may be taken again before the server listens at it: as the near end of any connection,
or by another process of the suite. So ports come from below those that the system hands out, and each is reserved among
the processes of the suite by a name that ends with its holder.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sys
from pathlib import Path

from .target import HOST

_LOWEST, _TRIES = 10_000, 200


class Port:
    """A port that is reserved until `release`."""

    def __init__(self) -> None:
        for _ in range(_TRIES):
            self.number = _candidate()
            self._reservation = _reserve(self.number)
            if self._reservation is not None and is_free(self.number):
                return
            self.release()
        raise OSError(f"no port of {HOST} is free")

    def release(self) -> None:
        if self._reservation is not None:
            self._reservation.close()


def is_free(port: int) -> bool:
    """Whether a server could listen at the port now."""
    with contextlib.suppress(OSError), socket.create_server((HOST, port)):
        return True
    return False


def _candidate() -> int:
    """A port below those that the system hands out, or one of these where it says nothing of them."""
    with contextlib.suppress(OSError, ValueError):
        end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        if end > 2 * _LOWEST:
            return random.randrange(_LOWEST, end)
    with socket.create_server((HOST, 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def _reserve(port: int) -> socket.socket | None:
    """Something that one process alone can hold; None if another has it."""
    if sys.platform != "linux":
        return socket.socket()  # Names without a file are for Linux alone; the port is merely free then.
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.bind(f"\0imp-conformance-port-{port}")
    except OSError:
        sock.close()
        return None
    return sock
