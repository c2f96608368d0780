"""The comparison of types and of the fields that have them.

A declared type is compared once, at the type, and the messages that it touches are named. At a field two types are
compared only where the field got another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from ..model import (
    ArrayType,
    BitsType,
    BoolType,
    Bound,
    BytesType,
    EnumType,
    EnumValue,
    Field,
    FrameField,
    IntegerType,
    Limit,
    OptionalField,
    StringType,
    StructType,
    Type,
)
from .base import Comparison, Judge, Users, nothing, users_of
from .rules import HARMLESS, Findings, became
from .values import SCALARS, allowed, numbers, shown, whole, within

_KINDS = {
    IntegerType: "an integer",
    BoolType: "a boolean",
    BitsType: "a set of bits",
    EnumType: "an enumeration",
    StringType: "a string",
    BytesType: "bytes",
    StructType: "a struct",
    ArrayType: "an array",
}


class TypeComparison(Comparison):
    """Types and fields."""

    # -- types ---------------------------------------------------------------------------------------------------

    def declared(self) -> None:
        """Every declared type, each once."""
        pairs, gone, come = self.match(
            tuple(self.old.types.values()), tuple(self.new.types.values()), lambda type_: type_.name, "types"
        )
        for type_ in gone:
            self.tell("type-removed", f"type {type_.name}", "is gone")
        for type_ in come:
            self.tell("type-added", f"type {type_.name}", f"is new, {_KINDS[type(type_)]}")
        for old, new in pairs:
            users, place = users_of(self.old, self.new, new.name), f"type {new.name}"
            if users.messages or old == new:
                self.types(old, new, place, users)
                continue
            unused = Findings()
            TypeComparison(self.old, self.new, unused).types(old, new, place, users)
            self.found += [change for change in unused if change.category == HARMLESS]
            for change in unused:
                if change.category != HARMLESS:
                    self.tell("unused-type-changed", change.place, change.text)

    def types(self, old: Type, new: Type, place: str, users: Users) -> None:
        """What differs between two types besides their names."""
        if type(old) is not type(new):
            self._kinds(old, new, place, users)
            return
        judges: dict[str, Judge] = {
            "name": nothing,  # A rename, or another type: told by who has the type.
            "base": self.put("width-changed", place, users.note),
            "count": lambda a, b: self.tell("width-changed", place, f"count {became(a, b)}{users.note}"),
            "unit": self.put("unit-changed", place, users.note),
        }
        if isinstance(old, IntegerType) and isinstance(new, IntegerType):
            judges |= {"minimum": nothing, "maximum": nothing}  # Both at once, below.
            self._range(old, new, place, users)
        elif isinstance(old, BitsType) and isinstance(new, BitsType):
            judges["bits"] = lambda a, b: self._bits(a, b, place, users)
        elif isinstance(old, EnumType) and isinstance(new, EnumType):
            judges["open"] = lambda _, opened: self._opened(opened, place, users)
            judges["values"] = lambda _, __: self._values(old, new, place, users)
        elif isinstance(old, (StringType, BytesType)) and isinstance(new, (StringType, BytesType)):
            judges |= {"minimum": nothing, "maximum": nothing}  # Both at once, below.
            self._bounds(old, new, place, users)
            if isinstance(old, StringType) and isinstance(new, StringType):
                judges |= self._characters(old, new, place, users)
        elif isinstance(old, StructType) and isinstance(new, StructType):
            judges["fields"] = lambda a, b: self.fields(a, b, place, users)
        elif isinstance(old, ArrayType) and isinstance(new, ArrayType):
            judges["item"] = lambda a, b: self.another(a, b, f"{place}, item", users)
            judges["maximum"] = lambda a, b: self._lengths((0, a), (0, b), "items", place, users)
        self.attributes(old, new, place, judges)

    def another(self, old: Type, new: Type, place: str, users: Users, but: tuple[str, ...] = ()) -> None:
        """Where a type is referred to: what differs if it is now another one, but for rules that the caller sees to.

        Of a type that kept its name nothing is told here: what changed in it is told once, at the type.
        """
        if old.name == new.name:
            return
        known = len(self.found)
        self.types(old, new, place, users)
        differ = [change for change in self.found[known:] if change.category != HARMLESS and change.rule not in but]
        self.found[known:] = differ
        named = isinstance(new, (EnumType, StructType, BitsType)) and type(old) is type(new)
        if named or not differ:
            self.tell("field-type-changed", place, f"type {became(old.name, new.name)}{users.note}")

    def _kinds(self, old: Type, new: Type, place: str, users: Users) -> None:
        text = became(_KINDS[type(old)], _KINDS[type(new)]) + users.note
        if isinstance(old, SCALARS) and isinstance(new, SCALARS):
            self.tell("kind-changed", place, text)
            if old.base != new.base:
                self.tell("width-changed", place, became(old.base, new.base) + users.note)
            self._range(old, new, place, users)
        elif isinstance(old, (StringType, BytesType)) and isinstance(new, (StringType, BytesType)):
            self.tell("kind-changed", place, text)
            if old.count != new.count:
                self.tell("width-changed", place, f"count {became(old.count, new.count)}{users.note}")
            self._bounds(old, new, place, users)
            self.tell("pattern-changed", place, became(*map(allowed, (old, new))) + users.note)
        else:
            self.tell("layout-changed", place, text)

    # -- numbers -------------------------------------------------------------------------------------------------

    def _range(self, old: Type, new: Type, place: str, users: Users) -> None:
        before, after = numbers(old), numbers(new)
        if whole(old) and whole(new):
            return  # The width says it.
        text = became(*map(shown, (before, after))) + users.note
        if not within(before, after):
            self.tell("range-narrowed", place, text + users.refusal("new"))
        if not within(after, before):
            self.tell("range-widened", place, text + users.refusal("old"))

    def _bits(self, old: Any, new: Any, place: str, users: Users) -> None:
        pairs, gone, come = self.match(old, new, lambda bit: str(bit[0]), place)
        for name, position, _ in gone:
            self.tell("bit-removed", place, f"{name} is gone, position {position}{users.note}")
        for name, position, _ in come:
            self.tell("bit-added", place, f"{name} is new, position {position}{users.note}")
        for (name, before, doc), (_, after, words) in pairs:
            if before != after:
                self.tell("bit-moved", place, f"{name}, position {became(before, after)}{users.note}")
            if doc != words:
                self.tell("doc-changed", f"{place}.{name}", "described in other words")

    def _opened(self, opened: bool, place: str, users: Users) -> None:
        if opened:
            self.tell("enum-opened", place, f"closed became open{users.note}")
        else:
            self.tell("enum-closed", place, f"open became closed{users.note}{users.refusal('new')}")

    def _values(self, old: EnumType, new: EnumType, place: str, users: Users) -> None:
        pairs, gone, come = self.match(old.values, new.values, lambda value: value.name, place)
        for value in gone:
            rule, rest = ("value-removed", "") if new.open else ("closed-value-removed", users.refusal("new"))
            self.tell(rule, place, f"{value.name} = {value.number} is gone{users.note}{rest}")
        for value in come:
            rule, rest = ("value-added", "") if old.open else ("closed-value-added", users.refusal("old"))
            self.tell(rule, place, f"{value.name} = {value.number} is new{users.note}{rest}")
        codes = new.name in {outcome.type.name for outcome in self.new.failures.outcomes}
        for before, after in pairs:
            self._value(before, after, place, users, codes)

    def _value(self, old: EnumValue, new: EnumValue, place: str, users: Users, code: bool) -> None:
        member = f"{place}.{new.name}"
        judges: dict[str, Judge] = {
            "number": lambda a, b: self.tell("value-renumbered", place, f"{new.name}, {became(a, b)}{users.note}"),
            "says": lambda a, b: self.tell("display-changed", member, became(f"'{a}'", f"'{b}'")),
            "retry": lambda _, again: self.tell(
                "retry-changed", member, "advises another try" if again else "no longer advises another try"
            ),
        }
        if code:
            judges["doc"] = lambda _, __: self.tell("trigger-changed", member, "its cause is told in other words")
        self.attributes(old, new, member, judges)

    # -- strings, bytes and arrays -------------------------------------------------------------------------------

    def _bounds(self, old: StringType | BytesType, new: StringType | BytesType, place: str, users: Users) -> None:
        least, other = (type_.minimum if isinstance(type_, StringType) else Bound(0, "") for type_ in (old, new))
        self._lengths((least.bytes, old.maximum.bytes), (other.bytes, new.maximum.bytes), "bytes", place, users)
        if isinstance(old, StringType) and isinstance(new, StringType):
            self._code(least.code, other.code, place, f"fewer than {other.bytes} bytes" + users.note)
        self._code(old.maximum.code, new.maximum.code, place, f"more than {new.maximum.bytes} bytes" + users.note)

    def _lengths(self, old: tuple[int, int], new: tuple[int, int], what: str, place: str, users: Users) -> None:
        (least, most), (other_least, other_most) = old, new
        text = f"{became(*(f'{low} to {high} {what}' for low, high in (old, new)))}{users.note}"
        if other_least > least or other_most < most:
            self.tell("length-narrowed", place, text + users.refusal("new"))
        if other_least < least or other_most > most:
            self.tell("length-widened", place, text + users.refusal("old"))

    def _code(self, old: str, new: str, place: str, fault: str) -> None:
        """The code for a fault, unless both are the one for what is malformed: its change is told once for all."""
        if old != new and (old, new) != (self.old.failures.malformed, self.new.failures.malformed):
            self.tell("failure-code-changed", place, f"{became(old, new)} for {fault}")

    def _characters(self, old: StringType, new: StringType, place: str, users: Users) -> dict[str, Judge]:
        """Judges of the rule for characters. The pattern is what counts; the rest is how the YAML gives it."""

        def written(_: Any, __: Any) -> None:
            if old.pattern == new.pattern:
                self.tell("doc-changed", place, "the rule for characters is written in another way")

        def pattern(_: str, __: str) -> None:
            self.tell("pattern-changed", place, became(*map(allowed, (old, new))) + users.note)

        def code(before: str, after: str) -> None:
            self._code(before, after, place, "characters that are not allowed" + users.note)

        return {"pattern": pattern, "allowed": written, "forbidden": written, "pattern_code": code}

    # -- fields --------------------------------------------------------------------------------------------------

    def positions(self, old: Any, new: Any, place: str, note: str = "") -> list[tuple[Any, Any]]:
        """What changed in the sequence of fields whose places are all that tells them apart; returns those of both."""
        pairs, gone, come = self.match(old, new, lambda field: str(field.name))
        for field in gone:
            self.tell("field-removed", f"{place}.{field.name}", f"is gone{note}")
        names = [field.name for field in new]
        for field in come:
            at = names.index(field.name)
            self.tell("field-added", f"{place}.{field.name}", f"is new, {_behind(names, at)}{note}")
        before = [old_field.name for old_field, _ in pairs]
        after = [name for name in names if name in before]
        for what, _, _, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            for at in range(first, last) if what in ("insert", "replace") else ():
                self.tell("field-moved", f"{place}.{after[at]}", f"moved, now {_behind(after, at)}{note}")
        return pairs

    def fields(self, old: Sequence[Field], new: Sequence[Field], place: str, users: Users) -> None:
        """The fields of a message or struct."""
        for before, after in self.positions(old, new, place, users.note):
            self._field(before, after, f"{place}.{after.name}", users)

    def _field(self, old: Field, new: Field, place: str, users: Users) -> None:
        judges = self._common(old, new, place, users) | {
            "const": lambda a, b: self.tell("const-changed", place, became(*map(_fixed, (a, b))) + users.note),
            "announces": self.put("announcement-changed", place, users.note)
            if old.announces and new.announces
            else self.say("doc-changed", place, f"is said to bear the value of {new.announces or 'no limit'}"),
        }
        docs = tuple(limit and limit.doc for limit in self._limits(old, new))
        if old.announces == new.announces and (old.doc, new.doc) == docs:
            judges["doc"] = nothing  # It is the limit's, and told there.
        self.attributes(old, new, place, judges)

    def optional(self, old: OptionalField, new: OptionalField, place: str, users: Users) -> None:
        """An optional field of both versions."""
        judges = self._common(old, new, place, users)
        judges["tag"] = lambda a, b: self.tell("optional-field-retagged", place, f"tag {became(a, b)}")
        self.attributes(old, new, place, judges)

    def _common(
        self, old: Field | OptionalField, new: Field | OptionalField, place: str, users: Users
    ) -> dict[str, Judge]:
        """Judges of the type and the unit of a field. Where it has no unit of its own, the unit is told elsewhere."""
        lent = [
            limit.unit if limit else _unit(field.type)
            for limit, field in zip(self._limits(old, new), (old, new), strict=True)
        ]
        same = old.type.name == new.type.name and getattr(old, "announces", "") == getattr(new, "announces", "")
        return {
            "type": lambda a, b: self.another(a, b, place, users, but=("unit-changed",)),
            "unit": nothing if same and [old.unit, new.unit] == lent else self.put("unit-changed", place, users.note),
        }

    def _limits(self, *fields_: Field | OptionalField) -> list[Limit | None]:
        """The limits that the old and the new field announce."""
        names = [getattr(field, "announces", "") for field in fields_]
        return [
            next((limit for limit in spec.limits if limit.name == name), None)
            for spec, name in zip((self.old, self.new), names, strict=True)
        ]

    def header(self, old: Sequence[FrameField], new: Sequence[FrameField]) -> None:
        """The fields of the header."""
        for before, after in self.positions(old, new, "header"):
            self._header_field(before, after, f"header.{after.name}")

    def _header_field(self, old: FrameField, new: FrameField, place: str) -> None:
        judges: dict[str, Judge] = {
            "base": self.put("width-changed", place),
            "role": self.put("role-changed", place),
            "const": lambda a, b: self.tell("const-changed", place, became(*map(_fixed, (a, b)))),
        }
        self.attributes(old, new, place, judges)


def _behind(names: Sequence[str], at: int) -> str:
    return f"behind {names[at - 1]}" if at else "the first"


def _fixed(value: int | None) -> str:
    """A fixed value, or the word for none."""
    return "a free value" if value is None else f"{value:#x}"


def _unit(type_: Type) -> str:
    return type_.unit if isinstance(type_, IntegerType) else ""
