"""The operator's lines, by the table of section 17: from text to a command with its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from impwire.tables import CONSOLE_COMMANDS

_BLANKS = " \t"
_BETWEEN = re.compile(f"[{_BLANKS}]+")


class Entered(NamedTuple):
    """A command of the table and its arguments by name; optional ones that were not given are absent."""

    name: str
    arguments: dict[str, str]


class NotUnderstood(ValueError):
    """A line that is no command, with the words that explain it (OP-6)."""


def parse(line: str) -> Entered | None:
    """The command on a line; None for an empty line. Raises `NotUnderstood`."""
    line = line.removesuffix("\r").strip(_BLANKS)
    if not line:
        return None
    word, rest = _split(line)
    command = CONSOLE_COMMANDS.get(word[1:]) if word.startswith("/") else None
    if command is None:
        raise NotUnderstood(f"unknown command {word!r}; {_meant(word)}/help lists the commands")
    arguments: dict[str, str] = {}
    for argument in command.arguments:
        value, rest = (rest, "") if argument.rest else _split(rest)
        if value:
            arguments[argument.name] = value
        elif not argument.optional:
            raise NotUnderstood(f"<{argument.name}> is missing: {command.usage}")
    if rest:
        raise NotUnderstood(f"{rest!r} is too much: {command.usage}")
    return Entered(word[1:], arguments)


def _split(text: str) -> tuple[str, str]:
    """The first word, and what follows it without the blanks between. No other kind of space separates words."""
    word, *rest = _BETWEEN.split(text, maxsplit=1)
    return word, rest[0] if rest else ""


def _meant(word: str) -> str:
    """A guess at what was to be typed, or nothing."""
    import difflib  # Seldom needed, and slow to load.

    near = difflib.get_close_matches(word[1:], CONSOLE_COMMANDS, 1) if word.startswith("/") else []
    return f"did you mean /{near[0]}? " if near else ""


def candidates(line: str, users: Iterable[str], banned: Iterable[str]) -> list[tuple[str, str]]:
    """What the last word of a line that is being typed may become, each with a word of help; in order.

    The first word is a command. Its arguments are completed where they are one of the users, or of what is banned.
    """
    words = line.split(" ")
    if len(words) == 1:
        return [
            (f"/{name}{' ' if command.arguments else ''}", command.help)
            for name, command in CONSOLE_COMMANDS.items()
            if line and f"/{name}".startswith(line)
        ]
    command = CONSOLE_COMMANDS.get(words[0][1:]) if words[0].startswith("/") else None
    if command is None or len(words) != 2 or not command.arguments:
        return []
    known = {"user": users, "user|address|network": users, "what": banned}.get(command.arguments[0].name, ())
    space = " " if len(command.arguments) > 1 else ""
    return [(f"{name}{space}", "") for name in sorted(known) if name.lower().startswith(words[1].lower())]


def help_lines() -> list[str]:
    """Every command with what it does."""
    width = max(len(command.usage) for command in CONSOLE_COMMANDS.values())
    return [f"{command.usage.ljust(width)}  {command.help}" for command in CONSOLE_COMMANDS.values()]
