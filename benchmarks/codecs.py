"""The codecs beside what else one might use: how long decoding and encoding take, and what the stream path adds.

Every competitor of `peers` decodes and encodes the same values; that they agree is checked before anything is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence

from . import programs, report, stream
from .peers import Peer, load
from .peers.samples import SAMPLES
from .rounds import Cell, Measured, cell, measure

_ROUNDS = 21
_SECONDS = 0.003

#: What is timed, by the name that the report uses.
STATEMENTS = {
    "decode": "decode(frame)",
    "decode and read": "read(decode(frame))",
    "encode": "encode(message)",
    "make and encode": "encode(make(*values))",
}


def run() -> None:
    """Measure, print the tables, write them to `results/codecs.md` and the short one to README.md."""
    peers, absent = load()
    for line in absent:
        print(line, file=sys.stderr)
    check(peers)
    text = report.report(peers, _measured(peers), stream.run(), programs.run())
    print(text)
    if absent:
        print("not written to the results, as a competitor is left out", file=sys.stderr)
    else:
        report.write(text)


def check(peers: Sequence[Peer]) -> None:
    """Raise AssertionError unless all decode what they encode to the same values, and all that speak IMP to the same bytes."""
    for message, values in SAMPLES.items():
        frames = set()
        for peer in peers:
            codec = peer.codecs[message]
            frame = codec.encode(codec.make(*values))
            assert codec.read(codec.decode(frame)) == values, f"{peer.name} reads another {message} than it has written"
            if peer.speaks_imp:
                frames.add(frame)
                assert len(frames) == 1, f"{peer.name} writes {message} as other bytes"


def _measured(peers: Sequence[Peer]) -> Measured:
    cells: dict[Hashable, Cell] = {}
    for message, values in SAMPLES.items():
        for action, statement in STATEMENTS.items():
            for peer in peers:
                codec = peer.codecs[message]
                ready = codec.make(*values)
                names = {"values": values, "message": ready, "frame": codec.encode(ready)}
                functions = {"decode": codec.decode, "read": codec.read, "make": codec.make, "encode": codec.encode}
                cells[action, message, peer.name] = cell(statement, **names, **functions)
    return measure("codecs", cells, _ROUNDS, _SECONDS)
