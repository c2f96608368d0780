"""Renames between two versions of a spec: found where the number, position or layout stayed, and told once.

`carry(old, new, found)` returns the old spec with the new names in every place that refers to them. What is compared
afterwards thus differs in more than names, and a rename does not show again at each use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from difflib import SequenceMatcher
from functools import partial
from typing import Any, TypeVar

from ..model import (
    BitsType,
    Bound,
    Command,
    DisplayLine,
    EnumType,
    Failures,
    Field,
    Frame,
    Message,
    Outcome,
    Spec,
    State,
    StringType,
    StructType,
    Transition,
    Type,
    Vector,
)
from .rules import Findings

Names = Mapping[str, str]  # old name -> new name
Named = TypeVar("Named")


def carry(old: Spec, new: Spec, found: Findings) -> Spec:
    """The old spec under the new one's names."""
    old = _types(old, new, found)
    for step in (_codes, _messages, _states, _header, _fields):
        old = step(old, new, found)
    return old


def _rebuilt(value: Any, rename: Callable[[Any], Any]) -> Any:
    """The value with every dataclass in it, innermost first, passed through `rename`."""
    if isinstance(value, tuple):
        return tuple(_rebuilt(item, rename) for item in value)
    if isinstance(value, dict):
        return {key: _rebuilt(item, rename) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _rebuilt(getattr(value, field.name), rename) for field in fields(value)}
        return rename(replace(value, **parts))
    return value


def _keys(values: Mapping[str, Any], names: Names) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _all(words: Sequence[str], names: Names) -> tuple[str, ...]:
    return tuple(names.get(word, word) for word in words)


def _by_number(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, str]:
    """What bears another name with the same number, if neither name is that of something else in the other version."""
    names = {number: name for name, number in new.items()}
    return {a: names[n] for a, n in old.items() if a not in new and n in names and names[n] not in old}


def _in_place(old: Sequence[Named], new: Sequence[Named], alike: Callable[[Named, Named], bool]) -> dict[str, str]:
    """What bears another name between the same neighbours and is alike otherwise."""
    before, after = [vars(item)["name"] for item in old], [vars(item)["name"] for item in new]
    names: dict[str, str] = {}
    for what, first, last, new_first, new_last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "replace" and last - first == new_last - new_first:
            pairs = zip(old[first:last], new[new_first:new_last], strict=True)
            names |= {vars(a)["name"]: vars(b)["name"] for a, b in pairs if alike(a, b)}
    return {a: b for a, b in names.items() if a not in after and b not in before}


# -- types -----------------------------------------------------------------------------------------------------------


def _types(old: Spec, new: Spec, found: Findings) -> Spec:
    """A type that is gone and a new one of the very same layout are one type; those made of others come after them."""
    while True:
        gone = [type_ for name, type_ in old.types.items() if name not in new.types]
        come = [type_ for name, type_ in new.types.items() if name not in old.types]
        pair = next(((a, b) for a in gone for b in come if _plain(a) == _plain(b)), None)
        if pair is None:
            return old
        before, after = pair[0].name, pair[1].name
        found.tell("type-renamed", f"type {before}", f"became {after}")
        old = _rebuilt(old, partial(_type, {before: after}))
        old = replace(old, types=_keys(old.types, {before: after}))


def _plain(type_: Type) -> Type:
    """The type without its own name and doc, and without the docs of what it is made of."""

    def bare(value: Any) -> Any:
        value = replace(value, doc="") if hasattr(value, "doc") else value
        if isinstance(value, BitsType):
            return replace(value, bits=tuple((name, position, "") for name, position, _ in value.bits))
        return value

    bared: Type = _rebuilt(type_, bare)
    return replace(bared, name="")


def _type(names: Names, value: Any) -> Any:
    return replace(value, name=names.get(value.name, value.name)) if isinstance(value, Type) else value


# -- what has a number -----------------------------------------------------------------------------------------------


def _codes(old: Spec, new: Spec, found: Findings) -> Spec:
    """Values of enumerations, and bits. Those of a failure are named by bounds, errors and vectors too."""
    members: dict[str, dict[str, str]] = {}
    for name, type_ in old.types.items():
        other = new.types.get(name)
        if isinstance(type_, EnumType) and isinstance(other, EnumType):
            rule = "value-renamed"
            values = [{value.name: value.number for value in enum.values} for enum in (type_, other)]
            names = _by_number(values[0], values[1])
        elif isinstance(type_, BitsType) and isinstance(other, BitsType):
            rule = "bit-renamed"
            bits = [{name: position for name, position, _ in set_.bits} for set_ in (type_, other)]
            names = _by_number(bits[0], bits[1])
        else:
            continue
        members[name] = names
        for before, after in names.items():
            found.tell(rule, f"type {name}", f"{before} became {after}")
    codes: dict[str, str] = {}
    for outcome in old.failures.outcomes:
        codes |= members.get(outcome.type.name, {})
    typed = {(message.name, field.name): field.type.name for message in old.messages for field in message.fields}
    return old if not any(members.values()) else _rebuilt(old, partial(_code, codes, members, typed))


def _code(codes: Names, members: Mapping[str, Names], typed: Mapping[tuple[str, str], str], value: Any) -> Any:
    def known(message: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of fields with the new names of those that are members of an enumeration."""
        names = {name: members.get(typed.get((message, name), ""), {}) for name in values}
        return {name: names[name].get(v, v) if isinstance(v, str) else v for name, v in values.items()}

    match value:
        case EnumType(name=name, values=values):
            names = members.get(name, {})
            return replace(value, values=tuple(replace(v, name=names.get(v.name, v.name)) for v in values))
        case BitsType(name=name, bits=bits):
            names = members.get(name, {})
            return replace(value, bits=tuple((names.get(bit, bit), position, doc) for bit, position, doc in bits))
        case Bound(code=code) | Vector(code=code, message="") if code:
            return replace(value, code=codes.get(code, code))
        case Vector(message=message, fields=values):
            return replace(value, fields=known(message, values))
        case StringType(pattern_code=code):
            return replace(value, pattern_code=codes.get(code, code))
        case Message(errors=errors):
            return replace(value, errors=_all(errors, codes))
        case DisplayLine(message=message, when=when):
            return replace(value, when=known(message, when))
        case Failures():
            words = {field.name: getattr(value, field.name) for field in fields(value)}
            renamed: dict[str, Any] = {
                key: codes[word] for key, word in words.items() if isinstance(word, str) and word in codes
            }
            return replace(value, **renamed)
    return value


def _messages(old: Spec, new: Spec, found: Findings) -> Spec:
    names = _by_number(*({message.name: message.number for message in spec.messages} for spec in (old, new)))
    for message in old.messages:
        if message.name in names:
            found.tell("message-renamed", f"{message.number:#04x}", f"{message.name} became {names[message.name]}")
    return _rebuilt(old, partial(_message, names)) if names else old


def _message(names: Names, value: Any) -> Any:
    match value:
        case Message(name=name, replies=replies):
            return replace(value, name=names.get(name, name), replies=_all(replies, names))
        case Transition(message=message) | Outcome(message=message) | Vector(message=message):
            return replace(value, message=names.get(message, message))
        case DisplayLine(message=message, answers=answers):
            return replace(value, message=names.get(message, message), answers=names.get(answers, answers))
        case Command(sends=(message, values)) as command:
            return replace(command, sends=(names.get(message, message), values))
        case Spec(plain=(message, values)) as spec:
            return replace(spec, plain=(names.get(message, message), values))
    return value


# -- what has a place ------------------------------------------------------------------------------------------------


def _states(old: Spec, new: Spec, found: Findings) -> Spec:
    names = _in_place(old.states, new.states, lambda a, b: a.final == b.final)
    for before, after in names.items():
        found.tell("state-renamed", f"state {before}", f"became {after}")
    return _rebuilt(old, partial(_state, names)) if names else old


def _state(names: Names, value: Any) -> Any:
    match value:
        case State(name=name):
            return replace(value, name=names.get(name, name))
        case Message(states=states):
            return replace(value, states={side: _all(allowed, names) for side, allowed in states.items()})
        case Transition(sources=sources, target=target):
            return replace(value, sources=_all(sources, names), target=names.get(target, target))
    return value


def _header(old: Spec, new: Spec, found: Findings) -> Spec:
    names = _in_place(
        old.frame.fields, new.frame.fields, lambda a, b: (a.base, a.role, a.const) == (b.base, b.role, b.const)
    )
    for before, after in names.items():
        found.tell("field-renamed", "header", f"{before} became {after}")
    # Vectors give these two, by their names.
    given = {
        field.name: names[field.name]
        for field in old.frame.fields
        if field.role in ("flags", "correlation") and field.name in names
    }
    return _rebuilt(old, partial(_header_field, names, given)) if names else old


def _header_field(names: Names, given: Names, value: Any) -> Any:
    match value:
        case Frame(fields=header):
            return replace(value, fields=tuple(replace(f, name=names.get(f.name, f.name)) for f in header))
        case Vector(fields=values):
            return replace(value, fields=_keys(values, given))
    return value


def _fields(old: Spec, new: Spec, found: Findings) -> Spec:
    """Fields of structs by their place; those of messages too, and their optional ones by their tag."""
    names: dict[str, dict[str, str]] = {}
    for name, type_ in old.types.items():
        other = new.types.get(name)
        if isinstance(type_, StructType) and isinstance(other, StructType):
            names[f"type {name}"] = _in_place(type_.fields, other.fields, _alike)
    others = {message.name: message for message in new.messages}
    for message in old.messages:
        if after := others.get(message.name):
            renamed = _in_place(message.fields, after.fields, _alike)
            renamed |= _by_number(*({field.name: field.tag for field in m.optional} for m in (message, after)))
            known = {*message.names} & {*renamed.values()} | {*after.names} & {*renamed}
            names[message.name] = {a: b for a, b in renamed.items() if not {a, b} & known}
    for owner, members in names.items():
        for a, b in members.items():
            found.tell("field-renamed", owner, f"{a} became {b}")
    return _rebuilt(old, partial(_field, names)) if any(names.values()) else old


def _alike(old: Field, new: Field) -> bool:
    """Whether two fields at the same place could be one that got another name."""
    return (old.type.name, old.const) == (new.type.name, new.const)


def _field(names: Mapping[str, Names], value: Any) -> Any:
    def named(owner: str, values: Any) -> Any:
        return tuple(replace(f, name=names.get(owner, {}).get(f.name, f.name)) for f in values)

    match value:
        case StructType(name=name, fields=members):
            return replace(value, fields=named(f"type {name}", members))
        case Message(name=name, fields=members, optional=optional):
            return replace(value, fields=named(name, members), optional=named(name, optional))
        case Outcome(message=message, field=field):
            return replace(value, field=names.get(message, {}).get(field, field))
        case DisplayLine(message=message, when=when):
            return replace(value, when=_keys(when, names.get(message, {})))
        case Vector(message=message, fields=values):
            return replace(value, fields=_keys(values, names.get(message, {})))
        case Command(sends=(message, values)) as command:
            return replace(command, sends=(message, _keys(values, names.get(message, {}))))
        case Spec(plain=(message, values)) as spec:
            return replace(spec, plain=(message, _keys(values, names.get(message, {}))))
    return value
