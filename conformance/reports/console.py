"""The console: progress while the cases run, every failure as it happens, and a summary."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any, TextIO

import pytest

from ..plugin import recorded
from ..verdicts import Verdict


class Console:
    """Progress while the cases run, every failure as it happens, and a summary."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._live = stream, stream.isatty()
        self._total = 0
        self.records: list[dict[str, Any]] = []
        self._broken: list[str] = []

    def count(self, kind: str) -> int:
        """How many runs count as passed, failed, skipped or known."""
        found: int = sum(record["counts_as"] == kind for record in self.records)
        return found + len(self._broken) if kind == "failed" else found

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
        counts = {kind: self.count(kind) for kind in ("passed", "failed", "skipped", "known")}
        if not any((counts["passed"], counts["failed"], counts["known"])):
            print("no case was played: that is a failure", file=self._stream)
        shown = [f"{count} {kind}" for kind, count in counts.items() if count or kind != "known"]
        print(", ".join(shown), file=self._stream, flush=True)
