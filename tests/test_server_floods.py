"""The reference server as a process, and many things at once: connections, words, readers that do not read."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from impwire import messages as m
from impwire.codecs import encode
from tests.faults_latency import measure
from tests.support import PATIENCE, ServerProcess, User
from tests.watched import becomes, descriptors, memory, require_proc

Start = Callable[..., ServerProcess]

_NO_LIMITS = ("--rate-burst", "1000000", "--rate-per-second", "1000000", "--attempts-per-minute", "1000000")
_RESET = b"\1\0\0\0\0\0\0\0"
#: Bytes for a connection that has come and gone. No server that keeps anything of it gets by with that; the time at which
#: it came has to be kept for a minute (LIM-2).
_NOTHING = 150


def test_10000_connections_that_come_and_go_leave_nothing_behind(start_server: Start) -> None:
    require_proc()
    # Short timers, so that what is kept for a while is forgotten while the test looks on.
    server = start_server(*_NO_LIMITS, "--handshake-timeout", "100", "--close-drain", "50")
    witness = server.user("witness")
    alone = descriptors(server.process.pid)
    _come_and_go(
        server.port, 10_000, witness
    )  # What is given back to the server's own store is used again from now on.
    # A round may find room that an earlier one has left; what is never given back shows in the mean of several.
    rounds = [_kept(server, witness, alone)]
    while sum(rounds) >= len(rounds) * 10_000 * _NOTHING and len(rounds) < 4:
        rounds.append(_kept(server, witness, alone))
    assert sum(rounds) < len(rounds) * 10_000 * _NOTHING, rounds


def _kept(server: ServerProcess, witness: User, alone: int) -> int:
    """Bytes by which the server grows over 10,000 connections; `alone` is how many descriptors it has with none of them."""
    pid = server.process.pid
    assert becomes(lambda: descriptors(pid) == alone)
    before = memory(pid)
    _come_and_go(server.port, 10_000, witness)
    assert becomes(lambda: descriptors(pid) == alone)
    return memory(pid) - before


def _come_and_go(port: int, count: int, witness: User) -> None:
    """Connections without a word, in the middle of a HELLO, and with one; ended in good order and reset, in turn.

    The server is waited for now and then, so that it never has many of them at once. Nobody hears of any of them.
    """
    hello = m.Hello(request_id=1, min_version=0x0200, max_version=0x0200, capabilities=0, name="guest")
    words = (b"", encode(hello)[:15], encode(hello))
    for number in range(count):
        with socket.socket() as sock:
            sock.settimeout(PATIENCE)
            # From many addresses, so that neither the ports of one are used up nor its connections.
            sock.bind((f"127.0.{number % 50 + 1}.{number % 200 + 1}", 0))
            sock.connect(("127.0.0.1", port))
            if words[number % 3]:
                sock.sendall(words[number % 3])
            if number % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if number % 50 == 49:
            assert isinstance(witness.ask(m.Ping, nonce=number), m.Pong)


def test_flooder_is_limited_and_then_cut_and_others_are_not(server: ServerProcess) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    assert isinstance(ann.receive(), m.Joined)
    frames = [bob.connection.send(m.Say(request_id=number, text="buy!")) for number in range(1, 501)]
    bob.socket.sendall(b"".join(frames))
    answers: list[Any] = [message for message in bob.receive_all() if not isinstance(message, m.Chat)]
    accepted = [answer for answer in answers if isinstance(answer, m.Ok)]
    limited = [answer for answer in answers if isinstance(answer, m.Error)]
    assert [answer.request_id for answer in answers] == list(range(1, len(answers) + 1)), "each in its turn"
    assert len(answers) == len(accepted) + len(limited) + 1
    assert len(accepted) >= bob.welcome.rate_burst
    assert [answer.code for answer in limited] == [m.ErrorCode.RATE_LIMITED] * (bob.welcome.flood_strikes - 1)
    assert isinstance(answers[-1], m.Goodbye)
    assert answers[-1].code is m.GoodbyeCode.FLOOD
    *heard, left = ann.receive_until(m.Left)
    assert [chat.seq for chat in heard if isinstance(chat, m.Chat)] == [answer.seq for answer in accepted]
    assert isinstance(left, m.Left)
    assert left.reason is m.LeftReason.VIOLATION
    for _ in range(ann.welcome.rate_burst // 2):
        assert isinstance(ann.ask(m.Say, text="still here"), m.Ok), "one's rate is none of another's (RATE-4)"


def test_readers_that_stop_cost_no_more_memory_than_their_queues(start_server: Start) -> None:
    require_proc()
    queue, count = 65536, 15
    server = start_server(*_NO_LIMITS, "--connections-per-address", "100", "--send-queue", str(queue))
    pid, ann = server.process.pid, server.user("ann")
    for _ in range(200):
        assert isinstance(ann.ask(m.Say, text="x" * 4096), m.Ok)
    before = memory(pid)
    lazy = [User(server.port, f"lazy{number}", receive_buffer=4096) for number in range(count)]
    ann.receive_until(m.Joined, count)
    cut, said = 0, 0
    while cut < count:
        ann.send(m.Say, text="x" * 4096)
        said += 1
        assert said < 20_000
        reasons = [message.reason for message in ann.receive_until(m.Ok) if isinstance(message, m.Left)]
        assert set(reasons) <= {m.LeftReason.TOO_SLOW}
        cut += len(reasons)
    # Twice: what is joined for a write stands beside its parts for a moment.
    assert memory(pid, "VmHWM") - before < 2 * count * queue + 8 * 1024**2
    for user in lazy:
        user.socket.close()


def test_readers_that_stop_do_not_slow_the_others(start_server: Start) -> None:
    # One round within bounds shows that a server can do it; one that waits for a reader has none, however often it tries.
    found: list[float] = []
    while len(found) < 5 and (not found or min(found) > 2):
        found.append(measure(start_server, 1000).ratio)
    assert min(found) <= 2
