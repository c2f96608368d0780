"""The servers under test while a suite runs: which one a case is played to, and when one makes way for another.

Starting a server takes longer than most cases. So cases that ask for the same settings share one, and what the next case
needs is started while this one is still played. A case that asks for a fresh server, or counts connections, shares none.
No server is asked for more connections in a minute than the attempts_per_minute that it announces: one that the suite
has started is replaced in time, one that runs already is spoken to from another address of this machine, or waited for.
"""

from __future__ import annotations

import ipaddress
import socket
import time
import warnings
from collections import deque
from dataclasses import dataclass, field

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import Settings
from impwire.wire import DecodeError

from .language import SERVER, Case
from .play.needs import connections_made
from .play.probe import Refused, settle
from .runs import Run
from .targets import RunningServer, ServerTarget, TargetWarning
from .verdicts import CaseFailed, Verdict

Key = Run | tuple[tuple[str, int], ...]

_DEFAULT: Key = ()
#: Settings under which every connection counts, also those of an earlier case.
_COUNTING = frozenset({"attempts_per_minute", "connections_per_address", "max_connections"})
_MINUTE = 60.0
#: The part of the attempts from which on a successor is started, so that it is ready when it is needed.
_SOON = 0.8
#: Connections that the suite opens besides those of a case: to see whether the server is ready, and free.
_OWN_CONNECTIONS = 2


class Attempts:
    """The connections that were made from one address, and when."""

    def __init__(self) -> None:
        self._made: deque[tuple[float, int]] = deque()
        self._count = 0

    def add(self, number: int) -> None:
        self._made.append((time.monotonic(), number))
        self._count += number

    def count(self) -> int:
        """How many were made in the last minute."""
        while self._made and self._made[0][0] < time.monotonic() - _MINUTE:
            self._count -= self._made.popleft()[1]
        return self._count

    def exhaust(self, limit: int) -> None:
        """The server says that there were as many as it allows."""
        self.add(limit)

    def free_after(self) -> float:
        """Seconds until the oldest of them does not count any more."""
        return max(0.0, self._made[0][0] + _MINUTE - time.monotonic()) if self._made else 0.0


@dataclass
class Held:
    """A server, and what is known of it. `sources` are the addresses from which it was spoken to, "" the usual one."""

    server: RunningServer
    settings: dict[str, int]
    ready: bool = False
    attempts_per_minute: int = Settings().attempts_per_minute
    sources: dict[str, Attempts] = field(default_factory=lambda: {"": Attempts()})
    source: str = ""
    #: The case that was played to it last.
    last: str = ""

    @property
    def ours(self) -> bool:
        """Whether the suite has started it."""
        return self.server.program is not None

    def has_room(self, number: int, part: float = 1.0) -> bool:
        """Whether so many connections more are within the limit, or a part of it."""
        return self.sources[self.source].count() + number <= self.attempts_per_minute * part


class Pool:
    """`timeout` is how long anything that is due may take, in seconds. Call `close` at the end."""

    def __init__(self, target: ServerTarget, timeout: float) -> None:
        self._target, self._timeout = target, timeout
        self._held: dict[Key, Held] = {}
        self._successors: dict[Key, Held] = {}
        self._next: Key = _DEFAULT
        self._waited = False

    def prepare(self, run: Run) -> None:
        """Start what the run will need, without waiting for it. A failure shows when the run begins."""
        key = self._next = _key(run)
        held = self._held.get(key)
        try:
            if held is None:
                self._held[key] = self._start(run.case.settings)
            elif held.ours and key not in self._successors and not held.has_room(_needs(run.case), _SOON):
                self._successors[key] = self._start(run.case.settings)
        except CaseFailed:
            return

    def take(self, run: Run) -> Held:
        """The server for a run: it is ready, nobody is left from earlier cases, and it lets as many in as the case needs.

        Raises `CaseFailed`. Call `give_back` when the run is over.
        """
        key = _key(run)
        for other in [other for other in self._held if other not in (_DEFAULT, key, self._next)]:
            self._discard(other)
        held = self._held.get(key)
        if held is not None and held.ours and not held.has_room(_needs(run.case)):
            self._discard(key)
            held = self._successors.pop(key, None)
        if held is None:
            held = self._start(run.case.settings)
        self._held[key] = held
        try:
            self._make_ready(held, run.case)
        except BaseException:
            self._discard(key)
            raise
        held.last = run.id
        return held

    def give_back(self, run: Run, held: Held, *, passed: bool) -> None:
        """The run is over. What a failed case has left behind is not for the next one to find."""
        held.sources[held.source].add(connections_made(run.case))
        if held.ours and (not passed or isinstance(_key(run), Run)):
            self._discard(_key(run))

    def close(self) -> None:
        """End every server that was started."""
        for key in list(self._held):
            self._discard(key)
        for held in self._successors.values():
            held.server.discard()
        self._successors.clear()

    def _start(self, settings: dict[str, int]) -> Held:
        return Held(self._target.start(settings), settings)

    def _discard(self, key: Key) -> None:
        if (held := self._held.pop(key, None)) is not None:
            held.server.discard()

    def _make_ready(self, held: Held, case: Case) -> None:
        if not held.ready:
            held.server.wait_until_ready()
            held.ready = True
            held.sources[held.source].add(1)
        elif (program := held.server.program) is not None and program.process.poll() is not None:
            try:
                held.server.check_alive()
            except CaseFailed as crashed:
                text = f"between two cases, after {held.last}: {crashed}"
                raise CaseFailed(Verdict.CRASHED, text) from None
        while True:
            self._find_source(held, case)
            if held.server.unsettled:
                held.sources[held.source].add(1)
            try:
                return settle(held.server, self._timeout, held.source)
            except Refused:
                held.sources[held.source].exhaust(held.attempts_per_minute)

    # -- servers that run already --------------------------------------------------------------------------------

    def is_refusal(self, held: Held, failed: CaseFailed) -> bool:
        """Whether a case has failed for no other reason than that this address has connected too often: it has to be
        played again then. Somebody else may have connected from here, or the suite in an earlier run."""
        try:
            message = CODECS.decode(failed.failure.frame)
        except DecodeError:
            return False
        refused = isinstance(message, m.Goodbye) and message.code == m.GoodbyeCode.TOO_MANY_ATTEMPTS
        if held.ours or not refused:
            return False
        held.sources[held.source].exhaust(held.attempts_per_minute)
        return True

    def _find_source(self, held: Held, case: Case) -> None:
        """Choose an address from which the server still takes connections; wait for one if there is none."""
        needs = _needs(case)
        if held.ours or held.has_room(needs):
            return
        if source := _another(held.server.host, len(held.sources)):
            held.source = source
            held.sources[source] = Attempts()
            return
        if not self._waited:
            limit = f"attempts_per_minute, {held.attempts_per_minute}"
            text = f"the server's {limit}, is less than the suite needs: it waits now and then; raise it to save time"
            warnings.warn(TargetWarning(text), stacklevel=2)
            self._waited = True
        while not held.has_room(needs) and (pause := held.sources[held.source].free_after()):
            time.sleep(pause)


def _another(host: str, number: int) -> str:
    """Another loopback address to speak from to a server on this machine; empty if there is none.

    Each has its own attempts; what a case needs of one address, all its connections have.
    """
    try:
        if not ipaddress.IPv4Address(host).is_loopback:
            return ""
        address = str(ipaddress.IPv4Address("127.0.0.1") + number)
        with socket.socket() as sock:
            sock.bind((address, 0))
    except (ValueError, OSError):
        return ""
    return address


def _key(run: Run) -> Key:
    """Under what a server is held: its settings, or the run that shares it with no other."""
    case = run.case
    alone = case.fresh or any(step.actor == SERVER for step in case.steps) or not _COUNTING.isdisjoint(case.settings)
    return run if alone else tuple(sorted(case.settings.items()))


def _needs(case: Case) -> int:
    return connections_made(case) + _OWN_CONNECTIONS
