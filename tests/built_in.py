"""The cases and runs of the suite, read and made once for all tests of a process."""

from __future__ import annotations

from conformance.plan import Plan
from conformance.runs import runs_of

TARGETS = {"server": {"spawn": "x"}, "client": {"spawn": "x"}}
_PLAN = Plan(targets=TARGETS)

#: What `Plan.load` gives: the cases that were written, then those that follow from the spec.
CASES = _PLAN.load()
WRITTEN = [case for case in CASES if not case.derived]
DERIVED = [case for case in CASES if case.derived]
#: Every run against either role.
RUNS = runs_of(CASES, _PLAN.roles)
