"""Which act of whom has caused each frame that a server sent.

A recording holds what went to the server and what came from it. Here the two are put together: an act is one thing that
the server handled (a frame, the end of a stream, a reset, a line of the operator, a timer), its effects are the frames that
it made the server send, to whomever. Replies name their request; public events are tied to their cause by seq (ORD-3,
ORD-4), a LEFT to what ended the connection (END-7), a WHISPER to the PM by its text and time (PM-2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from impwire import messages as m
from impwire.codecs import CODECS, FRAME
from impwire.tables import REPLIES, Role
from impwire.wire import Message

from .tape import Entry, Tape, What

_REPLIES = tuple({reply for replies in REPLIES.values() for reply in replies})
_Code, _Reason = m.GoodbyeCode, m.LeftReason
_BY_TIMER = (_Code.HANDSHAKE_TIMEOUT, _Code.FRAME_TIMEOUT, _Code.KEEPALIVE_TIMEOUT)
_BY_OPERATOR = (_Code.KICKED, _Code.BANNED)
_AT_ACCEPT = (_Code.SERVER_FULL, _Code.TOO_MANY_CONNECTIONS, _Code.TOO_MANY_ATTEMPTS, _Code.BANNED)
_BY_FRAME = (_Code.MALFORMED, _Code.UNEXPECTED_MESSAGE, _Code.FRAME_TOO_LARGE, _Code.INTERNAL)


class Kind(StrEnum):
    """What an act is."""

    CONNECTS = "connects"
    SENDS = "sends"
    ENDS = "ends stream"
    RESETS = "resets"
    OPERATOR = "operator"
    STOP = "stop"
    TIMER = "timer"
    #: Nothing that was recorded explains it.
    UNKNOWN = "unknown"


@dataclass(eq=False)
class Act:
    """One thing that the server handled, and the frames that it made the server send. `at` as in `Entry`.

    `connection` is the one that it came from; of what no client did, that of the first effect.
    """

    kind: Kind
    at: int
    connection: int
    entry: Entry | None = None
    effects: list[Entry] = field(default_factory=list)
    #: That of the public event that it caused, if it did.
    seq: int = 0

    @property
    def message(self) -> Message | None:
        return self.entry.message if self.entry is not None else None

    @property
    def seen(self) -> int | None:
        """When the first of its effects was seen."""
        return min((effect.at for effect in self.effects), default=None)

    def answers(self) -> list[Entry]:
        """Its effects on its own connection."""
        return [effect for effect in self.effects if effect.connection == self.connection]


@dataclass(eq=False)
class Course:
    """One connection: what the client did, and what the server sent, each with its cause."""

    number: int
    inputs: list[Act] = field(default_factory=list)
    outputs: list[tuple[Entry, Act]] = field(default_factory=list)
    #: Its user, under the name of the HELLO that the server has accepted, and that; None while there is none.
    user: m.User | None = None
    hello: Act | None = None
    #: Every name that its user has borne, in small letters.
    names: set[str] = field(default_factory=set)
    goodbye: Entry | None = None
    #: The act that has ended it.
    ending: Act | None = None
    #: The server has sent what cannot be read; nothing of what followed is known.
    unreadable: bool = False
    closed: bool = False
    #: Acts that have no answer yet, and PINGs of the server that have none.
    waiting: list[Act] = field(default_factory=list)
    pings: set[tuple[int, int]] = field(default_factory=set)

    def last(self, kind: Kind) -> Act | None:
        return next((act for act in reversed(self.inputs) if act.kind is kind), None)


class Causes:
    """The acts of a recording. `left_out` has what cannot be in a script, with the reason; `doubts` what seems wrong."""

    def __init__(self, tape: Tape) -> None:
        #: The connections of which the end of the recording may have cut something off.
        self.cut = tape.cut
        self.courses: dict[int, Course] = {}
        self.acts: list[Act] = []
        self.left_out: list[tuple[Entry, str]] = []
        self.doubts: list[tuple[Entry, str]] = []
        #: How many PINGs the server has sent, and the first WELCOME, which tells its limits.
        self.pings = 0
        self.welcome: m.Welcome | None = None
        self._by_session: dict[int, Course] = {}
        self._by_seq: dict[int, Act] = {}
        self._stop: Act | None = None
        self._whispered: set[Act] = set()
        causes: dict[Entry, Act] = {}
        events: list[Entry] = []
        for entry in tape.entries:
            if entry.side is Role.CLIENT:
                self._from_client(entry)
            elif (act := self._from_server(entry)) is not None:
                causes[entry] = act
                act.effects.append(entry)
            elif not isinstance(entry.message, m.Ping):
                events.append(entry)
        for entry in events:
            causes[entry] = act = self._cause_of_event(entry, entry.message)
            act.effects.append(entry)
        for entry in sorted(causes, key=lambda entry: entry.at):
            self.courses[entry.connection].outputs.append((entry, causes[entry]))
        for course in self.courses.values():
            course.ending = course.ending or course.last(Kind.RESETS)

    # -- clients -------------------------------------------------------------------------------------------------

    def _from_client(self, entry: Entry) -> None:
        if entry.what is What.OPENED:
            course = self.courses[entry.connection] = Course(entry.connection)
            course.inputs.append(self._act(Kind.CONNECTS, entry))
            return
        course = self.courses[entry.connection]
        if isinstance(entry.message, m.Pong) and (entry.message.request_id, entry.message.nonce) in course.pings:
            course.pings.remove((entry.message.request_id, entry.message.nonce))
        elif course.closed or (course.goodbye is not None and entry.what is not What.RESET):
            if entry.what in (What.FRAME, What.BYTES):
                self.left_out.append((entry, "it came after the server had ended the connection"))
        elif entry.what in (What.FRAME, What.BYTES):
            act = self._act(Kind.SENDS, entry)
            course.inputs.append(act)
            course.waiting.append(act)
        else:
            course.inputs.append(self._act(Kind.RESETS if entry.what is What.RESET else Kind.ENDS, entry))

    def _act(self, kind: Kind, entry: Entry) -> Act:
        """An act of a client."""
        self.acts.append(Act(kind, entry.at, entry.connection, entry))
        return self.acts[-1]

    def _others_act(self, kind: Kind, effect: Entry) -> Act:
        """What somebody else did, of whom only this effect is known as yet."""
        self.acts.append(Act(kind, effect.at, effect.connection))
        return self.acts[-1]

    # -- replies and ends ----------------------------------------------------------------------------------------

    def _from_server(self, entry: Entry) -> Act | None:
        """The cause of a reply or of the end of a stream; None for events and PINGs."""
        course, message = self.courses[entry.connection], entry.message
        if isinstance(message, m.Ping):
            course.pings.add((message.request_id, message.nonce))
            self.pings += 1
            return None
        if entry.what is What.BYTES:
            course.unreadable = True
            self.doubts.append((entry, f"the server has sent what cannot be read: {entry.data[:32].hex(' ')}"))
            return course.waiting[0] if course.waiting else self._others_act(Kind.UNKNOWN, entry)
        if entry.what in (What.ENDED, What.RESET):
            course.closed = True
            return self._cause_of_end(course, entry)
        if not isinstance(message, _REPLIES):
            return None
        act = self._request(course, entry)
        if isinstance(message, m.Goodbye):
            course.goodbye = entry
            course.ending = act
        elif isinstance(message, m.Welcome):
            self.welcome = self.welcome or message
            self._user(course, act, m.User(session_id=message.session_id, name=message.name))
        elif isinstance(act.message, m.Rename) and isinstance(message, m.Ok):
            course.names.add(act.message.name.lower())
        if isinstance(message, (m.Ok, m.Welcome)) and message.seq:
            act.seq = message.seq
            self._by_seq[message.seq] = act
        return act

    def _user(self, course: Course, hello: Act, user: m.User) -> None:
        course.user, course.hello = user, hello
        course.names.add(user.name.lower())
        self._by_session[user.session_id] = course

    def _request(self, course: Course, entry: Entry) -> Act:
        """What a reply answers."""
        message: Any = entry.message
        if isinstance(message, m.Goodbye) and not message.request_id:
            return self._cause_of_goodbye(course, entry, message)
        for index, act in enumerate(course.waiting):
            if act.entry is not None and request_id(act.entry.data) == message.request_id:
                if index:
                    self.doubts.append((entry, "requests before the one that it answers have had no reply (REQ-2)"))
                del course.waiting[: index + 1]
                return act
        self.doubts.append((entry, "it answers no request (REQ-1)"))
        return self._others_act(Kind.UNKNOWN, entry)

    def _cause_of_goodbye(self, course: Course, entry: Entry, goodbye: m.Goodbye) -> Act:
        """What ended a connection without being answered (GOODBYE-1)."""
        ends = course.last(Kind.ENDS)
        if goodbye.code in _BY_FRAME and course.waiting:
            first = course.waiting.pop(0)
            # END-4: not the unfinished frame was at fault, but the end of the stream inside it.
            unfinished = first.entry is not None and first.entry.what is What.BYTES
            return ends if ends is not None and unfinished else first
        if goodbye.code in (_Code.LEFT, *_BY_FRAME) and ends is not None:
            return ends
        if goodbye.code in _AT_ACCEPT and len(course.inputs) == 1:
            return course.inputs[0]
        if goodbye.code in (*_BY_OPERATOR, *_BY_TIMER):
            return self._others_act(Kind.OPERATOR if goodbye.code in _BY_OPERATOR else Kind.TIMER, entry)
        if goodbye.code == _Code.SHUTTING_DOWN:
            self._stop = self._stop or self._others_act(Kind.STOP, entry)
            return self._stop
        return self._others_act(Kind.UNKNOWN, entry)

    def _cause_of_end(self, course: Course, entry: Entry) -> Act:
        if course.goodbye is not None and course.ending is not None:
            return course.ending
        cause = course.waiting[0] if course.waiting else course.last(Kind.ENDS)
        course.ending = cause or self._others_act(Kind.UNKNOWN, entry)
        return course.ending

    # -- events --------------------------------------------------------------------------------------------------

    def _cause_of_event(self, entry: Entry, message: Any) -> Act:
        seq = getattr(message, "seq", 0)
        if seq and seq in self._by_seq:
            return self._by_seq[seq]
        if isinstance(message, m.Notice):
            act: Act | None = self._others_act(Kind.OPERATOR, entry)
        elif isinstance(message, m.Left):
            act = self._ending(entry, message)
        elif isinstance(message, m.Whisper):
            act = self._pm(self.courses[entry.connection], message)
        else:
            act = self._unanswered(message)
        if act is None:
            who = getattr(message, "who", None)
            text = f"'{who.name}' was at the server and is not in the recording" if who else "nothing explains it"
            self.doubts.append((entry, text))
            act = self._others_act(Kind.UNKNOWN, entry)
        if seq:
            act.seq = seq
            self._by_seq[seq] = act
        return act

    def _hello(self, user: m.User) -> Act | None:
        """The HELLO of a user who was gone before the WELCOME came."""
        for course in self.courses.values():
            for act in course.waiting:
                if course.user is None and isinstance(act.message, m.Hello) and act.message.name == user.name:
                    self._user(course, act, user)
                    return act
        return None

    def _ending(self, entry: Entry, left: m.Left) -> Act | None:
        """What ended a user's connection; the reason tells where the user has had no GOODBYE (END-7)."""
        if left.who.session_id not in self._by_session and (hello := self._hello(left.who)) is not None:
            # Nobody was there to see the JOINED: its seq is one that is missing.
            hello.seq = next((seq for seq in range(left.seq - 1, 0, -1) if seq not in self._by_seq), 0)
            self._by_seq[hello.seq] = hello
        course = self._by_session.get(left.who.session_id)
        if course is None:
            return None
        if course.ending is None:
            course.ending = self._ending_by_reason(course, entry, left)
        return course.ending

    def _ending_by_reason(self, course: Course, entry: Entry, left: m.Left) -> Act | None:
        found: Act | None = None
        if left.reason == _Reason.LOST:
            found = course.last(Kind.RESETS) or course.last(Kind.ENDS)
        elif left.reason == _Reason.LEFT:
            leaves = (act for act in course.waiting if isinstance(act.message, m.Leave))
            found = next(leaves, course.last(Kind.ENDS))
        elif left.reason == _Reason.VIOLATION:
            found = next((act for act in course.waiting if _violates(act)), None)
        elif left.reason in (_Reason.KICKED, _Reason.BANNED):
            found = self._others_act(Kind.OPERATOR, entry)
        elif left.reason == _Reason.TIMED_OUT:
            found = self._others_act(Kind.TIMER, entry)
        return found

    def _pm(self, recipient: Course, whisper: m.Whisper) -> Act | None:
        """The PM of a WHISPER: one of that text to a name that the recipient has borne, whose OK bears the time (PM-2)."""
        sender = self._by_session.get(whisper.who.session_id)
        if sender is None:
            return None
        for act in sender.inputs:
            pm = act.message
            if not isinstance(pm, m.Pm) or pm.text != whisper.text or pm.to.lower() not in recipient.names:
                continue
            times = {reply.message.time for reply in act.answers() if isinstance(reply.message, m.Ok)}
            if act not in self._whispered and (whisper.time in times or act in sender.waiting):
                self._whispered.add(act)
                return act
        return None

    def _unanswered(self, event: Any) -> Act | None:
        """The request behind an event whose author was gone before the reply came."""
        if isinstance(event, m.Joined):
            return self._hello(event.who)
        author = self._by_session.get(event.who.session_id)
        for act in author.waiting if author is not None else ():
            said = isinstance(event, m.Chat) and isinstance(act.message, m.Say) and act.message.text == event.text
            renamed = isinstance(event, m.Renamed) and isinstance(act.message, m.Rename)
            if not act.seq and (said or (renamed and act.message.name == event.new_name)):  # type: ignore[union-attr]
                author.names.add(event.new_name.lower() if renamed else "")  # type: ignore[union-attr]
                return act
        return None


def _violates(act: Act) -> bool:
    """Whether what a user has sent ends its connection (REQ-5, steps 1 to 3)."""
    message: Any = act.message
    if act.seq:
        return False
    if act.entry is None or act.entry.what is What.BYTES or not request_id(act.entry.data):
        return True
    if message is None:
        kind = act.entry.data[FRAME.offset_of("type")]
        return kind in CODECS.by_type or not 0x01 <= kind <= 0x7F
    return isinstance(message, (m.Hello, m.Pong)) or type(message) not in REPLIES


def request_id(frame: bytes) -> int:
    """The request_id in a frame, or in as much of one as there is; 0 if there is none."""
    return FRAME.header(frame).correlation if len(frame) >= FRAME.header_size else 0
