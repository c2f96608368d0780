"""Remembers which runs failed, for `--failed-last`: a small file a target in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .plan import Plan


class NoLastRun(Exception):
    """There is nothing to be played again; the text says why."""


def failed(plan: Plan) -> tuple[str, ...]:
    """`role id` of each run that failed in the last run against the plan's targets. Raises `NoLastRun`."""
    try:
        found: list[str] = json.loads(_file(plan).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise NoLastRun("no earlier run against this target is known; run it once without --failed-last") from None
    if not found:
        raise NoLastRun("nothing failed in the last run against this target")
    return tuple(found)


def keep(plan: Plan, report: dict[str, Any]) -> None:
    """Keep what has failed; what was not played now and failed before is still kept. A full disk costs no run."""
    played: dict[str, bool] = {}
    for entry in report["cases"]:  # What is played several times has failed if it has failed once.
        name = f"{entry['role']} {entry['id']}"
        played[name] = played.get(name, False) or entry["counts_as"] == "failed"
    try:
        before = failed(plan)
    except NoLastRun:
        before = ()
    found = [name for name in before if name not in played]
    found += [name for name, has_failed in played.items() if has_failed]
    path = _file(plan)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")


def _file(plan: Plan) -> Path:
    """The file of the targets, as seen from the folder in which the suite is run."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imp-conformance"
    what = json.dumps([os.getcwd(), plan.targets, plan.cases], sort_keys=True)
    return folder / f"{hashlib.sha256(what.encode()).hexdigest()[:16]}.json"
