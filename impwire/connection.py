"""One side of a connection, without any input or output.

Bytes from the peer go into `receive_data`; what they mean comes out of `next_event`, one at a time. What is to be said
goes into `send`, which returns the bytes for the peer. The class keeps the state of section 7 and holds both sides to
it: the peer's mistakes raise `RemoteProtocolError`, one's own raise `LocalProtocolError`.

The invariant: an event is taken from the buffer only when it is asked for, so it is judged in the state that what came
before has left, including what was sent in answer.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .codecs import FRAME, decode, encode
from .framing import FrameDecoder
from .messages import MESSAGES, Error, Goodbye, Hello, Leave, Ping, Pong, Welcome
from .tables import LEGAL, NUMBERING, REPLIES, SECTIONS, Role, State
from .wire import DecodeError, Header, Message

_REPLY_CLASSES = frozenset(reply for replies in REPLIES.values() for reply in replies)


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


class Received(NamedTuple):
    """A message of the peer and, for a reply, the request of ours that it answers."""

    message: Message
    answers: Message | None


class Refused(NamedTuple):
    """A request of the peer that has to be refused for its form (REQ-5, steps 6 to 8).

    `field` is the path of the field at fault, empty for an unknown type; `partial` is the message with its unchecked values, None for an unknown type. A string that is not UTF-8 is bytes in it.
    """

    header: Header
    code: str
    reason: str
    field: str
    partial: Message | None


Event = Received | Refused


class Connection:
    """The protocol as one `role` sees it, on one connection."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.peer = Role.SERVER if role is Role.CLIENT else Role.CLIENT
        self.state = State.CONNECTED
        self._decoder = FrameDecoder()
        self._outstanding: deque[Message] = deque()
        self._last_request_id = 0

    # -- sending -------------------------------------------------------------------------------------------------

    def new_request_id(self) -> int:
        """A request_id that is not 0 and not in use (FRAME-8, FRAME-9)."""
        self._last_request_id = self._last_request_id % 0xFFFFFFFF + 1
        return self._last_request_id

    def send(self, message: Message) -> bytes:
        """The frame of a message. Raises `LocalProtocolError` or `EncodeError`; then nothing has changed."""
        frame = encode(message)
        self.sent(message)
        return frame

    def sent(self, message: Message) -> None:
        """Like `send` for a frame that was encoded elsewhere: checks that it is legal now and notes the new state."""
        kind = type(message)
        target = LEGAL.get((self.role, self.state, kind))
        if target is None:
            raise LocalProtocolError(self._illegal(message))
        if kind in REPLIES:
            if not message.request_id:  # type: ignore[attr-defined]
                raise LocalProtocolError(f"{message.NAME} needs a request_id other than 0 (FRAME-8)")
            if kind is Hello and any(isinstance(request, Hello) for request in self._outstanding):
                raise LocalProtocolError("a HELLO waits for its answer already (HELLO-7)")
            self._outstanding.append(message)
        self._enter(target, message)

    def _illegal(self, message: Message) -> str:
        state = self.state.name
        hint = {
            State.CONNECTED: "send HELLO first",
            State.CLOSING: "LEAVE was sent",
            State.CLOSED: "GOODBYE has ended it",
        }
        way_out = hint.get(self.state, "see its table of states")
        section = SECTIONS.get(message.NAME, "")
        return (
            f"the {self.role} may not send {message.NAME} in state {state}; {way_out} (protocol.txt, section {section})"
        )

    def _enter(self, state: State, message: Message) -> None:
        self.state = state
        if isinstance(message, Welcome):
            self._decoder.max_frame = message.max_frame
        elif state is State.CLOSED:
            self._decoder.clear()

    # -- receiving -----------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the peer; then call `next_event` until it returns None. After GOODBYE they are dropped."""
        if self.state is not State.CLOSED:
            self._decoder.feed(data)

    @property
    def unfinished(self) -> bool:
        """Whether the peer has begun a frame and not finished it (once `next_event` has returned None)."""
        return self._decoder.unfinished

    def next_event(self) -> Event | None:
        """What the peer has said next, or None if more bytes are needed.

        Raises `RemoteProtocolError` for what ends the connection; a server then sends GOODBYE, a client closes.
        """
        while self.state is not State.CLOSED:
            try:
                frame = self._decoder.next_frame()
            except DecodeError as error:
                raise RemoteProtocolError(error.code, error.reason) from None
            if frame is None:
                return None
            event = self._event(frame)
            if event is not None:
                return event
        return None

    def _event(self, frame: bytes) -> Event | None:
        """Judge one frame in the order of REQ-5. None for an event that is to be ignored (EXT-12)."""
        header = FRAME.header(frame)
        kind = MESSAGES.get(header.type)
        self._check_header(header, kind)
        if kind is None and self.role is Role.CLIENT:
            return None
        try:
            message = decode(frame)
        except DecodeError as error:
            return self._refused(header, kind, error)
        answers = self._answered(message) if kind in _REPLY_CLASSES else None
        refused_leave = isinstance(message, Error) and isinstance(answers, Leave)
        # STATE-6: a LEAVE that is refused changes no state.
        target = State.ACTIVE if refused_leave else LEGAL[self.peer, self.state, type(message)]
        self._enter(target, message)
        return Received(message, answers)

    def _check_header(self, header: Header, kind: type[Message] | None) -> None:
        """Step 2 of REQ-5: the direction of the type, the request_id, the state."""
        request_id = header.correlation
        sender, group = _range(header.type)
        name = kind.NAME if kind else f"type {header.type:#04x}"
        if sender not in (self.peer, "either"):
            raise RemoteProtocolError("UNEXPECTED_MESSAGE", f"the {self.peer} may never send {name}")
        if (self.role is Role.SERVER or kind is Ping) and not request_id:  # FRAME-8, FRAME-10
            raise RemoteProtocolError("MALFORMED", f"{name} has the request_id 0")
        if group == "event" and request_id:
            raise RemoteProtocolError("MALFORMED", f"the event {name} has a request_id other than 0")
        if kind is None:
            # A server refuses unknown requests later, a client ignores unknown events; both only once there is a user.
            legal = self.state is not State.CONNECTED and (self.role is Role.SERVER or group == "event")
        else:
            legal = (self.peer, self.state, kind) in LEGAL
        if not legal:
            reason = f"the {self.peer} may not send {name} in state {self.state.name}"
            raise RemoteProtocolError("UNEXPECTED_MESSAGE", reason, _answerable(header, kind))

    def _refused(self, header: Header, kind: type[Message] | None, error: DecodeError) -> Refused:
        """Steps 3 and 6 to 8 of REQ-5, as far as the form of the frame shows them."""
        if error.code == "MALFORMED" or self.role is Role.CLIENT:
            raise RemoteProtocolError("MALFORMED", str(error), _answerable(header, kind))
        if kind in _REPLY_CLASSES:  # EXT-8
            raise RemoteProtocolError("MALFORMED", f"{error.message} cannot be refused: {error.reason}")
        return Refused(header, error.code, error.reason, error.field, error.partial)

    def _answered(self, reply: Message) -> Message | None:
        """The request of ours that the reply answers: the one that has waited longest (REQ-1, REQ-2)."""
        request_id: int = reply.request_id  # type: ignore[attr-defined]
        if isinstance(reply, Goodbye) and not request_id:
            return None
        request = self._outstanding[0] if self._outstanding else None
        if (
            request is None
            or request.request_id != request_id  # type: ignore[attr-defined]
            or type(reply) not in REPLIES[type(request)]
            or (isinstance(reply, Error) and reply.request_type != request.TYPE)
            or (isinstance(reply, Pong) and isinstance(request, Ping) and reply.nonce != request.nonce)
        ):
            # PONG-1, STATE-4: a reply to nothing.
            raise RemoteProtocolError("UNEXPECTED_MESSAGE", f"{reply.NAME} answers no request")
        return self._outstanding.popleft()


def _answerable(header: Header, kind: type[Message] | None) -> int:
    """The request_id for a GOODBYE caused by this frame: 0 unless it counts as a request (GOODBYE-1)."""
    return 0 if kind in _REPLY_CLASSES else header.correlation


def _range(type_: int) -> tuple[str, str]:
    """Who may send a type, and the kind of message in its range; nobody for type 0."""
    for first, last, sender, kind in NUMBERING:
        if first <= type_ <= last:
            return sender, kind
    return "nobody", ""
