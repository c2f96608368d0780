"""Fixtures of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import ServerProcess


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
