"""One order of all acts that explains the recording, so that it can be played again a step at a time.

Clients act at once, and what one recorder sees of many connections is not the order in which the server handled them.
These things are known of that order, and any order that agrees with all of them gives the same frames again:

- each client's acts were handled as they were sent, and each connection tells the causes of its frames in turn (ORD-2);
- public events were numbered (ORD-3), and who was not told of one was not there any more, or not yet (ORD-5);
- what was seen before an act was sent was caused before it;
- a name was free when it was taken, and borne when it was refused as taken (NAME-3, NAME-5).
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from impwire import messages as m

from .causes import Act, Causes, Course
from .tape import What

_Graph = TopologicalSorter["Act | int"]


def in_order(causes: Causes) -> list[Act]:
    """The acts in an order that agrees with all that is known; the names are given up first if there is none."""
    for edges in (lambda: [*_known(causes), *_of_names(causes)], lambda: _known(causes)):
        try:
            return _sorted(causes.acts, list(edges()))
        except CycleError:
            continue
    return sorted(causes.acts, key=_seen)


def _seen(act: Act) -> int:
    return act.at if act.seen is None else act.seen


def _known(causes: Causes) -> Iterator[tuple[Act, Act]]:
    """Pairs of acts, the earlier one first."""
    for course in causes.courses.values():
        yield from pairwise(course.inputs)
        yield from ((first, second) for (_, first), (_, second) in pairwise(course.outputs) if first is not second)
        yield from _of_others(course)
    numbered = sorted((act for act in causes.acts if act.seq), key=lambda act: act.seq)
    yield from pairwise(numbered)
    hellos = {course.hello for course in causes.courses.values() if course.hello is not None}
    for course in causes.courses.values():
        if course.user is not None and course.ending is not None and not course.ending.seq:
            yield from _untold(course, course.ending, numbered, hellos)
            if course.goodbye is None:
                yield from _unseen(course.ending, causes.courses.values())


def _of_others(course: Course) -> Iterator[tuple[Act, Act]]:
    """What others did to a connection: after it was there and, if it was ended so, after all that was still answered."""
    yield from ((course.inputs[0], cause) for _, cause in course.outputs if cause.entry is None)
    ending = course.ending
    if course.goodbye is None or ending is None or ending.entry is not None:
        return
    late = False
    for act in course.inputs[1:]:
        late = late or not (act.effects or (act.entry is not None and act.entry.what is What.BYTES))
        yield (ending, act) if late else (act, ending)


def _untold(course: Course, ending: Act, numbered: list[Act], hellos: Container[Act]) -> Iterator[tuple[Act, Act]]:
    """The end of a user of which nobody was told, before what the user was not told of, and before the next who came."""
    last = max(act.seq for act in (*course.inputs, *(act for _, act in course.outputs)))
    for act in numbered:
        joined_later = act in hellos and _seen(act) > ending.at
        if act.seq > last and (course.goodbye is not None or joined_later):
            yield ending, act
            return


def _unseen(loss: Act, courses: Iterable[Course]) -> Iterator[tuple[Act, Act]]:
    """The loss of a user of which nobody was told, behind the end of those who were there then."""
    for other in courses:
        was_there = other.hello is not None and _seen(other.hello) < loss.at
        if was_there and other.goodbye is not None and other.ending is not None:
            yield other.ending, loss


def _sorted(acts: list[Act], pairs: list[tuple[Act, Act]]) -> list[Act]:
    """Raises `CycleError` if the pairs contradict each other."""
    graph: _Graph = TopologicalSorter()
    for first, second in pairs:
        graph.add(second, first)
    # Moments stand in the graph for the passing of time: an act comes before the first moment after its first effect.
    moments = sorted({act.at for act in acts})
    for earlier, later in pairwise(moments):
        graph.add(later, earlier)
    for act in acts:
        graph.add(act)
        if act.entry is not None:  # When the others began is not known.
            graph.add(act, act.at)
        if act.seen is not None and (after := bisect_right(moments, act.seen)) < len(moments):
            graph.add(moments[after], act)
    graph.prepare()
    found: list[Act] = []
    ready: list[tuple[bool, int, int]] = []
    by_at = {act.at: act for act in acts}
    while graph.is_active():
        for node in graph.get_ready():
            if isinstance(node, int):
                graph.done(node)
            else:
                heapq.heappush(ready, (not _continues(found, node), _seen(node), node.at))
        if ready:
            act = by_at[heapq.heappop(ready)[2]]
            found.append(act)
            graph.done(act)
    return found


def _continues(found: list[Act], act: Act) -> bool:
    """Whether the act came in one piece with the one before it: nothing need stand between them."""
    if not found or act.entry is None or found[-1].entry is None:
        return False
    return found[-1].connection == act.connection and found[-1].entry.piece == act.entry.piece


@dataclass
class _Tenure:
    """That somebody bore a name: from which act to which; None where nobody has seen the end."""

    taken: Act
    freed: Act | None = None


def _of_names(causes: Causes) -> Iterator[tuple[Act, Act]]:
    tenures: dict[str, list[_Tenure]] = {}
    for course in causes.courses.values():
        for name, tenure in _tenures(course):
            tenures.setdefault(name, []).append(tenure)
    for found in tenures.values():
        found.sort(key=lambda tenure: tenure.taken.seq)
        yield from ((one.freed, other.taken) for one, other in pairwise(found) if one.freed not in (None, other.taken))
    for act in causes.acts:
        if isinstance(act.message, m.Hello) and any(_is_taken(effect.message) for effect in act.answers()):
            yield from _borne(act, tenures.get(str(act.message.name).lower(), []))


def _tenures(course: Course) -> Iterator[tuple[str, _Tenure]]:
    held: tuple[str, _Tenure] | None = None
    for act in course.inputs:
        if isinstance(act.message, (m.Hello, m.Rename)) and (act is course.hello or _renames(act)):
            if held is not None:
                held[1].freed = act
            held = (act.message.name.lower(), _Tenure(act))
            yield held
    if held is not None and held[1].freed is None:
        held[1].freed = course.ending


def _renames(act: Act) -> bool:
    """Whether the act has changed a name: not one that was refused, that named the same again, or that ended a stay."""
    told = any(isinstance(effect.message, (m.Ok, m.Renamed)) for effect in act.effects)
    return bool(act.seq) and told and isinstance(act.message, m.Rename)


def _borne(refused: Act, tenures: list[_Tenure]) -> Iterator[tuple[Act, Act]]:
    """The refusal stands within the first tenure that it can have met."""
    for tenure in tenures:
        freed_before = tenure.freed is not None and tenure.freed.seen is not None and tenure.freed.seen < refused.at
        if not freed_before and tenure.taken.at < _seen(refused):
            yield tenure.taken, refused
            if tenure.freed is not None:
                yield refused, tenure.freed
            return


def _is_taken(message: object) -> bool:
    return isinstance(message, m.Error) and message.code == m.ErrorCode.NAME_TAKEN
