"""The way to a server: which addresses are tried, what ends the wait, and the words for what fails. TLS has its own file."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from reference_client import dial as module
from reference_client.dial import CannotConnect, dial, speaks_tls, why_lost
from reference_client.display import place
from reference_client.tls import verified_name
from tests.support import PATIENCE


def require_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, PATIENCE))


async def failure(
    host: str, port: int, timeout: float = PATIENCE, *, tls: ssl.SSLContext | None = None
) -> CannotConnect:
    with pytest.raises(CannotConnect) as caught:
        await dial(asyncio.Protocol, host, port, tls, timeout)
    return caught.value


async def greeted(host: str, listen: str) -> str:
    """Whom a server that listens on one address sees when the host is dialled."""
    seen: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(writer.get_extra_info("peername")[0])
        writer.close()

    server = await asyncio.start_server(accept, listen, 0)
    async with server:
        transport, _ = await dial(asyncio.Protocol, host, server.sockets[0].getsockname()[1])
        assert transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # TRANSPORT-2
        transport.abort()
        return await seen


@pytest.mark.parametrize(
    ("host", "listen"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
    ],
)
def test_names_and_addresses_of_either_kind(host: str, listen: str) -> None:
    if ":" in host:
        require_ipv6()
    assert run(greeted(host, listen)) == listen


def test_port_without_a_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = run(failure("127.0.0.1", port))
    cause = "connection refused; is the server running, and is this the right port?"
    assert (str(error), error.lasting) == (f"cannot connect to 127.0.0.1:{port}: {cause}", False)
    assert not error.answered


def test_who_answers_and_breaks_the_handshake_off_has_answered() -> None:
    async def broken_off() -> CannotConnect:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await failure("127.0.0.1", port, tls=ssl.create_default_context())

    error = run(broken_off())
    assert "the server broke the TLS handshake off" in str(error)
    assert (error.answered, error.lasting) == (True, False)


@pytest.mark.parametrize(
    ("host", "cause", "lasting"),
    [
        ("a..b", "there can be no such host; ", True),
        ("x" * 300, "there can be no such host; ", True),
        ("\x1b[2J", "", False),
    ],
)
def test_host_that_cannot_be(host: str, cause: str, lasting: bool) -> None:
    error = run(failure(host, 8092))
    assert str(error).startswith("cannot connect to ")
    assert str(error).endswith(f"{cause}is the name of the host right?")
    assert "\x1b" not in str(error)
    assert error.lasting is lasting


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_port_that_cannot_be(port: int) -> None:
    """A look-up would take it for another one, modulo 65536."""
    error = run(failure("127.0.0.1", port))
    assert str(error) == f"cannot connect to 127.0.0.1:{port}: there can be no such port; is it from 1 to 65535?"
    assert error.lasting


@pytest.mark.skipif(sys.platform != "linux", reason="systems differ in what they make of it")
def test_address_of_a_network_without_its_interface() -> None:
    require_ipv6()
    error = run(failure("fe80::1", 8092))
    assert str(error).endswith("name the interface to it, as in fe80::1%eth0")


def test_look_up_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    over, looked_up = threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def slow(host: str, port: int, **options: int) -> Any:
        if not options.get("flags", 0) & socket.AI_NUMERICHOST:
            over.wait(PATIENCE)
            looked_up.set()
        return look_up(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    error = run(failure("localhost", 8092, timeout=0.05))
    assert not looked_up.is_set()
    over.set()
    assert "no answer within 0.05 s" in str(error)
    assert not error.lasting


class Attempts:
    """In place of TCP: the addresses are numbers, and the test says which of them answer, fail, or keep silent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, silent: set[int], failing: set[int]) -> None:
        self.begun: list[int] = []
        self.called_off: list[int] = []
        self._silent, self._failing = silent, failing
        monkeypatch.setattr(module, "_HEAD_START", 0.001)
        monkeypatch.setattr(module, "_connected", self._connected)

    async def _connected(self, address: int) -> int:
        self.begun.append(address)
        if address in self._failing:
            raise ConnectionRefusedError(address, "refused")
        try:
            await (asyncio.Event().wait() if address in self._silent else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.called_off.append(address)
            raise
        return address


def test_silent_address_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(monkeypatch, silent={1}, failing={2})
    assert run(module._first_that_answers([1, 2, 3, 4])) == 3
    assert attempts.begun == [1, 2, 3]
    assert attempts.called_off == [1]


def test_last_failure_of_all_addresses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Attempts(monkeypatch, silent=set(), failing={1, 2})
    with pytest.raises(ConnectionRefusedError) as caught:
        run(module._first_that_answers([1, 2]))
    assert caught.value.errno == 2


def test_address_that_answers_at_the_same_time_is_closed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    async def connected(_: Any) -> socket.socket:
        # The first address waits for the second; then both answer in one turn of the event loop.
        made.append(socket.socket())
        mine = made[-1]
        while len(made) < 2:
            await asyncio.sleep(0)
        return mine

    monkeypatch.setattr(module, "_HEAD_START", 0.001)
    monkeypatch.setattr(module, "_connected", connected)
    kept = run(module._first_that_answers([1, 2]))
    assert [connection.fileno() != -1 for connection in made] == [connection is kept for connection in made]
    kept.close()


def test_dial_that_is_called_off_leaves_no_socket_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    async def dialled() -> None:
        loop = asyncio.get_running_loop()
        reached = asyncio.Event()

        async def hang(connection: socket.socket, _: Any) -> None:
            made.append(connection)
            reached.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(loop, "sock_connect", hang)
        task = asyncio.create_task(dial(asyncio.Protocol, "127.0.0.1", 1))
        await reached.wait()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    run(dialled())
    assert [connection.fileno() for connection in made] == [-1]


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("chat.example.org", "chat.example.org:8092"),
        ("127.0.0.1", "127.0.0.1:8092"),
        ("fe80::1%eth0", "[fe80::1%eth0]:8092"),
        ("\x1b]0;x\x07", "<U+001B>]0;x<U+0007>:8092"),
    ],
)
def test_place_is_harmless_and_can_be_read(host: str, shown: str) -> None:
    assert place(host, 8092) == shown


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("chat.example.org", "chat.example.org"),
        ("chat.example.org.", "chat.example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("0:0::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_name_for_which_a_certificate_is_verified(host: str, name: str) -> None:
    assert verified_name(host) == name


def _refusal(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "no matter")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "how", "words"),
    [
        (None, {}, ""),
        (ConnectionResetError(104, "Connection reset by peer"), {}, os.strerror(104).lower()),
        (None, {"heard": False}, "closed it without a word; it may speak TLS"),
        (
            None,
            {"heard": False, "tls": True},
            "closed it without a word; it may not take your certificate, or want one",
        ),
        (ConnectionResetError(104, "x"), {"heard": False}, "without a word; it may speak TLS"),
        (
            _refusal("TLSV13_ALERT_CERTIFICATE_REQUIRED"),
            {"heard": False, "tls": True},
            "the server wants a certificate from you",
        ),
        (_refusal("TLSV1_ALERT_UNKNOWN_CA"), {"heard": False, "tls": True}, "does not trust your certificate"),
        (_refusal("SSLV3_ALERT_CERTIFICATE_EXPIRED"), {"tls": True}, "your certificate has expired"),
        (_refusal("SSLV3_ALERT_BAD_RECORD_MAC"), {"tls": True}, "sslv3 alert bad record mac"),
    ],
)
def test_words_for_a_connection_that_ends(error: Exception | None, how: dict[str, bool], words: str) -> None:
    cause = why_lost(error, **how)
    told = cause.words if cause is not None else ""
    assert words in told
    assert bool(words) == bool(told)
    assert told[-1:] not in (".", "?")


def test_tls_is_known_by_its_first_bytes() -> None:
    assert speaks_tls(bytes.fromhex("15 0301 0002 0246"))
    assert not speaks_tls(bytes.fromhex("00000015 03"))
    assert not speaks_tls(b"")
