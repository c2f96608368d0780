"""One side of a connection, without any input or output.

Bytes from the peer go into `receive_data`; what they mean comes out of `next_event`, one at a time. What is to be said
goes into `send`, which returns the bytes for the peer. The class keeps the state of section 7 and holds both sides to
it: the peer's mistakes raise `RemoteProtocolError`, one's own raise `LocalProtocolError`.

The invariant: an event is taken from the buffer only when it is asked for, so it is judged in the state that what came
before has left, including what was sent in answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from .codecs import CODECS, FRAME, decode, encode
from .framing import FrameDecoder
from .messages import MESSAGES, Error, Goodbye, Hello, Leave, Ping, Pong, Welcome
from .tables import EVENTS, LEGAL, LIMITS, MAX_FRAME_BEFORE_WELCOME, NUMBERING, REPLIES, SECTIONS, Role, State
from .wire import DecodeError, Header, Message

_REPLY_CLASSES = frozenset(reply for replies in REPLIES.values() for reply in replies)
_TYPE = FRAME.offset_of("type")


class ProtocolError(Exception):
    """Something that the protocol does not allow."""


class LocalProtocolError(ProtocolError):
    """The caller wanted to send what it may not send now. Nothing was sent and nothing has changed."""


class RemoteProtocolError(ProtocolError):
    """The peer did what ends the connection.

    `code` names the GOODBYE that a server answers with; `request_id` is the one to answer with, or 0.
    """

    def __init__(self, code: str, reason: str, request_id: int = 0) -> None:
        super().__init__(f"{reason} [{code}]")
        self.code, self.reason, self.request_id = code, reason, request_id

    def __reduce__(self) -> tuple[type[RemoteProtocolError], tuple[str, str, int]]:
        return type(self), (self.code, self.reason, self.request_id)


@dataclass(slots=True)
class Received:
    """A message of the peer and, for a reply, the request of ours that it answers."""

    message: Message
    answers: Message | None


class Refused(NamedTuple):
    """A request of the peer that has to be refused for its form (REQ-5, steps 6 to 8).

    `field` is the path of the field at fault, empty for an unknown type; `partial` is the message with its unchecked
    values, None for an unknown type. A string that is not UTF-8 is bytes in it.
    """

    header: Header
    code: str
    reason: str
    field: str
    partial: Message | None


Event = Received | Refused
_new_received = partial(object.__new__, Received)  # The call of the class would cost more than twice as much.


def _plain(receiver: Role, state: State) -> list[Callable[[bytes], Any] | None]:
    """By type, the decoders of what a side may get in a state and what leaves it there: events of a server, requests of
    a client.

    Whatever else arrives, and whatever is wrong, takes the long way through `Connection._event`.
    """
    kinds = EVENTS if receiver is Role.CLIENT else REPLIES
    peer = Role.SERVER if receiver is Role.CLIENT else Role.CLIENT
    found = {kind.TYPE: CODECS.by_class[kind].decode for kind in kinds if LEGAL.get((peer, state, kind)) is state}
    return [found.get(type_) for type_ in range(256)]


_PLAIN = {(role, state): _plain(role, state) for role in Role for state in State}


def _plain_sends(sender: Role, state: State) -> dict[type[Message], tuple[Callable[[Any], bytes], bool]]:
    """The encoders of what a side may send in a state and what leaves it there, and whether it bears a request_id: its
    events, and its replies but for GOODBYE, which may bear one or not.

    Whatever else is sent, and whatever is wrong, takes the long way through `Connection.send`.
    """
    if state is State.CLOSING:
        return {}  # STATE-6: what an ERROR does there depends on what it refuses.
    kinds = {*EVENTS, *_REPLY_CLASSES} - {*REPLIES, Goodbye}
    stays = [kind for kind in kinds if LEGAL.get((sender, state, kind)) is state]
    return {kind: (CODECS.by_class[kind].encode, kind not in EVENTS) for kind in stays}


_PLAIN_SENDS = {(role, state): _plain_sends(role, state) for role in Role for state in State}


class Connection:
    """The protocol as one `role` sees it, on one connection."""

    __slots__ = (
        "_decoder",
        "_has_id",
        "_last_request_id",
        "_next_frame",
        "_outstanding",
        "_plain",
        "_plain_sends",
        "_violation",
        "peer",
        "role",
        "state",
    )

    def __init__(self, role: Role) -> None:
        self.role = role
        self.peer = Role.SERVER if role is Role.CLIENT else Role.CLIENT
        self.state = State.CONNECTED
        self._plain, self._plain_sends = _PLAIN[role, self.state], _PLAIN_SENDS[role, self.state]
        self._has_id = role is Role.SERVER  # FRAME-8, FRAME-10: a request bears one, an event does not.
        self._decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)  # FRAME-2 to FRAME-4
        self._next_frame = self._decoder.next_frame
        self._outstanding: deque[Message] = deque()
        self._violation: RemoteProtocolError | None = None
        self._last_request_id = 0

    # -- sending -------------------------------------------------------------------------------------------------

    def new_request_id(self) -> int:
        """A request_id that is not 0 and was not given out before, until all have been (FRAME-8, FRAME-9)."""
        self._last_request_id = self._last_request_id % 0xFFFFFFFF + 1
        return self._last_request_id

    def send(self, message: Message) -> bytes:
        """The frame of a message. Raises `LocalProtocolError` or `EncodeError`; then nothing has changed."""
        plain = self._plain_sends.get(type(message))
        if plain is not None:
            encode_plain, bears_id = plain
            frame = encode_plain(message)
            has_id = message.request_id != 0  # type: ignore[attr-defined]
            if has_id is bears_id and len(frame) <= self._decoder.max_length:
                return frame
        frame = encode(message)
        self._check_legal(message)
        length, limit = len(frame) - FRAME.prefix_size, self._decoder.max_length
        if length > limit:
            reason = f"a {message.NAME} with a length of {length} is more than the {limit} that may be sent now"
            raise LocalProtocolError(f"{reason}; make it shorter (FRAME-4)")
        self.sent(message)
        return frame

    def sent(self, message: Message) -> None:
        """Like `send` for a frame that was encoded elsewhere: checks that it is legal now and notes the new state.

        The length of the frame is then the caller's care (FRAME-4).
        """
        self._check_legal(message)
        if type(message) in REPLIES:
            self._outstanding.append(message)
        self._enter(self._target(self.role, message), message)

    def _check_legal(self, message: Message) -> None:
        kind, name = type(message), message.NAME
        if (self.role, self.state, kind) not in LEGAL:
            raise LocalProtocolError(self._illegal(message))
        request_id: int = message.request_id  # type: ignore[attr-defined]
        if kind in EVENTS and request_id:
            raise LocalProtocolError(f"{name} is an event; leave its request_id 0 (FRAME-10)")
        if kind in REPLIES and not request_id:
            raise LocalProtocolError(f"{name} needs a request_id other than 0; see new_request_id (FRAME-8, FRAME-10)")
        if kind in _REPLY_CLASSES and kind is not Goodbye and not request_id:
            raise LocalProtocolError(f"{name} needs the request_id of the request that it answers (FRAME-10)")
        if kind is Hello and any(isinstance(request, Hello) for request in self._outstanding):
            raise LocalProtocolError("a HELLO waits for its answer already; read that first (HELLO-7)")
        if kind is Ping and self.role is Role.SERVER and self._outstanding:
            raise LocalProtocolError("a PING waits for its PONG already; read that first (PING-3)")

    def _illegal(self, message: Message) -> str:
        states = [state.name for role, state, kind in LEGAL if role is self.role and kind is type(message)]
        if not states:
            way_out = f"only the {self.peer} sends it"
        elif self.state is State.CONNECTED:
            way_out = "send HELLO and read WELCOME first" if self.role is Role.CLIENT else "send WELCOME first"
        elif self.state is State.ACTIVE:
            way_out = f"it belongs to state {' or '.join(states)}"
        else:
            way_out = (
                "LEAVE was sent" if self.state is State.CLOSING else "GOODBYE has ended it; open another connection"
            )
        where = f"in state {self.state.name}; {way_out} (protocol.txt, section {SECTIONS[message.NAME]})"
        return f"the {self.role} may not send {message.NAME} {where}"

    def _target(self, sender: Role, message: Message) -> State:
        """The state behind a message that is legal now."""
        if self.state is State.CLOSING and isinstance(message, Error) and message.request_type == Leave.TYPE:
            return State.ACTIVE  # STATE-6: a LEAVE that is refused changes no state.
        return LEGAL[sender, self.state, type(message)]

    def _enter(self, state: State, message: Message) -> None:
        if state is not self.state:
            self.state = state
            self._plain, self._plain_sends = _PLAIN[self.role, state], _PLAIN_SENDS[self.role, state]
        if isinstance(message, Welcome):
            # FRAME-5. A limit beyond those that there can be is no reason to hold more.
            self._decoder.max_length = min(message.max_frame, LIMITS["max_frame"].maximum)
        elif state is State.CLOSED:
            self._decoder.clear()

    # -- receiving -----------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the peer, in pieces of any size (TRANSPORT-1); then call `next_event` until it returns None.

        They are dropped after GOODBYE, and after a `RemoteProtocolError`.
        """
        if self.state is not State.CLOSED and self._violation is None:
            self._decoder.feed(data)

    @property
    def unfinished(self) -> bool:
        """Whether the peer has begun a frame and not finished it (once `next_event` has returned None)."""
        return self._decoder.unfinished

    def next_event(self) -> Event | None:
        """What the peer has said next, or None if more bytes are needed.

        Raises `RemoteProtocolError` for what ends the connection; a server then sends GOODBYE, a client closes. Nothing
        behind it is read: until GOODBYE is sent, each further call raises the same.
        """
        if self._violation is not None:
            if self.state is State.CLOSED:
                return None
            raise _copy(self._violation)
        try:
            while (frame := self._next_frame()) is not None:
                fault, decode_plain = None, self._plain[frame[_TYPE]]
                if decode_plain is not None:
                    try:
                        message = decode_plain(frame)
                    except DecodeError as error:
                        fault = error.with_traceback(None)
                    else:
                        if (message.request_id != 0) is self._has_id:
                            event = _new_received()
                            event.message, event.answers = message, None
                            return event
                other = self._event(frame, fault)
                if other is not None:
                    return other
            return None
        except DecodeError as error:
            violation = RemoteProtocolError(error.code, error.reason)
        except RemoteProtocolError as error:
            violation = _copy(error)
        # What is kept was never raised, so it holds neither frames nor the stack.
        self._violation = violation
        self._decoder.clear()
        raise _copy(violation)

    def _event(self, frame: bytes, fault: DecodeError | None) -> Event | None:
        """Judge one frame in the order of REQ-5. None for an event that is to be ignored (EXT-12).

        The codec reads as FRAME-1, FRAME-6, FRAME-7, TYPE-1, TYPE-2, EXT-3, EXT-5, EXT-9, NAME-1, TEXT-1 to TEXT-3,
        HELLO-6 and HELLO-8 want it.
        `fault` is what is wrong with it, if it was read already.
        """
        header = FRAME.header(frame)
        kind = MESSAGES.get(header.type)
        self._check_header(header, kind)
        if kind is None and self.role is Role.CLIENT:
            return None
        if fault is not None:
            return self._refused(header, kind, fault)
        try:
            message = decode(frame)
        except DecodeError as error:
            return self._refused(header, kind, error)
        answers = self._answered(message) if kind in _REPLY_CLASSES else None
        self._enter(self._target(self.peer, message), message)
        return Received(message, answers)

    def _check_header(self, header: Header, kind: type[Message] | None) -> None:
        """Step 2 of REQ-5: the direction of the type (STATE-3), the request_id, the state (STATE-1)."""
        request_id = header.correlation
        sender, group = _range(header.type)
        name = kind.NAME if kind else f"type {header.type:#04x}"
        if sender not in (self.peer, "either"):
            raise RemoteProtocolError("UNEXPECTED_MESSAGE", f"the {self.peer} may never send {name}")
        if (self.role is Role.SERVER or kind is Ping) and not request_id:  # FRAME-8, FRAME-10
            raise RemoteProtocolError("MALFORMED", f"{name} has the request_id 0")
        if group == "event" and request_id:
            raise RemoteProtocolError("MALFORMED", f"the event {name} has a request_id other than 0")
        if kind is None and self.role is Role.SERVER:
            legal = self.state is State.ACTIVE  # EXT-13: to be refused later. STATE-2: not before there is a user.
        elif kind is None:
            legal = group == "event" and self.state is not State.CONNECTED  # EXT-12: to be ignored.
        else:
            legal = (self.peer, self.state, kind) in LEGAL
        if not legal:
            reason = f"the {self.peer} may not send {name} in state {self.state.name}"
            raise RemoteProtocolError("UNEXPECTED_MESSAGE", reason, _answerable(header, kind))

    def _refused(self, header: Header, kind: type[Message] | None, error: DecodeError) -> Refused:
        """Steps 3 and 6 to 8 of REQ-5, as far as the form of the frame shows them: also EXT-2, EXT-4, TEXT-4."""
        if error.code == "MALFORMED" or self.role is Role.CLIENT:
            raise RemoteProtocolError("MALFORMED", str(error), _answerable(header, kind))
        if kind in _REPLY_CLASSES:  # EXT-8
            raise RemoteProtocolError("MALFORMED", f"{error.message} cannot be refused: {error.reason}")
        return Refused(header, error.code, error.reason, error.field, error.partial)

    def _answered(self, reply: Message) -> Message | None:
        """The request of ours that the reply answers: the one that has waited longest (REQ-1, REQ-2)."""
        request_id: int = reply.request_id  # type: ignore[attr-defined]
        request = self._outstanding[0] if self._outstanding else None
        if isinstance(reply, Goodbye) and (request is None or request.request_id != request_id):  # type: ignore[attr-defined]
            return None  # STATE-7: it ends the connection whatever it answers.
        if (
            request is None
            or request.request_id != request_id  # type: ignore[attr-defined]
            or type(reply) not in REPLIES[type(request)]
            or (isinstance(reply, Error) and reply.request_type != request.TYPE)
            or (isinstance(reply, Pong) and isinstance(request, Ping) and reply.nonce != request.nonce)
            or (isinstance(reply, Welcome) and isinstance(request, Hello) and not _offered(request, reply.version))
        ):
            # PONG-1, STATE-4, STATE-7: a reply to nothing.
            raise RemoteProtocolError("UNEXPECTED_MESSAGE", f"{reply.NAME} answers no request")
        return self._outstanding.popleft()


def _copy(error: RemoteProtocolError) -> RemoteProtocolError:
    """The same without where it was raised and why."""
    return RemoteProtocolError(error.code, error.reason, error.request_id)


def _offered(hello: Hello, version: int) -> bool:
    """Whether a WELCOME may name this version (HELLO-1)."""
    return hello.min_version <= version <= hello.max_version


def _answerable(header: Header, kind: type[Message] | None) -> int:
    """The request_id for a GOODBYE caused by this frame: 0 unless it counts as a request (GOODBYE-1)."""
    return 0 if kind in _REPLY_CLASSES else header.correlation


def _range(type_: int) -> tuple[str, str]:
    """Who may send a type, and the kind of message in its range; nobody for type 0."""
    for first, last, sender, kind in NUMBERING:
        if first <= type_ <= last:
            return sender, kind
    return "nobody", ""
