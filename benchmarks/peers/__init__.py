"""The competitors: each module here measures one library or one way to write a codec, all behind the same `Codec`.

The invariant: a competitor turns the same values into a message and back, so `read(decode(encode(make(*values))))` gives
the values again; one that speaks IMP on the wire also makes the very bytes that `impwire` makes.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

#: The fields of a message, header first, in the order of the specification; a struct is spread out, a list stays one.
Values = tuple[Any, ...]

#: In the order of the tables. The first is what the others are compared with.
MODULES = (
    *("hand_written", "hand_written_unchecked", "imp", "imp_dispatch", "imp_twin"),
    *("construct_interpreted", "construct_compiled", "kaitai", "protobuf", "msgpack"),
)


@dataclass(frozen=True)
class Codec:
    """One competitor's way with one message."""

    decode: Callable[[bytes], Any]
    read: Callable[[Any], Values]
    make: Callable[..., Any]
    encode: Callable[[Any], bytes]

    def __post_init__(self) -> None:
        # Competitors share functions that read fields. CPython specializes code for the types that it meets, so each
        # competitor gets a copy of its own; a shared one would be specialized for none.
        if isinstance(self.read, FunctionType):
            own = FunctionType(self.read.__code__.replace(), self.read.__globals__, self.read.__name__)
            object.__setattr__(self, "read", own)


@dataclass(frozen=True)
class Peer:
    """A competitor: what a table calls it, what it checks besides the layout, and its codecs by the name of the message.

    `speaks_imp` tells whether its bytes are those of the specification; `package` names the distribution to give the
    version of.
    """

    name: str
    checks: str
    codecs: dict[str, Codec]
    speaks_imp: bool = True
    package: str = ""


def load() -> tuple[list[Peer], list[str]]:
    """The competitors that can run here, and a line for each that cannot."""
    peers, absent = [], []
    for name in MODULES:
        try:
            peers.append(importlib.import_module(f".{name}", __name__).PEER)
        except ImportError as error:
            if (error.name or "").partition(".")[0] in ("impwire", "benchmarks"):
                raise  # Ours is broken, not absent.
            absent.append(f"{name} is left out: {error}")
    return peers, absent
