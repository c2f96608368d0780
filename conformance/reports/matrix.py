"""The matrix requirement x verdict: what the runs say of each requirement of protocol.txt, by chapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impwire.tables import CHAPTERS, REQUIREMENTS, Requirement

from ..runs import chapter_of
from ..verdicts import Verdict


@dataclass(frozen=True)
class Line:
    """A requirement, and how many runs that prove it have ended with each verdict."""

    id: str
    requirement: Requirement
    verdicts: Mapping[str, int]

    @property
    def fails(self) -> bool:
        """Whether a run that proves it has failed."""
        return any(Verdict(verdict).counts_as == "failed" for verdict in self.verdicts)

    @property
    def holds(self) -> bool:
        """Whether runs that prove it have been played, and none has failed."""
        return not self.fails and any(Verdict(verdict).counts_as == "passed" for verdict in self.verdicts)


def matrix(entries: Iterable[Mapping[str, Any]]) -> dict[str, list[Line]]:
    """The lines of every requirement there is, by the number of its chapter, in the order of the document."""
    counts: dict[str, Counter[str]] = {id_: Counter() for id_ in REQUIREMENTS}
    for entry in entries:
        for id_ in entry["proves"]:
            counts[id_][entry["verdict"]] += 1
    chapters: dict[str, list[Line]] = {number: [] for number in CHAPTERS}
    for id_, requirement in REQUIREMENTS.items():
        chapters[chapter_of(id_)].append(Line(id_, requirement, counts[id_]))
    return {number: lines for number, lines in chapters.items() if lines}


def verdicts_in(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The verdicts that occur, in the order of `Verdict`: the columns of the matrix."""
    found = {entry["verdict"] for entry in entries}
    return [verdict for verdict in Verdict if verdict in found]
