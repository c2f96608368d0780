"""The schema of case files for editors: JSON Schema (2020-12), made of the verbs, the codecs and the tables.

An editor that knows it completes verbs, messages, fields, limits and requirements, and marks what is misspelt. It tells
less than the loader, which alone decides. `python -m conformance.language.schema` writes it beside this file; a test
compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from impwire import constructs
from impwire.codecs import CODECS, FRAME
from impwire.tables import LIMITS, REQUIREMENTS, TIMERS

from .steps import HEADER_FIELDS, OF_SERVER, sends_as_it_is
from .values import LIMIT_NAMES, all_constructs, members_of
from .verbs import CONSOLE, CONSOLE_VERBS, SERVER, SERVER_VERBS, VERBS, Verb

FILE = Path(__file__).parent / "case.schema.json"

Schema = dict[str, Any]

_TERM = rf"([0-9]+|\$[A-Za-z_][\w.]*|{'|'.join(sorted(LIMIT_NAMES))})"
_VARIABLE: Schema = {"type": "string", "pattern": r"^\$[A-Za-z_][\w.]*$"}
_STRING: Schema = {"type": "string"}
_EXPRESSION: Schema = {"type": ["integer", "string"], "pattern": rf"^\s*{_TERM}(\s*[-+*]\s*{_TERM})*\s*$"}
_HEX: Schema = {"type": "string", "pattern": "^([0-9A-Fa-f]{2}|\\s)*$"}
#: What the words of `Verb.takes` stand for, but for messages with their fields.
_WORDS: dict[str, Schema] = {
    "text": _STRING,
    "number": {"type": "integer"},
    "raw": {"anyOf": [_HEX, {"type": "array", "items": {"$ref": "#/$defs/segment"}}]},
}
_OPTIONS: dict[str, Schema] = {"within": _EXPRESSION, "after": _EXPRESSION, "from": _STRING}


def case_schema() -> Schema:
    """The schema of a file of cases."""
    definitions = {
        "case": _case(),
        "step": _step(),
        "pair": _with_fields({"type": "array", "minItems": 1, "maxItems": 2}, 0),
        "segment": {"anyOf": [_HEX, _object({"repeat": _HEX, "times": _EXPRESSION}, ["repeat", "times"])]},
        "text": _text(),
    }
    numbers = {f"u{8 * size}": _number(size) for size in (1, 2, 4, 8)}
    fields = {f"{name} fields": _fields(name) for name in CODECS.by_name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sessions of the conformance suite of the Instant Messenger Protocol",
        **_object({"cases": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/case"}}}, ["cases"]),
        "$defs": definitions | numbers | fields,
    }


def _object(properties: dict[str, Any], required: list[str] | None = None) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": required} if required else {})


def _case() -> Schema:
    limits = {
        name: {"type": "integer", "minimum": limit.minimum, "maximum": limit.maximum, "description": limit.doc}
        for name, limit in {**LIMITS, **TIMERS}.items()
    }
    requirements = [{"const": name, "description": entry.text} for name, entry in REQUIREMENTS.items()]
    properties: dict[str, Schema] = {
        "id": {"type": "string", "pattern": "^[a-z0-9-]+(/[a-z0-9-]+)+$"},
        "title": {"type": "string", "pattern": "\\S", "description": "what a reader should know if the case fails"},
        "proves": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"oneOf": requirements}},
        "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
        "with": {**_object(limits), "description": "limits and timers that the server has to be set to"},
        "client": {
            "anyOf": [_STRING, {"type": "array", "items": _STRING, "uniqueItems": True}],
            "description": "the actors as which a client can be tested",
        },
        "server": {"type": "boolean", "description": "false: not for servers"},
        "fresh": {"type": "boolean", "description": "needs a server that no other session has used"},
        "worked": {**_worked(), "description": "the case is a worked session of protocol.txt"},
    }
    return _object(properties, ["id", "title", "proves", "steps"])


def _worked() -> Schema:
    examples = {name: {"$ref": f"#/$defs/{name} fields"} for name in CODECS.by_name if name in OF_SERVER}
    properties: dict[str, Schema] = {
        "place": {"type": "integer", "minimum": 1, "description": "where it stands among the worked sessions"},
        "title": {**_STRING, "description": "its heading"},
        "shows": {**_STRING, "description": "what a reader learns from it"},
        "examples": {**_object(examples), "description": "what the server chooses and the steps leave open"},
    }
    return _object(properties, ["place", "title", "shows"])


def _step() -> Schema:
    """A list of actor, verb and what the verb takes. Which verbs there are depends on the actor."""
    name: Schema = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]*([0-9]\\.\\.[0-9]+)?$"}
    actor: Schema = {"anyOf": [name, {"type": "array", "minItems": 1, "items": name, "uniqueItems": True}]}
    rules = [
        _when(0, [CONSOLE], _item(1, {"enum": list(CONSOLE_VERBS)})),
        _when(0, [SERVER], _item(1, {"enum": list(SERVER_VERBS)})),
        {
            "if": {"not": _item(0, {"enum": [CONSOLE, SERVER]})},
            "then": _item(1, {"enum": list(VERBS)}),
        },
    ]
    verbs = {**CONSOLE_VERBS, **SERVER_VERBS, **VERBS}
    alike: dict[tuple[Verb, bool], list[str]] = {}
    for word, verb in verbs.items():
        alike.setdefault((verb, sends_as_it_is(word)), []).append(word)
    for (verb, sending), names in alike.items():
        rules.append(_when(1, names, _taken(verb, sending=sending)))
    return {"type": "array", "minItems": 2, "prefixItems": [actor, {"enum": list(verbs)}], "allOf": rules}


def _item(index: int, schema: Schema) -> Schema:
    """A list whose item at the index is so."""
    return {"prefixItems": [*[True] * index, schema]}


def _when(index: int, values: list[str], then: Schema) -> Schema:
    return {"if": _item(index, {"enum": values}), "then": then}


def _taken(verb: Verb, *, sending: bool) -> Schema:
    """The rest of a step, behind actor and verb. `sending`: its first message is sent, and may be any."""
    words = verb.takes.split()
    if "messages" in words:
        pair: Schema = {"$ref": "#/$defs/pair"}
        between = [word.strip("'") for word in words if word.startswith("'")]
        items: Schema = {"anyOf": [pair, {"enum": between}]} if between else pair
        return {"prefixItems": [True, True], "items": items, "minItems": 3}
    rest: list[Schema] = []
    messages: list[int] = []
    needed = 2
    for word in words:
        optional = word.endswith("?")
        if word == "message":
            messages.append(2 + len(rest))
        rest.append(_word(word.removesuffix("?"), verb, sending=sending and len(messages) < 2))
        needed += not optional
    found: Schema = {"prefixItems": [True, True, *rest], "items": False, "minItems": needed}
    return found | ({"allOf": [_fields_at(index) for index in messages]} if messages else {})


def _word(word: str, verb: Verb, *, sending: bool) -> Schema:
    if word.startswith("'"):
        return {"const": word.strip("'")}
    if word == "message":
        return {"enum": [name for name in CODECS.by_name if sending or name in OF_SERVER]}
    if word == "fields":
        return {"type": "object"}
    if word == "options":
        return _object({name: _OPTIONS[name] for name in verb.options})
    return _WORDS[word]


def _with_fields(schema: Schema, index: int) -> Schema:
    """A list with a message at the index and its fields behind it."""
    return {**schema, **_item(index, {"enum": list(CODECS.by_name)}), "allOf": [_fields_at(index)]}


def _fields_at(index: int) -> Schema:
    """The item behind the index holds the fields of the message that stands there."""
    rules = [_when(index, [name], _item(index + 1, {"$ref": f"#/$defs/{name} fields"})) for name in CODECS.by_name]
    return {"allOf": rules}


def _fields(message: str) -> Schema:
    properties = {name: _value(construct) for name, construct in all_constructs(message).items()}
    extension: Schema = {"type": "array", "prefixItems": [_integer(1), _HEX], "items": False, "minItems": 2}
    sizes = {field.name: field.subcon.sizeof() for field in FRAME.fields}
    for name in HEADER_FIELDS:
        properties[name] = _ref(sizes[name]) if name in sizes else {"type": "array", "items": extension}
    return _object(properties)


def _value(construct: Any) -> Schema:
    """What can stand for a value of a field, sent or expected."""
    if isinstance(construct, constructs.Text):
        return {"$ref": "#/$defs/text"}
    if isinstance(construct, constructs.Enumeration):
        names = {"enum": list(construct.members.__members__)}
        return {"anyOf": [names, _integer(construct.sizeof()), _VARIABLE, _object({"not": True})]}
    if isinstance(construct, constructs.Many):
        return {"anyOf": [{"type": "array", "items": _value(construct.item)}, _VARIABLE]}
    if isinstance(construct, constructs.Record):
        members = members_of(construct)
        return {"anyOf": [_object({name: _value(part) for name, part in members.items()}), _VARIABLE]}
    if isinstance(construct, constructs.Boolean):
        return {"anyOf": [{"type": ["boolean", "integer"]}, _VARIABLE, _object({"not": True})]}
    return _ref(construct.sizeof())


def _ref(size: int) -> Schema:
    return {"$ref": f"#/$defs/u{8 * size}"}


def _integer(size: int) -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": 256**size - 1}


def _number(size: int) -> Schema:
    conditions = _object({"at least": _EXPRESSION, "at most": _EXPRESSION, "not": _EXPRESSION})
    return {"anyOf": [_integer(size), {**_EXPRESSION, "type": "string"}, conditions]}


def _text() -> Schema:
    forms = [
        _object({"bytes": _EXPRESSION}, ["bytes"]),
        _object({"repeat": _STRING, "times": _EXPRESSION}, ["repeat", "times"]),
        _object({"hex": _HEX}, ["hex"]),
        _object({"not": True}, ["not"]),
    ]
    return {"anyOf": [_STRING, *forms]}


def schema_text() -> str:
    """The schema as it stands in its file."""
    return json.dumps(case_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
