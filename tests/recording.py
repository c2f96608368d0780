"""What the tests of the recorder share: the recorder as a process or in a thread, frames by hand, playing what was recorded."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

from conformance.language import Case, load_cases
from conformance.record.document import recording_of
from conformance.record.relay import Relay
from conformance.record.tape import Tape
from impwire.codecs import CODECS
from impwire.wire import Message
from tests.support import PATIENCE, ROOT

#: For SO_LINGER: closing sends a reset.
RESET = struct.pack("ii", 1, 0)


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
