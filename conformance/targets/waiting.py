"""`--debug-wait`: before each case somebody is told which process to attach a debugger to, and waited for."""

from __future__ import annotations

import sys

from .client import RunningClient
from .server import RunningServer


def wait_for_debugger(run: str, running: RunningServer | RunningClient) -> None:
    """Name the target of a run and wait for ENTER; the end of the input goes on, too.

    The time-outs of the suite begin behind it; a client's own run already.
    """
    print(f"\n{run}\n  {_described(running)}; ENTER plays the case: ", end="", flush=True)
    if not sys.stdin.readline():
        print(flush=True)


def wait_for_next_round() -> bool:
    """Wait for ENTER before everything is played once more; returns whether it came, and not the end of the input.

    Without it, rounds that nobody waits in would follow each other for ever.
    """
    print("\nnothing has failed; ENTER plays everything again: ", end="", flush=True)
    if sys.stdin.readline():
        return True
    print(flush=True)
    return False


def _described(running: RunningServer | RunningClient) -> str:
    if isinstance(running, RunningClient):
        return f"the client is process {running.program.process.pid}, and connects to {running.address}"
    address = f"{running.host}:{running.port}"
    if running.program is None:
        return f"the server runs at {address}"
    return f"the server is process {running.program.process.pid} at {address}"
