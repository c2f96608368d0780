"""How a case can end."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What became of one case. Only PASSED and SKIPPED are no failure."""

    PASSED = "passed"
    #: A frame came where another was due, or with other values.
    WRONG_REPLY = "wrong reply"
    #: The frame that was due came, but others that are due later stood before it.
    WRONG_ORDER = "wrong order"
    #: A frame came where silence was due.
    UNEXPECTED_FRAME = "unexpected frame"
    #: Bytes came that are no message of the protocol.
    UNREADABLE = "unreadable frame"
    #: The connection was ended where something else was due; RESET if not in good order.
    CLOSED = "closed"
    RESET = "reset"
    #: Something that was due did not come in time.
    TIMED_OUT = "timed out"
    #: A timer fired before its time.
    TOO_EARLY = "too early"
    #: A client showed another line than it should, or ended with another exit code.
    WRONG_OUTPUT = "wrong output"
    WRONG_EXIT = "wrong exit"
    #: The program under test ended by itself, or could not be started.
    CRASHED = "target crashed"
    NOT_STARTED = "could not start"
    #: The case asks for something that this target does not offer; the reason says what.
    SKIPPED = "skipped"
    #: The suite itself went wrong: never the fault of the target.
    HARNESS_ERROR = "harness error"


class CaseFailed(Exception):
    """A case did not pass. The text tells what was due and what came instead."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


class CaseSkipped(Exception):
    """A case cannot be played against this target; the text says what is lacking."""
