"""The section numbers of the document, for everything that cites them."""

from __future__ import annotations

import re

from ..model import Insert, Spec


class Sections:
    """Numbers chapters from 1, and the messages as sections of the chapter that inserts them."""

    def __init__(self, spec: Spec) -> None:
        self._numbers: dict[str, str] = {}
        self._inserts: dict[str, str] = {}
        self._written = bool(spec.document)
        for number, chapter in enumerate(spec.chapters, 1):
            self._numbers[chapter.id] = str(number)
            self._inserts |= {block.what: str(number) for block in chapter.body if isinstance(block, Insert)}
            if Insert("messages") in chapter.body:
                for index, message in enumerate(spec.messages, 1):
                    self._numbers[message.name] = f"{number}.{index}"

    def place(self, name: str) -> str:
        """The number of a chapter (by id) or message (by name); empty if the document does not have it."""
        return self._numbers.get(name, "")

    def cited(self, name: str) -> str:
        """The same for those who cite the document; empty also if it is not written."""
        return self.place(name) if self._written else ""

    def insert(self, what: str) -> str:
        """The number of the chapter that inserts a table; empty if none does."""
        return self._inserts.get(what, "")

    def resolve(self, text: str) -> str:
        """The text with `{chapter}` replaced by the number of that chapter."""
        return re.sub(r"\{([a-z0-9_]+)\}", lambda match: self._numbers.get(match[1], match[0]), text)
