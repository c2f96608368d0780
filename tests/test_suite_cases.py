"""The suite itself: sessions that must pass do, those that must fail fail as expected, mistakes are told word for word.

Each folder of `fixtures/suite` is played in one run of the command line, against the reference programs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.language import CONSOLE, CONSOLE_VERBS, SERVER, SERVER_VERBS, VERBS, InvalidFile, load_cases
from conformance.verdicts import Verdict
from tests.support import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "suite"
INVALID = sorted((FIXTURES / "invalid").glob("*.yaml"))

#: What no session can cause: the target must be broken, or a target file must say something.
_OF_TARGETS = {
    Verdict.PASSED,
    Verdict.UNREADABLE,
    Verdict.RESET,
    Verdict.CRASHED,
    Verdict.NOT_STARTED,
    Verdict.CLAIMED,
    Verdict.KNOWN_FAILURE,
    Verdict.KNOWN_FAILURE_PASSED,
    Verdict.KNOWN_FAILURE_DIFFERS,
    Verdict.KNOWN_FLAKY,
}


def play(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conformance", "--cases", str(folder), "--segmentation", "as-is", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def played(folder: Path, report: Path, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code of a run and the entry of each session by role and id."""
    result = play(folder, "--report-json", str(report), *arguments)
    assert report.exists(), result.stdout + result.stderr
    entries = json.loads(report.read_text())["cases"]
    return result.returncode, {f"{entry['role']} {entry['id']}": entry for entry in entries}


def test_sessions_that_must_pass(tmp_path: Path) -> None:
    code, entries = played(FIXTURES / "valid-pass", tmp_path / "report.json")
    failed = {name: entry["text"] for name, entry in entries.items() if entry["verdict"] != Verdict.PASSED}
    assert (failed, code) == ({}, 0)


def test_sessions_that_must_pass_use_every_verb() -> None:
    steps = [step for case in load_cases([FIXTURES / "valid-pass"]) for step in case.steps]
    used = {actor: {step.verb for step in steps if step.actor == actor} for actor in (CONSOLE, SERVER)}
    assert set(VERBS) - {step.verb for step in steps if step.actor not in used} == {"is reset"}
    assert set(CONSOLE_VERBS) == used[CONSOLE]
    assert set(SERVER_VERBS) == used[SERVER]


@pytest.mark.parametrize("role", ["server", "client"])
def test_sessions_that_must_fail(tmp_path: Path, expected: dict[str, list[str]], role: str) -> None:
    code, entries = played(FIXTURES / "valid-fail", tmp_path / "report.json", role, "--timeout", "3")
    expected = {name: due for name, due in expected.items() if name.startswith(role)}
    found = {name: entry["verdict"] for name, entry in entries.items()}
    assert found == {name: verdict for name, (verdict, _) in expected.items()}
    texts = {name: entry["text"] for name, entry in entries.items()}
    assert {name: texts[name] for name, (_, words) in expected.items() if words not in texts[name]} == {}
    assert code == 1


def test_sessions_that_must_fail_cause_every_verdict_that_a_session_can(expected: dict[str, list[str]]) -> None:
    assert {verdict for verdict, _ in expected.values()} | _OF_TARGETS == set(Verdict)


@pytest.fixture
def expected() -> dict[str, list[str]]:
    """Verdict and words of each session that must fail."""
    found: dict[str, list[str]] = yaml.safe_load((FIXTURES / "expected.yaml").read_text())
    return found


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_mistakes_are_told_word_for_word(file: Path) -> None:
    with pytest.raises(InvalidFile) as raised:
        load_cases([file])
    assert str(raised.value).replace(f"{file.parent}/", "") + "\n" == file.with_suffix(".txt").read_text()


def test_folder_with_mistakes_is_not_played() -> None:
    result = play(FIXTURES / "invalid", "server")
    assert result.returncode == 2
    assert result.stdout == ""
    *lines, last = result.stderr.splitlines()
    assert len(lines) >= sum(len(file.with_suffix(".txt").read_text().splitlines()) for file in INVALID)
    assert last.endswith("nothing was played")
    assert all(line.startswith(str(FIXTURES / "invalid")) for line in lines)
