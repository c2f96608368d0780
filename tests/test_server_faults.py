"""The reference server as a process, and what breaks around it: strangers, the clock, the log, descriptors, bugs.

`tests/faults.py` lists what else it has to stand, and where that is proven.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import sys
import unicodedata
from collections.abc import Callable

import pytest

from impwire import messages as m
from impwire.tables import LIMITS
from tests.faults import PROOFS, known_proofs
from tests.support import PATIENCE, ServerProcess, User
from tests.watched import becomes, cpu_seconds, descriptors, held_still, require_proc

Start = Callable[..., ServerProcess]

#: Processor seconds that no server needs that waits, and every one that spins passes.
_A_LITTLE = 0.3
_RESET = b"\1\0\0\0\0\0\0\0"


def test_every_proof_that_the_table_names_exists() -> None:
    named = {proof for proofs in PROOFS.values() for proof in proofs}
    assert named - known_proofs() == set()


# -- strangers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", bytes.fromhex("16030102000100") + b"\1" * 512, b"\xff\xff\xff\xff"],
    ids=["http", "tls", "length-all-ones"],
)
def test_other_protocols_are_refused_at_once_and_cost_nothing_more(start_server: Start, words: bytes) -> None:
    require_proc()
    server = start_server("--close-drain", "1000", "--connections-per-address", "100")
    before, idle = cpu_seconds(server.process.pid), descriptors(server.process.pid)
    strangers = [server.user() for _ in range(20)]
    for stranger in strangers:
        stranger.socket.sendall(words)
    for stranger in strangers:
        goodbye = stranger.receive()
        assert isinstance(goodbye, m.Goodbye)
        assert goodbye.code is m.GoodbyeCode.FRAME_TOO_LARGE
        assert stranger.receive_all() == []
    # They keep their side open, so the server has them on its hands until close_drain is over.
    assert becomes(lambda: descriptors(server.process.pid) == idle)
    assert cpu_seconds(server.process.pid) - before < _A_LITTLE


def test_bytes_that_trickle_cost_their_sender_alone(start_server: Start) -> None:
    server = start_server("--frame-timeout", "600")
    ann, bob = server.user("ann"), server.user("bob")
    ann.receive()
    say = bob.connection.send(m.Say(request_id=9, text="x" * 500))
    bob.socket.settimeout(0.05)
    sent = 0
    while True:
        bob.socket.sendall(say[sent : sent + 1])
        sent += 1
        assert isinstance(ann.ask(m.Ping, nonce=sent), m.Pong), "nobody else waits"
        try:
            message = bob.receive()
        except TimeoutError:
            continue
        if isinstance(message, m.Goodbye):
            break
    assert message.code is m.GoodbyeCode.FRAME_TIMEOUT
    assert 1 < sent < len(say)
    left = ann.receive()
    assert isinstance(left, m.Left)
    assert left.reason is m.LeftReason.TIMED_OUT


def test_who_connects_and_says_nothing_is_sent_away(start_server: Start) -> None:
    server = start_server("--handshake-timeout", "200")
    for silent in [server.user() for _ in range(10)]:
        goodbye = silent.receive()
        assert isinstance(goodbye, m.Goodbye)
        assert goodbye.code is m.GoodbyeCode.HANDSHAKE_TIMEOUT


def test_17th_connection_of_an_address_is_turned_away(server: ServerProcess) -> None:
    users = [server.user(f"user{number}") for number in range(LIMITS["connections_per_address"].default)]
    one_more = server.user()
    goodbye = one_more.receive()
    assert isinstance(goodbye, m.Goodbye)
    assert goodbye.code is m.GoodbyeCode.TOO_MANY_CONNECTIONS
    elsewhere = User(server.port, source="127.0.0.2")
    elsewhere.join("elsewhere")
    users[0].send(m.Leave)
    users[0].receive_all()
    assert server.user("late").welcome.name == "late"


# -- at once ---------------------------------------------------------------------------------------------------------


def test_of_50_hellos_at_once_one_gets_the_name(start_server: Start) -> None:
    require_proc()
    server = start_server("--connections-per-address", "100")
    witness = server.user("witness")
    crowd = [server.user() for _ in range(50)]
    for user in crowd:
        assert isinstance(user.ask(m.Ping, nonce=1), m.Pong)
    with held_still(server.process):
        for number, user in enumerate(crowd):
            name = "Crown" if number % 2 else "crown"
            user.send(m.Hello, min_version=0x0100, max_version=0x0100, capabilities=0, name=name)
    answers = [user.receive() for user in crowd]
    assert sum(isinstance(answer, m.Welcome) for answer in answers) == 1
    refusals = [answer.code for answer in answers if isinstance(answer, m.Error)]
    assert refusals == [m.ErrorCode.NAME_TAKEN] * 49
    joined, pong = witness.receive(), witness.ask(m.Ping, nonce=2)
    assert isinstance(joined, m.Joined)
    assert isinstance(pong, m.Pong), "and nobody else has joined"


def test_of_40_renames_at_once_one_gets_the_name_and_the_others_keep_theirs(start_server: Start) -> None:
    require_proc()
    server = start_server("--connections-per-address", "100")
    witness = server.user("witness")
    crowd = [server.user(f"prince{number}") for number in range(40)]
    witness.receive_until(m.Joined, 40)
    for user in crowd:
        user.send(m.Ping, nonce=1)
        user.receive_until(m.Pong)
    with held_still(server.process):
        for user in crowd:
            user.send(m.Rename, name="king")
    # Who loses may be told of the winner before or behind its own refusal.
    answers = [
        next(message for message in iter(user.receive, None) if isinstance(message, (m.Ok, m.Error))) for user in crowd
    ]
    assert sum(isinstance(answer, m.Ok) for answer in answers) == 1
    refusals = [answer.code for answer in answers if isinstance(answer, m.Error)]
    assert refusals == [m.ErrorCode.NAME_TAKEN] * 39
    renamed, roster = witness.receive(), witness.ask(m.Who, after="", limit=0)
    assert isinstance(renamed, m.Renamed)
    assert isinstance(roster, m.Roster)
    winner = crowd[next(at for at, answer in enumerate(answers) if isinstance(answer, m.Ok))]
    due = {user.welcome.session_id: user.welcome.name for user in [witness, *crowd]}
    due[winner.welcome.session_id] = "king"
    assert {user.session_id: user.name for user in roster.entries} == due


# -- clock, log, console ---------------------------------------------------------------------------------------------

#: A server whose wall clock goes back an hour at SIGUSR1.
_SET_BACK = """
import signal, sys, time
back, seconds, nanoseconds = [0], time.time, time.time_ns
time.time = lambda: seconds() - back[0]
time.time_ns = lambda: nanoseconds() - back[0] * 10**9
from reference_server import __main__
signal.signal(signal.SIGUSR1, lambda *_: back.__setitem__(0, 3600))
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_wall_clock_that_jumps_back_an_hour_changes_time_stamps_alone(start_server: Start) -> None:
    timers = (
        "--ping-after",
        "300",
        "--pong-timeout",
        "60000",
        "--handshake-timeout",
        "300",
        "--flood-strikes",
        "60000",
    )
    rate = ("--rate-burst", "3", "--rate-per-second", "100")
    server = start_server(*timers, *rate, command=[sys.executable, "-c", _SET_BACK])
    ann, bob = server.user("ann"), server.user("bob")
    assert isinstance(ann.receive(), m.Joined)
    before = ann.ask(m.Say, text="before")
    assert isinstance(before, m.Ok)
    server.process.send_signal(signal.SIGUSR1)
    stranger = server.user()
    said = [_ok(ann, m.Say, text="after") for _ in range(10)]
    assert [ok.seq for ok in said] == list(range(before.seq + 1, before.seq + 11))
    assert said[-1].time < before.time - 3_500_000
    heard = [message for message in bob.receive_until(m.Chat, 11) if isinstance(message, m.Chat)]
    assert [chat.time for chat in heard] == [ok.time for ok in [before, *said]]
    assert isinstance(bob.receive(), m.Ping), "keepalive goes on"
    assert isinstance(stranger.receive(), m.Goodbye), "and so does the handshake's timer"


def _ok(user: User, kind: type[m.Say], **fields: str) -> m.Ok:
    """The OK to a request that is made again while it is refused for its rate. The server's PINGs are passed over."""
    while True:
        user.send(kind, **fields)
        message = next(message for message in iter(user.receive, None) if not isinstance(message, m.Ping))
        if isinstance(message, m.Ok):
            return message
        assert isinstance(message, m.Error)
        assert message.code is m.ErrorCode.RATE_LIMITED


_HOSTILE = "hi\n2026-01-01T00:00:00.000+00:00 INFO join: forged#1\t\u202e\u2066\u2028\u2029\u200b\ufeff\U000e0041 end"


def test_hostile_words_forge_nothing_in_log_and_console(server: ServerProcess) -> None:
    ann = server.user("ann")
    assert isinstance(ann.ask(m.Say, text=_HOSTILE), m.Ok)
    for text in ("\x1b[2J", "\u009b2J", "a\rb"):
        bad = text.encode()
        frame = ann.connection.send(m.Say(request_id=77, text="x" * len(bad)))
        ann.socket.sendall(frame.replace(b"x" * len(bad), bad))  # What the codec would refuse to send.
        error = ann.receive()
        assert isinstance(error, m.Error)
        assert error.code is m.ErrorCode.INVALID_TEXT
    for line in (
        "/pm no\u202ebody hi",
        "/ban mallory \u202e\u2028reason",
        "/bans",
        "/who",
        "/\u202enonsense\x1b[2J",
        "/unban last",
    ):
        server.enter(line)
    shown = []
    while "last is not banned" not in (answer := server.read_line()):
        _plain(answer)
        shown.append(answer)
    assert all(any(word in answer for answer in shown) for word in ("body", "reason", "ann#", "nonsense")), shown
    server.enter("/stop")
    ann.receive_all()
    ann.socket.close()
    assert server.wait() == 0
    lines = server.log().split("\n")
    assert lines.pop() == ""
    for line in lines:
        _plain(line)
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d ([A-Z]+ )?[a-z]+: |.* INFO end$", line), (
            line
        )
    assert sum("join: " in line[:45] for line in lines) == 1, "and none of them is another event"
    assert sum(" say: " in line for line in lines) == 1, "what was said has one line"


def _plain(line: str) -> None:
    """Fails if a character of the line could act on a terminal, or change what its neighbours look like."""
    found = [hex(ord(it)) for it in line if unicodedata.category(it) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")]
    assert found == [], line


def test_log_that_cannot_grow_is_told_of_and_chat_goes_on_until_it_can(start_server: Start) -> None:
    require_proc()
    server = start_server("--rate-burst", "1000000", "--rate-per-second", "1000000")
    ann, bob = server.user("ann"), server.user("bob")
    assert isinstance(ann.receive(), m.Joined)

    def say(text: str) -> None:
        assert isinstance(ann.ask(m.Say, text=text), m.Ok)
        assert isinstance(bob.receive(), m.Chat)

    def logged(text: str) -> bool:
        say(text)
        return text in server.log()

    assert becomes(lambda: logged("before"))
    _limit_files(server, os.path.getsize(server.log_file))
    for _ in range(20):
        say("meanwhile")
    assert "cannot be written" in server.read_line()
    _limit_files(server, resource.RLIM_INFINITY)
    assert becomes(lambda: logged("afterwards"))


def _limit_files(server: ServerProcess, size: int) -> None:
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


# -- descriptors and the end -----------------------------------------------------------------------------------------


def test_running_out_of_descriptors_pauses_accepting_and_recovers(start_server: Start) -> None:
    require_proc()
    server = start_server("--connections-per-address", "1000", "--ping-after", "1200", "--handshake-timeout", "60000")
    pid = server.process.pid
    witness = server.user("witness")
    limit = descriptors(pid) + 8
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))
    crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) for _ in range(40)]
    assert isinstance(witness.ask(m.Say, text="still here"), m.Ok)
    assert becomes(lambda: descriptors(pid) >= limit - 1)
    before = cpu_seconds(pid)
    assert isinstance(witness.receive(), m.Ping), "after 1.2 s of silence"
    assert cpu_seconds(pid) - before < _A_LITTLE, "what cannot be accepted is not tried again and again"
    assert isinstance(witness.ask(m.Say, text="still here"), m.Ok)
    for sock in crowd:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        sock.close()
    late = server.user("late")
    joined = witness.receive()
    assert isinstance(joined, m.Joined)
    assert joined.who.session_id == late.welcome.session_id


def test_sigterm_ends_the_server_also_with_a_reader_that_has_stalled(start_server: Start) -> None:
    generous = ("--send-queue", "268435456", "--rate-burst", "1000000", "--rate-per-second", "1000000")
    server = start_server(*generous, "--close-drain", "500")
    ann = server.user("ann")
    stalled = User(server.port, "stalled", receive_buffer=4096)
    assert isinstance(ann.receive(), m.Joined)
    for _ in range(3000):  # 12 MB, more than any socket's buffer takes.
        assert isinstance(ann.ask(m.Say, text="x" * 4096), m.Ok)
    server.process.send_signal(signal.SIGTERM)
    goodbye = ann.receive()
    assert isinstance(goodbye, m.Goodbye)
    assert goodbye.code is m.GoodbyeCode.SHUTTING_DOWN
    assert server.wait() == 0
    stalled.socket.close()
