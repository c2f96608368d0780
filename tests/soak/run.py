"""A soak from its beginning to its end: who stays, who comes and goes, what is measured, and the verdict."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from impwire import messages as m
from tests.support import PATIENCE
from tests.watched import descriptors, memory

from .book import OWED, Book
from .client import Client
from .guests import GAP, come_and_go, junk, say, visit
from .house import House

#: Seconds between two samples, and until the memory at rest is taken as what the end is compared with.
SAMPLE, WARM_UP = 10.0, 60.0
#: How much memory at rest may differ from that after the warm-up.
SLACK = 0.05


@dataclass(frozen=True)
class Sample:
    """What the server has at one moment: seconds since the beginning, bytes, descriptors. At rest, only those who stay
    are there."""

    at: float
    memory: int
    descriptors: int
    rest: bool


@dataclass
class Result:
    """What a soak has found. `seconds` is how long it took."""

    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        return not self.faults


async def soak(
    seconds: float,
    clients: int = 60,
    seed: int = 1,
    *,
    command: list[str] | None = None,
    silence: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> Result:
    """Put a server under load for some time. Half of the clients stay from beginning to end; the others come and go.

    `command` starts the server, if it is another than the reference server. `silence` is that of `House`; 0 is one that
    no client exceeds by chance. `tell` takes lines of progress. A cancellation ends it with what was found so far.
    """
    result = Result()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="imp-soak-") as folder:
        silence = silence or (10_000 if seconds > WARM_UP else 2500)
        async with House(Path(folder), seed, silence, command) as house:
            result.counts, result.faults = house.book.counts, house.book.faults
            try:
                await _Soak(house, result, tell).run(seconds, clients)
            except asyncio.CancelledError:
                # What clients think of the server's sudden end does not count.
                result.counts, result.faults = Counter(house.book.counts), list(house.book.faults)
                result.interrupted = True
    result.seconds = time.monotonic() - began
    return result


class _Soak:
    def __init__(self, house: House, result: Result, tell: Callable[[str], None]) -> None:
        self._house, self._book, self._result, self._tell = house, house.book, result, tell
        self._stay: list[Client] = []
        self._began = time.monotonic()
        self._idle = descriptors(house.pid)
        self._told = 0

    async def run(self, seconds: float, clients: int) -> None:
        king = await visit(self._house, "king")
        others = [await visit(self._house) for _ in range(max(2, clients // 2) - 1)]
        self._stay = [client for client in (king, *others) if client is not None]
        acts = [self._stays(client, never_renames=client is king) for client in self._stay]
        acts += [come_and_go(self._house) for _ in range(max(2, clients // 2))]
        acts += [junk(self._house), junk(self._house), self._operates()]
        tasks = [asyncio.create_task(act) for act in acts]
        warm_up = min(WARM_UP, seconds / 3)
        try:
            await self._load(warm_up, tasks)
            await self._load(seconds - warm_up, tasks)
        finally:
            await _cancel(tasks)
        self._compare()
        await self._stop()

    async def _load(self, seconds: float, tasks: list[asyncio.Task[None]]) -> None:
        """Everyone acts for some time, then all come to rest."""
        until = time.monotonic() + seconds
        self._house.working.set()
        while (left := until - time.monotonic()) > 0 and self._house.process.returncode is None:
            done, _ = await asyncio.wait(tasks, timeout=min(left, SAMPLE), return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()  # Raises what has gone wrong here.
            self._sample(rest=False)
        self._house.working.clear()
        await self._rest()

    async def _rest(self) -> None:
        """Wait until only those who stay are there, and examine what holds then."""
        if not await self._becomes(lambda: self._house.guests == 0, 3 * PATIENCE):
            self._book.fault(f"{self._house.guests} guests do not come to their end")
        for client in self._stay:
            await client.send(m.Ping, nonce=7)
        first = self._stay[0]
        for client in self._stay:
            await client.send(m.Who, after="", limit=0)
            if (client.seq, client.users) != (first.seq, first.users):
                self._book.fault(f"{client.name} is at {client.seq}, {first.name} at {first.seq}")
        await asyncio.gather(*(client.send(m.Ping, nonce=8) for client in self._stay))
        if first.users.keys() != {client.session_id for client in self._stay}:
            self._book.fault(f"there are others than those who stay: {first.users}")
        self._book.settle()
        due = self._idle + len(self._stay)
        if not await self._becomes(lambda: descriptors(self._house.pid) == due, PATIENCE):
            self._book.fault(f"{descriptors(self._house.pid)} descriptors are open at rest, and not {due}")
        self._sample(rest=True)

    async def _becomes(self, what: Callable[[], bool], patience: float) -> bool:
        until = time.monotonic() + patience
        while not what() and time.monotonic() < until:
            await asyncio.sleep(0.02)
        return what()

    def _sample(self, *, rest: bool) -> None:
        if self._house.process.returncode is not None:
            self._book.fault(f"the server has ended with {self._house.process.returncode}")
            return
        for fault in self._book.faults[self._told :]:
            self._tell(f"FAULT: {fault}")
        self._told = len(self._book.faults)
        pid, at = self._house.pid, time.monotonic() - self._began
        sample = Sample(at, memory(pid), descriptors(pid), rest)
        self._result.samples.append(sample)
        counts = self._book.counts
        self._tell(
            f"{at:6.0f} s  {sample.memory / 2**20:6.1f} MiB  {sample.descriptors:4d} descriptors  "
            f"{counts['frames']:,} frames  {counts['joins']:,} joins  {counts['faults']} faults{'  at rest' * rest}"
        )

    def _compare(self) -> None:
        """At rest, the end has the memory and the descriptors of the first time. A short soak has no right measure of memory."""
        first, last = [sample for sample in self._result.samples if sample.rest]
        if first.descriptors != last.descriptors:
            self._book.fault(f"{last.descriptors} descriptors at the end, {first.descriptors} at first")
        if last.at > 3 * WARM_UP and abs(last.memory - first.memory) > SLACK * first.memory:
            self._book.fault(f"{last.memory / first.memory - 1:+.1%} memory since the first minute")

    async def _stop(self) -> None:
        for client in self._stay:
            client.may_end = {m.GoodbyeCode.SHUTTING_DOWN}
        code = await self._house.end()
        if code != 0:
            self._book.fault(f"the server ends with {code}")
        if not await self._becomes(lambda: all(client.closed.is_set() for client in self._stay), PATIENCE):
            self._book.fault("those who stay are not told that the server stops")

    # -- who stays -----------------------------------------------------------------------------------------------

    async def _stays(self, client: Client, *, never_renames: bool) -> None:
        """Everything that a user does, one thing after another, for ever."""
        house, chance = self._house, self._house.chance
        while not client.closed.is_set():
            await house.working.wait()
            kind = chance.randrange(20)
            if kind == 0 and not never_renames:
                await client.send(m.Rename, name=house.name())
            elif kind == 1:
                await client.send(m.Who, after="", limit=0)
            elif kind == 2:
                await client.send(m.Ping, nonce=chance.getrandbits(64))
            elif kind < 6:
                await self._pm(client)
            else:
                await say(house, client, chance.choice((0, 0, 0, 0, 200, 4096)))
            await asyncio.sleep(GAP)

    async def _pm(self, client: Client) -> None:
        """To the king, who stays and never changes its name; its own go to nobody in particular."""
        self._book.counts["texts"] += 1
        to = "nobody-is-called-that" if client is self._stay[0] else "king"
        await client.send(m.Pm, to=to, text=f"{OWED}{self._book.counts['texts']}")

    async def _operates(self) -> None:
        while True:
            await self._house.working.wait()
            self._house.type(f"/all notice {self._house.chance.random()}")
            self._house.type("/pm king a word in private")
            await self._house.enter("/bans", r"\bbans?$")
            await asyncio.sleep(0.5)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    """End all. One whose wait ends in the same moment (`wait_for`) does not notice that it was cancelled: hence again."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=1)


__all__ = ["Book", "Result", "Sample", "soak"]
