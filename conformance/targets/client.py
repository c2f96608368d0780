"""Clients under test: each is started for one case, and connects to the suite."""

from __future__ import annotations

import socket
import time

from impwire.tables import Role

from ..language import Case
from ..verdicts import CaseFailed, CaseSkipped, Verdict
from .capabilities import Capability
from .load import target_of
from .processes import ending
from .program import Program
from .server import lack_of
from .target import HOST, Target

#: Seconds between two looks at whether a client that has not connected is still there.
_GLANCE = 0.05


class ClientTarget:
    """Where clients under test come from."""

    def __init__(self, target: Target) -> None:
        self.target = target
        #: Why no further client is started; empty as long as one may be.
        self.given_up = ""

    @classmethod
    def of(cls, values: dict[str, str]) -> ClientTarget:
        """The target of an entry of `Plan.targets`. Raises `InvalidFile`."""
        return cls(target_of(Role.CLIENT, values))

    def lack(self, case: Case) -> CaseSkipped | CaseFailed | None:
        """What a case needs that this target does not offer, as what has to be raised for it; None if nothing."""
        return lack_of(self.target, case)

    def start(self, name: str) -> RunningClient:
        """A client on its way to a listener of its own. Raises `CaseFailed` if it cannot be started."""
        if self.given_up:
            raise CaseFailed(Verdict.NOT_STARTED, self.given_up)
        listener = socket.create_server((HOST, 0))
        values = {"host": HOST, "port": str(listener.getsockname()[1]), "name": name}
        try:
            return RunningClient(listener, Program(self.target, values, {}), self.target)
        except CaseFailed as failed:
            listener.close()
            self.given_up = str(failed)
            raise


class RunningClient:
    """A client under test, and the socket at which it will arrive."""

    def __init__(self, listener: socket.socket, program: Program, target: Target) -> None:
        self.listener, self.program = listener, program
        self._patience = target.ready.within
        #: Whether the lines that it shows are to be looked at.
        self.displays = not target.lacks(Capability.DISPLAY, {})

    @property
    def address(self) -> str:
        """Where it is to connect."""
        return "{}:{}".format(*self.listener.getsockname())

    def accept(self, timeout: float) -> socket.socket:
        """Its connection, which may take as long as the target file says. Raises `CaseFailed`."""
        deadline = time.monotonic() + max(timeout, self._patience)
        while True:
            code = self.program.wait(0)
            self.listener.settimeout(_GLANCE)
            try:
                return self.listener.accept()[0]
            except TimeoutError:
                if code is not None:
                    text = f"the client {ending(code)}, where it should have connected\n{self.program.tail()}"
                    raise CaseFailed(self.end_verdict(), text) from None
                if time.monotonic() > deadline:
                    text = f"the client did not connect in time: {self.program.shown_command()}\n{self.program.tail()}"
                    raise CaseFailed(Verdict.TIMED_OUT, text) from None

    def end_verdict(self) -> Verdict:
        """The verdict on its end, where no end is due: a client may end by itself, but not by a fault of its own."""
        crashed = self.program.was_killed() or self.program.has_failed()
        return Verdict.CRASHED if crashed else Verdict.WRONG_EXIT

    def discard(self) -> None:
        self.listener.close()
        self.program.discard()
