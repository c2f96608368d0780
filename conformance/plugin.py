"""pytest as the engine: it collects the runs, selects them, plays them and can spread them over processes.

The command line (`__main__`) writes a plan and hands it over as one option, which reaches worker processes too.
"""

from __future__ import annotations

import json
import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from impwire.tables import REQUIREMENTS, Role

from .language import Case, load_cases
from .runner import Result, Run, Runner, runs_of
from .targets import ClientTarget, ServerTarget
from .verdicts import Verdict

_KEY = "imp"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--imp-plan", help="what to run against what, as JSON; written by the command line of the suite")


class Plan:
    """What is to be run: case files by role, the targets, the time limit."""

    def __init__(self, text: str) -> None:
        values = json.loads(text)
        self.cases: list[Case] = load_cases(Path(path) for path in values["cases"])
        self.roles = [Role(role) for role in values["roles"]]
        self.timeout = float(values["timeout"])
        address = values.get("connect")
        self.server = ServerTarget(values.get("server", ""), (address[0], address[1]) if address else None)
        self.client = ClientTarget(values.get("client", ""))

    def runner(self) -> Runner:
        return Runner(self.server, self.client, self.timeout)


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    # Told to end, or left by its terminal, the suite ends what it has started, as at Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    config.stash[_PLAN] = Plan(config.getoption("--imp-plan"))


_PLAN = pytest.StashKey[Plan]()
_RUNNER = pytest.StashKey[Runner]()


def pytest_collection(session: pytest.Session) -> bool:
    """Collect the runs of the plan instead of files."""
    plan = session.config.stash[_PLAN]
    root = _Cases.from_parent(session, name="cases", nodeid="cases")
    session.items = list(root.collect_runs(plan))
    session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
    session.config.hook.pytest_collection_finish(session=session)
    session.testscollected = len(session.items)
    return True


class _Cases(pytest.Collector):
    def collect(self) -> list[pytest.Item]:
        return []

    def collect_runs(self, plan: Plan) -> Iterator[_Item]:
        for run in runs_of(plan.cases, plan.roles):
            yield _Item.from_parent(self, name=f"{run.role}:{run.id}", run=run)


class _Item(pytest.Item):
    def __init__(self, *, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.result: Result | None = None
        self.extra_keyword_matches.update([run.role, run.id, run.case.id, *run.case.proves])

    def runtest(self) -> None:
        runner = _runner(self.config)
        self.result = result = runner.run(self.run)
        self.user_properties.append((_KEY, record(result)))
        if result.verdict is Verdict.SKIPPED:
            pytest.skip(result.text)
        if result.verdict is not Verdict.PASSED:
            pytest.fail(report(result), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return Path(self.run.case.file), 0, self.name


def _runner(config: pytest.Config) -> Runner:
    if _RUNNER not in config.stash:
        config.stash[_RUNNER] = config.stash[_PLAN].runner()
    return config.stash[_RUNNER]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Start what the next run needs while this one runs."""
    runner = _runner(item.config)
    if isinstance(nextitem, _Item):
        runner.prepare(nextitem.run)
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _RUNNER in config.stash:
        config.stash[_RUNNER].close()


def record(result: Result) -> dict[str, Any]:
    """A result as plain values: an entry of the JSON report."""
    run = result.run
    return {
        "id": run.id,
        "role": str(run.role),
        "title": run.case.title,
        "verdict": str(result.verdict),
        "proves": list(run.case.proves),
        "seconds": round(result.seconds, 4),
        "text": "" if result.verdict is Verdict.PASSED else result.text,
    }


def recorded(properties: list[tuple[str, object]]) -> dict[str, Any] | None:
    """The record among a report's properties."""
    return next((value for key, value in properties if key == _KEY and isinstance(value, dict)), None)


def report(result: Result) -> str:
    """A failure for people: the case, what it proves, what happened."""
    run = result.run
    cause, _, story = result.text.partition("\n\n")
    lines = [f"{run.role} {run.id}: {result.verdict}", f"  {run.case.title}", ""]
    lines += textwrap.indent(cause, "  ").splitlines()
    if result.verdict not in (Verdict.NOT_STARTED, Verdict.HARNESS_ERROR):
        lines.append("")
        for requirement in run.case.proves:
            entry = REQUIREMENTS[requirement]
            text = f"{requirement} (protocol.txt, section {entry.section}): {entry.text}"
            lines.append(textwrap.fill(text, 110, initial_indent="  ", subsequent_indent="    "))
    lines += ["", *textwrap.indent(story, "  ").splitlines()]
    return "\n".join(lines)
