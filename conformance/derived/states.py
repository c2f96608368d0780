"""States: every message of the protocol, of either side, sent by a client in every state."""

from __future__ import annotations

from collections.abc import Iterator

from impwire.codecs import CODECS, FRAME
from impwire.tables import State

from ..language import Case
from .samples import assembled, client_messages, sample_frame
from .script import Script


def cases() -> Iterator[Case]:
    for message in CODECS.by_name:
        for state in (State.CONNECTED, State.ACTIVE):
            script = Script(state, watched=message in client_messages()).sends_raw(sample_frame(message))
            yield script.case(f"states/{message.lower()}/{state.value.lower()}", f"{message} in state {state.value}")
        yield from _behind_the_end(message)


def _behind_the_end(message: str) -> Iterator[Case]:
    """What stands behind an accepted LEAVE, or behind what ends the connection, has no effect (STATE-5)."""
    frame = sample_frame(message)
    script = Script(watched=True).sends_raw(sample_frame("LEAVE"), frame)
    yield script.case(
        f"states/{message.lower()}/behind-leave",
        f"A LEAVE with {message} behind it in one segment",
        "STATE-5",
        first=True,
    )
    script = Script(watched=True).sends_raw(assembled(0), frame)
    yield script.case(
        f"states/{message.lower()}/behind-goodbye",
        f"What no client may send, with {message} behind it in one segment,",
        "STATE-5",
        first=True,
    )
    # A length that is refused leaves nothing behind it that could be a frame (FRAME-3).
    script = Script(watched=True).sends_raw(b"\xff" * FRAME.prefix_size, frame)
    yield script.case(
        f"states/{message.lower()}/behind-refused-length",
        f"A length that is refused, with {message} behind it in one segment,",
        "STATE-5",
        "FRAME-3",
        first=True,
    )
