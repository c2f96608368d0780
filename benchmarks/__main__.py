"""Measure, side by side in one run, and print tables. `python -m benchmarks [NAME …]`; without a name, everything."""

from __future__ import annotations

import argparse
import sys

from . import codecs, delivery

_BENCHMARKS = {"codecs": codecs.run, "delivery": delivery.run}


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks named, or all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, side by side in one run.")
    parser.add_argument("names", nargs="*", help=f"which (default: {' '.join(_BENCHMARKS)})")
    names = parser.parse_args(argv).names or list(_BENCHMARKS)
    for name in names:
        if name not in _BENCHMARKS:
            parser.error(f"unknown benchmark '{name}'; known are {', '.join(_BENCHMARKS)}")
        _BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
