"""From a typed line to the request that it asks for, by the tables of commands (protocol.txt, section 18).

A line goes in; a `Request`, a `Local` command or an `Explanation` comes out, or None for a line that asks for nothing.
The tables alone say which commands there are, what they take and what they send. Whether the values are allowed is
decided by `refusal`, since that depends on the limits in WELCOME.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from impwire import EncodeError, Message
from impwire.codecs import FRAME, encode
from impwire.messages import MESSAGES, Welcome
from impwire.tables import CLIENT_COMMANDS, FAILURES, PLAIN, Argument, Command

from .display import harmless

_CLASSES = {kind.NAME: kind for kind in MESSAGES.values()}

#: A line that is no command, described as one.
_SAY = Command("<text>", (Argument("text", "text", True, False),), "", PLAIN)

#: For each type of argument, the limit in WELCOME that bounds its bytes, and the code for more.
_LIMITS = {"text": ("max_text", "TEXT_TOO_LONG"), "name": ("max_name", "NAME_INVALID")}

_BLANKS = re.compile("[ \\t]+")
_LONGEST_ECHO = 40


class Request(NamedTuple):
    """A message to be sent: its class and fields, and the typed arguments by their type, for the limits."""

    kind: type[Message]
    fields: dict[str, Any]
    typed: tuple[tuple[str, str], ...]

    def message(self, request_id: int) -> Message:
        """The message itself. Nothing is checked before it is encoded."""
        kind: Any = self.kind
        message: Message = kind(request_id=request_id, **self.fields)
        return message


class Local(NamedTuple):
    """A command that sends nothing."""

    name: str


class Explanation(NamedTuple):
    """Why nothing is done, in one line for the user."""

    line: str


def parse(line: str) -> Request | Local | Explanation | None:
    """What a line without its line feed asks for; None for an empty one."""
    if not line:
        return None  # CLIENT-2
    try:
        line.encode()
    except UnicodeEncodeError:
        return Explanation("Not sent: the line is not UTF-8.")  # TEXT-1, TEXT-5
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


def _request(command: Command, values: list[str]) -> Request:
    assert command.sends is not None
    kind, template = command.sends
    named = dict(zip((argument.name for argument in command.arguments), values, strict=True))
    fields = {field: value.format_map(named) if isinstance(value, str) else value for field, value in template.items()}
    typed = tuple(zip((argument.type for argument in command.arguments), values, strict=True))
    return Request(_CLASSES[kind], fields, typed)


def refusal(request: Request, welcome: Welcome) -> str | None:
    """Why the request may not be sent to the server of this WELCOME, or None if it may (TEXT-5)."""
    for kind, value in request.typed:
        limit, code = _LIMITS.get(kind, ("", ""))
        size = len(value.encode())
        if limit and size > getattr(welcome, limit):
            # TEXT-3, TEXT-5: the bound is in bytes, and this server may have set it lower than the type does.
            return _not_sent(code, f"{size} bytes; this server takes {getattr(welcome, limit)}")
    try:
        frame = encode(request.message(1))
    except EncodeError as error:
        return _not_sent(error.code, error.reason)
    if len(frame) - FRAME.prefix_size > welcome.max_frame:
        return "Not sent: the message is larger than the server's max_frame."  # FRAME-4
    return None


def _not_sent(code: str, reason: str) -> str:
    return harmless(f"Not sent: {FAILURES[code].says} ({reason}).")


def help_lines() -> list[str]:
    """All commands, a line each: how to type them, and what they do."""
    width = max(len(command.usage) for command in CLIENT_COMMANDS.values())
    lines = [f"{command.usage:<{width}}  {command.help}" for command in CLIENT_COMMANDS.values()]
    return [*lines, "Anything else is said to all; //x says /x."]
