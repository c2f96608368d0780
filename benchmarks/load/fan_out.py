"""One sender and many receivers: what a delivery costs in a closed window, and how long the last one takes at a steady pace."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from .dialect import Kind, LoadError
from .generator import STALLED_AFTER, Generator
from .processes import cpu_clock
from .ring import Ring
from .servers import Running

CHANNEL = "chat"
TEXT = "x" * 64
#: How long to run before anything counts, as a share of what counts.
_WARM_UP = 0.1


class Spent(NamedTuple):
    """What a number of units took: seconds on the clock, and of the processor time of the server and of the generator."""

    units: int
    wall: float
    server: float
    generator: float

    @property
    def microseconds(self) -> float:
        """Processor time of the server for one unit."""
        return self.server / self.units * 1e6


class FanOut:
    """A sender and its receivers, connected to a server.

    `sent` messages are sent, and `floor` of them have reached every receiver. The rest is under way.
    """

    def __init__(self, generator: Generator, receivers: list[int]) -> None:
        self._generator, self._receivers = generator, receivers
        [self._sender] = generator.join([generator.dialect.greeting("sender")])
        generator.count(Kind.DELIVERY, receivers)
        generator.count(Kind.RECEIPT, [self._sender])
        self.sent = self.floor = 0
        self._level = dict.fromkeys([*receivers, self._sender], 0)
        # How many receivers have got exactly so many messages; the floor is the first of these that is not 0.
        self._at = [len(receivers)]

    @classmethod
    def connect(cls, generator: Generator, receivers: int) -> FanOut:
        """Connect so many receivers, and a sender."""
        greeting = generator.dialect.greeting
        return cls(generator, generator.join(greeting(f"r{number:05}", CHANNEL) for number in range(receivers)))

    def closed(self, window: int, seconds: float) -> Spent:
        """Send until the server has used so many seconds of processor time, after a moment that does not count.

        At most `window` messages are under way at any time, and none when this returns.
        """
        self._closed(window, seconds * _WARM_UP)
        return self._closed(window, seconds)

    def _closed(self, window: int, seconds: float) -> Spent:
        ring, before, clock = self._ring(window), self.sent, cpu_clock(self._generator.running.pid)
        wall, own = time.perf_counter(), time.process_time()
        now = began = time.clock_gettime(clock)
        while now - began < seconds or not self._all_arrived():
            free = window - (self.sent - self.floor) if now - began < seconds else 0
            if free:
                self._send(ring, free)
            self._heed()
            now = time.clock_gettime(clock)
        deliveries = (self.sent - before) * len(self._receivers)
        return Spent(deliveries, time.perf_counter() - wall, now - began, time.process_time() - own)

    def paced(self, per_second: float, count: int) -> list[float]:
        """Send so many messages at a steady pace; returns, for each, how many seconds later the last receiver had it.

        The time counts from when a message was due, also if the generator was late.
        """
        ring, first = self._ring(1), self.sent
        delays: list[float] = []
        begin = time.perf_counter()
        while len(delays) < count or not self._all_arrived():
            due = begin + (self.sent - first) / per_second
            early = due - time.perf_counter() if self.sent - first < count else STALLED_AFTER
            if early <= 0:
                self._send(ring, 1)
                continue
            # epoll waits for whole milliseconds; the last part of one is spent asking again and again.
            self._heed(int(early * 1000) / 1000)
            now = time.perf_counter()
            while len(delays) < self.floor - first:
                delays.append(now - begin - len(delays) / per_second)
        return delays

    def received(self) -> list[int]:
        """How many messages each of the receivers has got."""
        return [self._level[receiver] for receiver in self._receivers]

    def _ring(self, count: int) -> Ring:
        return Ring(count, lambda number: self._generator.dialect.publish(number, CHANNEL, TEXT))

    def _send(self, ring: Ring, count: int) -> None:
        self._at += [0] * count
        self._generator.send(self._sender, ring.next(count))
        self.sent += count

    def _all_arrived(self) -> bool:
        return self.floor == self.sent and (
            self._level[self._sender] == self.sent or not self._generator.dialect.confirms
        )

    def _heed(self, seconds: float = STALLED_AFTER) -> None:
        """Wait for something to come, and count it."""
        level, at, read, sender = self._level, self._at, self._generator.read, self._sender
        try:
            for fd, _ in self._generator.poll(seconds):
                had = level[fd]
                level[fd] = has = had + read(fd)
                if fd != sender:
                    at[had] -= 1
                    at[has] += 1
        except IndexError:
            raise LoadError(f"a receiver has got {has} messages, and {self.sent} were sent") from None
        while not at[self.floor]:
            self.floor += 1


def fan_out(running: Running, receivers: int, windows: Iterable[int], seconds: float) -> dict[int, Spent]:
    """What deliveries to so many receivers take, by window."""
    with Generator(running) as generator:
        load = FanOut.connect(generator, receivers)
        return {window: load.closed(window, seconds) for window in windows}


def latencies(running: Running, receivers: int, per_second: float, count: int) -> list[float]:
    """Seconds from when each message was due until the last receiver had it."""
    with Generator(running) as generator:
        load = FanOut.connect(generator, receivers)
        load.paced(per_second, max(1, int(count * _WARM_UP)))
        return load.paced(per_second, count)
