"""Try the conformance suite on reference programs that are broken on purpose: `python -m tests.mutants`. See `--help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from codegen.support.strict_yaml import InvalidFile, suggestion
from conformance.language import InvalidFile as InvalidCases
from impwire.tables import REQUIREMENTS, Role
from impwire.wire import amount

from .bench import all_runs
from .crew import crew
from .hunt import hunt
from .matrix import matrix
from .sites import MODULES, search

_DESCRIPTION = """\
For every requirement there is a mutant: a reference program that is broken in just that way. Each is put through the cases
that prove the requirement; one that they pass survives, and the suite has a hole. With --sites, the reference server is
changed at single places instead, whatever they mean, and put through all cases.
"""
_EPILOG = """\
exit codes: 0 every mutant was caught; 1 one has survived, or its outcome does not count; 2 the command line or a file is
wrong; 130 interrupted. With --sites, survivors are what is looked for, and the exit code is 0.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-n", type=_count, default=2 * (os.cpu_count() or 1), help="processes; they wait a lot (default: two a core)"
    )
    parser.add_argument("--timeout", type=float, default=1.5, help="seconds for what is due (default: %(default)s)")
    parser.add_argument("--cases", type=Path, action="append", default=[], metavar="DIR", help="more cases")
    mutants = parser.add_argument_group("mutants of requirements")
    mutants.add_argument(
        "--requirement", type=_requirement, action="append", default=[], metavar="ID", help="only mutants of this one"
    )
    mutants.add_argument("--side", choices=[str(role) for role in Role], help="only mutants of this program")
    mutants.add_argument(
        "--all-cases", action="store_true", help="try a mutant on every case, not only on those of its requirement"
    )
    mutants.add_argument(
        "--matrix", action="store_true", help="go on behind the first catch, and print requirement x case x mutant"
    )
    sites = parser.add_argument_group("single places of the reference server")
    sites.add_argument("--sites", action="store_true", help="change these instead")
    sites.add_argument("--module", action="append", default=[], choices=MODULES, help="only in this module")
    sites.add_argument("--sample", type=_count, metavar="N", help="only so many, chosen by chance")
    sites.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing more after this time")
    sites.add_argument("--seed", type=int, default=1, help="of the chance (default: %(default)s)")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100000")
    return int(text)


def _requirement(text: str) -> str:
    if text.upper() not in REQUIREMENTS:
        raise argparse.ArgumentTypeError(f"unknown requirement {text!r}{suggestion(text.upper(), REQUIREMENTS)}")
    return text.upper()


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ends it as Ctrl-C does.
    began = time.monotonic()
    try:
        if options.cases:
            all_runs(options.cases)  # A mistake in them is told here, once.
        with crew(options.n, options.timeout, options.cases) as workers:
            if options.sites:
                modules = options.module or MODULES
                return search(workers, modules, options.sample, options.seed, began + options.seconds)
            side = Role(options.side) if options.side else None
            code, outcomes = hunt(
                workers, set(options.requirement), side, all_cases=options.all_cases, every=options.matrix
            )
            if options.matrix:
                print(matrix(outcomes, options.cases))
            return code
    except (InvalidFile, InvalidCases) as invalid:
        print(f"{invalid}\n{amount(len(invalid.problems), 'mistake')}; nothing was tried", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
