"""Terminals to look at: programs run in windows of tmux, and a test reads their screens.

One tmux is spoken to in its control mode: it tells when something has been written, so nobody has to look again and again.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import PATIENCE, ROOT, require_program

_ESCAPED = re.compile(rb"\\([0-7]{3})")

# Runs a program as a shell does, and tells how it has ended and whether the terminal is as it was.
_SHELL = """
before=$(stty -g)
sh -c 'echo $$ >"$0"; exec "$@"' "$@" # The first argument is the file for the process id.
echo "ended with $?"
[ "$(stty -g)" = "$before" ] && echo "terminal as it was"
exec cat -v
"""

#: What the last line of `_SHELL` says, when all is over.
AS_IT_WAS = "terminal as it was"


class Tmux:
    """A tmux of its own, without anybody's settings. Raises `AssertionError` for a command that it refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._socket = folder, folder / "tmux"
        (folder / "shell").write_text(_SHELL, encoding="utf-8")
        command = [require_program("tmux"), "-S", str(self._socket), "-f", os.devnull, "-u", "-C"]
        environment = {key: value for key, value in os.environ.items() if key not in ("TMUX", "NO_COLOR", "TERM")}
        self._process = subprocess.Popen(
            [*command, "new-session", "-x", "80", "-y", "24", "cat"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"},
        )
        self._rest = b""
        #: How many pieces have been written to all panes.
        self.pieces = 0
        #: What has been written to each pane, byte for byte.
        self.written: dict[str, bytearray] = {}
        self._answer()

    def do(self, *words: str) -> list[str]:
        """Do a command of tmux, and return the lines of its answer."""
        assert self._process.stdin is not None
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        self._process.stdin.write(quoted.encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def wait_for_output(self, since: int, deadline: float) -> None:
        """Until something has been written to any pane, since so many pieces had been written."""
        while self.pieces == since:
            self._line(deadline)

    def end(self) -> None:
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], check=False, capture_output=True)
        self._process.communicate(timeout=PATIENCE)

    def _answer(self) -> list[str]:
        deadline = time.monotonic() + PATIENCE
        while not self._line(deadline).startswith(b"%begin "):
            pass
        lines = []
        while not (line := self._line(deadline)).startswith((b"%end ", b"%error ")):
            lines.append(line.decode())
        assert line.startswith(b"%end "), lines
        return lines

    def _line(self, deadline: float) -> bytes:
        """The next line of tmux. What was written to a pane is put by."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(descriptor, 65536) if ready else b""
            if not piece:
                raise TimeoutError("tmux has nothing more to say")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        if line.startswith(b"%output "):
            self.pieces += 1
            _, pane, data = line.split(b" ", 2)
            self.written.setdefault(pane.decode(), bytearray()).extend(
                _ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), data)
            )
        return line


class Screen:
    """A program in a window of 80 columns and 24 rows, with further variables in its environment."""

    def __init__(self, tmux: Tmux, command: list[str], **environment: str) -> None:
        self._tmux = tmux
        window = tmux.do("new-window", "-P", "-F", "#{pane_id} #{pane_pid}", "cat")[0]
        self._pane, first = window.split()
        self._pid_file = tmux.folder / f"pid{first}"
        settings = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        shell = ["sh", str(tmux.folder / "shell"), str(self._pid_file), *command]
        tmux.do("respawn-pane", "-k", "-c", str(ROOT), *settings, "-t", self._pane, *shell)

    @property
    def pid(self) -> int:
        """The process of the program."""
        return int(self._pid_file.read_text())

    @property
    def written(self) -> str:
        """All that has been written, escape sequences included."""
        return self._tmux.written.get(self._pane, bytearray()).decode(errors="replace")

    def rows(self, *, scrolled: bool = False, styled: bool = False) -> list[str]:
        """What is on the screen, and `scrolled` out of it at its top; `styled` with its escape sequences."""
        options = [*(["-S", "-"] if scrolled else []), *(["-e"] if styled else [])]
        rows = self._tmux.do("capture-pane", "-p", *options, "-t", self._pane)
        while rows and not rows[-1].strip():
            rows.pop()
        return rows

    def asks(self, *variables: str) -> str:
        """The values of variables of tmux for this window, such as cursor_x."""
        wanted = " ".join(f"#{{{variable}}}" for variable in variables)
        return self._tmux.do("display-message", "-p", "-t", self._pane, wanted)[0]

    def types(self, keys: str) -> None:
        """Press these keys; of the control characters \\r is Enter, \\t Tab and \\x1b Escape."""
        self._tmux.do("send-keys", "-t", self._pane, "-H", *(f"{byte:x}" for byte in keys.encode()))

    def pastes(self, text: str) -> None:
        """Paste the text, in brackets if the program has asked for them."""
        file = self._tmux.folder / "pasted"
        file.write_text(text, encoding="utf-8")
        self._tmux.do("load-buffer", "-b", "pasted", str(file))
        self._tmux.do("paste-buffer", "-p", "-b", "pasted", "-t", self._pane)

    def closes(self) -> None:
        """Close the window, as people do with a mouse."""
        self._tmux.do("kill-pane", "-t", self._pane)

    def resizes(self, width: int, height: int) -> None:
        self._tmux.do("resize-window", "-t", self._pane, "-x", str(width), "-y", str(height))

    def becomes(self, holds: Callable[[list[str]], object], what: str = "what was waited for") -> list[str]:
        """Wait until it holds of the rows, and return these."""
        deadline = time.monotonic() + PATIENCE
        while True:
            pieces = self._tmux.pieces
            if holds(rows := self.rows()):
                return rows
            try:
                self._tmux.wait_for_output(pieces, deadline)
            except TimeoutError:
                raise AssertionError("\n".join([f"{what!r} never came:", *rows])) from None

    def shows(self, *texts: str) -> list[str]:
        """Wait until all of the texts are on the screen, and return its rows."""
        return self.becomes(lambda rows: all(text in "\n".join(rows) for text in texts), " and ".join(texts))
