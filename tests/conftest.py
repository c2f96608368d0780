"""Fixtures of the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import ServerProcess

# Where a change is judged, the same examples every time: it is not to be refused for a fault that it has not brought.
# Everywhere else they are new at each run, which is how such faults are found.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


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


@pytest.fixture
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """A reference server with default settings."""
    return start_server()
