"""The YAML of a spec: one file and its parts, as sections whose every value has a place.

`Source.read(path, problems)` reads them. What a section means is read elsewhere; `at` and `key` find the place of what a
rule has to say something about.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..support.strict_yaml import InvalidFile, Node, Problems
from ..support.strict_yaml import load as load_yaml

_REQUIRED = ("protocol", "outputs", "frame", "numbering", "types", "states", "messages")
_OPTIONAL = (
    *("parts", "limits", "timers", "constants", "transitions", "failures", "chapters"),
    *("commands", "display", "vectors", "sessions"),
)
SECTIONS = _REQUIRED + _OPTIONAL
_LISTS = ("parts", "numbering", "transitions", "chapters", "display", "vectors", "sessions")


class Source:
    """The sections of one spec. `paths` are its files, the spec itself first, and `names` how reports call them.

    What has a mistake is `spoilt` from then on: nothing is said about what only follows from that.
    """

    def __init__(
        self, root: Node, sections: dict[str, Node], keys: dict[str, Node], names: tuple[str, ...], paths: list[Path]
    ) -> None:
        self._root, self._sections, self._keys, self.names, self.paths = root, sections, keys, names, paths
        self.problems = root.problems
        self._spoilt: set[tuple[str, str]] = set()

    @classmethod
    def read(cls, path: Path, problems: Problems) -> Source:
        """The file at `path` and its parts.

        Raises `InvalidFile` if one of them holds no sections at all: what it lacks would only be reported again elsewhere.
        """
        root = load_yaml(path, problems, _name(path))
        files, names, paths = [root], [_name(path)], [path]
        parts = root.value.get("parts") if isinstance(root.value, dict) else None
        for part in parts.items() if parts else ():
            if part.string():
                file = path.parent / part.string()
                files.append(load_yaml(file, problems, _name(file)))
                names.append(_name(file))
                paths.append(file)
        sections: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        for file_root in files:
            file_root.mapping(optional=SECTIONS)
            for key, place, node in file_root.entries():
                if key in sections:
                    place.problem(f"section '{key}' stands in {sections[key].file} already", "duplicate-key")
                sections.setdefault(key, node)
                keys.setdefault(key, place)
        if not all(isinstance(file_root.value, dict) and file_root.value for file_root in files):
            raise InvalidFile(problems)
        for key in [key for key in sections if key not in SECTIONS]:
            # That it is misspelt is told; it is read all the same, as what it was meant to be.
            for meant in difflib.get_close_matches(key, set(SECTIONS).difference(sections), n=1, cutoff=0.8):
                sections[meant], keys[meant] = sections[key], keys[key]
        for key in _REQUIRED:
            if key not in sections:
                root.problem(f"section '{key}' is missing", "missing-key")
        return cls(root, sections, keys, tuple(names), paths)

    def __contains__(self, section: str) -> bool:
        return section in self._sections

    def section(self, key: str, empty: Any) -> Node:
        """The section; where it is absent, a node that holds `empty`, whose mistakes go unreported."""
        root = self._root
        return self._sections.get(key) or Node(root.file, root.line, root.column, Problems(), empty, {})

    def lost(self, key: str) -> bool:
        """Whether the section is missing or is no section at all, so that nobody knows what stands in it."""
        node = self._sections.get(key)
        return key in _REQUIRED if node is None else not isinstance(node.value, list if key in _LISTS else dict)

    @contextmanager
    def watched(self, section: str, name: str) -> Iterator[None]:
        """Within this, every report spoils what is named."""
        before = len(self.problems)
        yield
        if len(self.problems) > before:
            self.spoil(section, name)

    def spoil(self, section: str, name: str) -> None:
        """Remember that something has a mistake."""
        self._spoilt.add((section, name))

    def spoilt(self, section: str, name: str) -> bool:
        """Whether something has a mistake, which was told where it stands."""
        return (section, name) in self._spoilt

    def at(self, *path: str | int) -> Node:
        """The value at the end of a path of keys and numbers of items: `at("messages", "ASK", "fields", 0)`.

        Where the path ends early, because a key is absent, the last value on the way.
        """
        return self._walk(path)[1]

    def key(self, *path: str | int) -> Node:
        """The place of the last key of a path; for an item of a list, its own."""
        return self._walk(path)[0]

    def _walk(self, path: tuple[str | int, ...]) -> tuple[Node, Node]:
        first, *rest = path
        node = self.section(str(first), None)
        key = self._keys.get(str(first), node)
        for step in rest:
            if isinstance(node.value, dict) and str(step) in node.value:
                key, node = node.keys[str(step)], node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int):
                key = node = node.value[step]
            else:
                break
        return key, node


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
