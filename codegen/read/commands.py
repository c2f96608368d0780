"""The sections `commands` and `display` of a spec: what people type, and what they are shown."""

from __future__ import annotations

from typing import Any

from ..model import Argument, Command, DisplayLine, Message
from ..support.strict_yaml import Node
from .messages import check_members, field_values, message_at
from .source import Source
from .types import TypeReader

Sends = tuple[str, dict[str, Any]]


def read_commands(
    source: Source, types: TypeReader, messages: dict[str, Message]
) -> tuple[dict[str, tuple[Command, ...]], Sends | None]:
    """The commands of client and console, and what a line sends that is no command."""
    entry = source.section("commands", {}).mapping((), ("client", "console", "plain"))
    commands = {}
    for side in ("client", "console"):
        found: list[Command] = []
        for node in entry.items(side):
            fields = node.mapping(("name", "help"), ("arguments", "sends"))
            name = fields.string("name")
            if any(command.name == name for command in found):
                fields.at("name").problem(f"command '{name}' stands here a second time", "duplicate-name")
            arguments = _arguments(fields.items("arguments"), types)
            sends = _sends(source, fields.at("sends"), messages) if "sends" in fields else None
            found.append(Command(name, arguments, fields.string("help"), sends))
        commands[side] = tuple(found)
    plain = _sends(source, entry.at("plain"), messages) if "plain" in entry else None
    return commands, plain


def _arguments(nodes: list[Node], types: TypeReader) -> tuple[Argument, ...]:
    arguments: list[Argument] = []
    for node in nodes:
        entry = node.mapping(("name", "type"), ("rest", "optional"))
        name = entry.string("name")
        if any(argument.name == name for argument in arguments):
            entry.at("name").problem(f"argument '{name}' stands here a second time", "duplicate-name")
        type_ = types.at(entry.at("type"), f"argument '{name}'")
        arguments.append(Argument(name, type_, entry.boolean("rest"), entry.boolean("optional")))
    return tuple(arguments)


def _sends(source: Source, node: Node, messages: dict[str, Message]) -> Sends:
    entry = node.mapping(("message", "fields"))
    message, known = message_at(source, entry, messages)
    values = field_values(entry, "fields", known)
    return message, {name: value.plain() for name, value in values.items()}


def read_display(source: Source, messages: dict[str, Message]) -> tuple[DisplayLine, ...]:
    """The lines that a client shows."""
    lines = []
    for node in source.section("display", []).items():
        entry = node.mapping(("message", "line"), ("answers", "when", "stream"))
        message, known = message_at(source, entry, messages)
        answers = message_at(source, entry, messages, "answers")[0] if "answers" in entry else ""
        when = field_values(entry, "when", known)
        check_members(when, known)
        stream = entry.at("stream", "output").one_of(("output", "error"), "stream")
        values = {name: value.plain() for name, value in when.items()}
        lines.append(DisplayLine(message, answers, values, entry.string("line"), stream))
    return tuple(lines)
