"""Run the reference server; `--help` tells how.

It puts together what has an edge to the outside: options, TLS, log, ban file, console, signals; `Server` has the network.
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import errno
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterable
from typing import Any

from .clock import read_clock
from .delivery import all_at_once, one_by_one
from .descriptors import fill_standard_descriptors, raise_limit
from .log import LogFile
from .options import parse
from .pipe import OperatorEdge, Pipe
from .server import Server
from .service import Service
from .storage import Keeper, UnusableBans, load_bans
from .tls import UnusableTls, tls_context

# How long the next line of the console, and the end of the program, wait for a slow disk to take the bans; in seconds.
_DISK_PATIENCE = 5.0


class _CannotStart(Exception):
    """The text says why, and the way out."""


def main(argv: list[str] | None = None) -> int:
    """Run the server until it is stopped; returns the exit code (`--help` lists them)."""
    fill_standard_descriptors()
    options = parse(argv)
    try:
        tls = tls_context(options.tls_cert, options.tls_key, options.tls_client_ca) if options.tls_cert else None
        service = Service(options.settings, options.name, load_bans(options.bans))
        return asyncio.run(_run(service, options, tls))
    except (UnusableTls, UnusableBans, _CannotStart) as mistake:
        print(mistake, file=sys.stderr)
        return 2


async def _run(service: Service, options: argparse.Namespace, tls: ssl.SSLContext | None) -> int:
    program = _Program(service, options)
    try:
        await program.start(tls)
        await program.server.stopped.wait()
        await program.finish()
    finally:
        program.close()
    if program.server.failure is not None:
        print(f"the server has failed: {program.server.failure!r}; see {options.log}", file=sys.stderr)
    code = 0 if program.server.failure is None else 1
    if not program.console_ended:
        os._exit(code)  # A thread that hangs at the terminal holds what Python wants to have at its end.
    return code


class _Program:
    """The parts of a running server, put together. Raises `_CannotStart`."""

    def __init__(self, service: Service, options: argparse.Namespace) -> None:
        self._service, self._options = service, options
        self._loop = asyncio.get_running_loop()
        self._started = False
        try:
            self._log = LogFile(options.log, self._say, options.log_size, options.log_keep)
        except OSError as error:
            raise _CannotStart(
                f"the log {options.log} cannot be written: {error.strerror}; name another file with --log"
            ) from None
        self._console, self.console_ended = self._open_console(), True
        self.bans = Keeper(options.bans, self._say, self._not_stored)
        self._slower: list[str] = []
        # TLS makes other bytes for each.
        deliver = one_by_one if options.tls_cert or options.no_io_uring else all_at_once(self._slower.append)
        self.server = Server(service, self._log, self.bans.say, self.bans.save, deliver=deliver)

    async def start(self, tls: ssl.SSLContext | None) -> None:
        """Listen, and heed the operator and the system."""
        too_few = raise_limit(self._options.max_connections)
        places = await self._listen(tls)
        for place in places:
            self._say(f"listening on {place}")
        for place in places:  # A log that cannot be written is told behind that.
            self._note("listen", f"{place}{' with TLS' if tls else ''}")
        for why in self._slower:
            self._note("delivery", why)
        if too_few:
            self._note("descriptors", too_few)
            self._say(too_few)
        self._heed_signals()
        self._loop.set_exception_handler(self._failed)
        self._console.start()
        # What is there now stays. The garbage collector, spared it, comes round sooner for what connections leave behind.
        gc.collect()
        gc.freeze()

    async def _listen(self, tls: ssl.SSLContext | None) -> list[str]:
        """Listen everywhere; returns where, as it is to be shown."""
        places, port = [], self._options.port
        for host in self._options.hosts:
            try:
                addresses = await self.server.start(host, port, tls)
            except OSError as error:
                raise _CannotStart(_why_not_listening(host, port, error)) from None
            # A free port that was found is the port of the next host, too.
            port = addresses[0][1]
            places += [f"{shown}:{its_port}" for shown, its_port in addresses]
        self._started = True
        return places

    async def finish(self) -> None:
        """Wait for what is still to be stored."""
        if not await self.bans.finish(_DISK_PATIENCE):
            self._not_stored(TimeoutError("the disk takes too long"))

    def close(self) -> None:
        """Leave everything in order, whatever has happened."""
        if self._started:
            self._note("end", "the server has stopped")
        self._log.close()
        self.console_ended = self._console.close()

    def _say(self, line: str) -> None:
        self._console.say(line)

    def _note(self, event: str, text: str) -> None:
        self._log.add(read_clock().wall, event, text)
        self._log.flush()

    def _not_stored(self, error: Exception) -> None:
        self._log.failure(read_clock().wall, "the bans cannot be stored", error)
        self._log.flush()
        self._say(f"the bans hold, but will be lost at the end, since they cannot be stored: {error}")

    # -- the operator --------------------------------------------------------------------------------------------

    def _open_console(self) -> OperatorEdge:
        """A prompt on a terminal, plain lines otherwise."""
        if not (os.isatty(0) and os.isatty(1)):
            return Pipe(self._enter)
        if _in_background():
            # Whoever reads a terminal from the background is stopped by the system, here with all the clients.
            return Pipe(self._enter, reads=False)
        try:
            from .terminal import Terminal
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("prompt_toolkit"):
                raise
            print("For a better console install prompt_toolkit (pip install prompt_toolkit).", file=sys.stderr)
            return Pipe(self._enter)
        return Terminal(self._enter, self._interrupt, self._users, self._banned)

    # Called in the thread of the console. Copying all of a dict is one step, which no other thread can interrupt.

    def _enter(self, line: str) -> concurrent.futures.Future[None]:
        """Have the server deal with a line; done when that has happened and the bans are safe."""
        done: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._deal_with, line, done)
        return done

    def _interrupt(self) -> None:
        self._loop.call_soon_threadsafe(self._stop_or_end)

    def _users(self) -> Iterable[str]:
        return [peer.name for peer in list(self._service.peers.by_name.values())]

    def _banned(self) -> Iterable[str]:
        return self._service.bans.targets()

    def _deal_with(self, line: str, done: concurrent.futures.Future[None]) -> None:
        """In the event loop again."""
        self.server.operate(line)
        self._dealing = self._loop.create_task(self._answer(done))

    async def _answer(self, done: concurrent.futures.Future[None]) -> None:
        await self.bans.finish(_DISK_PATIENCE)
        if not done.cancelled():
            done.set_result(None)

    # -- the system ----------------------------------------------------------------------------------------------

    def _heed_signals(self) -> None:
        signals = [signal.SIGTERM, signal.SIGINT]
        for number in signals:
            self._loop.add_signal_handler(number, self._stop_or_end)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Under nohup it is, and is to stay so.
            # A terminal that closes can send it twice, so it never counts as a second signal.
            self._loop.add_signal_handler(signal.SIGHUP, self.server.stop)

    def _stop_or_end(self) -> None:
        if self._service.stopping:
            self._console.restore()
            os._exit(1)  # The second signal ends at once.
        self.server.stop()

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What the event loop has caught."""
        error = context.get("exception")
        if isinstance(error, OSError) and "handle" not in context:
            # Of one socket, or of accepting for the moment; no call of ours has failed, and the loop goes on by itself.
            self._note("failure", f"{context.get('message')}: {error}")
        else:
            self.server.abort(error or RuntimeError(str(context)))


def _in_background() -> bool:
    try:
        return os.tcgetpgrp(0) != os.getpgrp()
    except OSError:
        return False  # It is a terminal, but not the one that controls us.


def _why_not_listening(host: str, port: int, error: OSError) -> str:
    """One line for the operator, with the way out."""
    if isinstance(error, socket.gaierror):
        way_out = "give --host an address of this machine, or a name that leads to one"
    else:
        way_out = {
            errno.EADDRINUSE: "another program listens there; take another --port, or 0 for a free one",
            errno.EADDRNOTAVAIL: "give --host an address of this machine",
            errno.EACCES: "take a --port from 1024 on, which needs no rights",
        }.get(error.errno or 0, "take another --host or --port")
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"cannot listen on {where}: {error.strerror or error}; {way_out}"


if __name__ == "__main__":
    sys.exit(main())
