"""Which of all runs are to be played."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from impwire.tables import CHAPTERS, REQUIREMENTS

from .language.strict_yaml import suggestion
from .runs import Run, chapter_of


class UnknownRun(Exception):
    """No run is called as the command line says; the text suggests one."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Each group of conditions narrows the selection; within a group, one that holds suffices. An empty one says nothing."""

    #: Identifiers of requirements, such as `NAME-3`.
    requirements: tuple[str, ...] = ()
    #: Numbers of chapters, such as `10`.
    chapters: tuple[str, ...] = ()
    segmentations: tuple[str, ...] = ()
    #: `role id` of runs, as a report has them.
    ids: tuple[str, ...] = ()
    #: Identifiers with wildcards, of which one has to be that of the run.
    named: tuple[str, ...] = ()
    #: Identifiers with wildcards that are not to be played.
    exclude: tuple[str, ...] = ()

    def holds(self, run: Run) -> bool:
        """Whether the run is selected."""
        if self.ids and f"{run.role} {run.id}" not in self.ids:
            return False
        if self.named and not any(fnmatchcase(run.id, pattern) for pattern in self.named):
            return False
        if self.segmentations and run.segmentation not in self.segmentations:
            return False
        if self.requirements and not set(self.requirements) & set(run.case.proves):
            return False
        if self.chapters and not {chapter_of(requirement) for requirement in run.case.proves} & set(self.chapters):
            return False
        return not any(_matches(run, pattern) for pattern in self.exclude)

    def check(self, runs: list[Run]) -> None:
        """Raises `UnknownRun` if an identifier is that of none of all runs."""
        known = [run.id for run in runs]
        for pattern in self.named:
            if not any(fnmatchcase(id_, pattern) for id_ in known):
                raise UnknownRun(f"no case is called {pattern!r}{suggestion(pattern, known)}; --list shows all")

    @property
    def chooses(self) -> bool:
        """Whether anything is selected at all, rather than everything played."""
        return any((self.requirements, self.chapters, self.segmentations, self.ids, self.named, self.exclude))


def _matches(run: Run, pattern: str) -> bool:
    """Whether the run, its case or the folder of its case is what the pattern says."""
    names = (run.id, run.case.id, f"{run.role} {run.id}", run.case.id.partition("/")[0])
    return any(fnmatchcase(name, pattern) for name in names)


def chapter(text: str) -> str:
    """The number of a chapter given by its number or by a part of its title. Raises ValueError."""
    if text in CHAPTERS:
        return text
    found = [number for number, title in CHAPTERS.items() if text.lower() in title.lower()]
    if len(found) != 1:
        known = ", ".join(f"{number} ({CHAPTERS[number]})" for number in found or sorted(_PROVEN, key=int))
        raise ValueError(f"'{text}' is {'several chapters' if found else 'no chapter'} of protocol.txt: {known}")
    return found[0]


_PROVEN = {chapter_of(requirement) for requirement in REQUIREMENTS}
