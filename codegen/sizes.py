"""How many bytes values of a type have on the wire, and which numbers fit into them."""

from __future__ import annotations

from .model import BASE_SIZES, ArrayType, BitsType, BoolType, EnumType, IntegerType, StringType, StructType, Type


def scalar_base(type_: Type) -> str:
    """The integer that a value of fixed size is on the wire; empty for types of variable size and structs."""
    return type_.base if isinstance(type_, (IntegerType, BoolType, BitsType, EnumType)) else ""


def capacity(base: str) -> int:
    """The greatest number that an unsigned integer of that type holds."""
    return (1 << 8 * BASE_SIZES[base]) - 1


def least_size(type_: Type) -> int:
    """The bytes that a value of the type has on the wire, at least."""
    if isinstance(type_, StructType):
        return sum(least_size(field.type) for field in type_.fields)
    if isinstance(type_, StringType):
        return BASE_SIZES[type_.count] + type_.minimum.bytes
    return BASE_SIZES[scalar_base(type_) or type_.count]  # type: ignore[union-attr]


def longest_short_string(type_: Type) -> int:
    """The bytes of the longest string behind a count of one byte that a value of the type can hold; -1 for none."""
    if isinstance(type_, StructType):
        return max([longest_short_string(field.type) for field in type_.fields], default=-1)
    if isinstance(type_, ArrayType):
        return longest_short_string(type_.item)
    return type_.maximum.bytes if isinstance(type_, StringType) and type_.count == "u8" else -1


def greatest_size(type_: Type) -> int:
    """The bytes that a value of the type can have on the wire, at most."""
    if isinstance(type_, (IntegerType, BoolType, BitsType, EnumType)):
        return BASE_SIZES[type_.base]
    if isinstance(type_, StructType):
        return sum(greatest_size(field.type) for field in type_.fields)
    if isinstance(type_, ArrayType):
        return BASE_SIZES[type_.count] + type_.maximum * greatest_size(type_.item)
    return BASE_SIZES[type_.count] + type_.maximum.bytes
