"""Strict YAML: what YAML would guess is told with its place, all of it at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.support.strict_yaml import InvalidFile, Node, Problems, load, loads, suggestion


def read(text: str) -> tuple[Any, str]:
    """The plain value of a text, and the report about it."""
    problems = Problems()
    return loads(text, problems, "f.yaml").plain(), problems.report()


def checked(text: str) -> tuple[Node, Problems]:
    """The root of a text that is good YAML, and the problems that a look at it will find."""
    problems = Problems()
    root = loads(text, problems, "f.yaml")
    assert not problems
    return root, problems


# -- what YAML guesses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        *("on", "off", "yes", "no", "Yes", "NO", "y", "N", "True", "FALSE", "Null", "NULL"),
        *("0010", "00000005", "089", "0o17", "0b11", "1_000", "+5"),
        *("1:30", "1.5", "1.", ".5", "1e3", "-1.5e-3", ".inf", ".nan", "2026-01-01", "=", "<<"),
    ],
)
def test_ambiguous_word_is_reported_and_read_as_the_string_it_looks_like(word: str) -> None:
    value, report = read(f"key: {word}")
    assert value == {"key": word}
    assert report == (
        f"f.yaml:1:6: {word} is ambiguous in YAML; "
        f"write '{word}' for the string, or true, false or a plain number [ambiguous-yaml]"
    )


@pytest.mark.parametrize("word", ["on", "00000005", "1:30", "true", "null", "12", "1.5", "~", ""])
def test_quoted_word_is_a_string(word: str) -> None:
    assert read(f"key: '{word}'") == ({"key": word}, "")
    assert read(f'key: "{word}"') == ({"key": word}, "")


@pytest.mark.parametrize(
    ("word", "value"),
    [("5", 5), ("-5", -5), ("0", 0), ("0x1F", 31), ("true", True), ("false", False), ("null", None), ("~", None)],
)
def test_plain_number_and_constant_are_what_they_look_like(word: str, value: Any) -> None:
    found, report = read(f"key: {word}")
    assert (found["key"], type(found["key"]), report) == (value, type(value), "")


@pytest.mark.parametrize("word", ["PM-3", "a b", "12e", "1.2.3", "0xZZ", "12:75", "--5", "U+0000", "yes and no"])
def test_word_that_nobody_takes_for_a_number_needs_no_quotes(word: str) -> None:
    assert read(f"key: {word}") == ({"key": word}, "")


def test_missing_value_is_none() -> None:
    assert read("key:") == ({"key": None}, "")


def test_block_scalars_are_strings() -> None:
    assert read("a: |\n  5\nb: >-\n  on\n  off\n") == ({"a": "5\n", "b": "on off"}, "")


# -- keys ----------------------------------------------------------------------------------------------------------------


def test_second_of_two_equal_keys_is_reported_and_the_first_counts() -> None:
    value, report = read("a: 1\nb: {x: 1, x: 2}\na: 3\n")
    assert value == {"a": 1, "b": {"x": 1}}
    assert report == (
        "f.yaml:2:11: key 'x' stands here a second time; the first is in line 2 [duplicate-key]\n"
        "f.yaml:3:1: key 'a' stands here a second time; the first is in line 1 [duplicate-key]"
    )


def test_ambiguous_key_is_reported() -> None:
    value, report = read("on: push")
    assert value == {"on": "push"}
    assert report.startswith("f.yaml:1:1: on is ambiguous in YAML")


def test_key_is_the_word_that_was_written() -> None:
    assert read("0x10: a\n16: b\ntrue: c\nnull: d\n") == ({"0x10": "a", "16": "b", "true": "c", "null": "d"}, "")


def test_list_as_a_key_is_reported() -> None:
    assert read("? [a]\n: b\n") == ({}, "f.yaml:1:3: a key must be a word [ambiguous-yaml]")


# -- what only YAML can do -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: !!str 5", "5 is ambiguous in YAML"),
        ("a: !!int '5'", "5 is ambiguous in YAML"),
        ("a: !other word", "word is ambiguous in YAML"),
        ("a: !other [1]", "the tag !other is not for use here"),
        ("a: !!set {x}", "the tag !!set is not for use here"),
    ],
)
def test_tag_that_changes_a_value_is_reported(text: str, problem: str) -> None:
    assert read(text)[1].startswith(f"f.yaml:1:4: {problem}")


def test_alias_stands_for_what_it_names() -> None:
    assert read("a: &x [1, 2]\nb: *x\n") == ({"a": [1, 2], "b": [1, 2]}, "")


def test_list_that_contains_itself_is_reported() -> None:
    assert read("a: &x [1, *x]") == ({"a": [1, None]}, "f.yaml:1:4: this contains itself [ambiguous-yaml]")


# -- not YAML ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[1, 2", "a: b: c", "*nobody", "@x", "\tx: 1", "--- a\n--- b", "a: 'open"])
def test_text_that_is_not_yaml_is_one_mistake_with_its_place(text: str) -> None:
    value, report = read(text)
    assert value == {}
    assert re.fullmatch(r"f\.yaml:\d+:\d+: not YAML: .+ \[not-yaml\]", report)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n\tb: 1", "2:1", "YAML does not indent with tabs, write spaces"),
        ("a:\n\t- b", "2:1", "YAML does not indent with tabs, write spaces"),
        ("\ta: 1", "1:1", "YAML does not indent with tabs, write spaces"),
        ("doc: A report: this", "1:14", "put a text that holds ': ' in quotes"),
    ],
)
def test_what_is_not_yaml_is_told_with_the_way_out(text: str, place: str, hint: str) -> None:
    report = read(text)[1]
    assert report.startswith(f"f.yaml:{place}: not YAML: ")
    assert report.endswith(f"; {hint} [not-yaml]")


@pytest.mark.parametrize(
    "text", ["doc: A #1 thing", "doc: A #1", "- A #1", "[A #1\n]", "doc: A\n  longer #1", "a: on it #x"]
)
def test_text_that_is_cut_by_a_comment_is_reported(text: str) -> None:
    reported = read(text)[1]
    assert re.search(r":\d+: YAML takes '#\w' for the beginning of a comment; put the whole text in quotes", reported)
    assert len(reported.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("doc: A # comment", "doc: 'A #1'", "doc: 'A' #1", "doc: A#1", "x: 5 #five", "t: true #yes", "x: #1"),
        *("doc: |\n  A #1", "doc: >\n  A #1", "#a: b\nc: d\n#e: f", "doc: A ## comment", "doc: A #"),
    ],
)
def test_comment_that_nobody_takes_for_text_is_fine(text: str) -> None:
    assert read(text)[1] == ""


def test_place_of_what_is_not_yaml_is_where_the_parser_stopped() -> None:
    assert read("a: 1\nb: c: d\n")[1] == (
        "f.yaml:2:5: not YAML: mapping values are not allowed in this context; put a text that holds ': ' in quotes [not-yaml]"
    )


def test_character_that_no_yaml_may_hold_is_reported_in_one_line() -> None:
    value, report = read("a: \x00")
    assert value == {}
    assert re.fullmatch(r"f\.yaml:1:1: not YAML: .+ \[not-yaml\]", report)


@pytest.mark.parametrize("text", ["", "# a comment\n"])
def test_empty_file_is_reported(text: str) -> None:
    assert read(text) == ({}, "f.yaml:1:1: the file is empty [not-yaml]")


def test_mistake_against_no_named_rule_is_reported_without_one() -> None:
    root, problems = checked("word")
    root.problem("is too short")
    root.problem("is too long", "length")
    assert problems.report() == "f.yaml:1:1: is too long [length]\nf.yaml:1:1: is too short"


def test_missing_file_is_reported_under_its_name(tmp_path: Path) -> None:
    problems = Problems()
    node = load(tmp_path / "nowhere.yaml", problems, "spec/nowhere.yaml")
    assert node.plain() == {}
    assert problems.report() == ("spec/nowhere.yaml:1:1: cannot be read: No such file or directory [unreadable-file]")


def test_file_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: caf\xe9\n")
    problems = Problems()
    load(path, problems)
    assert problems.report().startswith(f"{path}:1:1: cannot be read: 'utf-8' codec can't decode byte 0xe9")


def test_file_that_can_be_read_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text("a: gr\u00fcn\n", encoding="utf-8")
    problems = Problems()
    node = load(path, problems)
    node.problem("wrong")
    assert node.plain() == {"a": "gr\u00fcn"}
    assert problems.report() == f"{path}:1:1: wrong"


# -- looking at nodes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "method", "expected", "harmless"),
    [
        ("5", "string", "a string, found a number", ""),
        ("[a]", "string", "a string, found a list", ""),
        ("{a: b}", "integer", "a whole number, found a mapping", 0),
        ("true", "integer", "a whole number, found a boolean", 0),
        ("~", "integer", "a whole number, found nothing", 0),
        ("1", "boolean", "true or false, found a number", False),
        ("word", "items", "a list, found a string", []),
        ("[a]", "entries", "a mapping, found a list", []),
    ],
)
def test_wrong_type_is_reported_and_read_as_something_harmless(
    text: str, method: str, expected: str, harmless: Any
) -> None:
    root, problems = checked(text)
    assert getattr(root, method)() == harmless
    assert problems.report() == f"f.yaml:1:1: expected {expected} [wrong-type]"


def test_right_type_is_read_without_a_word() -> None:
    root, problems = checked("{a: word, b: 7, c: true, d: [1], e: {f: g}}")
    entry = root.mapping(("a", "b", "c", "d", "e"))
    assert (entry.string("a"), entry.integer("b"), entry.boolean("c")) == ("word", 7, True)
    assert [item.integer() for item in entry.items("d")] == [1]
    assert [(key, node.string()) for key, _, node in entry.entries("e")] == [("f", "g")]
    assert list(entry) == ["a", "b", "c", "d", "e"]
    assert not problems


def test_absent_key_reads_as_its_default_without_a_report() -> None:
    root, problems = checked("{}")
    entry = root.mapping(optional=("a",))
    assert "a" not in entry
    assert entry.get("a") is None
    assert (entry.string("a", "x"), entry.integer("a", 3), entry.boolean("a", True)) == ("x", 3, True)
    assert (entry.items("a"), entry.entries("a")) == ([], [])
    assert entry.at("a", "x").string() == "x"
    assert not problems


def test_missing_key_is_reported_once_whatever_is_done_with_it() -> None:
    root, problems = checked("other: 1")
    entry = root.mapping(("name", "other"))
    entry.at("name").string()
    entry.at("name").one_of(("a", "b"), "name")
    entry.at("name").problem("is no good")
    assert problems.report() == "f.yaml:1:1: key 'name' is missing [missing-key]"


def test_unknown_key_is_reported_with_the_nearest_known_one() -> None:
    root, problems = checked("nmae: 1\n")
    root.mapping(optional=("name", "number"))
    assert problems.report() == "f.yaml:1:1: unknown key 'nmae'; did you mean 'name'? [unknown-key]"


def test_unknown_key_that_is_like_none_is_reported_with_all_known_ones() -> None:
    root, problems = checked("  xyz: 1\n")
    root.mapping(("name",), ("number",))
    assert problems.report() == (
        "f.yaml:1:3: key 'name' is missing [missing-key]\n"
        "f.yaml:1:3: unknown key 'xyz'; known are name, number [unknown-key]"
    )


def test_word_that_is_none_of_the_known_is_reported_with_the_nearest() -> None:
    root, problems = checked("[reqest, xyz, request, 5]")
    words = [item.one_of(("request", "reply"), "kind") for item in root.items()]
    assert words == ["request"] * 4
    assert problems.report() == (
        "f.yaml:1:2: unknown kind 'reqest'; did you mean 'request'? [unknown-name]\n"
        "f.yaml:1:10: unknown kind 'xyz'; known are request, reply [unknown-name]\n"
        "f.yaml:1:24: expected a string, found a number [wrong-type]"
    )


def test_word_where_nothing_is_known_reads_as_nothing() -> None:
    root, problems = checked("word")
    assert root.one_of((), "kind") == ""
    assert len(problems) == 1


def test_suggestion_is_silent_where_nothing_is_near() -> None:
    assert suggestion("nmae", ["name", "text"]) == "; did you mean 'name'?"
    assert suggestion("xyz", ["name", "text"]) == ""


@pytest.mark.parametrize(
    ("word", "number"),
    [
        *(("0010", "10"), ("089", "89"), ("+5", "5"), ("1_000", "1000"), ("0b11", "3"), ("0o17", "15")),
        *(("1:30", "digits alone"), ("1.5", "digits alone"), ("on", "digits alone")),
    ],
)
def test_ambiguous_word_where_a_number_is_due_is_told_once(word: str, number: str) -> None:
    problems = Problems()
    root = loads(f"key: {word}", problems, "f.yaml").mapping(("key",))
    assert root.integer("key", 7) == root.integer("key", 7) == 7
    assert problems.report() == (
        f"f.yaml:1:6: {word} is ambiguous in YAML; write {number} for the number [ambiguous-yaml]"
    )


def test_ambiguous_word_where_a_truth_is_due_is_told_once() -> None:
    problems = Problems()
    assert loads("key: yes", problems, "f.yaml").mapping(("key",)).boolean("key") is False
    assert problems.report() == "f.yaml:1:6: yes is ambiguous in YAML; write true or false [ambiguous-yaml]"


def test_ambiguous_word_where_something_else_is_due_is_told_once() -> None:
    problems = Problems()
    entry = loads("{a: on, b: on, c: on}", problems, "f.yaml").mapping(("a", "b", "c"))
    assert (entry.items("a"), entry.entries("b"), entry.at("c").one_of(("x", "y"), "word")) == ([], [], "x")
    assert len(problems) == 3


def test_boolean_where_a_string_is_due_is_told_with_the_way_out() -> None:
    root, problems = checked("[true, false]")
    assert [item.string() for item in root.items()] == ["", ""]
    assert problems.report() == (
        "f.yaml:1:2: expected a string, found a boolean: true; put it in quotes or choose another word [wrong-type]\n"
        "f.yaml:1:8: expected a string, found a boolean: false; put it in quotes or choose another word [wrong-type]"
    )


def test_child_of_a_node_reports_at_its_place() -> None:
    root, problems = checked("a:\n  [1]")
    root.entries()[0][2].child("word").integer()
    assert problems.report() == "f.yaml:2:3: expected a whole number, found a string [wrong-type]"


# -- the report ----------------------------------------------------------------------------------------------------------


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_places() -> None:
    problems = Problems()
    root = loads("b: on\na: 1\na: 2\nc: [x]\n", problems, "f.yaml")
    entry = root.mapping(("name",), ("a", "b", "c"))
    entry.integer("c")
    invalid = InvalidFile(problems)
    assert str(invalid) == (
        "f.yaml:1:1: key 'name' is missing [missing-key]\n"
        "f.yaml:1:4: on is ambiguous in YAML; "
        "write 'on' for the string, or true, false or a plain number [ambiguous-yaml]\n"
        "f.yaml:3:1: key 'a' stands here a second time; the first is in line 2 [duplicate-key]\n"
        "f.yaml:4:4: expected a whole number, found a list [wrong-type]"
    )
    assert [problem.line for problem in invalid.problems] == [1, 1, 3, 4]


def test_mistake_that_was_found_twice_counts_once() -> None:
    root, problems = checked("word")
    root.integer()
    root.integer()
    assert len(InvalidFile(problems).problems) == 1


# -- the whole language --------------------------------------------------------------------------------------------------

_SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc: #'\n\u00e95-", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(_VALUES)
def test_what_pyyaml_writes_is_read_as_it_was(value: Any) -> None:
    found, report = read(yaml.safe_dump(value))
    assert found == value
    # PyYAML leaves some words bare that others take for numbers or booleans: those are told, and nothing else.
    assert all("is ambiguous in YAML" in line for line in report.splitlines())


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60) | st.text("ab:-[]{}&*!|>'\"#\n ?,", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    problems = Problems()
    root = loads(text, problems, "f.yaml")
    root.mapping(("name",))
    assert all(re.match(r"f\.yaml:\d+:\d+: ", line) for line in problems.report().splitlines())
