"""The lines that a client shows: the table of protocol.txt, section 18, and CLIENT-5."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impwire import Message
from impwire.messages import (
    Chat,
    Error,
    ErrorCode,
    Goodbye,
    GoodbyeCode,
    Hello,
    Joined,
    Left,
    LeftReason,
    Notice,
    NoticeScope,
    Ok,
    Ping,
    Pm,
    Pong,
    Rename,
    Renamed,
    Roster,
    Say,
    User,
    Whisper,
    Who,
)
from impwire.tables import DISPLAY, FAILURES, Failure
from reference_client.display import Show, _fits, harmless, says, shown

BOB = User(session_id=8, name="bob")
SAY = Say(text="hi")
HELLO = Hello(min_version=1, max_version=1, capabilities=0, name="ann")


def left(reason: LeftReason | int) -> Left:
    return Left(seq=1, time=1, who=BOB, reason=reason)


def error(detail: str) -> Error:
    return Error(code=ErrorCode.NAME_TAKEN, request_type=1, retry_after_ms=0, detail=detail)


def goodbye(code: GoodbyeCode, detail: str = "") -> Goodbye:
    return Goodbye(code=code, retry_after_ms=0, detail=detail)


CASES: list[tuple[Message, Message | None, Show | None]] = [
    (Ok(seq=1, time=1), SAY, Show("ann: hi")),
    (Ok(seq=0, time=1), Pm(to="bob", text="hi"), Show("To bob: hi")),
    (Ok(seq=0, time=1), Rename(name="Annie"), Show('You are now "Annie".')),
    (
        Roster(entries=(BOB, User(session_id=9, name="Eve")), more=False),
        Who(after="", limit=0),
        Show("Users here: bob, Eve"),
    ),
    (Roster(entries=(), more=False), Who(after="", limit=0), Show("Users here: ")),
    (error(""), HELLO, Show("Not done: that name is taken.", "error")),
    (error("Taken!"), HELLO, Show("Not done: Taken!", "error")),
    (error(""), Rename(name="x"), Show("Not done: that name is taken.")),
    (error("Taken!"), Rename(name="x"), Show("Not done: Taken!")),
    (error("\u202eno"), SAY, Show("Not done: <U+202E>no")),
    (Chat(seq=1, time=1, who=BOB, text="a\nann: b"), None, Show("bob: a\u21b5ann: b")),
    (Chat(seq=1, time=1, who=BOB, text="{self}"), None, Show("bob: {self}")),
    (Whisper(time=1, who=BOB, text="a\tb"), None, Show("From bob: a b")),
    (Notice(seq=0, time=1, scope=NoticeScope.PRIVATE, text="x"), None, Show("SERVER to you: x")),
    (Notice(seq=1, time=1, scope=NoticeScope.ALL, text="x"), None, Show("SERVER: x")),
    (Joined(seq=1, time=1, who=BOB), None, Show('"bob" has joined the server.')),
    (left(LeftReason.LEFT), None, Show('"bob" has left the server.')),
    (left(LeftReason.KICKED), None, Show('"bob" was removed by the operator.')),
    (left(LeftReason.BANNED), None, Show('"bob" was banned by the operator.')),
    (left(LeftReason.TIMED_OUT), None, Show('"bob" has lost the connection.')),
    (left(200), None, Show('"bob" has lost the connection.')),
    (Renamed(seq=1, time=1, who=BOB, new_name="Rob"), None, Show('"bob" is now "Rob".')),
    (goodbye(GoodbyeCode.LEFT, "bye"), None, Show("You have left.")),
    (
        goodbye(GoodbyeCode.FLOOD),
        None,
        Show("The server has ended the connection: too many messages for too long.", "error"),
    ),
    (goodbye(GoodbyeCode.KICKED, "out"), None, Show("The server has ended the connection: out", "error")),
    (Ping(nonce=1), None, None),
    (Pong(nonce=1), Ping(nonce=1), None),
]


@pytest.mark.parametrize(("message", "answers", "line"), CASES)
def test_message_shows_its_line(message: Message, answers: Message | None, line: Show | None) -> None:
    show = shown(message, answers, "ann")
    assert (show and show[:2]) == (line and line[:2])


def test_every_line_of_the_table_but_welcome_has_a_case() -> None:
    """WELCOME has too many fields for a table; the tests of the session show it."""
    covered = [entry for message, answers, _ in CASES for entry in DISPLAY if _fits(entry, message, answers)]
    assert [entry for entry in DISPLAY if entry not in covered] == [DISPLAY[0]]


@pytest.mark.parametrize(
    ("message", "answers", "show"),
    [
        (Ok(seq=1, time=5), SAY, ("SAY", 5, "ann: ", "ann")),
        (Ok(seq=0, time=5), Pm(to="bob", text="a: b"), ("PM", 5, "To bob: ", "ann")),
        (Ok(seq=0, time=5), Rename(name="Annie"), ("RENAME", 5, "", "ann")),
        (Roster(entries=(BOB,), more=False), Who(after="", limit=0), ("ROSTER", None, "Users here: ", "")),
        (error("a: b"), SAY, ("ERROR", None, "Not done: ", "")),
        (Chat(seq=1, time=5, who=BOB, text="a: b"), None, ("CHAT", 5, "bob: ", "bob")),
        (Whisper(time=5, who=BOB, text="\u202e: b"), None, ("WHISPER", 5, "From bob: ", "bob")),
        (Notice(seq=0, time=5, scope=NoticeScope.PRIVATE, text="x"), None, ("NOTICE", 5, "SERVER to you: ", "")),
        (Joined(seq=1, time=5, who=BOB), None, ("JOINED", 5, "", "bob")),
        (left(LeftReason.LEFT), None, ("LEFT", 1, "", "bob")),
        (Renamed(seq=1, time=5, who=BOB, new_name="Rob"), None, ("RENAMED", 5, "", "bob")),
        (goodbye(GoodbyeCode.LEFT), None, ("GOODBYE", None, "", "")),
        (goodbye(GoodbyeCode.KICKED, "a: b"), None, ("GOODBYE", None, "The server has ended the connection: ", "")),
    ],
)
def test_line_says_whose_it_is_and_where_its_text_begins(
    message: Message, answers: Message | None, show: tuple[str, int | None, str, str]
) -> None:
    found = shown(message, answers, "ann")
    assert found is not None
    assert (found.kind, found.time, found.line[: found.indent], found.speaker) == show


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_every_code_has_its_words(failure: Failure) -> None:
    assert says(failure.code) == failure.says


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("caf\u00e9 \U0001f600 \u4e2d", "caf\u00e9 \U0001f600 \u4e2d"),
        ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
        ("\u0646\u200c\u0645 \U0001f468\u200d\U0001f469", "\u0646\u200c\u0645 \U0001f468\u200d\U0001f469"),
        ("a\r\nb", "a<U+000D>\u21b5b"),
        ("\x1b[2J\x07\x9b", "<U+001B>[2J<U+0007><U+009B>"),
        ("\u2028\u2029\ufeff\u00ad", "<U+2028><U+2029><U+FEFF><U+00AD>"),
        ("\ud800\ue000\U0010ffff\u0378", "<U+D800><U+E000><U+10FFFF><U+0378>"),
    ],
)
def test_harmless(text: str, line: str) -> None:
    assert harmless(text) == line


@given(st.text())
@example("\n\t\u200c\u200d\u202e")
def test_harmless_leaves_nothing_that_acts(text: str) -> None:
    """CLIENT-5, by the sentence itself and character by character."""
    line = harmless(text)
    for character in line:
        hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert not hidden or character in "\u200c\u200d"
    assert harmless(line) == line
    assert line == "".join(map(harmless, text))
