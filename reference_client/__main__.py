"""The reference client as a program: `python -m reference_client NAME [--host HOST] [--port PORT]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from impwire.tables import DEFAULT_PORT, PROTOCOL_VERSION

from .session import ClientSession

_EPILOG = """\
On a terminal you type into a line at the bottom; otherwise lines are read from
standard input and shown on standard output, so that programs can take part.
/help lists the commands; anything else is said to all, as fast as the server
allows. At the end of the input (Ctrl-D) the client sends what still waits,
awaits the replies, and leaves; Ctrl-C leaves at once.

examples:
  %(prog)s ann
  seq 1 300 | %(prog)s ann --host chat.example.org

exit codes:
  0  you have left, at your own wish
  1  no connection, a lost one, or one that the server ended
  2  this command line cannot be understood
  3  the name was refused, or the operator has removed or banned you
"""


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


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    package = __package__ or "reference_client"
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}" if sys.argv[0].endswith("__main__.py") else None,
        description="Talk on a server of the Instant Messenger Protocol.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", metavar="NAME", help="the name that you want to bear: a letter, then letters, digits, '_' and '-'"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the server's name or address (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="the server's TCP port (default: %(default)s)")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the versions of program and protocol")
    return parser


def _edge() -> Callable[[ClientSession, str, int], int]:
    """The way to talk to whoever is at the other end of standard input and output."""
    if sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty():
        try:
            from .terminal import run as run_on_terminal
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("prompt_toolkit"):
                raise
            print("For a better terminal install prompt_toolkit (pip install prompt_toolkit).", file=sys.stderr)
        else:
            return run_on_terminal
    from .pipe import run as run_in_pipe

    return run_in_pipe


def main(argv: list[str] | None = None) -> int:
    """Run the client and return its exit code (CLIENT-7; `--help` lists them)."""
    arguments = _parser().parse_args(argv)
    try:
        session = ClientSession(arguments.name)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 3
    try:
        return _edge()(session, arguments.host, arguments.port)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
