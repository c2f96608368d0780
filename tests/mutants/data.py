"""The mutants as data: which requirement each breaks, and the one change to a reference program that breaks it.

A file names the side that is under test. Each of its mutants replaces a text that must stand exactly once in one file; what
cannot be broken, or not so that anybody outside could see it, stands under `none` with the reason. The invariant: what is
loaded can be applied to the code as it is now.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from codegen.support.strict_yaml import InvalidFile, Mapping, Node, Problems, load
from impwire.tables import REQUIREMENTS, Role

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
#: What a mutant may change: the programs under test and the library that they are made with.
PACKAGES = ("impwire", "reference_server", "reference_client")


@dataclass(frozen=True)
class Mutant:
    """A reference program with one change. `breaks` are the requirements that no longer hold; `place` is the entry's."""

    breaks: tuple[str, ...]
    title: str
    side: Role
    file: str
    replace: str
    by: str
    place: str

    def applied(self, source: str) -> str:
        """The text of the file with the change."""
        return change(source, self.replace, self.by)


@dataclass(frozen=True)
class Excuse:
    """Why there is no mutant of a requirement on one side."""

    requirement: str
    side: Role
    reason: str


@dataclass(frozen=True)
class Mutants:
    """All of them, in the order of the files."""

    mutants: tuple[Mutant, ...]
    excuses: tuple[Excuse, ...]

    def missing(self) -> list[tuple[str, Role]]:
        """The MUSTs, each on every side that it binds, that have neither a mutant nor an excuse."""
        has = {(requirement, mutant.side) for mutant in self.mutants for requirement in mutant.breaks}
        has |= {(excuse.requirement, excuse.side) for excuse in self.excuses}
        due = [(name, side) for name, it in REQUIREMENTS.items() if it.level == "MUST" for side in sides_of(name)]
        return [each for each in due if each not in has]


def sides_of(requirement: str) -> list[Role]:
    """The sides that a requirement binds."""
    side = REQUIREMENTS[requirement].side
    return list(Role) if side == "both" else [Role(side)]


def change(source: str, replace: str, by: str) -> str:
    """The source with the one place changed. Raises ValueError if it is not there exactly once, or is no Python after.

    A text within a line is replaced as it stands; one of several lines takes whole lines, at whatever indentation.
    """
    if "\n" in replace or "\n" in by:
        lines = [re.escape(line) for line in replace.split("\n")]
        pattern = r"^(?P<indent> *)" + r"\n(?P=indent)".join(lines) + "$"
    else:
        pattern = r"(?P<indent>)" + re.escape(replace)
    count = len(re.findall(pattern, source, re.MULTILINE))
    if count != 1:
        raise ValueError(
            "the text to replace is not there" if not count else f"the text to replace is there {count} times"
        )
    changed = re.sub(
        pattern, lambda found: "\n".join(found["indent"] + line for line in by.split("\n")), source, flags=re.MULTILINE
    )
    try:
        ast.parse(changed)
    except SyntaxError as error:
        raise ValueError(f"what comes of it is no Python: {error.msg} in line {error.lineno}") from None
    return changed


def load_mutants(folder: Path = HERE, root: Path = ROOT) -> Mutants:
    """The mutants in the files of a folder, for the code in `root`. Raises `InvalidFile` with every mistake."""
    problems = Problems()
    mutants: list[Mutant] = []
    excuses: list[Excuse] = []
    for path in sorted(folder.glob("*.yaml")):
        top = load(path, problems, path.name).mapping(["side", "mutants"], ["none"])
        side = Role(top.at("side").one_of([str(role) for role in Role], "side"))
        mutants += [_mutant(node, side, root) for node in top.items("mutants")]
        for key, place, reason in top.entries("none"):
            place.child(key).one_of(REQUIREMENTS, "requirement")
            excuses.append(Excuse(key, side, reason.string()))
    if problems:
        raise InvalidFile(problems)
    return Mutants(tuple(mutants), tuple(excuses))


def _mutant(node: Node, side: Role, root: Path) -> Mutant:
    entry = node.mapping(["breaks", "title", "file", "replace", "by"])
    breaks = tuple(item.one_of(REQUIREMENTS, "requirement") for item in entry.items("breaks"))
    if not breaks and "breaks" in entry:
        entry.at("breaks").problem("a mutant breaks at least one requirement")
    text = {key: entry.string(key) for key in ("title", "file", "replace", "by")}
    if "file" in entry and "replace" in entry:
        _check(entry, text, root)
    return Mutant(breaks, **text, side=side, place=f"{node.file}:{node.line}")


def _check(entry: Mapping, text: dict[str, str], root: Path) -> None:
    """Report a change that cannot be made to the code as it is."""
    if text["file"].partition("/")[0] not in PACKAGES or not (root / text["file"]).is_file():
        entry.at("file").problem(f"there is no {text['file']} in {', '.join(PACKAGES)}")
        return
    try:
        change((root / text["file"]).read_text(encoding="utf-8"), text["replace"], text["by"])
    except ValueError as error:
        entry.at("replace").problem(f"{text['file']}: {error}")
