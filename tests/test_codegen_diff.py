"""`python -m codegen diff`: each rule by a pair of specs that differ in one thing, and no difference without a change.

A folder of `fixtures/diff` is named for a rule and holds two specs and the report of what is between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.__main__ import main
from codegen.diff.base import Comparison
from codegen.diff.report import breaks_the_wire, changes, report
from codegen.diff.rules import CATEGORIES, HARMLESS, RULES, WIRE, Findings
from codegen.load import load
from codegen.model import Spec, Type
from codegen.support.strict_yaml import InvalidFile
from tests.support import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
FOLDERS = sorted((FIXTURES / "diff").iterdir())
GUESTBOOK = FIXTURES / "guestbook" / "guestbook.yaml"
SPECS = [ROOT / "spec" / "imp.yaml", GUESTBOOK, FIXTURES / "toy" / "toy.yaml"]


def told(old: Spec, new: Spec) -> list[str]:
    """What changed, a line each as in the report."""
    return [f"{change.rule} {change.place}: {change.text}" for change in changes(old, new)]


# -- rules ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_change_is_reported_by_its_rule(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["diff", str(folder / "before.yaml"), str(folder / "after.yaml")])
    output = capsys.readouterr().out
    assert output == (folder / "expected.txt").read_text(encoding="utf-8")
    assert f"  {folder.name} " in output
    assert code == int(output.startswith(WIRE))


def test_every_rule_has_a_folder_and_every_folder_a_rule() -> None:
    # No YAML leads to other-change; it has a test of its own below.
    assert {folder.name for folder in FOLDERS} == {*RULES} - {"other-change"}


def test_rules_stand_with_the_worst_first() -> None:
    ranks = [[*CATEGORIES].index(rule.category) for rule in RULES.values()]
    assert ranks == sorted(ranks)


def test_part_of_the_model_without_a_rule_is_feared() -> None:
    @dataclass(frozen=True)
    class Later:
        doc: str
        novelty: int

    spec, found = load(GUESTBOOK), Findings()
    Comparison(spec, spec, found).attributes(Later("same", 1), Later("same", 2), "later", {})
    assert [(change.rule, change.place, change.text) for change in found] == [
        ("other-change", "later", "novelty changed")
    ]
    assert breaks_the_wire(found)


# -- the command ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_spec_has_no_changes_to_itself(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(path), str(path)]) == 0
    assert capsys.readouterr().out == "no change\n"


def test_same_spec_in_other_words_has_no_changes(tmp_path: Path) -> None:
    """Comments, flow and block style, hexadecimal, the order of keys and the names of files are not the protocol's."""
    whole = yaml.safe_load(GUESTBOOK.read_text(encoding="utf-8"))
    del whole["parts"]
    whole |= yaml.safe_load((GUESTBOOK.parent / "prose.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    assert told(load(GUESTBOOK), load(path)) == []


def test_mistakes_in_either_spec_are_reported_with_their_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = tmp_path / "spoilt.yaml"
    text = (FIXTURES / "toy" / "toy.yaml").read_text(encoding="utf-8")
    spoilt.write_text(text.replace("byte_order: little", "byte_order: litle"), encoding="utf-8")
    toy = str(FIXTURES / "toy" / "toy.yaml")
    for arguments in ([toy, str(spoilt)], [str(spoilt), toy]):
        assert main(["diff", *arguments]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert "spoilt.yaml:8:15: unknown byte order 'litle'; did you mean 'little'?" in errors


def test_wrong_command_line_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["diff", "only-one.yaml"])
    assert ended.value.code == 2
    assert "NEW" in capsys.readouterr().err


def test_rules_are_listed_without_specs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["diff", "--rules"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert [line.split()[0] for line in output.splitlines() if line.startswith("  ")] == [*RULES]
    assert [line for line in output.splitlines() if line in CATEGORIES] == [*CATEGORIES]
    assert all(rule.sentence in output for rule in RULES.values())


# -- judgement -----------------------------------------------------------------------------------------------------------


def edited(path: Path, *edits: tuple[str, str]) -> Spec:
    """The spec with texts replaced, each of which stands in the file once."""
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        text = text.replace(old, new)
    file = path.with_name("edited.yaml")
    file.write_text(text, encoding="utf-8")
    return load(file)


@pytest.fixture
def guestbook(tmp_path: Path) -> Path:
    """A copy of the small spec that has one of everything."""
    for name in ("guestbook.yaml", "prose.yaml"):
        (tmp_path / name).write_bytes((GUESTBOOK.parent / name).read_bytes())
    return tmp_path / "guestbook.yaml"


def test_change_of_a_type_is_told_once_with_the_messages_that_it_touches(guestbook: Path) -> None:
    new = edited(guestbook, ("max: {bytes: 900, else: TOO_LONG}", "max: {bytes: 800, else: TOO_LONG}"))
    assert told(load(guestbook), new) == [
        "length-narrowed type line: 0 to 900 bytes became 0 to 800 bytes (WRITE, PAGE, WRITTEN); "
        "a new peer refuses the rest",
        "version-not-raised protocol: still 1.0; what breaks peers takes a new major version",
    ]


@pytest.mark.parametrize(
    ("name", "other", "change"),
    [
        ("BAD_TEXT", "RUDE_TEXT", "value-renamed type refusal_code: BAD_TEXT became RUDE_TEXT"),
        ("GARBAGE", "RUBBISH", "value-renamed type ending_code: GARBAGE became RUBBISH"),
        ("WRITTEN", "NEWS", "message-renamed 0xc0: WRITTEN became NEWS"),
        ("INSIDE", "SEATED", "state-renamed state INSIDE: became SEATED"),
        ("ticket", "slip", "field-renamed header: ticket became slip"),
        (r"(?<=type: )guest|(?<=  )guest(?=:)", "visitor", "type-renamed type guest: became visitor"),
    ],
)
def test_rename_is_told_once_whoever_names_it(guestbook: Path, name: str, other: str, change: str) -> None:
    text = re.sub(name, other, guestbook.read_text(encoding="utf-8"))
    renamed = guestbook.with_name("renamed.yaml")
    renamed.write_text(text, encoding="utf-8")
    assert told(load(guestbook), load(renamed)) == [change]


def test_renamed_field_of_a_struct_is_told_once(guestbook: Path) -> None:
    new = edited(guestbook, ("{name: by, type: guest", "{name: author, type: guest"))
    assert told(load(guestbook), new) == ["field-renamed type entry: by became author"]


def test_renamed_field_of_a_message_is_told_once_whoever_gives_it_a_value(guestbook: Path) -> None:
    new = edited(
        guestbook,
        ("{name: page, type: page, doc", "{name: sheet, type: page, doc"),
        ("fields: {page: '{page}'", "fields: {sheet: '{page}'"),
        ("fields: {page: 1, line", "fields: {sheet: 1, line"),
        ("fields: {ticket: 4, page", "fields: {ticket: 4, sheet"),
    )
    assert told(load(guestbook), new) == ["field-renamed WRITE: page became sheet"]


def test_width_of_a_field_is_told_at_the_field(guestbook: Path) -> None:
    new = edited(guestbook, ("{name: name, type: guest,", "{name: name, type: line,"))
    assert "width-changed OPEN.name: count u8 became u16" in told(load(guestbook), new)
    assert not any(" type guest:" in line for line in told(load(guestbook), new))


def test_unit_and_doc_of_a_limit_are_not_told_again_at_the_field_that_announces_it(guestbook: Path) -> None:
    new = edited(guestbook, ("unit: bytes, doc: The longest line", "unit: letters, doc: The very longest line"))
    assert told(load(guestbook), new) == [
        "unit-changed limit max_line: bytes became letters",
        "version-not-raised protocol: still 1.0; what breaks peers takes a new major version",
        "doc-changed limit max_line: described in other words",
    ]


def test_header_is_compared_like_any_fields(guestbook: Path) -> None:
    new = edited(guestbook, ("{name: ticket, type: u16,", "{name: ticket, type: u32,"))
    assert "width-changed header.ticket: u16 became u32" in told(load(guestbook), new)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("1.0", "2.0", []),
        ("1.0", "1.1", ["1.0 became 1.1; what breaks peers takes a new major version"]),
        ("1.0", "1.0", ["still 1.0; what breaks peers takes a new major version"]),
        ("0.3", "0.4", []),
        ("0.3", "0.3", ["still 0.3; what breaks peers takes a new major version"]),
        ("2.0", "1.9", ["2.0 became 1.9, which is lower"]),
    ],
)
def test_version_has_to_rise_with_a_break(guestbook: Path, before: str, after: str, lines: list[str]) -> None:
    old = replace(load(guestbook), version=before)
    new = replace(old, version=after, byte_order="little")
    assert [change.text for change in changes(old, new) if change.rule == "version-not-raised"] == lines


def test_transitions_told_in_other_groups_are_no_other_transitions(guestbook: Path) -> None:
    new = edited(
        guestbook,
        (
            "  - {message: SHUT, from: [WAITING, INSIDE], to: GONE}\n",
            "  - {message: SHUT, from: [INSIDE], to: GONE}\n  - {message: SHUT, from: [WAITING], to: GONE}\n",
        ),
    )
    assert told(load(guestbook), new) == ["order-changed transitions: in another order"]


def test_new_message_with_its_state_and_transition_is_harmless(guestbook: Path) -> None:
    new = edited(
        guestbook,
        ("  GONE: {doc", "  ASLEEP: {doc: The host sleeps.}\n  GONE: {doc"),
        ("\nmessages:\n", "  - {message: SLEEP, from: [INSIDE], to: ASLEEP}\n\nmessages:\n"),
        (
            "\ncommands:\n",
            "  SLEEP:\n    number: 0xC1\n    kind: event\n    sender: server\n    states: [INSIDE]\n"
            "    doc: The host goes to sleep.\n    since: '1.1'\n    fields: []\n\ncommands:\n",
        ),
        ("version: '1.0'", "version: '1.1'"),
    )
    assert {change.category for change in changes(load(guestbook), new)} == {HARMLESS}


# -- nothing goes unreported ---------------------------------------------------------------------------------------------

#: Words that cannot be any word, and the one to put in their place.
OTHER_WORDS = {"big": "little", "little": "big", "client": "server", "server": "either", "either": "client"}
OTHER_WORDS |= {"request": "event", "reply": "request", "event": "reply", "output": "error", "error": "output"}
OTHER_WORDS |= {"MUST": "SHOULD", "SHOULD": "MAY", "MAY": "MUST", "both": "client"}
OTHER_WORDS |= {"u8": "u16", "u16": "u32", "u32": "u64", "u64": "u8"}


def mutants(value: Any, path: str, types: dict[str, Type]) -> Iterator[tuple[str, Any]]:
    """The value with one thing in it changed, for each thing in it. A type at a field is only put for another."""
    if isinstance(value, get_args(Type)) and not re.fullmatch(r"types\[\w+\]", path):
        yield path, next(other for other in types.values() if other.name != value.name and type(other) is type(value))
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int):
        yield path, value + 1
    elif isinstance(value, str):
        yield path, OTHER_WORDS.get(value, f"{value}X")
    elif value is None:
        yield path, 1 if path.endswith("const") else "event" if path.endswith("kind") else None
    elif isinstance(value, (tuple, list)):
        for at, item in enumerate(value):
            for place, other in mutants(item, f"{path}[{at}]", types):
                yield place, type(value)((*value[:at], other, *value[at + 1 :]))
            if len({type(item) for item in value}) == 1:  # Otherwise it is a record, such as a bit.
                yield f"{path} without {at}", type(value)((*value[:at], *value[at + 1 :]))
        if len({type(item) for item in value}) == 1 < len(value):
            yield f"{path} turned", type(value)((*value[1:], value[0]))
    elif isinstance(value, dict):
        for key, item in value.items():
            for place, other in mutants(item, f"{path}[{key}]", types):
                yield place, {**value, key: other}
            if key not in ("client", "server", "console"):  # Sides are always there, if only with nothing.
                yield f"{path} without {key}", {name: item for name, item in value.items() if name != key}
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for place, other in mutants(getattr(value, field.name), f"{path}.{field.name}".lstrip("."), types):
                yield place, replace(value, **{field.name: other})


def some_types(types: dict[str, Type]) -> dict[str, Type]:
    """The types and a second one of each kind, so that there is another one to put in the place of any."""
    return types | {f"{name}_too": replace(type_, name=f"{name}_too") for name, type_ in types.items()}


@pytest.mark.parametrize("path", SPECS[1:], ids=lambda path: path.name)
def test_change_of_anything_in_the_model_is_told(path: Path) -> None:
    spec = load(path)
    spec = replace(spec, types=some_types(spec.types))
    silent, feared, count = [], [], 0
    for place, mutant in mutants(spec, "", spec.types):
        if mutant == spec or place.startswith("sources"):
            continue
        count += 1
        found = changes(spec, mutant)
        silent += [place] if not found else []
        feared += [place] if any(change.rule == "other-change" for change in found) else []
        assert report(found).startswith(tuple(CATEGORIES)) or not found
    assert (silent, feared) == ([], [])
    assert count > 400, "the walk has lost its way"


def leaves(node: yaml.Node | None, key: str = "") -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Every scalar of a YAML file with the key that it stands at; keys too, with none."""
    if isinstance(node, yaml.ScalarNode):
        yield key, node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from leaves(item, key)
    elif isinstance(node, yaml.MappingNode):
        for name, item in node.value:
            yield from leaves(name)
            yield from leaves(item, name.value)


TEXT = GUESTBOOK.read_text(encoding="utf-8")
LEAVES = [(key, leaf) for key, leaf in leaves(yaml.compose(TEXT)) if leaf.style is None]


def other_word(key: str, leaf: yaml.ScalarNode) -> st.SearchStrategy[str]:
    """What could stand in the place of a word: another number, or a word that stands at the same key elsewhere."""
    if leaf.value.isdigit():
        near = st.integers(max(0, int(leaf.value) - 3), int(leaf.value) + 3)
        return (near | st.integers(0, 70000)).map(str)
    words = sorted({other.value for name, other in LEAVES if name == key} - {leaf.value})
    return st.sampled_from([*words, f"{leaf.value}x"])


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_no_other_word_in_the_yaml_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """What loads and makes another model has changes, there and back; what makes the same model has none."""
    key, leaf = data.draw(st.sampled_from(LEAVES))
    word = data.draw(other_word(key, leaf))
    path = tmp_path_factory.getbasetemp() / GUESTBOOK.name
    path.with_name("prose.yaml").write_bytes((GUESTBOOK.parent / "prose.yaml").read_bytes())
    path.write_text(TEXT[: leaf.start_mark.index] + word + TEXT[leaf.end_mark.index :], encoding="utf-8")
    try:
        mutant = load(path)
    except InvalidFile:
        return  # The loader has noticed.
    spec = load(GUESTBOOK)
    same = mutant == replace(spec, sources=mutant.sources)
    assert bool(changes(spec, mutant)) is not same
    assert bool(changes(mutant, spec)) is not same
