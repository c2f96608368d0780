"""Where the fuzzer begins: the vectors written by hand as inputs of the target, and words that it may put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from impwire.codecs import CODECS, FRAME, encode
from impwire.messages import Error, Hello, Pong, Welcome
from impwire.tables import NUMBERING, REPLIES

from .frames import places
from .streams import DUE, GO_ON, SCRIPT, WRONG_ID
from .target import CLIENT_INPUT, FRAME_INPUT, HEAD, SERVER_INPUT
from .vectors import FRAMES, SAMPLES

_SIZES = (bytes(4), b"\x02\x00\x06\x04", b"\x0f\x3f\xff\x01")
_KINDS = list(SAMPLES)
_REPLY_RANGE = next(range(first, last + 1) for first, last, _, kind in NUMBERING if kind == "reply")
# Counts and lengths at the edges; the magic and the versions of HELLO.
_NUMBERS = "1000 1001 18 19 00000006 00004000 00100000 494d5031 01000100 0000000000000000 ffffffffffffffff"
# Extension records, the last one cut short.
_RECORDS = "020000 02000178 030000 80ffff"
# UTF-8 at the edges of the rules for characters, and what is none: a surrogate, too long, beyond Unicode, cut short.
_TEXT = "09 0a 7f c280 c29f c2a0 e280a8 efbfbe f48fbfbf eda080 c080 f4908080 e282 ff"


def _input(kind: int, body: bytes, sizes: bytes = _SIZES[0], script: bytes = b"") -> bytes:
    return (bytes([kind]) + sizes + script).ljust(HEAD, bytes([DUE])) + body


def seeds() -> Iterator[bytes]:
    """The vectors as frames and in streams, every attribute spoiled, all that may be said at a wrong time, every reply."""
    hello, welcome = (encode(replace(SAMPLES[kind.TYPE], request_id=1)) for kind in (Hello, Welcome))
    for number, frame in enumerate(FRAMES):
        sizes = _SIZES[number % len(_SIZES)]
        yield _input(FRAME_INPUT, frame, bytes([number % len(_KINDS)]) + sizes[1:])
        yield _input(CLIENT_INPUT, welcome + frame, sizes)
        yield _input(SERVER_INPUT, hello + frame, sizes)
    for sample in SAMPLES.values():
        for attribute, _ in enumerate(places(sample), 1):
            yield _input(FRAME_INPUT, encode(sample), script=bytes([attribute, 7 * attribute + sample.TYPE & 0xFF]))
    requests = b"".join(encode(SAMPLES[kind.TYPE]) for kind in REPLIES if kind is not Hello)
    for number in range(len(SCRIPT)):
        for bits in (0, GO_ON, WRONG_ID):
            yield _input(SERVER_INPUT, hello + requests, script=bytes([DUE, DUE, number | bits, number]))
            yield _input(CLIENT_INPUT, welcome, script=bytes([number | bits, number]))
    yield from _conversations(welcome)


def _conversations(welcome: bytes) -> Iterator[bytes]:
    """What a client gets that is welcomed, asks something, and is answered; events come before and after."""
    events = b"".join(encode(sample) for sample in SAMPLES.values() if sample.TYPE > _REPLY_RANGE[-1])
    for request, replies in REPLIES.items():
        for reply in replies:
            asked: Any = SAMPLES[request.TYPE]
            answer = replace(SAMPLES[reply.TYPE], request_id=2)
            if isinstance(answer, Error):
                answer = replace(answer, request_type=request.TYPE)
            elif isinstance(answer, Pong):
                answer = replace(answer, nonce=asked.nonce)
            script = bytes([DUE, SCRIPT.index(request)])
            yield _input(CLIENT_INPUT, welcome + events + encode(answer) + events, _SIZES[1], script)


def dictionary() -> str:
    """Words in the notation of libFuzzer: headers, extension records, counts, and characters at the edges of the rules."""
    words = {encode(sample)[: FRAME.header_size] for sample in SAMPLES.values()}
    words |= {bytes([kind, flags]) for kind in CODECS.by_type for flags in (0x00, 0x01, 0x80)}
    words |= {bytes.fromhex(word) for word in f"{_NUMBERS} {_RECORDS} {_TEXT}".split()}
    return "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in sorted(words))
