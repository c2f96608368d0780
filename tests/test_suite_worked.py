"""Worked sessions: cases played on paper are what a server does, and the file that the document is made of is theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.__main__ import main
from conformance.language import Case, load_cases
from conformance.language.dump import dump_cases
from conformance.play.paper import play_on_paper
from conformance.play.transcript import Event, Kind
from conformance.verdicts import CaseFailed
from conformance.worked import label, plain, session_of, sessions_text
from impwire import messages as m
from impwire.codecs import CODECS, decode
from impwire.messages import User
from impwire.tables import REPLIES
from impwire.wire import DecodeError, Message
from tests.built_in import WRITTEN
from tests.support import ROOT

FILE = ROOT / "spec" / "sessions.yaml"
CASES = [case for case in WRITTEN if case.worked]
SESSIONS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["sessions"]


@pytest.fixture
def case(tmp_path: Path) -> Callable[..., Case]:
    """A worked case, given its steps one a line."""

    def make(steps: str, worked: str = "{place: 1, title: A, shows: B}") -> Case:
        lines = textwrap.indent(textwrap.dedent(steps).strip(), "      - ")
        file = tmp_path / "case.yaml"
        head = f"cases:\n  - id: a/b\n    title: t\n    proves: [SAY-1]\n    worked: {worked}\n    steps:\n"
        file.write_text(f"{head}{lines}\n", encoding="utf-8")
        return load_cases([file])[0]

    return make


def failure(script: Case) -> str:
    with pytest.raises(CaseFailed) as raised:
        session_of(script)
    return str(raised.value)


# -- the sessions of the document ----------------------------------------------------------------------------------------


def test_document_has_sessions_enough_each_of_them_short() -> None:
    assert 8 <= len(CASES) <= 12
    assert sorted(case.worked.place for case in CASES if case.worked) == list(range(1, len(CASES) + 1))
    frames = {session["name"]: sum("hex" in step for step in session["steps"]) for session in SESSIONS}
    assert {name: count for name, count in frames.items() if not 2 <= count <= 14} == {}


def test_sessions_of_the_document_show_every_message() -> None:
    shown = {step["message"] for session in SESSIONS for step in session["steps"] if "message" in step}
    assert shown == set(CODECS.by_name)


def test_file_is_that_of_the_cases() -> None:
    assert FILE.read_text(encoding="utf-8") == sessions_text(WRITTEN), "run: python -m conformance sessions"


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["name"])
def test_frames_are_what_the_fields_beside_them_say(session: dict[str, Any]) -> None:
    for step in session["steps"]:
        if "message" in step:
            message = decode(bytes.fromhex(step["hex"]))
            assert (message.NAME, plain(message)) == (step["message"], step["fields"])
            assert step["text"].split()[0] == step["message"]


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["name"])
def test_replies_of_a_session_answer_its_requests_in_order(session: dict[str, Any]) -> None:
    """As in every conversation, whatever the play has made sure of: the file alone is looked at."""
    answers = {request.NAME: {reply.NAME for reply in replies} for request, replies in REPLIES.items()}
    waiting: dict[str, list[tuple[int, str]]] = {}
    for step in session["steps"]:
        if "message" not in step:
            continue
        name, number = step["message"], step["fields"].get("request_id", 0)
        if step["to"] == "server" and name in answers:
            waiting.setdefault(step["from"], []).append((number, name))
        elif step["from"] == "server" and number and name != "PING":
            due, request = waiting[step["to"]].pop(0)
            assert number == due
            assert name in answers[request]


# -- the same, for real --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What crossed the wire when the worked cases were played to the reference server: the events of each, by its id."""
    report = tmp_path_factory.mktemp("worked") / "report.json"
    ids = [word for case in CASES for word in ("--id", case.id)]
    command = [sys.executable, "-m", "conformance", "server", "--segmentation", "as-is", "--trace", *ids]
    run = subprocess.run(
        [*command, "--report-json", str(report)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    return {entry["id"]: entry["events"] for entry in json.loads(report.read_text())["cases"]}


@pytest.mark.parametrize("script", CASES, ids=lambda case: case.id)
def test_server_does_what_stands_on_paper(script: Case, real_runs: dict[str, list[dict[str, Any]]]) -> None:
    """But for what it chooses: session_id, the first seq, time, nonce, its name, words for people."""
    told = [event for event in play_on_paper(script, brief=False) if isinstance(event, Event)]
    paper = _comparable([(event.actor, event.kind, event.data) for event in told if event.data])
    events = [event for event in real_runs[script.id] if event.get("hex")]
    real = _comparable([(event["actor"], Kind(event["kind"]), bytes.fromhex(event["hex"])) for event in events])
    assert real[: len(paper)] == paper
    # At the end, everyone who is still there proves that nothing more has come: a PING is answered next, or refused.
    assert {words.partition(" ")[0] for _, _, words in real[len(paper) :]} <= {"PING", "PONG", "ERROR"}


def _comparable(frames: list[tuple[str, Kind, bytes]]) -> list[tuple[str, Kind, str]]:
    """Frames in words, without what a server chooses."""
    users: dict[int, int] = {}
    first: list[int] = []

    def same(value: Any, name: str = "") -> Any:
        if isinstance(value, (Message, User)):
            return {item.name: same(getattr(value, item.name), item.name) for item in fields(value)}  # type: ignore[arg-type]
        if isinstance(value, tuple):
            return [same(item) for item in value]
        if name == "session_id":
            return users.setdefault(value, len(users))
        if name == "seq" and value:
            first.append(value)
            return value - first[0]
        return None if name in ("time", "nonce", "server_name", "detail", "retry_after_ms") else value

    found = []
    for actor, kind, data in frames:
        try:
            message = decode(data)
        except DecodeError:
            found.append((actor, kind, data.hex()))
            continue
        values = same(message) | ({"text": None} if isinstance(message, m.Notice) else {})
        found.append((actor, kind, f"{message.NAME} {values}"))
    return found


# -- on paper ------------------------------------------------------------------------------------------------------------

OPENING = "[ann, joins]\n[bob, joins]\n[ann, sends, SAY, {text: hi}]\n[ann, receives, OK, {}]\n"


def test_story_is_told_step_by_step(case: Callable[..., Case]) -> None:
    script = case(
        f"{OPENING}[bob, receives, CHAT, {{who: $ann, text: hi}}]\n[ann, ends stream]\n"
        "[ann, receives, GOODBYE, {code: LEFT}]\n[bob, receives, LEFT, {who: $ann, reason: LEFT}]\n"
        "[ann, is closed]\n[cid, joins]\n[bob, resets]",
        "{place: 7, title: Of two, shows: How  it is.}",
    )
    session = session_of(script)
    assert session["given"] == "ann (session_id 1) and bob (session_id 2) have joined; the latest seq is 2."
    assert (session["title"], session["doc"], session["actors"]) == ("Of two", "How it is.", ["ann", "server", "bob"])
    assert [step.get("text") or step.get("event") or step.get("note") for step in session["steps"]] == [
        'SAY #2 "hi"',
        "OK #2 seq 3",
        'CHAT seq 3, who ann, "hi"',
        "ends",
        "GOODBYE LEFT",
        "ends",  # Behind GOODBYE, though the case looks at it later.
        "LEFT seq 4, who ann, LEFT",
        "cid (session_id 3) has joined; the latest seq is 5.",
        "resets",
    ]
    ends = [(step["from"], step["to"]) for step in session["steps"] if step.get("event")]
    assert ends == [("ann", "server"), ("server", "ann"), ("bob", "server")]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("[bob, receives, CHAT, {text: hi}]", "nobody knows what this server puts into 'who' of CHAT"),
        ("[bob, receives, CHAT, {who: {name: eve}, text: hi}]", "'who' of CHAT; say it in the step"),
        ("[bob, receives, CHAT, {who: $ann, text: hi, seq: 9}]", "seq: expected 3, found 9 (ORD-3)"),
        ("[bob, receives, ERROR, {code: SELF_TARGET}]", "'request_type' of ERROR"),
        ("[ann, sends, WHO, {}]\n[ann, receives, ROSTER, {entries: [$ann, $bob]}]", "'more' of ROSTER"),
        ("[ann, sends, WHO, {}]\n[ann, receives, ROSTER, {more: false}]", "'entries' of ROSTER"),
        ("[ann, sends, WHO, {}]", "the case ends while ann waits for the reply to WHO"),
        ("[ann, sends, SAY, {text: ''}]\n[ann, receives, ERROR, {code: RATE_LIMITED}]", "'retry_after_ms' of ERROR"),
        ("[ann, floods, SAY, {text: hi}, until, ERROR, {}]", "'floods' needs a server that runs"),
        ("[server, is killed and restarted]", "'is killed and restarted' needs a server that runs"),
    ],
)
def test_case_that_leaves_open_what_the_server_says_is_no_worked_session(
    case: Callable[..., Case], steps: str, told: str
) -> None:
    text = failure(case(OPENING + steps))
    assert text.startswith("a/b cannot be a worked session: ")
    assert told in text


def test_what_a_server_chooses_can_be_an_example(case: Callable[..., Case]) -> None:
    steps = "[ann, joins]\n[ann, receives, NOTICE, {scope: ALL, time: {at least: 1}}]"
    assert "'text' of NOTICE" in failure(case(steps))
    worked = "{place: 1, title: A, shows: B, examples: {NOTICE: {text: soon, time: 5}}}"
    [step] = session_of(case(steps, worked))["steps"]
    assert step["fields"] == {"request_id": 0, "seq": 2, "time": 5, "scope": "ALL", "text": "soon"}
    assert "time" in failure(case(steps, worked.replace("time: 5", "time: 0")))


def test_label_has_what_a_reader_follows() -> None:
    ann = User(session_id=1, name="ann")
    error = m.Error(request_id=7, code=m.ErrorCode.RATE_LIMITED, request_type=2, retry_after_ms=40, detail="")
    assert label(error) == "ERROR #7 RATE_LIMITED, retry_after_ms 40"
    assert label(m.Roster(request_id=2, entries=(ann,), more=False)) == "ROSTER #2 [ann], more false"
    assert label(m.Chat(seq=4, time=5, who=ann, text="\u00fc\n")) == 'CHAT seq 4, who ann, "\\u00fc\\n"'
    assert label(m.Leave(request_id=1)) == "LEAVE #1"


# -- the command ---------------------------------------------------------------------------------------------------------


def test_stale_file_is_told_with_a_diff_and_written_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sessions.yaml"
    out.write_text(FILE.read_text(encoding="utf-8").replace("A first conversation", "A last one"), encoding="utf-8")
    assert main(["sessions", "--check", "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert [line[0] for line in shown.out.splitlines() if "title:" in line and line[0] in "+-"] == ["-", "+"]
    assert "is stale; run `python -m conformance sessions`" in shown.err
    assert "A last one" in out.read_text(encoding="utf-8"), "--check writes nothing"
    assert main(["sessions", "--out", str(out)]) == 0
    assert out.read_bytes() == FILE.read_bytes()
    assert main(["sessions", "--check", "--out", str(out)]) == 0


def test_cases_that_cannot_be_worked_leave_the_file_alone(
    tmp_path: Path, case: Callable[..., Case], capsys: pytest.CaptureFixture[str]
) -> None:
    case(OPENING)
    out = tmp_path / "sessions.yaml"
    assert main(["sessions", "--cases", str(tmp_path / "case.yaml"), "--out", str(out)]) == 0
    out.write_text("as it was", encoding="utf-8")
    case(f"{OPENING}[bob, receives, CHAT, {{}}]")
    assert main(["sessions", "--cases", str(tmp_path / "case.yaml"), "--out", str(out)]) == 2
    assert capsys.readouterr().err.endswith("nothing was written\n")
    (tmp_path / "case.yaml").write_text("cases: []", encoding="utf-8")
    assert main(["sessions", "--cases", str(tmp_path / "case.yaml"), "--out", str(out)]) == 2
    assert main(["sessions", "--out", str(tmp_path / "nowhere" / "sessions.yaml")]) == 2
    assert out.read_text(encoding="utf-8") == "as it was"


def test_worked_case_is_dumped_whole(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(dump_cases(CASES), encoding="utf-8")
    assert sessions_text(load_cases([tmp_path])) == FILE.read_text(encoding="utf-8")
