"""The library: `connect` and what its client does, against the reference server and against one that is scripted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

import reference_client
from impwire.codecs import encode
from impwire.messages import (
    Chat,
    Error,
    ErrorCode,
    GoodbyeCode,
    Hello,
    Joined,
    Leave,
    Left,
    LeftReason,
    Notice,
    Ok,
    Ping,
    Pong,
    Renamed,
    Say,
    Whisper,
    Who,
)
from reference_client import (
    CannotConnect,
    Client,
    ConnectionEnded,
    EndKind,
    InvalidRequest,
    NameRefused,
    NotConnected,
    Remedy,
    RequestRefused,
    RosterIncomplete,
    TooManyEvents,
    connect,
    link,
)
from reference_client import client as library
from reference_client.effects import End, Happening, Told
from tests.scripted import ScriptedServer
from tests.support import PATIENCE, ROOT, ServerProcess
from tests.talking import chat, goodbye, kinds, page


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    script = ScriptedServer()
    yield script
    script.close()


def run(talk: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(talk, PATIENCE))


async def does(act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Let the scripted server act, while the client goes on."""
    return await asyncio.to_thread(partial(act, *arguments, **named))


async def joined(script: ScriptedServer, client: Client, **limits: Any) -> None:
    """Open a client towards the scripted server, which welcomes it."""
    await asyncio.gather(client.open("127.0.0.1", script.port), does(script.welcomes, **limits))


async def listen(client: Client) -> list[Any]:
    """All events until the end."""
    return [event async for event in client]


def ann_to(script: ScriptedServer) -> Any:
    return connect("ann", port=script.port)


# -- with the reference server -----------------------------------------------------------------------------------------


def test_client_talks_and_hears(server: ServerProcess) -> None:
    async def talk() -> None:
        async with connect("ann", port=server.port) as ann:
            async with connect("bob", port=server.port) as bob:
                assert (bob.name, bob.welcome.server_name, bob.is_closed) == ("bob", "IMP server", False)
                assert bob.latency is not None
                said = await bob.say("hi")
                assert (await bob.pm("ANN", "psst")).seq == 0
                await bob.rename("Rob")
                assert bob.name == "Rob"
                assert [user.name for user in await bob.who()] == ["ann", "Rob"]
                assert 0 < await bob.ping() < PATIENCE
                server.enter("/all tea")
                while not isinstance(notice := await anext(bob), Notice):
                    pass
            assert bob.is_closed
            heard: list[Any] = [await anext(ann) for _ in range(6)]
            kinds = [Joined, Chat, Whisper, Renamed, Notice, Left]
            assert [type(event) for event in heard] == kinds
            assert (heard[1].text, heard[1].seq, heard[1].time) == ("hi", said.seq, said.time)
            assert (heard[2].text, heard[2].who.name) == ("psst", "bob")
            assert heard[4] == notice
            assert heard[5].reason is LeftReason.LEFT

    run(talk())


def test_refusals_are_raised_and_the_stay_goes_on(server: ServerProcess) -> None:
    async def talk() -> None:
        async with connect("ann", port=server.port) as ann:
            with pytest.raises(RequestRefused, match="there is no user of that name") as refused:
                await ann.pm("nobody", "hi")
            assert (refused.value.code, refused.value.request.NAME) == (ErrorCode.NO_SUCH_USER, "PM")
            with pytest.raises(RequestRefused, match="reserved"):
                await ann.rename("server")
            assert ann.name == "ann"
            with pytest.raises(InvalidRequest, match="too long") as invalid:
                await ann.say("a" * 5000)
            assert invalid.value.code == "TEXT_TOO_LONG"
            assert isinstance(invalid.value, ValueError)
            await ann.say("still there")
            with pytest.raises(NameRefused, match="taken") as taken:
                async with connect("ANN", port=server.port):
                    pytest.fail("the name is taken")
            assert taken.value.ending.code is ErrorCode.NAME_TAKEN

    run(talk())


def test_program_that_was_kicked_is_told_everywhere(server: ServerProcess) -> None:
    async def talk() -> None:
        async with connect("ann", port=server.port) as ann:
            await ann.say("hi")
            server.enter("/kick ann bedtime")
            with pytest.raises(ConnectionEnded, match="bedtime") as ended:
                await listen(ann)
            assert (ended.value.ending.kind, ended.value.ending.code) == (EndKind.GOODBYE, GoodbyeCode.KICKED)
            for request in (ann.say("x"), ann.who(), ann.ping(), anext(ann)):
                with pytest.raises(ConnectionEnded, match="bedtime"):
                    await request

    run(talk())


def test_many_requests_at_once_keep_within_the_rate(start_server: Callable[..., ServerProcess]) -> None:
    """CLIENT-9, and each gets its own reply."""
    server = start_server("--rate-burst", "5", "--rate-per-second", "1000")

    async def talk() -> None:
        async with connect("ann", port=server.port) as ann, connect("bob", port=server.port, events=False) as bob:
            replies = await asyncio.gather(*(bob.say(str(number)) for number in range(100)))
            heard = [await anext(ann) for _ in range(101)]
            assert [(chat.seq, chat.text) for chat in heard if isinstance(chat, Chat)] == [
                (reply.seq, str(number)) for number, reply in enumerate(replies)
            ]

    run(talk())


# -- the end of the block ----------------------------------------------------------------------------------------------


def test_end_of_the_block_waits_for_replies_then_leaves(script: ScriptedServer) -> None:
    """CLIENT-3: and who iterates sees the events before GOODBYE, then the end."""

    async def talk() -> None:
        opening = asyncio.create_task(does(script.welcomes))
        async with ann_to(script) as client:
            await opening
            listening, saying = asyncio.create_task(listen(client)), asyncio.create_task(client.say("hi"))
            say = await does(script.reads)
            answering = asyncio.create_task(does(answer, say))
        await answering
        assert await listening == [chat(12)]
        assert (await saying).seq == 11
        assert client.is_closed
        with pytest.raises(ConnectionEnded):
            await client.say("more")

    def answer(say: Say) -> None:
        script.sends(Ok(request_id=say.request_id, seq=11, time=1), chat(12))
        script.accepts(Leave)

    run(talk())


def test_block_that_raises_gives_up_what_waits_and_leaves(script: ScriptedServer) -> None:
    def serve() -> None:
        script.welcomes(rate_burst=2, rate_per_second=1)
        assert script.reads().text == "one"
        script.accepts(Leave)

    async def talk() -> None:
        serving = asyncio.create_task(does(serve))
        saying: list[asyncio.Task[Ok]] = []

        async def fail() -> None:
            async with ann_to(script) as client:
                saying.extend(asyncio.create_task(client.say(text)) for text in ("one", "two"))
                await asyncio.sleep(0)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        await serving
        for task in saying:
            with pytest.raises(ConnectionEnded, match="You have left") as ended:
                await task
            assert [request.text for request in ended.value.ending.unanswered if isinstance(request, Say)] == ["one"]
            assert ended.value.ending.unsent == (Say(text="two"),)

    run(talk())


def test_server_that_never_says_goodbye_is_not_waited_for_without_end(
    script: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LEAVE_TIMEOUT", 0.05)

    async def talk() -> None:
        opening = asyncio.create_task(does(script.welcomes))
        async with ann_to(script) as client:
            await opening
        assert client.is_closed
        assert kinds([await does(script.reads)]) == ["LEAVE"]
        assert await does(script.reads) is None

    run(talk())


def test_leaving_within_the_block_ends_the_iteration_and_the_block_does_nothing_more(script: ScriptedServer) -> None:
    async def talk() -> None:
        opening = asyncio.create_task(does(script.welcomes))
        async with ann_to(script) as client:
            await opening
            await asyncio.gather(client.leave(), does(script.accepts, Leave))
            assert [event async for event in client] == []
        assert await does(script.reads) is None

    run(talk())


# -- how it can fail ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "1ann", "a\ud800"])
def test_name_that_cannot_be_asked_for_is_refused_before_anything_is_sent(name: str) -> None:
    async def talk() -> None:
        with pytest.raises(InvalidRequest, match="not a valid name"):
            async with connect(name, port=1):
                pytest.fail("nobody can bear it")

    run(talk())


def test_nobody_listens(script: ScriptedServer) -> None:
    script.close()

    async def talk() -> None:
        with pytest.raises(CannotConnect, match=f"127.0.0.1:{script.port}"):
            async with ann_to(script):
                pytest.fail("there is nobody")

    run(talk())


def test_goodbye_before_welcome_is_raised(script: ScriptedServer) -> None:
    async def talk() -> None:
        refusing = asyncio.create_task(does(script.sends, goodbye(GoodbyeCode.SERVER_FULL, retry_after_ms=700)))
        with pytest.raises(ConnectionEnded, match="full") as ended:
            async with ann_to(script):
                pytest.fail("there is no room")
        await refusing
        assert not isinstance(ended.value, NameRefused)
        assert (ended.value.ending.retry_after_ms, ended.value.ending.welcomed) == (700, False)

    run(talk())


def test_server_that_speaks_tls_is_told_from_others(script: ScriptedServer) -> None:
    async def talk() -> None:
        alerting = asyncio.create_task(does(lambda: script.peer.sendall(bytes.fromhex("15 0301 0002 0246"))))
        with pytest.raises(ConnectionEnded, match=r"the server speaks TLS on this port; connect with TLS\.$") as caught:
            async with ann_to(script):
                pytest.fail("there was no WELCOME")
        assert caught.value.ending.remedy is Remedy.TLS
        await alerting

    run(talk())


def test_who_asks_for_tls_in_the_wrong_way_does_not_go_without_it(script: ScriptedServer) -> None:
    async def talk() -> None:
        with pytest.raises(TypeError, match=r"tls has to be an ssl\.SSLContext, True or None, not 'ca\.pem'"):
            async with connect("ann", "127.0.0.1", script.port, tls="ca.pem"):  # type: ignore[arg-type]
                pytest.fail("there was a connection")

    run(talk())


@pytest.mark.parametrize("times", [1, 2])
def test_cancelled_connect_closes_the_connection(script: ScriptedServer, times: int) -> None:
    """Also when it is cancelled once more while it closes."""

    async def talk() -> None:
        client = Client("ann")
        opening = asyncio.create_task(client.open("127.0.0.1", script.port))
        assert isinstance(await does(script.reads), Hello)
        for _ in range(times):
            assert opening.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert client.is_closed
        assert await does(script.reads) is None

    run(talk())


def test_leave_that_is_cancelled_as_it_ends_is_cancelled(script: ScriptedServer) -> None:
    """Nothing else would tell a task group or a timeout around it."""

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)

        async def cancel() -> bool:
            await client.ended()
            return leaving.cancel()

        cancelling = asyncio.create_task(cancel())
        await asyncio.sleep(0)  # So it is the first to know.
        leaving = asyncio.create_task(client.leave())
        await does(script.accepts, Leave)
        await does(script.peer.close)
        assert await cancelling
        with pytest.raises(asyncio.CancelledError):
            await leaving

    run(talk())


def test_leaving_without_a_connection_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "LEAVE_TIMEOUT", 1e6)

    async def talk() -> None:
        for at_once in (False, True):
            await Client("ann").leave(at_once=at_once)

    run(talk())


def test_what_comes_behind_goodbye_causes_no_reset(script: ScriptedServer) -> None:
    """END-5, STATE-5: the client closes its own side, and reads on until the server closes."""

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        await does(script.peer.sendall, encode(goodbye(GoodbyeCode.KICKED)))
        assert await does(script.reads) is None
        for seq in (11, 12):  # The first would cause a reset, and the second find it.
            await does(script.sends, chat(seq))
        await does(script.peer.close)
        assert (await client.ended()).code is GoodbyeCode.KICKED
        with pytest.raises(ConnectionEnded):
            await anext(client)

    run(talk())


def test_server_that_does_not_close_behind_goodbye_is_not_waited_for_without_end(
    script: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "LINGER", 0.05)

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        await does(script.peer.sendall, encode(goodbye(GoodbyeCode.KICKED)))
        assert (await client.ended()).code is GoodbyeCode.KICKED

    run(talk())


def test_lost_connection_is_raised_to_who_waits_and_to_who_iterates(script: ScriptedServer) -> None:
    """END-6: behind the events that came before."""

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        saying = asyncio.create_task(client.say("hi"))
        assert (await does(script.reads)).text == "hi"
        await does(script.sends, chat(11))
        assert await anext(client) == chat(11)
        await does(script.sends, chat(12))
        await does(script.peer.close)
        with pytest.raises(ConnectionEnded, match="The connection was lost") as ended:
            await saying
        assert ended.value.ending.kind is EndKind.LOST
        assert [request.NAME for request in ended.value.ending.unanswered] == ["SAY"]
        assert await anext(client) == chat(12)
        for _ in range(2):
            with pytest.raises(ConnectionEnded, match="The connection was lost"):
                await anext(client)
        await client.leave()

    run(talk())


@pytest.mark.parametrize("ask", [lambda client: client.say("hi"), Client.who, Client.ping])
def test_request_that_goodbye_answers_is_not_done(script: ScriptedServer, ask: Callable[[Client], Any]) -> None:
    """GOODBYE-1."""

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        asking = asyncio.create_task(ask(client))
        request = await does(script.reads)
        await does(script.sends, goodbye(GoodbyeCode.FLOOD, request.request_id))
        with pytest.raises(ConnectionEnded) as ended:
            await asking
        assert ended.value.ending.code is GoodbyeCode.FLOOD
        assert ended.value.ending.unanswered == (request,)

    run(talk())


def test_requests_into_a_broken_connection_cause_no_noise(
    script: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The event loop would complain on standard error of each write behind the first that fails."""

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        script.resets()
        for _ in range(20):
            client.send(Say(text="hi"))
        assert (await client.ended()).kind is EndKind.LOST
        assert caplog.messages == []

    run(talk())


def test_server_that_breaks_the_protocol_is_left_at_once(script: ScriptedServer) -> None:
    """STATE-4: without LEAVE."""

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        await does(script.sends, Ok(request_id=77, seq=11, time=1))
        with pytest.raises(ConnectionEnded, match="broken the protocol"):
            await anext(client)
        assert await does(script.reads) is None
        client.abort()

    run(talk())


def test_cancelled_request_leaves_its_reply_to_nobody(script: ScriptedServer) -> None:
    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        saying = asyncio.create_task(client.say("one"))
        one = await does(script.reads)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        again = asyncio.create_task(client.say("two"))
        two = await does(script.reads)
        await does(script.sends, Ok(request_id=one.request_id, seq=11, time=1))
        await does(script.sends, Ok(request_id=two.request_id, seq=12, time=1))
        assert (await again).seq == 12
        client.abort()

    run(talk())


def test_requests_are_refused_while_leaving(script: ScriptedServer) -> None:
    async def talk() -> None:
        client = Client("ann")
        with pytest.raises(NotConnected):
            assert client.welcome
        await joined(script, client)
        leaving = asyncio.create_task(client.leave())
        leave = await does(script.reads)
        with pytest.raises(NotConnected, match="you are leaving"):
            await client.say("hi")
        await does(script.sends, goodbye(GoodbyeCode.LEFT, leave.request_id))
        await leaving

    run(talk())


# -- the list of users -------------------------------------------------------------------------------------------------


def test_who_gathers_all_pages_whatever_comes_between(script: ScriptedServer) -> None:
    """CLIENT-11."""

    def tell() -> None:
        script.sends(page(script.reads(), ["ann", "bob"], True), chat(11))
        second = script.reads()
        assert second.after == "bob"
        script.sends(page(second, ["carl"], False))

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        users, _ = await asyncio.gather(client.who(), does(tell))
        assert [user.name for user in users] == ["ann", "bob", "carl"]
        client.abort()

    run(talk())


def test_list_that_does_not_go_on_is_not_passed_off_as_all(script: ScriptedServer) -> None:
    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        asking = asyncio.create_task(client.who())
        who = await does(script.reads)
        assert isinstance(who, Who)
        await does(script.sends, page(who, [], True))
        with pytest.raises(RosterIncomplete) as incomplete:
            await asking
        assert incomplete.value.users == ()
        asking = asyncio.create_task(client.who())
        await does(script.sends, page(await does(script.reads), ["ann"], True))
        second = await does(script.reads)
        limited = Error(
            request_id=second.request_id, code=ErrorCode.RATE_LIMITED, request_type=4, retry_after_ms=9, detail="Slow!"
        )
        await does(script.sends, limited)
        with pytest.raises(RequestRefused, match="Slow!") as refused:
            await asking
        assert refused.value.retry_after_ms == 9
        client.abort()

    run(talk())


def test_list_that_was_not_read_to_its_end_for_leaving_is_not_passed_off_as_all(script: ScriptedServer) -> None:
    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        asking = asyncio.create_task(client.who())
        who = await does(script.reads)
        leaving = asyncio.create_task(client.leave(at_once=True))
        leave = await does(script.reads)
        await does(script.sends, page(who, ["ann"], True), goodbye(GoodbyeCode.LEFT, leave.request_id))
        with pytest.raises(RosterIncomplete, match="since you are leaving") as incomplete:
            await asking
        assert [user.name for user in incomplete.value.users] == ["ann"]
        await leaving

    run(talk())


# -- events that nobody takes ------------------------------------------------------------------------------------------


def test_events_that_nobody_takes_stop_the_reading_until_they_are_taken(
    script: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is lost, and none is kept beyond the bound but those that came before an awaited reply."""
    monkeypatch.setattr(library, "MOST_EVENTS", 5)

    def says(*numbers: int) -> None:
        script.sends(*(chat(number, str(number)) for number in numbers))

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        saying = asyncio.create_task(client.say("hi"))
        say = await does(script.reads)
        await does(says, *range(11, 18))
        await does(script.sends, Ok(request_id=say.request_id, seq=18, time=1))
        assert (await saying).seq == 18, "a reply that is awaited comes, whatever stands before it"
        assert client._link is not None
        assert not client._link.is_reading
        with pytest.raises(TooManyEvents, match="7 events wait"):
            await client.say("more")
        await does(says, 19)
        taken = [await anext(client) for _ in range(8)]
        assert [event.text for event in taken if isinstance(event, Chat)] == [str(n) for n in (*range(11, 18), 19)]
        assert client._link.is_reading
        saying = asyncio.create_task(client.say("more"))
        assert (await does(script.accepts, Say, 20)).text == "more"
        await saying
        client.abort()

    run(talk())


def test_events_without_bound_in_front_of_a_reply_end_the_connection(
    script: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who wait are told; none of the events that were kept is lost."""
    monkeypatch.setattr(library, "MOST_EVENTS", 1)

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        saying = asyncio.create_task(client.say("hi"))
        assert (await does(script.reads)).text == "hi"
        await does(script.sends, *(chat(seq) for seq in range(11, 21)), Ping(request_id=1, nonce=2))
        assert isinstance(await does(script.reads), Pong), "ten are none too many"
        await does(script.sends, chat(21))
        with pytest.raises(TooManyEvents, match="10 events wait"):
            await saying
        assert await does(script.reads) is None
        assert [await anext(client) for _ in range(10)] == [chat(seq) for seq in range(11, 21)]
        for waiting in (anext(client), client.leave()):
            with pytest.raises(TooManyEvents):
                await waiting

    run(talk())


@pytest.mark.parametrize("leave", [Client.leave, Client.finish, Client.interrupt])
def test_leaving_needs_no_room_for_events(
    script: ScriptedServer, monkeypatch: pytest.MonkeyPatch, leave: Callable[[Client], Coroutine[Any, Any, None] | None]
) -> None:
    monkeypatch.setattr(library, "MOST_EVENTS", 1)

    async def talk() -> None:
        client = Client("ann")
        await joined(script, client)
        pinging = asyncio.create_task(client.ping())
        ping = await does(script.reads)
        await does(script.sends, chat(11), Pong(request_id=ping.request_id, nonce=ping.nonce))
        await pinging
        assert client._link is not None
        assert not client._link.is_reading
        accepting = asyncio.create_task(does(script.accepts, Leave))
        if (leaving := leave(client)) is not None:
            await leaving
        assert (await client.ended()).kind is EndKind.LEFT
        await accepting
        assert [event async for event in client] == [chat(11)]

    run(talk())


def test_client_without_events_keeps_none(script: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST_EVENTS", 1)

    async def talk() -> None:
        client = Client("ann", events=False)
        await joined(script, client)
        await does(script.sends, chat(11), chat(12))
        for number in (13, 14):
            await asyncio.gather(client.say("hi"), does(script.accepts, Say, number))
        with pytest.raises(RuntimeError, match="events=False"):
            await anext(client)
        client.abort()

    run(talk())


# -- what is observed --------------------------------------------------------------------------------------------------


def test_observer_sees_replies_and_events_in_one_order(script: ScriptedServer) -> None:
    """CLIENT-4; and the answer to a PING of the server is no matter of the program."""

    def serve() -> None:
        script.welcomes()
        say = script.reads()
        script.sends(chat(11), Ok(request_id=say.request_id, seq=12, time=1), Ping(request_id=1, nonce=2), chat(14))
        assert isinstance(script.reads(), Pong)
        script.accepts(Leave)

    async def talk() -> None:
        seen: list[Happening] = []
        serving = asyncio.create_task(does(serve))
        async with connect("ann", port=script.port, observe=seen.append) as client:
            await client.say("hi")
        await serving
        assert [told.message.NAME if isinstance(told, Told) else type(told).__name__ for told in seen] == [
            "WELCOME",
            "CHAT",
            "OK",
            "PING",
            "CHAT",
            "Note",
            "GOODBYE",
            "End",
        ]

    run(talk())


def test_observer_that_acts_sees_what_comes_of_it_behind_what_had_come(script: ScriptedServer) -> None:
    """And the end last."""

    async def talk() -> None:
        seen: list[Happening] = []

        def observe(happening: Happening) -> None:
            seen.append(happening)
            if isinstance(happening, Told) and happening.message == chat(11):
                client.interrupt()
                client.interrupt()

        client = Client("ann", observe=observe)
        await joined(script, client)
        await does(script.sends, chat(11), chat(12))
        assert (await client.ended()).kind is EndKind.INTERRUPTED
        assert [type(happening) for happening in seen] == [Told, Told, Told, End]

    run(talk())


def test_what_the_observer_raises_ends_the_connection_and_is_raised(script: ScriptedServer) -> None:
    """And it is asked for nothing more."""
    seen: list[Happening] = []

    def observe(happening: Happening) -> None:
        seen.append(happening)
        if isinstance(happening, Told) and isinstance(happening.message, Chat):
            raise ZeroDivisionError

    async def talk() -> None:
        client = Client("ann", observe=observe)
        await joined(script, client)
        saying = asyncio.create_task(client.say("hi"))
        await does(script.reads)
        await does(script.sends, chat(11))
        for waiting in (saying, client.ended(), anext(client)):
            with pytest.raises(ZeroDivisionError):
                await waiting
        assert await does(script.reads) is None
        assert client._link is not None
        await client._link.gone.wait()
        assert [told.message.NAME for told in seen if isinstance(told, Told)] == ["WELCOME", "CHAT"]
        assert len(seen) == 2

    run(talk())


# -- the package -------------------------------------------------------------------------------------------------------


def test_package_exports_the_library_and_loads_it_when_it_is_used() -> None:
    code = (
        "import sys, reference_client; assert 'asyncio' not in sys.modules;"
        "[getattr(reference_client, name) for name in reference_client.__all__];"
        "assert reference_client.connect.__module__.endswith('client')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=PATIENCE)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        assert reference_client.nonsense
