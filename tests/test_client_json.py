"""Lines of JSON: one example of each kind, as reference_client/README.md shows them, and what hostile text can do in them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impwire import Message
from impwire import messages as m
from impwire.tables import LIMITS, TIMERS
from reference_client.display import Show, harmless
from reference_client.effects import End, Ending, EndKind, Happening, Note, Told
from reference_client.json_lines import as_json, json_line, tell
from tests.support import PATIENCE, ROOT, ServerProcess

BOB = m.User(session_id=8, name="bob")
ANN = m.User(session_id=7, name="ann")
TIME = 1_795_392_000_000
SAY = m.Say(request_id=3, text="hi")

EXAMPLES: list[Happening | Show] = [
    Told(
        m.Welcome(
            version=0x0100,
            capabilities=0,
            session_id=7,
            name="ann",
            server_name="The Old Oak",
            seq=40,
            time=TIME,
            **{name: limit.default for name, limit in (LIMITS | TIMERS).items()},  # type: ignore[arg-type]
        ),
        m.Hello(min_version=0x0100, max_version=0x0100, capabilities=0, name="ann"),
    ),
    Told(m.Ok(request_id=3, seq=41, time=TIME), SAY),
    Told(m.Ok(request_id=4, seq=0, time=TIME), m.Pm(request_id=4, to="bob", text="psst")),
    Told(m.Ok(request_id=5, seq=42, time=TIME), m.Rename(request_id=5, name="annie")),
    Told(m.Roster(request_id=6, more=False, entries=(ANN, BOB)), m.Who(request_id=6, after="", limit=0)),
    Told(
        m.Error(request_id=7, code=m.ErrorCode.NO_SUCH_USER, request_type=3, retry_after_ms=0, detail=""),
        m.Pm(request_id=7, to="carl", text="hi"),
    ),
    Told(m.Chat(seq=43, time=TIME, who=BOB, text="tab\there, \x1b[2J and ☃")),
    Told(m.Whisper(time=TIME, who=BOB, text="hello")),
    Told(m.Notice(seq=44, time=TIME, scope=m.NoticeScope.ALL, text="the server stops at eight")),
    Told(m.Joined(seq=45, time=TIME, who=BOB)),
    Told(m.Left(seq=46, time=TIME, who=BOB, reason=m.LeftReason.LOST)),
    Told(m.Renamed(seq=47, time=TIME, who=BOB, new_name="bobby")),
    Told(m.Ping(request_id=1, nonce=5)),
    Told(m.Pong(request_id=8, nonce=8), m.Ping(request_id=8, nonce=8)),
    Told(m.Goodbye(request_id=0, code=m.GoodbyeCode.SHUTTING_DOWN, retry_after_ms=2000, detail="back at nine")),
    End(
        Ending(
            EndKind.GOODBYE,
            "The server has ended the connection: back at nine",
            code=m.GoodbyeCode.SHUTTING_DOWN,
            retry_after_ms=2000,
            detail="back at nine",
            name="ann",
            welcomed=True,
            unanswered=(SAY,),
        )
    ),
    Show("Unknown command /foo; /help lists the commands.", kind="EXPLANATION"),
    Show("/leave           Leave the server", kind="HELP"),
    Note("The server left a gap: event 50 came after event 47."),
]


def test_readme_shows_a_line_of_each_kind() -> None:
    page = (ROOT / "reference_client" / "README.md").read_text()
    shown = page.partition("```json\n")[2].partition("```")[0].splitlines()
    assert shown == [json_line(example) for example in EXAMPLES]


def test_examples_have_every_message_of_a_server() -> None:
    sent = {kind.NAME for kind in m.MESSAGES.values() if kind.TYPE >= 0x40}
    assert {example.message.NAME for example in EXAMPLES if isinstance(example, Told)} == sent


def _read(what: Happening | Show) -> dict[str, Any]:
    line = json_line(what)
    assert line.isascii()
    assert line.isprintable()
    read = json.loads(line)
    assert read == as_json(what)
    assert isinstance(read, dict)
    return read


@given(st.text())
def test_text_is_as_it_came_and_harmless_on_its_way(text: str) -> None:
    line = json_line(Told(m.Chat(seq=1, time=1, who=BOB, text=text)))
    assert harmless(line) == line
    assert json.loads(line)["text"] == text


def test_numbers_of_64_bits_are_whole() -> None:
    who = m.User(session_id=2**64 - 1, name="bob")
    read = _read(Told(m.Joined(seq=2**64 - 1, time=2**64 - 1, who=who)))
    assert (read["seq"], read["time"], read["who"]["session_id"]) == (2**64 - 1,) * 3


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (m.Error(code=200, request_type=2, retry_after_ms=0, detail=""), "code"),
        (m.Goodbye(code=200, retry_after_ms=0, detail=""), "code"),
        (m.Left(seq=1, time=1, who=BOB, reason=200), "reason"),
        (m.Notice(seq=1, time=1, scope=200, text="x"), "scope"),  # type: ignore[arg-type]
    ],
)
def test_code_of_a_later_version_is_a_number(message: Message, field: str) -> None:
    assert _read(Told(message))[field] == 200


@pytest.mark.parametrize(
    ("ending", "code", "exit_code"),
    [
        (Ending(EndKind.LEFT, "You have left.", code=m.GoodbyeCode.LEFT), "LEFT", 0),
        (Ending(EndKind.LOST, "The connection was lost: x."), None, 1),
        (Ending(EndKind.GOODBYE, "x", code=m.GoodbyeCode.BANNED), "BANNED", 3),
        (Ending(EndKind.GOODBYE, "x", code=200), 200, 1),
        (Ending(EndKind.NAME_REFUSED, "x", code=m.ErrorCode.NAME_TAKEN), "NAME_TAKEN", 3),
        (Ending(EndKind.NO_CONNECTION, "cannot connect"), None, 1),
    ],
)
def test_end_tells_why_and_the_exit_code(ending: Ending, code: str | int | None, exit_code: int) -> None:
    read = _read(End(ending))
    assert (read["event"], read["kind"]) == ("end", ending.kind.value)
    assert (read["code"], read["exit_code"], read["text"]) == (code, exit_code, ending.line)


def test_what_is_meant_for_standard_error_goes_there_too(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    note = Note("a gap")
    tell(note, Show("a gap", "error", "NOTE"))
    tell(Told(m.Ping(nonce=1)), None)
    tell(None, Show("Unknown command", kind="EXPLANATION"))
    output, errors = capfdbinary.readouterr()
    assert [json.loads(line)["event"] for line in output.splitlines()] == ["note", "PING", "explanation"]
    assert errors == b"a gap\n"


def test_program_tells_a_whole_talk_in_json(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    command = [sys.executable, "-m", "reference_client", "ann", "--port", str(server.port), "--json"]
    talk = subprocess.run(
        command,
        cwd=ROOT,
        input="hi ☃\n/foo\n/who\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert (talk.returncode, talk.stderr) == (0, "")
    events = [json.loads(line) for line in talk.stdout.splitlines()]
    assert events[0]["server_name"] == "IMP server"
    kinds = [event["event"] for event in events]
    assert sorted(kinds[1:4]) == ["OK", "ROSTER", "explanation"]
    assert kinds[4:] == ["GOODBYE", "end"]
    assert next(event for event in events if event["event"] == "OK")["answers"] == {"request": "SAY", "text": "hi ☃"}
    assert events[-1]["exit_code"] == 0


def test_program_that_cannot_connect_says_so_to_programs_and_people() -> None:
    command = [sys.executable, "-m", "reference_client", "ann", "--port", "1", "--json"]
    talk = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True, timeout=PATIENCE)
    (line,) = talk.stdout.splitlines()
    end = json.loads(line)
    assert (talk.returncode, end["exit_code"], end["kind"]) == (1, 1, "no connection")
    assert talk.stderr == end["text"] + "\n"
    assert end["text"].startswith("cannot connect to 127.0.0.1:1: ")
