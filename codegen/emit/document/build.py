"""From a spec to the tree of blocks that is its document.

Chapters are prose, requirements and insertions; each insertion is made by the module for its subject: `tables`, `messages`
and `appendices`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...edition import edition
from ...model import Block as SpecBlock
from ...model import Prose, Requirement, Spec
from ..sections import Sections
from . import appendices, messages, tables
from .blocks import Block, Document, Paragraph, Rule, Section
from .values import field_value as field_value
from .values import size_of as size_of

Blocks = tuple[Block, ...]


def build(spec: Spec) -> Document:
    """The whole document."""
    return _Builder(spec).document()


class _Builder:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.sections = Sections(spec)
        number = self.sections.insert
        self.inserts: dict[str, Callable[[], Blocks]] = {
            "frame": lambda: tables.frame(spec),
            "extension": lambda: tables.extension(spec),
            "types": lambda: tables.types(spec, self.sections),
            "states": lambda: tables.states(spec),
            "errors": lambda: tables.errors(spec),
            "limits": lambda: tables.limits(spec),
            "console": lambda: tables.commands(spec, "console"),
            "commands": lambda: tables.commands(spec, "client"),
            "display": lambda: tables.display(spec),
            "messages": self.messages,
            "sessions": lambda: appendices.sessions(spec, number("sessions")),
            "requirements": lambda: (appendices.requirements(spec, self.sections),),
            "vectors": lambda: appendices.vectors(spec, number("vectors")),
        }

    def document(self) -> Document:
        spec = self.spec
        rules = f"{len(spec.requirements())} requirements" if spec.requirements() else ""
        return Document(
            title=f"The {spec.name} ({spec.short})",
            version=f"Version {spec.version}",
            abstract=spec.abstract,
            made=f"Generated from {spec.sources[0]} by `python -m codegen`; change the spec, not this file.",
            sections=tuple(
                Section(str(number), chapter.title, chapter.id, self.body(chapter.body))
                for number, chapter in enumerate(spec.chapters, 1)
            ),
            heading=(
                ("Protocol Specification", f"{spec.short} {spec.version}"),
                (f"Byte order: {spec.byte_order}-endian", f"Edition {edition(spec)}"),
                (f"{len(spec.messages)} messages", rules),
            ),
        )

    def body(self, blocks: tuple[SpecBlock, ...]) -> Blocks:
        return tuple(made for block in blocks for made in self.block(block))

    def block(self, block: SpecBlock) -> Blocks:
        if isinstance(block, Prose):
            return (Paragraph(self.sections.resolve(block.text)),)
        if isinstance(block, Requirement):
            return (Rule(replace(block, text=self.sections.resolve(block.text))),)
        return self.inserts[block.what]()

    def messages(self) -> Blocks:
        parts = (
            messages.message_section(self.spec, self.sections, message, self.body) for message in self.spec.messages
        )
        return *messages.introduction(self.spec, self.sections), *parts
