"""TLS at the client: whom it trusts, what it shows, and the words for what goes wrong.

The files are made by fixtures/tls/make.sh. Most tests dial a peer of one connection; the last ones run the programs.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reference_client.dial import CannotConnect, dial, why_lost
from reference_client.effects import Remedy
from reference_client.tls import UnusableTls, tls_context
from tests.support import PATIENCE, ROOT, ServerProcess, User

FILES = Path(__file__).parent / "fixtures" / "tls"
AUTHORITY = FILES / "authority.pem"
SERVER = ["--tls-cert", str(FILES / "server.pem"), "--tls-key", str(FILES / "server.key")]


class Peer:
    """A peer that takes one connection, does with it what it was told to, and reads to the end."""

    def __init__(self, greet: Callable[[socket.socket], socket.socket]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self._greet = greet
        #: The certificate that the client has shown.
        self.shown: Any = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError), self._listener:
            connection, _ = self._listener.accept()
            connection.settimeout(PATIENCE)
            with connection, suppress(OSError), self._greet(connection) as greeted:
                if isinstance(greeted, ssl.SSLSocket):
                    self.shown = greeted.getpeercert()
                    greeted.sendall(b"!")
                while greeted.recv(1000):
                    pass

    def end(self) -> None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()


Serve = Callable[[Callable[[socket.socket], socket.socket]], Peer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    peers: list[Peer] = []

    def start(greet: Callable[[socket.socket], socket.socket]) -> Peer:
        peers.append(Peer(greet))
        return peers[-1]

    yield start
    for peer in peers:
        peer.end()


def speaking_tls(certificate: str = "server.pem", **settings: Any) -> Callable[[socket.socket], socket.socket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FILES / certificate, FILES / "server.key")
    context.load_verify_locations(AUTHORITY)
    for name, value in settings.items():
        setattr(context, name, value)
    return lambda connection: context.wrap_socket(connection, server_side=True)


class Heard(asyncio.Protocol):
    """`first` is the first byte that comes, or the error that ends the connection before that."""

    def __init__(self) -> None:
        self.first: asyncio.Future[bytes | Exception | None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.connection_lost(None, data)

    def connection_lost(self, error: Exception | None, data: bytes | None = None) -> None:
        if not self.first.done():
            self.first.set_result(data or error)


def dialled(
    peer: Peer, tls: ssl.SSLContext, host: str = "127.0.0.1", timeout: float = PATIENCE
) -> bytes | Exception | None:
    """What is heard first over TLS. Raises CannotConnect."""

    async def work() -> bytes | Exception | None:
        transport, heard = await dial(Heard, host, peer.port, tls, timeout)
        try:
            return await heard.first
        finally:
            transport.abort()

    return asyncio.run(asyncio.wait_for(work(), PATIENCE))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::ffff:127.0.0.1"])
def test_server_is_verified_for_the_host(serve: Serve, host: str) -> None:
    assert dialled(serve(speaking_tls()), tls_context(AUTHORITY), host) == b"!"


def test_trust_in_one_certificate_needs_no_authority(serve: Serve) -> None:
    assert dialled(serve(speaking_tls()), tls_context(FILES / "server.pem")) == b"!"


@pytest.mark.parametrize(
    ("certificate", "ca", "words"),
    [
        ("server.pem", None, "the server's certificate is not trusted: .*; name a certificate to trust, if"),
        ("server.pem", "expired.pem", "the server's certificate is not trusted: .*"),
        ("expired.pem", "expired.pem", "the server's certificate has expired; "),
        ("early.pem", "early.pem", "the server's certificate is not valid yet; is the clock of this computer right"),
    ],
)
def test_server_that_is_not_to_be_trusted(serve: Serve, certificate: str, ca: str | None, words: str) -> None:
    peer = serve(speaking_tls(certificate))
    with pytest.raises(CannotConnect, match=f"^cannot connect to 127.0.0.1:{peer.port}: {words}") as caught:
        dialled(peer, tls_context(FILES / ca if ca else None))
    assert caught.value.lasting
    assert (caught.value.remedy is Remedy.TRUST) is (certificate == "server.pem")


def test_server_of_another_name(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **o: look_up("127.0.0.1", *a, **o))
    words = "the server's certificate is not for chat.example.org; is the host right"
    with pytest.raises(CannotConnect, match=words) as caught:
        dialled(serve(speaking_tls()), tls_context(AUTHORITY), "chat.example.org")
    assert caught.value.lasting


def _plain(connection: socket.socket) -> socket.socket:
    """The reference server's answer to TLS at its plain port: a GOODBYE."""
    connection.recv(4)
    connection.sendall(bytes.fromhex("0000000e 84 00 00000000 82 00000000 0000"))
    connection.shutdown(socket.SHUT_WR)
    return connection


def _mute(connection: socket.socket) -> socket.socket:
    return connection


def _closing(connection: socket.socket) -> socket.socket:
    connection.recv(4)
    connection.close()
    return connection


@pytest.mark.parametrize(
    ("greet", "lasting", "words"),
    [
        (_plain, True, "the server does not speak TLS there; connect without TLS, or look for its port with TLS"),
        (_closing, False, "the server broke the TLS handshake off; does it speak TLS on this port"),
    ],
)
def test_server_without_tls(
    serve: Serve, greet: Callable[[socket.socket], socket.socket], lasting: bool, words: str
) -> None:
    with pytest.raises(CannotConnect, match=words) as caught:
        dialled(serve(greet), tls_context(AUTHORITY))
    assert caught.value.lasting is lasting


def test_handshake_counts_against_the_time_out(serve: Serve) -> None:
    with pytest.raises(CannotConnect, match=r"TLS handshake was not done within 0\.2 s; does the server") as caught:
        dialled(serve(_mute), tls_context(AUTHORITY), timeout=0.2)
    assert not caught.value.lasting


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(serve: Serve) -> None:
    context = tls_context(AUTHORITY)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    old = ssl.TLSVersion.TLSv1_1
    peer = serve(speaking_tls(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=old))
    with pytest.raises(CannotConnect, match=r"version 1\.2 or later is needed|refused the TLS handshake"):
        dialled(peer, context)


@pytest.mark.parametrize(("key", "certificate"), [("client.key", "client.pem"), (None, "both.pem")])
def test_certificate_is_shown_to_who_wants_one(serve: Serve, tmp_path: Path, key: str | None, certificate: str) -> None:
    both = tmp_path / "both.pem"
    both.write_text((FILES / "client.pem").read_text() + (FILES / "client.key").read_text())
    context = tls_context(AUTHORITY, FILES / certificate, FILES / key) if key else tls_context(AUTHORITY, both)
    peer = serve(speaking_tls(verify_mode=ssl.CERT_REQUIRED))
    assert dialled(peer, context) == b"!"
    assert (("commonName", "client"),) in peer.shown["subject"]


@pytest.mark.parametrize(
    ("shown", "words"), [(None, "wants? a certificate from you"), ("expired", "not trust|has expired")]
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_certificate_that_the_server_does_not_get(
    serve: Serve, version: ssl.TLSVersion, shown: str | None, words: str
) -> None:
    """With TLS 1.3 the client is connected before the server has looked at what it was shown."""
    context = tls_context(AUTHORITY)
    if shown is not None:
        context = tls_context(AUTHORITY, FILES / f"{shown}.pem", FILES / "server.key")
    peer = serve(speaking_tls(verify_mode=ssl.CERT_REQUIRED, maximum_version=version))
    if version is ssl.TLSVersion.TLSv1_2:
        with pytest.raises(CannotConnect, match=words) as caught:
            dialled(peer, context)
        remedy = caught.value.remedy
    else:
        error = dialled(peer, context)
        assert isinstance(error, ssl.SSLError)
        cause = why_lost(error, heard=False, tls=True)
        assert cause is not None
        assert re.search(words, cause.words)
        remedy = cause.remedy
    if shown is None:
        assert remedy is Remedy.CERTIFICATE


@pytest.mark.parametrize(
    ("ca", "certificate", "key", "argument", "words"),
    [
        ("none.pem", None, None, "ca", ["none.pem: ", "No such file"]),
        ("server.key", None, None, "ca", ["server.key: ", "does not hold a certificate"]),
        ("damaged.pem", None, None, "ca", ["damaged.pem: ", "damaged"]),
        (".", None, None, "ca", ["Is a directory"]),
        (None, "none.pem", "client.key", "certificate", ["none.pem: ", "No such file"]),
        (None, "client.pem", "none.key", "key", ["none.key: ", "No such file"]),
        (None, "client.pem", None, "key", ["client.pem: ", "does not hold a private key"]),
        (None, "client.pem", "server.key", "key", ["server.key: ", "not the key of", "client.pem"]),
        (None, "server.pem", "encrypted.key", "key", ["encrypted.key: ", "encrypted", "openssl pkey"]),
        (None, "damaged.pem", "server.key", "certificate", ["damaged.pem: ", "damaged"]),
    ],
)
def test_file_that_cannot_be_used(
    tmp_path: Path, ca: str | None, certificate: str | None, key: str | None, argument: str, words: list[str]
) -> None:
    (tmp_path / "damaged.pem").write_text((FILES / "server.pem").read_text().replace("M", "!", 3))

    def place(name: str | None) -> Path | None:
        return None if name is None else (tmp_path if name == "damaged.pem" else FILES) / name

    with pytest.raises(UnusableTls) as caught:
        tls_context(place(ca), place(certificate), place(key))
    assert caught.value.argument == argument
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value).replace("-----", ""), "a library has no options"
    for word in words:
        assert word in str(caught.value)


# -- the programs ------------------------------------------------------------------------------------------------------


def _client(port: int, *arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reference_client", "ann", "--port", str(port), *arguments]
    return subprocess.run(command, cwd=ROOT, input=lines, capture_output=True, text=True, timeout=PATIENCE)


def test_people_talk_over_tls(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server(*SERVER, "--tls-client-ca", str(AUTHORITY))
    shown = ["--tls-cert", str(FILES / "client.pem"), "--tls-key", str(FILES / "client.key")]
    talk = _client(server.port, "--tls-ca", str(AUTHORITY), *shown, lines="hi\n")
    assert (talk.returncode, talk.stderr) == (0, "")
    assert talk.stdout == "Welcome to IMP server, ann.\nann: hi\nYou have left.\n"


def test_without_what_the_server_wants_the_hint_is_one_line(start_server: Callable[..., ServerProcess]) -> None:
    """The reference server closes without an alert."""
    server = start_server(*SERVER, "--tls-client-ca", str(AUTHORITY))
    for arguments, words in (
        ([], "it may speak TLS (--tls).\n"),
        (["--tls-ca", str(AUTHORITY)], "it may not take your certificate, or want one (--tls-cert).\n"),
        (["--tls"], "if you know that it is the right one (--tls-ca)\n"),
    ):
        talk = _client(server.port, *arguments)
        assert (talk.returncode, talk.stdout, talk.stderr.count("\n")) == (1, "", 1)
        assert f"127.0.0.1:{server.port}: " in talk.stderr
        assert words in talk.stderr


def test_tls_at_the_plain_port_is_one_line(server: ServerProcess) -> None:
    talk = _client(server.port, "--tls")
    assert (talk.returncode, talk.stdout, talk.stderr.count("\n")) == (1, "", 1)
    assert f"cannot connect to 127.0.0.1:{server.port}: the server does not speak TLS there" in talk.stderr
    User(server.port, "bob").socket.close()
