"""The mutants: that each can be made of the code as it is, that no MUST is without one, and that a few are caught.

`make mutants` tries them all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from codegen.support.strict_yaml import InvalidFile
from conformance.runs import Run
from impwire.tables import REQUIREMENTS, Role
from tests.mutants.bench import Bench, Outcome, all_runs, make_copy, proven_by
from tests.mutants.data import ROOT, Mutant, Mutants, change, load_mutants
from tests.mutants.hunt import uncaught
from tests.mutants.sites import MODULES, sites_of

#: Titles of mutants that are tried here: of both programs, of the library, with a server of its own and without.
_SAMPLE = (
    "Takes away the old name when a RENAME is refused",
    "Waits for the whole frame before it looks at the length",
    "Delivers a SAY that it refuses for a critical flag",
    "Ends with the exit code 1",
    "Says an unknown command to all",
    "Puts another nonce into PONG",
)


@pytest.fixture(scope="module")
def mutants() -> Mutants:
    return load_mutants()  # Raises if one cannot be made.


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return all_runs()


def test_every_must_has_a_mutant_or_a_reason_on_each_side_that_it_binds(mutants: Mutants) -> None:
    assert mutants.missing() == []


def test_nothing_that_has_a_mutant_is_excused(mutants: Mutants) -> None:
    broken = {(name, mutant.side) for mutant in mutants.mutants for name in mutant.breaks}
    assert [excuse for excuse in mutants.excuses if (excuse.requirement, excuse.side) in broken] == []
    assert all(excuse.reason for excuse in mutants.excuses)


def test_every_excused_requirement_binds_its_side(mutants: Mutants) -> None:
    wrong = [it for it in mutants.excuses if REQUIREMENTS[it.requirement].side not in (it.side, "both")]
    assert wrong == []


def test_every_requirement_of_a_mutant_has_a_case_that_proves_it(mutants: Mutants, runs: list[Run]) -> None:
    proven = {(name, run.role) for run in runs for name in proven_by(run)}
    due = {(name, mutant.side) for mutant in mutants.mutants for name in mutant.breaks}
    assert sorted(due - proven) == []


@pytest.fixture(scope="module")
def bench(runs: list[Run], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("mutants")
    made = Bench(folder, make_copy(ROOT, folder / "original"), runs, timeout=2.0)
    yield made
    made.close()


def _try(bench: Bench, mutant: Mutant) -> Outcome:
    changed = mutant.applied((ROOT / mutant.file).read_text(encoding="utf-8"))
    return bench.try_change(
        mutant.side, mutant.file, changed, bench.runs(mutant.side, mutant.breaks), breaks=mutant.breaks
    )


def test_mutants_are_caught(mutants: Mutants, bench: Bench) -> None:
    sample = [mutant for mutant in mutants.mutants if mutant.title in _SAMPLE]
    assert len(sample) >= len(_SAMPLE)
    outcomes = [(mutant, _try(bench, mutant)) for mutant in sample]
    assert [(mutant.title, it.problem, uncaught(mutant, it)) for mutant, it in outcomes if uncaught(mutant, it)] == []


def test_change_that_breaks_nothing_survives(bench: Bench) -> None:
    source = (ROOT / "reference_server" / "service.py").read_text(encoding="utf-8")
    runs = bench.runs(Role.SERVER, ["RENAME-3", "RENAME-4"])
    outcome = bench.try_change(Role.SERVER, "reference_server/service.py", source + "\n# harmless\n", runs)
    assert outcome == Outcome((), len(runs))


def test_program_that_does_not_start_is_not_caught(bench: Bench) -> None:
    runs = bench.runs(Role.SERVER, ["RENAME-3"])
    outcome = bench.try_change(Role.SERVER, "reference_server/service.py", "raise SystemExit(7)\n", runs)
    assert outcome.problem.startswith("it does not start")
    assert not outcome.catches
    client = bench.try_change(
        Role.CLIENT, "reference_client/session.py", "raise SystemExit(7)\n", bench.runs(Role.CLIENT, ["CLIENT-2"])
    )
    assert client.problem.startswith("it does not start")


def test_case_that_the_unbroken_program_fails_catches_nothing(
    mutants: Mutants, runs: list[Run], tmp_path: Path
) -> None:
    broken = next(mutant for mutant in mutants.mutants if mutant.title == _SAMPLE[0])
    original = make_copy(ROOT, tmp_path / "broken")
    changed = broken.applied((ROOT / broken.file).read_text(encoding="utf-8"))
    (original / broken.file).write_text(changed, encoding="utf-8")
    both = Bench(tmp_path, original, runs, timeout=2.0)
    try:
        outcome = both.try_change(broken.side, broken.file, changed, both.runs(broken.side, ["RENAME-2"])[:12])
    finally:
        both.close()
    assert not outcome.catches
    assert "the unbroken program does not pass, either" in outcome.problem


# -- the data --------------------------------------------------------------------------------------------------------


def test_change_takes_lines_at_any_indentation() -> None:
    source = "def f(x):\n    if x:\n        return 1\n    return 2\n"
    changed = change(source, "if x:\n    return 1", "if not x:\n    return 3")
    assert changed == "def f(x):\n    if not x:\n        return 3\n    return 2\n"


@pytest.mark.parametrize(
    ("replace", "by", "message"),
    [
        ("y = 1", "y = 2", "the text to replace is not there"),
        ("x = 1", "x = 2", "the text to replace is there 2 times"),
        ("x = 1\nz = 3", "x =\nz = 3", "what comes of it is no Python"),
    ],
)
def test_change_that_cannot_be_made_is_refused(replace: str, by: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        change("x = 1\nx = 1\nz = 3\n", replace, by)


def test_mistakes_in_the_data_are_told_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(
        """\
side: server
mutants:
  - breaks: [NAME-33]
    title: Breaks what is not there
    file: reference_server/peers.py
    replace: no such text
    by: pass
  - breaks: []
    title: Changes the suite
    file: conformance/runner.py
    replace: pass
    by: pass
none:
  NAME-34: because
"""
    )
    with pytest.raises(InvalidFile) as caught:
        load_mutants(tmp_path)
    assert [str(problem).partition(" [")[0] for problem in caught.value.problems] == [
        "wrong.yaml:3:14: unknown requirement 'NAME-33'; did you mean 'NAME-3'?",
        "wrong.yaml:6:14: reference_server/peers.py: the text to replace is not there",
        "wrong.yaml:8:13: a mutant breaks at least one requirement",
        "wrong.yaml:10:11: there is no conformance/runner.py in impwire, reference_server, reference_client",
        "wrong.yaml:14:3: unknown requirement 'NAME-34'; did you mean 'NAME-4'?",
    ]


# -- single places ---------------------------------------------------------------------------------------------------


def test_change_of_a_single_place_is_python_and_another_program() -> None:
    for module in MODULES:
        source = (ROOT / "reference_server" / f"{module}.py").read_text(encoding="utf-8")
        before = ast.dump(ast.parse(source))
        for site in list(sites_of(module, source))[::15]:
            assert ast.dump(ast.parse(site.changed)) != before, str(site)


def test_single_places_are_all_kinds() -> None:
    source = """\
def f(x, log):
    "Text."
    log.log("nothing to see")
    if x < 3 and not log:
        x = True
    return x
"""
    assert [(site.line, site.before, site.after) for site in sites_of("m", source)] == [
        (4, "x < 3 and not log", "(not (x < 3 and (not log)))"),
        (4, "x < 3 and not log", "(x < 3 or not log)"),
        (4, "x < 3", "x <= 3"),
        (4, "3", "4"),
        (4, "3", "(2)"),
        (4, "not log", "(log)"),
        (5, "x = True", "pass"),
        (5, "True", "False"),
        (6, "return x", "pass"),
    ]
