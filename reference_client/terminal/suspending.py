"""Ctrl-Z: stopping as a shell with job control expects it, on a terminal that is as it was found."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

if sys.platform != "win32":
    import termios


def suspender() -> Callable[[], None]:
    """What stops the program and all that its shell has started with it, and returns when they go on; where there is no job
    control it does nothing. Ask for it while the terminal is as it was found, and call it with `run_in_terminal`."""
    if sys.platform == "win32":
        return lambda: None
    found = None
    with suppress(termios.error):  # The terminal is gone, and who reads from it will notice.
        found = termios.tcgetattr(sys.stdin.fileno())

    def suspend() -> None:
        if found is not None:
            with suppress(termios.error):
                # prompt_toolkit has turned on echo and lines, and not what else it had turned off, such as flow control.
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, found)
        os.kill(0, signal.SIGTSTP)

    return suspend
