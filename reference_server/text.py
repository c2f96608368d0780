"""Foreign text made harmless for log and console (LOG-2)."""

from __future__ import annotations


def escaped(text: str) -> str:
    """The text in quotes, with every character that is not printable as an escape: it stays on its line."""
    return repr(text)
