"""The soak in small, and that it finds what it is for: frames that are lost, doubled, out of order or changed."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from impwire import Message
from impwire import messages as m
from impwire.codecs import encode
from tests.soak.__main__ import summary
from tests.soak.book import Book
from tests.soak.client import Client
from tests.soak.run import soak
from tests.watched import require_proc


def test_soak_finds_nothing_wrong_with_the_server() -> None:
    require_proc()
    result = asyncio.run(soak(4, clients=10))
    assert result.passed, summary(result)
    for what in ("CHAT", "joins", "RENAMED", "WHISPER", "GOODBYE KICKED", "GOODBYE LEFT"):
        assert result.counts[what] > 0, summary(result)
    assert [sample.rest for sample in result.samples].count(True) == 2


#: A server that writes each twentieth CHAT as often as is filled in.
_SPOILED = """
import itertools, sys
from impwire import codecs, messages
encode, number = codecs.encode, itertools.count(1)
def spoiled(message):
    spoil = isinstance(message, messages.Chat) and next(number) % 20 == 0
    return encode(message) * ({times} if spoil else 1)
codecs.encode = spoiled
from reference_server import __main__
sys.exit(__main__.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("times", "fault"), [(0, "has the seq"), (2, "has the seq")], ids=["lost", "doubled"])
def test_soak_finds_a_server_that_loses_or_doubles_frames(times: int, fault: str) -> None:
    require_proc()
    command = [sys.executable, "-c", _SPOILED.format(times=times)]
    # Who vanishes is cut soon, so the end comes soon. Clients that are cut by chance are faults more, and do not matter.
    result = asyncio.run(soak(2, clients=6, command=command, silence=500))
    assert not result.passed
    assert any(fault in found for found in result.faults), summary(result)


# -- the client, without a server ------------------------------------------------------------------------------------


class _Sink(asyncio.Transport):
    """Takes what is written, and that is all."""

    def write(self, data: Any) -> None:
        pass

    def is_closing(self) -> bool:
        return False


_ANN, _BOB = m.User(session_id=7, name="ann"), m.User(session_id=8, name="bob")


def _chat(seq: int, text: str) -> m.Chat:
    return m.Chat(seq=seq, time=1, who=_BOB, text=text)


def _ok(request_id: int, seq: int) -> m.Ok:
    return m.Ok(request_id=request_id, seq=seq, time=1)


def _faults(*messages: Message) -> list[str]:
    """What is found wrong when ann, who has asked who is there (1), said something (2) and is at seq 10, gets this."""

    async def hear() -> list[str]:
        book = Book()
        book.said.update({f"text {number}": 8 for number in range(10, 20)})
        book.ends[8] = {m.LeftReason.LEFT}
        client = Client(book)
        client.connection_made(_Sink())
        client.name, client.session_id, client.seq = "ann", 7, 10
        client.send(m.Who, after="", limit=0)
        client.send(m.Say, text="of ann")
        client.data_received(b"".join(encode(message) for message in messages))
        return book.faults

    return asyncio.run(hear())


_ROSTER = m.Roster(request_id=1, entries=(_ANN, _BOB), more=False)


def test_client_of_the_soak_finds_nothing_wrong_where_nothing_is() -> None:
    left = m.Left(seq=14, time=1, who=_BOB, reason=m.LeftReason.LEFT)
    assert _faults(_chat(11, "text 11"), _ROSTER, _chat(12, "text 12"), _ok(2, 13), left) == []


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ([_chat(12, "text 12")], "has the seq 12 behind 10"),
        ([_chat(11, "text 11"), _chat(11, "text 11")], "has the seq 11 behind 11"),
        ([_chat(12, "text 12"), _chat(11, "text 11")], "has the seq 11 behind 12"),
        ([_chat(11, "text 11"), _chat(12, "text 11")], "should be by None"),
        ([_chat(11, "text never said")], "should be by None"),
        ([_ROSTER, _ok(2, 0)], "OK to SAY has the seq 0"),
        ([_ok(2, 11)], "comes in answer to"),
        ([_ROSTER, _ROSTER], "comes in answer to"),
        ([_ROSTER, m.Joined(seq=11, time=1, who=_BOB)], "joins and is there"),
        ([_ROSTER, m.Left(seq=11, time=1, who=_BOB, reason=m.LeftReason.LOST)], "has left for"),
        ([_ROSTER, m.Renamed(seq=11, time=1, who=m.User(session_id=8, name="rob"), new_name="x")], "whose name is bob"),
        ([m.Chat(seq=11, time=1, who=_ANN, text="text 11")], "is told of its own CHAT"),
        ([m.Roster(request_id=1, entries=(_BOB,), more=False)], "does not have the client itself"),
        ([m.Roster(request_id=1, entries=(_BOB, _ANN), more=False)], "not in the order of names"),
        ([m.Goodbye(code=m.GoodbyeCode.INTERNAL, retry_after_ms=0, detail="")], "is ended with INTERNAL"),
    ],
)
def test_client_of_the_soak_finds_what_is_wrong(messages: list[Message], fault: str) -> None:
    assert any(fault in found for found in _faults(*messages)), _faults(*messages)
