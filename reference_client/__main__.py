"""The reference client as a program: `python -m reference_client NAME`; `--help` tells the rest.

Nothing of the client is imported up here, so that Ctrl-C while its parts are loaded ends it as Ctrl-C does later.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # As typing has it, which would take as long to load as Python itself takes to begin.
if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Options


def main(argv: list[str] | None = None) -> int:
    """Run the client and return its exit code (CLIENT-7; `--help` lists them)."""
    where = ""

    def end_at_once(*_: object) -> None:
        """An exception instead could be lost in what is just being loaded, or change the exit code."""
        os.write(2, f"{where}Interrupted.\n".encode())
        os._exit(1)

    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # It may be ignored, as in the background.
        signal.signal(signal.SIGINT, end_at_once)
    try:
        from .options import parse

        options = parse(argv)
        from .display import place

        where = f"{place(options.host, options.port)}: "
        talk = _load(options, where)
    finally:
        signal.signal(signal.SIGINT, usual)
    try:
        return talk()
    except KeyboardInterrupt:
        print(f"{where}Interrupted.", file=sys.stderr)
        return 1


def _load(options: Options, where: str) -> Callable[[], int]:
    """Load what it takes to do what the command line asks for."""
    from .errors import InvalidRequest
    from .session import ClientSession

    try:
        ClientSession(options.name)
    except InvalidRequest as error:
        print(f"{where}Not done: {error}.", file=sys.stderr)
        return lambda: 3
    return _edge(options)


def _edge(options: Options) -> Callable[[], int]:
    """The way to talk to who or what is at the other end of standard input and output."""
    from . import pipe

    if options.json:
        from .json_lines import tell

        return lambda: pipe.run(options, tell)
    if _has_screen():
        try:
            from . import terminal
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("prompt_toolkit"):
                raise
            print("For a better terminal install prompt_toolkit (pip install prompt_toolkit).", file=sys.stderr)
        else:
            return lambda: terminal.run(options)
    return lambda: pipe.run(options)


def _has_screen() -> bool:
    """Whether there is a terminal on both ends that can move its cursor."""
    if not (sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return sys.platform == "win32" or os.environ.get("TERM", "") not in ("", "dumb", "unknown")


if __name__ == "__main__":
    sys.exit(main())
