"""Two things wrong with one frame: the one that stands first in the order of REQ-5 decides.

Each way to spoil a frame belongs to a place in that order. Every two that stand next to each other in it, or with one
other between them, are a case if both can be wrong at once and their answers differ. The oracle says which one wins.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from impwire import constructs as k
from impwire.codecs import CODECS, FRAME
from impwire.tables import LEGAL, NUMBERING, PROTOCOL_VERSION, RESERVED_NAMES, Role, State

from ..language import Case
from .oracle import costs
from .samples import REQUEST_ID, assembled, body_of, built, client_messages, home, records, sample, sample_frame
from .script import Script, called

_NEAR = 2


@dataclass(frozen=True)
class Draft:
    """A frame in parts that can be spoiled one by one."""

    message: str
    state: State
    type: int
    length: int | None = None
    flags: int = 0
    request_id: int = REQUEST_ID
    values: dict[str, Any] = field(default_factory=dict)
    extensions: tuple[tuple[int, bytes], ...] = ()
    tail: bytes = b""

    def frame(self) -> bytes:
        body = body_of(built(self.message, sample(self.message) | self.values)) + records(self.extensions) + self.tail
        return assembled(self.type, body, flags=self.flags, request_id=self.request_id, length=self.length)


class Fault(NamedTuple):
    """One way to spoil a draft: the place in the order of REQ-5 that finds it (the step, and what comes first within
    it), a word for the id, words for the title."""

    place: tuple[int, int]
    name: str
    words: str
    changes: dict[str, Any]


def cases() -> Iterator[Case]:
    for message in client_messages():
        yield from _pairs(message)
    yield from _with_the_rate()


def _draft(message: str, *faults: Fault) -> Draft:
    changes: dict[str, Any] = {"state": home(message), "type": CODECS.by_name[message].record.TYPE, "values": {}}
    for fault in faults:
        values = changes["values"] | fault.changes.get("values", {})
        changes |= fault.changes | {"values": values}
    return Draft(message, **changes)


def _pairs(message: str) -> Iterator[Case]:
    faults = list(_faults(message))
    order = sorted({fault.place for fault in faults})
    alone = {fault.name: _play(_draft(message, fault)).answers[-1] for fault in faults}
    for first, second in itertools.combinations(faults, 2):
        far = order.index(second.place) - order.index(first.place) > _NEAR
        if far or _exclude_each_other(first, second) or _same(alone[first.name], alone[second.name]):
            continue
        script = _play(_draft(message, first, second))
        yield script.case(
            f"combinations/{message.lower()}/{first.name}-and-{second.name}",
            f"{message} with {first.words} and {second.words}",
            "REQ-5",
            first=True,
        )


def _play(draft: Draft) -> Script:
    return Script(draft.state).sends_raw(draft.frame())


def _same(one: Any, other: Any) -> bool:
    return bool(
        (one.message, one.code, one.fields["request_id"]) == (other.message, other.code, other.fields["request_id"])
    )


def _exclude_each_other(one: Fault, other: Fault) -> bool:
    """Whether both change the same part of the frame."""
    parts = set(one.changes) & set(other.changes) - {"values"}
    return bool(parts or set(one.changes.get("values", {})) & set(other.changes.get("values", {})))


def _faults(message: str) -> Iterator[Fault]:
    """What can be wrong with a message, in the order of examination."""
    record = CODECS.by_name[message].record
    either = next(last for _, last, sender, _ in NUMBERING if sender == "either")
    yield Fault((1, 0), "too-short", "a length of 5", {"length": FRAME.header_size - FRAME.prefix_size - 1})
    yield Fault((1, 0), "too-long", "a length above every limit", {"length": (1 << 8 * FRAME.prefix_size) - 1})
    yield Fault((2, 0), "type-of-server", "a type that no client may send", {"type": either + 1 + record.TYPE % 64})
    yield Fault((2, 1), "request-id-0", "a request_id of 0", {"request_id": 0})
    for state in (State.CONNECTED, State.ACTIVE):
        if (Role.CLIENT, state, record) not in LEGAL:
            yield Fault((2, 2), "wrong-state", f"the wrong state, {state.value},", {"state": state})
    yield Fault((3, 0), "trailing-byte", "a byte behind its fields", {"tail": b"\x02"})
    for member in CODECS.by_name[message].fields:
        if isinstance(member.subcon, k.Fixed):
            value = {member.name: member.subcon.value ^ 1}
            yield Fault((3, 0), f"other-{member.name}", f"another {member.name}", {"values": value})
    if "min_version" in sample(message):
        versions = dict.fromkeys(("min_version", "max_version"), PROTOCOL_VERSION + 0x100)
        yield Fault((4, 0), "other-version", "versions that the server does not speak", {"values": versions})
    if home(message) is State.ACTIVE:
        yield Fault((6, 0), "unknown-type", "an unknown type in place of its own", {"type": either - 1})
    yield Fault((7, 0), "critical-flag", "a critical flag", {"flags": FRAME.critical_flags & -FRAME.critical_flags})
    yield Fault((7, 0), "odd-extension", "an unknown extension of an odd tag", {"extensions": ((1, b""),)})
    yield from _wrong_values(message)


def _wrong_values(message: str) -> Iterator[Fault]:
    asked = []
    for index, member in enumerate(CODECS.by_name[message].fields):
        name, construct = member.name, member.subcon
        if not isinstance(construct, k.Text):
            continue
        yield Fault((8, index), f"ill-formed-{name}", f"its {called(name)} not UTF-8", {"values": {name: b"a\xff"}})
        if construct.minimum:
            yield Fault((8, index), f"empty-{name}", f"its {called(name)} empty", {"values": {name: ""}})
        if not construct.rule.fullmatch("two words"):
            reserved = {"values": {name: RESERVED_NAMES[0].title()}}
            asked.append(Fault((9, 0), f"reserved-{name}", f"its {called(name)} reserved", reserved))
    yield from asked


#: A full bucket holds one token, and it comes back too late to matter.
_ONE_TOKEN = {"rate_burst": 1, "rate_per_second": 1}


def _with_the_rate() -> Iterator[Case]:
    """Step 5 against the steps around it: a request that finds no token, and has something else wrong. Each asks for a
    server of its own, so it is one message, the one with which most can be wrong, and one fault of each step."""
    costly = [message for message in client_messages() if costs(CODECS.by_name[message].record)]
    message = max(costly, key=lambda name: len({fault.place for fault in _faults(name)}))
    one_of_a_step = {fault.place[0]: fault for fault in reversed(list(_faults(message)))}
    for step, fault in sorted(one_of_a_step.items()):
        if step in (3, 6, 7, 8, 9):
            script = Script(settings=_ONE_TOKEN).sends_raw(sample_frame("PING"), _draft(message, fault).frame())
            id_ = f"combinations/{message.lower()}/no-token-and-{fault.name}"
            yield script.case(id_, f"{message} with no token left and {fault.words}", "REQ-5", first=True)
