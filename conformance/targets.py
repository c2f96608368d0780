"""What is under test: a server or client that the suite starts, or a server that runs already.

A command is a template: `{host}` and `{port}` are where to listen or connect, `{name}` is the name of a client's user,
`{settings}` becomes options such as `--rate-burst 3` (a server without it cannot be set, and cases that ask for settings
are skipped), `{dir}` is an empty folder for whatever the program writes.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .verdicts import CaseFailed, Verdict

HOST = "127.0.0.1"
_TAIL = 15
#: Seconds between two looks at whether a client that has not connected is still there.
_GLANCE = 0.05


@functools.cache
def _root() -> tempfile.TemporaryDirectory[str]:
    """The folder of all folders, which goes when this process ends."""
    return tempfile.TemporaryDirectory(prefix="imp-conformance-", ignore_cleanup_errors=True)


class Program:
    """A process of the target, in a folder and a process group of its own. Its output goes to files there, so it can
    never block on it; a client's standard output alone is read line by line."""

    def __init__(self, template: str, values: dict[str, str], settings: dict[str, int], *, read_output: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=_root().name))
        self._template, self._values, self._settings = template, values, settings
        self._read_output = read_output
        self._lines = bytearray()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = self.command()
        with (self.folder / "errors.txt").open("ab") as errors, (self.folder / "output.txt").open("ab") as output:
            try:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE if self._read_output else output,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as error:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise CaseFailed(Verdict.NOT_STARTED, f"{command[0]}: {error.strerror}") from None

    def command(self) -> list[str]:
        """The words of the command with every placeholder filled."""
        words: list[str] = []
        values = {**self._values, "dir": str(self.folder)}
        for word in shlex.split(self._template):
            if word == "{settings}":
                for name, value in self._settings.items():
                    words += [f"--{name.replace('_', '-')}", str(value)]
                continue
            for name, text in values.items():
                word = word.replace(f"{{{name}}}", text)
            words.append(word)
        return words

    def restart(self) -> None:
        """End the process as suddenly as can be, and start it again on the same files."""
        self.kill()
        self.process = self._start()

    def tail(self) -> str:
        """The last lines of its output, for a report."""
        text = "".join(self._written(name) for name in ("output.txt", "errors.txt"))
        return "\n".join(text.splitlines()[-_TAIL:])

    def errors(self) -> str:
        """What it has written to standard error."""
        return self._written("errors.txt")

    def _written(self, name: str) -> str:
        """The text of a file of its output; nothing if somebody has removed it."""
        try:
            return (self.folder / name).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def enter(self, line: str) -> None:
        """Type a line into its standard input."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise CaseFailed(Verdict.CRASHED, f"the program does not take input any more\n{self.tail()}") from None

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def next_line(self, timeout: float) -> str | None:
        """The next line of its standard output, without the line feed; None if none comes in time or at its end."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._lines:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                data = os.read(self.process.stdout.fileno(), 65536)
                if not data:
                    return None
                self._lines += data
        line, _, self._lines = self._lines.partition(b"\n")
        return line.decode(errors="replace").removesuffix("\r")

    def wait(self, timeout: float) -> int | None:
        """Its exit code, or None if it does not end in time."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it and whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def discard(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class RunningServer:
    """A server that the suite talks to. `program` is None for one that it did not start."""

    def __init__(self, host: str, port: int, program: Program | None) -> None:
        self.host, self.port, self.program = host, port, program
        #: Whether a case has left something behind that has to be waited for before the next one.
        self.unsettled = program is None

    def connect(self, timeout: float, receive_buffer: int = 0) -> socket.socket:
        """A connection to it. Raises `CaseFailed`."""
        sock = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout)
        try:
            sock.connect((self.host, self.port))
        except OSError as error:
            sock.close()
            self.check_alive()
            raise CaseFailed(
                Verdict.CLOSED, f"cannot connect to {self.host}:{self.port}: {error.strerror or error}"
            ) from None
        return sock

    def check_alive(self) -> None:
        """Raises `CaseFailed` if the program has ended by itself."""
        if self.program is not None and (code := self.program.process.poll()) is not None:
            raise CaseFailed(Verdict.CRASHED, f"the server has ended with {code}\n{self.program.tail()}")

    def wait_until_ready(self, timeout: float = 15.0) -> None:
        """Wait until it accepts connections. Raises `CaseFailed` if it ends or never does."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                with socket.create_connection((self.host, self.port), timeout=1.0) as sock:
                    _part(sock)
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise CaseFailed(Verdict.NOT_STARTED, f"{self.host}:{self.port} does not answer: {error}") from None
            if self.program is None:
                raise CaseFailed(Verdict.NOT_STARTED, f"no server answers at {self.host}:{self.port}")
            # The pause between two attempts; a server that ends in it need not be waited for.
            if self.program.wait(0.01) is not None:
                command = " ".join(self.program.command())
                raise CaseFailed(Verdict.NOT_STARTED, f"{command} has ended at once\n{self.program.tail()}")


class ServerTarget:
    """Where servers under test come from: `spawn` is a template, `address` one that runs already."""

    def __init__(self, spawn: str = "", address: tuple[str, int] | None = None) -> None:
        self._spawn, self._address = spawn, address

    def lacks(self, *, settings: bool, console: bool, own: bool, files: bool) -> str:
        """What a case needs that this target does not offer; empty if nothing."""
        if self._address is not None:
            needs = {"a server of its own": own, "the server's console": console}
            lacking = [what for what, needed in needs.items() if needed]
            return f"needs {' and '.join(lacking)}, which --connect does not offer; use --spawn" if lacking else ""
        if settings and "{settings}" not in self._spawn:
            return "asks for settings, and the command has no {settings}"
        if files and "{dir}" not in self._spawn:
            return "looks whether files survive, and the command has no {dir} to write them to"
        return ""

    def start(self, settings: dict[str, int]) -> RunningServer:
        """A server, perhaps not ready yet."""
        if self._address is not None:
            return RunningServer(*self._address, None)
        port = _free_port()
        values = {"host": HOST, "port": str(port)}
        return RunningServer(HOST, port, Program(self._spawn, values, settings, read_output=False))


class ClientTarget:
    """Where clients under test come from: a template."""

    def __init__(self, spawn: str) -> None:
        self._spawn = spawn if "{name}" in spawn else f"{spawn} {{name}}"

    def start(self, name: str) -> RunningClient:
        """A client on its way to a listener of its own."""
        listener = socket.create_server((HOST, 0))
        values = {"host": HOST, "port": str(listener.getsockname()[1]), "name": name}
        try:
            return RunningClient(listener, Program(self._spawn, values, {}, read_output=True))
        except CaseFailed:
            listener.close()
            raise


class RunningClient:
    """A client under test, and the socket at which it will arrive."""

    def __init__(self, listener: socket.socket, program: Program) -> None:
        self.listener, self.program = listener, program

    def accept(self, timeout: float) -> socket.socket:
        """Its connection. Raises `CaseFailed`."""
        deadline = time.monotonic() + timeout
        while True:
            code = self.program.wait(0)
            self.listener.settimeout(_GLANCE)
            try:
                return self.listener.accept()[0]
            except TimeoutError:
                if code is not None:
                    reason = f"the client has ended with {code} before it connected\n{self.program.tail()}"
                    raise CaseFailed(Verdict.CRASHED, reason) from None
                if time.monotonic() > deadline:
                    raise CaseFailed(Verdict.TIMED_OUT, "the client did not connect in time") from None

    def discard(self) -> None:
        self.listener.close()
        self.program.discard()


def _part(sock: socket.socket) -> None:
    """End a connection and wait until the server has done so too: it must not count in the case that follows."""
    with contextlib.suppress(OSError):
        sock.settimeout(0.3)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as sock:
        port: int = sock.getsockname()[1]
        return port
