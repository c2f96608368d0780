"""What a program writes for people: a server's answers at its console, its log, a client's warnings.

They come when they come: nothing on the wire says that they are there. So they are looked for until they are found, or
until what is due has taken too long.
"""

from __future__ import annotations

from collections.abc import Callable

from ..targets.program import Program
from ..verdicts import CaseFailed, Verdict

#: Seconds between two looks, a program that ends meanwhile is not waited for.
_GLANCE = 0.01


def written(program: Program) -> str:
    """Everything that the program has written so far: to its output, its errors and into files in its folder."""
    files = sorted(path for path in program.folder.rglob("*") if path.is_file())
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    return "\n".join([*texts, program.said(), program.errors()])


def expect_answer(program: Program, since: int, text: str, timeout: float) -> str:
    """The first line at the console, behind the first `since` bytes, with the text in it. Raises `CaseFailed`."""

    def answer() -> str:
        lines = program.said(since).split("\n")[:-1]
        return next((line for line in lines if text in line), "")

    if line := _wait(program, answer, timeout):
        return line
    due = f"a line with {text!r}" if text else "a line"
    raise CaseFailed(Verdict.WRONG_OUTPUT, f"the console should have answered with {due}\n{program.tail()}")


def expect_error(program: Program, text: str, timeout: float) -> str:
    """The first line on a program's standard error with the text in it. Raises `CaseFailed`."""

    def error() -> str:
        return next((line for line in program.errors().split("\n")[:-1] if text in line), "")

    if line := _wait(program, error, timeout):
        return line
    due = f"a line with {text!r}" if text else "a line"
    raise CaseFailed(Verdict.WRONG_OUTPUT, f"standard error should have had {due}")


def expect_logged(program: Program, text: str, timeout: float) -> None:
    """The text stands in the log. Raises `CaseFailed`."""
    if not _wait(program, lambda: text if text in written(program) else "", timeout):
        reason = f"the server should have logged {text!r}: it is not in its output, nor in a file in {{dir}}"
        raise CaseFailed(Verdict.WRONG_OUTPUT, reason)


def expect_not_logged(program: Program, text: str) -> None:
    """The text stands nowhere in the log. Raises `CaseFailed`."""
    if text in (found := written(program)):
        start = found.index(text)
        around = found[max(0, start - 80) : start + len(text) + 20]
        raise CaseFailed(Verdict.WRONG_OUTPUT, f"the server should not have logged {text!r}, and has: {around!r}")


def _wait(program: Program, look: Callable[[], str], timeout: float) -> str:
    """What `look` finds; empty if it finds nothing within `timeout` seconds, or in all that an ended program has left."""
    for _ in range(max(1, round(timeout / _GLANCE))):
        ended = program.wait(_GLANCE) is not None
        if found := look():
            return found
        if ended:
            break
    return ""
