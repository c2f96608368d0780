"""The client's idea of the bucket of tokens that the server keeps for it (protocol.txt, section 13).

Requests go in when they are sent and when they are answered; the time at which the next may be sent comes out. The
server takes the token of a request at some moment between its sending and its reply. So the token is set aside when the
request is sent, and new ones come for it only from the reply on. The invariant: the server has at least the tokens that
are counted here, however long frames and replies are under way and however many arrive at once.
"""

from __future__ import annotations

from impwire import Message
from impwire.messages import Hello, Leave, Pong

#: RATE-1: what costs nothing. All else that a client sends costs one token.
FREE: frozenset[type[Message]] = frozenset({Hello, Leave, Pong})

#: The part of rate_per_second that is counted on, since no two clocks run alike.
SHARE = 0.99


class Bucket:
    """A bucket that is full `now`, with `burst` tokens, and gets back `rate` each second; both are at least 1 (LIM-7)."""

    def __init__(self, burst: int, rate: int, now: float) -> None:
        self._burst, self._rate = burst, rate * SHARE
        self._reserve = 1 if self._burst > 1 else 0
        self._level, self._since = float(self._burst), now
        self._unanswered = 0

    def ready_at(self, *, urgent: bool = False) -> float:
        """When the next request may be sent; infinite if a reply has to come first.

        The last token is kept in reserve for what is `urgent`, where there is more than one.
        """
        needed = 1 + self._unanswered + (0 if urgent else self._reserve)
        if needed > self._burst:
            return float("inf")
        return self._since + max(needed - self._level, 0.0) / self._rate

    def sent(self) -> None:
        """A request that costs a token was sent."""
        self._unanswered += 1

    def answered(self, now: float) -> None:
        """The reply to such a request has come, whatever it says."""
        self._refill(now)
        self._unanswered -= 1
        self._level -= 1

    def refused(self, now: float) -> None:
        """A reply that has just come was RATE_LIMITED: the server had no token left, and so there is none here."""
        self._refill(now)
        self._level = 0.0

    def _refill(self, now: float) -> None:
        self._level = min(self._level + (now - self._since) * self._rate, float(self._burst))
        self._since = now
