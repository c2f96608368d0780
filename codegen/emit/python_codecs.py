"""Python: the codecs that are used, a construct a message with a straight-line decoder and encoder."""

from __future__ import annotations

import re

from ..model import Spec
from .python_decode import decoder, record_reader
from .python_encode import encoder, record_writer
from .python_syntax import banner, literal
from .python_twins import in_order
from .straight_line import FORMATS, Module

_IMPORTS = """from __future__ import annotations

import struct
from collections.abc import Callable{collection}
from functools import partial
from typing import Any

from . import messages as m
from . import twins as t
from . import wire as w
from .codec import Codecs, MessageCodec{marking}
{names}
{none}"""

_DISPATCH = '''

def decode(frame: bytes, *, unchecked: bool = False) -> w.Message:
    """Read one whole frame of any message.

    Raises `DecodeError`; for a type that is not known, with the protocol's code for that. With `unchecked` no value is
    checked.
    """
    if not unchecked:
        try:
            decoder = _DECODERS[{type}]
        except {missing}:
            pass
        else:
            return decoder(frame)
    return CODECS.decode(frame, unchecked=unchecked)


def encode(message: w.Message, *, unchecked: bool = False) -> bytes:
    """The frame of a message. Raises `EncodeError`. With `unchecked` no value is checked."""
    encoder = None if unchecked else _ENCODERS.get(message.__class__)
    return CODECS.encode(message, unchecked=unchecked) if encoder is None else encoder(message)
'''


def _natural(name: str) -> list[tuple[int, int, str]]:
    """What names are sorted by as ruff sorts imports: without case, and numbers by their size."""
    parts = re.findall(r"[0-9]+|[^0-9]", name.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def codecs(spec: Spec) -> str:
    """The module with the codec of every message, and the functions that choose among them."""
    module = Module(spec)
    records = record_reader(spec, module) + record_writer(spec, module)
    functions = "".join(f"\n\n{decoder(spec, m, module)}\n\n{encoder(spec, m, module)}" for m in spec.messages)
    type_field = spec.frame.field("type")
    assert type_field is not None
    offset = spec.frame.offset("type")
    if type_field.base == "u8":
        kind, missing = f"frame[{offset}]", "LookupError"
    else:
        kind, missing = f"{module.unpack(FORMATS[type_field.base])}(frame, {offset})[0]", "(LookupError, struct.error)"
    names = ["FRAME", *(f"{type_.name.upper()}_TYPE" for type_ in in_order(spec))]
    out = banner(spec)
    out += f'"""The codecs of the {spec.name}: for each message a decoder, an encoder and a construct of both.\n\n'
    out += (
        "The functions are straight-line code for what is right. Whatever they do not expect they give to the twin,\n"
    )
    out += 'which says what is wrong.\n"""\n\n'
    imported = "\n".join(f"from .twins import {name} as {name}" for name in sorted(names, key=_natural))
    none = "\n_NO_EXTENSIONS: tuple[w.Extension, ...] = ()\n" if spec.frame.extension else ""
    out += _IMPORTS.format(
        collection=", Collection" if spec.frame.extension else "",
        names=imported,
        marking=", marking" if module.marks else "",
        none=none,
    )
    out += "\n" + module.prelude() + ("\n" + records.rstrip("\n") + "\n" if records else "") + functions + "\n\n"
    for message in spec.messages:
        name = message.name.lower()
        out += f"{message.name} = MessageCodec(t.{message.name}, decode_{name}, encode_{name})\n"
    out += "\n#: Every codec, by type, class and name.\n"
    names = [message.name for message in spec.messages]
    listed = f"({names[0]},)" if len(names) == 1 else "(\n" + "".join(f"        {name},\n" for name in names) + "    )"
    out += f"CODECS = Codecs(\n    FRAME,\n    {literal(spec.failures.unknown_type)},\n    {listed},\n)\n"
    out += "_DECODERS: dict[int, Callable[[bytes], w.Message]] = {kind: codec.decode for kind, codec in CODECS.by_type.items()}\n"
    out += "_ENCODERS: dict[type[w.Message], Callable[[Any], bytes]] = {\n    kind: codec.encode for kind, codec in CODECS.by_class.items()\n}\n"
    return out + _DISPATCH.format(type=kind, missing=missing)
