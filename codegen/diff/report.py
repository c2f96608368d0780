"""What changed between two versions of a spec, and for whom: `python -m codegen diff OLD NEW`.

`changes(old, new)` compares the models, so that what the YAML says in other words is no change. Renames are found first
and carried through the old spec; then every attribute of the model that differs is put before a judge, and one that has
no judge is reported as `other-change`. Nothing that differs goes unreported but the names of the files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..model import Spec
from .renames import carry
from .rules import CATEGORIES, RULES, WIRE, Change, Findings, became
from .sections import SpecComparison


def changes(old: Spec, new: Spec) -> list[Change]:
    """Every change from the old spec to the new one: the worst first, then by rule, then in the order of the spec."""
    found = Findings()
    SpecComparison(carry(old, new, found), new, found).spec()
    _judge_version(old.version, new.version, found)
    if not found and replace(old, sources=new.sources) != new:
        found.tell("other-change", "spec", "something changed that no rule looks at")
    ranks = {rule: rank for rank, rule in enumerate(RULES)}
    return sorted(dict.fromkeys(found), key=lambda change: ranks[change.rule])


def breaks_the_wire(found: Sequence[Change]) -> bool:
    """Whether peers of the two versions can fail to understand each other."""
    return any(change.category == WIRE for change in found)


def report(found: Sequence[Change]) -> str:
    """The changes for people, by category, and their number in the last line."""
    if not found:
        return "no change\n"
    width = max(len(change.rule) for change in found)
    text = ""
    for category in CATEGORIES:
        lines = [f"  {c.rule:<{width}}  {c.place}: {c.text}\n" for c in found if c.category == category]
        text += f"{category}\n{''.join(lines)}\n" if lines else ""
    counts = Counter(change.category for change in found)
    totals = [f"{counts[one]} {one if counts[one] == 1 else many}" for one, many in CATEGORIES.items()]
    return f"{text}{', '.join(totals)}\n"


def rules() -> str:
    """Every rule with its sentence, by category."""
    width = max(map(len, RULES))
    parts = []
    for category in CATEGORIES:
        lines = [f"  {rule.id:<{width}}  {rule.sentence}\n" for rule in RULES.values() if rule.category == category]
        parts.append(f"{category}\n{''.join(lines)}")
    return "\n".join(parts)


def _judge_version(old: str, new: str, found: Findings) -> None:
    """Whether the version rose as far as the changes ask. Below 1.0 a minor version may break all."""
    before, after = ([*map(int, re.findall("[0-9]+", version)), 0, 0, 0][:3] for version in (old, new))
    major = after[0] > before[0] or (after[0] == before[0] == 0 and after[1] > before[1])
    said = became(old, new) if old != new else f"still {new}"
    if after < before:
        found.tell("version-not-raised", "protocol", f"{said}, which is lower")
    elif breaks_the_wire(found) and not major:
        found.tell("version-not-raised", "protocol", f"{said}; what breaks peers takes a new major version")
    elif any(RULES[change.rule].adds for change in found) and after[:2] == before[:2]:
        found.tell("version-not-raised", "protocol", f"{said}; what is added takes a new minor version")
