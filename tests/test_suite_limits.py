"""Servers with other limits than a case is written for: its failure has to say so."""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.language import Case, load_cases
from conformance.play.limits import ask_limits
from conformance.runner import Runner
from conformance.runs import Result, Run
from conformance.targets import ServerTarget
from conformance.verdicts import Failure, Limit, Verdict
from impwire.tables import Role
from tests.built_in import CASES
from tests.targets import case


def played(script: Case, options: str) -> Result:
    """What becomes of a case on the reference server with these options."""
    words = [sys.executable, "-m", "reference_server", "--host", "{host}", "--port", "{port}"]
    command = f"{shlex.join(words)} --log {{dir}}/log --bans {{dir}}/bans {{settings}} {options}"
    runner = Runner(ServerTarget.of({"spawn": command}), None, 5.0)
    try:
        return runner.run(Run(script, Role.SERVER))
    finally:
        runner.close()


def failure(folder: Path, options: str, steps: str, head: str = "") -> Failure:
    """What is told of a case that the reference server fails because of these options."""
    [script] = load_cases([case(folder, steps, head)])
    result = played(script, options)
    assert result.failure is not None, result
    return result.failure


LONG = "[ann, joins]\n[ann, sends, SAY, {text: {bytes: 65}}]\n[ann, receives, OK]"


def test_failure_names_limits_that_are_not_the_defaults(tmp_path: Path) -> None:
    found = failure(tmp_path, "--max-text 64 --max-name 9", LONG)
    assert found.limits == (Limit("max_text", 64, 4096, asked=False), Limit("max_name", 9, 24, asked=False))


def test_failure_before_a_welcome_names_the_limits_too(tmp_path: Path) -> None:
    steps = "[ann, connects]\n[ann, sends, HELLO, {name: '9'}]\n[ann, receives, ERROR]"
    assert failure(tmp_path, "--hello-tries 1", steps).limits == (Limit("hello_tries", 1, 3, asked=False),)


def test_failure_names_a_setting_that_the_case_has_asked_for_in_vain(tmp_path: Path) -> None:
    found = failure(tmp_path, "--rate-burst 7", LONG.replace("65", "5000"), "    with: {rate_burst: 3, max_text: 64}\n")
    assert found.limits == (Limit("rate_burst", 7, 3, asked=True),), "max_text is as it was asked for"


def test_failure_on_a_server_with_the_defaults_speaks_of_no_limit(tmp_path: Path) -> None:
    assert failure(tmp_path, "", LONG.replace("OK", "PONG")).limits == ()


def test_longest_name_of_a_newcomer_is_that_which_the_server_announces() -> None:
    script = next(case for case in CASES if case.id == "derived/values/hello/name-at-limit")
    assert played(script, "--max-name 9").verdict is Verdict.PASSED


@pytest.fixture
def mute() -> Iterator[tuple[str, int]]:
    """A server that lets everybody connect and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def test_server_that_tells_no_limits_is_no_failure_of_its_own(mute: tuple[str, int]) -> None:
    server = ServerTarget.of({"connect": "{}:{}".format(*mute)}).start({})
    assert ask_limits(server, 0.05, "") == {}
    assert ask_limits(server, 0.05, "192.0.2.1") == {}, "nobody can come from there"
