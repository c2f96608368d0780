"""A client's connection between its session and the network: the timer while nothing is read, and the end that is awaited."""

from __future__ import annotations

import asyncio

import pytest

from impwire import FrameDecoder
from impwire.codecs import CODECS, encode
from impwire.messages import GoodbyeCode, Hello, Ping
from reference_client import link as module
from reference_client.client import Client
from reference_client.effects import End, EndKind, Happening
from reference_client.link import Link
from reference_client.session import ClientSession
from tests.scripted import ScriptedServer
from tests.support import PATIENCE
from tests.talking import goodbye, welcome

HOUR = 3600.0


class Server(asyncio.Transport):
    """Takes what the client sends, and never says a word by itself."""

    def __init__(self) -> None:
        super().__init__()
        self._decoder = FrameDecoder(CODECS, 1 << 20)
        self.read: list[type] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._decoder.feed(bytes(data))
        while (message := self._decoder.next_message()) is not None:
            self.read.append(type(message))

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def test_silence_of_the_server_counts_only_while_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """TIME-5."""

    async def talk() -> None:
        loop, now = asyncio.get_running_loop(), 0.0
        monkeypatch.setattr(loop, "time", lambda: now)
        server, told = Server(), list[Happening]()
        link = Link(ClientSession("ann"), told.append, lambda _: None)
        link.connection_made(server)
        link.data_received(encode(welcome(request_id=1, ping_after=30_000, pong_timeout=30_000)))

        async def passes(seconds: float) -> None:
            nonlocal now
            now += seconds
            for _ in range(3):  # Turns of the loop, so that it notices.
                await asyncio.sleep(0)

        link.read(False)
        await passes(HOUR)
        assert server.read == [Hello], "nobody could hear the answer to a PING"
        link.read(True)
        await passes(30)
        assert server.read == [Hello], "the hour before does not count"
        await passes(10)
        assert server.read == [Hello, Ping]
        assert not any(isinstance(happening, End) for happening in told)
        link.read(False)

    asyncio.run(talk())


def test_end_is_there_when_the_connection_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not as soon as the server has said GOODBYE: END-2."""
    monkeypatch.setattr(module, "LINGER", PATIENCE)
    script = ScriptedServer()

    async def talk() -> None:
        client = Client("ann", events=False)
        await asyncio.gather(client.open("127.0.0.1", script.port), asyncio.to_thread(script.welcomes))
        ended = asyncio.create_task(client.ended())
        await asyncio.to_thread(script.peer.sendall, encode(goodbye(GoodbyeCode.SHUTTING_DOWN)))
        assert await asyncio.to_thread(script.reads) is None, "the client has read it, and closed its side"
        assert not ended.done()
        script.peer.close()
        assert (await ended).kind is EndKind.GOODBYE

    try:
        asyncio.run(asyncio.wait_for(talk(), PATIENCE))
    finally:
        script.close()
