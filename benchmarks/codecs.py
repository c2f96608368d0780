"""Decoding and encoding a CHAT of 64 bytes of text: our codec beside hand-written struct and slices.

Rounds of both are interleaved, so that a change of the machine's speed hits both; the median of the rounds counts, and only
the ratio means anything on another machine.
"""

from __future__ import annotations

import statistics
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from impwire.codecs import decode, encode
from impwire.messages import Chat, User

_ROUNDS, _CALLS = 15, 400

_HEAD = struct.Struct(">IBBIQQQB")
_COUNT = struct.Struct(">H")


@dataclass(slots=True)
class _HandWritten:
    request_id: int
    flags: int
    seq: int
    time: int
    session_id: int
    name: str
    text: str


def _decode_by_hand(frame: bytes) -> _HandWritten:
    _, _, flags, request_id, seq, when, session_id, size = _HEAD.unpack_from(frame)
    end = _HEAD.size + size
    name = frame[_HEAD.size : end].decode()
    (count,) = _COUNT.unpack_from(frame, end)
    return _HandWritten(request_id, flags, seq, when, session_id, name, frame[end + 2 : end + 2 + count].decode())


def _encode_by_hand(chat: _HandWritten) -> bytes:
    name, text = chat.name.encode(), chat.text.encode()
    length = _HEAD.size - 4 + len(name) + 2 + len(text)
    head = _HEAD.pack(length, 0xC0, chat.flags, chat.request_id, chat.seq, chat.time, chat.session_id, len(name))
    return head + name + _COUNT.pack(len(text)) + text


def _microseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(_CALLS):
        call()
    return (time.perf_counter() - began) / _CALLS * 1e6


def run() -> None:
    """Measure and print a table."""
    chat = Chat(seq=7, time=1_767_225_600_000, who=User(session_id=7, name="ann"), text="x" * 64)
    frame = encode(chat)
    by_hand = _decode_by_hand(frame)
    assert _encode_by_hand(by_hand) == frame
    calls: dict[str, Callable[[], object]] = {
        "decode, hand-written": lambda: _decode_by_hand(frame),
        "decode, impwire": lambda: decode(frame),
        "encode, hand-written": lambda: _encode_by_hand(by_hand),
        "encode, impwire": lambda: encode(chat),
    }
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            rounds[name].append(_microseconds(call))
    print(f"CHAT, {len(frame)} bytes, microseconds a message (median of {_ROUNDS} interleaved rounds)")
    medians = {name: statistics.median(values) for name, values in rounds.items()}
    for name, median in medians.items():
        ratio = median / medians[name.split(",")[0] + ", hand-written"]
        print(f"  {name:22} {median:8.2f}  {ratio:6.1f} x")
