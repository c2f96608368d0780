"""How to get a TCP connection to the server, or a sentence that says why there is none.

Every address of the host is tried in turn. `CannotConnect` names host, port, cause and what to look at next; nothing
else is raised for what lies outside this program.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress
from typing import Any

from .display import harmless

#: Seconds for all addresses together.
CONNECT_TIMEOUT = 10.0


class CannotConnect(Exception):
    """There is no connection; the text is one line for people."""


async def dial(host: str, port: int, timeout: float = CONNECT_TIMEOUT) -> socket.socket:
    """A connected socket that does not block. Raises `CannotConnect`."""
    try:
        async with asyncio.timeout(timeout):
            addresses = await _addresses(host, port)
            return await _first_that_answers(addresses, timeout / len(addresses))
    except (OSError, ValueError) as error:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise CannotConnect(harmless(f"cannot connect to {place}: {_cause(error, timeout)}")) from None


async def _first_that_answers(addresses: list[Any], patience: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("the host has no address")
    for family, kind, protocol, _, address in addresses:
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(patience):
                await loop.sock_connect(connection, address)
        except OSError as error:  # Including TimeoutError.
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


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


def _cause(error: Exception, timeout: float) -> str:
    """What went wrong, and what to look at."""
    if isinstance(error, TimeoutError) and not error.errno:
        return f"no answer within {timeout:.0f} s; is the host right, and does a firewall stand in between?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the server running, and is this the right port?"
    if isinstance(error, (socket.gaierror, ValueError)):
        what = error.strerror if isinstance(error, socket.gaierror) else str(error)
        return f"{(what or str(error)).lower()}; is the name of the host right?"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error)
