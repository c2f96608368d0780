"""The edition of a spec: another one for whatever binds, the same for whatever does not, and told wherever one looks."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from codegen.edition import edition
from codegen.generate import emit
from codegen.load import load
from codegen.model import Requirement
from tests.fixtures.protocols import SPECS
from tests.support import ROOT

CHANGES = sorted((ROOT / "tests" / "fixtures" / "diff").iterdir(), key=lambda folder: folder.name)
#: The kinds of change, by the rules of `diff`, that no peer and no user sees. Whatever else `diff` knows makes another edition.
UNSEEN = {
    *("document-moved", "package-moved", "order-changed", "prose-changed"),
    *("type-added", "type-removed", "unused-type-changed"),
    *("vector-added", "vector-changed", "vector-removed"),
}


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_each_kind_of_change_makes_another_edition_unless_nobody_sees_it(folder: Path) -> None:
    before, after = (edition(load(folder / f"{name}.yaml")) for name in ("before", "after"))
    assert (before == after) == (folder.name in UNSEEN)


@pytest.mark.parametrize("name", SPECS)
def test_comments_layout_and_the_order_of_keys_change_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / SPECS[name].name
    shutil.copytree(SPECS[name].parent, path.parent, dirs_exist_ok=True)
    before = edition(load(path))
    for part in tmp_path.glob("*.yaml"):
        said = yaml.dump(backwards(yaml.safe_load(part.read_text(encoding="utf-8"))), sort_keys=False, width=40)
        part.write_text(f"# Written anew.\n{said}", encoding="utf-8")
    after = load(path)
    assert [one.name for one in after.messages] == [one.name for one in load(SPECS[name]).messages[::-1]]
    assert edition(after) == before


def backwards(value: Any, key: str = "") -> Any:
    """YAML with the keys of each mapping in the reverse order, and more space between the words of its sentences.

    The states stay in their order, since the first is where a connection begins.
    """
    if isinstance(value, dict):
        items = [(name, backwards(item, name)) for name, item in value.items()]
        return dict(items if key == "states" else reversed(items))
    if isinstance(value, list):
        return [backwards(item) for item in value]
    return value.replace(" ", "\n ") if key == "doc" or " MUST " in key else value


def test_each_blank_of_a_line_that_people_see_counts() -> None:
    spec = load(SPECS["guestbook"])
    first, *others = spec.display
    wider = replace(first, line=first.line.replace(" ", "  "))
    assert wider != first
    assert edition(replace(spec, display=(wider, *others))) != edition(spec)


def test_order_of_requirements_does_not_count_but_their_section_does() -> None:
    spec = load(SPECS["impwire"])
    turned = tuple(replace(chapter, body=chapter.body[::-1]) for chapter in reversed(spec.chapters))
    assert edition(replace(spec, chapters=turned)) == edition(spec)
    at, rule = next(
        (at, block) for at, one in enumerate(spec.chapters) for block in one.body if isinstance(block, Requirement)
    )
    chapters = list(spec.chapters)
    chapters[at] = replace(chapters[at], body=tuple(block for block in chapters[at].body if block != rule))
    chapters[at + 1] = replace(chapters[at + 1], body=(rule, *chapters[at + 1].body))
    assert edition(replace(spec, chapters=tuple(chapters))) != edition(spec)


def test_what_explains_does_not_count() -> None:
    """Least of all the sessions: they are made with the generated code, which bears the edition."""
    spec = load(SPECS["impwire"])
    assert all((spec.abstract, spec.sessions, spec.vectors))
    assert edition(replace(spec, abstract="", sessions=(), vectors=())) == edition(spec)


def test_generator_that_is_changed_leaves_editions_as_they_are() -> None:
    """People compare editions that were made by different versions of the generator. Here the spec may change, and it alone."""
    assert edition(load(SPECS["weather"])) == "4015281e"


@pytest.mark.parametrize("name", ["impwire", "guestbook"])
def test_edition_is_told_wherever_one_looks(name: str) -> None:
    spec = load(SPECS[name])
    files, it = {path.name: text for path, text in emit(spec).items()}, edition(spec)
    assert f'\nEDITION = "{it}"\n' in files["tables.py"]
    head = files[Path(spec.document).name].partition("\nAbstract\n")[0]
    assert f" Edition {it}\n" in head
    if spec.exports:
        assert json.loads(files["vectors.json"])["edition"] == it
        assert f"<span>Edition {it}</span>" in files["protocol.html"].partition("</header>")[0]
