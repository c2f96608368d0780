"""The section `sessions` of a spec: worked examples of who tells whom what, in order.

A program makes them with the generated codecs, which a change of the spec changes first. So a message or field that there is
no more is no mistake here: the rule `wrong-session` of lint tells it, and what was generated stays usable meanwhile.
"""

from __future__ import annotations

import re

from ..model import Session, SessionStep
from ..support.strict_yaml import Mapping, Node
from .source import Source

#: What can happen to a connection.
_EVENTS = ("opens", "ends", "resets")
_GROUPS = re.compile(r"[0-9a-f]{2}(?: ?[0-9a-f]{2})*")


def read_sessions(source: Source) -> tuple[Session, ...]:
    """The sessions, in the order of the file."""
    found: list[Session] = []
    for node in source.section("sessions", []).items():
        entry = node.mapping(("name", "title", "doc", "actors", "steps"), ("given",))
        name = entry.string("name")
        if name and any(session.name == name for session in found):
            entry.at("name").problem(f"session '{name}' stands here a second time", "duplicate-name")
        actors = tuple(item.string() for item in entry.items("actors"))
        if len(actors) < 2 and entry.holds("actors", list):
            entry.at("actors").problem("a session has two actors at least", "session-form")
        steps = tuple(_step(item, actors) for item in entry.items("steps"))
        title, doc, given = entry.string("title"), entry.string("doc"), entry.string("given")
        found.append(Session(name, title, doc, given, actors, steps))
    return tuple(found)


def _step(node: Node, actors: tuple[str, ...]) -> SessionStep:
    keys = node.value if isinstance(node.value, dict) else {}
    if "note" in keys:
        entry = node.mapping(("note",), ("at",))
        place = _actor(entry, "at", actors)
        return SessionStep("note", place, place, entry.string("note"), "", {}, "")
    if "event" in keys:
        entry = node.mapping(("from", "to", "event"), ("text",))
        kind = str(entry.at("event").one_of(_EVENTS, "event"))
        return SessionStep(kind, *_ends(entry, actors), entry.string("text"), "", {}, "")
    if "bytes" in keys:
        entry = node.mapping(("from", "to", "bytes", "text"))
        return SessionStep("bytes", *_ends(entry, actors), entry.string("text"), "", {}, _hex(entry, "bytes"))
    entry = node.mapping(("from", "to", "message", "text", "fields", "hex"))
    fields = {name: value.plain() for name, _, value in entry.entries("fields")}
    message, text = entry.string("message"), entry.string("text")
    return SessionStep("frame", *_ends(entry, actors), text, message, fields, _hex(entry, "hex"))


def _ends(entry: Mapping, actors: tuple[str, ...]) -> tuple[str, str]:
    source, target = _actor(entry, "from", actors), _actor(entry, "to", actors)
    if source and source == target:
        entry.at("to").problem("what passes, passes from one actor to another", "session-form")
    return source, target


def _actor(entry: Mapping, key: str, actors: tuple[str, ...]) -> str:
    """The actor; empty if none is named."""
    return str(entry.at(key).one_of(actors, "actor")) if key in entry else ""


def _hex(entry: Mapping, key: str) -> str:
    """Digits in groups, one blank between two."""
    text = " ".join(entry.string(key).split())
    if not _GROUPS.fullmatch(text) and entry.holds(key, str):
        entry.at(key).problem("expected pairs of lower-case hexadecimal digits", "session-form")
        return ""
    return text
