"""Whoever reads a reference program beside protocol.txt finds each requirement by its id where it is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from impwire.tables import REQUIREMENTS

_ROOT = Path(__file__).parent.parent
#: What both programs are built on.
_COMMON = [_ROOT / "impwire" / name for name in ("connection.py", "framing.py")]
#: `NAME-3`, or `WHO-1 to WHO-4`, which stands for all of them.
_CITED = re.compile(r"\b([A-Z]+)-(\d+)(?: to \1-(\d+))?\b")
_CHAPTERS = {name.partition("-")[0] for name in REQUIREMENTS}


def cited(source: str) -> set[str]:
    """The ids that a source names."""
    return {
        f"{chapter}-{number}"
        for chapter, first, last in _CITED.findall(source)
        if chapter in _CHAPTERS
        for number in range(int(first), int(last or first) + 1)
    }


def _cited_by(side: str) -> set[str]:
    sources = [*(_ROOT / f"reference_{side}").rglob("*.py"), *_COMMON]
    return {name for path in sources for name in cited(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("side", ["server", "client"])
def test_every_requirement_is_cited_by_the_program_that_it_binds(side: str) -> None:
    due = [name for name, requirement in REQUIREMENTS.items() if requirement.side in (side, "both")]
    found = _cited_by(side)
    assert [name for name in due if name not in found] == []
    assert sorted(found - set(REQUIREMENTS)) == []


def test_range_is_all_of_its_ids_and_other_words_are_none() -> None:
    assert cited("WHO-1 to WHO-3, NAME-7; UTF-8, EXT-2 to TYPE-4") == {
        "WHO-1",
        "WHO-2",
        "WHO-3",
        "NAME-7",
        "EXT-2",
        "TYPE-4",
    }
