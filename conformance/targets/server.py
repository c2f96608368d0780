"""Servers under test: one that the suite starts for itself, or one that runs already."""

from __future__ import annotations

import contextlib
import socket
import time

from ..verdicts import CaseFailed, Verdict
from .program import HOST, Program


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

    @classmethod
    def of(cls, values: dict[str, str]) -> ServerTarget:
        """The target of an entry of `Plan.targets`."""
        if "connect" in values:
            host, _, port = values["connect"].rpartition(":")
            return cls("", (host, int(port)))
        return cls(values["spawn"])

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
