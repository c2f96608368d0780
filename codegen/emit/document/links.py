"""Links within the page: what the document defines, where that stands, and the words that cite it.

`Links` walks the whole document once. After that `linked` turns plain text into HTML, in which every word that the
document defines leads to its definition: the number of a section, the id of a requirement, the name of a message, a
state, a code, a limit. A word that anybody might write (`name`, `text`) leads nowhere in prose, since it is seldom
meant; in the cells of a column of types it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import singledispatchmethod
from html import escape

from .blocks import Block, Document, Entry, Paragraph, Rule, Section, Table

#: The columns whose cells define what they name, the most telling first.
_DEFINING = ("Name", "State", "Field")
#: How much may stand between a word and what makes plain which of several meanings it has.
_NEAR = 25
#: Longer words are allowed to break behind their underscores.
_UNBROKEN = 12
_NUMBER = r"\d+(?:\.\d+)*(?!\.?\d)"
_TOKEN = re.compile(
    rf"(?P<sections>[Ss]ections?\s+{_NUMBER}(?:(?:,\s+(?:and|or)?\s*|\s+(?:and|or|to)\s+){_NUMBER})*)(?!\s+of\s+RFC)"
    r"|(?P<level>\b(?:(?:MUST|SHOULD)(?:\s+NOT)?|MAY)\b)"
    r"|(?P<word>[A-Za-z_]\w*(?:-\d+)?)"
)
_DISTINCT = re.compile(r"[A-Z][A-Z0-9]+|\w+_\w+|[A-Z][A-Z0-9_]*-\d+")


@dataclass(frozen=True)
class Definition:
    """Where a word is defined. Of two, that of the lower rank is meant, unless one of `near` stands before the word."""

    anchor: str
    rank: int
    near: frozenset[str] = frozenset()


class Links:
    """The anchors of a document, and the text that leads to them."""

    def __init__(self, document: Document) -> None:
        self._numbers: dict[str, str] = {}
        self._places: dict[str, dict[str, Definition]] = {}
        self._names: dict[str, str] = {}
        self._written: set[str] = set()
        for section in document.sections:
            self._walk(section, "")

    def once(self, anchor: str) -> str:
        """The attribute that makes an element what an anchor leads to; nothing if another one is so already."""
        if anchor in self._written:
            return ""
        self._written.add(anchor)
        return f' id="{escape(anchor)}"'

    def href(self, anchor: str) -> str:
        """The attribute of a link to an anchor."""
        return f' href="#{escape(anchor)}"'

    def has(self, anchor: str) -> bool:
        """Whether the document defines something there."""
        return any(anchor in places for places in self._places.values())

    def cell(self, text: str, header: str, scope: str) -> str:
        """A cell of a table as HTML. What stands below `header` tells what a cell that is one word means."""
        if header == "Section" and text in self._numbers:
            return self._link(self._numbers[text], text, "number")
        if header == "Type" and text in self._names:
            return self._link(self._names[text], broken(text), "word")
        return self.linked(text, scope, f"{header.lower()} ")

    def linked(self, text: str, scope: str, before: str = "") -> str:
        """Text as HTML. What `scope` itself defines is not linked to; `before` stands before the text, unseen."""
        out, done, whole = [], 0, before + text
        for match in _TOKEN.finditer(text):
            made = self._token(match, scope, whole[: len(before) + match.start()])
            out += [broken(text[done : match.start()]), made]
            done = match.end()
        return "".join([*out, broken(text[done:])])

    # -- what is defined ---------------------------------------------------------------------------------------------

    @singledispatchmethod
    def _walk(self, block: Block, scope: str, above: str = "") -> None:
        """Note what a block defines. `above` is the paragraph right above it."""

    @_walk.register
    def _(self, block: Section, scope: str, above: str = "") -> None:
        self._numbers[block.number] = block.anchor
        if block.anchor == block.title:  # A section about something with a name, not about a subject.
            self._define(block.title, Definition(block.anchor, 0))
        self._walk_all(block.body, block.anchor)

    @_walk.register
    def _(self, block: Entry, scope: str, above: str = "") -> None:
        anchor = inner(scope, block.name)
        self._define(block.name, Definition(anchor, 2))
        self._names.setdefault(block.name, anchor)
        self._walk_all(block.body, anchor)

    @_walk.register
    def _(self, block: Rule, scope: str, above: str = "") -> None:
        self._define(block.requirement.id, Definition(block.requirement.id, 1))

    @_walk.register
    def _(self, block: Table, scope: str, above: str = "") -> None:
        column = defining(block)
        if column is None:
            return
        near = {scope.rpartition(".")[2].rpartition("_")[2], *(header.lower() for header in block.headers)}
        if above:
            near |= {"with", *(match[0] for match in _DISTINCT.finditer(above))}
        for row in block.rows:
            name = row[column].rstrip("*")
            rank = 4 if block.headers[column] == "Field" else 3
            self._define(name, Definition(inner(scope, name), rank, frozenset(near - {"name", "meaning"})))

    def _walk_all(self, blocks: tuple[Block, ...], scope: str) -> None:
        above = ""
        for block in blocks:
            self._walk(block, scope, above)
            above = block.text if isinstance(block, Paragraph) else ""

    def _define(self, label: str, place: Definition) -> None:
        self._places.setdefault(label, {}).setdefault(place.anchor, place)

    # -- what is cited -----------------------------------------------------------------------------------------------

    def _token(self, match: re.Match[str], scope: str, before: str) -> str:
        if match["sections"]:
            return re.sub(_NUMBER, lambda number: self._section(number[0]), match["sections"])
        if match["level"]:
            return f"<b>{match['level']}</b>"
        word, more = match["word"], ""
        if word not in self._places and word[-1] == "s" and word[:-1] in self._places:
            word, more = word[:-1], "s"
        if word not in self._places or not _DISTINCT.fullmatch(word):
            return broken(match["word"])
        anchor = self._meant(word, scope, before)
        if anchor in ("", scope):
            return f'<span class="word">{broken(word)}</span>{more}'
        return self._link(anchor, broken(word), "id" if "-" in word else "word") + more

    def _section(self, number: str) -> str:
        return self._link(self._numbers[number], number, "number") if number in self._numbers else number

    def _meant(self, word: str, scope: str, before: str) -> str:
        """The anchor of what is meant by a word, or nothing if that is not plain."""
        places = list(self._places[word].values())
        nearest = {place: max((_end(before, near) for near in place.near), default=-1) for place in places}
        told = max(nearest.values())
        if len(places) > 1 and told >= 0:
            places = [place for place in places if nearest[place] == told]
        own = [place for place in places if place.anchor == inner(scope, word)]
        lowest = min(place.rank for place in places)
        best = own or [place for place in places if place.rank == lowest]
        return best[0].anchor if len(best) == 1 else ""

    def _link(self, anchor: str, html: str, kind: str) -> str:
        return f'<a class="{kind}"{self.href(anchor)}>{html}</a>'


def inner(scope: str, name: str) -> str:
    """The anchor of something that is defined within a section or an entry."""
    return f"{scope}.{re.sub(r'[^A-Za-z0-9_-]+', '-', name)}"


def defining(table: Table) -> int | None:
    """The column of a table whose cells define what they name; None if it defines nothing."""
    return next((table.headers.index(header) for header in _DEFINING if header in table.headers), None)


def broken(text: str) -> str:
    """Text as HTML in which long words may break behind their underscores."""
    return re.sub(rf"\w{{{_UNBROKEN},}}", lambda word: re.sub(r"_(?=\w)", "_<wbr>", word[0]), escape(text))


def _end(before: str, word: str) -> int:
    """Where a word last stands near the end of a text, or -1."""
    tail = before[-_NEAR - len(word) :]
    found = [match.start() for match in re.finditer(rf"\b{re.escape(word)}\b", tail)]
    return len(before) - len(tail) + found[-1] if found else -1
