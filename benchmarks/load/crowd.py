"""A crowd in one room of an IMP server: it gathers, is spoken to, and then is silent."""

from __future__ import annotations

import time
from typing import NamedTuple

from .fan_out import FanOut
from .generator import Generator
from .processes import cpu_clock, resident_bytes
from .servers import Running


class Crowd(NamedTuple):
    """What was found: times in seconds, memory in bytes a connection above that of the empty server."""

    users: int
    joining: float  #: until all have joined, and all have heard of all who came after them
    joining_cpu: float  #: processor time of the server for this
    memory: float  #: once all have joined
    memory_in_the_end: float
    delays: list[float]  #: of each message, from when it was due until the last of the users had it
    idle: float  #: how long the crowd was silent but for the answers to keepalive
    idle_cpu: float  #: processor time of the server for this
    probes: int  #: how many probes were answered meanwhile

    @property
    def idle_share(self) -> float:
        """How much of a core the server uses while the crowd is silent."""
        return self.idle_cpu / self.idle


def crowd(running: Running, users: int, at_once: int, messages: int, per_second: float, idle: float) -> Crowd:
    """Let so many users join, `at_once` of them at a time, say so many messages to them, and leave them alone for a while."""
    clock, empty = cpu_clock(running.pid), resident_bytes(running.pid)
    with Generator(running) as generator:
        began, cpu = time.perf_counter(), time.clock_gettime(clock)
        joined = generator.join((generator.dialect.greeting(f"r{number:05}") for number in range(users)), at_once)
        joining, joining_cpu = time.perf_counter() - began, time.clock_gettime(clock) - cpu
        full = resident_bytes(running.pid)
        delays = FanOut(generator, joined).paced(per_second, messages)
        cpu, probes = time.clock_gettime(clock), generator.probes
        generator.rest(idle)
        idle_cpu = time.clock_gettime(clock) - cpu
        return Crowd(
            users,
            joining,
            joining_cpu,
            (full - empty) / users,
            (resident_bytes(running.pid) - empty) / users,
            delays,
            idle,
            idle_cpu,
            generator.probes - probes,
        )
