"""The sections `frame`, `numbering`, `states`, `transitions` and `messages`, and the prose that stands in them."""

from __future__ import annotations

from typing import get_args

from ...model import INSERTS, Kind, Sender, Spec
from .types import BASES, field, optional_field, type_name
from .words import (
    UPPER,
    Schema,
    items,
    known,
    mapping,
    name,
    named,
    number,
    one_of,
    prose,
    text,
    truth,
    version,
    when,
    within,
)

_ROLES = ("length", "type", "flags", "correlation")
_SENDER = "Which side sends it."


def frame(spec: Spec) -> Schema:
    """The header and the extensions."""
    part = mapping(
        "A field of the header, with a role or a const.",
        {
            "name": name("What the field is called."),
            "type": one_of("Its type.", BASES),
            "doc": prose("What it says."),
        },
        {
            "role": one_of(
                "What it is for: the bytes behind it, the message's number, flags, or what ties a reply to its request.",
                _ROLES,
            ),
            "const": number("The number that it always is."),
        },
        oneOf=[{"required": ["role"]}, {"required": ["const"]}],
        allOf=within("type", ["const"]),
    )
    tag, value = (
        mapping(doc, {"name": text("What the field is called."), "type": type_, "doc": prose("What it says.")})
        for doc, type_ in (
            ("The tag of a record, which is critical if it is odd.", one_of("Its type.", BASES)),
            ("The value of a record.", type_name(spec, "Its type, of kind bytes.")),
        )
    )
    fields = items("The fields of the header, one behind another.", part, least=2)
    fields["allOf"] = [_has_role(role) for role in _ROLES]
    record: Schema = {
        "description": "The tag and the value.",
        "type": "array",
        "prefixItems": [tag, value],
        "minItems": 2,
        "maxItems": 2,
    }
    return mapping(
        "What every message has in front of its fields, and may have behind them.",
        {"doc": prose("What a frame is."), "fields": fields},
        {
            "critical_flags": number("The flags for which a receiver that does not know them refuses the message."),
            "extension": mapping("The records that may follow the fields of a message.", {"fields": record}),
        },
    )


def _has_role(role: str) -> Schema:
    """A frame has one length and one type, and at most one of each other role."""
    found: Schema = {"contains": {"properties": {"role": {"const": role}}, "required": ["role"]}, "maxContains": 1}
    return found | {"minContains": 1 if role in ("length", "type") else 0}


def numbering(_: Spec) -> Schema:
    """The ranges of numbers."""
    one = mapping(
        "A range of the messages' numbers.",
        {
            "numbers": items("The first and the last.", number("A number of a message."), least=2, most=2),
            "sender": one_of("Which side sends the messages of this range.", get_args(Sender)),
            "doc": prose("What stands in this range."),
        },
        {"kind": one_of("Of which kind all of them are; each, if it is left out.", get_args(Kind))},
    )
    return items("Which numbers are for which messages.", one)


def states(_: Spec) -> Schema:
    """The states."""
    one = mapping(
        "A state.",
        {"doc": prose("What is so in this state.")},
        {"final": truth("Whether nothing is sent any more.")},
    )
    return named("The states of a connection by name; the first is where it begins.", UPPER, one)


def transitions(spec: Spec) -> Schema:
    """What leads from state to state."""
    one = mapping(
        "A message that leads to another state.",
        {
            "message": message_name(spec, "The message."),
            "from": items("The states in which it does.", state_name(spec)),
            "to": state_name(spec),
        },
    )
    return items("Which message leads where. Every other leaves the state as it is.", one)


def message_name(spec: Spec, doc: str) -> Schema:
    """The name of a message."""
    return known(doc, (message.name for message in spec.messages))


def state_name(spec: Spec) -> Schema:
    """The name of a state."""
    return known("A state.", (state.name for state in spec.states))


def messages(spec: Spec) -> Schema:
    """The messages by name."""
    codes = [value.name for outcome in spec.failures.outcomes for value in outcome.type.values]
    allowed = items("The states in which it may be sent.", state_name(spec), least=1)
    each = mapping("The states in which each side may send it.", {"client": allowed, "server": allowed})
    one = mapping(
        "A message.",
        {
            "number": number("What the type in the header is."),
            "kind": one_of("A request has replies, a reply answers one, an event does neither.", get_args(Kind)),
            "sender": one_of(_SENDER, get_args(Sender)),
            "states": {"description": "In which states it may be sent; for sender either, by side."},
            "doc": prose("What the message says."),
            "fields": items("Its fields, in their order on the wire.", field(spec)),
        },
        {
            "optional": items("Fields of later versions, which travel in extension records.", optional_field(spec)),
            "replies": items("What may answer the request.", message_name(spec, "A reply."), least=1),
            "errors": items(
                "The failures that it may be answered with, the first of which wins.", known("A code.", codes)
            ),
            "rules": body("What has to be said of it: prose and requirements."),
            "since": version("The version of the protocol that brought it; left out for the first one."),
        },
    )
    one["allOf"] = [
        when("sender", ["client", "server"], {"properties": {"states": allowed}}),
        when("sender", ["either"], {"properties": {"states": each}}),
        when("kind", ["request"], {"required": ["replies"]}),
        when("kind", ["reply", "event"], {"properties": {"replies": False}}),
    ]
    return named("The messages by name.", UPPER, one)


# -- prose ---------------------------------------------------------------------------------------------------------------


def body(doc: str) -> Schema:
    """Prose, insertions and requirements."""
    requirements = {
        rf"^[A-Z][A-Z0-9]*-[0-9]+ {level} (client|server|both)$": text(
            f"A requirement: its id, its level, the side that it binds, and the sentence, which has {level} in it.",
            rf"\b{level}\b",
        )
        for level in ("MUST", "SHOULD", "MAY")
    }
    block = {
        "description": "Something that is inserted, or a requirement such as RULE-3 MUST server.",
        "type": "object",
        "properties": {"insert": one_of("A table or diagram that is made from the rest of the spec.", INSERTS)},
        "patternProperties": requirements,
        "additionalProperties": False,
    }
    paragraph = {"description": "A paragraph; {chapter} becomes the number of that chapter.", "type": "string"}
    return items(doc, {"anyOf": [paragraph, block]})


def chapters(_: Spec) -> Schema:
    """The prose of the document."""
    one = mapping(
        "A chapter.",
        {
            "id": text("What {…} in a text calls it.", "^[a-z][a-z0-9_]*$"),
            "title": prose("Its title."),
            "body": body("What stands in it."),
        },
    )
    return items("The chapters of the document. Without them it has those that any protocol needs.", one)
