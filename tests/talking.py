"""A client session without a socket and without a clock, alone or with a conversation on top of it."""

from __future__ import annotations

from typing import Any

from impwire import FrameDecoder, Message
from impwire.codecs import CODECS, encode
from impwire.messages import (
    Chat,
    Error,
    ErrorCode,
    Goodbye,
    GoodbyeCode,
    Ok,
    Roster,
    Say,
    User,
    Welcome,
    Who,
)
from impwire.tables import LIMITS, TIMERS
from reference_client.conversation import Conversation, Output, exit_code
from reference_client.display import Show
from reference_client.effects import Cause, Effect, End, Ending, EndKind, Note, Send, Told
from reference_client.session import ClientSession

BOB = User(session_id=8, name="bob")


def welcome(name: str = "ann", **changed: Any) -> Welcome:
    fields: dict[str, Any] = {key: limit.default for key, limit in (LIMITS | TIMERS).items()}
    fields |= {"request_id": 1, "version": 0x0100, "capabilities": 0, "session_id": 7, "name": name}
    fields |= {"server_name": "Test", "seq": 10, "time": 1}
    return Welcome(**(fields | changed))


def chat(seq: int, text: str = "hi") -> Chat:
    return Chat(seq=seq, time=1, who=BOB, text=text)


def ok(request: Any, seq: int = 0) -> Ok:
    return Ok(request_id=request.request_id, seq=seq, time=1)


def error(request: Any, code: ErrorCode | int = ErrorCode.NAME_TAKEN, detail: str = "") -> Error:
    return Error(request_id=request.request_id, code=code, request_type=request.TYPE, retry_after_ms=0, detail=detail)


def goodbye(code: GoodbyeCode | int, request_id: int = 0, detail: str = "", retry_after_ms: int = 0) -> Goodbye:
    return Goodbye(request_id=request_id, code=code, retry_after_ms=retry_after_ms, detail=detail)


def page(request: Who, names: list[str], more: bool) -> Roster:
    users = tuple(User(session_id=1, name=name) for name in names)
    return Roster(request_id=request.request_id, entries=users, more=more)


def kinds(messages: list[Any]) -> list[str]:
    return [message.NAME for message in messages]


def texts(messages: list[Any]) -> list[str]:
    return [message.text for message in messages]


class Stay:
    """A session and everything that it has done so far."""

    def __init__(self, name: str = "ann", *, now: float = 1000.0) -> None:
        self.session = ClientSession(name)
        self.now = now
        self.sent: list[Any] = []
        self.told: list[Told] = []
        self.notes: list[str] = []
        self.ending: Ending | None = None
        self._decoder = FrameDecoder(CODECS, 1 << 20)
        self.session.connected(self.now)
        self.do()

    def do(self) -> None:
        """Carry out what the session wants."""
        while effects := self.session.take():
            for effect in effects:
                assert self.ending is None, f"{effect} comes behind the end"
                self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Send(data):
                self._decoder.feed(data)
                while (message := self._decoder.next_message()) is not None:
                    self.sent.append(message)
            case Told():
                self.told.append(effect)
            case Note(line):
                self.notes.append(line)
            case End(ending):
                self.ending = ending

    def alive(self) -> bool:
        return self.ending is None

    def ended(self) -> EndKind:
        assert self.ending is not None
        return self.ending.kind

    def heard(self) -> list[Message]:
        """What the session has told, without how it came about."""
        return [told.message for told in self.told]

    def hears(self, *messages: Message) -> None:
        self.hears_bytes(b"".join(map(encode, messages)))

    def hears_bytes(self, data: bytes) -> None:
        self.session.received(data, self.now)
        self.do()

    def asks(self, *requests: Message | str) -> list[int]:
        """Ask for something; a text is to be said to all. Returns the tickets."""
        tickets = []
        for request in requests:
            message = Say(text=request) if isinstance(request, str) else request
            tickets.append(self.session.request(message, self.now))
            self.do()
        return tickets

    def said(self) -> list[Any]:
        """What was sent behind HELLO, since the last time."""
        said, self.sent[1:] = self.sent[1:], []
        return said

    def finishes(self) -> None:
        self.session.finish(self.now)
        self.do()

    def interrupts(self) -> None:
        self.session.interrupt(self.now)
        self.do()

    def loses(self, why: str = "") -> None:
        self.session.disconnected(Cause(why) if why else None)
        self.do()

    def at(self, now: float) -> None:
        self.now = now
        self.session.tick(now)
        self.do()


class Talk(Stay):
    """A session with a conversation on top of it, and the lines that it has shown."""

    def __init__(
        self,
        name: str = "ann",
        conversation: Conversation | None = None,
        *,
        again: bool = False,
        now: float = 1000.0,
    ) -> None:
        self.conversation = conversation or Conversation()
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.shown: list[Show] = []
        self._again = again
        self.conversation.begins(self)
        super().__init__(name, now=now)

    # -- what a conversation wants of a connection -----------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        return self.session.has_ended

    @property
    def backlog(self) -> int:
        return self.session.backlog

    def send(self, request: Message) -> int:
        return self.session.request(request, self.now)

    def finish(self) -> None:
        self.session.finish(self.now)

    # -- what people do and see ------------------------------------------------------------------------------------

    def _do(self, effect: Effect) -> None:
        super()._do(effect)
        match effect:
            case Told() | Note():
                self._show(self.conversation.happened(effect))
            case End(ending):
                self._show(self.conversation.ended(ending, again=self._again))

    def _show(self, outputs: list[Output]) -> None:
        for _, show in outputs:
            if show is not None:
                self.shown.append(show)
                (self.errors if show.stream == "error" else self.lines).append(show.line)

    def types(self, *lines: str) -> None:
        for line in lines:
            self._show(self.conversation.typed(line))
            self.do()

    def ends_input(self) -> None:
        self.conversation.input_ended()
        self.do()

    def exit_code(self) -> int:
        assert self.ending is not None
        return exit_code(self.ending)
