"""The driver of pipe and terminal: over one connection and from one to the next, with a scripted server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from impwire.messages import (
    ErrorCode,
    GoodbyeCode,
    Hello,
    Joined,
    Leave,
    Left,
    LeftReason,
    Ok,
    Ping,
    Pong,
    Rename,
    Renamed,
    Say,
    Who,
)
from reference_client import talk as driver
from reference_client.conversation import BACKLOG
from reference_client.dial import CannotConnect
from reference_client.display import Show
from reference_client.effects import End, Ending, EndKind, Happening
from reference_client.reconnect import Wait
from reference_client.talk import Interrupted, Talk
from tests.scripted import ScriptedServer
from tests.support import PATIENCE
from tests.talking import BOB, chat, error, goodbye, page, welcome

LOST = "The connection was lost: the server closed it without a goodbye."


class Settings(NamedTuple):
    port: int
    reconnect: bool = False
    name: str = "ann"
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None


class Policy:
    """Always tries again, after `seconds`."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.ends: list[Ending | CannotConnect] = []

    def welcomed(self, *_: Any) -> None:
        pass

    def ended(self, how: Ending | CannotConnect, now: float, chance: float) -> Wait | None:
        assert 0 <= chance < 1
        self.ends.append(how)
        return Wait(self.seconds, "Trying again.")


class People:
    """Somebody who types, and everything that they were told."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.happenings: list[Happening | None] = []
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.talk = Talk(settings, self._tell, **{"waits": True, **options})
        self._typed: asyncio.Queue[str | None] = asyncio.Queue()
        self._running = asyncio.create_task(self.talk.run(self._input()))

    def _tell(self, happening: Happening | None, show: Show | None) -> None:
        self.happenings.append(happening)
        if show is not None:
            (self.errors if show.stream == "error" else self.lines).append(show.line)

    async def _input(self) -> AsyncIterator[str]:
        while (line := await self._typed.get()) is not None:
            if line == "Ctrl-C":
                raise Interrupted
            yield line

    def types(self, *lines: str) -> None:
        for line in lines:
            self._typed.put_nowait(line)

    def ends_input(self) -> None:
        self._typed.put_nowait(None)

    async def ends(self) -> int:
        return await self._running


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    script = ScriptedServer()
    yield script
    script.close()


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Policy:
    policy = Policy()
    monkeypatch.setattr(driver, "Reconnect", lambda: policy)
    return policy


def run(talk: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(talk, PATIENCE))


async def becomes(true: Callable[[], bool]) -> None:
    """Until something is so. Nothing tells when it is, so it is looked at again and again."""
    while not true():
        await asyncio.sleep(0.005)


async def does(act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Let the scripted server act, while the talk goes on."""
    return await asyncio.to_thread(partial(act, *arguments, **named))


def test_everything_is_told_in_order_and_the_end_last(script: ScriptedServer) -> None:
    def serve() -> None:
        script.welcomes()
        say = script.reads()
        script.sends(chat(11), Ok(request_id=say.request_id, seq=12, time=1))
        script.accepts(Leave)

    async def talk() -> None:
        ann = People(Settings(script.port))
        ann.types("hi", "/foo")
        ann.ends_input()
        assert (await asyncio.gather(ann.ends(), does(serve)))[0] == 0
        unknown = "Unknown command /foo; /help lists the commands."
        assert ann.lines == ["Welcome to Test, ann.", unknown, "bob: hi", "ann: hi", "You have left."]
        assert ann.errors == []
        (end,) = [happening for happening in ann.happenings if isinstance(happening, End)]
        assert end is ann.happenings[-1]
        assert end.ending.kind is EndKind.LEFT

    run(talk())


def test_goodbye_right_behind_welcome_accounts_for_what_was_typed(script: ScriptedServer) -> None:
    def serve() -> None:
        hello = script.reads()
        script.sends(welcome(request_id=hello.request_id), goodbye(GoodbyeCode.SHUTTING_DOWN))

    async def talk() -> None:
        ann = People(Settings(script.port))
        ann.types("hi")
        assert (await asyncio.gather(ann.ends(), does(serve)))[0] == 1
        assert ann.lines[1:] == ["Not sent: one message was still waiting."]

    run(talk())


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (2, "Not sent: 2 messages were still waiting."),
        (1000, f"Not sent: {BACKLOG} messages were still waiting, and the rest of the input was not read."),
    ],
)
def test_no_connection_accounts_for_what_was_typed(script: ScriptedServer, typed: int, line: str) -> None:
    script.close()

    async def talk() -> None:
        ann = People(Settings(script.port))
        ann.types(*map(str, range(typed)))
        ann.ends_input()
        assert await ann.ends() == 1
        assert ann.lines == [line]
        assert len(ann.errors) == 1

    run(talk())


def test_no_connection_may_be_known_before_the_input_was_read(
    script: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_READING", PATIENCE)
    script.close()
    told: list[str] = []

    async def lines() -> AsyncIterator[str]:
        await asyncio.sleep(0.05)  # Refusing takes less.
        yield "hi"

    def tell(_: Happening | None, show: Show | None) -> None:
        assert show is not None
        told.append(show.line)

    async def talk() -> None:
        assert await Talk(Settings(script.port), tell, waits=True).run(lines()) == 1
        assert told[1:] == ["Not sent: one message was still waiting."]

    run(talk())


def test_no_more_lines_are_taken_than_may_be_under_way(script: ScriptedServer) -> None:
    taken = []

    async def lines() -> AsyncIterator[str]:
        for number in range(2 * BACKLOG):
            taken.append(number)
            yield str(number)

    def serve() -> None:
        script.welcomes(rate_burst=10**9, rate_per_second=10**9)
        for _ in range(BACKLOG):
            assert isinstance(script.reads(), Say)
        script.sends(Ping(request_id=1, nonce=1))
        assert isinstance(script.reads(), Pong), "no further line before a reply"

    async def talk() -> None:
        running = asyncio.create_task(Talk(Settings(script.port), lambda *_: None, waits=True).run(lines()))
        await does(serve)
        assert len(taken) == BACKLOG
        running.cancel()
        await asyncio.wait({running})

    run(talk())


def test_without_reconnect_the_first_loss_is_the_end(script: ScriptedServer, policy: Policy) -> None:
    async def talk() -> None:
        ann = People(Settings(script.port))
        await does(script.welcomes)
        await does(script.peer.close)
        assert await ann.ends() == 1
        assert ann.errors == [f"127.0.0.1:{script.port}: {LOST}"]
        assert policy.ends == []

    run(talk())


def test_reconnect_goes_on_under_the_last_name_with_what_was_not_sent(script: ScriptedServer, policy: Policy) -> None:
    def serve() -> None:
        script.welcomes(rate_burst=4, rate_per_second=1)
        script.accepts(Rename, 11)
        script.accepts(Say, 12)
        assert script.reads().text == "two"
        script.peer.close()
        script.connects()
        script.welcomes("Annie")
        assert script.accepts(Say, 11).text == "three"
        script.accepts(Leave)

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True))
        ann.types("/rename Annie", "one", "two", "three")
        ann.ends_input()
        assert (await asyncio.gather(ann.ends(), does(serve)))[0] == 0
        assert ann.errors == [
            f"127.0.0.1:{script.port}: {LOST}",
            "Not known whether this arrived: Annie: two",
            "Trying again.",
        ]
        assert ann.lines[1:] == [
            'You are now "Annie".',
            "Annie: one",
            "Welcome to Test, Annie.",
            "Annie: three",
            "You have left.",
        ]

    run(talk())


def test_server_that_stops_and_comes_back_gets_every_line_once(script: ScriptedServer, policy: Policy) -> None:
    """STATE-5: what stood behind GOODBYE had no effect."""
    texts = [str(number) for number in range(30)]
    accepted: list[str] = []

    def serve() -> None:
        for number in range(4):
            if number:
                while script.reads() is not None:
                    pass  # END-2, or there would be a reset.
                script.connects()
            script.welcomes(rate_burst=20, rate_per_second=1000)
            if number == 3:
                break
            for _ in range(5):
                accepted.append(script.accepts(Say, 11 + len(accepted) % 5).text)
            script.sends(goodbye(GoodbyeCode.SHUTTING_DOWN))
        for seq in range(11, 26):
            accepted.append(script.accepts(Say, seq).text)
        script.accepts(Leave)

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True))
        ann.types(*texts)
        ann.ends_input()
        assert (await asyncio.gather(ann.ends(), does(serve)))[0] == 0
        assert accepted == texts
        assert [line for line in ann.lines if line.startswith("ann: ")] == [f"ann: {text}" for text in texts]

    run(talk())


def test_policy_hears_how_each_connection_ended(script: ScriptedServer, policy: Policy) -> None:
    """Refused names and servers that cannot be reached among them."""

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True))
        await does(script.welcomes)
        await does(script.resets)
        await does(script.connects)
        await does(script.sends, error(await does(script.reads), ErrorCode.NAME_TAKEN))
        await does(script.connects)
        await does(script.welcomes)
        script.close()  # From here on nobody listens.
        await becomes(lambda: len(policy.ends) >= 4)
        ann.talk.interrupt()
        assert await ann.ends() == 1
        first, second, third, fourth = policy.ends[:4]
        assert isinstance(first, Ending)
        assert isinstance(second, Ending)
        assert isinstance(third, Ending)
        assert isinstance(fourth, CannotConnect)
        assert [first.kind, second.kind, third.kind] == [EndKind.LOST, EndKind.NAME_REFUSED, EndKind.LOST]
        assert (first.welcomed, second.welcomed, third.welcomed) == (True, False, True)

    run(talk())


@pytest.mark.parametrize("how", ["Ctrl-C", "interrupt", "/leave", "end of input"])
def test_user_who_wants_to_be_gone_is_not_kept_waiting_for_another_try(
    script: ScriptedServer, policy: Policy, how: str
) -> None:
    policy.seconds = 1e6

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True), waits=False)
        await does(script.welcomes)
        await does(script.peer.close)
        await becomes(lambda: ann.talk.next_try is not None)
        assert ann.talk.welcome is None
        assert ann.talk.next_try is not None
        assert ann.talk.next_try > asyncio.get_running_loop().time() + 1e5
        ann.types("hi")
        if how == "interrupt":
            ann.talk.interrupt()
        elif how == "end of input":
            ann.ends_input()
        else:
            ann.types(how)
        assert await ann.ends() == 1
        if how != "interrupt":  # Which may come before the line.
            assert ann.lines[1:] == ["Not sent: there is no connection now."]

    run(talk())


def test_interrupt_between_two_tries_accounts_for_what_waits(script: ScriptedServer, policy: Policy) -> None:
    policy.seconds = 1e6

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True))
        await does(script.welcomes)
        await does(script.peer.close)
        await becomes(lambda: ann.talk.next_try is not None)
        ann.types("one", "two", "Ctrl-C")
        assert await ann.ends() == 1
        assert ann.lines[1:] == ["Not sent: 2 messages were still waiting."]

    run(talk())


def test_user_who_wants_to_be_gone_during_another_try_is(script: ScriptedServer, policy: Policy) -> None:
    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True), waits=False)
        await does(script.welcomes)
        await does(script.peer.close)
        await does(script.connects)
        assert isinstance(await does(script.reads), Hello)
        assert ann.talk.next_try is None
        ann.ends_input()
        assert await ann.ends() == 1
        assert await does(script.reads) is None
        assert ann.errors[-1] == f"127.0.0.1:{script.port}: Given up before the server had answered."

    run(talk())


def test_end_of_input_is_no_reason_to_try_again(script: ScriptedServer, policy: Policy) -> None:
    """Whoever has nothing more to say would only leave again."""

    def serve() -> None:
        script.welcomes()
        assert isinstance(script.reads(), Leave)
        script.peer.close()

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True))
        ann.ends_input()
        assert (await asyncio.gather(ann.ends(), does(serve)))[0] == 1
        assert policy.ends == []

    run(talk())


def test_interrupted_talk_is_not_begun_again(script: ScriptedServer, policy: Policy) -> None:
    def serve() -> None:
        script.welcomes()
        assert isinstance(script.reads(), Leave)
        script.peer.close()

    async def talk() -> None:
        ann = People(Settings(script.port, reconnect=True))
        serving = asyncio.create_task(does(serve))
        await becomes(lambda: ann.talk.welcome is not None)
        ann.types("Ctrl-C")
        assert await ann.ends() == 1
        await serving
        assert policy.ends == []

    run(talk())


def test_what_the_edge_raises_ends_the_connection_and_is_raised(script: ScriptedServer) -> None:
    def fail(happening: Happening | None, show: Show | None) -> None:
        if show is not None and show.line == "bob: hi":
            raise BrokenPipeError

    async def silence() -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    def serve() -> None:
        script.welcomes()
        script.sends(chat(11))
        assert script.reads() is None

    async def talk() -> None:
        running = asyncio.create_task(Talk(Settings(script.port), fail, waits=True).run(silence()))
        with pytest.raises(BrokenPipeError):
            await asyncio.gather(running, does(serve))

    run(talk())


def test_what_the_lines_raise_ends_the_connection_and_is_raised(script: ScriptedServer) -> None:
    def serve() -> None:
        script.welcomes()
        assert script.reads().text == "hi"

    async def talk() -> None:
        serving = asyncio.create_task(does(serve))

        async def failing() -> AsyncIterator[str]:
            yield "hi"
            await serving
            raise ZeroDivisionError

        running = asyncio.create_task(Talk(Settings(script.port), lambda *_: None, waits=True).run(failing()))
        with pytest.raises(ZeroDivisionError):
            await running
        assert await does(script.reads) is None

    run(talk())


def test_status_tells_name_server_latency_and_users(script: ScriptedServer) -> None:
    def serve() -> None:
        who = script.reads()
        assert isinstance(who, Who)
        script.sends(page(who, [], False))

    async def talk() -> None:
        ann = People(Settings(script.port), asks_who=True)
        status = ann.talk
        assert (status.name, status.welcome, status.latency, status.users) == ("ann", None, None, [])
        await does(script.welcomes)
        await does(serve)
        await becomes(lambda: status.knows_users)
        assert status.welcome is not None
        assert status.latency is not None
        assert (status.welcome.server_name, status.users) == ("Test", ["ann"])
        await does(script.sends, Joined(seq=11, time=1, who=BOB))
        ann.types("/rename Annie")
        await does(script.accepts, Rename, 12)
        await does(script.sends, Renamed(seq=13, time=1, who=BOB, new_name="abe"))
        await becomes(lambda: status.users == ["abe", "Annie"])
        assert status.name == "Annie"
        await does(script.sends, Left(seq=14, time=1, who=BOB, reason=LeftReason.LEFT))
        await becomes(lambda: status.users == ["Annie"])
        assert "Users here" not in "".join(ann.lines)
        ann.ends_input()
        await asyncio.gather(ann.ends(), does(script.accepts, Leave))
        assert status.welcome is None

    run(talk())
