"""The operator's lines, by the table of section 17: from text to a command with its arguments."""

from __future__ import annotations

from typing import NamedTuple

from impwire.tables import CONSOLE_COMMANDS


class Entered(NamedTuple):
    """A command of the table and its arguments by name; optional ones that were not given are absent."""

    name: str
    arguments: dict[str, str]


class NotUnderstood(ValueError):
    """A line that is no command, with the words that explain it (OP-6)."""


def parse(line: str) -> Entered | None:
    """The command on a line; None for an empty line. Raises `NotUnderstood`."""
    line = line.strip()
    if not line:
        return None
    word, _, rest = line.partition(" ")
    command = CONSOLE_COMMANDS.get(word[1:]) if word.startswith("/") else None
    if command is None:
        raise NotUnderstood(f"unknown command {word!r}; /help lists the commands")
    arguments: dict[str, str] = {}
    for argument in command.arguments:
        rest = rest.strip()
        value, rest = (rest, "") if argument.rest else (rest.partition(" ")[0], rest.partition(" ")[2])
        if value:
            arguments[argument.name] = value
        elif not argument.optional:
            raise NotUnderstood(f"<{argument.name}> is missing: {command.usage}")
    if rest.strip():
        raise NotUnderstood(f"{rest.strip()!r} is too much: {command.usage}")
    return Entered(word[1:], arguments)


def help_lines() -> list[str]:
    """Every command with what it does."""
    width = max(len(command.usage) for command in CONSOLE_COMMANDS.values())
    return [f"{command.usage.ljust(width)}  {command.help}" for command in CONSOLE_COMMANDS.values()]
