"""How to get a connection to the server, with TLS or without, or a sentence that says why there is none.

`dial` looks the host up, tries its addresses side by side, and does the TLS handshake, all within one time-out.
`CannotConnect` names host, port, cause and what to look at next; nothing else is raised for what lies outside this
program. `why_lost` has the words for a connection that ends later.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from .display import harmless, place
from .effects import Cause, Remedy
from .errors import ClientError
from .tls import tls_failure, verified_name

#: Seconds for all addresses and the TLS handshake together.
CONNECT_TIMEOUT = 10.0

#: Seconds that an address has for itself before the next one is tried beside it (RFC 8305, section 8).
_HEAD_START = 0.25

#: What is wrong with a connection without TLS to a server that speaks TLS.
TLS_EXPECTED = Cause("the server speaks TLS on this port; connect with TLS", Remedy.TLS)

_Protocol = TypeVar("_Protocol", bound=asyncio.Protocol)


class CannotConnect(ClientError):
    """There is no connection; the text is one line for people. `lasting`: another try would end in the same way.

    `answered`: something listens there, but not as it should. `remedy` is what the text proposes, if programs may have a
    word for it.
    """

    def __init__(
        self, line: str, *, lasting: bool = False, answered: bool = False, remedy: Remedy | None = None
    ) -> None:
        super().__init__(line)
        self.lasting, self.answered, self.remedy = lasting, answered, remedy


async def dial(
    protocol: Callable[[], _Protocol],
    host: str,
    port: int,
    tls: ssl.SSLContext | None = None,
    timeout: float = CONNECT_TIMEOUT,
) -> tuple[asyncio.Transport, _Protocol]:
    """A transport that stands, after the TLS handshake if there is one, and its protocol. `timeout` is in seconds.

    With `tls` the server's certificate is verified for `host` (section 3). Raises `CannotConnect`.
    """
    if not 1 <= port <= 65535:  # A look-up would take the port modulo 65536.
        line = f"cannot connect to {place(host, port)}: there can be no such port; is it from 1 to 65535?"
        raise CannotConnect(line, lasting=True)
    connection: socket.socket | None = None
    try:
        async with asyncio.timeout(timeout):
            connection = await _first_that_answers(await _addresses(host, port))
            # asyncio sets TCP_NODELAY on every TCP connection (TRANSPORT-2).
            return await asyncio.get_running_loop().create_connection(
                protocol,
                sock=connection,
                ssl=tls,
                server_hostname=verified_name(host) if tls else None,
                ssl_handshake_timeout=timeout if tls else None,
            )
    except (OSError, ValueError) as error:
        if connection is None:
            cause, lasting = _cause(error, host, timeout), not isinstance(error, OSError)
        else:
            cause, lasting = _handshake_cause(error, host, timeout), isinstance(error, (ssl.SSLError, ValueError))
        line = harmless(f"cannot connect to {place(host, port)}: {cause.words}")
        raise CannotConnect(line, lasting=lasting, answered=connection is not None, remedy=cause.remedy) from None


async def _first_that_answers(addresses: list[Any]) -> socket.socket:
    """A connected socket that does not block. Each address is tried as soon as those before it have failed or have been
    silent for a while; who answers first wins (RFC 8305). Raises OSError if all of them fail."""
    attempts: set[asyncio.Task[socket.socket]] = set()
    failure: BaseException = OSError("the host has no address")
    untried = list(reversed(addresses))
    try:
        while untried or attempts:
            if untried:
                attempts.add(asyncio.create_task(_connected(untried.pop())))
            done, _ = await asyncio.wait(
                attempts, timeout=_HEAD_START if untried else None, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                attempts.discard(attempt)
                if (error := attempt.exception()) is None:
                    return attempt.result()
                failure = error
        raise failure
    finally:
        for attempt in attempts:
            attempt.cancel()
        for unwanted in await asyncio.gather(*attempts, return_exceptions=True):
            if isinstance(unwanted, socket.socket):
                unwanted.close()


async def _connected(address: Any) -> socket.socket:
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, where)
    except BaseException:
        connection.close()
        raise
    return connection


async def _addresses(host: str, port: int) -> list[Any]:
    """What the host's name stands for. A number needs no look-up; a name is looked up in a thread.

    The thread is a daemon, since a look-up cannot be called off and must not hold up the end of the program.
    """
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(addresses: list[Any], error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(addresses)
        else:
            answer.set_exception(error)

    def look_up() -> None:
        found: list[Any] = []
        failure: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            failure = error
        with suppress(RuntimeError):  # The program has ended meanwhile.
            loop.call_soon_threadsafe(settle, found, failure)

    threading.Thread(target=look_up, daemon=True).start()
    return await answer


def _cause(error: OSError | ValueError, host: str, timeout: float) -> Cause:
    """Why there is no TCP connection, and what to look at."""
    if isinstance(error, TimeoutError) and not error.errno:
        return Cause(f"no answer within {timeout:g} s; is the host right, and does a firewall stand in between?")
    if isinstance(error, ConnectionRefusedError):
        return Cause("connection refused; is the server running, and is this the right port?")
    if isinstance(error, (socket.gaierror, ValueError)):
        # What no look-up could bear is a ValueError, whose text is about codecs.
        what = error.strerror or "not found" if isinstance(error, socket.gaierror) else "there can be no such host"
        return Cause(f"{what.lower()}; is the name of the host right?")
    if error.errno == errno.EINVAL and host.lower().startswith("fe80:"):
        return Cause(f"this address counts on one network only; name the interface to it, as in {host}%eth0")
    return Cause(_system_words(error))


def _handshake_cause(error: OSError | ValueError, host: str, timeout: float) -> Cause:
    """Why there is no TLS on a TCP connection that stands, and what to look at."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return tls_failure(error, host)
    if isinstance(error, TimeoutError) and not error.errno:
        return Cause(f"the TLS handshake was not done within {timeout:g} s; does the server speak TLS on this port?")
    if isinstance(error, (ConnectionError, ssl.SSLEOFError)):
        return Cause(
            "the server broke the TLS handshake off; does it speak TLS on this port, "
            "and does it want a certificate from you?",
            Remedy.CERTIFICATE,
        )
    return Cause(_system_words(error))


def speaks_tls(first: bytes) -> bool:
    """Whether the first bytes of a connection without TLS come from a server that speaks TLS: an alert, most likely.

    As the length of a frame they would be far beyond what may come before WELCOME.
    """
    return first[:2] in (b"\x15\x03", b"\x16\x03")


def why_lost(error: Exception | None, *, heard: bool = True, tls: bool = False) -> Cause | None:
    """The cause of a connection's end without GOODBYE; None if there is no more to say than that.

    `error` is what `connection_lost` was given, `heard` whether any byte has come, `tls` whether the connection has TLS.
    """
    if isinstance(error, ssl.SSLError):
        return tls_failure(error)
    if heard:
        return Cause(_system_words(error)) if error else None
    # With TLS 1.3 the client is done before the server has judged its certificate, and not every server tells why it closes.
    if tls:
        hint, remedy = "it may not take your certificate, or want one", Remedy.CERTIFICATE
    else:
        hint, remedy = "it may speak TLS", Remedy.TLS
    return Cause(f"the server closed it without a word; {hint}", remedy)


def _system_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error).lower() or type(error).__name__
