"""What several tests need: the reference programs as processes, plain users to talk to, programs that must be there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from impwire import Connection, Message, Role
from impwire.messages import Hello, Welcome

ROOT = Path(__file__).parent.parent

#: A bound on what never takes that long, so that a failure is a failure and not a hang.
PATIENCE = 20.0


def require_program(name: str) -> str:
    """The path of a program; skips the test if it is not installed, or fails where it has to be (as in CI)."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("IMP_REQUIRE_TOOLS"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return path


class User:
    """A client made of a blocking socket and a Connection."""

    def __init__(
        self, port: int, name: str = "", receive_buffer: int = 0, *, host: str = "127.0.0.1", source: str = ""
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((host, port))
        self.connection = Connection(Role.CLIENT)
        if name:
            self.join(name)

    def join(self, name: str) -> None:
        """Say HELLO and be welcomed."""
        self.send(Hello, min_version=0x0100, max_version=0x0100, capabilities=0, name=name)
        welcome = self.receive()
        assert isinstance(welcome, Welcome), welcome
        self.welcome = welcome

    def send(self, kind: type[Message], **fields: Any) -> None:
        """Send a request under a new request_id."""
        request: Any = kind
        self.socket.sendall(self.connection.send(request(request_id=self.connection.new_request_id(), **fields)))

    def ask(self, kind: type[Message], **fields: Any) -> Message:
        """Send a request and return the next message."""
        self.send(kind, **fields)
        return self.receive()

    def receive(self) -> Message:
        """The next message. Raises EOFError at the end of the stream."""
        while True:
            event = self.connection.next_event()
            if event is not None:
                message = getattr(event, "message", None)
                assert isinstance(message, Message)
                return message
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.connection.receive_data(data)

    def receive_until(self, kind: type[Message], count: int = 1) -> list[Message]:
        """Everything up to the given number of messages of a kind."""
        found: list[Message] = []
        while sum(isinstance(message, kind) for message in found) < count:
            found.append(self.receive())
        return found

    def receive_all(self) -> list[Message]:
        """Everything until the end of the stream."""
        found = []
        try:
            while True:
                found.append(self.receive())
        except EOFError:
            return found


class ServerProcess:
    """`python -m reference_server` (or another command) in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, command: list[str] | None = None) -> None:
        self.folder = folder
        self.log_file, self.bans_file = folder / "server.log", folder / "bans.json"
        files = ["--log", str(self.log_file), "--bans", str(self.bans_file)]
        program = command or [sys.executable, "-m", "reference_server"]
        self.process = subprocess.Popen(
            [*program, "--port", "0", *files, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.first_line = self.read_line()
        self.port = int(self.first_line.rpartition(":")[2] or 0)
        self.users: list[User] = []

    def read_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def enter(self, line: str) -> None:
        """Type a line at the console."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def user(self, name: str = "") -> User:
        self.users.append(User(self.port, name))
        return self.users[-1]

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


class Person:
    """`python -m reference_client` on a pipe: what somebody types and sees."""

    def __init__(self, port: int, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reference_client", name, "--port", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.sees(f"Welcome to IMP server, {name}.")

    def types(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def shown(self) -> str:
        """The next line on the screen; empty at the end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def sees(self, *lines: str) -> None:
        """Fails unless these are the next lines on the screen."""
        for line in lines:
            shown = self.shown()
            assert shown == line, f"{shown!r}, and not {line!r}"

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
