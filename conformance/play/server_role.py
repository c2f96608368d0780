"""Plays a case to a server: the suite is every actor.

Besides what the steps say, the rules of `Actor.judge` hold throughout. At the end every actor that is still connected
proves with a fence (PING-2) that nothing more was sent.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

from impwire import messages as m
from impwire.wire import EncodeError, Message

from ..language import CONSOLE, SERVER, Case, Part, Step
from ..language.values import Unbound
from ..targets import RunningServer, ending
from ..verdicts import CaseFailed, CaseSkipped, Difference, Verdict
from .actor import ANSWERS, Actor
from .compare import differences, matches, unexpected, wrong_message, wrong_values
from .console import expect_answer, expect_logged, expect_not_logged
from .limits import limits_in
from .needs import connections_at_once, connections_made
from .peer import Peer, build
from .segments import Segmentation, joined, scripted
from .speaker import Speaker
from .timing import expect_not_early
from .transcript import Kind, Transcript, describe

_SMALL_BUFFER = 4096
_FLOOD_SECONDS = 10.0
#: What a fence may be answered with besides PONG: a target whose rate the case has used up.
_FENCE_LIMITED = m.ErrorCode.RATE_LIMITED


class ServerPlay(Speaker):
    """One run of a case against a server. Its actors connect from `source`, where a step does not say otherwise."""

    def __init__(
        self,
        case: Case,
        server: RunningServer,
        timeout: float,
        transcript: Transcript,
        segmentation: Segmentation = Segmentation.AS_IS,
        source: str = "",
    ) -> None:
        super().__init__(case, segmentation)
        self.server, self.timeout, self.transcript, self.source = server, timeout, transcript, source
        self.steps = scripted(case)
        #: The steps whose frames leave in the segment of another one.
        self.riders = joined(case) if self.joining else {}
        #: Those that have left already: what `$request` means from there on, and the requests among the frames.
        self.left: dict[int, tuple[Any, list[tuple[int, str]]]] = {}
        self.actors: dict[str, Actor] = {}
        self._lazy = {step.actor for step in case.steps if step.verb == "stops reading"}
        self.public: dict[int, Message] = {}
        #: The limits and timers that the last WELCOME has told; empty before it.
        self.announced: dict[str, int] = {}
        self.index = 0
        self.step_began = time.monotonic()
        self.operated = 0.0
        #: How many bytes the console had said before the last line was typed.
        self.answered_from = 0

    def play(self) -> None:
        """Raises `CaseFailed` at the first thing that is not as it should be."""
        passed = False
        try:
            for index, step in enumerate(self.steps):
                self.index = index
                if index < len(self.case.steps) or self._is_attentive(step.actor):
                    self._step(step)
            passed = True
        finally:
            self._part(politely=passed or self.server.program is None)

    def _is_attentive(self, name: str) -> bool:
        return name in self.actors and self.actors[name].attentive

    def _step(self, step: Step) -> None:
        try:
            if step.actor == CONSOLE:
                self._console(step)
            elif step.actor == SERVER:
                self._server(step)
            else:
                getattr(self, f"_{step.verb.replace(' ', '_')}")(step)
        except CaseFailed as failed:
            raise self._cause(failed).at(str(step), step.place) from None
        except (Unbound, EncodeError) as fault:
            text = f"at {step.place}: {step}\n{fault}"
            raise CaseFailed(Verdict.HARNESS_ERROR, text).at(str(step), step.place) from None
        self.step_began = time.monotonic()

    def _cause(self, failed: CaseFailed) -> CaseFailed:
        """What is behind a failure: the end of the target's process, if nobody has asked for it."""
        try:
            self.server.check_alive()
        except CaseFailed as crashed:
            crashed.failure = replace(failed.failure, text=f"{crashed}\nbefore that was noticed: {failed}")
            return crashed
        return failed

    def _actor(self, step: Step) -> Actor:
        actor = self.actors.get(step.actor)
        if actor is None:
            raise CaseFailed(Verdict.HARNESS_ERROR, f"{step.actor} has not connected")
        return actor

    # -- coming and going ----------------------------------------------------------------------------------------

    def _connects(self, step: Step) -> None:
        began = time.monotonic()
        sock = self.server.connect(
            self.timeout, _SMALL_BUFFER if step.actor in self._lazy else 0, step.source or self.source
        )
        peer = Peer(step.actor, sock, self.timeout, self.transcript, self.segmentation, drained=True)
        self.actors[step.actor] = Actor(step.actor, peer, public=self.public, acted=began)

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

    def _gone(self, actor: Actor) -> None:
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
        self.transcript.note(step.actor, step.verb)
        self._actor(step).attentive = False
        self.server.unsettled = True

    _stops_reading = _vanishes

    # -- sending -------------------------------------------------------------------------------------------------

    def _sends(self, step: Step) -> None:
        actor = self._actor(step)
        if self.index in self.left:
            self.scope.variables["request"], requests = self.left[self.index]
            actor.requests += requests
            return
        frames = self._frames(actor, step)
        request, waiting = self.scope.variables.get("request"), len(actor.requests)
        for index in self.riders.get(self.index, ()):
            frames += self._frames(actor, self.steps[index])
            # In the script these requests come later: what is due before is judged without them.
            self.left[index] = (self.scope.variables.get("request"), actor.requests[waiting:])
            del actor.requests[waiting:]
        self.scope.variables["request"] = request
        cut = step.verb == "sends bytewise" and not self.joining
        actor.peer.send(frames, bytewise=cut or None)

    _sends_together = _sends_bytewise = _sends

    def _sends_raw(self, step: Step) -> None:
        if self.joining:
            self._sends(step)
        else:
            actor = self._actor(step)
            for segment in self._frames(actor, step):
                actor.peer.send([segment])

    def _send(self, actor: Actor, part: Part) -> None:
        actor.acted = time.monotonic()
        actor.peer.send([self._frame(actor, part)])

    # -- receiving -----------------------------------------------------------------------------------------------

    def _receives(self, step: Step) -> None:
        timeout, acted = None, self._actor(step).acted
        if step.within is not None:
            timeout = self.scope.number(step.within) / 1000 + (self.step_began - time.monotonic())
        self._receive(self._actor(step), step.parts[0], timeout)
        if step.after is not None:
            since = max(acted, self.operated)
            expect_not_early(step.message, since, self.scope.number(step.after), self._actor(step).peer.frame)

    def _receives_nothing(self, step: Step) -> None:
        """Prove that nothing more was sent: a PONG comes next, or the refusal of the PING (PING-2)."""
        self._sends(step)
        actor = self._actor(step)
        message = self._next(actor, "nothing (a PONG proves it)")
        limited = isinstance(message, m.Error) and message.code == _FENCE_LIMITED
        if not isinstance(message, m.Pong) and not limited:
            raise unexpected(actor.name, "nothing", describe(message), actor.peer.frame)
        if found := actor.judge(message):
            raise wrong_values(f"{actor.name} got {message.NAME} with other values", found, actor.peer.frame)

    def _receive(self, actor: Actor, part: Part, timeout: float | None = None) -> Message:
        """The next message of the actor, which has to be this one."""
        message = self._next(actor, str(part), timeout, pings=part.message == "PING")
        self._check(actor, part, message)
        return message

    def _check(self, actor: Actor, part: Part, message: Message) -> None:
        """What the actor got is what it should have got. Raises `CaseFailed`."""
        frame, early = actor.peer.frame, actor.is_early(message)
        if message.NAME != part.message:
            verdict = self._misplaced(actor, part, message, early=early)
            raise wrong_message(verdict, actor.name, part, self.scope, message, frame)
        self._note(actor, message)
        # A variable that is free says nothing of it.
        told = "request_id" in part.fields and not self.scope.is_free(part.fields["request_id"])
        found = differences(self.scope, part.fields, message, frame)
        found += actor.judge(message, told=told)
        if found:
            verdict = self._misplaced(actor, part, message, early=early)
            raise wrong_values(f"{actor.name} got {message.NAME} with other values", found, frame, verdict)

    def _misplaced(self, actor: Actor, due: Part, message: Message, *, early: bool) -> Verdict:
        """The verdict on a message that is not what is due: whether it is due later."""
        later = (
            part
            for step in self.case.steps[self.index + 1 :]
            if step.actor == actor.name and step.verb in ("receives", "reads until")
            for part in step.parts
            if part.message != due.message or part.fields
        )
        with contextlib.suppress(Unbound):
            early = early or any(matches(self.scope, part, message, actor.peer.frame) for part in later)
        return Verdict.WRONG_ORDER if early else Verdict.WRONG_REPLY

    def _next(self, actor: Actor, due: str, timeout: float | None = None, *, pings: bool = False) -> Message:
        """The next message. In a case that has set the keepalive, a PING that is not what is due is answered in passing."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            message = actor.peer.next_message_by(due, deadline)
            if isinstance(message, m.Ping) and actor.owes_pong:
                what = "a second PING before it answered the first (PING-3)"
                raise unexpected(actor.name, due, what, actor.peer.frame)
            if pings or not isinstance(message, m.Ping) or "ping_after" not in self.case.settings:
                return message
            actor.ping = message
            self._send(actor, Part("PONG", {}))

    def _note(self, actor: Actor, message: Message) -> None:
        """Keep what later steps and rules refer to."""
        actor.note(message)
        if isinstance(message, m.Welcome):
            self.scope.variables[actor.name] = m.User(session_id=message.session_id, name=message.name)
            self.announced = limits_in(message)
            self.scope.limits |= self.announced
            self._check_room(message)

    def _check_room(self, welcome: m.Welcome) -> None:
        """Raises `CaseSkipped` if the server does not let in as many as the case needs."""
        at_once, made = connections_at_once(self.case), connections_made(self.case)
        for name, needed, when in (
            ("connections_per_address", at_once, "at once"),
            ("max_connections", at_once, "at once"),
            ("attempts_per_minute", made, "within a minute"),
        ):
            allowed: int = getattr(welcome, name)
            if needed > allowed and name not in self.case.settings:
                raise CaseSkipped(f"needs {needed} connections {when}, and the server's {name} is {allowed}; raise it")

    def _floods(self, step: Step) -> None:
        """Send a message again and again until another one comes; the replies to it are passed over.

        What matters is the amount: the frames are cut as they are in every segmentation.
        """
        actor, (flooding, until) = self._actor(step), step.parts
        found: list[Difference] = []
        seconds = max(self.timeout, _FLOOD_SECONDS)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            actor.acted = time.monotonic()
            actor.peer.send([self._frame(actor, flooding)], bytewise=False)
            while True:
                message = actor.peer.next_message_by(str(until), min(deadline, time.monotonic() + self.timeout))
                self._note(actor, message)
                if broken := actor.judge(message):
                    raise wrong_values(f"{actor.name} got {message.NAME}", broken, actor.peer.frame)
                if until.message == message.NAME:
                    found = differences(self.scope, until.fields, message, actor.peer.frame)
                    if not found:
                        return self._settle_requests(actor)
                if message.NAME in ANSWERS:
                    break
        text = f"{until} did not come after {seconds:g} s of {flooding}"
        raise CaseFailed(Verdict.TIMED_OUT, text, differences=tuple(found))

    def _reads_until(self, step: Step) -> None:
        """Read again, pass over whatever public events have been waiting (none may be missing), up to this message."""
        actor = self._actor(step)
        deadline = time.monotonic() + self.timeout
        while True:
            message = actor.peer.next_message_by(str(step.parts[0]), deadline)
            self._note(actor, message)
            found = actor.judge(message)
            if message.NAME == step.message:
                found += differences(self.scope, step.fields, message, actor.peer.frame)
            if found:
                raise wrong_values(f"{actor.name} got {message.NAME} with other values", found, actor.peer.frame)
            if message.NAME == step.message:
                return

    def _settle_requests(self, actor: Actor) -> None:
        deadline = time.monotonic() + self.timeout
        while actor.requests:
            message = actor.peer.next_message_by("the replies that are due", deadline)
            if broken := actor.judge(message):
                raise wrong_values(f"{actor.name} got {message.NAME}", broken, actor.peer.frame)

    def _one_receives(self, step: Step) -> None:
        """One of several actors gets what is due to the winner, each other one what is due to the others."""
        winners: list[str] = []
        for name in step.group:
            actor = self.actors[name]
            first = self._next(actor, f"{step.parts[0]} or {step.others[0]}")
            due = step.others
            if first.NAME == step.parts[0].message and not winners:
                winners.append(name)
                due = step.parts
            self._check(actor, due[0], first)
            for part in due[1:]:
                self._receive(actor, part)
        if not winners:
            raise CaseFailed(Verdict.WRONG_REPLY, f"one of the actors should have got {step.parts[0]}, and none has")

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
        program = self.server.program
        assert program is not None
        if step.verb == "answers":
            line = expect_answer(program, self.answered_from, step.text, self.timeout)
            return self.transcript.add(CONSOLE, Kind.SHOWN, line)
        self.operated = time.monotonic()
        self.answered_from = program.output.total()
        if step.verb == "ends input":
            self.transcript.note(CONSOLE, step.verb)
            return program.end_input()
        if step.verb == "types raw":
            data = b"".join(map(self.scope.segment, step.raw))
            self.transcript.add(CONSOLE, Kind.TYPED, data.hex(" "))
            return program.enter_bytes(data)
        self.transcript.add(CONSOLE, Kind.TYPED, step.text)
        return program.enter(step.text)

    def _server(self, step: Step) -> None:
        program = self.server.program
        assert program is not None
        self.transcript.note(SERVER, str(step).removeprefix(f"{SERVER} "))
        if step.verb == "is killed and restarted":
            program.restart()
            self.actors.clear()
            self.public.clear()
            self.server.wait_until_ready()
        elif step.verb == "is told to end":
            program.tell_to_end()
        elif step.verb == "is interrupted":
            program.interrupt()
        elif step.verb == "logs":
            expect_logged(program, step.text, self.timeout)
        elif step.verb == "never logs":
            expect_not_logged(program, step.text)
        else:
            self._exits(step, program.wait(self.timeout))

    def _exits(self, step: Step, code: int | None) -> None:
        if code != step.number:
            happened = "did not end in time" if code is None else ending(code)
            found = Difference("exit code", str(step.number), "none" if code is None else str(code))
            killed = self.server.program is not None and self.server.program.was_killed()
            verdict = Verdict.TIMED_OUT if code is None else Verdict.CRASHED if killed else Verdict.WRONG_EXIT
            text = f"the server {happened}, where it should have ended with exit code {step.number}"
            raise CaseFailed(verdict, text, differences=(found,))

    # -- afterwards ----------------------------------------------------------------------------------------------

    def _part(self, *, politely: bool) -> None:
        """End every connection, so that the next case finds nobody. After a failure, a server that is ended anyway is
        not waited for."""
        self.transcript.close()
        for actor in list(self.actors.values()):
            if politely and actor.user and actor.attentive:
                try:
                    actor.peer.send_raw(build("LEAVE", {"request_id": 0xFFFF}))
                    actor.peer.skip_to(m.Goodbye)
                except CaseFailed:
                    politely, self.server.unsettled = False, True
            else:
                self.server.unsettled |= not actor.attentive or bool(actor.requests) or actor.user
            actor.peer.close()
