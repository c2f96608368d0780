"""The client without its edges: no clock, no socket, no terminal (protocol.txt, sections 7 to 9, 13, 14, 16 and 18).

What happens goes in: the connection stands, bytes came, a line was typed, the input or the stream ended, the time is
`now` (seconds of any clock that does not run backwards). What is to be done comes out as a list of effects, in order:
bytes to `Send`, a line to `Show`, and as the last one the `End`. What is typed is judged at once and sent in order, as
fast as the server's rate allows (CLIENT-9). The invariant: after `End` there are no effects.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import NamedTuple

from impwire import Connection, EncodeError, Message, Received, RemoteProtocolError, Role, State
from impwire.codecs import encode
from impwire.messages import (
    Error,
    ErrorCode,
    Goodbye,
    GoodbyeCode,
    Hello,
    Leave,
    Ok,
    Ping,
    Pong,
    Rename,
    Roster,
    Welcome,
    Who,
)
from impwire.tables import FAILURES, PROTOCOL_VERSION, TIMERS

from . import commands
from .display import Show, harmless, shown
from .pace import FREE, Bucket

#: Seconds that a timer of the server may be late, or its answer on the way, before the client draws a conclusion.
GRACE = 5.0

#: Seconds that a user who interrupts the client waits for GOODBYE.
PATIENCE = 2.0

#: Lines and requests under way beyond which the source of lines is to pause.
BACKLOG = 256

#: CLIENT-7: the exit codes after GOODBYE; 1 after any other.
_EXIT_CODES: dict[int, int] = {GoodbyeCode.LEFT: 0, GoodbyeCode.KICKED: 3, GoodbyeCode.BANNED: 3}


class Send(NamedTuple):
    """Bytes for the server."""

    data: bytes


class End(NamedTuple):
    """It is over: close the connection and exit with `code`. `reason` is one word; people have been told by a Show."""

    code: int
    reason: str


Effect = Send | Show | End


class ClientSession:
    """One stay on one server, from HELLO to the end.

    Call `connected` first, then the other methods as things happen, and do what each returns. Call `tick` when
    `next_deadline` has come. Raises ValueError for a name that no frame could bear; its text is for people.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._hello = Hello(
            request_id=1, min_version=PROTOCOL_VERSION, max_version=PROTOCOL_VERSION, capabilities=0, name=name
        )
        try:
            encode(self._hello)
        except EncodeError as error:
            raise ValueError(harmless(f'Not done: "{name}": {FAILURES[error.code].says} ({error.reason}).')) from None
        self._connection = Connection(Role.CLIENT)
        self._welcome: Welcome | None = None
        self._effects: list[Effect] = []
        self._ended = False
        self._held: deque[str] = deque()
        self._pings: deque[Ping] = deque()
        self._queue: deque[commands.Request] = deque()
        self._bucket = Bucket(burst=1, rate=1, now=0.0)  # Until WELCOME, when nothing is sent that costs a token.
        self._input_ended = False
        #: Replies that the user waits for. A PONG is none: with a slow server there would always be one under way.
        self._owed = 0
        self._seq = 0
        self._gap_told = False
        self._heard: float | None = None
        self._pinged: float | None = None
        self._leave_by: float | None = None

    # -- what happens --------------------------------------------------------------------------------------------

    def connected(self, now: float) -> list[Effect]:
        """The TCP connection stands."""
        self._heard = now
        self._hello.request_id = self._connection.new_request_id()
        self._send(self._hello)
        return self._take()

    def received(self, data: bytes, now: float) -> list[Effect]:
        """Bytes came, cut in any way (TRANSPORT-1)."""
        self._heard, self._pinged = now, None
        self._connection.receive_data(data)
        try:
            while not self._ended and (event := self._connection.next_event()) is not None:
                assert isinstance(event, Received)  # A Connection refuses nothing in the role of the client.
                self._handle(event.message, event.answers, now)
        except RemoteProtocolError as error:
            self._broken(error.reason)
        self._send_queued(now)
        return self._take()

    def disconnected(self, why: str = "") -> list[Effect]:
        """The stream has ended, or broke for the reason `why`."""
        if not why:
            where = "in the middle of a message" if self._connection.unfinished else "without a goodbye"
            why = f"the server closed it {where}"
        self._lost(why)
        return self._take()

    def typed(self, line: str, now: float) -> list[Effect]:
        """The user typed a line; it comes without its line feed. Bytes that were not UTF-8 are surrogates in it."""
        if self._connection.state is State.CONNECTED:
            self._held.append(line)  # HELLO-7: nothing else may be sent yet.
        else:
            self._obey(line)
            self._send_queued(now)
        return self._take()

    def input_ended(self) -> list[Effect]:
        """The user will type nothing more."""
        self._input_ended = True
        return self._take()

    def interrupt(self, now: float) -> list[Effect]:
        """The user wants to be gone (CLIENT-12). The first time the server is told and may answer; the second time ends it.

        What is still to be sent is given up, with a word about it.
        """
        if self._connection.state is State.CONNECTED:
            self._fail("Interrupted before the server had answered.", "INTERRUPTED")
        elif self._leave_by is not None:
            self._fail("Left without the server's goodbye.", "INTERRUPTED")
        else:
            self._leave_by = now + PATIENCE
            self._give_up_queue()
            if self._connection.state is State.ACTIVE:
                self._leave()
        return self._take()

    def tick(self, now: float) -> list[Effect]:
        """The time is `now`. Nothing happens before `next_deadline`."""
        self._send_queued(now)
        patience_ends = self._patience_ends()
        if patience_ends is not None and now >= patience_ends:
            self._lose_patience(now)
        return self._take()

    def _lose_patience(self, now: float) -> None:
        silence = f"nothing was heard from the server for {now - (self._heard or 0.0):.0f} s"
        if self._connection.state is State.CONNECTED:
            self._lost(f"{silence}; is it an IMP server?")
        elif self._leave_by is not None:
            self._fail("Left without the server's goodbye.", "INTERRUPTED")
        elif self._connection.state is State.CLOSING or self._pinged is not None:
            self._lost(silence)  # TIME-5: a missing PONG is a lost connection.
        else:
            self._pinged = now
            # Without a token, after such a time, replies are owed; those are signs of life as good as a PONG.
            if now >= self._bucket.ready_at(urgent=True):
                request_id = self._connection.new_request_id()
                self._send(Ping(request_id=request_id, nonce=request_id))

    # -- what the edge may ask -----------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When `tick` is to be called, on the clock of `now`; None if there is nothing to wait for."""
        patience_ends = self._patience_ends()
        if patience_ends is None or not self._queue:
            return patience_ends
        return min(patience_ends, self._bucket.ready_at())

    def _patience_ends(self) -> float | None:
        """When something has to be done about the silence of the server; None if nobody waits for it."""
        if self._ended or self._heard is None:
            return None
        if self._welcome is None:
            # The server's timers are not known yet; it would give up after this time itself.
            return self._heard + TIMERS["handshake_timeout"].default / 1000 + GRACE
        if self._leave_by is not None:
            return self._leave_by
        patience = self._welcome.pong_timeout / 1000
        if self._pinged is not None:
            return self._pinged + patience
        silence = self._heard + self._welcome.ping_after / 1000 + GRACE  # TIME-5
        # LEAVE-2: after LEAVE there is no PING to ask with, so the time for its answer is waited for as well.
        return silence + patience if self._connection.state is State.CLOSING else silence

    @property
    def congested(self) -> bool:
        """Whether the source of lines had better pause: so much is under way, or the user wants nothing more."""
        if self._ended:
            return False
        return self._leave_by is not None or len(self._held) + len(self._queue) + self._owed >= BACKLOG

    # -- messages of the server ----------------------------------------------------------------------------------

    def _handle(self, message: Message, answers: Message | None, now: float) -> None:
        if answers is not None:
            self._owed -= not isinstance(answers, Ping)
            if type(answers) not in FREE:
                self._bucket.answered(now)
        self._count(message)
        line = shown(message, answers, self.name)
        if line is not None:
            self._add(line)
        match message:
            case Welcome():
                self._welcomed(message, now)
            case Ok() if isinstance(answers, Rename):
                self.name = answers.name  # CLIENT-6: only an OK changes the name.
            case Roster() if isinstance(answers, Who):
                self._next_page(message, answers)
            case Error() if isinstance(answers, Hello):
                self._end(3, "REFUSED")  # CLIENT-7
            case Error() if isinstance(answers, Leave):
                self._stay()
            case Error(code=ErrorCode.RATE_LIMITED):
                self._bucket.refused(now)
            case Ping():
                self._pings.append(message)
                self._answer_pings()
            case Goodbye():
                reason = message.code.name if isinstance(message.code, Enum) else str(message.code)
                self._end(_EXIT_CODES.get(message.code, 1), reason)

    def _stay(self) -> None:
        """The server has refused LEAVE, so the stay goes on; if nobody is left to talk, all that is left is to close
        (STATE-6)."""
        if self._input_ended or self._leave_by is not None:
            self._fail("The server has refused to let you leave.", "REFUSED")
        else:
            self._answer_pings()

    def _answer_pings(self) -> None:
        """CLIENT-8, PING-1. Those that come behind a LEAVE wait for what becomes of it."""
        while self._pings and self._connection.state is State.ACTIVE:
            ping = self._pings.popleft()
            self._send(Pong(request_id=ping.request_id, nonce=ping.nonce))

    def _welcomed(self, welcome: Welcome, now: float) -> None:
        self._welcome, self._seq, self.name = welcome, welcome.seq, welcome.name
        self._bucket = Bucket(welcome.rate_burst, welcome.rate_per_second, now)
        while self._held and not self._ended:
            self._obey(self._held.popleft())

    def _count(self, message: Message) -> None:
        """Tell a gap in the numbers of public events, one's own included, the first time (ORD-6)."""
        seq = 0 if isinstance(message, Welcome) else getattr(message, "seq", 0)
        if not seq:  # It caused no public event, or is none.
            return
        if seq != self._seq + 1 and not self._gap_told:
            self._gap_told = True
            self._show(f"The server left a gap: event {seq} came after event {self._seq}.", "error")
        self._seq = seq

    def _next_page(self, page: Roster, request: Who) -> None:
        """CLIENT-11: ask on behind the last name of a page."""
        if not page.more or self._connection.state is not State.ACTIVE:
            return
        # A server that breaks WHO-1 or WHO-3 must not send the client round in circles.
        last = page.entries[-1].name if page.entries else ""
        if last.lower() <= request.after.lower():
            self._show("The server's list of users does not go on as it should; it may be incomplete.", "error")
            return
        # In front of what was typed meanwhile, so that the list is shown without a gap.
        self._queue.appendleft(commands.Request(Who, {"after": last, "limit": request.limit}, ()))

    # -- lines of the user ---------------------------------------------------------------------------------------

    def _obey(self, line: str) -> None:
        match commands.parse(line):
            case commands.Explanation(explanation):
                self._show(explanation)
            case commands.Local():
                for text in commands.help_lines():
                    self._show(text)
            case commands.Request() as request:
                self._ask(request)

    def _ask(self, request: commands.Request) -> None:
        if self._connection.state is not State.ACTIVE or self._welcome is None or self._is_leaving():
            self._show("Not sent: you are leaving.")  # LEAVE-2
            return
        explanation = commands.refusal(request, self._welcome)
        if explanation is None:
            self._queue.append(request)
        else:
            self._show(explanation)

    def _is_leaving(self) -> bool:
        """Whether the user has asked to leave already, behind what is still to be sent."""
        return bool(self._queue) and self._queue[-1].kind is Leave

    def _send_queued(self, now: float) -> None:
        """Send what may be sent by now (CLIENT-9)."""
        while self._queue and self._connection.state is State.ACTIVE:
            if self._queue[0].kind not in FREE and now < self._bucket.ready_at():
                break
            self._send(self._queue.popleft().message(self._connection.new_request_id()))

    def _give_up_queue(self) -> None:
        count = sum(request.kind is not Leave for request in self._queue)
        self._queue.clear()
        if count:
            what = "one message was" if count == 1 else f"{count} messages were"
            self._show(f"Not sent: {what} still waiting.")

    # -- effects -------------------------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        """Send a request or a PONG that has been found to be allowed."""
        self._add(Send(self._connection.send(message)))
        if not isinstance(message, (Ping, Pong)):
            self._owed += 1
        if type(message) not in FREE:
            self._bucket.sent()

    def _leave(self) -> None:
        self._send(Leave(request_id=self._connection.new_request_id()))

    def _show(self, line: str, stream: str = "output") -> None:
        self._add(Show(line, stream))

    def _broken(self, reason: str) -> None:
        """STATE-4, EXT-7: what breaks the protocol ends the connection."""
        self._fail(harmless(f"The server has broken the protocol: {reason}."), "PROTOCOL")

    def _lost(self, why: str) -> None:
        """END-6: no goodbye, and so no word of why."""
        self._fail(harmless(f"The connection was lost: {why}."), "LOST")

    def _fail(self, line: str, reason: str) -> None:
        self._show(line, "error")  # CLIENT-7: one line that says why.
        self._end(1, reason)

    def _end(self, code: int, reason: str) -> None:
        self._give_up_queue()
        self._add(End(code, reason))
        self._ended = True

    def _add(self, effect: Effect) -> None:
        if not self._ended:
            self._effects.append(effect)

    def _take(self) -> list[Effect]:
        """The effects so far; what is done as soon as nothing is waited for is done here."""
        if self._input_ended and not self._owed and not self._queue and self._connection.state is State.ACTIVE:
            self._leave()  # CLIENT-3
        effects, self._effects = self._effects, []
        return effects
