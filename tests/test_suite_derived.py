"""Cases that follow from the spec: that none is missing, that what they expect is right, and that they can be played."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.derived import client_oracle, derived_cases, script
from conformance.derived.client_oracle import Duty, duty
from conformance.derived.oracle import STEPS, Answer, Frame, Situation, answer, answer_to_end
from conformance.derived.samples import assembled, client_messages, home, sample_frame, server_messages
from conformance.derived.walk import walk
from conformance.language import Case, Part, Step, load_cases
from conformance.language.dump import dump_case, dump_cases
from impwire import constructs as k
from impwire.codecs import CODECS, FRAME
from impwire.messages import Ok, Say
from impwire.tables import EVENTS, FAILURES, LEGAL, REQUIREMENTS, Role, Settings, State
from impwire.wire import DecodeError
from tests.built_in import DERIVED as CASES
from tests.built_in import WRITTEN
from tests.support import ROOT

SERVER = [case for case in CASES if case.server]
CLIENT = [case for case in CASES if case.clients]
VECTORS: list[dict[str, Any]] = yaml.safe_load((ROOT / "spec" / "vectors.yaml").read_text())["vectors"]


def ids(family: str, message: str) -> list[str]:
    """What the cases of a family with a message are about."""
    start = f"derived/{family}/{message.lower()}/"
    return [case.id.removeprefix(start) for case in CASES if case.id.startswith(start)]


# -- none is missing ---------------------------------------------------------------------------------------------------


def test_how_many_there_are() -> None:
    assert 1000 <= len(SERVER) <= 1800
    assert 60 <= len(CLIENT) <= 120, "each starts a client"
    assert len(SERVER) + len(CLIENT) == len(CASES)
    assert sum(case.own_server for case in SERVER) < 60, "each starts a server"


def test_cases_are_the_same_every_time() -> None:
    assert dump_cases(derived_cases()) == dump_cases(CASES)


def test_each_has_an_id_of_its_own_a_title_and_a_requirement() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    for case in CASES:
        assert re.fullmatch(r"derived/[a-z]+/[a-z0-9-]+/[a-z0-9-]+", case.id), case.id
        assert case.derived
        assert case.title[0].isupper(), case.title
        assert case.proves, case.id
        assert set(case.proves) <= set(REQUIREMENTS), case.id
        role = "server" if case.server else "client"
        sides = {REQUIREMENTS[requirement].side for requirement in case.proves}
        # FRAME-8 says to the client what to send, and to the server what to answer if it does not.
        assert sides & {role, "both"} or "FRAME-8" in case.proves, case.id


@pytest.mark.parametrize("message", client_messages())
def test_every_message_of_a_client_is_spoiled_in_every_way(message: str) -> None:
    frame = sample_frame(message)
    body = len(frame) - FRAME.header_size
    items = walk(message, frame).items
    layout = ids("layout", message)
    assert [what for what in layout if what.startswith("cut-to-")] == [f"cut-to-{size}" for size in range(body)]
    assert len([what for what in layout if what.startswith("ends-after-")]) == len(frame) - 1
    assert len([what for what in layout if "-count-" in what]) == 4 * sum(item.width > 0 for item in items)
    assert len([what for what in layout if what.startswith("behind-it-")]) >= 5
    header = ids("header", message)
    assert {f"flags-{1 << bit:02x}" for bit in range(8)} <= set(header)
    assert {"request-id-0", "extension-even", "extension-odd", "extension-twice"} <= set(header)
    assert len(ids("combinations", message)) >= 8
    for item in items:
        if isinstance(item.construct, k.Fixed):
            assert any("-other-byte-" in what for what in layout)


@pytest.mark.parametrize("message", client_messages())
def test_every_field_of_a_client_is_tried_at_its_bounds(message: str) -> None:
    tried = ids("values", message)
    for member in CODECS.by_name[message].fields:
        name, construct = member.name.replace("_", "-"), member.subcon
        if isinstance(construct, k.Text):
            assert {f"{name}-empty", f"{name}-at-limit", f"{name}-just-above-limit"} <= set(tried)
            assert len([what for what in tried if what.startswith(f"{name}-ill-formed-")]) >= 5
            assert len([what for what in tried if what.startswith(name)]) >= 50
        elif isinstance(construct, k.Integer):
            assert {f"{name}-{construct.minimum}", f"{name}-{construct.maximum}"} <= set(tried)


def test_every_forbidden_character_of_a_text_is_tried() -> None:
    rule = CODECS.by_name["SAY"].fields[0].subcon.rule
    forbidden = [number for number in range(0xD800) if not rule.fullmatch(chr(number))]
    assert len(forbidden) == 63, "C0 but tab and line feed, DEL, and C1"
    assert {f"text-control-{number:02x}" for number in forbidden} <= set(ids("values", "SAY"))


def test_every_forbidden_ascii_character_of_a_name_is_tried() -> None:
    rule = CODECS.by_name["RENAME"].fields[0].subcon.rule
    tried = set(ids("values", "RENAME"))
    ascii_ = [chr(number) for number in range(128)]
    assert {f"name-begins-with-{ord(each):02x}" for each in ascii_ if not rule.fullmatch(f"{each}nn")} <= tried
    assert {f"name-holds-{ord(each):02x}" for each in ascii_ if not rule.fullmatch(f"b{each}n")} <= tried


def test_every_type_is_sent_in_state_active() -> None:
    unassigned = {f"{type_:02x}-active" for type_ in range(256) if type_ not in CODECS.by_type}
    assert unassigned == {
        case.id.rpartition("/")[2]
        for case in CASES
        if case.id.startswith("derived/header/unknown-") and case.id.endswith("-active")
    }


@pytest.mark.parametrize("message", CODECS.by_name)
def test_every_message_is_sent_in_every_state(message: str) -> None:
    assert set(ids("states", message)) == {
        "connected",
        "active",
        "behind-leave",
        "behind-goodbye",
        "behind-refused-length",
    }


@pytest.mark.parametrize("message", server_messages())
def test_every_message_of_a_server_is_spoiled_for_a_client(message: str) -> None:
    assert ids("client", message)
    if message in [event.NAME for event in EVENTS]:
        due = {"cut", "trailing-bytes", "critical-flag", "odd-extension", "request-id", "ignorable"}
        assert due <= set(ids("client", message))


# -- what they expect is right -----------------------------------------------------------------------------------------


def test_oracle_examines_in_the_order_of_the_document() -> None:
    """Each step is called what REQ-5 calls the step of its number."""
    sentences = re.split(r"(?<=\. )\((\d)\)", REQUIREMENTS["REQ-5"].text)[1:]
    documented = dict(zip(map(int, sentences[::2]), sentences[1::2], strict=True))
    assert list(documented) == list(STEPS)
    for number, sentence in documented.items():
        said = re.split("[:;]", sentence)[0].strip()
        assert " ".join((STEPS[number].__doc__ or "").split()).startswith(f"({number}) {said}")


def of_clients(vector: dict[str, Any]) -> bool:
    return any((Role.CLIENT, state, CODECS.by_name[vector["message"]].record) in LEGAL for state in State)


@pytest.mark.parametrize("vector", [v for v in VECTORS if "code" in v], ids=lambda v: v["name"])
def test_oracle_agrees_with_ill_formed_vectors(vector: dict[str, Any]) -> None:
    due = answer(bytes.fromhex(vector["hex"]), Situation())
    assert due.code == vector["code"]
    assert due.message == ("GOODBYE" if FAILURES[due.code].fatal else "ERROR")


@pytest.mark.parametrize("vector", [v for v in VECTORS if "message" in v], ids=lambda v: v["name"])
def test_oracles_agree_with_well_formed_vectors(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["hex"])
    if of_clients(vector):
        now = Situation(home(vector["message"]))
        faults = [number for number, step in STEPS.items() if number != 9 and step(Frame(frame), now)]
        assert faults == []
    states = [state for state in State if (Role.SERVER, state, CODECS.by_name[vector["message"]].record) in LEGAL]
    if states:
        assert duty(frame, states[0], Say)[0] is Duty.TAKES


def test_walk_and_codecs_agree_on_every_frame_of_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layout, critical parts and values are judged twice, by two ways of reading: neither may be wrong alone."""
    frames: list[tuple[bytes, Situation]] = []

    def spy(data: bytes, now: Situation) -> Answer:
        frames.append((data, now))
        return answer(data, now)

    monkeypatch.setattr(script, "answer", spy)
    derived_cases()
    compared = 0
    for data, now in frames:
        frame = Frame(data)
        whole = len(data) == FRAME.prefix_size + frame.length >= FRAME.header_size
        if not whole or frame.record is None or now.settings != Settings():
            continue
        faults = (STEPS[number](frame, now) for number in (3, 7, 8))
        found = next((fault.code for fault in faults if fault), "")
        try:
            CODECS.decode(data)
            expected = ""
        except DecodeError as error:
            expected = error.code
        if frame.record.NAME == "PONG" and expected == FRAME.unsupported_critical:
            expected = FRAME.malformed  # EXT-8
        assert found == expected, data.hex(" ")
        compared += 1
    assert compared > 1000


def hello(name: str = "ann", *, low: int = 256, high: int = 256, flags: int = 0) -> bytes:
    body = bytes.fromhex("494d5031") + low.to_bytes(2, "big") + high.to_bytes(2, "big") + bytes(4)
    return assembled(1, body + bytes([len(name)]) + name.encode(), flags=flags)


CONNECTED = Situation(State.CONNECTED)
NO_TOKEN = Situation(settings=Settings(rate_burst=5), spent=5)
SAY, PING, PM_TO_ANN = assembled(2, b"\x00\x01x"), assembled(0x40, bytes(8)), assembled(3, b"\x03ANN\x00\x01x")


@pytest.mark.parametrize(
    ("frame", "now", "message", "fields"),
    [
        (SAY, Situation(), "OK", {"request_id": 7}),
        (SAY, CONNECTED, "GOODBYE", {"code": "UNEXPECTED_MESSAGE", "request_id": 7}),
        (SAY, NO_TOKEN, "ERROR", {"code": "RATE_LIMITED", "request_type": 2, "retry_after_ms": {"at least": 1}}),
        (SAY, replace(NO_TOKEN, strikes=9), "GOODBYE", {"code": "FLOOD", "request_id": 7}),
        (SAY, replace(NO_TOKEN, spent=4), "OK", {}),
        (SAY, Situation(State.CLOSED), "", {}),
        (assembled(6), NO_TOKEN, "GOODBYE", {"code": "LEFT", "request_id": 7}),
        (assembled(6, flags=1), Situation(), "ERROR", {"code": "UNSUPPORTED_CRITICAL", "retry_after_ms": 0}),
        (hello(), CONNECTED, "WELCOME", {"name": "ann", "request_id": 7}),
        (hello("bob"), replace(CONNECTED, others=("Bob",)), "ERROR", {"code": "NAME_TAKEN", "request_type": 1}),
        (hello("9", low=512, high=512), CONNECTED, "GOODBYE", {"code": "VERSION_UNSUPPORTED", "request_id": 7}),
        (hello(low=257, high=256), CONNECTED, "GOODBYE", {"code": "VERSION_UNSUPPORTED"}),
        (hello(low=512, high=512, flags=1), CONNECTED, "GOODBYE", {"code": "VERSION_UNSUPPORTED"}),
        (hello("9", flags=1), CONNECTED, "ERROR", {"code": "UNSUPPORTED_CRITICAL"}),
        (hello("9"), replace(CONNECTED, refused=2), "GOODBYE", {"code": "TOO_MANY_ATTEMPTS", "request_id": 7}),
        (hello(), Situation(), "GOODBYE", {"code": "UNEXPECTED_MESSAGE", "request_id": 7}),
        (PM_TO_ANN, Situation(), "ERROR", {"code": "SELF_TARGET"}),
        (assembled(3, b"\x03BOB\x00\x01x"), Situation(others=("bob",)), "OK", {"seq": 0}),
        (assembled(5, b"\x03ann"), Situation(), "OK", {"seq": 0}),
        (assembled(5, b"\x03Ann"), Situation(), "OK", {}),
        (assembled(4, b"\x00\x00\x01"), Situation(others=("bob",)), "ROSTER", {"entries": ["$ann"], "more": True}),
        (PING, CONNECTED, "PONG", {"nonce": 0, "request_id": 7}),
        (assembled(0x41, bytes(8)), Situation(), "GOODBYE", {"code": "UNEXPECTED_MESSAGE", "request_id": 0}),
        (assembled(0x41, bytes(8), flags=1), Situation(), "GOODBYE", {"code": "MALFORMED", "request_id": 0}),
        (assembled(0x41, bytes(8)), CONNECTED, "GOODBYE", {"code": "UNEXPECTED_MESSAGE", "request_id": 0}),
        (assembled(0x3F), CONNECTED, "GOODBYE", {"code": "UNEXPECTED_MESSAGE", "request_id": 7}),
        (b"\x00\x00\x02\x01", CONNECTED, "GOODBYE", {"code": "FRAME_TOO_LARGE", "request_id": 0}),
        (assembled(2, length=5), Situation(), "GOODBYE", {"code": "MALFORMED", "request_id": 0}),
    ],
)
def test_oracle_by_hand(frame: bytes, now: Situation, message: str, fields: dict[str, Any]) -> None:
    due = answer(frame, now)
    assert due.message == message
    assert {name: due.fields.get(name) for name in fields} == fields


def test_oracle_tells_the_others() -> None:
    now = Situation(others=("bob",))
    assert answer(SAY, now).told == {"bob": Part("CHAT", {"who": "$ann", "text": "x"})}
    assert answer(PING, now).told == {}
    assert answer(assembled(6), now).told == {"bob": Part("LEFT", {"who": "$ann", "reason": "LEFT"})}
    assert answer(assembled(0), now).told == {"bob": Part("LEFT", {"who": "$ann", "reason": "VIOLATION"})}
    assert answer_to_end(b"", now).told == {"bob": Part("LEFT", {"who": "$ann", "reason": "LEFT"})}
    assert answer_to_end(b"\x00", now).told == {"bob": Part("LEFT", {"who": "$ann", "reason": "LOST"})}
    assert answer(assembled(0), replace(CONNECTED, others=("bob",))).told == {}, "nobody knew of it"
    renamed = answer(assembled(5, b"\x03Ann"), now)
    assert renamed.told == {"bob": Part("RENAMED", {"who": "$ann", "new_name": "Ann"})}
    assert answer(PM_TO_ANN, renamed.after).code == "SELF_TARGET"


@pytest.mark.parametrize(
    ("frame", "state", "waiting", "due"),
    [
        (assembled(0xF0, b"??", flags=15, request_id=0), State.ACTIVE, None, Duty.PASSES_OVER),
        (assembled(0xF0, request_id=0), State.CONNECTED, None, Duty.ENDS),
        (assembled(0x42), State.ACTIVE, None, Duty.ENDS),
        (assembled(Ok.TYPE, bytes(16)), State.ACTIVE, None, Duty.ENDS),
        (assembled(Ok.TYPE, bytes(16)), State.ACTIVE, Say, Duty.TAKES),
        (assembled(Ok.TYPE, bytes(16), flags=128), State.ACTIVE, Say, Duty.TAKES),
        (assembled(Ok.TYPE, bytes(16), flags=8), State.ACTIVE, Say, Duty.ENDS),
        (PING, State.ACTIVE, None, Duty.TAKES),
        (PING, State.CONNECTED, None, Duty.ENDS),
        (assembled(0x40, bytes(8), request_id=0), State.ACTIVE, None, Duty.ENDS),
        (SAY, State.ACTIVE, None, Duty.ENDS),
    ],
)
def test_client_oracle_by_hand(frame: bytes, state: State, waiting: type | None, due: Duty) -> None:
    assert client_oracle.duty(frame, state, waiting)[0] is due


# -- they can be written down, and played ------------------------------------------------------------------------------


def without_place(steps: Iterable[Step]) -> list[Step]:
    return [replace(step, place="") for step in steps]


def test_cases_can_be_written_down_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "derived.yaml"
    path.write_text(dump_cases(CASES))
    for case, again in zip(CASES, load_cases([path]), strict=True):
        assert (case.id, case.title, case.proves) == (again.id, again.title, again.proves)
        assert (case.settings, case.clients, case.server, case.fresh) == (
            again.settings,
            again.clients,
            again.server,
            again.fresh,
        )
        assert without_place(case.steps) == without_place(again.steps), case.id


def test_hand_written_cases_can_be_written_down_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(dump_cases(WRITTEN))
    for case, again in zip(WRITTEN, load_cases([path]), strict=True):
        assert without_place(case.steps) == without_place(again.steps), case.id
        assert (case.title, case.settings, case.clients) == (again.title, again.settings, again.clients)


def test_a_case_is_written_as_people_write_it() -> None:
    steps = (
        Step("ann", "joins"),
        Step("ann", "sends", (Part("SAY", {"text": "yes", "flags": 1}),)),
        Step("ann", "sends", (Part("SAY", {"text": "a\nb\u202e", "extensions": [[2, "00"]]}),)),
        Step("ann", "sends raw", raw=("00000005",)),
        Step("ann", "receives", (Part("ERROR", {"code": "TEXT_EMPTY"}),), within="ping_after + 1"),
    )
    case = Case("a/b", "It's so: a title", ("SAY-1",), steps, settings={"max_text": 64}, fresh=True)
    assert dump_case(case) == (
        "cases:\n"
        "  - id: a/b\n"
        "    title: 'It''s so: a title'\n"
        "    proves: [SAY-1]\n"
        "    fresh: true\n"
        "    with: {max_text: 64}\n"
        "    steps:\n"
        "      - [ann, joins]\n"
        "      - [ann, sends, SAY, {text: 'yes', flags: 1}]\n"
        "      - [ann, sends, SAY, {text: \"a\\nb\\u202E\", extensions: [[2, '00']]}]\n"
        "      - [ann, sends raw, '00000005']\n"
        "      - [ann, receives, ERROR, {code: TEXT_EMPTY}, {within: ping_after + 1}]\n"
    )


def verdicts(folder: Path, cases: list[Case], role: str, *arguments: str) -> dict[str, str]:
    """What becomes of cases that are written to a folder and played to the reference program."""
    (folder / "cases.yaml").write_text(dump_cases(cases))
    report = folder / "report.json"
    words = ["--cases", str(folder), "--report-json", str(report), "--segmentation", "as-is", "-n", "1", *arguments]
    command = [sys.executable, "-m", "conformance", role, *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert report.exists(), result.stdout + result.stderr
    return {entry["case"]: entry["verdict"] for entry in json.loads(report.read_text())["cases"]}


def test_sample_passes_against_the_reference_server(tmp_path: Path) -> None:
    shared = [case for case in SERVER if not case.own_server]
    own = [case for case in SERVER if case.own_server]
    sample = shared[::12] + own[::12]
    assert verdicts(tmp_path, sample, "server") == dict.fromkeys([case.id for case in sample], "passed")


def test_sample_passes_against_the_reference_client(tmp_path: Path) -> None:
    sample = CLIENT[::20]
    assert verdicts(tmp_path, sample, "client") == dict.fromkeys([case.id for case in sample], "passed")


def test_another_answer_is_not_accepted(tmp_path: Path) -> None:
    """Every case turned so that it expects another code, or none, fails: what they expect is really looked at."""
    turned = [
        replace(case, steps=tuple(_turned(step) for step in case.steps))
        for case in SERVER[::80]
        if not case.own_server and any("code" in step.fields for step in case.steps)
    ]
    found = verdicts(tmp_path, turned, "server", "--timeout", "2")
    assert len(found) > 12
    assert set(found.values()) == {"wrong reply"}


def _turned(step: Step) -> Step:
    """The step with another code of the same message."""
    if step.verb != "receives" or "code" not in step.fields:
        return step
    fatal = FAILURES[step.fields["code"]].fatal
    other = next(name for name, failure in FAILURES.items() if failure.fatal is fatal and name != step.fields["code"])
    return replace(step, parts=(Part(step.message, {**step.fields, "code": other}),))
