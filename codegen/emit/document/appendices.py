"""What stands at the end of the document: worked sessions, the index of requirements, and all vectors."""

from __future__ import annotations

import re

from ...model import Spec, Vector
from ..sections import Sections
from .blocks import Block, Chart, Entry, FrameBytes, Paragraph, Section, Table
from .tables import table
from .values import field_value

Blocks = tuple[Block, ...]


def sessions(spec: Spec, number: str) -> Blocks:
    """Each worked session as a part of the chapter of that number."""
    parts = enumerate(spec.sessions, 1)
    return tuple(
        Section(f"{number}.{i}", session.title, f"session-{session.name}", (Paragraph(session.doc), Chart(session)))
        for i, session in parts
    )


def requirements(spec: Spec, sections: Sections) -> Table:
    """Every requirement by its number within its family; the families in the order of the document."""
    families: dict[str, dict[int, list[str]]] = {}
    for place, rule in spec.requirements():
        match = re.fullmatch(r"(.+)-([0-9]+)", rule.id)
        assert match is not None, "the loader admits no other form"
        row = [rule.id, rule.level, rule.side, sections.place(place)]
        families.setdefault(match[1], {})[int(match[2])] = row
    rows = [family[index] for family in families.values() for index in sorted(family)]
    return table(["Requirement", "Level", "Side", "Section"], rows)


def vectors(spec: Spec, number: str) -> Blocks:
    """The well-formed frames and the ill-formed ones; where there are both, each a part of the chapter of that number."""
    kinds = (
        ("Well-formed frames", "well-formed", [vector for vector in spec.vectors if not vector.code]),
        ("Ill-formed frames", "ill-formed", [vector for vector in spec.vectors if vector.code]),
    )
    found = [(title, anchor, entries) for title, anchor, entries in kinds if entries]
    if len(found) < 2:
        return tuple(map(_vector, spec.vectors))
    return tuple(
        Section(f"{number}.{index}", title, anchor, tuple(_vector(vector) for vector in entries))
        for index, (title, anchor, entries) in enumerate(found, 1)
    )


def _vector(vector: Vector) -> Entry:
    values = ", ".join(f"{key} {field_value(value)}" for key, value in vector.fields.items())
    text = f"is answered by {vector.code}" if vector.code else f"{vector.message} {values}".strip()
    return Entry(vector.name, vector.doc, (FrameBytes(bytes.fromhex(vector.hex), text),))
