"""Lua: a dissector for Wireshark and tshark.

The file is what the spec says, as tables of Lua, and then the parts of `support/dissector`, which read frames by such
tables and are the same for every protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Extension,
    Field,
    Frame,
    IntegerType,
    Message,
    OptionalField,
    Spec,
    StringType,
    StructType,
    Type,
)
from ..sizes import capacity, greatest_size, scalar_base

_SUPPORT = Path(__file__).parent.parent / "support" / "dissector"
#: Its parts, in the order in which they stand in the file: each uses what those before it define.
_PARTS = ("start", "values", "fields", "reading", "frames", "ports")
_KEYWORDS = frozenset(
    (
        *(
            "and",
            "break",
            "do",
            "else",
            "elseif",
            "end",
            "false",
            "for",
            "function",
            "goto",
            "if",
            "in",
            "local",
            "nil",
        ),
        *("not", "or", "repeat", "return", "then", "true", "until", "while"),
    )
)
#: Characters of a table that stands on one line.
_WIDTH = 100
#: What Python and PCRE mean alike: no escapes but of signs, and of bytes by two digits.
_COMMON_PATTERN = re.compile(r"(?:[^\\]|\\x[0-9a-f]{2}|\\[^A-Za-z0-9])*", re.DOTALL)


class Raw(NamedTuple):
    """What stands in Lua as it is here."""

    text: str


class Lines(NamedTuple):
    """A table of Lua: its entries as text, each on a line of its own if it is `long`."""

    entries: list[str]
    long: bool = False


Value = str | int | bool | Raw | Lines | None


def wireshark(spec: Spec) -> str:
    """The dissector: one file, in what Lua 5.1 to 5.4 have in common."""
    prefix = re.sub(r"[^a-z0-9]+", "_", spec.short.lower()).strip("_") or "protocol"
    return (
        f"-- Generated from {spec.sources[0]} by `python -m codegen`; change the spec, not this file.\n"
        f"--\n-- Shows the {spec.name} ({spec.short}), version {spec.version}, in Wireshark and tshark. Put it into the folder\n"
        "-- of personal Lua plugins (Help, About Wireshark, Folders), or name it on the command line:\n"
        f"--\n--     tshark -X lua_script:{prefix}.lua -r capture.pcapng -Y {prefix} -V\n--\n"
        f"-- `tshark -G fields -X lua_script:{prefix}.lua | grep {prefix}[.]` lists the filter names.\n\n"
        f"{_protocol(spec, prefix)}\n{_codes(spec)}\n{_types(spec)}\n{_messages(spec)}\n"
        + "\n".join((_SUPPORT / f"{part}.lua").read_text(encoding="utf-8") for part in _PARTS)
    )


def _protocol(spec: Spec, prefix: str) -> str:
    entries: dict[str, Value] = {
        "prefix": prefix,
        "name": spec.name,
        "short": spec.short,
        "version": spec.version,
        "big_endian": spec.byte_order == "big",
        "longest": _longest(spec),
        "ports": ",".join(_ports(spec, tls=False)),
        "tls_ports": ",".join(_ports(spec, tls=True)),
        "recognisable": _recognisable(spec),
        "frame": _frame(spec.frame),
    }
    return f"local protocol = {_table(Lines(_entries(entries), long=True))}\n"


def _frame(frame: Frame) -> Lines:
    length, flags = frame.field("length"), frame.field("flags")
    assert length is not None
    fields = [
        _record(
            [field.name],
            size=BASE_SIZES[field.base],
            role=field.role or None,
            const=_fixed_word(field.const, field.base),
            doc=_line(field.doc),
        )
        for field in frame.fields
    ]
    width = 2 * BASE_SIZES[flags.base] if flags else 0
    extension = frame.extension
    shown: dict[str, Value] = {
        "prefix": frame.prefix_size,
        "length_at": frame.offset("length"),
        "length_size": BASE_SIZES[length.base],
        "least": frame.header_size - frame.prefix_size,
        "flags": BASE_SIZES[flags.base] if flags else None,
        "flags_name": flags.name if flags else None,
        "critical_flags": f"{frame.critical_flags:0{width}x}" if frame.critical_flags else None,
        "fields": Lines([_table(field) for field in fields], long=True),
        "extension": _extension(extension) if extension else None,
    }
    return Lines(_entries(shown), long=True)


def _extension(extension: Extension) -> Lines:
    most = extension.value.maximum
    sizes = {"tag": BASE_SIZES[extension.tag], "count": BASE_SIZES[extension.value.count]}
    return _record([], **sizes, max=most.bytes, code=most.code)


def _longest(spec: Spec) -> int:
    """A length that no frame goes beyond: the greatest limit of frames in bytes; else what the messages can take, amply."""
    limits = [limit.maximum for limit in spec.limits if limit.unit == "bytes" and "frame" in limit.name.split("_")]
    if limits:
        return max(limits)
    length, extension = spec.frame.field("length"), spec.frame.extension
    assert length is not None
    body = max(sum(greatest_size(field.type) for field in message.fields) for message in spec.messages)
    records = max(len(message.optional) for message in spec.messages) + 1
    record = BASE_SIZES[extension.tag] + greatest_size(extension.value) if extension else 0
    # Extensions and messages of later versions may make it longer.
    return min(
        max(2 * (spec.frame.header_size + body + records * record), 1 << 16), capacity(length.base), (1 << 31) - 1
    )


def _ports(spec: Spec, *, tls: bool) -> list[str]:
    """The ports that are constants of the spec."""
    words = {constant.name: constant.name.split("_") for constant in spec.constants}
    found = [c.value for c in spec.constants if words[c.name][-1] == "port" and ("tls" in words[c.name]) == tls]
    return [str(port) for port in found if isinstance(port, int) and 0 < port < 65536]


def _recognisable(spec: Spec) -> bool:
    """Whether a message begins with four fixed bytes or more, so that it cannot well be something else."""
    header = sum(BASE_SIZES[field.base] for field in spec.frame.fields if field.const is not None)
    return any(header + _fixed(message) >= 4 for message in spec.messages)


def _fixed(message: Message) -> int:
    """How many bytes at the beginning of the body are always the same."""
    size = 0
    for field in message.fields:
        if field.const is None:
            break
        size += BASE_SIZES[scalar_base(field.type)]
    return size


def _codes(spec: Spec) -> str:
    failures = spec.failures
    names = ("malformed", "too_large", "unexpected", "unknown_type", "unsupported_critical")
    codes = Lines(_entries({name: getattr(failures, name) for name in names}), long=True)
    return f"-- The codes with which the protocol answers what it refuses.\nlocal codes = {_table(codes)}\n"


# -- types ---------------------------------------------------------------------------------------------------------------


def _types(spec: Spec) -> str:
    found: dict[str, Type] = {}
    for message in spec.messages:
        for type_ in [field.type for field in message.fields] + [field.type for field in message.optional]:
            _collect(type_, found)
    lines = [f"{_key(name)} = {_table(_type(type_))}" for name, type_ in sorted(found.items())]
    return f"-- Sizes, counts and bounds are of bytes.\nlocal types = {_table(Lines(lines, long=True))}\n"


def _collect(type_: Type, found: dict[str, Type]) -> None:
    """Add a type and those that it is made of."""
    found[type_.name] = type_
    if isinstance(type_, ArrayType):
        _collect(type_.item, found)
    elif isinstance(type_, StructType):
        for field in type_.fields:
            _collect(field.type, found)


def _type(type_: Type) -> Lines:
    if isinstance(type_, IntegerType):
        return _integer(type_)
    if isinstance(type_, BoolType):
        return _record([], kind="bool", size=BASE_SIZES[type_.base])
    if isinstance(type_, BitsType):
        bits = Lines([_table(_record([name, position, _line(doc)])) for name, position, doc in type_.bits], long=True)
        return _record([], kind="bits", size=BASE_SIZES[type_.base], bits=bits if type_.bits else None)
    if isinstance(type_, EnumType):
        values = [
            f"[{_literal(_constant(value.number, type_.base))}] = {_table(_record([value.name, _line(value.doc)]))}"
            for value in type_.values
        ]
        size = BASE_SIZES[type_.base]
        return _record([], kind="enum", size=size, open=type_.open or None, values=Lines(values, long=bool(values)))
    if isinstance(type_, StringType):
        return _string(type_)
    if isinstance(type_, BytesType):
        most = type_.maximum
        return _record([], kind="bytes", count=BASE_SIZES[type_.count], max=most.bytes, max_code=most.code)
    if isinstance(type_, StructType):
        return _record([], kind="struct", fields=_fields(type_.fields))
    return _record([], kind="array", count=BASE_SIZES[type_.count], item=type_.item.name, max=type_.maximum)


def _integer(type_: IntegerType) -> Lines:
    low = type_.minimum if type_.minimum > 0 else None
    high = type_.maximum if type_.maximum < capacity(type_.base) else None
    wide = type_.base == "u64"
    return _record(
        [],
        kind="integer",
        size=BASE_SIZES[type_.base],
        min=_constant(low, type_.base),
        max=_constant(high, type_.base),
        # A field may have a unit of its own instead.
        unit=type_.unit or None,
        # As it is to be read by people.
        least=str(low) if wide and low is not None else None,
        most=str(high) if wide and high is not None else None,
        # Whoever describes a number in hexadecimal wants to see it so.
        hexadecimal="0x" in type_.doc or None,
    )


def _string(type_: StringType) -> Lines:
    common = type_.pattern and not type_.forbidden and _COMMON_PATTERN.fullmatch(type_.pattern)
    return _record(
        [],
        kind="string",
        count=BASE_SIZES[type_.count],
        min=type_.minimum.bytes,
        min_code=type_.minimum.code,
        max=type_.maximum.bytes,
        max_code=type_.maximum.code,
        form=type_.pattern if common else None,
        form_code=type_.pattern_code,
        forbidden=Lines([_range(text) for text in type_.forbidden]) if type_.forbidden else None,
    )


def _range(text: str) -> str:
    """The code points of a range such as U+0000-U+001F."""
    first, _, last = text.replace("U+", "0x").partition("-")
    return f"{{ {first}, {last or first} }}"


# -- messages ------------------------------------------------------------------------------------------------------------


def _messages(spec: Spec) -> str:
    number = spec.frame.field("type")
    assert number is not None
    lines = []
    for message in spec.messages:
        optional = [f"[{_literal(_constant(f.tag, _tag(spec)))}] = {_table(_field(f))}" for f in message.optional]
        record = _record(
            [],
            name=message.name,
            kind=message.kind,
            sender=message.sender,
            doc=_line(message.doc),
            fields=_fields(message.fields),
            optional=Lines(optional, long=True) if optional else None,
        )
        lines.append(f"[{_literal(_fixed_word(message.number, number.base))}] = {_table(record)}")
    return f"local messages = {_table(Lines(lines, long=True))}\n"


def _tag(spec: Spec) -> str:
    assert spec.frame.extension is not None
    return spec.frame.extension.tag


def _fields(fields: tuple[Field, ...]) -> Lines:
    return Lines([_table(_field(field)) for field in fields], long=bool(fields))


def _field(field: Field | OptionalField) -> Lines:
    const, announces = (field.const, field.announces) if isinstance(field, Field) else (None, "")
    return _record(
        [field.name, field.type.name],
        const=_fixed_word(const, scalar_base(field.type)),
        unit=field.unit if field.unit != getattr(field.type, "unit", "") else None,
        # What is the same in every frame of a connection says nothing in a line.
        quiet=bool(announces) or None,
        doc=_line(field.doc),
    )


# -- Lua -----------------------------------------------------------------------------------------------------------------


def _constant(number: int | None, base: str) -> str | int | None:
    """A number as the dissector compares it: one of eight bytes as its 16 digits."""
    return f"{number:016x}" if number is not None and base == "u64" else number


def _fixed_word(number: int | None, base: str) -> Value:
    """The same, for a number that people know by its hexadecimal digits."""
    found = _constant(number, base)
    return Raw(f"0x{found:0{2 * BASE_SIZES[base]}X}") if isinstance(found, int) else found


def _line(text: str) -> str:
    return " ".join(text.split())


def _key(name: str) -> str:
    return f'["{name}"]' if name in _KEYWORDS else name


def _record(values: Iterable[Value], /, **entries: Value) -> Lines:
    """A table of values and of entries with a key; None is left out."""
    listed = [_literal(value) for value in values] + _entries(entries)
    return Lines(listed, long=any("\n" in entry for entry in listed) or len(", ".join(listed)) > _WIDTH)


def _entries(entries: dict[str, Value]) -> list[str]:
    return [f"{_key(key)} = {_literal(value)}" for key, value in entries.items() if value is not None]


def _literal(value: Value) -> str:
    if isinstance(value, Lines):
        return _table(value)
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, str):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    return str(value).lower()


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else "".join(f"\\{byte:03d}" for byte in character.encode())


def _table(lines: Lines) -> str:
    if not lines.entries:
        return "{}"
    if not lines.long:
        return "{ " + ", ".join(lines.entries) + " }"
    return "{\n" + "".join(f"  {entry},\n".replace("\n", "\n  ")[:-2] for entry in lines.entries) + "}"
