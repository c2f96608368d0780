"""Plays a case to a client: the suite is the server, and types at the client.

The script is the same that is played to servers, seen from the other side. What the actor under test `sends`, the client
must send when the line for it is typed; what it `receives`, the suite sends, and the client must show the line that the
table of section 18 gives. What other actors do matters only where the server would tell of it: `joins` and `leaves` become
JOINED and LEFT. At the end a client that is still there proves, with /who, that it has sent and shown nothing else.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from impwire import messages as m
from impwire.codecs import CODECS, NAME_TYPE
from impwire.tables import CLIENT_COMMANDS, PROTOCOL_VERSION, REPLIES, Settings
from impwire.wire import Message

from ..language import Case, Part, Step, typed_line
from ..language.values import Scope, Unbound, field_constructs
from ..targets import RunningClient
from ..verdicts import CaseFailed, Verdict
from .display import display_line
from .peer import Peer, build, sent
from .transcript import Kind, Transcript, describe

_REPLIES = {reply.NAME for replies in REPLIES.values() for reply in replies}
_PUBLIC = {"CHAT", "JOINED", "LEFT", "RENAMED"}
_SERVER_NAME = "suite"


class ClientPlay:
    """One run of a case against a client, in the role of `actor`."""

    def __init__(self, case: Case, actor: str, client: RunningClient, timeout: float, transcript: Transcript) -> None:
        self.case, self.actor, self.client = case, actor, client
        self.timeout, self.transcript = timeout, transcript
        self.scope = Scope()
        self.scope.limits = {name: getattr(Settings(), name) for name in Settings.__slots__} | case.settings
        self.peer: Peer | None = None
        self.own_name = actor
        self.users: dict[str, m.User] = {}
        self.requests: list[Message] = []
        self.seq = 0
        self.pings = 0
        self.inside = False
        self.errors_due: list[str] = []
        self.input_ended = False
        #: Whether lines that nobody can foresee, such as the end of a help text, may stand before the next line.
        self.free_lines = False

    def play(self) -> None:
        """Raises `CaseFailed` at the first thing that is not as it should be."""
        for step in self.case.steps:
            try:
                if step.actor == self.actor:
                    getattr(self, f"_{step.verb.replace(' ', '_')}")(step)
                else:
                    self._told_of(step)
            except CaseFailed as failed:
                raise failed.at(str(step), step.place) from None
            except Unbound as unbound:
                raise CaseFailed(Verdict.HARNESS_ERROR, f"at {step.place}: {step}\n{unbound}") from None
        if self.inside:
            self._fence()
        self._check_errors()

    @property
    def _peer(self) -> Peer:
        if self.peer is None:
            raise CaseFailed(Verdict.HARNESS_ERROR, f"{self.actor} has not connected")
        return self.peer

    # -- what the client under test does -------------------------------------------------------------------------

    def _connects(self, step: Step) -> None:
        self.peer = Peer(self.actor, self.client.accept(self.timeout), self.timeout, self.transcript)

    def _joins(self, step: Step) -> None:
        if self.peer is None:
            self._connects(step)
        self._next_from_client(Part("HELLO", {"name": self.actor}))
        self._tell(Part("WELCOME", {}))

    def _leaves(self, step: Step) -> None:
        self._type("/leave")
        self._next_from_client(Part("LEAVE", {}))
        self._tell(Part("GOODBYE", {"code": "LEFT"}))
        self._peer.expect_end(Verdict.CLOSED)
        self._expect_exit(0)

    def _sends(self, step: Step) -> None:
        part = step.parts[0]
        if part.message not in ("HELLO", "PONG") and not self.input_ended:
            fields = {
                name: self.scope.to_send(value, field_constructs(part.message)[name])
                for name, value in part.fields.items()
            }
            line = typed_line(part.message, fields)
            if line is None:
                raise CaseFailed(Verdict.HARNESS_ERROR, f"no line that is typed sends {part.message}")
            self._type(line)
        self._next_from_client(part)

    def _next_from_client(self, part: Part) -> Message:
        message = self._peer.next_message(f"{part.message} {part.fields or ''}".strip())
        if part.message != message.NAME:
            text = f"the client should have sent {part.message}, and sent {describe(message)}"
            raise CaseFailed(Verdict.WRONG_REPLY, text)
        found = self.scope.differences(part.fields, message)
        request_id = getattr(message, "request_id", 0)
        if not request_id:
            found.append("request_id: 0 in a request (FRAME-8)")
        if isinstance(message, m.Pong) and (message.request_id, message.nonce) != (self.pings, self.pings):
            found.append(
                f"expected request_id and nonce {self.pings} (PING-1), found {message.request_id} and {message.nonce}"
            )
        if isinstance(message, m.Hello) and not message.min_version <= PROTOCOL_VERSION <= message.max_version:
            found.append(
                f"the versions {message.min_version:#06x} to {message.max_version:#06x} do not hold {PROTOCOL_VERSION:#06x}"
            )
        if getattr(message, "flags", 0):
            found.append("flags: not 0 (EXT-1)")
        if found:
            raise CaseFailed(
                Verdict.WRONG_REPLY, f"the client sent {message.NAME} with other values\n  " + "\n  ".join(found)
            )
        if not isinstance(message, m.Pong):
            self.requests.append(message)
            self.scope.variables["request"] = request_id
        return message

    def _sends_typed(self, step: Step) -> None:
        """The client sends what a line that was typed before is to make it send."""
        self._next_from_client(step.parts[0])

    def _types(self, step: Step) -> None:
        self._type(step.text)

    def _type(self, line: str) -> None:
        self.transcript.add(self.actor, Kind.TYPED, line)
        self.client.program.enter(line)

    def _ends_input(self, step: Step) -> None:
        self.transcript.note(self.actor, "(end of input)")
        self.client.program.end_input()
        self.input_ended = True

    # -- what the client under test is told ----------------------------------------------------------------------

    def _receives(self, step: Step) -> None:
        self._tell(step.parts[0])

    def _receives_unshown(self, step: Step) -> None:
        self._tell(step.parts[0], shown=False)

    def _tell(self, part: Part, *, shown: bool = True) -> None:
        """Send a message to the client, which must show its line, unless it cannot be taken for a message at all."""
        values = self._values(part)
        data = build(part.message, values)
        self._peer.send_raw(data, sent(part.message, data))
        answered = self._answered(values) if part.message in _REPLIES else None
        message = CODECS.by_name[part.message].parse(data, unchecked=True)
        if shown:
            self._expect_display(message, answered)
        self._follow(message, answered)

    def _answered(self, values: dict[str, Any]) -> Message | None:
        request_id = values["request_id"]
        if self.requests and self.requests[0].request_id == request_id:  # type: ignore[attr-defined]
            return self.requests.pop(0)
        return None

    def _follow(self, message: Message, answered: Message | None) -> None:
        """What the message changes for what comes later."""
        if isinstance(message, m.Welcome):
            self.inside = True
            self.users[self.actor] = m.User(session_id=message.session_id, name=message.name)
            self.scope.variables[self.actor] = self.users[self.actor]
        elif isinstance(message, m.Ok) and isinstance(answered, m.Rename):
            self.own_name = answered.name
        elif isinstance(message, m.Goodbye):
            self.inside = False
            self._peer.end_stream()  # END-2

    def _values(self, part: Part) -> dict[str, Any]:
        """The fields of a message of the server, with what the step does not say as a server would fill it in."""
        constructs = field_constructs(part.message)
        values: dict[str, Any] = {}
        for name, value in part.fields.items():
            if name == "who" and isinstance(value, dict):
                values[name] = self._user(value)
            elif name == "extensions":
                values[name] = [(tag, bytes.fromhex(digits)) for tag, digits in value]
            elif isinstance(value, dict) and "at least" in value:
                values[name] = self.scope.number(value["at least"])
            elif self.scope.is_free(value):
                values[name] = self.scope.variables[value[1:]] = self._default(part.message, name)
            else:
                values[name] = (
                    self.scope.to_send(value, constructs[name]) if name in constructs else self.scope.number(value)
                )
        for name in constructs:
            if name not in values:
                values[name] = self._default(part.message, name)
        values.setdefault("request_id", self._request_id(part.message))
        return values

    def _user(self, fields: dict[str, Any]) -> m.User:
        """A user of whom a step tells only the name, or only the session."""
        known = {user.name: user for user in self.users.values()}
        name = str(self.scope.to_send(fields.get("name", "nobody"), NAME_TYPE))
        session_id = self.scope.number(fields["session_id"]) if "session_id" in fields else None
        user = known.get(name) or m.User(session_id=len(self.users) + 100, name=name)
        return user if session_id is None else replace(user, session_id=session_id)

    def _default(self, message: str, name: str) -> Any:
        """The value of a field that the step does not give."""
        if name in Settings.__slots__:
            return self.scope.limits[name]
        if name == "seq":
            # ORD-3: every public event takes the next number; an OK bears that of the event that the request caused.
            public = message in _PUBLIC or message in ("WELCOME", "NOTICE")
            if public or (message == "OK" and self.requests and isinstance(self.requests[0], (m.Say, m.Rename))):
                self.seq += 1
                return self.seq
            return 0
        if name == "time":
            return time.time_ns() // 1_000_000
        if name == "request_type":
            return self.requests[0].TYPE if self.requests else 0
        if name == "entries":
            return tuple(sorted(self.users.values(), key=lambda user: user.name.lower()))
        if name == "nonce":
            self.pings += message == "PING"
            return self.pings
        fixed = {"version": PROTOCOL_VERSION, "capabilities": 0, "session_id": 1, "name": self.actor}
        fixed |= {"server_name": _SERVER_NAME, "retry_after_ms": 0, "detail": "", "more": False}
        fixed["scope"] = m.NoticeScope.ALL
        fixed["who"] = next((user for key, user in self.users.items() if key != self.actor), None)
        return fixed.get(name)

    def _request_id(self, message: str) -> int:
        if message == "PING":
            return self.pings
        if message in _REPLIES and self.requests:
            return int(self.requests[0].request_id)  # type: ignore[attr-defined]
        return 0

    def _receives_raw(self, step: Step) -> None:
        for segment in step.raw:
            data = bytes.fromhex(
                segment if isinstance(segment, str) else segment["repeat"] * self.scope.number(segment["times"])
            )
            self._peer.send_raw(data)

    def _stream_ends(self, step: Step) -> None:
        """The server's side of the stream ends, without GOODBYE."""
        self._peer.end_stream()
        self.inside = False

    def _receives_nothing(self, step: Step) -> None:
        """A server that sends nothing gives a client nothing to show: the fence at the end sees to it."""

    def _told_of(self, step: Step) -> None:
        """A step of another actor, where the server would tell of it."""
        if step.verb == "joins":
            self.users[step.actor] = m.User(session_id=len(self.users) + 1, name=step.actor)
            self.scope.variables[step.actor] = self.users[step.actor]
            if self.inside:
                self._tell(Part("JOINED", {"who": f"${step.actor}"}))
            else:
                self.seq += 1
        elif step.verb == "receives" and step.message == "WELCOME":
            self.users[step.actor] = m.User(session_id=len(self.users) + 1, name=step.actor)
            self.scope.variables[step.actor] = self.users[step.actor]
        elif step.verb == "leaves":
            user = f"${step.actor}"
            if self.inside:
                self._tell(Part("LEFT", {"who": user, "reason": "LEFT"}))
            self.users.pop(step.actor, None)

    # -- what the client under test shows ------------------------------------------------------------------------

    def _expect_display(self, message: Message, answered: Message | None) -> None:
        shown = display_line(message, answered, self.own_name)
        if shown is None:
            return
        line, stream = shown
        if stream == "error":
            self.errors_due.append(line)
        else:
            self._expect_line(line)

    def _expect_line(self, due: str) -> None:
        line = self._next_line(repr(due))
        while self.free_lines and line != due:
            line = self._next_line(repr(due))
        self.free_lines = False
        if line != due:
            raise CaseFailed(Verdict.WRONG_OUTPUT, f"the client should have shown\n  {due!r}\nand showed\n  {line!r}")

    def _next_line(self, due: str) -> str:
        line = self.client.program.next_line(self.timeout)
        if line is None:
            code = self.client.program.wait(0)
            state = "is still running" if code is None else f"has ended with {code}"
            text = f"the client should have shown {due} on its standard output, and showed nothing; it {state}"
            if errors := self.client.program.tail():
                text += f"\non its standard error:\n{errors}"
            raise CaseFailed(Verdict.TIMED_OUT if code is None else Verdict.CRASHED, text)
        self.transcript.add(self.actor, Kind.SHOWN, line)
        return line

    def _shows(self, step: Step) -> None:
        self._expect_line(step.text)

    def _shows_line_with(self, step: Step) -> None:
        while step.text not in self._next_line(f"a line with {step.text!r}"):
            pass

    def _complains(self, step: Step) -> None:
        line = self._next_line(f"an explanation with {step.text!r}")
        if step.text not in line:
            raise CaseFailed(
                Verdict.WRONG_OUTPUT, f"the client should have explained {step.text!r}, and showed {line!r}"
            )

    def _shows_help(self, step: Step) -> None:
        for command in CLIENT_COMMANDS.values():
            line = self._next_line(f"the line on {command.usage}")
            if command.usage not in line or command.help not in line:
                text = f"the help should have had {command.usage} and {command.help!r}, and showed {line!r}"
                raise CaseFailed(Verdict.WRONG_OUTPUT, text)
        self.free_lines = True

    # -- ends ----------------------------------------------------------------------------------------------------

    def _is_closed(self, step: Step) -> None:
        self._peer.expect_end(Verdict.CLOSED)
        self.inside = False

    def _exits(self, step: Step) -> None:
        self._expect_exit(step.number)

    def _expect_exit(self, due: int) -> None:
        self.inside = False
        if (line := self.client.program.next_line(self.timeout)) is not None:
            raise CaseFailed(Verdict.WRONG_OUTPUT, f"the client should have ended, and showed {line!r}")
        code = self.client.program.wait(self.timeout)
        self.transcript.note(self.actor, f"exit code {code}")
        if code is None:
            raise CaseFailed(Verdict.TIMED_OUT, "the client should have ended, and is still running")
        if code != due:
            text = f"the client should have ended with {due}, and ended with {code}\n{self.client.program.tail()}"
            raise CaseFailed(Verdict.WRONG_EXIT, text)
        if due and not self.client.program.errors().strip():
            raise CaseFailed(
                Verdict.WRONG_OUTPUT, "the client ended without a line on standard error that says why (CLIENT-7)"
            )

    def _check_errors(self) -> None:
        """The lines that belong on standard error stand there."""
        if self.errors_due:
            found = self.client.program.errors()
            for line in self.errors_due:
                if line not in found:
                    text = f"standard error should have had {line!r}, and has {found!r}"
                    raise CaseFailed(Verdict.WRONG_OUTPUT, text)
        if "Traceback" in self.client.program.errors():
            raise CaseFailed(Verdict.CRASHED, self.client.program.errors())

    def _sends_nothing(self, step: Step) -> None:
        self._fence()

    def _fence(self) -> None:
        """Prove that nothing else was sent or shown: a WHO comes next, and its ROSTER is the next line."""
        self._type("/who")
        self._next_from_client(Part("WHO", {}))
        self._tell(Part("ROSTER", {}))
