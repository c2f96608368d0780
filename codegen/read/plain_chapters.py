"""The chapters of the document for a spec that has none of its own: everything that an implementer has to know."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Block, Chapter, Failures, Frame, Insert, Prose

_FAULTS = (
    "Bytes that cannot be read as a message are answered with {malformed}; a frame that is longer than its receiver takes, "
    "with {too_large}; a message that its sender may not send in that state, with {unexpected}; a type that its receiver "
    "does not know, with {unknown_type}; an unknown critical flag or extension, with {unsupported_critical}."
)


def plain_chapters(
    byte_order: str, frame: Frame, failures: Failures, *, limits: bool, sessions: bool, vectors: bool
) -> tuple[Chapter, ...]:
    """The chapters; `limits`, `sessions` and `vectors` tell whether there are such."""
    found = [
        Chapter("frame", "Frames", tuple(_frame(byte_order, frame))),
        Chapter("types", "Data types", (Insert("types"),)),
        Chapter("states", "States", (Insert("states"),)),
        Chapter("messages", "Messages", (Insert("messages"),)),
    ]
    if failures.outcomes:
        codes = {name: getattr(failures, name) for name in failures.__dataclass_fields__}
        found.append(Chapter("errors", "Errors", (Insert("errors"), Prose(_FAULTS.format(**codes)))))
    if limits:
        found.append(Chapter("limits", "Limits and timers", (Insert("limits"),)))
    if sessions:
        found.append(Chapter("sessions", "Worked sessions", (Insert("sessions"),)))
    if vectors:
        found.append(Chapter("vectors", "Examples", (Insert("vectors"),)))
    return tuple(found)


def _frame(byte_order: str, frame: Frame) -> Iterator[Block]:
    end = "most" if byte_order == "big" else "least"
    yield Prose(f"Numbers are sent with the {end} significant byte first.")
    yield Insert("frame")
    flags = frame.field("flags")
    if flags is not None:
        text = f"A receiver ignores a bit of {flags.name} that it does not know"
        critical = f", unless it is one of {frame.critical_flags:#x}: then it refuses the message"
        yield Prose(text + (critical if frame.critical_flags else "") + ".")
    if frame.extension is not None:
        yield Prose(
            "Behind its fields a message may bear extensions, any number of them, until the frame ends. Of equal tags the "
            "first counts. A receiver ignores an extension with an even tag that it does not know, and refuses a message "
            "that bears one with an odd tag that it does not know."
        )
        yield Insert("extension")
