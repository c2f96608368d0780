"""A process of the target, and all that it writes."""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from ..verdicts import CaseFailed, Verdict

HOST = "127.0.0.1"
_TAIL = 15


@functools.cache
def _root() -> tempfile.TemporaryDirectory[str]:
    """The folder of all folders, which goes when this process ends."""
    return tempfile.TemporaryDirectory(prefix="imp-conformance-", ignore_cleanup_errors=True)


class Program:
    """A process of the target, in a folder and a process group of its own. Its output goes to files there, so it can
    never block on it; a client's standard output alone is read line by line."""

    def __init__(self, template: str, values: dict[str, str], settings: dict[str, int], *, read_output: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=_root().name))
        self._template, self._values, self._settings = template, values, settings
        self._read_output = read_output
        self._lines = bytearray()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = self.command()
        with (self.folder / "errors.txt").open("ab") as errors, (self.folder / "output.txt").open("ab") as output:
            try:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE if self._read_output else output,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as error:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise CaseFailed(Verdict.NOT_STARTED, f"{command[0]}: {error.strerror}") from None

    def command(self) -> list[str]:
        """The words of the command with every placeholder filled."""
        words: list[str] = []
        values = {**self._values, "dir": str(self.folder)}
        for word in shlex.split(self._template):
            if word == "{settings}":
                for name, value in self._settings.items():
                    words += [f"--{name.replace('_', '-')}", str(value)]
                continue
            for name, text in values.items():
                word = word.replace(f"{{{name}}}", text)
            words.append(word)
        return words

    def restart(self) -> None:
        """End the process as suddenly as can be, and start it again on the same files."""
        self.kill()
        self.process = self._start()

    def tail(self) -> str:
        """The last lines of its output, for a report."""
        text = "".join(self._written(name) for name in ("output.txt", "errors.txt"))
        return "\n".join(text.splitlines()[-_TAIL:])

    def errors(self) -> str:
        """What it has written to standard error."""
        return self._written("errors.txt")

    def _written(self, name: str) -> str:
        """The text of a file of its output; nothing if somebody has removed it."""
        try:
            return (self.folder / name).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def enter(self, line: str) -> None:
        """Type a line into its standard input."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise CaseFailed(Verdict.CRASHED, f"the program does not take input any more\n{self.tail()}") from None

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def next_line(self, timeout: float) -> str | None:
        """The next line of its standard output, without the line feed; None if none comes in time or at its end."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._lines:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                data = os.read(self.process.stdout.fileno(), 65536)
                if not data:
                    return None
                self._lines += data
        line, _, self._lines = self._lines.partition(b"\n")
        return line.decode(errors="replace").removesuffix("\r")

    def wait(self, timeout: float) -> int | None:
        """Its exit code, or None if it does not end in time."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it and whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def discard(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
