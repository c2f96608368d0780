"""The comparison of what people read and type: chapters, requirements, commands, lines on the screen, examples."""

from __future__ import annotations

from ..model import Argument, Block, Chapter, Command, DisplayLine, Insert, Prose, Requirement, Spec, Vector
from ..read.plain_chapters import plain_chapters
from .base import Comparison, Judge
from .rules import became

_LEVELS = ("MAY", "SHOULD", "MUST")


class TextComparison(Comparison):
    """What people read and type."""

    # -- prose and requirements ----------------------------------------------------------------------------------

    def chapters(self, old: tuple[Chapter, ...], new: tuple[Chapter, ...]) -> None:
        """Titles and text."""
        if old == _plain(self.old) and new == _plain(self.new):
            return  # They follow from the rest, and of that all is told.
        pairs, gone, come = self.match(old, new, lambda chapter: chapter.id, "chapters")
        for chapters, text in ((gone, "is gone"), (come, "is new")):
            for chapter in chapters:
                self.tell("prose-changed", f"chapter {chapter.id}", text)
        for before, after in pairs:
            self._chapter(before, after, f"chapter {after.id}")

    def _chapter(self, old: Chapter, new: Chapter, place: str) -> None:
        judges: dict[str, Judge] = {
            "title": self.put("prose-changed", place),
            "body": lambda a, b: self.blocks(a, b, place),
        }
        self.attributes(old, new, place, judges)

    def blocks(self, old: tuple[Block, ...], new: tuple[Block, ...], place: str) -> None:
        """Text between requirements, and where those stand that both versions have."""
        kept = {*_bound(self.old)} & {*_bound(self.new)}
        if _outline(old, kept) != _outline(new, kept):
            self.tell("prose-changed", place, "its text changed")

    def requirements(self) -> None:
        """Every requirement, wherever it stands."""
        before, after = _bound(self.old), _bound(self.new)
        for name in before:
            if name not in after:
                self.tell("requirement-removed", name, f"is gone, a {before[name].level}")
        for name, new in after.items():
            old = before.get(name)
            if old is None:
                self.tell("requirement-added", name, f"is new, a {new.level} for {new.side}")
            elif old != new:
                self._requirement(old, new)

    def _requirement(self, old: Requirement, new: Requirement) -> None:
        strength = _LEVELS.index(new.level) - _LEVELS.index(old.level)
        if strength:
            rule = "requirement-strengthened" if strength > 0 else "requirement-weakened"
            self.tell(rule, new.id, became(old.level, new.level))
        if old.side != new.side:
            self.tell("requirement-side-changed", new.id, became(old.side, new.side))
        if old.text.split() == new.text.split():
            if old.text != new.text:
                self.tell("prose-changed", new.id, "its lines are broken elsewhere")
        elif not strength:  # Another level is another text.
            self.tell("requirement-reworded", new.id, "in other words")

    # -- people --------------------------------------------------------------------------------------------------

    def commands(self, old: dict[str, tuple[Command, ...]], new: dict[str, tuple[Command, ...]]) -> None:
        """What people type."""
        for side in sorted({*old, *new}):
            where = f"commands.{side}"
            pairs, gone, come = self.match(old.get(side, ()), new.get(side, ()), lambda c: c.name, where)
            for command in gone:
                self.tell("command-changed", f"{where} /{command.name}", "is gone")
            for command in come:
                self.tell("command-changed", f"{where} /{command.name}", "is new")
            for before, after in pairs:
                self._command(before, after, f"{where} /{after.name}")

    def _command(self, old: Command, new: Command, place: str) -> None:
        def arguments(a: tuple[Argument, ...], b: tuple[Argument, ...]) -> None:
            shapes = [[(x.name, x.type.name, x.rest, x.optional) for x in given] for given in (a, b)]
            if shapes[0] != shapes[1]:  # What changed in a type is told at the type.
                self.tell("command-changed", place, f"takes other arguments: {became(old.usage, new.usage)}")

        judges: dict[str, Judge] = {
            "arguments": arguments,
            "help": lambda a, b: self.tell("command-changed", place, "help " + became(f"'{a}'", f"'{b}'")),
            "sends": self.say("command-changed", place, "sends something else"),
        }
        self.attributes(old, new, place, judges)

    def display(self, old: tuple[DisplayLine, ...], new: tuple[DisplayLine, ...]) -> None:
        """What people are shown."""
        # The first line that fits a message counts, so their order matters.
        if [line for line in old if line in new] != [line for line in new if line in old]:
            self.tell("display-changed", "display", "lines in another order")
        for line in old:
            if line not in new:
                self.tell("display-changed", f"display {line.message}", f"no longer '{line.line}'")
        for line in new:
            if line not in old:
                self.tell("display-changed", f"display {line.message}", f"now '{line.line}'")

    def vectors(self, old: tuple[Vector, ...], new: tuple[Vector, ...]) -> None:
        """The examples."""
        pairs, gone, come = self.match(old, new, lambda vector: vector.name, "vectors")
        for vector in gone:
            self.tell("vector-removed", f"vector {vector.name}", "is gone")
        for vector in come:
            self.tell("vector-added", f"vector {vector.name}", "is new")
        for before, after in pairs:
            place = f"vector {after.name}"
            parts = ("hex", "message", "fields", "code")
            judges = {key: self.say("vector-changed", place, f"{key} changed") for key in parts}
            self.attributes(before, after, place, judges)


def _bound(spec: Spec) -> dict[str, Requirement]:
    """Every requirement by its id, whether or not a chapter shows the message that it stands in."""
    blocks = [chapter.body for chapter in spec.chapters] + [message.rules for message in spec.messages]
    return {block.id: block for body in blocks for block in body if isinstance(block, Requirement)}


def _outline(blocks: tuple[Block, ...], kept: set[str]) -> list[str]:
    """Text and insertions as they are, and the ids of the requirements that both versions have."""
    lines = []
    for block in blocks:
        if isinstance(block, Prose):
            lines.append(f"text {block.text}")
        elif isinstance(block, Insert):
            lines.append(f"insert {block.what}")
        elif block.id in kept:
            lines.append(block.id)
    return lines


def _plain(spec: Spec) -> tuple[Chapter, ...]:
    """The chapters that the spec would have if it had none of its own."""
    parts = {"limits": spec.limits or spec.constants, "sessions": spec.sessions, "vectors": spec.vectors}
    return plain_chapters(
        spec.byte_order, spec.frame, spec.failures, **{name: bool(part) for name, part in parts.items()}
    )
