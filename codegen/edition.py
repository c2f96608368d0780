"""The edition of a spec: a fingerprint by which two people see whether they hold the same state of a version.

All that binds counts: what peers send, what holds them, and what people type and are shown; descriptions of these too, since
often they alone say what a number means. What explains does not count: prose, the examples in bytes and the worked sessions,
nor where the files are written. (The sessions must not: a program makes them with the codecs that are generated from the
rest, and these bear the edition.) Neither does anything of the YAML that no reader of the model sees: comments, the order of
keys, the file in which a section stands.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from .model import Spec

DIGITS = 8
#: The parts of a spec that bind nobody. Types count where they are used, requirements and transitions as `_binding` has them.
_PASSED_OVER = frozenset(
    (
        *("abstract", "package", "document", "exports", "support", "sources"),
        *("types", "transitions", "chapters", "rules", "vectors", "sessions"),
    )
)
#: The attributes whose items mean the same in any order.
_UNORDERED = frozenset(
    ("bits", "constants", "limits", "messages", "numbering", "optional", "replies", "states", "values")
)
#: The attributes in which each blank counts. Elsewhere white space is layout.
_VERBATIM = frozenset(("allowed", "line", "pattern", "plain", "sends", "value", "when"))


def edition(spec: Spec) -> str:
    """The edition as hexadecimal digits. It does not depend on Python, the machine or the day."""
    text = json.dumps(_binding(spec), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _binding(spec: Spec) -> dict[str, Any]:
    """All that counts, as JSON has it."""
    moves = {(move.message, source): move.target for move in spec.transitions for source in move.sources}
    counted: dict[str, Any] = _plain(spec, "")
    return counted | {
        "begins": [state.name for state in spec.states[:1]],
        "moves": sorted([*move, target] for move, target in moves.items() if move[1] != target),
        # The place counts, since a sentence may speak of all requirements of a section.
        "requirements": {rule.id: [place, _plain(rule, "")] for place, rule in spec.requirements()},
    }


def _plain(value: Any, name: str) -> Any:
    """The value of the attribute of that name, as JSON has it."""
    if is_dataclass(value):
        # What is as it is by default is left out: an addition to the model changes no edition that has no use for it.
        return {
            field.name: _plain(given, field.name)
            for field in fields(value)
            if (given := getattr(value, field.name)) != field.default or field.default is MISSING
            if field.name not in _PASSED_OVER
        }
    if isinstance(value, dict):
        return {key: _plain(item, name) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        if name in _UNORDERED:
            return sorted((_plain(item, "") for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return [_plain(item, name) for item in value]
    return " ".join(value.split()) if isinstance(value, str) and name not in _VERBATIM else value
