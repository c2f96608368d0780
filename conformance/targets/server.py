"""Servers under test: one that the suite starts for itself, or one that runs already."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable

from impwire.tables import Role

from ..language import Case
from ..verdicts import CaseFailed, CaseSkipped, Verdict
from .capabilities import needed
from .load import target_of
from .ports import Port, is_free
from .processes import described, ending, is_ending, listening
from .program import Program
from .target import HOST, Target

#: Seconds in which a server has to be ready whose target file says nothing of it.
_READY = 15.0
#: Seconds in which a server that accepts no connection any more has to end, if it is about to.
_DYING = 1.0
#: The segments of a connection that is to take little, in bytes.
_SMALL_SEGMENT = 1400
#: How often a server is given another port, because somebody has taken its own just then.
_PORTS = 3
#: As many servers that cannot be started, and none that can, and no further one is tried.
_ENOUGH = 3


class RunningServer:
    """A server that the suite talks to. `program` is None for one that it did not start."""

    def __init__(self, target: Target, settings: dict[str, int], first: Callable[[CaseFailed | None], None]) -> None:
        self._target, self._settings = target, settings
        #: Who is told what has become of its start.
        self._first: Callable[[CaseFailed | None], None] | None = first
        self.program: Program | None = None
        self._port: Port | None = None
        if target.address is not None:
            self.host, self.port = target.address
        else:
            self._start()
        #: Whether a case has left something behind that has to be waited for before the next one.
        self.unsettled = self.program is None

    def _start(self) -> None:
        self._port = Port()
        self.host, self.port = HOST, self._port.number
        try:
            self.program = Program(self._target, {"host": self.host, "port": str(self.port)}, self._settings)
        except CaseFailed:
            self._port.release()
            raise

    def connect(self, timeout: float, receive_buffer: int = 0, source: str = "") -> socket.socket:
        """A connection to it, from the address `source` if that is given.

        Raises `CaseFailed`, and `CaseSkipped` if nobody can come from there.
        """
        sock = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            # Systems take more of what is sent in large segments, and it is to wait at the server.
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SMALL_SEGMENT)
        sock.settimeout(timeout)
        if source:
            self._bind(sock, source)
        try:
            sock.connect((self.host, self.port))
        except OSError as error:
            sock.close()
            self.check_alive()
            verdict = Verdict.TIMED_OUT if isinstance(error, TimeoutError) else Verdict.CLOSED
            text = f"cannot connect to {self.host}:{self.port}: {error.strerror or error}"
            raise CaseFailed(verdict, text) from None
        return sock

    def _bind(self, sock: socket.socket, source: str) -> None:
        try:
            # A server at another machine cannot answer an address of the loopback.
            if not self.host.startswith("127."):
                raise OSError("it is not at 127.0.0.1")
            sock.bind((source, 0))
        except OSError as error:
            sock.close()
            reason = (
                f"needs to connect from {source}, which the server cannot be reached from: {error.strerror or error}"
            )
            raise CaseSkipped(reason) from None

    def check_alive(self) -> None:
        """Raises `CaseFailed` if the program has ended by itself."""
        if self.program is None or self.program.told_to_end:
            return
        # A server that dies closes its sockets a moment before it has ended.
        dying = is_ending(self.program.process.pid) or not self._accepts()
        code = self.program.wait(_DYING if dying else 0)
        if code is not None:
            raise CaseFailed(Verdict.CRASHED, f"the server {ending(code)}{self._left()}\n{self.program.tail()}")

    def _left(self) -> str:
        """What a server that has ended has left behind, in words."""
        left = self.program.family() if self.program is not None else []
        return f", and left {described(left)}: a server under test has to stay in the foreground" if left else ""

    def _accepts(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=_DYING).close()
        except OSError:
            return False
        return True

    def wait_until_ready(self) -> None:
        """Wait until it can be spoken to. Raises `CaseFailed` with NOT_STARTED if it ends or never is.

        Where a line tells that it is ready, that line is waited for; otherwise it is ready when it accepts a connection.
        """
        told, self._first = self._first, None  # That it comes up again is another matter.
        try:
            self._come_up()
        except CaseFailed as failed:
            if told is not None:
                told(failed)
            raise
        if told is not None:
            told(None)

    def _come_up(self) -> None:
        deadline = time.monotonic() + (self._target.ready.within or _READY)
        tries = 1
        while not self._ready(deadline):
            # It has ended; if somebody else has got its port, that was why.
            why = self._why_ended()
            if tries == _PORTS or is_free(self.port) or self._left():
                raise CaseFailed(Verdict.NOT_STARTED, why)
            tries += 1
            self.discard()
            self._start()

    def _ready(self, deadline: float) -> bool:
        """Whether it is ready; False if it has ended. Raises `CaseFailed`."""
        if self.program is None:
            return self._answers(deadline)
        if self._target.ready.line and not self._has_said(self.program, deadline):
            return False
        while True:
            # A server that ends in this pause between two attempts need not be waited for.
            if self.program.wait(0.01) is not None:
                return False
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1.0) as sock:
                _part(sock)
                return True
            if time.monotonic() > deadline:
                raise CaseFailed(Verdict.NOT_STARTED, self._why_silent(self.program))

    def _answers(self, deadline: float) -> bool:
        """Whether a server that runs already accepts a connection."""
        try:
            with socket.create_connection((self.host, self.port), timeout=deadline - time.monotonic()) as sock:
                _part(sock)
        except OSError as error:
            text = f"no server answers at {self.host}:{self.port}: {error.strerror or error}"
            raise CaseFailed(Verdict.NOT_STARTED, text) from None
        return True

    def _has_said(self, program: Program, deadline: float) -> bool:
        """Whether it has written the line that tells that it is ready; False if it has ended."""
        pattern = self._target.ready.line
        while True:
            line = program.next_line(max(0.0, deadline - time.monotonic()))
            if line is not None and re.search(pattern, line):
                return True
            if line is None and program.wait(_DYING) is not None:
                return False
            if line is None:
                text = f"{program.shown_command()} has not written a line that matches {pattern!r}"
                raise CaseFailed(Verdict.NOT_STARTED, f"{text}\n{program.tail()}")

    def _why_silent(self, program: Program) -> str:
        """Why a server that runs cannot be reached."""
        text = f"{program.shown_command()} does not accept connections at {self.host}:{self.port}"
        if elsewhere := listening(program.family()):
            text += f"; it listens at {', '.join(elsewhere)}"
        return f"{text}\n{program.tail()}"

    def _why_ended(self) -> str:
        """Why a server is not there."""
        assert self.program is not None
        code = self.program.process.returncode
        left = self._left()
        text = f"{self.program.shown_command()} {ending(code)} before it accepted a connection{left}"
        if not left and not is_free(self.port):
            text += f"; port {self.port} is not free (a server that is started again on its port needs SO_REUSEADDR)"
        return f"{text}\n{self.program.tail()}"

    def discard(self) -> None:
        """End it, if the suite has started it, and all that it has started."""
        if self.program is not None:
            self.program.discard()
        if self._port is not None:
            self._port.release()


class ServerTarget:
    """Where servers under test come from."""

    def __init__(self, target: Target) -> None:
        self.target = target
        #: Why no further server is started; empty as long as one may be.
        self.given_up = ""
        self._hopeless: dict[tuple[tuple[str, int], ...], CaseFailed] = {}
        self._works = False

    @classmethod
    def of(cls, values: dict[str, str]) -> ServerTarget:
        """The target of an entry of `Plan.targets`. Raises `InvalidFile`."""
        return cls(target_of(Role.SERVER, values))

    def lack(self, case: Case) -> CaseSkipped | CaseFailed | None:
        """What a case needs that this target does not offer, as what has to be raised for it; None if nothing."""
        return lack_of(self.target, case)

    def start(self, settings: dict[str, int]) -> RunningServer:
        """A server, perhaps not ready yet. What could not be started with these settings once, is not tried again.

        Raises `CaseFailed`.
        """
        key = tuple(sorted(settings.items()))
        if key in self._hopeless or self.given_up:
            raise self._hopeless.get(key) or CaseFailed(Verdict.NOT_STARTED, self.given_up)

        def note(failed: CaseFailed | None) -> None:
            if failed is None:
                self._works = True
                return
            self._hopeless[key] = failed
            if not key or self.target.address or (not self._works and len(self._hopeless) >= _ENOUGH):
                self.given_up = str(failed)

        try:
            return RunningServer(self.target, settings, note)
        except CaseFailed as failed:
            note(failed)
            raise


def lack_of(target: Target, case: Case) -> CaseSkipped | CaseFailed | None:
    """What a case needs that the target does not offer: a failure where the target claims to have it."""
    for capability in needed(case, target.role):
        if reason := target.lacks(capability, case.settings):
            if target.claims is not None and capability in target.claims:
                return CaseFailed(Verdict.CLAIMED, f"the target claims '{capability}', and {reason}")
            return CaseSkipped(f"needs '{capability}': {reason}")
    return None


def _part(sock: socket.socket) -> None:
    """End a connection and wait until the server has done so too: it must not count in the case that follows."""
    with contextlib.suppress(OSError):
        sock.settimeout(0.3)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
