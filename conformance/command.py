"""What the command line of the suite does: shows cases, or plays them with pytest and writes the reports."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from . import last_run
from .expectations import Expectations
from .files import write_whole
from .language import InvalidFile
from .listing import explain, list_runs
from .options import check, many_processes, parser, plan_of, refusal
from .plan import BUILT_IN, Plan
from .plugin import Handover, Selected
from .reports.compare import NoReport, compare, read_report
from .reports.console import Console
from .reports.report import make_report, write_reports
from .reports.summary import summarize
from .reports.terminal import Terminal
from .runs import Run
from .selection import UnknownRun
from .targets import Notices, wait_for_next_round
from .verdicts import Verdict

_MANY = 40
_PLUGIN = f"{__package__}.plugin"


def run(argv: list[str] | None) -> int:
    """Do what the arguments say (those of the process if there are none); returns the exit code.

    Raises KeyboardInterrupt before anything is played, between two rounds, or while everything is being ended.
    """
    with _without_settings_of_others():
        return _run(argv)


@contextlib.contextmanager
def _without_settings_of_others() -> Iterator[None]:
    """The environment without what somebody has set for the tests of another project."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _run(argv: list[str] | None) -> int:
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["record"]:
        from .record.command import main as record  # A recorder needs asyncio, and nothing else here does.

        return record(words[1:])
    if words[:1] == ["sessions"]:
        from .worked import main as sessions  # Only the authors of the document need it.

        return sessions(words[1:])
    made = parser()
    options = made.parse_args(argv)
    options.words = words
    check(made, options)
    plan = plan_of(options)
    try:
        if options.explain:
            return explain(plan, options.explain)
        if options.failed_last:
            plan = plan_of(options, ids=last_run.failed(plan))
        runs = plan.runs()
        if expectations := plan.expectations():
            expectations.check(plan.every_run())
        expectations = expectations.with_old_list(options.write_known_failures)
        earlier = read_report(options.compare) if options.compare else None
    except InvalidFile as invalid:
        print(refusal(invalid), file=sys.stderr)
        return 2
    except (last_run.NoLastRun, NoReport, UnknownRun) as none:
        print(none, file=sys.stderr)
        return 2
    if options.list:
        selected = Selected()
        # --repeat is for playing: nothing is listed twice.
        code = pytest.main(
            [*_arguments(replace(plan, repeat=1), options), "--collect-only"], plugins=[selected, Handover(runs)]
        )
        return 2 if code == pytest.ExitCode.USAGE_ERROR else list_runs(selected.runs)
    if options.n is None:
        # Starting processes takes longer than a few cases; a server that runs already is for one process alone.
        alone = options.k or options.connect or options.debug_wait or len(runs) * options.repeat < _MANY
        options.n = 1 if alone else many_processes()
    while True:
        code = _play(plan, runs, earlier, expectations, options)
        if code or not options.until_failure:
            return code
        if options.debug_wait and not wait_for_next_round():
            return code


def _arguments(plan: Plan, options: argparse.Namespace) -> list[str]:
    """What pytest is told. No configuration, cache or plugin of whatever project the suite is started in."""
    arguments = ["-c", os.devnull, "--rootdir", str(BUILT_IN), "-p", "no:terminal", "-p", "no:cacheprovider"]
    arguments += ["-p", "no:tmpdir", "-p", "no:logging"]
    return [*arguments, "-p", _PLUGIN, "--imp-plan", plan.as_json(), "-k", options.k]


def _play(
    plan: Plan,
    runs: list[Run],
    earlier: dict[str, Any] | None,
    expectations: Expectations,
    options: argparse.Namespace,
) -> int:
    terminal = Terminal(sys.stdout)
    console = Console(terminal, plan, tracing=options.trace)
    arguments = _arguments(plan, options)
    arguments += ["-s"] if options.debug_wait else []
    if options.n > 1 and importlib.util.find_spec("xdist") is not None:
        # A process that has nothing left to do takes over half of what another still has before it.
        arguments += ["-p", "xdist", "-n", str(options.n), "--dist", "worksteal"]
    notices = Notices()
    code = pytest.main(arguments, plugins=[console, notices, Handover(runs)])
    console.close()
    if code == pytest.ExitCode.USAGE_ERROR:
        return 2
    if code == pytest.ExitCode.INTERRUPTED:
        print("interrupted; what was started has been ended", file=sys.stderr)
    played = console.played(interrupted=code == pytest.ExitCode.INTERRUPTED)
    report = make_report(played, plan, runs, options)
    comparison = compare(earlier, report) if earlier is not None else None
    last_run.keep(plan, report)
    terminal.write(f"{notices}{summarize(report, comparison, terminal.style)}")
    written = write_reports(report, comparison, options)
    if options.write_known_failures and all(entry["verdict"] == Verdict.NOT_STARTED for entry in report["cases"]):
        print(f"{options.write_known_failures} is not written: nothing was played", file=sys.stderr)
    elif options.write_known_failures:
        text = expectations.written(report["cases"], plan.every_run())
        written &= write_whole(options.write_known_failures, text)
    if code == pytest.ExitCode.INTERRUPTED:
        return 130
    if code == pytest.ExitCode.INTERNAL_ERROR or not written:
        return 2
    summary = report["summary"]
    return 1 if summary["failed"] or not summary["passed"] + summary["known"] else 0
