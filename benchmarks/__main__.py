"""Measure, side by side in one run, and print tables. `python -m benchmarks [NAME …]`; without a name, everything."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from . import codecs, crowd, delivery, latency, private, service
from .load.dialect import LoadError
from .load.processes import raise_descriptor_limit
from .options import Options, add_options, read_options
from .rounds import progress

_SERVERS = {"delivery": delivery.run, "private": private.run, "crowd": crowd.run, "latency": latency.run}
_ALONE = {"codecs": codecs.run, "service": service.run}
_NAMES = [*_ALONE, *_SERVERS]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks named, or all; returns the exit code: 0 all have run, 1 a server did not do its part, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, side by side in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {' '.join(_NAMES)} (default: all)")
    add_options(parser)
    parsed = parser.parse_args(argv)
    for name in parsed.names:
        if name not in _NAMES:
            parser.error(f"unknown benchmark '{name}'; known are {', '.join(_NAMES)}")
    raise_descriptor_limit()
    before, failed = signal.signal(signal.SIGTERM, _end), False
    try:
        for name in parsed.names or _NAMES:
            try:
                _run(name, read_options(parsed))
            except LoadError as error:
                failed = True
                progress("")
                print(f"{name}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        progress("")
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return int(failed)


def _run(name: str, options: Options) -> None:
    if name in _SERVERS:
        _SERVERS[name](options)
    else:
        _ALONE[name]()


def _end(number: int, frame: FrameType | None) -> None:
    """Leave as an exception does, so that no server stays behind."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
