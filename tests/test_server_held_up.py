"""A server that was held up, by a debugger or a machine that slept, does not blame its clients for it (TIME-10).

The time of its event loop is turned forward while something that has arrived lies unread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from impwire import Message
from impwire import messages as m
from impwire.tables import Settings
from reference_server.bans import BanList
from reference_server.clock import Now
from reference_server.server import Server
from reference_server.service import Service
from tests.support import PATIENCE, User

#: Seconds, longer than each timer of the default settings, and shorter than two of them.
_DELAY = 30.5

#: Prepares a client, with a way to let the delay pass; returns what is to lie unread during the delay that follows.
Prepare = Callable[[User, Callable[[], None]], bytes]


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose time can be turned forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    def turn_forward_soon(self, seconds: float) -> None:
        """Turn the time forward in a later step of the loop; any thread may ask for it."""
        self.call_soon_threadsafe(lambda: setattr(self, "ahead", self.ahead + seconds))


class _Log:
    """A log that nobody reads."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def _frame(user: User, kind: type[Message], **fields: Any) -> bytes:
    request: Any = kind
    message: Message = request(request_id=user.connection.new_request_id(), **fields)
    return user.connection.send(message)


def _stranger(user: User, _: Callable[[], None]) -> bytes:
    user.ask(m.Ping, nonce=1)  # The server knows of this connection.
    return _frame(user, m.Hello, min_version=0x0100, max_version=0x0100, capabilities=0, name="ann")


def _silent(user: User, delay: Callable[[], None]) -> bytes:
    user.join("ann")
    delay()
    assert isinstance(user.receive(), m.Ping)
    return _frame(user, m.Ping, nonce=2)


def _in_a_frame(user: User, _: Callable[[], None]) -> bytes:
    user.join("ann")
    fence, frame = _frame(user, m.Ping, nonce=1), _frame(user, m.Ping, nonce=2)
    user.socket.sendall(fence + frame[:7])
    user.receive()
    return frame[7:]


def _first_after_the_delay(prepare: Prepare, *, arrives: bool) -> Message:
    async def run() -> Message:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Loop)
        service = Service(Settings(), "test", BanList())
        log: Any = _Log()
        server = Server(service, log, lambda _: None, lambda *_: None, lambda: Now(loop.time(), 0))
        ((_, port),) = await server.start("127.0.0.1", 0)
        user = await asyncio.to_thread(User, port)
        unread = await asyncio.to_thread(prepare, user, lambda: loop.turn_forward_soon(_DELAY))
        # One step of the loop, in which it cannot look for what arrives.
        user.socket.sendall(unread if arrives else b"")
        loop.ahead += _DELAY
        first = await asyncio.wait_for(asyncio.to_thread(user.receive), PATIENCE)
        user.socket.close()
        server.stop()
        await asyncio.wait_for(server.stopped.wait(), PATIENCE)
        return first

    with asyncio.Runner(loop_factory=_Loop) as runner:
        found: Message = runner.run(run())
        return found


@pytest.mark.parametrize(
    ("prepare", "reply", "timeout"),
    [
        (_stranger, m.Welcome, m.GoodbyeCode.HANDSHAKE_TIMEOUT),
        (_silent, m.Pong, m.GoodbyeCode.KEEPALIVE_TIMEOUT),
        (_in_a_frame, m.Pong, m.GoodbyeCode.FRAME_TIMEOUT),
    ],
)
def test_what_has_arrived_is_handled_before_a_timer_that_is_over(
    prepare: Prepare, reply: type[Message], timeout: m.GoodbyeCode
) -> None:
    assert isinstance(_first_after_the_delay(prepare, arrives=True), reply)
    ended = _first_after_the_delay(prepare, arrives=False)
    assert isinstance(ended, m.Goodbye)
    assert ended.code == timeout
