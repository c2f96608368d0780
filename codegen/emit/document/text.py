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
    FrameBytes,
    Paragraph,
    Rule,
    Section,
    StateDiagram,
    Table,
)

WIDTH = 72
INDENT = "   "
NARROWEST = 10  # Characters of the last column of a table.


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
    widths = [max(len(row[i]) for row in (headers, *rows)) for i in range(len(headers) - 1)]
    widths.append(WIDTH - len(indent) - sum(widths) - 2 * len(widths))
    if widths[-1] < NARROWEST:
        texts = [f"{row[0]}; " + "; ".join(map(": ".join, zip(headers[1:], row[1:], strict=True))) for row in rows]
        return "\n".join(fill(text, indent, indent + INDENT) for text in texts)
    out = []
    for cells in (headers, tuple("-" * width for width in widths), *rows):
        folded = textwrap.wrap(cells[-1], widths[-1], break_on_hyphens=False) or [""]
        first = "  ".join(cell.ljust(width) for cell, width in zip(cells[:-1], widths[:-1], strict=True))
        out.append(f"{indent}{first}  {folded[0]}".rstrip())
        margin = " " * (len(indent) + sum(widths[:-1]) + 2 * (len(widths) - 1))
        out += [margin + line for line in folded[1:]]
    return "\n".join(out)


def diagram(fields: tuple[tuple[str, int | None], ...], indent: str = INDENT) -> str:
    """A byte diagram, four bytes a row; a field of varying size takes a row of its own with a broken edge."""
    ruler = indent + " 0               1               2               3"
    out, row, used, edge = [ruler], "", 0, "+" + "---------------+" * 4

    def close() -> None:
        nonlocal row, used
        if row:
            out.append(indent + row + "|")
            out.append(indent + "+" + "---------------+" * used)
            row, used = "", 0

    out.append(indent + edge)
    for name, size in fields:
        if size is None:
            close()
            out += [indent + "/" + f"{name} ...".center(63) + "/", indent + edge]
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


def _title(document: Document) -> str:
    lines = [document.title.center(WIDTH).rstrip(), document.version.center(WIDTH).rstrip()]
    return "\n".join(lines) + "\n\nAbstract\n\n" + fill(document.abstract) + "\n\n" + fill(document.made)


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
    return fill(f"{it.id} [{it.side}]  {' '.join(it.text.split())}", indent, indent + INDENT)


@_block.register
def _(block: Table, indent: str) -> str:
    return table(block.headers, block.rows, indent)


@_block.register
def _(block: ByteDiagram, indent: str) -> str:
    return diagram(block.fields, indent)


@_block.register
def _(block: StateDiagram, indent: str) -> str:
    return ""


@_block.register
def _(block: FrameBytes, indent: str) -> str:
    deeper = INDENT * 2
    lines = [deeper + block.data[i : i + 16].hex(" ") for i in range(0, len(block.data), 16)]
    return "\n".join([*lines, fill(block.text, deeper, deeper + INDENT)])


@_block.register
def _(block: Commands, indent: str) -> str:
    return "\n".join(f"{indent}{usage}\n" + fill(text, indent + 2 * INDENT) for usage, text in block.entries)


@_block.register
def _(block: DisplayLines, indent: str) -> str:
    return "\n".join(f"{indent}{when}\n{indent}{2 * INDENT}{line}" for when, line in block.entries)


@_block.register
def _(block: Entry, indent: str) -> str:
    head = fill(f"{block.name}: {block.text}" if block.text else block.name, indent, indent + INDENT)
    return _all((head, *(_block(part, indent + INDENT) for part in block.body)))


@_block.register
def _(block: Chart, indent: str) -> str:
    return ""


def _all(parts: tuple[str, ...]) -> str:
    return "\n\n".join(part for part in parts if part)
