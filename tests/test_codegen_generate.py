"""What is generated: always the same, up to date, complete, and free of the protocol in the generator itself."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.__main__ import main
from codegen.emit.document import protocol_txt as write_document
from codegen.emit.python_syntax import call, class_name, comment, docstring, literal
from codegen.generate import differences, emit, write
from codegen.load import load
from codegen.model import EnumType, Spec
from tests.support import ROOT

GUESTBOOK = ROOT / "tests" / "fixtures" / "guestbook" / "guestbook.yaml"
SPECS = {"project": ROOT / "spec" / "imp.yaml", "guestbook": GUESTBOOK}


@pytest.fixture(scope="module", params=SPECS)
def spec(request: pytest.FixtureRequest) -> Spec:
    return load(SPECS[request.param])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the small spec in `spec/`, as the working directory."""
    shutil.copytree(GUESTBOOK.parent, tmp_path / "spec")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- always the same -----------------------------------------------------------------------------------------------------


def test_output_is_the_same_twice(spec: Spec) -> None:
    assert emit(spec) == emit(load(ROOT / "spec" / "imp.yaml" if spec.document == "protocol.txt" else GUESTBOOK))


def test_output_does_not_depend_on_the_seed_of_hashes(tmp_path: Path) -> None:
    found = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        command = [sys.executable, "-m", "codegen", "--spec", str(SPECS["project"]), "--root", str(folder)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        found.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()})
    assert found[0]
    assert found[0] == found[1]


def test_every_generated_file_says_what_made_it(spec: Spec) -> None:
    for path, text in emit(spec).items():
        head = " ".join(text[:800].split())
        assert "by `python -m codegen`" in head, path
        assert "Do not edit" in head or "change the spec, not this file" in head, path


# -- the command ---------------------------------------------------------------------------------------------------------


def test_files_are_written_and_then_found_up_to_date(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    written = capsys.readouterr().out.splitlines()
    assert "wrote guestbook/codecs.py" in written
    once = ["wrote guestbook/__init__.py", "wrote guestbook/py.typed"]
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == f"{len(set(written) - set(once))} generated files are up to date\n"


def test_only_what_has_changed_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    capsys.readouterr()
    text = project / "guestbook.txt"
    text.write_text(text.read_text().replace("Abstract", "Abstrakt"))
    assert main([]) == 0
    assert capsys.readouterr().out == "wrote guestbook.txt\n"
    assert main([]) == 0
    assert capsys.readouterr().out.endswith("generated files are up to date\n"), "and nothing is written"


def test_check_shows_what_differs_and_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    tables = project / "guestbook" / "tables.py"
    altered = tables.read_text().replace("PORT = 7007", "PORT = 7008")
    tables.write_text(altered)
    capsys.readouterr()
    assert main(["--check"]) == 1
    output = capsys.readouterr()
    assert "--- guestbook/tables.py (on disk)\n+++ guestbook/tables.py (generated)\n" in output.out
    assert "\n-PORT = 7008\n+PORT = 7007\n" in output.out
    assert output.err == "generated files differ from the spec; run `python -m codegen`\n"
    assert tables.read_text() == altered


def test_check_misses_a_file_that_is_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    (project / "guestbook" / "wire.py").unlink()
    assert main(["--check"]) == 1
    assert "+++ guestbook/wire.py (generated)" in capsys.readouterr().out
    assert not (project / "guestbook" / "wire.py").exists()


@pytest.mark.parametrize(("mistakes", "count"), [(["big"], "1 mistake"), (["big", "'1.0'"], "2 mistakes")])
def test_broken_spec_is_reported_and_nothing_is_written(
    project: Path, capsys: pytest.CaptureFixture[str], mistakes: list[str], count: str
) -> None:
    path = project / "spec" / "guestbook.yaml"
    for old in mistakes:
        path.write_text(path.read_text().replace(f": {old}\n", ": [1]\n"))
    for arguments in ([], ["--check"]):
        assert main(arguments) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert "spec/guestbook.yaml:8:15: expected a string, found a list [wrong-type]\n" in output.err
        assert output.err.endswith(f"\n{count} in the spec; nothing was written\n")
    assert [entry.name for entry in project.iterdir()] == ["spec"]


def test_place_that_cannot_be_written_is_reported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "guestbook").write_text("a file in the way")
    assert main([]) == 2
    assert "cannot write " in capsys.readouterr().err


def test_project_without_a_spec_is_told_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert capsys.readouterr().err == "no YAML with a section 'protocol' stands in spec/; name one with --spec\n"


def test_project_with_two_specs_is_told_to_choose(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(project / "spec" / "guestbook.yaml", project / "spec" / "other.yaml")
    assert main([]) == 2
    assert "name one with --spec" in capsys.readouterr().err
    assert main(["--spec", "spec/other.yaml"]) == 0


def test_files_of_the_project_are_up_to_date() -> None:
    """`make codecs` brings them up to date."""
    assert differences(emit(load(SPECS["project"])), ROOT) == ""


def test_write_tells_what_it_wrote(tmp_path: Path) -> None:
    files = {Path("a/b.txt"): "one\n", Path("c.txt"): "two\n"}
    assert write(files, tmp_path) == list(files)
    assert write({**files, Path("c.txt"): "three\n"}, tmp_path) == [Path("c.txt")]
    assert differences(files, tmp_path) == "--- c.txt (on disk)\n+++ c.txt (generated)\n@@ -1 +1 @@\n-three\n+two\n"


# -- pieces --------------------------------------------------------------------------------------------------------------


def test_requirements_in_the_tables_have_no_placeholder_either(spec: Spec) -> None:
    tables = emit(spec)[Path(spec.package) / "tables.py"]
    assert not re.search(r"\{[a-z_.]+\}", tables[tables.index("REQUIREMENTS:") :])


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=150)
@given(_PLAIN, st.integers(0, 8))
def test_literal_is_python_for_its_value(value: Any, indent: int) -> None:
    assert ast.literal_eval(literal(value, indent)) == value


@settings(deadline=None, max_examples=150)
@given(st.text(st.sampled_from("ab .\\\"'\n{}"), min_size=1, max_size=40).filter(str.strip))
def test_docstring_is_python_whatever_the_text(text: str) -> None:
    module = ast.parse(f"class C:\n{docstring(text)}")
    (definition,) = module.body
    assert isinstance(definition, ast.ClassDef)
    found = ast.get_docstring(definition)
    assert found is not None
    assert found.replace("'", '"').split() == text.replace("'", '"').split()


def test_comment_stays_in_one_line() -> None:
    assert comment("What it\nmeans", "  ") == "  #: What it means\n"


def test_call_is_wrapped_only_where_it_has_to_be() -> None:
    assert call("f", ["a", "b"]) == "f(a, b)"
    assert call("f", ["a" * 60, "b" * 60]) == f"f(\n    {'a' * 60},\n    {'b' * 60},\n)"
    assert call("f" * 20, ["a" * 50, "b" * 50]) == f"{'f' * 20}(\n    {'a' * 50}, {'b' * 50}\n)"


def test_class_name_of_both_spellings() -> None:
    assert (class_name("LAST_PAGE"), class_name("last_page")) == ("LastPage", "LastPage")


# -- the generator knows no protocol -------------------------------------------------------------------------------------


def test_generator_holds_no_name_of_the_protocol() -> None:
    """Names of messages, states, codes, limits, constants and requirements of the project's protocol, and its own.

    Of types and fields those with an underscore: the others, such as `name` and `text`, are words of the language.
    """
    spec = load(SPECS["project"])
    enums = [type_ for type_ in spec.types.values() if isinstance(type_, EnumType)]
    names = {message.name for message in spec.messages} | {class_name(message.name) for message in spec.messages}
    names |= {state.name for state in spec.states} | {value.name for type_ in enums for value in type_.values}
    names |= {limit.name for limit in spec.limits} | {constant.name for constant in spec.constants}
    names |= {requirement.id for _, requirement in spec.requirements()}
    inner = {*spec.types, *(field.name for message in spec.messages for field in message.fields)}
    names |= {name for name in inner if "_" in name}
    names |= {spec.name, spec.package, spec.document}
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))}|(?i:{re.escape(spec.short)}))(?!\w)")
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted((ROOT / "codegen").rglob("*.py")):
        found.update((path.name, name) for name in pattern.findall(path.read_text(encoding="utf-8")))
    assert found == {}


def test_generator_imports_nothing_of_the_project() -> None:
    for path in sorted((ROOT / "codegen").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (isinstance(node, ast.ImportFrom) and not node.level) or isinstance(node, ast.Import):
                module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                assert str(module).split(".")[0] in {*sys.stdlib_module_names, "_typeshed", "yaml", "construct"}, path


# -- what stands in the way ----------------------------------------------------------------------------------------------


def test_file_that_was_not_generated_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by_hand = tmp_path / "guestbook" / "codec.py"
    by_hand.parent.mkdir()
    by_hand.write_text("# notes: Generated from my own head\nPRECIOUS = 1\n", encoding="utf-8")
    assert main(["--spec", str(GUESTBOOK), "--root", str(tmp_path)]) == 2
    assert by_hand.read_text(encoding="utf-8").endswith("PRECIOUS = 1\n")
    assert not (tmp_path / "guestbook" / "codecs.py").exists(), "something was written all the same"
    error = capsys.readouterr().err
    assert "guestbook/codec.py: not made by codegen; nothing was written" in error


def test_package_is_one_for_python_from_the_start_and_then_belongs_to_the_user(tmp_path: Path) -> None:
    arguments = ["--spec", str(GUESTBOOK), "--root", str(tmp_path)]
    assert main(arguments) == 0
    first = tmp_path / "guestbook" / "__init__.py"
    assert (tmp_path / "guestbook" / "py.typed").exists()
    first.write_text("from .codecs import decode\n", encoding="utf-8")
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    assert first.read_text(encoding="utf-8") == "from .codecs import decode\n"


def test_document_of_a_spec_without_chapters_holds_what_an_implementer_needs(tmp_path: Path) -> None:
    text = write_document(load(ROOT / "tests" / "fixtures" / "versions" / "v1_1.yaml"))
    for sentence in (
        "Numbers are sent with the most significant byte first.",
        "ignores a bit of flags that it does not know, unless it is one of 0xf",
        "ignores an extension with an even tag that it does not know",
        "Bytes that cannot be read as a message are answered with GARBAGE",
        "The codes of REFUSED",
    ):
        assert sentence in " ".join(text.split()), sentence
