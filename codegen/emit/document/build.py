"""From a spec to the tree of blocks that is its document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    Insert,
    IntegerType,
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
from ...model import Block as SpecBlock
from ...sizes import capacity
from ..sections import Sections
from .blocks import (
    Block,
    ByteDiagram,
    Commands,
    DisplayLines,
    Document,
    Entry,
    FrameBytes,
    Paragraph,
    Rule,
    Section,
    Table,
)

Blocks = tuple[Block, ...]


def build(spec: Spec) -> Document:
    """The whole document."""
    return _Builder(spec).document()


def size_of(type_: Type) -> int | None:
    """Bytes of a value of the type, or None where they vary."""
    if isinstance(type_, (IntegerType, BoolType, BitsType, EnumType)):
        return BASE_SIZES[type_.base]
    if isinstance(type_, StructType):
        sizes = [size_of(field.type) for field in type_.fields]
        return None if None in sizes else sum(size or 0 for size in sizes)
    return None


def field_value(value: Any) -> str:
    """A value of a vector in the notation of the document."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Printable characters as they are, all others as escapes: the document is read on any screen.
        escaped = "".join(c if c.isprintable() and ord(c) < 0xE000 else _escape(c) for c in value.replace("\\", "\\\\"))
        return f'"{escaped}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {field_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(field_value(item) for item in value) + "]"
    return str(value)


def since(version: str) -> str:
    """What is said of a value that came with a version; nothing for the first."""
    return f" (since {version})" if version else ""


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\t": "\\t"}
    number = ord(character)
    return short.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")


def _table(headers: list[str], rows: list[list[str]]) -> Table:
    return Table(tuple(headers), tuple(tuple(row) for row in rows))


class _Builder:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.sections = Sections(spec)
        self.inserts: dict[str, Callable[[], Blocks]] = {
            "frame": self.frame,
            "extension": self.extension,
            "types": self.types,
            "states": self.states,
            "errors": self.errors,
            "limits": self.limits,
            "console": lambda: self.commands("console"),
            "commands": lambda: self.commands("client"),
            "display": self.display,
            "messages": lambda: tuple(self.message(message) for message in self.spec.messages),
            "requirements": self.requirements,
            "vectors": self.vectors,
        }

    def document(self) -> Document:
        spec = self.spec
        return Document(
            title=f"The {spec.name} ({spec.short})",
            version=f"Version {spec.version}",
            abstract=spec.abstract,
            made=f"Generated from {spec.sources[0]} by `python -m codegen`; change the spec, not this file.",
            sections=tuple(
                Section(str(number), chapter.title, chapter.id, self.body(chapter.body))
                for number, chapter in enumerate(spec.chapters, 1)
            ),
        )

    def body(self, blocks: tuple[SpecBlock, ...]) -> Blocks:
        return tuple(made for block in blocks for made in self.block(block))

    def block(self, block: SpecBlock) -> Blocks:
        if isinstance(block, Prose):
            return (Paragraph(self.sections.resolve(block.text)),)
        if isinstance(block, Requirement):
            return (Rule(replace(block, text=self.sections.resolve(block.text))),)
        return self.inserts[block.what]()

    # -- frame and types -----------------------------------------------------------------------------------------

    def frame(self) -> Blocks:
        fields = [(field.name, BASE_SIZES[field.base]) for field in self.spec.frame.fields]
        rows = [
            [f.name, f.base, f.doc if f.const is None else f"{f.doc}; always {f.const:#x}"]
            for f in self.spec.frame.fields
        ]
        ranges = [[f"{r.first:#04x} to {r.last:#04x}", r.doc] for r in self.spec.numbering]
        return (
            Paragraph(self.spec.frame.doc),
            ByteDiagram((*fields, ("body", None))),
            _table(["Field", "Type", "Meaning"], rows),
            Paragraph("The types are numbered by direction:"),
            _table(["Types", "Are for"], ranges),
        )

    def extension(self) -> Blocks:
        extension = self.spec.frame.extension
        if extension is None:
            return ()
        count, tag = BASE_SIZES[extension.value.count], BASE_SIZES[extension.tag]
        return Paragraph("An extension:"), ByteDiagram((("tag", tag), ("length", count), ("value", None)))

    def types(self) -> Blocks:
        bases = ", ".join(BASE_SIZES)
        entries = [self.type(type_) for type_ in self.spec.types.values() if type_.name not in BASE_SIZES]
        return Paragraph(f"{bases} are unsigned integers of 8, 16, 32 and 64 bits."), *entries

    def type(self, type_: Type) -> Entry:
        codes = {outcome.type.name for outcome in self.spec.failures.outcomes}
        text = f"{self.layout(type_)} {type_.doc}"
        if type_.name in codes and (section := self.sections.insert("errors")):
            return Entry(type_.name, f"{text} Its values stand in section {section}.")
        return Entry(type_.name, text, self.type_body(type_))

    def type_body(self, type_: Type) -> Blocks:
        if isinstance(type_, EnumType):
            rows = [[str(value.number), value.name, value.doc + since(value.since)] for value in type_.values]
            return (_table(["Value", "Name", "Meaning"], rows),)
        if isinstance(type_, BitsType) and type_.bits:
            rows = [[f"{1 << position:#x}", name, doc] for name, position, doc in type_.bits]
            return (_table(["Bit", "Name", "Meaning"], rows),)
        return (self.field_table(type_.fields),) if isinstance(type_, StructType) else ()

    def layout(self, type_: Type) -> str:
        """What a value looks like on the wire, in a sentence or two."""
        if isinstance(type_, IntegerType):
            low, high = type_.minimum, type_.maximum
            full = (low, high) == (0, capacity(type_.base))
            return f"{type_.base}." if full else f"{type_.base}, {low} to {high}."
        if isinstance(type_, BoolType):
            return f"{type_.base}, 0 for false or 1 for true."
        if isinstance(type_, BitsType):
            return f"{type_.base}, a set of bits."
        if isinstance(type_, EnumType):
            return f"{type_.base}, {'an open' if type_.open else 'a closed'} enumeration."
        if isinstance(type_, StringType):
            return self.string_layout(type_)
        if isinstance(type_, BytesType):
            return f"a {type_.count} count, then as many bytes (at most {type_.maximum.bytes})."
        if isinstance(type_, ArrayType):
            return f"a {type_.count} count, then as many {type_.item.name} (at most {type_.maximum})."
        return "the fields below, one after another."

    @staticmethod
    def string_layout(type_: StringType) -> str:
        low, high = type_.minimum, type_.maximum
        text = f"a {type_.count} count, then as many bytes of UTF-8. "
        text += f"Fewer than {low.bytes}: {low.code}. " if low.bytes else ""
        text += f"More than {high.bytes}: {high.code}. "
        if type_.allowed:
            return text + f"Not of the form {type_.allowed}: {type_.pattern_code}."
        if type_.forbidden:
            return text + f"Not UTF-8, or with a character of {', '.join(type_.forbidden)}: {type_.pattern_code}."
        return text

    # -- states, errors, limits ----------------------------------------------------------------------------------

    def states(self) -> Blocks:
        rows = [[state.name, state.doc + (" (final)" if state.final else "")] for state in self.spec.states]
        out: list[Block] = [_table(["State", "Meaning"], rows)]
        moves = [[", ".join(t.sources), t.message, t.target] for t in self.spec.transitions]
        if moves:
            change = "These messages change the state, of both sides alike:"
            out += [Paragraph(change), _table(["From", "Message", "To"], moves)]
        allowed = []
        for message in self.spec.messages:
            for sender, states in message.states.items():
                allowed.append([message.name, sender, ", ".join(states)])
        out += [
            Paragraph("Each message may be sent in these states and no other:"),
            _table(["Message", "Sender", "States"], allowed),
        ]
        return tuple(out)

    def errors(self) -> Blocks:
        out: list[Block] = []
        for outcome in self.spec.failures.outcomes:
            rows = [
                [str(v.number), v.name + ("*" if v.retry else ""), v.doc + since(v.since)] for v in outcome.type.values
            ]
            out.append(Paragraph(f"The codes of {outcome.message} (with * where the answer may say when to try again):"))
            out.append(_table(["Code", "Name", "Trigger"], rows))
        return tuple(out)

    def limits(self) -> Blocks:
        rows = [
            [limit.name, f"{limit.default} {limit.unit}", f"{limit.doc} ({limit.minimum} to {limit.maximum})"]
            for limit in self.spec.limits
        ]
        out: list[Block] = [_table(["Name", "Default", "Meaning and range"], rows)] if rows else []
        fixed = [[c.name, field_value(c.value), c.doc] for c in self.spec.constants if not isinstance(c.value, list)]
        if fixed:
            out += [Paragraph("These do not vary:"), _table(["Name", "Value", "Meaning"], fixed)]
        return tuple(out)

    # -- commands ------------------------------------------------------------------------------------------------

    def commands(self, side: str) -> Blocks:
        entries = []
        for command in self.spec.commands[side]:
            sends = f" Sends {command.sends[0]}." if command.sends else ""
            entries.append((command.usage, f"{command.help}.{sends}"))
        return (Commands(tuple(entries)),)

    def display(self) -> Blocks:
        entries = []
        for line in self.spec.display:
            conditions = [f"in answer to {line.answers}"] if line.answers else []
            conditions += [f"with {key} {value or 'empty'}" for key, value in line.when.items()]
            if line.stream == "error":
                conditions.append("on stderr")
            entries.append((" ".join([line.message, *([", ".join(conditions)] if conditions else [])]), line.line))
        notes = (
            "{field} stands for a field of the message, {request.field} for one of the request that it answers, {says} for "
            "the words below ('code' and its number for a code that is not there), {self} for the client's own name "
            "before the message. An array shows its items with a comma and a space between them."
        )
        rows = [[value.name, value.says] for outcome in self.spec.failures.outcomes for value in outcome.type.values]
        return DisplayLines(tuple(entries)), Paragraph(notes), _table(["Code", "Words"], rows)

    # -- messages ------------------------------------------------------------------------------------------------

    def message(self, message: Message) -> Section:
        out: list[Block] = [Paragraph(message.doc), Paragraph(self.facts(message))]
        if message.fields:
            out.append(ByteDiagram(tuple((field.name, size_of(field.type)) for field in message.fields)))
            out.append(self.field_table(message.fields))
        else:
            out.append(Paragraph("It has no fields."))
        if message.optional:
            rows = [[f.name, f.type.name, str(f.tag), f.since, self.optional_doc(f)] for f in message.optional]
            out.append(
                Paragraph("It may bear these extensions, each of which is left out where there is nothing to say:")
            )
            out.append(_table(["Field", "Type", "Tag", "Since", "Meaning"], rows))
        if message.errors:
            out.append(Paragraph(f"Refused or ended by the first of these that applies: {', '.join(message.errors)}."))
        out += self.body(message.rules)
        if examples := [vector for vector in self.spec.vectors if vector.message == message.name]:
            out += [Paragraph("Example:"), self.frame_bytes(replace(examples[0], message=""))]
        return Section(self.sections.place(message.name), message.name, message.name, tuple(out))

    def facts(self, message: Message) -> str:
        sender = "either side" if message.sender == "either" else f"the {message.sender}"
        facts = [f"Type {message.number:#04x}, {message.kind}, sent by {sender}."]
        if message.since:
            facts.append(f"Since version {message.since}.")
        if message.replies:
            facts.append(f"Answered by {self.listing(message.replies, 'or')}.")
        if message.kind == "reply":
            answered = [m.name for m in self.spec.messages if message.name in m.replies]
            facts.append(f"Answers {self.listing(tuple(answered), 'or')}.")
        return " ".join(facts)

    @staticmethod
    def listing(names: tuple[str, ...], word: str) -> str:
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"

    @staticmethod
    def optional_doc(field: OptionalField) -> str:
        return field.doc + (f" ({field.unit})" if field.unit != getattr(field.type, "unit", "") else "")

    @staticmethod
    def field_table(fields: tuple[Field, ...]) -> Table:
        rows = []
        for field in fields:
            doc = field.doc if field.const is None else f"{field.doc}; always {field.const:#x}"
            of_type = getattr(field.type, "unit", "")
            unit = f" ({field.unit})" if field.unit and field.unit != of_type else ""
            rows.append([field.name, field.type.name, doc + unit])
        return _table(["Field", "Type", "Meaning"], rows)

    # -- appendices ----------------------------------------------------------------------------------------------

    def requirements(self) -> Blocks:
        rows = [[rule.id, rule.level, rule.side, self.sections.place(place)] for place, rule in self.spec.requirements()]
        return (_table(["Requirement", "Level", "Side", "Section"], rows),)

    def vectors(self) -> Blocks:
        return tuple(Entry(vector.name, vector.doc, (self.frame_bytes(vector),)) for vector in self.spec.vectors)

    @staticmethod
    def frame_bytes(vector: Vector) -> FrameBytes:
        values = ", ".join(f"{key} {field_value(value)}" for key, value in vector.fields.items())
        text = f"is answered by {vector.code}" if vector.code else f"{vector.message} {values}".strip()
        return FrameBytes(bytes.fromhex(vector.hex), text)
