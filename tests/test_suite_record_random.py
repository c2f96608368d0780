"""Sessions made by chance, recorded, play again."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from impwire import messages as m
from tests.recording import RESET, Relayed, play, request
from tests.support import ServerProcess

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
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
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
