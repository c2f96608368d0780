"""Where the generated files of a spec go: what cannot be a package, a document or a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.generate import emit
from codegen.load import load
from codegen.read.outputs import MODULES
from tests.fixtures.spoiling import Mistake, assert_told_alone, named, spoil
from tests.support import ROOT

OUTPUTS: dict[str, Mistake] = {
    "package with a hyphen": (
        "package: guestbook\n",
        "package: «guest-book\n",
        "'guest-book' cannot be imported; write guest_book",
    ),
    "package with a dot": (
        "package: guestbook\n",
        "package: «gen.guestbook\n",
        "'gen.guestbook' cannot be imported; for a package within another write gen/guestbook",
    ),
    "package that is a word of Python": (
        "package: guestbook\n",
        "package: «gen/class\n",
        "'gen/class' cannot be imported; write gen/class_",
    ),
    "package that begins with a digit": (
        "package: guestbook\n",
        "package: «2nd\n",
        "'2nd' cannot be imported; write _2nd",
    ),
    "package without a name": (
        "package: guestbook\n",
        "package: «''\n",
        "'' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package that is the root": (
        "package: guestbook\n",
        "package: «.\n",
        "'.' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package above the root": (
        "package: guestbook\n",
        "package: «../up\n",
        "'../up' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package anywhere": (
        "package: guestbook\n",
        "package: «/tmp/up\n",
        "'/tmp/up' is no folder below the root; write one such as lamp or src/lamp",
    ),
    "package that hides a module of Python": (
        "package: guestbook\n",
        "package: «json\n",
        "a package 'json' would hide Python's own or one that it needs; write another name, such as my_json",
    ),
    "package below src that hides what generated code imports": (
        "package: guestbook\n",
        "package: «src/construct\n",
        "a package 'construct' would hide Python's own or one that it needs; write another name, such as my_construct",
    ),
    "document above the root": (
        "document: guestbook.txt",
        "document: «../guestbook.txt",
        "'../guestbook.txt' is no file below the root; write a path such as docs/lamp.txt",
    ),
    "document anywhere": (
        "document: guestbook.txt",
        "document: «/etc/guestbook.txt",
        "'/etc/guestbook.txt' is no file below the root; write a path such as docs/lamp.txt",
    ),
    "document without a name": (
        "document: guestbook.txt",
        "document: «''",
        "'' is no file below the root; write a path such as docs/lamp.txt",
    ),
    "document that is the spec": (
        "document: guestbook.txt",
        "document: «spec/guestbook.yaml",
        "'spec/guestbook.yaml' is a file of the spec itself, which would be overwritten; write another name",
    ),
    "document that is a part of the spec": (
        "document: guestbook.txt",
        "document: «./prose.yaml",
        "'./prose.yaml' is a file of the spec itself, which would be overwritten; write another name",
    ),
    "document that is a module": (
        "document: guestbook.txt",
        "document: «guestbook/wire.py",
        "'guestbook/wire.py' is a module of the package already; write another name",
    ),
    "support module that is the document": (
        "strict_yaml: guestbook/strict_yaml.py",
        "strict_yaml: «guestbook.txt",
        "'guestbook.txt' is the file of 'document' already; write another name",
    ),
    "support module that needs the document as a folder": (
        "strict_yaml: guestbook/strict_yaml.py",
        "strict_yaml: «guestbook.txt/strict_yaml.py",
        "'guestbook.txt/strict_yaml.py' cannot be there beside 'guestbook.txt': one is a file where the other needs a "
        "folder",
    ),
}


@pytest.mark.parametrize("mistake", named(OUTPUTS))
def test_mistake_is_told_once_and_nothing_that_only_follows_from_it(guestbook: Path, mistake: Mistake) -> None:
    assert_told_alone(guestbook, mistake)


@pytest.mark.parametrize("package", ["lamp", "src/lamp", "gen/json", "./lamp", "lamp_2"])
def test_package_that_can_be_imported(guestbook: Path, package: str) -> None:
    spoil(guestbook, "package: guestbook\n", f"package: {package}\n")
    spoil(guestbook, "strict_yaml: guestbook/strict_yaml.py", "strict_yaml: tools/strict_yaml.py")
    assert load(guestbook).package == package


def test_every_generated_module_is_known_as_one() -> None:
    """Else the document could take the place of a module."""
    files = emit(load(ROOT / "tests" / "fixtures" / "toy" / "toy.yaml"))
    assert {path.stem for path in files if path.suffix == ".py"} <= set(MODULES)
