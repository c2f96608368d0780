"""A process of the target, and all that it writes and starts.

Whatever the program does, it can cost the suite neither its time nor the machine's disk: what it writes is read and
bounded (`output`), what it does not read is given up after a while, and what it starts is ended with it (`processes`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import warnings
from pathlib import Path
from typing import IO

from ..verdicts import CaseFailed, Verdict
from .notices import TargetWarning
from .output import KEPT, Output
from .processes import MARK, clear_at_the_end, described, end_marked, ending, marked
from .target import Target

_TAIL, _LONGEST_LINE = 15, 400
#: How the runtimes of some languages begin to tell of an error that nobody has caught.
_UNCAUGHT = re.compile(
    r"^(Traceback \(most recent call last\):|thread '.*' .*panicked at |panic: |Exception in thread \"|Unhandled exception)",
    re.MULTILINE,
)
#: Seconds in which a program has to take a line that is typed.
_TYPING = 5.0
#: Seconds in which a program has to end that is about to.
_PARTING = 1.0
#: Seconds between two looks at what a program does.
_GLANCE = 0.001
#: Seconds until a killed process is no longer waited for.
_LAST_WAIT = 5.0


@functools.cache
def _root() -> str:
    """The folder of all folders. It goes when this process ends, with whatever is left of all targets."""
    folder = tempfile.mkdtemp(prefix="imp-conformance-")
    clear_at_the_end(folder)
    return folder


class Program:
    """A process of the target, in a folder and a process group of its own.

    `values` fill the placeholders of its command, `settings` are limits and timers as the tables have them.
    Raises `CaseFailed` with NOT_STARTED.
    """

    def __init__(self, target: Target, values: dict[str, str], settings: dict[str, int]) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=_root()))
        self._target, self._settings = target, settings
        self._values = {**values, "dir": str(self.folder)}
        #: Whether somebody has told it to end, so that its end is no crash.
        self.told_to_end = False
        try:
            self.process = self._start()
        except CaseFailed:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        command = self.command()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=self._target.folder,
                env={**self._target.variables(self._values, self._settings), MARK: str(self.folder)},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CaseFailed(Verdict.NOT_STARTED, _why_not(command[0], self._target.folder, error)) from None
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        self.output, self._errors = _taken(process.stdout), _taken(process.stderr)
        return process

    def command(self) -> list[str]:
        """The words of the command with every placeholder filled."""
        return self._target.words(self._values, self._settings)

    def shown_command(self) -> str:
        """The command as one would type it."""
        return shlex.join(self.command())

    # -- what it writes ------------------------------------------------------------------------------------------

    def tail(self) -> str:
        """The last lines of its output, for a report."""
        outputs = (self.output, self._errors)
        lines = "".join(output.text() for output in outputs).splitlines()[-_TAIL:]
        if (total := sum(output.total() for output in outputs)) > KEPT:
            lines.insert(0, f"(the end of {total:,} bytes)")
        return "\n".join(line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines)

    def said(self, since: int = 0) -> str:
        """What it has written to standard output, without the first `since` bytes."""
        return self.output.text(since)

    def errors(self) -> str:
        """What it has written to standard error."""
        return self._errors.text()

    def next_line(self, timeout: float) -> str | None:
        """The next line of its standard output, without the line feed; None if none comes in time or at its end."""
        try:
            return self.output.next_line(timeout)
        except OverflowError:
            text = f"it has filled its standard output: {self.output.total():,} bytes, which nobody has asked for"
            raise CaseFailed(Verdict.WRONG_OUTPUT, f"{text}\n{self.tail()}") from None

    # -- what it reads -------------------------------------------------------------------------------------------

    def enter(self, line: str) -> None:
        """Type a line into its standard input. Raises `CaseFailed` if it does not take it."""
        # OP-8: the line that stops a server; its end is no crash then.
        self.told_to_end |= line.split(None, 1)[:1] == ["/stop"]
        self.enter_bytes(line.encode() + b"\n")

    def enter_bytes(self, line: bytes) -> None:
        """Put bytes into its standard input. Raises `CaseFailed` if it does not take them."""
        assert self.process.stdin is not None
        data, deadline = memoryview(line), time.monotonic() + _TYPING
        poll = select.poll()
        poll.register(self.process.stdin, select.POLLOUT)
        while data:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                text = f"the program does not read its standard input: a line was not taken within {_TYPING:g} s"
                raise CaseFailed(Verdict.TIMED_OUT, f"{text}\n{self.tail()}")
            try:
                data = data[os.write(self.process.stdin.fileno(), data) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._no_input() from None

    def _no_input(self) -> CaseFailed:
        code = self.ended()
        if code is None:
            verdict, reason = Verdict.TIMED_OUT, "has closed its standard input"
        else:
            verdict = Verdict.CRASHED if self.was_killed() else Verdict.WRONG_EXIT
            reason = f"{ending(code)}, and takes no input any more"
        return CaseFailed(verdict, f"the program {reason}\n{self.tail()}")

    def let_read(self, timeout: float) -> None:
        """Wait until it has read what was typed, if it does so in time."""
        assert self.process.stdin is not None
        deadline, left = time.monotonic() + timeout, b"?"
        with contextlib.suppress(OSError):  # Not every system tells how much is left in a pipe.
            while any(left) and time.monotonic() < deadline:
                left = fcntl.ioctl(self.process.stdin.fileno(), termios.FIONREAD, bytes(4))
                self.wait(_GLANCE)

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    # -- its end -------------------------------------------------------------------------------------------------

    def tell_to_end(self) -> None:
        """Tell it to end in its own way, as a system does that shuts down."""
        assert self._target.stop is not None
        self.told_to_end = True
        self.process.send_signal(self._target.stop)

    def interrupt(self) -> None:
        """Tell it to end as somebody does at a terminal."""
        self.told_to_end = True
        self.process.send_signal(signal.SIGINT)

    def wait(self, timeout: float) -> int | None:
        """Its exit code, or None if it does not end in time."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def ended(self) -> int | None:
        """Its exit code, or None if it goes on. Whoever has closed a pipe or a connection may need a moment to be gone."""
        return self.wait(_PARTING)

    def was_killed(self) -> bool:
        """Whether a signal has ended it, other than the one that tells it to end."""
        code = self.process.poll()
        return code is not None and code < 0 and not (self.told_to_end and self._target.stop == -code)

    def has_failed(self) -> bool:
        """Whether its standard error tells of an error that it has not caught."""
        return bool(_UNCAUGHT.search(self.errors()))

    def restart(self) -> None:
        """End the process as suddenly as can be, and start it again on the same files. Raises `CaseFailed`."""
        self.kill()
        self.process = self._start()

    def family(self) -> list[int]:
        """Every process that it has started, and itself if it is still there."""
        return marked(str(self.folder), since=self.process.pid)

    def kill(self) -> None:
        """End it and whatever it has started."""
        if self.process.poll() is not None and (left := self.family()):
            text = f"{self._target.name} has ended by itself and left behind {described(left)}; the suite has ended it"
            warnings.warn(TargetWarning(text), stacklevel=2)
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        # Bounded: a signal to the suite that struck in the middle of a wait can leave this one without an answer.
        self.wait(_LAST_WAIT)
        end_marked(str(self.folder), since=self.process.pid)
        for output in (self.output, self._errors):
            output.close()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def discard(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _taken(pipe: IO[bytes] | None) -> Output:
    """The reading end of a pipe of a new process, taken from it."""
    assert pipe is not None
    output = Output(os.dup(pipe.fileno()))
    pipe.close()
    return output


def _why_not(program: str, folder: str | None, error: OSError | ValueError) -> str:
    """Why a program cannot be started, with the way out."""
    where = Path(folder or ".").resolve()
    path = where / program
    if isinstance(error, ValueError):
        return f"{program!r} cannot be started: {error}"
    if path.is_dir():
        return f"{program} is a folder, no program"
    if isinstance(error, FileNotFoundError):
        if "/" not in program:
            return f"there is no program {program} on the PATH; write ./{program} for one in {where}"
        if path.exists():
            return f"{program} is there, but the interpreter that its first line names is not"
        return f"there is no program {program}, as seen from {where}; was it built?"
    if isinstance(error, PermissionError):
        return f"{program} may not be executed; try: chmod +x {shlex.quote(str(path))}"
    if error.errno == errno.ENOEXEC:
        return f"{program} is no program for this system, or a script without a first line such as #!/bin/sh"
    return f"{program} cannot be started: {error.strerror}"
