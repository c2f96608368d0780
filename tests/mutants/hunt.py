"""Puts each mutant through the cases of its requirements and tells which have caught it."""

from __future__ import annotations

import sys
from functools import partial

from impwire.tables import Role

from .bench import Outcome
from .crew import Crew, Task
from .data import ROOT, Mutant, load_mutants

#: Some mutants show only if two things happen in one order, which no case can force. They may try so many times.
_TRIES = 3


def hunt(
    workers: Crew, requirements: set[str], side: Role | None, *, all_cases: bool, every: bool
) -> tuple[int, list[tuple[Mutant, Outcome]]]:
    """Try the mutants of these requirements (none: of all) and show what becomes of each, in the order of the files.

    Returns the exit code and the outcomes. Raises `InvalidFile` if one cannot be made.
    """
    mutants = [
        mutant
        for mutant in load_mutants().mutants
        if (not requirements or requirements & set(mutant.breaks)) and side in (None, mutant.side)
    ]
    if not mutants:
        print("there is no such mutant", file=sys.stderr)
        return 2, []
    tasks = [partial(_task, mutant, all_cases=all_cases, every=every) for mutant in mutants]
    outcomes: dict[int, Outcome] = {}
    shown = 0
    for number, outcome in workers.results(tasks):
        outcomes[number] = outcome
        while shown in outcomes:
            print(_line(mutants[shown], outcomes[shown]), flush=True)
            shown += 1
    left, again = [number for number in outcomes if _escaped(mutants[number], outcomes[number])], 0
    for _ in range(_TRIES - 1):
        for place, outcome in workers.results([tasks[number] for number in left]):
            outcomes[left[place]] = outcome
        again += len(left)
        left = [number for number in left if _escaped(mutants[number], outcomes[number])]
    for number in sorted(left):
        print(f"{mutants[number].place}: {_line(mutants[number], outcomes[number])}")
    more = f", {again} tried again" if again else ""
    print(f"{len(mutants)} mutants, {len(mutants) - len(left)} caught, {len(left)} not{more}")
    return (1 if left else 0), [(mutant, outcomes[number]) for number, mutant in enumerate(mutants)]


def _escaped(mutant: Mutant, outcome: Outcome) -> bool:
    return bool(outcome.problem or uncaught(mutant, outcome))


def _task(mutant: Mutant, *, all_cases: bool, every: bool) -> Task:
    changed = mutant.applied((ROOT / mutant.file).read_text(encoding="utf-8"))
    return Task(mutant.side, mutant.file, changed, mutant.breaks, all_cases, every=every)


def uncaught(mutant: Mutant, outcome: Outcome) -> list[str]:
    """The requirements that a mutant breaks without any case that proves them noticing."""
    return [name for name in mutant.breaks if not any(name in catch.proves for catch in outcome.catches)]


def _line(mutant: Mutant, outcome: Outcome) -> str:
    """One line: the requirements, the mutant, and the cases that have caught it."""
    catches = ", ".join(f"{catch.run} ({catch.verdict})" for catch in outcome.catches)
    if outcome.problem:
        result = f"DOES NOT COUNT: {outcome.problem}"
    elif missed := uncaught(mutant, outcome):
        what = f"SURVIVES the {outcome.played} cases" + (
            f" of {' '.join(missed)}" if len(missed) < len(mutant.breaks) else ""
        )
        result = f"{what}; caught by {catches}" if catches else what
    else:
        result = f"caught by {catches}"
    return f"{mutant.side} {' '.join(mutant.breaks)}: {mutant.title}: {result}"
