"""How what the suite sends is cut into segments, which must not matter to the target (TRANSPORT-1).

A script is in lock-step: a frame is sent, its reply is read, the next one is sent. BYTEWISE cuts every frame; JOINED lets
frames leave in one segment that the script sends one after another. Frames are only joined where that does not change
what the script means: nobody else acts between them, nothing depends on time, no later frame needs what an earlier
reply tells, and the connection is in state ACTIVE, since HELLO-7 forbids to send on before WELCOME. The replies are
then read in their places. Which frames those are follows from the steps alone, before anything is played.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from impwire.tables import TIMERS, Role

from ..language import CONSOLE, SERVER, Case, Step
from ..language.values import variables_in

#: Bytes at each end of long data that leave one by one, and the size of the pieces between them.
_EDGE, _PIECE = 200, 61
#: Settings under which it matters when, or how much at once, something is sent.
_DELICATE = frozenset(TIMERS) | {"rate_burst", "rate_per_second", "flood_strikes", "send_queue"}
_SENDING = ("sends", "sends bytewise", "sends together", "sends raw")
_FENCE = "receives nothing"
#: Messages that are never sent in advance: each depends on what was received before it.
_ANSWERS = ("PONG", "HELLO")
#: Messages that nothing is sent across: the state changes, or an answer to them is due.
_TURNS = ("WELCOME", "GOODBYE", "PING")


class Segmentation(StrEnum):
    """How the suite cuts what it sends into segments (TRANSPORT-1: that must not matter)."""

    #: A frame a segment, or as the case says.
    AS_IS = "as-is"
    #: Byte by byte.
    BYTEWISE = "bytewise"
    #: As much as can be in one segment.
    JOINED = "joined"


def pieces(data: bytes) -> Iterator[bytes]:
    """The data byte by byte. Of more than 400 bytes only the first and last 200 are, lest 16 KiB take 16,384 calls; what
    is between them comes in pieces of 61 bytes, in step with no field."""
    start, middle = 0, max(len(data) - _EDGE, _EDGE)
    while start < len(data):
        end = start + (_PIECE if _EDGE <= start < middle else 1)
        end = min(end, middle) if start < middle else end
        yield data[start:end]
        start = end


def scripted(case: Case) -> tuple[Step, ...]:
    """The steps of a case and those that no script says: in the end each actor that is still there receives nothing."""
    actors = dict.fromkeys(step.actor for step in case.steps if step.actor not in (CONSOLE, SERVER))
    return (*case.steps, *(Step(actor, _FENCE, place="the end of the case") for actor in actors))


def is_delicate(case: Case) -> bool:
    """Whether the times at which the case's frames are sent belong to what it means."""
    timed = any(step.within is not None or step.after is not None for step in case.steps)
    return timed or not _DELICATE.isdisjoint(case.settings)


def joined(case: Case) -> dict[int, tuple[int, ...]]:
    """Which frames leave together against a server: for the index in `scripted` of a step that sends, those of the
    later steps whose frames stand in its segment, too. A fence is the PING of a step that receives nothing."""
    found: dict[int, tuple[int, ...]] = {}
    if is_delicate(case):
        return found
    steps = scripted(case)
    active: set[str] = set()
    riding: set[int] = set()
    for index, step in enumerate(steps):
        sends = step.verb in _SENDING or step.verb == _FENCE
        leads = sends and index not in riding and step.actor in active and not _answers(step)
        if leads and (riders := tuple(_riders(steps, index))):
            found[index] = riders
            riding.update(riders)
        if step.verb == "joins" or (step.verb == "receives" and step.message == "WELCOME"):
            active.add(step.actor)
        elif step.verb not in ("receives", _FENCE, "reads until", *_SENDING):
            # Whatever else happens, a later `joins` or WELCOME makes the actor active again.
            active.discard(step.actor)
    return found


def _riders(steps: tuple[Step, ...], first: int) -> Iterator[int]:
    """The steps whose frames can stand in the segment of step `first`."""
    actor, leaving = steps[first].actor, _sends_leave(steps[first])
    known = {step.actor for step in steps[:first]}.union(*map(_variables, steps[:first]))
    bound: set[str] = set()
    overtakes_fence = False
    for index in range(first + 1, len(steps)):
        step = steps[index]
        if step.verb == "receives" and (step.actor != actor or step.message not in _TURNS):
            bound |= _variables(step) - known
        elif step.verb == _FENCE and step.actor != actor:
            # What is behind it must not cause anything that the other would see before its PONG.
            overtakes_fence = True
        elif step.actor != actor or leaving:
            return
        elif step.verb == _FENCE:
            yield index
        elif step.verb in _SENDING and not overtakes_fence and not _answers(step) and not _variables(step) & bound:
            leaving = _sends_leave(step)
            yield index
        else:
            return


def _answers(step: Step) -> bool:
    return any(part.message in _ANSWERS for part in step.parts)


def _sends_leave(step: Step) -> bool:
    return any(part.message == "LEAVE" for part in step.parts)


def _variables(step: Step) -> set[str]:
    """The variables that a step names; `$request` is no matter of what was received."""
    binds, needs = variables_in([part.fields for part in step.parts] + list(step.raw))
    return (binds | needs) - {"request"}


# -- the client's side -------------------------------------------------------------------------------------------


def tells(step: Step, actor: str) -> bool:
    """Whether a step of a case that is played to a client, as `actor`, neither waits for the client nor acts at it."""
    if step.actor != actor:
        return True
    return step.verb in ("receives", "receives unshown", "receives raw", _FENCE)


def _frames_told(step: Step, actor: str, *, inside: bool) -> int:
    """How many frames, at most, the suite sends to the client because of the step."""
    if step.actor == actor:
        return step.verb in ("joins", "leaves", "receives", "receives unshown") or len(step.raw)
    return inside and step.verb in ("joins", "leaves")


def joins_for_client(case: Case, actor: str) -> bool:
    """Whether two frames can leave together when the case is played to a client."""
    if is_delicate(case):
        return False
    told, inside = 0, False
    for step in case.steps:
        if not tells(step, actor):
            told = 0
        told += _frames_told(step, actor, inside=inside)
        if told > 1:
            return True
        if step.actor == actor:
            welcomed = step.verb == "joins" or step.message == "WELCOME"
            inside = welcomed or (inside and step.verb in ("receives", "sends", "types", "shows", _FENCE))
    return False


# -- which segmentations make a difference -----------------------------------------------------------------------


def segmentations_of(case: Case, role: Role = Role.SERVER, actor: str = "") -> tuple[Segmentation, ...]:
    """In which segmentations a case is played: a session in all that make a difference, a derived case as it is."""
    found = [Segmentation.AS_IS]
    if case.derived:
        return tuple(found)
    if role is Role.CLIENT:
        found += [Segmentation.BYTEWISE]
        found += [Segmentation.JOINED] if joins_for_client(case, actor) else []
        return tuple(found)
    if any(step.verb in (*_SENDING, "joins", "leaves", "floods") for step in case.steps):
        found.append(Segmentation.BYTEWISE)
    if joined(case) or (not is_delicate(case) and any(_is_cut(step) for step in case.steps)):
        found.append(Segmentation.JOINED)
    return tuple(found)


def _is_cut(step: Step) -> bool:
    """Whether the step itself cuts what it sends, so that there is something to be joined."""
    return step.verb == "sends bytewise" or (step.verb == "sends raw" and len(step.raw) > 1)
