"""Plays a case to a server: the suite is every actor.

Besides what the steps say, these hold throughout: replies bear the request_id of the request that has waited longest,
events bear 0, an ERROR names the type of its request (FRAME-10, REQ-1, REQ-2, ERROR-2), only the codes that may bear a
retry_after_ms do (REQ-7), no flag is set and no extension added (EXT-1, EXT-6), no second PING comes before the first is
answered (PING-3), and each actor sees seq without gaps (ORD-3 to ORD-5). At the end every actor that is still connected
proves with a fence (PING-2) that nothing more was sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import FAILURES, MAX_FRAME_BEFORE_WELCOME, PROTOCOL_VERSION, REPLIES, Settings
from impwire.wire import Message

from ..language import CONSOLE, SERVER, Case, Part, Step
from ..language.values import Scope, Unbound, all_constructs
from ..targets import RunningServer
from ..verdicts import CaseFailed, Verdict
from .peer import Peer, build, sent
from .transcript import Kind, Transcript, describe

_REQUESTS = {request.NAME for request in REPLIES}
_REPLIES = {reply.NAME for replies in REPLIES.values() for reply in replies}
_SMALL_BUFFER = 4096
_FLOOD, _FLOOD_SECONDS = 20_000, 10.0
#: What a fence may be answered with besides PONG: a target whose rate the case has used up.
_FENCE_LIMITED = m.ErrorCode.RATE_LIMITED


@dataclass
class _Actor:
    name: str
    peer: Peer
    user: bool = False
    #: Whether the actor still reads and answers, so that a fence can be asked of it.
    attentive: bool = True
    requests: list[tuple[int, str]] = field(default_factory=list)
    last_request_id: int = 0
    last_seq: int = 0
    ping: m.Ping | None = None
    owes_pong: bool = False
    #: When the actor last did something: no timer that it has set off can have begun before.
    acted: float = field(default_factory=time.monotonic)


class ServerPlay:
    """One run of a case against a server."""

    def __init__(self, case: Case, server: RunningServer, timeout: float, transcript: Transcript) -> None:
        self.case, self.server, self.timeout, self.transcript = case, server, timeout, transcript
        self.scope = Scope()
        self.scope.limits = {name: getattr(Settings(), name) for name in Settings.__slots__} | case.settings
        self.scope.limits["max_frame_before_welcome"] = MAX_FRAME_BEFORE_WELCOME
        self.actors: dict[str, _Actor] = {}
        self.step_began = time.monotonic()
        self.operated = 0.0

    def play(self) -> None:
        """Raises `CaseFailed` at the first thing that is not as it should be."""
        try:
            for step in self.case.steps:
                self._step(step)
            for actor in [actor for actor in self.actors.values() if actor.attentive]:
                self._fence(actor)
        finally:
            self._part()

    def _step(self, step: Step) -> None:
        try:
            if step.actor == CONSOLE:
                self._console(step)
            elif step.actor == SERVER:
                self._server(step)
            else:
                getattr(self, f"_{step.verb.replace(' ', '_')}")(step)
        except CaseFailed as failed:
            self.server.check_alive()
            raise failed.at(str(step), step.place) from None
        except Unbound as unbound:
            raise CaseFailed(Verdict.HARNESS_ERROR, f"at {step.place}: {step}\n{unbound}") from None
        self.step_began = time.monotonic()

    def _actor(self, step: Step) -> _Actor:
        actor = self.actors.get(step.actor)
        if actor is None:
            raise CaseFailed(Verdict.HARNESS_ERROR, f"{step.actor} has not connected")
        return actor

    # -- coming and going ----------------------------------------------------------------------------------------

    def _connects(self, step: Step) -> None:
        lazy = any(other.actor == step.actor and other.verb == "stops reading" for other in self.case.steps)
        began = time.monotonic()
        sock = self.server.connect(self.timeout, _SMALL_BUFFER if lazy else 0)
        peer = Peer(step.actor, sock, self.timeout, self.transcript)
        self.actors[step.actor] = _Actor(step.actor, peer, acted=began)

    def _joins(self, step: Step) -> None:
        if step.actor not in self.actors:
            self._connects(step)
        actor = self._actor(step)
        self._send(actor, Part("HELLO", {}))
        welcome = self._receive(actor, Part("WELCOME", {"name": actor.name}))
        assert isinstance(welcome, m.Welcome)
        for other in self.actors.values():
            if other.user and other.attentive and other is not actor:
                joined = {"who": f"${actor.name}", "seq": welcome.seq, "time": welcome.time}
                self._receive(other, Part("JOINED", joined))

    def _leaves(self, step: Step) -> None:
        actor = self._actor(step)
        self._send(actor, Part("LEAVE", {}))
        self._receive(actor, Part("GOODBYE", {"code": "LEFT"}))
        actor.peer.expect_end(Verdict.CLOSED)
        self._gone(actor)
        for other in self.actors.values():
            if other.user and other.attentive:
                self._receive(other, Part("LEFT", {"who": f"${actor.name}", "reason": "LEFT"}))

    def _gone(self, actor: _Actor) -> None:
        actor.peer.close()
        del self.actors[actor.name]

    def _ends_stream(self, step: Step) -> None:
        self._actor(step).peer.end_stream()

    def _drops(self, step: Step) -> None:
        self._actor(step).peer.end_stream()
        self._gone(self._actor(step))
        self.server.unsettled = True

    def _resets(self, step: Step) -> None:
        actor = self._actor(step)
        actor.peer.reset()
        self._gone(actor)
        self.server.unsettled = True

    def _vanishes(self, step: Step) -> None:
        """The actor neither reads nor answers from now on, and its connection stays as it is."""
        self._actor(step).attentive = False
        self.server.unsettled = True

    _stops_reading = _vanishes

    # -- sending -------------------------------------------------------------------------------------------------

    def _sends(self, step: Step) -> None:
        self._send(self._actor(step), step.parts[0])

    def _sends_together(self, step: Step) -> None:
        actor = self._actor(step)
        frames = [self._frame(actor, part) for part in step.parts]
        actor.peer.send_raw(b"".join(frames), " + ".join(part.message for part in step.parts))

    def _sends_bytewise(self, step: Step) -> None:
        actor = self._actor(step)
        frame = self._frame(actor, step.parts[0])
        for index in range(len(frame)):
            actor.peer.send_raw(frame[index : index + 1], f"byte {index} of {step.message}")

    def _sends_raw(self, step: Step) -> None:
        actor = self._actor(step)
        actor.acted = time.monotonic()
        for segment in step.raw:
            if isinstance(segment, str):
                data = bytes.fromhex(segment)
            else:
                data = bytes.fromhex(segment["repeat"]) * self.scope.number(segment["times"])
            actor.peer.send_raw(data)

    def _send(self, actor: _Actor, part: Part) -> None:
        frame = self._frame(actor, part)
        actor.peer.send_raw(frame, sent(part.message, frame))

    def _frame(self, actor: _Actor, part: Part) -> bytes:
        """The bytes of a message to be sent at once, with what the step does not say filled in."""
        actor.acted = time.monotonic()
        constructs = all_constructs(part.message)
        fields = {**self._defaults(actor, part.message), **part.fields}
        values = {
            name: self.scope.to_send(value, constructs[name]) if name in constructs else self._header_value(name, value)
            for name, value in fields.items()
        }
        request_id = int(values.setdefault("request_id", 0))
        if part.message == "PONG":
            actor.owes_pong = False
        self.scope.variables["request"] = request_id
        if part.message in _REQUESTS:
            actor.requests.append((request_id, part.message))
        return build(part.message, values)

    def _header_value(self, name: str, value: Any) -> Any:
        if name == "extensions":
            return [(tag, bytes.fromhex(digits)) for tag, digits in value]
        return self.scope.number(value)

    def _defaults(self, actor: _Actor, message: str) -> dict[str, Any]:
        if message == "PONG" and actor.ping is not None:
            return {"nonce": actor.ping.nonce, "request_id": actor.ping.request_id}
        version = PROTOCOL_VERSION
        fields: dict[str, dict[str, Any]] = {
            "HELLO": {"min_version": version, "max_version": version, "capabilities": 0, "name": actor.name},
            "WHO": {"after": "", "limit": 0},
            "PING": {"nonce": 1},
        }
        actor.last_request_id += 1
        return {**fields.get(message, {}), "request_id": actor.last_request_id}

    # -- receiving -----------------------------------------------------------------------------------------------

    def _receives(self, step: Step) -> None:
        timeout, acted = None, self._actor(step).acted
        if step.within is not None:
            timeout = self.scope.number(step.within) / 1000 + (self.step_began - time.monotonic())
        self._receive(self._actor(step), step.parts[0], timeout)
        if step.after is not None:
            since = max(acted, self.operated)
            waited, due = (time.monotonic() - since) * 1000, self.scope.number(step.after)
            if waited < due:
                raise CaseFailed(Verdict.TOO_EARLY, f"{step.message} came after {waited:.0f} ms, due after {due} ms")

    def _receives_nothing(self, step: Step) -> None:
        self._fence(self._actor(step))

    def _receive(self, actor: _Actor, part: Part, timeout: float | None = None) -> Message:
        """The next message of the actor, which has to be this one."""
        due = f"{part.message} {part.fields or ''}".strip()
        message = self._next(actor, due, timeout, pings=part.message == "PING")
        if message.NAME != part.message:
            raise CaseFailed(
                self._misplaced(actor, message), f"{actor.name} should have got {due}, and got {describe(message)}"
            )
        self._note(actor, message)
        wanted = dict(part.fields)
        header = {name: wanted.pop(name) for name in ("request_id", "flags") if name in wanted}
        found = self.scope.differences(wanted, message)
        for name, value in header.items():
            if getattr(message, name) != self.scope.number(value):
                found.append(f"{name}: expected {self.scope.number(value)}, found {getattr(message, name)}")
        found += self._standing_rules(actor, message, told="request_id" in header)
        if found:
            raise CaseFailed(
                Verdict.WRONG_REPLY, f"{actor.name} got {message.NAME} with other values\n  " + "\n  ".join(found)
            )
        return message

    def _next(self, actor: _Actor, due: str, timeout: float | None = None, *, pings: bool = False) -> Message:
        """The next message. In a case that has set the keepalive, a PING that is not what is due is answered in passing."""
        while True:
            message = actor.peer.next_message(due, timeout)
            if isinstance(message, m.Ping) and actor.owes_pong:
                raise CaseFailed(
                    Verdict.UNEXPECTED_FRAME, f"{actor.name} got a second PING before it answered the first (PING-3)"
                )
            if pings or not isinstance(message, m.Ping) or "ping_after" not in self.case.settings:
                return message
            actor.ping = message
            self._send(actor, Part("PONG", {}))

    def _misplaced(self, actor: _Actor, message: Message) -> Verdict:
        """Whether a message that was not due now is due later."""
        later = {step.message for step in self.case.steps if step.actor == actor.name and step.verb == "receives"}
        return Verdict.WRONG_ORDER if message.NAME in later else Verdict.WRONG_REPLY

    def _note(self, actor: _Actor, message: Message) -> None:
        """Keep what later steps and rules refer to."""
        if isinstance(message, m.Welcome):
            actor.user = True
            actor.last_seq = message.seq
            self.scope.variables[actor.name] = m.User(session_id=message.session_id, name=message.name)
            self.scope.limits |= {name: getattr(message, name) for name in Settings.__slots__}
        elif isinstance(message, m.Ping):
            actor.ping, actor.owes_pong = message, True
        elif isinstance(message, m.Goodbye):
            actor.user = actor.attentive = False

    def _standing_rules(self, actor: _Actor, message: Message, *, told: bool = False) -> list[str]:
        """What holds for every message that a server sends. `told`: the step itself says what the request_id is."""
        found = []
        request_id: int = getattr(message, "request_id", 0)
        answers_nothing = isinstance(message, m.Goodbye) and request_id == 0
        if message.NAME in _REPLIES and not answers_nothing:
            due, request = actor.requests.pop(0) if actor.requests else (None, "")
            if request_id != due and not told:
                found.append(f"request_id: expected {due}, found {request_id} (REQ-1, REQ-2)")
            if isinstance(message, m.Error) and request and message.request_type != CODECS.by_name[request].record.TYPE:
                found.append(f"request_type: {message.request_type:#04x} is not that of {request} (ERROR-2)")
        elif request_id and not isinstance(message, (m.Goodbye, m.Ping)):
            found.append(f"request_id: an event bears 0, found {request_id} (FRAME-10)")
        if isinstance(message, (m.Error, m.Goodbye)) and message.retry_after_ms and not _may_be_retried(message.code):
            found.append(f"retry_after_ms: {message.retry_after_ms} with a code that has no time (REQ-7)")
        if getattr(message, "flags", 0) or getattr(message, "extensions", ()):
            found.append("flags or extensions that nobody has agreed on (EXT-1, EXT-6)")
        seq: int = getattr(message, "seq", 0)
        if seq and not isinstance(message, m.Welcome):
            if seq != actor.last_seq + 1:
                found.append(f"seq: expected {actor.last_seq + 1}, found {seq} (ORD-3, ORD-5)")
            actor.last_seq = seq
        return found

    def _fence(self, actor: _Actor) -> None:
        """Prove that nothing more was sent: a PONG comes next, or the refusal of the PING (PING-2)."""
        self._send(actor, Part("PING", {"nonce": 0xFE4CE}))
        message = self._next(actor, "nothing (a PONG proves it)")
        limited = isinstance(message, m.Error) and message.code == _FENCE_LIMITED
        if not isinstance(message, m.Pong) and not limited:
            raise CaseFailed(
                Verdict.UNEXPECTED_FRAME, f"{actor.name} should have got nothing, and got {describe(message)}"
            )
        if found := self._standing_rules(actor, message):
            raise CaseFailed(
                Verdict.WRONG_REPLY, f"{actor.name} got {message.NAME} with other values\n  " + "\n  ".join(found)
            )

    def _floods(self, step: Step) -> None:
        """Send a message again and again until another one comes; the replies to it are passed over."""
        actor, (sent, until) = self._actor(step), step.parts
        found: list[str] = []
        deadline = time.monotonic() + max(self.timeout, _FLOOD_SECONDS)
        for _ in range(_FLOOD):
            self._send(actor, sent)
            while True:
                message = actor.peer.next_message(until.message, min(self.timeout, deadline - time.monotonic()))
                self._note(actor, message)
                if broken := self._standing_rules(actor, message):
                    raise CaseFailed(Verdict.WRONG_REPLY, "\n  ".join(broken))
                if until.message == message.NAME and not (found := self.scope.differences(until.fields, message)):
                    return self._settle_requests(actor)
                if message.NAME in _REPLIES:
                    break
        raise CaseFailed(
            Verdict.TIMED_OUT, f"{until.message} did not come after {_FLOOD} times {sent.message}: {found}"
        )

    def _reads_until(self, step: Step) -> None:
        """Read again, pass over whatever public events have been waiting (none may be missing), up to this message."""
        actor = self._actor(step)
        deadline = time.monotonic() + self.timeout
        while True:
            message = actor.peer.next_message(step.message, deadline - time.monotonic())
            self._note(actor, message)
            found = self._standing_rules(actor, message)
            if message.NAME == step.message:
                found += self.scope.differences(step.fields, message)
            if found:
                raise CaseFailed(Verdict.WRONG_REPLY, f"{actor.name} got {message.NAME}\n  " + "\n  ".join(found))
            if message.NAME == step.message:
                return

    def _settle_requests(self, actor: _Actor) -> None:
        deadline = time.monotonic() + self.timeout
        while actor.requests:
            message = actor.peer.next_message("the replies that are due", deadline - time.monotonic())
            if broken := self._standing_rules(actor, message):
                raise CaseFailed(Verdict.WRONG_REPLY, "\n  ".join(broken))

    def _is_closed(self, step: Step) -> None:
        actor = self._actor(step)
        actor.peer.expect_end(Verdict.CLOSED)
        self._gone(actor)

    def _is_reset(self, step: Step) -> None:
        actor = self._actor(step)
        actor.peer.expect_end(Verdict.RESET)
        self._gone(actor)

    # -- console and process -------------------------------------------------------------------------------------

    def _console(self, step: Step) -> None:
        assert self.server.program is not None
        self.transcript.add(CONSOLE, Kind.TYPED, step.text)
        self.operated = time.monotonic()
        self.server.program.enter(step.text)

    def _server(self, step: Step) -> None:
        program = self.server.program
        assert program is not None
        self.transcript.note(SERVER, step.verb)
        if step.verb == "is killed and restarted":
            program.restart()
            self.actors.clear()
            self.server.wait_until_ready()
        elif step.verb == "is told to end":
            program.process.terminate()
        else:
            code = program.wait(self.timeout)
            if code != step.number:
                text = (
                    "the server did not end in time"
                    if code is None
                    else f"the server ended with {code}, not {step.number}"
                )
                raise CaseFailed(Verdict.TIMED_OUT if code is None else Verdict.WRONG_EXIT, text)

    # -- afterwards ----------------------------------------------------------------------------------------------

    def _part(self) -> None:
        """Leave with every actor, so that the next case finds nobody."""
        self.transcript.close()
        for actor in list(self.actors.values()):
            if actor.user and actor.attentive:
                try:
                    actor.peer.send_raw(build("LEAVE", {"request_id": 0xFFFF}), "LEAVE (the case is over)")
                    actor.peer.skip_to(m.Goodbye)
                except CaseFailed:
                    self.server.unsettled = True
            elif not actor.attentive or actor.requests:
                self.server.unsettled = True
            actor.peer.close()


def _may_be_retried(code: int) -> bool:
    """Whether retry_after_ms may be other than 0 with this code; what is not in the tables is not judged."""
    return all(failure.retry for failure in FAILURES.values() if failure.code == code)
