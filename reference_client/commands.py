"""From a typed line to the request that it asks for, by the tables of commands (protocol.txt, section 18).

A line goes in; a message whose request_id is not set, a `Local` command or an `Explanation` comes out, or None for a line
that asks for nothing. The tables alone say which commands there are, what they take and what they send. Whether the
values are allowed is decided by `requests.check`, since that depends on the limits in WELCOME.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from impwire import Message
from impwire.messages import MESSAGES
from impwire.tables import CLIENT_COMMANDS, PLAIN, Argument, Command

from .display import harmless

_CLASSES = {kind.NAME: kind for kind in MESSAGES.values()}

#: A line that is no command, described as one.
_SAY = Command("<text>", (Argument("text", "text", True, False),), "", PLAIN)

_BLANKS = re.compile("[ \\t]+")
_LONGEST_ECHO = 40


class Local(NamedTuple):
    """A command that sends nothing."""

    name: str


class Explanation(NamedTuple):
    """Why nothing is done, in one line for the user."""

    line: str


def parse(line: str, number: int | None = None) -> Message | Local | Explanation | None:
    """What a line without its line feed asks for; None for an empty one. `number` counts the lines of a source from 1."""
    if not line:
        return None  # CLIENT-2
    try:
        line.encode()
    except UnicodeEncodeError:
        which = "the line" if number is None else f"line {number}"
        return Explanation(f"Not sent: {which} is not UTF-8.")  # TEXT-1, TEXT-5
    if line.startswith("//"):
        return _request(_SAY, [line[1:]])  # CLIENT-2
    if not line.startswith("/"):
        return _request(_SAY, [line])
    name, rest = _split(line[1:])
    command = CLIENT_COMMANDS.get(name)
    if command is None:
        return Explanation(f"Unknown command /{_echo(name)}; /help lists the commands.")  # CLIENT-1
    values: list[str] = []
    for argument in command.arguments:
        value, rest = (rest, "") if argument.rest else _split(rest)
        if not value and not argument.optional:
            return Explanation(f"Missing argument: {command.usage}")  # CLIENT-1
        values.append(value)
    if rest:
        return Explanation(f"Too many arguments: {command.usage}")
    return _request(command, values) if command.sends else Local(name)


def _split(text: str) -> tuple[str, str]:
    """The first word, and what follows it without the blanks between. Blanks further on belong to what was typed."""
    word, *rest = _BLANKS.split(text, maxsplit=1)
    return word, rest[0] if rest else ""


def _echo(word: str) -> str:
    word = harmless(word)
    return word if len(word) <= _LONGEST_ECHO else word[:_LONGEST_ECHO] + "…"


def _request(command: Command, values: list[str]) -> Message:
    assert command.sends is not None
    name, template = command.sends
    named = dict(zip((argument.name for argument in command.arguments), values, strict=True))
    fields = {field: value.format_map(named) if isinstance(value, str) else value for field, value in template.items()}
    kind: Any = _CLASSES[name]
    message: Message = kind(**fields)
    return message


def help_lines() -> list[str]:
    """All commands, a line each: how to type them, and what they do (CLIENT-10)."""
    width = max(len(command.usage) for command in CLIENT_COMMANDS.values())
    lines = [f"{command.usage:<{width}}  {command.help}" for command in CLIENT_COMMANDS.values()]
    return [*lines, "Anything else is said to all; //x says /x."]
