"""The document that people read: plain text of at most 72 columns, in the manner of an RFC."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from ..model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    Block,
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
)
from ..sizes import capacity
from .sections import Sections

WIDTH = 72
INDENT = "   "
NARROWEST = 10  # Characters of the last column of a table.


def document(spec: Spec) -> str:
    """The whole document as text."""
    return _Writer(spec).document()


def fill(text: str, indent: str = INDENT, hanging: str | None = None) -> str:
    """Prose folded to the page; every paragraph of the document goes through here."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(headers: list[str], rows: list[list[str]], indent: str = INDENT) -> str:
    """A table whose last column is folded to the width of the page; the others are as wide as they need.

    Where that leaves no room for the last one, a paragraph for each row.
    """
    widths = [max(len(row[i]) for row in [headers, *rows]) for i in range(len(headers) - 1)]
    widths.append(WIDTH - len(indent) - sum(widths) - 2 * len(widths))
    if widths[-1] < NARROWEST:
        texts = [f"{row[0]}; " + "; ".join(map(": ".join, zip(headers[1:], row[1:], strict=True))) for row in rows]
        return "\n".join(fill(text, indent, indent + INDENT) for text in texts)
    lines = [headers, ["-" * width for width in widths], *rows]
    out = []
    for cells in lines:
        folded = textwrap.wrap(cells[-1], widths[-1], break_on_hyphens=False) or [""]
        first = "  ".join(cell.ljust(width) for cell, width in zip(cells[:-1], widths[:-1], strict=True))
        out.append(f"{indent}{first}  {folded[0]}".rstrip())
        margin = " " * (len(indent) + sum(widths[:-1]) + 2 * (len(widths) - 1))
        out += [margin + line for line in folded[1:]]
    return "\n".join(out)


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


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\t": "\\t"}
    number = ord(character)
    return short.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")


class _Writer:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.sections = Sections(spec)
        self.inserts: dict[str, Callable[[], str]] = {
            "frame": self.frame,
            "extension": self.extension,
            "types": self.types,
            "states": self.states,
            "errors": self.errors,
            "limits": self.limits,
            "console": lambda: self.commands("console"),
            "commands": lambda: self.commands("client"),
            "display": self.display,
            "messages": self.messages,
            "requirements": self.requirements,
            "vectors": self.vectors,
        }

    def document(self) -> str:
        parts = [self.title(), self.contents()]
        for number, chapter in enumerate(self.spec.chapters, 1):
            parts.append(f"{number}.  {chapter.title}")
            parts.append(self.body(chapter.body))
        return "\n\n".join(part for part in parts if part) + "\n"

    def title(self) -> str:
        spec = self.spec
        lines = [
            f"The {spec.name} ({spec.short})".center(WIDTH).rstrip(),
            f"Version {spec.version}".center(WIDTH).rstrip(),
        ]
        made = f"Generated from {spec.sources[0]} by `python -m codegen`; change the spec, not this file."
        return "\n".join(lines) + "\n\nAbstract\n\n" + fill(spec.abstract) + "\n\n" + fill(made)

    def contents(self) -> str:
        lines = ["Contents", ""]
        for number, chapter in enumerate(self.spec.chapters, 1):
            lines.append(f"{INDENT}{f'{number}.':4} {chapter.title}")
            if Insert("messages") in chapter.body:
                lines += [f"{INDENT}     {self.sections.place(m.name):5} {m.name}" for m in self.spec.messages]
        return "\n".join(lines)

    def body(self, blocks: tuple[Block, ...]) -> str:
        return "\n\n".join(self.block(block) for block in blocks)

    def block(self, block: Block) -> str:
        if isinstance(block, Prose):
            return fill(self.sections.resolve(block.text))
        if isinstance(block, Requirement):
            return self.requirement(block)
        return self.inserts[block.what]()

    def requirement(self, requirement: Requirement) -> str:
        side = f" [{requirement.side}]"
        text = f"{requirement.id}{side}  {' '.join(self.sections.resolve(requirement.text).split())}"
        return fill(text, INDENT, INDENT + INDENT)

    # -- frame and types -----------------------------------------------------------------------------------------

    def frame(self) -> str:
        fields = [(field.name, BASE_SIZES[field.base]) for field in self.spec.frame.fields]
        rows = [
            [f.name, f.base, f.doc if f.const is None else f"{f.doc}; always {f.const:#x}"]
            for f in self.spec.frame.fields
        ]
        out = [fill(self.spec.frame.doc), diagram([*fields, ("body", None)]), table(["Field", "Type", "Meaning"], rows)]
        ranges = [[f"{r.first:#04x} to {r.last:#04x}", r.doc] for r in self.spec.numbering]
        out += [fill("The types are numbered by direction:"), table(["Types", "Are for"], ranges)]
        return "\n\n".join(out)

    def extension(self) -> str:
        extension = self.spec.frame.extension
        if extension is None:
            return ""
        count, tag = BASE_SIZES[extension.value.count], BASE_SIZES[extension.tag]
        return "\n\n".join([fill("An extension:"), diagram([("tag", tag), ("length", count), ("value", None)])])

    def types(self) -> str:
        bases = ", ".join(BASE_SIZES)
        out = [fill(f"{bases} are unsigned integers of 8, 16, 32 and 64 bits.")]
        for type_ in self.spec.types.values():
            if type_.name not in BASE_SIZES:
                out.append(self.type(type_))
        return "\n\n".join(out)

    def type(self, type_: Type) -> str:
        codes = {outcome.type.name for outcome in self.spec.failures.outcomes}
        head = f"{type_.name}: {self.layout(type_)}"
        text = fill(f"{head} {type_.doc}", INDENT, INDENT + INDENT)
        deeper = INDENT + INDENT
        if isinstance(type_, EnumType):
            if type_.name in codes and (section := self.sections.insert("errors")):
                return text + "\n" + fill(f"Its values stand in section {section}.", deeper)
            rows = [[str(value.number), value.name, value.doc + since(value.since)] for value in type_.values]
            text += "\n\n" + table(["Value", "Name", "Meaning"], rows, deeper)
        elif isinstance(type_, BitsType) and type_.bits:
            rows = [[f"{1 << position:#x}", name, doc] for name, position, doc in type_.bits]
            text += "\n\n" + table(["Bit", "Name", "Meaning"], rows, deeper)
        elif isinstance(type_, StructType):
            text += "\n\n" + self.field_table(type_.fields, deeper)
        return text

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
        text = (
            f"a {type_.count} count, then as many bytes of UTF-8. Fewer than {low.bytes}: {low.code}. "
            if low.bytes
            else (f"a {type_.count} count, then as many bytes of UTF-8. ")
        )
        text += f"More than {high.bytes}: {high.code}. "
        if type_.allowed:
            return text + f"Not of the form {type_.allowed}: {type_.pattern_code}."
        if type_.forbidden:
            return text + f"Not UTF-8, or with a character of {', '.join(type_.forbidden)}: {type_.pattern_code}."
        return text

    # -- states, errors, limits ----------------------------------------------------------------------------------

    def states(self) -> str:
        rows = [[state.name, state.doc + (" (final)" if state.final else "")] for state in self.spec.states]
        out = [table(["State", "Meaning"], rows)]
        moves = [[", ".join(t.sources), t.message, t.target] for t in self.spec.transitions]
        if moves:
            change = "These messages change the state, of both sides alike:"
            out += [fill(change), table(["From", "Message", "To"], moves)]
        allowed = []
        for message in self.spec.messages:
            for sender, states in message.states.items():
                allowed.append([message.name, sender, ", ".join(states)])
        out += [
            fill("Each message may be sent in these states and no other:"),
            table(["Message", "Sender", "States"], allowed),
        ]
        return "\n\n".join(out)

    def errors(self) -> str:
        out = []
        for outcome in self.spec.failures.outcomes:
            rows = [
                [str(v.number), v.name + ("*" if v.retry else ""), v.doc + since(v.since)] for v in outcome.type.values
            ]
            out.append(fill(f"The codes of {outcome.message} (with * where the answer may say when to try again):"))
            out.append(table(["Code", "Name", "Trigger"], rows))
        return "\n\n".join(out)

    def limits(self) -> str:
        rows = []
        for limit in self.spec.limits:
            rows.append(
                [limit.name, f"{limit.default} {limit.unit}", f"{limit.doc} ({limit.minimum} to {limit.maximum})"]
            )
        out = [table(["Name", "Default", "Meaning and range"], rows)] if rows else []
        fixed = [[c.name, field_value(c.value), c.doc] for c in self.spec.constants if not isinstance(c.value, list)]
        if fixed:
            out += [fill("These do not vary:"), table(["Name", "Value", "Meaning"], fixed)]
        return "\n\n".join(out)

    # -- commands ------------------------------------------------------------------------------------------------

    def commands(self, side: str) -> str:
        parts = []
        for command in self.spec.commands[side]:
            sends = f" Sends {command.sends[0]}." if command.sends else ""
            parts.append(f"{INDENT}{command.usage}\n" + fill(f"{command.help}.{sends}", INDENT * 3))
        return "\n".join(parts)

    def display(self) -> str:
        parts = []
        for line in self.spec.display:
            conditions = [f"in answer to {line.answers}"] if line.answers else []
            conditions += [f"with {key} {value or 'empty'}" for key, value in line.when.items()]
            if line.stream == "error":
                conditions.append("on stderr")
            label = " ".join([line.message, *([", ".join(conditions)] if conditions else [])])
            parts.append(f"{INDENT}{label}\n{INDENT * 3}{line.line}")
        notes = (
            "{field} stands for a field of the message, {request.field} for one of the request that it answers, {says} for "
            "the words below ('code' and its number for a code that is not there), {self} for the client's own name "
            "before the message. An array shows its items with a comma and a space between them."
        )
        rows = []
        for outcome in self.spec.failures.outcomes:
            rows += [[value.name, value.says] for value in outcome.type.values]
        return "\n".join(parts) + "\n\n" + fill(notes) + "\n\n" + table(["Code", "Words"], rows)

    # -- messages ------------------------------------------------------------------------------------------------

    def messages(self) -> str:
        return "\n\n".join(self.message(message) for message in self.spec.messages)

    def message(self, message: Message) -> str:
        out = [f"{self.sections.place(message.name)}.  {message.name}", fill(message.doc)]
        facts = [
            f"Type {message.number:#04x}, {message.kind}, sent by {'either side' if message.sender == 'either' else 'the ' + message.sender}."
        ]
        if message.since:
            facts.append(f"Since version {message.since}.")
        if message.replies:
            facts.append(f"Answered by {self.listing(message.replies, 'or')}.")
        if message.kind == "reply":
            answered = [m.name for m in self.spec.messages if message.name in m.replies]
            facts.append(f"Answers {self.listing(tuple(answered), 'or')}.")
        out.append(fill(" ".join(facts)))
        if message.fields:
            sizes = [(field.name, size_of(field.type)) for field in message.fields]
            out += [diagram(sizes), self.field_table(message.fields)]
        else:
            out.append(fill("It has no fields."))
        if message.optional:
            rows = [[f.name, f.type.name, str(f.tag), f.since, self.optional_doc(f)] for f in message.optional]
            out.append(fill("It may bear these extensions, each of which is left out where there is nothing to say:"))
            out.append(table(["Field", "Type", "Tag", "Since", "Meaning"], rows))
        if message.errors:
            out.append(fill(f"Refused or ended by the first of these that applies: {', '.join(message.errors)}."))
        out += [self.block(rule) for rule in message.rules]
        if examples := [vector for vector in self.spec.vectors if vector.message == message.name]:
            out += [fill("Example:"), self.vector(examples[0].hex, examples[0].fields, examples[0].code)]
        return "\n\n".join(out)

    @staticmethod
    def listing(names: tuple[str, ...], word: str) -> str:
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"

    @staticmethod
    def optional_doc(field: OptionalField) -> str:
        return field.doc + (f" ({field.unit})" if field.unit != getattr(field.type, "unit", "") else "")

    @staticmethod
    def field_table(fields: tuple[Field, ...], indent: str = INDENT) -> str:
        rows = []
        for field in fields:
            doc = field.doc if field.const is None else f"{field.doc}; always {field.const:#x}"
            of_type = getattr(field.type, "unit", "")
            unit = f" ({field.unit})" if field.unit and field.unit != of_type else ""
            rows.append([field.name, field.type.name, doc + unit])
        return table(["Field", "Type", "Meaning"], rows, indent)

    # -- appendices ----------------------------------------------------------------------------------------------

    def requirements(self) -> str:
        rows = []
        for place, requirement in self.spec.requirements():
            rows.append([requirement.id, requirement.level, requirement.side, self.sections.place(place)])
        return table(["Requirement", "Level", "Side", "Section"], rows)

    def vectors(self) -> str:
        parts = []
        for vector in self.spec.vectors:
            title = f"{vector.name}{': ' + vector.doc if vector.doc else ''}"
            parts.append(fill(title) + "\n\n" + self.vector(vector.hex, vector.fields, vector.code, vector.message))
        return "\n\n".join(parts)

    @staticmethod
    def vector(hexadecimal: str, fields: dict[str, Any], code: str, message: str = "") -> str:
        pairs = [hexadecimal[i : i + 2] for i in range(0, len(hexadecimal), 2)]
        lines = [INDENT * 2 + " ".join(pairs[i : i + 16]) for i in range(0, len(pairs), 16)]
        if code:
            return "\n".join(lines) + "\n" + fill(f"is answered by {code}", INDENT * 2)
        values = ", ".join(f"{key} {field_value(value)}" for key, value in fields.items())
        return "\n".join(lines) + "\n" + fill(f"{message} {values}".strip(), INDENT * 2, INDENT * 3)


def since(version: str) -> str:
    """What is said of a value that came with a version; nothing for the first."""
    return f" (since {version})" if version else ""


def diagram(fields: list[tuple[str, int | None]]) -> str:
    """A byte diagram, four bytes a row; a field of varying size takes a row of its own with a broken edge."""
    ruler = INDENT + " 0               1               2               3"
    out, row, used, edge = [ruler], "", 0, "+" + "---------------+" * 4

    def close() -> None:
        nonlocal row, used
        if row:
            out.append(INDENT + row + "|")
            out.append(INDENT + "+" + "---------------+" * used)
            row, used = "", 0

    out.append(INDENT + edge)
    for name, size in fields:
        if size is None:
            close()
            out += [INDENT + "/" + f"{name} ...".center(63) + "/", INDENT + edge]
            continue
        left = size
        while left:
            part = min(left, 4 - used)
            label = name if left == size else f"({name})"
            label = label if len(label) < 16 * part else label[: 16 * part - 3] + ".)"
            row += "|" + label.center(16 * part - 1)
            used, left = used + part, left - part
            if used == 4:
                close()
    close()
    return "\n".join(out)
