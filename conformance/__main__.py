"""Run the conformance suite of the Instant Messenger Protocol.

Exit codes: 0 every case that was played has passed; 1 one has failed, or none was played; 2 the command line or a
file is wrong; 130 interrupted.
"""

from __future__ import annotations

import os
import sys


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    try:
        import signal

        # The other imports take a moment. Nothing has been started then, so Ctrl-C ends the suite on the spot: what it
        # raises inside of an import may get lost there, or be taken for the end of all by Python.
        usual = signal.getsignal(signal.SIGINT)
        if usual is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)
        try:
            from .command import run
        finally:
            signal.signal(signal.SIGINT, usual)
        return run(argv)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _end(*_: object) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
