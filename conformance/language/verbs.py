"""The verbs of the case language: what each takes, and in which roles it can be played."""

from __future__ import annotations

from typing import NamedTuple

from impwire.tables import Role

CONSOLE, SERVER = "console", "server"


class Verb(NamedTuple):
    """What follows the verb in a step, and in which roles it can be played."""

    takes: str
    roles: tuple[Role, ...] = (Role.SERVER, Role.CLIENT)


_SERVER_ONLY = (Role.SERVER,)
_CLIENT_ONLY = (Role.CLIENT,)

VERBS: dict[str, Verb] = {
    # Coming and going.
    "connects": Verb(""),
    "joins": Verb(""),
    "leaves": Verb(""),
    "ends stream": Verb("", roles=_SERVER_ONLY),
    "drops": Verb("", roles=_SERVER_ONLY),
    "resets": Verb("", roles=_SERVER_ONLY),
    "vanishes": Verb("", roles=_SERVER_ONLY),
    "stops reading": Verb("", roles=_SERVER_ONLY),
    # Frames.
    "sends": Verb("message fields?"),
    "sends bytewise": Verb("message fields?", roles=_SERVER_ONLY),
    "sends together": Verb("messages", roles=_SERVER_ONLY),
    "sends raw": Verb("raw", roles=_SERVER_ONLY),
    "floods": Verb("message fields until message fields?", roles=_SERVER_ONLY),
    "receives": Verb("message fields? options?"),
    "reads until": Verb("message fields?", roles=_SERVER_ONLY),
    "receives raw": Verb("raw", roles=_CLIENT_ONLY),
    "receives unshown": Verb("message fields?", roles=_CLIENT_ONLY),
    "sends typed": Verb("message fields?", roles=_CLIENT_ONLY),
    "stream ends": Verb("", roles=_CLIENT_ONLY),
    "receives nothing": Verb(""),
    "is closed": Verb(""),
    "is reset": Verb("", roles=_SERVER_ONLY),
    # People at a client.
    "types": Verb("text", roles=_CLIENT_ONLY),
    "ends input": Verb("", roles=_CLIENT_ONLY),
    "sends nothing": Verb("", roles=_CLIENT_ONLY),
    "shows": Verb("text", roles=_CLIENT_ONLY),
    "shows line with": Verb("text", roles=_CLIENT_ONLY),
    "shows help": Verb("", roles=_CLIENT_ONLY),
    "complains": Verb("text", roles=_CLIENT_ONLY),
    "exits": Verb("number", roles=_CLIENT_ONLY),
}

# Verbs of those who are no client.
CONSOLE_VERBS: dict[str, Verb] = {"types": Verb("text", _SERVER_ONLY)}
SERVER_VERBS: dict[str, Verb] = {
    "is killed and restarted": Verb("", _SERVER_ONLY),
    "is told to end": Verb("", _SERVER_ONLY),
    "exits": Verb("number", _SERVER_ONLY),
}


def verbs_of(actor: str) -> dict[str, Verb]:
    """The verbs of an actor, of the console, or of the server's process."""
    return {CONSOLE: CONSOLE_VERBS, SERVER: SERVER_VERBS}.get(actor, VERBS)
