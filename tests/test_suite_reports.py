"""What a run is told as: the console, and the files for programs, each read by a program that others have written."""

from __future__ import annotations

import argparse
import fcntl
import io
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import termios
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from conformance.__main__ import main
from conformance.plan import Plan
from conformance.reports.badge import badge
from conformance.reports.compare import NoReport, compare, read_report
from conformance.reports.console import Console
from conformance.reports.failure import explain_failure, rerun_command
from conformance.reports.junit import junit
from conformance.reports.pcap import pcap
from conformance.reports.report import as_json, make_report, write_reports
from conformance.reports.summary import summarize
from conformance.reports.terminal import Style, Terminal
from conformance.reports.trace import trace
from impwire.tables import EDITION
from tests.support import PATIENCE, ROOT, require_program

SCHEMA = json.loads((ROOT / "conformance/reports/report.schema.json").read_text(encoding="utf-8"))

CASES = """
cases:
  - {id: test/passes, title: Passes, proves: [SAY-1], client: ann, steps: [[ann, joins], [ann, leaves]]}
  - id: test/fails
    title: Fails
    proves: [SAY-1, NAME-3]
    client: ann
    steps:
      - [ann, joins]
      - [ann, sends, SAY, {text: hi}]
      - [ann, receives, OK, {seq: 4711}]
  - {id: test/skipped, title: Asks for settings, proves: [RATE-1], with: {rate_burst: 3}, steps: [[ann, joins]]}
  - id: test/lenient
    title: Fails where only a SHOULD is at stake
    proves: [LOG-1]
    steps: [[ann, joins], [ann, sends, SAY, {text: hi}], [ann, receives, PONG]]
  - id: test/large
    title: More bytes than are sent without an acknowledgement
    proves: [SAY-1]
    steps:
      - [ann, joins]
      - [bob, joins]
      - [ann, sends together, [SAY, {text: {bytes: 4096}}], [SAY, {text: {bytes: 4096}}], [SAY, {text: {bytes: 4096}}],
         [SAY, {text: {bytes: 4096}}], [SAY, {text: {bytes: 4096}}], [SAY, {text: {bytes: 4096}}],
         [SAY, {text: {bytes: 4096}}], [SAY, {text: {bytes: 4096}}], [SAY, {text: {bytes: 4096}}]]
      - [ann, receives, OK]
      - [bob, resets]
      - [ann, reads until, LEFT]
"""
#: A server that cannot be set: no {settings}.
SERVER = f"{sys.executable} -m reference_server --host {{host}} --port {{port}} --log {{dir}}/log --bans {{dir}}/bans"


class Played(SimpleNamespace):
    """A run of the command line, and the files that it has written."""

    output: str
    report: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run in which something passes, fails, is skipped and is not strict."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "cases.yaml").write_text(CASES)
    words = [
        "server",
        "--spawn",
        SERVER,
        "--cases",
        str(folder),
        "--segmentation",
        "as-is",
        "--timeout",
        "2",
        "--trace",
    ]
    words += ["--report-json", str(folder / "new/report.json"), "--report-junit", str(folder / "junit.xml")]
    words += ["--badge", str(folder / "badge.svg"), "--pcap", str(folder / "wire.pcapng")]
    result = suite(*words)
    assert result.returncode == 1, result.stdout + result.stderr
    report = json.loads((folder / "new/report.json").read_text(encoding="utf-8"))
    return Played(output=result.stdout, report=report, folder=folder)


def suite(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conformance", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def entry(id_: str = "test/one", verdict: str = "passed", counts_as: str = "", **more: Any) -> dict[str, Any]:
    """An entry of the JSON report, made by hand."""
    counts_as = counts_as or ("passed" if verdict == "passed" else "failed")
    case = re.split("[@~]", id_)[0]
    known = {"role": "server", "case": case, "actor": "", "segmentation": "as-is", "title": "A case", "chapter": "12"}
    found = {"id": id_, "verdict": verdict, "counts_as": counts_as, "proves": ["SAY-1"], "seconds": 0.01, "text": ""}
    return {**known, **found, **more}


def failed(id_: str = "test/one", text: str = "ann got something else", **more: Any) -> dict[str, Any]:
    parts = {"step": "ann receives OK", "place": f"cases.yaml:{id_}", "differences": [], "frame": "", "marks": []}
    failure = {"text": text, **parts, "output": "", **more}
    return entry(id_, "wrong reply", text=text, failure=failure, events=[])


def report_of(*entries: dict[str, Any], errors: int = 0, **more: Any) -> dict[str, Any]:
    """A report made by hand."""
    counts = Counter(one["counts_as"] for one in entries)
    summary = {kind: counts[kind] for kind in ("passed", "failed", "skipped", "known")}
    summary["failed"] += errors
    chapters = {"12": dict(summary)}
    made = [{"run": "server:test/x", "text": "Traceback"}] * errors
    head = {
        "format": 1,
        "suite": "1",
        "protocol": "1.0",
        "edition": "1234abcd",
        "started": "2026-01-02T03:04:05.678+00:00",
        "seconds": 1.5,
        "rerun": "run {role}",
    }
    head |= {
        "targets": {"server": {"spawn": "./server"}},
        "selection": {},
        "planned": len(entries),
        "interrupted": False,
    }
    return {**head, "summary": summary, "chapters": chapters, "errors": made, "cases": list(entries), **more}


# JSON


def test_report_keeps_to_its_schema(played: Played) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(played.report)


def test_report_holds_every_kind_of_outcome_and_its_counts_agree(played: Played) -> None:
    report = played.report
    verdicts = {one["id"]: one["verdict"] for one in report["cases"]}
    assert verdicts == {
        "test/passes": "passed",
        "test/fails": "wrong reply",
        "test/skipped": "skipped",
        "test/lenient": "passed but not strict",
        "test/large": "passed",
    }
    assert report["summary"] == {"passed": 3, "failed": 1, "skipped": 1, "known": 0}
    assert report["verdicts"] == Counter(verdicts.values())
    assert report["chapters"]["12"] == {"passed": 2, "failed": 1, "skipped": 0, "known": 0}
    assert sum(sum(counts.values()) for counts in report["chapters"].values()) == report["planned"] == 5
    assert report["requirements"]["SAY-1"] == {"passed": 2, "wrong reply": 1}
    assert report["requirements"]["PM-1"] == {}
    assert report["selection"]["segmentations"] == ["as-is"]
    assert shlex.split(report["command"])[:2] == ["server", "--spawn"]


def test_events_of_passing_runs_are_in_the_report_only_with_trace(played: Played, tmp_path: Path) -> None:
    assert all("events" in one for one in played.report["cases"])
    (tmp_path / "cases.yaml").write_text(CASES)
    words = ["server", "--cases", str(tmp_path), "--id", "test/passes", "--id", "test/fails"]
    result = suite(*words, "--report-json", str(tmp_path / "r.json"), "--pcap", str(tmp_path / "wire"))
    report = json.loads((tmp_path / "r.json").read_text())
    assert {one["id"]: "events" in one for one in report["cases"]} == {"test/passes": False, "test/fails": True}
    assert result.returncode == 1


# JUnit


def test_junit_counts_what_the_report_counts(played: Played) -> None:
    root = xml.parse(played.folder / "junit.xml").getroot()
    (found,) = root.findall("testsuite")
    cases = {f"{case.get('classname')} {case.get('name')}": case for case in found.findall("testcase")}
    assert len(cases) == len(played.report["cases"])
    expected = {"tests": "5", "failures": "1", "errors": "0", "skipped": "1"}
    assert {key: found.get(key) for key in expected} == {key: root.get(key) for key in expected} == expected
    failure = cases["server.test test/fails"].find("failure")
    assert failure is not None
    assert failure.get("type") == "wrong reply"
    assert (failure.get("message") or "").startswith("wrong reply: ann")
    assert "expected" in (failure.text or "")
    skipped = cases["server.test test/skipped"].find("skipped")
    assert skipped is not None
    assert "settings" in (skipped.get("message") or "")


def test_junit_escapes_what_xml_cannot_hold_and_keeps_rounds_apart() -> None:
    text = '<&"\x00\x1b[2J\ud800\ufffe]]>\u202e'
    made = junit(report_of(failed("test/a", text), failed("test/a", text), errors=1))
    suite = xml.fromstring(made.encode())[0]
    assert [case.get("name") for case in suite] == ["test/a", "test/a (round 2)", "server:test/x"]
    assert suite[0][0].get("message") == 'wrong reply: <&"\\x00\\x1b[2J\\ud800\N{REPLACEMENT CHARACTER}]]>\\u202e'
    assert suite[2][0].tag == "error"
    assert (suite.get("failures"), suite.get("errors")) == ("2", "1")


def test_junit_takes_a_known_failure_for_skipped() -> None:
    suite = xml.fromstring(junit(report_of(entry("test/a", "known failure", "known", text="wrong reply"))))[0]
    assert suite[0][0].tag == "skipped"
    assert suite[0][0].get("message") == "known failure: wrong reply"


# Badge


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (report_of(*[entry()] * 1650), "1650 passed"),
        (report_of(entry(), failed(), failed("test/b")), "2 failed"),
        (report_of(entry(), entry("test/b", "known failure", "known")), "1 passed, 1 known to fail"),
        (report_of(), "nothing played"),
        (report_of(entry(), interrupted=True), "interrupted"),
    ],
)
def test_badge_says_how_it_went(report: dict[str, Any], words: str) -> None:
    root = xml.fromstring(badge(report))
    name = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.get("aria-label") == f"IMP conformance: {words}"
    assert [text.text for text in root.iter(f"{name}text")] == ["IMP conformance", words]
    assert "http" not in badge(report).replace("http://www.w3.org/2000/svg", ""), "it fetches nothing"


# Capture


def streams(capture: Path) -> dict[tuple[str, str], bytes]:
    """What each end of each connection has sent, as tshark reassembles it: by number of the connection, and source."""
    command = [require_program("tshark"), "-r", str(capture), "-Y", "tcp.len > 0", "-T", "fields"]
    fields = ["-e", "tcp.stream", "-e", "ip.src", "-e", "tcp.payload"]
    found: dict[tuple[str, str], bytes] = {}
    for line in run(*command, *fields).splitlines():
        stream, source, payload = line.split("\t")
        found[stream, source] = found.get((stream, source), b"") + bytes.fromhex(payload)
    return found


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def of_events(cases: list[dict[str, Any]]) -> dict[tuple[str, str], bytes]:
    """The same from the events of a report."""
    found: dict[tuple[str, str], bytes] = {}
    seen = -1
    for case in cases:
        numbers: dict[int, int] = {}
        for event in case["events"]:
            if event.get("connection") and event["connection"] not in numbers:
                seen += 1
                numbers[event["connection"]] = seen
            if "hex" in event and "connection" in event:
                key = str(numbers[event["connection"]]), event["kind"]
                found[key] = found.get(key, b"") + bytes.fromhex(event["hex"])
    return found


def test_capture_holds_the_bytes_of_the_events_in_sound_tcp(played: Played) -> None:
    capture = played.folder / "wire.pcapng"
    kinds = {"192.0.2.1": "sent", "198.51.100.1": "received"}
    found = {(stream, kinds[source]): data for (stream, source), data in streams(capture).items()}
    assert found == of_events(played.report["cases"])
    assert max(map(len, found.values())) > 32768, "more than fits into a window without an acknowledgement"
    assert_sound(capture)
    resets = run(
        require_program("tshark"), "-r", str(capture), "-Y", "tcp.flags.reset == 1", "-T", "fields", "-e", "ip.src"
    )
    assert resets.split() == ["192.0.2.1"]


def assert_sound(capture: Path) -> None:
    """No packet that Wireshark has something to say about, and no checksum that is wrong."""
    checks = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    # 1 is "good".
    filter_ = "tcp.analysis.flags || tcp.checksum.status != 1 || ip.checksum.status != 1"
    command = [require_program("tshark"), "-r", str(capture), *checks]
    assert run(*command, "-Y", filter_) == ""
    assert run(*command, "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0") != ""


def test_capture_finds_a_case_by_the_comment_of_its_packets(played: Played) -> None:
    filter_ = 'frame.comment contains "test/fails" && tcp.len > 0'
    command = [require_program("tshark"), "-r", str(played.folder / "wire.pcapng"), "-Y", filter_, "-T", "fields"]
    found = "".join(run(*command, "-e", "tcp.payload").split())
    (case,) = [one for one in played.report["cases"] if one["id"] == "test/fails"]
    assert found == "".join(event["hex"] for event in case["events"] if "hex" in event)


def test_capture_of_a_client_that_ends_and_resets(tmp_path: Path) -> None:
    """In the client's role the suite is the server; a client's port never comes twice, whatever number it has."""
    kinds = [("opened", 1), ("received", 1), ("sent", 1), ("received end", 1), ("sent", 1), ("sent end", 1)]
    kinds += [("opened", 2), ("sent", 2), ("received reset", 2), ("sent end", 2)]
    events = [
        {"at": 0.1 * at, "actor": "ann", "kind": kind, "connection": number}
        | ({"hex": "abcdef"} if kind in ("sent", "received") else {})
        for at, (kind, number) in enumerate(kinds)
    ]
    report = report_of(*[entry(f"test/{n}", role="client", events=events) for n in range(3)])
    capture = tmp_path / "wire.pcapng"
    capture.write_bytes(pcap(report))
    assert_sound(capture)
    kinds_of = {"192.0.2.1": "sent", "198.51.100.1": "received"}
    found = {(stream, kinds_of[source]): data for (stream, source), data in streams(capture).items()}
    assert found == of_events(report["cases"])
    fields = ["-T", "fields", "-e", "ip.src", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "frame.time_epoch"]
    command = [require_program("tshark"), "-r", str(capture), *fields, "-Y"]
    opened = [line.split() for line in run(*command, "tcp.flags == 0x002").splitlines()]
    assert {source for source, *_ in opened} == {"198.51.100.1"}
    assert len({port for _, port, *_ in opened}) == 6
    assert {port for *_, port, _ in opened} == {"8092"}
    times = [float(time) for *_, time in opened]
    assert times == sorted(times)
    assert abs(times[0] - 1767323045.678) < 0.000001
    assert len(run(*command, "tcp.flags.fin == 1").splitlines()) == 6
    assert len(run(*command, "tcp.flags.reset == 1").splitlines()) == 3


# Failures


def test_failure_tells_what_was_due_and_what_came_field_by_field() -> None:
    one = failed(
        "test/one~bytewise",
        "ann got OK with other values\n  seq: expected 3, found 7 (ORD-2)",
        differences=[{"field": "seq", "expected": "3", "found": "7", "requirement": "ORD-2"}],
        frame="00000016810000000002000000000000000700000004057f1b2c",
        marks=[[10, 18]],
        output="listening\npanic at server.rs:12",
    )
    one["events"] = [{"at": 0.0015, "actor": "ann", "kind": "received", "text": "OK seq=7", "hex": "00000016"}]
    assert (
        explain_failure(one, "run {role} --spawn '{host}'", Style(columns=80)).splitlines()
        == """\
FAILED server test/one~bytewise: wrong reply
  A case

  cases.yaml:test/one~bytewise: ann receives OK
  ann got OK with other values

    field       expected  received
  > seq         3         7  (ORD-2)
    time                  17272085292
    request_id            2

  The frame that came, 26 bytes; ^^ is what differs:
    0000  00 00 00 16 81 00 00 00 00 02 00 00 00 00 00 00  ................
                                        ^^ ^^ ^^ ^^ ^^ ^^
    0010  00 07 00 00 00 04 05 7f 1b 2c                    .........,
          ^^ ^^

  ORD-2 (protocol.txt, section 9): Frames for one client MUST be sent in the
    order in which they were queued, and none may be left out.
  SAY-1 (protocol.txt, section 12.2): An accepted SAY MUST be delivered as one
    CHAT to every other user, with the author's session_id and present name as
    the server knows them. No field lets a client say who it is.

  What happened (seconds, who, which way):
      0.002     ann <- OK seq=7
                       00 00 00 16

  The last that the target has written:
  | listening
  | panic at server.rs:12

  Run it alone: run server --spawn '{host}' --id 'test/one~bytewise' --trace""".splitlines()
    )


def test_sentences_that_name_what_was_due_stand_before_the_others() -> None:
    differences = [{"field": "type", "expected": "CHAT (0xc0)", "found": "LEFT (0xc2)", "requirement": ""}]
    parts: dict[str, Any] = {"step": "bob receives CHAT {'text': 'LEAVE'}", "differences": differences}
    for proves in (["NAME-4", "LEAVE-1", "SAY-1"], ["SAY-1", "LEAVE-1", "NAME-4"]):
        told = explain_failure({**failed(**parts), "proves": proves}, "")
        places = [told.index(f"  {id_} (protocol.txt") for id_ in ("LEAVE-1", "SAY-1", "NAME-4")]
        assert places == sorted(places), "CHAT stands in SAY-1; LEAVE and LEFT in LEAVE-1; none in NAME-4"


OTHER_LIMITS = [
    {"name": "max_text", "announced": 64, "due": 4096, "asked": False},
    {"name": "rate_burst", "announced": 7, "due": 3, "asked": True},
]


def test_failure_names_the_limits_that_its_case_is_not_written_for() -> None:
    told = " ".join(explain_failure(failed(limits=OTHER_LIMITS), "").split())
    assert "note: this server announces max_text 64 (default 4096), and the case is written for servers with" in told
    assert "asks for other settings than the server announces: rate_burst 7 instead of 3" in told
    assert "note:" not in explain_failure(failed(limits=[]), "")


def test_summary_names_other_limits_once_for_all_failures() -> None:
    entries = [failed(f"test/{number}", limits=OTHER_LIMITS[: number + 1]) for number in range(2)]
    told = summarize(report_of(entry(), *entries, failed("test/none", limits=[])), None, Style())
    assert told.count("2 of the failures may come of the target's limits: it announces max_text 64 (default 4096)") == 1
    assert (
        told.count("1 of the failures may come of settings that were asked for and are not announced: rate_burst 7")
        == 1
    )
    assert "may come of" not in summarize(report_of(failed(limits=[])), None, Style())


def test_long_values_are_shown_where_they_begin_to_differ() -> None:
    due, came = "x" * 4000 + "yz", "x" * 4000 + "zy"
    one = failed(differences=[{"field": "text", "expected": due, "found": came, "requirement": ""}])
    (row,) = [line for line in explain_failure(one, "", Style(columns=80)).splitlines() if line.startswith("  > text")]
    assert re.search(r"…x+yz +…x+zy$", row), row
    assert len(row) < 80


def test_long_frame_is_shown_around_what_differs() -> None:
    one = failed(frame=bytes(4096).hex(), marks=[[2000, 2001]])
    text = explain_failure(one, "")
    shown = re.findall(r"^ {4}([0-9a-f]{4})  ", text, re.MULTILINE)
    assert shown == ["0000", "0010", "07c0", "07d0", "07e0"]
    assert text.count("^^") == 2, "one byte, and the caption"


def test_long_story_is_told_from_its_beginning_and_its_end_unless_traced() -> None:
    one = failed()
    one["events"] = [{"at": 0.0, "actor": "ann", "kind": "note", "text": f"event {n}."} for n in range(1000)]
    text = explain_failure(one, "")
    assert "event 0." in text
    assert "event 999." in text
    assert "… 964 events; --trace shows them" in text
    assert "event 500." not in text
    assert "event 500." in explain_failure(one, "", whole=True)


def test_target_cannot_write_on_the_terminal() -> None:
    evil = "\x1b[2J\x9b31m\r\u202e\x00\u2028"
    one = failed(text=evil, output=evil, step=evil, differences=[{"field": "text", "expected": "", "found": evil}])
    one["events"] = [{"at": 0.0, "actor": "ann", "kind": "shown", "text": evil}]
    told = explain_failure(one, "") + trace({**one, "counts_as": "skipped"}, Style())
    assert not set(told) & set(evil.replace("[2J", "").replace("31m", ""))
    assert "\\x1b[2J" in told


def test_the_command_that_is_told_runs_the_failure_alone(played: Played) -> None:
    (told,) = re.findall("Run it alone: (.*)", played.output)
    assert told.startswith("python -m conformance server")
    command = told.replace("python", shlex.quote(sys.executable), 1)
    again = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stdout.startswith("FAILED server test/fails: wrong reply\n")
    assert again.stdout.endswith("0 passed, 1 failed, 0 skipped\n")


def test_rerun_command_survives_braces_and_quotes_in_the_target() -> None:
    rerun = "python -m conformance {role} --spawn 'x {role}'"
    assert rerun_command(failed("a/b@ann~joined"), rerun) == (
        "python -m conformance server --spawn 'x {role}' --id 'a/b@ann~joined' --trace"
    )


@pytest.mark.usefixtures("loaded")
def test_unknown_id_is_told_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "--id", "pm/unknown-recipent"]) == 2
    assert "no case is called 'pm/unknown-recipent'; did you mean 'pm/unknown-recipient'?" in capsys.readouterr().err


# Console


def test_trace_shows_passing_runs_and_their_bytes(played: Played) -> None:
    assert "server test/passes: passed (" in played.output
    assert re.search(r"\d\.\d{3} +ann -> LEAVE .*\n +00 00 00 06 06 00 ", played.output)
    assert "server test/skipped: skipped" in played.output


def test_summary_names_reasons_what_is_not_strict_and_the_counts_at_the_end(played: Played) -> None:
    lines = played.output.splitlines()
    assert any(re.fullmatch(r"12\. Messages +2 passed +1 failed", line) for line in lines)
    assert any(re.fullmatch(r"13\. Rate +0 passed +1 skipped", line) for line in lines)
    assert any(line.startswith("1 skipped: ") and "settings" in line for line in lines)
    assert any(line.startswith("passed but not strict: server test/lenient: ann") for line in lines)
    assert lines[-1] == "3 passed, 1 failed, 1 skipped"
    assert "\x1b" not in played.output, "a file gets no colours"


def test_last_line_but_one_names_the_edition_of_the_specification(played: Played) -> None:
    assert played.output.splitlines()[-2] == f"specification: IMP 1.0, edition {EDITION}"
    assert played.report["edition"] == EDITION


def test_known_failures_are_counted_only_if_there_are_any() -> None:
    assert summarize(report_of(entry()), None, Style()).endswith("1 passed, 0 failed, 0 skipped\n")
    known = entry("test/b", "known failure", "known", text="wrong reply")
    told = summarize(report_of(entry(), known), None, Style())
    assert "known failure: server test/b: wrong reply" in told
    assert told.endswith("1 passed, 0 failed, 0 skipped, 1 known\n")


def test_failures_that_differ_in_segments_alone_are_one_line_of_the_summary() -> None:
    told = summarize(report_of(entry(), failed("a/b"), failed("a/b~bytewise"), failed("a/b~joined")), None, Style())
    assert "  server a/b, ~bytewise, ~joined: wrong reply\n" in told


def tell(console: Console, *entries: dict[str, Any]) -> None:
    """Hand entries to a console as pytest does."""
    console.pytest_collection_finish(SimpleNamespace(items=entries))  # type: ignore[arg-type]
    for one in entries:
        console.pytest_runtest_logstart(nodeid=f"cases::{one['role']}:{one['id']}")
        report: Any = SimpleNamespace(when="call", failed=False, user_properties=[("imp", one)])
        console.pytest_runtest_logreport(report)
    console.close()


def console(stream: Any) -> Console:
    return Console(Terminal(stream), Plan(targets={}, rerun="run {role}"), tracing=False)


def test_hopeless_run_is_told_briefly() -> None:
    """Twenty failures in full, a hundred as a line, the rest counted: 1,500 pages are for nobody."""
    stream = io.StringIO()
    tell(console(stream), *[failed(f"test/{number}") for number in range(1500)])
    text = stream.getvalue()
    assert text.count("Run it alone") == 20
    assert text.count("FAILED server") == 120
    assert text.count("--report-html") == 1


def test_failure_is_told_once_for_all_segmentations_if_the_step_is_the_same() -> None:
    stream = io.StringIO()
    place = {"place": "cases.yaml:9"}
    tell(
        console(stream), failed("a/b", **place), failed("a/b~joined", **place), failed("a/b~bytewise", place="other:1")
    )
    text = stream.getvalue()
    assert text.count("Run it alone") == 2
    assert "FAILED server a/b~joined: wrong reply, as a/b\n" in text


def test_target_that_cannot_be_started_is_told_once() -> None:
    stream = io.StringIO()
    text = "./server: No such file or directory"
    tell(console(stream), *[entry(f"test/{n}", "could not start", text=text) for n in range(50)])
    assert stream.getvalue().count(text) == 1


def test_what_the_suite_itself_got_wrong_is_a_failure_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    told = console(io.StringIO())
    crash: Any = SimpleNamespace(when="???", failed=True, nodeid="cases::server:a/b", longreprtext="worker crashed")
    told.pytest_runtest_logreport(crash)
    assert capsys.readouterr().err == "server:a/b: the suite itself failed:\nworker crashed\n"
    options = argparse.Namespace(words=[], k="")
    report = make_report(told.played(interrupted=False), Plan(targets={}), [], options)
    assert report["summary"] == {"passed": 0, "failed": 1, "skipped": 0, "known": 0}
    assert "the suite itself failed: server:a/b\n" in summarize(report, None, Style())
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(as_json(report, traces=False)))


class Screen:
    """A terminal that nobody looks at, so many columns wide."""

    def __init__(self, columns: int) -> None:
        self.master, slave = os.openpty()
        self.stream = os.fdopen(slave, "w")
        self.resize(columns)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self) -> str:
        self.stream.close()
        found = b""
        try:
            while data := os.read(self.master, 65536):
                found += data
        except OSError:  # Linux has no end of file here.
            pass
        os.close(self.master)
        return found.decode()


def test_progress_fits_the_terminal_also_when_it_is_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.reports.console._REDRAW", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen(80)
    told = console(screen.stream)
    tell(told, *[entry(f"test/with-a-name-of-some-length-{number}") for number in range(8)])
    screen.resize(30)
    told = console(screen.stream)
    tell(told, *[entry(f"test/with-a-name-of-some-length-{number}") for number in range(8)])
    drawn = screen.read()
    wide, narrow = drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]
    assert "\x1b[32m[##########----------] 4/8  4 passed, 0 failed  0:00\x1b[0m  server test/with-a" in wide
    for part, columns in ((wide[:500], 80), (narrow[-300:], 30)):
        lines = re.sub(r"\x1b\[\d*[mK]", "", part).split("\r")
        assert 10 < max(map(len, lines)) < columns, "the last column stays empty"
    assert drawn.endswith("\r\x1b[K"), "nothing is left of it"


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    screen = Screen(80)
    tell(console(screen.stream), failed("test/one"))
    drawn = screen.read()
    assert "FAILED server test/one" in drawn
    assert not re.search(r"\x1b\[\d*m", drawn)


def test_reader_that_goes_away_costs_neither_the_run_nor_the_report(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text(CASES)
    words = ["server", "--cases", str(tmp_path), "--id", "test/passes", "--id", "test/fails", "--trace"]
    command = [sys.executable, "-m", "conformance", *words, "--report-json", str(tmp_path / "report.json")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as suite:
        assert suite.stdout is not None
        assert suite.stderr is not None
        suite.stdout.close()
        assert suite.stderr.read() == ""
    assert suite.returncode == 1
    assert len(json.loads((tmp_path / "report.json").read_text())["cases"]) == 2


# Comparison


def test_comparison_tells_what_has_become_better_worse_new_or_gone() -> None:
    before = report_of(
        failed("fixed"),
        entry("broken"),
        failed("other"),
        entry("same"),
        entry("gone"),
        failed("still"),
        entry("skipped"),
    )
    now = report_of(
        entry("fixed"),
        failed("broken"),
        entry("other", "closed"),
        entry("same"),
        entry("new"),
        failed("still"),
        entry("skipped", "skipped", "skipped"),
    )
    found = compare(before, now)
    assert {kind: [change["id"] for change in changes] for kind, changes in found.items() if changes} == {  # type: ignore[attr-defined]
        "fixed": ["fixed"],
        "broken": ["broken"],
        "new": ["new"],
        "gone": ["gone"],
        "changed": ["other", "skipped"],
    }
    assert found["broken"][0] == {"role": "server", "id": "broken", "before": "passed", "now": "wrong reply"}
    assert found["new"][0]["before"] == found["gone"][0]["now"] == ""
    told = summarize(now, found, Style())
    assert "broken: server broken: passed, now wrong reply\n" in told
    assert "compared with the earlier run: 1 broken, 1 fixed, 2 changed, 1 new, 1 gone\n" in told


def test_comparison_names_the_edition_of_an_earlier_run_if_it_is_another() -> None:
    for earlier, words in (
        (
            report_of(entry(), edition="0000beef"),
            "compared with the earlier run (of the specification's edition 0000beef):",
        ),
        ({key: value for key, value in report_of(entry()).items() if key != "edition"}, "edition unknown)"),
        (report_of(entry()), "compared with the earlier run: nothing has changed"),
    ):
        assert words in summarize(report_of(entry()), compare(earlier, report_of(entry())), Style())


def test_nothing_is_gone_where_less_was_to_be_played() -> None:
    before = report_of(entry("a"), entry("b"), entry("c", role="client"))
    assert [change["id"] for change in compare(before, report_of(entry("a")))["gone"]] == ["b"]
    assert compare(before, report_of(entry("a"), interrupted=True))["gone"] == []
    assert compare(before, report_of(entry("a"), selection={"named": ["a"]}))["gone"] == []


def test_of_a_run_that_was_repeated_the_worst_round_counts() -> None:
    before, now = report_of(entry("a"), entry("a")), report_of(entry("a"), failed("a"), entry("a"))
    assert [change["id"] for change in compare(before, now)["broken"]] == ["a"]


def test_comparison_with_the_report_of_the_same_run_finds_nothing(played: Played) -> None:
    earlier = read_report(played.folder / "new/report.json")
    assert not any(compare(earlier, played.report).values())
    assert "nothing has changed" in summarize(played.report, compare(earlier, played.report), Style())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read"),
        ("{", "it is not JSON"),
        ("[]", "is not a report"),
        ('{"format": 1}', "is not a report"),
        ('{"format": 99, "cases": []}', "of format 99, and this suite reads format 1"),
        ('{"format": 1, "cases": [{"id": "x"}]}', "cases[0] is damaged"),
        ('{"format": 1, "cases": [{"role": "", "id": "", "verdict": "", "counts_as": "odd"}]}', "counts as 'odd'"),
        ("\ud800", "it is not JSON"),
    ],
)
def test_file_that_is_no_report_is_told_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
) -> None:
    file = tmp_path / "earlier.json"
    if content is not None:
        file.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(NoReport, match=re.escape(words)):
        read_report(file)
    (tmp_path / "cases.yaml").write_text(CASES)
    cases = ["--cases", str(tmp_path / "cases.yaml")]
    assert main(["server", "--spawn", "/nowhere {port}", *cases, "--compare", str(file)]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert words in told.err
    assert told.out == ""


# Files


def options(**files: Path | None) -> argparse.Namespace:
    every: dict[str, Any] = dict.fromkeys(("report_json", "report_junit", "report_html", "badge", "pcap"))
    return argparse.Namespace(**{**every, "trace": False, **files})


def test_file_that_cannot_be_written_costs_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    wanted = options(report_json=full, report_junit=tmp_path, badge=tmp_path / "a/b/badge.svg", pcap=full / "x")
    assert not write_reports(report_of(entry()), None, wanted)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "cannot write /dev/full: No space left on device",
        f"cannot write {tmp_path}: Is a directory",
        "cannot write /dev/full/x: Not a directory",
    ]
    assert (tmp_path / "a/b/badge.svg").read_text().startswith("<svg")


def test_report_that_was_there_survives_one_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("the earlier one")
    (tmp_path / ".report.json.part").mkdir()
    assert not write_reports(report_of(entry()), None, options(report_json=file))
    assert file.read_text() == "the earlier one"


def test_report_goes_to_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "link.svg").symlink_to(tmp_path / "badge.svg")
    assert write_reports(report_of(entry()), None, options(badge=tmp_path / "link.svg"))
    assert (tmp_path / "link.svg").is_symlink()
    assert "1 passed" in (tmp_path / "badge.svg").read_text()
