"""What one changes in the document alone is noticed: its message sections are changed in every place, one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from codegen.load import load
from tests.fixtures.documents import plain_text
from tests.fixtures.protocols import SPECS
from tests.test_codegen_document_parse import agrees, default_code, sections

#: A change of the lines of a section: every result of it is one place changed and all others left.
Change = Callable[[list[str]], Iterator[list[str]]]


def rows_of_the_diagram_left_out(lines: list[str]) -> Iterator[list[str]]:
    """The diagram without one of its rows: a field is narrower, or is gone."""
    start = lines.index("   Body:") if "   Body:" in lines else len(lines)
    for at in range(start, len(lines)):
        if lines[at].startswith(("   |", "   /")):
            yield lines[:at] + lines[at + 2 :]


def cells_of_the_diagram_moved(lines: list[str]) -> Iterator[list[str]]:
    """The diagram with an edge between two fields moved by a byte."""
    for at, line in enumerate(lines):
        for edge in re.finditer(r"(?<=.)\|", line[4:-1]) if line.startswith("   |") else ():
            place = edge.start() + 4
            for moved in (place - 16, place + 16):
                if line[moved : moved + 1] not in ("|", ""):
                    blank = line[:place] + " " + line[place + 1 :]
                    wide = blank[:moved] + "|" + blank[moved + 1 :]
                    yield [*lines[:at], wide, *lines[at + 1 :]]


def numbers_of_the_tables_changed(lines: list[str]) -> Iterator[list[str]]:
    """The number of the message, or a bound or fixed value in the table of fields, and each time another digit."""
    start = lines.index("   Fields:") + 4 if "   Fields:" in lines else len(lines)
    end = lines.index("", start) if start < len(lines) else start
    head = next(index for index, line in enumerate(lines) if line.startswith("   Number:"))
    column = lines[start - 1].rindex(" ") + 1 if start < len(lines) else 0
    places = [(head, match) for match in re.finditer(r"[0-9](?=[0-9a-f]*,)", lines[head])]
    for at in range(start, end):
        if not re.match(r" {6}\S", lines[at]):
            text = " " * column + lines[at][column:]
            places += [(at, match) for match in re.finditer(r"(?<![a-z])[0-9]", text) if " or " not in text]
    for at, match in places:
        digit = str((int(match[0]) + 1) % 10)
        yield [*lines[:at], lines[at][: match.start()] + digit + lines[at][match.end() :], *lines[at + 1 :]]


def rows_of_tables_left_out(lines: list[str]) -> Iterator[list[str]]:
    """The table of fields or of errors without one of its rows."""
    for label in ("   Fields:", "   Errors, the first that applies:"):
        start = lines.index(label) + 4 if label in lines else len(lines)
        for at in range(start, lines.index("", start) if start < len(lines) else start):
            if lines[at][3] != " ":
                end = at + 1
                while lines[end].startswith("    "):
                    end += 1
                yield lines[:at] + lines[end:]


def words_of_the_facts_changed(lines: list[str]) -> Iterator[list[str]]:
    """Another word for the kind, the direction, a state or a reply."""
    for at in range(lines.index("", 1) + 1, len(lines)):
        if not lines[at]:
            return
        for word in re.finditer(r"(?<= )[A-Za-z_]{4,}(?![a-z:])", lines[at]):
            yield [*lines[:at], lines[at][: word.start()] + "WRONG" + lines[at][word.end() :], *lines[at + 1 :]]


def bytes_of_the_example_left_out(lines: list[str]) -> Iterator[list[str]]:
    """The example without one byte."""
    start = next((index for index, line in enumerate(lines) if line.startswith("   Example:")), len(lines))
    for at in range(start + 2, len(lines)):
        for byte in re.finditer(r"(?<= )[0-9a-f]{2}(?= )", lines[at][:30]):
            yield [*lines[:at], lines[at][: byte.start()] + "  " + lines[at][byte.end() :], *lines[at + 1 :]]


CHANGES: tuple[tuple[Change, int], ...] = (
    (rows_of_the_diagram_left_out, 60),
    (cells_of_the_diagram_moved, 20),
    (numbers_of_the_tables_changed, 200),
    (rows_of_tables_left_out, 80),
    (words_of_the_facts_changed, 80),
    (bytes_of_the_example_left_out, 400),
)


@pytest.mark.parametrize(("change", "least"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_change_of_the_text_alone_is_noticed(change: Change, least: int) -> None:
    spec, text = load(SPECS["impwire"]), plain_text("impwire")
    found, default, tried = sections(text), default_code(text), 0
    for message in spec.messages:
        for lines in change(found[message.name]):
            tried += 1
            try:
                noticed = not agrees(lines, default, spec, message)
            except (AssertionError, LookupError, ValueError):
                noticed = True  # It cannot even be read any more.
            assert noticed, "\n".join([message.name, *lines])
    assert tried >= least, "the text looks other than these changes expect"
