"""The document that people read: its form, its tables and diagrams, and the annotation of its examples."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.emit.document import protocol_txt
from codegen.emit.document.annotate import annotate
from codegen.emit.document.blocks import Facts, FrameBytes, Members, Rule
from codegen.emit.document.build import build
from codegen.emit.document.text import block_text, table
from codegen.emit.document.values import field_value, number
from codegen.load import load
from codegen.model import Requirement, Spec
from tests.fixtures.documents import plain_text
from tests.fixtures.protocols import SPECS
from tests.support import ROOT

GUESTBOOK = SPECS["guestbook"]


@pytest.fixture(scope="module", params=SPECS)
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def spec(package: str) -> Spec:
    return load(SPECS[package])


@pytest.fixture(scope="module")
def document(package: str) -> str:
    """The text that people read."""
    return plain_text(package)


def section_of(document: str, title: str) -> str:
    """The text of the section with that title."""
    sections = re.split(r"^(?=\d+(?:\.\d+)?\.  )", document, flags=re.MULTILINE)
    (section,) = (text for text in sections if re.match(rf"[\d.]+\.  {title}\n", text))
    return section


# -- form ----------------------------------------------------------------------------------------------------------------


def test_no_line_is_wider_than_72_columns_or_ends_in_a_blank(document: str) -> None:
    assert [line for line in document.splitlines() if len(line) > 72 or line != line.rstrip()] == []


def test_blank_lines_stand_alone_but_above_the_title(document: str) -> None:
    assert document.endswith("\n")
    assert document.count("\n\n\n") == 1
    assert "\n\n\n" in document[: document.index("Abstract")]


def test_no_heading_and_no_label_stands_without_what_it_heads(document: str) -> None:
    lines = [line for line in document.splitlines() if line]
    heading = re.compile(r"\d+(\.\d+)*\.  \S|   [A-Z][^.]*:$")
    for line, after in zip(lines, [*lines[1:], "9.  End"], strict=True):
        chapter = re.match(r"\d+\.  ", line) and re.match(
            r"\d+\.1\.  ", after
        )  # A chapter may begin with its first part.
        assert chapter or not (heading.match(line) and re.match(r"\d+(\.\d+)*\.  \S", after)), line


def test_contents_list_every_section_in_its_order(document: str) -> None:
    contents = document[document.index("\nContents\n") : re.search(r"^1\.  ", document, re.MULTILINE).start()]  # type: ignore[union-attr]
    listed = re.findall(r"^ +(\d+(?:\.\d+)*)\.? +(.+)$", contents, re.MULTILINE)
    assert listed == re.findall(r"^(\d+(?:\.\d+)*)\.  (.+)$", document, re.MULTILINE)


def test_title_tells_name_and_version_and_the_head_of_the_page_more(spec: Spec, document: str) -> None:
    lines = document.splitlines()
    assert re.fullmatch(rf"Protocol Specification +{spec.short} {re.escape(spec.version)}", lines[0])
    assert re.fullmatch(rf"Byte order: {spec.byte_order}-endian +Edition [0-9a-f]{{8}}", lines[1])
    assert re.fullmatch(rf"{len(spec.messages)} messages( +{len(spec.requirements())} requirements)?", lines[2])
    assert lines[5].strip() == f"The {spec.name} ({spec.short})"
    assert lines[6].strip() == f"Version {spec.version}"


def test_document_says_soon_that_it_is_generated(document: str) -> None:
    assert re.search(r"Generated from \S+ by `python -m codegen`; change the spec", " ".join(document[:4000].split()))


def test_no_placeholder_is_left_but_those_of_display_lines(spec: Spec, document: str) -> None:
    explained = {"{field}", "{request.field}", "{says}", "{self}"}
    shown = {word for line in spec.display for word in re.findall(r"\{[a-z_.]+\}", line.line)}
    assert set(re.findall(r"\{[a-z_.]+\}", document)) <= explained | shown


def test_reference_to_a_chapter_is_its_number() -> None:
    assert "   Be polite. A guest who is not reads section 4.\n" in protocol_txt(load(GUESTBOOK))


def test_every_section_that_is_cited_is_there(spec: Spec, document: str) -> None:
    there = set(re.findall(r"^(\d+(?:\.\d+)*)\.  ", document, re.MULTILINE))
    cited = set(re.findall(r"\bsections? (\d+(?:\.\d+)*)", " ".join(document.split())))
    assert cited <= there


def test_requirement_with_numbered_steps_gives_each_a_line_of_its_own() -> None:
    text = "It MUST do these. (1) The one. (2) The other, for (1) of " + "many " * 12 + "(see 3)."
    assert block_text(Rule(Requirement("DO-1", "MUST", "both", text))).splitlines() == [
        "   DO-1 [both] It MUST do these.",
        "      (1) The one.",
        "      (2) The other, for (1) of many many many many many many many many",
        "          many many many many (see 3).",
    ]


def test_numbers_in_brackets_that_count_nothing_stay_where_they_are() -> None:
    text = "It MUST be (2) or (7) of them."
    assert block_text(Rule(Requirement("DO-1", "MUST", "both", text))) == f"   DO-1 [both] {text}"


# -- requirements, codes, states -----------------------------------------------------------------------------------------


def test_every_requirement_is_defined_once_and_indexed_with_its_section(document: str) -> None:
    definitions: dict[str, str] = {}
    index: dict[str, str] = {}
    section = ""
    for line in document.splitlines():
        if heading := re.match(r"(\d+(?:\.\d+)?)\.  \S", line):
            section = heading[1]
        elif definition := re.match(r"   ([A-Z]+-\d+) \[(server|client|both)\] ", line):
            assert definition[1] not in definitions
            definitions[definition[1]] = section
        elif row := re.fullmatch(r"   ([A-Z]+-\d+) +(MUST|SHOULD|MAY) +(server|client|both) +([\d.]+)", line):
            assert row[1] not in index
            index[row[1]] = row[4]
    assert definitions == index


def test_index_counts_up_within_each_family() -> None:
    text = GUESTBOOK.with_name("prose.yaml").read_text(encoding="utf-8").replace("BOOK-2", "BOOK-12")
    assert text.index("BOOK-12") < text.index("BOOK-3")
    spec = load(GUESTBOOK)
    chapters = tuple(replace(c, body=tuple(reversed(c.body))) if c.id == "manners" else c for c in spec.chapters)
    shown = protocol_txt(replace(spec, chapters=chapters))
    assert re.findall(r"^   (BOOK-\d+) +M", shown, re.MULTILINE) == ["BOOK-1", "BOOK-3"]
    assert re.findall(r"^   (BOOK-\d+) +[MS][A-Z]+ ", shown, re.MULTILINE) == ["BOOK-1", "BOOK-2", "BOOK-3"]


def test_every_code_limit_and_state_stands_in_the_document(spec: Spec, document: str) -> None:
    for outcome in spec.failures.outcomes:
        for value in outcome.type.values:
            star = r"\*" if value.retry else ""
            row = rf"^   {value.number} +{value.name}{star} +{outcome.message} "
            assert re.search(row, document, re.MULTILINE), value.name
    for limit in spec.limits:
        row = rf"^   {limit.name} +{limit.default} +{limit.unit} +{limit.minimum} to {limit.maximum}$"
        assert re.search(row, document, re.MULTILINE), limit.name
    for state in spec.states:
        assert re.search(rf"^   {state.name}  ", document, re.MULTILINE), state.name


def test_constants_stand_with_their_values_also_those_of_several() -> None:
    text = protocol_txt(load(GUESTBOOK))
    assert re.search(r"^   port +7007\n      The port of the host\.\n   colours +red, green\n", text, re.MULTILINE)


def test_document_has_the_diagram_of_its_states_unless_nothing_changes_them(spec: Spec, document: str) -> None:
    assert ("\n             o\n" in document or "\n            o\n" in document) == bool(spec.transitions)


# -- messages ------------------------------------------------------------------------------------------------------------

_PARTS = ("Number:", "Body:", "Fields:", "It may bear", "Errors, the first that applies:", "Rules:", "Example:")


def test_every_message_has_the_same_parts_in_the_same_order(spec: Spec, document: str) -> None:
    described = {vector.message for vector in spec.vectors}
    for message in spec.messages:
        section = section_of(document, message.name)
        there = [part for part in _PARTS if f"\n   {part}" in section]
        due = {"Number:": True, "Body:": True, "Fields:": message.fields, "It may bear": message.optional}
        due |= {"Errors, the first that applies:": message.errors, "Rules:": message.rules}
        due |= {"Example:": message.name in described}
        assert there == [part for part in _PARTS if due[part]], message.name
        places = [section.index(f"\n   {part}") for part in there]
        assert places == sorted(places), message.name


def test_trigger_of_a_code_names_the_field_whose_values_it_refuses() -> None:
    section = " ".join(section_of(plain_text("impwire"), "PM").split())
    assert "TEXT_EMPTY ERROR text: The text has no byte." in section
    assert "NO_SUCH_USER ERROR Nobody bears the name now." in section
    assert (
        section.index("FLOOD GOODBYE") < section.index("RATE_LIMITED ERROR") < section.index("NAME_INVALID ERROR to: ")
    )


def test_fields_that_announce_settings_lead_to_them() -> None:
    spec = load(GUESTBOOK)
    said = "max_line and patience announce settings; section 3 gives their defaults and ranges."
    assert said in " ".join(section_of(protocol_txt(spec), "OPENED").split())
    project = " ".join(section_of(plain_text("impwire"), "WELCOME").split())
    assert "max_frame to close_drain announce settings;" in project


def test_document_tells_of_optional_fields_and_of_what_came_later(tmp_path: Path) -> None:
    later = (ROOT / "tests" / "fixtures" / "versions" / "v1_1.yaml").read_text(encoding="utf-8")
    later = later.replace("STRANGE: {number: 2,", "STRANGE: {number: 2, since: '1.1',")
    later = later.replace("    doc: Somebody speaks.\n", "    doc: Somebody speaks.\n    since: '1.1'\n")
    (tmp_path / "later.yaml").write_text(later, encoding="utf-8")
    text = protocol_txt(load(tmp_path / "later.yaml"))
    assert "Nobody knows what this is. (since 1.1)" in " ".join(text.split())
    assert "\n   Since:      version 1.1\n" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["Field", "Type", "Tag", "Since", "Meaning"] in rows
    assert ["reply_to", "u32", "2", "1.1", "The", "number", "of", "what", "this", "answers"] in rows


# -- vectors and examples ------------------------------------------------------------------------------------------------


def test_every_vector_stands_in_the_document(spec: Spec, document: str) -> None:
    for vector in spec.vectors:
        pairs = [vector.hex[i : i + 2] for i in range(0, len(vector.hex), 2)]
        lines = [f"      {' '.join(pairs[i : i + 16])}\n" for i in range(0, len(pairs), 16)]
        assert re.search(rf"^   {re.escape(vector.name)}(:|$)", document, re.MULTILINE), vector.name
        assert "".join(lines) in document, vector.name


def test_every_worked_session_stands_in_the_document_with_its_frames(spec: Spec, document: str) -> None:
    for session in spec.sessions:
        section = section_of(document, re.escape(session.title))
        assert " ".join(session.doc.split()) in " ".join(section.split())
        digits = re.sub(r"\s", "", section)
        assert all(re.sub(r"\s", "", step.hex) in digits for step in session.steps), session.name


def test_annotation_names_every_byte_of_every_well_formed_vector(spec: Spec) -> None:
    messages = {message.name: message for message in spec.messages}
    for vector in spec.vectors:
        if vector.message:
            parts = annotate(spec, messages[vector.message], bytes.fromhex(vector.hex))
            assert b"".join(data for data, _, _ in parts).hex() == vector.hex, vector.name


def test_annotation_gives_what_fields_mean() -> None:
    spec = load(SPECS["weather"])
    report, ask = spec.messages[0], spec.messages[1]
    parts = annotate(spec, report, bytes.fromhex(spec.vectors[0].hex))
    told = {name: value for _, name, value in parts}
    assert (told["sync"], told["type"], told["length"]) == ("0xbeef", "0x01, REPORT", "30")
    assert (told["sky"], told["alarms"], told["night"]) == ("1, CLOUDS", "0x201, BATTERY and HEATER", "true")
    assert (told["grid"], told["grid[0][0].label"], told["grid[0][0].place.north"]) == ("1 item", '"a"', "2")
    assert (b"\x02\x00\xff\xd8", "image", "ff d8") in parts
    assert annotate(spec, ask, bytes.fromhex("efbe020a0008070605040302012c01"))[3][1:] == ("salt", "0x102030405060708")


@pytest.mark.parametrize(
    "wrong",
    [
        "efbf 02 0a00 0807060504030201 2c01",  # another word in front
        "efbe 01 0a00 0807060504030201 2c01",  # another message
        "efbe 02 0b00 0807060504030201 2c01",  # a length that lies
        "efbe 02 0a00 0807060504030202 2c01",  # another fixed value
        "efbe 02 0900 0807060504030201 2c",  # cut
        "efbe 02 0b00 0807060504030201 2c01 00",  # a byte too many
        "efbe",
    ],
)
def test_frame_that_is_no_such_message_gets_no_annotation(wrong: str) -> None:
    spec = load(SPECS["weather"])
    assert annotate(spec, spec.messages[1], bytes.fromhex(wrong)) == ()


def test_annotated_bytes_fold_beside_name_and_value() -> None:
    parts = ((bytes(10), "zeroes", "ten bytes"), (b"\x01", "one", "word " * 12))
    assert block_text(FrameBytes(bytes(10) + b"\x01", "", parts)).splitlines() == [
        "      00 00 00 00 00 00 00 00  zeroes  ten bytes",
        "      00 00",
        "      01                       one     word word word word word word",
        "                                       word word word word word word",
    ]


# -- tables --------------------------------------------------------------------------------------------------------------


def test_table_folds_its_last_column_under_itself() -> None:
    assert table(("Name", "Meaning"), (("x", "word " * 20),)).splitlines() == [
        "   Name  Meaning",
        "   ----  " + "-" * 63,
        "   x     " + "word " * 11 + "word",
        "         " + "word " * 7 + "word",
    ]


def test_facts_stand_side_by_side() -> None:
    rows = (("Number", "1"), ("Replies", "word " * 20))
    assert block_text(Facts(("", ""), rows)).splitlines() == [
        "   Number:   1",
        "   Replies:  " + "word " * 11 + "word",
        "             " + "word " * 7 + "word",
    ]


def test_sentence_on_a_member_stands_below_its_row() -> None:
    rows = (("a", "u8", "0 to 255", "One."), ("b", "u16", "any", "Two."))
    assert block_text(Members(("Field", "Type", "Range", "Meaning"), rows)).splitlines() == [
        "   Field  Type  Range",
        "   -----  ----  " + "-" * 56,
        "   a      u8    0 to 255",
        "      One.",
        "   b      u16   any",
        "      Two.",
    ]


def test_members_without_room_for_their_columns_become_paragraphs() -> None:
    text = block_text(Members(("Field", "Type", "Range", "Meaning"), (("a" * 40, "b" * 30, "any", "One."),)))
    assert " ".join(text.split()) == f"{'a' * 40}; Type: {'b' * 30}; Range: any; Meaning: One."


@pytest.mark.parametrize(
    ("value", "shown"),
    [(255, "255"), (65535, "65535"), (2**32 - 1, "2^32-1"), (2**64 - 1, "2^64-1"), (2**64 - 2, str(2**64 - 2))],
)
def test_greatest_numbers_are_powers(value: int, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        ([1, {"name": "ann"}], '[1, {name: "ann"}]'),
        ("a\tb\n\\ \x7f \u200f \U0001f600", '"a\\tb\\n\\\\ \\u007f \\u200f \\U0001f600"'),
    ],
)
def test_value_is_shown_in_characters_that_every_screen_has(value: object, shown: str) -> None:
    assert field_value(value) == shown


def test_tree_of_a_spec_is_the_same_twice(spec: Spec) -> None:
    assert build(spec) == build(spec)
