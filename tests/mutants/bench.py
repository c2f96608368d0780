"""Plays cases to a program that is broken on purpose, and to the same program unbroken.

The invariant: a mutant is caught by a case only if the case fails with the mutant and passes with the program as it is, so
neither a fault of the program nor a busy machine passes for a catch.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.plan import BUILT_IN, Plan
from conformance.runner import Runner
from conformance.runs import Result, Run, Segmentation
from conformance.targets import ClientTarget, ServerTarget
from conformance.verdicts import Verdict
from impwire.tables import Role

from .data import PACKAGES

#: A file of this name in the folder of a bench tells it that nobody waits for it any more.
STOP = "stop"
#: How the problem of a program that does not even start begins.
NOT_STARTED = "it does not start"
#: Seconds that no case takes, whatever the program does.
_LONGEST = 30


@dataclass(frozen=True)
class Catch:
    """A case that fails with the mutant, and how."""

    run: str
    verdict: str
    text: str
    proves: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """What the suite says of one mutant. `problem` is why its word does not count, if it does not."""

    catches: tuple[Catch, ...]
    played: int
    problem: str = ""


def make_copy(source: Path, target: Path) -> Path:
    """The programs without anything else; returns the folder. What is compiled comes with them."""
    for package in PACKAGES:
        shutil.copytree(source / package, target / package)
    return target


def command(role: Role, folder: Path) -> str:
    """The template that starts the program of that folder, wherever the suite itself runs."""
    python = f"env PYTHONPATH={shlex.quote(str(folder))} {shlex.quote(sys.executable)} -P -m"
    if role is Role.SERVER:
        files = "--log {dir}/server.log --bans {dir}/bans.json"
        return f"{python} reference_server --host {{host}} --port {{port}} {files} {{settings}}"
    return f"{python} reference_client {{name}} --host {{host}} --port {{port}}"


def all_runs(cases: Iterable[Path] = ()) -> list[Run]:
    """Every run, those that cost least first: on a shared server, then on one of their own."""
    plan = Plan(
        targets={str(role): {"spawn": command(role, Path())} for role in Role},
        cases=(str(BUILT_IN), *map(str, cases)),
    )
    return sorted(plan.runs(), key=lambda run: (run.case.own_server, run.case.derived))


def proven_by(run: Run) -> set[str]:
    """The requirements that a run proves. Cut otherwise than it is written, each one proves that this does not matter."""
    return {*run.case.proves, *(() if run.segmentation is Segmentation.AS_IS else ("TRANSPORT-1",))}


class Bench:
    """Where mutants are tried, one after another. `folder` is for its files, `original` holds the unbroken programs."""

    def __init__(self, folder: Path, original: Path, runs: list[Run], timeout: float) -> None:
        self._folder, self._original, self._runs, self._timeout = folder, original, runs, timeout
        self._control: Runner | None = None

    def close(self) -> None:
        if self._control is not None:
            self._control.close()

    def runs(self, side: Role, requirements: Iterable[str] = ()) -> list[Run]:
        """The runs against one side that prove any of the requirements; all cases, as they are written, if there are none."""
        wanted = set(requirements)
        return [
            run
            for run in self._runs
            if run.role is side
            and (run.segmentation is Segmentation.AS_IS or "TRANSPORT-1" in wanted)
            and (not wanted or wanted & proven_by(run))
        ]

    def try_change(
        self, side: Role, file: str, changed: str, runs: list[Run], *, breaks: Iterable[str] = (), every: bool = False
    ) -> Outcome:
        """Play the runs to the program with the file changed until it is caught, or `every` one of them.

        It is caught once a run fails; if it `breaks` requirements, once one of the runs that prove each has failed.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            broken = make_copy(self._original, Path(name))
            (broken / file).write_text(changed, encoding="utf-8")
            runner = self._runner(side, broken)
            try:
                return self._play(runner, runs, set(breaks), every=every)
            finally:
                runner.close()

    def _play(self, runner: Runner, runs: list[Run], breaks: set[str], *, every: bool) -> Outcome:
        catches: list[Catch] = []
        left, played, doubt = set(breaks), 0, ""
        for run in runs:
            if (self._folder / STOP).exists():
                return Outcome(tuple(catches), played, "interrupted")
            if breaks and not every and not left & proven_by(run):
                continue
            played += 1
            result = _played(runner, run)
            if result.verdict.counts_as != "failed":
                continue
            if problem := _no_verdict(result, first=played == 1):
                return Outcome(tuple(catches), played, problem)
            if problem := self._fails_unbroken(run):
                doubt = problem
                continue
            catches.append(Catch(run.id, str(result.verdict), result.text, frozenset(proven_by(run))))
            left -= proven_by(run)
            if not every and not left:
                return Outcome(tuple(catches), played)
        return Outcome(tuple(catches), played, doubt if left or not catches else "")

    def _fails_unbroken(self, run: Run) -> str:
        """What becomes of the run with the program as it is; empty if it passes."""
        if self._control is None:
            self._control = self._runner(None, self._original)
        control = _played(self._control, run)
        passed = control.verdict is Verdict.PASSED
        return (
            "" if passed else f"{run.id}: the unbroken program does not pass, either: {control.verdict}: {control.text}"
        )

    def _runner(self, side: Role | None, folder: Path) -> Runner:
        server = ServerTarget.of({"spawn": command(Role.SERVER, folder)}) if side is not Role.CLIENT else None
        client = ClientTarget.of({"spawn": command(Role.CLIENT, folder)}) if side is not Role.SERVER else None
        return Runner(server, client, self._timeout, strict=True)


def _played(runner: Runner, run: Run) -> Result:
    """The result of a run; one that does not come to an end is a harness error."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_LONGEST)
    try:
        return runner.run(run)
    finally:
        signal.alarm(0)


def _no_verdict(result: Result, *, first: bool) -> str:
    """Why a failure says nothing of the change: the suite itself went wrong, or nothing was played at all.

    A program that is gone before the first case has not come up; one that is gone before a later one has served the others.
    """
    if result.verdict is Verdict.HARNESS_ERROR:
        return f"{result.run.id}: the suite itself has failed: {result.text}"
    gone = result.verdict in (Verdict.CRASHED, Verdict.WRONG_EXIT) and not result.events
    if result.verdict is Verdict.NOT_STARTED or (first and gone):
        return f"{NOT_STARTED}: {result.text}"
    return ""


def _too_long(*_: object) -> None:
    raise RuntimeError(f"the case has not come to an end in {_LONGEST} s")
