"""TLS: who is let in, and what is wrong with files that cannot be used. The files are made by fixtures/tls/make.sh."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from impwire import Connection, Role
from impwire import messages as m
from tests.support import PATIENCE, ROOT, ServerProcess, User

Start = Callable[..., ServerProcess]

FILES = Path(__file__).parent / "fixtures" / "tls"
SERVER = ["--tls-cert", str(FILES / "server.pem"), "--tls-key", str(FILES / "server.key")]
CLIENT_CA = ["--tls-client-ca", str(FILES / "authority.pem")]


def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=FILES / "authority.pem")


class TlsUser(User):
    """A client that speaks TLS."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket = (context or _trusting()).wrap_socket(plain, server_hostname="localhost")
        self.connection = Connection(Role.CLIENT)


def test_server_speaks_tls_from_the_first_byte(start_server: Start) -> None:
    server = start_server(*SERVER)
    ann, bob = TlsUser(server.port), TlsUser(server.port)
    ann.join("ann")
    bob.join("bob")
    assert isinstance(ann.receive(), m.Joined)
    assert isinstance(bob.ask(m.Say, text="in private, as far as the wire goes"), m.Ok)
    assert isinstance(ann.receive(), m.Chat)
    server.enter("/stop")
    for user in (ann, bob):
        assert isinstance(user.receive_all()[-1], m.Goodbye)
        user.socket.close()
    assert server.wait() == 0


def test_who_does_not_speak_tls_disturbs_nobody(start_server: Start) -> None:
    server = start_server(*SERVER)
    ann = TlsUser(server.port)
    ann.join("ann")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as plain:
        plain.sendall(b"\0\0\0\x06 not TLS at all\r\n\r\n")
        try:
            while plain.recv(1000):
                pass  # An alert.
        except ConnectionError:
            pass
    socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE).close()
    assert isinstance(ann.ask(m.Ping, nonce=1), m.Pong)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(start_server: Start) -> None:
    server = start_server(*SERVER)
    context = _trusting()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)) as refused:
        TlsUser(server.port, context)
    if getattr(refused.value, "reason", "") == "NO_PROTOCOLS_AVAILABLE":
        pytest.skip("this OpenSSL cannot even ask for it")
    server.enter("/stop")
    assert server.wait() == 0
    assert "UNSUPPORTED_PROTOCOL" in server.log()


def test_client_has_to_show_its_certificate(start_server: Start) -> None:
    server = start_server(*SERVER, *CLIENT_CA)
    context = _trusting()
    context.load_cert_chain(FILES / "client.pem", FILES / "client.key")
    TlsUser(server.port, context).join("ann")
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        TlsUser(server.port).join("mallory")


def _start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    files = ["--log", str(folder / "log"), "--bans", str(folder / "bans")]
    return subprocess.run(
        [sys.executable, "-m", "reference_server", "--port", "0", *files, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize(
    ("certificate", "key", "authority", "words"),
    [
        ("none.pem", "server.key", None, ["--tls-cert", "none.pem", "No such file"]),
        ("server.pem", "none.key", None, ["--tls-key", "none.key", "No such file"]),
        ("server.pem", "server.key", "none.pem", ["--tls-client-ca", "none.pem", "No such file"]),
        ("server.key", "server.key", None, ["--tls-cert", "server.key", "does not hold a certificate"]),
        ("server.pem", "server.pem", None, ["--tls-key", "server.pem", "does not hold a private key"]),
        ("server.pem", None, None, ["--tls-key", "server.pem", "does not hold a private key"]),
        ("server.pem", "server.key", "server.key", ["--tls-client-ca", "server.key", "does not hold a certificate"]),
        ("server.pem", "client.key", None, ["--tls-key", "client.key", "not the key of", "server.pem"]),
        ("server.pem", "encrypted.key", None, ["--tls-key", "encrypted.key", "encrypted", "openssl pkey"]),
        ("damaged.pem", "server.key", None, ["--tls-cert", "damaged.pem", "damaged"]),
        ("server.pem", "server.key", "damaged.pem", ["--tls-client-ca", "damaged.pem", "damaged"]),
        (".", "server.key", None, ["--tls-cert", "Is a directory"]),
    ],
)
def test_file_that_cannot_be_used_is_one_line_and_exit_2(
    tmp_path: Path, certificate: str, key: str | None, authority: str | None, words: list[str]
) -> None:
    damaged = tmp_path / "damaged.pem"
    damaged.write_text((FILES / "server.pem").read_text().replace("M", "!", 3))

    def place(name: str) -> str:
        return str(damaged if name == damaged.name else FILES / name)

    arguments = ["--tls-cert", place(certificate)]
    arguments += ["--tls-key", place(key)] if key else []
    arguments += ["--tls-client-ca", place(authority)] if authority else []
    result = _start(tmp_path, *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


def test_key_may_stand_in_the_file_of_the_certificate(start_server: Start, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text((FILES / "server.pem").read_text() + (FILES / "server.key").read_text())
    server = start_server("--tls-cert", str(both))
    TlsUser(server.port).join("ann")
