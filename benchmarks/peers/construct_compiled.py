"""The same constructs after `.compile()`, which leaves out the check whether a string has all its bytes.

`Prefixed` has no compiled way to build, so that the body is built by compiled code and its length put before it by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .construct_interpreted import BODIES, FRAMES, peer


def _encoder(body: Any) -> Callable[[Any], bytes]:
    build = body.compile().build

    def encode(message: Any) -> bytes:
        data: bytes = build(message)
        return len(data).to_bytes(4, "big") + data

    return encode


PEER = peer(
    "construct, plain, compiled",
    "none, not even bounds",
    {name: frame.compile().parse for name, frame in FRAMES.items()},
    {name: _encoder(body) for name, body in BODIES.items()},
)
