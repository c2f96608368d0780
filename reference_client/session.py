"""The client without its edges: no clock, no socket, no people (protocol.txt, sections 7 to 9, 13, 14, 16 and 18).

What happens goes in: the connection stands, bytes came, something is to be asked, the stream ended, the time is `now`
(seconds of any clock that does not run backwards). `take` hands out what is to be done and told, in order: bytes to
`Send`, what was `Told`, a `Note`, and as the last one the `End`. Requests are judged at once and sent in order, as fast
as the server's rate allows (CLIENT-9). The invariant: after `End` there are no effects.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from impwire import Connection, Message, Received, RemoteProtocolError, Role, State
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
from impwire.tables import LIMITS, PROTOCOL_VERSION, TIMERS

from .display import harmless, shown
from .effects import Cause, Effect, End, Ending, EndKind, Note, Remedy, Send, Told
from .errors import NotConnected
from .pace import FREE, Bucket
from .requests import check, check_name, numbered

#: Seconds that a timer of the server may be late, or its answer on the way, before the client draws a conclusion.
GRACE = 5.0

#: Seconds that a user who interrupts the client waits for GOODBYE.
PATIENCE = 2.0

#: The ticket of what the session sends by itself.
_OWN = 0


class _Request(NamedTuple):
    """A request that waits to be sent, or was sent at the time `at`. `listed`: the users on the pages before this one."""

    ticket: int
    message: Message
    at: float = 0.0
    listed: int = 0


class ClientSession:
    """One stay on one server, from HELLO to the end.

    Call `connected` first, then the other methods as things happen, and each time do what `take` returns. Call `tick`
    when `next_deadline` has come. Raises `InvalidRequest` for a name that no server may take (NAME-1).
    """

    def __init__(self, name: str) -> None:
        #: The name that the server knows, from WELCOME on; until then the one that is asked for.
        self.name = name
        #: What the server has announced; None until then.
        self.welcome: Welcome | None = None
        #: Seconds from the sending of a request to its reply, the latest time; None before there was any.
        self.latency: float | None = None
        #: Whether it is over.
        self.has_ended = False
        self._hello = Hello(min_version=PROTOCOL_VERSION, max_version=PROTOCOL_VERSION, capabilities=0, name=name)
        check_name(self._hello)
        self._connection = Connection(Role.CLIENT)
        self._effects: list[Effect] = []
        self._last_ticket = _OWN
        self._queue: deque[_Request] = deque()
        #: Requests that were sent and not answered, by their request_id.
        self._under_way: dict[int, _Request] = {}
        self._bucket = Bucket(burst=1, rate=1, now=0.0)  # Until WELCOME, when nothing is sent that costs a token.
        #: PINGs that cannot be answered now; a server has no more than one that waits (PING-3).
        self._pings: deque[Ping] = deque(maxlen=1)
        self._seq = 0
        self._gap_told = False
        #: Whether to leave as soon as nothing is waited for (CLIENT-3).
        self._finishing = False
        self._begun = 0.0
        self._heard: float | None = None
        self._pinged: float | None = None
        self._leave_by: float | None = None
        #: What waited to be sent when the user has interrupted.
        self._given_up: tuple[Message, ...] = ()

    # -- what happens --------------------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """The connection stands."""
        self._begun = self._heard = now
        self._send(_Request(_OWN, self._hello), now)

    def received(self, data: bytes, now: float) -> None:
        """Bytes came, cut in any way (TRANSPORT-1)."""
        if self.has_ended:
            return  # What still comes while the connection closes is dropped.
        self._heard, self._pinged = now, None
        self._connection.receive_data(data)
        try:
            while not self.has_ended and (event := self._connection.next_event()) is not None:
                assert isinstance(event, Received)  # A Connection refuses nothing in the role of the client.
                self._handle(event.message, event.answers, now)
        except RemoteProtocolError as error:
            self._broken(error.reason)
        self._send_queued(now)

    def disconnected(self, why: Cause | None = None) -> None:
        """The stream has ended, or broke for the reason `why`."""
        if why is None:
            where = "in the middle of a message" if self._connection.unfinished else "without a goodbye"
            why = Cause(f"the server closed it {where}")
        self._lost(why)

    def listened_again(self, now: float) -> None:
        """For a while nobody has looked whether bytes came; now they do. The server's silence counts from here."""
        self._heard, self._pinged = now, None

    def tick(self, now: float) -> None:
        """The time is `now`. Nothing happens before `next_deadline`."""
        self._send_queued(now)
        patience_ends = self._patience_ends()
        if patience_ends is not None and now >= patience_ends:
            self._lose_patience(now)

    # -- what is asked for ---------------------------------------------------------------------------------------

    def request(self, request: Message, now: float) -> int:
        """Send a request as soon as its turn comes, whether earlier ones are answered or not (REQ-3); its request_id is set
        then. The ticket returned stands in each `Told` that answers it.

        Raises `InvalidRequest` for what the server would have to refuse for its form (TEXT-5), and `NotConnected` before
        WELCOME (HELLO-7), behind LEAVE (LEAVE-2) and after the end; TypeError for what no client asks for. Then nothing is sent.
        """
        if self.has_ended:
            raise NotConnected("the connection has ended")
        if self.welcome is None:
            raise NotConnected("the server has not answered yet")
        if self.is_leaving:
            raise NotConnected("you are leaving")
        check(request, self.welcome)
        self._last_ticket += 1
        self._queue.append(_Request(self._last_ticket, request))
        self._send_queued(now)
        return self._last_ticket

    def finish(self, now: float) -> None:
        """Nobody will ask for anything more: leave when all that was asked for is sent and answered (CLIENT-3), and go on
        reading until GOODBYE (LEAVE-3)."""
        self._finishing = True
        self._send_queued(now)

    def interrupt(self, now: float) -> None:
        """The user wants to be gone (CLIENT-12). The first time the server is told and may answer; the second time ends it.

        What is still to be sent is given up; the `Ending` tells of it.
        """
        if self._connection.state is State.CONNECTED:
            self._end(EndKind.INTERRUPTED, "Given up before the server had answered.")
        elif self._leave_by is not None:
            self._end(EndKind.INTERRUPTED, "Left without the server's goodbye.")
        else:
            self._leave_by = now + PATIENCE
            self._given_up = _asked(self._queue)
            self._queue.clear()
            if self._connection.state is State.ACTIVE:
                self._leave(now)

    # -- what may be asked ---------------------------------------------------------------------------------------

    def take(self) -> list[Effect]:
        """What is to be done and told by now, in order."""
        effects, self._effects = self._effects, []
        return effects

    def next_deadline(self) -> float | None:
        """When `tick` is to be called, on the clock of `now`; None if there is nothing to wait for."""
        patience_ends = self._patience_ends()
        if patience_ends is None or not self._queue:
            return patience_ends
        return min(patience_ends, self._bucket.ready_at())

    def _patience_ends(self) -> float | None:
        """When something has to be done about the silence of the server; None if nobody waits for it."""
        if self.has_ended or self._heard is None:
            return None
        if self.welcome is None:
            # TIME-7: the server's timers are not known yet; it would give up after this time itself.
            return self._begun + TIMERS["handshake_timeout"].default / 1000 + GRACE
        if self._leave_by is not None:
            return self._leave_by
        patience = self.welcome.pong_timeout / 1000
        if self._pinged is not None:
            return self._pinged + patience
        silence = self._heard + self.welcome.ping_after / 1000 + GRACE  # TIME-5
        # LEAVE-2: after LEAVE there is no PING to ask with, so the time for its answer is waited for as well.
        return silence + patience if self._connection.state is State.CLOSING else silence

    @property
    def backlog(self) -> int:
        """How many requests wait to be sent or answered."""
        return len(self._queue) + len(self._under_way)

    @property
    def is_leaving(self) -> bool:
        """Whether it is over, or will be without anything more being asked for."""
        return self.has_ended or self._finishing or self._connection.state is State.CLOSING or self._leaves_soon()

    # -- messages of the server ----------------------------------------------------------------------------------

    def _handle(self, message: Message, answers: Message | None, now: float) -> None:
        # What GOODBYE answers was not done (GOODBYE-1), and stays among the requests without a reply.
        asked = None if isinstance(message, Goodbye) else self._answered(answers, now)
        own_name = self.name
        if isinstance(message, Welcome) and (fault := _beyond_its_range(message)):
            self._broken(fault)
            return
        page = self._next_page(message, asked) if asked is not None else None
        ticket = asked.ticket if asked is not None else _OWN
        self._do(Told(message, answers, ticket or None, own_name, is_last=page is None))
        self._count(message)
        match message:
            case Welcome():  # WELCOME-4: its name is the one that counts; no capability is ever looked at.
                self.welcome, self._seq, self.name = message, message.seq, message.name
                self._bucket = Bucket(message.rate_burst, message.rate_per_second, now)
            case Ok() if isinstance(answers, Rename):
                self.name = answers.name  # CLIENT-6: only an OK changes the name.
            case Roster() if page is not None:
                # The list goes on before most of what was asked for meanwhile. One request goes in front, or a server
                # whose list has no end would let nobody else have a word.
                self._queue.insert(1, page)
            case Roster(more=True) if self._connection.state is State.ACTIVE:
                self._do(Note("The server's list of users does not go on as it should; it may be incomplete."))
            case Error() if isinstance(answers, Hello):
                self._say_goodbye(EndKind.NAME_REFUSED, message, answers)
            case Error() if isinstance(answers, Leave):
                self._stay()
            case Error(code=ErrorCode.RATE_LIMITED):
                self._bucket.refused(now)
            case Ping():
                self._pings.append(message)
                self._answer_pings()
            case Goodbye():
                kind = EndKind.LEFT if message.code == GoodbyeCode.LEFT else EndKind.GOODBYE
                self._say_goodbye(kind, message, None)

    def _answered(self, request: Message | None, now: float) -> _Request | None:
        """What was under way and has just been answered; None for an event."""
        if request is None:
            return None
        asked: _Request = self._under_way.pop(request.request_id)  # type: ignore[attr-defined]
        self.latency = now - asked.at
        if type(request) not in FREE:
            self._bucket.answered(now)
        return asked

    def _stay(self) -> None:
        """The server has refused LEAVE, so the stay goes on; if nobody is left to talk, all that is left is to close
        (STATE-6)."""
        if self._finishing or self._leave_by is not None:
            self._end(EndKind.STUCK, "The server has refused to let you leave.")
        else:
            self._answer_pings()

    def _answer_pings(self) -> None:
        """CLIENT-8, PING-1. Those that come behind a LEAVE wait for what becomes of it."""
        while self._pings and self._connection.state is State.ACTIVE:
            ping = self._pings.popleft()
            self._do(Send(self._connection.send(Pong(request_id=ping.request_id, nonce=ping.nonce))))

    def _count(self, message: Message) -> None:
        """Tell a gap in the numbers of public events, one's own included, the first time (ORD-6)."""
        seq = 0 if isinstance(message, Welcome) else getattr(message, "seq", 0)
        if not seq:  # It caused no public event, or is none.
            return
        if seq != self._seq + 1 and not self._gap_told:
            self._gap_told = True
            self._do(Note(f"The server left a gap: event {seq} came after event {self._seq}."))
        self._seq = seq

    def _next_page(self, page: Message, asked: _Request) -> _Request | None:
        """CLIENT-11: the request that asks on behind the last name of a page."""
        request = asked.message
        if not (isinstance(page, Roster) and isinstance(request, Who) and self.welcome is not None):
            return None
        if not page.more or self._connection.state is not State.ACTIVE:
            return None
        # A server that breaks WHO-1 or WHO-3 must not send the client round in circles, nor on for ever.
        last, listed = page.entries[-1].name if page.entries else "", asked.listed + len(page.entries)
        if last.lower() <= request.after.lower() or listed > self.welcome.max_connections:
            return None
        return _Request(asked.ticket, Who(after=last, limit=request.limit), listed=listed)

    # -- requests ------------------------------------------------------------------------------------------------

    def _leaves_soon(self) -> bool:
        """Whether LEAVE waits behind what is still to be sent."""
        return bool(self._queue) and isinstance(self._queue[-1].message, Leave)

    def _send_queued(self, now: float) -> None:
        """Send what may be sent by now (CLIENT-9)."""
        while self._queue and self._connection.state is State.ACTIVE:
            if type(self._queue[0].message) not in FREE and now < self._bucket.ready_at():
                break
            self._send(self._queue.popleft(), now)
        if self._finishing and not self._is_owed() and not self._queue and self._connection.state is State.ACTIVE:
            self._leave(now)  # CLIENT-3

    def _is_owed(self) -> bool:
        """Whether somebody waits for a reply. A PONG for keepalive is none: with a slow server one would always be due."""
        return any(request.ticket != _OWN for request in self._under_way.values())

    def _lose_patience(self, now: float) -> None:
        silence = f"nothing was heard from the server for {now - (self._heard or 0.0):.0f} s"
        if self._connection.state is State.CONNECTED:
            self._lost(Cause(f"the server has not answered for {now - self._begun:.0f} s; is it an IMP server?"))
        elif self._leave_by is not None:
            self._end(EndKind.INTERRUPTED, "Left without the server's goodbye.")
        elif self._connection.state is State.CLOSING or self._pinged is not None:
            self._lost(Cause(silence))  # TIME-5: a missing PONG is a lost connection.
        else:
            self._pinged = now
            # Without a token, after such a time, replies are owed; those are signs of life as good as a PONG.
            if now >= self._bucket.ready_at(urgent=True):
                self._send(_Request(_OWN, Ping(nonce=0)), now)

    def _leave(self, now: float) -> None:
        self._send(_Request(_OWN, Leave()), now)

    def _send(self, request: _Request, now: float) -> None:
        """Send a request that has been found to be allowed."""
        request_id = self._connection.new_request_id()
        message = numbered(request.message, request_id)
        self._do(Send(self._connection.send(message)))
        self._under_way[request_id] = request._replace(message=message, at=now)
        if type(message) not in FREE:
            self._bucket.sent()

    # -- the end -------------------------------------------------------------------------------------------------

    def _say_goodbye(self, kind: EndKind, message: Error | Goodbye, answers: Message | None) -> None:
        """The end for which the server has given a reason; the line is the one that the message shows (CLIENT-7)."""
        show = shown(message, answers, self.name)
        line = show.line if show is not None else ""
        self._end(kind, line, message.code, message.retry_after_ms, message.detail)

    def _broken(self, reason: str) -> None:
        """STATE-4, EXT-7: what breaks the protocol ends the connection."""
        doubt = "; is it an IMP server?" if self.welcome is None else ""
        self._end(EndKind.PROTOCOL, _sentence(f"The server has broken the protocol: {reason}{doubt}"))

    def _lost(self, why: Cause) -> None:
        """END-6: no goodbye, and so no word of why."""
        self._end(EndKind.LOST, _sentence(f"The connection was lost: {why.words}"), remedy=why.remedy)

    def _end(
        self,
        kind: EndKind,
        line: str,
        code: int | None = None,
        retry_after_ms: int = 0,
        detail: str = "",
        remedy: Remedy | None = None,
    ) -> None:
        unanswered = _asked(self._under_way.values())
        welcomed, unsent = self.welcome is not None, self._given_up or _asked(self._queue)
        ending = Ending(kind, line, code, retry_after_ms, detail, self.name, welcomed, unanswered, unsent, remedy)
        self._do(End(ending))
        self.has_ended = True
        self._queue.clear()

    def _do(self, effect: Effect) -> None:
        if not self.has_ended:
            self._effects.append(effect)


def _asked(requests: Iterable[_Request]) -> tuple[Message, ...]:
    """What people wait for among these; a further page of the roster is none of it."""
    return tuple(
        it.message for it in requests if it.ticket != _OWN and not it.listed and not isinstance(it.message, Leave)
    )


def _sentence(text: str) -> str:
    return harmless(text if text.endswith("?") else f"{text}.")


def _beyond_its_range(welcome: Welcome) -> str:
    """What a limit or timer announces that no server may set (LIM-7), or nothing. All others can be relied upon."""
    for name, limit in (LIMITS | TIMERS).items():
        value = getattr(welcome, name)
        if not limit.minimum <= value <= limit.maximum:
            return f"it announces a {name} of {value}, and may only set {limit.minimum} to {limit.maximum} {limit.unit}"
    return ""
