"""Run the conformance suite of the Instant Messenger Protocol.

Exit codes: 0 every case that was played has passed; 1 one has failed, or none was played; 2 the command line or a
file is wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys

import pytest

from . import last_run
from .language import InvalidFile
from .listing import explain, list_runs
from .options import check, parser, plan_of
from .plan import BUILT_IN, Plan
from .reports.console import Console
from .reports.report import make_report, write_reports

_MANY = 40
_PLUGIN = f"{__package__}.plugin"


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    made = parser()
    options = made.parse_args(argv)
    check(made, options)
    plan = plan_of(options)
    try:
        if options.explain:
            return explain(plan, options.explain)
        if options.failed_last:
            plan = plan_of(options, ids=last_run.failed(plan))
        runs = plan.runs()
    except InvalidFile as invalid:
        print(f"{invalid}\n{len(invalid.problems)} mistakes in the cases; nothing was played", file=sys.stderr)
        return 2
    except last_run.NoLastRun as none:
        print(none, file=sys.stderr)
        return 2
    if options.list:
        list_runs(runs, options.k)
        return 0
    if options.n is None:
        # Starting processes takes longer than a few cases; a server that runs already is for one process alone.
        alone = options.k or options.connect or options.debug_wait or len(runs) * options.repeat < _MANY
        options.n = 1 if alone else os.cpu_count() or 1
    while True:
        code = _play(plan, options)
        if code or not options.until_failure:
            return code


def _play(plan: Plan, options: argparse.Namespace) -> int:
    console = Console(sys.stdout)
    # No configuration, cache or plugin of whatever project the suite is started in.
    arguments = ["-c", os.devnull, "--rootdir", str(BUILT_IN), "-p", "no:terminal", "-p", "no:cacheprovider"]
    arguments += ["-p", _PLUGIN, "--imp-plan", plan.as_json(), "-k", options.k]
    if options.n > 1 and importlib.util.find_spec("xdist") is not None:
        arguments += ["-n", str(options.n)]
    code = pytest.main(arguments, plugins=[console])
    if code == pytest.ExitCode.INTERRUPTED:
        print("interrupted; what was started has been ended", file=sys.stderr)
    report = make_report(console.records, plan)
    last_run.keep(plan, report)
    written = write_reports(report, options)
    console.finish()
    if code == pytest.ExitCode.INTERRUPTED:
        return 130
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR) or not written:
        return 2
    return 1 if console.count("failed") or not console.count("passed") + console.count("known") else 0


if __name__ == "__main__":
    sys.exit(main())
