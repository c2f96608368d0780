"""Python: the messages as dataclasses, their codecs, and the tables of the protocol.

Each function returns the text of one module. What is emitted is formatted as ruff formats it, typed and documented,
because people read it.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from ..model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    Spec,
    StringType,
    StructType,
    Type,
)
from .sections import Sections

WIDTH = 120


def class_name(name: str) -> str:
    """`LAST_PAGE` and `last_page` as `LastPage`."""
    return "".join(word.capitalize() for word in name.split("_"))


def literal(value: Any, indent: int = 0) -> str:
    """A value as Python source in double quotes, on one line if it fits, else an item a line."""
    if isinstance(value, str):
        text = repr(value)
        return text if '"' in value else f'"{text[1:-1]}"'
    if isinstance(value, dict):
        parts = [f"{literal(k)}: {literal(v, indent + 4)}" for k, v in value.items()]
        return _bracketed("{", parts, "}", indent)
    if isinstance(value, (list, tuple)):
        parts = [literal(item, indent + 4) for item in value]
        if len(parts) == 1:
            return f"({parts[0]},)"
        return _bracketed("(", parts, ")", indent)
    return repr(value)


def _bracketed(opening: str, parts: list[str], closing: str, indent: int) -> str:
    line = opening + ", ".join(parts) + closing
    if "\n" not in line and indent + len(line) < WIDTH:
        return line
    closing = closing.lstrip(",")
    pad = " " * (indent + 4)
    return opening + "\n" + "".join(f"{pad}{part},\n" for part in parts) + " " * indent + closing


def call(prefix: str, arguments: list[str], indent: int = 0, suffix: str = "") -> str:
    """`prefix(arguments)suffix` formatted at an indentation: one line, or the arguments on one, or one a line."""
    joined = ", ".join(arguments)
    line = f"{prefix}({joined}){suffix}"
    if indent + len(line.rstrip(",")) <= WIDTH and "\n" not in line:
        return line
    pad = " " * (indent + 4)
    if len(pad + joined) <= WIDTH and "\n" not in joined:
        return f"{prefix}(\n{pad}{joined}\n" + " " * indent + f"){suffix}"
    return f"{prefix}(\n" + "".join(f"{pad}{argument},\n" for argument in arguments) + " " * indent + f"){suffix}"


def hexadecimal(number: int) -> str:
    """A number as ruff writes it: 0x0F."""
    return f"0x{number:02X}"


def docstring(text: str, indent: int = 4) -> str:
    """A docstring of folded prose; paragraphs are separated by empty lines."""
    pad = " " * indent
    paragraphs = [
        textwrap.fill(" ".join(p.split()), WIDTH - indent - 3, break_on_hyphens=False) for p in text.split("\n\n")
    ]
    body = "\n\n".join(paragraphs).replace("\\", "\\\\").replace('"""', "'''")
    if body.endswith('"'):
        body += " "
    if "\n" not in body:
        return f'{pad}"""{body}"""\n'
    return f'{pad}"""' + textwrap.indent(body, pad).lstrip() + f'\n{pad}"""\n'


def comment(text: str, indent: str = "") -> str:
    """The comment that documents what stands in the next line."""
    return f"{indent}#: {' '.join(text.split())}\n"


def display(prefix: str, opening: str, entries: list[str], closing: str) -> str:
    """A dict or tuple with an entry a line; the entries bring their own indentation and comma."""
    return prefix + opening + ("\n" + "".join(f"{entry}\n" for entry in entries) if entries else "") + closing + "\n"


def banner(spec: Spec) -> str:
    """The first line of every generated Python module."""
    return (
        f"# Generated from {spec.sources[0]} by `python -m codegen`. Do not edit: change the spec and generate again.\n"
    )


def annotation(type_: Type) -> str:
    """The Python type of a value."""
    if isinstance(type_, (IntegerType, BitsType)):
        return "int"
    if isinstance(type_, BoolType):
        return "bool"
    if isinstance(type_, EnumType):
        return f"{class_name(type_.name)} | int" if type_.open else class_name(type_.name)
    if isinstance(type_, StringType):
        return "str"
    if isinstance(type_, BytesType):
        return "bytes"
    if isinstance(type_, ArrayType):
        return f"tuple[{annotation(type_.item)}, ...]"
    return class_name(type_.name)


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


def _attribute_docs(fields: list[Field]) -> str:
    lines = []
    for field in fields:
        details = ", ".join(part for part in (range_text(field.type), field.unit) if part)
        lines.append(f"    {field.name}: {_decapitalise(field.doc)}{f' ({details})' if details else ''}.")
    deeper = " " * 8
    return "\n".join(textwrap.fill(line, WIDTH - 4, subsequent_indent=deeper, break_on_hyphens=False) for line in lines)


def _decapitalise(text: str) -> str:
    return text[:1].lower() + text[1:] if not text[1:2].isupper() else text


def _record(name: str, base: str, doc: str, fields: list[Field], extra: list[str]) -> str:
    attributes = [field for field in fields if field.const is None]
    text = f"@dataclass(slots=True, kw_only=True)\nclass {name}{base}:\n"
    body = docstring(doc).rstrip("\n")
    if attributes:
        body = body.removesuffix('"""').rstrip() + "\n\n" + _attribute_docs(attributes) + '\n    """'
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
            out += docstring(type_.doc + (" Later versions may add values." if type_.open else "")) + "\n"
            out += "".join(f"    {value.name} = {value.number}\n" for value in type_.values)
        elif isinstance(type_, StructType):
            out += "\n\n" + _record(class_name(type_.name), "", type_.doc, list(type_.fields), []).rstrip("\n") + "\n"
    header = [field for field in spec.frame.fields if field.role in ("correlation", "flags")]
    for message in spec.messages:
        section = sections.place(message.name)
        doc = f"{message.name}: {_decapitalise(message.doc)}{f' (Section {section}.)' if section else ''}"
        extra = [f'NAME: ClassVar[str] = "{message.name}"', f"TYPE: ClassVar[int] = {hexadecimal(message.number)}", ""]
        out += "\n\n" + _record(class_name(message.name), "(Message)", doc, list(message.fields), extra)
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


# -- codecs ----------------------------------------------------------------------------------------------------------


class _CodecWriter:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.suffix = "b" if spec.byte_order == "big" else "l"
        self.malformed = literal(spec.failures.malformed)

    def integer(self, base: str) -> str:
        return f"c.Int{8 * BASE_SIZES[base]}u{self.suffix}"

    def type(self, type_: Type) -> str:
        """The construct of a type: the name of a declared one, an expression for a built-in integer."""
        return self.expression(type_) if type_.name in BASE_SIZES else f"{type_.name.upper()}_TYPE"

    def expression(self, type_: Type, prefix: str = "") -> str:
        """The construct of a type as Python, as it stands behind `prefix`."""
        if isinstance(type_, IntegerType):
            return f"{prefix}w.Integer({self.integer(type_.base)}, {type_.minimum}, {type_.maximum}, {self.malformed})"
        if isinstance(type_, BitsType):
            return f"{prefix}w.Integer({self.integer(type_.base)}, 0, {(1 << 8 * BASE_SIZES[type_.base]) - 1}, {self.malformed})"
        if isinstance(type_, BoolType):
            return f"{prefix}w.Boolean({self.integer(type_.base)}, {self.malformed})"
        if isinstance(type_, EnumType):
            arguments = [self.integer(type_.base), f"m.{class_name(type_.name)}", self.malformed, f"open={type_.open}"]
            return call(f"{prefix}w.Enumeration", arguments)
        if isinstance(type_, StringType):
            bounds = [f"({bound.bytes}, {literal(bound.code)})" for bound in (type_.minimum, type_.maximum)]
            pattern = literal(type_.pattern)
            if "\\" in pattern and '"' not in type_.pattern and type_.pattern.isprintable():
                pattern = f'r"{type_.pattern}"'  # A pattern cannot end in a backslash.
            return call(f"{prefix}w.Text", [self.integer(type_.count), *bounds, pattern, literal(type_.pattern_code)])
        if isinstance(type_, BytesType):
            return call(
                f"{prefix}w.Blob", [self.integer(type_.count), str(type_.maximum.bytes), literal(type_.maximum.code)]
            )
        if isinstance(type_, ArrayType):
            arguments = [self.integer(type_.count), self.type(type_.item), str(type_.maximum), self.malformed]
            return call(f"{prefix}w.Many", arguments)
        return call(f"{prefix}w.Record", [f"m.{class_name(type_.name)}", *map(self.field, type_.fields)])

    def field(self, field: Field) -> str:
        if field.const is not None and isinstance(field.type, IntegerType):
            fixed = f"w.Fixed({self.integer(field.type.base)}, {hexadecimal(field.const)}, {self.malformed})"
            return f'"{field.name}" / {fixed}'
        return f'"{field.name}" / {self.type(field.type)}'


def codecs(spec: Spec) -> str:
    """The module with a construct for every type and message, and the functions that choose among them."""
    writer, sections = _CodecWriter(spec), Sections(spec)
    out = banner(spec)
    out += f'"""The codecs of the {spec.name}: a construct for each type and for each message\'s whole frame."""\n\n'
    out += "from __future__ import annotations\n\nimport construct as c\n\nfrom . import messages as m\nfrom . import wire as w\n\n"
    fields = []
    for field in spec.frame.fields:
        extra = [f'role="{field.role}"'] if field.role else [f"const={field.const}"]
        fields.append("w.HeaderField(" + ", ".join([f'"{field.name}"', writer.integer(field.base), *extra]) + ")")
    extension = spec.frame.extension
    out += "FRAME = w.FrameLayout(\n    fields=(\n" + "".join(f"        {field},\n" for field in fields) + "    ),\n"
    out += f"    critical_flags={hexadecimal(spec.frame.critical_flags)},\n"
    out += f"    tag={writer.integer(extension.tag) if extension else None},\n"
    out += f"    value={writer.expression(extension.value) if extension else None},\n"
    out += f"    malformed={writer.malformed},\n"
    out += f"    unsupported_critical={literal(spec.failures.unsupported_critical)},\n)\n\n"
    for type_ in _in_order(spec):
        out += writer.expression(type_, f"{type_.name.upper()}_TYPE = ") + "\n"
    for message in spec.messages:
        arguments = ["FRAME", f"m.{class_name(message.name)}", literal(sections.place(message.name))]
        arguments += [writer.field(field) for field in message.fields]
        out += "\n" + call(f"{message.name} = w.MessageCodec", arguments) + "\n"
    out += "\n#: Every codec, by type, class and name.\n"
    names = "".join(f"        {message.name},\n" for message in spec.messages)
    out += f"CODECS = w.Codecs(\n    FRAME,\n    {literal(spec.failures.unknown_type)},\n    (\n{names}    ),\n)\n"
    out += "decode = CODECS.decode\nencode = CODECS.encode\n"
    return out


def _in_order(spec: Spec) -> list[Type]:
    """Declared types, each behind those that it is made of."""
    done: dict[str, Type] = {}

    def visit(type_: Type) -> None:
        if isinstance(type_, ArrayType):
            visit(type_.item)
        elif isinstance(type_, StructType):
            for field in type_.fields:
                visit(field.type)
        if type_.name not in BASE_SIZES:
            done.setdefault(type_.name, type_)

    for type_ in spec.types.values():
        visit(type_)
    return list(done.values())


# -- tables ----------------------------------------------------------------------------------------------------------

_FAILURE = '''

class Failure(NamedTuple):
    """A code with which a request or a connection ends. `fatal`: it ends the connection."""

    code: %s
    fatal: bool
    retry: bool
    says: str
    trigger: str
'''

_TABLES_HEAD = '''from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from . import messages as m
from .wire import Message


class Role(StrEnum):
    """The two sides of a connection."""

    CLIENT = "client"
    SERVER = "server"


class Limit(NamedTuple):
    """A limit or timer: its default, the range of its setting, its unit, and what it bounds."""

    default: int
    minimum: int
    maximum: int
    unit: str
    doc: str


class Argument(NamedTuple):
    """An argument of a command. `rest`: it takes the remainder of the line."""

    name: str
    type: str
    rest: bool
    optional: bool


class Command(NamedTuple):
    """A command of a person: what it is called, takes, does, and (for the client) sends."""

    usage: str
    arguments: tuple[Argument, ...]
    help: str
    sends: tuple[str, dict[str, Any]] | None


class DisplayLine(NamedTuple):
    """The line shown for a message, if it answers the request `answers` and has the fields `when`."""

    message: type[Message]
    answers: type[Message] | None
    when: dict[str, Any]
    line: str
    stream: str


class Requirement(NamedTuple):
    """A sentence that binds an implementation, with its section of the document."""

    level: str
    side: str
    section: str
    text: str

'''


def tables(spec: Spec) -> str:
    """The module with what is neither message nor codec: states, legality, limits, failures, commands, requirements."""
    out = banner(spec)
    out += f'"""The tables of the {spec.name}: states, limits, failures, commands and requirements."""\n\n'
    out += _TABLES_HEAD.rstrip("\n") + "\n"
    codes = " | ".join(f"m.{class_name(outcome.type.name)}" for outcome in spec.failures.outcomes)
    out += _FAILURE % codes if codes else ""
    out += "\n" if spec.constants else ""
    for constant in spec.constants:
        out += "\n" + comment(f"{constant.doc}{f' ({constant.unit})' if constant.unit else ''}.")
        out += f"{constant.name.upper()} = {literal(constant.value)}\n"
    out += _states(spec) + _legality(spec) + _limits(spec)
    return out + (_failures(spec) if codes else "") + _commands(spec) + _requirements(spec)


def _states(spec: Spec) -> str:
    out = "\n\nclass State(Enum):\n" + docstring("The states of a connection.") + "\n"
    return out + "".join(comment(s.doc, "    ") + f"    {s.name} = {literal(s.name)}\n" for s in spec.states)


def _legality(spec: Spec) -> str:
    """Which message is legal when, what answers what, and how the types are numbered."""
    moves = {(t.message, source): t.target for t in spec.transitions for source in t.sources}
    steps = []
    for message in spec.messages:
        for sender, states in message.states.items():
            for state in states:
                key = f"(Role.{sender.upper()}, State.{state}, m.{class_name(message.name)})"
                steps.append(f"    {key}: State.{moves.get((message.name, state), state)},")
    out = "\n\n" + comment(
        "The state in which a message leaves the connection. A step that is not here is not allowed."
    )
    out += display("LEGAL: dict[tuple[Role, State, type[Message]], State] = ", "{", steps, "}")
    replies = []
    for message in spec.messages:
        if message.kind == "request":
            names = ", ".join(f"m.{class_name(reply)}" for reply in message.replies)
            replies.append(f"    m.{class_name(message.name)}: ({names}{',' if len(message.replies) == 1 else ''}),")
    out += "\n" + comment("The messages that may answer a request.")
    out += display("REPLIES: dict[type[Message], tuple[type[Message], ...]] = ", "{", replies, "}")
    events = [f"m.{class_name(message.name)}" for message in spec.messages if message.kind == "event"]
    out += "\n" + comment("The messages that nobody asks for.")
    line = f"EVENTS: tuple[type[Message], ...] = ({', '.join(events)}{',' if len(events) == 1 else ''})\n"
    wrapped = display("EVENTS: tuple[type[Message], ...] = ", "(", [f"    {event}," for event in events], ")")
    out += line if len(line) <= WIDTH else wrapped
    ranges = [
        f"    ({hexadecimal(r.first)}, {hexadecimal(r.last)}, {literal(r.sender)}, {literal(r.kind or '')}),"
        for r in spec.numbering
    ]
    out += "\n" + comment("First type, last type, sender and kind of each range of types.")
    return out + display("NUMBERING: tuple[tuple[int, int, str, str], ...] = ", "(", ranges, ")")


def _limits(spec: Spec) -> str:
    out = ""
    for title, name, timer in (("Limits", "LIMITS", False), ("Timers, in milliseconds", "TIMERS", True)):
        entries = []
        for limit in spec.limits:
            if limit.timer == timer:
                numbers = [str(limit.default), str(limit.minimum), str(limit.maximum)]
                values = [*numbers, literal(limit.unit), literal(limit.doc)]
                entries.append("    " + call(f"{literal(limit.name)}: Limit", values, 4, ","))
        out += "\n" + comment(f"{title}: settings of the server, announced to the client.")
        out += display(f"{name}: dict[str, Limit] = ", "{", entries, "}")
    out += "\n\n@dataclass(frozen=True, kw_only=True, slots=True)\nclass Settings:\n"
    out += docstring(
        "A value for every limit and timer, the default where none is given. Ranges stand in LIMITS and TIMERS."
    )
    settings = "".join(f"    {limit.name}: int = {limit.default}\n" for limit in spec.limits)
    return out + ("\n" + settings if settings else "") + "\n"


def _failures(spec: Spec) -> str:
    entries = []
    for outcome in spec.failures.outcomes:
        for value in outcome.type.values:
            code, fatal = f"m.{class_name(outcome.type.name)}.{value.name}", outcome is spec.failures.ending
            arguments = [code, str(fatal), str(value.retry), literal(value.says), literal(value.doc)]
            entries.append("    " + call(f"{literal(value.name)}: Failure", arguments, 4, ","))
    out = "\n" + comment("Every failure code by name.")
    return out + display("FAILURES: dict[str, Failure] = ", "{", entries, "}")


def _commands(spec: Spec) -> str:
    """What people type, and what they are shown."""
    out = ""
    for side, commands in spec.commands.items():
        entries = []
        for command in commands:
            shapes = [
                f"Argument({literal(a.name)}, {literal(a.type.name)}, {a.rest}, {a.optional})"
                for a in command.arguments
            ]
            values = [
                literal(command.usage),
                _bracketed("(", shapes, ",)" if len(shapes) == 1 else ")", 8),
                literal(command.help),
                literal(command.sends),
            ]
            entries.append("    " + call(f"{literal(command.name)}: Command", values, 4, ","))
        out += "\n" + comment(f"What people may type at the {side}.")
        out += display(f"{side.upper()}_COMMANDS: dict[str, Command] = ", "{", entries, "}")
    out += "\n" + comment("What a line that is no command sends.")
    out += f"PLAIN: tuple[str, dict[str, Any]] | None = {literal(spec.plain)}\n"
    lines = []
    for line in spec.display:
        answers = f"m.{class_name(line.answers)}" if line.answers else "None"
        shown = [literal(line.when), literal(line.line), literal(line.stream)]
        lines.append("    " + call("DisplayLine", [f"m.{class_name(line.message)}", answers, *shown], 4, ","))
    out += "\n" + comment("What a client shows; the first line that fits a message counts.")
    return out + display("DISPLAY: tuple[DisplayLine, ...] = ", "(", lines, ")")


def _requirements(spec: Spec) -> str:
    sections = Sections(spec)
    places = [f"    {literal(m.name)}: {literal(sections.place(m.name))}," for m in spec.messages]
    out = "\n" + comment("The section of the document that describes each message.")
    out += display("SECTIONS: dict[str, str] = ", "{", places, "}")
    entries = []
    for place, requirement in spec.requirements():
        text = literal(sections.resolve(" ".join(requirement.text.split())))
        values = [literal(requirement.level), literal(requirement.side), literal(sections.place(place)), text]
        entries.append("    " + call(f"{literal(requirement.id)}: Requirement", values, 4, ","))
    out += "\n" + comment("Every requirement by its identifier.")
    return out + display("REQUIREMENTS: dict[str, Requirement] = ", "{", entries, "}")


def support_module(spec: Spec, name: str, source: str) -> str:
    """A copy of a support module, which says where its source stands."""
    first = f"# A copy of codegen/support/{name}.py, made by `python -m codegen`. Do not edit: change the source.\n"
    return first + re.sub(r"\A#.*\n", "", source)
