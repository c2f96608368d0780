"""What a case needs of a server's limits, as far as its steps tell."""

from __future__ import annotations

import functools
from collections import Counter

from ..language import CONSOLE, SERVER, Case

_COMES = ("connects", "joins")
_GOES = ("leaves", "drops", "resets", "is closed", "is reset")


@functools.cache
def connections_made(case: Case) -> int:
    """How many connections the case opens."""
    return sum(_arrivals(case)[1].values())


@functools.cache
def connections_at_once(case: Case) -> int:
    """How many connections of one address stand at once, at the most."""
    return _arrivals(case)[0]


def _arrivals(case: Case) -> tuple[int, Counter[str]]:
    """The most connections of one address at one time, and how many each address opens."""
    present: dict[str, str] = {}
    opened: Counter[str] = Counter()
    most = 0
    for step in case.steps:
        if step.actor == SERVER and step.verb == "is killed and restarted":
            present.clear()
        elif step.actor in (CONSOLE, SERVER):
            continue
        elif step.verb in _COMES and step.actor not in present:
            present[step.actor] = step.source
            opened[step.source] += 1
            most = max(most, max(Counter(present.values()).values()))
        elif step.verb in _GOES:
            present.pop(step.actor, None)
    return most, opened
