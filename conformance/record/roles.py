"""As which of its actors a recorded session can also be played to a client.

Against a client, the suite is the server: what the actor sends has to be something that a person types, and what it is told
has to follow from steps that the suite can play in that role. So an actor qualifies that comes and goes in one plain way,
says what a line of the client says, and is refused nothing but for its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from impwire import messages as m
from impwire.tables import LIMITS, Role

from ..language.case import Part, Step
from ..language.verbs import CONSOLE, SERVER, verbs_of

_SAID = {"SAY": ("text",), "PM": ("to", "text"), "WHO": (), "RENAME": ("name",)}
_NAMES = ("to", "name")
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{LIMITS['max_name'].default - 1}}}")
#: Refusals that end a stay, or that a client answers by waiting: what it does then is no line of a script.
_LONG_STORIES = (m.ErrorCode.RATE_LIMITED.name, m.GoodbyeCode.FLOOD.name)


def clients_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The actors whose every step a person at a client could have caused, or seen."""
    own: dict[str, list[Step]] = {}
    for step in steps:
        own.setdefault(step.actor, []).append(step)
    return tuple(actor for actor in own if actor not in (CONSOLE, SERVER) and _is_plain(own[actor]))


def _is_plain(steps: list[Step]) -> bool:
    comings = [step.verb for step in steps if step.verb in ("connects", "joins")]
    if comings != ["joins"] or steps[0].verb != "joins":
        return False
    return all(Role.CLIENT in verbs_of(step.actor)[step.verb].roles and _fits(step) for step in steps)


def _fits(step: Step) -> bool:
    if step.verb.startswith("sends"):
        return all(_is_typed(part) for part in step.parts)
    fields = step.fields
    strangers = [value for name, value in fields.items() if name in ("who", "entries") and "$who" in str(value)]
    return step.message != "PING" and fields.get("code") not in _LONG_STORIES and not strangers


def _is_typed(part: Part) -> bool:
    """Whether a line that a person types makes a client send just this."""
    if part.message not in _SAID or set(part.fields) != set(_SAID[part.message]):
        return False
    return all(_can_be_typed(name, value) for name, value in part.fields.items())


def _can_be_typed(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if name in _NAMES:
        return bool(_NAME.fullmatch(value))
    return value.strip() == value and value.isprintable() and 0 < len(value.encode()) <= LIMITS["max_text"].default
