"""Layout: frames that are cut, that lie about a length inside them, or that have something behind their fields.

Every rule here is one of sections 4 and 5 of protocol.txt, whose breach is MALFORMED and ends the connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from impwire import constructs as k
from impwire.codecs import CODECS, FRAME
from impwire.tables import State

from ..language import Case
from .samples import assembled, body_of, client_messages, home, sample_frame
from .script import Script, called
from .walk import Item, walk

#: What may stand behind the fields without being a whole number of extensions.
_TAILS = {
    "one-byte": b"\x00",
    "tag-and-half-a-length": b"\x02\x00",
    "value-cut": b"\x02\x00\x02\xca",
    "value-of-65535": b"\x02\xff\xff\xca\xfe",
    "byte-behind-extension": b"\x02\x00\x01\xca\x00",
    "second-extension-cut": b"\x02\x00\x00\x04\x00\x01",
}


def cases() -> Iterator[Case]:
    for message in client_messages():
        yield from _short(message)
        yield from _ended(message)
        yield from _lying_counts(message)
        yield from _tails(message)
        yield from _fixed(message)
    for state in (State.CONNECTED, State.ACTIVE):
        script = Script(state, watched=True).ends_stream()
        yield script.case(
            f"layout/end/{state.value.lower()}", f"An end of the stream between two frames in state {state.value}"
        )


def _short(message: str) -> Iterator[Case]:
    """The body is cut at each byte, and the length says so."""
    frame = sample_frame(message)
    type_, body = CODECS.by_name[message].record.TYPE, body_of(frame)
    for size in range(len(body)):
        script = Script(home(message)).sends_raw(assembled(type_, body[:size]))
        yield script.case(
            f"layout/{message.lower()}/cut-to-{size}", f"{message} with {size} of the {len(body)} bytes of its body"
        )


def _ended(message: str) -> Iterator[Case]:
    """The stream ends inside the frame, behind each of its bytes; the others learn of it (END-7)."""
    frame = sample_frame(message)
    for size in range(1, len(frame)):
        script = Script(home(message), watched=size == FRAME.header_size).ends_stream(frame[:size])
        proves = ("END-7",) if script.now.others else ()
        subject = f"{message} that is cut by the end of the stream behind {size} of its {len(frame)} bytes"
        yield script.case(f"layout/{message.lower()}/ends-after-{size}", subject, *proves)


def _lying_counts(message: str) -> Iterator[Case]:
    """The count in front of a string or an array is another one, and nothing else is."""
    frame = sample_frame(message)
    for item in walk(message, frame).items:
        if not item.width:
            continue
        right = _count(frame, item)
        lies = {"less": right - 1, "more": right + 1, "none": 0, "most": (1 << 8 * item.width) - 1}
        for name, number in lies.items():
            if number < 0 or number == right:
                continue
            at = item.start - item.width
            lying = frame[:at] + number.to_bytes(item.width, "big") + frame[item.start :]
            script = Script(home(message)).sends_raw(lying)
            yield script.case(
                f"layout/{message.lower()}/{_slug(item)}-count-{name}",
                f"{message} whose {called(item.path)} has {right} bytes and a count of {number}",
                "TYPE-2",
            )


def _count(frame: bytes, item: Item) -> int:
    return int.from_bytes(frame[item.start - item.width : item.start], "big")


def _tails(message: str) -> Iterator[Case]:
    frame = sample_frame(message)
    type_, body = CODECS.by_name[message].record.TYPE, body_of(frame)
    for name, tail in _TAILS.items():
        script = Script(home(message)).sends_raw(assembled(type_, body + tail))
        yield script.case(
            f"layout/{message.lower()}/behind-it-{name}", f"{message} with {tail.hex(' ')} behind its fields"
        )


def _fixed(message: str) -> Iterator[Case]:
    """A value that is fixed, or has few values, is another one, in each of its bytes."""
    frame = sample_frame(message)
    for item in walk(message, frame).items:
        for name, number in _wrong_numbers(item):
            data = number.to_bytes(len(item.data), "big")
            script = Script(home(message)).sends_raw(frame[: item.start] + data + frame[item.start + len(data) :])
            yield script.case(
                f"layout/{message.lower()}/{_slug(item)}-{name}", f"{message} whose {called(item.path)} is {number:#x}"
            )


def _wrong_numbers(item: Item) -> Iterator[tuple[str, int]]:
    construct, bits = item.construct, 8 * len(item.data)
    if isinstance(construct, k.Fixed):
        for place in range(len(item.data)):
            yield f"other-byte-{place}", construct.value ^ 1 << (bits - 8 - 8 * place)
        yield "reversed", int.from_bytes(item.data, "little")
        yield "zero", 0
    elif isinstance(construct, k.Boolean):
        yield from (("two", 2), ("255", 255))
    elif isinstance(construct, k.Enumeration) and not construct.open:
        known = sorted(set(map(int, construct.members)))
        yield from (
            (f"value-{number}", number) for number in (0, known[-1] + 1, (1 << bits) - 1) if number not in known
        )
    elif isinstance(construct, k.Integer):
        if construct.minimum > 0:
            yield "below", construct.minimum - 1
        if construct.maximum < (1 << bits) - 1:
            yield "above", construct.maximum + 1


def _slug(item: Item) -> str:
    return item.path.replace("_", "-").replace(".", "-").replace("[", "-").replace("]", "")
