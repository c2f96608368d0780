# A copy of codegen/support/strict_yaml.py, made by `python -m codegen`. Do not edit: change the source.
"""Strict reading of YAML, with the place of every value.

YAML guesses: `on` is a boolean, `0010` is 8, `1.10` is 1.1, the second of two equal keys wins in silence. Here each of
these is reported instead, as `file:line:column: what is wrong [rule]`, and reading goes on, so that one run shows every
mistake.

`load(path, problems)` returns a `Node`. A `Node` knows its place and what it holds; `Node.mapping(...)` checks keys and
`Node.string()`, `.integer()`, `.boolean()`, `.items()` check types. Each reports to the `Problems` that the node was
loaded with and then returns a harmless value, so callers need no error handling of their own; they look at
`problems` once, at the end.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)|0x[0-9A-Fa-f]+")
# What PyYAML takes for a string and other readers, or people, take for a boolean or a number.
_AMBIGUOUS = re.compile(r"(?i:y|n)|[-+]?[0-9][0-9_]*|[-+]?0o[0-7]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file: `line` and `column` count from 1, `rule` is the rule that it breaks, if that has a name."""

    file: str
    line: int
    column: int
    text: str
    rule: str = ""

    def __str__(self) -> str:
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{self.file}:{self.line}:{self.column}: {self.text}{rule}"


class Problems(list[Problem]):
    """The mistakes found so far, in the order of their discovery."""

    def report(self) -> str:
        """All mistakes in the order of their places, a line each."""
        return "\n".join(str(problem) for problem in sorted(set(self)))


class InvalidFile(Exception):
    """A file, or several, with mistakes. `str()` is the report; `problems` holds each one once, in its order."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(problems.report())
        self.problems = Problems(sorted(set(problems)))


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """`; did you mean 'x'?` if a candidate is like the word, else nothing."""
    close = difflib.get_close_matches(word, sorted(candidates), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


class Node:
    """A value of a YAML file with its place. `value` holds str, int, bool, None, list[Node] or dict[str, Node]."""

    def __init__(
        self, file: str, line: int, column: int, problems: Problems, value: Any, keys: dict[str, Node]
    ) -> None:
        self.file, self.line, self.column = file, line, column
        self.problems, self.value = problems, value
        #: For a mapping, the place of each key.
        self.keys = keys
        self._ambiguous: Problem | None = None

    def problem(self, text: str, rule: str = "") -> None:
        """Report a mistake at this place."""
        self.problems.append(Problem(self.file, self.line, self.column, text, rule))

    def ambiguous(self, way_out: str) -> None:
        """Report that YAML may take the word for something else. What is due here is told instead, once that is known."""
        text = f"{self.value} is ambiguous in YAML; write {way_out}"
        problem = Problem(self.file, self.line, self.column, text, "ambiguous-yaml")
        if self._ambiguous and self._ambiguous in self.problems:
            self.problems.remove(self._ambiguous)
        self.problems.append(problem)
        self._ambiguous = problem

    def _expected(self, what: str, way_out: str = "") -> None:
        if self._ambiguous:  # One report is enough.
            if way_out:
                self.ambiguous(way_out)
            return
        found = {dict: "a mapping", list: "a list", str: "a string", int: "a number", bool: "a boolean"}
        text = f"expected {what}, found {found.get(type(self.value), 'nothing')}"
        if what == "a string" and isinstance(self.value, bool):
            text += f": {str(self.value).lower()}; put it in quotes or choose another word"
        self.problem(text, "wrong-type")

    def child(self, value: Any) -> Node:
        """Another value at this node's place: for a default where a key is absent."""
        return Node(self.file, self.line, self.column, self.problems, value, {})

    def string(self) -> str:
        """The value as a string, or an empty string after a report."""
        if isinstance(self.value, str):
            return self.value
        self._expected("a string")
        return ""

    def integer(self, default: int = 0) -> int:
        """The value as a whole number, or the default after a report."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        self._expected("a whole number", f"{_number_meant(str(self.value))} for the number")
        return default

    def boolean(self) -> bool:
        """The value as a boolean, or False after a report."""
        if isinstance(self.value, bool):
            return self.value
        self._expected("true or false", "true or false")
        return False

    def items(self) -> list[Node]:
        """The items of a list, or none after a report."""
        if isinstance(self.value, list):
            return self.value
        self._expected("a list")
        return []

    def entries(self) -> list[tuple[str, Node, Node]]:
        """Key, the key's own place, and value of each entry of a mapping, or none after a report."""
        if isinstance(self.value, dict):
            return [(key, self.keys[key], node) for key, node in self.value.items()]
        self._expected("a mapping")
        return []

    def one_of(self, candidates: Iterable[str], what: str) -> str:
        """The value as one of the candidates; reports anything else with the nearest of them."""
        known = list(candidates)
        word = self.string()
        if isinstance(self.value, str) and word not in known and not self._ambiguous:
            hint = suggestion(word, known) or (f"; known are {', '.join(known)}" if known else "; there is none")
            self.problem(f"unknown {what} '{word}'{hint}", "unknown-name")
        return word if word in known else (known[0] if known else "")

    def mapping(self, required: Iterable[str] = (), optional: Iterable[str] = ()) -> Mapping:
        """The mapping with its keys checked: unknown and missing ones are reported."""
        required, optional = list(required), list(optional)
        entries = self.entries()
        for key, place, _ in entries:
            if key not in required and key not in optional:
                known = required + optional
                hint = suggestion(key, known) or f"; known are {', '.join(known)}"
                place.problem(f"unknown key '{key}'{hint}", "unknown-key")
        if isinstance(self.value, dict):
            for key in required:
                if key not in self.value:
                    self.problem(f"key '{key}' is missing", "missing-key")
        return Mapping(self, {key: node for key, _, node in entries})

    def plain(self) -> Any:
        """The value without places: nested dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


class Mapping:
    """Checked access to the entries of a mapping node. A key that is absent reads as its default, without a report."""

    def __init__(self, node: Node, entries: dict[str, Node]) -> None:
        self.node, self._entries = node, entries

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def holds(self, key: str, kind: type) -> bool:
        """Whether there is a value of that type at the key."""
        node = self._entries.get(key)
        return node is not None and type(node.value) is kind

    def get(self, key: str) -> Node | None:
        return self._entries.get(key)

    def at(self, key: str, default: Any = None) -> Node:
        """The node at the key, or one with the default, whose mistakes go unreported: that it is missing is enough."""
        return self._entries.get(key) or Node(self.node.file, self.node.line, self.node.column, Problems(), default, {})

    def string(self, key: str, default: str = "") -> str:
        node = self.get(key)
        return default if node is None else node.string()

    def integer(self, key: str, default: int = 0) -> int:
        node = self.get(key)
        return default if node is None else node.integer(default)

    def boolean(self, key: str, default: bool = False) -> bool:
        node = self.get(key)
        return default if node is None else node.boolean()

    def items(self, key: str) -> list[Node]:
        node = self.get(key)
        return [] if node is None else node.items()

    def entries(self, key: str) -> list[tuple[str, Node, Node]]:
        node = self.get(key)
        return [] if node is None else node.entries()


def load(path: Path, problems: Problems, name: str | None = None) -> Node:
    """Read one YAML file. `name` is how reports call it (the path by default).

    A file that cannot be read or is not YAML is reported like any other mistake; an empty mapping is then returned.
    """
    name = name or str(path)
    try:
        return loads(path.read_text(encoding="utf-8"), problems, name)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        problems.append(Problem(name, 1, 1, f"cannot be read: {reason}", "unreadable-file"))
        return Node(name, 1, 1, problems, {}, {})


def loads(text: str, problems: Problems, name: str) -> Node:
    """Read YAML text; see `load`."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = f"not YAML: {error.problem or error.context}{_hint(text, error.problem, line, column)}"
        problems.append(Problem(name, line, column, reason, "not-yaml"))
        return Node(name, 1, 1, problems, {}, {})
    except yaml.YAMLError as error:
        # What remains are characters that no YAML may hold; their place is not told in lines.
        problems.append(Problem(name, 1, 1, f"not YAML: {str(error).splitlines()[0]}", "not-yaml"))
        return Node(name, 1, 1, problems, {}, {})
    if root is None:
        problems.append(Problem(name, 1, 1, "the file is empty", "not-yaml"))
        return Node(name, 1, 1, problems, {}, {})
    node = _node(root, name, problems, ())
    _check_comments(text, name, problems)
    return node


def _hint(text: str, problem: str | None, line: int, column: int) -> str:
    """What may have been meant where the parser stopped."""
    lines = text.split("\n")
    before = lines[line - 1][:column] if line <= len(lines) else ""
    if "\t" in before and not before.strip():
        return "; YAML does not indent with tabs, write spaces"
    if problem == "mapping values are not allowed in this context":
        return "; put a text that holds ': ' in quotes"
    return ""


def _check_comments(text: str, name: str, problems: Problems) -> None:
    """Report text that ends at ` #` without a space behind it: YAML takes the rest for a comment, people may not."""
    if not re.search(r"[ \t]#\w", text):
        return
    behind = re.compile(r"[ \t]+(#\w+)")
    for event in yaml.parse(text, Loader=_LOADER):
        if not isinstance(event, yaml.ScalarEvent) or event.style or _INTEGER.fullmatch(event.value):
            continue
        start: Any = event.start_mark
        end: Any = event.end_mark
        comment = behind.match(text, end.index)
        if comment and event.value not in ("true", "false", "null", "~", ""):
            instead = "put the whole text in quotes, or a space behind the #"
            reason = f"YAML takes '{comment[1]}' for the beginning of a comment; {instead}"
            problems.append(Problem(name, start.line + 1, start.column + 1, reason, "ambiguous-yaml"))


def _node(raw: Any, file: str, problems: Problems, within: tuple[Any, ...]) -> Node:
    """The node of what the parser composed; `within` are the lists and mappings around it."""
    node = Node(file, raw.start_mark.line + 1, raw.start_mark.column + 1, problems, None, {})
    if any(raw is outer for outer in within):
        node.problem("this contains itself", "ambiguous-yaml")
    elif isinstance(raw, yaml.MappingNode):
        node.value = _mapping(raw, node, (*within, raw))
    elif isinstance(raw, yaml.SequenceNode):
        node.value = [_node(item, file, problems, (*within, raw)) for item in raw.value]
    else:
        node.value = _scalar(raw, node)
    if not isinstance(raw, yaml.ScalarNode) and raw.tag not in (f"{_TAG}map", f"{_TAG}seq"):
        node.problem(f"the tag {raw.tag.replace(_TAG, '!!')} is not for use here", "ambiguous-yaml")
    return node


def _mapping(raw: Any, node: Node, within: tuple[Any, ...]) -> dict[str, Node]:
    value: dict[str, Node] = {}
    for raw_key, raw_value in raw.value:
        key = _node(raw_key, node.file, node.problems, within)
        if not isinstance(raw_key, yaml.ScalarNode):
            key.problem("a key must be a word", "ambiguous-yaml")
            continue
        name = str(raw_key.value)  # As it is written: 0x10 is not a second 16.
        if name in value:
            first = node.keys[name]
            key.problem(f"key '{name}' stands here a second time; the first is in line {first.line}", "duplicate-key")
        else:
            node.keys[name] = key
            value[name] = _node(raw_value, node.file, node.problems, within)
    return value


def _scalar(raw: Any, node: Node) -> str | int | bool | None:
    """The value of a scalar. Strings stand for themselves; of all other spellings only the plainest count."""
    text, tag = str(raw.value), str(raw.tag).removeprefix(_TAG)
    quoted = raw.style in ("'", '"', "|", ">")
    if not quoted and tag == "int" and _INTEGER.fullmatch(text):
        return int(text, 0)
    if not quoted and tag == "bool" and text in ("true", "false"):
        return text == "true"
    if not quoted and tag == "null" and text in ("", "~", "null"):
        return None
    if tag != "str" or (not quoted and _AMBIGUOUS.fullmatch(text)):
        node.value = text
        node.ambiguous(f"'{text}' for the string, or true, false or a plain number")
    return text


def _number_meant(text: str) -> str:
    """The plain spelling of a number that is spelt otherwise, as people read it: 10 for 0010."""
    for base in (10, 0):
        try:
            return str(int(text, base))
        except ValueError:
            pass
    return "digits alone"
