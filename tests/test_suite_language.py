"""The case language: what is wrong with a case is told with its place before anything is played."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from conformance.language import CONSOLE_VERBS, SERVER_VERBS, VERBS, Case, load_cases, typed_line
from conformance.language.schema import FILE, case_schema, schema_text
from conformance.language.steps import HEADER_FIELDS
from conformance.language.strict_yaml import InvalidFile
from conformance.language.values import CONDITIONS
from conformance.unproven import UNPROVEN
from impwire.codecs import CODECS
from impwire.tables import FAILURES, REQUIREMENTS, Role
from tests.built_in import WRITTEN
from tests.support import ROOT

BUILT_IN = ROOT / "conformance" / "cases"
PAGE = ROOT / "conformance" / "README.md"
FIXTURES = ROOT / "tests" / "fixtures" / "suite"

_CASE = """\
cases:
  - id: a/b
    title: t
    proves: [PM-3]
    steps:
      - [ann, joins]
      - {step}
"""


def report(folder: Path, text: str) -> str:
    """What the loader says about a file with this text, without the folder in front."""
    path = folder / "case.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFile) as raised:
        load_cases([path])
    return str(raised.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("[ann, sendz, SAY, {text: hi}]", "7:15: unknown verb 'sendz'; did you mean 'sends'?"),
        ("[ann, sends, SEY, {text: hi}]", "7:22: unknown message 'SEY'; did you mean 'SAY'?"),
        ("[ann, sends, SAY, {txt: hi}]", "7:28: SAY has no field 'txt'; did you mean 'text'?"),
        ("[ann, sends, SAY, {text: 5}]", "7:34: field 'text' of SAY: expected a string, found 5"),
        ("[ann, sends, WHO, {limit: max_txt}]", "7:35: field 'limit' of WHO: unknown limit 'max_txt'"),
        ("[ann, sends, WHO, {limit: 1 / 2}]", "7:35: field 'limit' of WHO: '1 / 2' is no number"),
        ("[ann, receives, ERROR, {code: NO_SUCH_USR}]", "7:39: field 'code' of ERROR: unknown value 'NO_SUCH_USR'"),
        ("[ann, receives, CHAT, {who: {nam: x}}]", "7:37: field 'who' of CHAT: unknown field 'nam'"),
        ("[ann, receives, OK, {}, {withn: 5}]", "7:34: unknown key 'withn'; did you mean 'within'?"),
        ("[ann, is closed, now]", "7:26: 'is closed' takes nothing more here"),
        ("[ann, sends raw, '0g']", "7:26: expected pairs of hexadecimal digits"),
        ("[ann, sends raw, 00000005]", "7:26: 00000005 is ambiguous in YAML"),
        ("[ann, types, hi]", "7:15: 'types' cannot be played to a server"),
        ("[console, shouts, hi]", "7:19: unknown verb 'shouts'"),
        ("[bob, is closed]", "7:10: 'bob' has not connected"),
        ("[ann, connects]", "7:10: 'ann' has connected already"),
        ("[ann]", "7:9: a step is a list of actor, verb and what the verb takes"),
        ("[ann, floods, SAY, {text: hi}, till, LEFT, {}]", "7:40: expected the word 'until' between the messages"),
    ],
)
def test_mistake_in_a_step(tmp_path: Path, step: str, problem: str) -> None:
    found = report(tmp_path, _CASE.format(step=step))
    assert found.splitlines()[0].startswith(f"case.yaml:{problem}"), found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("proves: [PM-3]", "proves: [PM-33]"), "4:14: unknown requirement 'PM-33'; did you mean 'PM-3'?"),
        (("    title: t\n", ""), "2:5: key 'title' is missing"),
        (("id: a/b", "id: A B"), "2:9: 'A B' is no identifier"),
        (("title: t", "title: t\n    with: {rate_brst: 1}"), "4:12: unknown limit or timer 'rate_brst'; did you mean"),
        (("title: t", "title: t\n    with: {rate_burst: 0}"), "4:24: 'rate_burst' goes from 1 to"),
        (("title: t", "title: t\n    client: eve"), "4:13: unknown actor 'eve'"),
        (("title: t", "title: t\n    server: false"), "2:5: a case with 'server: false' needs 'client'"),
        (("title: t", "titel: t"), "2:5: key 'title' is missing"),
    ],
)
def test_mistake_in_a_case(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    text = _CASE.format(step="[ann, is closed]").replace(*change)
    assert f"case.yaml:{problem}" in report(tmp_path, text)


def test_case_without_steps_proves_nothing(tmp_path: Path) -> None:
    text = _CASE.partition("    steps:")[0] + "    steps: []\n"
    assert "2:5: a case without a step proves nothing" in report(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = _CASE.format(step="[ann, sendz]").replace("PM-3", "PM-33").replace("title: t", "title: 5")
    assert len(report(tmp_path, text).splitlines()) == 3


def test_case_that_stands_twice_is_told(tmp_path: Path) -> None:
    text = _CASE.format(step="[ann, is closed]")
    assert "case 'a/b' stands in" in report(tmp_path, text + text.removeprefix("cases:\n"))


def test_server_verbs_cannot_be_played_to_a_client(tmp_path: Path) -> None:
    text = _CASE.format(step="[ann, resets]").replace("title: t", "title: t\n    client: ann")
    assert "'resets' cannot be played to a client" in report(tmp_path, text)


@pytest.mark.parametrize(
    ("message", "fields", "line"),
    [
        ("SAY", {"text": "hi there"}, "hi there"),
        ("SAY", {"text": "/help"}, "//help"),
        ("PM", {"to": "bob", "text": "a b"}, "/pm bob a b"),
        ("RENAME", {"name": "rob"}, "/rename rob"),
        ("WHO", {}, "/who"),
        ("LEAVE", {}, "/leave"),
        ("PING", {"nonce": 1}, None),
    ],
)
def test_line_that_makes_a_client_send(message: str, fields: dict[str, object], line: str | None) -> None:
    assert typed_line(message, fields) == line


def test_group_of_actors_is_a_step_for_each(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(_CASE.format(step="[[bob, guest8..10], joins]"))
    [case] = load_cases([tmp_path])
    assert [step.actor for step in case.steps] == ["ann", "bob", "guest8", "guest9", "guest10"]


def test_folder_without_cases_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no cases here")
    with pytest.raises(InvalidFile, match=f"{tmp_path}:1:1: there is no case in this folder: no file ends in .yaml"):
        load_cases([tmp_path])
    with pytest.raises(InvalidFile, match="nowhere:1:1: cannot be read: No such file or directory"):
        load_cases([tmp_path / "nowhere"])


# -- what the built-in sessions prove --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built_in() -> list[Case]:
    return WRITTEN


def roles_of(case: Case) -> set[Role]:
    return {role for role, played in ((Role.SERVER, case.server), (Role.CLIENT, case.clients)) if played}


def test_built_in_sessions_are_many_and_serve_both_roles(built_in: list[Case]) -> None:
    assert len(built_in) >= 300
    assert sum(len(roles_of(case)) == 2 for case in built_in) >= 60


def test_built_in_sessions_cover_every_message_and_code(built_in: list[Case]) -> None:
    """Every message, every ERROR code and every GOODBYE code but INTERNAL is due somewhere, in the server role."""
    due = {(step.message, step.fields.get("code")) for case in built_in if case.server for step in case.steps}
    due |= {(part.message, part.fields.get("code")) for case in built_in for step in case.steps for part in step.others}
    codes = {str(code) for _, code in due if isinstance(code, str)}
    assert set(CODECS.by_name) <= {message for message, _ in due}
    assert set(FAILURES) - codes == {"INTERNAL"}


def test_every_requirement_is_proven_in_each_role_or_has_a_reason(built_in: list[Case]) -> None:
    proven = {(requirement, role) for case in built_in for requirement in case.proves for role in roles_of(case)}
    bound = {(name, role) for name, entry in REQUIREMENTS.items() for role in Role if entry.side in ("both", role)}
    assert bound - proven == set(UNPROVEN)


def test_session_proves_only_what_binds_who_is_tested(built_in: list[Case]) -> None:
    # FRAME-8 binds clients, and says how a server answers those that break it.
    sides = {name: entry.side for name, entry in REQUIREMENTS.items()} | {"FRAME-8": "both"}
    wrong = [
        (case.id, name) for case in built_in for name in case.proves if sides[name] not in {"both", *roles_of(case)}
    ]
    assert wrong == []


def test_session_that_proves_a_should_proves_no_must(built_in: list[Case]) -> None:
    """Its failure is then "passed but not strict", whatever it was that failed."""
    mixed = [case.id for case in built_in if len({REQUIREMENTS[name].level == "MUST" for name in case.proves}) > 1]
    assert mixed == []


# -- the page and the schema -----------------------------------------------------------------------------------------


def test_page_documents_every_verb_key_option_and_form() -> None:
    verbs = {**VERBS, **CONSOLE_VERBS, **SERVER_VERBS}
    keys = ("id", "title", "proves", "steps", "client", "server", "with", "fresh")
    words = [*verbs, *keys, *(option for verb in verbs.values() for option in verb.options)]
    words += ["bytes", "repeat", "times", "hex", *CONDITIONS, *HEADER_FIELDS]
    prose = re.sub(r"```.*?```", "", PAGE.read_text(), flags=re.DOTALL)
    code = " ".join(re.findall(r"`([^`\n]+)`", prose))
    assert [word for word in words if not re.search(rf"\b{word}\b", code)] == []


def test_examples_of_the_page_load(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) >= 2
    for number, example in enumerate(examples):
        (tmp_path / f"{number}.yaml").write_text(example)
    assert len(load_cases([tmp_path])) == len(examples)


def test_page_tells_every_mistake() -> None:
    """Each line that the fixtures make the loader say is one of the page's table."""
    table = PAGE.read_text().partition("## Mistakes")[2]
    told = [
        re.escape(words).replace("…", ".*") for row in table.splitlines() for words in re.findall(r"`(.+?)`[,| ]", row)
    ]
    said = [line for file in FIXTURES.glob("invalid/*.txt") for line in file.read_text().splitlines()]
    texts = [re.sub(r" \[[a-z-]+\]$", "", line.split(": ", 1)[1]) for line in said]
    assert len(texts) > 100
    assert [text for text in texts if not any(re.fullmatch(words + "(;.*)?", text) for words in told)] == []


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = case_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def read(file: Path) -> object:
    return yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def test_schema_in_its_file_is_that_of_the_tables() -> None:
    assert FILE.read_text() == schema_text(), "run: python -m conformance.language.schema"


def test_schema_accepts_what_the_loader_accepts(validator: jsonschema.Draft202012Validator) -> None:
    files = [*BUILT_IN.glob("*.yaml"), *FIXTURES.glob("valid-*/*.y*ml")]
    assert len(files) >= 18
    for file in files:
        assert [error.message[:200] for error in validator.iter_errors(read(file))] == [], file


@pytest.mark.parametrize("name", ["no-cases", "wrong-key", "no-list", "head"])
def test_schema_rejects_what_is_no_file_of_cases(validator: jsonschema.Draft202012Validator, name: str) -> None:
    assert not validator.is_valid(read(FIXTURES / "invalid" / f"{name}.yaml"))


#: The steps of the fixtures that only the loader finds wrong, and the one that is right.
_BEYOND_A_SCHEMA = {
    "messages-and-fields": [
        ["ann", "joins"],
        ["ann", "sends", "SAY", {"text": "$n + 1"}],
        ["ann", "sends", "SAY", {"text": {"bytes": 70000}}],
        ["ann", "sends", "SAY", {"text": {"not": "hi"}}],
        ["ann", "receives", "ROSTER", {"more": 1}],
    ],
    "what-verbs-take": [
        ["ann", "joins"],
        ["bob", "connects", {"from": "192.0.2.1"}],
        ["ann", "one receives", ["OK", {}], "others", ["ERROR", {}]],
        [["ann", "bob"], "one receives", ["OK", {}]],
        [["ann", "bob"], "one receives", ["OK", {}], "others"],
    ],
    "form-of-steps": [
        ["ann", "joins"],
        [["console", "ann"], "types", "/who"],
        ["guest9..1", "joins"],
        ["guest1..2000", "joins"],
    ],
}


def test_schema_rejects_each_misspelt_step(validator: jsonschema.Draft202012Validator) -> None:
    """Nearly every step of the fixtures with steps that are wrong one by one is wrong for an editor, too."""
    for name in ("messages-and-fields", "what-verbs-take", "form-of-steps"):
        [case] = read(FIXTURES / "invalid" / f"{name}.yaml")["cases"]  # type: ignore[index]
        accepted = [step for step in case["steps"] if validator.is_valid({"cases": [case | {"steps": [step]}]})]
        assert accepted == _BEYOND_A_SCHEMA[name]
