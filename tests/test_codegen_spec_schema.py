"""The JSON Schema of the spec language: it knows the keys and words that the readers know, and rejects what it can see.

What a schema cannot see stands in a table with the reason: that is for the loader and for lint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from codegen.emit.spec_schema import spec_schema
from codegen.load import load, load_with_source
from codegen.read.outputs import SUPPORT
from codegen.read.source import SECTIONS, Source
from codegen.support.strict_yaml import InvalidFile, Node, Problems
from codegen.support.strict_yaml import load as load_yaml
from tests.fixtures.protocols import FIXTURES, SPECS
from tests.fixtures.spoiling import Mistake, copy_of_guestbook, full_report, spoil
from tests.support import ROOT
from tests.test_codegen_load import SECTIONS as MISTAKES_IN_SECTIONS
from tests.test_codegen_load_alone import ALONE
from tests.test_codegen_load_messages import MESSAGES, OPTIONAL
from tests.test_codegen_load_outputs import OUTPUTS
from tests.test_codegen_load_prose import IN_MESSAGES, PROSE
from tests.test_codegen_load_tables import TABLES, USES
from tests.test_codegen_load_types import FRAME, TYPES

#: The checked-in file of the project, as it stands and as it reads.
TEXT = (ROOT / "spec" / "exports" / "imp.schema.json").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads(TEXT)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)

#: Specs that keep all rules, file by file.
SOUND = [
    *sorted((ROOT / "spec").glob("*.yaml")),
    *sorted((FIXTURES / "guestbook").glob("*.yaml")),
    *sorted((FIXTURES / "versions").glob("*.yaml")),
    FIXTURES / "toy" / "toy.yaml",
]

#: Worked sessions with a step of every kind, for the small spec.
SESSIONS = """
sessions:
  - name: knocking
    title: A guest knocks
    doc: What happens at the door.
    given: The host is at home.
    actors: [guest, host]
    steps:
      - {from: guest, to: host, event: opens, text: the guest comes}
      - {from: guest, to: host, message: KNOCK, text: knock, fields: {ticket: 1}, hex: 00000004 40 00 0001}
      - {from: guest, to: host, bytes: ffff, text: noise}
      - {note: Nobody answers., at: host}
"""


def plain(path: Path) -> Any:
    """What the file holds, as the strict reader takes it."""
    return load_yaml(path, Problems(), path.name).plain()


def complaints(value: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(value)]


# -- what is sound -------------------------------------------------------------------------------------------------------


def test_schema_is_one_and_says_what_made_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "Generated from spec/imp.yaml by `python -m codegen`; change the spec" in TEXT[:500]


@pytest.mark.parametrize("path", SOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sound_spec_and_each_of_its_parts_is_accepted(path: Path) -> None:
    assert complaints(plain(path)) == []


@pytest.mark.parametrize("package", ["weather", "guestbook", "edge"])
def test_schema_of_another_protocol_knows_its_names_and_is_otherwise_the_same(package: str) -> None:
    spec = load(SPECS[package])
    schema = json.loads(spec_schema(spec))
    offered = schema["properties"]["transitions"]["items"]["properties"]["message"]["anyOf"][0]["enum"]
    assert offered == [message.name for message in spec.messages]

    def without_names(value: Any) -> Any:
        if isinstance(value, dict):
            hidden = {"anyOf"} if value.get("anyOf", [0])[-1] == {} else set()
            return {
                key: without_names(item) for key, item in value.items() if key not in {"title", "$comment", *hidden}
            }
        return [without_names(item) for item in value] if isinstance(value, list) else value

    assert without_names(schema) == without_names(SCHEMA)


def test_every_key_has_a_description() -> None:
    bare = [place for place, key in _properties(SCHEMA) if not key.get("description") and "const" not in key]
    assert bare == []


def _properties(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of every mapping that knows its keys, with where it is."""
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _properties(item, f"{place}[{index}]")
    elif isinstance(schema, dict):
        for name, item in schema.items():
            if name == "properties" and schema.get("additionalProperties") is False:
                yield from ((f"{place}.{key}", value) for key, value in item.items())
            yield from _properties(item, f"{place}.{name}")


# -- the readers and the schema know the same ----------------------------------------------------------------------------


class Calls:
    """What the readers ask for, by the node that they ask: keys, and words to choose from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[tuple[Node, list[str], list[str]]] = []
        self.words: list[tuple[Node, list[str]]] = []
        mapping, one_of = Node.mapping, Node.one_of

        def asked_for_keys(node: Node, required: Any = (), optional: Any = ()) -> Any:
            anything = optional is node.keys or optional is node.value  # Its keys are looked at elsewhere.
            required, optional = list(required), list(optional)
            if not anything:
                self.keys.append((node, required, optional))
            return mapping(node, required, optional)

        def asked_for_a_word(node: Node, candidates: Any, what: str) -> str:
            candidates = list(candidates)
            self.words.append((node, candidates))
            return one_of(node, candidates, what)

        monkeypatch.setattr(Node, "mapping", asked_for_keys)
        monkeypatch.setattr(Node, "one_of", asked_for_a_word)


def _paths(source: Source) -> dict[int, tuple[str | int, ...]]:
    """Where each node of a spec is, by its identity."""
    found: dict[int, tuple[str | int, ...]] = {}

    def look(node: Node, path: tuple[str | int, ...]) -> None:
        found[id(node)] = path
        children = enumerate(node.value) if isinstance(node.value, list) else ()
        for key, child in node.value.items() if isinstance(node.value, dict) else children:
            look(child, (*path, key))

    for section in SECTIONS:
        if section in source:
            look(source.at(section), (section,))
    return found


def _applied(schema: Any, value: Any) -> Iterator[dict[str, Any]]:
    """The schema and all within it that apply to this very value."""
    if not isinstance(schema, dict):
        return
    yield schema
    for part in schema.get("allOf", []):
        yield from _applied(part, value)
    for part in (*schema.get("anyOf", []), *schema.get("oneOf", [])):
        if Draft202012Validator(part).is_valid(value):
            yield from _applied(part, value)
    if "if" in schema and Draft202012Validator(schema["if"]).is_valid(value):
        yield from _applied(schema["then"], value)


def _schemas_at(value: Any, path: tuple[str | int, ...]) -> list[dict[str, Any]]:
    """What applies at the end of a path in a spec."""
    found = list(_applied(SCHEMA, value))
    for step in path:
        below: list[dict[str, Any]] = []
        value = value[step]
        for schema in found:
            if isinstance(step, int):
                parts = schema.get("prefixItems", [])
                child = parts[step] if step < len(parts) else schema.get("items", {})
            else:
                child = schema.get("properties", {}).get(step, schema.get("additionalProperties", {}))
            below += _applied(child, value)
        found = below
    return found


def test_schema_has_the_keys_and_words_that_the_readers_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mapping that is read, in specs that have one of everything, has the very keys that the schema gives it."""
    calls = Calls(monkeypatch)
    guestbook = copy_of_guestbook(tmp_path)
    guestbook.write_text(guestbook.read_text(encoding="utf-8") + SESSIONS, encoding="utf-8")
    compared: set[str] = set()
    for spec in (guestbook, SPECS["impwire"], SPECS["edge"], SPECS["weather"], FIXTURES / "versions" / "v1_1.yaml"):
        calls.keys.clear()
        calls.words.clear()
        source = load_with_source(spec)[1]
        paths, whole = _paths(source), {key: source.at(key).plain() for key in SECTIONS if key in source}
        alike: set[object] = set()
        for node, required, optional in calls.keys:
            # Of hundreds of vectors of one shape, the first are enough.
            path = tuple(step if isinstance(step, str) else min(step, 3) for step in paths.get(id(node), ()))
            shape = (path, *node.keys, *required)
            if id(node) in paths and shape not in alike:
                alike.add(shape)
                known = [s for s in _schemas_at(whole, paths[id(node)]) if s.get("additionalProperties") is False]
                assert len(known) == 1, paths[id(node)]
                assert set(known[0]["properties"]) == {*required, *optional}, paths[id(node)]
                assert set(known[0].get("required", [])) == set(required), paths[id(node)]
                compared.add(known[0]["description"])
        for node, words in calls.words:
            for schema in _schemas_at(whole, paths[id(node)]) if id(node) in paths else ():
                assert sorted(schema.get("enum", words)) == sorted(words), paths[id(node)]
    told_elsewhere = {
        SCHEMA["description"],
        "Copies of modules that the project needs elsewhere.",
        "Something that is inserted, or a requirement such as RULE-3 MUST server.",
    }
    assert {schema["description"] for schema in _mappings(SCHEMA)} - compared == told_elsewhere


def _mappings(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of the schema that knows all keys of a mapping."""
    if isinstance(schema, list):
        for item in schema:
            yield from _mappings(item)
    elif isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            yield schema
        for item in schema.values():
            yield from _mappings(item)


def test_schema_has_the_sections_and_the_support_modules() -> None:
    assert set(SCHEMA["properties"]) == set(SECTIONS)
    assert set(SCHEMA["properties"]["outputs"]["properties"]["support"]["properties"]) == set(SUPPORT)


@pytest.mark.parametrize("section", SECTIONS)
def test_spec_that_lacks_a_section_is_rejected_if_and_only_if_it_cannot_be_loaded(section: str, tmp_path: Path) -> None:
    small = plain(FIXTURES / "toy" / "toy.yaml")
    if section == "protocol" or section not in small:
        return  # Without it, a file is taken for a part.
    del small[section]
    path = tmp_path / "spec" / "toy.yaml"
    path.parent.mkdir()
    path.write_text(json.dumps(small), encoding="utf-8")
    try:
        load(path)
        good = True
    except InvalidFile as error:
        good = f"section '{section}' is missing" not in str(error)
    assert (complaints(small) == []) is good


# -- what is wrong -------------------------------------------------------------------------------------------------------

#: Why a schema cannot see a mistake, and the rules of the spec language that it therefore leaves to the loader and to lint.
UNSEEN = {
    "it is in the text of the file, before that holds any values": [
        "ambiguous-yaml",
        "duplicate-key",
        "unreadable-file",
    ],
    "it is between two places: something refers to what there is not or does not suit it, or stands there twice": [
        *("command-form", "duplicate-name", "number-range", "number-taken", "stray-reply", "unannounced-limit"),
        *("unfit-type", "unknown-name", "unknown-placeholder", "wrong-errors"),
    ],
    "it is in the whole: what leads where, and what is missing": [
        *("active-final-state", "illegal-transition", "inescapable-state", "misplaced-section", "no-example"),
        *("unplaced-requirement", "unreachable-state", "unshown-line", "unused-code", "unused-type", "wrong-session"),
    ],
    "it is in the generated code": ["shadowed-field", "wrong-vector"],
}

#: Mistakes that a schema does not see though it sees others against the same rule.
UNSEEN_MISTAKES = {
    "two numbers, or a number and a type, in different places": [
        "types: integer's range upside down",
        "types: string that is at least more than at most",
        "types: fixed value beyond its type",
        "types: range of characters upside down",
        "tables: limit outside its range",
        "tables: limit beyond its type",
        "optional: tag beyond its type",
        "optional: optional field larger than an extension",
        "frame: critical flags beyond the flags",
        "frame: range of numbers upside down",
        "frame: range of numbers beyond the type's field",
        "frame: extension whose value is a string",
    ],
    "two names in different places": [
        "messages: message with the name of a struct",
        "types: field with the name of a part of the frame",
        "types: field with the name of the extensions",
        "frame: field of the frame with the name of the extensions",
    ],
    "a vector and its message, or its flags said twice": [
        "alone: flags twice",
        "uses: vector that has not followed its message",
    ],
    "names of files and modules": [
        "outputs: package that is a word of Python",
        "outputs: package that hides a module of Python",
        "outputs: package below src that hides what generated code imports",
        "outputs: document that is the spec",
        "outputs: document that is a part of the spec",
        "outputs: document that is a module",
        "outputs: support module that is the document",
        "outputs: support module that needs the document as a folder",
    ],
}


@pytest.mark.parametrize("folder", sorted((FIXTURES / "lint").iterdir()), ids=lambda folder: folder.name)
def test_schema_rejects_what_breaks_a_rule_that_it_can_see(folder: Path) -> None:
    seen = bool(complaints(plain(folder / "spec.yaml")))
    unseen = any(folder.name in rules for rules in UNSEEN.values())
    assert seen is not unseen, "the table UNSEEN tells what a schema cannot see, and only that"


MISTAKES: dict[str, tuple[str, Mistake]] = {
    f"{table}: {name}": ("prose.yaml" if table == "prose" else "guestbook.yaml", mistake)
    for table, mistakes in {
        "sections": MISTAKES_IN_SECTIONS,
        "alone": ALONE,
        "messages": MESSAGES,
        "optional": OPTIONAL,
        "outputs": OUTPUTS,
        "prose": PROSE,
        "in messages": IN_MESSAGES,
        "tables": TABLES,
        "uses": USES,
        "types": TYPES,
        "frame": FRAME,
    }.items()
    for name, mistake in mistakes.items()
}


@pytest.mark.parametrize("name", MISTAKES)
def test_schema_rejects_every_mistake_that_it_can_see(name: str, tmp_path: Path) -> None:
    file, (old, new, *_) = MISTAKES[name]
    spec = copy_of_guestbook(tmp_path)
    spoil(spec.parent / file, old, new)
    seen = [complaint for path in sorted(spec.parent.glob("*.yaml")) for complaint in complaints(plain(path))]
    listed = any(name in names for names in UNSEEN_MISTAKES.values())
    rules = {line.rpartition(" [")[2].removesuffix("]") for line in full_report(spec).splitlines()}
    if seen:
        assert not listed, f"the schema does see it: {seen[0]}"
    else:
        assert listed or rules <= set().union(*UNSEEN.values()), f"the schema could see what breaks {rules}"


def test_table_of_unseen_mistakes_names_what_there_is() -> None:
    assert {name for names in UNSEEN_MISTAKES.values() for name in names} <= set(MISTAKES)
