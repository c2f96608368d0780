"""The pace of the client (CLIENT-9), held against the bucket of protocol.txt, section 13, over a network of any whim.

Client, network and server are simulated in one thread and in invented time. The server counts tokens in exact numbers,
by a clock that does not quite agree with the client's.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from fractions import Fraction
from itertools import count, cycle
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impwire import Message
from impwire.messages import Goodbye, GoodbyeCode, Hello, Leave, Ok, Ping, Pm, Pong, Roster, Say, User, Welcome, Who
from impwire.tables import LIMITS, TIMERS
from reference_client.effects import Effect, EndKind, Send
from tests.talking import Talk


class ServerBucket:
    """RATE-1 and RATE-2, as they are written."""

    def __init__(self, burst: int, rate: int) -> None:
        self._burst, self._rate = Fraction(burst), Fraction(rate)
        self._tokens, self._since = self._burst, Fraction(0)

    def takes(self, now: Fraction) -> bool:
        """Whether there is a token for a request that is handled now."""
        self._tokens = min(self._tokens + (now - self._since) * self._rate, self._burst)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def test_bucket_of_the_server() -> None:
    bucket = ServerBucket(2, 1)
    times = [0, 0, 0, 0.75, 1, 1.5, 9, 9, 9]
    taken = [True, True, False, False, True, False, True, True, False]
    assert [bucket.takes(Fraction(time)) for time in times] == taken


class Weather(NamedTuple):
    """What client and server have no hand in."""

    burst: int
    rate: int
    #: Seconds of the server's clock for each of the client's.
    drift: Fraction
    #: Seconds that each piece is under way, in turn; none overtakes another.
    delays: list[float]


class World(Talk):
    """A client, its server, and what is under way between them."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.bucket = ServerBucket(weather.burst, weather.rate)
        self.arrived: list[Any] = []
        self._delays = cycle(weather.delays)
        self._latest = {"up": 0.0, "down": 0.0}
        self._order, self._seq = count(), count(1)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        super().__init__(now=0.0)

    def run(self, gaps_and_lines: list[tuple[float, str]]) -> None:
        """Type each line so long after the one before, end the input, and go on to the end."""
        moment = 0.0
        for gap, line in gaps_and_lines:
            moment += gap
            self._at(moment, lambda line=line: self.types(line))  # type: ignore[misc]
        self._at(moment, self.ends_input)
        for _ in range(10_000):
            if not self.alive():
                return
            deadline = self.session.next_deadline()
            assert deadline is not None
            if self._events and self._events[0][0] <= deadline:
                self.now, _, action = heapq.heappop(self._events)
                action()
            else:
                self.at(max(self.now, deadline))
        pytest.fail("the client never comes to an end")

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), action))

    def _carry(self, way: str, action: Callable[[], None]) -> None:
        """TCP: each piece takes its time, and none overtakes another."""
        self._latest[way] = max(self._latest[way], self.now + next(self._delays))
        self._at(self._latest[way], action)

    def _do(self, effect: Effect) -> None:
        known = len(self.sent)
        super()._do(effect)
        if isinstance(effect, Send):
            messages = self.sent[known:]
            self._carry("up", lambda: self._serve(messages))

    def _serve(self, messages: list[Any]) -> None:
        for message in messages:
            if not isinstance(message, (Hello, Leave, Pong)):  # RATE-1
                assert self.bucket.takes(Fraction(self.now) * self.weather.drift), f"{message} came too early"
            self.arrived.append(message)
            reply = self._reply(message)
            self._carry("down", lambda reply=reply: self.hears(reply))  # type: ignore[misc]

    def _reply(self, request: Any) -> Message:
        match request:
            case Hello(request_id=request_id):
                limits: dict[str, Any] = {key: limit.default for key, limit in (LIMITS | TIMERS).items()}
                limits |= {"rate_burst": self.weather.burst, "rate_per_second": self.weather.rate, "ping_after": 50}
                named: dict[str, Any] = {"session_id": 7, "name": "ann", "server_name": "Test", "seq": 0, "time": 1}
                return Welcome(request_id=request_id, version=0x0100, capabilities=0, **(named | limits))
            case Say(request_id=request_id):
                return Ok(request_id=request_id, seq=next(self._seq), time=1)
            case Who(request_id=request_id, after=after):
                page = "ann" if not after else after + "n"
                return Roster(request_id=request_id, entries=(User(session_id=7, name=page),), more=len(page) < 6)
            case Ping(request_id=request_id, nonce=nonce):
                return Pong(request_id=request_id, nonce=nonce)
            case Leave(request_id=request_id):
                return Goodbye(request_id=request_id, code=GoodbyeCode.LEFT, retry_after_ms=0, detail="")
        return Ok(request_id=request.request_id, seq=0, time=1)


def typed_again(arrived: list[Any]) -> list[str]:
    """The lines for which these requests were sent, less what the client asks by itself."""
    lines = []
    for message in arrived:
        match message:
            case Say(text=text):
                lines.append(text)
            case Pm(to=to, text=text):
                lines.append(f"/pm {to} {text}")
            case Who(after=""):
                lines.append("/who")
    return lines


gaps = st.just(0.0) | st.floats(0, 0.1) | st.floats(0, 60)
delays = st.just(0.0) | st.floats(0, 0.1) | st.floats(0, 5)
weathers = st.builds(
    Weather,
    burst=st.integers(1, 10) | st.integers(1, 1_000_000_000),
    rate=st.integers(1, 50) | st.integers(1, 1_000_000_000),
    drift=st.fractions(Fraction(995, 1000), Fraction(1005, 1000), max_denominator=1000),
    delays=st.lists(delays, min_size=1, max_size=40),
)
lines = st.integers(0, 999).map(str) | st.just("/who") | st.integers(0, 999).map("/pm bob {}".format)


@given(weathers, st.lists(st.tuples(gaps, lines), max_size=60))
@example(Weather(60, 20, Fraction(1), [0.0]), [(0.0, str(number)) for number in range(300)])
@example(Weather(3, 1, Fraction(199, 200), [5.0]), [(0.0, "/who")])  # always a keepalive PING under way
@example(Weather(1, 1, Fraction(995, 1000), [0.0]), [(0.0, "/who")] * 5)
@example(Weather(5, 20, Fraction(1), [0.0] * 9 + [2.0] + [0.0] * 9 + [1.0]), [(0.0, "x")] * 100)
@example(Weather(2, 1, Fraction(1), [0.0]), [(0.0, "x"), (20.0, "x"), (20.0, "x")])
def test_nothing_is_refused_and_everything_arrives_in_order(weather: Weather, typed: list[tuple[float, str]]) -> None:
    """CLIENT-9, RATE-1, RATE-2, CLIENT-3: the server refuses no request, whatever is typed when."""
    world = World(weather)
    world.run(typed)
    assert typed_again(world.arrived) == [line for _, line in typed]
    assert world.arrived[-1].NAME == "LEAVE"
    assert world.ended() is EndKind.LEFT


def test_pace_is_not_much_slower_than_the_rate() -> None:
    world = World(Weather(60, 20, Fraction(1), [0.02]))
    world.run([(0.0, str(number)) for number in range(300)])
    fastest = (300 - 60) / 20
    assert fastest <= world.now <= fastest * 1.02 + 0.2
