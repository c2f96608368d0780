"""The reference server as a process: what an operator sees, and what it survives."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from impwire import messages as m
from impwire.tables import DEFAULT_PORT, DEFAULT_TLS_PORT
from reference_server.options import parse
from tests.support import PATIENCE, ROOT, ServerProcess, User

Start = Callable[..., ServerProcess]


def test_first_line_says_where_it_listens(server: ServerProcess) -> None:
    assert server.first_line == f"listening on 127.0.0.1:{server.port}"
    assert server.user("ann").welcome.name == "ann"


def test_serves_many_clients_at_once(start_server: Start) -> None:
    server = start_server("--connections-per-address", "100")
    users = [server.user(f"user{number}") for number in range(50)]
    users[0].send(m.Say, text="hello, all")
    for user in users[1:]:
        while not isinstance(message := user.receive(), m.Chat):
            assert isinstance(message, m.Joined)
        assert (message.who.name, message.text) == ("user0", "hello, all")


# Where the tests themselves run under nohup, its servers would ignore SIGHUP, too.
_HEEDS_HANGUP = [
    sys.executable,
    "-c",
    "import runpy, signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
    "runpy.run_module('reference_server', run_name='__main__', alter_sys=True)",
]


@pytest.mark.parametrize("way", ["/stop", "SIGTERM", "SIGINT", "SIGHUP"])
def test_stop_tells_everyone_and_exits_0(start_server: Start, way: str) -> None:
    server = start_server(command=_HEEDS_HANGUP)
    users = [server.user("ann"), server.user("bob"), server.user()]
    if way == "/stop":
        server.enter("/stop")
    else:
        server.process.send_signal(getattr(signal, way))
    for user in users:
        goodbye = user.receive_all()[-1]
        assert isinstance(goodbye, m.Goodbye)
        assert goodbye.code is m.GoodbyeCode.SHUTTING_DOWN
        user.socket.close()
    assert server.wait() == 0


def test_second_signal_ends_at_once(start_server: Start) -> None:
    server = start_server("--close-drain", "60000")
    user = server.user("ann")
    server.process.send_signal(signal.SIGTERM)
    assert isinstance(user.receive(), m.Goodbye)
    server.process.send_signal(signal.SIGTERM)
    assert server.wait() == 1


def test_hangup_counts_once_and_not_at_all_under_nohup(start_server: Start) -> None:
    """A terminal that closes may send it twice; `nohup` is there to have it ignored."""
    server = start_server(
        command=["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "reference_server"]
    )
    server.process.send_signal(signal.SIGHUP)
    assert isinstance(server.user("ann").ask(m.Ping, nonce=1), m.Pong)
    server.end()
    server = start_server("--close-drain", "60000", command=_HEEDS_HANGUP)
    user = server.user("ann")
    server.process.send_signal(signal.SIGHUP)
    assert isinstance(user.receive(), m.Goodbye)
    server.process.send_signal(signal.SIGHUP)
    user.socket.close()
    assert server.wait() == 0


def test_reader_that_has_stalled_cannot_keep_the_server_from_ending(start_server: Start) -> None:
    server = start_server("--close-drain", "100", "--rate-burst", "1000000", "--rate-per-second", "1000000")
    User(server.port, "lazy", receive_buffer=4096)
    stalled = User(server.port, "stalled", receive_buffer=4096)
    ann = server.user("ann")
    while True:  # As much as the system takes for it, and some more: its GOODBYE cannot be sent.
        ann.send(m.Say, text="x" * 4096)
        left = ann.receive()
        if isinstance(left, m.Left):
            break
    ann.send(m.Say, text="x" * 4096)
    server.process.send_signal(signal.SIGTERM)
    assert isinstance(ann.receive_all()[-1], m.Goodbye)
    ann.socket.close()
    assert server.wait() == 0
    stalled.socket.close()


def test_stop_can_be_put_off_and_brought_forward(server: ServerProcess) -> None:
    user = server.user("ann")
    server.enter("/stop 1000")
    assert server.read_line() == "stopping in 1000 s"
    assert isinstance(user.receive(), m.Notice)
    server.enter("/stop " + "9" * 5000)
    assert "is not a number of seconds" in server.read_line()
    server.enter("/stop 2000")
    assert re.fullmatch(r"stopping in 2000 s instead of in (1000|9\d\d) s", server.read_line())
    assert isinstance(user.receive(), m.Notice)
    assert isinstance(user.ask(m.Ping, nonce=1), m.Pong)
    server.enter("/stop 0")
    assert server.read_line().startswith("stopping now instead of in ")
    assert isinstance(user.receive_all()[-1], m.Goodbye)
    user.socket.close()
    assert server.wait() == 0


def test_console_works_and_its_end_changes_nothing(server: ServerProcess) -> None:
    user = server.user("ann")
    server.enter("/nonsense")
    assert "unknown command" in server.read_line()
    server.enter("/who")
    assert server.read_line().startswith("ann#")
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert isinstance(user.ask(m.Ping, nonce=1), m.Pong)
    server.process.stdin = None


def test_log_has_a_line_an_event(server: ServerProcess) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    ann.receive()
    ann.ask(m.Say, text="hi\nforged line")
    ann.ask(m.Pm, to="bob", text="secret")
    ann.ask(m.Rename, name="anna")
    ann.ask(m.Leave)
    server.enter("/kick bob rude")
    bob.receive_all()
    for user in (ann, bob):
        user.socket.close()
    server.enter("/stop")
    assert server.wait() == 0
    lines = server.log().splitlines()
    for part in [
        "connect: 1 from 127.0.0.1",
        "join: ann#1",
        r"say: ann#1: 'hi\nforged line'",
        "pm: ann#1 to bob#2",
        "rename: ann#1 to anna",
        "disconnect: anna#1: LEFT",
        "console: '/kick bob rude'",
        "disconnect: bob#2: KICKED 'rude'",
    ]:
        assert any(line.endswith(part) for line in lines), part
    assert not any("secret" in line for line in lines)
    assert all(line[:4].isdigit() and line[10] == "T" and line[23] in "+-" for line in lines), "date, time and zone"


def test_survives_garbage_crashes_and_resets(server: ServerProcess) -> None:
    chance = random.Random(7)
    witness = server.user("witness")
    for number in range(300):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
            if number % 3 == 0:
                sock.sendall(chance.randbytes(chance.randrange(1, 2000)))
            elif number % 3 == 1:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            else:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert isinstance(witness.ask(m.Ping, nonce=1), m.Pong), "and nobody has heard of any of them"


def test_lost_client_is_told_of_and_its_name_is_free(server: ServerProcess) -> None:
    ann, bob = server.user("ann"), server.user("bob")
    ann.receive()
    bob.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    bob.socket.close()
    left = ann.receive()
    assert isinstance(left, m.Left)
    assert (left.who.name, left.reason) == ("bob", m.LeftReason.LOST)
    assert server.user("bob").welcome.name == "bob"


_PATCHED = """
import sys
from reference_server import __main__, service
def broken(self, *arguments, **named):
    raise RuntimeError("a bug, put here by the test")
setattr(service.Service, {method!r}, broken)
sys.exit(__main__.main(sys.argv[1:]))
"""


def _with_bug_in(method: str) -> list[str]:
    """The command of a server with a bug in a method of its service."""
    return [sys.executable, "-c", _PATCHED.format(method=method)]


def test_bug_in_a_handler_costs_one_connection(start_server: Start) -> None:
    server = start_server(command=_with_bug_in("_roster_page"))
    ann, bob = server.user("ann"), server.user("bob")
    ann.receive()
    answer = bob.ask(m.Who, after="", limit=0)
    assert isinstance(answer, m.Goodbye)
    assert answer.code is m.GoodbyeCode.INTERNAL
    left = ann.receive()
    assert isinstance(left, m.Left)
    assert left.reason is m.LeftReason.FAILED
    assert isinstance(ann.ask(m.Say, text="still here"), m.Ok)
    assert "a bug, put here by the test" in server.log()


def test_own_crash_closes_every_connection_and_is_logged(start_server: Start) -> None:
    server = start_server("--handshake-timeout", "300", command=_with_bug_in("tick"))
    users = [server.user("ann"), server.user("bob"), server.user()]
    for user in users:
        goodbye = user.receive_all()[-1]
        assert isinstance(goodbye, m.Goodbye)
        assert goodbye.code is m.GoodbyeCode.INTERNAL
        user.socket.close()
    assert server.wait() == 1
    assert "Traceback" in server.log()
    assert "a bug, put here by the test" in server.log()


def test_ban_survives_kill_9(start_server: Start) -> None:
    server = start_server()
    server.enter("/ban mallory")
    assert "banned" in server.read_line()
    server.end()
    again = start_server()
    user = again.user()
    error = user.ask(m.Hello, min_version=256, max_version=256, capabilities=0, name="Mallory")
    assert isinstance(error, m.Error)
    assert error.code is m.ErrorCode.NAME_BANNED


def _start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "reference_server",
            "--log",
            str(folder / "log"),
            "--bans",
            str(folder / "bans"),
            *arguments,
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_port_in_use_is_one_line_and_exit_2(tmp_path: Path, server: ServerProcess) -> None:
    result = _start(tmp_path, "--port", str(server.port))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert f"127.0.0.1:{server.port}" in result.stderr
    assert "another --port" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "no-such-host.invalid"], ["no-such-host.invalid", "--host"]),
        (["--host", "192.0.2.1"], ["192.0.2.1", "--host"]),
        (["--host", "127.0.0.1", "--host", "192.0.2.1"], ["192.0.2.1", "--host"]),
        (["--tls-key", "key.pem"], ["--tls-cert"]),
        (["--log-keep", "0"], ["--log-keep", "from 1 to 1000"]),
        (["--log-size", "9" * 5000], ["--log-size"]),
        (["--no-such-option"], ["--no-such-option", "--help"]),
        (["--bans", "/dev/zero"], ["/dev/zero", "--bans"]),
        (["--bans", "no/such/folder/bans.json"], ["no ban could be stored", "--bans"]),
        (["--log", "no/such/folder/log"], ["cannot be written", "--log"]),
        (["--log", "/"], ["cannot be written", "--log"]),
    ],
)
def test_mistake_at_the_start_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    result = _start(tmp_path, "--port", "0", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--rate-burst", "0"], ["--port", "70000"], ["--name", "a\nb"], ["--frame-timeout", "1s"]]
)
def test_bad_value_is_explained_and_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    result = _start(tmp_path, *arguments)
    assert result.returncode == 2
    assert arguments[0] in result.stderr
    assert "Traceback" not in result.stderr


def test_damaged_ban_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "bans").write_text("{not json")
    result = _start(tmp_path, "--port", "0")
    assert result.returncode == 2
    assert "bans" in result.stderr
    assert (tmp_path / "bans").read_text() == "{not json"


def test_unwritable_log_is_told(tmp_path: Path) -> None:
    result = _start(tmp_path, "--port", "0", "--log", str(tmp_path / "no" / "such" / "folder"))
    assert result.returncode == 2
    assert "log" in result.stderr


def test_usage_names_the_program_as_it_was_called() -> None:
    def usage(*command: str) -> str:
        result = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        return result.stdout.partition(" [")[0]

    assert usage("-m", "reference_server", "--help") == "usage: python -m reference_server"
    script = "import sys; from reference_server.__main__ import main; sys.argv[0] = '/bin/imp-server'; main(['--help'])"
    assert usage("-c", script) == "usage: imp-server"


def test_version_is_told() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "reference_server", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0
    assert re.fullmatch(r"imp-server .*, IMP 1\.0\n", result.stdout)


def test_default_port_follows_tls() -> None:
    assert parse([]).port == DEFAULT_PORT
    assert parse(["--tls-cert", "x"]).port == DEFAULT_TLS_PORT
    assert parse(["--tls-cert", "x", "--port", "5"]).port == 5


def test_listens_on_every_address_it_is_told(start_server: Start) -> None:
    with socket.socket(socket.AF_INET6) as sock:
        try:
            sock.bind(("::1", 0))
        except OSError:
            pytest.skip("needs IPv6")
    server = start_server("--host", "127.0.0.1", "--host", "::1", "--host", "127.0.0.2")
    shown = [server.first_line, server.read_line(), server.read_line()]
    places = [line.removeprefix("listening on ").rpartition(":") for line in shown]
    assert [host for host, _, _ in places] == ["127.0.0.1", "[::1]", "127.0.0.2"]
    assert len({port for _, _, port in places}) == 1, "a free port that was found serves all"
    for host, _, port in places:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE) as sock:
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1000), "a GOODBYE"


def test_help_names_every_limit() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "reference_server", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert result.returncode == 0
    for option in ("--max-frame", "--send-queue", "--handshake-timeout", "--close-drain", "--connections-per-address"):
        assert option in result.stdout


def test_reader_that_stops_is_cut_and_others_miss_nothing(start_server: Start) -> None:
    server = start_server("--send-queue", "16384", "--rate-burst", "1000000", "--rate-per-second", "1000000")
    ann = server.user("ann")
    lazy = User(server.port, "lazy", receive_buffer=4096)
    bob = server.user("bob")
    assert [type(ann.receive()) for _ in range(2)] == [m.Joined, m.Joined]
    said = 0
    while True:
        ann.send(m.Say, text="x" * 4096)
        said += 1
        message = ann.receive()
        if isinstance(message, m.Left):
            break
        assert said < 20_000
    assert (message.who.name, message.reason) == (lazy.welcome.name, m.LeftReason.TOO_SLOW)
    ann.socket.close()
    heard = [message for message in bob.receive_until(m.Left, 2) if isinstance(message, (m.Chat, m.Left))]
    assert sum(isinstance(message, m.Chat) for message in heard) == said
    assert [event.seq for event in heard] == list(range(heard[0].seq, heard[0].seq + len(heard))), "nothing is missing"


def test_descriptors_do_not_leak(server: ServerProcess) -> None:
    witness = server.user("witness")
    folder = f"/proc/{server.process.pid}/fd"
    if not os.path.isdir(folder):
        pytest.skip("needs /proc")
    before = len(os.listdir(folder))
    for _ in range(200):
        user = server.user()
        user.socket.shutdown(socket.SHUT_WR)
        user.receive_all()
        user.socket.close()
    witness.ask(m.Ping, nonce=1)
    assert len(os.listdir(folder)) <= before + 1


def test_running_out_of_descriptors_costs_only_newcomers(start_server: Start) -> None:
    command = ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", sys.executable, "-m", "reference_server"]
    server = start_server("--connections-per-address", "1000", command=command)
    witness = server.user("witness")
    crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) for _ in range(60)]
    assert isinstance(witness.ask(m.Ping, nonce=1), m.Pong)
    for sock in crowd:
        sock.close()
    assert isinstance(witness.ask(m.Ping, nonce=2), m.Pong)
    assert server.user("late").welcome.name == "late"


def test_descriptors_are_raised_to_what_is_allowed(start_server: Start) -> None:
    resource = pytest.importorskip("resource")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    command = ["sh", "-c", 'ulimit -S -n 50; exec "$@"', "sh", sys.executable, "-m", "reference_server"]
    server = start_server("--max-connections", "10", command=command)
    if not hasattr(resource, "prlimit"):
        pytest.skip("cannot be seen from outside here")
    assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE) == (hard, hard)


def test_too_few_descriptors_are_told_with_the_way_out(start_server: Start) -> None:
    command = ["sh", "-c", 'ulimit -n 100; exec "$@"', "sh", sys.executable, "-m", "reference_server"]
    server = start_server("--max-connections", "1000", command=command)
    told = server.read_line()
    assert "100 open files, enough for 36 of 1000 connections" in told
    assert "ulimit -n 1064" in told
    assert told in server.log()


def test_full_disk_under_the_log_is_told_once_and_chat_goes_on(start_server: Start) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    server = start_server("--log", "/dev/full")
    ann, bob = server.user("ann"), server.user("bob")
    ann.receive()
    for _ in range(20):
        assert isinstance(ann.ask(m.Say, text="hi"), m.Ok)
        assert isinstance(bob.receive(), m.Chat)
    server.enter("/stop")
    for user in (ann, bob):
        assert isinstance(user.receive_all()[-1], m.Goodbye)
        user.socket.close()
    assert server.wait() == 0
    assert server.process.stdout is not None
    assert server.process.stderr is not None
    # read, not communicate, which passes over what came together with the first line.
    assert server.process.stdout.read().count("cannot be written") == 1
    assert server.process.stderr.read() == ""


def test_answer_that_the_terminal_cannot_show_is_escaped(start_server: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    server = start_server()
    server.process.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    server.enter("/ban \u00e9")
    assert "\\xe9" in server.read_line()
    assert server.user("ann").welcome.name == "ann"
