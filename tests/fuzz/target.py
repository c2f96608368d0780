"""What is tried with bytes that nobody has thought of, and what has to hold whatever they are.

An input has a head of 13 bytes and a body:

    byte 0      what the body is: 0 a frame, 1 what a client gets, 2 what a server gets (modulo 3)
    bytes 1-4   frame: the first chooses the codec that is asked, besides that of the frame's own type
                stream: one less than the sizes of the pieces in which it comes, over and over
    bytes 5-12  frame: the first, if not 0, chooses an attribute, and the second which of ODD of frames.py it becomes
                stream: what this side says at first and after each event; see SCRIPT in streams.py

The invariant: `try_input` returns, or raises `Broken` for a promise that does not hold. Any other exception is as bad.
"""

from __future__ import annotations

from impwire import Role
from impwire.codecs import CODECS, FRAME

from .frames import try_frame
from .streams import try_stream

HEAD = 13
FRAME_INPUT, CLIENT_INPUT, SERVER_INPUT = range(3)
_ROLES = {CLIENT_INPUT: Role.CLIENT, SERVER_INPUT: Role.SERVER}
_CODECS = list(CODECS.by_type.values())


def try_input(data: bytes) -> None:
    """Try one input. Raises `Broken`."""
    head, body = data[:HEAD].ljust(HEAD, b"\0"), data[HEAD:]
    kind = head[0] % 3
    if kind == FRAME_INPUT:
        for frame in dict.fromkeys((body, with_length(body))):
            try_frame(frame, _CODECS[head[1] % len(_CODECS)], head[5], head[6])
    else:
        try_stream(_ROLES[kind], body, [size + 1 for size in head[1:5]], head[5:])


def with_length(frame: bytes) -> bytes:
    """The frame with the length that it has, so that what is behind it is read."""
    body = frame[FRAME.prefix_size :]
    return len(body).to_bytes(FRAME.prefix_size, "big") + body
