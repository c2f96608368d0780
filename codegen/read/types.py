"""The section `types` of a spec, and the fields of structs and messages, which refer to it.

A `TypeReader` reads a type when it is first asked for, so declarations may stand in any order. What is wrong is
reported at its place; a harmless type then stands in, so that reading goes on.
"""

from __future__ import annotations

import difflib
import re
from typing import get_args

from ..model import (
    BASE_SIZES,
    ArrayType,
    Base,
    BitsType,
    BoolType,
    Bound,
    BytesType,
    EnumType,
    EnumValue,
    Extension,
    Field,
    IntegerType,
    Limit,
    OptionalField,
    StringType,
    StructType,
    Type,
)
from ..sizes import capacity, greatest_size
from ..support.strict_yaml import Mapping, Node, suggestion
from .names import ClassNames, check_attribute, check_name
from .source import Source

#: The keys of each kind of type, required and optional.
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "integer": (("base",), ("min", "max", "unit")),
    "bool": (("base",), ()),
    "bits": (("base", "bits"), ()),
    "enum": (("base", "values"), ("open",)),
    "string": (("count", "max"), ("min", "allow", "forbid")),
    "bytes": (("count", "max"), ()),
    "struct": (("fields",), ()),
    "array": (("count", "item", "max"), ()),
}


#: How many items without bytes an array may have.
_MOST_EMPTY = 20


def is_named(type_: Type, node: Node) -> bool:
    """Whether the type is the one that the node names, and none that stands in for it."""
    return bool(node.value == type_.name)


class TypeReader:
    """The types of one spec; `types` has the built-in ones and those that were read so far, `names` the names in use."""

    def __init__(self, source: Source, malformed: str) -> None:
        self.source, self.section, self.malformed = source, source.section("types", {}), malformed
        self.types: dict[str, Type] = {
            base: IntegerType(base, f"An unsigned integer of {8 * BASE_SIZES[base]} bits.", base, 0, capacity(base))
            for base in get_args(Base)
        }
        self.names = ClassNames()
        self._declared = {name: node for name, _, node in self.section.entries()}
        self._stand_in = self.types["u64"]
        self._loading: list[str] = []

    def read(self) -> None:
        """Read every declared type."""
        for name, place, _ in self.section.entries():
            if name in BASE_SIZES:
                place.problem(f"'{name}' is a type already", "name-collision")
            type_ = self._named(name)
            is_class = isinstance(type_, (EnumType, StructType)) or (isinstance(type_, BitsType) and bool(type_.bits))
            self.names.check_type(place, name, is_class=is_class)

    def at(self, node: Node, owner: str) -> Type:
        """The type whose name stands at the node; `owner` is what has it, for reports."""
        name = node.string()
        if name in self._loading:
            node.problem(f"type '{name}' would contain itself", "unfit-type")
        elif name in self.types or name in self._declared:
            return self._named(name)
        elif isinstance(node.value, str) and not self.source.lost("types"):
            hint = suggestion(name, [*BASE_SIZES, *self._declared])
            node.problem(f"{owner} has unknown type '{name}'{hint}", "unknown-name")
        return self._stand_in

    def base(self, entry: Mapping, key: str) -> Base:
        """The built-in integer named at the key. The largest stands in for what is none."""
        node = entry.at(key, "u64")
        word = node.one_of(BASE_SIZES, "base type")
        return next(base for base in get_args(Base) if base == (word if word == node.value else "u64"))

    def _named(self, name: str) -> Type:
        if name not in self.types:
            self._loading.append(name)
            with self.source.watched("types", name):
                self.types[name] = self._type(name, self._declared[name])
            self._loading.pop()
        return self.types[name]

    def _type(self, name: str, node: Node) -> Type:
        declared = node.value.get("kind") if isinstance(node.value, dict) else None
        kind = declared.one_of(KINDS, "kind of type") if declared else ""
        if declared is None or declared.value != kind:
            node.mapping(("kind",), node.keys)  # Of what kind the other keys should be, nobody knows.
            return self._stand_in
        required, optional = KINDS[kind]
        entry = node.mapping(("kind", "doc", *required), optional)
        doc = entry.string("doc")
        if kind == "integer":
            return self._integer(name, doc, entry)
        if kind == "bool":
            return BoolType(name, doc, self.base(entry, "base"))
        if kind == "bits":
            base = self.base(entry, "base")
            return BitsType(name, doc, base, self._bits(entry, 8 * BASE_SIZES[base]))
        if kind == "enum":
            base = self.base(entry, "base")
            return EnumType(name, doc, base, entry.boolean("open"), self._enum_values(entry, capacity(base)))
        if kind == "string":
            return self._string(name, doc, entry)
        if kind == "bytes":
            base = self.base(entry, "count")
            return BytesType(name, doc, base, self._bound(entry, "max", base, capacity(base)))
        if kind == "struct":
            return StructType(name, doc, self.fields(entry.items("fields"), name))
        base, most = self.base(entry, "count"), entry.integer("max")
        if not 0 <= most <= capacity(base):
            entry.at("max").problem(f"a count of {base} holds no {most}", "out-of-range")
        item = self.at(entry.at("item"), f"type '{name}'")
        if greatest_size(item) == 0 and most > _MOST_EMPTY:
            # They would cost time and memory that the bytes of a frame do not answer for.
            text = f"{item.name} has no bytes, so an array of it is held to {_MOST_EMPTY}; a number says as much"
            entry.at("max").problem(text, "unfit-type")
        return ArrayType(name, doc, base, item, most)

    def _integer(self, name: str, doc: str, entry: Mapping) -> IntegerType:
        base = self.base(entry, "base")
        most = capacity(base)
        low, high = entry.integer("min"), entry.integer("max", most)
        for key, number in (("min", low), ("max", high)):
            if not 0 <= number <= most:
                entry.at(key).problem(f"{number} does not lie within {base}, 0 to {most}", "out-of-range")
        if 0 <= high < low <= most:
            entry.at("min").problem(f"min {low} is more than max {high}", "out-of-range")
        return IntegerType(name, doc, base, low, high, entry.string("unit"))

    @staticmethod
    def _bits(entry: Mapping, size: int) -> tuple[tuple[str, int, str], ...]:
        bits: list[tuple[str, int, str]] = []
        for name, place, node in entry.entries("bits"):
            check_name(place, name, upper=True)
            fields = node.mapping(("position", "doc"))
            position, place = fields.integer("position"), fields.at("position")
            if not 0 <= position < size:
                place.problem(f"bit {position} does not lie within {size} bits", "out-of-range")
            if fields.holds("position", int) and any(bit[1] == position for bit in bits):
                place.problem(f"bit {position} of '{name}' is taken already", "number-taken")
            bits.append((name, position, fields.string("doc")))
        return tuple(bits)

    @staticmethod
    def _enum_values(entry: Mapping, most: int) -> tuple[EnumValue, ...]:
        values: list[EnumValue] = []
        for name, place, node in entry.entries("values"):
            check_name(place, name, upper=True)
            fields = node.mapping(("number",), ("doc", "trigger", "says", "retry", "since"))
            number, place = fields.integer("number"), fields.at("number")
            if not 0 <= number <= most:
                place.problem(f"number {number} of '{name}' does not lie between 0 and {most}", "out-of-range")
            if fields.holds("number", int) and any(value.number == number for value in values):
                place.problem(f"number {number} of '{name}' is taken already", "number-taken")
            doc = fields.string("doc") or fields.string("trigger")
            says, retry, since = fields.string("says"), fields.boolean("retry"), fields.string("since")
            values.append(EnumValue(name, number, doc, says, retry, since))
        return tuple(values)

    def _bound(self, entry: Mapping, key: str, count: Base, default: int) -> Bound:
        node = entry.get(key)
        if node is None:
            return Bound(default, self.malformed)
        if entry.holds(key, int):
            node.problem(f"expected a mapping, found a number; write {{bytes: {node.value}}}", "wrong-type")
            return Bound(default, self.malformed)
        fields = node.mapping(("bytes",), ("else",))
        number = fields.integer("bytes", default)
        if not 0 <= number <= capacity(count):
            fields.at("bytes").problem(f"a count of {count} holds no {number}", "out-of-range")
        return Bound(number, fields.string("else", self.malformed))

    # -- strings -------------------------------------------------------------------------------------------------

    def _string(self, name: str, doc: str, entry: Mapping) -> StringType:
        pattern, code, allowed = "", self.malformed, ""
        forbidden: tuple[str, ...] = ()
        if allow := entry.get("allow"):
            fields = allow.mapping(("pattern",), ("else",))
            pattern = allowed = fields.string("pattern")
            code = fields.string("else", code)
            try:
                re.compile(pattern)
            except re.error as error:
                fields.at("pattern").problem(f"not a regular expression: {error}", "string-rule")
        if forbid := entry.get("forbid"):
            if pattern:
                forbid.problem("a string type has 'allow' or 'forbid', not both", "string-rule")
            fields = forbid.mapping(("ranges",), ("else",))
            if "ranges" in fields and not fields.items("ranges"):
                fields.at("ranges").problem("there is no range of characters to forbid", "string-rule")
            forbidden = tuple(item.string() for item in fields.items("ranges"))
            code = fields.string("else", code)
            pattern = f"[^{''.join(self._range(item) for item in fields.items('ranges'))}]*"
        count = self.base(entry, "count")
        minimum, maximum = self._bound(entry, "min", count, 0), self._bound(entry, "max", count, capacity(count))
        if maximum.bytes < minimum.bytes <= capacity(count):
            text = f"min {minimum.bytes} is more than max {maximum.bytes}"
            entry.at("min").mapping(("bytes",), ("else",)).at("bytes").problem(text, "out-of-range")
        return StringType(name, doc, count, minimum, maximum, pattern, code, allowed, forbidden)

    @staticmethod
    def _range(node: Node) -> str:
        """The characters from U+XXXX to U+YYYY as a part of a regular expression's set."""
        match = re.fullmatch(r"U\+([0-9A-F]{4,6})(?:-U\+([0-9A-F]{4,6}))?", node.string())
        first, last = (int(match[1], 16), int(match[2] or match[1], 16)) if match else (1, 0)
        if not first <= last <= 0x10FFFF:
            node.problem(f"expected a range such as U+0000-U+001F, found '{node.plain()}'", "string-rule")
            return ""
        return f"\\U{first:08x}-\\U{last:08x}"

    # -- fields --------------------------------------------------------------------------------------------------

    def fields(
        self, nodes: list[Node], owner: str, limits: tuple[Limit, ...] = (), taken: tuple[str, ...] = ()
    ) -> tuple[Field, ...]:
        """The fields of a struct or message. A field may announce one of the limits; `taken` names belong to others."""
        fields: list[Field] = []
        for node in nodes:
            entry = node.mapping(("name", "type"), ("doc", "unit", "const", "announces"))
            name = self._name(entry, owner, [field.name for field in fields])
            if name in taken:
                text = f"field '{name}' of {owner} has the name of a part of the frame"
                entry.at("name").problem(text, "name-collision")
            what = f"field '{name}' of {owner}" if name else f"a field of {owner}"
            type_ = self.at(entry.at("type"), what)
            doc, unit = entry.string("doc"), entry.string("unit")
            limit = self._announced(entry, type_, limits)
            if limit:
                doc, unit = doc or limit.doc, unit or limit.unit
            if not doc and entry.at("doc", "").value == "" and "announces" not in entry:
                node.problem(f"{what} has no doc", "missing-key")
            const = self._const(entry, type_)
            unit = unit or getattr(type_, "unit", "")
            fields.append(Field(name, type_, doc, unit, const, limit.name if limit else ""))
        return tuple(fields)

    @staticmethod
    def _name(entry: Mapping, owner: str, before: list[str]) -> str:
        name = entry.string("name")
        if entry.holds("name", str):
            check_attribute(entry.at("name"), name)
            if name in before:
                entry.at("name").problem(f"field '{name}' stands in {owner} already", "duplicate-name")
        return name

    def _announced(self, entry: Mapping, type_: Type, limits: tuple[Limit, ...]) -> Limit | None:
        """The limit or timer that a field announces."""
        target, known = entry.get("announces"), {limit.name: limit for limit in limits}
        if target is None or self.source.spoilt("limits", str(target.value)):
            return None
        limit = known.get(target.one_of(known, "limit or timer"))
        if limit and limit.name != target.value:
            for meant in difflib.get_close_matches(str(target.value), known, n=1):
                self.source.spoil("limits", meant)  # Nobody else announces it.
            return None
        if limit and limit.type != type_ and is_named(type_, entry.at("type")):
            text = f"'{limit.name}' has type {limit.type.name}, not {type_.name}"
            entry.at("type").problem(text, "unfit-type")
        return limit

    def optional(
        self, nodes: list[Node], owner: str, extension: Extension | None, taken: tuple[str, ...]
    ) -> tuple[OptionalField, ...]:
        """The optional fields of a message, which travel as extension records; `taken` names belong to others."""
        fields: list[OptionalField] = []
        for node in nodes:
            entry = node.mapping(("name", "type", "tag", "since", "doc"), ("unit",))
            name = self._name(entry, owner, [*taken, *(field.name for field in fields)])
            tag, place = entry.integer("tag"), entry.at("tag")
            if entry.holds("tag", int) and any(field.tag == tag for field in fields):
                place.problem(f"tag {tag} of {owner} is taken already", "number-taken")
            type_ = self.at(entry.at("type"), f"field '{name}' of {owner}" if name else f"a field of {owner}")
            if extension is None:
                if not self.source.lost("frame") and not self.source.spoilt("frame", "extension"):
                    text = "an optional field travels as an extension; the frame of this spec has none"
                    node.problem(text, "frame-shape")
            else:
                if not 0 <= tag <= capacity(extension.tag):
                    place.problem(f"tag {tag} does not lie within {extension.tag}", "out-of-range")
                size, most = greatest_size(type_), extension.value.maximum.bytes
                if size > most and is_named(type_, entry.at("type")) and not self.source.spoilt("types", type_.name):
                    text = f"{type_.name} can have {size} bytes, more than the {most} of an extension's value"
                    entry.at("type").problem(text, "out-of-range")
            unit = entry.string("unit") or getattr(type_, "unit", "")
            fields.append(OptionalField(name, type_, tag, entry.string("since"), entry.string("doc"), unit))
        return tuple(fields)

    @staticmethod
    def _const(entry: Mapping, type_: Type) -> int | None:
        node = entry.get("const")
        if node is None:
            return None
        value = node.integer()
        if not isinstance(type_, IntegerType):
            node.problem("only a field of an integer type can be fixed", "unfit-type")
        elif entry.holds("const", int) and not type_.minimum <= value <= type_.maximum:
            node.problem(f"{value} does not lie within {type_.name}", "out-of-range")
        return value
