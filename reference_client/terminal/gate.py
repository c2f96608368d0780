"""What of a text may reach the terminal: nothing that acts on it, whoever wrote it (CLIENT-5).

`tamed` makes a line fit to be looked at. `harmless_cells` is the gate through which goes all that is printed, the line
being typed, the status line and the completions, too; only escape sequences go around it.
"""

from __future__ import annotations

import unicodedata

from prompt_toolkit.utils import get_cwidth

from ..display import harmless

#: Marks that a character may bear. Scripts stack up to six or so; hundreds would paint over the lines around.
_MARKS = 8

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})

# What runs from right to left is kept from reordering what stands beside it, a name above all.
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"


def tamed(line: str) -> str:
    """The line, harmless, and without the marks that no script needs; an ellipsis stands for those."""
    return _without_piles(harmless(line), "…")


def _without_piles(text: str, sign: str) -> str:
    if text.isascii():
        return text
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if get_cwidth(character) == 0 else 0
        if marks <= _MARKS:
            kept.append(character)
        elif marks == _MARKS + 1:
            kept.append(sign)
    return "".join(kept)


def is_right_to_left(text: str) -> bool:
    """Whether any of the text runs from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)


def harmless_cells(text: str) -> str:
    """The text, harmless, and as wide as prompt_toolkit believes it to be."""
    text = _without_piles(text, "")
    if text.isprintable():
        return text
    return "".join(character if harmless(character) == character else "?" * get_cwidth(character) for character in text)
