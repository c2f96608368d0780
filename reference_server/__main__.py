"""Run the reference server.

The first line on standard output is `listening on HOST:PORT`. Standard input takes the operator's commands, a line each;
its end changes nothing. Exit codes: 0 after /stop, SIGTERM or SIGINT, with every client told; 1 the server failed;
2 it could not start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from impwire.codecs import LABEL_TYPE
from impwire.tables import DEFAULT_PORT, LIMITS, TIMERS, Settings

from .bans import BanList
from .server import Server
from .service import Service
from .storage import DamagedBans, load_bans, save_bans


class _Formatter(logging.Formatter):
    """Full date, time and zone in front of each line."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


class _LogFile(logging.FileHandler):
    """A log that cannot be written must not stop the chat: the operator is told once, until it works again."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self._broken = False

    def handleError(self, record: logging.LogRecord) -> None:
        if not self._broken:
            self._broken = True
            _say(f"the log {self.baseFilename} cannot be written: {sys.exc_info()[1]}; the chat goes on without it")

    def flush(self) -> None:
        super().flush()
        self._broken = False

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference_server",
        description="The reference server of the Instant Messenger Protocol. Standard input takes the operator's commands.",
        epilog="exit codes: 0 stopped and everyone told, 1 failed, 2 could not start",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--name", type=_label, default="IMP server", help="what the server is called (default: %(default)s)"
    )
    parser.add_argument("--log", type=Path, default=Path("server.log"), help="the log file (default: %(default)s)")
    parser.add_argument(
        "--bans", type=Path, default=Path("bans.json"), help="the file with the bans (default: %(default)s)"
    )
    group = parser.add_argument_group("limits and timers (protocol.txt, section on limits; times in milliseconds)")
    for name, limit in {**LIMITS, **TIMERS}.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=partial(_in_range, limit.minimum, limit.maximum),
            default=limit.default,
            metavar=limit.unit.partition(" ")[0].upper(),
            help=f"{limit.doc} ({limit.minimum} to {limit.maximum}; default: {limit.default})",
        )
    return parser


def _in_range(minimum: int, maximum: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and minimum <= int(text) <= maximum):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
    return int(text)


def _port(text: str) -> int:
    return _in_range(0, 65535, text)


def _label(text: str) -> str:
    fault = LABEL_TYPE.fault(text.encode(errors="surrogatepass"))
    if fault is not None:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a name: {fault[1]}")
    return text


def main(argv: list[str] | None = None) -> int:
    """Run the server until it is stopped; returns the exit code."""
    options = _parser().parse_args(argv)
    settings = Settings(**{name: getattr(options, name) for name in Settings.__slots__})
    log = logging.getLogger("reference_server")
    try:
        handler = _LogFile(options.log)
    except OSError as error:
        return _complain(f"cannot write the log {options.log}: {error.strerror}")
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        service = Service(settings, options.name, load_bans(options.bans))
        return asyncio.run(_run(service, options, log))
    except DamagedBans as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}")
    finally:
        handler.close()
        log.removeHandler(handler)


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def _say(text: str) -> None:
    """A line for the operator; that nobody reads it, or can show it, must not stop the server."""
    try:
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open until the end


async def _run(service: Service, options: argparse.Namespace, log: logging.Logger) -> int:
    loop = asyncio.get_running_loop()
    store: Callable[[BanList, int], None] = partial(save_bans, options.bans)
    server = Server(service, log, _say, store)
    host, port = await server.start(options.host, options.port)
    _say(f"listening on {host}:{port}")
    log.info("listen: %s:%d", host, port)
    signals = [signal.SIGTERM, signal.SIGINT]

    def stop_or_end() -> None:
        if service.stopping:
            os._exit(1)  # The second signal ends at once.
        server.stop()

    for number in signals:
        loop.add_signal_handler(number, stop_or_end)

    def failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and "handle" not in context:
            # Of one socket, or of accepting for the moment; no call of ours has failed, and the loop goes on by itself.
            log.error("failure: %s: %s", context.get("message"), error)
        else:
            server.abort(error or RuntimeError(str(context)))

    loop.set_exception_handler(failed)
    threading.Thread(target=_read_console, args=(loop, server.operate), daemon=True, name="console").start()
    await server.stopped.wait()
    log.info("end")
    if server.failure is not None:
        print(f"the server has failed: {server.failure!r}; see {options.log}", file=sys.stderr)
        return 1
    return 0


def _read_console(loop: asyncio.AbstractEventLoop, enter: Callable[[str], None]) -> None:
    """Hand each line of standard input to the loop.

    It reads the descriptor itself: a thread that waits inside sys.stdin would hold its lock when the program ends.
    """
    rest = b""
    while True:
        try:
            data = os.read(0, 65536)
        except OSError:
            data = b""
        *lines, rest = (rest + data).split(b"\n")
        if not data and rest:
            lines.append(rest)
        try:
            for line in lines:
                loop.call_soon_threadsafe(enter, line.decode(errors="surrogateescape"))
        except RuntimeError:
            return  # The loop has ended.
        if not data and os.isatty(0):
            continue  # Ctrl-D at a terminal is no end: the next line can still be typed.
        if not data:
            return


if __name__ == "__main__":
    sys.exit(main())
