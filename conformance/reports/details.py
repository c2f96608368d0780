"""One run in HTML: what it proves, what went wrong, its sequence chart, and its transcript.

Everything that comes from a target or a case goes through `text`, which leaves nothing to the browser but characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from impwire.tables import REQUIREMENTS, Role
from impwire.wire import amount

from ..play.transcript import Event, Kind, event_from_json
from .chart import chart_of_events
from .limits import limits_note
from .svg import svg

#: Events of a transcript that are shown, at its beginning and at its end, and bytes of each.
_HEAD, _TAIL, _BYTES = 60, 40, 96
#: Bytes in a row of a marked frame, and bytes that are shown of it.
_ROW, _FRAME = 16, 512

_DIFFERS = ' class="failed"'
_DIRECTIONS = {
    Kind.SENT: "to the target",
    Kind.SENT_END: "to the target",
    Kind.SENT_RESET: "to the target",
    Kind.TYPED: "typed",
    Kind.RECEIVED: "from the target",
    Kind.RECEIVED_END: "from the target",
    Kind.RECEIVED_RESET: "from the target",
    Kind.SHOWN: "shown",
}


def text(value: object) -> str:
    """The value as text in HTML; what cannot be printed, such as control characters and surrogates, is spelt out."""
    found = str(value)
    if not found.isprintable():
        found = "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in found)
    return escape(found)


def key_of(entry: Mapping[str, Any]) -> str:
    """What the address of a run in the page ends with."""
    return f"{entry['role']}:{entry['id']}"


def details(entry: Mapping[str, Any], rerun: str) -> str:
    """All that there is to say of a run. `rerun` is the command that runs it alone."""
    parts = [_facts(entry), _proves(entry["proves"])]
    failure = entry.get("failure")
    if failure is not None:
        parts.append(_failure(entry, failure))
    elif entry["text"]:
        parts.append(f'<p class="why">{text(entry["text"])}</p>')
    if entry["counts_as"] != "skipped":
        parts.append(f'<h4>Run it alone</h4><pre class="command"><code>{text(rerun)}</code></pre>')
    if entry.get("events"):
        parts.append(_story(entry, failure))
    return "".join(parts)


def _facts(entry: Mapping[str, Any]) -> str:
    actor = f" as {entry['actor']}" if entry["actor"] else ""
    facts = f"{entry['role']}{actor}, {entry['segmentation']}, {entry['seconds']:.3f} s"
    if "found" in entry:
        facts += f", {entry['found']} before the list of known failures was looked at"
    return f'<p class="facts">{text(facts)} <a href="#case={text(key_of(entry))}">link to this</a></p>'


def _proves(requirements: list[str]) -> str:
    items = []
    for id_ in requirements:
        rule = REQUIREMENTS[id_]
        items.append(
            f'<li><a href="#requirement={id_}">{id_}</a> <small>{rule.level}, section {text(rule.section)}</small> '
            f"{text(rule.text)}</li>"
        )
    return f'<h4>Proves</h4><ul class="proves">{"".join(items)}</ul>' if items else ""


# -- a failure ---------------------------------------------------------------------------------------------------


def _failure(entry: Mapping[str, Any], failure: Mapping[str, Any]) -> str:
    parts = [f'<h4>What went wrong: <span class="failed">{text(entry["verdict"])}</span></h4>']
    if failure["step"]:
        parts.append(f"<p>At <code>{text(failure['place'])}</code>: <code>{text(failure['step'])}</code></p>")
    parts.append(f'<pre class="why">{text(failure["text"])}</pre>')
    if failure["differences"]:
        parts.append(_differences(failure["differences"]))
    if failure["frame"]:
        frame = bytes.fromhex(failure["frame"])
        parts.append(f"<h4>The frame that came, {amount(len(frame))}</h4>{marked_hex(frame, failure['marks'])}")
    if note := limits_note(failure.get("limits", ())):
        parts.append(f'<p class="why">Note: {text(note)}</p>')
    if failure["output"]:
        parts.append(f"<h4>The last that the target wrote</h4><pre>{text(failure['output'])}</pre>")
    return "".join(parts)


def _differences(differences: list[Mapping[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{text(item["field"])}</th><td>{text(item["expected"])}</td>'
        f"<td{'' if item['expected'] == item['found'] else _DIFFERS}>{text(item['found'])}</td>"
        f"<td>{text(item['requirement'])}</td></tr>"
        for item in differences
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Field", "Expected", "Received", "Rule"))
    return f'<div class="scroll"><table class="differences"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def marked_hex(frame: bytes, marks: list[list[int]]) -> str:
    """The bytes in rows with their offsets; those in the ranges `marks` are marked."""
    marked = {index for start, end in marks for index in range(start, end)}
    rows = []
    for start in range(0, min(len(frame), _FRAME), _ROW):
        cells = [_hex_cell(frame, index, marked) for index in range(start, min(start + _ROW, len(frame)))]
        rows.append(f"<i>{start:04x}</i>  {''.join(cells)}")
    if len(frame) > _FRAME:
        rows.append(f"… and {amount(len(frame) - _FRAME)} more")
    return f'<pre class="hex" tabindex="0">{chr(10).join(rows)}</pre>'


def _hex_cell(frame: bytes, index: int, marked: set[int]) -> str:
    """A byte, in one mark with its marked neighbours of the row."""
    first, last = index % _ROW == 0, index % _ROW == _ROW - 1
    begins = index in marked and (first or index - 1 not in marked)
    goes_on = not last and index + 1 < len(frame) and index in marked and index + 1 in marked
    cell = f"{'<mark>' if begins else ''}{frame[index]:02x}"
    return f"{cell} " if goes_on else f"{cell}{'</mark>' if index in marked else ''} "


# -- what happened -----------------------------------------------------------------------------------------------


def _story(entry: Mapping[str, Any], failure: Mapping[str, Any] | None) -> str:
    events = [event_from_json(event) for event in entry["events"]]
    wrong = bytes.fromhex(failure["frame"]) if failure else b""
    outcome = f"{entry['verdict']}: {next(iter(failure['text'].splitlines()), '')}" if failure else ""
    chart = chart_of_events(events, Role(entry["role"]), entry["actor"], wrong=wrong, outcome=outcome)
    drawing = svg(chart, title=f"Sequence chart of {entry['id']}")
    return (
        f'<h4>What happened</h4><div class="scroll drawing" tabindex="0">{drawing}</div>'
        f"<details><summary>Transcript with bytes, {amount(len(events), 'event')}</summary>{_transcript(events)}</details>"
    )


def _transcript(events: list[Event]) -> str:
    left_out = len(events) - _HEAD - _TAIL
    rows = [_transcript_row(event) for event in (events if left_out <= 0 else events[:_HEAD])]
    if left_out > 0:
        rows.append(f'<tr><td></td><td colspan="3">… {left_out} more …</td></tr>')
        rows += [_transcript_row(event) for event in events[-_TAIL:]]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Seconds", "Who", "Way", "What"))
    return (
        f'<div class="scroll" tabindex="0"><table class="transcript"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _transcript_row(event: Event) -> str:
    data = ""
    if event.data:
        more = f" … {amount(len(event.data))} in all" if len(event.data) > _BYTES else ""
        data = f"<br><code>{event.data[:_BYTES].hex(' ')}{more}</code>"
    way = _DIRECTIONS.get(event.kind, "")
    return (
        f"<tr><td>{event.at:.4f}</td><td>{text(event.actor)}</td><td>{way}</td><td>{text(event.text)}{data}</td></tr>"
    )
