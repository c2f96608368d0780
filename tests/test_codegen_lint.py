"""The rules of the spec language: each has a name, a sentence, and a spec that breaks it.

Every folder of `fixtures/lint` bears the name of a rule and holds a small spec that breaks this rule and no other, with
what `lint` prints about it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from codegen.__main__ import main
from codegen.emit.python_syntax import class_name
from codegen.generate import emit
from codegen.lint.checks import CHECKS
from codegen.lint.rules import ERRORS, LINT, RULES
from codegen.load import load
from codegen.read import names
from tests.fixtures.spoiling import GUESTBOOK, copy_of_guestbook, find, spoil
from tests.support import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "lint"
SPECS = [ROOT / "spec" / "imp.yaml", GUESTBOOK / "guestbook.yaml", ROOT / "tests" / "fixtures" / "toy" / "toy.yaml"]


# -- the table of rules --------------------------------------------------------------------------------------------------


def rules_in_use() -> set[str]:
    """The rules that the loader names when it reports a mistake."""
    found = set()
    for path in [
        *sorted((ROOT / "codegen" / "read").glob("*.py")),
        *sorted((ROOT / "codegen").rglob("strict_yaml.py")),
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("problem", "Problem") and isinstance(node.args[-1], ast.Constant):
                found.add(str(node.args[-1].value))
            elif name == "problem":
                pytest.fail(f"{path.name}:{node.lineno} reports a mistake without the rule that it breaks")
    return found


def test_every_rule_in_use_is_in_the_table_and_every_rule_of_the_table_is_in_use() -> None:
    assert rules_in_use() == set(ERRORS)
    assert set(CHECKS) == set(LINT)
    assert not set(ERRORS) & set(LINT)


def test_every_rule_has_a_fixture() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_fixture_breaks_its_rule_and_is_told_so(rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Generation refuses what breaks a rule of loading, and does not mind what breaks a rule of lint."""
    spec = FIXTURES / rule / "spec.yaml"
    assert main(["lint", str(spec)]) == (2 if rule in ERRORS else 1)
    reported = capsys.readouterr().out
    assert reported == (FIXTURES / rule / "expected.txt").read_text(encoding="utf-8")
    assert {line.rpartition(" [")[2] for line in reported.splitlines()[:-1]} == {f"{rule}]"}
    assert main(["--spec", str(spec), "--root", str(tmp_path)]) == (2 if rule in ERRORS else 0)
    assert any(tmp_path.iterdir()) == (rule in LINT)


@pytest.mark.parametrize("rule", sorted(LINT))
def test_code_generated_from_what_breaks_lint_is_sound(rule: str, tmp_path: Path) -> None:
    assert main(["--spec", str(FIXTURES / rule / "spec.yaml"), "--root", str(tmp_path)]) == 0
    run = [sys.executable, "-c", "import small.codecs, small.tables"]
    subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)


# -- the command ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_spec_of_this_project_keeps_all_rules(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(spec)]) == 0, capsys.readouterr().out
    assert capsys.readouterr().out == f"{spec.parent.name}/{spec.name}: {len(RULES)} rules hold\n"


def test_lint_finds_the_spec_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lint"]) == 2
    assert "name one with --spec" in capsys.readouterr().err
    copy_of_guestbook(tmp_path)
    assert main(["lint"]) == 0
    assert main(["--spec", "spec/guestbook.yaml", "lint"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["spec"], "nothing is written"


def test_lint_of_a_spec_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(tmp_path / "spec.yaml")]) == 2
    assert "cannot be read: No such file or directory [unreadable-file]\n" in capsys.readouterr().out


def test_each_command_says_what_it_has_not_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = str(FIXTURES / "name-form" / "spec.yaml"), str(FIXTURES / "no-example" / "spec.yaml")
    done = {
        "nothing was written": ["--spec", bad, "--root", str(tmp_path)],
        "nothing was compared": ["diff", good, bad],
    }
    for says, arguments in done.items():
        assert main(arguments) == 2
        assert capsys.readouterr().err.endswith(f"\n2 mistakes in the spec; {says}\n")
    assert not any(tmp_path.iterdir())


def test_rules_are_listed_with_their_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--rules"]) == 0
    listed = " ".join(capsys.readouterr().out.split())
    for rule, sentence in RULES.items():
        assert f"{rule} {sentence}" in listed


# -- one mistake each ----------------------------------------------------------------------------------------------------

_ENTRY = "      - {name: entry, type: entry, doc: What and by whom}\n"
_LINE = "line: 'You have written {request.line}'"

MISTAKES: dict[str, tuple[str, ...]] = {
    "no state is final": (
        "doc: The book is shut., final: true}",
        "doc: The book is shut.}",
        "there are transitions, but no state is final [inescapable-state]",
        "states:\n  WAITING",
    ),
    "two states that lead to each other alone": (
        "from: [WAITING, INSIDE], to: GONE}",
        "from: [WAITING], to: GONE}",
        "no transition leads from state INSIDE to a final one [inescapable-state]",
        "INSIDE: {doc",
    ),
    "final state in which one side may send": (
        "server: [INSIDE]}\n    doc: Is",
        "server: [INSIDE, «GONE]}\n    doc: Is",
        "KNOCK is allowed in state GONE, which is final [active-final-state]",
    ),
    "one of two senders that may never send": (
        "{client: [INSIDE], server: [WAITING, INSIDE]}",
        "{client: «[], server: [WAITING, INSIDE]}",
        "there is no state in which the client may send KNOCKED [unsendable-message]",
    ),
    "asker whom nobody can answer": (
        "{client: [INSIDE], server: [WAITING, INSIDE]}",
        "{client: [], server: [WAITING, INSIDE]}",
        "the client may send none of the replies to KNOCK [unanswerable-request]",
        "KNOCK:\n",
    ),
    "reply that is allowed elsewhere only": (
        "    states: [INSIDE]\n    doc: The page",
        "    states: [WAITING]\n    doc: The page",
        "the server may send PAGE in no state that WRITE is sent in or leads to [unanswerable-request]",
        "PAGE, REFUSED, SHUT]",
    ),
    "code of a field that is not listed": (
        "errors: [TOO_LONG, BAD_TEXT]",
        "«errors: [TOO_LONG]",
        "the errors of WRITE lack BAD_TEXT, which refuses its field 'line' [wrong-errors]",
    ),
    "code of an item of a field that is not listed": (
        "{name: line, type: line, doc: What is written}",
        "{name: line, type: entries, doc: What is written}",
        "the errors of WRITE lack BAD_NAME, which refuses its field 'line' [wrong-errors]",
        "errors: [TOO_LONG, BAD_TEXT]",
    ),
    "code that no reply tells": (
        "replies: [KNOCKED]\n",
        "replies: [KNOCKED]\n    errors: [«STRANGE]\n",
        "STRANGE is told by REFUSED, which is no reply to KNOCK [wrong-errors]",
    ),
    "refusal of what asks for nothing": (
        "    doc: Somebody is.\n",
        "    doc: Somebody is.\n    errors: [RUDE, «STRANGE]\n",
        "STRANGE is told by REFUSED, and KNOCKED is no request [wrong-errors]",
    ),
    "type that only another unused one needs": (
        "  mood:\n",
        "  «heap:\n    kind: array\n    count: u8\n    item: pile\n    max: 2\n    doc: Piles.\n"
        "  pile:\n    kind: struct\n    fields: []\n    doc: Nothing.\n  mood:\n",
        "nothing is of type 'heap' [unused-type]",
    ),
    "code without words for people": (
        "says: that was rude",
        "says: «''",
        "'says' is blank or missing here [undocumented]",
    ),
    "bit without a description": (
        "{position: 0, doc: Draws pictures}",
        "{position: 0, doc: «' '}",
        "'doc' is blank or missing here [undocumented]",
    ),
    "optional field without an example": (
        _ENTRY,
        _ENTRY + "    optional:\n      - «{name: mood, type: mood, tag: 2, since: '1.0', doc: How}\n",
        "there is no vector of WRITTEN with 'mood' [no-example]",
    ),
    "version of another form": (
        "version: '1.0'",
        "version: «'1'",
        "'1' is no version of the form MAJOR.MINOR [bad-since]",
    ),
    "field of a struct with the name of a method": (
        "  mood:\n",
        "  pile:\n    kind: struct\n    doc: A pile.\n    fields:\n      - {name: «sizeof, type: u8, doc: Size}\n  mood:\n",
        "'sizeof' is a method of every construct, which hides the field of that name [shadowed-field]",
    ),
    "field of a field that is not there": (
        "'{entry.by} has",
        "«'{entry.bye} has",
        "'entry' of WRITTEN has no field 'bye' to show; did you mean 'by'? [unknown-placeholder]",
    ),
    "field of what has none": (
        "'{entry.by} has",
        "«'{entry.by.name} has",
        "'by' of 'entry' of WRITTEN has no field 'name' to show [unknown-placeholder]",
    ),
    "struct that is shown whole": (
        "'{entry.by} has",
        "«'{entry} has",
        "'entry' of WRITTEN cannot be shown whole; name one of its fields: by, line [unknown-placeholder]",
    ),
    "words for a code that is not told": (
        "'{entry.by} has",
        "«'{says}: {entry.by} has",
        "{says} stands for a code, and WRITTEN tells none [unknown-placeholder]",
    ),
    "field that the request lacks": (
        _LINE,
        "line: «'You have written {request.lien}'",
        "WRITE has no field 'lien' to show; did you mean 'line'? [unknown-placeholder]",
    ),
    "request of what answers none": (
        "'{entry.by} has",
        "«'{request.line} has",
        "{request.line} stands for a field of a request, and WRITTEN answers none [unknown-placeholder]",
    ),
    "argument that the command lacks": (
        "{page: '{page}', line: '{line}'}",
        "{page: «'{pag}{page}', line: '{line}'}",
        "/write has no argument 'pag'; did you mean 'page'? [unknown-placeholder]",
    ),
    "command that leaves a field out": (
        "fields: {page: '{page}', line: '{line}'}",
        "fields: «{line: '{page}{line}'}",
        "/write gives no 'page' for WRITE [command-form]",
    ),
    "argument that may be left out before one that may not": (
        "{name: page, type: page}, {name: line",
        "«{name: page, type: page, optional: true}, {name: line",
        "'page' may be left out, and what must be given stands behind it [command-form]",
    ),
    "line that is typed for nothing": (
        "plain: {message: WRITE, fields: {page: 1, line: '{line}'}}",
        "plain: {message: WRITE, fields: «{page: 1, line: Hello}}",
        "what was typed goes to one placeholder, such as {text} [command-form]",
    ),
    "line for a message of the client": (
        "  - {message: PAGE, answers: WRITE,",
        "  - «{message: OPEN, line: Hm}\n  - {message: PAGE, answers: WRITE,",
        "OPEN is sent by clients, and no client gets it [unshown-line]",
    ),
    "line for an answer that is none": (
        "  - {message: PAGE, answers: WRITE,",
        "  - «{message: PAGE, answers: KNOCK, line: Hm}\n  - {message: PAGE, answers: WRITE,",
        "PAGE is no reply to KNOCK [unshown-line]",
    ),
}


_CUT = "code: GARBAGE\n    hex: 00000005 02 00 0003 00\n"
_GOOD = "0000000d 02 00 0004 0007 0005 48656c6c6f"

#: What is wrong with a vector, behind its name.
VECTORS: dict[str, tuple[str, str, str]] = {
    "another byte": (
        "0007 0005 48656c6c6f\n  - name: knocked",
        "0007 0005 48656c6c6e\n  - name: knocked",
        "'write/hello' reads as line 'Helln', and its fields say 'Hello'",
    ),
    "bytes of another message": (
        "hex: 0000000d 02 00 0004",
        "hex: 0000000d 03 00 0004",
        "'write/hello' cannot be read: type 0x03 is not known here",
    ),
    "length that is wrong": (
        "hex: 0000000d 02 00 0004",
        "hex: 0000000e 02 00 0004",
        "'write/hello' cannot be read: WRITE: the frame ends before the length says (byte 17 of the frame: ",
    ),
    "value below the least": (
        "fields: {ticket: 4, page: 7, line: Hello}\n    hex: 0000000d 02 00 0004 0007",
        "fields: {ticket: 4, page: 0, line: Hello}\n    hex: 0000000d 02 00 0004 0000",
        "'write/hello' cannot be read: WRITE.page: 0 is not from 1 to 500",
    ),
    "number that is another": ("page: 7, line", "page: 8, line", "'write/hello' reads as page 7, and its fields say 8"),
    "word for a number": ("page: 7, line", "page: p7, line", "'write/hello' reads as page 7, and its fields say 'p7'"),
    "number for a truth": ("full: false", "full: 0", "reads as full false, and its fields say 0; write false"),
    "field of an item": (
        "[{by: ann, line",
        "[{by: bob, line",
        "'page/one-line' reads as entries[0].by 'ann', and its fields say 'bob'",
    ),
    "field of an item that is left out": (
        "[{by: ann, line: Hello}]",
        "[{by: ann}]",
        "'page/one-line' reads as entries[0].line 'Hello', and its fields say nothing of it",
    ),
    "field of an item that is not there": (
        "[{by: ann, line: Hello}]",
        "[{by: ann, line: Hello, at: 1}]",
        "'page/one-line' has no entries[0].at, and its fields say 1",
    ),
    "items that are left out": (
        "entries: [{by: ann, line: Hello}]",
        "entries: []",
        "'page/one-line' reads as entries with 1 items, and its fields say 0",
    ),
    "word of an enumeration": (
        "{ticket: 1, code: 1}",
        "{ticket: 1, code: TOO_LONG}",
        "'refused/bad-name' reads as code BAD_NAME, and its fields say TOO_LONG",
    ),
    "number of no value": ("mood: 1, max", "mood: 7, max", "'opened/glad' reads as mood GLAD, and its fields say 7"),
    "correlation": ("{ticket: 5}", "{ticket: 6}", "'knocked/back' reads as ticket 5, and its fields say 6"),
    "correlation that is left out": ("{ticket: 5}", "{}", "'knocked/back' reads as ticket 5, and its fields say 0"),
    "flags": ("flags: 0x80\n", "flags: 0x40\n", "'knock/with-extension' reads as flags 128, and its fields say 64"),
    "extension": (
        "[[2, 'ff']]",
        "[[2, 'fe']]",
        "'knock/with-extension' reads as extensions [[2, 'ff']], and its fields say [[2, 'fe']]",
    ),
    "code of what is cut": (
        _CUT,
        _CUT.replace("GARBAGE", "BAD_TEXT"),
        "'write/cut' is refused with GARBAGE, not with BAD_TEXT: WRITE.page: the frame ends inside this field",
    ),
    "code of what is good": (
        _CUT,
        f"code: GARBAGE\n    hex: {_GOOD}\n",
        "'write/cut' reads as a good WRITE, which is not refused with GARBAGE; if its bytes are right, let a rule of WRITE "
        "say when GARBAGE is told",
    ),
    "code of a value that is good": (
        _CUT,
        f"code: BAD_TEXT\n    hex: {_GOOD}\n",
        "'write/cut' reads as a good WRITE, which is not refused with BAD_TEXT",
    ),
    "code of what is too long for no limit": (
        _CUT,
        f"code: TOO_LONG\n    hex: {_GOOD}\n",
        "'write/cut' reads as a good WRITE, which is not refused with TOO_LONG",
    ),
}


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=name) for name, mistake in VECTORS.items()])
def test_vector_that_the_generated_code_contradicts(
    mistake: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, says = mistake
    spec = copy_of_guestbook(tmp_path)
    spoil(spec, old, new)
    name = "write/cut" if _CUT == old else says.split("'")[1] if says.startswith("'") else "page/one-line"
    place = find(spec, f"name: {name}\n")
    assert main(["lint", str(spec)]) == 1
    line, total = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{place}: vector ")
    assert says in line
    assert line.endswith(" [wrong-vector]")
    assert total == "1 mistake"


UNSEEN: dict[str, str] = {
    "state": f"code: RUDE\n    hex: {_GOOD}\n",
    "length that no frame may have": "code: TOO_MUCH\n    hex: ffffffff\n",
    "request with the number of none": f"code: GARBAGE\n    hex: {_GOOD.replace('02 00 0004', '02 00 0000')}\n",
    "text longer than a limit may be set to": "code: TOO_LONG\n    hex: 00000013 02 00 0004 0007 000b 6161616161616161616161\n",
    "fault of a reply, which nobody refuses": "code: GARBAGE\n    hex: 00000004 41 01 0004\n",
}


@pytest.mark.parametrize("vector", [pytest.param(vector, id=name) for name, vector in UNSEEN.items()])
def test_ill_formed_vector_in_which_the_codec_has_no_say(vector: str, tmp_path: Path) -> None:
    spec = copy_of_guestbook(tmp_path)
    spoil(spec, _CUT, vector)
    assert main(["lint", str(spec)]) == 0


def test_rule_of_a_message_can_tell_of_a_code_that_the_codec_does_not_give(tmp_path: Path) -> None:
    spec = copy_of_guestbook(tmp_path)
    spoil(spec, _CUT, f"code: BAD_TEXT\n    hex: {_GOOD}\n")
    assert main(["lint", str(spec)]) == 1
    spoil(
        spec,
        "    errors: [TOO_LONG, BAD_TEXT]\n",
        "    errors: [TOO_LONG, BAD_TEXT]\n    rules: [A line that says nothing new is refused with BAD_TEXT.]\n",
    )
    assert main(["lint", str(spec)]) == 0


def test_vectors_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(sys.modules), list(sys.path)
    assert main(["lint", str(GUESTBOOK / "guestbook.yaml")]) == 0
    assert (set(sys.modules), sys.path) == before
    assert not any(str(tmp_path) in path for path in sys.path_importer_cache)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=name) for name, mistake in MISTAKES.items()])
def test_mistake_is_told_at_its_place(
    mistake: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, says, *at = mistake
    spec = copy_of_guestbook(tmp_path)
    place = spoil(spec, old, new)
    if at:
        place = find(spec, at[0])
    assert main(["lint", str(spec)]) == 1
    assert f"{place}: {says}" in capsys.readouterr().out.splitlines()


def test_table_that_no_chapter_inserts_is_told_at_its_section(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = copy_of_guestbook(tmp_path)
    spoil(spec.parent / "prose.yaml", "      - insert: limits\n", "")
    assert main(["lint", str(spec)]) == 1
    place = find(spec, "limits:\n")
    assert capsys.readouterr().out == f"{place}: no chapter inserts 'limits' [misplaced-section]\n1 mistake\n"


def test_code_that_only_a_requirement_tells_of_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = copy_of_guestbook(tmp_path)
    place = spoil(
        spec,
        "      RUDE: {number: 130",
        "      «BORED: {number: 131, trigger: Nothing happens., says: how dull}\n      RUDE: {number: 130",
    )
    assert main(["lint", str(spec)]) == 1
    assert f"{place}: nothing says when code BORED is told" in capsys.readouterr().out
    spoil(spec.parent / "prose.yaml", "Nobody MUST be rude.", "Nobody MUST be rude, or the host ends with BORED.")
    assert main(["lint", str(spec)]) == 0


def test_placeholders_that_need_no_field_of_the_message(tmp_path: Path) -> None:
    spec = copy_of_guestbook(tmp_path)
    spoil(
        spec,
        "line: 'You have written {request.line}'",
        "line: '{self} {ticket} {entries.by}: {request.line}'",
    )
    assert main(["lint", str(spec)]) == 0


# -- names that generated code cannot bear -------------------------------------------------------------------------------

NAMES: dict[str, tuple[str, str, str]] = {
    "message with the name of a table": (
        "  WRITTEN:\n",
        "  «FRAME:\n",
        "'FRAME' is a name that the generated code needs for itself",
    ),
    "message with the name of a type's codec": (
        "  WRITTEN:\n",
        "  «MOOD_TYPE:\n",
        "message MOOD_TYPE and type 'mood' would be codecs of the same name",
    ),
    "two messages of one class": (
        "  WRITTEN:\n",
        "  «OPEN_:\n",
        "message OPEN_ and message OPEN would be classes of the same name",
    ),
    "class that the module imports": (
        "  WRITTEN:\n",
        "  «INT_ENUM:\n",
        "'INT_ENUM' is a name that the generated code needs for itself",
    ),
    "class that is a word of Python": (
        "  entry:\n",
        "  «none:\n",
        "'none' is a name that the generated code needs for itself",
    ),
    "field that hides an annotation": (
        "{name: full, type",
        "{name: «tuple, type",
        "'tuple' is a name that the generated code needs for itself",
    ),
    "constant with the name of a table": (
        "  port: {",
        "  «display: {",
        "'display' is a name that the generated code needs for itself",
    ),
}


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=name) for name, mistake in NAMES.items()])
def test_name_that_generated_code_cannot_bear(
    mistake: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, says = mistake
    spec = copy_of_guestbook(tmp_path)
    place = spoil(spec, old, new)
    assert main(["lint", str(spec)]) == 2
    assert f"{place}: {says} [name-collision]" in capsys.readouterr().out.splitlines()


DUPLICATES: dict[str, tuple[str, str, str]] = {
    "timer and limit": ("  patience: {type", "  «max_line: {type", "'max_line' is a limit already"),
    "code of a refusal and of an ending": (
        "      RUDE: {number: 130",
        "      «STRANGE: {number: 131, trigger: Why., says: why}\n      RUDE: {number: 130",
        "code 'STRANGE' stands in refusal_code already",
    ),
    "two commands": ("- name: write\n", "- name: «knock\n", "command 'knock' stands here a second time"),
    "two arguments": ("{name: line, type: line, rest", "{name: «page, type: line, rest", "argument 'page' stands here"),
}


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=name) for name, mistake in DUPLICATES.items()])
def test_second_thing_of_one_name(
    mistake: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, says = mistake
    spec = copy_of_guestbook(tmp_path)
    place = spoil(spec, old, new)
    assert main(["lint", str(spec)]) == 2
    assert f"{place}: {says}" in capsys.readouterr().out


def test_word_that_an_enumeration_lacks_is_told_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = copy_of_guestbook(tmp_path)
    places = [
        spoil(spec, "when: {code: RUDE}", "when: {code: «RUED}"),
        spoil(spec, "mood: 1, max_line: 200", "mood: «GALD, max_line: 200"),
    ]
    assert main(["lint", str(spec)]) == 2
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{places[0]}: unknown value of ending_code 'RUED'; did you mean 'RUDE'? [unknown-name]",
        f"{places[1]}: unknown value of mood 'GALD'; did you mean 'GLAD'? [unknown-name]",
    ]


def module_names(source: str) -> set[str]:
    """The names that a module binds at its top level."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_name_that_the_generated_code_needs_for_itself_is_refused() -> None:
    """The names of the modules that do not come from the spec are those that no spec can use."""
    spec = load(GUESTBOOK / "guestbook.yaml")
    files = {path.name: module_names(text) for path, text in emit(spec).items() if path.suffix == ".py"}
    classes = {class_name(name) for name in (*spec.types, *(message.name for message in spec.messages))}
    codecs = {f"{name.upper()}_TYPE" for name in spec.types} | {message.name for message in spec.messages}
    constants = {constant.name.upper() for constant in spec.constants}
    own = {
        "messages.py": files["messages.py"] - classes,
        "codecs.py": files["codecs.py"] - codecs,
        "tables.py": files["tables.py"] - constants,
    }
    classes_of_messages = {name for name in own["messages.py"] if name[:1].isupper()}
    assert classes_of_messages == set(names.CLASSES)
    assert {name for name in own["codecs.py"] if re.fullmatch("[A-Z][A-Z0-9_]*", name)} == set(names.CODECS)
    assert {name for name in own["tables.py"] if re.fullmatch("[A-Z][A-Z0-9_]*", name)} == set(names.TABLES)
