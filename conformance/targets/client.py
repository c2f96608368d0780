"""Clients under test: each is started for one case, and connects to the suite."""

from __future__ import annotations

import socket
import time

from ..verdicts import CaseFailed, Verdict
from .program import HOST, Program

#: Seconds between two looks at whether a client that has not connected is still there.
_GLANCE = 0.05


class ClientTarget:
    """Where clients under test come from: a template."""

    def __init__(self, spawn: str) -> None:
        self._spawn = spawn if "{name}" in spawn else f"{spawn} {{name}}"

    @classmethod
    def of(cls, values: dict[str, str]) -> ClientTarget:
        """The target of an entry of `Plan.targets`."""
        return cls(values["spawn"])

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
