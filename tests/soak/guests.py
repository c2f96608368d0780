"""Those who come, do something, and end in one way or another; each way is one function."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from impwire import Message
from impwire import messages as m
from impwire.codecs import encode

from .client import Client
from .house import BURST, House

Code, Reason = m.GoodbyeCode, m.LeftReason
#: So many private messages at once fill what a client does not read.
_LETTERS = 20
#: Seconds between two requests of who does not flood, so that no request is refused for its rate.
GAP = 0.015


async def visit(house: House, name: str = "", source: str = "") -> Client | None:
    """A client that has joined; None, and a fault, if it was not let in."""
    client = await house.client(source)
    if not isinstance(reply := await client.join(name or house.name()), m.Welcome):
        house.book.fault(f"a newcomer is answered by {reply} {client.goodbye or ''}")
        client.reset()
        return None
    house.book.counts["joins"] += 1
    return client


async def say(house: House, client: Client, size: int = 0) -> Message | None:
    """Say something that nobody has said before."""
    house.book.counts["texts"] += 1
    text = f"{client.session_id} says {house.book.counts['texts']} ".ljust(size, ".")
    house.book.said[text] = client.session_id
    reply = await client.send(m.Say, text=text)
    await asyncio.sleep(GAP)
    return reply


async def chat(house: House, client: Client) -> None:
    """A few requests of all kinds."""
    for _ in range(house.chance.randrange(6)):
        kind = house.chance.randrange(5)
        if kind == 0:
            await say(house, client, house.chance.choice((0, 0, 0, 1000, 4000)))
        elif kind == 1:
            await client.send(m.Rename, name=house.name())
        elif kind == 2:
            await client.send(m.Who, after="", limit=0)
        elif kind == 3:
            reply = await client.send(m.Rename, name="KING")
            if not isinstance(reply, m.Error | None) or (reply and reply.code is not m.ErrorCode.NAME_TAKEN):
                house.book.fault(f"RENAME to a name that is taken is answered by {reply}")
        else:
            await client.send(m.Pm, to="king", text="only between us")
        await asyncio.sleep(GAP)


async def leaves(house: House, client: Client) -> None:
    """LEAVE, with requests in front of it."""
    client.may_end = {Code.LEFT}
    house.book.ends[client.session_id] = {Reason.LEFT}
    client.send(m.Ping, nonce=1)
    client.send(m.Leave)
    await client.closed.wait()


async def ends_its_stream(house: House, client: Client) -> None:
    """The end of the stream behind requests that are still to be answered."""
    client.may_end = {Code.LEFT}
    house.book.ends[client.session_id] = {Reason.LEFT}
    client.send(m.Ping, nonce=1)
    client.transport.write_eof()
    await client.closed.wait()


async def ends_inside_a_frame(house: House, client: Client) -> None:
    client.may_end = {Code.MALFORMED}
    house.book.ends[client.session_id] = {Reason.LOST}
    client.transport.write(encode(m.Ping(request_id=77, nonce=1))[:7])
    client.transport.write_eof()
    await client.closed.wait()


async def resets(house: House, client: Client) -> None:
    house.book.ends[client.session_id] = {Reason.LOST}
    client.reset()
    await house.book.gone(client.session_id)


async def sends_garbage(house: House, client: Client) -> None:
    client.may_end = {Code.MALFORMED, Code.FRAME_TOO_LARGE, Code.UNEXPECTED_MESSAGE}
    house.book.ends[client.session_id] = {Reason.VIOLATION}
    wrong = (b"\xff\xff\xff\xff", b"\0\0\0\0", bytes.fromhex("00000006 ff 00 00000005"))
    client.transport.write(house.chance.choice(wrong))
    await client.closed.wait()


async def leaves_a_frame_unfinished(house: House, client: Client) -> None:
    client.may_end = {Code.FRAME_TIMEOUT}
    client.answers = False  # A PONG would stand inside the frame.
    house.book.ends[client.session_id] = {Reason.TIMED_OUT}
    client.transport.write(encode(m.Ping(request_id=77, nonce=1))[:7])
    await client.closed.wait()


async def vanishes(house: House, client: Client) -> None:
    """Neither reads nor writes any more, and does not close."""
    house.book.ends[client.session_id] = {Reason.TIMED_OUT, Reason.TOO_SLOW}
    client.transport.pause_reading()
    client.may_be_lost = True
    await house.book.gone(client.session_id)
    client.reset()


async def floods(house: House, client: Client) -> None:
    client.floods, client.may_end = True, {Code.FLOOD}
    house.book.ends[client.session_id] = {Reason.VIOLATION}
    for _ in range(BURST + 500):
        client.send(m.Ping, nonce=1)
    await client.closed.wait()


async def stops_reading(house: House, client: Client) -> None:
    """Does not read what another writes, until it is cut; then reads all that came before."""
    friend = await visit(house)
    if friend is None:
        client.reset()
        return
    client.may_end, client.may_be_lost = {Code.SLOW_CONSUMER}, True
    house.book.ends[client.session_id] = {Reason.TOO_SLOW}
    client.transport.pause_reading()
    budget = BURST
    gone = asyncio.ensure_future(house.book.gone(client.session_id))
    while not gone.done():
        client.send(m.Ping, nonce=1)  # A sign of life.
        written = [friend.send(m.Pm, to=client.name, text="." * 4096) for _ in range(_LETTERS)]
        await asyncio.gather(*written)
        house.book.counts["letters"] += _LETTERS
        budget -= _LETTERS
        if budget < _LETTERS:
            await asyncio.sleep(GAP * _LETTERS)
            budget += _LETTERS
    client.transport.resume_reading()
    await leaves(house, friend)
    await client.closed.wait()


async def is_kicked(house: House, client: Client) -> None:
    client.may_end = {Code.KICKED}
    house.book.ends[client.session_id] = {Reason.KICKED}
    asking = [client.send(m.Who, after="", limit=0) for _ in range(5)]
    house.type(f"/kick {client.name} it is only a test")
    await client.closed.wait()
    await asyncio.gather(*asking)


async def is_banned(house: House, client: Client) -> None:
    """By name: the name is refused until the ban is lifted."""
    name = client.name
    client.may_end = {Code.BANNED}
    house.book.ends[client.session_id] = {Reason.BANNED}
    await house.enter(f"/ban {name} 1h for the test", rf"^{name} is banned ")
    await client.closed.wait()
    again = await house.client()
    reply = await again.join(name)
    if not isinstance(reply, m.Error) or reply.code is not m.ErrorCode.NAME_BANNED:
        house.book.fault(f"HELLO with a banned name is answered by {reply}")
    await house.enter(f"/unban {name}", rf"^{name} is no longer banned")
    if not isinstance(reply := await again.join(name), m.Welcome):
        house.book.fault(f"HELLO with a name that is no longer banned is answered by {reply}")
        again.reset()
        return
    await leaves(house, again)


async def is_kept_out(house: House, client: Client) -> None:
    """By address: the next connection from there is refused until the ban is lifted."""
    client.may_end = {Code.LEFT}
    await leaves(house, client)
    address = f"127.200.{house.chance.randrange(250)}.{house.chance.randrange(1, 250)}"
    outlaw = await visit(house, source=address)
    if outlaw is None:
        return
    outlaw.may_end = {Code.BANNED}
    house.book.ends[outlaw.session_id] = {Reason.BANNED}
    await house.enter(f"/ban {address} 1h", rf"^{re.escape(address)}\S* is banned ")
    await outlaw.closed.wait()
    again = await house.client(address)
    again.may_end = {Code.BANNED}
    await again.closed.wait()
    await house.enter(f"/unban {address}", rf"^{re.escape(address)}\S* is no longer banned")
    pardoned = await visit(house, source=address)
    if pardoned is not None:
        await leaves(house, pardoned)


Ending = Callable[[House, Client], Awaitable[None]]
#: Every way to end, with how often it is taken beside the others.
ENDINGS: dict[Ending, int] = {
    leaves: 10,
    ends_its_stream: 6,
    ends_inside_a_frame: 3,
    resets: 8,
    sends_garbage: 4,
    leaves_a_frame_unfinished: 1,
    vanishes: 1,
    floods: 1,
    stops_reading: 1,
    is_kicked: 3,
    is_banned: 2,
    is_kept_out: 2,
}


async def come_and_go(house: House) -> None:
    """One guest after another, for ever."""
    while True:
        await house.working.wait()
        house.guests += 1
        try:
            (ending,) = house.chance.choices(list(ENDINGS), list(ENDINGS.values()))
            client = await visit(house)
            if client is not None:
                house.book.acts[client.session_id] = ending.__name__.replace("_", " ")
                await chat(house, client)
                await ending(house, client)
                house.book.counts[house.book.acts.pop(client.session_id)] += 1
        finally:
            house.guests -= 1


async def junk(house: House) -> None:
    """Connections that are none of a user's, one after another, for ever."""
    hello = encode(m.Hello(request_id=1, min_version=256, max_version=256, capabilities=0, name="junk"))
    words = (b"", b"GET / HTTP/1.1\r\n\r\n", bytes.fromhex("16030102000100"), hello[:9], b"\xff\xff\xff\xff")
    while True:
        await house.working.wait()
        house.guests += 1
        try:
            client = await house.client()
            client.may_end = {Code.LEFT, Code.MALFORMED, Code.FRAME_TOO_LARGE}
            client.transport.write(house.chance.choice(words))
            if house.chance.randrange(2):
                client.reset()
            else:
                client.transport.write_eof()
            await client.closed.wait()
            await asyncio.sleep(GAP)
        finally:
            house.guests -= 1
