"""From the tape to a file: a case with its comments, as `load_cases` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..language.case import Case
from ..language.dump import dump_case
from ..language.verbs import CONSOLE, SERVER
from .causes import Causes
from .needs import doubts, is_fresh, requirements, settings
from .roles import clients_of
from .script import Script, script_of
from .tape import Tape


@dataclass(frozen=True)
class Recording:
    """A case that was recorded, and what is to be said about its steps."""

    case: Case
    script: Script

    def text(self, heading: str) -> str:
        """The file: the heading, the case, and each comment before its step."""
        lines = dump_case(self.case).splitlines()
        first = lines.index("    steps:") + 1
        written = [f"# {_harmless(heading)}", *lines[:first]]
        for number in range(len(self.case.steps) + 1):
            written += [f"      # {_harmless(comment)}" for comment in self.script.comments.get(number, ())]
            written += lines[first + number : first + number + 1]
        return "\n".join(written) + "\n"


def recording_of(tape: Tape, id_: str, title: str = "", proves: Sequence[str] = ()) -> Recording | None:
    """The case of what is on the tape; None if there is nothing to play. Without `proves`, what was seen tells it."""
    causes = Causes(tape)
    causes.doubts += doubts(causes)
    script = script_of(causes)
    if not script.steps:
        return None
    steps = tuple(script.steps)
    actors = dict.fromkeys(step.actor for step in steps if step.actor not in (CONSOLE, SERVER))
    case = Case(
        id_,
        title or f"Recorded: {', '.join(actors)}",
        tuple(dict.fromkeys(proves)) or requirements(causes),
        steps,
        settings(causes),
        clients_of(steps),
        fresh=is_fresh(steps),
    )
    return Recording(case, script)


def _harmless(comment: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in comment)
