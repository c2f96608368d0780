"""The limits and timers that a server announces, seen from a case that is written for others.

A case counts on the defaults of section 15 of protocol.txt, but for what it asks for itself. One that fails on a server
with other limits may show nothing but that, and whoever reads the failure has to know it.
"""

from __future__ import annotations

from impwire import messages as m
from impwire.tables import Settings

from ..language import Case
from ..targets import RunningServer
from ..verdicts import CaseFailed, CaseSkipped, Limit
from .peer import Peer
from .probe import say_hello
from .transcript import Transcript

#: Seconds that a server is given to tell its limits to one who asks for nothing else.
_PATIENCE = 1.0
_DEFAULTS = Settings()


def limits_in(welcome: m.Welcome) -> dict[str, int]:
    """What a WELCOME announces, by the names of section 15."""
    return {name: getattr(welcome, name) for name in Settings.__slots__}


def ask_limits(server: RunningServer, timeout: float, source: str) -> dict[str, int]:
    """What a server announces to a newcomer; empty if it welcomes none, for whatever reason. `timeout` is in seconds."""
    timeout = min(timeout, _PATIENCE)
    try:
        peer = Peer("probe", server.connect(timeout, source=source), timeout, Transcript())
    except (CaseFailed, CaseSkipped):
        return {}
    try:
        say_hello(peer)
        message = peer.next_message("WELCOME")
    except CaseFailed:
        return {}
    finally:
        peer.close()
    return limits_in(message) if isinstance(message, m.Welcome) else {}


def other_limits(case: Case, announced: dict[str, int]) -> tuple[Limit, ...]:
    """Where the announced limits are not those that the case is written for."""
    found = []
    for name, value in announced.items():
        due = case.settings.get(name, getattr(_DEFAULTS, name))
        if value != due:
            found.append(Limit(name, value, due, name in case.settings))
    return tuple(found)
