"""Server and clients as separate processes: what the people who chat see."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial

import pytest

from tests.support import PATIENCE, ROOT, Person, ServerProcess


@pytest.fixture
def chatter(server: ServerProcess, start_person: Callable[[int, str], Person]) -> Callable[[str], Person]:
    """Starts clients of the fixture's server."""
    return partial(start_person, server.port)


Start = Callable[[str], Person]


def test_two_people_chat(chatter: Start) -> None:
    ann = chatter("ann")
    bob = chatter("bob")
    ann.sees('"bob" has joined the server.')
    ann.types("hi bob", "how are you?")
    for person in (ann, bob):
        person.sees("ann: hi bob", "ann: how are you?")
    bob.types("/pm ann fine", "/who")
    bob.sees("To ann: fine", "Users here: ann, bob")
    ann.sees("From bob: fine")
    bob.types("/rename rob", "see you", "/leave")
    bob.sees('You are now "rob".', "rob: see you", "You have left.")
    assert bob.process.wait(PATIENCE) == 0
    ann.sees('"bob" is now "rob".')
    ann.sees("rob: see you")
    ann.sees('"rob" has left the server.')


def test_crashed_client_is_told_of(chatter: Start) -> None:
    ann = chatter("ann")
    bob = chatter("bob")
    ann.sees('"bob" has joined the server.')
    bob.process.kill()
    bob.process.wait(PATIENCE)
    assert ann.shown() in ('"bob" has left the server.', '"bob" has lost the connection.')
    assert chatter("bob")
    ann.sees('"bob" has joined the server.')


def test_operator_is_heard_and_obeyed(server: ServerProcess, chatter: Start) -> None:
    ann = chatter("ann")
    server.enter("/all tea is ready")
    server.enter("/pm ann for you too")
    server.enter("/kick ann bedtime")
    ann.sees("SERVER: tea is ready", "SERVER to you: for you too")
    assert ann.process.wait(PATIENCE) == 3  # While its input is still open: at its end it would leave by itself.
    _, errors = ann.process.communicate(timeout=PATIENCE)
    assert "bedtime" in errors


def test_name_taken_is_one_clear_line(server: ServerProcess, chatter: Start) -> None:
    chatter("ann")
    result = subprocess.run(
        [sys.executable, "-m", "reference_client", "Ann", "--port", str(server.port)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert "that name is taken" in result.stderr
