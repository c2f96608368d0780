"""The results as one page for a browser, in a single file that needs no network.

Python writes all of its HTML. The script in it only filters the list of runs and puts what is to be said of a run into the
page when somebody opens it: with charts and transcripts of thousands of runs laid out at once no browser is quick. These
parts stand in the page compressed, some dozens of runs together. Without a script, the page has everything but them; the
failures, the first hundred at least, are there in full.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from impwire.tables import CHAPTERS, REQUIREMENTS, Role
from impwire.wire import amount

from ..runs import Segmentation, chapter_of
from ..verdicts import Verdict
from .compare import Change, Comparison
from .details import details, key_of, text
from .failure import rerun_command
from .matrix import Line, matrix, verdicts_in
from .svg import STYLE as CHART_STYLE

_PARTS = Path(__file__).parent / "page"
#: Failures that stand in the page in full, and how many of them are open.
_FAILURES, _OPEN = 100, 5
#: Runs that are compressed together.
_PACK = 40
_COUNTS = ("failed", "passed", "known", "skipped")
_CHANGES = {
    "broken": "passed before and fails now",
    "fixed": "failed before and does not now",
    "new": "was not played before",
    "gone": "was played before",
    "changed": "failed before and fails in another way, or passed, or was skipped",
}

Entry = Mapping[str, Any]


def page(report: Mapping[str, Any], comparison: Comparison | None) -> str:
    """The page of a report and, if there is one, of its differences to an earlier one."""
    entries: Sequence[Entry] = report["cases"]
    bodies = [details(entry, rerun_command(dict(entry), report["rerun"])) for entry in entries]
    return _part("page.html").substitute(
        title=text(f"IMP conformance: {_in_words(report['summary'])}"),
        style=CHART_STYLE + _part("page.css").template,
        verdict=_verdict(report),
        facts=_facts(report),
        summary=_summary(report),
        failures=_errors(report["errors"]) + _failures(entries, bodies),
        changes=_changes(comparison),
        changes_link='<a href="#changes">Changes</a>' if comparison is not None else "",
        chapters=_chapters(entries),
        matrix=_matrix(entries),
        filters=_filters(entries),
        cases=_cases(entries),
        packed=json.dumps({"size": _PACK, "parts": list(_packed(bodies))}),
        script=_part("page.js").template,
    )


def _part(name: str) -> Template:
    return Template((_PARTS / name).read_text(encoding="utf-8"))


def _packed(bodies: Sequence[str]) -> Iterable[str]:
    """The details of the runs, `_PACK` of them at a time: JSON, deflated, in base 64, which no page can take for a tag."""
    for start in range(0, len(bodies), _PACK):
        data = json.dumps(bodies[start : start + _PACK]).encode()
        yield base64.b64encode(zlib.compress(data, 9)).decode()


# -- what has come out -------------------------------------------------------------------------------------------


def _in_words(summary: Mapping[str, int]) -> str:
    return ", ".join(f"{summary[kind]} {kind}" for kind in _COUNTS if summary[kind]) or "nothing was played"


def _verdict(report: Mapping[str, Any]) -> str:
    summary = report["summary"]
    if summary["failed"]:
        return f'<p class="verdict failed">{summary["failed"]} failed of {amount(len(report["cases"]), "run")}</p>'
    if not summary["passed"] + summary["known"]:
        return '<p class="verdict failed">No case was played: that is a failure</p>'
    return f'<p class="verdict passed">Nothing failed in {amount(len(report["cases"]), "run")}</p>'


def _facts(report: Mapping[str, Any]) -> str:
    facts = {f"{role} under test": " ".join(map(str, target.values())) for role, target in report["targets"].items()}
    facts["command"] = report["command"]
    facts = {name: f"<code>{text(value)}</code>" for name, value in facts.items()}
    facts["played"] = text(f"{report['started'][:19].replace('T', ' ')} UTC, in {report['seconds']:.1f} s")
    versions = f"IMP {report['protocol']}, edition {report['edition']}, suite {report['suite'].strip('()')}, Python {report['python']}, {report['platform']}"
    facts["with"] = text(versions)
    if report["interrupted"] or len(report["cases"]) < report["planned"]:
        ended = "interrupted: " if report["interrupted"] else ""
        facts["not all"] = (
            f'<b class="failed">{ended}{len(report["cases"])} of {report["planned"]} runs were played</b>'
        )
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())


def _link(words: str, **filters: str) -> str:
    """A link to the list of runs, filtered."""
    state = "&amp;".join(f"{key}={quote(value, safe='/:@~,', errors='replace')}" for key, value in filters.items())
    return f'<a href="#{state}">{words}</a>'


def _summary(report: Mapping[str, Any]) -> str:
    entries, counts = report["cases"], report["summary"]
    tiles = [
        f'<li class="tile {kind}">{_link(f"<b>{counts[kind]}</b> {kind}", verdict=f"all {kind}")}</li>'
        for kind in _COUNTS
        if counts[kind] or kind != "known"
    ]
    verdicts = Counter(entry["verdict"] for entry in entries)
    rows = [
        f"<li>{_tag(verdict)} {_link(amount(verdicts[verdict], 'run'), verdict=verdict)}</li>"
        for verdict in verdicts_in(entries)
    ]
    return f'<ul class="tiles">{"".join(tiles)}</ul>{_bar(counts)}<ul class="verdicts">{"".join(rows)}</ul>{_skips(entries)}'


def _skips(entries: Sequence[Entry]) -> str:
    reasons = Counter(entry["text"] for entry in entries if entry["verdict"] == Verdict.SKIPPED)
    rows = [f"<li>{count} because: {text(reason)}</li>" for reason, count in reasons.most_common()]
    return f'<h3>Skipped</h3><ul class="skips">{"".join(rows)}</ul>' if rows else ""


def _bar(counts: Mapping[str, int]) -> str:
    """A bar that shows the shares; what it shows stands beside it in numbers."""
    parts = [f'<i class="{kind}" style="flex-grow:{counts[kind]}"></i>' for kind in _COUNTS if counts.get(kind)]
    return f'<div class="bar" aria-hidden="true">{"".join(parts)}</div>'


def _tag(verdict: str) -> str:
    kind = "not-strict" if verdict == Verdict.NOT_STRICT else Verdict(verdict).counts_as
    return f'<b class="tag {kind}">{text(verdict)}</b>'


def _errors(errors: Sequence[Mapping[str, str]]) -> str:
    """What went wrong in the suite itself, which is never the fault of a target."""
    return "".join(
        f'<h3 class="failed">The suite itself failed {text(error["run"])}</h3><pre>{text(error["text"])}</pre>'
        for error in errors
    )


def _failures(entries: Sequence[Entry], bodies: Sequence[str]) -> str:
    """The failures in full. A case that failed alike in several segmentations stands there once."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for index, entry in enumerate(entries):
        if entry["counts_as"] == "failed":
            key = (entry["role"], entry["case"], entry["actor"], entry["verdict"])
            alike.setdefault(key, []).append(index)
    if not alike:
        return "<p>None.</p>"
    shown = []
    for place, (index, *others) in enumerate(list(alike.values())[:_FAILURES]):
        opened = " open" if place < _OPEN else ""
        also = ", ".join(_link(text(entries[other]["segmentation"]), case=key_of(entries[other])) for other in others)
        body = (f"<p>The same verdict: {also}</p>" if also else "") + bodies[index]
        shown.append(f'<details class="run"{opened}>{_heading(entries[index])}<div>{body}</div></details>')
    if len(alike) > _FAILURES:
        rest = _link(f"and {len(alike) - _FAILURES} more, in the list of all runs", verdict="all failed")
        shown.append(f"<p>… {rest}</p>")
    return "".join(shown)


def _heading(entry: Entry) -> str:
    return (
        f"<summary>{_tag(entry['verdict'])} <code>{text(entry['id'])}</code> <small>{text(entry['role'])}</small> "
        f"<span>{text(entry['title'])}</span></summary>"
    )


def _changes(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    parts = []
    for kind, meaning in _CHANGES.items():
        changes: list[Change] = comparison[kind]  # type: ignore[literal-required]
        if changes:
            rows = "".join(_change(change) for change in changes)
            opened = " open" if kind in ("broken", "fixed") else ""
            parts.append(
                f'<details{opened}><summary><b class="change {kind}">{len(changes)} {kind}</b> {meaning}</summary>'
                f"<ul>{rows}</ul></details>"
            )
    found = "".join(parts) or "<p>Every run ended as before.</p>"
    if comparison["edition"]:
        found = f"<p>That was held to edition {text(comparison['edition'])} of the specification.</p>{found}"
    return f'<section id="changes"><h2>Changes since the earlier run</h2>{found}</section>'


def _change(change: Change) -> str:
    name = f"<code>{text(change['id'])}</code>"
    shown = _link(name, case=f"{change['role']}:{change['id']}") if change["now"] else name
    verdicts = " → ".join(text(verdict) for verdict in (change["before"], change["now"]) if verdict)
    return f"<li>{shown} <small>{text(change['role'])}</small> {verdicts}</li>"


# -- chapters and requirements -----------------------------------------------------------------------------------


def _chapters(entries: Sequence[Entry]) -> str:
    counts: dict[str, Counter[str]] = {}
    for entry in entries:
        counts.setdefault(entry["chapter"], Counter())[entry["counts_as"]] += 1
    head = "".join(f'<th scope="col">{kind}</th>' for kind in _COUNTS)
    rows = []
    for number in sorted(counts, key=lambda number: int(number or 0)):
        name = _link(text(_chapter_title(number)), chapter=number) if number else text(_chapter_title(number))
        cells = "".join(f'<td class="{kind}">{counts[number][kind] or ""}</td>' for kind in _COUNTS)
        rows.append(f'<tr><th scope="row">{name}</th>{cells}<td class="share">{_bar(counts[number])}</td></tr>')
    return f"<table><thead><tr><th></th>{head}<td></td></tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _chapter_title(number: str) -> str:
    return f"{number}. {CHAPTERS[number]}" if number else "No requirement"


def _matrix(entries: Sequence[Entry]) -> str:
    verdicts = verdicts_in(entries)
    head = "".join(f'<th scope="col">{text(verdict)}</th>' for verdict in verdicts)
    parts = [f'<thead><tr><th scope="col">Requirement</th>{head}</tr></thead>']
    for number, lines in matrix(entries).items():
        held = sum(line.holds for line in lines)
        parts.append(
            f'<tbody><tr class="chapter"><th scope="rowgroup" colspan="{len(verdicts) + 1}">{text(_chapter_title(number))}'
            f" <small>{held} of {len(lines)} proven here</small></th></tr>"
        )
        parts += [_matrix_row(line, verdicts) for line in lines]
        parts.append("</tbody>")
    return f'<table class="matrix">{"".join(parts)}</table>'


def _matrix_row(line: Line, verdicts: Sequence[str]) -> str:
    rule = line.requirement
    kind = "failed" if line.fails else "" if line.verdicts else "unproven"
    none = ' <em class="none">no case in this run</em>' if not line.verdicts else ""
    cells = "".join(_matrix_cell(line, verdict) for verdict in verdicts)
    return (
        f'<tr class="{kind}" id="{line.id}"><th scope="row"><b>{_link(line.id, requirement=line.id)}</b> '
        f"<small>{rule.level}, {text(rule.side)}, section {text(rule.section)}</small>{none}"
        f"<p>{text(rule.text)}</p></th>{cells}</tr>"
    )


def _matrix_cell(line: Line, verdict: str) -> str:
    count = line.verdicts.get(verdict, 0)
    kind = "not-strict" if verdict == Verdict.NOT_STRICT else Verdict(verdict).counts_as
    shown = _link(str(count), requirement=line.id, verdict=verdict) if count else ""
    return f'<td class="{kind if count else ""}" data-name="{text(verdict)}">{shown}</td>'


# -- the list of runs --------------------------------------------------------------------------------------------


def _filters(entries: Sequence[Entry]) -> str:
    def select(name: str, label: str, values: Iterable[tuple[str, str]]) -> str:
        options = "".join(f'<option value="{text(value)}">{text(shown)}</option>' for value, shown in values)
        return f'<label>{label}<select name="{name}"><option value="">any</option>{options}</select></label>'

    kinds = {entry["counts_as"] for entry in entries}
    chapters = sorted({number for entry in entries for number in _chapters_of(entry)}, key=int)
    proven = {id_ for entry in entries for id_ in entry["proves"]}
    return "".join(
        [
            '<label class="wide">Search<input type="search" name="text" placeholder="id or title"></label>',
            select(
                "verdict",
                "Verdict",
                [(f"all {kind}", f"all {kind}") for kind in _COUNTS if kind in kinds]
                + [(verdict, verdict) for verdict in verdicts_in(entries)],
            ),
            select("chapter", "Chapter", [(number, _chapter_title(number)) for number in chapters]),
            select("requirement", "Requirement", [(id_, id_) for id_ in REQUIREMENTS if id_ in proven]),
            select("role", "Role", [(role, role) for role in Role if any(entry["role"] == role for entry in entries)]),
            select("segmentation", "Segmentation", [(kind, kind) for kind in Segmentation]),
            '<button type="reset">Show all</button><output aria-live="polite"></output>',
        ]
    )


def _chapters_of(entry: Entry) -> list[str]:
    return list(dict.fromkeys(chapter_of(id_) for id_ in entry["proves"]))


def _cases(entries: Sequence[Entry]) -> str:
    groups: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        groups.setdefault(entry["chapter"], []).append(index)
    parts = []
    for number in sorted(groups, key=lambda number: int(number or 0)):
        rows = "".join(_case_row(entries[index], index) for index in groups[number])
        failed = sum(entries[index]["counts_as"] == "failed" for index in groups[number])
        wrong = f'<b class="failed">{failed} failed</b> of ' if failed else ""
        parts.append(
            f'<details class="group"><summary><h3>{text(_chapter_title(number))}</h3> '
            f"<small>{wrong}{amount(len(groups[number]), 'run')}</small></summary>{rows}</details>"
        )
    return "".join(parts)


def _case_row(entry: Entry, index: int) -> str:
    data = {
        "n": str(index),
        "key": key_of(entry),
        "role": entry["role"],
        "segmentation": entry["segmentation"],
        "verdict": entry["verdict"],
        "as": f"all {entry['counts_as']}",
        "requirement": " ".join(entry["proves"]),
        "chapter": " ".join(_chapters_of(entry)),
    }
    attributes = " ".join(f'data-{key}="{text(value)}"' for key, value in data.items())
    return f'<details class="run" {attributes}>{_heading(entry)}<div></div></details>'
