"""The end of the console's output: what a run came to, chapter by chapter, and what to do about the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from impwire.tables import CHAPTERS

from ..verdicts import Verdict
from .compare import Change, Comparison
from .limits import limits_summary
from .terminal import Style, cut, harmless

#: So many runs of a kind are named.
_NAMED = 25
#: Columns of the counts behind the title of a chapter, but for known failures, which are few.
_CELLS = 36


def summarize(report: dict[str, Any], comparison: Comparison | None, style: Style) -> str:
    """The summary of a report; its last line is `N passed, N failed, N skipped`."""
    lines = [*_by_chapter(report, style), *_failed(report), *_reasons(report), *_remarkable(report)]
    if comparison is not None:
        lines += _changes(comparison, style)
    summary = report["summary"]
    if report["interrupted"]:
        lines.append(style.paint(f"interrupted after {len(report['cases'])} of {report['planned']} runs", "yellow"))
    elif missing := report["planned"] - len(report["cases"]) - len(report["errors"]):
        runs = "1 run was" if missing == 1 else f"{missing:,} runs were"
        lines.append(style.paint(f"{runs} not played, since the target could not be started", "red"))
    if not any((summary["passed"], summary["failed"], summary["known"])):
        lines.append("no case was played: that is a failure")
    lines.append(f"specification: IMP {report['protocol']}, edition {report['edition']}")
    counts = ", ".join(f"{count} {kind}" for kind, count in summary.items() if count or kind != "known")
    good = not summary["failed"] and summary["passed"] + summary["known"]
    return "\n".join([*lines, style.paint(counts, "green" if good else "red")]) + "\n"


def _by_chapter(report: dict[str, Any], style: Style) -> list[str]:
    """A line for each chapter of protocol.txt, if there are several and not everything has failed."""
    chapters: dict[str, dict[str, int]] = report["chapters"]
    if len(chapters) < 2 or not report["summary"]["passed"]:
        return []
    titles = {number: f"{number:>2}. {CHAPTERS[number]}" if number else "    no requirement" for number in chapters}
    wide = min(max(map(len, titles.values())), max(style.columns - _CELLS, 20))
    lines = []
    for number, counts in chapters.items():
        cells = [f"{counts['passed']:5} passed"]
        for kind, colour in (("failed", "red"), ("skipped", "yellow"), ("known", "yellow")):
            cells += [style.paint(f"{counts[kind]:4} {kind}", colour)] if counts[kind] else []
        lines.append(f"{cut(titles[number], wide):{wide}}" + "".join(cells))
    targets = ", ".join(value for target in report["targets"].values() for value in target.values())
    told = f"{len(report['cases'])} runs in {report['seconds']:.1f} s against {targets}"
    return [*lines, cut(told, style.columns - 1), ""]


def _failed(report: dict[str, Any]) -> list[str]:
    """The failures by verdict, and the way to play them again."""
    failed = [entry for entry in report["cases"] if entry["counts_as"] == "failed"]
    own = [f"the suite itself failed: {error['run'] or 'outside of all runs'}" for error in report["errors"]]
    if not failed:
        return own
    verdicts = Counter(entry["verdict"] for entry in failed)
    lines = [*own, "failed: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())]
    if not report["summary"]["passed"] and len(failed) > 1:
        first = failed[0]
        lines.append(f"nothing has passed; look at the first failure: {first['role']} {first['id']}: {_why(first)}")
    elif len(failed) > 1:
        named = _alike(failed)
        lines += named if len(named) <= _NAMED else []
        lines.append("the same command with --failed-last plays only what has failed")
    return lines + limits_summary(failed)


def _alike(failed: list[dict[str, Any]]) -> list[str]:
    """The failures, those of a case that differ in nothing but their segments in one line."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for entry in failed:
        key = entry["role"], entry["case"], entry["actor"], entry["verdict"]
        groups.setdefault(key, []).append(entry["id"])
    return [
        f"  {role} {first}{_segments(others)}: {verdict}" for (role, _, _, verdict), (first, *others) in groups.items()
    ]


def _segments(ids: list[str]) -> str:
    return "".join(f", ~{id_.rpartition('~')[2]}" for id_ in ids)


def _reasons(report: dict[str, Any]) -> list[str]:
    """Why runs were skipped; the reason says what would let them be played."""
    reasons = Counter(entry["text"] for entry in report["cases"] if entry["counts_as"] == "skipped")
    return [f"{count} skipped: {harmless(reason)}" for reason, count in reasons.most_common()]


def _remarkable(report: dict[str, Any]) -> list[str]:
    lines = []
    for verdict in (Verdict.NOT_STRICT, Verdict.KNOWN_FAILURE, Verdict.KNOWN_FLAKY):
        found = [entry for entry in report["cases"] if entry["verdict"] == verdict]
        lines += _named(str(verdict), found)
    return lines


def _named(what: str, entries: list[dict[str, Any]]) -> list[str]:
    lines = [f"{what}: {entry['role']} {entry['id']}: {_why(entry)}" for entry in entries[:_NAMED]]
    more = len(entries) - len(lines)
    return lines + ([f"{what}: {more} more"] if more > 0 else [])


def _why(entry: dict[str, Any]) -> str:
    """The beginning of the explanation."""
    text = harmless(entry["text"]).strip().splitlines() or [""]
    return cut(text[0], 100)


def _changes(comparison: Comparison, style: Style) -> list[str]:
    """What is not as it was in the earlier run; nothing of it is a line that says so."""
    lines = []
    for kind, changes, colour in (
        ("broken", comparison["broken"], "red"),
        ("fixed", comparison["fixed"], "green"),
        ("changed", comparison["changed"], "yellow"),
    ):
        lines += [f"{style.paint(kind, colour)}: {_change(change)}" for change in changes[:_NAMED]]
        lines += [f"{kind}: {len(changes) - _NAMED} more"] if len(changes) > _NAMED else []
    counts = ", ".join(f"{len(changes)} {kind}" for kind, changes in _groups(comparison) if changes)
    other = f" (of the specification's edition {harmless(comparison['edition'])})" if comparison["edition"] else ""
    return [*lines, f"compared with the earlier run{other}: {counts or 'nothing has changed'}"]


def _groups(comparison: Comparison) -> Iterable[tuple[str, list[Change]]]:
    yield "broken", comparison["broken"]
    yield "fixed", comparison["fixed"]
    yield "changed", comparison["changed"]
    yield "new", comparison["new"]
    yield "gone", comparison["gone"]


def _change(change: Change) -> str:
    return f"{change['role']} {change['id']}: {change['before']}, now {change['now']}"
