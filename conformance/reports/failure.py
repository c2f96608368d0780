"""A failure for people: the case, what it proves, what was due and what came."""

from __future__ import annotations

import textwrap
from typing import Any

from impwire.tables import REQUIREMENTS

from ..play.transcript import event_from_json
from ..verdicts import Verdict


def explain_failure(entry: dict[str, Any], rerun: str) -> str:
    """The failure of an entry of the JSON report. `rerun` is the command line that a case's id completes."""
    failure = entry["failure"]
    lines = [f"{entry['role']} {entry['id']}: {entry['verdict']}", f"  {entry['title']}", ""]
    if failure["step"]:
        lines.append(f"  at {failure['place']}: {failure['step']}")
    lines += textwrap.indent(failure["text"], "  ").splitlines()
    if entry["verdict"] not in (Verdict.NOT_STARTED, Verdict.HARNESS_ERROR):
        lines.append("")
        for requirement in entry["proves"]:
            rule = REQUIREMENTS[requirement]
            text = f"{requirement} (protocol.txt, section {rule.section}): {rule.text}"
            lines.append(textwrap.fill(text, 110, initial_indent="  ", subsequent_indent="    "))
    story = "\n".join(str(event_from_json(event)) for event in entry.get("events", ()))
    lines += ["", *textwrap.indent(story, "  ").splitlines()]
    return "\n".join(lines)
