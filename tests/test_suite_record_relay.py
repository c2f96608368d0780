"""The recorder disturbs nobody: what comes in on one side goes out on the other."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.recording import RESET, Recorder, Relayed, accept, port_of
from tests.support import PATIENCE


def test_bytes_are_passed_on_unchanged(relayed: Callable[[int], Relayed], plain_server: socket.socket) -> None:
    """Several megabytes that are no frames, both ways at once."""
    relay = relayed(port_of(plain_server))
    client = relay.connect()
    server = accept(plain_server)
    data = random.Random(1).randbytes(4 << 20)

    def echo() -> None:
        while piece := server.recv(65536):
            server.sendall(piece)
        server.close()

    threads = [threading.Thread(target=echo), threading.Thread(target=client.sendall, args=(data,))]
    for thread in threads:
        thread.start()
    found = bytearray()
    while len(found) < len(data):
        found += client.recv(65536)
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    assert found == data
    for thread in threads:
        thread.join(PATIENCE)
    assert sum(len(entry.data) for entry in relay.end().entries) < 64 << 10, "what is no frame is not kept"


def test_part_of_a_frame_is_passed_on_at_once(relayed: Callable[[int], Relayed], plain_server: socket.socket) -> None:
    with closing(relayed(port_of(plain_server)).connect()) as client, closing(accept(plain_server)) as server:
        client.sendall(b"\0\0")
        assert server.recv(10) == b"\0\0"
        server.sendall(b"\0")
        assert client.recv(10) == b"\0"


def test_half_close_is_passed_on_and_the_other_way_stays_open(
    relayed: Callable[[int], Relayed], plain_server: socket.socket
) -> None:
    with closing(relayed(port_of(plain_server)).connect()) as client, closing(accept(plain_server)) as server:
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""
        server.sendall(b"still here")
        server.shutdown(socket.SHUT_WR)
        assert [client.recv(100), client.recv(1)] == [b"still here", b""]


@pytest.mark.parametrize("by", ["client", "server"])
def test_reset_is_passed_on_as_reset(relayed: Callable[[int], Relayed], plain_server: socket.socket, by: str) -> None:
    relay = relayed(port_of(plain_server))
    ends = {"client": relay.connect(), "server": accept(plain_server)}
    ends["client"].sendall(b"x")
    assert ends["server"].recv(1) == b"x"
    breaker = ends.pop(by)
    breaker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    breaker.close()
    (other,) = ends.values()
    with closing(other), pytest.raises(ConnectionResetError):
        other.recv(1)


def test_server_that_cannot_be_reached_is_told_and_the_client_sent_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = port_of(listener)
    out = tmp_path / "case.yaml"
    recorder = Recorder(nobody, out)
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=PATIENCE) as client:
        assert client.recv(1) == b""
    code, _, errors = recorder.end()
    assert f"cannot connect to 127.0.0.1:{nobody}: Connection refused; the client was sent away" in errors
    assert errors.splitlines()[-1] == "nothing was recorded, and nothing is written"
    assert code == 1
    assert list(tmp_path.iterdir()) == []
