"""What README and CONTRIBUTING say is so."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.language import CONSOLE_VERBS, SERVER_VERBS, VERBS
from tests.built_in import WRITTEN
from tests.faults import table
from tests.support import ROOT


def test_every_proof_that_readme_names_exists() -> None:
    tables = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| ")]
    cells = [line.strip("| ").split(" | ")[-1] for line in tables]
    cases = {case.id for case in WRITTEN}
    tests = set(
        re.findall(r"^def (test_\w+)", "".join(path.read_text() for path in (ROOT / "tests").glob("*.py")), re.M)
    )
    named = [name for cell in cells for name in re.findall(r"`([a-z-]+/[a-z0-9-]+|test_\w+)`", cell)]
    assert len(named) > 40
    assert [name for name in named if name not in cases | tests] == []


def test_readme_shows_what_a_server_has_to_stand() -> None:
    assert table() in (ROOT / "README.md").read_text()


def test_case_language_page_names_every_verb() -> None:
    page = (ROOT / "conformance" / "README.md").read_text()
    missing = [verb for verb in [*VERBS, *CONSOLE_VERBS, *SERVER_VERBS] if verb not in page]
    assert missing == []


def test_contributing_explains_every_dependency() -> None:
    wanted = [
        re.split(r"[<>=]", line)[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1] != "#"
    ]
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert [name for name in wanted if name not in page] == []


def test_no_machine_speaks_in_the_repository() -> None:
    """No path of one machine stands in a file that people read."""
    for path in [*ROOT.glob("*.md"), ROOT / "protocol.txt", *Path(ROOT / "spec").glob("*.yaml")]:
        assert not re.search(r"(?<![\w.])/(home|root|work)/", path.read_text()), path
