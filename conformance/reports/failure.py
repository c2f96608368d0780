"""A failure for people: the case, what it proves, what was due and what came, and how to see it again."""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import fields
from pathlib import Path
from typing import Any

from impwire.codecs import CODECS, decode
from impwire.tables import FAILURES, REQUIREMENTS
from impwire.wire import DecodeError, amount

from ..verdicts import Difference, Verdict
from .limits import limits_note
from .terminal import Style, cut, harmless
from .trace import story

_INDENT = 2
#: Columns of a line of prose.
_READABLE = 110
#: Bytes in a row of a frame; rows of it that are shown before and behind those that differ.
_ROW, _AROUND = 16, 1
#: Verdicts with which it is not what the case proves that was broken.
_NOT_THE_RULES = (Verdict.NOT_STARTED, Verdict.HARNESS_ERROR, Verdict.CLAIMED, Verdict.KNOWN_FAILURE_PASSED)
#: What a sentence of the specification and a step may both name: a message or a code.
_TERM = re.compile(r"\b[A-Z][A-Z_]*\b")
_KNOWN = CODECS.by_name.keys() | FAILURES.keys()
_NOTHING: dict[str, Any] = {"step": "", "place": "", "differences": [], "frame": "", "marks": [], "output": ""}


def headline(entry: dict[str, Any], style: Style) -> str:
    """The role, the run and its verdict in a line."""
    return (
        f"{style.paint('FAILED', 'red')} {style.paint(entry['role'] + ' ' + entry['id'], 'bold')}: {entry['verdict']}"
    )


def rerun_command(entry: dict[str, Any], rerun: str) -> str:
    """The command that plays this run alone and shows all of it."""
    return f"{rerun.replace('{role}', entry['role'], 1)} --id {shlex.quote(entry['id'])} --trace"


def explain_failure(entry: dict[str, Any], rerun: str, style: Style | None = None, *, whole: bool = False) -> str:
    """The failure of an entry of the JSON report.

    `rerun` is the command line that the role and the id of a run complete (`Plan.rerun`), `whole` asks for every event.
    """
    style = style or Style()
    # The last column stays empty: some terminals go to the next line as soon as it is filled.
    inner = style.indented(_INDENT + 1)
    failure = entry.get("failure") or {**_NOTHING, "text": entry["text"]}
    parts = [
        _wrapped(harmless(entry["title"]), inner),
        _what(failure, inner),
        _table(failure, inner),
        _frame(failure, inner),
        _note(failure, inner),
        _rules(entry, inner),
        _titled("What happened (seconds, who, which way):", story(entry.get("events", []), inner, whole=whole)),
        _titled("The last that the target has written:", _output(failure)),
        [f"Run it alone: {rerun_command(entry, rerun)}"],
    ]
    blocks = ["\n".join(f"{'':{_INDENT}}{line}".rstrip() for line in part) for part in parts if part]
    return "\n".join([headline(entry, style), "\n\n".join(blocks)])


def _what(failure: dict[str, Any], style: Style) -> list[str]:
    where = [f"{style.paint(_near(failure['place']), 'cyan')}: {harmless(failure['step'])}"] if failure["step"] else []
    text = harmless(failure["text"])
    if failure["output"]:
        # The text of a crash ends with the output, which has a place of its own here.
        text = text.removesuffix(harmless(failure["output"])).rstrip()
    told = {str(Difference(**row)) for row in failure["differences"]}  # The table has them.
    lines = [line for line in text.splitlines() if line.strip() not in told]
    return [*where, *_wrapped("\n".join(lines), style)]


def _near(place: str) -> str:
    """A place in a file, as seen from the folder in which the suite is run, if it is in there."""
    path = Path(place)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else place


def _wrapped(text: str, style: Style) -> list[str]:
    """The lines of a text, each broken where it is too long."""
    width = min(style.columns, _READABLE)
    return [part for line in text.splitlines() for part in textwrap.wrap(line, width, subsequent_indent="  ")]


def _table(failure: dict[str, Any], style: Style) -> list[str]:
    """What came, field by field; `>` marks what is not as it should be."""
    differing = {row["field"]: row for row in failure["differences"]}
    if not differing:
        return []
    received = _received(failure["frame"])
    names = [*differing, *(name for name in received if not _covered(name, differing))]
    first = max(len("field"), *map(len, names))
    room = max((style.columns - first - 6) // 2, 8)
    rows = []
    for name in names:
        row = differing.get(name)
        if row is None:
            rows.append((" ", name, "", cut(received[name], room), ""))
            continue
        marked = row["expected"] != row["found"]
        expected, found = _aligned(harmless(row["expected"]), harmless(row["found"]), room)
        rows.append((">" if marked else " ", name, expected, found, row.get("requirement", "")))
    second = max(len("expected"), *(len(row[2]) for row in rows))
    lines = [style.paint(f"  {'field':{first}}  {'expected':{second}}  received", "dim")]
    for mark, name, expected, found, rule in rows:
        line = f"{mark} {name:{first}}  {expected:{second}}  {found}" + (f"  ({rule})" if rule else "")
        lines.append(style.paint(line, "red") if mark == ">" else line)
    return lines


def _covered(name: str, differing: dict[str, Any]) -> bool:
    """Whether the differences speak of the field or of a part of it."""
    return any(other == name or other.startswith((f"{name}.", f"{name}[")) for other in differing)


def _received(frame: str) -> dict[str, str]:
    """The fields of the frame that came; none if it is no message of the protocol."""
    try:
        message = decode(bytes.fromhex(frame), unchecked=True)
    except DecodeError:
        return {}
    values = {item.name: getattr(message, item.name) for item in fields(message)}  # type: ignore[arg-type]
    return {
        name: harmless(str(getattr(value, "name", None) or repr(value)))
        for name, value in values.items()
        if value or name not in ("flags", "extensions")
    }


def _aligned(expected: str, found: str, room: int) -> tuple[str, str]:
    """Two values in so many columns each. Of long ones the part is shown in which they begin to differ."""
    if len(expected) <= room and len(found) <= room:
        return expected, found
    same = next((at for at, (one, other) in enumerate(zip(expected, found, strict=False)) if one != other), 0)
    start = max(same - room // 3, 0)
    if start == 0:
        return cut(expected, room), cut(found, room)
    return cut(f"…{expected[start:]}", room), cut(f"…{found[start:]}", room)


def _frame(failure: dict[str, Any], style: Style) -> list[str]:
    """The frame that came, in hex, with the bytes underlined that differ; of a long one, what is around those."""
    data = bytes.fromhex(failure["frame"])
    if not data:
        return []
    marked = {at for start, end in failure["marks"] for at in range(start, min(end, len(data)))}
    rows = range(0, len(data), _ROW)
    wanted = {
        row + _ROW * near for row in {at // _ROW * _ROW for at in marked} for near in range(-_AROUND, _AROUND + 1)
    }
    wanted |= set(rows[:2]) if marked else set(rows[:16])
    lines = [f"The frame that came, {amount(len(data))}{'; ^^ is what differs' if marked else ''}:"]
    for row in rows:
        if row in wanted:
            lines += _hex_row(data[row : row + _ROW], row, marked, style)
        elif not lines[-1].endswith("…"):
            lines.append("        …")
    return lines


def _hex_row(data: bytes, start: int, marked: set[int], style: Style) -> list[str]:
    shown = [f"{byte:02x}" for byte in data]
    coloured = [style.paint(text, "red") if start + at in marked else text for at, text in enumerate(shown)]
    characters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
    lines = [f"  {start:04x}  {' '.join(coloured)}{'   ' * (_ROW - len(data))}  {characters}"]
    if any(at in marked for at in range(start, start + len(data))):
        under = " ".join("^^" if start + at in marked else "  " for at in range(len(data)))
        lines.append(f"  {'':4}  {style.paint(under.rstrip(), 'red')}")
    return lines


def _note(failure: dict[str, Any], style: Style) -> list[str]:
    """That the server has other limits than the case is written for."""
    note = limits_note(failure.get("limits", ()))
    return [style.paint(line, "yellow") for line in _wrapped(f"note: {note}", style)] if note else []


def _rules(entry: dict[str, Any], style: Style) -> list[str]:
    """The sentences by which a field was judged, and those that the case proves: first what speaks of the step that
    has failed, as far as its words tell."""
    if entry["verdict"] in _NOT_THE_RULES:
        return []
    failure = entry.get("failure") or _NOTHING
    judged = [row.get("requirement", "") for row in failure["differences"]]
    named = _terms(failure["step"], *(row[side] for row in failure["differences"] for side in ("expected", "found")))

    def unlikely(requirement: str) -> tuple[bool, int]:
        rule = REQUIREMENTS.get(requirement)
        return requirement not in judged, -len(named & _terms(rule.text if rule else ""))

    lines = []
    for requirement in sorted(dict.fromkeys([*entry["proves"], *judged]), key=unlikely):
        if rule := REQUIREMENTS.get(requirement):
            text = f"{requirement} (protocol.txt, section {rule.section}): {rule.text}"
            lines += _wrapped(text, style)
    return lines


def _terms(*texts: str) -> set[str]:
    """The messages and codes that the texts name."""
    return {word for text in texts for word in _TERM.findall(text)} & _KNOWN


def _output(failure: dict[str, Any]) -> list[str]:
    return [f"| {line}" for line in harmless(failure["output"]).splitlines()]


def _titled(title: str, lines: list[str]) -> list[str]:
    return [title, *lines] if lines else []
