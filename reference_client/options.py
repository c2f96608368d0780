"""The command line of the reference client."""

from __future__ import annotations

import argparse
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from impwire.tables import DEFAULT_PORT, DEFAULT_TLS_PORT, PROTOCOL_VERSION

from .tls import UnusableTls, tls_context

_EPILOG = """\
On a terminal you type into a line at the bottom, where Tab completes and F2
shows times; otherwise lines are read from standard input and shown on standard
output, so that programs can take part. /help lists the commands; anything else
is said to all, as fast as the server allows. At the end of the input (Ctrl-D)
the client sends what still waits, awaits the replies, and leaves; Ctrl-C leaves
at once.

examples:
  %(prog)s ann
  %(prog)s ann --host chat.example.org --tls
  %(prog)s ann --host 192.0.2.7 --port 4000 --tls-ca server.pem
  seq 1 300 | %(prog)s ann --host chat.example.org
  %(prog)s ann --json --reconnect | jq -r 'select(.event == "CHAT").text'

exit codes:
  0  you have left, at your own wish
  1  no connection, a lost one, or one that the server ended
  2  this command line cannot be understood, or names a file that is no use
  3  the name was refused, or the operator has removed or banned you
"""


#: The option for each file that `tls_context` may find to be of no use.
_TLS_FILES = {"ca": "--tls-ca", "certificate": "--tls-cert", "key": "--tls-key"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for.

    tls: how to verify the server; None for a connection without TLS.
    json: whether to write events as JSON; reconnect: whether to try again after a loss.
    timestamps, color: how a terminal shows the lines. NO_COLOR and TERM=dumb are heeded already.
    """

    name: str
    host: str
    port: int
    tls: ssl.SSLContext | None
    json: bool
    reconnect: bool
    timestamps: bool
    color: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, so that the mistake is not lost in the usage."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for, since that takes time."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from importlib import metadata

        try:
            package = metadata.version("instant-messenger-protocol")
        except metadata.PackageNotFoundError:
            package = "(not installed)"
        major, minor = divmod(PROTOCOL_VERSION, 256)
        print(f"imp-client {package}, IMP {major}.{minor}")
        parser.exit()


def parse(argv: list[str] | None = None) -> Options:
    """The options. Exits with 2 and one line if they cannot be understood, or a file of TLS cannot be used."""
    parser = _parser()
    given = parser.parse_args(argv)
    if given.tls_key and not given.tls_cert:
        parser.error("--tls-key goes with --tls-cert")
    tls = None
    if given.tls or given.tls_ca or given.tls_cert:
        try:
            tls = tls_context(given.tls_ca, given.tls_cert, given.tls_key)
        except UnusableTls as mistake:
            parser.exit(2, f"{parser.prog}: {_TLS_FILES[mistake.argument]} {mistake}\n")
    return Options(
        name=given.name,
        host=given.host,
        port=given.port or (DEFAULT_TLS_PORT if tls else DEFAULT_PORT),
        tls=tls,
        json=given.json,
        reconnect=given.reconnect,
        timestamps=given.timestamps,
        color=_wants_color(given.color),
    )


def _parser() -> argparse.ArgumentParser:
    package = __package__ or "reference_client"
    parser = _Parser(
        prog=f"python -m {package}" if sys.argv[0].endswith("__main__.py") else None,
        usage="%(prog)s NAME [--host HOST] [--port PORT] [options]",
        description="Talk on a server of the Instant Messenger Protocol.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("name", metavar="NAME", help="the name that you want to bear: a letter, then letters, digits, '_' and '-'")
    add("--host", type=_host, default="127.0.0.1", help="the server's name or address (default: %(default)s)")
    add(
        "--port",
        type=_port,
        help=f"the server's TCP port (default: {DEFAULT_PORT}, or {DEFAULT_TLS_PORT} with TLS)",
    )
    add(
        "--reconnect",
        action="store_true",
        help="when the connection is lost, or there is none yet, try again until you interrupt it",
    )
    add("--version", action=_Version, nargs=0, help="show the versions of program and protocol")
    _add_output(parser)
    _add_tls(parser.add_argument_group("TLS (1.2 or later; any of these asks for it)"))
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    programs = parser.add_argument_group("for programs")
    programs.add_argument("--json", action="store_true", help="write each event as a line of JSON")
    terminal = parser.add_argument_group("on a terminal")
    terminal.add_argument("--timestamps", action="store_true", help="show when each message was sent")
    terminal.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="use colours; auto heeds NO_COLOR and TERM (default: %(default)s)",
    )


def _add_tls(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tls", action="store_true", help="verify the server's certificate against the system's authorities"
    )
    group.add_argument(
        "--tls-ca",
        type=Path,
        metavar="FILE",
        help="verify it against these certificates alone (PEM): of authorities, or the server's own",
    )
    group.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="your own certificate, for a server that wants one (PEM)"
    )
    group.add_argument(
        "--tls-key", type=Path, metavar="FILE", help="its private key (PEM), unless that stands in the same file"
    )


def _host(text: str) -> str:
    """The host without the brackets that an IPv6 address has in front of a port."""
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not host:
        raise argparse.ArgumentTypeError(f"{text!r} is no name or address")
    if host.count(":") == 1 or "]:" in host:
        raise argparse.ArgumentTypeError(f"{text!r} has a port in it, which goes with --port")
    return host


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def _wants_color(choice: str) -> bool:
    if choice == "auto":
        # NO_COLOR counts if it is there and not empty (no-color.org).
        return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return choice == "always"
