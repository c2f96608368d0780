"""A run: one case, in one role, cut into segments in one way; and what became of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from impwire.tables import CHAPTERS, REQUIREMENTS, Role

from .language import Case
from .play.segments import Segmentation as Segmentation
from .play.segments import segmentations_of
from .play.transcript import Event, Transcript
from .verdicts import Failure, Verdict


@dataclass(frozen=True)
class Run:
    """One case in one role. `actor` is who the client under test is, empty when a server is tested."""

    case: Case
    role: Role
    actor: str = ""
    segmentation: Segmentation = Segmentation.AS_IS

    @property
    def id(self) -> str:
        """`pm/delivered`, `pm/delivered@ann`, `pm/delivered~bytewise`: unique within a role."""
        actor = f"@{self.actor}" if self.actor else ""
        return self.case.id + actor + ("" if self.segmentation is Segmentation.AS_IS else f"~{self.segmentation}")

    @property
    def chapter(self) -> str:
        """The number of the chapter of protocol.txt in which the first requirement that the case proves stands."""
        return chapter_of(self.case.proves[0]) if self.case.proves else ""


def chapter_of(requirement: str) -> str:
    """The number of the chapter of a requirement: `12` for one of section 12.2."""
    number = REQUIREMENTS[requirement].section.partition(".")[0]
    assert number in CHAPTERS, number
    return number


@dataclass(frozen=True)
class Result:
    """What became of a run. `text` explains a failure or a skip in a paragraph, `failure` a failure in its parts.

    `found` is the verdict before a list of known failures was looked at, if that has changed it.
    """

    run: Run
    verdict: Verdict
    seconds: float
    text: str = ""
    failure: Failure | None = None
    transcript: Transcript = field(default_factory=Transcript)
    found: Verdict | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened, in order."""
        return self.transcript.events


def runs_of(cases: Iterable[Case], roles: Iterable[Role]) -> list[Run]:
    """Every case in every role in which it can be played, in each segmentation that makes a difference.

    Those of a server that ask for the same settings stand together, among those that ask for nothing.
    """
    roles, cases = list(roles), list(cases)
    found: list[Run] = []
    if Role.SERVER in roles:
        for case in cases:
            if case.server:
                found += [Run(case, Role.SERVER, segmentation=kind) for kind in segmentations_of(case)]
    found = _spread(found)
    if Role.CLIENT in roles:
        for case in cases:
            for actor in case.clients:
                kinds = segmentations_of(case, Role.CLIENT, actor)
                found += [Run(case, Role.CLIENT, actor, kind) for kind in kinds]
    return found


def _spread(runs: list[Run]) -> list[Run]:
    """Most of those that need a server of their own wait for time to pass: other processes then have work to do.

    The last quarter has none of them, so that at the end nobody waits alone.
    """
    shared = [run for run in runs if not run.case.own_server]
    others = sorted((run for run in runs if run.case.own_server), key=_wanted)
    blocks = [list(block) for _, block in itertools.groupby(others, lambda run: _wanted(run) or run.id)]
    found: list[Run] = []
    places = 4 * len(blocks) // 3 or 1
    for number in range(places):
        found += blocks[number] if number < len(blocks) else []
        found += shared[len(shared) * number // places : len(shared) * (number + 1) // places]
    return found


def _wanted(run: Run) -> list[tuple[str, int]]:
    return sorted(run.case.settings.items())


def record(result: Result, *, events: bool) -> dict[str, Any]:
    """A result as plain values: an entry of the JSON report."""
    run = result.run
    entry: dict[str, Any] = {
        "id": run.id,
        "role": str(run.role),
        "case": run.case.id,
        "actor": run.actor,
        "segmentation": str(run.segmentation),
        "title": run.case.title,
        "chapter": run.chapter,
        "proves": list(run.case.proves),
        "verdict": str(result.verdict),
        "counts_as": result.verdict.counts_as,
        "seconds": round(result.seconds, 4),
        "text": result.text,
    }
    if result.found is not None:
        entry["found"] = str(result.found)
    if result.failure is not None:
        entry["failure"] = _failure(result.failure)
    if events:
        entry["events"] = [event.as_json() for event in result.events]
    return entry


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "text": failure.text,
        "step": failure.step,
        "place": failure.place,
        "differences": [difference._asdict() for difference in failure.differences],
        "frame": failure.frame.hex(),
        "marks": [list(mark) for mark in failure.marks],
        "output": failure.output,
        "limits": [limit._asdict() for limit in failure.limits],
    }
