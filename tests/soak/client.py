"""A client that examines every frame: its place in the order, its request, and whether it agrees with what came before."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any

from impwire import DecodeError, FrameDecoder, Message
from impwire import messages as m
from impwire.codecs import CODECS, decode, encode
from impwire.tables import MAX_FRAME_BEFORE_WELCOME, REPLIES

from .book import OWED, Book

_FIRST_EVENT = 0xC0
_RESET = b"\1\0\0\0\0\0\0\0"


def _named(code: m.GoodbyeCode | int) -> str:
    return code.name if isinstance(code, m.GoodbyeCode) else f"code {code}"


class Client(asyncio.Protocol):
    """One connection. `seq` is the number of the last public event, `users` who is there as far as one was told."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.name, self.session_id, self.seq = "", 0, 0
        self.users: dict[int, str] = {}
        self.goodbye: m.Goodbye | None = None
        #: The codes with which the server may end this connection; and whether it may just be lost.
        self.may_end: set[m.GoodbyeCode] = set()
        self.may_be_lost = False
        #: Whether requests of this client may be refused with RATE_LIMITED.
        self.floods = False
        #: Whether PINGs are answered.
        self.answers = True
        self.closed = asyncio.Event()
        self._listed = False
        self._decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
        self._waiting: deque[tuple[Any, asyncio.Future[Message | None]]] = deque()
        self._last_id = 0
        self.transport: asyncio.Transport

    # -- what a client does --------------------------------------------------------------------------------------

    def send(self, kind: Any, **fields: Any) -> asyncio.Future[Message | None]:
        """Send a request; the reply comes later, or None if the connection ends before."""
        self._last_id += 1
        request = kind(request_id=self._last_id, **fields)
        reply: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()
        if self.closed.is_set() or self.transport.is_closing():
            reply.set_result(None)
            return reply
        self._waiting.append((request, reply))
        self.transport.write(encode(request))
        self.book.counts["requests"] += 1
        return reply

    async def join(self, name: str) -> Message | None:
        """Say HELLO, and ask who is there."""
        reply = await self.send(m.Hello, min_version=0x0100, max_version=0x0100, capabilities=0, name=name)
        if isinstance(reply, m.Welcome):
            await self.send(m.Who, after="", limit=0)
        return reply

    def reset(self) -> None:
        """End the connection at once, without FIN."""
        self.may_be_lost = True
        sock = self.transport.get_extra_info("socket")
        if not self.closed.is_set() and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    # -- what comes ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._decoder.feed(data)
        try:
            while (frame := self._decoder.next_frame()) is not None:
                self.book.counts["frames"] += 1
                if self.goodbye is not None:
                    self._fault(f"{decode(frame)} stands behind GOODBYE")
                elif frame[4] >= _FIRST_EVENT:
                    self._event(self.book.event(frame))
                else:
                    self._reply(decode(frame))
        except DecodeError as error:
            self._fault(f"what comes is no frame: {error}")
            self.reset()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()
        for _, reply in self._waiting:
            if not reply.done():
                reply.set_result(None)
        self._waiting.clear()
        if self.goodbye is None and not self.may_be_lost:
            self._fault(f"the connection ends without GOODBYE: {error}")

    def _fault(self, text: str) -> None:
        self.book.fault(f"{self.name or 'a client'}#{self.session_id}: {text}")

    def _event(self, event: Any) -> None:
        if not self.session_id:
            self._fault(f"{event} comes before WELCOME")
        elif getattr(event, "request_id", 0):
            self._fault(f"{event} bears a request_id")
        elif isinstance(event, m.Whisper):
            self.book.counts["WHISPER"] += 1
            if event.text.startswith(OWED):
                self.book.delivered(event.text)
        elif isinstance(event, m.Notice) and event.scope is m.NoticeScope.PRIVATE:
            self.book.counts["private NOTICE"] += 1
        else:
            self._follow(event.seq, event.NAME)
            who = getattr(event, "who", None)
            if who is not None:
                self._person(event, who)

    def _follow(self, seq: int, what: str) -> None:
        if seq != self.seq + 1:
            self._fault(f"{what} has the seq {seq} behind {self.seq}")
        self.seq = seq

    def _person(self, event: Any, who: m.User) -> None:
        """A user has joined, left, spoken or taken another name."""
        if who.session_id == self.session_id:
            self._fault(f"is told of its own {event.NAME}")
        if not self._listed:
            return  # The first ROSTER tells who is there by then.
        there = self.users.get(who.session_id)
        if isinstance(event, m.Joined):
            if there is not None:
                self._fault(f"{who} joins and is there")
            self.users[who.session_id] = who.name
            return
        if there != who.name:
            self._fault(f"{event.NAME} of {who}, whose name is {there}")
        if isinstance(event, m.Left):
            self.users.pop(who.session_id, None)
        elif isinstance(event, m.Renamed):
            self.users[who.session_id] = event.new_name

    def _reply(self, message: Any) -> None:
        if isinstance(message, m.Ping):
            if self.answers:
                self.transport.write(encode(m.Pong(request_id=message.request_id, nonce=message.nonce)))
            return
        if isinstance(message, m.Goodbye):
            self._end(message)
            return
        if not self._waiting:
            self._fault(f"{message} answers nothing")
            return
        request, reply = self._waiting.popleft()
        if message.request_id != request.request_id or type(message) not in REPLIES[type(request)]:
            self._fault(f"{message} comes in answer to {request}")
        elif isinstance(message, m.Error) and message.request_type != request.TYPE:
            self._fault(f"{message} names another type than that of {request}")
        else:
            self._answered(request, message)
        if not reply.done():
            reply.set_result(message)

    def _answered(self, request: Any, message: Any) -> None:
        if isinstance(message, m.Welcome):
            self.name, self.session_id, self.seq = message.name, message.session_id, message.seq
            self._decoder.max_length = message.max_frame
            if message.name != request.name:
                self._fault(f"is called {message.name}, and asked for {request.name}")
        elif isinstance(message, m.Ok):
            self._ok(request, message)
        elif isinstance(message, m.Roster):
            self._roster(message)
        elif isinstance(message, m.Pong):
            if message.nonce != request.nonce:
                self._fault("PONG has another nonce")
        elif message.code is m.ErrorCode.RATE_LIMITED and not self.floods:
            self._fault(f"{request} is refused for its rate")
        if isinstance(message, m.Error) and isinstance(request, m.Say):
            self.book.said.pop(request.text, None)

    def _ok(self, request: Any, ok: m.Ok) -> None:
        public = isinstance(request, m.Say) or (isinstance(request, m.Rename) and request.name != self.name)
        if public:
            self._follow(ok.seq, f"OK to {request.NAME}")
        elif ok.seq:
            self._fault(f"OK to {request.NAME} has the seq {ok.seq}")
        if isinstance(request, m.Rename):
            self.name = self.users[self.session_id] = request.name
        elif isinstance(request, m.Pm) and request.text.startswith(OWED):
            self.book.accepted(request.text)

    def _roster(self, roster: m.Roster) -> None:
        there = {user.session_id: user.name for user in roster.entries}
        folded = [user.name.lower() for user in roster.entries]
        if folded != sorted(folded) or roster.more:
            self._fault("ROSTER is not in the order of names, or not whole")
        if self._listed and there != self.users:
            wrong = sorted(set(there.items()) ^ set(self.users.items()))
            self._fault(f"ROSTER differs from what was told: {wrong[:5]}")
        if there.get(self.session_id) != self.name:
            self._fault("ROSTER does not have the client itself")
        self.users, self._listed = there, True
        self.book.counts["ROSTER"] += 1

    def _end(self, goodbye: m.Goodbye) -> None:
        self.goodbye = goodbye
        self.book.counts[f"GOODBYE {_named(goodbye.code)}"] += 1
        if goodbye.code not in self.may_end:
            self._fault(f"is ended with {_named(goodbye.code)} {goodbye.detail!r}")
