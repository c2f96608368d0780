"""The client session: what it sends and tells for what it reads and is asked, without a socket and without a clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impwire import EncodeError, Message
from impwire.codecs import encode
from impwire.messages import (
    Chat,
    Error,
    ErrorCode,
    GoodbyeCode,
    Hello,
    Joined,
    Leave,
    Notice,
    NoticeScope,
    Ok,
    Ping,
    Pm,
    Pong,
    Rename,
    Say,
    Who,
)
from impwire.tables import LIMITS, TIMERS
from reference_client.effects import Ending, EndKind
from reference_client.errors import InvalidRequest, NotConnected
from reference_client.session import ClientSession
from tests.talking import BOB, Stay, chat, error, goodbye, kinds, ok, page, texts, welcome

WHO = Who(after="", limit=0)


@pytest.fixture
def stay() -> Stay:
    """A client that has been welcomed as ann."""
    stay = Stay()
    stay.hears(welcome())
    stay.told.clear()
    return stay


@pytest.fixture
def slow() -> Stay:
    """A client that has been welcomed by a server with a bucket of three tokens, and one more each second."""
    stay = Stay()
    stay.hears(welcome(rate_burst=3, rate_per_second=1))
    stay.told.clear()
    return stay


# -- the handshake -----------------------------------------------------------------------------------------------------


def test_client_says_hello_first() -> None:
    assert Stay().sent == [Hello(request_id=1, min_version=0x0100, max_version=0x0100, capabilities=0, name="ann")]


@pytest.mark.parametrize("name", ["", "1ann", "a b", "a" * 25, "änn", "a\udcff", "\x1b[2J"])
def test_name_that_no_frame_can_bear_is_refused_in_one_harmless_line(name: str) -> None:
    with pytest.raises(InvalidRequest, match="that is not a valid name") as caught:
        ClientSession(name)
    assert caught.value.code == "NAME_INVALID"
    assert str(caught.value).isprintable()


def test_client_sends_nothing_before_welcome() -> None:
    """HELLO-7."""
    stay = Stay()
    with pytest.raises(NotConnected):
        stay.asks("hi")
    assert stay.said() == []
    stay.hears(welcome())
    stay.asks("hi")
    assert kinds(stay.said()) == ["SAY"]


def test_welcome_tells_the_name_and_the_limits() -> None:
    stay = Stay("ANN")
    assert (stay.session.name, stay.session.welcome) == ("ANN", None)
    stay.hears(welcome("Ann", max_text=64))
    assert stay.session.name == "Ann"
    assert stay.session.welcome == welcome("Ann", max_text=64)


@pytest.mark.parametrize(
    ("detail", "line"), [("", "Not done: that name is taken."), ("No\u202e!", "Not done: No<U+202E>!")]
)
def test_refused_hello_is_the_end(detail: str, line: str) -> None:
    stay = Stay()
    stay.hears(Error(request_id=1, code=ErrorCode.NAME_TAKEN, request_type=1, retry_after_ms=0, detail=detail))
    assert stay.ending is not None
    assert stay.ending == Ending(EndKind.NAME_REFUSED, line, ErrorCode.NAME_TAKEN, detail=detail, name="ann")
    assert stay.said() == []


def test_client_refuses_a_version_that_it_has_not_offered() -> None:
    stay = Stay()
    stay.hears(welcome(version=0x0200))
    assert stay.ended() is EndKind.PROTOCOL


# -- requests ----------------------------------------------------------------------------------------------------------


def test_requests_go_out_in_order_each_with_an_id_of_its_own(stay: Stay) -> None:
    stay.asks("one", Pm(to="bob", text="two"), WHO, Rename(name="Annie"), Ping(nonce=5), Leave())
    assert stay.said() == [
        Say(request_id=2, text="one"),
        Pm(request_id=3, to="bob", text="two"),
        Who(request_id=4, after="", limit=0),
        Rename(request_id=5, name="Annie"),
        Ping(request_id=6, nonce=5),
        Leave(request_id=7),
    ]


def test_request_that_was_asked_for_is_not_changed(stay: Stay) -> None:
    """So the same can be asked for twice."""
    request = Say(text="hi")
    tickets = stay.asks(request, request)
    assert request == Say(text="hi")
    assert len(set(tickets)) == 2


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (Say(text=""), "TEXT_EMPTY", "there is no text (0 bytes are fewer than 1)"),
        (Say(text="ä" * 2049), "TEXT_TOO_LONG", "the text is too long (4098 bytes; this server takes 4096)"),
        (
            Say(text="a\x07b"),
            "INVALID_TEXT",
            "the text holds a character that is not allowed (U+0007 is not allowed here)",
        ),
        (Say(text="a\ud800"), "INVALID_TEXT", "the text holds a character that is not allowed"),
        (Pm(to="bob", text="\x9b"), "INVALID_TEXT", "the text holds a character that is not allowed"),
        (Pm(to="b.b", text="hi"), "NAME_INVALID", "that is not a valid name (U+002E is not allowed here)"),
        (Pm(to="", text="hi"), "NAME_INVALID", "that is not a valid name"),
        (Rename(name="1a"), "NAME_INVALID", "that is not a valid name (U+0031 is not allowed here)"),
        (Rename(name="a" * 25), "NAME_INVALID", "that is not a valid name (25 bytes; this server takes 24)"),
    ],
)
def test_request_that_breaks_a_rule_is_not_sent(stay: Stay, request_: Message, code: str, text: str) -> None:
    """TEXT-5."""
    with pytest.raises(InvalidRequest) as caught:
        stay.asks(request_)
    assert caught.value.code == code
    assert str(caught.value).startswith(text)
    assert str(caught.value).isprintable()
    assert (stay.said(), stay.alive()) == ([], True)


@pytest.mark.parametrize(
    "message", [chat(11), Pong(nonce=1), Hello(min_version=0x0100, max_version=0x0100, capabilities=0, name="bob")]
)
def test_what_no_user_asks_for_is_not_sent(stay: Stay, message: Message) -> None:
    with pytest.raises(TypeError, match=f"{message.NAME} is no request that a client has at this point"):
        stay.asks(message)
    assert (stay.said(), stay.alive(), stay.session.backlog) == ([], True, 0)


def test_limits_of_this_server_bind_texts_and_names() -> None:
    stay = Stay()
    stay.hears(welcome(max_text=64, max_name=8))
    stay.asks("a" * 64, Pm(to="abcdefgh", text="x"), Rename(name="abcdefgh"))
    assert kinds(stay.said()) == ["SAY", "PM", "RENAME"]
    for request in (
        Say(text="a" * 65),
        Pm(to="bob", text="a" * 65),
        Pm(to="abcdefghi", text="x"),
        Rename(name="abcdefghi"),
        Who(after="abcdefghi", limit=0),
    ):
        with pytest.raises(InvalidRequest):
            stay.asks(request)
    assert stay.said() == []


def test_longest_request_fits_into_the_smallest_frame() -> None:
    """FRAME-4."""
    stay = Stay()
    stay.hears(welcome(max_frame=LIMITS["max_frame"].minimum))
    stay.asks(Pm(to="b" * 24, text="\U0001f600" * 1024))
    (longest,) = stay.said()
    assert len(encode(longest)) <= LIMITS["max_frame"].minimum


# -- the pace ----------------------------------------------------------------------------------------------------------


def test_requests_beyond_the_rate_wait_for_tokens(slow: Stay) -> None:
    """CLIENT-9: one token stays in reserve, and none comes back before a reply."""
    slow.asks("one", "two", "three", "four")
    one, two = slow.said()
    assert texts([one, two]) == ["one", "two"]
    slow.at(slow.now + 20)
    assert slow.said() == [], "the server may not have taken the tokens yet"
    slow.hears(ok(one, 11), ok(two, 12))
    deadline = slow.session.next_deadline()
    assert deadline is not None
    assert slow.now + 1 < deadline < slow.now + 1.1
    slow.at(deadline - 0.01)
    assert slow.said() == []
    slow.at(deadline)
    assert texts(slow.said()) == ["three"]


def test_bucket_of_one_token_is_used() -> None:
    stay = Stay()
    stay.hears(welcome(rate_burst=1, rate_per_second=1))
    stay.asks("one", "two")
    (one,) = stay.said()
    stay.hears(ok(one, 11))
    stay.at(stay.now + 1.1)
    assert texts(stay.said()) == ["two"]


def test_pong_waits_for_nothing(slow: Stay) -> None:
    """RATE-1, CLIENT-8."""
    slow.asks("one", "two", "three")
    slow.said()
    slow.hears(Ping(request_id=5, nonce=6))
    assert kinds(slow.said()) == ["PONG"]


def test_leave_waits_for_the_requests_before_it_and_for_no_token(slow: Stay) -> None:
    slow.asks("one", "two", "three", Leave())
    with pytest.raises(NotConnected, match="you are leaving"):
        slow.asks("four")
    slow.hears(*(ok(request, seq) for seq, request in enumerate(slow.said(), 11)))
    slow.at(slow.now + 1.1)
    assert kinds(slow.said()) == ["SAY", "LEAVE"]


def test_finish_waits_for_the_queue_and_for_what_is_owed(slow: Stay) -> None:
    """CLIENT-3."""
    slow.asks("one", "two", "three")
    slow.finishes()
    with pytest.raises(NotConnected, match="you are leaving"):
        slow.asks("four")
    slow.hears(*(ok(request, seq) for seq, request in enumerate(slow.said(), 11)))
    assert slow.said() == []
    slow.at(slow.now + 1.1)
    (three,) = slow.said()
    slow.hears(ok(three, 13))
    assert kinds(slow.said()) == ["LEAVE"]


def test_interrupt_leaves_at_once_and_tells_what_was_not_sent(slow: Stay) -> None:
    slow.asks("one", "two", "three", "four", Leave())
    slow.interrupts()
    *_, leave = said = slow.said()
    assert kinds(said) == ["SAY", "SAY", "LEAVE"]
    slow.hears(goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert slow.ending is not None
    assert slow.ending.unsent == (Say(text="three"), Say(text="four"))


def test_end_tells_what_was_not_answered_and_what_was_not_sent(slow: Stay) -> None:
    slow.asks("one", "two", "three", Leave())
    one, two = slow.said()
    slow.hears(ok(one, 11), goodbye(GoodbyeCode.SHUTTING_DOWN, detail="tea", retry_after_ms=5000))
    line = "The server has ended the connection: tea"
    rest: dict[str, Any] = {"unanswered": (two,), "unsent": (Say(text="three"),)}
    assert slow.ending == Ending(
        EndKind.GOODBYE, line, GoodbyeCode.SHUTTING_DOWN, 5000, "tea", "ann", welcomed=True, **rest
    )


def test_goodbye_is_no_reply_to_the_request_that_it_answers(stay: Stay) -> None:
    """GOODBYE-1, STATE-5: that was not done, and is one of those without a reply."""
    stay.asks("one", "two")
    one, two = stay.said()
    stay.hears(goodbye(GoodbyeCode.FLOOD, one.request_id))
    assert [(told.answers, told.ticket) for told in stay.told] == [(one, None)]
    assert stay.ending is not None
    assert stay.ending.unanswered == (one, two)


def test_rate_limited_is_told_and_nothing_is_sent_again(slow: Stay) -> None:
    """And the pace slows down, since the server has fewer tokens than it should."""
    slow.asks("one", "two")
    one, two = slow.said()
    refusal = error(one, ErrorCode.RATE_LIMITED)
    slow.hears(refusal, ok(two, 11))
    assert slow.heard()[0] == refusal
    slow.asks("three")
    slow.at(slow.now + 2.9)
    assert slow.said() == []
    slow.at(slow.now + 0.2)
    assert texts(slow.said()) == ["three"]


def test_next_page_of_the_roster_costs_a_token_and_lets_one_request_go_first(slow: Stay) -> None:
    slow.asks("one", WHO, "two", "three")
    one, who = slow.said()
    slow.hears(ok(one, 11), page(who, ["ann"], True))
    assert slow.said() == []
    slow.at(slow.now + 1.1)
    (two,) = slow.said()
    slow.hears(ok(two, 12))
    slow.at(slow.now + 1.1)
    (second,) = slow.said()
    assert (two.text, second.after) == ("two", "ann")


def test_own_ping_takes_the_token_in_reserve(slow: Stay) -> None:
    slow.asks("one", "two", "three")
    slow.said()
    slow.at(slow.now + 35)
    assert kinds(slow.said()) == ["PING"]


def test_without_a_token_the_owed_reply_stands_for_the_pong() -> None:
    """TIME-5."""
    stay = Stay()
    stay.hears(welcome(rate_burst=1, rate_per_second=1))
    stay.asks("one")
    stay.said()
    stay.at(stay.now + 35)
    assert (stay.said(), stay.alive()) == ([], True)
    stay.at(stay.now + 30)
    assert stay.ended() is EndKind.LOST


def test_backlog_counts_what_waits_and_what_is_under_way(slow: Stay) -> None:
    slow.asks("one", "two", "three")
    assert slow.session.backlog == 3
    slow.hears(ok(slow.said()[0], 11))
    assert slow.session.backlog == 2


# -- replies and events ------------------------------------------------------------------------------------------------


def test_replies_are_told_with_their_request_its_ticket_and_the_name_before(stay: Stay) -> None:
    """REQ-4: in the order of the frames, events among them."""
    tickets = stay.asks("one", Rename(name="Annie"), "two")
    one, rename, two = stay.said()
    replies = [ok(one, 11), ok(rename, 13), ok(two, 14)]
    stay.hears(replies[0], chat(12), replies[1], replies[2])
    assert stay.told == [
        (replies[0], one, tickets[0], "ann", True),
        (chat(12), None, None, "ann", True),
        (replies[1], rename, tickets[1], "ann", True),
        (replies[2], two, tickets[2], "Annie", True),
    ]
    assert stay.session.name == "Annie"
    assert stay.notes == []


def test_refused_rename_keeps_the_name(stay: Stay) -> None:
    """CLIENT-6."""
    stay.asks(Rename(name="bob"))
    assert stay.session.name == "ann"
    stay.hears(error(stay.said()[0]))
    assert stay.session.name == "ann"


def test_unknown_codes_are_refusals_and_endings_too(stay: Stay) -> None:
    """ERROR-3, GOODBYE-2."""
    stay.asks("hi")
    stay.hears(error(stay.said()[0], 99), goodbye(250))
    assert stay.ending is not None
    assert (stay.ending.kind, stay.ending.code) == (EndKind.GOODBYE, 250)
    assert stay.ending.line == "The server has ended the connection: code 250."


def test_ping_is_answered_at_once(stay: Stay) -> None:
    """CLIENT-8."""
    stay.hears(Ping(request_id=900, nonce=5))
    assert stay.said() == [Pong(request_id=900, nonce=5)]


def test_ping_without_a_request_id_ends_it(stay: Stay) -> None:
    """A PONG to it would be malformed (FRAME-8)."""
    stay.hears(Ping(request_id=0, nonce=5))
    assert (stay.said(), stay.ended()) == ([], EndKind.PROTOCOL)


def test_unknown_event_is_ignored(stay: Stay) -> None:
    """EXT-12."""
    stay.hears_bytes(bytes.fromhex("00000008 ef 00 00000000 ffff") + encode(chat(11)))
    assert (stay.heard(), stay.notes, stay.ending) == ([chat(11)], [], None)


@pytest.mark.parametrize(
    "frame",
    [
        bytes.fromhex("ffffffff"),
        bytes.fromhex("00000005"),
        bytes.fromhex("00000006 00 00 00000000"),
        bytes.fromhex("00000006 0f 00 00000001"),
        bytes.fromhex("00000006 bf 00 00000001"),
        encode(chat(11))[:-1] + b"\xff",
        encode(chat(11, "x\ny")).replace(b"\n", b"\x1b"),
        encode(Chat(flags=1, seq=11, time=1, who=BOB, text="hi"), unchecked=True),
        encode(Ok(request_id=77, seq=11, time=1)),
        encode(welcome()),
        encode(Hello(request_id=1, min_version=1, max_version=1, capabilities=0, name="bob")),
    ],
)
def test_whatever_breaks_the_protocol_ends_it_with_one_line(stay: Stay, frame: bytes) -> None:
    """STATE-4, EXT-7."""
    stay.hears_bytes(encode(chat(11)) + frame + encode(chat(12)))
    assert stay.heard() == [chat(11)]
    assert stay.ending is not None
    assert stay.ending.kind is EndKind.PROTOCOL
    assert stay.ending.line.startswith("The server has broken the protocol: ")
    assert stay.ending.line.isprintable()
    assert stay.said() == []


@pytest.mark.parametrize("limit", [*LIMITS, *TIMERS])
def test_welcome_with_a_limit_beyond_its_range_breaks_the_protocol(limit: str) -> None:
    """LIM-7: whatever is announced otherwise can be relied upon."""
    low, high = (LIMITS | TIMERS)[limit].minimum, (LIMITS | TIMERS)[limit].maximum
    for value, ends in ((low - 1, True), (low, False), (high, False), (high + 1, True)):
        stay = Stay()
        try:
            changed: Any = {limit: value}
            frame = encode(replace(welcome(), **changed))
        except EncodeError:
            continue  # The field has no room for it.
        stay.hears_bytes(frame)
        assert (stay.ending is not None) is ends
        if stay.ending is not None:
            assert stay.ending.kind is EndKind.PROTOCOL
            assert f"a {limit} of {value}" in stay.ending.line


@given(st.binary(max_size=60))
def test_noise_never_fails(data: bytes) -> None:
    stay = Stay()
    stay.hears_bytes(data)
    stay.loses()
    assert stay.ending is not None


def test_frames_cut_anywhere_mean_the_same(stay: Stay) -> None:
    """TRANSPORT-1."""
    for byte in encode(chat(11)) + encode(Ping(request_id=5, nonce=6)):
        stay.hears_bytes(bytes([byte]))
    assert (kinds(stay.heard()), kinds(stay.said())) == (["CHAT", "PING"], ["PONG"])


def test_latency_is_the_time_from_request_to_reply(stay: Stay) -> None:
    assert stay.session.latency == 0, "of HELLO"
    stay.asks("one")
    stay.now += 0.25
    stay.asks("two")
    one, two = stay.said()
    stay.now += 0.5
    stay.hears(chat(11))
    assert stay.session.latency == 0, "an event answers nothing"
    stay.hears(ok(one, 12))
    assert stay.session.latency == 0.75
    stay.hears(ok(two, 13))
    assert stay.session.latency == 0.5


# -- the roster --------------------------------------------------------------------------------------------------------


def test_pages_of_the_roster_are_followed(stay: Stay) -> None:
    """CLIENT-11: all of them answer the one request."""
    (ticket,) = stay.asks(WHO)
    stay.finishes()
    first = stay.said()[0]
    stay.hears(page(first, ["ann", "Bob"], True))
    (second,) = stay.said()
    assert (second.after, second.limit) == ("Bob", 0)
    stay.hears(page(second, ["carl"], False))
    assert [(told.ticket, told.is_last) for told in stay.told] == [(ticket, False), (ticket, True)]
    assert kinds(stay.said()) == ["LEAVE"], "the pages were owed (CLIENT-3)"


@pytest.mark.parametrize("names", [[], ["ann"], ["Ann", "ANN"]])
def test_roster_that_does_not_go_on_is_not_followed_for_ever(stay: Stay, names: list[str]) -> None:
    stay.asks(WHO)
    stay.hears(page(stay.said()[0], ["ann"], True))
    stay.hears(page(stay.said()[0], names, True))
    assert stay.said() == []
    assert [told.is_last for told in stay.told] == [False, True]
    assert len(stay.notes) == 1
    assert stay.alive()


def test_roster_of_more_than_can_be_connected_is_not_followed() -> None:
    stay = Stay()
    stay.hears(welcome(max_connections=3))
    stay.asks(WHO)
    stay.hears(page(stay.said()[0], ["ann", "bob"], True))
    stay.hears(page(stay.said()[0], ["cid"], True))
    stay.hears(page(stay.said()[0], ["dan"], True))
    assert stay.said() == []
    assert len(stay.notes) == 1


def test_roster_is_not_followed_after_leave(stay: Stay) -> None:
    """LEAVE-2."""
    stay.asks(WHO, Leave())
    stay.hears(page(stay.said()[0], ["ann"], True))
    assert stay.said() == []
    assert [told.is_last for told in stay.told] == [True]


@pytest.mark.parametrize("is_sent", [True, False])
def test_further_page_of_the_roster_is_nothing_that_anybody_has_asked_for(slow: Stay, is_sent: bool) -> None:
    """It is neither counted nor sent again."""
    slow.asks("one", WHO)
    one, who = slow.said()
    slow.hears(ok(one, 11), page(who, ["ann"], True))
    if is_sent:
        slow.at(slow.now + 1.1)
    assert kinds(slow.said()) == ["WHO"] * is_sent
    slow.loses()
    assert slow.ending is not None
    assert (slow.ending.unanswered, slow.ending.unsent) == ((), ())


# -- the numbers of events ---------------------------------------------------------------------------------------------


def test_gap_in_seq_is_told_once(stay: Stay) -> None:
    """ORD-6."""
    stay.hears(chat(11), chat(13), chat(20))
    assert stay.notes == ["The server left a gap: event 13 came after event 11."]
    assert len(stay.told) == 3
    assert stay.alive()


def test_own_oks_and_private_messages_leave_no_gap(stay: Stay) -> None:
    stay.asks("hi", Pm(to="bob", text="hi"))
    say, pm = stay.said()
    stay.hears(ok(say, 11), ok(pm, 0))
    stay.hears(Notice(seq=0, time=1, scope=NoticeScope.PRIVATE, text="x"), Joined(seq=12, time=1, who=BOB))
    assert stay.notes == []


# -- the end -----------------------------------------------------------------------------------------------------------


def test_nothing_comes_behind_the_end(stay: Stay) -> None:
    stay.asks("hi")
    stay.hears(goodbye(GoodbyeCode.KICKED))
    assert stay.ended() is EndKind.GOODBYE
    assert stay.session.is_leaving
    with pytest.raises(NotConnected):
        stay.asks("more")
    stay.hears(chat(11))
    stay.loses()
    stay.finishes()
    stay.interrupts()
    stay.interrupts()
    stay.at(1e9)
    assert stay.session.next_deadline() is None


def test_end_of_input_waits_for_what_is_owed_then_leaves(stay: Stay) -> None:
    """CLIENT-3."""
    stay.asks("one", "two")
    stay.finishes()
    one, two = stay.said()
    stay.hears(ok(one, 11))
    assert stay.said() == []
    stay.hears(error(two, ErrorCode.RATE_LIMITED))
    (leave,) = stay.said()
    assert leave.NAME == "LEAVE"
    stay.hears(chat(12), goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert stay.ending is not None
    assert (stay.ending.kind, stay.ending.line) == (EndKind.LEFT, "You have left.")


def test_after_leave_nothing_is_sent(stay: Stay) -> None:
    """LEAVE-2: neither what is asked for nor a PONG."""
    stay.asks(Leave())
    assert stay.session.is_leaving
    for request in (Say(text="hi"), Leave()):
        with pytest.raises(NotConnected):
            stay.asks(request)
    stay.finishes()
    stay.hears(Ping(request_id=3, nonce=4))
    assert kinds(stay.said()) == ["LEAVE"]


def test_refused_leave_goes_on(stay: Stay) -> None:
    """STATE-6: and the PINGs that came meanwhile are answered."""
    stay.asks(Leave())
    (leave,) = stay.said()
    stay.hears(Ping(request_id=3, nonce=4), error(leave, ErrorCode.UNSUPPORTED_CRITICAL))
    stay.asks("hi")
    assert (kinds(stay.said()), stay.ending) == (["PONG", "SAY"], None)


def test_ping_that_waits_is_not_heaped_up(stay: Stay) -> None:
    """PING-3: there can be one; a server that sends more must not fill the memory behind LEAVE."""
    stay.asks(Leave())
    (leave,) = stay.said()
    stay.hears(*(Ping(request_id=number, nonce=4) for number in range(3, 9)), error(leave))
    assert stay.said() == [Pong(request_id=8, nonce=4)]


@pytest.mark.parametrize("interrupted", [False, True])
def test_refused_leave_closes_when_nobody_is_left_to_talk(stay: Stay, interrupted: bool) -> None:
    """STATE-6."""
    if interrupted:
        stay.interrupts()
    else:
        stay.finishes()
    (leave,) = stay.said()
    stay.hears(Ping(request_id=3, nonce=4), error(leave, ErrorCode.UNSUPPORTED_CRITICAL))
    assert (stay.said(), stay.ended()) == ([], EndKind.STUCK)
    stay.hears_bytes(bytes(3))
    assert not stay.session._connection.unfinished, "what comes while the connection closes is kept"


@pytest.mark.parametrize(
    ("data", "why", "line"),
    [
        (b"", "", "The connection was lost: the server closed it without a goodbye."),
        (b"\0\0", "", "The connection was lost: the server closed it in the middle of a message."),
        (b"", "reset by \x1b", "The connection was lost: reset by <U+001B>."),
    ],
)
def test_stream_without_goodbye_is_a_lost_connection(stay: Stay, data: bytes, why: str, line: str) -> None:
    """END-6."""
    stay.hears_bytes(data)
    stay.loses(why)
    assert stay.ending == Ending(EndKind.LOST, line, name="ann", welcomed=True)


def test_interrupt_leaves_without_waiting_for_replies(stay: Stay) -> None:
    stay.asks("hi")
    stay.interrupts()
    say, leave = stay.said()
    assert leave.NAME == "LEAVE"
    stay.hears(ok(say, 11), goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert stay.ended() is EndKind.LEFT


def test_interrupted_client_waits_two_seconds_for_goodbye(stay: Stay) -> None:
    stay.interrupts()
    assert stay.session.next_deadline() == stay.now + 2
    stay.hears(chat(11))
    stay.at(stay.now + 1.9)
    assert stay.alive()
    stay.at(stay.now + 0.1)
    assert stay.ended() is EndKind.INTERRUPTED


def test_second_interrupt_ends_at_once(stay: Stay) -> None:
    stay.interrupts()
    stay.interrupts()
    assert (kinds(stay.said()), stay.ended()) == (["LEAVE"], EndKind.INTERRUPTED)


def test_interrupt_before_welcome_ends_at_once() -> None:
    stay = Stay()
    stay.interrupts()
    assert (stay.said(), stay.ended()) == ([], EndKind.INTERRUPTED)


# -- time --------------------------------------------------------------------------------------------------------------


def test_silent_server_is_asked_and_then_given_up(stay: Stay) -> None:
    """TIME-5."""
    start = stay.now
    assert stay.session.next_deadline() == start + 35
    stay.at(start + 34.9)
    assert stay.said() == []
    stay.at(start + 35)
    assert kinds(stay.said()) == ["PING"]
    assert stay.session.next_deadline() == start + 65
    stay.at(start + 64.9)
    assert stay.alive()
    stay.at(start + 65)
    assert stay.ending is not None
    assert stay.ending.line == "The connection was lost: nothing was heard from the server for 65 s."
    assert (stay.said(), stay.ending.kind, stay.ending.unanswered) == ([], EndKind.LOST, ())


def test_anything_heard_is_a_sign_of_life(stay: Stay) -> None:
    start = stay.now
    stay.at(start + 35)
    stay.now = start + 60
    stay.hears(chat(11))
    assert stay.session.next_deadline() == start + 95
    (ping,) = stay.said()
    stay.hears(Pong(request_id=ping.request_id, nonce=ping.nonce))
    assert [told.ticket for told in stay.told] == [None, None], "nobody has asked for the PONG"
    assert stay.notes == []


def test_silence_while_nobody_listened_says_nothing(stay: Stay) -> None:
    stay.now += 500
    stay.session.listened_again(stay.now)
    assert stay.session.next_deadline() == stay.now + 35


def test_server_that_never_answers_hello_is_given_up() -> None:
    """TIME-7."""
    stay = Stay()
    assert stay.session.next_deadline() == stay.now + 15
    stay.at(stay.now + 15)
    assert stay.ended() is EndKind.LOST


def test_server_that_never_comes_to_the_end_of_welcome_is_given_up() -> None:
    """TIME-7: what it sends by and by is no answer."""
    stay = Stay()
    start = stay.now
    for byte in encode(welcome())[:14]:
        stay.at(stay.now + 1)
        stay.hears_bytes(bytes([byte]))
    assert stay.session.next_deadline() == start + 15
    stay.at(start + 15)
    assert stay.ending is not None
    line = "The connection was lost: the server has not answered for 15 s; is it an IMP server?"
    assert (stay.ending.kind, stay.ending.line) == (EndKind.LOST, line)


def test_server_that_never_answers_leave_is_given_up(stay: Stay) -> None:
    stay.asks(Leave())
    assert stay.session.next_deadline() == stay.now + 65
    stay.at(stay.now + 65)
    assert (kinds(stay.said()), stay.ended()) == (["LEAVE"], EndKind.LOST)


def test_finish_does_not_wait_for_the_pong_of_keepalive(stay: Stay) -> None:
    """CLIENT-3: with a slow server there would always be one under way."""
    stay.at(stay.now + 35)
    assert kinds(stay.said()) == ["PING"]
    stay.finishes()
    assert kinds(stay.said()) == ["LEAVE"]


def test_finish_waits_for_a_ping_that_was_asked_for(stay: Stay) -> None:
    stay.asks(Ping(nonce=1))
    stay.finishes()
    (ping,) = stay.said()
    assert ping.NAME == "PING"
    pong: Any = Pong(request_id=ping.request_id, nonce=1)
    stay.hears(pong)
    assert kinds(stay.said()) == ["LEAVE"]
