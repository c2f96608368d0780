"""The document as a page: that it says what the document says, and that everything it cites has a place in it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from functools import singledispatch
from html.parser import HTMLParser

import pytest

from codegen.emit.document import html
from codegen.emit.document.blocks import (
    Block,
    ByteDiagram,
    Chart,
    Commands,
    DisplayLines,
    Document,
    Entry,
    Facts,
    FrameBytes,
    Paragraph,
    Rule,
    Section,
    StateDiagram,
    Table,
)
from codegen.emit.document.chart_svg import chart_svg
from codegen.emit.document.state_svg import state_svg
from codegen.generate import _GENERATED
from codegen.load import load
from codegen.model import Requirement, Session, State, Transition
from tests.fixtures.documents import HOSTILE, STEPS, document, document_of, page, told
from tests.fixtures.protocols import SPECS

# -- what the page says --------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """A page as a program reads it: tags with their attributes, and the words of its text outside of drawings."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: str = ""

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    @property
    def targets(self) -> list[str]:
        """Where its links lead."""
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]


class _Reader(HTMLParser):
    """Reads a page. What is hidden from those who cannot see it is not a part of its words, nor are drawings."""

    _VOID = frozenset({"meta", "link", "input", "wbr", "br"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.reading = Reading()
        self._open: list[tuple[str, bool]] = []  # The tags that are open, and whether their text counts.
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.reading.tags.append((tag, attributes))
        if tag in self._VOID:
            return
        hidden = tag in ("svg", "summary") or attributes.get("aria-hidden") == "true"
        counts = tag == "main" or (bool(self._open) and self._open[-1][1] and not hidden)
        self._open.append((tag, counts))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        assert not self._open, "a tag is never closed"
        self.reading.words = "".join("".join(self._text).split())


def read(text: str) -> Reading:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.reading


@singledispatch
def said(block: Block) -> str:
    """What a page has to say of a block, one part after another."""
    raise TypeError(type(block).__name__)


@said.register
def _(block: Section) -> str:
    return f"{block.number}. {block.title}" + "".join(map(said, block.body))


@said.register
def _(block: Paragraph) -> str:
    return block.text


@said.register
def _(block: Rule) -> str:
    return f"{block.requirement.id} [{block.requirement.side}] {block.requirement.text}"


@said.register
def _(block: Table) -> str:
    return "".join(cell for row in (block.headers, *block.rows) for cell in row)


@said.register
def _(block: Facts) -> str:
    return "".join(cell for row in block.rows for cell in row)


@said.register
def _(block: Entry) -> str:
    return (f"{block.name}: {block.text}" if block.text else block.name) + "".join(map(said, block.body))


@said.register
def _(block: ByteDiagram) -> str:
    sizes = {None: "varies", 1: "1 byte"}
    return "".join(name + sizes.get(size, f"{size} bytes") for name, size in block.fields)


@said.register
def _(block: FrameBytes) -> str:
    rows = "".join(part.hex() + name + value for part, name, value in block.parts)
    return block.data.hex() + (f"Bytes Field Value {rows}" if block.parts else block.text)


@said.register(Commands)
@said.register(DisplayLines)
def _(block: Commands | DisplayLines) -> str:
    return "".join(one + other for one, other in block.entries)


@said.register
def _(block: StateDiagram) -> str:
    return ""


@said.register
def _(block: Chart) -> str:
    session: Session = block.session
    frames = [step for step in session.steps if step.hex]
    return session.given + "".join(
        f"{step.message or 'bytes'}, {step.source} to {step.target}{step.hex}" for step in frames
    )


def without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("package", SPECS)
def test_page_says_what_the_document_says_and_nothing_else(package: str) -> None:
    words = read(page(package)).words
    for section in document(package).sections:
        for block in (section, *section.body):
            assert without_spaces(said(block)) in words
    assert words == without_spaces("".join(map(said, document(package).sections)))


@pytest.mark.parametrize("package", SPECS)
def test_every_link_leads_to_one_place_in_the_page(package: str) -> None:
    reading = read(page(package))
    assert len(set(reading.ids)) == len(reading.ids)
    assert {target[:1] for target in reading.targets} == {"#"}
    assert {target[1:] for target in reading.targets} <= set(reading.ids)
    assert not any(character.isspace() for anchor in reading.ids for character in anchor)


def test_name_that_is_defined_twice_in_one_place_leads_to_the_first() -> None:
    reading = read(html.render(document_of(Table(("Name", "Meaning"), (("x_y", "one"), ("x_y", "other"))))))
    assert reading.ids.count("first.x_y") == 1


@pytest.mark.parametrize("package", SPECS)
def test_everything_with_a_name_can_be_linked_to(package: str) -> None:
    spec = load(SPECS[package])
    ids = set(read(page(package)).ids)
    assert {rule.id for _, rule in spec.requirements()} <= ids
    chapters = {chapter.id for chapter in spec.chapters}
    assert chapters <= ids
    if spec.chapters:
        assert {message.name for message in spec.messages} <= ids
        listed = [anchor.rpartition(".")[2] for anchor in ids]
        assert {value.name for outcome in spec.failures.outcomes for value in outcome.type.values} <= set(listed)


@pytest.mark.parametrize("package", SPECS)
def test_page_asks_for_nothing_from_elsewhere(package: str) -> None:
    reading = read(page(package))
    assert not [attributes for _, attributes in reading.tags if "src" in attributes or "srcset" in attributes]
    assert [attributes["href"] for tag, attributes in reading.tags if tag == "link"] == ["data:,"]
    assert not re.search(
        r"@import|url\(|https?://", "".join(re.findall(r"<(?:style|script)>.*?</", page(package), re.S))
    )
    assert "default-src 'none'" in page(package)


@pytest.mark.parametrize("package", SPECS)
def test_page_can_be_read_aloud(package: str) -> None:
    reading = read(page(package))
    assert dict(reading.tags)["html"]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in reading.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert {attributes.get("scope") for tag, attributes in reading.tags if tag == "th"} <= {"col", "row"}
    assert all(a["role"] == "img" and a["aria-label"] for tag, a in reading.tags if tag == "svg")


@pytest.mark.parametrize("package", SPECS)
def test_page_is_the_same_every_time_and_says_what_made_it(package: str) -> None:
    assert html.render(document(package)) == page(package)
    assert len(page(package).encode()) < 1_000_000
    assert _GENERATED.match(page(package))


@pytest.mark.parametrize("package", SPECS)
def test_states_and_sessions_are_drawn(package: str) -> None:
    spec = load(SPECS[package])
    drawn = [state_svg(spec.states, spec.transitions)] if "<svg" in page(package) else []
    drawn += [chart_svg(session) for session in spec.sessions]
    assert all(svg in page(package) for svg in drawn)
    assert page(package).count("<svg") == len(drawn)
    assert drawn or not spec.transitions


def test_nothing_in_a_document_breaks_out_of_the_page() -> None:
    session = told(HOSTILE, STEPS[:1] * 2)
    blocks: tuple[Block, ...] = (
        Paragraph(HOSTILE),
        Rule(Requirement("BAD-1", "MUST", HOSTILE, HOSTILE)),
        Table((HOSTILE, "Name"), ((HOSTILE, HOSTILE), ("x", "y"))),
        Facts(("a", "b"), ((HOSTILE, HOSTILE),)),
        Entry(HOSTILE, HOSTILE, (FrameBytes(b"\0", HOSTILE), FrameBytes(b"\1", "", ((b"\1", HOSTILE, HOSTILE),)))),
        ByteDiagram(((HOSTILE, 3), (HOSTILE, None))),
        Commands(((HOSTILE, HOSTILE),)),
        DisplayLines(((HOSTILE, HOSTILE),)),
        StateDiagram((State(HOSTILE, "", False),), (Transition(HOSTILE, (HOSTILE,), HOSTILE),)),
        Chart(session),
    )
    made = document_of(*blocks)
    hostile = Document(HOSTILE, HOSTILE, HOSTILE, HOSTILE, made.sections, ((HOSTILE, HOSTILE),))
    reading = read(html.render(hostile))
    assert reading.words == without_spaces("".join(map(said, made.sections)))
    assert [tag for tag, _ in reading.tags].count("script") == 1
    assert "img" not in [tag for tag, _ in reading.tags]


# -- what words lead to --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("RULE-1 says so, RULE-2 is none", ["RULE-1"]),
        ("See section 2, sections 1, 2.1 and 9.", ["second", "first", "HELLO"]),
        ("Section 2.1. Then section 2 of RFC 2119.", ["HELLO"]),
        ("HELLOs and HELLO_AGAIN, XHELLO", ["HELLO"]),
        ("GONE with ODD_ONE", ["second.word_type.GONE", "second.ODD_ONE"]),
        ("HELLO with BOTH_WAYS", ["HELLO", "second.BOTH_WAYS"]),
        ("the type BOTH_WAYS", ["second.word_type.BOTH_WAYS"]),
        ("BOTH_WAYS alone may be either", []),
        ("a name is a word, word_type is a type", ["second.word_type"]),
    ],
)
def test_word_leads_to_its_definition(text: str, anchors: list[str]) -> None:
    assert cited(document_of(Paragraph(text))) == anchors


def test_cell_leads_to_what_its_column_is_about() -> None:
    table = Table(
        ("Field", "Type", "Section", "Code", "Meaning"), (("name", "name", "2.1", "BOTH_WAYS", "the name, 2.1"),)
    )
    assert cited(document_of(table)) == ["second.name", "HELLO", "second.BOTH_WAYS"]


def cited(made: Document) -> list[str]:
    """Where the words of the first chapter lead."""
    chapter = html.render(made).partition('<section id="first"')[2].partition('<section id="second"')[0]
    return re.findall(r'<a class="(?:word|id|number)" href="#([^"]*)"', chapter)


def test_protocol_cites_its_own_words() -> None:
    made = page("impwire")
    assert '<a class="id" href="#NAME-3">NAME-3</a>' in made
    for before, anchor in (
        ("GOODBYE</a> with ", "KICKED"), ("LEFT</a> with reason ", "KICKED"), ("GOODBYE</a> with code ", "LEFT"),
    ):  # fmt: skip
        found = re.findall(rf'{before}<a class="word" href="#([^"]*)">{anchor}</a>', made)
        owner = "types.left_reason" if "reason" in before else ""
        assert all(target.startswith(owner) and ("left_reason" in target) is bool(owner) for target in found)
