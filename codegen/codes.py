"""Which failure codes the values of a type are refused with."""

from __future__ import annotations

from .model import ArrayType, BytesType, StringType, StructType, Type


def codes_of(type_: Type) -> set[str]:
    """The codes that values of a type are refused with, other than that for what cannot be read at all."""
    if isinstance(type_, StringType):
        bounds = {type_.maximum.code} | ({type_.minimum.code} if type_.minimum.bytes else set())
        return bounds | {type_.pattern_code}
    if isinstance(type_, BytesType):
        return {type_.maximum.code}
    if isinstance(type_, ArrayType):
        return codes_of(type_.item)
    if isinstance(type_, StructType):
        return set[str]().union(*(codes_of(field.type) for field in type_.fields))
    return set()
