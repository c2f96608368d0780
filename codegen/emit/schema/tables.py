"""The sections `limits`, `timers`, `constants`, `failures`, `commands`, `display`, `vectors` and `sessions`."""

from __future__ import annotations

from ...model import Spec
from .messages import message_name
from .types import type_name
from .words import LOWER, RESERVED, Schema, items, known, mapping, named, number, one_of, prose, text, truth

_HEX = r"^\s*([0-9a-f]\s*[0-9a-f]\s*)*$"
_ANY: Schema = {"description": "A value.", "type": ["string", "number", "boolean", "array", "object"]}
_ACTOR = "An actor, as in the list of actors."


def limits(spec: Spec) -> Schema:
    """Limits or timers."""
    one = mapping(
        "A setting of one side, which a field announces to the other.",
        {
            "type": type_name(spec, "Its type, an integer."),
            "default": number("What it is if nobody sets it."),
            "min": number("The least that it may be set to."),
            "max": number("The greatest that it may be set to."),
            "doc": prose("What it limits."),
        },
        {"unit": text("Its unit; that of its type if it is left out.")},
    )
    found = named("The settings by name.", LOWER, one)
    return found | {"propertyNames": {"pattern": LOWER, "not": {"enum": RESERVED}}}


def constants(_: Spec) -> Schema:
    """Values that do not vary."""
    one = mapping(
        "A value that does not vary.",
        {"value": _ANY, "doc": prose("What it is.")},
        {"unit": text("Its unit.")},
    )
    return named("The constants by name.", LOWER, one)


def failures(spec: Spec) -> Schema:
    """How a fault becomes an answer."""
    codes = [value.name for outcome in spec.failures.outcomes for value in outcome.type.values]

    def outcome(doc: str) -> Schema:
        return mapping(
            doc,
            {
                "message": message_name(spec, "The message that tells it."),
                "field": text("Its field that has the code."),
                "type": type_name(spec, "The type of that field, an enumeration."),
            },
        )

    faults = {
        "malformed": "bytes that cannot be read as a message",
        "too_large": "a frame that is longer than its receiver takes",
        "unexpected": "a message that its sender may not send in that state",
        "unknown_type": "a type that its receiver does not know",
        "unsupported_critical": "a critical flag or extension that its receiver does not know",
    }
    return mapping(
        "How a fault becomes an answer.",
        {
            "refusal": outcome("The message that refuses a request and leaves the connection open."),
            "ending": outcome("The message that ends the connection."),
            **{key: known(f"The code for {what}.", codes) for key, what in faults.items()},
        },
    )


# -- what people type and are shown --------------------------------------------------------------------------------------


def commands(spec: Spec) -> Schema:
    """What people type."""
    argument = mapping(
        "An argument.",
        {"name": text("What it is called."), "type": type_name(spec, "Its type.")},
        {
            "rest": truth("Whether it takes the rest of the line; only the last one may."),
            "optional": truth("Whether it may be left out."),
        },
    )
    sends = mapping(
        "The message that is sent.",
        {
            "message": message_name(spec, "Its name."),
            "fields": {"description": "Its fields; {argument} stands for what was typed.", "type": "object"},
        },
    )
    command = mapping(
        "A command.",
        {
            "name": text("Its name, without the slash.", r"^\S+$"),
            "help": prose("What it does, for the list of commands."),
        },
        {"arguments": items("What follows the name.", argument), "sends": sends},
    )
    return mapping(
        "What people type.",
        {},
        {
            "client": items("The commands of a client.", command),
            "console": items("The commands of the operator of a server.", command),
            "plain": sends | {"description": "What a line sends that is no command."},
        },
    )


def display(spec: Spec) -> Schema:
    """What a client shows."""
    one = mapping(
        "A line. The first whose conditions hold is shown.",
        {
            "message": message_name(spec, "The message for which it is shown."),
            "line": text("The line; {field} stands for what the message says, {request.field} for what it answers."),
        },
        {
            "answers": message_name(spec, "The request that the reply has to answer."),
            "when": {"description": "What fields of the message have to be.", "type": "object"},
            "stream": one_of("Where it is shown; output, if that is left out.", ("output", "error")),
        },
    )
    return items("What a client shows of the messages that it gets.", one)


# -- examples ------------------------------------------------------------------------------------------------------------


def vectors(spec: Spec) -> Schema:
    """Messages as bytes."""
    codes = (value.name for outcome in spec.failures.outcomes for value in outcome.type.values)
    record = {
        "description": "The tag of an extension, and its value as hexadecimal digits.",
        "type": "array",
        "prefixItems": [number("The tag."), text("The value.", r"^\s*([0-9A-Fa-f]\s*[0-9A-Fa-f]\s*)*$")],
        "minItems": 2,
        "maxItems": 2,
    }
    one = mapping(
        "A frame as bytes: a good one has message and fields, an ill-formed one the code of its answer.",
        {"name": text("What it is called."), "hex": text("The frame in small hexadecimal digits, with spaces.", _HEX)},
        {
            "doc": text("What it shows."),
            "message": message_name(spec, "The message that it is."),
            "fields": {"description": "The fields of the message and of the header, by name.", "type": "object"},
            "code": known("The code with which an ill-formed one is answered.", codes),
            "flags": number("The flags of the header."),
            "extensions": items("The extensions that are no fields.", record),
        },
        oneOf=[{"required": ["message"]}, {"required": ["code"]}],
    )
    return items("Messages as bytes, worked out by hand. The first of each is the document's example.", one)


def sessions(spec: Spec) -> Schema:
    """Worked examples."""
    ends = {"from": text(f"The sender. {_ACTOR}"), "to": text(f"The receiver. {_ACTOR}")}
    note = mapping("Something to be said.", {"note": prose("What is said.")}, {"at": text(f"Beside whom. {_ACTOR}")})
    event = mapping(
        "What happens to a connection.",
        ends | {"event": one_of("What happens.", ("opens", "ends", "resets"))},
        {"text": text("What the chart says of it.")},
    )
    raw = mapping(
        "Bytes that are no frame.",
        ends | {"bytes": text("Hexadecimal digits.", _HEX), "text": text("What the chart says of them.")},
    )
    frame = mapping(
        "A message.",
        ends
        | {
            "message": message_name(spec, "Its name."),
            "text": text("What the chart says of it."),
            "fields": {"description": "Its fields and those of its header.", "type": "object"},
            "hex": text("The frame in small hexadecimal digits, a group for each field.", _HEX),
        },
    )
    one = mapping(
        "A session.",
        {
            "name": text("What it is called."),
            "title": prose("Its title."),
            "doc": text("What it shows."),
            "actors": items("Those that take part, from left to right.", text("An actor."), least=2),
            "steps": items("What happens, in order.", {"anyOf": [note, event, raw, frame]}),
        },
        {"given": text("What has to be known before anything happens.")},
    )
    return items("Worked examples for the document. Best made by a program.", one)
