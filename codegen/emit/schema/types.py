"""The section `types`, and the fields of structs and messages."""

from __future__ import annotations

import keyword
from typing import get_args

from ...model import Base, Spec
from .words import (
    LOWER,
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

BASES = get_args(Base)
_CHARACTER = r"U\+(0?[0-9A-F]|10)?[0-9A-F]{4}"
_RANGE = rf"^{_CHARACTER}(-{_CHARACTER})?$"


def types(spec: Spec) -> Schema:
    """The types by name."""
    one: Schema = {
        "description": "A type: its kind says which other keys it has.",
        "type": "object",
        "required": ["kind", "doc"],
        "properties": {"kind": one_of("What values of the type are.", _KINDS)},
        "allOf": [when("kind", [kind], _kind(spec, kind)) for kind in _KINDS],
    }
    return named("The types by name. They may stand before or behind their first use.", LOWER, one) | {
        "propertyNames": {"pattern": LOWER, "not": {"enum": [*BASES, *keyword.kwlist]}}
    }


def type_name(spec: Spec, doc: str) -> Schema:
    """The name of a type, built in or declared."""
    return known(doc, spec.types)


def code(spec: Spec) -> Schema:
    """The code of a value that breaks a rule."""
    codes = (value.name for outcome in spec.failures.outcomes for value in outcome.type.values)
    return known("The failure code of a value that breaks this; otherwise it is malformed.", codes)


def field(spec: Spec) -> Schema:
    """A field of a message or struct."""
    limits = [limit.name for limit in spec.limits]
    return mapping(
        "A field. Its order in the list is that on the wire.",
        {"name": name("What the field is called."), "type": type_name(spec, "The type of its value.")},
        {
            "doc": prose("What the field says; one that announces a limit takes that of the limit."),
            "unit": text("The unit of its value; that of its type if it is left out."),
            "const": number("The number that it always is. It is then no attribute of the message."),
            "announces": known("The limit or timer whose value the field bears.", limits),
        },
        anyOf=[{"required": ["doc"]}, {"required": ["announces"]}],
    )


def optional_field(spec: Spec) -> Schema:
    """A field of a message that travels in an extension record."""
    return mapping(
        "A field that may be missing, and that older peers skip.",
        {
            "name": name("What the field is called."),
            "type": type_name(spec, "The type of its value."),
            "tag": number(
                "The tag of its record. It is even: a peer that does not know an odd one refuses the message."
            )
            | {"multipleOf": 2},
            "since": version("The version of the protocol that brought it."),
            "doc": prose("What the field says."),
        },
        {"unit": text("The unit of its value; that of its type if it is left out.")},
    )


# -- kinds ---------------------------------------------------------------------------------------------------------------


def _kind(spec: Spec, kind: str) -> Schema:
    """The keys of a kind of type."""
    required, optional, rules = _KINDS[kind](spec)
    entry: Schema = {"kind": {"const": kind}, "doc": prose("What values of this type mean.")}
    found = mapping(f"A type of kind {kind}.", entry | required, optional)
    return found | ({"allOf": rules} if rules else {})


def _base(doc: str = "The unsigned integer that it is on the wire.") -> Schema:
    return one_of(doc, BASES)


def _count(what: str) -> Schema:
    return one_of(f"The unsigned integer in front, which counts the {what}.", BASES)


def _bound(spec: Spec, doc: str) -> Schema:
    return mapping(doc, {"bytes": number("So many bytes.")}, {"else": code(spec)})


_Keys = tuple[dict[str, Schema], dict[str, Schema], list[Schema]]


def _integer(_: Spec) -> _Keys:
    optional = {
        "min": number("The least value, 0 if it is left out."),
        "max": number("The greatest value, that of the base if it is left out."),
        "unit": text("The unit of the value."),
    }
    return {"base": _base()}, optional, [*within("base", ["min"]), *within("base", ["max"])]


def _bool(_: Spec) -> _Keys:
    return {"base": _base("The unsigned integer that is 0 or 1 on the wire.")}, {}, []


def _bits(_: Spec) -> _Keys:
    bit = mapping(
        "A bit that has a meaning.",
        {"position": number("Its place; the lowest is 0.", 63), "doc": prose("What it says when it is set.")},
    )
    required = {"base": _base(), "bits": named("The bits by name; there may be none yet.", UPPER, bit)}
    return required, {}, within("base", ["bits", "*", "position"], bits=True)


def _enum(_: Spec) -> _Keys:
    optional = {
        "doc": prose("What the value means."),
        "trigger": prose("For a failure code, instead of doc: when it is told."),
        "says": prose("For a failure code: the words for people."),
        "retry": truth("For a failure code: whether the message tells when to try again."),
        "since": version("The version of the protocol that brought the value; left out for the first one."),
    }
    value = mapping("A value that has a name.", {"number": number("The number on the wire.")}, optional)
    value["anyOf"] = [{"required": ["doc"]}, {"required": ["trigger"]}]
    closed = {
        "if": {"not": {"properties": {"open": {"const": True}}, "required": ["open"]}},
        "then": {"properties": {"values": {"additionalProperties": {"properties": {"since": False}}}}},
    }
    required = {"base": _base(), "values": named("The values by name.", UPPER, value)}
    opened = truth("Whether numbers without a name are good, too: for values of later versions.")
    return required, {"open": opened}, [*within("base", ["values", "*", "number"]), closed]


def _string(spec: Spec) -> _Keys:
    pattern = text("A regular expression of Python that the whole string matches.", format="regex")
    ranges = items("Characters, such as U+007F, and ranges of them, such as U+0000-U+001F.", text("", _RANGE), least=1)
    optional = {
        "min": _bound(spec, "The least length, 0 if it is left out."),
        "allow": mapping("The characters that it may have.", {"pattern": pattern}, {"else": code(spec)}),
        "forbid": mapping("The characters that it may not have.", {"ranges": ranges}, {"else": code(spec)}),
    }
    either: Schema = {"not": {"required": ["allow", "forbid"]}}
    bounds = [*within("count", ["min", "bytes"]), *within("count", ["max", "bytes"])]
    return {"count": _count("bytes"), "max": _bound(spec, "The greatest length.")}, optional, [either, *bounds]


def _bytes(spec: Spec) -> _Keys:
    required = {"count": _count("bytes"), "max": _bound(spec, "The greatest length.")}
    return required, {}, within("count", ["max", "bytes"])


def _struct(spec: Spec) -> _Keys:
    return {"fields": items("Its fields, one behind another.", field(spec))}, {}, []


def _array(spec: Spec) -> _Keys:
    required = {
        "count": _count("items"),
        "item": type_name(spec, "The type of its items."),
        "max": number("The greatest number of items."),
    }
    return required, {}, within("count", ["max"])


_KINDS = {
    "integer": _integer,
    "bool": _bool,
    "bits": _bits,
    "enum": _enum,
    "string": _string,
    "bytes": _bytes,
    "struct": _struct,
    "array": _array,
}
