"""The document as one page for a browser, in a single file that needs no network and, but for searching, no script.

It says what the text says, in the same order and under the same numbers. What `page/` holds is its frame: the style, the
script, and the page that `render` fills.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import singledispatch
from html import escape
from pathlib import Path
from string import Template

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
from .chart_svg import chart_svg
from .links import Links, broken, defining, inner
from .state_svg import STYLE as STATES_STYLE
from .state_svg import state_svg

_PARTS = Path(__file__).parent / "page"
#: A table of that many columns does not fit a phone; one of some columns neither, if most of its last cells are long.
_MANY, _SOME, _LONG = 5, 3, 24
#: The longest paragraph that is a label of what stands below it.
_LABEL = 32
#: What a cell says that has nothing to say.
_NOTHING = "-"


@dataclass(frozen=True)
class Place:
    """Where a block stands: the anchor of the section or entry around it, and the level of that section's heading."""

    links: Links
    scope: str = ""
    level: int = 1

    def said(self, text: str) -> str:
        """Plain text as HTML, with its links."""
        return self.links.linked(" ".join(text.split()), self.scope)


def render(document: Document) -> str:
    """The whole page."""
    place = Place(Links(document))
    return _part("page.html").substitute(
        made=re.sub("-(?=-)", "- ", document.made),  # Two hyphens could end the comment that it stands in.
        title=escape(document.title),
        heading="".join(
            f"<p><span>{escape(left)}</span> <span>{escape(right)}</span></p>" for left, right in document.heading
        ),
        version=escape(document.version),
        abstract=place.said(document.abstract),
        source=_ticked(document.made),
        contents=_contents(document),
        body="\n".join(_block(section, place) for section in document.sections),
        style=STATES_STYLE + _part("page.css").template,
        script=_part("page.js").template,
    )


def _part(name: str) -> Template:
    return Template((_PARTS / name).read_text(encoding="utf-8"))


def _ticked(text: str) -> str:
    """Text as HTML, with what stands between two backticks as code."""
    return "".join(
        f"<code>{escape(part)}</code>" if odd else escape(part)
        for index, part in enumerate(text.split("`"))
        for odd in [index % 2]
    )


def _contents(document: Document) -> str:
    def listed(sections: tuple[Section, ...]) -> str:
        items = []
        for section in sections:
            parts = tuple(part for part in section.body if isinstance(part, Section))
            name = f"<span>{escape(section.number)}</span> {broken(section.title)}"
            items.append(f'<li><a href="#{escape(section.anchor)}">{name}</a>{listed(parts) if parts else ""}</li>')
        return f"<ol>{''.join(items)}</ol>"

    return listed(document.sections)


# -- blocks ------------------------------------------------------------------------------------------------------------


@singledispatch
def _block(block: Block, place: Place) -> str:
    raise TypeError(f"no page is known for {type(block).__name__}")


def _blocks(blocks: tuple[Block, ...], place: Place) -> str:
    return "\n".join(_block(block, place) for block in blocks)


@_block.register
def _(block: Section, place: Place) -> str:
    inside = replace(place, scope=block.anchor, level=place.level + 1)
    mark = f'<a class="self"{place.links.href(block.anchor)}>{escape(block.number)}.</a>'
    tag = f"h{min(inside.level, 6)}"
    name = escape(f"{block.number} {block.title}")
    head = f"<{tag}>{mark} {broken(block.title)}</{tag}>"
    return f'<section{place.links.once(block.anchor)} data-find="{name}">\n{head}\n{_blocks(block.body, inside)}\n</section>'


@_block.register
def _(block: Paragraph, place: Place) -> str:
    # A few words and a colon head what follows them.
    label = ' class="label"' if len(block.text) <= _LABEL and block.text.endswith(":") else ""
    return f"<p{label}>{place.said(block.text)}</p>"


@_block.register
def _(block: Rule, place: Place) -> str:
    it = block.requirement
    mark = f'<a class="self"{place.links.href(it.id)}>{escape(it.id)}</a> <i>[{escape(it.side)}]</i>'
    level = escape(it.level.lower().replace(" ", "-"))
    attributes = f'{place.links.once(it.id)} class="rule {level}" data-find="{escape(it.id)}"'
    return f"<p{attributes}>{mark} {place.said(it.text)}</p>"


@_block.register
def _(block: Table, place: Place) -> str:
    name = defining(block)
    head = "".join(f'<th scope="col">{escape(header)}</th>' for header in block.headers)
    rows = []
    for row in block.rows:
        attributes = ""
        if name is not None:
            word = row[name].rstrip("*")
            attributes = f'{place.links.once(inner(place.scope, word))} data-find="{escape(word)}"'
        cells = "".join(_cell(block, index, cell, place) for index, cell in enumerate(row))
        rows.append(f"<tr{attributes}>{cells}</tr>")
    table = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{_lines(rows)}</tbody>"
    return f'<div class="scroll"><table{_folding(block)}>{table}</table></div>'


def _folding(table: Table) -> str:
    """How the table becomes narrow enough for a phone: its last column in a line of its own, a line a row, or not at all."""
    long = 2 * sum(len(row[-1]) > _LONG for row in table.rows) > len(table.rows)
    if isinstance(table, Members) or (len(table.headers) >= _SOME and long):
        return ' class="folds"'
    return ' class="folds short"' if len(table.headers) >= _MANY else ""


def _cell(table: Table, index: int, text: str, place: Place) -> str:
    """A cell. The one that names what the row is about is the row's header."""
    header = table.headers[index]
    name = defining(table)
    defined = index == name
    html = broken(text) if defined else place.links.cell(text, header, place.scope)
    if index == (0 if name is None else name):
        return f'<th scope="row">{html}</th>'
    return f'<td class="nothing">{html}</td>' if text == _NOTHING else f"<td>{html}</td>"


@_block.register
def _(block: Entry, place: Place) -> str:
    anchor = inner(place.scope, block.name)
    mark = f'<a class="self"{place.links.href(anchor)}><dfn>{broken(block.name)}</dfn></a>'
    inside = replace(place, scope=anchor)
    head = f"<p>{mark}: {inside.said(block.text)}</p>" if block.text else f"<p>{mark}</p>"
    attributes = f'{place.links.once(anchor)} class="entry" data-find="{escape(block.name)}"'
    return f"<div{attributes}>\n{head}\n{_blocks(block.body, inside)}</div>"


@_block.register
def _(block: Facts, place: Place) -> str:
    rows = [f"<div><dt>{escape(name)}</dt><dd>{place.said(value)}</dd></div>" for name, value in block.rows]
    return f'<dl class="facts">\n{_lines(rows)}</dl>'


@_block.register
def _(block: Commands, place: Place) -> str:
    rows = [f"<dt><code>{broken(usage)}</code></dt><dd>{place.said(text)}</dd>" for usage, text in block.entries]
    return f'<dl class="commands">\n{_lines(rows)}</dl>'


@_block.register
def _(block: DisplayLines, place: Place) -> str:
    rows = [f"<dt>{place.said(when)}</dt><dd><code>{broken(line)}</code></dd>" for when, line in block.entries]
    return f'<dl class="lines">\n{_lines(rows)}</dl>'


@_block.register
def _(block: StateDiagram, place: Place) -> str:
    return f'<figure class="scroll">{state_svg(block.states, block.transitions)}</figure>'


@_block.register
def _(block: Chart, place: Place) -> str:
    session = block.session
    given = f"<figcaption>{place.said(session.given)}</figcaption>\n" if session.given else ""
    framed = [step for step in session.steps if step.hex]
    frames = [
        f"<li><b>{place.said(step.message or 'bytes')}</b>, {escape(step.source)} to {escape(step.target)}"
        f'<p class="hex">{escape(step.hex)}</p></li>'
        for step in framed
    ]
    count = f"{len(framed)} frame{'s'[: len(framed) != 1]}"
    folded = f"<details><summary>{count} in hexadecimal</summary>\n<ol>\n{_lines(frames)}</ol>\n</details>"
    chart = f'{given}<div class="scroll">{chart_svg(session)}</div>\n{folded if framed else ""}'
    return f'<figure class="chart">{chart}</figure>'


# -- bytes -------------------------------------------------------------------------------------------------------------


@_block.register
def _(block: ByteDiagram, place: Place) -> str:
    ruler = "".join(f'<li class="ruler" aria-hidden="true">{number}</li>' for number in range(4))
    return f'<ol class="bytes">{ruler}{"".join(_fields(block, place))}</ol>'


def _fields(block: ByteDiagram, place: Place) -> list[str]:
    """The fields as cells of a grid of four bytes a row. One that goes over the end of a row has a cell in each."""
    out, row, used = [], 2, 0
    for name, size in block.fields:
        if not size:
            row, used = row + bool(used), 0
            out.append(_field(name, "varies" if size is None else "0 bytes", "row", f"{row}/1/auto/span 4", place))
            row += 1
            continue
        left, style = size, ""
        while left:
            rows = left // 4 if not used and left >= 4 else 1
            columns = min(left, 4 - used)
            area = f"{row}/{used + 1}/span {rows}/span {columns}"
            out.append(_field(name, f"{size} byte{'s'[: size > 1]}", style, area, place))
            left -= columns if rows == 1 else 4 * rows
            row, used = (row + rows, 0) if used + columns == 4 else (row, used + columns)
            style = "more"
    return out


def _field(name: str, size: str, style: str, area: str, place: Place) -> str:
    """A cell of a byte diagram, which leads to the field's row in the table."""
    anchor = inner(place.scope, name)
    shown = f"<a{place.links.href(anchor)}>{broken(name)}</a>" if place.links.has(anchor) else broken(name)
    where = f' style="grid-area:{area}"'
    if style == "more":
        return f'<li class="more" aria-hidden="true"{where}>{broken(name)}</li>'
    kind = ' class="row"' if style else ""
    return f"<li{kind}{where}>{shown} <small>{size}</small></li>"


@_block.register
def _(block: FrameBytes, place: Place) -> str:
    if not block.parts:
        # With quotes, somebody's words are in it, and these cite nothing.
        text = broken(block.text) if '"' in block.text else place.said(block.text)
        return f'<div class="frame"><p class="hex">{block.data.hex(" ")}</p><p>{text}</p></div>'
    hexes = [f'<span data-part="{index}">{part[0].hex(" ")}</span>' for index, part in enumerate(block.parts)]
    rows = [
        f'<tr data-part="{index}"><td class="hex">{data.hex(" ")}</td><th scope="row">{broken(name)}</th>'
        f"<td>{broken(value)}</td></tr>"
        for index, (data, name, value) in enumerate(block.parts)
    ]
    head = "".join(f'<th scope="col">{header}</th>' for header in ("Bytes", "Field", "Value"))
    table = f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{_lines(rows)}</tbody></table>"
    return f'<div class="frame parts"><p class="hex">{" ".join(hexes)}</p>{table}</div>'


def _lines(parts: list[str]) -> str:
    return "".join(part + "\n" for part in parts)
