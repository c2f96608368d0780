"""What has to hold for a stream: in pieces it means the same as whole, and all that happens is legal in its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

from impwire import (
    Connection,
    EncodeError,
    LocalProtocolError,
    Message,
    Received,
    Refused,
    RemoteProtocolError,
    Role,
    State,
)
from impwire.codecs import decode, encode
from impwire.messages import MESSAGES, Error, ErrorCode, Goodbye, GoodbyeCode, Hello, Leave, Pong
from impwire.tables import EVENTS, LEGAL, REPLIES

from .promises import Broken, hold
from .vectors import SAMPLES

#: What the low bits of a byte of the script mean: say what is due now, or a message of that class. Either of two bits may
#: be added: say it with a request_id that is wrong for it, and go on with the next byte before anything is heard.
DUE = 0
WRONG_ID, GO_ON = 0x80, 0x40
SCRIPT: list[Any] = [None, *MESSAGES.values()]
_REPLY_CLASSES = frozenset(reply for replies in REPLIES.values() for reply in replies)


def try_stream(role: Role, stream: bytes, sizes: list[int], script: bytes) -> None:
    """The stream means the same in pieces as in one."""
    whole = Side(role, script).play([stream])
    pieces = Side(role, script).play(cut(stream, sizes))
    hold(whole == pieces, f"in pieces, another meaning to the {role}: {stream.hex(' ')}", *whole, "---", *pieces)


def cut(stream: bytes, sizes: list[int]) -> Iterator[bytes]:
    start, size = 0, cycle(sizes)
    while start < len(stream):
        end = start + next(size)
        yield stream[start:end]
        start = end


class Side:
    """A connection, what it has told, and what is said on it, as the script wants."""

    def __init__(self, role: Role, script: bytes) -> None:
        self.connection, self.script = Connection(role), iter(script)
        self.owed: list[Message] = []  # A good reply to each request of the peer that waits for one.
        self.upright = True  # So far, only what was due was said.
        self.log: list[str] = []

    def play(self, pieces: Iterable[bytes]) -> list[str]:
        """Everything that happens, as text."""
        self.follow_script()
        for piece in pieces:
            self.connection.receive_data(piece)
            try:
                while self.hear():
                    self.follow_script()
            except RemoteProtocolError as error:
                self.end(error)
                break
        self.log.append(f"at the end {self.connection.state}, unfinished: {self.connection.unfinished}")
        return self.log

    def hear(self) -> bool:
        """Whether there was another event. It is legal, and the state behind it is that of the table."""
        connection = self.connection
        before = connection.state
        event = connection.next_event()
        if event is None:
            hold(connection.state is before, f"nothing came and the state is {connection.state}")
            return False
        self.log.append(f"{event!r} -> {connection.state}")
        hold(before is not State.CLOSED, f"an event after the end: {event}")
        if isinstance(event, Refused):
            hold(connection.role is Role.SERVER and connection.state is before, f"it cannot be refused: {event}")
            hold(event.code in ErrorCode.__members__, f"no code of an ERROR: {event}")
            about: Any = {"request_type": event.header.type, "retry_after_ms": 0, "detail": ""}
            self.owed.append(Error(request_id=event.header.correlation, code=ErrorCode[event.code], **about))
            return True
        self.judge(event, before)
        return True

    def judge(self, event: Received, before: State) -> None:
        message: Any = event.message
        kind = type(message)
        hold(isinstance(encode(message), bytes), f"received and not to be written: {message}")
        self.follow(self.connection.peer, before, message)
        if kind in _REPLY_CLASSES:
            answered: Any = event.answers
            hold(answered is not None or kind is Goodbye, f"a reply to nothing: {message}")
            if answered is not None:
                hold(kind in REPLIES[type(answered)], f"no reply to {answered}: {message}")
                hold(answered.request_id == message.request_id, f"no reply to {answered}: {message}")
        else:
            hold(event.answers is None, f"no reply and it answers {event.answers}: {message}")
            hold((message.request_id == 0) is (kind in EVENTS), f"FRAME-10: {message}")
            if kind not in EVENTS:
                reply = replace(SAMPLES[REPLIES[kind][0].TYPE], request_id=message.request_id)
                self.owed.append(replace(reply, nonce=message.nonce) if isinstance(reply, Pong) else reply)

    def follow(self, sender: Role, before: State, message: Message) -> None:
        """The message was legal, and the state is the one behind it."""
        after = LEGAL.get((sender, before, type(message)))
        hold(after is not None, f"the {sender} may not send {message.NAME} in {before}, and it was taken")
        if before is State.CLOSING and isinstance(message, Error) and message.request_type == Leave.TYPE:
            after = State.ACTIVE  # STATE-6
        hold(
            self.connection.state is after, f"{message.NAME} in {before} leads to {self.connection.state}, not {after}"
        )

    def end(self, error: RemoteProtocolError) -> None:
        """After a violation nothing more is heard; a server says why it ends."""
        connection = self.connection
        self.log.append(f"{error} {error.code} {error.reason} {error.request_id} -> {connection.state}")
        hold(error.code in GoodbyeCode.__members__, f"no code of a GOODBYE: {error.code}")
        connection.receive_data(b"\0" * 20)
        try:
            event = connection.next_event()
        except RemoteProtocolError as again:
            same = (again.code, again.reason, again.request_id) == (error.code, error.reason, error.request_id)
            hold(same, f"another violation after the first: {again}")
        else:
            raise Broken(f"after a violation comes {event}")
        if connection.role is Role.SERVER:
            reason = GoodbyeCode[error.code]
            connection.send(Goodbye(request_id=error.request_id, code=reason, retry_after_ms=0, detail="no"))
            hold(connection.state is State.CLOSED, f"after GOODBYE the state is {connection.state}")
            hold(connection.next_event() is None, "something comes after GOODBYE")

    def follow_script(self) -> None:
        """Say the next thing, and more if the script goes on."""
        going_on = True
        while going_on:
            byte = next(self.script, DUE)
            going_on = bool(byte & GO_ON)
            kind = SCRIPT[byte % GO_ON % len(SCRIPT)]
            message = self.due() if kind is None else self.chosen(kind)
            if message is not None and byte & WRONG_ID:
                message = replace(message, request_id=1 if type(message) in EVENTS else 0)
            if message is not None:
                self.say(message, is_due=byte & ~GO_ON == DUE)

    def say(self, message: Message, is_due: bool) -> None:
        """What is not legal is refused and changes nothing."""
        self.upright &= is_due
        before = self.connection.state
        try:
            frame = self.connection.send(message)
        except (LocalProtocolError, EncodeError) as error:
            self.log.append(f"may not say {message}: {error}")
            hold(not self.upright, f"what is due is refused: {message}: {error}", *self.log)
            hold(self.connection.state is before, f"refused to send {message.NAME}, and the state has changed")
        else:
            self.log.append(f"says {message} -> {self.connection.state}")
            hold(repr(decode(frame)) == repr(message), f"sent, another message: {message}")
            self.follow(self.connection.role, before, message)

    def due(self) -> Any:
        """The next thing to say for one who does right, or None: HELLO at first, then replies to what was asked."""
        if self.connection.role is Role.CLIENT and not self.log:
            return replace(SAMPLES[Hello.TYPE], request_id=self.connection.new_request_id())
        return self.owed.pop(0) if self.owed else None

    def chosen(self, kind: type[Message]) -> Any:
        """A message of this class, with a new request_id, none, or that of what waits for a reply."""
        message = SAMPLES[kind.TYPE]
        if kind in REPLIES:
            return replace(message, request_id=self.connection.new_request_id())
        if kind in EVENTS:
            return message
        owed: Any = self.owed.pop(0) if self.owed else message
        return replace(message, request_id=owed.request_id)
