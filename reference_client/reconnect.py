"""Whether and when to connect again: a policy without clock and without chance (protocol.txt, section 16).

How each connection ended goes in, with the time and a random number; a `Wait` comes out, or None for never. The invariant:
no wait ends before the server's retry_after_ms has (END-5), and no end that the next try would only repeat is tried again.
"""

from __future__ import annotations

from typing import NamedTuple

from impwire.messages import ErrorCode, GoodbyeCode, Welcome

from .dial import CannotConnect
from .effects import Ending, EndKind

#: Seconds: the longest first wait, and the longest of all. In between each may be twice as long as the one before.
FIRST, LONGEST = 1.0, 60.0

#: Seconds of a stay after which what failed before it no longer counts.
GOOD_STAY = 60.0

#: Seconds that the server may be late with ending a stay that it has lost.
_GRACE = 5.0

#: What the network, the load or the operator's restart may have caused. All else says that this client is not wanted or at
#: fault, and would be so again.
_PASSING = frozenset(
    {
        GoodbyeCode.HANDSHAKE_TIMEOUT,
        GoodbyeCode.FRAME_TIMEOUT,
        GoodbyeCode.KEEPALIVE_TIMEOUT,
        GoodbyeCode.SLOW_CONSUMER,
        GoodbyeCode.FLOOD,
        GoodbyeCode.SHUTTING_DOWN,
        GoodbyeCode.SERVER_FULL,
        GoodbyeCode.TOO_MANY_CONNECTIONS,
        GoodbyeCode.TOO_MANY_ATTEMPTS,
        GoodbyeCode.INTERNAL,
    }
)


class Wait(NamedTuple):
    """Connect again after so many seconds; `line` tells people."""

    seconds: float
    line: str


class Reconnect:
    """The tries of one program. Times are seconds of any one clock that does not run backwards."""

    def __init__(self) -> None:
        self._failures = 0
        self._welcome: Welcome | None = None
        self._since = 0.0
        #: When one's own ghost has left at the latest: the stay that was lost, which the server may still hold for alive.
        self._ghost_gone = 0.0

    def welcomed(self, welcome: Welcome, now: float) -> None:
        """A stay has begun."""
        self._welcome, self._since = welcome, now

    def ended(self, how: Ending | CannotConnect, now: float, chance: float) -> Wait | None:
        """A connection has ended, or could not be made. `chance` is a random number from 0 up to, not including, 1."""
        if isinstance(how, Ending) and how.welcomed and self._welcome is not None:
            if now - self._since >= GOOD_STAY:
                self._failures = 0
            self._ghost_gone = now + (self._welcome.ping_after + self._welcome.pong_timeout) / 1000 + _GRACE
        if not self._may_pass(how, now):
            return None
        # Each client waits another time, or all whom the server has lost would come back at once.
        seconds = chance * min(FIRST * 2.0 ** min(self._failures, 16), LONGEST)
        self._failures += 1
        if isinstance(how, Ending):
            if how.kind is EndKind.NAME_REFUSED:
                seconds = min(seconds, self._ghost_gone - now)
            seconds += how.retry_after_ms / 1000  # END-5
        return Wait(seconds, f"Trying again {_words(seconds)}.")

    def _may_pass(self, how: Ending | CannotConnect, now: float) -> bool:
        """Whether the next try may end in another way."""
        # What answers and has never worked is likelier a mistake, such as the port of something else.
        if isinstance(how, CannotConnect):
            return not how.lasting and (self._welcome is not None or not how.answered)
        match how.kind:
            case EndKind.LOST:
                return self._welcome is not None
            case EndKind.GOODBYE:
                # A code of a later version is judged by what the server advises (GOODBYE-2).
                return how.code in _PASSING or (not isinstance(how.code, GoodbyeCode) and how.retry_after_ms > 0)
            case EndKind.NAME_REFUSED:
                return how.code == ErrorCode.NAME_TAKEN and now < self._ghost_gone
            case _:
                return False


def _words(seconds: float) -> str:
    """`at once`, `in 0.4 s`, `in 12 s`, `in 5 min`, `in 3 h`."""
    if seconds < 0.05:
        return "at once"
    if seconds < 9.95:
        return f"in {seconds:.1f} s"
    if seconds < 119.5:
        return f"in {seconds:.0f} s"
    return f"in {seconds / 60:.0f} min" if seconds < 7170 else f"in {seconds / 3600:.0f} h"
