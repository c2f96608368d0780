"""The section `messages` of a spec."""

from __future__ import annotations

from ..model import EnumType, Frame, Limit, Message, NumberRange, Sender, State
from ..support.strict_yaml import Mapping, Node, suggestion
from .frame import read_kind, read_sender
from .prose import ProseReader
from .source import Source
from .types import TypeReader


def read_messages(
    source: Source,
    types: TypeReader,
    prose: ProseReader,
    frame: Frame,
    numbering: tuple[NumberRange, ...],
    limits: tuple[Limit, ...],
    states: tuple[State, ...],
) -> tuple[Message, ...]:
    """The messages, each with what it needs of the other sections."""
    section = source.section("messages", {})
    taken = (*(field.name for field in frame.fields), *(("extensions",) if frame.extension else ()))
    messages: list[Message] = []
    for name, place, node in section.entries():
        types.names.check_message(place, name)
        entry = node.mapping(
            ("number", "kind", "sender", "states", "doc", "fields"),
            ("optional", "replies", "errors", "rules", "since"),
        )
        number, sender = entry.integer("number"), read_sender(entry)
        for other in messages:
            if other.number == number:
                entry.at("number").problem(f"number {number:#04x} is that of {other.name} already", "number-taken")
        fields = types.fields(entry.items("fields"), name, limits, taken)
        known = (*taken, *(field.name for field in fields))
        message = Message(
            name=name,
            number=number,
            kind=read_kind(entry.at("kind", "request")),
            sender=sender,
            states=_states(entry.at("states", {} if sender == "either" else []), sender, states),
            doc=entry.string("doc"),
            fields=fields,
            optional=types.optional(entry.items("optional"), name, frame.extension, known),
            replies=tuple(item.one_of(section.keys, "message") for item in entry.items("replies")),
            errors=tuple(item.string() for item in entry.items("errors")),
            rules=prose.body(entry.items("rules")),
            since=entry.string("since"),
        )
        if isinstance(entry.at("number").value, int) and "kind" in entry:
            _check_number(entry.at("number"), message, numbering)
        messages.append(message)
    _check_replies(section, messages)
    _check_announced(source, messages)
    return tuple(messages)


def _states(node: Node, sender: Sender, states: tuple[State, ...]) -> dict[str, tuple[str, ...]]:
    names = [state.name for state in states]
    if sender == "either":
        entry = node.mapping(("client", "server"))
        return {side: tuple(item.one_of(names, "state") for item in entry.items(side)) for side in ("client", "server")}
    return {sender: tuple(item.one_of(names, "state") for item in node.items())}


def _check_number(place: Node, message: Message, numbering: tuple[NumberRange, ...]) -> None:
    for allowed in numbering:
        if allowed.first <= message.number <= allowed.last:
            if allowed.sender != message.sender or (allowed.kind and allowed.kind != message.kind):
                text = f"{message.name} is number {message.number:#04x}, which is for {allowed.doc}"
                place.problem(text, "number-range")
            return
    text = f"{message.name}: number {message.number:#04x} lies in no range of 'numbering'"
    place.problem(text, "number-range")


def _check_replies(section: Node, messages: list[Message]) -> None:
    kinds = {message.name: message.kind for message in messages}
    answers = {reply for message in messages for reply in message.replies}
    for name, place, node in section.entries():
        replies = node.value.get("replies") if isinstance(node.value, dict) else None
        if replies and kinds[name] != "request":
            replies.problem(f"{name} is no request and has no replies", "stray-reply")
        for item in replies.items() if replies else ():
            if kinds.get(str(item.value), "reply") != "reply":
                item.problem(f"{item.value} is no reply", "stray-reply")
        if kinds[name] == "reply" and name not in answers:
            place.problem(f"the reply {name} answers no request", "stray-reply")


def _check_announced(source: Source, messages: list[Message]) -> None:
    announced = {field.announces for message in messages for field in message.fields}
    for section in ("limits", "timers"):
        for name, place, _ in source.section(section, {}).entries():
            if name not in announced:
                place.problem(f"'{name}' is announced by no field", "unannounced-limit")


def message_at(entry: Mapping, messages: dict[str, Message], key: str = "message") -> tuple[str, Message | None]:
    """The name of a message and, if there is one of that name, the message; reports a name that is none."""
    node = entry.at(key, "")
    name = node.one_of(messages, "message")
    return name, messages.get(name) if name == node.value else None


def field_values(entry: Mapping, key: str, message: Message | None, header: tuple[str, ...] = ()) -> dict[str, Node]:
    """Values for fields of a message, from elsewhere in the spec; reports those that it does not have."""
    values = {}
    for name, place, node in entry.entries(key):
        known = [*header, *message.names] if message else [name]
        if message and name not in known:
            place.problem(f"{message.name} has no field '{name}'{suggestion(name, known)}", "unknown-name")
        values[name] = node
    return values


def check_members(values: dict[str, Node], message: Message | None) -> None:
    """Report a word for a field of an enumeration that does not have it."""
    for field in message.fields if message else ():
        node = values.get(field.name)
        if node and isinstance(field.type, EnumType) and isinstance(node.value, str):
            node.one_of((value.name for value in field.type.values), f"value of {field.type.name}")
