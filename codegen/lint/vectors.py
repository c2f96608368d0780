"""The lint rules about vectors and sessions: the generated code reads and writes each frame, and has to agree with it.

A well-formed vector reads as its fields, and these are written as its bytes. An ill-formed one is refused with its code, as
far as the codec has a say in it: the length of a frame, the state and the number that ties a reply to its request are for the
connection, and what a request asks for is for the service.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..codes import codes_of
from ..generate import emit
from ..model import (
    ArrayType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    Message,
    OptionalField,
    Prose,
    Requirement,
    Spec,
    StringType,
    StructType,
    Type,
    Vector,
)
from ..read.source import Source
from ..support.strict_yaml import Node

Found = Iterator[tuple[Node, str]]


def wrong_vector(spec: Spec, source: Source) -> Found:
    if not spec.vectors:
        return
    with _generated(spec) as code:
        for index, vector in enumerate(spec.vectors):
            found = _well_formed(spec, code, vector) if vector.message else _ill_formed(spec, code, vector)
            for text in found:
                yield source.at("vectors", index), f"vector '{vector.name}' {text}"


def wrong_session(spec: Spec, source: Source) -> Found:
    if not spec.sessions:
        return
    with _generated(spec) as code:
        for index, session in enumerate(spec.sessions):
            for number, step in enumerate(session.steps):
                if step.kind == "frame":
                    frame = Vector("", step.hex.replace(" ", ""), step.message, step.fields, "", "")
                    for text in _well_formed(spec, code, frame):
                        place = source.at("sessions", index, "steps", number)
                        yield place, f"session '{session.name}': {step.message} {text}"


@contextmanager
def _generated(spec: Spec) -> Iterator[Any]:
    """The modules that are generated from the spec, under a name that nothing else has, for as long as they are needed."""
    package = Path(spec.package)
    with tempfile.TemporaryDirectory(prefix="vectors_") as folder:
        # Without what people and other tools read, which takes far longer to make.
        for path, text in emit(replace(spec, document="", exports="")).items():
            if path.parent == package and path.suffix == ".py":
                (Path(folder) / path.name).write_text(text, encoding="utf-8")
        name = Path(folder).name
        found = importlib.machinery.ModuleSpec(name, None, is_package=True)
        found.submodule_search_locations = [folder]
        sys.modules[name] = importlib.util.module_from_spec(found)
        try:
            yield SimpleNamespace(
                codecs=importlib.import_module(f"{name}.codecs"), wire=importlib.import_module(f"{name}.wire")
            )
        finally:
            sys.path_importer_cache.pop(folder, None)
            for module in [module for module in sys.modules if module.split(".")[0] == name]:
                del sys.modules[module]


# -- well-formed -----------------------------------------------------------------------------------------------------------


def _well_formed(spec: Spec, code: Any, vector: Vector) -> Iterator[str]:
    try:
        message = code.codecs.decode(bytes.fromhex(vector.hex))
    except code.wire.DecodeError as error:
        yield f"cannot be read: {error}"
        return
    if vector.message != message.NAME:
        yield f"has the bytes of {message.NAME}, and says that it is {vector.message}"
        return
    declared = next(declared for declared in spec.messages if declared.name == vector.message)
    said, wrong = dict(vector.fields), list[str]()
    for field in spec.frame.fields:
        if field.role in ("flags", "correlation"):
            wrong += _differences(None, getattr(message, field.name), said.pop(field.name, 0), field.name)
    if spec.frame.extension:
        read = [[extension.tag, extension.value.hex()] for extension in message.extensions]
        wrong += _differences(None, read, _extensions(said.pop("extensions", [])), "extensions")
    wrong += _members([*declared.fields, *declared.optional], message, said, "")
    yield from wrong
    if not wrong and (written := code.codecs.encode(message).hex()) != vector.hex:
        yield f"reads as its fields, which are written as {written}"


def _members(fields: list[Field | OptionalField], value: Any, said: dict[str, Any], path: str) -> list[str]:
    """What differs between a message or struct and what a vector says of it."""
    found: list[str] = []
    for field in fields:
        if isinstance(field, OptionalField) or field.const is None:
            read, place = getattr(value, field.name), f"{path}{field.name}"
            if field.name in said:
                found += _differences(field.type, read, said[field.name], place)
            elif read is not None:
                found.append(f"reads as {place} {_shown(read)}, and its fields say nothing of it")
    known = [field.name for field in fields if isinstance(field, OptionalField) or field.const is None]
    found += [f"has no {path}{name}, and its fields say {_shown(said[name])}" for name in said if name not in known]
    return found


def _differences(type_: Type | None, read: Any, said: Any, path: str) -> list[str]:
    """What differs between a value as it was read and as a vector says it."""
    if isinstance(type_, StructType) and isinstance(said, dict) and read is not None:
        return _members(list(type_.fields), read, said, f"{path}.")
    if isinstance(type_, ArrayType) and isinstance(said, list) and read is not None:
        if len(read) != len(said):
            return [f"reads as {path} with {len(read)} items, and its fields say {len(said)}"]
        pairs = enumerate(zip(read, said, strict=True))
        return [found for i, (a, b) in pairs for found in _differences(type_.item, a, b, f"{path}[{i}]")]
    told, way_out = said, ""
    if isinstance(type_, BytesType) and isinstance(said, str):
        told = "".join(said.split()).lower()
    elif isinstance(type_, BytesType):
        way_out = "; write the bytes in hexadecimal, as a string in quotes"
    if isinstance(type_, EnumType) and type(said) is int:
        told = {value.number: value.name for value in type_.values}.get(said, said)
    if isinstance(type_, BoolType) and type(said) is int and said in (0, 1):
        way_out = f"; write {str(bool(said)).lower()}"
    plain = _plain(read)
    same = plain == told and isinstance(plain, bool) == isinstance(told, bool)
    words = str(said) if isinstance(type_, EnumType) else _shown(said)
    return [] if same else [f"reads as {path} {_shown(read)}, and its fields say {words}{way_out}"]


def _extensions(said: Any) -> Any:
    """Extensions with their values in the notation of `bytes.hex`."""
    try:
        return [[tag, "".join(value.split()).lower()] for tag, value in said]
    except (AttributeError, TypeError, ValueError):
        return said


def _plain(value: Any) -> Any:
    """A value that was read, in the notation of the vectors."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    name = getattr(value, "name", None)
    return name if isinstance(value, int) and isinstance(name, str) else value


def _shown(value: Any) -> str:
    """A value as the vectors write it."""
    plain = _plain(value)
    if isinstance(plain, bool) or plain is None:
        return {True: "true", False: "false", None: "nothing"}[plain]
    if isinstance(plain, str) and isinstance(value, int):
        return plain
    if isinstance(plain, list):
        return "[" + ", ".join(_shown(item) for item in plain) + "]"
    return repr(plain) if isinstance(plain, (str, int)) else "a struct"


# -- ill-formed ------------------------------------------------------------------------------------------------------------


def _ill_formed(spec: Spec, code: Any, vector: Vector) -> Iterator[str]:
    failures = spec.failures
    if vector.code not in _codes_of_codecs(spec):
        return  # It is for the connection or the service to tell.
    frame = bytes.fromhex(vector.hex)
    try:
        message, refused = code.codecs.decode(frame), None
    except code.wire.DecodeError as error:
        message, refused = error.partial, error
        if error.code == vector.code:
            return
    declared = _declared(spec, code, frame)
    if vector.code == failures.malformed and _is_for_the_connection(spec, code, frame, declared, accepted=not refused):
        return
    if declared and _is_for_the_service(declared, vector.code, failures.malformed):
        return
    if message is not None and declared and _exceeds_a_limit(spec, declared, message, vector.code):
        return
    if refused is not None:
        yield f"is refused with {refused.code}, not with {vector.code}: {refused}"
    elif declared and not _named_by_a_rule(declared, vector.code):
        way = f"; if its bytes are right, let a rule of {declared.name} say when {vector.code} is told"
        way = "" if vector.code == failures.unknown_type else way
        yield f"reads as a good {declared.name}, which is not refused with {vector.code}{way}"


def _codes_of_codecs(spec: Spec) -> set[str]:
    """The codes that the codecs give."""
    failures = spec.failures
    codes = {failures.malformed, failures.unknown_type, failures.unsupported_critical}
    codes = codes.union(*(codes_of(type_) for type_ in spec.types.values()))
    return codes - {failures.too_large, failures.unexpected}


def _declared(spec: Spec, code: Any, frame: bytes) -> Message | None:
    """The message that a frame says it is."""
    number = code.codecs.FRAME.type(frame)
    return next((message for message in spec.messages if message.number == number), None)


def _is_for_the_connection(spec: Spec, code: Any, frame: bytes, declared: Message | None, *, accepted: bool) -> bool:
    """Whether a frame may be malformed by a rule that the codec does not know, or that counts before the codec's.

    These are a correlation of 0, and anything in what is no request: nobody can refuse that, so its faults end the connection.
    """
    layout = code.codecs.FRAME
    if spec.frame.field("correlation") and len(frame) >= layout.header_size and not layout.header(frame).correlation:
        return True
    if accepted:
        return False
    if declared:
        return declared.kind != "request"
    number = layout.type(frame)
    kinds = [numbers.kind for numbers in spec.numbering if numbers.first <= (number or 0) <= numbers.last]
    return "request" not in kinds and None not in kinds


def _is_for_the_service(declared: Message, code: str, malformed: str) -> bool:
    """Whether the message can be refused with a code that none of its own types has."""
    own = codes_of(StructType("", "", declared.fields)).union(*(codes_of(field.type) for field in declared.optional))
    return code in declared.errors and code not in own | {malformed}


def _exceeds_a_limit(spec: Spec, declared: Message, message: Any, code: str) -> bool:
    """Whether something in the message, with that code for what is too long, may be longer than a limit admits."""
    sizes: list[tuple[int, int]] = []

    def look(type_: Type, value: Any) -> None:
        if isinstance(type_, (StringType, BytesType)) and type_.maximum.code == code:
            size = len(value.encode() if isinstance(value, str) else value)
            sizes.append((size, type_.maximum.bytes))
        elif isinstance(type_, ArrayType):
            for item in value:
                look(type_.item, item)
        elif isinstance(type_, StructType):
            for member in type_.fields:
                if member.const is None:
                    look(member.type, getattr(value, member.name))

    fields: list[Field | OptionalField] = [*declared.fields, *declared.optional]
    for field in fields:
        value = None if isinstance(field, Field) and field.const is not None else getattr(message, field.name)
        if value is not None:
            look(field.type, value)
    limits = [limit for limit in spec.limits if not limit.timer]
    return any(limit.minimum < size and limit.maximum <= most for limit in limits for size, most in sizes)


def _named_by_a_rule(declared: Message, code: str) -> bool:
    """Whether a rule of the message tells of the code, and so of more than the codec knows."""
    return any(code in block.text for block in declared.rules if isinstance(block, (Prose, Requirement)))
