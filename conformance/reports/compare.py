"""What has changed since an earlier run, from the two JSON reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

#: The format of the report that this suite writes and reads; a change that a reader must heed counts it up.
FORMAT = 1

#: The worst first: of a run that was repeated, the worst round counts.
_GRAVITY = ("failed", "known", "skipped", "passed")


class Change(TypedDict):
    """A run whose verdict is not what it was. `before` or `now` is empty if it was not played then."""

    role: str
    id: str
    before: str
    now: str


class Comparison(TypedDict):
    """The runs that have changed, in the order of the report.

    A failure that passes now, or is known or skipped, is `fixed`; the other way round it is `broken`; what failed, passed
    or was skipped in another way is `changed`. `gone` are those that could have been played and are not there any more.
    `edition` is that of the earlier run's specification if it was another one, and empty otherwise.
    """

    fixed: list[Change]
    broken: list[Change]
    new: list[Change]
    gone: list[Change]
    changed: list[Change]
    edition: str


class NoReport(Exception):
    """A file is not the JSON report of a run; the text says why."""


def read_report(path: Path) -> dict[str, Any]:
    """An earlier report, with all of it that `compare` looks at. Raises `NoReport`."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoReport(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise NoReport(f"{path} is not a report that --report-json has written: it is not JSON") from None
    if not isinstance(report, dict) or not isinstance(report.get("cases"), list) or "format" not in report:
        raise NoReport(f"{path} is not a report that --report-json has written")
    if report["format"] != FORMAT:
        raise NoReport(f"{path} is a report of format {report['format']}, and this suite reads format {FORMAT}")
    for number, entry in enumerate(report["cases"]):
        keys = ("role", "id", "verdict", "counts_as")
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in keys):
            raise NoReport(f"{path} is not a report that --report-json has written: cases[{number}] is damaged")
        if entry["counts_as"] not in _GRAVITY:
            raise NoReport(f"{path}: cases[{number}] counts as {entry['counts_as']!r}, which is not known")
    return report


def compare(earlier: dict[str, Any], report: dict[str, Any]) -> Comparison:
    """The differences from an earlier report to a later one."""
    before, now = _worst(earlier), _worst(report)
    found = Comparison(fixed=[], broken=[], new=[], gone=[], changed=[], edition="")
    # A report of an older suite names none.
    if (edition := earlier.get("edition", "unknown")) != report["edition"]:
        found["edition"] = str(edition)
    for key, entry in now.items():
        old = before.get(key)
        if old is None:
            found["new"].append(_change(key, "", entry["verdict"]))
        elif old["verdict"] != entry["verdict"]:
            failed, fails = old["counts_as"] == "failed", entry["counts_as"] == "failed"
            changes = found["changed"] if failed == fails else found["broken"] if fails else found["fixed"]
            changes.append(_change(key, old["verdict"], entry["verdict"]))
    if _as_much(earlier, report):
        found["gone"] += [
            _change(key, entry["verdict"], "")
            for key, entry in before.items()
            if key not in now and key[0] in report["targets"]
        ]
    return found


def _as_much(earlier: dict[str, Any], report: dict[str, Any]) -> bool:
    """Whether the later run was to play as much as the earlier one, so that what it lacks is gone indeed."""
    return report["selection"] == earlier.get("selection") and not report["interrupted"]


def _worst(report: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in report["cases"]:
        key = entry["role"], entry["id"]
        other = found.get(key)
        if other is None or _GRAVITY.index(entry["counts_as"]) < _GRAVITY.index(other["counts_as"]):
            found[key] = entry
    return found


def _change(key: tuple[str, str], before: str, now: str) -> Change:
    return Change(role=key[0], id=key[1], before=before, now=now)
