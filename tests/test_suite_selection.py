"""Which runs are played: selections, what failed last, again and again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import last_run
from conformance.__main__ import main
from conformance.plan import Plan, plan_from_json
from conformance.runs import Run
from conformance.selection import Selection, chapter
from impwire.tables import REQUIREMENTS
from tests.built_in import RUNS, TARGETS
from tests.support import ROOT

pytestmark = pytest.mark.usefixtures("loaded")


def selected(**conditions: tuple[str, ...]) -> list[Run]:
    return Plan(targets=TARGETS, selection=Selection(**conditions)).runs()


def names(runs: list[Run]) -> list[str]:
    return [f"{run.role} {run.id}" for run in runs]


def test_nothing_asked_for_is_everything() -> None:
    assert names(selected()) == names(RUNS)
    assert len(set(names(RUNS))) == len(RUNS)


def test_requirement_selects_what_proves_it_and_nothing_else() -> None:
    found = selected(requirements=("NAME-3",))
    assert found
    assert names(found) == names([run for run in RUNS if "NAME-3" in run.case.proves])


def test_chapter_selects_what_proves_something_in_it() -> None:
    found = selected(chapters=("10",))
    sections = [
        {REQUIREMENTS[requirement].section.partition(".")[0] for requirement in run.case.proves} for run in found
    ]
    assert found
    assert all("10" in section for section in sections)


def test_conditions_narrow_each_other() -> None:
    both = selected(requirements=("SAY-1",), segmentations=("bytewise",))
    assert both
    assert {run.segmentation for run in both} == {"bytewise"}
    assert all("SAY-1" in run.case.proves for run in both)


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("say", lambda run: run.case.id.startswith("say/")),
        ("say/to-all", lambda run: run.case.id == "say/to-all"),
        ("*~bytewise", lambda run: run.segmentation == "bytewise"),
        ("client *", lambda run: run.role == "client"),
    ],
)
def test_exclude_takes_a_folder_an_id_or_a_pattern(pattern: str, gone: object) -> None:
    assert callable(gone)
    assert names(selected(exclude=(pattern,))) == names([run for run in RUNS if not gone(run)])


def test_plan_survives_the_way_to_another_process() -> None:
    plan = Plan(targets=TARGETS, selection=Selection(exclude=("say",), ids=("server pm/delivered",)), repeat=3)
    assert plan_from_json(plan.as_json()) == plan


def test_chapter_by_number_or_part_of_its_title() -> None:
    assert chapter("10") == "10"
    assert chapter("keepalive") == "14"
    with pytest.raises(ValueError, match="several chapters"):
        chapter("me")
    with pytest.raises(ValueError, match=r"no chapter.*10 \(Names\)"):
        chapter("nonsense")


def suite(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )


CASES = """
cases:
  - id: test/passes
    title: Passes
    proves: [SAY-1]
    steps: [[ann, joins]]
  - id: test/fails
    title: Fails
    proves: [SAY-1]
    steps: [[ann, joins], [ann, sends, SAY, {text: hi}], [ann, receives, PONG]]
"""


def test_failed_last_plays_what_failed_and_forgets_it_once_it_passes(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES)
    common = ("server", "--cases", str(file), "--segmentation", "as-is")
    none = suite(*common, "--failed-last", cache=tmp_path)
    assert none.returncode == 2
    assert "no earlier run against this target is known" in none.stderr

    assert suite(*common, cache=tmp_path).stdout.endswith("1 passed, 1 failed, 0 skipped\n")
    again = suite(*common, "--failed-last", cache=tmp_path)
    assert again.stdout.endswith("0 passed, 1 failed, 0 skipped\n")

    file.write_text(CASES.replace("PONG", "OK"))
    assert suite(*common, "--failed-last", cache=tmp_path).stdout.endswith("1 passed, 0 failed, 0 skipped\n")
    done = suite(*common, "--failed-last", cache=tmp_path)
    assert done.returncode == 2
    assert "nothing failed in the last run" in done.stderr


def test_repeat_plays_everything_so_often(tmp_path: Path) -> None:
    result = suite("server", "--requirement", "NAME-3", "--segmentation", "as-is", "--repeat", "3", cache=tmp_path)
    passed = int(result.stdout.splitlines()[-1].split()[0])
    assert result.returncode == 0, result.stdout
    assert passed == 3 * len(
        [run for run in selected(requirements=("NAME-3",), segmentations=("as-is",)) if run.role == "server"]
    )


def test_until_failure_ends_with_the_failure(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES)
    result = suite("server", "--cases", str(file), "--segmentation", "as-is", "--until-failure", cache=tmp_path)
    assert result.returncode == 1
    assert result.stdout.endswith("1 passed, 1 failed, 0 skipped\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--requirement", "NAME-33"), "unknown requirement 'NAME-33'; did you mean 'NAME-3'"),
        (("--chapter", "99"), "'99' is no chapter of protocol.txt"),
        (("--repeat", "0"), "'0' is not a number of times"),
        (("--spawn", "x"), "say which role is under test"),
        (("client", "--connect", "127.0.0.1:1"), "a client is started for each case"),
        (("--report-json", "/dev/null/r.json"), "/dev/null is no folder"),
        (("--report-html", "/"), "that is a folder; name a file in it"),
        (("--target", "/no/such/file.yaml"), "/no/such/file.yaml:1:1: cannot be read"),
    ],
)
def test_command_line_that_is_wrong_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.setattr("conformance.command._play", lambda *_: pytest.fail("something is played"))
    try:
        code: str | int | None = main(list(arguments))
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


def test_expression_that_is_wrong_is_told(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES)
    result = suite("server", "--cases", str(file), "-k", "pm and (", cache=tmp_path)
    assert result.returncode == 2
    assert "Wrong expression passed to '-k'" in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_settings_for_the_tests_of_another_project_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x --no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    file = tmp_path / "cases.yaml"
    file.write_text(CASES)
    assert suite("server", "--cases", str(file), "--id", "test/passes", cache=tmp_path).returncode == 0


def test_what_fails_in_one_round_of_several_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    plan = Plan(targets=TARGETS)
    rounds = ["passed", "failed", "passed"]
    last_run.keep(plan, {"cases": [{"role": "server", "id": "pm/delivered", "counts_as": each} for each in rounds]})
    assert last_run.failed(plan) == ("server pm/delivered",)
