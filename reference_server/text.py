"""Foreign text made harmless for log and console (LOG-2)."""

from __future__ import annotations


def escaped(text: str) -> str:
    """The text in quotes, with every character that is not printable as an escape: it stays on its line."""
    return repr(text)


def harmless(line: str) -> str:
    """A line that may hold foreign text, without quotes: as it is if all of it is printable, and otherwise escaped."""
    return line if line.isprintable() else repr(line)[1:-1]
