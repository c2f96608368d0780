"""How a case can end, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What became of one run of a case. `counts_as` puts each under passed, failed, skipped or known."""

    PASSED = "passed"
    #: Everything that a MUST demands was there; what was missing is a SHOULD.
    NOT_STRICT = "passed but not strict"
    #: A frame came where another was due, or with other values; a GOODBYE where an ERROR was due, for example.
    WRONG_REPLY = "wrong reply"
    #: A frame came that is itself due, but later: it answers a request that has waited less long, or is what a later step
    #: of the same actor expects.
    WRONG_ORDER = "wrong order"
    #: A frame came where silence or the end of the stream was due.
    UNEXPECTED_FRAME = "unexpected frame"
    #: Bytes came that are no message of the protocol, or a frame longer than the limit in force.
    UNREADABLE = "unreadable frame"
    #: The stream ended where something else was due, with or without the target's GOODBYE read before; RESET if by a
    #: reset. A target of ours that has crashed with it has CRASHED.
    CLOSED = "closed"
    RESET = "reset"
    #: Something that was due did not come in time, or the target took no more bytes.
    TIMED_OUT = "timed out"
    #: A timer fired before its time.
    TOO_EARLY = "too early"
    #: A client showed another line than it should.
    WRONG_OUTPUT = "wrong output"
    #: A program ended with another exit code than it should, or a client where something else was due.
    WRONG_EXIT = "wrong exit"
    #: A signal ended the program under test, or an error that it has not caught; or a server ended by itself.
    CRASHED = "target crashed"
    #: It could not be started.
    NOT_STARTED = "could not start"
    #: The case asks for something that this target does not offer; the reason says what.
    SKIPPED = "skipped"
    #: It was skipped for lack of something that the target claims to have.
    CLAIMED = "claimed, but skipped"
    #: It failed as its target's list of known failures says; or it did not, and the list is wrong.
    KNOWN_FAILURE = "known failure"
    KNOWN_FAILURE_PASSED = "known failure that passes"
    KNOWN_FAILURE_DIFFERS = "known failure that fails differently"
    #: It failed, and its target's list says that it sometimes does.
    KNOWN_FLAKY = "known flaky"
    #: The suite itself went wrong: never the fault of the target.
    HARNESS_ERROR = "harness error"

    @property
    def counts_as(self) -> str:
        """`passed`, `failed`, `skipped`, or `known`: expected to fail, so that it neither passes nor fails a run."""
        if self in (Verdict.PASSED, Verdict.NOT_STRICT):
            return "passed"
        if self in (Verdict.KNOWN_FAILURE, Verdict.KNOWN_FLAKY):
            return "known"
        return "skipped" if self is Verdict.SKIPPED else "failed"


class Difference(NamedTuple):
    """A field that is not what was due. `requirement` is the rule that says so, if no step does.

    `field` is a path in a message, such as `who.name`; `type` for a message of another kind; `frame` where nothing, the
    end of the stream or a frame was due and something else came; `line`, `exit code` and `time` for what is no frame.
    """

    field: str
    expected: str
    found: str
    requirement: str = ""

    def __str__(self) -> str:
        rule = f" ({self.requirement})" if self.requirement else ""
        return f"{self.field}: expected {self.expected}, found {self.found}{rule}"


class Limit(NamedTuple):
    """A limit or timer that the server announces with another value than the case is written for.

    `due` is the value that the case asks for (`asked`), or else the default.
    """

    name: str
    announced: int
    due: int
    asked: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """What was due and what came instead, for people and reports.

    `frame` is what came, `marks` the ranges of its bytes that differ (start, end); both are empty if nothing came.
    """

    text: str
    step: str = ""
    place: str = ""
    differences: tuple[Difference, ...] = ()
    frame: bytes = b""
    marks: tuple[tuple[int, int], ...] = ()
    #: The last lines that the target has written.
    output: str = ""
    #: What may be behind it: the case is written for a server with other limits.
    limits: tuple[Limit, ...] = ()


class CaseFailed(Exception):
    """A case did not pass. The text tells what was due and what came instead."""

    def __init__(
        self,
        verdict: Verdict,
        text: str,
        *,
        differences: tuple[Difference, ...] = (),
        frame: bytes = b"",
        marks: tuple[tuple[int, int], ...] = (),
    ) -> None:
        super().__init__(text)
        self.verdict = verdict
        self.failure = Failure(text, differences=differences, frame=frame, marks=marks)

    def at(self, step: str, place: str) -> CaseFailed:
        """The same failure, which now knows its step; one that knows it already keeps it."""
        if not self.failure.step:
            self.failure = replace(self.failure, step=step, place=place)
        return self


class CaseSkipped(Exception):
    """A case cannot be played against this target; the text says what is lacking."""
