"""What a target can have that some cases need, and how it comes to have it."""

from __future__ import annotations

from enum import StrEnum

from impwire.tables import Role

from ..language import SERVER, Case


class Capability(StrEnum):
    """A target file names under `capabilities` those that it claims. What is claimed and lacking fails the case."""

    #: Limits and timers can be set for a case.
    SETTINGS = "settings"
    #: The suite can type at the operator's console.
    CONSOLE = "console"
    #: The server finds its bans again when it was killed.
    RESTART = "restart"
    #: The server can be told to end, as by its system.
    STOP = "stop"
    #: A server of its own for a case. Every command offers it, no address does; so it need not be claimed.
    OWN_SERVER = "own server"
    #: A client shows the lines of section 18.
    DISPLAY = "display"


CLAIMABLE = {
    Role.SERVER: (Capability.SETTINGS, Capability.CONSOLE, Capability.RESTART, Capability.STOP),
    Role.CLIENT: (Capability.DISPLAY,),
}

#: Verbs that look at what a client shows, and at nothing else.
_SHOWING = ("shows", "shows line with", "shows help", "complains")


def needed(case: Case, role: Role) -> list[Capability]:
    """What the case needs of a target in that role, the hardest to offer first."""
    if role is Role.CLIENT:
        return [Capability.DISPLAY] if any(step.verb in _SHOWING for step in case.steps) else []
    stopped = any(step.actor == SERVER and step.verb in ("is told to end", "is interrupted") for step in case.steps)
    needs = {
        Capability.OWN_SERVER: case.own_server,
        Capability.CONSOLE: case.uses_console,
        Capability.RESTART: case.uses_files,
        Capability.STOP: stopped,
        Capability.SETTINGS: bool(case.settings),
    }
    return [capability for capability, is_needed in needs.items() if is_needed]
