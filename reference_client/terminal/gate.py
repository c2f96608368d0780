"""What of a text may reach the terminal: nothing that acts on it, whoever wrote it (CLIENT-5).

`tamed` makes a line fit to be looked at. `harmless_cells` is the gate through which goes all that is printed, the line
being typed, the status line and the completions, too; only escape sequences go around it. What prompt_toolkit draws place by
place goes through `unjoined` as well.
"""

from __future__ import annotations

import unicodedata

from prompt_toolkit.utils import get_cwidth

from ..display import harmless

#: Marks that a character may bear. Scripts stack up to six or so; hundreds would paint over the lines around.
_MARKS = 8

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})

#: What joins a character to the next one.
_JOINER = "\u200d"

#: Characters that change those beside them, and what stands for them where each is to stand by itself, as wide as it is
#: counted: letters for those of flags, a square for a colour of skin.
_BY_THEMSELVES = {
    0xFE0E: "",
    0xFE0F: "",
    **{0x1F1E6 + letter: chr((0xFF21 if get_cwidth("\U0001f1e6") > 1 else 0x41) + letter) for letter in range(26)},
    **{tone: "\U0001f7eb" if get_cwidth(chr(tone)) else "" for tone in range(0x1F3FB, 0x1F400)},
}

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


def unjoined(cell: str) -> str:
    """What stands in one place of the line being typed, without what would move the places behind it: many terminals draw
    several characters as one emoji, where prompt_toolkit counts each by itself."""
    if cell.isascii():
        return cell
    cell = cell.translate(_BY_THEMSELVES)
    return cell if cell[:1].isalpha() else cell.rstrip(_JOINER)
