"""What is delivered to many has reached each of them, or is told to be missing, whatever room their sockets have.

Both ways to deliver are held to the same. Where there is no io_uring, the tests of the faster one are skipped.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impwire import messages as m
from reference_server import uring
from reference_server.delivery import Deliver, all_at_once, one_by_one
from reference_server.uring import Ring
from tests.support import ServerProcess
from tests.watched import require_proc

#: More than are served one by one in any case.
_MANY = 40


class Recipient:
    """One end of a connection. `reader` is the other."""

    def __init__(self, stack: ExitStack) -> None:
        self.sock, self.reader = (stack.enter_context(end) for end in socket.socketpair())
        self.sock.setblocking(False)
        self.reader.setblocking(False)
        self.send: Callable[[bytes], int] = self.sock.send
        self.descriptor, self.choked = self.sock.fileno(), False

    def fill(self) -> None:
        """Leave the socket no room."""
        with suppress(BlockingIOError):
            while True:
                self.sock.send(b"." * 4096)

    def received(self) -> bytes:
        """What has come since the last time, without what the socket was filled with."""
        found = bytearray()
        while True:
            try:
                piece = self.reader.recv(1 << 20)
            except BlockingIOError:
                piece = b""
            if not piece:
                return bytes(found.lstrip(b"."))
            found += piece


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["one by one", "all at once"])
def deliver(request: pytest.FixtureRequest) -> Deliver:
    if request.param == "all at once":
        _require_ring()
        return all_at_once()
    return one_by_one


def _require_ring() -> None:
    try:
        Ring(8).close()
    except OSError as error:
        pytest.skip(f"no io_uring: {error}")


@pytest.mark.parametrize("count", [0, 1, 24, 25, 100])
def test_each_gets_all_of_it(deliver: Deliver, stack: ExitStack, count: int) -> None:
    recipients = [Recipient(stack) for _ in range(count)]
    for data in (b"one ", b"and another one"):
        assert deliver(recipients, data) == []
    assert [it.received() for it in recipients] == [b"one and another one"] * count


def test_who_has_no_room_is_told_and_the_others_miss_nothing(deliver: Deliver, stack: ExitStack) -> None:
    recipients = [Recipient(stack) for _ in range(_MANY)]
    full, choked, broken = recipients[3], recipients[20], recipients[39]
    full.fill()
    choked.choked = True
    broken.sock.shutdown(socket.SHUT_WR)
    assert deliver(recipients, b"hello") == [(full, 0), (choked, 0), (broken, 0)]
    for it in recipients:
        assert it.received() == (b"" if it in (full, choked, broken) else b"hello")


def test_who_takes_a_part_is_told_with_how_much_that_was(deliver: Deliver, stack: ExitStack) -> None:
    recipients = [Recipient(stack) for _ in range(_MANY)]
    data = b"x" * (1 << 20)  # More than a socket has room for.
    behind = deliver(recipients, data)
    assert [it for it, _ in behind] == recipients
    assert all(0 < sent < len(data) for _, sent in behind)
    assert [len(it.received()) for it in recipients] == [sent for _, sent in behind]


@given(st.lists(st.lists(st.sampled_from(["free", "full", "none"]), max_size=30), max_size=5))
def test_ring_does_what_a_call_for_each_would_do(rounds: list[list[str]]) -> None:
    """However many there are, and wherever in the ring they begin: it has 8 entries."""
    _require_ring()
    ring = Ring(8)
    with ExitStack() as stack:
        full = Recipient(stack)
        full.fill()
        for number, kinds in enumerate(rounds):
            free = {index: Recipient(stack) for index, kind in enumerate(kinds) if kind == "free"}
            sockets = [
                free[index].descriptor if kind == "free" else full.descriptor if kind == "full" else -1
                for index, kind in enumerate(kinds)
            ]
            data = b"%d " % number * 3
            taken = ring.send(sockets, data)
            assert [max(count, 0) for count in taken] == [len(data) * (kind == "free") for kind in kinds]
            assert {it.received() for it in free.values()} <= {data}
    ring.close()


def test_results_out_of_order_find_their_recipients(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kernel promises an order. As none was seen that does otherwise, the results are turned round here."""
    _require_ring()
    ring = Ring(8)
    recipients = [Recipient(stack) for _ in range(5)]
    recipients[1].fill()
    submit = ring._submit

    def turned_round(shared: uring._Shared, count: int) -> None:
        submit(shared, count)
        done = slice(shared.result_head[0] % 16, shared.result_head[0] % 16 + count)
        for column in (shared.taken, shared.taken_by):
            column[done] = column[done][::-1]

    monkeypatch.setattr(ring, "_submit", turned_round)
    assert [taken > 0 for taken in ring.send([it.descriptor for it in recipients], b"x")] == [
        True, False, True, True, True,
    ]  # fmt: skip
    ring.close()


def test_ring_that_fails_is_given_up_and_delivers_nothing_later(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    _require_ring()
    ring = Ring(8)
    monkeypatch.setattr(uring, "Ring", lambda: ring)
    deliver = all_at_once()
    recipients = [Recipient(stack) for _ in range(_MANY)]
    monkeypatch.setattr(ring, "_call", _fails)
    assert deliver(recipients, b"lost") == [(it, 0) for it in recipients]
    assert ring.is_closed
    assert deliver(recipients, b"found") == []
    assert [it.received() for it in recipients] == [b"found"] * _MANY


def _fails(*_: object) -> int:
    raise OSError(12, "no memory")


@pytest.mark.parametrize("why", ["refused by the system", "sends nothing", "not Linux"])
def test_without_io_uring_each_is_served_alone(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if why == "not Linux":
        monkeypatch.setattr("sys.platform", "darwin")
    elif why == "sends nothing":
        monkeypatch.setattr(Ring, "send", lambda *_: [-22, -22])
    else:
        monkeypatch.setattr(Ring, "_call", _fails)
    before, noted = _open_descriptors(), list[str]()
    assert all_at_once(noted.append) is one_by_one
    assert _open_descriptors() == before
    assert len(noted) == 1


def _open_descriptors() -> list[str]:
    require_proc()
    return os.listdir("/proc/self/fd")


class _Ahead:
    """A counter of a ring as it will be after years: close to the largest number."""

    def __init__(self, real: memoryview) -> None:
        self._real, self._ahead = real, (1 << 32) - 16  # Positions stay: of the 8 requests and 16 results of a ring.

    def __getitem__(self, index: int) -> int:
        return (self._real[index] + self._ahead) % (1 << 32)

    def __setitem__(self, index: int, value: int) -> None:
        assert 0 <= value < 1 << 32
        self._real[index] = (value - self._ahead) % (1 << 32)


def test_counters_of_a_ring_begin_anew(stack: ExitStack) -> None:
    _require_ring()
    ring = Ring(8)
    shared: Any = ring._shared
    for name in ("request_tail", "result_head", "result_tail"):
        setattr(shared, name, _Ahead(getattr(shared, name)))
    recipients = [Recipient(stack) for _ in range(11)]
    for _ in range(4):
        assert ring.send([it.descriptor for it in recipients], b"x") == [1] * 11
        assert [it.received() for it in recipients] == [b"x"] * 11
    assert 0 < shared.request_tail[0] < 100
    ring.close()


@pytest.mark.parametrize("fails", [False, True])
def test_system_that_is_interrupted_and_deals_with_a_part_at_a_time(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    _require_ring()
    ring = Ring(8)
    call, turns = ring._call, itertools.count()

    def deals_with_two(number: int, descriptor: int, rest: int, wanted: int, flags: int) -> int:
        turn = next(turns)
        if turn % 2 == 0:
            raise InterruptedError(4, "a signal")
        if fails and turn > 2:
            raise OSError(12, "no memory")
        return call(number, descriptor, min(rest, 2), 0, flags)

    monkeypatch.setattr(ring, "_call", deals_with_two)
    recipients = [Recipient(stack) for _ in range(5)]
    taken = [1, 1, -12, -12, -12] if fails else [1] * 5
    assert ring.send([it.descriptor for it in recipients], b"x") == taken
    assert ring.is_closed is fails
    assert [it.received() for it in recipients] == [b"x" * max(count, 0) for count in taken]
    ring.close()


def test_system_that_deals_with_nothing_is_not_asked_for_ever(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    _require_ring()
    ring = Ring(8)
    monkeypatch.setattr(ring, "_call", lambda *_: 0)
    assert ring.send([Recipient(stack).descriptor], b"x") == [-5]
    assert ring.is_closed


def test_ring_is_given_back_with_the_last_reference() -> None:
    _require_ring()
    before = _open_descriptors()
    Ring(8)
    assert _open_descriptors() == before


@pytest.mark.parametrize("arguments", [(), ("--no-io-uring",)])
def test_server_serves_many_either_way(start_server: Callable[..., ServerProcess], arguments: tuple[str, ...]) -> None:
    require_proc()
    if not arguments:
        _require_ring()
    server = start_server("--connections-per-address", "100", *arguments)
    users = [server.user(f"user{number}") for number in range(_MANY)]
    users[0].ask(m.Say, text="hello")
    for user in users[1:]:
        [*_, chat] = user.receive_until(m.Chat)
        assert isinstance(chat, m.Chat)
        assert chat.text == "hello"
    open_files = [os.readlink(file) for file in Path(f"/proc/{server.process.pid}/fd").iterdir()]
    assert ("anon_inode:[io_uring]" in open_files) is not bool(arguments)
