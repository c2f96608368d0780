"""What a person sees for each message: the lines of `impwire.tables.DISPLAY` (protocol.txt, section 18).

A message, the request that it answers and the client's own name go in; the line of the first entry that fits comes out.
The table alone says which message shows what. The invariant: whatever is put into a line has passed `harmless`, so the
only characters that act on a terminal are those the caller adds.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import Any, NamedTuple

from impwire import Message
from impwire.messages import Ok
from impwire.tables import DISPLAY, FAILURES, DisplayLine

_PLACEHOLDER = re.compile(r"\{([a-z0-9_.]+)\}")

#: What stands in front of the first placeholder that follows a colon: there the text of a line begins.
_LABEL = re.compile(r"(.*?: )\{")

#: Joiners, without which several scripts cannot be written.
_KEPT = frozenset("\u200c\u200d")


class Show(NamedTuple):
    """A line for people, harmless and without its line feed, and what a terminal may make of it.

    `stream` is 'output' or 'error'. `kind` is the NAME of the message (for an OK that of the request that it answers), or
    EXPLANATION, NOTE, HELP or END. `time` is the message's time stamp in ms since the epoch, None where it has none.
    `indent` is the index in the line at which the text begins, for a hanging indent, 0 if there is none. `speaker` is the
    name of who speaks or acts, '' for the server.
    """

    line: str
    stream: str = "output"
    kind: str = ""
    time: int | None = None
    indent: int = 0
    speaker: str = ""


def harmless(text: str) -> str:
    """The text with everything replaced that could act on a terminal or pass for another line.

    A line feed becomes U+21B5, a tab a space, and any other invisible character its number: <U+202E> (CLIENT-5).
    """
    if text.isprintable():  # Printable means: of none of the categories in CLIENT-5. Most texts end here.
        return text
    return "".join(map(_harmless_character, text))


def _harmless_character(character: str) -> str:
    if character == "\n":
        return "\u21b5"
    if character == "\t":
        return " "
    # Besides those of CLIENT-5, Python calls only the wide and narrow spaces (Zs) unprintable.
    if character.isprintable() or character in _KEPT or unicodedata.category(character) == "Zs":
        return character
    return f"<U+{ord(character):04X}>"


def place(host: str, port: int) -> str:
    """Host and port as they are shown: 127.0.0.1:8092, [::1]:8092."""
    return harmless(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def shown(message: Message, answers: Message | None, own_name: str) -> Show | None:
    """The line for a message, or None if it shows nothing (CLIENT-4). A reason that is not known has a line as well (LEFT-2).

    `answers` is the request that the message answers, if any; `own_name` the client's name before the message.
    """
    for entry in DISPLAY:
        if _fits(entry, message, answers):
            break
    else:
        return None

    def fill(template: str) -> str:
        return _PLACEHOLDER.sub(lambda match: _value(match[1], message, answers, own_name), template)

    label = _LABEL.match(entry.line)
    own = isinstance(message, Ok)
    return Show(
        fill(entry.line),
        entry.stream,
        kind=answers.NAME if own and answers is not None else message.NAME,
        time=getattr(message, "time", None),
        indent=len(fill(label[1])) if label else 0,
        speaker=harmless(own_name if own else getattr(getattr(message, "who", None), "name", "")),
    )


def _fits(entry: DisplayLine, message: Message, answers: Message | None) -> bool:
    return (
        isinstance(message, entry.message)
        and (entry.answers is None or isinstance(answers, entry.answers))
        and all(_comparable(getattr(message, field)) == wanted for field, wanted in entry.when.items())
    )


def _comparable(value: Any) -> Any:
    """The table names members of an enumeration; every other value stands for itself."""
    return value.name if isinstance(value, Enum) else value


def _value(path: str, message: Message, answers: Message | None, own_name: str) -> str:
    """What a placeholder stands for."""
    if path == "self":
        return harmless(own_name)
    if path == "says":
        return says(message.code)  # type: ignore[attr-defined]
    source: Any = message
    if path.startswith("request."):
        source, path = answers, path.removeprefix("request.")
    return ", ".join(harmless(str(_comparable(value))) for value in _follow([source], path))


def _follow(values: list[Any], path: str) -> list[Any]:
    """The attribute at the end of the path, of each item wherever the path meets an array."""
    for attribute in path.split("."):
        found = [getattr(value, attribute) for value in values]
        values = [item for value in found for item in (value if isinstance(value, tuple) else (value,))]
    return values


def says(code: int) -> str:
    """The words for the code of an ERROR or GOODBYE; a later version may have codes without any (ERROR-3, GOODBYE-2)."""
    return FAILURES[code.name].says if isinstance(code, Enum) else f"code {code}"
