"""The document as a tree of blocks, which says nothing of how it looks; `build` makes it from a spec.

Every string is plain text with section numbers in it; a line break in it means nothing. `text` writes the tree on a page
of 72 columns, `html` as a page for the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...model import Requirement, State, Transition


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Rule:
    """A requirement. Its id is an anchor that all of the document may cite."""

    requirement: Requirement


@dataclass(frozen=True)
class Table:
    """Rows of as many cells as there are headers. The first column names what its row defines."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Facts(Table):
    """A table of two columns without headings: what is told of something, and what it is."""


@dataclass(frozen=True)
class Members(Table):
    """A table whose last column is a sentence on what its row defines; a narrow page has that below the row."""


@dataclass(frozen=True)
class ByteDiagram:
    """Fields one after another, each with its size in bytes, or None where that varies."""

    fields: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class StateDiagram:
    """The states, the first of which a connection begins in, and what leads from one to another."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True)
class FrameBytes:
    """A whole frame. `text` says what it means: the fields of a well-formed one, the answer to an ill-formed one.

    With `parts`, each field stands by itself: its bytes, its name and its value. Together they are `data`.
    """

    data: bytes
    text: str
    parts: tuple[tuple[bytes, str, str], ...] = ()


@dataclass(frozen=True)
class Commands:
    """What can be typed, each with what it does."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DisplayLines:
    """When a client shows a line, and the line as it stands."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """Something named, with what is said of it and what belongs to it: a type, a vector."""

    name: str
    text: str
    body: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A worked session, as a sequence chart with its frames in hexadecimal."""

    session: Any  # model.Session


@dataclass(frozen=True)
class Section:
    """A chapter, or a part of one. `anchor` is its name for links, unique in the document."""

    number: str
    title: str
    anchor: str
    body: tuple[Block, ...]


Block = (
    Paragraph
    | Rule
    | Table
    | ByteDiagram
    | StateDiagram
    | FrameBytes
    | Commands
    | DisplayLines
    | Entry
    | Chart
    | Section
)


@dataclass(frozen=True)
class Document:
    """`made` says where it comes from. The parts of the body are sections, and those may have sections in them.

    `heading` are pairs for the head of the first page, the one of each at its left, the other at its right.
    """

    title: str
    version: str
    abstract: str
    made: str
    sections: tuple[Section, ...]
    heading: tuple[tuple[str, str], ...] = ()
