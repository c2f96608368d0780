"""The case language, backwards: a case as the YAML that `load_cases` reads.

What is written loads as the same case, whatever its texts hold; one step stands on one line, as people write it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

import yaml

from .case import Case, Part, Step, Worked
from .verbs import verbs_of

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
#: Words that nobody can take for a number, a boolean or a mark of YAML.
_PLAIN = re.compile(r"(\$[A-Za-z_]|[A-Za-z_][A-Za-z0-9_/-])[A-Za-z0-9_ .+*/-]*")


class _Line(list[Any]):
    """A list that is written on one line."""


class _Dumper(_BASE):  # type: ignore[misc]
    pass


def _text(dumper: Any, text: str) -> Any:
    style = None if _PLAIN.fullmatch(text) else "'" if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    _Line, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)
)
_Dumper.add_representer(
    dict, lambda dumper, entries: dumper.represent_mapping("tag:yaml.org,2002:map", entries, flow_style=True)
)


def dump_case(case: Case) -> str:
    """A whole file with this case."""
    return dump_cases([case])


def dump_cases(cases: Iterable[Case]) -> str:
    """A whole file with these cases, in order."""
    return "cases:\n" + "".join(_entry(case) for case in cases)


def _entry(case: Case) -> str:
    head: dict[str, Any] = {"id": case.id, "title": case.title, "proves": _Line(case.proves)}
    if case.clients:
        head["client"] = case.clients[0] if len(case.clients) == 1 else _Line(case.clients)
    head |= {} if case.server else {"server": False}
    head |= {"fresh": True} if case.fresh else {}
    head |= {"with": case.settings} if case.settings else {}
    head |= {"worked": _worked(case.worked)} if case.worked else {}
    keys = "".join(f"{key}: {_yaml([_Line([value])])[3:-2]}\n" for key, value in head.items())
    steps = _yaml([_Line(_words(step)) for step in case.steps])
    text = f"{keys}steps:\n{textwrap.indent(steps, '  ')}"
    return "  - " + textwrap.indent(text, "    ").removeprefix("    ")


def _worked(worked: Worked) -> dict[str, Any]:
    values = worked._asdict()
    return values if worked.examples else {key: value for key, value in values.items() if key != "examples"}


def _yaml(value: Any) -> str:
    dumped: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False, width=1 << 30
    )
    # What acts on a terminal or an editor stands in double quotes by now, and is told by its number.
    return "".join(
        character if character.isprintable() or character == "\n" else _number(character) for character in dumped
    )


def _number(character: str) -> str:
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else f"\\u{ord(character):04X}"


def _words(step: Step) -> list[Any]:
    """A step as the list that stands for it, by what its verb takes."""
    words: list[Any] = [_Line(step.group) if step.group else step.actor, step.verb]
    groups = [list(step.parts), list(step.others)]
    for word in verbs_of(step.actor)[step.verb].takes.split():
        if word.startswith("'"):
            words.append(word.strip("'"))
        elif word == "message":
            words += _message(groups[0].pop(0))
        elif word == "messages":
            words += [_Line(_message(part)) for part in groups.pop(0)]
        elif word == "raw":
            words.append(step.raw[0] if len(step.raw) == 1 and isinstance(step.raw[0], str) else _Line(step.raw))
        elif word in ("text", "number"):
            words.append(getattr(step, word))
        elif word == "options?":
            options = {"within": step.within, "after": step.after, "from": step.source}
            given = {key: value for key, value in options.items() if value not in (None, "")}
            words += [given] if given else []
    return words


def _message(part: Part) -> list[Any]:
    return [part.message, _plain(part.fields)]


def _plain(value: Any) -> Any:
    """A value of plain lists and dicts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return _Line(_plain(item) for item in value) if isinstance(value, (list, tuple)) else value
