"""Plays a case to a client: the suite is the server, and types at the client.

The script is the same that is played to servers, seen from the other side. What the actor under test `sends`, the client
must send when the line for it is typed; what it `receives`, the suite sends, and the client must show the line that the
table of section 18 gives. What other actors do matters only where the server would tell of it: `joins` and `leaves` become
JOINED and LEFT. At the end a client that is still there proves, with /who, that it has sent and shown nothing else; one
whose input has ended takes its leave (CLIENT-3).

Where frames are to leave in as few segments as can be, they are held back until something is due from the client, or
until it is to do something. The lines that it must show are looked for then, in the order of the frames.
"""

from __future__ import annotations

import time
from dataclasses import replace

from impwire import messages as m
from impwire.codecs import CODECS
from impwire.tables import CLIENT_COMMANDS, PROTOCOL_VERSION
from impwire.wire import EncodeError, Message

from ..language import Case, Part, Step, typed_line
from ..language.values import Unbound, field_constructs
from ..targets import RunningClient, ending
from ..verdicts import CaseFailed, Difference, Verdict
from .actor import ANSWERS
from .compare import differences, wrong_message, wrong_values
from .console import expect_error
from .display import display_line
from .peer import Outgoing, Peer, build
from .segments import Segmentation, is_delicate, tells
from .teller import Teller
from .timing import expect_not_early
from .transcript import Kind, Transcript

#: Seconds for which a client that has not been welcomed yet may take to read a line, or the end of its input. It need not read
#: them before WELCOME, and nothing that it may send then would tell that it has.
_READING = 0.1


class ClientPlay(Teller):
    """One run of a case against a client, in the role of `actor`."""

    def __init__(
        self,
        case: Case,
        actor: str,
        client: RunningClient,
        timeout: float,
        transcript: Transcript,
        segmentation: Segmentation = Segmentation.AS_IS,
    ) -> None:
        super().__init__(case, actor)
        self.client = client
        self.timeout, self.transcript, self.segmentation = timeout, transcript, segmentation
        self.joining = segmentation is Segmentation.JOINED and not is_delicate(case)
        self.step = case.steps[0]
        #: Frames that have not left yet, and the lines that they make the client show, each with its step.
        self.held: list[Outgoing] = []
        self.lines_due: list[tuple[Step, str]] = []
        self.peer: Peer | None = None
        self.own_name = actor
        self.inside = False
        self.errors_due: list[str] = []
        self.input_ended = False
        #: Whether lines that were typed before WELCOME wait for it.
        self.typed_early = False
        #: What the client is to send because of lines that were typed ahead.
        self.ahead: list[Part] = []
        #: When a line was last typed: nothing that it has set off can have begun before.
        self.typed = time.monotonic()
        #: Whether lines that nobody can foresee, such as the end of a help text, may stand before the next line.
        self.free_lines = False

    def play(self) -> None:
        """Raises `CaseFailed` at the first thing that is not as it should be."""
        try:
            for step in self.case.steps:
                self.step = step
                self._play(step)
            self.step = Step(self.actor, "leaves" if self.input_ended else "sends nothing", place="the end of the case")
            self._flush()
            if self.inside:
                self._depart() if self.input_ended else self._fence()
            self._check_errors()
        except CaseFailed as failed:
            raise self._cause(failed).at(str(self.step), self.step.place) from None
        except (Unbound, EncodeError) as fault:
            text = f"at {self.step.place}: {self.step}\n{fault}"
            raise CaseFailed(Verdict.HARNESS_ERROR, text).at(str(self.step), self.step.place) from None

    def _cause(self, failed: CaseFailed) -> CaseFailed:
        """The failure with what is behind it: the end of the client's process, if that has ended."""
        gone = failed.verdict in (Verdict.CLOSED, Verdict.RESET)
        code = self.client.program.ended() if gone else self.client.program.wait(0)
        if code is None or failed.verdict is Verdict.CRASHED:
            return failed
        if self.client.end_verdict() is Verdict.CRASHED:
            failed.verdict = Verdict.CRASHED
            text = f"the client {ending(code)}\n{self.client.program.tail()}\nbefore that was noticed: {failed}"
            failed.failure = replace(failed.failure, text=text)
        elif gone:
            failed.failure = replace(failed.failure, text=f"{failed}\nthe client {ending(code)}")
        return failed

    def _play(self, step: Step) -> None:
        if not tells(step, self.actor):
            self._flush()
        if step.actor == self.actor:
            getattr(self, f"_{step.verb.replace(' ', '_')}")(step)
        else:
            self._told_of(step)

    @property
    def _peer(self) -> Peer:
        if self.peer is None:
            raise CaseFailed(Verdict.HARNESS_ERROR, f"{self.actor} has not connected")
        return self.peer

    # -- what the client under test does -------------------------------------------------------------------------

    def _connects(self, step: Step) -> None:
        sock = self.client.accept(self.timeout)
        self.peer = Peer(self.actor, sock, self.timeout, self.transcript, self.segmentation)

    def _joins(self, step: Step) -> None:
        if self.peer is None:
            self._connects(step)
        self._next_from_client(Part("HELLO", {"name": self.actor}))
        self._tell(Part("WELCOME", {}))

    def _leaves(self, step: Step) -> None:
        self._type("/leave")
        self._depart()

    def _depart(self) -> None:
        """The client takes its leave, and ends."""
        self._next_from_client(Part("LEAVE", {}))
        self._tell(Part("GOODBYE", {"code": "LEFT"}))
        self._peer.expect_end(Verdict.CLOSED)
        self._expect_exit(0)

    def _sends(self, step: Step) -> None:
        self._type_for(step.parts[0])
        self._next_from_client(step.parts[0])

    def _sends_together(self, step: Step) -> None:
        """The lines are typed at once. A client may wait for one reply before it sends the next request (REQ-3), so what
        has not come when it is to be answered is read then."""
        for part in step.parts:
            self._type_for(part)
        self.ahead += step.parts
        self._next_ahead()

    def _next_ahead(self) -> None:
        if self.ahead:
            self._next_from_client(self.ahead.pop(0))

    def _type_for(self, part: Part) -> None:
        """Type the line that makes the client send the message, if it is one that a person sends."""
        if part.message in ("HELLO", "PONG") or self.input_ended:
            return
        constructs = field_constructs(part.message)
        typed = {name: value for name, value in part.fields.items() if name in constructs}
        line = typed_line(
            part.message, {name: self.scope.to_send(value, constructs[name]) for name, value in typed.items()}
        )
        if line is None:
            raise CaseFailed(Verdict.HARNESS_ERROR, f"no line that is typed sends {part.message}")
        self._type(line)

    def _next_from_client(self, part: Part, timeout: float | None = None) -> Message:
        self._flush()
        message = self._peer.next_message(str(part), timeout)
        frame = self._peer.frame
        if part.message != message.NAME:
            raise wrong_message(Verdict.WRONG_REPLY, "the suite", part, self.scope, message, frame)
        found = differences(self.scope, part.fields, message, frame) + self._faults(message)
        if found:
            raise wrong_values(f"the client sent {message.NAME} with other values", found, frame)
        if not isinstance(message, m.Pong):
            self.requests.append(message)
            self.scope.variables["request"] = message.request_id  # type: ignore[attr-defined]
        return message

    def _faults(self, message: Message) -> list[Difference]:
        """What is wrong with a message by the rules that hold for every one of a client."""
        found = []
        if not getattr(message, "request_id", 0):
            found.append(Difference("request_id", "anything but 0", "0", "FRAME-8"))
        if isinstance(message, m.Pong):
            for name in ("request_id", "nonce"):
                if (value := getattr(message, name)) != self.pings:
                    found.append(Difference(name, str(self.pings), str(value), "PING-1"))
        if isinstance(message, m.Hello) and not message.min_version <= PROTOCOL_VERSION <= message.max_version:
            versions = f"{message.min_version:#06x} to {message.max_version:#06x}"
            found.append(Difference("max_version", f"a range with {PROTOCOL_VERSION:#06x} in it", versions))
        if flags := getattr(message, "flags", 0):
            found.append(Difference("flags", "0", f"{flags:#04x}", "EXT-1"))
        return found

    def _sends_typed(self, step: Step) -> None:
        """The client sends what a line that was typed before is to make it send."""
        timeout = None if step.within is None else self.scope.number(step.within) / 1000
        self._next_from_client(step.parts[0], timeout)
        if step.after is not None:
            expect_not_early(step.message, self.typed, self.scope.number(step.after), self._peer.frame)

    def _types(self, step: Step) -> None:
        self._type(step.text)
        if not self.inside:
            self.typed_early = True
            self.client.program.let_read(_READING)

    def _type(self, line: str) -> None:
        self.typed = time.monotonic()
        self.transcript.add(self.actor, Kind.TYPED, line)
        self.client.program.enter(line)

    def _types_raw(self, step: Step) -> None:
        data = self._raw(step)
        self.transcript.add(self.actor, Kind.TYPED, data.hex(" "))
        self.client.program.enter_bytes(data)

    def _ends_input(self, step: Step) -> None:
        self.transcript.note(self.actor, "(end of input)")
        self.client.program.end_input()
        self.input_ended = True
        if not self.inside:
            self.client.program.wait(_READING)

    # -- what the client under test is told ----------------------------------------------------------------------

    def _receives(self, step: Step) -> None:
        self._tell(step.parts[0])

    def _receives_unshown(self, step: Step) -> None:
        self._tell(step.parts[0], shown=False)

    def _tell(self, part: Part, *, shown: bool = True) -> None:
        """Send a message to the client, which must show its line, unless it cannot be taken for a message at all."""
        if part.message in ANSWERS and not self.requests:
            self._next_ahead()
        values = self._values(part)
        data = build(part.message, values)
        self.held.append(Outgoing(part.message, data))
        answered = self._answered(values) if part.message in ANSWERS else None
        message = CODECS.by_name[part.message].parse(data, unchecked=True)
        if shown:
            self._note_display(message, answered)
        self._follow(message, answered)
        if not self.joining or isinstance(message, m.Goodbye):
            self._flush()
        if isinstance(message, m.Goodbye):
            self._peer.end_stream()  # END-2

    def _flush(self) -> None:
        """Let the frames leave that were held back, and see what the client shows of them."""
        frames, lines = self.held, self.lines_due
        self.held, self.lines_due = [], []
        if frames:
            self._peer.send(frames)
        for step, line in lines:
            try:
                self._expect_line(line)
            except CaseFailed as failed:
                raise failed.at(str(step), step.place) from None

    def _follow(self, message: Message, answered: Message | None) -> None:
        """What the message changes for what comes later."""
        self.seq = max(self.seq, getattr(message, "seq", 0))
        if isinstance(message, m.Welcome):
            self.inside, self.own_name, self.typed_early = True, message.name, False
            self._peer.limit = message.max_frame
            self.users[self.actor] = m.User(session_id=message.session_id, name=message.name)
            self.scope.variables[self.actor] = self.users[self.actor]
        elif isinstance(message, m.Ok) and isinstance(answered, m.Rename):
            self.own_name = answered.name
        elif isinstance(message, m.Goodbye):
            self.inside = False

    def _receives_raw(self, step: Step) -> None:
        for segment in step.raw:
            self.held.append(Outgoing("", self.scope.segment(segment)))
            if not self.joining:
                self._flush()
        # A WELCOME may have been among it, and then this limit counts.
        self._peer.limit = max(self._peer.limit, self.scope.limits["max_frame"])

    def _stream_ends(self, step: Step) -> None:
        """The server's side of the stream ends, without GOODBYE."""
        self._peer.end_stream()
        self.inside = False

    def _receives_nothing(self, step: Step) -> None:
        """A server that sends nothing gives a client nothing to show: the fence at the end sees to it."""

    def _told_of(self, step: Step) -> None:
        """A step of another actor, where the server would tell of it."""
        if (part := self._arrival(step)) is not None:
            self._tell(part)

    def _arrival(self, step: Step) -> Part | None:
        """What a client that is inside is told of a step of another actor; keeps who is there."""
        if step.verb == "leaves":
            self.users.pop(step.actor, None)
            return Part("LEFT", {"who": f"${step.actor}", "reason": "LEFT"}) if self.inside else None
        if step.verb != "joins" and (step.verb, step.message) != ("receives", "WELCOME"):
            return None
        self.users[step.actor] = m.User(session_id=len(self.users) + 1, name=step.actor)
        self.scope.variables[step.actor] = self.users[step.actor]
        if step.verb == "joins" and self.inside:
            return Part("JOINED", {"who": f"${step.actor}"})
        self.seq += step.verb == "joins"
        return None

    # -- what the client under test shows ------------------------------------------------------------------------

    def _note_display(self, message: Message, answered: Message | None) -> None:
        """Note the line that the client must show of a message, where this target's lines are looked at."""
        shown = display_line(message, answered, self.own_name)
        if shown is None or not self.client.displays:
            return
        line, stream = shown
        if stream == "error":
            self.errors_due.append(line)
        else:
            self.lines_due.append((self.step, line))

    def _expect_line(self, due: str) -> None:
        deadline = time.monotonic() + self.timeout
        line = self._next_line(repr(due))
        while self.free_lines and line != due:
            line = self._next_line(repr(due), deadline)
        self.free_lines = False
        if line != due:
            raise self._wrong_line(f"{due!r}", f"{line!r}", f"have shown\n  {due!r}\nand showed\n  {line!r}")

    def _wrong_line(self, due: str, found: str, text: str) -> CaseFailed:
        difference = Difference("line", due, found)
        return CaseFailed(Verdict.WRONG_OUTPUT, f"the client should {text}", differences=(difference,))

    def _next_line(self, due: str, deadline: float | None = None) -> str:
        left = self.timeout if deadline is None else max(0.0, deadline - time.monotonic())
        line = self.client.program.next_line(left)
        if line is None:
            code = self.client.program.ended()
            if code is None:
                verdict, state = Verdict.TIMED_OUT, "is still running"
                text = f"the client should have shown {due} on its standard output, and showed nothing; it {state}"
            else:
                verdict, state = self.client.end_verdict(), ending(code)
                text = f"the client {state}, where it should have shown {due} on its standard output"
            raise CaseFailed(verdict, text, differences=(Difference("line", due, f"nothing; it {state}"),))
        self.transcript.add(self.actor, Kind.SHOWN, line)
        return line

    def _shows(self, step: Step) -> None:
        self._expect_line(step.text)

    def _shows_line_with(self, step: Step) -> None:
        deadline = time.monotonic() + self.timeout
        while step.text not in self._next_line(f"a line with {step.text!r}", deadline):
            pass

    def _complains(self, step: Step) -> None:
        line = self._next_line(f"an explanation with {step.text!r}")
        if step.text not in line:
            text = f"have explained {step.text!r}, and showed {line!r}"
            raise self._wrong_line(f"a line with {step.text!r}", f"{line!r}", text)

    def _warns(self, step: Step) -> None:
        line = expect_error(self.client.program, step.text, self.timeout)
        self.transcript.add(self.actor, Kind.SHOWN, line)

    def _shows_help(self, step: Step) -> None:
        for command in CLIENT_COMMANDS.values():
            line = self._next_line(f"the line on {command.usage}")
            if command.usage not in line or command.help not in line:
                due = f"{command.usage} and {command.help!r}"
                raise self._wrong_line(
                    f"a line with {due}", f"{line!r}", f"have helped with {due}, and showed {line!r}"
                )
        self.free_lines = True

    # -- ends ----------------------------------------------------------------------------------------------------

    def _is_closed(self, step: Step) -> None:
        self._peer.expect_end(Verdict.CLOSED)
        self.inside = False

    def _exits(self, step: Step) -> None:
        self._expect_exit(step.number)

    def _expect_exit(self, due: int) -> None:
        self.inside = False
        if self.client.displays:
            self._expect_no_line()
        code = self.client.program.wait(self.timeout)
        if code != due:
            found = Difference("exit code", str(due), "none, it is still running" if code is None else str(code))
            state = "is still running" if code is None else ending(code)
            verdict = Verdict.TIMED_OUT if code is None else self.client.end_verdict()
            text = f"the client {state}, where it should have ended with exit code {due}"
            raise CaseFailed(verdict, text, differences=(found,))
        self.transcript.note(self.actor, f"exit code {code}")
        if due and self.client.displays and not self.client.program.errors().strip():
            found = Difference("line", "a line on standard error that says why", "none", "CLIENT-7")
            text = "the client ended without a line on standard error that says why (CLIENT-7)"
            raise CaseFailed(Verdict.WRONG_OUTPUT, text, differences=(found,))

    def _expect_no_line(self) -> None:
        """The client shows nothing more, except that it may account for what it has not sent (CLIENT-13)."""
        deadline = time.monotonic() + self.timeout
        while (left := deadline - time.monotonic()) > 0 and (line := self.client.program.next_line(left)) is not None:
            self.transcript.add(self.actor, Kind.SHOWN, line)
            if not self.typed_early:
                raise self._wrong_line("no further line", f"{line!r}", f"have ended, and showed {line!r}")

    def _check_errors(self) -> None:
        """The lines that belong on standard error stand there, with nothing behind them (CLIENT-7)."""
        errors = self.client.program.errors()
        if self.client.program.has_failed():
            raise CaseFailed(Verdict.CRASHED, f"the client has failed:\n{errors}")
        for line in self.errors_due:
            if not any(shown.removesuffix("\r").endswith(line) for shown in errors.split("\n")):
                found = Difference("line", repr(line), repr(errors))
                text = f"standard error should have had {line!r}, and has {errors!r}"
                raise CaseFailed(Verdict.WRONG_OUTPUT, text, differences=(found,))

    def _sends_nothing(self, step: Step) -> None:
        self._fence()

    def _fence(self) -> None:
        """Prove that nothing else was sent or shown: a WHO comes next, and its ROSTER is the next line."""
        self._type("/who")
        self._next_from_client(Part("WHO", {}))
        self._tell(Part("ROSTER", {}))
        self._flush()
