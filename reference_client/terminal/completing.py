"""What a word may become at Tab: a command, or the name of somebody who is there.

The invariant: a name is completed as it is written by who bears it, whatever the case of what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompt_toolkit.completion import Completion

from impwire.tables import CLIENT_COMMANDS, Argument

from ..display import harmless

#: Names that are offered at once.
_MOST_NAMES = 200

#: An argument that names somebody who is there, and none that is to be new.
_RECIPIENT = "to"

_BLANK = re.compile(r"[ \n]")


def candidates(before: str, names: Sequence[str]) -> list[Completion]:
    """What the word before the cursor may become, when `before` stands there: commands at the beginning of a line,
    recipients of commands, and names in what is said, in the order in which they are given."""
    word = _BLANK.split(before)[-1]
    ahead = before[: len(before) - len(word)]
    if not before.startswith("/") or before.startswith("//"):
        return _fitting(word, names, "" if ahead else ": ")
    if not ahead:
        return _commands(word)
    argument = _argument(ahead)
    if argument is None or not (argument.name == _RECIPIENT or argument.rest):
        return []
    return _fitting(word, names, "" if argument.rest else " ")


def _fitting(word: str, names: Sequence[str], ending: str) -> list[Completion]:
    fitting = [name for name in names if name.lower().startswith(word.lower()) and harmless(name) == name]
    return [Completion(name + ending, -len(word), display=name) for name in fitting[:_MOST_NAMES]]


def _commands(word: str) -> list[Completion]:
    return [
        Completion(
            f"/{name} " if command.arguments else f"/{name}",
            -len(word),
            display=command.usage,
            display_meta=command.help,
        )
        for name, command in CLIENT_COMMANDS.items()
        if f"/{name}".startswith(word)
    ]


def _argument(ahead: str) -> Argument | None:
    """What stands behind these words: an argument of the command with which they begin."""
    name, *given = ahead[1:].split()
    command = CLIENT_COMMANDS.get(name)
    if command is None or not command.arguments:
        return None
    last = command.arguments[-1]
    return command.arguments[len(given)] if len(given) < len(command.arguments) else last if last.rest else None
