"""The log as a file: whole lines, rotation, and disks that take nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pytest

from impwire import messages as m
from reference_server.log import HELD, LogFile
from tests.support import ServerProcess

WALL = 1_700_000_000_123


class Told:
    """What the operator is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def told() -> Told:
    return Told()


def test_line_has_date_time_zone_event_and_text(tmp_path: Path, told: Told) -> None:
    log = LogFile(tmp_path / "log", told)
    log.add(WALL, "say", "ann#1: 'hi'")
    log.add(WALL + 900, "say", "ann#1: '\N{SNOWMAN}'")
    assert (tmp_path / "log").read_bytes() == b"", "lines are gathered until the turn is over"
    log.flush()
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    stamps = [datetime.fromisoformat(line.partition(" ")[0]) for line in lines]
    assert [stamp.timestamp() * 1000 for stamp in stamps] == [WALL, WALL + 900]
    assert [line.partition(" ")[2] for line in lines] == ["say: ann#1: 'hi'", "say: ann#1: '\N{SNOWMAN}'"]
    log.close()


def test_turn_costs_one_write(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogFile(tmp_path / "log", told)
    writes: list[int] = []
    write = os.write

    def counted(file: int, data: bytes) -> int:
        writes.append(len(data))
        return write(file, data)

    monkeypatch.setattr(os, "write", counted)
    for number in range(1000):
        log.add(WALL, "say", str(number))
    log.flush()
    log.flush()
    assert len(writes) == 1


def test_failure_comes_with_its_traceback_and_forges_no_line(tmp_path: Path, told: Told) -> None:
    log = LogFile(tmp_path / "log", told)
    try:
        raise ValueError("bad text: hi\n2026-01-01T00:00:00.000+00:00 join: mallory#1\x1b[2J\u202e")
    except ValueError as error:
        log.failure(WALL, "connection 7 is ended", error)
    log.failure(WALL, "nothing is known of it", None)
    log.close()
    text = (tmp_path / "log").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert "failure: connection 7 is ended: ValueError: 'bad text: hi\\n" in lines[0]
    assert lines[-1].endswith("failure: nothing is known of it")
    assert any("test_failure_comes_with_its_traceback" in line for line in lines), "where it came from"
    assert all(re.match(r"\S+ (failure|traceback): ", line) for line in lines)
    assert not any(line.startswith("2026-01-01") for line in lines)
    assert "\x1b" not in text
    assert "\u202e" not in text


# -- rotation ----------------------------------------------------------------------------------------------------------


def _fill(log: LogFile, numbers: range) -> None:
    for number in numbers:
        log.add(WALL, "say", f"{number:04d}")
        log.flush()


def _numbers(path: Path) -> list[int]:
    return [int(line.rpartition(" ")[2]) for line in path.read_text().splitlines()]


def test_full_log_is_put_away_and_the_oldest_are_removed(tmp_path: Path, told: Told) -> None:
    log = LogFile(tmp_path / "log", told, size=1000, keep=2)
    _fill(log, range(100))
    log.close()
    files = [tmp_path / name for name in ("log.2", "log.1", "log")]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(0 < file.stat().st_size <= 1000 for file in files)
    kept = [number for file in files for number in _numbers(file)]
    assert kept == list(range(kept[0], 100)), "nothing is missing in between"
    assert told.lines == []


def test_log_goes_on_where_an_earlier_run_has_ended(tmp_path: Path, told: Told) -> None:
    for run in range(10):
        log = LogFile(tmp_path / "log", told, size=1000, keep=1)
        _fill(log, range(run * 10, run * 10 + 10))
        log.close()
    assert (tmp_path / "log").stat().st_size <= 1000
    assert [*_numbers(tmp_path / "log.1"), *_numbers(tmp_path / "log")][-20:] == list(range(80, 100))


def test_log_without_size_is_never_put_away(tmp_path: Path, told: Told) -> None:
    log = LogFile(tmp_path / "log", told)
    _fill(log, range(1000))
    log.close()
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


def test_log_that_cannot_be_put_away_grows_on(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    log = LogFile(tmp_path / "log", told, size=1000, keep=2)
    _fill(log, range(40))
    log.close()
    assert _numbers(tmp_path / "log") == list(range(40))
    assert len(told.lines) == (tmp_path / "log").stat().st_size // 1000
    assert "cannot be put away: Permission denied" in told.lines[0]


@pytest.mark.parametrize("removed", [True, False])
def test_log_that_another_program_moves_is_begun_anew(tmp_path: Path, told: Told, removed: bool) -> None:
    log = LogFile(tmp_path / "log", told)
    _fill(log, range(3))
    if removed:
        (tmp_path / "log").unlink()
    else:
        (tmp_path / "log").rename(tmp_path / "log.old")
    log.add(WALL + 1000, "say", "0003")
    log.close()
    assert _numbers(tmp_path / "log") == [3]


# -- disks that take nothing -------------------------------------------------------------------------------------------


class Disk:
    """Takes so many bytes of what is written to it, and then is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = 1 << 40
        self.now = 0.0
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr("reference_server.log.time.monotonic", lambda: self.now)

    def write(self, file: int, data: bytes) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        written = self._write(file, bytes(data[: self.room]))
        self.room -= written
        return written


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_full_disk_is_told_once_and_nothing_is_missing_later(tmp_path: Path, told: Told, disk: Disk) -> None:
    log = LogFile(tmp_path / "log", told)
    disk.room = 100  # It ends inside a line.
    _fill(log, range(10))
    disk.now += 100
    _fill(log, range(10, 20))
    assert len(told.lines) == 1
    assert "cannot be written: No space left on device" in told.lines[0]
    disk.room, disk.now = 1 << 40, disk.now + 100
    _fill(log, range(20, 30))
    log.close()
    assert _numbers(tmp_path / "log") == list(range(30))
    assert told.lines[1:] == [f"the log {tmp_path / 'log'} is written again; no line is missing"]


def test_what_is_kept_for_a_full_disk_is_bounded_and_the_rest_counted(tmp_path: Path, told: Told, disk: Disk) -> None:
    log = LogFile(tmp_path / "log", told)
    disk.room = 0
    text = "x" * 1000
    for _ in range(3 * HELD // 1000):
        log.add(WALL, "say", text)
        log.flush()
    assert len(log._held) <= HELD
    disk.room, disk.now = 1 << 40, 100.0
    log.add(WALL, "say", "again")
    log.close()
    lines = (tmp_path / "log").read_text().splitlines()
    kept = sum(line.endswith(text) for line in lines)
    missing = 3 * HELD // 1000 - kept
    assert kept > 900
    assert [line.partition(" ")[2] for line in lines[kept:]] == [f"gap: {missing} lines are missing here", "say: again"]
    assert told.lines[1].endswith(f"is written again; {missing} lines are missing")


def test_full_disk_is_not_tried_at_every_turn(tmp_path: Path, told: Told, disk: Disk) -> None:
    log = LogFile(tmp_path / "log", told)
    disk.room = 0
    _fill(log, range(1))
    disk.room = 1 << 40
    _fill(log, range(1, 5))
    assert (tmp_path / "log").read_text() == "", "not a second has passed"
    disk.now += 100
    _fill(log, range(5, 6))
    assert _numbers(tmp_path / "log") == list(range(6))


def test_pipe_that_nobody_reads_does_not_hold_up_the_server(tmp_path: Path, told: Told) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        LogFile(tmp_path / "pipe", told)
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    log = LogFile(tmp_path / "pipe", told, size=1000)
    for number in range(100):
        log.add(WALL, "say", f"{number} {'x' * 10_000}")
        log.flush()
    log.close()
    assert "cannot be written: Resource temporarily unavailable" in told.lines[0]
    assert len(told.lines) == 1
    os.close(reader)


# -- the server --------------------------------------------------------------------------------------------------------

Start = Callable[..., ServerProcess]


def test_server_puts_its_log_away(start_server: Start) -> None:
    server = start_server("--log-size", "2000", "--log-keep", "2")
    ann = server.user("ann")
    for number in range(50):
        assert isinstance(ann.ask(m.Say, text=f"{number} {'x' * 100}"), m.Ok)
    server.enter("/stop")
    ann.receive_all()
    ann.socket.close()
    assert server.wait() == 0
    names = sorted(path.name for path in server.folder.glob("server.log*"))
    assert names == ["server.log", "server.log.1", "server.log.2"]
    assert all((server.folder / name).stat().st_size <= 2000 for name in names)
    assert "say: ann#1: '49 xxx" in (server.folder / "server.log.1").read_text() + server.log()
