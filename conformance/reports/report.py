"""The report of a whole run, and the files that are made of it."""

from __future__ import annotations

import argparse
import json
import platform
import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from impwire.tables import CHAPTERS, EDITION, PROTOCOL_VERSION, REQUIREMENTS

from ..files import write_whole
from ..plan import Plan
from ..runs import Run
from .badge import badge
from .compare import FORMAT, Comparison
from .html import page
from .junit import junit
from .pcap import pcap

_KINDS = ("passed", "failed", "skipped", "known")


@dataclass(frozen=True, kw_only=True)
class Played:
    """What playing has yielded. `errors` are the suite's own: `run` is where, `text` what went wrong."""

    entries: list[dict[str, Any]]
    errors: list[dict[str, str]]
    #: In UTC.
    started: datetime
    seconds: float
    #: How many runs there were to play.
    planned: int
    interrupted: bool


def make_report(played: Played, plan: Plan, runs: Iterable[Run], options: argparse.Namespace) -> dict[str, Any]:
    """What `--report-json` writes (see `report.schema.json`) and every other report is made of.

    Its cases stand in the order of `runs`, in which they were to be played.
    """
    place = {(str(run.role), run.id): number for number, run in enumerate(runs)}
    entries = sorted(played.entries, key=lambda entry: place.get((entry["role"], entry["id"]), len(place)))
    summary = _counts(entries)
    summary["failed"] += len(played.errors)
    major, minor = divmod(PROTOCOL_VERSION, 256)
    return {
        "format": FORMAT,
        "suite": _version(),
        "protocol": f"{major}.{minor}",
        "edition": EDITION,
        "started": played.started.isoformat(timespec="milliseconds"),
        "seconds": round(played.seconds, 3),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "command": shlex.join(options.words),
        "rerun": plan.rerun,
        "targets": plan.targets,
        "selection": {"expression": options.k, "cases": list(plan.cases), **asdict(plan.selection)},
        "planned": played.planned,
        "interrupted": played.interrupted,
        "summary": summary,
        "verdicts": dict(Counter(entry["verdict"] for entry in entries).most_common()),
        "chapters": _chapters(entries),
        "requirements": _requirements(entries),
        "errors": played.errors,
        "cases": entries,
    }


def _counts(entries: Iterable[dict[str, Any]]) -> dict[str, int]:
    counts = Counter(entry["counts_as"] for entry in entries)
    return {kind: counts[kind] for kind in _KINDS}


def _chapters(entries: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Counts by the number of the chapter, in the order of the document; what proves nothing is under "" at the end."""
    return {
        number: counts
        for number in (*CHAPTERS, "")
        if any((counts := _counts(entry for entry in entries if entry["chapter"] == number)).values())
    }


def _requirements(entries: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How often the cases that prove a requirement ended in which verdict; empty if none was selected."""
    found: dict[str, Counter[str]] = {requirement: Counter() for requirement in REQUIREMENTS}
    for entry in entries:
        for requirement in entry["proves"]:
            found[requirement][entry["verdict"]] += 1
    return {requirement: dict(counts.most_common()) for requirement, counts in found.items()}


def _version() -> str:
    try:
        return metadata.version("instant-messenger-protocol")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def write_reports(report: dict[str, Any], comparison: Comparison | None, options: argparse.Namespace) -> bool:
    """Write every file that the options ask for. Tells why, and returns False, if one cannot be written."""
    wanted: list[tuple[Path | None, Callable[[], str | bytes]]] = [
        (options.report_json, lambda: as_json(report, traces=options.trace)),
        (options.report_junit, lambda: junit(report)),
        (options.report_html, lambda: page(report, comparison)),
        (options.badge, lambda: badge(report)),
        (options.pcap, lambda: pcap(report)),
    ]
    written = [write_whole(path, make()) for path, make in wanted if path is not None]
    return all(written)


def as_json(report: dict[str, Any], *, traces: bool) -> str:
    """What `--report-json` writes. The events of runs that have not failed make it many times as large."""
    cases = [
        entry if traces or entry["counts_as"] == "failed" else {k: v for k, v in entry.items() if k != "events"}
        for entry in report["cases"]
    ]
    return json.dumps({**report, "cases": cases}, indent=1) + "\n"
