"""What has to hold for a frame: it is read, and the message written, alike by the straight-line code and its twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any

from impwire import DecodeError, Message, WireError
from impwire.codecs import CODECS, decode, encode
from impwire.messages import ErrorCode, GoodbyeCode, User

from .promises import hold

#: What may stand in an attribute by mistake.
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 3, 256, 1 << 16, 1 << 32, 1 << 64, 1.5, float("nan"), 1 + 0j),
    *("", "ann", "1", "\ud800", "\x00", "\u00e9" * 3000, "a\n", b"", b"ann", bytearray(b"ann"), memoryview(b"ann")),
    *((), [], {}, set(), (5,), ("ab",), ((2, b"x"),), [[2, b"x"]], ((2, b"x"), (2, b"y")), ((3, b""),), ((2, "x"),)),
    *(((2, bytes(65536)),), ((256, b""),), ((2, b"x", 1),), {2: b"x"}, iter(())),
    *(ErrorCode.NAME_TAKEN, GoodbyeCode.LEFT, ErrorCode, object, User(session_id=1, name="ann")),
    *((User(session_id=0, name="ann"),), [User(session_id=1, name="ann")] * 2, {"session_id": 1, "name": "ann"}),
)


def outcome(action: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, str]:
    """What an action returns or raises, and all of it as text."""
    try:
        result = action(*arguments, **options)
    except WireError as error:
        about = f"{type(error).__name__}: {error} {error.code} {error.message} {error.field!r} {error.offset} {error.reason}"
        if isinstance(error, DecodeError):
            about += f" {error.header} {error.partial}"
        return error, about
    return result, repr(result)


def try_frame(frame: bytes, other: Any, attribute: int, odd: int) -> None:
    """The frame is read alike by the straight-line code and the construct of its type, and of another."""
    own = CODECS.by_type.get(frame[4]) if len(frame) > 4 else None
    for codec in dict.fromkeys((own, other) if own else (other,)):
        fast, told = outcome(codec.decode, frame)
        _, expected = outcome(codec.twin.parse, frame)
        hold(told == expected, f"{codec.record.NAME} is read in two ways: {frame.hex(' ')}", told, expected)
        hold(isinstance(fast, codec.record | DecodeError), f"{codec.record.NAME} is read as {told}: {frame.hex(' ')}")
        loose, _ = outcome(codec.parse, frame, unchecked=True)
        try_reading(frame, codec, fast, loose)
        if attribute and isinstance(loose, Message):
            try_writing(codec, spoiled(loose, attribute, odd))
    message, told = outcome(decode, frame)
    if own is None:
        hold(isinstance(message, DecodeError), f"a frame without a known type is read as {told}: {frame.hex(' ')}")
    else:
        _, expected = outcome(own.decode, frame)
        hold(told == expected, f"by its type, a frame is read in another way: {frame.hex(' ')}", told, expected)


def try_reading(frame: bytes, codec: Any, found: Any, loose: Any) -> None:
    """What was read is written again, by both, and as it was; what is wrong is refused alike."""
    if isinstance(found, Message):
        hold(repr(loose) == repr(found), f"unchecked, another message: {frame.hex(' ')}", loose, found)
        again = try_writing(codec, found)
        hold(isinstance(again, bytes), f"what was read is not written: {frame.hex(' ')}", again)
        hold(repr(codec.decode(again)) == repr(found), f"written, another message: {frame.hex(' ')}", again.hex(" "))
        # EXT-9: of equal tags the first counts, so that what is written may be shorter.
        shorter = len(again) < len(frame) and bool(getattr(found, "extensions", ()))
        hold(again == frame or shorter, f"written, another frame: {frame.hex(' ')}", again.hex(" "))
        hold(encode(found) == again, f"by its class, another frame: {frame.hex(' ')}")
    elif found.partial is not None and isinstance(loose, Message):
        hold(repr(loose) == repr(found.partial), f"unchecked, another message: {frame.hex(' ')}", loose, found.partial)
    if isinstance(loose, Message):
        if not isinstance(found, Message):
            try_writing(codec, loose)
        written, _ = outcome(codec.build, loose, unchecked=True)
        hold(isinstance(written, bytes), f"unchecked, what was read is not written: {frame.hex(' ')}", written)
        again, told = outcome(codec.parse, written, unchecked=True)
        hold(told == repr(loose), f"written unchecked, another message: {frame.hex(' ')}", loose, told)


def try_writing(codec: Any, message: Message) -> Any:
    """The frame of a message, or the error, which is the same from both."""
    written, told = outcome(codec.encode, message)
    _, expected = outcome(codec.twin.build, message)
    hold(told == expected, f"{message} is written in two ways", told, expected)
    return written


def places(record: Any) -> Iterator[tuple[Any, str]]:
    """Every attribute of a message and of the records in it, with its owner."""
    for field in fields(record):
        yield record, field.name
        value = getattr(record, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part):
                yield from places(part)


def spoiled(message: Message, attribute: int, odd: int) -> Message:
    """The message with another value in one of its attributes."""
    message = deepcopy(message)
    found = list(places(message))
    owner, name = found[attribute % len(found)]
    setattr(owner, name, ODD[odd % len(ODD)])
    return message
