"""A case as values: the transcript that is to be played, whatever it came from.

Cases come from YAML files (`load`), from the spec (`conformance.derived`) and from recordings; all are played alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from impwire.tables import CLIENT_COMMANDS, PLAIN

from .verbs import CONSOLE, SERVER

#: What a case can be called.
IDENTIFIER = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)+")


class Part(NamedTuple):
    """A message with its fields, as a step names it."""

    message: str
    fields: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.message} {self.fields or ''}".strip()


@dataclass(frozen=True)
class Step:
    """One line of a transcript. What the verb does not take is empty."""

    actor: str
    verb: str
    parts: tuple[Part, ...] = ()
    raw: tuple[Any, ...] = ()
    text: str = ""
    number: int = 0
    #: Milliseconds as expressions: the frame has to come within the one and not before the other.
    within: int | str | None = None
    after: int | str | None = None
    #: The address from which the actor connects; empty for whichever there is.
    source: str = ""
    #: For `one receives`: all the actors, and what each of those gets that is not the one.
    group: tuple[str, ...] = ()
    others: tuple[Part, ...] = ()
    place: str = ""

    @property
    def message(self) -> str:
        return self.parts[0].message if self.parts else ""

    @property
    def fields(self) -> dict[str, Any]:
        return self.parts[0].fields if self.parts else {}

    def __str__(self) -> str:
        words = [self._actors(), self.verb, *map(str, self.parts)]
        words += ["others", *map(str, self.others)] if self.others else []
        words += [str(self.raw)] if self.raw else []
        words += [repr(self.text)] if self.text else []
        words += [f"from {self.source}"] if self.source else []
        return " ".join(words + ([str(self.number)] if self.verb == "exits" else []))

    def _actors(self) -> str:
        return f"{self.group[0]} to {self.group[-1]}" if self.group else self.actor


class Worked(NamedTuple):
    """Where a case stands among the worked sessions of the document, under which title, and what a reader learns there.

    `examples` has values, by message and field, that a server chooses and the steps leave open.
    """

    place: int
    title: str
    shows: str
    examples: dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """A script. `settings` is what it asks of the server; `clients` are the actors that a client can be tested as."""

    id: str
    title: str
    proves: tuple[str, ...]
    steps: tuple[Step, ...]
    settings: dict[str, int] = field(default_factory=dict)
    clients: tuple[str, ...] = ()
    server: bool = True
    fresh: bool = False
    file: str = ""
    worked: Worked | None = None
    #: Whether it follows from the spec, and nobody has written it.
    derived: bool = False

    @property
    def own_server(self) -> bool:
        """Whether the case needs a server that no other case has used."""
        ended = any(step.actor == SERVER or _ends_console(step) for step in self.steps)
        return self.fresh or bool(self.settings) or ended

    @property
    def uses_files(self) -> bool:
        """Whether the server has to find again what it has written."""
        return any(step.verb == "is killed and restarted" for step in self.steps)

    @property
    def uses_console(self) -> bool:
        return any(step.actor == CONSOLE for step in self.steps)


def _ends_console(step: Step) -> bool:
    return step.actor == CONSOLE and step.verb == "ends input"


def typed_line(message: str, fields: dict[str, Any]) -> str | None:
    """The line that makes a client send the message, by the table of commands; None if no line does."""
    if PLAIN is not None and PLAIN[0] == message:
        text = str(fields["text"])
        return f"/{text}" if text.startswith("/") else text
    for name, command in CLIENT_COMMANDS.items():
        if command.sends is None or command.sends[0] != message:
            continue
        words = [f"/{name}"]
        for argument in command.arguments:
            holder = next(key for key, value in command.sends[1].items() if value == f"{{{argument.name}}}")
            words.append(str(fields[holder]))
        return " ".join(words)
    return None
