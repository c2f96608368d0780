"""A client that is cut off from the network: no FIN, no reset, nothing. The server finds out by its keepalive."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import pytest

from impwire import Message
from impwire import messages as m
from tests.namespace import CLIENT, SERVER, Cable, cable
from tests.support import PATIENCE, ServerProcess, User
from tests.watched import becomes, descriptors

_PING_AFTER, _PONG_TIMEOUT = 700, 600
#: Seconds from the last frame until the user is taken for lost (TIME-3, TIME-4).
_KEEPALIVE = (_PING_AFTER + _PONG_TIMEOUT) / 1000


@pytest.fixture
def network() -> Iterator[Cable]:
    with cable() as made:
        yield made


def test_client_that_is_cut_off_leaves_within_a_second_of_its_keepalive(
    network: Cable, start_server: Callable[..., ServerProcess]
) -> None:
    timers = ("--ping-after", str(_PING_AFTER), "--pong-timeout", str(_PONG_TIMEOUT), "--close-drain", "100")
    command = network.command(SERVER, sys.executable, "-m", "reference_server")
    server = start_server("--host", SERVER, *timers, command=command)
    with network.at(SERVER):
        witness = User(server.port, "witness", host=SERVER)
    before = descriptors(server.process.pid)
    took: list[float] = []
    # A machine may be busy for a second now and then; no server is late three times that keeps its timers.
    while len(took) < 3 and (not took or min(took) > _KEEPALIVE + 1):
        with network.at(CLIENT):
            lost = User(server.port, "lost", host=SERVER)
        network.pull()
        began = time.monotonic()
        assert isinstance(_heard(witness), m.Joined)
        witness.send(m.Say, text="can you hear me?")
        assert isinstance(_heard(witness), m.Ok)
        left = _heard(witness)
        took.append(time.monotonic() - began)
        assert isinstance(left, m.Left)
        assert (left.who.name, left.reason) == ("lost", m.LeftReason.TIMED_OUT)
        network.plug()
        lost.socket.close()
    assert min(took) <= _KEEPALIVE + 1
    assert becomes(lambda: descriptors(server.process.pid) == before), "what was cut off is closed"


def _heard(user: User) -> Message:
    """The next message that is not the server's PING, each of which is answered."""
    until = time.monotonic() + PATIENCE
    while isinstance(message := user.receive(), m.Ping):
        assert time.monotonic() < until, "there is nothing but PINGs"
        user.socket.sendall(user.connection.send(m.Pong(request_id=message.request_id, nonce=message.nonce)))
    return message
