"""The client session: what it sends and shows for what it reads and is told, without a socket and without a clock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impwire import FrameDecoder, Message
from impwire.codecs import CODECS, encode
from impwire.messages import (
    Chat,
    Error,
    ErrorCode,
    Goodbye,
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
    Roster,
    Say,
    User,
    Welcome,
    Who,
)
from impwire.tables import CLIENT_COMMANDS, LIMITS, TIMERS
from reference_client import commands
from reference_client.display import Show, harmless
from reference_client.session import BACKLOG, ClientSession, Effect, End, Send

BOB = User(session_id=8, name="bob")


def welcome(name: str = "ann", **changed: Any) -> Welcome:
    fields: dict[str, Any] = {key: limit.default for key, limit in (LIMITS | TIMERS).items()}
    fields |= {"request_id": 1, "version": 0x0100, "capabilities": 0, "session_id": 7, "name": name}
    fields |= {"server_name": "Test", "seq": 10, "time": 1}
    return Welcome(**(fields | changed))


def chat(seq: int, text: str = "hi") -> Chat:
    return Chat(seq=seq, time=1, who=BOB, text=text)


def error(request: Any, code: ErrorCode | int = ErrorCode.NAME_TAKEN, detail: str = "") -> Error:
    return Error(request_id=request.request_id, code=code, request_type=request.TYPE, retry_after_ms=0, detail=detail)


def goodbye(code: GoodbyeCode | int, request_id: int = 0, detail: str = "") -> Goodbye:
    return Goodbye(request_id=request_id, code=code, retry_after_ms=0, detail=detail)


class Talk:
    """A session and everything that it has done so far."""

    def __init__(self, name: str = "ann") -> None:
        self.session = ClientSession(name)
        self.now = 1000.0
        self.sent: list[Any] = []
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.end: End | None = None
        self._decoder = FrameDecoder(CODECS, 1 << 20)
        self.do(self.session.connected(self.now))

    def do(self, effects: list[Effect]) -> None:
        for effect in effects:
            assert self.end is None, f"{effect} comes behind the end"
            match effect:
                case Send(data):
                    self._decoder.feed(data)
                    while (message := self._decoder.next_message()) is not None:
                        self.sent.append(message)
                case Show(line, stream):
                    (self.errors if stream == "error" else self.lines).append(line)
                case End():
                    self.end = effect

    def alive(self) -> bool:
        return self.end is None

    def hears(self, *messages: Message) -> None:
        self.hears_bytes(b"".join(map(encode, messages)))

    def hears_bytes(self, data: bytes) -> None:
        self.do(self.session.received(data, self.now))

    def types(self, *lines: str) -> None:
        for line in lines:
            self.do(self.session.typed(line, self.now))

    def said(self) -> list[Any]:
        """What was sent behind HELLO, since the last time."""
        said, self.sent[1:] = self.sent[1:], []
        return said

    def at(self, now: float) -> None:
        self.now = now
        self.do(self.session.tick(now))


@pytest.fixture
def talk() -> Talk:
    """A client that has been welcomed as ann."""
    talk = Talk()
    talk.hears(welcome())
    talk.lines.clear()
    return talk


def kinds(messages: list[Any]) -> list[str]:
    return [message.NAME for message in messages]


# -- the handshake -----------------------------------------------------------------------------------------------------


def test_client_says_hello_first() -> None:
    assert Talk().sent == [Hello(request_id=1, min_version=0x0100, max_version=0x0100, capabilities=0, name="ann")]


@pytest.mark.parametrize("name", ["", "1ann", "a b", "a" * 25, "änn", "a\udcff", "\x1b[2J"])
def test_name_that_no_frame_can_bear_is_refused_in_one_harmless_line(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Not done: ") as caught:
        ClientSession(name)
    assert str(caught.value).isprintable()


def test_client_sends_nothing_before_welcome_and_everything_after_it() -> None:
    talk = Talk()
    talk.types("hi", "/rename Annie", "/help")
    assert talk.said() == []
    assert talk.lines == []
    talk.hears(welcome())
    assert kinds(talk.said()) == ["SAY", "RENAME"]
    assert talk.lines[0] == "Welcome to Test, ann."


@pytest.mark.parametrize(("detail", "line"), [("", "Not done: that name is taken."), ("No!", "Not done: No!")])
def test_refused_hello_ends_with_3(detail: str, line: str) -> None:
    talk = Talk()
    talk.types("hi")
    talk.hears(error(talk.sent[0], detail=detail))
    assert (talk.errors, talk.lines, talk.end) == ([line], [], End(3, "REFUSED"))
    assert talk.said() == []


def test_client_refuses_a_version_that_it_has_not_offered() -> None:
    talk = Talk()
    talk.hears(welcome(version=0x0200))
    assert talk.end == End(1, "PROTOCOL")


# -- typed lines -------------------------------------------------------------------------------------------------------


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
        ("caf\udce9", "Not sent: the line is not UTF-8."),
        ("/pm bob caf\udce9", "Not sent: the line is not UTF-8."),
    ],
)
def test_line_that_cannot_be_sent_is_explained(talk: Talk, line: str, explanation: str) -> None:
    """CLIENT-1, TEXT-5: and nothing is sent."""
    talk.types(line)
    assert talk.lines == [explanation]
    assert talk.said() == []


def test_empty_line_is_passed_over(talk: Talk) -> None:
    talk.types("")
    assert (talk.said(), talk.lines) == ([], [])


def test_limits_of_this_server_bind_texts_and_names() -> None:
    talk = Talk()
    talk.hears(welcome(max_text=64, max_name=8))
    talk.types("a" * 64, "a" * 65, "/pm bob " + "a" * 65, "/rename abcdefgh", "/rename abcdefghi", "/pm abcdefghi x")
    assert kinds(talk.said()) == ["SAY", "RENAME"]
    assert len([line for line in talk.lines if line.startswith("Not sent: ")]) == 4


def test_frame_limit_of_this_server_binds() -> None:
    """FRAME-4, should a server ever announce a max_frame that its own max_text does not fit into."""
    talk = Talk()
    talk.hears(welcome(max_frame=100))
    talk.types("a" * 92, "a" * 93)
    assert [len(message.text) for message in talk.said()] == [92]
    assert talk.lines[-1].startswith("Not sent: ")


def test_help_shows_every_command_in_a_line_of_its_own(talk: Talk) -> None:
    talk.types("/help")
    assert talk.said() == []
    for line, command in zip(talk.lines, CLIENT_COMMANDS.values(), strict=False):
        assert line.startswith(command.usage)
        assert line.endswith(command.help)


def test_help_is_the_only_command_that_sends_nothing() -> None:
    assert [name for name, command in CLIENT_COMMANDS.items() if command.sends is None] == ["help"]


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
@example("\x1c/who")
def test_any_text_can_be_said(text: str) -> None:
    parsed = commands.parse("/" + text if text.startswith("/") else text)
    assert isinstance(parsed, commands.Request)
    assert (parsed.kind, parsed.fields) == (Say, {"text": text})


@given(
    st.text()
    | st.text().map("/".__add__)
    | st.tuples(st.sampled_from(sorted(CLIENT_COMMANDS)), st.text()).map(" ".join).map("/".__add__)
)
def test_any_line_is_sent_or_explained_or_empty(line: str) -> None:
    """CLIENT-1, CLIENT-2: one of the three, in one harmless line, and the session never fails."""
    talk = Talk()
    talk.hears(welcome())
    talk.lines.clear()
    talk.types(line)
    sent = talk.said()
    assert len(sent) == (1 if not talk.lines and line else 0)
    assert talk.lines == [harmless(shown) for shown in talk.lines]
    if line and not sent:
        assert talk.lines


# -- the pace ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow() -> Talk:
    """A client that has been welcomed by a server with a bucket of three tokens, and one more each second."""
    talk = Talk()
    talk.hears(welcome(rate_burst=3, rate_per_second=1))
    talk.lines.clear()
    return talk


def ok(request: Any, seq: int = 0) -> Ok:
    return Ok(request_id=request.request_id, seq=seq, time=1)


def texts(messages: list[Any]) -> list[str]:
    return [message.text for message in messages]


def test_lines_beyond_the_rate_wait_for_tokens(slow: Talk) -> None:
    """CLIENT-9: one token stays in reserve, and none comes back before a reply."""
    slow.types("one", "two", "three", "four")
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
    assert slow.lines == ["ann: one", "ann: two"]


def test_lines_typed_before_welcome_keep_within_its_rate() -> None:
    talk = Talk()
    talk.types("one", "two", "three")
    talk.hears(welcome(rate_burst=3, rate_per_second=1))
    assert texts(talk.said()) == ["one", "two"]


def test_bucket_of_one_token_is_used() -> None:
    talk = Talk()
    talk.hears(welcome(rate_burst=1, rate_per_second=1))
    talk.types("one", "two")
    (one,) = talk.said()
    talk.hears(ok(one, 11))
    talk.at(talk.now + 1.1)
    assert texts(talk.said()) == ["two"]


def test_line_is_judged_when_it_is_typed(slow: Talk) -> None:
    slow.types("one", "two", "three", "/foo", "a\x07", "/help")
    assert kinds(slow.said()) == ["SAY", "SAY"]
    assert [line.partition(" ")[0] for line in slow.lines[:3]] == ["Unknown", "Not", "/help"]


def test_pong_waits_for_nothing(slow: Talk) -> None:
    """RATE-1, CLIENT-8."""
    slow.types("one", "two", "three")
    slow.said()
    slow.hears(Ping(request_id=5, nonce=6))
    assert kinds(slow.said()) == ["PONG"]


def test_leave_waits_for_the_lines_before_it_and_for_no_token(slow: Talk) -> None:
    slow.types("one", "two", "three", "/leave", "four")
    one, two = slow.said()
    assert slow.lines == ["Not sent: you are leaving."], "what stands behind /leave is explained"
    slow.hears(ok(one, 11), ok(two, 12))
    slow.at(slow.now + 1.1)
    assert kinds(slow.said()) == ["SAY", "LEAVE"]


def test_end_of_input_waits_for_the_queue(slow: Talk) -> None:
    """CLIENT-3."""
    slow.types("one", "two", "three")
    slow.do(slow.session.input_ended())
    slow.hears(*(ok(request, seq) for seq, request in enumerate(slow.said(), 11)))
    assert slow.said() == []
    slow.at(slow.now + 1.1)
    (three,) = slow.said()
    slow.hears(ok(three, 13))
    assert kinds(slow.said()) == ["LEAVE"]


def test_interrupt_leaves_at_once_and_tells_what_was_not_sent(slow: Talk) -> None:
    slow.types("one", "two", "three", "four", "/leave")
    slow.do(slow.session.interrupt(slow.now))
    assert kinds(slow.said()) == ["SAY", "SAY", "LEAVE"]
    assert slow.lines == ["Not sent: 2 messages were still waiting."]
    assert slow.session.congested, "no line is wanted any more"


def test_end_tells_what_was_not_sent(slow: Talk) -> None:
    slow.types("one", "two", "three")
    slow.hears(goodbye(GoodbyeCode.KICKED))
    assert slow.lines == ["Not sent: one message was still waiting."]
    assert (len(slow.errors), slow.end) == (1, End(3, "KICKED"))


def test_rate_limited_is_shown_and_nothing_is_sent_again(slow: Talk) -> None:
    """And the pace slows down, since the server has fewer tokens than it should."""
    slow.types("one")
    (one,) = slow.said()
    slow.types("two")
    slow.hears(error(one, ErrorCode.RATE_LIMITED))
    assert slow.lines == ["Not done: too many messages at once."]
    (two,) = slow.said()
    slow.hears(ok(two, 11))
    slow.types("three")
    slow.at(slow.now + 2.9)
    assert slow.said() == []
    slow.at(slow.now + 0.2)
    assert texts(slow.said()) == ["three"]


def test_next_page_of_the_roster_costs_a_token_and_comes_before_later_lines(slow: Talk) -> None:
    slow.types("one", "/who", "two")
    one, who = slow.said()
    slow.hears(ok(one, 11), page(who, ["ann"], True))
    assert slow.said() == []
    slow.at(slow.now + 1.1)
    (second,) = slow.said()
    assert second.after == "ann"


def test_own_ping_takes_the_token_in_reserve(slow: Talk) -> None:
    slow.types("one", "two", "three")
    slow.said()
    slow.at(slow.now + 35)
    assert kinds(slow.said()) == ["PING"]


def test_without_a_token_the_owed_reply_stands_for_the_pong() -> None:
    """TIME-5."""
    talk = Talk()
    talk.hears(welcome(rate_burst=1, rate_per_second=1))
    talk.types("one")
    talk.said()
    talk.at(talk.now + 35)
    assert (talk.said(), talk.alive()) == ([], True)
    talk.at(talk.now + 30)
    assert talk.end == End(1, "LOST")


# -- replies and events ------------------------------------------------------------------------------------------------


def test_oks_show_what_was_accepted_in_order(talk: Talk) -> None:
    talk.types("one", "/pm bob two", "/rename Annie", "three")
    say, pm, rename, again = talk.said()
    assert talk.lines == []
    talk.hears(Ok(request_id=say.request_id, seq=11, time=1), Ok(request_id=pm.request_id, seq=0, time=1), chat(12))
    talk.hears(Ok(request_id=rename.request_id, seq=13, time=1), Ok(request_id=again.request_id, seq=14, time=1))
    assert talk.lines == ["ann: one", "To bob: two", "bob: hi", 'You are now "Annie".', "Annie: three"]
    assert talk.session.name == "Annie"
    assert talk.errors == []


def test_refused_rename_keeps_the_name(talk: Talk) -> None:
    """CLIENT-6."""
    talk.types("/rename bob", "hi")
    rename, say = talk.said()
    assert talk.session.name == "ann"
    talk.hears(error(rename), Ok(request_id=say.request_id, seq=11, time=1))
    assert talk.lines == ["Not done: that name is taken.", "ann: hi"]


def test_unknown_codes_are_refusals_and_endings_too(talk: Talk) -> None:
    """ERROR-3, GOODBYE-2."""
    talk.types("hi")
    talk.hears(error(talk.said()[0], 99), goodbye(250))
    assert (talk.lines, talk.errors) == (["Not done: code 99."], ["The server has ended the connection: code 250."])
    assert talk.end == End(1, "250")


def test_ping_is_answered_at_once(talk: Talk) -> None:
    """CLIENT-8."""
    talk.hears(Ping(request_id=900, nonce=5))
    assert talk.said() == [Pong(request_id=900, nonce=5)]


def test_ping_without_a_request_id_ends_it(talk: Talk) -> None:
    """A PONG to it would be malformed (FRAME-8)."""
    talk.hears(Ping(request_id=0, nonce=5))
    assert (talk.said(), talk.end) == ([], End(1, "PROTOCOL"))


def test_unknown_event_is_ignored(talk: Talk) -> None:
    """EXT-12."""
    talk.hears_bytes(bytes.fromhex("00000008 ef 00 00000000 ffff") + encode(chat(11)))
    assert (talk.lines, talk.errors, talk.end) == (["bob: hi"], [], None)


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
def test_whatever_breaks_the_protocol_ends_it_with_one_line(talk: Talk, frame: bytes) -> None:
    """STATE-4, EXT-7."""
    talk.hears_bytes(encode(chat(11)) + frame + encode(chat(12)))
    assert talk.lines == ["bob: hi"]
    assert len(talk.errors) == 1
    assert talk.errors[0].startswith("The server has broken the protocol: ")
    assert talk.end == End(1, "PROTOCOL")


@given(st.binary(max_size=60))
def test_noise_never_fails(data: bytes) -> None:
    for talk in (Talk(), Talk()):
        talk.hears_bytes(data)
        talk.do(talk.session.disconnected())
        assert talk.end is not None
        assert talk.end.code in (1, 3)


def test_frames_cut_anywhere_mean_the_same(talk: Talk) -> None:
    """TRANSPORT-1."""
    for byte in encode(chat(11)) + encode(Ping(request_id=5, nonce=6)):
        talk.hears_bytes(bytes([byte]))
    assert (talk.lines, kinds(talk.said())) == (["bob: hi"], ["PONG"])


# -- the roster --------------------------------------------------------------------------------------------------------


def page(request: Who, names: list[str], more: bool) -> Roster:
    return Roster(request_id=request.request_id, entries=tuple(User(session_id=1, name=n) for n in names), more=more)


def test_pages_of_the_roster_are_followed(talk: Talk) -> None:
    talk.types("/who")
    talk.do(talk.session.input_ended())
    first = talk.said()[0]
    talk.hears(page(first, ["ann", "Bob"], True))
    (second,) = talk.said()
    assert (second.after, second.limit) == ("Bob", 0)
    talk.hears(page(second, ["carl"], False))
    assert talk.lines == ["Users here: ann, Bob", "Users here: carl"]
    assert kinds(talk.said()) == ["LEAVE"], "the pages were owed (CLIENT-3)"


@pytest.mark.parametrize("names", [[], ["ann"], ["Ann", "ANN"]])
def test_roster_that_does_not_go_on_is_not_followed_for_ever(talk: Talk, names: list[str]) -> None:
    talk.types("/who")
    talk.hears(page(talk.said()[0], ["ann"], True))
    talk.hears(page(talk.said()[0], names, True))
    assert talk.said() == []
    assert len(talk.errors) == 1
    assert talk.alive()


def test_roster_is_not_followed_after_leave(talk: Talk) -> None:
    """LEAVE-2."""
    talk.types("/who", "/leave")
    talk.hears(page(talk.said()[0], ["ann"], True))
    assert talk.said() == []


# -- the numbers of events ---------------------------------------------------------------------------------------------


def test_gap_in_seq_is_told_once(talk: Talk) -> None:
    """ORD-6."""
    talk.hears(chat(11), chat(13), chat(20))
    assert talk.errors == ["The server left a gap: event 13 came after event 11."]
    assert len(talk.lines) == 3
    assert talk.alive()


def test_own_oks_and_private_messages_leave_no_gap(talk: Talk) -> None:
    talk.types("hi", "/pm bob hi")
    say, pm = talk.said()
    talk.hears(Ok(request_id=say.request_id, seq=11, time=1), Ok(request_id=pm.request_id, seq=0, time=1))
    talk.hears(Notice(seq=0, time=1, scope=NoticeScope.PRIVATE, text="x"), Joined(seq=12, time=1, who=BOB))
    assert talk.errors == []


# -- the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [(code, {"LEFT": 0, "KICKED": 3, "BANNED": 3}.get(code.name, 1)) for code in GoodbyeCode],
)
def test_goodbye_ends_with_its_exit_code(talk: Talk, code: GoodbyeCode, exit_code: int) -> None:
    """CLIENT-7: with one line on standard error, except after LEFT."""
    talk.hears(goodbye(code))
    assert talk.end == End(exit_code, code.name)
    assert len(talk.errors) == (code is not GoodbyeCode.LEFT)
    talk.hears(chat(11))
    talk.types("hi")
    talk.do(
        talk.session.disconnected() + talk.session.input_ended() + talk.session.interrupt(1) + talk.session.tick(1e9)
    )
    assert talk.session.next_deadline() is None


def test_end_of_input_waits_for_what_is_owed_then_leaves(talk: Talk) -> None:
    """CLIENT-3."""
    talk.types("one", "two")
    talk.do(talk.session.input_ended())
    one, two = talk.said()
    talk.hears(Ok(request_id=one.request_id, seq=11, time=1))
    assert talk.said() == []
    talk.hears(error(two, ErrorCode.RATE_LIMITED))
    (leave,) = talk.said()
    assert leave.NAME == "LEAVE"
    talk.hears(chat(12), goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert talk.lines == ["ann: one", "Not done: too many messages at once.", "bob: hi", "You have left."]
    assert (talk.errors, talk.end) == ([], End(0, "LEFT"))


def test_end_of_input_before_welcome() -> None:
    talk = Talk()
    talk.types("hi")
    talk.do(talk.session.input_ended())
    talk.hears(welcome())
    (say,) = talk.said()
    talk.hears(Ok(request_id=say.request_id, seq=11, time=1))
    assert kinds(talk.said()) == ["LEAVE"]


def test_after_leave_nothing_is_sent(talk: Talk) -> None:
    """LEAVE-2: neither what is typed nor a PONG."""
    talk.types("/leave", "hi", "/leave", "/help")
    talk.do(talk.session.input_ended())
    talk.hears(Ping(request_id=3, nonce=4))
    assert kinds(talk.said()) == ["LEAVE"]
    assert talk.lines[:2] == ["Not sent: you are leaving."] * 2


def test_refused_leave_goes_on(talk: Talk) -> None:
    """STATE-6."""
    talk.types("/leave")
    talk.hears(error(talk.said()[0], ErrorCode.UNSUPPORTED_CRITICAL))
    talk.types("hi")
    assert (kinds(talk.said()), talk.end) == (["SAY"], None)


def test_refused_leave_at_the_end_of_input_closes(talk: Talk) -> None:
    talk.do(talk.session.input_ended())
    talk.hears(error(talk.said()[0], ErrorCode.UNSUPPORTED_CRITICAL))
    assert (talk.said(), talk.end) == ([], End(1, "REFUSED"))


@pytest.mark.parametrize(
    ("data", "why", "line"),
    [
        (b"", "", "The connection was lost: the server closed it without a goodbye."),
        (b"\0\0", "", "The connection was lost: the server closed it in the middle of a message."),
        (b"", "reset by \x1b", "The connection was lost: reset by <U+001B>."),
    ],
)
def test_stream_without_goodbye_is_a_lost_connection(talk: Talk, data: bytes, why: str, line: str) -> None:
    """END-6."""
    talk.hears_bytes(data)
    talk.do(talk.session.disconnected(why))
    assert (talk.errors, talk.end) == ([line], End(1, "LOST"))


def test_interrupt_leaves_without_waiting_for_replies(talk: Talk) -> None:
    talk.types("hi")
    talk.do(talk.session.interrupt(talk.now))
    say, leave = talk.said()
    assert leave.NAME == "LEAVE"
    talk.hears(Ok(request_id=say.request_id, seq=11, time=1), goodbye(GoodbyeCode.LEFT, leave.request_id))
    assert talk.end == End(0, "LEFT")


def test_interrupted_client_waits_two_seconds_for_goodbye(talk: Talk) -> None:
    talk.do(talk.session.interrupt(talk.now))
    assert talk.session.next_deadline() == talk.now + 2
    talk.hears(chat(11))
    talk.at(talk.now + 1.9)
    assert talk.alive()
    talk.at(talk.now + 0.1)
    assert (len(talk.errors), talk.end) == (1, End(1, "INTERRUPTED"))


def test_second_interrupt_ends_at_once(talk: Talk) -> None:
    talk.do(talk.session.interrupt(talk.now) + talk.session.interrupt(talk.now))
    assert (kinds(talk.said()), talk.end) == (["LEAVE"], End(1, "INTERRUPTED"))


def test_interrupt_before_welcome_ends_at_once() -> None:
    talk = Talk()
    talk.do(talk.session.interrupt(talk.now))
    assert (len(talk.errors), talk.end) == (1, End(1, "INTERRUPTED"))


# -- time --------------------------------------------------------------------------------------------------------------


def test_silent_server_is_asked_and_then_given_up(talk: Talk) -> None:
    """TIME-5."""
    start = talk.now
    assert talk.session.next_deadline() == start + 35
    talk.at(start + 34.9)
    assert talk.said() == []
    talk.at(start + 35)
    assert kinds(talk.said()) == ["PING"]
    assert talk.session.next_deadline() == start + 65
    talk.at(start + 64.9)
    assert talk.alive()
    talk.at(start + 65)
    assert talk.errors == ["The connection was lost: nothing was heard from the server for 65 s."]
    assert (talk.said(), talk.end) == ([], End(1, "LOST"))


def test_anything_heard_is_a_sign_of_life(talk: Talk) -> None:
    start = talk.now
    talk.at(start + 35)
    talk.now = start + 60
    talk.hears(chat(11))
    assert talk.session.next_deadline() == start + 95
    (ping,) = talk.said()
    talk.hears(Pong(request_id=ping.request_id, nonce=ping.nonce))
    assert (talk.lines, talk.errors) == (["bob: hi"], [])


def test_server_that_never_answers_hello_is_given_up() -> None:
    talk = Talk()
    assert talk.session.next_deadline() == talk.now + 15
    talk.at(talk.now + 15)
    assert talk.end == End(1, "LOST")


def test_server_that_never_answers_leave_is_given_up(talk: Talk) -> None:
    talk.types("/leave")
    assert talk.session.next_deadline() == talk.now + 65
    talk.at(talk.now + 65)
    assert (kinds(talk.said()), talk.end) == (["LEAVE"], End(1, "LOST"))


def test_source_of_lines_pauses_while_much_is_under_way(talk: Talk) -> None:
    talk.types(*["x"] * (BACKLOG - 1))
    assert not talk.session.congested
    talk.types("x")
    assert talk.session.congested
    said = talk.said()
    assert len(said) < BACKLOG, "what waits for a token counts as well"
    talk.hears(ok(said[0], 11))
    assert not talk.session.congested
