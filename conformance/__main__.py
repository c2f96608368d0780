"""Run the conformance suite of the Instant Messenger Protocol.

Exit codes: 0 every case that was played has passed; 1 one has failed, or none was played; 2 the command line or a case
file is wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

import pytest

from impwire.tables import DEFAULT_PORT, Role

from .language import load_cases
from .plugin import recorded
from .runner import runs_of
from .strict_yaml import InvalidFile
from .verdicts import Verdict

_MANY = 40
_CASES = Path(__file__).parent / "cases"
_PACKAGE = (__package__ or "conformance").rpartition("conformance")[0]


def reference_command(role: Role) -> str:
    """The template that starts our own program, from a checkout or from an installed package."""
    python = f"{shlex.quote(sys.executable)} -m {_PACKAGE}"
    if role is Role.SERVER:
        files = "--log {dir}/server.log --bans {dir}/bans.json"
        return f"{python}reference_server --host {{host}} --port {{port}} {files} {{settings}}"
    return f"{python}reference_client {{name}} --host {{host}} --port {{port}}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conformance",
        description="Play the sessions of the Instant Messenger Protocol to a server or client and tell what is wrong with it.",
        epilog=(
            "Without a role, both roles are played to the reference programs. In a command, {host} and {port} are where "
            "to listen or connect, {name} the name of a client's user (the last word if it is not there), {dir} an empty folder, and {settings} becomes "
            "options such as --rate-burst 3; cases that ask for settings are skipped for a command without it. "
            "Exit codes: 0 all passed, 1 a failure or nothing played, 2 wrong command line or case file, 130 interrupted."
        ),
    )
    parser.add_argument(
        "role", nargs="?", choices=[str(role) for role in Role], help="what is under test (default: both)"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--spawn", metavar="COMMAND", help='start this for the test, e.g. "./server {host} {port}"')
    source.add_argument("--connect", metavar="HOST:PORT", type=_address, help="a server that runs already")
    parser.add_argument(
        "-k",
        metavar="EXPRESSION",
        default="",
        help="only cases whose id, role or requirement matches, e.g. 'pm and not bob'",
    )
    parser.add_argument("--list", action="store_true", help="show the cases and what they prove, and play none")
    parser.add_argument("--report-json", metavar="FILE", type=Path, help="write the results to a file")
    parser.add_argument(
        "--cases", metavar="DIR", type=Path, default=_CASES, help="the cases (default: the built-in ones)"
    )
    parser.add_argument(
        "--timeout", metavar="S", type=_seconds, default=5.0, help="what is due may take this long (default: 5)"
    )
    parser.add_argument(
        "-n",
        metavar="N",
        type=_processes,
        help="processes that share the work (default: one a processor for a full run)",
    )
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host and not port.isdigit():
        host, port = text, str(DEFAULT_PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _processes(text: str) -> int:
    if text == "auto":
        return os.cpu_count() or 1
    if not text.isdigit() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of processes")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    if (options.spawn or options.connect) and not options.role:
        parser.error("say which role is under test: server or client")
    if options.connect and options.role == Role.CLIENT:
        parser.error("a client is started for each case: use --spawn")
    if options.connect and (options.n or 1) > 1:
        parser.error("one server can be tested by one process only: leave out -n, or use --spawn")
    if options.list and (options.spawn or options.connect or options.k):
        parser.error("--list shows all cases of a role; -k, --spawn and --connect are for playing them")
    if options.spawn:
        try:
            shlex.split(options.spawn)
        except ValueError as error:
            parser.error(f"--spawn: {error}: {options.spawn}")
    roles = [Role(options.role)] if options.role else list(Role)
    try:
        cases = load_cases([options.cases])
    except InvalidFile as invalid:
        print(f"{invalid}\n{len(invalid.problems)} mistakes in the cases; nothing was played", file=sys.stderr)
        return 2
    if options.list:
        for run in runs_of(cases, roles):
            print(f"{run.role:6}  {run.id:42}  {' '.join(run.case.proves)}\n{'':8}{run.case.title}")
        runs = runs_of(cases, roles)
        scripts = len({run.case.id for run in runs})
        both = sum(case.server and bool(case.clients) for case in cases)
        print(f"{len(runs)} runs of {scripts} scripts, {both} of which serve both roles")
        return 0
    plan = {
        "cases": [str(options.cases)],
        "roles": [str(role) for role in roles],
        "timeout": options.timeout,
        "connect": options.connect,
        "server": options.spawn or reference_command(Role.SERVER),
        "client": options.spawn or reference_command(Role.CLIENT),
    }
    if options.n is None:
        # Starting processes takes longer than a few cases; a server that runs already is for one process alone.
        options.n = 1 if options.k or options.connect or len(runs_of(cases, roles)) < _MANY else os.cpu_count() or 1
    return _run(plan, options)


def _run(plan: dict[str, Any], options: argparse.Namespace) -> int:
    console = _Console(sys.stdout)
    # No configuration, cache or plugin of whatever project the suite is started in.
    arguments = ["-c", os.devnull, "--rootdir", str(_CASES), "-p", "no:terminal", "-p", "no:cacheprovider"]
    arguments += ["-p", f"{_PACKAGE}conformance.plugin", "--imp-plan", json.dumps(plan), "-k", options.k]
    if options.n > 1 and importlib.util.find_spec("xdist") is not None:
        arguments += ["-n", str(options.n)]
    code = pytest.main(arguments, plugins=[console])
    written = options.report_json is None or _write(options.report_json, console.as_json())
    if code == pytest.ExitCode.INTERRUPTED:
        print("interrupted; what was started has been ended", file=sys.stderr)
    console.finish()
    if code == pytest.ExitCode.INTERRUPTED:
        return 130
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR) or not written:
        return 2
    return 1 if console.failed or not console.passed else 0


def _write(path: Path, report: dict[str, Any]) -> bool:
    """Write the report; tells why if it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"cannot write {path}: {error.strerror}", file=sys.stderr)
        return False
    return True


class _Console:
    """Progress while the cases run, every failure as it happens, and a summary."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live = stream, stream.isatty()
        self._total = 0
        self.records: list[dict[str, Any]] = []
        self._broken: list[str] = []

    @property
    def passed(self) -> int:
        return sum(record["verdict"] == Verdict.PASSED for record in self.records)

    @property
    def skipped(self) -> int:
        return sum(record["verdict"] == Verdict.SKIPPED for record in self.records)

    @property
    def failed(self) -> int:
        return len(self.records) - self.passed - self.skipped + len(self._broken)

    @pytest.hookimpl
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        self._total = len(ids)  # Every process has collected the same.

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            record = recorded(report.user_properties)
            if record is None:
                self._broken.append(report.nodeid)
                self._write(f"{report.nodeid}: the suite itself failed\n{report.longreprtext}\n")
            else:
                self.records.append(record)
                if report.failed:
                    self._write(report.longreprtext + "\n\n")
            self._progress(record)
        elif report.failed:
            self._broken.append(report.nodeid)
            self._write(f"{report.nodeid}: the suite itself failed\n{report.longreprtext}\n")

    @pytest.hookimpl
    def pytest_internalerror(self, excrepr: object) -> bool:
        self._broken.append("internal error")
        print(f"the suite itself failed:\n{excrepr}", file=sys.stderr)
        return True  # It has been shown.

    def _write(self, text: str) -> None:
        self._stream.write(("\r\x1b[K" if self._live else "") + text)

    def _progress(self, record: dict[str, Any] | None) -> None:
        done = len(self.records)
        name = f"{record['role']} {record['id']}" if record else ""
        if self._live:
            self._stream.write(f"\r\x1b[K{done}/{self._total}  {name}")
        elif done == self._total or done % 25 == 0:
            self._stream.write(f"{done}/{self._total}  {name}\n")
        self._stream.flush()

    def as_json(self) -> dict[str, Any]:
        """The report: `cases` and `summary`."""
        summary = {"passed": self.passed, "failed": self.failed, "skipped": self.skipped}
        return {"cases": self.records, "summary": summary}

    def finish(self) -> None:
        """The summary; its last line is `N passed, N failed, N skipped`."""
        self._write("")
        reasons = Counter(record["text"] for record in self.records if record["verdict"] == Verdict.SKIPPED)
        for reason, count in reasons.most_common():
            print(f"{count} skipped: {reason}", file=self._stream)
        verdicts = Counter(record["verdict"] for record in self.records)
        for verdict, count in verdicts.most_common():
            if verdict not in (Verdict.PASSED, Verdict.SKIPPED):
                print(f"{count} {verdict}", file=self._stream)
        if not self.passed + self.failed:
            print("no case was played: that is a failure", file=self._stream)
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", file=self._stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
