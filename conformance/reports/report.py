"""The report of a whole run, and the files that are made of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..plan import Plan


def make_report(entries: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    """What `--report-json` writes (see `report.schema.json`) and every other report is made of."""
    counts = Counter(entry["counts_as"] for entry in entries)
    summary = {kind: counts[kind] for kind in ("passed", "failed", "skipped", "known")}
    return {"targets": plan.targets, "cases": entries, "summary": summary}


def write_reports(report: dict[str, Any], options: argparse.Namespace) -> bool:
    """Write every file that the options ask for. Tells why, and returns False, if one cannot be written."""
    wanted: list[tuple[Path | None, Callable[[], str]]] = [
        (options.report_json, lambda: json.dumps(report, indent=1) + "\n"),
    ]
    return all([_write(path, make()) for path, make in wanted if path is not None])


def _write(path: Path, text: str) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"cannot write {path}: {error.strerror}", file=sys.stderr)
        return False
    return True
