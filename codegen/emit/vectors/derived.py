"""The frames that follow from a spec: each message at the bounds of each field, and just beyond them.

`derived(spec)` takes one good frame of each message, the first example that the spec gives, and changes it in one place at a
time. What a changed frame says is read from it. One that was to be good and has a fault, or that was to have one fault and
has none or several, is left out: several could be told of in any order, and no vector should say which.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ...model import (
    BASE_SIZES,
    ArrayType,
    BytesType,
    Extension,
    Message,
    OptionalField,
    Sender,
    Spec,
    StringType,
    StructType,
)
from ...sizes import capacity, scalar_base
from .reading import Part, Reading, read
from .values import Unusual, bad, encoded, fixed_otherwise, good, usual


@dataclass(frozen=True)
class Derived:
    """A frame with its name, what it says, who sends it, and a state in which that side may.

    `asks` tells of a type that nobody knows whether it is in the range of requests.
    """

    name: str
    frame: bytes
    reading: Reading
    sender: Sender
    state: str
    asks: bool = False


def derived(spec: Spec) -> list[Derived]:
    """The frames that follow from the spec, message by message; last those that belong to no message."""
    found: list[Derived] = []
    seen: set[str] = set()
    for message in spec.messages:
        try:
            found += _Message(spec, message, seen, first=not found).frames()
        except Unusual:
            continue  # Nobody knows a good frame of it.
    return found + list(_unknown_types(spec))


def framed(spec: Spec, number: int, body: bytes, *, flags: int = 0, correlation: int = 0, longer: int = 0) -> bytes:
    """A frame around a body, whose length says `longer` bytes more than there are; nothing where no length can say it."""
    length = spec.frame.header_size - spec.frame.prefix_size + len(body) + longer
    if length < 0 or any(field.role == "length" and length > capacity(field.base) for field in spec.frame.fields):
        return b""
    roles = {
        "length": length,
        "type": number,
        "flags": flags,
        "correlation": correlation,
    }
    words = (
        encoded(spec, field.base, roles[field.role] if field.role else field.const or 0) for field in spec.frame.fields
    )
    return b"".join(words) + body


class _Message:
    """The frames of one message. `seen` are the types that another one has tried thoroughly, and this one need not."""

    def __init__(self, spec: Spec, message: Message, seen: set[str], *, first: bool) -> None:
        self.spec, self.message, self.seen, self.first = spec, message, seen, first
        self.sender: Sender = "server" if message.sender == "server" else "client"
        states = message.states.get(self.sender, ())
        self.state = states[0] if states else ""
        self.answers = message.kind != "event"  # It bears the number of a request.
        self.base = self._base()
        reading = read(spec, self.base)
        if reading.fault:
            raise Unusual
        self.parts = reading.parts
        size = spec.frame.header_size
        self.optional: list[tuple[OptionalField, bytes]] = []  # each with a usual value
        for field in message.optional:
            with suppress(Unusual):
                self.optional.append((field, usual(spec, field.type)))
        self.body = self.base[size : self.parts[-1].end if self.parts else size]

    def frames(self) -> Iterator[Derived]:
        """Good ones first, then those that cannot be cut into fields, then those with a value that is not allowed."""
        yield from self._kept(self._good(), faults=0)
        yield from self._kept(self._layouts(), faults=1)
        yield from self._kept(self._values(), faults=1)
        if self.first:
            yield from self._kept(self._headers(), faults=1)
            yield from self._kept(self._torn(), faults=1)
        self.seen |= {part.type.name for part in _all(self.parts)}

    def _kept(self, cases: Iterator[tuple[str, bytes]], *, faults: int) -> Iterator[Derived]:
        for name, frame in cases:
            reading = read(self.spec, frame)
            if frame and len(reading.faults) == faults:
                yield Derived(f"{self._stem}/{name}", frame, reading, self.sender, self.state)

    @property
    def _stem(self) -> str:
        return self.message.name.lower().replace("_", "-")

    def _base(self) -> bytes:
        """The first example whose arrays are not empty, or else the first, or else one of usual values."""
        examples = [bytes.fromhex(vector.hex) for vector in self.spec.vectors if vector.message == self.message.name]
        readings = {frame: read(self.spec, frame) for frame in examples}
        sound = [frame for frame in examples if not readings[frame].fault]
        for frame in sound:
            arrays = [part for part in _all(readings[frame].parts) if isinstance(part.type, ArrayType)]
            if all(part.parts for part in arrays):
                return frame
        if sound:
            return sound[0]
        pairs = enumerate(self.message.fields, 1)
        body = b"".join(
            usual(self.spec, field.type, seed)
            if field.const is None
            else encoded(self.spec, scalar_base(field.type), field.const)
            for seed, field in pairs
        )
        return self._framed(body)

    def _framed(self, body: bytes, **header: int) -> bytes:
        header.setdefault("correlation", 1 if self.answers else 0)
        return framed(self.spec, self.message.number, body, **header)

    def _changed(self, part: Part, data: bytes) -> bytes:
        """The frame with other bytes for one part, and nothing behind its fields."""
        size = self.spec.frame.header_size
        return self._framed(self.body[: part.start - size] + data + self.body[part.end - size :])

    def _thorough(self, part: Part) -> bool:
        """Whether this is the first place where such a value is tried."""
        first = next(other for other in _all(self.parts) if other.type == part.type)
        return part.type.name not in self.seen and first is part

    # -- good --------------------------------------------------------------------------------------------------------

    def _good(self) -> Iterator[tuple[str, bytes]]:
        yield "plain", self._framed(self.body)
        for part in _all(self.parts):
            if part.const is None:
                for what, data in good(self.spec, part.type, thorough=self._thorough(part)):
                    yield f"{part.path}/{what}", self._changed(part, data)
        if (field := self.spec.frame.field("correlation")) and self.answers:
            yield f"{field.name}/one", self._framed(self.body, correlation=1)
            yield f"{field.name}/most", self._framed(self.body, correlation=capacity(field.base))
        if field := self.spec.frame.field("flags"):
            bits = [1 << place for place in range(8 * BASE_SIZES[field.base])]
            ignored = [bit for bit in bits if not bit & self.spec.frame.critical_flags]
            for bit in ignored if self.first else ():
                yield f"{field.name}/ignored-{bit:#x}", self._framed(self.body, flags=bit)
            yield f"{field.name}/all-ignored", self._framed(self.body, flags=sum(ignored))
        if extension := self.spec.frame.extension:
            yield from self._good_extensions(extension)

    def _good_extensions(self, extension: Extension) -> Iterator[tuple[str, bytes]]:
        tags = [tag for tag in self._unknown_tags(extension) if tag % 2 == 0]
        records = {
            "one": self._record(tags[0], b"\xca\xfe"),
            "empty": self._record(tags[-1], b""),
            "two": self._record(tags[-1], b"\0") + self._record(tags[0], b"\1\2"),
        }
        # Of equal tags the first counts.
        records["same-tag-twice"] = self._record(tags[0], b"first") + self._record(tags[0], b"second")
        for what, data in records.items():
            if self.first or what == "one":
                yield f"extensions/{what}", self._framed(self.body + data)
        for field, plain in self.optional:
            for what, data in [("plain", plain), *good(self.spec, field.type, thorough=False)]:
                yield f"{field.name}/{what}", self._framed(self.body + self._record(field.tag, data))
        every = [self._record(field.tag, plain) for field, plain in self.optional]
        if len(every) > 1:
            yield "optional-fields/all", self._framed(self.body + b"".join(every))
            yield "optional-fields/in-another-order", self._framed(self.body + b"".join(reversed(every)))

    def _record(self, tag: int, data: bytes, *, longer: int = 0) -> bytes:
        extension = self.spec.frame.extension
        assert extension is not None
        return (
            encoded(self.spec, extension.tag, tag)
            + encoded(self.spec, extension.value.count, len(data) + longer)
            + data
        )

    def _unknown_tags(self, extension: Extension) -> list[int]:
        """The least and the greatest tags, even and odd, that belong to no field."""
        known = {field.tag for field in self.message.optional}
        few = [tag for tag in range(1, 2 * len(known) + 5) if tag not in known]
        most = [tag for tag in range(capacity(extension.tag), 0, -1)[: 2 * len(known) + 5] if tag not in known]
        ends = [next(tag for tag in tags if tag % 2 == odd) for tags in (few, most) for odd in (0, 1)]
        return sorted(set(ends))

    # -- what cannot be cut into fields ------------------------------------------------------------------------------

    def _layouts(self) -> Iterator[tuple[str, bytes]]:
        size = self.spec.frame.header_size
        for part in _all(self.parts):
            if not isinstance(part.type, StructType):
                yield f"{part.path}/missing", self._framed(self.body[: part.start - size])
                if not part.parts and part.end - part.start > 1:
                    yield f"{part.path}/cut", self._framed(self.body[: part.end - size - 1])
            if isinstance(part.type, (StringType, BytesType, ArrayType)):
                yield from self._lies(part, part.type.count)
        yield "byte-behind-the-fields", self._framed(self.body + b"\0")
        if extension := self.spec.frame.extension:
            tag = next(tag for tag in self._unknown_tags(extension) if tag % 2 == 0)
            record = self._record(tag, b"\xca\xfe")
            for length in range(1, len(record)):
                if self.first or length == len(record) - 1:
                    yield f"extensions/cut-to-{length}", self._framed(self.body + record[:length])
            yield "extensions/count-one-more", self._framed(self.body + self._record(tag, b"\xca\xfe", longer=1))
            for field, plain in self.optional:
                if plain:
                    yield f"{field.name}/cut", self._framed(self.body + self._record(field.tag, plain[:-1]))
                yield f"{field.name}/byte-behind-it", self._framed(self.body + self._record(field.tag, plain + b"\0"))

    def _lies(self, part: Part, base: str) -> Iterator[tuple[str, bytes]]:
        """Counts that are not those of the bytes or items behind them."""
        size = BASE_SIZES[base]
        data = self.base[part.start : part.end]
        count = int.from_bytes(data[:size], self.spec.byte_order)
        for what, number in {"count-one-more": count + 1, "count-one-less": count - 1}.items():
            if 0 <= number <= capacity(base):
                yield f"{part.path}/{what}", self._changed(part, encoded(self.spec, base, number) + data[size:])

    # -- values ------------------------------------------------------------------------------------------------------

    def _values(self) -> Iterator[tuple[str, bytes]]:
        for part in _all(self.parts):
            if part.const is not None:
                wrong = fixed_otherwise(self.spec, scalar_base(part.type), part.const)
            else:
                wrong = bad(self.spec, part.type, thorough=self._thorough(part))
            for what, data in wrong:
                yield f"{part.path}/{what}", self._changed(part, data)
        if field := self.spec.frame.field("flags"):
            bits = [1 << place for place in range(8 * BASE_SIZES[field.base])]
            critical = [bit for bit in bits if bit & self.spec.frame.critical_flags]
            for bit in critical if self.first else critical[-1:]:
                yield f"{field.name}/critical-{bit:#x}", self._framed(self.body, flags=bit)
        if extension := self.spec.frame.extension:
            odd = [tag for tag in self._unknown_tags(extension) if tag % 2]
            for tag in odd if self.first else odd[:1]:
                yield f"extensions/critical-{tag}", self._framed(self.body + self._record(tag, b""))
            even = next(tag for tag in self._unknown_tags(extension) if tag % 2 == 0)
            for what, data in bad(self.spec, extension.value, thorough=False):
                yield f"extensions/{what}", self._framed(self.body + encoded(self.spec, extension.tag, even) + data)
            for member, _ in self.optional:
                for what, data in bad(self.spec, member.type, thorough=False):
                    yield f"{member.name}/{what}", self._framed(self.body + self._record(member.tag, data))

    # -- frames whatever they bear -----------------------------------------------------------------------------------

    def _headers(self) -> Iterator[tuple[str, bytes]]:
        """Fixed words of the header that are others, and a length that does not even cover the header."""
        frame, start = self._framed(self.body), 0
        for field in self.spec.frame.fields:
            end = start + BASE_SIZES[field.base]
            if not field.role:
                for what, data in fixed_otherwise(self.spec, field.base, field.const or 0):
                    yield f"{field.name}/{what}", frame[:start] + data + frame[end:]
            start = end
        least = self.spec.frame.header_size - self.spec.frame.prefix_size
        for length in range(least):
            bare = framed(self.spec, self.message.number, b"", correlation=1, longer=length - least)
            yield f"length/{length}", bare[: length - least]

    def _torn(self) -> Iterator[tuple[str, bytes]]:
        """Frames that are not as long as they say."""
        header = {"correlation": 1 if self.answers else 0}
        yield "length/one-more-than-there-is", self._framed(self.body, longer=1, **header)
        yield "length/one-less-than-there-is", self._framed(self.body, longer=-1, **header)
        yield "length/header-cut", self._framed(self.body)[: self.spec.frame.header_size - 1]


def _all(parts: list[Part] | tuple[Part, ...]) -> Iterator[Part]:
    """The parts and all within them; of the items of an array, the first."""
    for part in parts:
        yield part
        yield from _all(part.parts[:1] if isinstance(part.type, ArrayType) else part.parts)


def _unknown_types(spec: Spec) -> Iterator[Derived]:
    """The least and the greatest number of each range that is no message's."""
    known = {message.number for message in spec.messages}
    for numbers in spec.numbering:
        free = [number for number in range(numbers.first, numbers.last + 1)[: len(known) + 1] if number not in known]
        free += [
            number for number in range(numbers.last, numbers.first - 1, -1)[: len(known) + 1] if number not in known
        ]
        sender: Sender = "server" if numbers.sender == "server" else "client"
        state = _busiest(spec, sender)
        for number in sorted({free[0], free[-1] if len(free) < 2 else max(free)} if free else ()):
            asks = numbers.kind in ("request", None)
            frame = framed(spec, number, b"", correlation=1 if asks else 0)
            yield Derived(f"unknown-type/{number:#04x}", frame, read(spec, frame), sender, state, asks=asks)


def _busiest(spec: Spec, sender: str) -> str:
    """The state in which a side may send the most messages."""
    counts = {state.name: 0 for state in spec.states}
    for message in spec.messages:
        for state in message.states.get(sender, ()):
            counts[state] += 1
    return max(counts, key=lambda name: counts[name])
