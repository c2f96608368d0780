"""What the reports share: tables in Markdown, the part of a page that README.md quotes, the machine in words."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown that also reads well as it is; columns of numbers stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(row[column][:1].isdigit() for row in rows[1:]) for column in range(len(widths))]
    lines = [
        "| " + " | ".join(c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (w + 1) + (":" if n else "-") for w, n in zip(widths, numeric, strict=True)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def quote(results: str, text: str) -> str:
    """A part of the results, between the marks of what README.md quotes. `results` is the name of their page."""
    return f"<!-- quoted: benchmarks/results/{results} -->\n{text}<!-- end of the quote -->\n"


def quoted(results: str, page: str) -> str:
    """What README.md quotes of the results, or what it has quoted. Raises ValueError if the marks are missing."""
    return _found(results, page)[2]


def quoting(results: str, page: str, text: str) -> str:
    """The page with its quote of these results made anew from their text."""
    found = _found(results, page)
    return page[: found.start(2)] + quoted(results, text) + page[found.end(2) :]


def _found(results: str, page: str) -> re.Match[str]:
    marks = rf"(<!-- quoted: benchmarks/results/{re.escape(results)} -->\n)(.*?)(<!-- end of the quote -->\n)"
    found = re.search(marks, page, re.S)
    if found is None:
        raise ValueError(f"the marks of what is quoted of {results} are missing")
    return found


def processor() -> str:
    """The name of this machine's processor."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.+)$", facts, re.M)
    return found[1] if found else platform.machine()
