"""The conversation: what it sends and shows for what a user types and a server says, on top of a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impwire import Message
from impwire.codecs import encode
from impwire.messages import (
    ErrorCode,
    GoodbyeCode,
    Joined,
    Leave,
    Ping,
    Pm,
    Rename,
    Say,
    Who,
)
from impwire.tables import CLIENT_COMMANDS
from reference_client import commands
from reference_client.conversation import BACKLOG, Conversation, exit_code
from reference_client.display import Show, harmless
from reference_client.effects import End, Ending, EndKind
from tests.talking import BOB, Talk, chat, error, goodbye, kinds, ok, page, texts, welcome


@pytest.fixture
def talk() -> Talk:
    """A client that has been welcomed as ann."""
    return welcomed()


@pytest.fixture
def slow() -> Talk:
    """A client that has been welcomed by a server with a bucket of three tokens, and one more each second."""
    talk = Talk()
    talk.hears(welcome(rate_burst=3, rate_per_second=1))
    talk.lines.clear()
    return talk


def welcomed(conversation: Conversation | None = None, *, again: bool = False) -> Talk:
    talk = Talk("ann", conversation, again=again)
    talk.hears(welcome())
    talk.lines.clear()
    return talk


# -- typed lines -------------------------------------------------------------------------------------------------------


def test_what_is_typed_before_welcome_waits_for_it() -> None:
    """HELLO-7, CLIENT-2."""
    talk = Talk()
    talk.types("hi", "/rename Annie", "/help")
    assert talk.said() == []
    assert talk.lines == []
    talk.hears(welcome())
    assert kinds(talk.said()) == ["SAY", "RENAME"]
    assert talk.lines[0] == "Welcome to Test, ann."
    assert talk.lines[1].startswith("/help")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hi", Say(request_id=2, text="hi")),
        ("  hi ", Say(request_id=2, text="  hi ")),
        (" /who", Say(request_id=2, text=" /who")),
        ("//x", Say(request_id=2, text="/x")),
        ("///x", Say(request_id=2, text="//x")),
        ("//", Say(request_id=2, text="/")),
        ("{text} {0}", Say(request_id=2, text="{text} {0}")),
        ("two\nlines", Say(request_id=2, text="two\nlines")),
        ("/pm bob hi there ", Pm(request_id=2, to="bob", text="hi there ")),
        ("/pm   bob \t hi", Pm(request_id=2, to="bob", text="hi")),
        ("/pm bob /who", Pm(request_id=2, to="bob", text="/who")),
        ("/pm bob {to}", Pm(request_id=2, to="bob", text="{to}")),
        ("/who", Who(request_id=2, after="", limit=0)),
        ("/who ", Who(request_id=2, after="", limit=0)),
        ("/rename Annie", Rename(request_id=2, name="Annie")),
        ("/rename server", Rename(request_id=2, name="server")),
        ("/leave", Leave(request_id=2)),
    ],
)
def test_typed_line_sends(talk: Talk, line: str, message: Message) -> None:
    talk.types(line)
    assert talk.said() == [message]
    assert talk.lines == [], "what was typed shows only when the server has accepted it (CLIENT-4)"


@pytest.mark.parametrize(
    ("line", "explanation"),
    [
        ("/foo", "Unknown command /foo; /help lists the commands."),
        ("/foo bar", "Unknown command /foo; /help lists the commands."),
        ("/", "Unknown command /; /help lists the commands."),
        ("/ who", "Unknown command /; /help lists the commands."),
        ("/WHO", "Unknown command /WHO; /help lists the commands."),
        ("/\x1b[2J", "Unknown command /<U+001B>[2J; /help lists the commands."),
        ("/" + "x" * 99, f"Unknown command /{'x' * 40}…; /help lists the commands."),
        ("/pm", "Missing argument: /pm <to> <text>"),
        ("/pm bob", "Missing argument: /pm <to> <text>"),
        ("/pm bob  ", "Missing argument: /pm <to> <text>"),
        ("/rename", "Missing argument: /rename <new>"),
        ("/rename a b", "Too many arguments: /rename <new>"),
        ("/who bob", "Too many arguments: /who"),
        ("/leave now", "Too many arguments: /leave"),
        ("/help me", "Too many arguments: /help"),
        ("/rename 1a", "Not sent: that is not a valid name (U+0031 is not allowed here)."),
        ("/pm b.b hi", "Not sent: that is not a valid name (U+002E is not allowed here)."),
        ("/rename " + "a" * 25, "Not sent: that is not a valid name (25 bytes; this server takes 24)."),
        ("ä" * 2049, "Not sent: the text is too long (4098 bytes; this server takes 4096)."),
        ("a\x07b", "Not sent: the text holds a character that is not allowed (U+0007 is not allowed here)."),
        ("/pm bob a\x9bb", "Not sent: the text holds a character that is not allowed (U+009B is not allowed here)."),
        ("caf\udce9", "Not sent: line 1 is not UTF-8."),
        ("/pm bob caf\udce9", "Not sent: line 1 is not UTF-8."),
    ],
)
def test_line_that_cannot_be_sent_is_explained(talk: Talk, line: str, explanation: str) -> None:
    """CLIENT-1, TEXT-5: and nothing is sent."""
    talk.types(line)
    assert talk.shown[1:] == [Show(explanation, "output", "EXPLANATION")]
    assert talk.said() == []


def test_line_that_is_not_utf8_is_told_by_its_number() -> None:
    """Also of those that have waited for WELCOME. On a terminal it is the one that was typed last."""
    talk = Talk()
    talk.types("one", "\udce9", "")
    talk.hears(welcome())
    talk.types("two", "\udce9")
    assert talk.lines[1:] == ["Not sent: line 2 is not UTF-8.", "Not sent: line 5 is not UTF-8."]
    talk = welcomed(Conversation(waits=False))
    talk.types("one", "\udce9")
    assert talk.lines == ["Not sent: the line is not UTF-8."]


def test_empty_line_is_passed_over(talk: Talk) -> None:
    talk.types("")
    assert (talk.said(), talk.lines) == ([], [])


def test_limits_of_this_server_bind_what_is_typed() -> None:
    talk = Talk()
    talk.hears(welcome(max_text=64, max_name=8))
    talk.types("a" * 64, "a" * 65, "/pm bob " + "a" * 65, "/rename abcdefgh", "/rename abcdefghi", "/pm abcdefghi x")
    assert kinds(talk.said()) == ["SAY", "RENAME"]
    assert len([line for line in talk.lines if line.startswith("Not sent: ")]) == 4


def test_help_shows_every_command_in_a_line_of_its_own(talk: Talk) -> None:
    talk.types("/help")
    assert talk.said() == []
    for line, command in zip(talk.lines, CLIENT_COMMANDS.values(), strict=False):
        assert line.startswith(command.usage)
        assert line.endswith(command.help)
    assert {show.kind for show in talk.shown[1:]} == {"HELP"}


def test_help_is_the_only_command_that_sends_nothing() -> None:
    assert [name for name, command in CLIENT_COMMANDS.items() if command.sends is None] == ["help"]


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
@example("\x1c/who")
def test_any_text_can_be_said(text: str) -> None:
    assert commands.parse("/" + text if text.startswith("/") else text) == Say(text=text)


@given(
    st.text()
    | st.text().map("/".__add__)
    | st.tuples(st.sampled_from(sorted(CLIENT_COMMANDS)), st.text()).map(" ".join).map("/".__add__)
)
def test_any_line_is_sent_or_explained_or_empty(line: str) -> None:
    """CLIENT-1, CLIENT-2: one of the three, in one harmless line, and the conversation never fails."""
    talk = welcomed()
    talk.types(line)
    sent = talk.said()
    assert len(sent) == (1 if not talk.lines and line else 0)
    assert talk.lines == [harmless(shown) for shown in talk.lines]
    if line and not sent:
        assert talk.lines


# -- the pace ----------------------------------------------------------------------------------------------------------


def test_lines_typed_before_welcome_keep_within_its_rate() -> None:
    """CLIENT-9."""
    talk = Talk()
    talk.types("one", "two", "three")
    talk.hears(welcome(rate_burst=3, rate_per_second=1))
    assert texts(talk.said()) == ["one", "two"]


def test_line_is_judged_when_it_is_typed(slow: Talk) -> None:
    slow.types("one", "two", "three", "/foo", "a\x07", "/help")
    assert kinds(slow.said()) == ["SAY", "SAY"]
    assert [line.partition(" ")[0] for line in slow.lines[:3]] == ["Unknown", "Not", "/help"]


def test_what_is_typed_behind_leave_is_explained(slow: Talk) -> None:
    """LEAVE-2, CLIENT-1."""
    slow.types("one", "two", "three", "/leave", "four")
    assert kinds(slow.said()) == ["SAY", "SAY"]
    assert slow.lines == ["Not sent: you are leaving."]


def test_end_of_input_waits_for_the_queue(slow: Talk) -> None:
    """CLIENT-3."""
    slow.types("one", "two", "three")
    slow.ends_input()
    slow.hears(*(ok(request, seq) for seq, request in enumerate(slow.said(), 11)))
    assert slow.said() == []
    slow.at(slow.now + 1.1)
    (three,) = slow.said()
    slow.hears(ok(three, 13))
    assert kinds(slow.said()) == ["LEAVE"]


def test_interrupt_tells_what_was_not_sent(slow: Talk) -> None:
    slow.types("one", "two", "three", "four", "/leave")
    slow.interrupts()
    *_, leave = said = slow.said()
    assert kinds(said) == ["SAY", "SAY", "LEAVE"]
    slow.hears(goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert slow.lines == ["You have left.", "Not sent: 2 messages were still waiting."]


def test_further_page_of_the_roster_is_no_message_that_waits(slow: Talk) -> None:
    slow.types("one", "/who")
    one, who = slow.said()
    slow.hears(ok(one, 11), page(who, ["ann", "bob"], True))
    slow.interrupts()
    (leave,) = slow.said()
    slow.hears(goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert slow.lines == ["ann: one", "Users here: ann, bob", "You have left."]


def test_end_tells_what_was_not_sent(slow: Talk) -> None:
    slow.types("one", "two", "three")
    slow.hears(goodbye(GoodbyeCode.KICKED))
    assert slow.lines == ["Not sent: one message was still waiting."]
    assert (len(slow.errors), slow.exit_code()) == (1, 3)


def test_goodbye_right_behind_welcome_accounts_for_what_was_typed() -> None:
    talk = Talk()
    talk.types("one", "/foo", "two", "/leave")
    talk.hears(welcome(), goodbye(GoodbyeCode.SHUTTING_DOWN))
    assert talk.said() == []
    assert talk.lines[1:] == [
        "Unknown command /foo; /help lists the commands.",
        "Not sent: 2 messages were still waiting.",
    ]
    assert talk.errors == ["The server has ended the connection: the server is stopping."]


def test_source_of_lines_pauses_while_much_is_under_way(talk: Talk) -> None:
    talk.types(*["x"] * (BACKLOG - 1))
    assert not talk.conversation.congested
    talk.types("x")
    assert talk.conversation.congested
    said = talk.said()
    assert len(said) < BACKLOG, "what waits for a token counts as well"
    talk.hears(ok(said[0], 11))
    assert not talk.conversation.congested


def test_source_of_lines_pauses_while_nobody_takes_them() -> None:
    conversation = Conversation()
    for _ in range(BACKLOG):
        assert not conversation.congested
        conversation.typed("x")
    assert conversation.congested


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_oks_show_what_was_accepted_in_order(talk: Talk) -> None:
    """CLIENT-4."""
    talk.types("one", "/pm bob two", "/rename Annie", "three")
    say, pm, rename, again = talk.said()
    assert talk.lines == []
    talk.hears(ok(say, 11), ok(pm), chat(12), ok(rename, 13), ok(again, 14))
    assert talk.lines == ["ann: one", "To bob: two", "bob: hi", 'You are now "Annie".', "Annie: three"]
    assert talk.errors == []


def test_refused_rename_is_shown_and_keeps_the_name(talk: Talk) -> None:
    """CLIENT-6."""
    talk.types("/rename bob", "hi")
    rename, say = talk.said()
    talk.hears(error(rename), ok(say, 11))
    assert talk.lines == ["Not done: that name is taken.", "ann: hi"]


def test_rate_limited_is_shown(talk: Talk) -> None:
    talk.types("one")
    talk.hears(error(talk.said()[0], ErrorCode.RATE_LIMITED))
    assert talk.lines == ["Not done: too many messages at once."]


def test_unknown_codes_are_shown(talk: Talk) -> None:
    """ERROR-3, GOODBYE-2."""
    talk.types("hi")
    talk.hears(error(talk.said()[0], 99), goodbye(250))
    assert (talk.lines, talk.errors) == (["Not done: code 99."], ["The server has ended the connection: code 250."])
    assert talk.exit_code() == 1


def test_unknown_event_and_ping_show_nothing(talk: Talk) -> None:
    """EXT-12, CLIENT-4."""
    talk.hears_bytes(bytes.fromhex("00000008 ef 00 00000000 ffff") + encode(Ping(request_id=5, nonce=6)))
    assert (talk.lines, talk.errors) == ([], [])


def test_pages_of_the_roster_are_shown_one_by_one(talk: Talk) -> None:
    talk.types("/who")
    talk.ends_input()
    talk.hears(page(talk.said()[0], ["ann", "Bob"], True))
    (second,) = talk.said()
    talk.hears(page(second, ["carl"], False))
    assert talk.lines == ["Users here: ann, Bob", "Users here: carl"]
    assert kinds(talk.said()) == ["LEAVE"], "the pages were owed (CLIENT-3)"


def test_notes_of_the_session_are_shown_as_errors(talk: Talk) -> None:
    """ORD-6."""
    talk.hears(chat(11), chat(13))
    assert talk.shown[-1] == Show("The server left a gap: event 13 came after event 11.", "error", "NOTE")
    assert talk.alive()


def test_who_of_the_edge_itself_is_not_shown() -> None:
    """All of its pages; and the next one, which the user asks for, is."""
    talk = Talk("ann", Conversation(asks_who=True))
    talk.types("/who")
    talk.hears(welcome())
    own, asked = talk.said()
    talk.hears(page(own, ["ann"], True))
    talk.hears(page(asked, ["ann"], False))
    assert talk.lines[1:] == ["Users here: ann"]
    talk.hears(page(talk.said()[0], ["bob"], False))
    assert talk.lines[1:] == ["Users here: ann"]


# -- the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "number"),
    [(code, {"LEFT": 0, "KICKED": 3, "BANNED": 3}.get(code.name, 1)) for code in GoodbyeCode],
)
def test_goodbye_ends_with_its_exit_code(talk: Talk, code: GoodbyeCode, number: int) -> None:
    """CLIENT-7: with one line on standard error, except after LEFT."""
    talk.hears(goodbye(code))
    assert talk.exit_code() == number
    assert len(talk.errors) == (code is not GoodbyeCode.LEFT)
    talk.hears(chat(11))
    talk.types("hi")
    talk.ends_input()
    assert talk.said() == []


@pytest.mark.parametrize("kind", EndKind)
def test_every_ending_has_its_exit_code(kind: EndKind) -> None:
    """CLIENT-7."""
    ending = Ending(kind, "x", code=GoodbyeCode.LEFT if kind is EndKind.LEFT else None)
    assert exit_code(ending) == {EndKind.LEFT: 0, EndKind.NAME_REFUSED: 3}.get(kind, 1)


@pytest.mark.parametrize(("detail", "line"), [("", "Not done: that name is taken."), ("No!", "Not done: No!")])
def test_refused_hello_ends_with_3(detail: str, line: str) -> None:
    talk = Talk()
    talk.types("hi")
    talk.hears(error(talk.sent[0], detail=detail))
    assert (talk.errors, talk.lines, talk.exit_code()) == ([line], ["Not sent: one message was still waiting."], 3)
    assert talk.said() == []


def test_end_before_welcome_accounts_for_what_was_typed() -> None:
    """In the ending, too, for programs."""
    for waits in (True, False):
        talk = Talk("ann", Conversation(waits=waits))
        talk.types("one", "/foo", "", "/pm bob two", "/help", "/leave")
        assert talk.ending is None
        talk.loses()
        assert talk.lines == ["Not sent: 2 messages were still waiting."]
    conversation = Conversation()
    conversation.typed("one")
    end, note = conversation.ended(Ending(EndKind.NO_CONNECTION, "x"))
    assert isinstance(end.happening, End)
    assert end.happening.ending.unsent == (Say(text="one"),)
    assert note.show == Show("Not sent: one message was still waiting.", "output", "NOTE")


def test_input_that_was_not_read_to_its_end_is_told() -> None:
    conversation = Conversation()
    conversation.typed("one")
    note = conversation.ended(Ending(EndKind.LOST, "x"), unread=True)[-1].show
    assert note is not None
    assert note.line == "Not sent: one message was still waiting, and the rest of the input was not read."


def test_who_gives_up_between_two_connections_is_told_what_was_not_sent() -> None:
    conversation = Conversation()
    talk = Talk("ann", conversation, again=True)
    talk.hears(welcome(rate_burst=2, rate_per_second=1))
    talk.types("one", "two")
    talk.loses()
    talk.types("three")
    note = Show("Not sent: 2 messages were still waiting.", "output", "NOTE")
    assert [output.show for output in conversation.gives_up()] == [note]
    assert Conversation().gives_up() == []


def test_broken_protocol_is_one_line_that_says_why(talk: Talk) -> None:
    talk.hears_bytes(encode(chat(11)) + bytes(4) + encode(chat(12)))
    assert talk.lines == ["bob: hi"]
    assert len(talk.errors) == 1
    assert talk.errors[0].startswith("The server has broken the protocol: ")
    assert talk.exit_code() == 1


def test_end_of_input_waits_for_what_is_owed_then_leaves(talk: Talk) -> None:
    """CLIENT-3."""
    talk.types("one", "two")
    talk.ends_input()
    one, two = talk.said()
    talk.hears(ok(one, 11))
    assert talk.said() == []
    talk.hears(error(two, ErrorCode.RATE_LIMITED))
    (leave,) = talk.said()
    talk.hears(chat(12), goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert talk.lines == ["ann: one", "Not done: too many messages at once.", "bob: hi", "You have left."]
    assert (talk.errors, talk.exit_code()) == ([], 0)


def test_end_of_input_before_welcome() -> None:
    talk = Talk()
    talk.types("hi")
    talk.ends_input()
    talk.hears(welcome())
    (say,) = talk.said()
    talk.hears(ok(say, 11))
    assert kinds(talk.said()) == ["LEAVE"]


def test_after_leave_nothing_is_sent(talk: Talk) -> None:
    """LEAVE-2: neither what is typed nor a PONG."""
    talk.types("/leave", "hi", "/leave", "/help")
    talk.ends_input()
    talk.hears(Ping(request_id=3, nonce=4))
    assert kinds(talk.said()) == ["LEAVE"]
    assert talk.lines[:2] == ["Not sent: you are leaving."] * 2


def test_refused_leave_goes_on(talk: Talk) -> None:
    """STATE-6."""
    talk.types("/leave")
    talk.hears(error(talk.said()[0], ErrorCode.UNSUPPORTED_CRITICAL))
    talk.types("hi")
    assert (kinds(talk.said()), talk.ending) == (["SAY"], None)
    assert not talk.conversation.has_nothing_to_say(Ending(EndKind.LOST, "x"))


@pytest.mark.parametrize("typed", [[], ["/leave"]])
def test_refused_leave_at_the_end_of_input_closes(talk: Talk, typed: list[str]) -> None:
    talk.types(*typed)
    talk.ends_input()
    talk.hears(error(talk.said()[0], ErrorCode.UNSUPPORTED_CRITICAL))
    assert (talk.said(), talk.ended(), talk.exit_code()) == ([], EndKind.STUCK, 1)
    assert talk.errors == ["The server has refused to let you leave."]


def test_lost_connection_is_one_line_that_says_why(talk: Talk) -> None:
    """END-6, CLIENT-7: without --reconnect nothing is said of requests without an answer."""
    talk.types("hi")
    talk.loses()
    assert talk.shown[1:] == [Show("The connection was lost: the server closed it without a goodbye.", "error", "END")]
    assert talk.exit_code() == 1


def test_place_stands_in_front_of_why_it_ended_and_of_nothing_else() -> None:
    """CLIENT-7."""
    for lose, line in (
        (Talk.loses, "The connection was lost: the server closed it without a goodbye."),
        (
            lambda talk: talk.hears(goodbye(GoodbyeCode.KICKED)),
            "The server has ended the connection: the operator has removed you.",
        ),
    ):
        talk = welcomed(Conversation("host:1"))
        talk.hears(chat(11), chat(13))
        lose(talk)
        assert talk.lines == ["bob: hi", "bob: hi"]
        assert talk.errors[1:] == [f"host:1: {line}"]
        assert talk.shown[-1].indent in (0, talk.shown[-1].line.rindex(": ") + 2)
    talk = Talk("ann", Conversation("host:1"))
    talk.hears(error(talk.sent[0]))
    assert talk.errors == ["host:1: Not done: that name is taken."]


def test_place_stands_once_where_there_was_no_connection() -> None:
    line = "cannot connect to host:1: connection refused"
    (output,) = Conversation("host:1").ended(Ending(EndKind.NO_CONNECTION, line))
    assert output.show == Show(line, "error", "END")


# -- from one connection to the next -----------------------------------------------------------------------------------


def test_what_was_typed_without_a_connection_waits_for_the_next() -> None:
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    talk.loses()
    talk.types("one", "/foo", "two")
    assert talk.lines == []
    later = welcomed(conversation)
    assert texts(later.said()) == ["one", "two"]


def test_what_was_not_sent_goes_out_on_the_next_connection_before_what_was_typed_later() -> None:
    conversation = Conversation()
    talk = Talk("ann", conversation, again=True)
    talk.hears(welcome(rate_burst=3, rate_per_second=1))
    talk.types("one", "two", "three", "four", "/leave")
    talk.hears(ok(talk.said()[0], 11))
    talk.loses()
    assert talk.errors == [
        "The connection was lost: the server closed it without a goodbye.",
        "Not known whether this arrived: ann: two",
    ]
    assert "Not sent" not in "".join(talk.lines)
    later = welcomed(conversation)
    assert kinds(later.said()) == ["SAY", "SAY", "LEAVE"]


def test_what_waits_when_there_is_no_other_connection_is_counted() -> None:
    conversation = Conversation()
    talk = Talk("ann", conversation, again=True)
    talk.hears(welcome(rate_burst=2, rate_per_second=1))
    talk.types("one", "two")
    talk.loses()
    talk.types("three", "/foo", "", "/leave", "/who")
    later = Talk("ann", conversation)
    later.hears(goodbye(GoodbyeCode.BANNED))
    assert later.lines == ["Not sent: 3 messages were still waiting."]


def test_what_stood_behind_goodbye_had_no_effect_and_is_sent_again() -> None:
    """STATE-5. What was asked of the list of users is stale."""
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    talk.types("one", "/who", "/pm bob two")
    one, _, _ = talk.said()
    talk.hears(ok(one, 11), goodbye(GoodbyeCode.SHUTTING_DOWN))
    assert len(talk.errors) == 1
    talk.types("three")
    later = welcomed(conversation)
    assert later.said() == [
        Pm(request_id=2, to="bob", text="two"),
        Say(request_id=3, text="three"),
    ]


def test_request_that_goodbye_answers_was_not_done_and_is_sent_again() -> None:
    """GOODBYE-1."""
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    talk.types("one", "two")
    talk.hears(goodbye(GoodbyeCode.FLOOD, talk.said()[0].request_id))
    assert texts(welcomed(conversation).said()) == ["one", "two"]


def test_who_of_the_edge_itself_is_not_asked_on_by_the_next_connection() -> None:
    """That begins with a WHO of its own."""
    conversation = Conversation(waits=False, asks_who=True)
    talk = welcomed(conversation, again=True)
    talk.hears(page(talk.said()[0], ["ann"], True), goodbye(GoodbyeCode.SHUTTING_DOWN))
    assert [who.after for who in welcomed(conversation).said()] == [""]


@pytest.mark.parametrize("code", [None, GoodbyeCode.INTERNAL])
def test_what_may_have_arrived_is_told_and_not_sent_again(code: GoodbyeCode | None) -> None:
    """END-9: a server that failed has not told what it did."""
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    talk.types("hi", "/pm bob \u202epsst", "/rename Annie", "/who")
    if code is None:
        talk.loses()
    else:
        talk.hears(goodbye(code))
    assert talk.errors[1:] == [
        "Not known whether this arrived: ann: hi",
        "Not known whether this arrived: To bob: <U+202E>psst",
        "Not known whether this arrived: /rename Annie",
    ]
    assert welcomed(conversation).said() == []


def test_end_of_input_between_two_connections_sends_what_waits_and_leaves() -> None:
    """CLIENT-3."""
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    talk.loses()
    talk.types("one")
    talk.ends_input()
    assert not conversation.has_nothing_to_say()
    later = welcomed(conversation)
    (one,) = later.said()
    later.hears(ok(one, 11))
    assert kinds(later.said()) == ["LEAVE"]


@pytest.mark.parametrize("leaves", [Talk.ends_input, lambda talk: talk.types("/leave")])
def test_who_has_nothing_to_say_and_wants_to_leave_needs_no_other_connection(leaves: Callable[[Talk], None]) -> None:
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    leaves(talk)
    assert conversation.has_nothing_to_say(Ending(EndKind.LOST, "x"))
    assert not conversation.has_nothing_to_say(Ending(EndKind.LOST, "x", unsent=(Say(text="hi"),)))
    behind_goodbye = Ending(EndKind.GOODBYE, "x", code=GoodbyeCode.SHUTTING_DOWN, unanswered=(Say(text="hi"),))
    assert not conversation.has_nothing_to_say(behind_goodbye)
    assert conversation.has_nothing_to_say(behind_goodbye._replace(kind=EndKind.LOST))


def test_who_does_not_wait_is_told_that_there_is_no_connection() -> None:
    conversation = Conversation(waits=False)
    talk = welcomed(conversation, again=True)
    talk.loses()
    talk.types("hi", "", "/foo", "/pm bob hi")
    talk.types("/help")
    refused = "Not sent: there is no connection now."
    assert talk.lines[:3] == [refused, "Unknown command /foo; /help lists the commands.", refused]
    assert talk.lines[3].startswith("/help")
    assert not conversation.has_nothing_to_say()
    talk.types("/leave")
    assert conversation.has_nothing_to_say()


def test_who_does_not_wait_may_type_before_the_first_welcome() -> None:
    """CLIENT-2."""
    talk = Talk("ann", Conversation(waits=False))
    talk.types("hi")
    assert talk.lines == []
    talk.hears(welcome())
    assert texts(talk.said()) == ["hi"]


def test_events_of_another_connection_begin_a_new_count() -> None:
    conversation = Conversation()
    talk = welcomed(conversation, again=True)
    talk.loses()
    later = Talk("ann", conversation)
    later.hears(welcome(seq=500), Joined(seq=501, time=1, who=BOB))
    assert later.errors == []
