"""What is known to fail: lists of cases with the verdict that is expected of each, and of those that fail now and then.

A list is a mapping in YAML. An id is that of a run: `pm/delivered~bytewise`, `pm/delivered@ann~as-is`; without `~` it
stands for all segmentations. The invariant that makes a list worth keeping: whatever stands in it and is not so, is an
error. A case that passes, one that fails otherwise, and an id that no case has cannot stay there unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from .language.strict_yaml import InvalidFile, Node, Problem, Problems, load, suggestion
from .runs import Result, Run
from .verdicts import Failure, Verdict

#: What says nothing of the target, or belongs to no case.
_NO_FAILURE = (Verdict.HARNESS_ERROR, Verdict.CLAIMED, Verdict.KNOWN_FAILURE_PASSED, Verdict.KNOWN_FAILURE_DIFFERS)
_EXPECTABLE = [verdict for verdict in Verdict if verdict.counts_as == "failed" and verdict not in _NO_FAILURE]

_HEADER = """\
# Cases that are known to fail, with the verdict of each; written by --write-known-failures. A case that passes or fails
# in another way is an error of this list. Say why: `id: {verdict: ..., reason: "..."}` keeps its reason when the list is
# written again.
"""


class Known(NamedTuple):
    """How a case is known to fail, why, and where that is said."""

    verdict: Verdict
    reason: str
    node: Node


class Flaky(NamedTuple):
    """Why a case fails now and then, and where that is said."""

    reason: str
    node: Node


def load_failures(path: Path, problems: Problems) -> dict[str, Known]:
    """A list of known failures in a file of its own; nothing but comments is an empty one."""
    return {} if _is_blank(path) else read_failures(load(path, problems))


def _is_blank(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False  # Whoever loads it tells why.
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


def read_failures(node: Node) -> dict[str, Known]:
    """A mapping of ids to verdicts, or to `{verdict, reason}`; mistakes go to the problems of the node."""
    found = {}
    for id_, place, value in node.entries():
        reason = ""
        if isinstance(value.value, dict):
            entry = value.mapping(("verdict",), ("reason",))
            value, reason = entry.at("verdict", ""), entry.string("reason")
        word = value.one_of([str(verdict) for verdict in _EXPECTABLE], "verdict of a failure")
        if word:
            found[id_] = Known(Verdict(word), reason, place)
    return found


def load_flaky(path: Path, problems: Problems) -> dict[str, Flaky]:
    """A list of known flaky cases in a file of its own; nothing but comments is an empty one."""
    return {} if _is_blank(path) else read_flaky(load(path, problems))


def read_flaky(node: Node) -> dict[str, Flaky]:
    """A mapping of ids to reasons; mistakes go to the problems of the node."""
    found = {}
    for id_, place, value in node.entries():
        if not (reason := value.string()) and isinstance(value.value, str):
            value.problem("say why it fails now and then")
        found[id_] = Flaky(reason, place)
    return found


@dataclass(frozen=True)
class Expectations:
    """The known failures and the known flaky cases of a run of the suite, by id."""

    failures: dict[str, Known] = field(default_factory=dict)
    flaky: dict[str, Flaky] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.failures or self.flaky)

    def with_files(self, failures: str, flaky: str) -> Expectations:
        """With the lists in these files (no file if the path is empty). Raises `InvalidFile`."""
        problems = Problems()
        made = self.with_those_of(
            load_failures(Path(failures), problems) if failures else {},
            load_flaky(Path(flaky), problems) if flaky else {},
        )
        for id_, entry in made.flaky.items():
            if id_ in made.failures:
                place = f"{made.failures[id_].node.file}:{made.failures[id_].node.line}"
                problems.append(_problem(entry.node, f"'{id_}' is a known failure too ({place}); it can be but one"))
        if problems:
            raise InvalidFile(problems)
        return made

    def with_those_of(self, failures: dict[str, Known], flaky: dict[str, Flaky]) -> Expectations:
        """With these entries, each in the place of an earlier one with its id."""
        return Expectations({**self.failures, **failures}, {**self.flaky, **flaky})

    def check(self, runs: Iterable[Run]) -> None:
        """Compare with every run that there is, selected or not. Raises `InvalidFile` for ids that none has."""
        known = {name for run in runs for name in _names(run)}
        nodes = {id_: entry.node for id_, entry in self.failures.items()}
        nodes |= {id_: entry.node for id_, entry in self.flaky.items()}
        problems = Problems(
            _problem(node, f"no case '{id_}'{suggestion(id_, known)}")
            for id_, node in nodes.items()
            if id_ not in known
        )
        if problems:
            raise InvalidFile(problems)

    def judge(self, result: Result) -> Result:
        """The result in the light of what is known. Skipped cases and faults of the suite stay what they are."""
        if result.verdict in (Verdict.SKIPPED, Verdict.NOT_STRICT, *_NO_FAILURE):
            return result
        failed = result.verdict is not Verdict.PASSED
        if (known := self._known(result.run)) is not None:
            return _judged(result, known)
        flaky = next((self.flaky[name] for name in _names(result.run) if name in self.flaky), None)
        if failed and flaky is not None:
            return replace(result, verdict=Verdict.KNOWN_FLAKY, found=result.verdict, text=flaky.reason)
        return result

    def written(self, entries: Iterable[dict[str, Any]], runs: Iterable[Run]) -> str:
        """The list of what has failed, as a file: from the entries of the JSON report and every run that there is.

        What was not played stays as this list has it, and what fails as before keeps its reason.
        """
        siblings: dict[str, list[str]] = {}
        verdicts: dict[str, Verdict] = {}
        for run in runs:
            exact, stem = _names(run)
            siblings.setdefault(stem, []).append(exact)
            if (known := self._known(run)) is not None:
                verdicts[exact] = known.verdict
        # Of a case that is repeated, a failure counts more than a pass.
        for entry in sorted(entries, key=lambda entry: bool(entry["counts_as"] != "passed")):
            exact = f"{entry['id'].partition('~')[0]}~{entry['segmentation']}"
            verdict = Verdict(entry.get("found", entry["verdict"]))
            if verdict in _EXPECTABLE and entry["verdict"] != Verdict.KNOWN_FLAKY:
                verdicts[exact] = verdict
            elif entry["counts_as"] != "skipped":
                verdicts.pop(exact, None)
        lines = []
        for stem, names in siblings.items():
            found = {verdicts.get(name) for name in names}
            if len(found) == 1 and (common := found.pop()) is not None:
                lines.append(self._line(stem, common, (stem, *names)))
            else:
                lines += [self._line(name, verdicts[name], (name, stem)) for name in names if name in verdicts]
        return _HEADER + ("\n".join(sorted(lines)) or "{}") + "\n"

    def _line(self, id_: str, verdict: Verdict, names: tuple[str, ...]) -> str:
        """A line of the list, with the reason that one of the names had for the verdict."""
        known = [self.failures[name] for name in names if name in self.failures]
        reason = next((entry.reason for entry in known if entry.verdict is verdict and entry.reason), "")
        if not reason:
            return f"{id_}: {verdict}"
        return f"{id_}: {{verdict: {verdict}, reason: {json.dumps(reason, ensure_ascii=False)}}}"

    def with_old_list(self, path: Path | None) -> Expectations:
        """With what stands in the file that is to be written again, if there is one. Raises `InvalidFile`."""
        # A device or a pipe that the list is written to is not read: it need not end.
        return self.with_files(str(path), "") if path is not None and path.is_file() else self

    def _known(self, run: Run) -> Known | None:
        """What is known of a run: what is said of its segmentation goes before what is said of all."""
        return next((self.failures[name] for name in _names(run) if name in self.failures), None)


def _judged(result: Result, known: Known) -> Result:
    place = f"{known.node.file}:{known.node.line}"
    because = f" ({known.reason})" if known.reason else ""
    if result.verdict is known.verdict:
        text = known.reason or f"known to fail so: {place}"
        return replace(result, verdict=Verdict.KNOWN_FAILURE, found=result.verdict, text=text)
    if result.verdict is Verdict.PASSED:
        text = f"known to fail with '{known.verdict}'{because}, and passes now: take it off the list, {place}"
        failure = Failure(text)
        verdict = Verdict.KNOWN_FAILURE_PASSED
    else:
        text = f"known to fail with '{known.verdict}'{because}, and failed with '{result.verdict}': {place}"
        failure = replace(result.failure or Failure(""), text=f"{text}\n{result.text}")
        verdict = Verdict.KNOWN_FAILURE_DIFFERS
    return replace(result, verdict=verdict, found=result.verdict, text=failure.text, failure=failure)


def _names(run: Run) -> tuple[str, str]:
    """The ids under which a list can name the run, the exact one first."""
    stem = run.id.partition("~")[0]
    return f"{stem}~{run.segmentation}", stem


def _problem(node: Node, text: str) -> Problem:
    return Problem(node.file, node.line, node.column, text, "unknown-name")
