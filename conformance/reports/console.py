"""The console: progress while the cases run, and every failure as it happens. `summary` tells what it came to."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from ..plan import Plan
from ..plugin import recorded
from ..verdicts import Verdict
from .failure import explain_failure, headline
from .report import Played
from .terminal import Terminal, cut
from .trace import trace

#: So many failures are shown in full, and so many more as a line each: whoever tests the wrong port need not read books.
_FULL, _LINES = 20, 100
#: On a terminal, the line is drawn again after so many seconds at the earliest.
_REDRAW = 0.08
#: Elsewhere a line is due after this part of the runs but not within a second, or after so many seconds without one.
_PART, _HASTE, _SILENCE = 0.1, 1.0, 10.0
_BAR = 20


class Console:
    """A plugin of pytest that listens to what becomes of the runs. `tracing`: runs that pass are shown, too."""

    def __init__(self, terminal: Terminal, plan: Plan, *, tracing: bool) -> None:
        self._terminal, self._plan, self._tracing = terminal, plan, tracing
        # Whoever is waited for must not be written over.
        self._live = terminal.live and not plan.debug_wait
        self._started, self._began = datetime.now(UTC), time.monotonic()
        self._entries: list[dict[str, Any]] = []
        self._errors: list[dict[str, str]] = []
        self._planned = self._failed = 0
        #: Whether the last that was written is a line without an empty one behind it.
        self._listing = False
        self._causes: dict[tuple[str, ...], str] = {}
        self._drawn, self._told, self._current = 0.0, (0, self._began), ""

    def played(self, *, interrupted: bool) -> Played:
        """What has become of all runs."""
        return Played(
            entries=self._entries,
            errors=self._errors,
            started=self._started,
            seconds=time.monotonic() - self._began,
            planned=self._planned,
            interrupted=interrupted,
        )

    def close(self) -> None:
        """Take the progress off the terminal."""
        if self._live:
            self._terminal.write("\r\x1b[K")
        if self._listing:
            self._terminal.write("\n")
        self._live = self._listing = False

    @pytest.hookimpl
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._planned = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        self._planned = len(ids)  # Every process has collected the same.

    @pytest.hookimpl
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._current = nodeid.rpartition("::")[2].replace(":", " ", 1)
        self._progress()

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        entry = recorded(report.user_properties) if report.when == "call" else None
        if entry is not None:
            self._entries.append(entry)
            self._tell(entry)
        elif report.when == "call" or report.failed:
            self._suite_failed(report.nodeid.rpartition("::")[2], report.longreprtext)
        self._progress()

    @pytest.hookimpl
    def pytest_internalerror(self, excrepr: object) -> bool:
        self._suite_failed("", str(excrepr))
        return True  # It has been shown.

    def _suite_failed(self, run: str, text: str) -> None:
        self._errors.append({"run": run, "text": text})
        self.close()
        print(f"{run}{': ' if run else ''}the suite itself failed:\n{text}", file=sys.stderr)

    def _tell(self, entry: dict[str, Any]) -> None:
        style = self._terminal.style
        if entry["counts_as"] == "failed":
            text = self._failure(entry)
        else:
            text = trace(entry, style) + "\n" if self._tracing else ""
        if text:
            self._terminal.write(("\r\x1b[K" if self._live else "") + text + "\n")
            self._drawn = 0.0
            self._listing = not text.endswith("\n")

    def _failure(self, entry: dict[str, Any]) -> str:
        """The next failure, in full or not; empty if there is nothing new to be said."""
        style = self._terminal.style
        cause = _cause(entry)
        if cause in self._causes and not self._tracing:
            again = f", as {self._causes[cause]}"
            return "" if entry["verdict"] == Verdict.NOT_STARTED else headline(entry, style) + again
        self._causes[cause] = entry["id"]
        self._failed += 1
        if self._failed <= _FULL or self._tracing:
            return explain_failure(entry, self._plan.rerun, style, whole=self._tracing) + "\n"
        line = headline(entry, style)
        if self._failed == _FULL + 1:
            hint = "From here on a failure is a line; --report-html FILE and --report-json FILE have all of it."
            return f"{style.paint(hint, 'yellow')}\n{line}"
        if self._failed <= _FULL + _LINES:
            return line
        if self._failed == _FULL + _LINES + 1:
            return style.paint("From here on failures are counted only.", "yellow")
        return ""

    def _progress(self) -> None:
        now, done = time.monotonic(), len(self._entries)
        if self._live:
            if now - self._drawn >= _REDRAW:
                self._drawn = now
                self._terminal.write(f"\r{self._line()}\x1b[K")
            return
        last_done, last_time = self._told
        if done < self._planned and now - last_time >= (
            _HASTE if done - last_done >= self._planned * _PART else _SILENCE
        ):
            self._told = done, now
            self._terminal.write(f"{done}/{self._planned}  {self._counts()}\n")

    def _line(self) -> str:
        """Bar, counts, time and the run that was begun last, in a line that just fits."""
        style = self._terminal.style
        done = len(self._entries)
        filled = _BAR * done // max(self._planned, 1)
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        bar = f"[{'#' * filled}{'-' * (_BAR - filled)}] " if style.columns >= 60 else ""
        head = f"{bar}{done}/{self._planned}  {self._counts()}  {minutes}:{seconds:02}"
        # The last column stays empty: some terminals go to the next line as soon as it is filled.
        text = cut(f"{head}  {self._current}", style.columns - 1)
        return style.paint(text[: len(head)], "red" if self._failed else "green") + text[len(head) :]

    def _counts(self) -> str:
        failed = sum(entry["counts_as"] == "failed" for entry in self._entries) + len(self._errors)
        passed = sum(entry["counts_as"] == "passed" for entry in self._entries)
        return f"{passed} passed, {failed} failed"


def _cause(entry: dict[str, Any]) -> tuple[str, ...]:
    """What two failures have in common that need not both be told in full: other segments, the same step and verdict."""
    if entry["verdict"] == Verdict.NOT_STARTED:
        return entry["verdict"], entry["text"]
    failure = entry.get("failure") or {"place": "", "step": ""}
    return entry["role"], entry["case"], entry["actor"], entry["verdict"], failure["place"], failure["step"]
