"""What is told of a server whose limits are not those that the failed cases are written for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def limits_note(rows: Iterable[Mapping[str, Any]]) -> str:
    """What a failure says of the limits under its key `limits`; empty if there are none."""
    others, unheeded = _sorted(rows)
    parts = []
    if others:
        parts.append(
            f"this server announces {_announced(others)}, and the case is written for servers with the default limits; "
            "it may fail for no other reason, so play it to the target with its default limits"
        )
    if unheeded:
        parts.append(f"the case asks for other settings than the server announces: {_asked(unheeded)}")
    return "; ".join(parts)


def limits_summary(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the summary says of it, once for all failed entries of the JSON report."""
    concerned = [rows for entry in entries if (rows := (entry.get("failure") or {}).get("limits"))]
    others, unheeded = _sorted(row for rows in concerned for row in rows)
    lines = []
    if others:
        count = sum(any(not row["asked"] for row in rows) for rows in concerned)
        lines.append(
            f"{count} of the failures may come of the target's limits: it announces {_announced(others)}, and the cases "
            "are written for servers with the default limits; a full run needs those"
        )
    if unheeded:
        count = sum(any(row["asked"] for row in rows) for rows in concerned)
        lines.append(
            f"{count} of the failures may come of settings that were asked for and are not announced: {_asked(unheeded)}"
        )
    return lines


def _sorted(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The limits that no case has asked for, and those that one has; each limit once."""
    found: dict[tuple[str, bool], Mapping[str, Any]] = {}
    for row in rows:
        found.setdefault((row["name"], row["asked"]), row)
    return [row for row in found.values() if not row["asked"]], [row for row in found.values() if row["asked"]]


def _announced(rows: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['name']} {row['announced']} (default {row['due']})" for row in rows)


def _asked(rows: list[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['name']} {row['announced']} instead of {row['due']}" for row in rows)
