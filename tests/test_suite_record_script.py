"""The script that the recorder makes of what it has seen, from tapes that a test writes itself."""

from __future__ import annotations

from typing import Any

from conformance.record.document import recording_of
from conformance.record.tape import Tape
from impwire import messages as m
from impwire.codecs import encode
from impwire.tables import Role, Settings
from impwire.wire import Message
from tests.recording import hello, request, steps_of


class Story:
    """A tape that a test writes itself: users 1, 2 … are those of the connections 1, 2 …"""

    def __init__(self, *names: str) -> None:
        self.tape = Tape()
        self.users: list[m.User] = []
        for name in names:
            self.join(name)

    def join(self, name: str) -> int:
        """A user comes, and the others are told; returns the connection."""
        number = self.tape.opened()
        user = m.User(session_id=number, name=name)
        limits = {name: getattr(Settings(), name) for name in Settings.__slots__}
        stay: dict[str, Any] = {
            "version": 256,
            "capabilities": 0,
            "session_id": number,
            "name": name,
            "server_name": "x",
        }
        self.client(number, hello(1, name))
        self.server(number, m.Welcome(request_id=1, seq=number, time=5, **stay, **limits))
        for other in self.users:
            self.server(other.session_id, m.Joined(seq=number, time=5, who=user))
        self.users.append(user)
        return number

    def client(self, number: int, *frames: bytes) -> None:
        self.tape.received(number, Role.CLIENT, b"".join(frames))

    def server(self, number: int, *messages: Message) -> None:
        for message in messages:
            self.tape.received(number, Role.SERVER, encode(message))

    def steps(self) -> list[str]:
        recording = recording_of(self.tape, "a/b")
        assert recording is not None
        return steps_of(recording.text("by hand"))


def test_requests_of_two_clients_stand_in_the_order_of_the_server() -> None:
    """bob's SAY was seen first and handled second: the numbers of the events tell."""
    story = Story("ann", "bob")
    ann, bob = story.users
    first, second = m.Chat(seq=3, time=7, who=ann, text="first"), m.Chat(seq=4, time=8, who=bob, text="second")
    story.client(2, request("SAY", 2, text="second"))
    story.client(1, request("SAY", 2, text="first"))
    story.server(2, first, m.Ok(request_id=2, seq=4, time=8))
    story.server(1, m.Ok(request_id=2, seq=3, time=7), second)
    assert story.steps() == [
        "[ann, joins]",
        "[bob, joins]",
        "[ann, sends, SAY, {text: first}]",
        "[ann, receives, OK, {seq: $seq1, time: $time1}]",
        "[bob, receives, CHAT, {seq: $seq1, time: $time1, who: $ann, text: first}]",
        "[bob, sends, SAY, {text: second}]",
        "[bob, receives, OK, {seq: $seq2, time: $time2}]",
        "[ann, receives, CHAT, {seq: $seq2, time: $time2, who: $bob, text: second}]",
    ]


def test_requests_of_one_segment_stay_together_unless_another_act_stood_between() -> None:
    story = Story("ann", "bob")
    story.client(1, request("WHO", 2, after="", limit=1), request("PING", 3, nonce=1), request("RENAME", 4, name="amy"))
    story.client(2, request("RENAME", 2, name="rob"))
    renamed = m.Renamed(seq=3, time=7, who=story.users[1], new_name="rob")
    roster = m.Roster(request_id=2, entries=(story.users[0],), more=True)
    story.server(1, roster, m.Pong(request_id=3, nonce=1), renamed, m.Ok(request_id=4, seq=4, time=8))
    story.server(2, m.Ok(request_id=2, seq=3, time=7))
    story.server(2, m.Renamed(seq=4, time=8, who=story.users[0], new_name="amy"))
    assert [step for step in story.steps() if "sends" in step or "OK" in step] == [
        "[ann, sends together, [WHO, {limit: 1}], [PING, {nonce: 1}]]",
        "[bob, sends, RENAME, {name: rob}]",
        "[bob, receives, OK, {seq: $seq1, time: $time1}]",
        "[ann, sends, RENAME, {name: amy}]",
        "[ann, receives, OK, {seq: $seq2, time: $time2}]",
    ]


def test_request_that_came_too_late_for_the_operator_is_left_out() -> None:
    """It was sent before the GOODBYE was seen; the server had handled the /kick first."""
    story = Story("ann")
    story.client(1, request("SAY", 2, text="wait"))
    story.server(1, m.Goodbye(code=m.GoodbyeCode.KICKED, retry_after_ms=0, detail=""))
    story.tape.ended(1, Role.SERVER)
    assert story.steps() == [
        "[ann, joins]",
        "# the operator has done this; how the line was typed is a guess",
        "[console, types, '/kick ann']",
        "[ann, receives, GOODBYE, {code: KICKED, request_id: 0, detail: ''}]",
        "[ann, is closed]",
        "# left out: ann has also sent SAY; what became of it was not recorded",
    ]


def test_name_that_was_lost_unseen_is_asked_for_when_the_server_knows() -> None:
    story = Story("ann")
    story.tape.ended(1, Role.CLIENT, reset=True)
    story.users.clear()
    story.join("ann")
    assert story.steps() == [
        "[ann, joins]",
        "[ann, resets]",
        "[ann, connects]",
        "# the server has learned of the loss when this is answered",
        "[ann, receives nothing]",
        "[ann, joins]",
    ]


def test_second_hello_whose_author_was_gone_is_no_welcome() -> None:
    """The only sign of it is the LEFT that another user got."""
    story = Story("ann", "bob")
    story.client(2, hello(2, "eve"))
    story.server(1, m.Left(seq=3, time=7, who=story.users[1], reason=m.LeftReason.VIOLATION))
    story.tape.ended(2, Role.CLIENT, reset=True)
    assert story.steps() == [
        "[ann, joins]",
        "[bob, joins]",
        "[bob, sends, HELLO, {name: eve}]",
        "[ann, receives, LEFT, {seq: {not: 0}, who: $bob, reason: VIOLATION}]",
        "[bob, resets]",
    ]


def test_hello_whose_author_was_gone_is_welcomed_when_it_plays_again() -> None:
    """Somebody has to wait until the server has handled it: nobody was told."""
    story = Story()
    story.tape.opened()
    story.client(1, hello(1, "ann"))
    story.tape.ended(1, Role.CLIENT, reset=True)
    story.join("bob")
    story.server(2, m.Left(seq=3, time=7, who=m.User(session_id=1, name="ann"), reason=m.LeftReason.LOST))
    assert story.steps() == [
        "[ann, connects]",
        "[ann, sends, HELLO, {}]",
        "[ann, receives, WELCOME, {name: ann}]",
        "[bob, connects]",
        "[bob, sends, HELLO, {}]",
        "[bob, receives, WELCOME, {name: bob, version: 256, capabilities: 0, seq: {not: 0}}]",
        "[ann, resets]",
        "[bob, receives, LEFT, {seq: {not: 0}, who: $ann, reason: LOST}]",
    ]


def test_names_that_mean_something_in_a_case_become_others() -> None:
    story = Story("request", "console", "a-b", "seq1", "anon1")
    assert [step for step in story.steps() if "HELLO" in step or "joins" in step] == [
        "[request_2, sends, HELLO, {name: request}]",
        "[console_2, sends, HELLO, {name: console}]",
        "[a_b, sends, HELLO, {name: a-b}]",
        "[seq1_2, sends, HELLO, {name: seq1}]",
        "[anon1, joins]",
    ]


def test_keepalive_leaves_no_trace_but_the_setting_that_keeps_it_away() -> None:
    story = Story("ann")
    story.server(1, m.Ping(request_id=1, nonce=9))
    story.client(1, request("PONG", 1, nonce=9))
    story.client(1, request("PONG", 1, nonce=9))
    story.server(1, m.Goodbye(code=m.GoodbyeCode.UNEXPECTED_MESSAGE, retry_after_ms=0, detail=""))
    assert story.steps() == [
        "[ann, joins]",
        "[ann, sends, PONG, {nonce: 9, request_id: 1}]",
        "[ann, receives, GOODBYE, {code: UNEXPECTED_MESSAGE, request_id: 0}]",
    ]


def test_user_who_is_not_in_the_recording_is_told() -> None:
    story = Story("ann")
    story.server(1, m.Left(seq=2, time=7, who=m.User(session_id=99, name="old"), reason=m.LeftReason.LEFT))
    assert story.steps() == [
        "[ann, joins]",
        "# 'old' was at the server and is not in the recording",
        "[ann, receives, LEFT, {seq: {not: 0}, who: $who1, reason: LEFT}]",
    ]
