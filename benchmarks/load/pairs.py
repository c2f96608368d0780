"""Many pairs, each a sender and a receiver: what something private and its receipt cost."""

from __future__ import annotations

import time

from .dialect import Kind
from .fan_out import TEXT, Spent
from .generator import Generator
from .processes import cpu_clock
from .ring import Ring
from .servers import Running

_WARM_UP = 0.1


class Pairs:
    """The pairs, connected to a server."""

    def __init__(self, generator: Generator, number: int, window: int) -> None:
        dialect, self._generator, self._window = generator.dialect, generator, window
        names = [f"r{index:05}" for index in range(number)]
        receivers = generator.join(dialect.greeting(name, name) for name in names)
        senders = generator.join(dialect.greeting(f"s{index:05}", receipts=True) for index in range(number))
        generator.count(Kind.DELIVERY, receivers)
        generator.count(Kind.RECEIPT, senders)
        self._receiver_of = dict(zip(senders, receivers, strict=True))
        #: The sender of either.
        self._sender_of = {fd: sender for sender, receiver in self._receiver_of.items() for fd in (sender, receiver)}
        self._ring = {sender: self._ring_to(name) for sender, name in zip(senders, names, strict=True)}
        self._sent = dict.fromkeys(senders, 0)
        self._has = dict.fromkeys([*senders, *receivers], 0)

    def _ring_to(self, name: str) -> Ring:
        return Ring(self._window, lambda number: self._generator.dialect.private(number, name, TEXT))

    def run(self, seconds: float) -> Spent:
        """Send until the server has used so many seconds of processor time, after a moment that does not count.

        What a pair has under way lacks its receipt, or its receiver lacks it: at most `window` at any time, and nothing
        when this returns.
        """
        self._run(seconds * _WARM_UP)
        return self._run(seconds)

    def counts(self) -> list[tuple[int, int, int]]:
        """Of each pair: how many messages were sent, how many receipts the sender has, and how many the receiver has got."""
        return [(self._sent[one], self._has[one], self._has[other]) for one, other in self._receiver_of.items()]

    def _run(self, seconds: float) -> Spent:
        clock = cpu_clock(self._generator.running.pid)
        wall, own = time.perf_counter(), time.process_time()
        now = began = time.clock_gettime(clock)
        # Each message is owed twice: to its receiver, and as a receipt to its sender.
        sent, owed = 0, 0
        touched = set(self._sent)
        while now - began < seconds or owed:
            if now - began < seconds:
                fresh = sum(map(self._send, touched))
                sent, owed = sent + fresh, owed + 2 * fresh
            touched = set()
            for fd, _ in self._generator.poll():
                count = self._generator.read(fd)
                self._has[fd] += count
                owed -= count
                touched.add(self._sender_of[fd])
            now = time.clock_gettime(clock)
        return Spent(sent, time.perf_counter() - wall, now - began, time.process_time() - own)

    def _send(self, sender: int) -> int:
        """Fill the window of a pair; returns by how many messages."""
        arrived = min(self._has[sender], self._has[self._receiver_of[sender]])
        free = self._window - (self._sent[sender] - arrived)
        if free:
            self._generator.send(sender, self._ring[sender].next(free))
            self._sent[sender] += free
        return free


def pairs(running: Running, number: int, window: int, seconds: float) -> Spent:
    """What private messages between so many pairs take."""
    with Generator(running) as generator:
        return Pairs(generator, number, window).run(seconds)
