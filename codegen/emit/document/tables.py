"""The tables of the document: frame, types, states, codes, limits, and what people type and see."""

from __future__ import annotations

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    Constant,
    EnumType,
    Field,
    IntegerType,
    Spec,
    StringType,
    StructType,
    Type,
)
from ...sizes import capacity
from ..sections import Sections
from .blocks import (
    Block,
    ByteDiagram,
    Commands,
    DisplayLines,
    Entry,
    Members,
    Paragraph,
    StateDiagram,
    Table,
)
from .values import listing, number, range_of, sentence, since

Blocks = tuple[Block, ...]

_PLACEHOLDERS = (
    "{field} stands for a field of the message, {request.field} for one of the request that it answers, {says} for "
    "the words below ('code' and its number for a code that is not there), {self} for the client's own name "
    "before the message. An array shows its items with a comma and a space between them."
)


def table(headers: list[str], rows: list[list[str]]) -> Table:
    """A table from lists."""
    return Table(tuple(headers), tuple(tuple(row) for row in rows))


def members(headers: list[str], rows: list[list[str]]) -> Members:
    """A table with a sentence on each row."""
    return Members(tuple(headers), tuple(tuple(row) for row in rows))


def field_table(spec: Spec, fields: tuple[Field, ...]) -> Table:
    """The fields of a message or struct, with type, range and unit."""
    malformed = spec.failures.malformed
    rows = [[field.name, field.type.name, range_of(field, malformed), sentence(field.doc)] for field in fields]
    return members(["Field", "Type", "Range and unit", "Meaning"], rows)


# -- frame ---------------------------------------------------------------------------------------------------------------


def frame(spec: Spec) -> Blocks:
    """The header, and which numbers messages have."""
    fields = [(field.name, BASE_SIZES[field.base]) for field in spec.frame.fields]
    rows = [[f.name, f.base, f.doc if f.const is None else f"{f.doc}; always {f.const:#x}"] for f in spec.frame.fields]
    ranges = [[f"{r.first:#04x} to {r.last:#04x}", r.doc] for r in spec.numbering]
    return (
        Paragraph(spec.frame.doc),
        ByteDiagram((*fields, ("body", None))),
        table(["Field", "Type", "Meaning"], rows),
        Paragraph("The types are numbered by direction:"),
        table(["Types", "Are for"], ranges),
    )


def extension(spec: Spec) -> Blocks:
    """The record that may stand behind the fields."""
    form = spec.frame.extension
    if form is None:
        return ()
    count, tag = BASE_SIZES[form.value.count], BASE_SIZES[form.tag]
    return Paragraph("An extension:"), ByteDiagram((("tag", tag), ("length", count), ("value", None)))


# -- types ---------------------------------------------------------------------------------------------------------------


def types(spec: Spec, sections: Sections) -> Blocks:
    """Every type."""
    bases = ", ".join(BASE_SIZES)
    entries = [_type(spec, sections, type_) for type_ in spec.types.values() if type_.name not in BASE_SIZES]
    text = f"{bases} are unsigned integers of 8, 16, 32 and 64 bits."
    if any(isinstance(type_, StringType) and type_.allowed for type_ in spec.types.values()):
        text += " The form of a string is a regular expression for the whole of it."
    return Paragraph(text), *entries


def _type(spec: Spec, sections: Sections, type_: Type) -> Entry:
    codes = {outcome.type.name for outcome in spec.failures.outcomes}
    text = f"{layout(type_, spec.failures.malformed)} {type_.doc}"
    if type_.name in codes and (section := sections.insert("errors")):
        return Entry(type_.name, f"{sentence(text)} Its values stand in section {section}.")
    return Entry(type_.name, text, _type_body(spec, type_))


def _type_body(spec: Spec, type_: Type) -> Blocks:
    if isinstance(type_, EnumType):
        rows = [[str(value.number), value.name, value.doc + since(value.since)] for value in type_.values]
        return (table(["Value", "Name", "Meaning"], rows),)
    if isinstance(type_, BitsType) and type_.bits:
        rows = [[f"{1 << position:#x}", name, doc] for name, position, doc in type_.bits]
        return (table(["Bit", "Name", "Meaning"], rows),)
    return (field_table(spec, type_.fields),) if isinstance(type_, StructType) and type_.fields else ()


def layout(type_: Type, malformed: str) -> str:
    """What a value looks like on the wire, in a sentence or two."""
    if isinstance(type_, IntegerType):
        low, high = type_.minimum, type_.maximum
        full = (low, high) == (0, capacity(type_.base))
        return f"{type_.base}." if full else f"{type_.base}, {number(low)} to {number(high)}."
    if isinstance(type_, BoolType):
        return f"{type_.base}, 0 for false or 1 for true."
    if isinstance(type_, BitsType):
        return f"{type_.base}, a set of bits."
    if isinstance(type_, EnumType):
        return f"{type_.base}, {'an open' if type_.open else 'a closed'} enumeration."
    if isinstance(type_, StringType):
        return _string_layout(type_, malformed)
    if isinstance(type_, BytesType):
        over = "" if type_.maximum.code == malformed else f"; more: {type_.maximum.code}"
        return f"a {type_.count} count, then as many bytes, at most {type_.maximum.bytes}{over}."
    if isinstance(type_, ArrayType):
        return f"a {type_.count} count, then as many items of type {type_.item.name}, at most {type_.maximum}."
    return "the fields below, one after another." if type_.fields else "nothing at all."


def _string_layout(type_: StringType, malformed: str) -> str:
    low, high = type_.minimum, type_.maximum
    span = f"{low.bytes} to {high.bytes}" if low.bytes else f"at most {high.bytes}"
    text = f"a {type_.count} count, then as many bytes of UTF-8, {span}"
    text += f", of the form {type_.allowed}" if type_.allowed else ""
    codes = {code for code in (low.code if low.bytes else high.code, high.code, type_.pattern_code) if code}
    if type_.forbidden:
        text += f", without the characters {listing(type_.forbidden, 'and')}"
    if codes <= {malformed}:
        return f"{text}."
    if len(codes) == 1:
        return f"{text}; otherwise {high.code}."
    told = [f"fewer: {low.code}"] if low.bytes else []
    bad = "not UTF-8, or with one of these" if type_.forbidden else "of another form" if type_.allowed else "not UTF-8"
    told += [f"more: {high.code}", f"{bad}: {type_.pattern_code}"]
    return f"{text} ({'; '.join(told)})."


# -- states, codes, limits -----------------------------------------------------------------------------------------------


def states(spec: Spec) -> Blocks:
    """What a connection goes through, and what may be sent when."""
    out: list[Block] = [table(["State", "Meaning"], [[s.name, s.doc + " (final)" * s.final] for s in spec.states])]
    senders = {message.name: message.sender for message in spec.messages}
    if spec.transitions:
        moves = [[", ".join(t.sources), t.message, _sides(senders[t.message]), t.target] for t in spec.transitions]
        out += [
            Paragraph(
                f"These messages change the state, for their sender as for their receiver. A connection begins in "
                f"{spec.states[0].name}; nothing leads out of a state that is drawn with double lines."
            ),
            StateDiagram(spec.states, spec.transitions),
            table(["From", "Message", "Sent by", "To"], moves),
        ]
    allowed = [
        [message.name, sender, ", ".join(names)]
        for message in spec.messages
        for sender, names in message.states.items()
    ]
    out += [
        Paragraph("Each message may be sent in these states and no other:"),
        table(["Message", "Sender", "States"], allowed),
    ]
    return tuple(out)


def _sides(sender: str) -> str:
    return "either side" if sender == "either" else sender


def errors(spec: Spec) -> Blocks:
    """Every code in one table."""
    outcomes = spec.failures.outcomes
    if not outcomes:
        return ()
    rows = [
        [str(v.number), v.name + "*" * v.retry, outcome.message, v.doc + since(v.since)]
        for outcome in outcomes
        for v in outcome.type.values
    ]
    effects = {spec.failures.refusal: "leave the connection open", spec.failures.ending: "end it"}
    told = " and ".join(f"The codes of {o.message} {effects[o]}" for o in outcomes).replace(
        "and The codes", "and those"
    )
    star = (
        " With *, the answer may say when to try again."
        if any(v.retry for o in outcomes for v in o.type.values)
        else ""
    )
    return Paragraph(f"{told}.{star}"), table(["Code", "Name", "Told by", "Trigger"], rows)


def limits(spec: Spec) -> Blocks:
    """Settings with their defaults and ranges, and what is the same everywhere."""
    rows = [
        [limit.name, str(limit.default), limit.unit or "-", f"{limit.minimum} to {limit.maximum}", sentence(limit.doc)]
        for limit in spec.limits
    ]
    out: list[Block] = [members(["Name", "Default", "Unit", "Range", "Meaning"], rows)] if rows else []
    if spec.constants:
        fixed = [[constant.name, _constant(constant), sentence(constant.doc)] for constant in spec.constants]
        out += [Paragraph("These do not vary:"), members(["Name", "Value", "Meaning"], fixed)]
    return tuple(out)


def _constant(constant: Constant) -> str:
    values = constant.value if isinstance(constant.value, list) else [constant.value]
    return ", ".join(map(str, values)) + (f" {constant.unit}" if constant.unit else "")


# -- commands ------------------------------------------------------------------------------------------------------------


def commands(spec: Spec, side: str) -> Blocks:
    """What can be typed at one side."""
    entries = []
    for command in spec.commands[side]:
        sends = f" Sends {command.sends[0]}." if command.sends else ""
        entries.append((command.usage, f"{sentence(command.help)}{sends}"))
    return (Commands(tuple(entries)),)


def display(spec: Spec) -> Blocks:
    """What a client shows, and the words for codes."""
    entries = []
    for line in spec.display:
        conditions = [f"in answer to {line.answers}"] if line.answers else []
        conditions += [f"with {key} {value or 'empty'}" for key, value in line.when.items()]
        if line.stream == "error":
            conditions.append("on stderr")
        entries.append((" ".join([line.message, *([", ".join(conditions)] if conditions else [])]), line.line))
    rows = [[value.name, value.says] for outcome in spec.failures.outcomes for value in outcome.type.values]
    words = (table(["Code", "Words"], rows),) if rows else ()
    return DisplayLines(tuple(entries)), Paragraph(_PLACEHOLDERS), *words
