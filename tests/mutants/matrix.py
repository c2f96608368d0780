"""The matrix requirement x case x mutant as text.

It is printed, never kept: a copy in the repository would be out of date with the next case.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from impwire.tables import REQUIREMENTS

from .bench import Outcome, all_runs, proven_by
from .data import Mutant, load_mutants, sides_of

_HEAD = ("requirement", "level", "side", "written", "derived", "mutants", "caught", "cases that catch")


def matrix(outcomes: Iterable[tuple[Mutant, Outcome]], cases: Iterable[Path] = ()) -> str:
    """A line a requirement and side: how many cases prove it, and how many of its mutants they catch; then each mutant
    with its cases."""
    outcomes, runs = list(outcomes), all_runs(cases)
    excuses = {(excuse.requirement, excuse.side): excuse.reason for excuse in load_mutants().excuses}
    rows: list[tuple[str, ...]] = [_HEAD]
    for name, requirement in REQUIREMENTS.items():
        for side in sides_of(name):
            proving = [run for run in runs if run.role is side and name in proven_by(run)]
            tried = [outcome for mutant, outcome in outcomes if mutant.side is side and name in mutant.breaks]
            catching = {catch.run for outcome in tried for catch in outcome.catches}
            caught = sum(any(name in catch.proves for catch in outcome.catches) for outcome in tried)
            derived = sum(run.case.derived for run in proving)
            numbers = map(str, (len(proving) - derived, derived, len(tried), caught))
            excuse = "" if tried else excuses.get((name, side), "")
            rows.append(
                (name, requirement.level, str(side), *numbers, excuse or str(len(catching & {r.id for r in proving})))
            )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    return "\n".join(table)
