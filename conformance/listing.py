"""Shows cases instead of playing them: `--list` and `--explain`."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from impwire.tables import CHAPTERS, REQUIREMENTS, Role
from impwire.wire import amount

from .language import Case
from .language.dump import dump_case
from .language.strict_yaml import suggestion
from .plan import Plan
from .rehearsal import Moment, chart_of, rehearse
from .reports.chart import plain, text
from .runs import Run, Segmentation
from .selection import UnknownRun

_WIDTH = 100
#: Bytes of a frame that are shown, and in a row.
_SHOWN, _ROW = 256, 16
#: Characters that are shown of what a frame says.
_LABEL = 94
_CUT = {
    Segmentation.AS_IS: "a frame a segment, or as the case says",
    Segmentation.BYTEWISE: "every frame byte by byte",
    Segmentation.JOINED: "as many frames in one segment as can be",
}


def _show(lines: Iterable[str]) -> None:
    """Print the lines. Whoever has read enough of them (`| head`) is not told of an error."""
    try:
        for line in lines:
            sys.stdout.write(f"{line.rstrip()}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# -- the list ----------------------------------------------------------------------------------------------------


def list_runs(runs: list[Run]) -> int:
    """Each selected case with what it proves, by chapter; the last line counts them. Returns the exit code."""
    if not runs:
        print("no case is selected; --list with nothing else shows all of them", file=sys.stderr)
        return 2
    _show(_list(runs))
    return 0


def _list(runs: list[Run]) -> Iterable[str]:
    chapters: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        chapters.setdefault(run.chapter, {}).setdefault(run.case.id, []).append(run)
    for number in sorted(chapters, key=lambda number: int(number or 0)):
        yield f"{number}. {CHAPTERS[number]}" if number else "No requirement"
        for id_, found in chapters[number].items():
            case = found[0].case
            yield f"  {id_}  {_marks(found)}  {' '.join(case.proves)}"
            yield from textwrap.wrap(plain(case.title), _WIDTH - 6, initial_indent=" " * 6, subsequent_indent=" " * 6)
        yield ""
    yield "In brackets: how what is sent is cut: a as is, b byte by byte, j joined."
    yield _counts(runs)


def _marks(runs: list[Run]) -> str:
    """`server[abj] client@ann[abj]`: in which roles a case is played, and in which segmentations."""
    kinds: dict[str, str] = {}
    for run in runs:
        name = f"{run.role}@{run.actor}" if run.actor else str(run.role)
        kinds[name] = kinds.get(name, "") + run.segmentation[0]
    return " ".join(f"{name}[{letters}]" for name, letters in kinds.items())


def _counts(runs: list[Run]) -> str:
    cases = {run.case.id: run.case for run in runs}.values()
    derived = sum(case.derived for case in cases)
    scripts = len(cases) - derived
    both = sum(serves_both(case) for case in cases if not case.derived)
    serving = f"{both} of which {'serves' if both == 1 else 'serve'} both roles"
    return f"{amount(len(runs), 'run')}: {amount(scripts, 'script')}, {serving}, and {amount(derived, 'derived case')}"


def serves_both(case: Case) -> bool:
    """Whether one script is played to servers and to clients."""
    return case.server and bool(case.clients)


# -- one case ----------------------------------------------------------------------------------------------------


def explain(plan: Plan, pattern: str) -> int:
    """Show cases as sequence charts, with their bytes and the text of what they prove. Returns the exit code.

    `pattern` is the id of a case or of a run, perhaps with its role in front (`client:pm/delivered@ann`), or such an id
    with wildcards: then the first run of each case that it fits is shown. Raises `InvalidFile` and `UnknownRun`.
    """
    runs = plan.runs()
    found = [run for run in runs if pattern in _names(run)][:1] or _fitting(runs, pattern)
    if not found:
        known = {name for run in runs for name in (run.id, run.case.id)}
        what = "no selected case" if plan.selection.chooses else "no case"
        raise UnknownRun(f"{what} is called '{pattern}'{suggestion(pattern, known) or '; --list shows all'}")
    _show(_explanations(found, runs))
    return 0


def _fitting(runs: list[Run], pattern: str) -> list[Run]:
    """The first run of each case that an id with wildcards fits."""
    found: dict[str, Run] = {}
    for run in runs:
        if any(fnmatchcase(name, pattern) for name in _names(run)):
            found.setdefault(run.case.id, run)
    return list(found.values())


def _explanations(chosen: list[Run], runs: list[Run]) -> Iterable[str]:
    for number, run in enumerate(chosen):
        if number:
            yield from ("", "=" * _WIDTH, "")
        yield from _explanation(run, [other for other in runs if other.case is run.case])


def _names(run: Run) -> tuple[str, ...]:
    """What a run can be called: the shorter ones are those of several."""
    actor = f"{run.case.id}@{run.actor}" if run.actor else run.case.id
    names = (run.id, actor, run.case.id)
    return (*names, *(f"{run.role}{mark}{name}" for name in names for mark in ": "))


def _explanation(run: Run, all_runs: list[Run]) -> Iterable[str]:
    case = run.case
    yield f"{run.id}: {plain(case.title)}"
    yield ""
    for name, value in _facts(run, all_runs):
        yield f"{name:<10} {value}"
    yield ""
    yield "Proves"
    for id_ in case.proves:
        rule = REQUIREMENTS[id_]
        yield f"  {id_} ({rule.level}, protocol.txt, section {rule.section})"
        yield from textwrap.wrap(rule.text, _WIDTH - 4, initial_indent=" " * 4, subsequent_indent=" " * 4)
    yield ""
    yield "Steps"
    yield from _steps(case)
    yield ""
    moments = rehearse(run)
    yield f"What happens, to a {run.role}{f' in the role of {run.actor}' if run.actor else ''}"
    yield ""
    yield from text(chart_of(run, moments), _WIDTH).splitlines()
    yield ""
    yield "What the suite sends, by the number of the step"
    if run.role is Role.CLIENT:
        yield "(as if the client numbered its requests 1, 2, 3 ...)"
    for moment in moments:
        yield from _bytes(moment, len(case.steps))


def _facts(run: Run, all_runs: list[Run]) -> list[tuple[str, str]]:
    case = run.case
    others = dict.fromkeys(other.id for other in all_runs if other.role != run.role or other.actor != run.actor)
    facts = [("stands in", _place(case)), ("is cut", f"{run.segmentation}: {_CUT[run.segmentation]}")]
    if case.settings:
        facts.append(("settings", ", ".join(f"{name} {value}" for name, value in case.settings.items())))
    if case.own_server and run.role is Role.SERVER:
        facts.append(("needs", "a server of its own"))
    if others:
        facts.append(("also as", " ".join(id_ for id_ in others if "~" not in id_)))
    return facts


def _place(case: Case) -> str:
    if case.derived:
        return f"the spec ({case.steps[0].place})"
    path, _, line = case.steps[0].place.rpartition(":")
    near = os.path.relpath(path)
    return f"{near if not near.startswith('..') else Path(path)}, first step in line {line}"


def _steps(case: Case) -> Iterable[str]:
    """The steps as a file has them, numbered."""
    lines = dump_case(case).split("steps:\n", 1)[1].splitlines()
    for number, line in enumerate(lines, 1):
        yield f"{number:>4}  {line.strip().removeprefix('- ')}"


def _bytes(moment: Moment, steps: int) -> Iterable[str]:
    if not moment.data:
        return
    number = "end" if moment.step > steps else str(moment.step)
    label = plain(moment.row.label)
    yield f"{number:>4}  {label if len(label) <= _LABEL else label[: _LABEL - 4] + ' ...'}"
    for start in range(0, min(len(moment.data), _SHOWN), _ROW):
        row = moment.data[start : start + _ROW]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"      {start:04x}  {row.hex(' '):<{_ROW * 3}} {shown}"
    if len(moment.data) > _SHOWN:
        yield f"      ... {len(moment.data)} bytes in all"
