"""The verbs of the case language: what each takes, and in which roles it can be played.

What a verb takes is told in words: `message`, `fields`, `messages` (pairs of both, a list each), `raw`, `text`, `number`
and `options`; in quotes, a word that stands there itself. A question mark follows what may be left out.
"""

from __future__ import annotations

from typing import NamedTuple

from impwire.tables import Role

CONSOLE, SERVER = "console", "server"


class Verb(NamedTuple):
    """What follows the verb in a step, and in which roles it can be played."""

    takes: str
    roles: tuple[Role, ...] = (Role.SERVER, Role.CLIENT)
    options: tuple[str, ...] = ()


_SERVER_ONLY = (Role.SERVER,)
_CLIENT_ONLY = (Role.CLIENT,)

VERBS: dict[str, Verb] = {
    # Coming and going.
    "connects": Verb("options?", options=("from",)),
    "joins": Verb(""),
    "leaves": Verb(""),
    "ends stream": Verb("", _SERVER_ONLY),
    "drops": Verb("", _SERVER_ONLY),
    "resets": Verb("", _SERVER_ONLY),
    "vanishes": Verb("", _SERVER_ONLY),
    "stops reading": Verb("", _SERVER_ONLY),
    # Frames.
    "sends": Verb("message fields?"),
    "sends bytewise": Verb("message fields?", _SERVER_ONLY),
    "sends together": Verb("messages"),
    "sends raw": Verb("raw", _SERVER_ONLY),
    "floods": Verb("message fields 'until' message fields?", _SERVER_ONLY),
    "receives": Verb("message fields? options?", options=("within", "after")),
    "one receives": Verb("messages 'others' messages", _SERVER_ONLY),
    "reads until": Verb("message fields?", _SERVER_ONLY),
    "receives raw": Verb("raw", _CLIENT_ONLY),
    "receives unshown": Verb("message fields?", _CLIENT_ONLY),
    "sends typed": Verb("message fields? options?", _CLIENT_ONLY, options=("within", "after")),
    "stream ends": Verb("", _CLIENT_ONLY),
    "receives nothing": Verb(""),
    "is closed": Verb(""),
    "is reset": Verb("", _SERVER_ONLY),
    # People at a client.
    "types": Verb("text", _CLIENT_ONLY),
    "types raw": Verb("raw", _CLIENT_ONLY),
    "ends input": Verb("", _CLIENT_ONLY),
    "sends nothing": Verb("", _CLIENT_ONLY),
    "shows": Verb("text", _CLIENT_ONLY),
    "shows line with": Verb("text", _CLIENT_ONLY),
    "shows help": Verb("", _CLIENT_ONLY),
    "complains": Verb("text", _CLIENT_ONLY),
    "warns": Verb("text", _CLIENT_ONLY),
    "exits": Verb("number", _CLIENT_ONLY),
}

# Verbs of those who are no client.
CONSOLE_VERBS: dict[str, Verb] = {
    "types": Verb("text", _SERVER_ONLY),
    "types raw": Verb("raw", _SERVER_ONLY),
    "ends input": Verb("", _SERVER_ONLY),
    "answers": Verb("text", _SERVER_ONLY),
}
SERVER_VERBS: dict[str, Verb] = {
    "is killed and restarted": Verb("", _SERVER_ONLY),
    "is told to end": Verb("", _SERVER_ONLY),
    "is interrupted": Verb("", _SERVER_ONLY),
    "exits": Verb("number", _SERVER_ONLY),
    "logs": Verb("text", _SERVER_ONLY),
    "never logs": Verb("text", _SERVER_ONLY),
}


def verbs_of(actor: str) -> dict[str, Verb]:
    """The verbs of an actor, of the console, or of the server's process."""
    return {CONSOLE: CONSOLE_VERBS, SERVER: SERVER_VERBS}.get(actor, VERBS)
