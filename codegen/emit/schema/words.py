"""Pieces of JSON Schema: every one has a description, and a mapping knows all its keys."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from ...model import Base
from ...sizes import capacity

Schema = dict[str, Any]

#: What a name in small letters may not be: a word of Python, or a type that annotates attributes.
RESERVED = sorted({*keyword.kwlist, "bool", "bytes", "int", "str", "tuple"})


def text(doc: str, pattern: str = "", **more: Any) -> Schema:
    """A string, perhaps of a form."""
    return {"description": doc, "type": "string", **({"pattern": pattern} if pattern else {}), **more}


def prose(doc: str) -> Schema:
    """A string that is not blank."""
    return text(doc, r"\S")


def version(doc: str) -> Schema:
    """MAJOR.MINOR."""
    return text(doc, r"^[0-9]+\.[0-9]+$")


def name(doc: str) -> Schema:
    """A name in small letters that can be an attribute."""
    return text(doc, "^[a-z][a-z0-9_]*$", **{"not": {"enum": RESERVED}})


def number(doc: str, most: int | None = None, least: int = 0) -> Schema:
    """A whole number."""
    return {"description": doc, "type": "integer", "minimum": least, **({} if most is None else {"maximum": most})}


def truth(doc: str) -> Schema:
    """True or false."""
    return {"description": doc, "type": "boolean"}


def one_of(doc: str, words: Iterable[str]) -> Schema:
    """One of some words."""
    return {"description": doc, "enum": list(words)}


def known(doc: str, words: Iterable[str]) -> Schema:
    """The name of something that is declared elsewhere. Editors offer those that the spec has; a new one is none the worse."""
    found = list(words)
    return {"description": doc, "type": "string", **({"anyOf": [{"enum": found}, {}]} if found else {})}


def items(doc: str, item: Schema, least: int = 0, most: int | None = None) -> Schema:
    """A list."""
    more = {"maxItems": most} if most is not None else {}
    return {"description": doc, "type": "array", "items": item, **({"minItems": least} if least else {}), **more}


def mapping(doc: str, required: dict[str, Schema], optional: dict[str, Schema] | None = None, **more: Any) -> Schema:
    """A mapping that has these keys and no others."""
    return {
        "description": doc,
        "type": "object",
        "properties": required | (optional or {}),
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
        **more,
    }


def named(doc: str, pattern: str, value: Schema) -> Schema:
    """A mapping from names of a form to values."""
    return {"description": doc, "type": "object", "propertyNames": {"pattern": pattern}, "additionalProperties": value}


LOWER, UPPER = "^[a-z][a-z0-9_]*$", "^[A-Z][A-Z0-9_]*$"


def when(key: str, words: Sequence[str], then: Schema) -> Schema:
    """A rule for a mapping whose key has one of some values."""
    return {"if": {"properties": {key: {"enum": list(words)}}, "required": [key]}, "then": then}


def within(key: str, place: Sequence[str], bits: bool = False) -> list[Schema]:
    """For each base type at the key: the number at the place is within it (or is the position of one of its bits).

    `*` in a place stands for any name.
    """
    rules = []
    for base in get_args(Base):
        rule: Schema = {"maximum": capacity(base).bit_length() - 1 if bits else capacity(base)}
        for step in reversed(place):
            rule = {"additionalProperties": rule} if step == "*" else {"properties": {step: rule}}
        rules.append(when(key, [base], rule))
    return rules
