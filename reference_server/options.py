"""The command line of the reference server."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from impwire.codecs import LABEL_TYPE
from impwire.tables import DEFAULT_PORT, DEFAULT_TLS_PORT, LIMITS, PROTOCOL_VERSION, TIMERS, Settings

_EPILOG = """\
The first line on standard output is 'listening on HOST:PORT'; one more follows
for each further address. Standard input takes the operator's commands, a line
each; /help lists them. Its end changes nothing.

examples:
  %(prog)s
  %(prog)s --host 0.0.0.0 --host :: --log /var/log/imp.log
  %(prog)s --host chat.example.org --tls-cert cert.pem --tls-key key.pem

exit codes:
  0  stopped by /stop, SIGTERM, SIGINT or SIGHUP, and everyone was told
  1  failed, or ended at once by a second signal
  2  could not start: the command line, a file or an address is at fault
"""

_LARGEST_LOG = 1 << 40


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line: the usage has so many options that the mistake would be lost in it."""
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
        print(f"imp-server {package}, IMP {major}.{minor}")
        parser.exit()


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The options: `hosts`, `port`, `name`, `log`, `log_size`, `log_keep`, `bans`, `no_io_uring`, `tls_cert`, `tls_key`,
    `tls_client_ca` and `settings`. Exits with 2 and one line if they cannot be understood.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.tls_cert is None and (options.tls_key or options.tls_client_ca):
        parser.error("--tls-key and --tls-client-ca go with --tls-cert")
    options.hosts = list(dict.fromkeys(options.hosts or ["127.0.0.1"]))
    if options.port is None:
        options.port = DEFAULT_TLS_PORT if options.tls_cert else DEFAULT_PORT
    options.settings = Settings(**{name: getattr(options, name) for name in Settings.__slots__})
    return options


def _parser() -> argparse.ArgumentParser:
    package = __package__ or "reference_server"
    parser = _Parser(
        prog=f"python -m {package}" if sys.argv[0].endswith("__main__.py") else None,
        usage="%(prog)s [--host HOST] [--port PORT] [options]",
        description="The reference server of the Instant Messenger Protocol.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--host",
        dest="hosts",
        action="append",
        metavar="HOST",
        help="address to listen on, or a name for all of its addresses; may be given again (default: 127.0.0.1)",
    )
    add(
        "--port",
        type=_port,
        help=f"port; 0 takes a free one (default: {DEFAULT_PORT}, or {DEFAULT_TLS_PORT} with a certificate)",
    )
    add("--name", type=_label, default="IMP server", help="what the server is called (default: %(default)s)")
    add(
        "--bans",
        type=Path,
        default=Path("bans.json"),
        metavar="FILE",
        help="where bans are kept (default: %(default)s)",
    )
    add(
        "--no-io-uring",
        action="store_true",
        help="hand what all users get to each on its own; otherwise Linux is asked once for all, where it has io_uring",
    )
    add("--version", action=_Version, nargs=0, help="show the versions of program and protocol")
    _add_log(parser.add_argument_group("log"))
    _add_tls(parser.add_argument_group("TLS"))
    _add_settings(
        parser.add_argument_group("limits and timers (protocol.txt, section on limits; times in milliseconds)")
    )
    return parser


def _add_log(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--log", type=Path, default=Path("server.log"), metavar="FILE", help="the log file (default: %(default)s)"
    )
    group.add_argument(
        "--log-size",
        type=partial(_in_range, 0, _LARGEST_LOG),
        default=100_000_000,
        metavar="BYTES",
        help="put the log away as FILE.1 before it exceeds this; 0 for never (default: %(default)s)",
    )
    group.add_argument(
        "--log-keep",
        type=partial(_in_range, 1, 1000),
        default=9,
        metavar="N",
        help="how many logs that were put away are kept (1 to 1000; default: %(default)s)",
    )


def _add_tls(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="speak TLS (1.2 or later) only, with this certificate chain (PEM)"
    )
    group.add_argument(
        "--tls-key", type=Path, metavar="FILE", help="its private key (PEM), unless that stands in the same file"
    )
    group.add_argument(
        "--tls-client-ca",
        type=Path,
        metavar="FILE",
        help="take only clients with a certificate signed by this one (PEM)",
    )


def _add_settings(group: argparse._ArgumentGroup) -> None:
    for name, limit in {**LIMITS, **TIMERS}.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=partial(_in_range, limit.minimum, limit.maximum),
            default=limit.default,
            metavar=limit.unit.partition(" ")[0].upper(),
            help=f"{limit.doc} ({limit.minimum} to {limit.maximum}; default: {limit.default})",
        )


def _in_range(minimum: int, maximum: int, text: str) -> int:
    # The length comes first: int() refuses what is longer than thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and minimum <= int(text) <= maximum):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to {maximum}")
    return int(text)


def _port(text: str) -> int:
    return _in_range(0, 65535, text)


def _label(text: str) -> str:
    fault = LABEL_TYPE.fault(text.encode(errors="surrogatepass"))
    if fault is not None:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a name: {fault[1]}")
    return text
