"""The header: types that are not assigned or not the client's, flags, request_id 0, lengths, and extensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from impwire.codecs import CODECS, FRAME
from impwire.tables import LIMITS, MAX_FRAME_BEFORE_WELCOME, NUMBERING, State

from ..language import Case
from .oracle import Frame
from .samples import assembled, client_messages, home, padded, sample_frame
from .script import Script

_FLAGS = 1 << 8 * next(field.subcon.sizeof() for field in FRAME.fields if field.role == "flags")
_SMALLEST = FRAME.header_size - FRAME.prefix_size

#: What others hear of when it is accepted.
_HEARD = ("HELLO", "SAY", "PM", "RENAME", "LEAVE")

#: Lists of extensions, and what is worth knowing of each.
_EXTENSIONS: dict[str, tuple[list[tuple[int, str]], str]] = {
    "even": ([(2, "")], "an unknown extension of tag 2, without a value"),
    "even-with-value": ([(254, "cafe")], "an unknown extension of tag 254"),
    "even-tag-0": ([(0, "00")], "an unknown extension of tag 0"),
    "even-in-any-order": ([(250, "01"), (4, ""), (16, "0203")], "three unknown extensions of even tags, in no order"),
    "odd": ([(1, "")], "an unknown extension of tag 1, without a value"),
    "odd-with-value": ([(255, "cafe")], "an unknown extension of tag 255"),
    "odd-behind-even": ([(2, "ff"), (3, "")], "an unknown extension of an odd tag behind one of an even tag"),
    "odd-before-even": ([(3, ""), (2, "ff")], "an unknown extension of an odd tag before one of an even tag"),
}


def cases() -> Iterator[Case]:
    yield from _types()
    yield from _lengths()
    for message in client_messages():
        yield from _flags(message)
        yield from _extensions(message)
        yield from _request_id(message)


def _types() -> Iterator[Case]:
    """Each type that is no message in state ACTIVE, and the ends of every gap in CONNECTED. (Messages: see `states`.)"""
    bounds = {bound for first, last, *_ in NUMBERING for bound in (first, last)} | set(CODECS.by_type)
    for type_ in range(256):
        near = not bounds.isdisjoint((type_ - 1, type_, type_ + 1))
        for state in (State.CONNECTED, State.ACTIVE) if near else (State.ACTIVE,):
            if type_ in CODECS.by_type:
                continue
            # Bodies are not looked at: some have none, some have what no layout would allow.
            frame = assembled(type_, b"\xff" * (type_ % 4))
            script = Script(state).sends_raw(frame)
            proves = ("ERROR-2",) if script.answers[-1].message == "ERROR" else ()
            yield script.case(
                f"header/{_range(type_)}/{type_:02x}-{state.value.lower()}",
                f"A frame of type {type_:#04x}, which is no message, in state {state.value}",
                *proves,
            )


def _range(type_: int) -> str:
    """The name of the range of types in the table of section 4."""
    for first, last, sender, kind in NUMBERING:
        if first <= type_ <= last:
            return f"unknown-{kind or sender}"
    return "unknown-type"


def _lengths() -> Iterator[Case]:
    for state in (State.CONNECTED, State.ACTIVE):
        name = state.value.lower()
        for length in range(_SMALLEST):
            script = Script(state).sends_raw(length.to_bytes(FRAME.prefix_size, "big"))
            yield script.case(
                f"header/length/{length}-{name}", f"A length of {length} in state {state.value}", "FRAME-3", "GOODBYE-1"
            )
        script = Script(state).sends_raw(b"\xff" * FRAME.prefix_size)
        yield script.case(f"header/length/all-ones-{name}", f"The greatest length in state {state.value}", "FRAME-3")
        # A length that is refused cannot be answered under the request_id, though all of the header is there.
        short = (_SMALLEST - 1).to_bytes(FRAME.prefix_size, "big") + sample_frame("PING")[FRAME.prefix_size :]
        script = Script(state).sends_raw(short)
        yield script.case(
            f"header/length/5-of-ping-{name}", f"A PING with a length of 5 in state {state.value}", "GOODBYE-1"
        )
    for more in (-1, 0, 1):
        length = MAX_FRAME_BEFORE_WELCOME + more
        script = Script(State.CONNECTED).sends_long(*padded("HELLO", length))
        yield script.case(f"header/length/{length}-connected", f"A HELLO with a length of {length}")
    above = LIMITS["max_frame"].maximum + 1
    script = Script().sends_raw(above.to_bytes(FRAME.prefix_size, "big"))
    yield script.case(f"header/length/{above}-active", "A length above any max_frame", "FRAME-3")


def _flags(message: str) -> Iterator[Case]:
    """Each flag alone; all that may be ignored; all at once."""
    ignorable = _FLAGS - 1 & ~FRAME.critical_flags
    choices = [1 << bit for bit in range((_FLAGS - 1).bit_length())] + [ignorable, _FLAGS - 1]
    for flags in choices:
        script = Script(home(message), watched=message in _HEARD and flags in (1, ignorable))
        script.sends(message, flags=flags)
        proves = () if flags & FRAME.critical_flags else ("EXT-3",)
        yield script.case(
            f"header/{message.lower()}/flags-{flags:02x}", f"{message} with the flags {flags:#04x}", *proves, first=True
        )


def _extensions(message: str) -> Iterator[Case]:
    for name, (extensions, words) in _EXTENSIONS.items():
        script = Script(home(message), watched=message in _HEARD and name in ("even-with-value", "odd"))
        script.sends(message, extensions=_listed(extensions))
        proves = () if any(tag % 2 for tag, _ in extensions) else ("EXT-5",)
        yield script.case(f"header/{message.lower()}/extension-{name}", f"{message} with {words}", *proves, first=True)
    # EXT-9 binds the sender; the receiver takes the first and goes on.
    script = Script(home(message)).sends(message, extensions=_listed([(2, "01"), (2, "02")]))
    yield script.case(
        f"header/{message.lower()}/extension-twice",
        f"{message} with the same unknown extension twice",
        "EXT-9",
        "EXT-5",
    )


def _listed(extensions: list[tuple[int, str]]) -> list[Any]:
    return [[tag, digits] for tag, digits in extensions]


def _request_id(message: str) -> Iterator[Case]:
    script = Script(home(message)).sends(message, request_id=0)
    yield script.case(f"header/{message.lower()}/request-id-0", f"{message} with a request_id of 0", "GOODBYE-1")
    for number in (1, 1 << 31, (1 << 32) - 1):
        script = Script(home(message)).sends(message, request_id=number)
        frame = Frame(sample_frame(message))
        proves = ("REQ-1", "FRAME-10", "FRAME-1") if frame.counts_as_request else ("GOODBYE-1",)
        yield script.case(
            f"header/{message.lower()}/request-id-{number}",
            f"{message} with a request_id of {number}",
            *proves,
            first=True,
        )
