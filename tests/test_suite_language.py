"""The case language: what is wrong with a case is told with its place before anything is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.language import load_cases, typed_line
from conformance.language.strict_yaml import InvalidFile
from impwire.codecs import CODECS
from impwire.tables import FAILURES, REQUIREMENTS

BUILT_IN = Path(__file__).parent.parent / "conformance" / "cases"

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
        ("[ann, floods, SAY, {text: hi}, till, LEFT, {}]", "7:9: expected the word 'until' between the two messages"),
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


def test_built_in_cases_load_and_cover_the_protocol() -> None:
    """Every message, every ERROR code and every GOODBYE code but INTERNAL is due somewhere, in the server role."""
    cases = load_cases([BUILT_IN])
    assert sum(case.server for case in cases) >= 60
    assert sum(len(case.clients) for case in cases) >= 30
    due = {(step.message, step.fields.get("code")) for case in cases if case.server for step in case.steps}
    codes = {str(code) for _, code in due if isinstance(code, str)}
    messages = {message for message, _ in due}
    assert set(CODECS.by_name) <= messages | {"HELLO", "WELCOME"}
    assert set(FAILURES) - codes == {"INTERNAL"}


def test_every_case_proves_something() -> None:
    for case in load_cases([BUILT_IN]):
        assert case.proves, case.id
        assert all(requirement in REQUIREMENTS for requirement in case.proves)
