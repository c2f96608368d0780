"""What is known to fail: a list counts for nothing that is not exactly so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.expectations import Expectations, load_failures, load_flaky
from conformance.language import Case, InvalidFile
from conformance.language.strict_yaml import Problems
from conformance.runs import Result, Run, Segmentation, record
from conformance.verdicts import Failure, Verdict
from impwire.tables import Role
from tests.support import ROOT

PM = Case("pm/delivered", "A test", ("PM-1",), (), clients=("ann",))
SAY = Case("say/to-all", "A test", ("SAY-1",), ())
RUNS = [
    *(Run(case, Role.SERVER, segmentation=kind) for case in (PM, SAY) for kind in Segmentation),
    *(Run(PM, Role.CLIENT, "ann", kind) for kind in Segmentation),
]


def result(id_: str, verdict: Verdict) -> Result:
    """The result of the run with that id."""
    (run,) = [run for run in RUNS if run.id == id_]
    failure = Failure("it went wrong") if verdict.counts_as == "failed" else None
    return Result(run, verdict, 0.1, failure.text if failure else "", failure)


def listed(folder: Path, failures: str = "", flaky: str = "") -> Expectations:
    """The lists, as files."""
    paths = []
    for name, text in (("failures.yaml", failures), ("flaky.yaml", flaky)):
        (folder / name).write_text(text)
        paths.append(str(folder / name) if text else "")
    return Expectations().with_files(*paths)


@pytest.mark.parametrize(
    ("failures", "flaky", "id_", "found", "judged"),
    [
        ("pm/delivered: closed", "", "pm/delivered", Verdict.CLOSED, Verdict.KNOWN_FAILURE),
        ("pm/delivered: closed", "", "pm/delivered~bytewise", Verdict.CLOSED, Verdict.KNOWN_FAILURE),
        ("pm/delivered: closed", "", "pm/delivered", Verdict.RESET, Verdict.KNOWN_FAILURE_DIFFERS),
        ("pm/delivered: closed", "", "pm/delivered", Verdict.PASSED, Verdict.KNOWN_FAILURE_PASSED),
        ("pm/delivered: closed", "", "pm/delivered@ann", Verdict.CLOSED, Verdict.CLOSED),
        ("pm/delivered@ann: closed", "", "pm/delivered@ann~joined", Verdict.CLOSED, Verdict.KNOWN_FAILURE),
        ("pm/delivered~as-is: closed", "", "pm/delivered", Verdict.CLOSED, Verdict.KNOWN_FAILURE),
        ("pm/delivered~as-is: closed", "", "pm/delivered~joined", Verdict.PASSED, Verdict.PASSED),
        (
            "{pm/delivered: closed, pm/delivered~joined: reset}",
            "",
            "pm/delivered~joined",
            Verdict.RESET,
            Verdict.KNOWN_FAILURE,
        ),
        ("pm/delivered: closed", "", "pm/delivered", Verdict.SKIPPED, Verdict.SKIPPED),
        ("pm/delivered: closed", "", "pm/delivered", Verdict.NOT_STRICT, Verdict.NOT_STRICT),
        ("pm/delivered: closed", "", "pm/delivered", Verdict.HARNESS_ERROR, Verdict.HARNESS_ERROR),
        ("", "pm/delivered: it races", "pm/delivered~joined", Verdict.RESET, Verdict.KNOWN_FLAKY),
        ("", "pm/delivered: it races", "pm/delivered", Verdict.PASSED, Verdict.PASSED),
        ("", "pm/delivered: it races", "pm/delivered", Verdict.HARNESS_ERROR, Verdict.HARNESS_ERROR),
        ("", "pm/delivered: it races", "say/to-all", Verdict.RESET, Verdict.RESET),
    ],
)
def test_result_is_judged(tmp_path: Path, failures: str, flaky: str, id_: str, found: Verdict, judged: Verdict) -> None:
    given = result(id_, found)
    after = listed(tmp_path, failures, flaky).judge(given)
    assert after.verdict is judged
    assert after.found is (None if judged is found else found)
    if judged.counts_as == "failed":
        assert after.failure is not None, "a report has something to explain"
        assert judged is found or "failures.yaml:1" in after.text, "the place of the entry is told"


def test_reason_is_told(tmp_path: Path) -> None:
    known = listed(tmp_path, 'pm/delivered: {verdict: closed, reason: "see issue 9"}')
    assert known.judge(result("pm/delivered", Verdict.CLOSED)).text == "see issue 9"
    differs = known.judge(result("pm/delivered", Verdict.RESET))
    assert differs.text.startswith("known to fail with 'closed' (see issue 9), and failed with 'reset'")
    assert differs.text.endswith("it went wrong")
    assert "(see issue 9), and passes now" in known.judge(result("pm/delivered", Verdict.PASSED)).text


@pytest.mark.parametrize(
    ("failures", "flaky", "words"),
    [
        ("pm/deliverd: closed", "", "failures.yaml:1:1: no case 'pm/deliverd'; did you mean 'pm/delivered'?"),
        ("say/to-all@ann: closed", "", "failures.yaml:1:1: no case 'say/to-all@ann'"),
        ("pm/delivered~byteswise: closed", "", "did you mean 'pm/delivered~bytewise'?"),
        ("", "\npm/gone: it races", "flaky.yaml:2:1: no case 'pm/gone'"),
    ],
)
def test_id_that_no_case_has_is_an_error(tmp_path: Path, failures: str, flaky: str, words: str) -> None:
    with pytest.raises(InvalidFile) as invalid:
        listed(tmp_path, failures, flaky).check(RUNS)
    assert words in str(invalid.value)


@pytest.mark.parametrize(
    ("failures", "flaky", "words"),
    [
        ("pm/delivered: close", "", "failures.yaml:1:15: unknown verdict of a failure 'close'; did you mean 'closed'?"),
        ("pm/delivered: passed", "", "unknown verdict of a failure 'passed'"),
        ("pm/delivered: harness error", "", "unknown verdict of a failure 'harness error'"),
        ("pm/delivered: {reason: x}", "", "failures.yaml:1:15: key 'verdict' is missing"),
        (
            "pm/delivered: closed\npm/delivered: reset",
            "",
            "failures.yaml:2:1: key 'pm/delivered' stands here a second time",
        ),
        ("- pm/delivered", "", "failures.yaml:1:1: expected a mapping"),
        ("pm/delivered: closed", "pm/delivered: x", "flaky.yaml:1:1: 'pm/delivered' is a known failure too"),
        ("", "pm/delivered: ''", "flaky.yaml:1:15: say why it fails now and then"),
    ],
)
def test_mistake_in_a_list_is_told_with_its_place(tmp_path: Path, failures: str, flaky: str, words: str) -> None:
    with pytest.raises(InvalidFile) as invalid:
        listed(tmp_path, failures, flaky)
    assert words in str(invalid.value)


def entries(known: Expectations, *results: Result) -> list[dict[str, Any]]:
    return [record(known.judge(each), events=False) for each in results]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_list_is_written_from_what_has_failed() -> None:
    known = Expectations()
    failed = [result(f"say/to-all{cut}", Verdict.CLOSED) for cut in ("", "~bytewise", "~joined")]
    failed += [result("pm/delivered", Verdict.CLOSED), result("pm/delivered~joined", Verdict.RESET)]
    failed += [result("pm/delivered~bytewise", Verdict.PASSED), result("pm/delivered@ann", Verdict.HARNESS_ERROR)]
    assert lines(known.written(entries(known, *reversed(failed)), RUNS)) == [
        "pm/delivered~as-is: closed",
        "pm/delivered~joined: reset",
        "say/to-all: closed",
    ]


def test_list_that_is_written_again_keeps_reasons_and_what_was_not_played(tmp_path: Path) -> None:
    known = listed(
        tmp_path,
        """
pm/delivered: {verdict: closed, reason: 'see "9"'}
pm/delivered@ann: timed out
say/to-all: reset
""",
        "pm/delivered@ann~joined: it races",
    )
    played = [result("pm/delivered", Verdict.CLOSED), result("pm/delivered~bytewise", Verdict.RESET)]
    played += [result(f"say/to-all{cut}", Verdict.PASSED) for cut in ("", "~bytewise", "~joined")]
    text = known.written(entries(known, *played), RUNS)
    assert lines(text) == [
        "pm/delivered@ann: timed out",
        'pm/delivered~as-is: {verdict: closed, reason: "see \\"9\\""}',
        "pm/delivered~bytewise: reset",
        'pm/delivered~joined: {verdict: closed, reason: "see \\"9\\""}',
    ]
    (tmp_path / "again.yaml").write_text(text)
    again = Expectations().with_files(str(tmp_path / "again.yaml"), "")
    assert again.written(entries(again, result("pm/delivered", Verdict.CLOSED)), RUNS) == text


def test_list_without_a_failure_is_one_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text(Expectations().written([], RUNS))
    assert not Expectations().with_files(str(tmp_path / "empty.yaml"), "")


def suite(*arguments: str) -> tuple[int, str]:
    result = subprocess.run(
        [sys.executable, "-m", "conformance", "server", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_failures_are_written_then_known_then_wrong(tmp_path: Path) -> None:
    head = "cases:\n  - {id: my/own, title: A test, proves: [SAY-1], steps: "
    cases, known, report = tmp_path / "cases.yaml", tmp_path / "known.yaml", tmp_path / "report.json"
    cases.write_text(f"{head}[[ann, joins], [ann, receives, OK]]}}\n")
    arguments = ["--cases", str(cases), "--timeout", "0.3", "--segmentation", "as-is"]
    code, output = suite(*arguments, "--write-known-failures", str(known))
    assert code == 1, output
    assert lines(known.read_text()) == ["my/own~as-is: timed out"], output
    code, output = suite(*arguments, "--known-failures", str(known), "--report-json", str(report))
    assert code == 0, output
    assert output.rstrip().endswith("0 passed, 0 failed, 0 skipped, 1 known")
    (entry,) = json.loads(report.read_text())["cases"]
    assert (entry["verdict"], entry["found"]) == ("known failure", "timed out")
    cases.write_text(f"{head}[[ann, joins]]}}\n")
    code, output = suite(*arguments, "--known-failures", str(known))
    assert code == 1, output
    assert "known failure that passes" in output
    assert "take it off the list" in output


def test_ids_are_compared_with_all_cases_and_not_with_those_selected(tmp_path: Path) -> None:
    known = tmp_path / "known.yaml"
    known.write_text("who/pages: closed\npm/delivered@bob: closed\nwho/pagse: closed\n")
    code, output = suite("--id", "pm/delivered", "--known-failures", str(known))
    assert code == 2
    assert output.splitlines() == [
        f"{known}:3:1: no case 'who/pagse'; did you mean 'who/pages'? [unknown-name]",
        "1 mistake; nothing was played",
    ]


def test_list_that_cannot_be_written_is_exit_2(tmp_path: Path) -> None:
    code, output = suite("--id", "hello/welcome", "--write-known-failures", str(tmp_path))
    assert code == 2
    assert "that is a folder" in output


def test_device_is_not_read_before_the_list_is_written_to_it() -> None:
    """/dev/full gives zeros without end to whoever reads it."""
    code, output = suite("--id", "hello/welcome", "--write-known-failures", "/dev/full")
    assert code == 2
    assert output.splitlines()[-1] == "cannot write /dev/full: No space left on device"


def test_list_of_nothing_but_comments_is_an_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text("# nothing fails any more\n\n")
    problems = Problems()
    assert load_failures(file, problems) == {}
    assert load_flaky(file, problems) == {}
    assert not problems
