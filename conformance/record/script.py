"""The script of a recording: its acts in order, each with its effects, as steps that can be played again.

The play goes in lock-step: what an act has caused is received, by everyone, before the next actor does anything. So one
order of the acts gives one outcome, however the clients raced when they were recorded. What a client sent before it had an
answer stays so: its frames are sent first, together if they came together, and the answers are received behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from impwire import messages as m

from ..language.case import Part, Step
from ..language.verbs import CONSOLE, SERVER
from .causes import Act, Causes, Course, Kind
from .operator import typed_line
from .order import in_order
from .tape import Entry, What
from .values import describe, part_of, plain, text

#: Words that mean something else in a case, as an actor or a variable.
_TAKEN = re.compile(rf"{CONSOLE}|{SERVER}|request|(seq|time|who)[0-9]+")


@dataclass
class _Actor:
    """A connection that the script has open. `user`: in state ACTIVE; `reads`: its frames are still received."""

    name: str
    user_name: str = ""
    reads: bool = True

    @property
    def user(self) -> bool:
        return bool(self.user_name) and self.reads


@dataclass
class Script:
    """What is to be written. `comments` stand before the step of that index; `warnings` are for the person who records."""

    steps: list[Step] = field(default_factory=list)
    comments: dict[int, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def remark(self, remark: str, *, warn: bool = True) -> None:
        """A comment before the next step."""
        self.comments.setdefault(len(self.steps), []).append(remark)
        if warn:
            self.warnings.append(f"step {len(self.steps) + 1}: {remark}")


def script_of(causes: Causes) -> Script:
    """The script of everything that was recorded."""
    return _Writer(causes).write()


class _Writer:
    def __init__(self, causes: Causes) -> None:
        self.causes, self.script = causes, Script()
        self.present: dict[int, _Actor] = {}
        #: The variable that holds each user, and the name that it has there.
        self.users: dict[int, tuple[str, str]] = {}
        self.doubts = dict(causes.doubts)
        self.numbered: dict[str, int] = {}
        #: What the actor of each connection is called, and the connections that the script has seen the end of.
        self.names: dict[int, str] = {}
        self.gone: set[int] = set()
        #: Somebody was lost, and nobody was there to be told of it: the next name has to wait for the server.
        self.unseen = False

    def write(self) -> Script:
        acts = in_order(self.causes)
        at = 0
        while at < len(acts):
            batch = self._batch(acts, at)
            at += len(batch)
            self._act(batch)
        self._left_out()
        for number, actor in self.present.items():
            if number in self.causes.cut and actor.reads:
                self.script.remark(f"what else {actor.name} was sent is not known", warn=False)
                self._step(actor.name, "vanishes")
        return self.script

    def _left_out(self) -> None:
        found: dict[tuple[str, str], list[str]] = {}
        for entry, reason in self.causes.left_out:
            name = self._named(self.causes.courses[entry.connection])
            found.setdefault((name, reason), []).append(describe(entry.data))
        for (name, reason), frames in found.items():
            self.script.remark(f"left out: {name} has also sent {', '.join(frames)}; {reason}", warn=False)

    def _batch(self, acts: list[Act], at: int) -> list[Act]:
        """The acts that stand here and were sent before the first of them was answered."""
        first = acts[at]
        batch = [first]
        if first.kind is not Kind.SENDS:
            return batch
        answered = min((answer.at for answer in first.answers()), default=first.at)
        for act in islice(acts, at + 1, None):
            fits = act.kind is Kind.ENDS or (act.kind is Kind.SENDS and self._part(batch[-1]) is not None)
            if act.connection != first.connection or act.at > answered or not fits:
                break
            batch.append(act)
        return batch

    # -- acts ----------------------------------------------------------------------------------------------------

    def _act(self, batch: list[Act]) -> None:
        act = batch[0]
        if act.kind is Kind.OPERATOR:
            self._operator(act)
        elif act.kind is Kind.STOP:
            self.script.remark("the operator has stopped the server")
            self._step(SERVER, "is told to end")
        elif act.kind is Kind.TIMER:
            self.script.remark("a timer of the server has run out", warn=False)
        elif act.kind is not Kind.UNKNOWN and not self._client_acts(batch):
            return
        self._effects(batch)

    def _client_acts(self, batch: list[Act]) -> bool:
        """Write what a client did; returns whether its effects are still to be written."""
        course = self.causes.courses[batch[0].connection]
        batch[:] = [act for act in batch if self._is_kept(course, act)]
        if not batch or self._joins(course, batch) or self._leaves(course, batch):
            return False
        act = batch[0]
        if act.kind is Kind.CONNECTS and not act.effects and len(course.inputs) > 1:
            return False  # It connects when it first does something.
        actor = self._come(course, batch)
        sent = [act for act in batch if act.kind is Kind.SENDS]
        while sent:
            together = [act for act in sent if self._goes_with(sent[0], act)] or sent[:1]
            del sent[: len(together)]
            self._sends(actor, together)
        if batch[-1].kind is Kind.ENDS:
            # The end of a client whose GOODBYE was not recorded leaves nobody who could receive it.
            self._step(actor.name, "ends stream" if course.goodbye or course.closed else "drops")
        elif batch[-1].kind is Kind.RESETS:
            self._step(actor.name, "resets")
            self.unseen |= actor.user and not batch[-1].effects
        if self.script.steps[-1].verb in ("drops", "resets"):
            self._goes(course.number)
        return True

    def _goes(self, connection: int) -> None:
        del self.present[connection]
        self.gone.add(connection)

    def _is_kept(self, course: Course, act: Act) -> bool:
        """Whether an act goes into the script. One without an effect does only if the server has surely seen it, and
        nothing that it would still cause could be missed."""
        if act.connection in self.gone:
            self._left_out_act(act)
            return False
        if act.kind is Kind.ENDS:
            return bool(act.effects)
        if act.kind is not Kind.SENDS or act.effects or act.seq or course.unreadable:
            return True
        if course.goodbye is not None and act.at < course.goodbye.at:
            return True
        if course.last(Kind.ENDS) is not None and act.entry is not None and act.entry.what is What.BYTES:
            return True
        self._left_out_act(act)
        return False

    def _left_out_act(self, act: Act) -> None:
        if act.kind is Kind.SENDS and act.entry is not None:
            self.causes.left_out.append((act.entry, "what became of it was not recorded"))

    def _goes_with(self, first: Act, act: Act) -> bool:
        one_piece = first.entry is not None and act.entry is not None and first.entry.piece == act.entry.piece
        return one_piece and self._part(first) is not None and self._part(act) is not None

    def _part(self, act: Act) -> Part | None:
        actor = self.present.get(act.connection)
        return part_of(act, actor.name if actor is not None else "")

    def _sends(self, actor: _Actor, acts: list[Act]) -> None:
        parts = tuple(part for act in acts if (part := self._part(act)) is not None)
        if len(parts) > 1:
            self._step(actor.name, "sends together", parts)
        elif parts:
            self._step(actor.name, "sends", parts)
        elif acts[0].entry is not None:
            self.script.steps.append(Step(actor.name, "sends raw", raw=(acts[0].entry.data.hex(),)))

    def _joins(self, course: Course, batch: list[Act]) -> bool:
        """A plain HELLO of which everybody was told is one step."""
        act, answers = batch[0], batch[0].answers()
        welcome = answers[0].message if len(answers) == 1 else None
        if len(batch) > 1 or not isinstance(welcome, m.Welcome):
            return False
        name = self._named(course)
        part = part_of(act, name)
        if part is None or part.fields or welcome.name != name or not self._all_told(act, m.Joined):
            return False
        if self.unseen:
            self._come(course, batch)
        self.present.setdefault(course.number, _Actor(name))
        self._step(name, "joins")
        self._follow(course.number, welcome)
        return True

    def _leaves(self, course: Course, batch: list[Act]) -> bool:
        act, answers = batch[0], batch[0].answers()
        actor = self.present.get(course.number)
        if len(batch) > 1 or len(answers) != 2 or actor is None or not isinstance(act.message, m.Leave):
            return False
        goodbye, part = answers[0].message, self._part(act)
        good = isinstance(goodbye, m.Goodbye) and goodbye.code == m.GoodbyeCode.LEFT and goodbye.request_id
        good = good and part is not None and set(part.fields) == {"request_id"} and answers[1].what is What.ENDED
        told = all(entry.message.reason == m.LeftReason.LEFT for entry in _events(act))  # type: ignore[union-attr]
        if not good or not self._all_told(act, m.Left) or not told or actor.user_name != actor.name:
            return False
        self._step(actor.name, "leaves")
        self._goes(course.number)
        return True

    def _all_told(self, act: Act, kind: type[Any]) -> bool:
        """Whether just the other users of the script have been told of the act, by one event of this kind."""
        told = [entry.connection for entry in _events(act)]
        others = [number for number, actor in self.present.items() if actor.user and number != act.connection]
        return sorted(told) == sorted(others) and all(isinstance(entry.message, kind) for entry in _events(act))

    # -- actors --------------------------------------------------------------------------------------------------

    def _come(self, course: Course, batch: list[Act]) -> _Actor:
        """The actor of a connection, who connects if it has not yet."""
        if course.number not in self.present:
            name = self._named(course)
            self.present[course.number] = _Actor(name)
            self._step(name, "connects")
        actor = self.present[course.number]
        if self.unseen and any(isinstance(act.message, m.Hello) for act in batch):
            self.script.remark("the server has learned of the loss when this is answered", warn=False)
            self._step(actor.name, "receives nothing")
            self.unseen = False
        return actor

    def _named(self, course: Course) -> str:
        """What the actor of a connection is called: as its user, if nobody else is and it can be a variable."""
        if course.number in self.names:
            return self.names[course.number]
        taken = {actor.name for actor in self.present.values()}
        if course.user is None:
            self.numbered["anon"] = self.numbered.get("anon", 0) + 1
            base, names = f"anon{self.numbered['anon']}", []
        else:
            base = course.user.name.replace("-", "_")
        names = [base, *(f"{base}_{count}" for count in range(2, len(taken) + 4))]
        self.names[course.number] = next(name for name in names if name not in taken and not _TAKEN.fullmatch(name))
        return self.names[course.number]

    # -- the operator --------------------------------------------------------------------------------------------

    def _operator(self, act: Act) -> None:
        actor = self.present.get(act.connection)
        line = typed_line(act.effects[0].message, actor.user_name if actor is not None else "")
        if line is None:
            self.script.remark("the operator has done this: add the step [console, types, ...] that causes it")
            return
        self.script.remark("the operator has done this; how the line was typed is a guess")
        self.script.steps.append(Step(CONSOLE, "types", text=line))

    # -- effects -------------------------------------------------------------------------------------------------

    def _effects(self, batch: list[Act]) -> None:
        for act in batch:
            shared = self._shared(act)
            own = sorted(act.answers(), key=lambda entry: entry.at)
            course = self.causes.courses[act.connection]
            if act is course.hello and not own:
                self._welcome(act, shared)
            for entry in (*own, *sorted(_events(act), key=lambda entry: (entry.connection, entry.at))):
                actor = self.present.get(entry.connection)
                if actor is not None and actor.reads:
                    self._effect(act, entry, actor, shared)

    def _effect(self, act: Act, entry: Entry, actor: _Actor, shared: dict[str, Any]) -> None:
        if entry in self.doubts:
            self.script.remark(self.doubts[entry])
        if entry.what is What.BYTES:
            actor.reads = False
            self._step(actor.name, "vanishes")
        elif entry.what is What.FRAME:
            if getattr(entry.message, "code", None) == m.GoodbyeCode.KEEPALIVE_TIMEOUT:
                self._step(actor.name, "receives", (Part("PING", {}),))  # which the play then does not answer
            self._step(actor.name, "receives", (Part(_name(entry), self._expected(act, entry, shared)),))
            self._follow(entry.connection, entry.message)
            self._renamed(act, entry, actor)
        else:
            self._step(actor.name, "is closed" if entry.what is What.ENDED else "is reset")
            self._goes(entry.connection)

    def _welcome(self, act: Act, shared: dict[str, Any]) -> None:
        """A WELCOME that was sent to a client who was gone already, and that somebody has to wait for."""
        user, actor = self.causes.courses[act.connection].user, self.present[act.connection]
        assert user is not None
        fields = {"name": user.name, **{name: shared[name] for name in ("seq",) if name in shared}}
        self._step(actor.name, "receives", (Part("WELCOME", fields),))
        actor.user_name = user.name
        self.users[user.session_id] = (f"${actor.name}", user.name)

    def _shared(self, act: Act) -> dict[str, Any]:
        """The values that several frames of one act bear alike: the variables for its seq and its time."""
        messages: list[Any] = [effect.message for effect in act.effects if effect.what is What.FRAME]
        times = [message.time for message in messages if hasattr(message, "time")]
        found: dict[str, Any] = {}
        if sum(bool(getattr(message, "seq", 0)) for message in messages) > 1:
            found["seq"] = self._variable("seq")
        if len(times) > 1 and len(set(times)) == 1:
            found["time"] = self._variable("time")
        return found

    def _variable(self, kind: str) -> str:
        self.numbered[kind] = self.numbered.get(kind, 0) + 1
        return f"${kind}{self.numbered[kind]}"

    def _expected(self, act: Act, entry: Entry, shared: dict[str, Any]) -> dict[str, Any]:
        """The fields that have to be so again. Not those that the play checks by itself, nor words for people."""
        message: Any = entry.message
        fields: dict[str, Any] = {}
        for name in _TOLD[_name(entry)]:
            value = getattr(message, name)
            if name == "seq":
                fields[name] = shared.get("seq", {"not": 0}) if value else 0
            elif name == "time":
                fields |= {name: shared[name]} if name in shared else {}
            elif name == "who":
                fields[name] = self._user(value)
            elif name == "entries":
                fields[name] = [self._user(user) for user in value]
            else:
                fields[name] = plain(value)
        answered = act.entry is not None and entry.connection == act.connection
        of_bytes = answered and self._part(act) is None
        if isinstance(message, m.Error) and of_bytes:
            fields["request_type"] = message.request_type
        if isinstance(message, m.Goodbye) or of_bytes:
            fields["request_id"] = message.request_id
        if isinstance(message, m.Goodbye) and act.kind is Kind.OPERATOR:
            fields["detail"] = text(message.detail)
        return fields

    def _user(self, user: m.User) -> Any:
        """A user: the variable that holds it, or its session and the name that it has taken since."""
        if user.session_id not in self.users:
            variable = self._variable("who")
            self.users[user.session_id] = (variable, user.name)
            return variable
        variable, name = self.users[user.session_id]
        return variable if name == user.name else {"session_id": f"{variable}.session_id", "name": user.name}

    def _follow(self, connection: int, message: Any) -> None:
        """What a message changes for what comes later."""
        actor = self.present[connection]
        if isinstance(message, m.Welcome):
            actor.user_name = message.name
            self.users[message.session_id] = (f"${actor.name}", message.name)
        elif isinstance(message, m.Goodbye):
            actor.user_name = ""

    def _renamed(self, act: Act, entry: Entry, actor: _Actor) -> None:
        if isinstance(act.message, m.Rename) and isinstance(entry.message, m.Ok) and entry.connection == act.connection:
            actor.user_name = act.message.name

    def _step(self, actor: str, verb: str, parts: tuple[Part, ...] = ()) -> None:
        self.script.steps.append(Step(actor, verb, parts))


#: The fields of each message that a recording tells again.
_TOLD = {
    "WELCOME": ("name", "version", "capabilities", "seq", "time"),
    "OK": ("seq", "time"),
    "ROSTER": ("entries", "more"),
    "ERROR": ("code",),
    "GOODBYE": ("code",),
    "PONG": ("nonce",),
    "CHAT": ("seq", "time", "who", "text"),
    "WHISPER": ("time", "who", "text"),
    "NOTICE": ("seq", "time", "scope", "text"),
    "JOINED": ("seq", "time", "who"),
    "LEFT": ("seq", "time", "who", "reason"),
    "RENAMED": ("seq", "time", "who", "new_name"),
}


def _name(entry: Entry) -> str:
    assert entry.message is not None
    return entry.message.NAME


def _events(act: Act) -> Iterable[Entry]:
    """The effects of an act on others than its author."""
    return [effect for effect in act.effects if effect.connection != act.connection]
