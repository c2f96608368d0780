"""What is to be played, against what, and how: what the command line hands to every process that takes part."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from impwire.tables import Role

from .derived import derived_cases
from .expectations import Expectations
from .language import Case, load_cases
from .runs import Run, runs_of
from .selection import Selection
from .targets import Target, target_of

BUILT_IN = Path(__file__).parent / "cases"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`targets` has what is under test in each role: `{"spawn": template}`, `{"connect": "host:port"}` or `{"file": path}`.

    `timeout` is how long anything that is due may take, in seconds.
    """

    targets: dict[str, dict[str, str]]
    cases: tuple[str, ...] = (str(BUILT_IN),)
    selection: Selection = field(default_factory=Selection)
    timeout: float = 5.0
    repeat: int = 1
    #: Whether a failed SHOULD counts as a failure.
    strict: bool = False
    #: Whether the events of every run are wanted, and not those of failures only.
    keep_events: bool = False
    #: Whether somebody is waited for before each case, so that a debugger can be attached.
    debug_wait: bool = False
    known_failures: str = ""
    known_flaky: str = ""
    #: The words of the command line that a failure repeats to tell how to run its case alone.
    rerun: str = ""

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(Role(role) for role in self.targets)

    def load(self) -> list[Case]:
        """Its cases. The built-in ones come with those that follow from the spec. Raises `InvalidFile`."""
        found = load_cases(Path(path) for path in self.cases)
        return found + derived_cases() if str(BUILT_IN) in self.cases else found

    def runs(self) -> list[Run]:
        """What is to be run, in order. Raises `InvalidFile` and `UnknownRun`."""
        every = runs_of(self.load(), self.roles)
        self.selection.check(every)
        return [run for run in every if self.selection.holds(run)]

    def described(self) -> list[Target]:
        """Its targets, with what their files say. Raises `InvalidFile`."""
        return [target_of(role, self.targets[role]) for role in self.roles]

    def expectations(self) -> Expectations:
        """What is known to fail, from the target files and from lists of their own. Raises `InvalidFile`."""
        found = Expectations()
        for target in self.described():
            found = found.with_those_of(target.known_failures, target.known_flaky)
        return found.with_files(self.known_failures, self.known_flaky)

    def every_run(self) -> list[Run]:
        """All runs that a list may name: of either role, selected or not, those of the built-in cases among them."""
        cases = replace(self, cases=tuple(dict.fromkeys((*self.cases, str(BUILT_IN))))).load()
        return runs_of(cases, Role)

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def plan_from_json(text: str) -> Plan:
    values: dict[str, Any] = json.loads(text)
    selection = Selection(**{key: tuple(value) for key, value in values.pop("selection").items()})
    return Plan(selection=selection, cases=tuple(values.pop("cases")), **values)
