"""Server and clients as separate processes: what the people who chat see."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import PATIENCE, ROOT, ServerProcess, require_program


class Chatter:
    """`python -m reference_client` on a pipe."""

    def __init__(self, port: int, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reference_client", name, "--port", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.shown() == f"Welcome to IMP server, {name}."

    def types(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def shown(self) -> str:
        """The next line on the screen."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")


@pytest.fixture
def chatter(server: ServerProcess) -> Iterator[Callable[[str], Chatter]]:
    """Starts clients of the fixture's server, and ends them."""
    started: list[Chatter] = []

    def start(name: str) -> Chatter:
        started.append(Chatter(server.port, name))
        return started[-1]

    yield start
    for client in started:
        client.process.kill()
        client.process.communicate()


Start = Callable[[str], Chatter]


def test_two_people_chat(chatter: Start) -> None:
    ann = chatter("ann")
    bob = chatter("bob")
    assert ann.shown() == '"bob" has joined the server.'
    ann.types("hi bob", "how are you?")
    assert [ann.shown(), ann.shown()] == ["ann: hi bob", "ann: how are you?"]
    assert [bob.shown(), bob.shown()] == ["ann: hi bob", "ann: how are you?"]
    bob.types("/pm ann fine", "/who")
    assert [bob.shown(), bob.shown()] == ["To ann: fine", "Users here: ann, bob"]
    assert ann.shown() == "From bob: fine"
    bob.types("/rename rob", "see you", "/leave")
    assert [bob.shown(), bob.shown(), bob.shown()] == ['You are now "rob".', "rob: see you", "You have left."]
    assert bob.process.wait(PATIENCE) == 0
    assert ann.shown() == '"bob" is now "rob".'
    assert ann.shown() == "rob: see you"
    assert ann.shown() == '"rob" has left the server.'


def test_crashed_client_is_told_of(chatter: Start) -> None:
    ann = chatter("ann")
    bob = chatter("bob")
    assert ann.shown() == '"bob" has joined the server.'
    bob.process.kill()
    bob.process.wait(PATIENCE)
    assert ann.shown() in ('"bob" has left the server.', '"bob" has lost the connection.')
    assert chatter("bob")
    assert ann.shown() == '"bob" has joined the server.'


def test_operator_is_heard_and_obeyed(server: ServerProcess, chatter: Start) -> None:
    ann = chatter("ann")
    server.enter("/all tea is ready")
    server.enter("/pm ann for you too")
    server.enter("/kick ann bedtime")
    assert [ann.shown(), ann.shown()] == ["SERVER: tea is ready", "SERVER to you: for you too"]
    _, errors = ann.process.communicate(timeout=PATIENCE)
    assert "bedtime" in errors
    assert ann.process.returncode == 3


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


def test_two_terminals_chat(server: ServerProcess, tmp_path: Path) -> None:
    """Typed into terminals, seen on their screens."""
    tmux = [require_program("tmux"), "-S", str(tmp_path / "tmux")]

    def run(*arguments: str) -> str:
        return subprocess.run([*tmux, *arguments], check=True, capture_output=True, text=True, timeout=PATIENCE).stdout

    def start(name: str) -> None:
        command = f"cd {ROOT} && {sys.executable} -m reference_client {name} --port {server.port}; cat"
        run("new-session", "-d", "-s", name, "-x", "80", "-y", "24", command)

    def wait_for(name: str, text: str) -> None:
        """Until the text is on the screen; every look at it is a round trip to tmux, so nothing spins."""
        for _ in range(2000):
            screen = run("capture-pane", "-p", "-t", name)
            if text in screen:
                return
        raise AssertionError(f"{text!r} did not appear at {name}:\n{screen}")

    try:
        start("ann")
        wait_for("ann", "Welcome to IMP server, ann.")
        start("bob")
        wait_for("ann", '"bob" has joined the server.')
        run("send-keys", "-t", "ann", "hello bob", "Enter")
        wait_for("bob", "ann: hello bob")
        wait_for("ann", "ann: hello bob")
        run("send-keys", "-t", "bob", "half a li")
        run("send-keys", "-t", "ann", "/pm bob psst", "Enter")
        wait_for("bob", "From ann: psst")
        run("send-keys", "-t", "bob", "ne", "Enter")
        wait_for("ann", "bob: half a line")
        run("send-keys", "-t", "bob", "/leave", "Enter")
        wait_for("bob", "You have left.")
        wait_for("ann", '"bob" has left the server.')
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
