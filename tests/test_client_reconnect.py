"""When the client connects again: bounds of the waits, and the ends after which there is no other try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impwire.messages import ErrorCode, GoodbyeCode, Leave, Rename, Say
from impwire.tables import FAILURES
from reference_client import reconnect as module
from reference_client.dial import CannotConnect
from reference_client.display import Show
from reference_client.effects import Ending, EndKind, Happening
from reference_client.options import parse
from reference_client.reconnect import FIRST, GOOD_STAY, LONGEST, Reconnect
from reference_client.talk import Talk
from tests.scripted import ScriptedServer
from tests.support import PATIENCE
from tests.talking import error, welcome

MOST = 1 - 2**-53

LOST = Ending(EndKind.LOST, "lost", welcomed=True)
TAKEN = Ending(EndKind.NAME_REFUSED, "taken", code=ErrorCode.NAME_TAKEN)
REFUSED = CannotConnect("connection refused")
BROKEN_OFF = CannotConnect("the server broke the TLS handshake off", answered=True)


def goodbye(code: int, retry_after_ms: int = 0) -> Ending:
    return Ending(EndKind.GOODBYE, "bye", code=code, retry_after_ms=retry_after_ms, welcomed=True)


def welcomed(**changed: Any) -> Reconnect:
    """The policy of a client whose stay began at 0."""
    policy = Reconnect()
    policy.welcomed(welcome(**changed), 0.0)
    return policy


chances = st.floats(0, MOST)
times = st.floats(0, 1e9)


@given(st.lists(chances, min_size=1, max_size=40), times)
def test_each_wait_is_chosen_below_a_bound_that_doubles_to_the_longest(drawn: list[float], now: float) -> None:
    policy = Reconnect()
    for failures, chance in enumerate(drawn):
        wait = policy.ended(REFUSED, now, chance)
        assert wait is not None
        assert wait.seconds == chance * min(FIRST * 2**failures, LONGEST)


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 50), chances, st.sampled_from([*GoodbyeCode, 250]))
def test_no_wait_ends_before_the_server_wants_it(retry: int, failures: int, chance: float, code: int) -> None:
    """END-5."""
    policy = welcomed()
    for _ in range(failures):
        policy.ended(REFUSED, 0.0, chance)
    wait = policy.ended(goodbye(code, retry), 1.0, chance)
    if wait is not None:
        assert retry / 1000 <= wait.seconds <= retry / 1000 + LONGEST


def test_good_stay_forgets_what_failed_before_and_a_short_one_does_not() -> None:
    for stay, bound in ((GOOD_STAY - 1, 8.0), (GOOD_STAY, 1.0)):
        policy = Reconnect()
        for _ in range(3):
            policy.ended(REFUSED, 0.0, MOST)
        policy.welcomed(welcome(), 10.0)
        wait = policy.ended(LOST, 10.0 + stay, MOST)
        assert wait is not None
        assert wait.seconds == pytest.approx(bound)


@pytest.mark.parametrize(
    ("how", "again"),
    [
        (REFUSED, True),
        (BROKEN_OFF, True),
        (CannotConnect("the certificate is not trusted", lasting=True), False),
        (LOST, True),
        (LOST._replace(welcomed=False), True),
        (Ending(EndKind.LEFT, "", code=GoodbyeCode.LEFT, welcomed=True), False),
        (Ending(EndKind.STUCK, "", welcomed=True), False),
        (Ending(EndKind.PROTOCOL, "", welcomed=True), False),
        (Ending(EndKind.INTERRUPTED, "", welcomed=True), False),
        (goodbye(250, 0), False),
        (goodbye(250, 1), True),
    ],
)
def test_after_which_end_there_is_another_try(how: Ending | CannotConnect, again: bool) -> None:
    assert (welcomed().ended(how, 1.0, 0.5) is not None) is again


def test_each_code_of_goodbye_is_decided() -> None:
    final = {code for code in GoodbyeCode if welcomed().ended(goodbye(code, 1000), 1.0, 0.5) is None}
    assert {code.name for code in final} == {
        "LEFT",
        "MALFORMED",
        "FRAME_TOO_LARGE",
        "UNEXPECTED_MESSAGE",
        "VERSION_UNSUPPORTED",
        "KICKED",
        "BANNED",
    }
    assert all(FAILURES[code.name].retry is False for code in final)


def test_what_has_never_worked_is_not_tried_again_unless_nobody_listens() -> None:
    assert Reconnect().ended(LOST._replace(welcomed=False), 0.0, 0.5) is None
    assert Reconnect().ended(TAKEN, 0.0, 0.5) is None
    assert Reconnect().ended(BROKEN_OFF, 0.0, 0.5) is None
    assert Reconnect().ended(REFUSED, 0.0, 0.5) is not None


@given(st.lists(chances, max_size=200), st.integers(50, 3_600_000), st.integers(50, 3_600_000))
def test_taken_name_is_waited_for_until_ones_ghost_must_have_left(
    drawn: list[float], ping_after: int, pong_timeout: int
) -> None:
    policy = welcomed(ping_after=ping_after, pong_timeout=pong_timeout)
    lost = 1000.0
    policy.ended(LOST, lost, 0.5)
    gone = lost + (ping_after + pong_timeout) / 1000
    now = lost
    for chance in [*drawn, *[MOST] * 500]:
        wait = policy.ended(TAKEN, now, chance)
        if wait is None:
            break
        assert wait.seconds >= 0
        now += wait.seconds
    else:
        pytest.fail("there is no end to it")
    assert gone < now <= gone + 10, "the server may be a little late, but not for ever"


@pytest.mark.parametrize("code", [code for code in ErrorCode if code is not ErrorCode.NAME_TAKEN])
def test_refused_name_that_is_not_taken_is_final(code: ErrorCode) -> None:
    policy = welcomed()
    policy.ended(LOST, 1.0, 0.5)
    assert policy.ended(TAKEN._replace(code=code), 1.0, 0.5) is None


@pytest.mark.parametrize(
    ("retry_after_ms", "chance", "words"),
    [
        (0, 0.04, "at once"),
        (0, 0.5, "in 0.5 s"),
        (9_000, 0.5, "in 9.5 s"),
        (11_000, 0.5, "in 12 s"),
        (118_000, 0.5, "in 118 s"),
        (120_000, 0.5, "in 2 min"),
        (86_400_000, 0.5, "in 24 h"),
    ],
)
def test_wait_is_told_in_words(retry_after_ms: int, chance: float, words: str) -> None:
    wait = welcomed().ended(goodbye(GoodbyeCode.SHUTTING_DOWN, retry_after_ms), 1.0, chance)
    assert wait is not None
    assert wait.line == f"Trying again {words}."


# -- a whole talk ------------------------------------------------------------------------------------------------------


def test_talk_goes_on_where_it_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name last borne, though one's ghost still bears it; what is typed meanwhile waits."""
    monkeypatch.setattr(module, "FIRST", 0.001)
    told: list[str] = []
    server = ScriptedServer()

    def serve() -> None:
        server.welcomes("ann")
        server.accepts(Rename, 11)
        assert server.reads().text == "one"
        server.connects()
        hello = server.reads()
        assert hello.name == "annie"
        server.sends(error(hello, ErrorCode.NAME_TAKEN))
        server.connects()
        server.welcomes("annie")
        assert server.accepts(Say, 11).text == "two"
        server.accepts(Leave)

    async def play() -> int:
        lost = asyncio.Event()

        async def lines() -> AsyncIterator[str]:
            yield "/rename annie"
            yield "one"
            await lost.wait()
            yield "two"

        def tell(_: Happening | None, show: Show | None) -> None:
            told.append(show.line if show else "")
            if told[-1].startswith("Trying again "):
                lost.set()

        talk = Talk(parse(["ann", "--reconnect", "--port", str(server.port)]), tell, waits=True)
        return (await asyncio.gather(talk.run(lines()), asyncio.to_thread(serve)))[0]

    with closing(server):
        assert asyncio.run(asyncio.wait_for(play(), PATIENCE)) == 0
    assert "Not known whether this arrived: annie: one" in told
    assert sum(line.startswith("Trying again ") for line in told) == 2
    assert told[-3:] == ["annie: two", "You have left.", ""]
