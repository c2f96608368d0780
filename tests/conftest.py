"""Fixtures of the tests."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fixtures.spoiling import copy_of_guestbook
from tests.recording import Relayed
from tests.support import PATIENCE, Person, ServerProcess


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Three processes for two cores: many a test waits, for a timer or for another process."""
    return max(2, (yield) * 3 // 2)


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded to begin with lives as long as the tests do. To search all of it for garbage, again and again, would
    take a fifth of their time."""
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
    gc.enable()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts reference servers in the folder of the test, with any arguments, and ends them."""
    started: list[ServerProcess] = []

    def start(*arguments: str, command: list[str] | None = None) -> ServerProcess:
        started.append(ServerProcess(tmp_path, *arguments, command=command))
        return started[-1]

    yield start
    for server in started:
        server.end()
        for user in server.users:
            user.socket.close()


@pytest.fixture
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """A reference server with default settings."""
    return start_server()


@pytest.fixture
def start_person() -> Iterator[Callable[[int, str], Person]]:
    """Starts reference clients, by the port of the server and the name, and ends them."""
    started: list[Person] = []

    def start(port: int, name: str) -> Person:
        started.append(Person(port, name))
        return started[-1]

    yield start
    for person in started:
        person.end()


@pytest.fixture
def relayed() -> Iterator[Callable[[int], Relayed]]:
    """Starts relays to a port, and ends them."""
    started: list[Relayed] = []

    def start(to: int) -> Relayed:
        started.append(Relayed(to))
        return started[-1]

    yield start
    for relay in started:
        with suppress(RuntimeError):  # It has ended.
            relay.end()


@pytest.fixture
def plain_server() -> Iterator[socket.socket]:
    """A socket that listens, for a server that a test plays itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan has the built-in cases, without reading them again."""
    from tests.built_in import CASES  # They take half a second, which most tests have no need to spend.

    monkeypatch.setattr("conformance.plan.Plan.load", lambda plan: list(CASES))


@pytest.fixture
def guestbook(tmp_path: Path) -> Path:
    """A copy of the small valid spec, in a folder called `spec`, that a test may spoil."""
    return copy_of_guestbook(tmp_path)
