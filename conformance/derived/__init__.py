"""Cases that follow from the spec: nobody has to write them, and none is forgotten."""

from __future__ import annotations

from ..language import Case


def derived_cases() -> list[Case]:
    """All of them, in a fixed order."""
    return []
