"""The lint rules about lines: those that people type and those that they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..model import ArrayType, Command, DisplayLine, Message, Spec, StructType, Type
from ..read.source import Source
from ..support.strict_yaml import Node, suggestion

Found = Iterator[tuple[Node, str]]


def _placeholders(values: Iterable[Any]) -> list[str]:
    return [name for value in values if isinstance(value, str) for name in re.findall(r"\{([^{}]*)\}", value)]


def unknown_placeholder(spec: Spec, source: Source) -> Found:
    for side, commands in spec.commands.items():
        for index, command in enumerate(commands):
            known = [argument.name for argument in command.arguments]
            for field, value in command.sends[1].items() if command.sends else ():
                for name in set(_placeholders([value])).difference(known):
                    node = source.at("commands", side, index, "sends", "fields", field)
                    yield node, f"/{command.name} has no argument '{name}'{suggestion(name, known)}"
    for index, line in enumerate(spec.display):
        for path in _placeholders([line.line]):
            if wrong := _wrong_path(spec, line, path):
                yield source.at("display", index, "line"), wrong


def _wrong_path(spec: Spec, line: DisplayLine, path: str) -> str:
    """What is wrong with a placeholder of a display line; empty if it stands for something."""
    if path == "self":
        return ""
    if path == "says":
        told = any(outcome.message == line.message for outcome in spec.failures.outcomes)
        return "" if told else f"{{says}} stands for a code, and {line.message} tells none"
    messages = [message for message in spec.messages if message.name == line.message]
    if path.startswith("request."):
        path = path.removeprefix("request.")
        answered = {line.answers} if line.answers else {m.name for m in spec.messages if line.message in m.replies}
        messages = [message for message in spec.messages if message.name in answered]
        if not messages:
            return f"{{request.{path}}} stands for a field of a request, and {line.message} answers none"
    return next(filter(None, (_wrong_step(spec, message, path) for message in messages)), "")


def _wrong_step(spec: Spec, message: Message, path: str) -> str:
    header = [field.name for field in spec.frame.fields if field.role in ("flags", "correlation")]
    owner = message.name
    fields: dict[str, Type | None] = dict.fromkeys(header)
    fields |= {field.name: field.type for field in message.fields if field.const is None}
    fields |= {field.name: field.type for field in message.optional}
    for step in path.split("."):
        if step not in fields:
            return f"{owner} has no field '{step}' to show{suggestion(step, fields)}"
        owner, type_ = f"'{step}' of {owner}", fields[step]
        while isinstance(type_, ArrayType):
            type_ = type_.item
        inner = type_.fields if isinstance(type_, StructType) else ()
        fields = {field.name: field.type for field in inner if field.const is None}
    return f"{owner} cannot be shown whole; name one of its fields: {', '.join(fields)}" if fields else ""


def command_form(spec: Spec, source: Source) -> Found:
    for side, commands in spec.commands.items():
        for index, command in enumerate(commands):
            yield from _command(spec, source, ("commands", side, index), command)
    if spec.plain:
        path = ("commands", "plain", "fields")
        yield from _lacking(spec, source, path, "a line that is no command", spec.plain)
        if len(set(_placeholders(spec.plain[1].values()))) != 1:
            yield source.at(*path), "what was typed goes to one placeholder, such as {text}"


def _command(spec: Spec, source: Source, path: tuple[str | int, ...], command: Command) -> Found:
    for number, argument in enumerate(command.arguments):
        node = source.at(*path, "arguments", number)
        behind = command.arguments[number + 1 :]
        if argument.rest and behind:
            yield node, f"'{argument.name}' takes the rest of the line, and '{behind[0].name}' gets nothing"
        if argument.optional and not all(other.optional for other in behind):
            yield node, f"'{argument.name}' may be left out, and what must be given stands behind it"
        if command.sends and argument.name not in _placeholders(command.sends[1].values()):
            yield node, f"/{command.name} takes '{argument.name}' and does not send it"
    if command.sends:
        yield from _lacking(spec, source, (*path, "sends", "fields"), f"/{command.name}", command.sends)


def _lacking(
    spec: Spec, source: Source, path: tuple[str | int, ...], what: str, sends: tuple[str, dict[str, Any]]
) -> Found:
    for message in spec.messages:
        for field in message.fields if message.name == sends[0] else ():
            if field.const is None and field.name not in sends[1]:
                yield source.at(*path), f"{what} gives no '{field.name}' for {message.name}"


def unshown_line(spec: Spec, source: Source) -> Found:
    by_name = {message.name: message for message in spec.messages}
    for index, line in enumerate(spec.display):
        node = source.at("display", index)
        if by_name[line.message].sender == "client":
            yield node, f"{line.message} is sent by clients, and no client gets it"
        elif line.answers and line.message not in by_name[line.answers].replies:
            yield node, f"{line.message} is no reply to {line.answers}"
        for number, above in enumerate(spec.display[:index]):
            same = above.message == line.message and above.answers in ("", line.answers)
            if same and above.when.items() <= line.when.items():
                yield node, f"the line in line {source.at('display', number).line} fits whenever this one does"
                break
