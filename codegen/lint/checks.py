"""What a sound spec may still have wrong with it: the rules of `rules.LINT`, a function each.

A check takes the model, and the source for the places, and yields the place and the words of everything that breaks its
rule. `check(spec, source)` runs them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from ..codes import codes_of
from ..model import (
    ArrayType,
    EnumType,
    Field,
    Insert,
    Message,
    OptionalField,
    Requirement,
    Spec,
    StructType,
    Type,
)
from ..read.source import Source
from ..support.strict_yaml import Node, Problem, Problems
from .lines import command_form, unknown_placeholder, unshown_line
from .vectors import wrong_session, wrong_vector

Found = Iterator[tuple[Node, str]]
Check = Callable[[Spec, Source], Found]


def check(spec: Spec, source: Source) -> Problems:
    """Everything that breaks a lint rule."""
    return Problems(
        Problem(node.file, node.line, node.column, text, rule)
        for rule, of_rule in CHECKS.items()
        for node, text in of_rule(spec, source)
    )


# -- states --------------------------------------------------------------------------------------------------------------


def _reached(spec: Spec, states: Iterable[str], *, backwards: bool = False) -> set[str]:
    """The states, and those that transitions lead to from them, or from which they lead there."""
    steps = [(state, transition.target) for transition in spec.transitions for state in transition.sources]
    if backwards:
        steps = [(target, state) for state, target in steps]
    found, before = set(states), set[str]()
    while found != before:
        before = set(found)
        found |= {target for state, target in steps if state in found}
    return found


def unreachable_state(spec: Spec, source: Source) -> Found:
    first = [state.name for state in spec.states][:1]
    reached = _reached(spec, first)
    for state in spec.states:
        if state.name not in reached:
            yield source.key("states", state.name), f"no transition leads from {first[0]} to state {state.name}"


def inescapable_state(spec: Spec, source: Source) -> Found:
    final = [state.name for state in spec.states if state.final]
    escaping = _reached(spec, final, backwards=True)
    if spec.transitions and not final:
        yield source.key("states"), "there are transitions, but no state is final"
        return
    for state in spec.states:
        if spec.transitions and state.name not in escaping:
            yield source.key("states", state.name), f"no transition leads from state {state.name} to a final one"


def active_final_state(spec: Spec, source: Source) -> Found:
    final = {state.name for state in spec.states if state.final}
    for message in spec.messages:
        for side, states in message.states.items():
            path = ("states", side) if message.sender == "either" else ("states",)
            for index, state in enumerate(states):
                if state in final:
                    node = source.at("messages", message.name, *path, index)
                    yield node, f"{message.name} is allowed in state {state}, which is final"


# -- requests ------------------------------------------------------------------------------------------------------------


def unsendable_message(spec: Spec, source: Source) -> Found:
    for message in spec.messages:
        for side, states in message.states.items():
            if not states:
                node = source.at("messages", message.name, "states", side)
                yield node, f"there is no state in which the {side} may send {message.name}"


def unanswerable_request(spec: Spec, source: Source) -> Found:
    by_name = {message.name: message for message in spec.messages}
    for message in spec.messages:
        if message.kind != "request":
            continue
        key = source.key("messages", message.name)
        if not message.replies:
            yield key, f"the request {message.name} has no reply"
        sendable: dict[str, set[str]] = {}
        for side, states in message.states.items():
            if not states:
                continue  # This is what unsendable_message tells.
            other, later = {"client": "server"}.get(side, "client"), _reached(spec, states)
            sendable[other] = {name for name in message.replies if later & {*by_name[name].states.get(other, ())}}
        for index, name in enumerate(message.replies if sendable else ()):
            if not any(name in names for names in sendable.values()):
                node = source.at("messages", message.name, "replies", index)
                sides = " or ".join(sendable)
                yield node, f"the {sides} may send {name} in no state that {message.name} is sent in or leads to"
        for side, names in sendable.items():
            if not names and any(sendable.values()):
                yield key, f"the {side} may send none of the replies to {message.name}"


def _fields(message: Message) -> list[Field | OptionalField]:
    return [*message.fields, *message.optional]


def wrong_errors(spec: Spec, source: Source) -> Found:
    tellers = {value.name: outcome.message for outcome in spec.failures.outcomes for value in outcome.type.values}
    endings = (spec.failures.ending.message,) if spec.failures.ending else ()
    for message in spec.messages:
        asks = message.kind == "request"
        for index, code in enumerate(message.errors):
            # What asks for nothing cannot be refused; it can only end the connection.
            if tellers and tellers[code] not in (message.replies if asks else endings):
                node = source.at("messages", message.name, "errors", index)
                why = f"which is no reply to {message.name}" if asks else f"and {message.name} is no request"
                yield node, f"{code} is told by {tellers[code]}, {why}"
        if not asks or not tellers:
            continue
        for field in _fields(message):
            for code in sorted(codes_of(field.type) - {spec.failures.malformed, *message.errors}):
                node = source.key("messages", message.name, "errors")
                yield node, f"the errors of {message.name} lack {code}, which refuses its field '{field.name}'"


# -- what is declared and not used ---------------------------------------------------------------------------------------


def _requirements(spec: Spec) -> Iterator[Requirement]:
    """Every requirement, also where no chapter inserts the messages."""
    blocks = [block for chapter in spec.chapters for block in chapter.body]
    for block in [*blocks, *(rule for message in spec.messages for rule in message.rules)]:
        if isinstance(block, Requirement):
            yield block


def unused_code(spec: Spec, source: Source) -> Found:
    failures = spec.failures
    used = {failures.malformed, failures.too_large, failures.unexpected, failures.unknown_type}
    used |= {failures.unsupported_critical, *(code for message in spec.messages for code in message.errors)}
    used = used.union(*(codes_of(type_) for type_ in spec.types.values()))
    used |= {word for requirement in _requirements(spec) for word in re.findall(r"\w+", requirement.text)}
    for outcome in failures.outcomes:
        for value in outcome.type.values:
            if value.name not in used:
                node = source.key("types", outcome.type.name, "values", value.name)
                yield node, f"nothing says when code {value.name} is told: no request, type or requirement names it"


def unused_type(spec: Spec, source: Source) -> Found:
    used: set[str] = set()

    def use(type_: Type) -> None:
        used.add(type_.name)
        if isinstance(type_, ArrayType):
            use(type_.item)
        for field in type_.fields if isinstance(type_, StructType) else ():
            use(field.type)

    for message in spec.messages:
        for field in _fields(message):
            use(field.type)
    for limit in spec.limits:
        use(limit.type)
    for command in (*spec.commands["client"], *spec.commands["console"]):
        for argument in command.arguments:
            use(argument.type)
    if spec.frame.extension:
        use(spec.frame.extension.value)
    for name, place, _ in source.section("types", {}).entries():
        if name not in used:
            yield place, f"nothing is of type '{name}'"


# -- what people read ----------------------------------------------------------------------------------------------------


def undocumented(spec: Spec, source: Source) -> Found:
    blank = [path for path, text in _descriptions(spec) if not text.strip()]
    if any("{says}" in line.line for line in spec.display):
        for outcome in spec.failures.outcomes:
            for value in outcome.type.values:
                if not value.says.strip():
                    blank.append(("types", outcome.type.name, "values", value.name, "says"))
    for path in blank:
        yield source.at(*path), f"'{path[-1]}' is blank or missing here"


def _descriptions(spec: Spec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text that describes something, with its path in the source."""
    yield ("protocol", "abstract"), spec.abstract
    yield ("frame", "doc"), spec.frame.doc
    for index, header in enumerate(spec.frame.fields):
        yield ("frame", "fields", index, "doc"), header.doc
    for index, numbers in enumerate(spec.numbering):
        yield ("numbering", index, "doc"), numbers.doc
    for type_ in spec.types.values():
        yield from _described(("types", type_.name), type_)
    for limit in spec.limits:
        yield ("timers" if limit.timer else "limits", limit.name, "doc"), limit.doc
    for constant in spec.constants:
        yield ("constants", constant.name, "doc"), constant.doc
    for state in spec.states:
        yield ("states", state.name, "doc"), state.doc
    for message in spec.messages:
        yield from _described(("messages", message.name), message)
        for index, optional in enumerate(message.optional):
            yield ("messages", message.name, "optional", index, "doc"), optional.doc
    for number, chapter in enumerate(spec.chapters):
        yield ("chapters", number, "title"), chapter.title
        yield ("chapters", number, "body"), "." if chapter.body else ""
    for side, commands in spec.commands.items():
        for index, command in enumerate(commands):
            yield ("commands", side, index, "help"), command.help


def _described(path: tuple[str, ...], thing: Type | Message) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield (*path, "doc"), thing.doc
    for index, field in enumerate(thing.fields if isinstance(thing, (StructType, Message)) else ()):
        yield (*path, "fields", index, "doc"), field.doc
    for value in thing.values if isinstance(thing, EnumType) else ():
        yield (*path, "values", value.name, "doc"), value.doc
    for name, _, doc in getattr(thing, "bits", ()):
        yield (*path, "bits", name, "doc"), doc


def no_example(spec: Spec, source: Source) -> Found:
    shown = {(vector.message, name) for vector in spec.vectors for name in ("", *vector.fields)}
    for message in spec.messages:
        if (message.name, "") not in shown:
            yield source.key("messages", message.name), f"there is no vector of {message.name}"
            continue
        for index, field in enumerate(message.optional):
            if (message.name, field.name) not in shown:
                node = source.at("messages", message.name, "optional", index)
                yield node, f"there is no vector of {message.name} with '{field.name}'"


def unplaced_requirement(spec: Spec, source: Source) -> Found:
    if any(Insert("messages") in chapter.body for chapter in spec.chapters):
        return
    for message in spec.messages:
        if message.rules:
            node = source.key("messages", message.name, "rules")
            yield node, f"no chapter inserts 'messages', so the rules of {message.name} stand nowhere"


def misplaced_section(spec: Spec, source: Source) -> Found:
    if "chapters" not in source:
        return
    placed: dict[str, str] = {}
    for number, chapter in enumerate(spec.chapters):
        for index, block in enumerate(chapter.body):
            if isinstance(block, Insert):
                if block.what in placed:
                    node = source.at("chapters", number, "body", index)
                    yield node, f"'{block.what}' is inserted by chapter '{placed[block.what]}' already"
                placed.setdefault(block.what, chapter.id)
    for what, path in _sections(spec, source).items():
        if what not in placed:
            yield source.key(*path), f"no chapter inserts '{what}'"


def _sections(spec: Spec, source: Source) -> dict[str, tuple[str, ...]]:
    """What the spec has for a chapter to insert, and where that is declared."""
    declared: dict[str, tuple[Any, tuple[str, ...]]] = {
        "frame": (spec.frame, ("frame",)),
        "extension": (spec.frame.extension, ("frame", "extension")),
        "types": ("types" in source and source.section("types", {}).value, ("types",)),
        "states": (spec.states, ("states",)),
        "errors": (spec.failures.outcomes, ("failures",)),
        "limits": ((*spec.limits, *spec.constants), ("limits" if spec.limits else "constants",)),
        "console": (spec.commands["console"], ("commands", "console")),
        "commands": (spec.commands["client"], ("commands", "client")),
        "display": (spec.display, ("display",)),
        # Where they have rules, unplaced_requirement tells it.
        "messages": (not any(message.rules for message in spec.messages), ("messages",)),
        "requirements": (list(_requirements(spec)), ("chapters",)),
        "vectors": (spec.vectors, ("vectors",)),
        "sessions": (spec.sessions, ("sessions",)),
    }
    return {what: path for what, (found, path) in declared.items() if found}


# -- versions ------------------------------------------------------------------------------------------------------------


def _since(spec: Spec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for type_ in spec.types.values():
        for value in type_.values if isinstance(type_, EnumType) else ():
            yield ("types", type_.name, "values", value.name, "since"), value.since
    for message in spec.messages:
        yield ("messages", message.name, "since"), message.since
        for index, field in enumerate(message.optional):
            yield ("messages", message.name, "optional", index, "since"), field.since


def bad_since(spec: Spec, source: Source) -> Found:
    def numbers(version: str) -> list[int]:
        return [int(part) for part in version.split(".")] if re.fullmatch(r"[0-9]+\.[0-9]+", version) else []

    if not numbers(spec.version):
        yield source.at("protocol", "version"), f"'{spec.version}' is no version of the form MAJOR.MINOR"
    for path, since in _since(spec):
        if since and not numbers(since):
            yield source.at(*path), f"'{since}' is no version of the form MAJOR.MINOR"
        elif since and numbers(since) > numbers(spec.version) > []:
            yield source.at(*path), f"{since} comes after {spec.version}, the version of the protocol"


def older_peer_refuses(spec: Spec, source: Source) -> Found:
    for message in spec.messages:
        for index, field in enumerate(message.optional):
            if field.tag % 2:
                node = source.at("messages", message.name, "optional", index, "tag")
                yield node, f"an odd tag is critical: who does not know '{field.name}' refuses the whole {message.name}"
    for type_ in spec.types.values():
        for value in type_.values if isinstance(type_, EnumType) and not type_.open else ():
            if value.since:
                node = source.at("types", type_.name, "values", value.name, "since")
                yield node, f"'{type_.name}' is closed: who does not know {value.name} refuses the whole message"


# -- names ---------------------------------------------------------------------------------------------------------------


@cache
def _methods() -> frozenset[str]:
    """The names of the methods of every construct."""
    from construct import Struct  # Only lint needs it: specs are generated where it is not installed, too.

    return frozenset(name for name in dir(Struct) if callable(getattr(Struct, name)))


def shadowed_field(spec: Spec, source: Source) -> Found:
    fields: list[tuple[tuple[str | int, ...], str]] = []
    for type_ in spec.types.values():
        for index, field in enumerate(type_.fields if isinstance(type_, StructType) else ()):
            fields.append((("types", type_.name, "fields", index, "name"), field.name))
    for message in spec.messages:
        for index, field in enumerate(message.fields):
            fields.append((("messages", message.name, "fields", index, "name"), field.name))
    for path, name in fields:
        if name in _methods():
            yield source.at(*path), f"'{name}' is a method of every construct, which hides the field of that name"


CHECKS: dict[str, Check] = {
    of_rule.__name__.replace("_", "-"): of_rule
    for of_rule in (
        *(unreachable_state, inescapable_state, active_final_state, unsendable_message, unanswerable_request),
        *(wrong_errors, unused_code, unused_type, undocumented, no_example, unplaced_requirement, misplaced_section),
        *(bad_since, older_peer_refuses, shadowed_field, unknown_placeholder, command_form, unshown_line),
        *(wrong_vector, wrong_session),
    )
}
