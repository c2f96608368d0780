"""The chapters of a spec and the rules of its messages: prose, insertions and requirements.

A string is prose, `insert: what` places a table or a diagram, and `RULE-3 MUST server: sentence` is a requirement.
`{chapter}` in a text stands for the number of that chapter.
"""

from __future__ import annotations

import re

from ..model import INSERTS, Block, Chapter, Insert, Prose, Requirement
from ..support.strict_yaml import Node, suggestion

_REQUIREMENT = re.compile(r"([A-Z][A-Z0-9]*-[0-9]+) (MUST|SHOULD|MAY) (client|server|both)")


class ProseReader:
    """Reads bodies of text, and keeps in mind which requirements it has met."""

    def __init__(self, section: Node) -> None:
        self.section = section
        self._ids: dict[str, Node] = {}
        self._requirements: dict[str, Node] = {}
        for node in section.items():
            identifier = node.value.get("id") if isinstance(node.value, dict) else None
            if identifier:
                self._ids.setdefault(identifier.string(), identifier)

    def chapters(self) -> tuple[Chapter, ...]:
        """The chapters in their order."""
        chapters = []
        for node in self.section.items():
            entry = node.mapping(("id", "title", "body"))
            name = entry.string("id")
            if name in self._ids and self._ids[name] is not entry.at("id"):
                first = self._ids[name]
                entry.at("id").problem(
                    f"chapter '{name}' stands in {first.file}:{first.line} already", "duplicate-name"
                )
            chapters.append(Chapter(name, entry.string("title"), self.body(entry.items("body"))))
        return tuple(chapters)

    def body(self, nodes: list[Node]) -> tuple[Block, ...]:
        """Blocks of text."""
        blocks: list[Block] = []
        for node in nodes:
            if isinstance(node.value, str):
                blocks.append(Prose(self._text(node)))
                continue
            for key, place, value in node.entries():
                match = _REQUIREMENT.fullmatch(key)
                if key == "insert":
                    blocks.append(Insert(value.one_of(INSERTS, "insertion")))
                elif match is None:
                    text = f"expected 'insert' or a requirement such as 'RULE-3 MUST server', found '{key}'"
                    text += suggestion(key, ["insert"])
                    place.problem(text, "requirement-form")
                else:
                    blocks.append(self._requirement(place, Requirement(match[1], match[2], match[3], ""), value))
        return tuple(blocks)

    def _requirement(self, place: Node, head: Requirement, value: Node) -> Requirement:
        text = self._text(value)
        if not re.search(rf"\b{head.level}\b", text):
            value.problem(f"{head.id} is a {head.level}, but its text does not say so", "requirement-form")
        first = self._requirements.setdefault(head.id, place)
        if first is not place:
            text = f"requirement {head.id} stands in {first.file}:{first.line} already"
            place.problem(text, "duplicate-name")
        return Requirement(head.id, head.level, head.side, text)

    def _text(self, node: Node) -> str:
        text = node.string()
        for name in re.findall(r"\{([a-z0-9_]+)\}", text):
            if name not in self._ids:
                node.problem(f"unknown chapter '{name}'{suggestion(name, self._ids)}", "unknown-name")
        return text
