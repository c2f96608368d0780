"""The section `messages` of a spec."""

from __future__ import annotations

from collections.abc import Iterable

from ..model import EnumType, Frame, Limit, Message, NumberRange, Sender, State
from ..support.strict_yaml import Mapping, Node, suggestion
from .frame import read_kind, read_sender
from .prose import ProseReader
from .source import Source
from .types import TypeReader

_REQUIRED = ("number", "kind", "sender", "states", "doc", "fields")
_OPTIONAL = ("optional", "replies", "errors", "rules", "since")
_SIDES = {"client": "the client", "server": "the server", "either": "either side"}


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
        entry = node.mapping(_REQUIRED, _OPTIONAL)
        number, sender = entry.integer("number"), read_sender(entry)
        with source.watched("fields", name):
            fields = types.fields(entry.items("fields"), name, limits, taken)
            known = (*taken, *(field.name for field in fields))
            optional = types.optional(entry.items("optional"), name, frame.extension, known)
        with source.watched("states", name):
            allowed = _states(source, entry, sender, states)
        listed = entry.items("replies")
        message = Message(
            name=name,
            number=number,
            kind=read_kind(entry.at("kind", "request")),
            sender=sender,
            states=allowed,
            doc=entry.string("doc"),
            fields=fields,
            optional=optional,
            replies=tuple(known_name(source, "messages", item, section.keys, "message") for item in listed),
            errors=tuple(item.string() for item in entry.items("errors")),
            rules=prose.body(entry.items("rules")),
            since=entry.string("since"),
        )
        _spoil(source, entry, message, section)
        if entry.holds("number", int):
            _check_number(source, entry, message, messages, numbering)
        messages.append(message)
    _check_replies(source, section, messages)
    _check_announced(source, messages)
    return tuple(messages)


def _spoil(source: Source, entry: Mapping, message: Message, section: Node) -> None:
    """Remember which parts of a message cannot be relied on."""
    used = {field.type.name for field in message.fields} | {field.type.name for field in message.optional}
    if not entry.holds("fields", list) or any(source.spoilt("types", name) for name in used):
        source.spoil("fields", message.name)
    misspelt = suggestion("replies", (key for key in entry if key not in _REQUIRED + _OPTIONAL))
    if misspelt or any(item.value not in section.keys for item in entry.items("replies")):
        source.spoil("replies", message.name)
    if not entry.holds("number", int):
        source.spoil("number", message.name)
    if entry.at("kind").value != message.kind:
        source.spoil("kind", message.name)


def known_name(source: Source, section: str, node: Node, names: Iterable[str], what: str) -> str:
    """The name of a message or state; reports one that is none, unless the section is lost or holds it in small letters."""
    word, known = node.string(), list(names)
    misnamed = any(name not in (word, name.upper()) and name.upper() == word for name in known)
    return word if source.lost(section) or misnamed else node.one_of(known, what)


def _states(source: Source, entry: Mapping, sender: Sender, states: tuple[State, ...]) -> dict[str, tuple[str, ...]]:
    names = [state.name for state in states]

    def listed(items: list[Node]) -> tuple[str, ...]:
        return tuple(known_name(source, "states", item, names, "state") for item in items)

    sure = entry.at("sender").value == sender
    if entry.holds("states", dict) if not sure else sender == "either":
        sides = entry.at("states", {}).mapping(("client", "server")) if "states" in entry else None
        return {side: listed(sides.items(side)) if sides else () for side in ("client", "server")}
    return {sender: listed(entry.items("states"))}


def _check_number(
    source: Source, entry: Mapping, message: Message, before: list[Message], numbering: tuple[NumberRange, ...]
) -> None:
    place = entry.at("number")
    for other in before:
        if other.number == message.number and not source.spoilt("number", other.name):
            place.problem(f"number {message.number:#04x} is that of {other.name} already", "number-taken")
    unsure = source.spoilt("kind", message.name) or entry.at("sender").value != message.sender
    if unsure or source.lost("numbering"):
        return
    text = f"{message.name}: number {message.number:#04x} lies in no range of 'numbering'"
    for index, allowed in enumerate(numbering):
        if source.spoilt("numbering", str(index)):
            text = ""  # It may have been meant for this one.
        elif allowed.first <= message.number <= allowed.last:
            text = _unfit_range(message, allowed)
            break
    if text:
        fitting = [other for other in numbering if other.first <= other.last and not _unfit_range(message, other)]
        ways = " or ".join(_span(other) for other in fitting)
        place.problem(f"{text}; its number is one of {ways}" if ways else text, "number-range")


def _unfit_range(message: Message, allowed: NumberRange) -> str:
    """Why a message does not belong into a range; empty if it does."""
    wrong_sender = allowed.sender != message.sender
    wrong_kind = allowed.kind not in (None, message.kind)
    if not wrong_sender and not wrong_kind:
        return ""
    article = "an event" if message.kind == "event" else f"a {message.kind}"
    kinds = {"request": "requests", "reply": "replies", "event": "events", None: "messages"}[allowed.kind]
    is_ = f"is sent by {_SIDES[message.sender]}"
    if wrong_kind:
        is_ = f"is {article} of {_SIDES[message.sender]}" if wrong_sender else f"is {article}"
    return f"{message.name} {is_}; the numbers {_span(allowed)} are for {kinds} of {_SIDES[allowed.sender]}"


def _span(numbers: NumberRange) -> str:
    return f"0x{numbers.first:02X} to 0x{numbers.last:02X}"


def _check_replies(source: Source, section: Node, messages: list[Message]) -> None:
    kinds = {message.name: message.kind for message in messages if not source.spoilt("kind", message.name)}
    answers = {reply for message in messages for reply in message.replies}
    stray = [name for name, kind in kinds.items() if kind == "reply" and name not in answers]
    forgetful = [m.name for m in messages if kinds.get(m.name) == "request" and not m.replies]
    forgetful = [name for name in forgetful if "replies" not in section.value[name].value]
    if any(source.spoilt("replies", message.name) for message in messages):
        stray = []  # One that cannot be read may be the one that is missed.
    for name, place, node in section.entries():
        replies = node.value.get("replies") if isinstance(node.value, dict) else None
        if replies and kinds.get(name, "request") != "request":
            replies.problem(f"{name} is no request and has no replies", "stray-reply")
        for item in replies.items() if replies else ():
            if kinds.get(str(item.value), "reply") != "reply":
                item.problem(f"{item.value} is no reply", "stray-reply")
        if stray and name in forgetful:
            text = f"the request {name} has no 'replies', and no request has the reply {' or '.join(stray)}"
            place.problem(text, "stray-reply")
        elif name in stray and not forgetful:
            place.problem(f"the reply {name} answers no request", "stray-reply")


def _check_announced(source: Source, messages: list[Message]) -> None:
    announced = {field.announces for message in messages for field in message.fields}
    for section in ("limits", "timers"):
        for name, place, _ in source.section(section, {}).entries():
            if name not in announced and not source.spoilt("limits", name) and not source.lost("messages"):
                place.problem(f"'{name}' is announced by no field", "unannounced-limit")


def message_at(
    source: Source, entry: Mapping, messages: dict[str, Message], key: str = "message", part: str = "fields"
) -> tuple[str, Message | None]:
    """The name of a message and, if that part of it has no mistake, the message; reports a name that is none."""
    node = entry.at(key, "")
    name = known_name(source, "messages", node, messages, "message") if key in entry else ""
    sound = name == node.value and not source.spoilt(part, name)
    return name, messages.get(name) if sound else None


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
