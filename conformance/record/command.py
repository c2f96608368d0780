"""`record`: the command that makes a case of what passes between clients and a server.

Exit codes: 0 the case is written; 1 nothing was recorded, or what was written cannot be played; 2 the command line or a
file is wrong (a recording that cannot be written to its file goes to standard output).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from impwire import messages as m
from impwire.tables import DEFAULT_PORT, Role
from impwire.wire import amount

from ..language import InvalidFile, load_cases
from ..language.case import IDENTIFIER
from ..options import PROGRAM, address, requirement
from ..play.transcript import describe
from .document import recording_of
from .relay import Relay
from .tape import Entry, Tape

_STDOUT = Path("-")
#: Characters of a frame that are shown while it passes.
_LONGEST = 160


def main(argv: list[str]) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(argv)
    try:
        target = _Target(options.out, force=options.force)
    except OSError as error:
        print(f"{options.out}: {error.strerror}", file=sys.stderr)
        return 2
    with target:
        tape = Tape(_Teller().tell if not options.quiet else lambda entry: None)
        try:
            asyncio.run(_record(tape, options))
        except OSError as error:
            print(f"cannot listen at {options.listen[0]}:{options.listen[1]}: {error.strerror}", file=sys.stderr)
            return 2
        return _finish(tape, target, options)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=f"{PROGRAM} record",
        description="Stand between clients and a server, pass on every byte, and write a case that plays the same again.",
        epilog=(
            "Point the clients to the port of --listen. Ctrl-C ends the recording and writes the case; so does SIGTERM. "
            "Exit codes: 0 written, 1 nothing recorded or not to be played, 2 wrong command line or file."
        ),
    )
    made.add_argument(
        "--listen",
        metavar="PORT",
        type=_listen,
        required=True,
        help="where the clients connect: PORT or HOST:PORT, 0 for any free port",
    )
    made.add_argument(
        "--to",
        metavar="HOST:PORT",
        type=address,
        default=("127.0.0.1", DEFAULT_PORT),
        help=f"the server (default: 127.0.0.1:{DEFAULT_PORT})",
    )
    made.add_argument("--out", metavar="FILE", type=Path, required=True, help="the case; - for standard output")
    made.add_argument("--force", action="store_true", help="write over a file that is there")
    made.add_argument("--once", action="store_true", help="end when everybody has left")
    made.add_argument(
        "--sessions",
        metavar="N",
        type=_count,
        default=0,
        help="end when N connections have ended and nobody is left",
    )
    made.add_argument("--id", metavar="ID", type=_id, help="of the case (default: recorded/ and the name of the file)")
    made.add_argument("--title", metavar="TITLE", default="", help="what a reader should know if it fails")
    made.add_argument(
        "--proves",
        metavar="ID",
        type=requirement,
        action="append",
        default=[],
        help="a requirement that it proves, several times if need be (default: by what was recorded)",
    )
    made.add_argument("--quiet", action="store_true", help="do not show what passes")
    return made


async def _record(tape: Tape, options: argparse.Namespace) -> None:
    """Record until the end is called for. Raises OSError if it cannot listen."""
    relay = Relay(tape, options.to, _say, sessions=options.sessions, once=options.once)
    loop = asyncio.get_running_loop()

    def end() -> None:
        if relay.done.is_set():
            relay.cancel_fences()
        relay.done.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    port = await relay.listen(*options.listen)
    host, (server, server_port) = options.listen[0], options.to
    out = "to standard output" if options.out == _STDOUT else options.out
    _say(f"listening at {host}:{port}, passing on to {server}:{server_port}; Ctrl-C ends and writes {out}")
    await relay.done.wait()
    await relay.end()


# -- writing -----------------------------------------------------------------------------------------------------------


class _Target:
    """The file to be written. It is begun before anything is recorded, so that what is in the way is told at once.

    Raises OSError.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self.path, self._force = path, force
        self._file: IO[str] | None = None
        if path != _STDOUT:
            self._check()
            handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".yaml", dir=path.parent)
            self.temporary = Path(name)
            self._file = os.fdopen(handle, "w", encoding="utf-8")

    def _check(self) -> None:
        if self.path.is_dir():
            raise IsADirectoryError(0, "is a folder")
        if self.path.exists() and not self._force:
            raise FileExistsError(0, "exists already; --force writes over it")

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self.temporary.unlink(missing_ok=True)

    def write(self, text: str) -> None:
        """Put the text where it belongs, whole or not at all. Raises OSError."""
        if self._file is None:
            print(text, end="", flush=True)
            return
        self._check()
        self._file.write(text)
        self._file.close()
        mask = os.umask(0)
        os.umask(mask)
        self.temporary.chmod(0o666 & ~mask)
        self.temporary.replace(self.path)


def _finish(tape: Tape, file: _Target, options: argparse.Namespace) -> int:
    """Make a case of the tape and write it; returns the exit code."""
    stem = re.sub(r"[^a-z0-9]+", "-", options.out.stem.lower()).strip("-") or "session"
    recording = recording_of(tape, options.id or f"recorded/{stem}", options.title, options.proves)
    if recording is None:
        print("nothing was recorded, and nothing is written", file=sys.stderr)
        return 1
    text = recording.text(f"Recorded at {options.to[0]}:{options.to[1]}, {time.strftime('%Y-%m-%d %H:%M')}.")
    try:
        file.write(text)
    except OSError as error:
        print(text, end="", flush=True)
        print(f"{options.out}: {error.strerror}; the recording went to standard output", file=sys.stderr)
        return 2
    for warning in recording.script.warnings:
        _say(f"warning: {warning}")
    if file.path == _STDOUT:
        return 0
    try:
        load_cases([file.path])
    except InvalidFile as invalid:
        print(f"{invalid}\n{options.out} was written, and needs mending before it can be played", file=sys.stderr)
        return 1
    own = recording.case.own_server or recording.case.uses_console
    target = "--spawn COMMAND" if own else f"--connect {options.to[0]}:{options.to[1]}"
    command = f"{PROGRAM} server {target} --cases {shlex.quote(str(options.out))}"
    _say(f"{options.out}: {amount(len(recording.case.steps), 'step')}; to play it: {command}")
    return 0


# -- telling -----------------------------------------------------------------------------------------------------------


class _Teller:
    """Shows what passes, a line for each frame."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def tell(self, entry: Entry) -> None:
        if isinstance(entry.message, m.Welcome):
            self._names[entry.connection] = entry.message.name
        name = self._names.setdefault(entry.connection, f"anon{entry.connection}")
        arrow = "->" if entry.side is Role.CLIENT else "<-"
        if entry.message is not None:
            what = describe(entry.message)
        elif entry.data:
            what = f"{entry.data[:32].hex(' ')}{' …' if len(entry.data) > 32 else ''} (cannot be read)"
        else:
            what = str(entry.what)
        _say(f"{name:>8} {arrow} {what if len(what) <= _LONGEST else what[:_LONGEST] + ' …'}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# -- options -----------------------------------------------------------------------------------------------------------


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is neither PORT nor HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of connections")
    return int(text)


def _id(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no identifier such as pm/unknown-recipient")
    return text
