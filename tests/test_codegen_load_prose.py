"""Mistakes in the chapters of a spec, and in the sentences that bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.spoiling import Mistake, assert_reported_at_its_place, named, report, spoil

PROSE: dict[str, Mistake] = {
    "identifier of another file": (
        "- BOOK-2 SHOULD",
        "- «OPEN-1 SHOULD",
        "requirement OPEN-1 stands in spec/guestbook.yaml:160 already",
    ),
    "identifier twice": (
        "- BOOK-2 SHOULD",
        "- «BOOK-1 SHOULD",
        "requirement BOOK-1 stands in spec/prose.yaml:11 already",
    ),
    "SHOULD that is none": (
        "A guest SHOULD write",
        "«A guest ought to write",
        "BOOK-2 is a SHOULD, but its text does not say so",
    ),
    "MAY that is none": ("A guest MAY draw", "«A guest MAYBE draws", "BOOK-3 is a MAY, but its text does not say so"),
    "side that is none": (
        "BOOK-3 MAY client",
        "«BOOK-3 MAY guest",
        "expected 'insert' or a requirement such as 'RULE-3 MUST server', found 'BOOK-3 MAY guest'",
    ),
    "insertion that is misspelt": (
        "- insert: limits",
        "- «insrt: limits",
        "expected 'insert' or a requirement such as 'RULE-3 MUST server', found 'insrt'; did you mean 'insert'?",
    ),
    "unknown insertion": ("insert: limits", "insert: «limit", "unknown insertion 'limit'; did you mean 'limits'?"),
    "unknown chapter": ("Be polite. A", "«See {mesages}. A", "unknown chapter 'mesages'; did you mean 'messages'?"),
    "chapter twice": ("id: everything", "id: «manners", "chapter 'manners' stands in spec/prose.yaml:7 already"),
    "paragraph that is a list": ("- Be polite.", "- «[Be polite.]\n      - ", "expected a mapping, found a list"),
    "unknown key of a chapter": ("title: Index", "«titel: Index", "unknown key 'titel'; did you mean 'title'?"),
}

#: The same of sentences that stand with a message.
IN_MESSAGES: dict[str, Mistake] = {
    "sentence in a wrong place": (
        "- OPEN-1 MUST server:",
        "- «OPEN-1 must server:",
        "expected 'insert' or a requirement such as 'RULE-3 MUST server', found 'OPEN-1 must server'",
    ),
    "sentence without its level in a message": (
        "The host MUST open",
        "«The host should open",
        "OPEN-1 is a MUST, but its text does not say so",
    ),
    "unknown chapter in a rule": (
        "The first guest gets the pen; see section {manners}.",
        "«See section {maners}.",
        "unknown chapter 'maners'; did you mean 'manners'?",
    ),
}


@pytest.mark.parametrize("mistake", named(PROSE))
def test_mistake_in_the_prose_is_reported_at_its_place(guestbook: Path, mistake: Mistake) -> None:
    old, new, says = mistake
    place = spoil(guestbook.parent / "prose.yaml", old, new)
    assert f"{place}: {says}" in report(guestbook).splitlines()


@pytest.mark.parametrize("mistake", named(IN_MESSAGES))
def test_mistake_is_reported_at_its_place(guestbook: Path, mistake: Mistake) -> None:
    assert_reported_at_its_place(guestbook, mistake)
