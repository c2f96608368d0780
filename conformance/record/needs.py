"""What a recorded session asks of the server that plays it again, and which requirements it shows to hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from impwire import messages as m
from impwire.tables import LIMITS, REQUIREMENTS, TIMERS

from ..language.case import Step
from ..language.verbs import CONSOLE
from .causes import Causes, Kind
from .tape import Entry

_E, _G = m.ErrorCode, m.GoodbyeCode
_DEFAULTS = {name: limit.default for name, limit in {**LIMITS, **TIMERS}.items()}
#: A timer that somebody had to wait for is set to no more than this, in ms: nobody wants to wait for it again.
_SHORT = 1000
#: Requests that cost a token without being in the script: fences.
_SPARE = 4

#: The answers that tell that a limit or timer was met: only then does a script ask for its setting.
_MET: dict[str, tuple[Any, ...]] = {
    "max_frame": (_G.FRAME_TOO_LARGE,),
    "max_text": (_E.TEXT_TOO_LONG,),
    "max_name": (_E.NAME_INVALID,),
    "send_queue": (_G.SLOW_CONSUMER,),
    "hello_tries": (_G.TOO_MANY_ATTEMPTS,),
    "rate_burst": (_E.RATE_LIMITED, _G.FLOOD),
    "rate_per_second": (_E.RATE_LIMITED, _G.FLOOD),
    "flood_strikes": (_G.FLOOD,),
    "max_connections": (_G.SERVER_FULL,),
    "connections_per_address": (_G.TOO_MANY_CONNECTIONS,),
    "attempts_per_minute": (_G.TOO_MANY_ATTEMPTS,),
}
_TIMERS = {
    _G.HANDSHAKE_TIMEOUT: ("handshake_timeout",),
    _G.FRAME_TIMEOUT: ("frame_timeout",),
    _G.KEEPALIVE_TIMEOUT: ("ping_after", "pong_timeout"),
}
_TIMED = {_E.RATE_LIMITED, _G.FLOOD, _G.SLOW_CONSUMER}

#: What a session that shows an answer proves.
_PROVEN: dict[Any, str] = {
    "WELCOME": "HELLO-4",
    "OK SAY": "SAY-2",
    "CHAT": "SAY-1",
    "OK PM": "PM-2",
    "WHISPER": "PM-1",
    "ROSTER": "WHO-1",
    "OK RENAME": "RENAME-1",
    "PONG": "PING-1",
    "LEFT": "LEFT-1",
    "NOTICE": "OP-9",
    _E.UNKNOWN_TYPE: "EXT-13",
    _E.UNSUPPORTED_CRITICAL: "EXT-2",
    _E.INVALID_TEXT: "TEXT-4",
    _E.TEXT_EMPTY: "TEXT-4",
    _E.TEXT_TOO_LONG: "TEXT-4",
    _E.NAME_INVALID: "NAME-1",
    _E.NAME_RESERVED: "NAME-4",
    _E.NAME_TAKEN: "NAME-3",
    _E.NAME_BANNED: "OP-3",
    _E.NO_SUCH_USER: "PM-3",
    _E.SELF_TARGET: "PM-4",
    _E.RATE_LIMITED: "RATE-2",
    _G.LEFT: "LEAVE-1",
    _G.MALFORMED: "REQ-5",
    _G.FRAME_TOO_LARGE: "FRAME-4",
    _G.UNEXPECTED_MESSAGE: "STATE-1",
    _G.VERSION_UNSUPPORTED: "HELLO-2",
    _G.HANDSHAKE_TIMEOUT: "TIME-1",
    _G.FRAME_TIMEOUT: "TIME-2",
    _G.KEEPALIVE_TIMEOUT: "TIME-4",
    _G.FLOOD: "RATE-3",
    _G.KICKED: "OP-1",
    _G.BANNED: "OP-2",
    _G.SHUTTING_DOWN: "END-8",
    _G.TOO_MANY_ATTEMPTS: "HELLO-5",
}


def requirements(causes: Causes) -> tuple[str, ...]:
    """The requirements that the recording shows to hold, in the order of protocol.txt; never none."""
    found = {"TRANSPORT-1"}
    for act in causes.acts:
        for entry in act.effects:
            message = entry.message
            code = getattr(message, "code", None)
            if code == _G.LEFT and act.kind is Kind.ENDS:
                found.add("END-3")
            elif code is not None:
                found.add(_PROVEN.get(code, "REQ-1"))
            elif message is not None:
                asked = f" {act.message.NAME}" if isinstance(message, m.Ok) and act.message is not None else ""
                found.add(_PROVEN.get(message.NAME + asked, "ORD-5"))
    return tuple(name for name in REQUIREMENTS if name in found)


def settings(causes: Causes) -> dict[str, int]:
    """The limits and timers that the session depends on, if they are not the defaults or the defaults would not do.

    Only those: a case that asks for settings can be played to few servers.
    """
    told = _DEFAULTS if causes.welcome is None else {name: getattr(causes.welcome, name) for name in _DEFAULTS}
    codes = _codes(causes)
    found = {name: told[name] for name, met in _MET.items() if codes & set(met) and told[name] != _DEFAULTS[name]}
    for code, timers in _TIMERS.items():
        if code in codes:
            found |= {name: min(told[name], _SHORT) for name in timers}
    if causes.pings and told["ping_after"] < _DEFAULTS["ping_after"] and "ping_after" not in found:
        # The script has no PING of the server in it, and is played too fast for one to come.
        found["ping_after"] = _DEFAULTS["ping_after"]
    busiest = max(_costly(causes).values(), default=0) + _SPARE
    if busiest > _DEFAULTS["rate_burst"] and not codes & _TIMED:
        found["rate_burst"] = busiest
    if _crowd(causes) > _DEFAULTS["connections_per_address"]:
        found["connections_per_address"] = _crowd(causes)
    return dict(sorted(found.items()))


def is_fresh(steps: Iterable[Step]) -> bool:
    """Whether the steps leave something behind at the server that no other session must find: a ban."""
    return any(step.actor == CONSOLE and step.text.startswith("/ban") for step in steps)


def doubts(causes: Causes) -> list[tuple[Entry, str]]:
    """The frames that may not come again, since they depend on how fast somebody was."""
    timed = [effect for act in causes.acts for effect in act.effects if getattr(effect.message, "code", None) in _TIMED]
    return [(entry, "this depends on time: another play may be too fast or too slow for it") for entry in timed[:1]]


def _codes(causes: Causes) -> set[Any]:
    return {getattr(effect.message, "code", None) for act in causes.acts for effect in act.effects}


def _costly(causes: Causes) -> Counter[int]:
    """Requests of each connection that cost a token (RATE-1)."""
    free = (m.Hello, m.Leave, m.Pong)
    return Counter(
        act.connection for act in causes.acts if act.kind is Kind.SENDS and not isinstance(act.message, free)
    )


def _crowd(causes: Causes) -> int:
    """The most connections that there were at one time."""
    moments = [(course.inputs[0].at, 1) for course in causes.courses.values()]
    for course in causes.courses.values():
        ends = [act.at for act in course.inputs if act.kind is Kind.RESETS]
        ends += [entry.at for entry, _ in course.outputs if entry.message is None]
        moments += [(min(ends), -1)] if ends else []
    most = here = 0
    for _, change in sorted(moments):
        here += change
        most = max(most, here)
    return most
