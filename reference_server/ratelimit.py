"""How often somebody may do something: the bucket of one connection, and the connections of each address."""

from __future__ import annotations

import math
from collections import deque

#: The longest time that retry_after_ms can tell.
_LONGEST_MS = 0xFFFFFFFF


class Bucket:
    """The tokens and strikes of one connection (section 13). Times are seconds of a clock that never goes back."""

    __slots__ = ("_burst", "_filled", "_per_second", "_tokens", "strikes")

    def __init__(self, burst: int, per_second: int, now: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._tokens, self._filled = float(burst), now
        self.strikes = 0

    def take(self, now: float) -> int:
        """Take a token. Returns 0, or the milliseconds until there is one (at least 1); that counts as a strike."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._per_second)
        self._filled = now
        if self._tokens >= self._burst:
            self.strikes = 0  # RATE-3: forgotten when the bucket is full again.
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        self.strikes += 1
        # RATE-2: rounded up, and at least 1.
        return max(1, math.ceil((1 - self._tokens) / self._per_second * 1000))

    def full_after_ms(self) -> int:
        """Milliseconds from the last `take` until the bucket is full again, or as many as a frame can bear."""
        return min(_LONGEST_MS, math.ceil((self._burst - self._tokens) / self._per_second * 1000))


class Attempts:
    """The connections of each address within the last minute (LIM-2)."""

    MINUTE = 60.0

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: dict[str, deque[float]] = {}
        self._swept = 0.0

    def take(self, address: str, now: float) -> int:
        """Count a connection. Returns 0, or the milliseconds until the address may try again; then it is not counted."""
        self._sweep(now)
        times = self._times.setdefault(address, deque())
        self._expire(times, now)
        if len(times) >= self._per_minute:
            return max(1, math.ceil((times[0] + self.MINUTE - now) * 1000))
        times.append(now)
        return 0

    def _expire(self, times: deque[float], now: float) -> None:
        while times and times[0] <= now - self.MINUTE:
            times.popleft()

    def _sweep(self, now: float) -> None:
        """Forget addresses that have not been seen for a minute, once a minute, so that the table stays bounded."""
        if now - self._swept < self.MINUTE:
            return
        self._swept = now
        for times in self._times.values():
            self._expire(times, now)
        self._times = {address: times for address, times in self._times.items() if times}
