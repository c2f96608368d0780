"""The document says what the spec says: its message sections are read back, from the text alone, and compared.

`read` knows how the sections look and nothing of any spec; `declared` says the same of a spec. Where the two differ, the
text was changed by itself, or its writer is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from codegen.emit.document.values import size_of
from codegen.load import load
from codegen.model import (
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    Message,
    Spec,
    StringType,
)
from tests.fixtures.documents import plain_text
from tests.fixtures.protocols import SPECS

_NUMBER = r"2\^[0-9]+-1|[0-9]+"
_RANGE = re.compile(
    rf"(?P<low>{_NUMBER})(?: \((?P<low_code>\w+)\))?(?: to (?P<high>{_NUMBER}))?"
    r"(?: (?P<unit>[^()]+))?(?: \((?P<high_code>\w+)\))?"
)
_DEFAULT = re.compile(r"without\s+a\s+code,\s+it\s+is\s+(\w+)")


@dataclass(frozen=True)
class Range:
    """What a field may hold: bounds, each with the code of a value beyond it, or what it says in words."""

    low: int | None = None
    high: int | None = None
    low_code: str = ""
    high_code: str = ""
    unit: str = ""
    words: str = ""


@dataclass(frozen=True)
class Section:
    """What the section of a message says. Sizes are bytes, None where they vary; what has none is not in the diagram."""

    number: int
    kind: str
    direction: str
    states: dict[str, tuple[str, ...]]
    replies: tuple[str, ...]
    answers: tuple[str, ...]
    since: str
    sizes: list[tuple[str, int | None]]
    fields: list[tuple[str, str, Range]]
    errors: list[tuple[str, str]]
    example: bytes
    widths: list[tuple[str, int]]  # the bytes of each fixed field in the example


# -- from the text -------------------------------------------------------------------------------------------------------


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each message's section, by its name."""
    parts = re.split(r"(?m)^[0-9]+(?:\.[0-9]+)*\.  (.+)\n", text)
    found = zip(parts[1::2], parts[2::2], strict=True)
    return {name: body.split("\n") for name, body in found if "\n   Number: " in body}


def read(lines: list[str], default: str) -> Section:
    """The section of a message; `default` is the code of a bound that has none."""
    facts = _facts(lines)
    number, kind = re.split(r", an? ", facts["Number"])
    direction = facts["Direction"]
    parts = list(_example(_below(lines, "   Example:")))
    return Section(
        number=int(number, 16),
        kind=kind,
        direction=direction,
        states=_states(facts["States"], direction),
        replies=_names(facts.get("Replies", "")),
        answers=_names(facts.get("Answers", "")),
        since=facts.get("Since", ""),
        sizes=_diagram(_below(lines, "   Body:")),
        fields=[(name, type_, _range(said, default)) for name, type_, said in _rows(_below(lines, "   Fields:"))],
        errors=[(code, by) for code, by, _ in _rows(_below(lines, "   Errors, the first that applies:"))],
        example=b"".join(data for data, _ in parts),
        widths=[(name, len(data)) for data, name in parts],
    )


def _below(lines: list[str], label: str) -> list[str]:
    """The lines between the blank one that follows a label and the next; none if the label is not there."""
    at = next((index for index, line in enumerate(lines) if line.startswith(label)), None)
    if at is None or "empty." in lines[at]:
        return []
    start = lines.index("", at) + 1
    return lines[start : lines.index("", start)]


def _facts(lines: list[str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    start = next(index for index, line in enumerate(lines) if line.startswith("   Number:"))
    name = ""
    for line in lines[start : lines.index("", start)]:
        if match := re.fullmatch(r" {3}([A-Z][a-z]+): +(.+)", line):
            name = match[1]
            facts[name] = match[2]
        else:
            facts[name] += " " + line.strip()
    return facts


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(", ") if name not in ("", "none"))


def _states(text: str, direction: str) -> dict[str, tuple[str, ...]]:
    if direction != "either way":
        return {direction.split()[0]: _names(text)}
    sides = (part.split(": ") for part in text.split("; "))
    return {side: _names(names) for side, names in sides}


def _diagram(lines: list[str]) -> list[tuple[str, int | None]]:
    """The fields of a diagram of bytes, each with the width of all its cells."""
    found: list[tuple[str, int | None]] = []
    for line in lines[1:]:
        row = line[3:]
        if row[0] == "/":
            found.append((row.strip("/ ").removesuffix(" ..."), None))
        for index, cell in enumerate(re.findall(r"([^|]*)\|", row[1:]) if row[0] == "|" else ()):
            size, odd = divmod(len(cell) + 1, 16)
            assert not odd, f"a cell that is no whole number of bytes: {line}"
            label, before = cell.strip(), found[-1] if found else ("", None)
            again, waiting = label in ("(...)", f"({before[0]})"), before[0] in ("(...)", f"({label})")
            if index == 0 and before[1] is not None and (again or waiting):
                found[-1] = (label if waiting else before[0], before[1] + size)
            else:
                found.append((label, size))
    return found


def _rows(lines: list[str]) -> list[tuple[str, ...]]:
    """The rows of a table, their folded cells joined; lines between rows that are indented a little explain them."""
    if not lines:
        return []
    columns = [match.span() for match in re.finditer("-+", lines[1])]
    spans = [*columns[:-1], (columns[-1][0], 72)]
    rows: list[list[str]] = []
    for line in lines[2:]:
        cells = [line[start:end].strip() for start, end in spans]
        if line[3] != " ":
            rows.append(cells)
        elif not line[: spans[-1][0]].strip():
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
    return [tuple(row) for row in rows]


def _range(text: str, default: str) -> Range:
    match = _RANGE.fullmatch(text)
    if not match or text == "0 or 1":
        return Range(words=text)
    low, high = _number(match["low"]), _number(match["high"] or match["low"])
    code = match["high_code"] or default
    return Range(low, high, (match["low_code"] or code) if low else "", code, match["unit"] or "")


def _number(text: str) -> int:
    power = re.fullmatch(r"2\^([0-9]+)-1", text)
    return (1 << int(power[1])) - 1 if power else int(text)


def _example(lines: list[str]) -> Iterator[tuple[bytes, str]]:
    """The parts of an annotated frame: bytes and the name of the field."""
    data, name = b"", ""
    for line in lines:
        digits, said = line[6:29].strip(), line[31:]
        if said and not said.startswith(" "):
            if name:
                yield data, name
            data, name = b"", said.split("  ")[0]
        data += bytes.fromhex(digits)
    if name:
        yield data, name


# -- from the spec -------------------------------------------------------------------------------------------------------


def declared(spec: Spec, message: Message) -> Section:
    """What the section of the message has to say."""
    ways = {"client": "client to server", "server": "server to client", "either": "either way"}
    told = {value.name: outcome.message for outcome in spec.failures.outcomes for value in outcome.type.values}
    vector = next((vector for vector in spec.vectors if vector.message == message.name), None)
    return Section(
        number=message.number,
        kind=message.kind,
        direction=ways[message.sender],
        states=message.states,
        replies=message.replies,
        answers=tuple(m.name for m in spec.messages if message.name in m.replies),
        since=f"version {message.since}" if message.since else "",
        sizes=[(field.name, size_of(field.type)) for field in message.fields if size_of(field.type) != 0],
        fields=[(field.name, field.type.name, _bounds(field, spec.failures.malformed)) for field in message.fields],
        errors=[(code, told[code]) for code in message.errors],
        example=bytes.fromhex(vector.hex) if vector else b"",
        widths=[(f.name, int(f.base[1:]) // 8) for f in spec.frame.fields] if vector else [],
    )


def _bounds(field: Field, malformed: str) -> Range:
    type_, unit = field.type, field.unit or getattr(field.type, "unit", "")
    if field.const is not None:
        return Range(words=f"always {field.const:#x}" + (f" {unit}" if unit else ""))
    if isinstance(type_, IntegerType):
        return Range(type_.minimum, type_.maximum, malformed if type_.minimum else "", malformed, unit)
    if isinstance(type_, StringType):
        low, high = type_.minimum, type_.maximum
        return Range(low.bytes, high.bytes, low.code if low.bytes else "", high.code, unit or "bytes")
    if isinstance(type_, BytesType):
        return Range(0, type_.maximum.bytes, "", type_.maximum.code, unit or "bytes")
    if isinstance(type_, ArrayType):
        return Range(0, type_.maximum, "", malformed, unit or "items")
    if isinstance(type_, EnumType) and not type_.open:
        names = [value.name for value in type_.values]
        return Range(words=" or ".join([", ".join(names[:-1]), names[-1]]) if names[1:] else names[0])
    words = {BoolType: "0 or 1", BitsType: "any bits", EnumType: "any value"}
    return Range(words=words.get(type(type_), "that of its fields"))


def agrees(lines: list[str], default: str, spec: Spec, message: Message) -> bool:
    """Whether the text of the section says what the spec does."""
    found, due = read(lines, default), declared(spec, message)
    header = len(spec.frame.fields)
    body = dict(due.sizes)
    fixed = [(name, size) for name, size in found.widths[header:] if body.get(name) and body[name] != size]
    labels = [_same_label(a, b) for a, b in zip(found.sizes, due.sizes, strict=False)]
    same_sizes = len(found.sizes) == len(due.sizes) and all(labels)
    parts: dict[str, list[Any]] = {"sizes": [], "widths": []}
    same = Section(**{**vars(found), **parts}) == Section(**{**vars(due), **parts})
    return same and same_sizes and not fixed and (not due.example or found.widths[:header] == due.widths)


def _same_label(found: tuple[str, int | None], due: tuple[str, int | None]) -> bool:
    """A label may be cut where no cell of its field has room for it."""
    cut = found[0].endswith("..") and due[0].startswith(found[0].removesuffix(".."))
    return found[1] == due[1] and (found[0] == due[0] or cut)


# -- tests ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SPECS)
def document(request: pytest.FixtureRequest) -> tuple[Spec, str]:
    """A spec and its document; that of the project as it stands in the repository."""
    return load(SPECS[request.param]), plain_text(request.param)


def default_code(text: str) -> str:
    """The code that the document gives for all bounds without one."""
    match = _DEFAULT.search(text)
    assert match
    return match[1]


def test_message_sections_say_what_the_spec_says(document: tuple[Spec, str]) -> None:
    spec, text = document
    found = sections(text)
    assert list(found) == [message.name for message in spec.messages]
    for message in spec.messages:
        shown, due = read(found[message.name], default_code(text)), declared(spec, message)
        assert shown.fields == due.fields, message.name
        assert agrees(found[message.name], default_code(text), spec, message), (shown, due)


def test_every_example_accounts_for_each_byte_of_its_frame(document: tuple[Spec, str]) -> None:
    spec, text = document
    found = sections(text)
    for vector in spec.vectors:
        if vector.message and vector == next(v for v in spec.vectors if v.message == vector.message):
            section = read(found[vector.message], default_code(text))
            assert section.example.hex() == vector.hex, vector.name
            assert all(name for name, _ in section.widths), vector.name


def test_diagram_and_table_of_the_frame_say_what_the_spec_says(document: tuple[Spec, str]) -> None:
    spec, text = document
    lines = text[: text.index("numbered by direction")].split("\n")
    ruler = next(index for index, line in enumerate(lines) if line.startswith("    0   "))
    header = [(f.name, int(f.base[1:]) // 8) for f in spec.frame.fields]
    assert _diagram(lines[ruler : lines.index("", ruler)]) == [*header, ("body", None)]
    table = _rows(lines[lines.index("", ruler) + 1 : -2])
    assert [(name, int(base[1:]) // 8) for name, base, _ in table] == header
    for field, row in zip(spec.frame.fields, table, strict=True):
        assert field.const is None or row[2].endswith(f"; always {field.const:#x}")


def test_types_say_what_the_spec_says(document: tuple[Spec, str]) -> None:
    spec, text = document
    for type_ in spec.types.values():
        entry = re.search(rf"^   {type_.name}: ((?:.+\n)+)", text, re.MULTILINE)
        if type_.name in ("u8", "u16", "u32", "u64"):
            continue
        assert entry, type_.name
        said = " ".join(entry[1].split())
        base = re.match(r"(?:a )?(u[0-9]+)\b", said)
        assert (base[1] if base else None) == getattr(type_, "base", getattr(type_, "count", None)), type_.name
        if isinstance(type_, StringType):
            found = re.search(r"as many bytes of UTF-8, (?:([0-9]+) to|at most) ([0-9]+)", said)
            assert found, said
            assert (int(found[1] or 0), int(found[2])) == (type_.minimum.bytes, type_.maximum.bytes)
        if isinstance(type_, ArrayType):
            assert f"as many items of type {type_.item.name}, at most {type_.maximum}." in said
        if isinstance(type_, IntegerType) and (bounds := re.match(rf"u[0-9]+, ({_NUMBER}) to ({_NUMBER})\.", said)):
            assert (_number(bounds[1]), _number(bounds[2])) == (type_.minimum, type_.maximum)
        elif isinstance(type_, IntegerType):
            assert (type_.minimum, type_.maximum) == (0, (1 << int(type_.base[1:])) - 1), said
