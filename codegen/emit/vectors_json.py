"""The vectors as JSON: every frame that the spec gives by hand, and those that follow from it, for the tests of any language.

A member of the file says what each member of an entry means; more is told in the README beside it. One entry stands on one
line, so that a change of the spec is a small diff. Nothing here comes from generated code: what a frame says is read by the
model alone.
"""

from __future__ import annotations

import json
from typing import Any

from ..edition import edition
from ..model import EnumType, Insert, Message, Prose, Spec, Vector
from .sections import Sections
from .vectors.derived import Derived, derived
from .vectors.reading import Reading, number_of, read

_FORMAT = {
    "name": "What the entry is called; no two have the same name. It changes only with what it names.",
    "origin": "'written': worked out by hand, from the document. 'derived': made from the spec, a good frame changed in one place.",
    "hex": "The whole frame from its first byte, in hexadecimal.",
    "message": "The name of the message that a decoder reads. It stands there unless 'error' does.",
    "header": "The parts of the header that are neither length nor type, nor fixed.",
    "fields": "The fields by name, without those that are fixed; an optional one only where it is there.",
    "extensions": "The extensions that are no fields, as pairs of tag and value, in their order; of equal tags the first alone.",
    "decode_only": "Where it is true, an encoder makes other bytes of the same message. Otherwise it makes 'hex'.",
    "error": "Why a decoder refuses the frame: the failure's code; and, for information, the path of the field and the place in "
    "the frame, in bytes from 0, where this package's decoders see the fault.",
    "whole": "Where it is false, the length of the frame is not that of its bytes: a reader of a stream waits for more, or takes "
    "what is over for the next frame. A decoder of whole frames gives 'error'.",
    "sender": "Which side sends it, where an answer or an error is told.",
    "state": "A state in which that side may send such a message. Where it is missing, 'situation' tells when the frame is sent.",
    "answer": "What the receiver sends back: the message and the code in it. An answer to a frame that a decoder can read is given "
    "by whoever knows direction, state and users. A frame whose length alone is refused may end behind it.",
    "numbers": "A number of type u64, or of one with that base, is a string of decimal digits; every other is a number.",
    "enumerations": "A value that has a name is that name; others are numbers. 'enumerations' has the number of every name.",
    "bits": "A set of bits is one number.",
    "strings and bytes": "Strings are strings; bytes are hexadecimal digits.",
    "structs and arrays": "An object of the fields; a list of the items.",
}


def vectors_json(spec: Spec) -> str:
    """The file, which begins with what made it."""
    head: dict[str, Any] = {
        "generated": f"Generated from {spec.sources[0]} by `python -m codegen`; change the spec, not this file.",
        "protocol": spec.name,
        "short": spec.short,
        "version": spec.version,
        "edition": edition(spec),
        "byte_order": spec.byte_order,
        "format": _FORMAT,
    }
    if situation := _situation(spec):
        head["situation"] = situation
    head |= {
        "codes": _codes(spec),
        "enumerations": {
            type_.name: {value.name: number_of(value.number, type_.base) for value in type_.values}
            for type_ in spec.types.values()
            if isinstance(type_, EnumType)
        },
        "messages": {message.name: _message(message) for message in spec.messages},
        "vectors": _entries(spec),
    }
    members = [f"{json.dumps(name)}: {_lines(value)}" for name, value in head.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _lines(value: Any) -> str:
    """JSON with one member of an object, or one item of a list, on each line."""
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()) + "\n}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]"
    return json.dumps(value)


def _situation(spec: Spec) -> str:
    """The prose of the chapter that has the vectors, which says when the written ones are sent."""
    chapter = next((chapter for chapter in spec.chapters if Insert("vectors") in chapter.body), None)
    texts = [block.text for block in chapter.body if isinstance(block, Prose)] if chapter else []
    return Sections(spec).resolve(" ".join(" ".join(texts).split()))


def _codes(spec: Spec) -> dict[str, Any]:
    """Every failure code of the protocol with its number and the message that tells it."""
    return {
        value.name: {"number": value.number, "told_by": outcome.message}
        for outcome in spec.failures.outcomes
        for value in outcome.type.values
    }


def _message(message: Message) -> dict[str, Any]:
    fields = {field.name: field.type.name for field in message.fields if field.const is None}
    return {
        "number": message.number,
        "kind": message.kind,
        "sender": message.sender,
        "states": {side: list(states) for side, states in message.states.items()},
        "fields": fields | {field.name: field.type.name for field in message.optional},
    }


# -- entries -------------------------------------------------------------------------------------------------------------


def _entries(spec: Spec) -> list[dict[str, Any]]:
    """The written vectors, then the derived ones whose bytes are new."""
    entries = [_written(spec, vector) for vector in spec.vectors]
    names = {entry["name"] for entry in entries}
    frames = {entry["hex"] for entry in entries}
    for case in derived(spec):
        if case.frame.hex() not in frames:
            entry = _derived(spec, case)
            while entry["name"] in names:
                entry["name"] += "-again"
            names.add(entry["name"])
            frames.add(entry["hex"])
            entries.append(entry)
    return entries


def _written(spec: Spec, vector: Vector) -> dict[str, Any]:
    reading = read(spec, bytes.fromhex(vector.hex))
    entry: dict[str, Any] = {"name": vector.name, "origin": "written"}
    if vector.doc:
        entry["doc"] = vector.doc
    entry["hex"] = vector.hex
    if not vector.code:
        return entry | _says(spec, reading)
    entry["sender"] = "client"
    if vector.code == spec.failures.too_large:
        entry["error"] = {"code": vector.code, "field": "", "offset": spec.frame.offset("length")}
    else:
        entry |= _says(spec, reading)
    return entry | _answer(spec, vector.code)


def _derived(spec: Spec, case: Derived) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": case.name, "origin": "derived", "hex": case.frame.hex()}
    said = _says(spec, case.reading)
    if case.reading.fault:
        entry |= {"sender": case.sender, "state": case.state} | said
        if case.reading.whole and case.sender == "client":
            return entry | _answer(spec, _answered_with(spec, case))
    return entry | said


def _says(spec: Spec, reading: Reading) -> dict[str, Any]:
    """What a decoder finds."""
    if fault := reading.fault:
        error = {"error": {"code": fault.code, "field": fault.field, "offset": fault.offset}}
        return error if reading.whole else error | {"whole": False}
    assert reading.message is not None
    said: dict[str, Any] = {"message": reading.message.name, "header": reading.header, "fields": reading.fields}
    if spec.frame.extension:
        said["extensions"] = reading.extensions
    return said if reading.canonical else said | {"decode_only": True}


def _answered_with(spec: Spec, case: Derived) -> str:
    """The code that the server tells. Nobody can refuse what is no request, so its faults end the connection."""
    fault, message, refusal = case.reading.fault, case.reading.message, spec.failures.refusal
    assert fault is not None
    if refusal is None or all(value.name != fault.code for value in refusal.type.values):
        return fault.code
    if message is None:
        return fault.code if case.asks else spec.failures.malformed
    return fault.code if message.kind == "request" else spec.failures.malformed


def _answer(spec: Spec, code: str) -> dict[str, Any]:
    """The message that tells of a code, if the protocol has such messages."""
    for outcome in spec.failures.outcomes:
        if any(value.name == code for value in outcome.type.values):
            return {"answer": {"message": outcome.message, outcome.field: code}}
    return {}
