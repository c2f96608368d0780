"""The loader: what a valid spec says once it is loaded, and what is said of files and sections that are not as they should be.

Mistakes in one place each stand in the files beside this one, a file for each part of a spec.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.load import load
from codegen.model import BitsType, EnumType, IntegerType, StringType, StructType
from tests.fixtures.spoiling import GUESTBOOK, Mistake, assert_reported_at_its_place, full_report, named, report, spoil
from tests.support import ROOT

# -- what is valid -------------------------------------------------------------------------------------------------------


def test_valid_spec_is_loaded_with_all_it_says() -> None:
    spec = load(GUESTBOOK / "guestbook.yaml")
    assert (spec.short, spec.byte_order, spec.package) == ("GBP", "big", "guestbook")
    assert spec.sources == ("guestbook/guestbook.yaml", "guestbook/prose.yaml")
    assert (spec.frame.prefix_size, spec.frame.header_size, spec.frame.critical_flags) == (4, 8, 0x0F)
    assert [message.name for message in spec.messages if message.kind == "request"] == ["OPEN", "WRITE", "KNOCK"]
    assert spec.messages[2].states == {"client": ("WAITING", "INSIDE"), "server": ("INSIDE",)}
    assert [(limit.name, limit.default, limit.unit, limit.timer) for limit in spec.limits] == [
        ("max_line", 200, "bytes", False),
        ("patience", 5000, "ms", True),
    ]
    assert [state.name for state in spec.states if state.final] == ["GONE"]
    assert spec.failures.malformed == "GARBAGE"
    assert [outcome.message for outcome in spec.failures.outcomes] == ["REFUSED", "SHUT"]
    assert [(place, requirement.id, requirement.level) for place, requirement in spec.requirements()] == [
        ("manners", "BOOK-1", "MUST"),
        ("manners", "BOOK-2", "SHOULD"),
        ("manners", "BOOK-3", "MAY"),
        ("OPEN", "OPEN-1", "MUST"),
    ]
    assert spec.commands["client"][1].usage == "/write <page> <line>"
    assert spec.commands["console"][0].usage == "/shut [why]"
    assert spec.plain == ("WRITE", {"page": 1, "line": "{line}"})
    assert spec.display[1].when == {"code": "RUDE"}
    assert spec.vectors[1].fields == {"ticket": 2, "flags": 0x80, "extensions": [[2, "ff"]]}
    assert spec.vectors[2].code == "GARBAGE"


def test_types_are_loaded_with_all_they_say() -> None:
    types = load(GUESTBOOK / "guestbook.yaml").types
    page, guest, line, entry, mood, abilities = (
        types[name] for name in ("page", "guest", "line", "entry", "mood", "abilities")
    )
    assert isinstance(page, IntegerType)
    assert (page.base, page.minimum, page.maximum) == ("u16", 1, 500)
    assert isinstance(guest, StringType)
    assert (guest.minimum.bytes, guest.minimum.code, guest.maximum.bytes, guest.pattern) == (
        1,
        "BAD_NAME",
        20,
        "[a-z]+",
    )
    assert isinstance(line, StringType)
    assert (line.minimum.bytes, line.minimum.code, line.pattern_code) == (0, "GARBAGE", "BAD_TEXT")
    assert line.forbidden == ("U+0000-U+001F", "U+007F")
    assert isinstance(entry, StructType)
    assert [field.type.name for field in entry.fields] == ["guest", "line"]
    assert isinstance(mood, EnumType)
    assert mood.open
    assert isinstance(abilities, BitsType)
    assert abilities.bits[1][:2] == ("COLOURS", 15)


def test_field_that_announces_a_limit_takes_doc_and_unit_from_it() -> None:
    opened = next(m for m in load(GUESTBOOK / "guestbook.yaml").messages if m.name == "OPENED")
    assert (opened.fields[1].doc, opened.fields[1].unit) == ("The longest line", "bytes")


def test_spec_without_optional_sections_is_loaded() -> None:
    spec = load(ROOT / "tests" / "fixtures" / "toy" / "toy.yaml")
    assert spec.byte_order == "little"
    assert spec.failures.outcomes == ()
    assert spec.failures.malformed == "malformed"
    assert spec.frame.extension is None
    assert [chapter.title for chapter in spec.chapters] == ["Frames", "Data types", "States", "Messages", "Examples"]


def test_spec_of_the_project_is_loaded_and_has_its_requirements() -> None:
    spec = load(ROOT / "spec" / "imp.yaml")
    assert len(spec.requirements()) > 100
    assert {message.name for message in spec.messages} == {vector.message for vector in spec.vectors if vector.message}


# -- what is reported ----------------------------------------------------------------------------------------------------


def test_shape_of_a_report(guestbook: Path) -> None:
    """The file as one would name it, line and column from 1, what is wrong, a guess at what was meant, and the rule."""
    spoil(guestbook, "{name: name, type: guest,", "{name: name, type: geust,")
    assert full_report(guestbook) == (
        "spec/guestbook.yaml:155:28: field 'name' of OPEN has unknown type 'geust'; did you mean 'guest'? [unknown-name]"
    )


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_places(guestbook: Path) -> None:
    places = [
        spoil(guestbook.parent / "prose.yaml", "- insert: limits", "- insert: «limit"),
        spoil(guestbook, "base: u32\n", "base: «u33\n"),
        spoil(guestbook, "number: 0x81", "number: «0x80"),
        spoil(guestbook, "code: GARBAGE", "code: «GARBAG"),
    ]
    reported = [line.split(": ")[0] for line in report(guestbook).splitlines()]
    assert set(places) <= set(reported)
    assert reported == sorted(reported, key=lambda place: (place.split(":")[0], *map(int, place.split(":")[1:])))


# -- files and sections --------------------------------------------------------------------------------------------------

SECTIONS: dict[str, Mistake] = {
    "unknown byte order": ("byte_order: big", "byte_order: «bg", "unknown byte order 'bg'; did you mean 'big'?"),
    "unknown support module": (
        "    strict_yaml: guestbook",
        "    «strict_yml: guestbook",
        "unknown support module 'strict_yml'; did you mean 'strict_yaml'?",
    ),
    "unknown section": ("display:\n", "«dislpay:\n", "unknown key 'dislpay'; did you mean 'display'?"),
    "ambiguous word": (
        "abstract: A guest book at the other end of a wire.",
        "abstract: «on",
        "on is ambiguous in YAML; write 'on' for the string, or true, false or a plain number",
    ),
}


@pytest.mark.parametrize("mistake", named(SECTIONS))
def test_mistake_is_reported_at_its_place(guestbook: Path, mistake: Mistake) -> None:
    assert_reported_at_its_place(guestbook, mistake)


def test_missing_file_is_one_mistake(tmp_path: Path) -> None:
    assert report(tmp_path / "spec" / "no.yaml") == "spec/no.yaml:1:1: cannot be read: No such file or directory"


def test_missing_part_is_one_mistake(guestbook: Path) -> None:
    (guestbook.parent / "prose.yaml").unlink()
    assert report(guestbook) == "spec/prose.yaml:1:1: cannot be read: No such file or directory"


def test_file_that_is_not_yaml_is_one_mistake(guestbook: Path) -> None:
    guestbook.write_text("protocol: {a: b}}\n")
    assert report(guestbook).startswith("spec/guestbook.yaml:1:17: not YAML:")
    assert len(report(guestbook).splitlines()) == 1


@pytest.mark.parametrize(("text", "found"), [("word", "a string"), ("[1]", "a list"), ("5", "a number")])
def test_file_that_holds_no_sections_is_one_mistake(guestbook: Path, text: str, found: str) -> None:
    guestbook.write_text(text)
    assert report(guestbook) == f"spec/guestbook.yaml:1:1: expected a mapping, found {found}"


def test_part_with_a_section_twice_is_reported_at_the_second(guestbook: Path) -> None:
    (guestbook.parent / "more.yaml").write_text("\nstates: {ELSEWHERE: {doc: Not here}}\n")
    spoil(guestbook, "parts: [prose.yaml]", "parts: [prose.yaml, more.yaml]")
    assert report(guestbook) == "spec/more.yaml:2:1: section 'states' stands in spec/guestbook.yaml already"


def test_part_that_is_no_word_is_reported(guestbook: Path) -> None:
    place = spoil(guestbook, "parts: [prose.yaml]", "parts: [prose.yaml, «5]")
    assert report(guestbook) == f"{place}: expected a string, found a number"


def test_parts_of_a_part_are_reported(guestbook: Path) -> None:
    with (guestbook.parent / "prose.yaml").open("a") as prose:
        prose.write("parts: []\n")
    assert "section 'parts' stands in spec/guestbook.yaml already" in report(guestbook)


@pytest.mark.parametrize("section", ["protocol", "outputs", "frame", "numbering", "types", "states", "messages"])
def test_missing_section_is_reported(tmp_path: Path, section: str) -> None:
    sections = ["protocol", "outputs", "frame", "numbering", "types", "states", "messages"]
    sections.remove(section)
    path = tmp_path / "spec.yaml"
    path.write_text("".join(f"{name}: {'[]' if name == 'numbering' else '{}'}\n" for name in sections))
    assert f"{tmp_path.name}/spec.yaml:1:1: section '{section}' is missing" in report(path).splitlines()


@pytest.mark.parametrize(
    "section",
    [
        *("protocol", "outputs", "frame", "numbering", "types", "states", "messages", "limits", "timers", "constants"),
        *("transitions", "failures", "chapters", "commands", "display", "vectors"),
    ],
)
@pytest.mark.parametrize("value", ["5", "word", "[word, [5]]", "{a: 5, b: [c], d: {e: f}}", "~"])
def test_section_of_the_wrong_shape_is_reported_and_nothing_breaks(tmp_path: Path, section: str, value: str) -> None:
    """Whatever stands in a section, the loader reports it; it does not fall over it."""
    kept = []
    for name in ("guestbook.yaml", "prose.yaml"):
        for part in (GUESTBOOK / name).read_text(encoding="utf-8").split("\n\n"):
            if not part.startswith(("#", "parts:", f"{section}:")):
                kept.append(part)
    path = tmp_path / "guestbook.yaml"
    path.write_text("\n\n".join([*kept, f"{section}: {value}"]) + "\n", encoding="utf-8")
    line = path.read_text(encoding="utf-8").count("\n")
    assert any(f"guestbook.yaml:{line}:" in reported for reported in report(path).splitlines())
