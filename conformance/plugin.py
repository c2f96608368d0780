"""pytest as the engine: it collects the runs, selects them, plays them and can spread them over processes.

The command line (`__main__`) makes a plan and hands it over as one option, which reaches worker processes too. The runs of
the plan are made once, and go with it (`Handover`).
"""

from __future__ import annotations

import gc
import pickle
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from .expectations import Expectations
from .plan import Plan, plan_from_json
from .runner import Runner
from .runs import Run, record
from .targets import ClientTarget, RunningClient, RunningServer, ServerTarget, wait_for_debugger

_KEY = "imp"
_PLAN = pytest.StashKey[Plan]()
_RUNS = pytest.StashKey[list[Run]]()
_RUNNER = pytest.StashKey[Runner]()
_EXPECTATIONS = pytest.StashKey[Expectations]()


#: Set when the suite is told to end. Python drops what is raised while it tidies up, so to raise is not enough.
_told_to_end = threading.Event()


def _end(number: int, frame: FrameType | None) -> None:
    _told_to_end.set()
    raise KeyboardInterrupt


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--imp-plan", help="what to run against what, as JSON; written by the command line of the suite")


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    # Told to end, or left by its terminal, the suite ends what it has started, as at Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        if number != signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    config.stash[_PLAN] = plan_from_json(config.getoption("--imp-plan"))
    if hasattr(config, "workerinput"):
        gc.disable()  # All that is made from here to the end of the collection stays.
        config.stash[_RUNS] = pickle.loads(config.workerinput[_KEY])
    config.stash[_EXPECTATIONS] = config.stash[_PLAN].expectations()


def pytest_collection(session: pytest.Session) -> bool:
    """Collect the runs of the plan instead of files."""
    plan = session.config.stash[_PLAN]
    root = _Cases.from_parent(session, name="cases", nodeid="cases")
    session.items = list(root.collect_runs(plan))
    session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
    session.config.hook.pytest_collection_finish(session=session)
    session.testscollected = len(session.items)
    # Nobody need look through it for garbage again and again.
    gc.freeze()
    gc.enable()
    return True


class _Cases(pytest.Collector):
    def collect(self) -> list[pytest.Item]:
        return []

    def collect_runs(self, plan: Plan) -> Iterator[_Item]:
        for round_ in range(1, plan.repeat + 1):
            for run in self.config.stash[_RUNS]:
                name = f"{run.role}:{run.id}" + (f" (round {round_})" if plan.repeat > 1 else "")
                yield _Item.from_parent(self, name=name, run=run)


class _Item(pytest.Item):
    def __init__(self, *, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.extra_keyword_matches.update([run.role, run.id, run.case.id, *run.case.proves])

    def runtest(self) -> None:
        plan = self.config.stash[_PLAN]
        result = self.config.stash[_EXPECTATIONS].judge(_runner(self.config).run(self.run))
        counts_as = result.verdict.counts_as
        entry = record(result, events=plan.keep_events or counts_as == "failed")
        self.user_properties.append((_KEY, entry))
        if counts_as in ("skipped", "known"):
            pytest.skip(result.text)
        if counts_as == "failed":
            pytest.fail(result.text, pytrace=False)  # The console explains it from the entry.

    def reportinfo(self) -> tuple[Path, int, str]:
        return Path(self.run.case.file), 0, self.name


def _runner(config: pytest.Config) -> Runner:
    if _RUNNER not in config.stash:
        plan = config.stash[_PLAN]
        targets = plan.targets
        server = ServerTarget.of(targets["server"]) if "server" in targets else None
        client = ClientTarget.of(targets["client"]) if "client" in targets else None
        before = _wait if plan.debug_wait else None
        config.stash[_RUNNER] = Runner(server, client, plan.timeout, strict=plan.strict, before=before)
    return config.stash[_RUNNER]


def _wait(run: Run, running: RunningServer | RunningClient) -> None:
    wait_for_debugger(f"{run.role} {run.id}: {run.case.title}", running)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Start what the next run needs while this one runs. A target that cannot be started is told of once: what else
    would be played to it is passed over."""
    if _told_to_end.is_set():
        raise KeyboardInterrupt
    runner = _runner(item.config)
    if isinstance(item, _Item) and runner.given_up(item.run):
        return True
    # What is started early would wait while somebody debugs.
    if isinstance(nextitem, _Item) and not item.config.stash[_PLAN].debug_wait:
        runner.prepare(nextitem.run)
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    if _RUNNER in config.stash:
        config.stash[_RUNNER].close()


class Handover:
    """The runs of the plan, for this process and for those that share its work: nobody loads the cases again."""

    def __init__(self, runs: list[Run]) -> None:
        self._runs = runs

    @pytest.hookimpl
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[_RUNS] = self._runs

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[_KEY] = pickle.dumps(self._runs)


class Selected:
    """Keeps what pytest has selected, and would play. Its `-k` alone knows which runs it means."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    @pytest.hookimpl
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.runs = [item.run for item in session.items if isinstance(item, _Item)]


def recorded(properties: list[tuple[str, object]]) -> dict[str, Any] | None:
    """The entry of the JSON report among a pytest report's properties."""
    return next((value for key, value in properties if key == _KEY and isinstance(value, dict)), None)
