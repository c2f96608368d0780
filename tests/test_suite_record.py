"""The recorder: it disturbs nobody, and what it has recorded plays again."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from conformance.__main__ import main
from conformance.language import Case, load_cases
from conformance.record.document import recording_of
from conformance.record.relay import Relay
from conformance.record.tape import Tape
from impwire import messages as m
from impwire.codecs import CODECS, encode
from impwire.tables import REQUIREMENTS, Role, Settings
from impwire.wire import Message
from tests.support import PATIENCE, ROOT, ServerProcess

_RESET = struct.pack("ii", 1, 0)


class Recorder:
    """`python -m conformance record` as a process."""

    def __init__(self, to: int, out: Path, *options: str) -> None:
        command = [sys.executable, "-m", "conformance", "record", "--listen", "0", "--out", str(out), *options]
        self.process = subprocess.Popen(
            [*command, "--to", f"127.0.0.1:{to}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.first_line = self.process.stderr.readline()
        found = re.match(r"listening at 127\.0\.0\.1:(\d+), passing on to 127\.0\.0\.1:(\d+); Ctrl-C", self.first_line)
        assert found, self.first_line
        assert int(found[2]) == to
        self.port = int(found[1])

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Its exit code, and what it has written to its two outputs."""
        self.process.send_signal(how)
        return self.finish()

    def finish(self) -> tuple[int, str, str]:
        output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output, errors


class Relayed:
    """The recorder's relay in a thread of this process, and its tape."""

    def __init__(self, to: int) -> None:
        self.tape, self.said = Tape(), list[str]()
        self._relay: Relay
        self._loop: asyncio.AbstractEventLoop
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(to, ready)), daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)

    async def _run(self, to: int, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._relay = Relay(self.tape, ("127.0.0.1", to), self.said.append)
        self.port = await self._relay.listen("127.0.0.1", 0)
        ready.set()
        await self._relay.done.wait()
        await self._relay.end()

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def end(self) -> Tape:
        self._loop.call_soon_threadsafe(self._relay.done.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.tape

    def case(self, folder: Path, name: str = "case") -> tuple[Case, str]:
        """End, write the case and load it; the case and its text."""
        recording = recording_of(self.end(), f"recorded/{name}")
        assert recording is not None
        file = folder / f"{name}.yaml"
        file.write_text(recording.text("recorded by a test"))
        return load_cases([file])[0], file.read_text()


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


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def accept(listener: socket.socket) -> socket.socket:
    sock = listener.accept()[0]
    sock.settimeout(PATIENCE)
    return sock


def steps_of(text: str) -> list[str]:
    """The steps and comments of a file, a line each."""
    lines = text.splitlines()
    return [line.strip().removeprefix("- ") for line in lines[lines.index("    steps:") + 1 :]]


def play(folder: Path, *arguments: str) -> dict[str, dict[str, str]]:
    """Play cases as a user would; returns what the report says of each run."""
    report = folder / "report.json"
    result = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments, "--report-json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return {f"{case['role']} {case['id']}": case for case in json.loads(report.read_text())["cases"]}


def request(kind: str, request_id: int, **fields: object) -> bytes:
    """A frame with any fields."""
    frame: bytes = CODECS.by_name[kind].build({"request_id": request_id, **fields}, unchecked=True)
    return frame


def hello(request_id: int, name: str, **fields: object) -> bytes:
    return request("HELLO", request_id, min_version=256, max_version=256, **{"capabilities": 0, **fields}, name=name)


def read_frames(sock: socket.socket, count: int) -> list[Message]:
    """The next messages that come."""
    found = []
    for _ in range(count):
        head = _exactly(sock, 4)
        found.append(CODECS.decode(head + _exactly(sock, int.from_bytes(head, "big"))))
    return found


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, "the stream has ended"
        data += piece
    return data


# -- a session of people ----------------------------------------------------------------------------------------------


class Person:
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

    def types(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def sees(self, *lines: str) -> None:
        assert self.process.stdout is not None
        for line in lines:
            assert self.process.stdout.readline().rstrip("\n") == line


def test_chat_of_reference_programs_plays_again_to_both(server: ServerProcess, tmp_path: Path) -> None:
    """Recorded between server and clients that are processes of their own, and ended as a person ends it."""
    out = tmp_path / "chat.yaml"
    recorder = Recorder(server.port, out)
    ann = Person(recorder.port, "ann")
    ann.sees("Welcome to IMP server, ann.")
    bob = Person(recorder.port, "bob")
    bob.sees("Welcome to IMP server, bob.")
    ann.sees('"bob" has joined the server.')
    ann.types("hi, all: $5?")
    ann.sees("ann: hi, all: $5?")
    bob.sees("ann: hi, all: $5?")
    bob.types("/pm ann yes")
    bob.sees("To ann: yes")
    ann.sees("From bob: yes")
    bob.types("/rename rob")
    bob.sees('You are now "rob".')
    ann.sees('"bob" is now "rob".')
    ann.types("/who")
    ann.sees("Users here: ann, rob")
    bob.types("/leave")
    bob.sees("You have left.")
    ann.sees('"rob" has left the server.')
    ann.types("/leave")
    ann.sees("You have left.")
    for person in (ann, bob):
        assert person.process.wait(PATIENCE) == 0
    code, output, errors = recorder.end()
    assert (code, output) == (0, ""), errors
    assert "bob <- OK seq=4" in errors
    assert f"{out}: 18 steps; to play them: python -m conformance server --connect 127.0.0.1:{server.port}" in errors
    assert steps_of(out.read_text())[:5] == [
        "[ann, joins]",
        "[bob, joins]",
        "[ann, sends, SAY, {text: 'hi, all: $5?'}]",
        "[ann, receives, OK, {seq: $seq1, time: $time1}]",
        "[bob, receives, CHAT, {seq: $seq1, time: $time1, who: $ann, text: 'hi, all: $5?'}]",
    ]
    again = play(tmp_path, "server", "--connect", f"127.0.0.1:{server.port}", "--cases", str(out))
    assert {case["verdict"] for case in again.values()} == {"passed"}
    assert "server recorded/chat" in again
    (case,) = load_cases([out])
    assert case.clients == ("ann",)
    of_client = play(tmp_path, "client", "--cases", str(out), "--segmentation", "as-is")
    assert of_client["client recorded/chat@ann"]["verdict"] == "passed"


# -- random sessions --------------------------------------------------------------------------------------------------

_NAMES = ["ann", "bob", "Bob", "eve", "dan"] * 3 + ["no", "a-b", "request", "console", "seq1", "who1", "anon1"]
_TEXTS = ["hi", "no", "12", "$5", "$ann", "", "two\nlines", "x" * 100, "ü – 'q' \"d\" \\", "\x07", "# no: [a]", "\ta "]
_BROKEN = [
    bytes.fromhex(digits)
    for digits in (
        "00000005",  # too short
        "ffffffff",  # too long
        "0000000902000000000700 0368",  # a lying count
        "0000000b02000000000700 02686900",  # a byte too many
        "00000006800000000001",  # a WELCOME
        "00000006c00000000001",  # an event
        "474554202f20485454502f312e310d0a",  # another protocol
    )
]
#: Requests that one connection may make without meeting the rate.
_MOST = 40


class Stranger:
    """A client that does whatever chance wants."""

    def __init__(self, chance: random.Random, sock: socket.socket) -> None:
        self.chance, self.sock = chance, sock
        self.here, self.half, self.asked = True, False, 0
        self.request_id = chance.choice([0, 0, 100, 2**31])
        sock.settimeout(0.02)

    def _next(self) -> int:
        self.request_id += 1
        return self.request_id

    def hello(self) -> bytes:
        pick = self.chance.choice
        versions = {"min_version": pick([256] * 8 + [512]), "max_version": pick([256] * 8 + [512])}
        return request("HELLO", self._next(), **versions, capabilities=pick([0] * 8 + [5]), name=pick(_NAMES))

    def frame(self) -> bytes:
        pick, number = self.chance.choice, self._next()
        self.asked += 1
        kinds: list[Callable[[], bytes]] = [
            lambda: request("SAY", number, text=pick([*_TEXTS, b"\xc3("])),
            lambda: request("PM", number, to=pick(_NAMES), text=pick(_TEXTS)),
            lambda: request("WHO", number, after=pick(["", "ann", "c"]), limit=pick([0, 0, 1, 2])),
            lambda: request("RENAME", number, name=pick([*_NAMES, "server", "9x", ""])),
            lambda: request("PING", number, nonce=pick([0, 1, 2**64 - 1])),
            lambda: request("SAY", number, text="flags", flags=pick([1, 16])),
            lambda: request("SAY", number, text="extended", extensions=[(pick([1, 2]), b"abc")]),
            lambda: bytes.fromhex("000000063f00") + number.to_bytes(4, "big"),
            self.hello,
            lambda: request("LEAVE", number),
            lambda: request("PONG", number, nonce=7),
            lambda: request("SAY", 0, text="zero"),
            lambda: pick(_BROKEN),
        ]
        return self.chance.choices(kinds, [25, 15, 8, 12, 12, 2, 2, 4, 4, 4, 2, 1, 7])[0]()

    def send(self, data: bytes) -> None:
        if not self.half:
            with suppress(OSError):  # The server has ended the connection.
                self.sock.sendall(data)

    def listen(self) -> None:
        """Read what has come, or soon comes."""
        with suppress(OSError):
            self.sock.recv(65536)

    def end(self, how: str) -> None:
        if how == "half" and not self.half:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
            self.half = True
        elif how != "half":
            if how == "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.sock.close()
            self.here = False

    def act(self, *, hasty: bool) -> None:
        chance = self.chance
        kind = chance.choices(["one", "many", "bytes", "listen", "part", "end"], [62, 10, 5, 9, 4, 10])[0]
        if kind == "end" or self.asked > _MOST:
            self.end(chance.choice(["half", "close", "reset"]))
        elif kind == "listen":
            self.listen()
        elif kind == "part":
            self.send(self.frame()[: chance.randint(1, 12)])
        elif kind == "bytes":
            for byte in self.frame():
                self.send(bytes([byte]))
        else:
            self.send(b"".join(self.frame() for _ in range(chance.randint(2, 5) if kind == "many" else 1)))
            if not hasty and chance.random() < 0.7:
                self.listen()


def random_session(seed: int, connect: Callable[[], socket.socket]) -> list[Stranger]:
    """Two to four clients that do right and wrong things, mostly without waiting for each other."""
    chance = random.Random(seed)
    strangers: list[Stranger] = []
    most, hasty = chance.randint(2, 4), chance.random() < 0.5
    for _ in range(chance.randint(8, 40)):
        here = [stranger for stranger in strangers if stranger.here]
        if not here or (len(here) < most and chance.random() < 0.25):
            strangers.append(Stranger(chance, connect()))
            if chance.random() < 0.9:
                strangers[-1].send(strangers[-1].hello())
                strangers[-1].listen()
        else:
            chance.choice(here).act(hasty=hasty)
    return strangers


def wait_for_nobody(server: ServerProcess) -> None:
    """Wait until the server has seen the end of everybody who was there."""
    user = server.user("probe")
    while True:
        user.send(m.Who, after="", limit=0)
        *_, roster = user.receive_until(m.Roster)
        assert isinstance(roster, m.Roster)
        if len(roster.entries) == 1:
            break
        user.receive_until(m.Left)
    user.send(m.Leave)
    user.receive_all()
    user.socket.close()


def test_random_sessions_play_again(server: ServerProcess, relayed: Callable[[int], Relayed], tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    steps = 0
    for seed in range(10):
        relay = relayed(server.port)
        strangers = random_session(seed, relay.connect)
        case, text = relay.case(folder, f"seed-{seed}")
        steps += len(case.steps)
        assert "not in the recording" not in text
        for stranger in strangers:
            stranger.sock.close()
        wait_for_nobody(server)
    assert steps > 150
    runs = play(tmp_path, "server", "--connect", f"127.0.0.1:{server.port}", "--cases", str(folder))
    assert {case["verdict"] for case in runs.values()} == {"passed"}
    assert {case["case"] for case in runs.values()} == {f"recorded/seed-{seed}" for seed in range(10)}


# -- what is passed on ------------------------------------------------------------------------------------------------


def test_bytes_are_passed_on_unchanged(relayed: Callable[[int], Relayed], plain_server: socket.socket) -> None:
    """Several megabytes that are no frames, both ways at once."""
    relay = relayed(port_of(plain_server))
    client = relay.connect()
    server = accept(plain_server)
    data = random.Random(1).randbytes(4 << 20)

    def echo() -> None:
        while piece := server.recv(65536):
            server.sendall(piece)
        server.close()

    threads = [threading.Thread(target=echo), threading.Thread(target=client.sendall, args=(data,))]
    for thread in threads:
        thread.start()
    found = bytearray()
    while len(found) < len(data):
        found += client.recv(65536)
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    assert found == data
    for thread in threads:
        thread.join(PATIENCE)
    assert sum(len(entry.data) for entry in relay.end().entries) < 64 << 10, "what is no frame is not kept"


def test_part_of_a_frame_is_passed_on_at_once(relayed: Callable[[int], Relayed], plain_server: socket.socket) -> None:
    with closing(relayed(port_of(plain_server)).connect()) as client, closing(accept(plain_server)) as server:
        client.sendall(b"\0\0")
        assert server.recv(10) == b"\0\0"
        server.sendall(b"\0")
        assert client.recv(10) == b"\0"


def test_half_close_is_passed_on_and_the_other_way_stays_open(
    relayed: Callable[[int], Relayed], plain_server: socket.socket
) -> None:
    with closing(relayed(port_of(plain_server)).connect()) as client, closing(accept(plain_server)) as server:
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""
        server.sendall(b"still here")
        server.shutdown(socket.SHUT_WR)
        assert [client.recv(100), client.recv(1)] == [b"still here", b""]


@pytest.mark.parametrize("by", ["client", "server"])
def test_reset_is_passed_on_as_reset(relayed: Callable[[int], Relayed], plain_server: socket.socket, by: str) -> None:
    relay = relayed(port_of(plain_server))
    ends = {"client": relay.connect(), "server": accept(plain_server)}
    ends["client"].sendall(b"x")
    assert ends["server"].recv(1) == b"x"
    breaker = ends.pop(by)
    breaker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    breaker.close()
    (other,) = ends.values()
    with closing(other), pytest.raises(ConnectionResetError):
        other.recv(1)


def test_server_that_cannot_be_reached_is_told_and_the_client_sent_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = port_of(listener)
    out = tmp_path / "case.yaml"
    recorder = Recorder(nobody, out)
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as client:
        assert client.recv(1) == b""
    code, _, errors = recorder.end()
    assert f"cannot connect to 127.0.0.1:{nobody}: Connection refused; the client was sent away" in errors
    assert errors.splitlines()[-1] == "nothing was recorded, and nothing is written"
    assert code == 1
    assert list(tmp_path.iterdir()) == []


# -- what is written --------------------------------------------------------------------------------------------------


def test_silent_client_is_a_step(server: ServerProcess, relayed: Callable[[int], Relayed], tmp_path: Path) -> None:
    relay = relayed(server.port)
    with closing(relay.connect()) as silent, closing(relay.connect()) as other:
        other.sendall(request("PING", 1, nonce=5))
        read_frames(other, 1)
        _, text = relay.case(tmp_path)
        assert silent.recv(1) == b""
    assert sorted(steps_of(text)) == [
        "[anon1, connects]",
        "[anon2, connects]",
        "[anon2, receives, PONG, {nonce: 5}]",
        "[anon2, sends, PING, {nonce: 5}]",
    ]


class Story:
    """A tape that a test writes itself: users 1, 2 … are those of the connections 1, 2 …"""

    def __init__(self, *names: str) -> None:
        self.tape = Tape()
        self.users: list[m.User] = []
        for name in names:
            self.join(name)

    def join(self, name: str) -> int:
        """A user comes, and the others are told; returns the connection."""
        number = self.tape.opened()
        user = m.User(session_id=number, name=name)
        limits = {name: getattr(Settings(), name) for name in Settings.__slots__}
        stay: dict[str, Any] = {
            "version": 256,
            "capabilities": 0,
            "session_id": number,
            "name": name,
            "server_name": "x",
        }
        self.client(number, hello(1, name))
        self.server(number, m.Welcome(request_id=1, seq=number, time=5, **stay, **limits))
        for other in self.users:
            self.server(other.session_id, m.Joined(seq=number, time=5, who=user))
        self.users.append(user)
        return number

    def client(self, number: int, *frames: bytes) -> None:
        self.tape.received(number, Role.CLIENT, b"".join(frames))

    def server(self, number: int, *messages: Message) -> None:
        for message in messages:
            self.tape.received(number, Role.SERVER, encode(message))

    def steps(self) -> list[str]:
        recording = recording_of(self.tape, "a/b")
        assert recording is not None
        return steps_of(recording.text("by hand"))


def test_requests_of_two_clients_stand_in_the_order_of_the_server() -> None:
    """bob's SAY was seen first and handled second: the numbers of the events tell."""
    story = Story("ann", "bob")
    ann, bob = story.users
    first, second = m.Chat(seq=3, time=7, who=ann, text="first"), m.Chat(seq=4, time=8, who=bob, text="second")
    story.client(2, request("SAY", 2, text="second"))
    story.client(1, request("SAY", 2, text="first"))
    story.server(2, first, m.Ok(request_id=2, seq=4, time=8))
    story.server(1, m.Ok(request_id=2, seq=3, time=7), second)
    assert story.steps() == [
        "[ann, joins]",
        "[bob, joins]",
        "[ann, sends, SAY, {text: first}]",
        "[ann, receives, OK, {seq: $seq1, time: $time1}]",
        "[bob, receives, CHAT, {seq: $seq1, time: $time1, who: $ann, text: first}]",
        "[bob, sends, SAY, {text: second}]",
        "[bob, receives, OK, {seq: $seq2, time: $time2}]",
        "[ann, receives, CHAT, {seq: $seq2, time: $time2, who: $bob, text: second}]",
    ]


def test_requests_of_one_segment_stay_together_unless_another_act_stood_between() -> None:
    story = Story("ann", "bob")
    story.client(1, request("WHO", 2, after="", limit=1), request("PING", 3, nonce=1), request("RENAME", 4, name="amy"))
    story.client(2, request("RENAME", 2, name="rob"))
    renamed = m.Renamed(seq=3, time=7, who=story.users[1], new_name="rob")
    roster = m.Roster(request_id=2, entries=(story.users[0],), more=True)
    story.server(1, roster, m.Pong(request_id=3, nonce=1), renamed, m.Ok(request_id=4, seq=4, time=8))
    story.server(2, m.Ok(request_id=2, seq=3, time=7))
    story.server(2, m.Renamed(seq=4, time=8, who=story.users[0], new_name="amy"))
    assert [step for step in story.steps() if "sends" in step or "OK" in step] == [
        "[ann, sends together, [WHO, {limit: 1}], [PING, {nonce: 1}]]",
        "[bob, sends, RENAME, {name: rob}]",
        "[bob, receives, OK, {seq: $seq1, time: $time1}]",
        "[ann, sends, RENAME, {name: amy}]",
        "[ann, receives, OK, {seq: $seq2, time: $time2}]",
    ]


def test_request_that_came_too_late_for_the_operator_is_left_out() -> None:
    """It was sent before the GOODBYE was seen; the server had handled the /kick first."""
    story = Story("ann")
    story.client(1, request("SAY", 2, text="wait"))
    story.server(1, m.Goodbye(code=m.GoodbyeCode.KICKED, retry_after_ms=0, detail=""))
    story.tape.ended(1, Role.SERVER)
    assert story.steps() == [
        "[ann, joins]",
        "# the operator has done this; how the line was typed is a guess",
        "[console, types, '/kick ann']",
        "[ann, receives, GOODBYE, {code: KICKED, request_id: 0, detail: ''}]",
        "[ann, is closed]",
        "# left out: ann has also sent SAY; what became of it was not recorded",
    ]


def test_name_that_was_lost_unseen_is_asked_for_when_the_server_knows() -> None:
    story = Story("ann")
    story.tape.ended(1, Role.CLIENT, reset=True)
    story.users.clear()
    story.join("ann")
    assert story.steps() == [
        "[ann, joins]",
        "[ann, resets]",
        "[ann, connects]",
        "# the server has learned of the loss when this is answered",
        "[ann, receives nothing]",
        "[ann, joins]",
    ]


def test_second_hello_whose_author_was_gone_is_no_welcome() -> None:
    """The only sign of it is the LEFT that another user got."""
    story = Story("ann", "bob")
    story.client(2, hello(2, "eve"))
    story.server(1, m.Left(seq=3, time=7, who=story.users[1], reason=m.LeftReason.VIOLATION))
    story.tape.ended(2, Role.CLIENT, reset=True)
    assert story.steps() == [
        "[ann, joins]",
        "[bob, joins]",
        "[bob, sends, HELLO, {name: eve}]",
        "[ann, receives, LEFT, {seq: {not: 0}, who: $bob, reason: VIOLATION}]",
        "[bob, resets]",
    ]


def test_hello_whose_author_was_gone_is_welcomed_when_it_plays_again() -> None:
    """Somebody has to wait until the server has handled it: nobody was told."""
    story = Story()
    story.tape.opened()
    story.client(1, hello(1, "ann"))
    story.tape.ended(1, Role.CLIENT, reset=True)
    story.join("bob")
    story.server(2, m.Left(seq=3, time=7, who=m.User(session_id=1, name="ann"), reason=m.LeftReason.LOST))
    assert story.steps() == [
        "[ann, connects]",
        "[ann, sends, HELLO, {}]",
        "[ann, receives, WELCOME, {name: ann}]",
        "[bob, connects]",
        "[bob, sends, HELLO, {}]",
        "[bob, receives, WELCOME, {name: bob, version: 256, capabilities: 0, seq: {not: 0}}]",
        "[ann, resets]",
        "[bob, receives, LEFT, {seq: {not: 0}, who: $ann, reason: LOST}]",
    ]


def test_names_that_mean_something_in_a_case_become_others() -> None:
    story = Story("request", "console", "a-b", "seq1", "anon1")
    assert [step for step in story.steps() if "HELLO" in step or "joins" in step] == [
        "[request_2, sends, HELLO, {name: request}]",
        "[console_2, sends, HELLO, {name: console}]",
        "[a_b, sends, HELLO, {name: a-b}]",
        "[seq1_2, sends, HELLO, {name: seq1}]",
        "[anon1, joins]",
    ]


def test_keepalive_leaves_no_trace_but_the_setting_that_keeps_it_away() -> None:
    story = Story("ann")
    story.server(1, m.Ping(request_id=1, nonce=9))
    story.client(1, request("PONG", 1, nonce=9))
    story.client(1, request("PONG", 1, nonce=9))
    story.server(1, m.Goodbye(code=m.GoodbyeCode.UNEXPECTED_MESSAGE, retry_after_ms=0, detail=""))
    assert story.steps() == [
        "[ann, joins]",
        "[ann, sends, PONG, {nonce: 9, request_id: 1}]",
        "[ann, receives, GOODBYE, {code: UNEXPECTED_MESSAGE, request_id: 0}]",
    ]


def test_user_who_is_not_in_the_recording_is_told() -> None:
    story = Story("ann")
    story.server(1, m.Left(seq=2, time=7, who=m.User(session_id=99, name="old"), reason=m.LeftReason.LEFT))
    assert story.steps() == [
        "[ann, joins]",
        "# 'old' was at the server and is not in the recording",
        "[ann, receives, LEFT, {seq: {not: 0}, who: $who1, reason: LEFT}]",
    ]


def test_frame_of_the_server_that_cannot_be_read_ends_what_is_expected_of_it(
    relayed: Callable[[int], Relayed], plain_server: socket.socket, tmp_path: Path
) -> None:
    relay = relayed(port_of(plain_server))
    with closing(relay.connect()) as client, closing(accept(plain_server)) as server:
        client.sendall(request("PING", 1, nonce=5))
        read_frames(server, 1)
        server.sendall(bytes.fromhex("00000006 41 00 00000001"))
        assert len(client.recv(100)) == 10
        _, text = relay.case(tmp_path)
    assert steps_of(text) == [
        "[anon1, connects]",
        "[anon1, sends, PING, {nonce: 5}]",
        "# the server has sent what cannot be read: 00 00 00 06 41 00 00 00 00 01",
        "[anon1, vanishes]",
    ]


def test_what_the_operator_did_is_typed_again_and_told(server: ServerProcess, tmp_path: Path) -> None:
    out = tmp_path / "case.yaml"
    recorder = Recorder(server.port, out, "--once", "--quiet", "--id", "my/kick", "--proves", "op-1", "--title", "Out!")
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as ann:
        ann.sendall(hello(1, "ann"))
        read_frames(ann, 1)
        server.enter("/all hear, hear")
        read_frames(ann, 1)
        server.enter("/pm ann you too")
        read_frames(ann, 1)
        server.enter("/kick ann being rude")
        read_frames(ann, 1)
        assert ann.recv(1) == b""
    code, _, errors = recorder.finish()
    assert code == 0
    case = load_cases([out])[0]
    assert (case.id, case.title, case.proves) == ("my/kick", "Out!", ("OP-1",))
    assert [step.text for step in case.steps if step.actor == "console"] == [
        "/all hear, hear",
        "/pm ann you too",
        "/kick ann being rude",
    ]
    assert errors.count("warning: step") == 3
    assert "--spawn COMMAND" in errors
    runs = play(tmp_path, "server", "--cases", str(out))
    assert {run["verdict"] for run in runs.values()} == {"passed"}


def test_timer_that_was_waited_for_is_asked_for(
    tmp_path: Path, relayed: Callable[[int], Relayed], start_server: Callable[..., ServerProcess]
) -> None:
    """Only the settings that mattered are in the case: another one that is not the default is not."""
    server = start_server("--handshake-timeout", "300", "--max-text", "100")
    relay = relayed(server.port)
    with closing(relay.connect()) as slow:
        (goodbye,) = read_frames(slow, 1)
        assert isinstance(goodbye, m.Goodbye)
        assert slow.recv(1) == b""
    case, text = relay.case(tmp_path)
    assert case.settings == {"handshake_timeout": 1000}
    assert steps_of(text) == [
        "[anon1, connects]",
        "# a timer of the server has run out",
        "[anon1, receives, GOODBYE, {code: HANDSHAKE_TIMEOUT, request_id: 0}]",
        "[anon1, is closed]",
    ]


# -- the command ------------------------------------------------------------------------------------------------------


def test_file_that_exists_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "case.yaml"
    out.write_text("mine")
    assert main(["record", "--listen", "0", "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"{out}: exists already; --force writes over it\n"
    assert out.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--listen 0 --out /no/such/folder/case.yaml", "/no/such/folder/case.yaml: No such file or directory"),
        ("--listen 0 --out /", "/: is a folder"),
        ("--listen x --out -", "argument --listen: 'x' is neither PORT nor HOST:PORT"),
        ("--listen 0 --to host:x --out -", "argument --to: 'host:x' is not HOST:PORT"),
        ("--listen 0 --out - --id kick", "'kick' is no identifier such as pm/unknown-recipient"),
        ("--listen 0 --out - --proves PM-33", "unknown requirement 'PM-33'; did you mean 'PM-3'?"),
        ("--listen 0 --out - --sessions none", "'none' is not a number of connections"),
        ("--listen 192.0.2.1:0 --out -", "cannot listen at 192.0.2.1:0: "),
    ],
)
def test_mistake_on_the_command_line_is_told_before_anything_is_recorded(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(["record", *arguments.split()])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_recording_that_cannot_be_written_goes_to_standard_output(server: ServerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    out = folder / "case.yaml"
    recorder = Recorder(server.port, out, "--quiet")
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as ann:
        ann.sendall(hello(1, "ann"))
        read_frames(ann, 1)
        shutil.rmtree(folder)
        code, output, errors = recorder.end(signal.SIGTERM)
    assert (code, errors) == (2, f"{out}: No such file or directory; the recording went to standard output\n")
    assert steps_of(output) == ["[ann, joins]"]


def test_default_requirements_are_those_of_the_specification() -> None:
    from conformance.record.needs import _PROVEN

    assert set(_PROVEN.values()) <= set(REQUIREMENTS)
