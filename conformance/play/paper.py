"""Plays a case on paper: to a server that is not there, and that answers as the case says it should.

The actors and their judges are those of a real run (`server_role`), so what a frame of the server is compared with, or
bound to, in a real run, it has to fulfil here as well. What a step does not say is filled in by rules that hold for every
server (the request_id of the request that waits, the next seq) or, where a server chooses, with an example. Where neither
does, the case fails: it does not tell what the server says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, cast

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import FAILURES, PROTOCOL_VERSION, Settings
from impwire.wire import Message, WireError

from ..language import CONSOLE, Case, Part, Step
from ..language.values import field_constructs
from ..targets import RunningServer
from ..verdicts import CaseFailed, Verdict
from .actor import ANSWERS, Actor
from .peer import Outgoing, build
from .server_role import ServerPlay
from .teller import Teller
from .transcript import Event, Kind, Transcript, Words

#: The clock of the paper begins with the year 2026, and a second passes with each thing that somebody does.
_BEGIN, _MOMENT = 1_767_225_600_000, 1000
_SERVER_NAME = "Example"
_NONCE = 1000
_NUMBERED = ("CHAT", "JOINED", "LEFT", "RENAMED", "NOTICE")
#: What only a server that runs can do.
_NOT_ON_PAPER = ("floods", "reads until", "one receives", "is killed and restarted", "logs", "never logs", "answers")


@dataclass(frozen=True, slots=True)
class Joined:
    """In the place of the frames with which an actor joins: who it is from then on, and the seq by then."""

    user: m.User
    seq: int


def play_on_paper(case: Case, *, brief: bool = True) -> list[Event | Joined]:
    """What happens in the case, in order; in `brief`, of an actor who joins no more than that.

    Raises `CaseFailed` with what is wrong, or is not known of the server.
    """
    play = _PaperPlay(case, brief=brief)
    play.play()
    return play.story.told


class _Story(Transcript):
    """The events, and in the place of some of them, who has joined."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Event | Joined] = []
        self.muted = False

    def add(self, actor: str, kind: Kind, text: Words, data: bytes = b"", connection: int = 0) -> None:
        if not self.muted:
            self.told.append(Event(0.0, actor, kind, text if isinstance(text, str) else text(), data, connection))


class _Socket:
    """Stands for a socket: what the server says is laid into it."""

    def __init__(self) -> None:
        self.unread, self.end = b"", ""

    def recv(self, size: int) -> bytes:
        data, self.unread = self.unread[:size], self.unread[size:]
        if data or self.end == "closed":
            return data
        if self.end == "reset":
            raise ConnectionResetError
        raise TimeoutError

    def sendall(self, data: bytes) -> None:
        """There is nobody to read it."""

    def setsockopt(self, *_: Any) -> None:
        """It has no options."""

    settimeout = shutdown = setsockopt

    def getsockopt(self, *_: Any) -> int:
        """Nothing has gone wrong with it."""
        return 0

    def close(self) -> None:
        """There is nothing to close."""


class _Server:
    """Stands for a running server, its program and its console."""

    unsettled = False

    def __init__(self) -> None:
        self.program = self.output = self
        self.latest = _Socket()

    def connect(self, *_: Any) -> _Socket:
        self.latest = _Socket()
        return self.latest

    def enter(self, line: str) -> None:
        """What follows from a line, the case says."""

    def check_alive(self) -> None:
        """It has no process."""

    tell_to_end = check_alive

    def total(self) -> int:
        return 0

    def wait(self, timeout: float) -> int:
        """The exit code of a server that ends as it should."""
        return 0


class _PaperPlay(ServerPlay):
    def __init__(self, case: Case, *, brief: bool) -> None:
        self.paper, self.story, self.brief = _Server(), _Story(), brief
        super().__init__(case, cast(RunningServer, self.paper), 1.0, self.story)
        #: Without the fences at the end: they would tell a reader nothing.
        self.steps = case.steps
        self.author = _Author(self)
        self.sockets: dict[str, _Socket] = {}
        #: When each actor, or the console, did something last, by the clock of the paper.
        self.acted: dict[str, int] = {}
        #: What an actor has asked under a request_id.
        self.asked: dict[tuple[str, int], Message] = {}

    def _step(self, step: Step) -> None:
        if step.verb in _NOT_ON_PAPER:
            text = f"at {step.place}: '{step.verb}' needs a server that runs; a worked session cannot have it"
            raise CaseFailed(Verdict.HARNESS_ERROR, text).at(str(step), step.place)
        if step.actor == CONSOLE or not step.verb.startswith(("receives", "is ")):
            self.author.clock += _MOMENT
            self.acted[step.actor] = self.author.clock
        try:
            super()._step(step)
        except WireError as error:
            text = f"at {step.place}: {step}\n{error}"
            raise CaseFailed(Verdict.HARNESS_ERROR, text).at(str(step), step.place) from None

    def _connects(self, step: Step) -> None:
        super()._connects(step)
        self.sockets[step.actor] = self.paper.latest

    def _joins(self, step: Step) -> None:
        self.story.muted = self.brief
        super()._joins(step)
        self.story.muted = False
        if self.brief:
            self.story.told.append(Joined(self.scope.variables[step.actor], self.author.seq))

    def _frame(self, actor: Actor, part: Part) -> Outgoing:
        outgoing = super()._frame(actor, part)
        message = CODECS.decode(outgoing.data, unchecked=True)
        self.asked[actor.name, getattr(message, "request_id", 0)] = message
        return outgoing

    def _receive(self, actor: Actor, part: Part, timeout: float | None = None) -> Message:
        socket = self.sockets[actor.name]
        socket.unread += self.author.frame(actor, part)
        socket.end = "closed" if part.message == "GOODBYE" else socket.end
        return super()._receive(actor, part, timeout)

    def _receives(self, step: Step) -> None:
        if step.after is not None:
            since = max(self.acted.get(name, 0) for name in (step.actor, CONSOLE))
            if (wait := since + self.scope.number(step.after) - self.author.clock) > 0:
                self.author.clock += wait
                self.story.note("", f"{wait} ms pass")
        self._receive(self._actor(step), step.parts[0])

    def _receives_nothing(self, step: Step) -> None:
        self._sends(step)
        self._receive(self._actor(step), Part("PONG", {}))

    def _is_closed(self, step: Step) -> None:
        self.sockets[step.actor].end = "closed"
        super()._is_closed(step)

    def _is_reset(self, step: Step) -> None:
        self.sockets[step.actor].end = "reset"
        super()._is_reset(step)

    def _part(self, *, politely: bool) -> None:
        waiting = [
            (actor, actor.requests[0][1]) for actor in self.actors.values() if actor.attentive and actor.requests
        ]
        if politely and waiting:
            actor, request = waiting[0]
            text = f"the case ends while {actor.name} waits for the reply to {request}"
            raise CaseFailed(Verdict.HARNESS_ERROR, text)


class _Author(Teller):
    """Writes the frames of the server: with what the step says, and else as every server would, or by an example."""

    def __init__(self, play: _PaperPlay) -> None:
        super().__init__(play.case, "")
        self.play, self.scope = play, play.scope
        self.clock = _BEGIN
        self._times: dict[int, int] = {}
        self._sessions = 0
        worked = play.case.worked
        self._examples = worked.examples if worked else {}

    def frame(self, actor: Actor, part: Part) -> bytes:
        """The frame that the actor gets. Raises `CaseFailed` if a field is not known."""
        self._actor, self._told = actor, part
        self._seq = self._number(actor, part)
        self.seq = max(self.seq, self._seq)
        self.pings += part.message == "PING"
        return build(part.message, self._values(part))

    def _number(self, actor: Actor, part: Part) -> int:
        """ORD-3: the next public event of all for who is welcomed, and for a user the next that it has not heard of."""
        if part.message == "WELCOME":
            return self.seq + 1
        numbered = (
            actor.requests and actor.requests[0][1] in ("SAY", "RENAME")
            if part.message == "OK"
            else (part.message in _NUMBERED and part.fields.get("scope") != "PRIVATE")
        )
        return actor.last_seq + 1 if numbered else 0

    def _meeting(self, conditions: dict[str, Any], message: str, name: str) -> Any:
        """The example; or the greatest value allowed, else the least; or what is usual where only some are excluded."""
        bound = conditions.get("at most", conditions.get("at least"))
        known = name in self._examples.get(message, {}) or bound is None
        return self._default(message, name) if known else self.scope.number(bound)

    def _user(self, fields: dict[str, Any]) -> m.User:
        users = [user for user in self.scope.variables.values() if isinstance(user, m.User)]
        if "session_id" in fields and "name" in fields:
            return m.User(session_id=self.scope.number(fields["session_id"]), name=str(fields["name"]))
        found = [user for user in users if user.name == fields.get("name")]
        if not found:
            self._unknown("who")
        return found[-1]

    def _default(self, message: str, name: str) -> Any:
        if name in self._examples.get(message, {}):
            return self.scope.to_send(self._examples[message][name], field_constructs(message)[name])
        if name in Settings.__slots__:
            return self.scope.limits[name]
        usual = getattr(self, f"_usual_{name}", None)
        if usual is None:
            self._unknown(name)
        return usual()

    def _unknown(self, name: str) -> NoReturn:
        what = f"nobody knows what this server puts into '{name}' of {self._told.message}"
        text = f"{what}; say it in the step, or among the examples of 'worked'"
        raise CaseFailed(Verdict.HARNESS_ERROR, text)

    # -- what a server puts into a field --------------------------------------------------------------------------

    def _asked(self) -> Message | None:
        """The request that waits for its reply."""
        return self.play.asked[self._actor.name, self._actor.requests[0][0]] if self._actor.requests else None

    def _request_id(self, message: str) -> int:
        if message == "PING":
            return self.pings
        return self._actor.requests[0][0] if message in ANSWERS and self._actor.requests else 0

    def _usual_request_id(self) -> int:
        return self._request_id(self._told.message)

    def _usual_seq(self) -> int:
        return self._seq

    def _usual_time(self) -> int:
        return self._times.setdefault(self._seq, self.clock) if self._seq else self.clock

    def _usual_request_type(self) -> int:
        asked = self._asked()
        if asked is None:
            self._unknown("request_type")
        return asked.TYPE

    def _usual_session_id(self) -> int:
        self._sessions += 1
        return self._sessions

    def _usual_name(self) -> str:
        asked = self._asked()
        if not isinstance(asked, m.Hello):
            self._unknown("name")
        return asked.name

    def _usual_nonce(self) -> int:
        asked = self._asked()
        return asked.nonce if isinstance(asked, m.Ping) else _NONCE + self.pings

    def _usual_version(self) -> int:
        return PROTOCOL_VERSION

    def _usual_capabilities(self) -> int:
        return 0

    def _usual_server_name(self) -> str:
        return _SERVER_NAME

    def _usual_detail(self) -> str:
        return ""

    def _usual_retry_after_ms(self) -> int:
        failure = FAILURES.get(str(self._told.fields.get("code")))
        if failure is None or failure.retry:
            self._unknown("retry_after_ms")
        return 0
