"""The servers that are measured: how each is started, and what it speaks.

All run with their defaults, but for what they need to run at all: a free port of the loopback address, files in a folder
that is removed afterwards, and no limit that the load would break by design.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .dialect import Dialect, LoadError
from .imp import Imp
from .mqtt import Mqtt
from .nats import Nats
from .processes import end_with_parent
from .resp import Resp

ROOT = Path(__file__).parent.parent.parent
OURS = "reference_server"
#: What it costs where Linux has no io_uring, or does not let it be used.
OURS_ONE_BY_ONE = f"{OURS} --no-io-uring"
PEERS = ("mosquitto", "nats-server", "redis-server")

_PATIENCE = 20.0
_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """One that can be measured.

    `command` gives its command line for a port and a folder of its own, `version` the one that prints its version, and
    `where` the folder in which both are run. `changed` says which defaults it does not run with, for people.
    """

    name: str
    dialect: Dialect
    program: str
    command: Callable[[int, Path], list[str]]
    version: tuple[str, ...]
    changed: str
    where: Path = ROOT

    def path(self) -> str | None:
        """Where the program is, or None if it is not installed."""
        return shutil.which(self.program) or shutil.which(self.program, path="/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class Running:
    """A server that accepts connections."""

    server: Server
    pid: int
    port: int

    @property
    def address(self) -> tuple[str, int]:
        return _ADDRESS, self.port


#: Limits of one connection or address that a load from one address, by one sender, breaks by design. The ranges' ends.
_RAISED = {
    "rate_burst": 1_000_000_000,
    "rate_per_second": 1_000_000_000,
    "connections_per_address": 1_000_000,
    "attempts_per_minute": 1_000_000_000,
    "max_connections": 1_000_000,
}


def _ours(port: int, folder: Path) -> list[str]:
    limits = [word for name, value in _RAISED.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    files = ["--log", str(folder / "server.log"), "--bans", str(folder / "bans.json")]
    return [sys.executable, "-m", OURS, "--port", str(port), *files, *limits]


def _ours_one_by_one(port: int, folder: Path) -> list[str]:
    return [*_ours(port, folder), "--no-io-uring"]


def _mosquitto(port: int, folder: Path) -> list[str]:
    file = folder / "mosquitto.conf"
    # Started by root it would otherwise become a user who may not read its file.
    file.write_text(f"listener {port} {_ADDRESS}\nallow_anonymous true\nuser root\n")
    return ["mosquitto", "-c", str(file)]


def _nats(port: int, folder: Path) -> list[str]:
    return ["nats-server", "--addr", _ADDRESS, "--port", str(port)]


def _redis(port: int, folder: Path) -> list[str]:
    without_files = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    return ["redis-server", "--bind", _ADDRESS, "--port", str(port), *without_files]


SERVERS = {
    server.name: server
    for server in (
        Server(
            OURS,
            Imp(),
            sys.executable,
            _ours,
            (),
            f"{', '.join(_RAISED)} are as high as they go; every check, limit and timer is on",
        ),
        Server(
            OURS_ONE_BY_ONE,
            Imp(),
            sys.executable,
            _ours_one_by_one,
            (),
            "the same, and each gets what all get with a call of the system of its own",
        ),
        Server("mosquitto", Mqtt(), "mosquitto", _mosquitto, ("-h",), "anonymous clients are allowed"),
        Server("nats-server", Nats(), "nats-server", _nats, ("--version",), "none"),
        Server("redis-server", Resp(), "redis-server", _redis, ("--version",), "nothing is saved"),
    )
}


def also_ours(where: Path) -> Server:
    """The reference server of another checkout, to compare with."""
    return replace(SERVERS[OURS], name=f"{OURS} in {where}", where=where)


@contextlib.contextmanager
def running(server: Server) -> Iterator[Running]:
    """A server, from when it accepts connections; it is gone afterwards. Raises LoadError if it does not come up."""
    path = server.path()
    if path is None:
        raise LoadError(f"{server.name} is not installed")
    with tempfile.TemporaryDirectory(prefix="imp-bench-") as name, open(Path(name, "output"), "wb") as output:
        output_file = Path(name, "output")
        port = _free_port()
        command = [path, *server.command(port, Path(name))[1:]]
        # In a session of its own Ctrl-C does not reach it: it is ended here, whatever happens.
        process = subprocess.Popen(
            command,
            cwd=server.where,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # An interrupt may come when the process is there and nobody knows its id yet.
            preexec_fn=end_with_parent,
        )
        try:
            _wait_until_it_accepts(process, port)
            yield Running(server, process.pid, port)
        except LoadError as error:
            raise LoadError(f"{error}; the last that {server.name} said: {_last_line(output_file)}") from error
        finally:
            # Nobody waits until it has told thousands of the end of thousands.
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server((_ADDRESS, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_accepts(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((_ADDRESS, port)):
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise LoadError("it does not accept connections")


def _last_line(output: Path) -> str:
    return output.read_text(errors="replace").strip().rpartition("\n")[2] or "nothing"


def version(server: Server) -> str:
    """What a server says of its version, without its name; of ours, which Python runs it."""
    if not server.version:
        return f"CPython {sys.version.split()[0]}"
    said = subprocess.run(
        [str(server.path()), *server.version], capture_output=True, text=True, timeout=_PATIENCE, check=False
    ).stdout
    for word in said.replace("=", " ").split():
        if word.lstrip("v")[:1].isdigit():
            return word.lstrip("v")
    return "of unknown version"
