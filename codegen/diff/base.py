"""What every comparison of two specs is made of: entries in pairs, attributes before their judges, and who is touched."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from ..model import ArrayType, Sender, Spec, StructType, Type
from .rules import Findings, became

Item = TypeVar("Item")
Judge = Callable[[Any, Any], None]  # takes the old and the new value of an attribute, and tells


@dataclass(frozen=True)
class Users:
    """The messages that a change of a type touches, and their senders. `named`: the place does not tell it."""

    messages: tuple[str, ...]
    senders: frozenset[Sender]
    named: bool = False

    @property
    def note(self) -> str:
        """The messages in brackets, where the place does not name them."""
        more = len(self.messages) - 6
        shown = [*self.messages[:6], f"{more} more"] if more > 0 else self.messages
        return f" ({', '.join(shown)})" if self.named and shown else ""

    def refusal(self, age: Literal["old", "new"]) -> str:
        """Which receivers refuse something: old ones what is new, or new ones what they no longer know."""
        others: dict[frozenset[Sender], str] = {frozenset({"client"}): "server", frozenset({"server"}): "client"}
        receiver = others.get(self.senders, "peer")
        text = f"an old {receiver} refuses what is new" if age == "old" else f"a new {receiver} refuses the rest"
        return f"; {text}" if self.messages else ""


def users_of(old: Spec, new: Spec, name: str) -> Users:
    """The messages of both versions that bear the type in one of them."""
    kept = {message.name for message in old.messages} & {message.name for message in new.messages}
    found: dict[str, Sender] = {}
    for spec in (old, new):
        if spec.frame.extension and name in _made_of(spec.frame.extension.value):
            found["every extension"] = "either"
        for message in spec.messages:
            types = [field.type for field in message.fields] + [field.type for field in message.optional]
            if message.name in kept and any(name in _made_of(type_) for type_ in types):
                found.setdefault(message.name, message.sender)
    return Users(tuple(found), frozenset(found.values()), named=True)


def _made_of(type_: Type) -> set[str]:
    """The names of the type and of all that are in it."""
    inner: Iterable[Type] = ()
    if isinstance(type_, StructType):
        inner = (field.type for field in type_.fields)
    elif isinstance(type_, ArrayType):
        inner = (type_.item,)
    return {type_.name}.union(*map(_made_of, inner))


def nothing(old: Any, new: Any) -> None:
    """For an attribute whose change is told elsewhere, as the comment beside it says."""


class Comparison:
    """Two versions of a spec, under one set of names, and the changes found between them."""

    def __init__(self, old: Spec, new: Spec, found: Findings) -> None:
        self.old, self.new, self.found = old, new, found
        self.tell = found.tell

    def put(self, rule: str, place: str, note: str = "") -> Judge:
        """A judge that tells what became of what."""
        return lambda old, new: self.tell(rule, place, became(old, new) + note)

    def say(self, rule: str, place: str, text: str) -> Judge:
        """A judge that tells this."""
        return lambda _, __: self.tell(rule, place, text)

    def attributes(self, old: Any, new: Any, place: str, judges: dict[str, Judge]) -> None:
        """Let each attribute that differs be judged. One that has no judge is not passed over, but told as it is."""
        for attribute in (field.name for field in fields(new)):
            before, after = getattr(old, attribute), getattr(new, attribute)
            if before == after:
                continue
            if attribute in judges:
                judges[attribute](before, after)
            elif attribute == "doc":
                self.tell("doc-changed", place, "described in other words")
            elif attribute == "since":
                self.tell("since-changed", place, became(before, after))
            else:
                self.tell("other-change", place, f"{attribute} changed")

    def match(
        self, old: Sequence[Item], new: Sequence[Item], key: Callable[[Item], Hashable], place: str = ""
    ) -> tuple[list[tuple[Item, Item]], list[Item], list[Item]]:
        """The entries of both versions in pairs, those that are gone, and those that came.

        With a place, another order of those that stayed is told as harmless.
        """
        before, after = {key(item): item for item in old}, {key(item): item for item in new}
        both = [name for name in before if name in after]
        if place and both != [name for name in after if name in before]:
            self.tell("order-changed", place, "in another order")
        gone, come = [before[k] for k in before if k not in after], [after[k] for k in after if k not in before]
        return [(before[k], after[k]) for k in both], gone, come
