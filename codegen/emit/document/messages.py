"""The section of a message: always the same parts in the same order, so that a program can find them again.

What it is for; facts (number, direction, states, replies); the body byte by byte; the fields with type, range and unit;
the codes with which it may be refused, in the order in which they win; its rules; an example, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable

from ...codes import codes_of
from ...model import Block as SpecBlock
from ...model import Field, Message, OptionalField, Spec
from ..sections import Sections
from .annotate import annotate
from .blocks import Block, ByteDiagram, Facts, FrameBytes, Paragraph, Section
from .tables import field_table, table
from .values import field_value, listing, sentence, size_of

Blocks = tuple[Block, ...]
_DIRECTIONS = {"client": "client to server", "server": "server to client", "either": "either way"}


def introduction(spec: Spec, sections: Sections) -> Blocks:
    """All messages at a glance, and how to read their sections."""
    text = (
        "The section of a message tells, in this order: what it is for; its number and kind, who sends it, in which "
        "states, and what replies to it; its body byte by byte, without the header and extensions; its fields; the codes "
        "with which it may be refused, of which the first that applies is told; its rules; and an example."
    )
    bounds = (
        "A range includes its bounds; that of a string counts bytes, not characters. The code in brackets behind a bound is "
        "for a value beyond it, or beyond either bound where there is only one code; without a code, it is "
        f"{spec.failures.malformed}. What else a value must be, such as its characters, stands with its type"
    )
    section = sections.insert("types")
    rows = [[f"{m.number:#04x}", m.name, m.kind, m.sender, m.doc] for m in spec.messages]
    overview = table(["Number", "Message", "Kind", "Sender", "Purpose"], rows)
    return overview, Paragraph(text), Paragraph(bounds + (f" in section {section}." if section else "."))


def message_section(
    spec: Spec, sections: Sections, message: Message, body: Callable[[tuple[SpecBlock, ...]], Blocks]
) -> Section:
    """The section of a message; `body` makes blocks of its rules."""
    out: list[Block] = [Paragraph(message.doc), facts(spec, message)]
    if message.fields:
        diagram = ByteDiagram(tuple((field.name, size_of(field.type)) for field in message.fields))
        out += [Paragraph("Body:"), diagram, Paragraph("Fields:"), field_table(spec, message.fields)]
        out += _announced(sections, message)
    else:
        out.append(Paragraph("Body: empty."))
    if message.optional:
        rows = [[f.name, f.type.name, str(f.tag), f.since, _optional_doc(f)] for f in message.optional]
        out.append(Paragraph("It may bear these extensions, each of which is left out where there is nothing to say:"))
        out.append(table(["Field", "Type", "Tag", "Since", "Meaning"], rows))
    if message.errors:
        out += [
            Paragraph("Errors, the first that applies:"),
            table(["Code", "Told by", "When"], _errors(spec, message)),
        ]
    if message.rules:
        out += [Paragraph("Rules:"), *body(message.rules)]
    out += example(spec, message)
    return Section(sections.place(message.name), message.name, message.name, tuple(out))


def facts(spec: Spec, message: Message) -> Facts:
    """Number, direction, states and replies."""
    article = "an" if message.kind == "event" else "a"
    rows = [
        ("Number", f"{message.number:#04x}, {article} {message.kind}"),
        ("Direction", _DIRECTIONS[message.sender]),
        ("States", _states(message)),
    ]
    if message.since:
        rows.append(("Since", f"version {message.since}"))
    if message.kind == "request":
        rows.append(("Replies", ", ".join(message.replies) or "none"))
    if message.kind == "reply":
        rows.append(("Answers", ", ".join(m.name for m in spec.messages if message.name in m.replies) or "none"))
    return Facts(("Fact", "Value"), tuple(rows))


def _states(message: Message) -> str:
    if message.sender != "either":
        return ", ".join(message.states[message.sender]) or "none"
    return "; ".join(f"{sender}: {', '.join(names) or 'none'}" for sender, names in message.states.items())


def _optional_doc(field: OptionalField) -> str:
    return field.doc + (f" ({field.unit})" if field.unit != getattr(field.type, "unit", "") else "")


def _announced(sections: Sections, message: Message) -> list[Block]:
    """Where more is said of the fields that announce limits and timers."""
    names = [field.name for field in message.fields if field.announces]
    section = sections.insert("limits")
    if not names or not section:
        return []
    everything = [field.name for field in message.fields]
    at = everything.index(names[0])
    in_a_row = len(names) > 2 and everything[at : at + len(names)] == names
    subject = f"{names[0]} to {names[-1]}" if in_a_row else listing(tuple(names), "and")
    one = len(names) == 1
    text = f"{subject} {'announces a setting' if one else 'announce settings'}; section {section} gives "
    text += "its default and its range." if one else "their defaults and ranges."
    return [Paragraph(text)]


def _errors(spec: Spec, message: Message) -> list[list[str]]:
    told = {value.name: (outcome.message, value) for outcome in spec.failures.outcomes for value in outcome.type.values}
    rows = []
    fields: list[Field | OptionalField] = [*message.fields, *message.optional]
    for code in message.errors:
        at = [field.name for field in fields if code in codes_of(field.type)]
        where = f"{' or '.join(at)}: " if at else ""
        by, value = told.get(code, ("-", None))
        rows.append([code, by, where + (value.doc if value else "")])
    return rows


def example(spec: Spec, message: Message) -> list[Block]:
    """The first vector of the message, byte by byte."""
    vector = next((vector for vector in spec.vectors if vector.message == message.name), None)
    if vector is None:
        return []
    data = bytes.fromhex(vector.hex)
    text = ", ".join(f"{key} {field_value(value)}" for key, value in vector.fields.items())
    doc = f" {sentence(vector.doc)}" if vector.doc else ""
    return [Paragraph(f"Example:{doc}"), FrameBytes(data, text, annotate(spec, message, data))]
