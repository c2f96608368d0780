"""A server that says what a test tells it to."""

from __future__ import annotations

import socket
import sys
from typing import Any

from impwire import FrameDecoder, Message
from impwire.codecs import CODECS, encode
from impwire.messages import Goodbye, GoodbyeCode, Hello, Leave, Ok
from tests.support import PATIENCE
from tests.talking import goodbye, welcome


class ScriptedServer:
    """It listens on a free port. Whatever it waits for has to come within PATIENCE. `connects` takes the next client."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self._peer: socket.socket | None = None
        self._decoder = FrameDecoder(CODECS, 1 << 20)

    @property
    def peer(self) -> socket.socket:
        """The connection of the client, accepted when it is first needed."""
        if self._peer is None:
            self.connects()
        assert self._peer is not None
        return self._peer

    def connects(self) -> None:
        """Accept another client in the place of the one before, if there was one."""
        if self._peer is not None:
            self._peer.close()
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(PATIENCE)
        self._decoder = FrameDecoder(CODECS, 1 << 20)

    def reads(self) -> Any:
        """The next message of the client; None if it has closed."""
        while (message := self._decoder.next_message()) is None:
            data = self.peer.recv(65536)
            if not data:
                return None
            self._decoder.feed(data)
        return message

    def sends(self, *messages: Message) -> None:
        """Send all of them at once; behind GOODBYE nothing more (END-2)."""
        self.peer.sendall(b"".join(map(encode, messages)))
        if isinstance(messages[-1], Goodbye):
            self.peer.shutdown(socket.SHUT_WR)

    def welcomes(self, name: str = "ann", **changed: Any) -> None:
        hello = self.reads()
        assert isinstance(hello, Hello)
        assert hello.name == name
        self.sends(welcome(name, request_id=hello.request_id, **changed))

    def accepts(self, kind: type[Message], seq: int = 0) -> Any:
        """Read a request of that kind and answer it."""
        request = self.reads()
        assert isinstance(request, kind)
        if isinstance(request, Leave):
            self.sends(goodbye(GoodbyeCode.LEFT, request.request_id))
        else:
            self.sends(Ok(request_id=request.request_id, seq=seq, time=1))  # type: ignore[attr-defined]
        return request

    def resets(self) -> None:
        """Break the connection off."""
        linger = (1).to_bytes(4, sys.byteorder) + bytes(4)
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.peer.close()

    def close(self) -> None:
        self._listener.close()
        if self._peer is not None:
            self._peer.close()
