"""The lines that a client shows (protocol.txt, section 18), from their table.

The suite works them out for itself: what it shared with a client under test, it could not find wrong.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from impwire.tables import DISPLAY, FAILURES
from impwire.wire import Message


def display_line(message: Message, answered: Message | None, own_name: str) -> tuple[str, str] | None:
    """The line for a message and the stream that it belongs to; None if the table has none."""
    for entry in DISPLAY:
        if entry.message is not type(message) or (entry.answers and not isinstance(answered, entry.answers)):
            continue
        if all(_has(getattr(message, name), value) for name, value in entry.when.items()):
            return re.sub(
                r"\{([a-z0-9_.]+)\}", lambda found: _part(found[1], message, answered, own_name), entry.line
            ), entry.stream
    return None


def _has(found: Any, wanted: Any) -> bool:
    return bool(found == wanted or getattr(found, "name", None) == wanted)


def _part(path: str, message: Message, answered: Message | None, own_name: str) -> str:
    if path == "self":
        return own_name
    if path == "says":
        name = getattr(message.code, "name", "")  # type: ignore[attr-defined]
        return FAILURES[name].says if name in FAILURES else f"code {message.code:d}"  # type: ignore[attr-defined]
    value: Any = answered if path.startswith("request.") else message
    for part in path.removeprefix("request.").split("."):
        value = [getattr(item, part) for item in value] if isinstance(value, tuple) else getattr(value, part)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return "".join(_harmless(character) for character in text)


def _harmless(character: str) -> str:
    """A character as a client shows it (CLIENT-5)."""
    if character == "\n":
        return "\u21b5"
    if character == "\t":
        return " "
    if character in "\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character
    return f"<U+{ord(character):04X}>"
