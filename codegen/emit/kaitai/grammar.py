"""The grammar of a protocol as a tree."""

from __future__ import annotations

import keyword
import re
import textwrap

from ...model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    FrameField,
    IntegerType,
    Message,
    OptionalField,
    Spec,
    StringType,
    StructType,
    Type,
)
from ..sections import Sections
from ..straight_line import Alphabet
from .conditions import CHARACTER, integer, none_of, number, one_of, outside, within
from .members import Members, Names, Node
from .text import Hexadecimal

#: The oldest compiler that knows every key used here: `in-enum` came with it.
_COMPILER = "0.11"
#: Characters of a line of prose.
_WIDTH = 96
#: The greatest number of an enumeration.
_GREATEST_MEMBER = (1 << 63) - 1
#: Classes that the generated code uses, in one language or another; a nested class of that name would hide it.
_CLASSES = ("kaitai", "kaitai_struct", "kaitai_stream", "object", "string")


class Grammar:
    def __init__(self, spec: Spec) -> None:
        self.spec, self.sections = spec, Sections(spec)
        self.frame = spec.frame
        self.id = _grammar_id(spec)
        self.types: dict[str, Node] = {}
        self.helpers: dict[str, Node] = {}  # They stand behind the types that need them.
        self.enums: dict[str, Node] = {}
        # Messages, structs and enumerations come first; where names clash, all else makes way.
        self.names = Names(self.id, *_CLASSES)
        self.of_message = {message.name: self.names.new(message.name.lower()) for message in spec.messages}
        first = [name for name, type_ in spec.types.items() if isinstance(type_, (StructType, EnumType))]
        self.of_type = {name: self.names.new(name) for name in first}
        self.frame_name = self.names.new("frame")
        fits = all(message.number <= _GREATEST_MEMBER for message in spec.messages)
        self.numbers_name = self.names.new("message_type") if fits else ""
        self.extension_name = self.names.new("extension") if self.frame.extension else ""

    def tree(self) -> Node:
        """The whole grammar."""
        spec = self.spec
        self.types[self.frame_name] = self.frame_type()
        for message in spec.messages:
            self.types[self.of_message[message.name]] = self.message(message)
        if self.extension_name:
            self.types[self.extension_name] = self.extension(())
        for type_ in spec.types.values():
            if isinstance(type_, StructType):
                self.types[self.of_type[type_.name]] = self.struct(type_)
            elif isinstance(type_, EnumType) and _is_enum(type_):
                self.enums[self.of_type[type_.name]] = self.enumeration(type_)
        numbers = {
            Hexadecimal(message.number): {"id": _member(message.name), "doc": _prose(message.doc)}
            for message in spec.messages
        }
        meta = {
            "id": self.id,
            "title": f"{spec.name} {spec.version}",
            "ks-version": _COMPILER,
            "endian": {"big": "be", "little": "le"}[spec.byte_order],
            "encoding": "UTF-8",
        }
        usage = (
            f"This reads a stream from its beginning to its end. The type {self.frame_name} reads one frame, and can be "
            "used alone where a program cuts the stream into frames itself. What breaks the protocol is refused: a number, "
            "count or length, a character of a string, a critical flag or extension that is not known here. The body of a "
            "frame of unknown type is bytes."
        )
        return {
            "meta": meta,
            "doc": f"{_prose(spec.abstract)}\n\n{_prose(usage)}",
            **({"doc-ref": spec.document} if spec.document else {}),
            "seq": [{"id": "frames", "type": self.frame_name, "repeat": "eos"}],
            "types": {**self.types, **self.helpers},
            "enums": {**({self.numbers_name: numbers} if self.numbers_name else {}), **self.enums},
        }

    # -- frame -----------------------------------------------------------------------------------------------------------

    def frame_type(self) -> Node:
        """The header, and a body of as many bytes as the length leaves."""
        members = Members(*(field.name for field in self.frame.fields))
        length = ""
        behind = self.frame.header_size - self.frame.prefix_size
        for field in self.frame.fields:
            members.add(field.name, type=integer(field.base), **self.header(field, behind), doc=_prose(field.doc))
            if field.role == "length":
                length = f"{field.name} - {behind}" if behind else field.name
        numbered = self.frame.field("type")
        assert numbered is not None, "the loader wants a field with the number of the message"
        cases = {self.case(message): self.of_message[message.name] for message in self.spec.messages}
        members.add("body", size=length, type={"switch-on": numbered.name, "cases": cases})
        return self.type(members, _prose(self.frame.doc), self.sections.insert("frame"))

    def header(self, field: FrameField, behind: int) -> Node:
        """What holds for a field of the header; `behind` are the bytes of the header that the length counts."""
        if field.role == "length":
            return {"valid": {"min": behind}} if behind else {}
        if field.role == "type":
            return {"enum": self.numbers_name} if self.numbers_name else {}
        if field.role == "flags" and self.frame.critical_flags:
            return {"valid": {"expr": none_of("_", self.frame.critical_flags)}}
        return {} if field.const is None else {"valid": number(field.const)}

    def case(self, message: Message) -> int | str:
        """The value of the type field for a message."""
        return f"{self.numbers_name}::{_member(message.name)}" if self.numbers_name else number(message.number)

    def extension(self, optional: tuple[OptionalField, ...]) -> Node:
        """A record behind the fields of a message that has these optional ones."""
        extension = self.frame.extension
        assert extension is not None
        members = Members("tag", "value")
        odd = "".join(f" or _ == {field.tag}" for field in optional if field.tag % 2)
        members.add(
            "tag",
            type=integer(extension.tag),
            valid={"expr": f"_ % 2 == 0{odd}"},
            doc="An odd tag is critical: one that is not known here is refused",
        )
        size = members.add("len_value", **self.count(extension.value))
        cases: Node = {}
        for field in optional:
            value = Members(field.name)
            self.field(value, field)
            self.end(value)
            name = self.names.new(f"{field.name}_extension")
            self.helpers[name] = self.type(value, f"Since version {field.since}.")
            cases[number(field.tag)] = name
        members.add("value", size=size, type={"switch-on": "tag", "cases": cases} if cases else "")
        return self.type(members, _prose(extension.value.doc), self.sections.insert("extension"))

    # -- messages and types ----------------------------------------------------------------------------------------------

    def message(self, message: Message) -> Node:
        """The body of a message."""
        members = Members(*(field.name for field in message.fields))
        for field in message.fields:
            self.field(members, field)
        if self.extension_name:
            name = self.extension_name
            if message.optional:
                name = self.names.new(f"{self.of_message[message.name]}_extension")
                self.helpers[name] = self.extension(message.optional)
            members.add("extensions", type=name, repeat="eos")
        else:
            self.end(members)
        sender = "either side" if message.sender == "either" else f"the {message.sender}"
        kind = f"{message.kind.capitalize()} {message.number:#04x}, sent by {sender}"
        since = f", since version {message.since}" if message.since else ""
        return self.type(members, _prose(message.doc, f"{kind}{since}."), self.sections.place(message.name))

    def struct(self, type_: StructType) -> Node:
        members = Members(*(field.name for field in type_.fields))
        for field in type_.fields:
            self.field(members, field)
        return self.type(members, _prose(type_.doc), self.sections.insert("types"))

    def type(self, members: Members, doc: str, section: str = "") -> Node:
        """A type with its doc, and its section where the document is written."""
        parts = {
            "doc": doc,
            "doc-ref": f"{self.spec.document}, section {section}" if self.spec.document and section else "",
            "seq": members.seq,
            "instances": members.instances,
        }
        return {key: part for key, part in parts.items() if part}

    def end(self, members: Members) -> None:
        """Nothing may stand behind the last field."""
        members.add("rest", size_eos=True, valid={"expr": "_.length == 0"}, doc="Nothing: the fields end the frame")

    @staticmethod
    def enumeration(type_: EnumType) -> Node:
        return {value.number: {"id": _member(value.name), "doc": _prose(value.doc)} for value in type_.values}

    def named(self, type_: Type) -> str:
        """The name of a Kaitai type for a type of the spec; made when it is first asked for."""
        if type_.name not in self.of_type:
            name = self.of_type[type_.name] = self.names.new(type_.name)
            if isinstance(type_, BitsType):
                self.helpers[name] = self.bits(type_)
            else:
                member = "items" if isinstance(type_, ArrayType) else "value"
                members = Members(member)
                self.value(members, member, type_, "", None)
                self.helpers[name] = self.type(members, _prose(type_.doc), self.sections.insert("types"))
        return self.of_type[type_.name]

    def bits(self, type_: BitsType) -> Node:
        """A set of bits as a number, and the named ones as truths."""
        members, names = Members("value"), Names("value")
        members.add("value", type=integer(type_.base))
        for name, position, doc in type_.bits:
            condition = f"not ({none_of('value', 1 << position)})"
            members.instances[names.new(name.lower())] = {"value": condition, "doc": _prose(doc)}
        return self.type(members, _prose(type_.doc), self.sections.insert("types"))

    # -- the form of strings ---------------------------------------------------------------------------------------------

    def form(self, type_: StringType) -> str:
        """The name of a type that reads the bytes of a string one by one and refuses the wrong ones.

        It checks that they are UTF-8, and all that the spec says of characters but for patterns that are not plain.
        """
        key = f"form of {type_.name}"
        if key not in self.of_type:
            name = self.of_type[key] = self.names.new(f"{type_.name}_form")
            self.helpers[name] = {}  # Here it stands; what it needs comes behind it.
            members, alphabet = Members("first", "others", "characters"), Alphabet.of(type_.pattern)
            if alphabet:
                if alphabet.first:
                    empty = "not _io.eof" if alphabet.optional else ""
                    members.add("first", type="u1", **{"if": empty}, valid={"expr": one_of(alphabet.first)})
                members.add("others", type="u1", repeat="eos", valid={"expr": one_of(alphabet.rest)})
            else:
                conditions = " and ".join(outside(item) for item in type_.forbidden)
                valid = {"expr": conditions} if conditions else ""
                members.add("characters", type=self.character(), repeat="eos", valid=valid)
            members.instances["holds"] = {"value": "true"}
            self.helpers[name] = self.type(
                members, _prose(f"The bytes of a {type_.name} once more, to refuse wrong ones.")
            )
        return self.of_type[key]

    def character(self) -> str:
        """The name of the type of a character in UTF-8."""
        if "character in UTF-8" not in self.of_type:
            name = self.of_type["character in UTF-8"] = self.names.new("character")
            self.helpers[name] = CHARACTER
        return self.of_type["character in UTF-8"]

    # -- fields ----------------------------------------------------------------------------------------------------------

    def field(self, members: Members, field: Field | OptionalField) -> None:
        type_ = field.type
        unit = f" ({field.unit})" if field.unit else ""
        paragraphs = [f"{field.doc}{unit}"]
        if type_.name not in BASE_SIZES and not isinstance(type_, StructType):
            paragraphs.append(f"{type_.name}: {type_.doc}{_form(type_)}")
        const = field.const if isinstance(field, Field) else None
        self.value(members, field.name, type_, _prose(*paragraphs), const)

    def value(self, members: Members, name: str, type_: Type, doc: str, const: int | None) -> None:
        """Append what a value of the type is on the wire, under that name."""
        if isinstance(type_, StringType):
            size = members.add(f"len_{name}", **self.count(type_))
            form = members.look_again(name, size, self.form(type_))
            members.add(name, type="str", size=size, valid={"expr": f"{form}.holds"}, doc=doc)
        elif isinstance(type_, BytesType):
            size = members.add(f"len_{name}", **self.count(type_))
            members.add(name, size=size, doc=doc)
        elif isinstance(type_, ArrayType):
            count = members.add(f"num_{name}", **self.count(type_))
            members.add(name, **self.scalar(type_.item), repeat="expr", repeat_expr=count, doc=doc)
        else:
            fixed = {} if const is None else {"valid": number(const)}
            members.add(name, **self.scalar(type_) | fixed, doc=doc)

    def count(self, type_: StringType | BytesType | ArrayType) -> Node:
        """The keys of the count in front of a value."""
        low = type_.minimum.bytes if isinstance(type_, StringType) else 0
        high = type_.maximum if isinstance(type_, ArrayType) else type_.maximum.bytes
        return {"type": integer(type_.count), **within(low, high, type_.count)}

    def scalar(self, type_: Type) -> Node:
        """The keys of a value that is one attribute."""
        if isinstance(type_, IntegerType):
            return {"type": integer(type_.base), **within(type_.minimum, type_.maximum, type_.base)}
        if isinstance(type_, BoolType):
            return {"type": integer(type_.base), "valid": {"max": 1}}
        if isinstance(type_, EnumType) and _is_enum(type_):
            valid: Node = {} if type_.open else {"valid": {"in-enum": True}}
            return {"type": integer(type_.base), "enum": self.of_type[type_.name], **valid}
        if isinstance(type_, EnumType):
            numbers = {"any-of": [number(value.number) for value in type_.values]}
            valid = {} if type_.open else {"valid": numbers if type_.values else {"expr": "false"}}
            return {"type": integer(type_.base), **valid}
        if isinstance(type_, BitsType) and not type_.bits:
            return {"type": integer(type_.base)}
        return {"type": self.named(type_)}


def _grammar_id(spec: Spec) -> str:
    """How the grammar calls itself; the file has the same name."""
    name = re.sub("[^a-z0-9]+", "_", spec.short.lower()).strip("_")
    return name if name[:1].isalpha() else f"protocol_{name}".rstrip("_")


def _is_enum(type_: EnumType) -> bool:
    """Whether it can be an enumeration of Kaitai: those have values, of 63 bits."""
    return bool(type_.values) and max(value.number for value in type_.values) <= _GREATEST_MEMBER


def _member(name: str) -> str:
    """A value of an enumeration, by a name that Python allows there."""
    name = name.lower()
    return f"{name}_" if keyword.iskeyword(name) or name == "mro" else name


def _form(type_: Type) -> str:
    """What a type has besides its doc and its size, for people."""
    if isinstance(type_, StringType) and type_.allowed:
        checked = "" if Alphabet.of(type_.pattern) else ", which is not checked here"
        return f" It has the form {type_.allowed}{checked}."
    if isinstance(type_, StringType) and type_.forbidden:
        return f" It holds no character of {', '.join(type_.forbidden)}."
    if isinstance(type_, EnumType) and not _is_enum(type_):
        return "".join(f" {value.name} is {value.number:#x}." for value in type_.values)
    return ""


def _prose(*paragraphs: str) -> str:
    """Paragraphs, each folded, with no empty line between them, and without what would end a comment.

    The compiler puts them into comments and docstrings of many languages as they are.
    """
    lines = []
    for paragraph in paragraphs:
        text = " ".join(paragraph.split()).replace('"""', "'''").replace("*/", "* /")
        lines += textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)
