"""A run of the server is its inputs: what was handed to the service, handed in again, gives the same bytes."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

from impwire import Message
from impwire import messages as m
from impwire.codecs import encode
from impwire.tables import Settings
from reference_server.bans import BanList
from reference_server.effects import Effect
from reference_server.server import Server
from reference_server.service import Service
from tests.support import PATIENCE, User

_INPUTS = (
    *("arrive", "receive", "refuse", "violate", "progress", "end_of_stream", "lose", "overflow", "fail"),
    *("operate", "tick", "stop"),
)


class _Log:
    """A log that keeps nothing."""

    def add(self, wall: int, event: str, text: str) -> None: ...

    def failure(self, wall: int, text: str, error: BaseException | None = None) -> None: ...

    def flush(self) -> None: ...


def _as_bytes(effects: list[Effect]) -> list[bytes]:
    """Effects as they leave the server: their messages as frames."""
    return [
        (repr(type(effect)) + repr([_encoded(getattr(effect, name)) for name in effect.__slots__])).encode()
        for effect in effects
    ]


def _encoded(value: object) -> object:
    return encode(value) if isinstance(value, Message) else value


def _service() -> Service:
    return Service(Settings(rate_burst=8, rate_per_second=1, flood_strikes=3), "replayed", BanList())


class _Taped:
    """A service, each of whose inputs is noted as it was before it was handled, with the bytes that came of it."""

    def __init__(self) -> None:
        self._service = _service()
        self.inputs: list[bytes] = []
        self.outputs: list[list[bytes]] = []

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._service, name)
        return self._taped(name, value) if name in _INPUTS else value

    def _taped(self, name: str, act: Callable[..., list[Effect]]) -> Callable[..., list[Effect]]:
        def noted(*arguments: Any) -> list[Effect]:
            self.inputs.append(pickle.dumps((name, arguments)))
            effects = act(*arguments)
            self.outputs.append(_as_bytes(effects))
            return effects

        return noted


def _people(port: int) -> None:
    """Some of everything, by three people and one that is no client."""
    ann, bob, cid = (User(port, name) for name in ("ann", "bob", "cid"))
    nobody = User(port)
    nobody.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    nobody.receive_all()
    ann.ask(m.Say, text="hi")
    bob.ask(m.Pm, to="ann", text="psst")
    bob.ask(m.Pm, to="zoe", text="nobody there")
    cid.ask(m.Rename, name="BOB")
    cid.ask(m.Rename, name="cyd")
    cid.ask(m.Who, after="", limit=2)
    cid.socket.sendall(encode(m.Say(request_id=98, text="xy")).replace(b"xy", b"x\0"))  # to be refused for its form
    cid.socket.sendall(encode(m.Say(request_id=99, text="x"))[:-3])  # a frame that never ends
    cid.socket.close()
    for _ in range(20):  # until it is cut
        bob.send(m.Ping, nonce=1)
    bob.receive_all()
    ann.ask(m.Leave)
    ann.receive_all()


def test_recorded_inputs_give_the_same_bytes_again() -> None:
    async def run() -> _Taped:
        taped = _Taped()
        server = Server(taped, _Log(), lambda _: None, lambda *_: None)  # type: ignore[arg-type]
        ((_, port),) = await server.start("127.0.0.1", 0)
        await asyncio.wait_for(asyncio.to_thread(_people, port), PATIENCE)
        server.operate("/ban bob 10m flooded")
        server.operate("/all good night")
        server.stop()
        await asyncio.wait_for(server.stopped.wait(), PATIENCE)
        assert server.failure is None
        return taped

    taped = asyncio.run(run())
    again = _service()
    replayed = []
    for data in taped.inputs:
        name, arguments = pickle.loads(data)
        replayed.append(_as_bytes(getattr(again, name)(*arguments)))
    used = {pickle.loads(data)[0] for data in taped.inputs}
    assert {"arrive", "receive", "refuse", "violate", "progress", "operate", "stop"} <= used
    assert replayed == taped.outputs
