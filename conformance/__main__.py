"""Run the conformance suite of the Instant Messenger Protocol.

Exit codes: 0 every case that was played has passed; 1 one has failed, or none was played; 2 the command line or a
file is wrong; 130 interrupted.
"""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    try:
        # Imported here, since that takes a moment, in which Ctrl-C ends the suite as it does later.
        from .command import run

        return run(argv)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
