"""The document as plain text of at most 72 columns, in the manner of an RFC."""

from __future__ import annotations

import textwrap
from functools import singledispatch

from .blocks import (
    Block,
    ByteDiagram,
    Chart,
    Commands,
    DisplayLines,
    Document,
    Entry,
    Facts,
    FrameBytes,
    Members,
    Paragraph,
    Rule,
    Section,
    StateDiagram,
    Table,
)
from .byte_text import byte_diagram
from .charts import chart_lines
from .state_text import state_diagram
from .values import items

WIDTH = 72
INDENT = "   "
NARROWEST = 10  # Characters of the last column of a table.
_BYTES = 8  # Bytes of a line of an annotated frame.


def render(document: Document) -> str:
    """The whole document."""
    parts = [_title(document), _contents(document), *(_block(section, INDENT) for section in document.sections)]
    return "\n\n".join(parts) + "\n"


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


def table(headers: tuple[str, ...], rows: tuple[tuple[str, ...], ...], indent: str = INDENT) -> str:
    """A table whose last column is folded to the width of the page; the others are as wide as they need.

    Where that leaves no room for the last one, a paragraph for each row.
    """
    lines = _rows(headers, rows, indent)
    return "\n".join(line for row in lines for line in row) if lines else _listed(headers, rows, indent)


def diagram(fields: tuple[tuple[str, int | None], ...], indent: str = INDENT) -> str:
    """A byte diagram, four bytes a row."""
    return "\n".join(byte_diagram(fields, indent))


def block_text(block: Block, indent: str = INDENT) -> str:
    """A block as lines of text, indented."""
    return _block(block, indent)


def _rows(headers: tuple[str, ...], rows: tuple[tuple[str, ...], ...], indent: str) -> list[list[str]]:
    """The head of a table, its rule, and each row, as lines; nothing if the last column has no room."""
    widths = [max(len(row[i]) for row in (headers, *rows)) for i in range(len(headers) - 1)]
    widths.append(WIDTH - len(indent) - sum(widths) - 2 * len(widths))
    if widths[-1] < NARROWEST:
        return []
    out = []
    margin = " " * (len(indent) + sum(widths[:-1]) + 2 * (len(widths) - 1))
    for cells in (headers, tuple("-" * width for width in widths), *rows):
        folded = textwrap.wrap(cells[-1], widths[-1], break_on_hyphens=False) or [""]
        first = "  ".join(cell.ljust(width) for cell, width in zip(cells[:-1], widths[:-1], strict=True))
        out.append([f"{indent}{first}  {folded[0]}".rstrip(), *(margin + line for line in folded[1:])])
    return out


def _listed(headers: tuple[str, ...], rows: tuple[tuple[str, ...], ...], indent: str) -> str:
    """A paragraph for each row."""
    texts = [f"{row[0]}; " + "; ".join(map(": ".join, zip(headers[1:], row[1:], strict=True))) for row in rows]
    return "\n".join(fill(text, indent, indent + INDENT) for text in texts)


def _title(document: Document) -> str:
    lines = [(left + right.rjust(WIDTH - len(left))).rstrip() for left, right in document.heading]
    lines += ["", ""] if lines else []
    lines += [document.title.center(WIDTH).rstrip(), document.version.center(WIDTH).rstrip(), "", "Abstract", ""]
    return "\n".join(lines) + "\n" + fill(document.abstract) + "\n\n" + fill(document.made)


def _contents(document: Document) -> str:
    lines = ["Contents", ""]
    for section in document.sections:
        lines.append(f"{INDENT}{f'{section.number}.':4} {section.title}")
        lines += [f"{INDENT}     {part.number:5} {part.title}" for part in section.body if isinstance(part, Section)]
    return "\n".join(lines)


# -- blocks ------------------------------------------------------------------------------------------------------------


@singledispatch
def _block(block: Block, indent: str) -> str:
    raise TypeError(f"no text is known for {type(block).__name__}")


@_block.register
def _(block: Section, indent: str) -> str:
    return _all((f"{block.number}.  {block.title}", *(_block(part, indent) for part in block.body)))


@_block.register
def _(block: Paragraph, indent: str) -> str:
    return fill(block.text, indent)


@_block.register
def _(block: Rule, indent: str) -> str:
    it = block.requirement
    said, *steps = items(it.text)
    deeper = indent + INDENT
    lines = [
        fill(f"{it.id} [{it.side}]  {said}", indent, deeper),
        *(fill(step, deeper, deeper + "    ") for step in steps),
    ]
    return "\n".join(lines)


@_block.register
def _(block: Table, indent: str) -> str:
    return table(block.headers, block.rows, indent)


@_block.register
def _(block: Facts, indent: str) -> str:
    names = [f"{indent}{name}:" for name, _ in block.rows]
    width = max(map(len, names)) + 2
    texts = [fill(value, " " * width) for _, value in block.rows]
    return "\n".join(name + text[len(name) :] for name, text in zip(names, texts, strict=True))


@_block.register
def _(block: Members, indent: str) -> str:
    lines = _rows(block.headers[:-1], tuple(row[:-1] for row in block.rows), indent)
    if not lines:
        return _listed(block.headers, block.rows, indent)
    out = [line for row in lines[:2] for line in row]
    for cells, meaning in zip(lines[2:], block.rows, strict=True):
        out += [*cells, fill(meaning[-1], indent + INDENT)]
    return "\n".join(out)


@_block.register
def _(block: ByteDiagram, indent: str) -> str:
    return diagram(block.fields, indent)


@_block.register
def _(block: StateDiagram, indent: str) -> str:
    deeper = indent + INDENT
    return "\n".join(f"{deeper}{line}" for line in state_diagram(block.states, block.transitions, WIDTH - len(deeper)))


@_block.register
def _(block: FrameBytes, indent: str) -> str:
    deeper = indent + INDENT
    if block.parts:
        return _annotated(block.parts, deeper)
    lines = [deeper + block.data[i : i + 16].hex(" ") for i in range(0, len(block.data), 16)]
    return "\n".join([*lines, fill(block.text, deeper, deeper + INDENT)])


def _annotated(parts: tuple[tuple[bytes, str, str], ...], indent: str) -> str:
    """The bytes of each field, its name and its value side by side."""
    hexes = 3 * _BYTES - 1
    names = max(len(name) for _, name, _ in parts)
    room = WIDTH - len(indent) - hexes - names - 4
    out = []
    for data, name, value in parts:
        rows = [data[i : i + _BYTES].hex(" ") for i in range(0, len(data), _BYTES)] or [""]
        beside = room >= NARROWEST
        said = textwrap.wrap(value, room, break_on_hyphens=False) if beside else []
        for index in range(max(len(rows), len(said))):
            left = rows[index] if index < len(rows) else ""
            right = said[index] if index < len(said) else ""
            out.append(f"{indent}{left:{hexes}}  {name if not index else '':{names}}  {right}".rstrip())
        out += [] if beside else [fill(value, indent + " " * (hexes + 4))]
    return "\n".join(out)


@_block.register
def _(block: Commands, indent: str) -> str:
    return "\n".join(f"{indent}{usage}\n" + fill(text, indent + 2 * INDENT) for usage, text in block.entries)


@_block.register
def _(block: DisplayLines, indent: str) -> str:
    return "\n".join(f"{indent}{when}\n{indent}{2 * INDENT}{line}" for when, line in block.entries)


@_block.register
def _(block: Entry, indent: str) -> str:
    head = fill(f"{block.name}: {block.text}" if block.text else block.name, indent, indent + INDENT)
    if len(block.body) == 1 and isinstance(block.body[0], FrameBytes):
        return f"{head}\n{_block(block.body[0], indent)}"
    return _all((head, *(_block(part, indent + INDENT) for part in block.body)))


@_block.register
def _(block: Chart, indent: str) -> str:
    return "\n".join(f"{indent}{line}".rstrip() for line in chart_lines(block.session, WIDTH - len(indent)))


def _all(parts: tuple[str, ...]) -> str:
    return "\n\n".join(part for part in parts if part)
