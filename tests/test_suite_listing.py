"""`--list` and `--explain`: what they show, that it is what would be played, and what they say of mistakes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.__main__ import main
from conformance.language import Case, load_cases
from conformance.language.dump import dump_case
from conformance.rehearsal import chart_of, rehearse
from conformance.reports import chart
from conformance.runs import Run, Segmentation
from impwire import messages as m
from impwire.codecs import encode
from impwire.tables import MAX_FRAME_BEFORE_WELCOME, PROTOCOL_VERSION, REQUIREMENTS, Role
from tests.built_in import CASES, RUNS
from tests.support import ROOT


def suite(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["--explain", *arguments]) == 0
    return capsys.readouterr().out


def run_called(id_: str, role: Role = Role.SERVER) -> Run:
    return next(run for run in RUNS if run.id == id_ and run.role is role)


# -- one case ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("loaded")
def test_explanation_has_the_rule_the_steps_the_chart_and_the_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    shown = explained(capsys, "pm/delivered")
    assert shown.startswith("pm/delivered: A private message reaches its recipient and nobody else\n")
    assert re.search(r"conformance/cases/pm\.yaml, first step in line \d+", shown)
    assert "PM-1 (MUST, protocol.txt, section 12.3)" in shown
    assert REQUIREMENTS["PM-1"].text in " ".join(shown.split())
    assert "   4  [ann, sends, PM, {to: bob, text: psst}]" in shown
    assert re.search(r"^ +4 +\|-+ PM #2 to='bob' text='psst' -+>\|$", shown, re.MULTILINE)
    assert re.search(r"^ +6 +\| +\|<-+ WHISPER who=\$ann text=psst time=\$when -+\|$", shown, re.MULTILINE)
    pm = encode(m.Pm(request_id=2, to="bob", text="psst"))
    assert f"0000  {pm[:16].hex(' ')}  " in shown
    assert f"0010  {pm[16:].hex(' ')}  " in shown


@pytest.mark.usefixtures("loaded")
def test_explanation_of_a_client_has_what_is_typed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = explained(capsys, "client:pm/delivered@ann")
    assert "to a client in the role of ann" in shown
    assert re.search(r"^ +4 .*<-+ /pm bob psst -+\|$", shown, re.MULTILINE)
    assert re.search(r"^ +5 .*-+ To bob: psst -+>\|$", shown, re.MULTILINE)
    assert re.search(r"^end .*-+ Users here: ann, bob, cid -+>\|$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("pm/delivered", "pm/delivered:"),
        ("pm/delivered~bytewise", "pm/delivered~bytewise:"),
        ("server pm/delivered", "pm/delivered:"),
        ("client:pm/delivered", "pm/delivered@ann:"),
        ("pm/delivered@bob~bytewise", "pm/delivered@bob~bytewise:"),
        ("client/help", "client/help@ann:"),
    ],
)
@pytest.mark.usefixtures("loaded")
def test_case_and_run_can_be_named_in_each_way(capsys: pytest.CaptureFixture[str], name: str, first: str) -> None:
    assert explained(capsys, name).startswith(first)


@pytest.mark.usefixtures("loaded")
def test_unknown_case_is_one_line_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--explain", "pm/delivred"]) == 2
    assert capsys.readouterr().err == "no case is called 'pm/delivred'; did you mean 'pm/delivered'?\n"
    assert main(["--explain", "xyz"]) == 2
    assert capsys.readouterr().err == "no case is called 'xyz'; --list shows all\n"


@pytest.mark.usefixtures("loaded")
def test_wildcards_explain_each_case_that_they_fit_once(capsys: pytest.CaptureFixture[str]) -> None:
    shown = explained(capsys, "pm/[dt]*~bytewise")
    cases = [case.id for case in CASES if case.id.startswith(("pm/d", "pm/t"))]
    assert re.findall(r"^(\S+)~bytewise: ", shown, re.MULTILINE) == cases
    assert len(cases) > 1
    shown = explained(capsys, "client pm/*", "--requirement", "PM-2", "--segmentation", "joined")
    explained_cases = re.findall(r"^(\S+)@\w+~joined: ", shown, re.MULTILINE)
    assert explained_cases == [
        case.id for case in CASES if case.id.startswith("pm/") and case.clients and "PM-2" in case.proves
    ]


@pytest.mark.usefixtures("loaded")
def test_case_that_is_not_selected_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--explain", "pm/delivered", "--chapter", "4"]) == 2
    assert capsys.readouterr().err.startswith("no selected case is called 'pm/delivered'")


def test_expression_is_not_for_explaining(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--explain", "pm/delivered", "-k", "pm"])
    assert capsys.readouterr().err.endswith("-k is for playing and --list\n")


@pytest.mark.usefixtures("loaded")
def test_case_of_a_role_that_is_not_under_test_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["client", "--explain", "pm/delivered~joined"]) == 2
    assert "did you mean 'pm/delivered" in capsys.readouterr().err


def test_mistake_in_a_case_is_told_instead(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("cases:\n  - id: x\n")
    assert main(["--cases", str(tmp_path), "--explain", "x/y"]) == 2
    assert "mine.yaml:2:" in capsys.readouterr().err


def test_every_session_and_some_of_each_derived_kind_can_be_explained() -> None:
    runs = [run for run in RUNS if run.segmentation is Segmentation.AS_IS]
    for run in [run for run in runs if not run.case.derived] + [run for run in runs if run.case.derived][::15]:
        moments = rehearse(run)
        made = chart_of(run, moments)
        assert all(len(line) <= 100 for line in chart.text(made).splitlines()), run.id
        lanes = {lane.name for lane in made.lanes}
        assert all({row.source, row.to} <= lanes or row.style is chart.Style.BAND for row in made.rows), run.id
        if run.role is Role.SERVER:
            # Of what is done to a server, no step is left out.
            assert {moment.step for moment in moments} >= set(range(1, len(run.case.steps) + 1)), run.id


def test_bytes_that_are_told_are_those_that_are_sent(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    wanted = ["pm/*", "ext/*"]
    options = ["--segmentation", "as-is", "--trace", "--report-json", str(file)]
    done = suite("server", *(word for pattern in wanted for word in ("--id", pattern)), *options)
    assert done.returncode == 0, done.stdout + done.stderr
    entries: list[dict[str, Any]] = json.loads(file.read_text())["cases"]
    assert len(entries) > 20
    for entry in entries:
        moments = rehearse(run_called(entry["id"]))
        told = [moment.data.hex() for moment in moments if moment.data]
        assert told == [event["hex"] for event in entry["events"] if event["kind"] == "sent"], entry["id"]


def test_hello_is_told_with_what_the_play_fills_in() -> None:
    hello = m.Hello(
        request_id=1, min_version=PROTOCOL_VERSION, max_version=PROTOCOL_VERSION, capabilities=0, name="ann"
    )
    assert rehearse(run_called("pm/delivered"))[1].data == encode(hello)


def test_frame_that_depends_on_the_target_has_no_bytes(tmp_path: Path) -> None:
    steps = """
      - [ann, joins]
      - [ann, sends, SAY, {text: hi}]
      - [ann, receives, OK, {seq: $n}]
      - [ann, sends, PING, {nonce: $n + 1}]
      - [ann, receives, PONG, {nonce: $n + 1}]
"""
    case = one_case(tmp_path, steps)
    moments = rehearse(Run(case, Role.SERVER))
    assert [(moment.row.label, moment.data) for moment in moments if moment.step == 4] == [("PING nonce=$n + 1", b"")]


def test_limits_are_those_of_the_case(tmp_path: Path) -> None:
    case = one_case(
        tmp_path,
        "\n      - [ann, connects]\n      - [ann, sends raw, {repeat: '00', times: max_frame_before_welcome}]\n",
    )
    moments = rehearse(Run(case, Role.SERVER))
    assert moments[1].data == bytes(MAX_FRAME_BEFORE_WELCOME)


def test_client_whose_input_ends_last_is_told_to_leave() -> None:
    cases = load_cases([ROOT / "tests/fixtures/suite/valid-pass/client.yml"])
    case = next(case for case in cases if case.id == "pass/client-whose-input-ends-last")
    ending = [moment.row.label for moment in rehearse(Run(case, Role.CLIENT, "ann")) if moment.step > len(case.steps)]
    assert ending == ["LEAVE", "GOODBYE #3 code=LEFT", "You have left.", "end of stream", "exits 0"]


def one_case(folder: Path, steps: str) -> Case:
    text = f"cases:\n  - id: own/case\n    title: A case\n    proves: [SAY-1]\n    steps:{steps}"
    (folder / "own.yaml").write_text(text.replace("{repeat", "[{repeat").replace("welcome}]", "welcome}]]"))
    return load_cases([folder])[0]


@pytest.mark.usefixtures("loaded")
def test_steps_that_are_shown_are_yaml_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = run_called("pm/renamed-recipient").case
    shown = explained(capsys, case.id)
    steps = re.findall(r"^ +\d+  (\[.*\])$", shown, re.MULTILINE)
    file = tmp_path / "again.yaml"
    file.write_text(dump_case(case).split("steps:\n")[0] + "steps:\n" + "".join(f"      - {step}\n" for step in steps))
    assert [str(step) for step in load_cases([file])[0].steps] == [str(step) for step in case.steps]


# -- the list ----------------------------------------------------------------------------------------------------


def test_list_has_each_case_once_with_what_it_proves_by_chapter() -> None:
    done = suite("--list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    for id_, case in {run.case.id: run.case for run in RUNS}.items():
        found = [line for line in lines if line.startswith(f"  {id_}  ")]
        assert len(found) == 1, id_
        assert found[0].endswith(" ".join(case.proves))
    headings = [int(line.partition(".")[0]) for line in lines if re.match(r"\d+\. ", line)]
    assert headings == sorted(set(headings))
    assert any(re.match(r"  pm/delivered  server\[abj\] client@ann\[ab", line) for line in lines)
    cases = {run.case.id: run.case for run in RUNS}.values()
    derived = sum(case.derived for case in cases)
    both = sum(case.server and bool(case.clients) for case in cases if not case.derived)
    last = f"{len(RUNS)} runs: {len(cases) - derived} scripts, {both} of which serve both roles, and {derived} derived cases"
    assert lines[-1] == last


def test_one_is_counted_as_one() -> None:
    listed = suite("server", "--id", "pm/to-oneself", "--segmentation", "as-is", "--list")
    assert listed.stdout.splitlines()[-1] == "1 run: 1 script, 1 of which serves both roles, and 0 derived cases"


def test_list_shows_what_would_be_played() -> None:
    selection = ["server", "-k", "PM-3 and not (derived or joined)", "--exclude", "pm/to-*", "--requirement", "pm-3"]
    listed, played = suite(*selection, "--list", "--repeat", "3"), suite(*selection)
    count = re.search(r"^(\d+) runs: ", listed.stdout, re.MULTILINE)
    assert count
    assert int(count[1]) > 5
    assert played.stdout.splitlines()[-1] == f"{count[1]} passed, 0 failed, 0 skipped"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("no-such-case", "no case is selected; --list with nothing else shows all of them"),
        ("pm and", "Wrong expression passed to '-k': pm and"),
    ],
)
def test_list_of_nothing_and_a_wrong_expression_are_told(tmp_path: Path, expression: str, message: str) -> None:
    one_case(tmp_path, "\n      - [ann, joins]\n")
    done = suite("--cases", str(tmp_path), "--list", "-k", expression)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_reader_of_the_list_may_go_away() -> None:
    command = f"set -o pipefail; {sys.executable} -m conformance --list | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
