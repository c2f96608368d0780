"""Python: the enumerations, structs and messages as plain values."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ..model import (
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    OptionalField,
    Spec,
    StringType,
    StructType,
    Type,
)
from .python_syntax import WIDTH, banner, class_name, comment, docstring, hexadecimal, in_docstring
from .sections import Sections


def annotation(type_: Type, module: str = "") -> str:
    """The Python type of a value; `module` stands before the names of classes."""
    if isinstance(type_, (IntegerType, BitsType)):
        return "int"
    if isinstance(type_, BoolType):
        return "bool"
    if isinstance(type_, EnumType):
        return module + class_name(type_.name) + (" | int" if type_.open else "")
    if isinstance(type_, StringType):
        return "str"
    if isinstance(type_, BytesType):
        return "bytes"
    if isinstance(type_, ArrayType):
        return f"tuple[{annotation(type_.item, module)}, ...]"
    return module + class_name(type_.name)


def range_text(type_: Type) -> str:
    """The range of a type in a few words, for people; empty where the name says it all."""
    if isinstance(type_, IntegerType):
        return f"{type_.minimum} to {type_.maximum}"
    if isinstance(type_, StringType):
        return f"{type_.minimum.bytes} to {type_.maximum.bytes} bytes of UTF-8"
    if isinstance(type_, BytesType):
        return f"at most {type_.maximum.bytes} bytes"
    if isinstance(type_, ArrayType):
        return f"at most {type_.maximum}"
    return ""


def _attribute_docs(fields: Sequence[Field | OptionalField]) -> str:
    lines = []
    for field in fields:
        since = f"since {field.since}" if isinstance(field, OptionalField) else ""
        details = ", ".join(part for part in (range_text(field.type), field.unit, since) if part)
        lines.append(f"    {field.name}: {_decapitalise(field.doc)}{f' ({details})' if details else ''}.")
    lines = [in_docstring(line) for line in lines]
    deeper = " " * 8
    return "\n".join(textwrap.fill(line, WIDTH - 4, subsequent_indent=deeper, break_on_hyphens=False) for line in lines)


def _decapitalise(text: str) -> str:
    return text[:1].lower() + text[1:] if not text[1:2].isupper() else text


def _record(
    name: str, base: str, doc: str, fields: Sequence[Field], extra: list[str], optional: Sequence[OptionalField] = ()
) -> str:
    attributes = [field for field in fields if field.const is None]
    text = f"@dataclass(slots=True, kw_only=True)\nclass {name}{base}:\n"
    body = docstring(doc).rstrip("\n")
    if attributes or optional:
        body = body.removesuffix('"""').rstrip() + "\n\n" + _attribute_docs([*attributes, *optional]) + '\n    """'
    text += body + "\n\n"
    text += "".join(f"    {line}".rstrip() + "\n" for line in extra)
    text += "".join(f"    {field.name}: {annotation(field.type)}\n" for field in attributes)
    return text


def messages(spec: Spec) -> str:
    """The module with the enumerations, the structs and one dataclass a message."""
    sections = Sections(spec)
    out = banner(spec)
    out += f'"""The messages of the {spec.name}, version {spec.version}, as plain values."""\n\n'
    kinds = {type(type_) for type_ in spec.types.values() if not (isinstance(type_, BitsType) and not type_.bits)}
    enums = [name for name, kind in (("IntEnum", EnumType), ("IntFlag", BitsType)) if kind in kinds]
    out += "from __future__ import annotations\n\nfrom dataclasses import dataclass\n"
    out += f"from enum import {', '.join(enums)}\n" if enums else ""
    out += "from typing import ClassVar\n\n"
    out += f"from .wire import {'Extension, ' if spec.frame.extension else ''}Message\n"
    for type_ in spec.types.values():
        if isinstance(type_, BitsType) and type_.bits:
            out += f"\n\nclass {class_name(type_.name)}(IntFlag):\n" + docstring(type_.doc)
            for name, position, doc in type_.bits:
                out += "\n" + comment(doc, "    ") + f"    {name} = {hexadecimal(1 << position)}\n"
        elif isinstance(type_, EnumType):
            out += f"\n\nclass {class_name(type_.name)}(IntEnum):\n"
            out += docstring(type_.doc + (" Later versions may add values." if type_.open else ""))
            out += "\n" if type_.values else ""
            out += "".join(f"    {value.name} = {value.number}\n" for value in type_.values)
        elif isinstance(type_, StructType):
            out += "\n\n" + _record(class_name(type_.name), "", type_.doc, type_.fields, []).rstrip("\n") + "\n"
    header = [field for field in spec.frame.fields if field.role in ("correlation", "flags")]
    for message in spec.messages:
        section = sections.cited(message.name)
        doc = f"{message.name}: {_decapitalise(message.doc)}{f' (Section {section}.)' if section else ''}"
        extra = [f'NAME: ClassVar[str] = "{message.name}"', f"TYPE: ClassVar[int] = {hexadecimal(message.number)}", ""]
        out += "\n\n" + _record(class_name(message.name), "(Message)", doc, message.fields, extra, message.optional)
        out += "".join(f"    {field.name}: {annotation(field.type)} | None = None\n" for field in message.optional)
        out += "".join(f"    {field.name}: int = 0\n" for field in header)
        if spec.frame.extension:
            out += "    extensions: tuple[Extension, ...] = ()\n"
        out = out.rstrip("\n") + "\n"
    out += "\n\n#: Every message by the type in the frame.\nMESSAGES: dict[int, type[Message]] = {\n"
    out += (
        "".join(f"    {hexadecimal(message.number)}: {class_name(message.name)},\n" for message in spec.messages)
        + "}\n"
    )
    return out
