"""The client's side: a server sends what it must not, and the client ends the connection; or what the client does not
know and may pass over.

Each of these starts a client, so there is one for each kind of fault and message, and what is passed over comes many
frames to a case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from impwire import constructs as k
from impwire import messages as m
from impwire.codecs import CODECS, FRAME
from impwire.tables import EVENTS, MAX_FRAME_BEFORE_WELCOME, NUMBERING, State

from ..language import Case, Part, Step
from .client_oracle import Duty, duty
from .oracle import ACTOR
from .samples import assembled, body_of, built, client_messages, records, sample, sample_frame, server_messages
from .script import WATCHER, an, case_of, step
from .values import ILL_FORMED
from .walk import Item, text_fault, walk

_EVENTS = [record.NAME for record in EVENTS]
_SMALLEST = FRAME.header_size - FRAME.prefix_size
_IGNORABLE = 0xFF & ~FRAME.critical_flags
#: The exit codes of CLIENT-7: after a GOODBYE with these codes, and after any other end.
_EXIT_CODES = {m.GoodbyeCode.LEFT: 0, m.GoodbyeCode.KICKED: 3, m.GoodbyeCode.BANNED: 3}
_LOST = 1


def cases() -> Iterator[Case]:
    for message in _EVENTS:
        yield from _spoiled_event(message)
        yield _unusual_event(message)
    yield from _wrong_values()
    yield from _out_of_turn()
    yield from _lengths()
    yield from _before_welcome()
    yield from _spoiled_welcome()
    yield from _spoiled_replies()
    yield _unusual_replies()
    yield from _endings()
    yield _unknown_ending()
    yield _refusals()
    yield _reasons_of_leaving()
    yield _unknown_events()


def _ended(what: str, words: str, data: bytes, state: State = State.ACTIVE) -> Case:
    """The server sends these bytes, and the client has to end the connection."""
    due, rules = duty(data, state)
    assert due is Duty.ENDS, what
    steps = [*_begun(state), step(ACTOR, "receives raw", raw=(data.hex(),)), *_END]
    return _case(what, f"A client that gets {words} ends the connection", rules, steps)


def _case(what: str, title: str, rules: tuple[str, ...], steps: list[Step]) -> Case:
    return case_of(f"client/{what}", title, tuple(dict.fromkeys(rules)), steps, clients=(ACTOR,), server=False)


def _begun(state: State) -> list[Step]:
    if state is not State.CONNECTED:
        return [step(ACTOR, "joins")]
    return [step(ACTOR, "connects"), step(ACTOR, "sends", Part("HELLO", {"name": ACTOR}))]


_END = (step(ACTOR, "is closed"), step(ACTOR, "exits", number=_LOST))


def _event(message: str, **values: Any) -> bytes:
    return built(message, {**sample(message), "request_id": 0, **values})


def _spoiled_event(message: str) -> Iterator[Case]:
    name, frame = message.lower(), _event(message)
    type_, body = CODECS.by_name[message].record.TYPE, body_of(frame)
    half = assembled(type_, body[: len(body) // 2], request_id=0)
    yield _ended(f"{name}/cut", f"a {message} with half of its body", half)
    tail = assembled(type_, body + b"\x02\x00", request_id=0)
    yield _ended(f"{name}/trailing-bytes", f"a {message} with two bytes behind its fields", tail)
    critical = _event(message, flags=FRAME.critical_flags & -FRAME.critical_flags)
    yield _ended(f"{name}/critical-flag", f"a {message} with a critical flag", critical)
    odd = assembled(type_, body + records([(2, b""), (1, b"")]), request_id=0)
    yield _ended(f"{name}/odd-extension", f"a {message} with an unknown extension of an odd tag", odd)
    yield _ended(f"{name}/request-id", f"a {message} with a request_id", _event(message, request_id=1))


def _unusual_event(message: str) -> Case:
    """What may not disturb a client: flags and extensions that it may ignore, and strings as long as they can be."""
    begun = [*_begun(State.ACTIVE), step(WATCHER, "joins")]
    fields = {member.name: member.subcon for member in CODECS.by_name[message].fields}
    usual = {name: value for name, value in sample(message).items() if name not in ("seq", "time", "session_id")}
    if "who" in fields:
        usual["who"] = f"${WATCHER}"
    longest = {name: {"bytes": subcon.maximum} for name, subcon in fields.items() if isinstance(subcon, k.Text)}
    seen = [
        usual | {"flags": _IGNORABLE},
        usual | {"extensions": [[254, "cafe"], [0, ""]]},
        usual | {"extensions": [[2, "01"], [2, "02"]]},
        usual | longest,
    ]
    seen += [
        usual | {name: 200} for name, subcon in fields.items() if isinstance(subcon, k.Enumeration) and subcon.open
    ]
    steps = begun + [step(ACTOR, "receives", Part(message, values)) for values in seen]
    title = f"A client shows a {message} with ignorable flags, extensions of even tags, and values at their bounds"
    rules = ("EXT-3", "EXT-5", "CLIENT-4") + (("TYPE-1",) if len(seen) > 4 else ())
    return _case(f"{message.lower()}/ignorable", title, rules, steps)


def _wrong_values() -> Iterator[Case]:
    """Every string of an event breaks one rule; from string to string it is another one."""
    turn = 0
    for message in _EVENTS:
        frame = _event(message)
        for item in walk(message, frame).items:
            if isinstance(item.construct, k.Text):
                faults = _bad_strings(item.construct)
                words, data = faults[turn % len(faults)]
                turn += 1
                yield _with(message, frame, item, data, words)
            elif isinstance(item.construct, k.Enumeration) and not item.construct.open:
                last = max(map(int, item.construct.members))
                for number in (0, last + 1):
                    yield _with(message, frame, item, bytes([number]), f"is {number}, which is none of its values,")
            elif isinstance(item.construct, k.Integer) and item.construct.minimum and message == _EVENTS[0]:
                below = item.construct.minimum - 1
                yield _with(message, frame, item, below.to_bytes(len(item.data), "big"), f"is {below}")


def _with(message: str, frame: bytes, item: Item, data: bytes, words: str) -> Case:
    """An event in which one field has other bytes."""
    count = len(data).to_bytes(item.width, "big") if item.width else b""
    body = frame[FRAME.header_size : item.start - item.width] + count + data + frame[item.start + len(item.data) :]
    bad = assembled(CODECS.by_name[message].record.TYPE, body, request_id=0)
    path = item.path.replace("_", "-").replace(".", "-")
    kind = words.split(",")[0].replace(" ", "-").lower()
    return _ended(f"{message.lower()}/{path}-{kind}", f"a {message} whose {item.path} {words}", bad)


def _bad_strings(construct: k.Text) -> list[tuple[str, bytes]]:
    """Strings that break a rule of the construct, each another one."""
    tried = [
        ("is not UTF-8", ILL_FORMED["cut-inside"][1]),
        ("is empty", b""),
        ("is too long", b"x" * (construct.maximum + 1)),
        ("has a control character", b"a\x1bb"),
        ("has a surrogate", ILL_FORMED["surrogate-first"][1]),
        ("has a C1 character", "a\u009bb".encode()),
    ]
    return [(words, data) for words, data in tried if text_fault(construct, data, construct.maximum)]


def _out_of_turn() -> Iterator[Case]:
    """What the table of section 7 does not allow the server to send, and replies that nobody has asked for."""
    for message in client_messages():
        if message not in server_messages():
            yield _ended(f"{message.lower()}/from-server", f"a {message} from the server", sample_frame(message))
    for message in server_messages():
        frame = sample_frame(message)
        if duty(frame, State.ACTIVE)[0] is Duty.ENDS and message not in _EVENTS:
            yield _ended(f"{message.lower()}/unasked", f"{an(message)} that answers nothing", frame)
    for name, unknown in _unknown_types().items():
        if name != "event":
            words = f"a frame of type {unknown[0]:#04x}, which is no message,"
            yield _ended(f"unknown-{name}/{unknown[0]:02x}", words, assembled(unknown[0]))
    yield _ended("unknown-type/00", "a frame of type 0x00", assembled(0))
    yield _ended(
        "ping/request-id-0", "a PING with a request_id of 0", built("PING", sample("PING") | {"request_id": 0})
    )


def _unknown_types() -> dict[str, list[int]]:
    """The types that are no message, by the name of their range in the table of section 4."""
    return {
        kind or sender: [type_ for type_ in range(first, last + 1) if type_ not in CODECS.by_type]
        for first, last, sender, kind in NUMBERING
    }


def _lengths() -> Iterator[Case]:
    for length in (0, _SMALLEST - 1):
        yield _ended(f"length/{length}", f"a length of {length}", length.to_bytes(FRAME.prefix_size, "big"))
    yield _ended("length/all-ones", "the greatest length", b"\xff" * FRAME.prefix_size)


def _before_welcome() -> Iterator[Case]:
    connected = State.CONNECTED
    too_long = (MAX_FRAME_BEFORE_WELCOME + 1).to_bytes(FRAME.prefix_size, "big")
    yield _ended("length/513-before-welcome", "a length of 513 before WELCOME", too_long, state=connected)
    yield _ended("length/5-before-welcome", "a length of 5 before WELCOME", b"\x00\x00\x00\x05", state=connected)
    event = assembled(_unknown_types()["event"][0], request_id=0)
    yield _ended("unknown-event/before-welcome", "an unknown event before WELCOME", event, state=connected)
    for message in (*_EVENTS[:1], m.Ping.NAME, m.Ok.NAME):
        frame = _event(message) if message in _EVENTS else sample_frame(message)
        yield _ended(f"{message.lower()}/before-welcome", f"{an(message)} before WELCOME", frame, state=connected)


#: WELCOMEs, each wrong in one thing: what, in words, its fields, and what demands that the client ends the connection.
_WELCOMES: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
    ("critical-flag", "a critical flag", {"flags": 1}, ("EXT-7",)),
    ("odd-extension", "an unknown extension of an odd tag", {"extensions": [[1, ""]]}, ("EXT-7",)),
    ("too-long", "more than 512 bytes", {"extensions": [[2, "00" * 512]]}, ("FRAME-4", "STATE-4")),
    ("other-request-id", "the request_id of no request", {"request_id": "$request + 1"}, ("STATE-7", "STATE-4")),
    ("name-invalid", "a name that is none", {"name": "9"}, ("STATE-4",)),
    ("label-with-control", "a control character in server_name", {"server_name": "a\x1bb"}, ("STATE-4",)),
)


def _spoiled_welcome() -> Iterator[Case]:
    """The first reply of all: what is wrong with it ends the connection before it has begun."""
    for what, words, fields, rules in _WELCOMES:
        steps = [*_begun(State.CONNECTED), step(ACTOR, "receives unshown", Part("WELCOME", fields)), *_END]
        yield _case(f"welcome/{what}", f"A client that gets a WELCOME with {words} ends the connection", rules, steps)


#: Replies to a SAY, in the same way (STATE-7).
_REPLIES: tuple[tuple[str, str, str, dict[str, Any], tuple[str, ...]], ...] = (
    ("OK", "other-request-id", " with another request_id", {"request_id": "$request + 1"}, ("STATE-7", "STATE-4")),
    ("OK", "critical-flag", " with a critical flag", {"flags": 8}, ("EXT-7",)),
    ("OK", "odd-extension", " with an unknown extension of an odd tag", {"extensions": [[255, "00"]]}, ("EXT-7",)),
    ("ROSTER", "to-another-request", ", which is no reply to it,", {}, ("STATE-7", "STATE-4")),
    (
        "ERROR",
        "of-another-type",
        " with the type of another request",
        {"request_type": m.Pm.TYPE},
        ("STATE-7", "STATE-4"),
    ),
    ("ERROR", "detail-with-line-feed", " with a line feed in its detail", {"detail": "a\nb"}, ("STATE-4",)),
    ("ERROR", "detail-not-utf-8", " with a detail that is not UTF-8", {"detail": {"hex": "ff"}}, ("STATE-4",)),
)


def _spoiled_replies() -> Iterator[Case]:
    asked = step(ACTOR, "sends", Part("SAY", {"text": "hello"}))
    for message, what, words, fields, rules in _REPLIES:
        given = {"code": m.ErrorCode.TEXT_EMPTY.name} | fields if message == m.Error.NAME else fields
        steps = [*_begun(State.ACTIVE), asked, step(ACTOR, "receives unshown", Part(message, given)), *_END]
        title = f"A client whose SAY is answered by {an(message)}{words} ends the connection"
        yield _case(f"{message.lower()}/{what}", title, rules, steps)


def _unusual_replies() -> Case:
    """Every reply, and PING, with what a client may not be disturbed by."""
    ignorable: dict[str, Any] = {"flags": _IGNORABLE, "extensions": [[2, "cafe"]]}
    told = [
        (Part("HELLO", {"name": ACTOR}), Part("WELCOME", ignorable)),
        (Part("SAY", {"text": "hello"}), Part("OK", ignorable)),
        (Part("SAY", {"text": "again"}), Part("ERROR", {"code": 200, **ignorable})),
        (Part("WHO", {}), Part("ROSTER", ignorable)),
    ]
    steps = [step(ACTOR, "connects")]
    for request, reply in told:
        steps += [step(ACTOR, "sends", request), step(ACTOR, "receives", reply)]
    steps += [step(ACTOR, "receives", Part("PING", ignorable)), step(ACTOR, "sends", Part("PONG", {}))]
    title = (
        "A client takes replies, and PING, with flags and extensions that it may ignore, and an ERROR of a code to come"
    )
    return _case("replies/ignorable", title, ("EXT-3", "EXT-5", "ERROR-3", "TYPE-1"), steps)


def _endings() -> Iterator[Case]:
    """Each GOODBYE that there is, in the words of the table and not in those of the server."""
    for code in m.GoodbyeCode:
        ending = step(ACTOR, "receives", Part("GOODBYE", {"code": code.name, "detail": ""}))
        steps = [*_begun(State.ACTIVE), ending, step(ACTOR, "exits", number=_EXIT_CODES.get(code, _LOST))]
        title = f"A client that is sent away with {code.name} says so and ends with the exit code that is due"
        yield _case(f"goodbye/{code.name.lower().replace('_', '-')}", title, ("CLIENT-4", "CLIENT-7"), steps)


def _refusals() -> Case:
    """Each ERROR that there is, in the words of the table and in those of the server, and none ends the connection."""
    steps = _begun(State.ACTIVE)
    for code in m.ErrorCode:
        for detail in ("", f"detail of {code.name}"):
            steps.append(step(ACTOR, "sends", Part("SAY", {"text": "hello"})))
            steps.append(step(ACTOR, "receives", Part("ERROR", {"code": code.name, "detail": detail})))
    title = "A client says why a request is refused, for each code, and goes on"
    return _case("error/each-code", title, ("CLIENT-4", "REQ-4"), steps)


def _reasons_of_leaving() -> Case:
    """Each reason for which another user can be gone."""
    steps = _begun(State.ACTIVE)
    for reason in m.LeftReason:
        steps.append(step(WATCHER, "joins"))
        steps.append(step(ACTOR, "receives", Part("LEFT", {"who": f"${WATCHER}", "reason": reason.name})))
    title = "A client says how another user has gone, for each reason"
    return _case("left/each-reason", title, ("CLIENT-4", "LEFT-2"), steps)


def _unknown_ending() -> Case:
    fields = {"code": 200, "flags": _IGNORABLE, "extensions": [[2, "cafe"]]}
    steps = [*_begun(State.ACTIVE), step(ACTOR, "receives", Part("GOODBYE", fields)), *_END]
    return _case("goodbye/unknown-code", "A client ends at a GOODBYE of a code to come", ("GOODBYE-2", "TYPE-1"), steps)


def _unknown_events() -> Case:
    """Types of events that nobody knows yet, with any flags and any body (EXT-12)."""
    unknown = _unknown_types()["event"]
    frames = [assembled(type_, b"\xff" * (type_ % 5), flags=type_ & 0xFF, request_id=0) for type_ in unknown]
    assert all(duty(frame, State.ACTIVE)[0] is Duty.PASSES_OVER for frame in frames)
    steps = [*_begun(State.ACTIVE), step(ACTOR, "receives raw", raw=tuple(frame.hex() for frame in frames))]
    title = f"A client passes over an event of each of the {len(frames)} types that it does not know, whatever its flags and body"
    return _case("unknown-event/passed-over", title, ("EXT-12",), steps)
