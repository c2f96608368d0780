"""What `play` would send, without a target: the same frames with the same defaults, and nobody who answers.

What a target decides is not known here. A client numbers its requests as it likes; here, 1, 2, 3.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.wire import Message, WireError

from ..language import Case, Part, Step
from ..language.values import Unbound, field_constructs
from ..targets import RunningClient, RunningServer
from .actor import ANSWERS, Actor
from .client_role import ClientPlay
from .display import display_line
from .peer import Peer, build
from .server_role import ServerPlay
from .transcript import Transcript


class ServerBytes(ServerPlay):
    """The frames of the actors, without connections."""

    def __init__(self, case: Case) -> None:
        super().__init__(case, cast(RunningServer, None), 0.0, Transcript())

    def arrive(self, name: str) -> None:
        self.actors[name] = Actor(name, cast(Peer, None))

    def enter(self, name: str) -> None:
        """The actor has been welcomed."""
        self.scope.variables.setdefault(name, m.User(session_id=len(self.scope.variables) + 1, name=name))
        self.actors[name].user = True

    def frames(self, step: Step) -> list[bytes]:
        """What the step sends; nothing where that depends on what the target has said."""
        try:
            return [outgoing.data for outgoing in self._frames(self.actors[step.actor], step)]
        except (Unbound, WireError):
            return []


class ClientBytes(ClientPlay):
    """The frames of the suite as a server, without a connection."""

    def __init__(self, case: Case, actor: str) -> None:
        super().__init__(case, actor, cast(RunningClient, None), 0.0, Transcript())
        self.peer = cast(Peer, SimpleNamespace(limit=0, end_stream=lambda: None))
        self._asked = 0

    def ask(self, part: Part) -> None:
        """The client sends a message; what it leaves open is filled in."""
        self._asked += 1
        self.scope.variables["request"] = self._asked
        if part.message != "PONG":
            self.requests.append(self._request(part))

    def _request(self, part: Part) -> Message:
        usual = {"min_version": 0x0100, "max_version": 0x0100, "capabilities": 0, "after": "", "limit": 0, "nonce": 0}
        constructs = field_constructs(part.message)
        try:
            given = {
                name: self.scope.to_send(part.fields[name], constructs[name])
                for name in constructs
                if name in part.fields
            }
            values = {name: given.get(name, usual.get(name, "")) for name in constructs}
            return CODECS.decode(build(part.message, {**values, "request_id": self._asked}), unchecked=True)
        except (Unbound, WireError, TypeError, ValueError):
            # It expects no certain value; all that matters of it is then its number.
            return m.Leave(request_id=self._asked)

    def tell(self, part: Part) -> tuple[bytes, tuple[str, str] | None]:
        """The frame of a message to the client, and the line that it has to show, with its stream."""
        values = self._values(part)
        data = build(part.message, values)
        answered = self._answered(values) if part.message in ANSWERS else None
        message = CODECS.by_name[part.message].parse(data, unchecked=True)
        shown = display_line(message, answered, self.own_name)
        self._follow(message, answered)
        return data, shown

    def raw(self, step: Step) -> bytes:
        return self._raw(step)

    def arrival(self, step: Step) -> Part | None:
        """What the client is told of a step of another actor, if anything."""
        return self._arrival(step)
