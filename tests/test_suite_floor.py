"""The floor of the suite's trust: what is no implementation passes nothing."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.plan import Plan
from conformance.runner import Runner
from conformance.runs import Result, Run
from conformance.selection import Selection
from conformance.targets import ClientTarget, ServerTarget
from conformance.verdicts import Verdict
from tests.support import ROOT

_FIXTURES = Path(__file__).parent / "fixtures"
_PYTHON = f"{shlex.quote(sys.executable)} -S"
#: What a bad peer should have said comes never, so nobody has to wait for it.
_TIMEOUT = 0.05
#: So many of the sessions, and of the derived cases, are played to each bad peer, to each others: all would take minutes.
_SAMPLE = 8

_SERVERS = ("silent", "closes", "resets", "full", "noise", "chats", "trickles", "echoes", "ends", "refuses", "agrees")
_CLIENTS = ("silent", "closes", "greets", "leaves", "repeats", "noise", "echoes")
_NO_CLIENTS = ("true {host}", "cat", "sleep 60", "/no/such/program")


def _bad_server(mode: str) -> str:
    return f"{_PYTHON} {_FIXTURES / 'bad_server.py'} {mode} {{host}} {{port}} {{dir}} {{settings}}"


def _bad_client(mode: str) -> str:
    return f"{_PYTHON} {_FIXTURES / 'bad_client.py'} {mode} {{host}} {{port}} {{name}}"


def _samples(role: str, modes: Iterable[str]) -> dict[str, list[Run]]:
    """For each mode, runs spread evenly over the sessions and over the derived cases."""
    runs = Plan(targets={role: {"spawn": "none"}}, selection=Selection(segmentations=("as-is",))).runs()
    kinds = [[run for run in runs if run.case.derived is derived] for derived in (False, True)]
    assert all(len(kind) > 80 for kind in kinds)
    return {
        mode: [run for kind in kinds for run in kind[number :: len(kind) // _SAMPLE]]
        for number, mode in enumerate(modes)
    }


def _play(runner: Runner, runs: list[Run]) -> list[Result]:
    try:
        return [runner.run(run) for run in runs]
    finally:
        runner.close()


def _passed(runners: dict[str, Runner], samples: dict[str, list[Run]]) -> list[str]:
    """What the bad peers have passed, if anything. They spend their time waiting, so they do it all at once."""
    with ThreadPoolExecutor(len(runners)) as pool:
        waiting = {mode: pool.submit(_play, runner, samples[mode]) for mode, runner in runners.items()}
        results = [(mode, result) for mode, future in waiting.items() for result in future.result()]
    assert [result.text for _, result in results if result.verdict in (Verdict.HARNESS_ERROR, Verdict.SKIPPED)] == []
    return [
        f"{mode}: {result.run.id}"
        for mode, result in results
        if result.verdict.counts_as != "failed" and not _right_by_chance(result.run)
    ]


def _right_by_chance(run: Run) -> bool:
    """Whether GOODBYE with MALFORMED is due to the first frame, as a server that says nothing else would have it."""
    due = [step.fields.get("code") for step in run.case.steps if step.verb == "receives"]
    return due == ["MALFORMED"] and all(step.verb != "joins" for step in run.case.steps)


@pytest.mark.usefixtures("loaded")
def test_bad_server_passes_nothing() -> None:
    runners = {
        mode: Runner(ServerTarget.of({"spawn": _bad_server(mode)}), None, _TIMEOUT, strict=True) for mode in _SERVERS
    }
    assert _passed(runners, _samples("server", runners)) == []


@pytest.mark.usefixtures("loaded")
def test_bad_client_passes_nothing() -> None:
    commands = {mode: _bad_client(mode) for mode in _CLIENTS} | {command: command for command in _NO_CLIENTS}
    runners = {
        mode: Runner(None, ClientTarget.of({"spawn": command}), _TIMEOUT, strict=True)
        for mode, command in commands.items()
    }
    assert _passed(runners, _samples("client", runners)) == []


def test_run_that_passes_nothing_is_a_failure() -> None:
    command = [
        sys.executable,
        "-m",
        "conformance",
        "server",
        "--spawn",
        _bad_server("silent"),
        "--requirement",
        "RENAME-3",
    ]
    result = subprocess.run([*command, "--timeout", "0.05"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "0 passed" in result.stdout
    assert result.returncode == 1
