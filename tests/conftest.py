"""Fixtures of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A reference server with default settings."""
    running = ServerProcess(tmp_path)
    yield running
    running.end()
