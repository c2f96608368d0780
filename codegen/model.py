"""The model of a protocol: what the YAML says, checked and linked, as plain frozen values.

`codegen.load` makes a `Spec`; every emitter reads one and nothing else. No name of any particular protocol stands in
this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Base = Literal["u8", "u16", "u32", "u64"]
BASE_SIZES: dict[str, int] = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
Sender = Literal["client", "server", "either"]
Kind = Literal["request", "reply", "event"]


@dataclass(frozen=True)
class Bound:
    """A bound in bytes and the failure code of a value beyond it."""

    bytes: int
    code: str


@dataclass(frozen=True)
class IntegerType:
    name: str
    doc: str
    base: Base
    minimum: int
    maximum: int
    unit: str = ""


@dataclass(frozen=True)
class BoolType:
    name: str
    doc: str
    base: Base


@dataclass(frozen=True)
class BitsType:
    name: str
    doc: str
    base: Base
    bits: tuple[tuple[str, int, str], ...]  # name, position, doc


@dataclass(frozen=True)
class EnumValue:
    name: str
    number: int
    doc: str
    says: str = ""
    retry: bool = False
    since: str = ""  # the version that brought it; empty for the first


@dataclass(frozen=True)
class EnumType:
    name: str
    doc: str
    base: Base
    open: bool
    values: tuple[EnumValue, ...]


@dataclass(frozen=True)
class StringType:
    """UTF-8 behind a count of its bytes, held to a pattern that the whole string matches."""

    name: str
    doc: str
    count: Base
    minimum: Bound
    maximum: Bound
    pattern: str  # a regular expression of Python for the whole string; empty for none
    pattern_code: str
    allowed: str  # the pattern as the YAML gives it, for people; empty if `forbidden` says it
    forbidden: tuple[str, ...]  # ranges such as U+0000-U+001F, for people


@dataclass(frozen=True)
class BytesType:
    name: str
    doc: str
    count: Base
    maximum: Bound


@dataclass(frozen=True)
class StructType:
    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class ArrayType:
    name: str
    doc: str
    count: Base
    item: Type
    maximum: int


Type = IntegerType | BoolType | BitsType | EnumType | StringType | BytesType | StructType | ArrayType


@dataclass(frozen=True)
class Field:
    """A field of a message or struct. With `const` it is fixed on the wire and no attribute of the message."""

    name: str
    type: Type
    doc: str
    unit: str = ""
    const: int | None = None
    announces: str = ""  # the limit or timer whose value the field bears


@dataclass(frozen=True)
class OptionalField:
    """A field of a later version, carried in an extension record: an attribute of the message that may be None."""

    name: str
    type: Type
    tag: int
    since: str
    doc: str
    unit: str = ""


@dataclass(frozen=True)
class FrameField:
    """A field of the header. `role` is length, type, flags, correlation, or empty for a fixed value."""

    name: str
    base: Base
    role: str
    doc: str
    const: int | None = None


@dataclass(frozen=True)
class Extension:
    """The record that may follow the fields of a body, any number of times."""

    tag: Base
    value: BytesType


@dataclass(frozen=True)
class Frame:
    doc: str
    fields: tuple[FrameField, ...]
    critical_flags: int
    extension: Extension | None

    def field(self, role: str) -> FrameField | None:
        return next((field for field in self.fields if field.role == role), None)

    def offset(self, role: str) -> int:
        """The place of a header field in bytes."""
        before = self.fields[: [field.role for field in self.fields].index(role)]
        return sum(BASE_SIZES[field.base] for field in before)

    @property
    def header_size(self) -> int:
        """Bytes of the header."""
        return sum(BASE_SIZES[field.base] for field in self.fields)

    @property
    def prefix_size(self) -> int:
        """Bytes up to the end of the length field, which says how many follow."""
        size = 0
        for field in self.fields:
            size += BASE_SIZES[field.base]
            if field.role == "length":
                break
        return size


@dataclass(frozen=True)
class NumberRange:
    first: int
    last: int
    kind: Kind | None
    sender: Sender
    doc: str


@dataclass(frozen=True)
class Prose:
    text: str


#: What a chapter can insert: a table or diagram made from the rest of the spec.
INSERTS = (
    *("frame", "extension", "types", "states", "errors", "limits"),
    *("console", "commands", "display", "messages", "sessions", "requirements", "vectors"),
)


@dataclass(frozen=True)
class Insert:
    what: str  # one of INSERTS


@dataclass(frozen=True)
class Requirement:
    id: str
    level: str  # MUST, SHOULD, MAY
    side: str  # client, server, both
    text: str


Block = Prose | Insert | Requirement


@dataclass(frozen=True)
class Message:
    name: str
    number: int
    kind: Kind
    sender: Sender
    states: dict[str, tuple[str, ...]]  # sender -> states
    doc: str
    fields: tuple[Field, ...]
    optional: tuple[OptionalField, ...]
    replies: tuple[str, ...]
    errors: tuple[str, ...]
    rules: tuple[Block, ...]
    since: str = ""  # the version that brought it; empty for the first

    @property
    def names(self) -> list[str]:
        """The names of all its fields, the optional ones last."""
        return [field.name for field in self.fields] + [field.name for field in self.optional]


@dataclass(frozen=True)
class Limit:
    """A limit or a timer: a setting of one side, told to the other."""

    name: str
    type: IntegerType
    default: int
    minimum: int
    maximum: int
    unit: str
    doc: str
    timer: bool


@dataclass(frozen=True)
class Constant:
    name: str
    value: Any
    unit: str
    doc: str


@dataclass(frozen=True)
class State:
    name: str
    doc: str
    final: bool


@dataclass(frozen=True)
class Transition:
    message: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Outcome:
    """A message that tells of a failure: its code field and that field's enumeration."""

    message: str
    field: str
    type: EnumType


@dataclass(frozen=True)
class Failures:
    """How a fault becomes an answer. Without outcomes the codes are no more than words in the errors that are raised."""

    refusal: Outcome | None
    ending: Outcome | None
    malformed: str
    too_large: str
    unexpected: str
    unknown_type: str
    unsupported_critical: str

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The messages that tell of a failure: the refusal before the ending."""
        return tuple(outcome for outcome in (self.refusal, self.ending) if outcome)


@dataclass(frozen=True)
class Chapter:
    id: str
    title: str
    body: tuple[Block, ...]


@dataclass(frozen=True)
class Argument:
    name: str
    type: Type
    rest: bool
    optional: bool


@dataclass(frozen=True)
class Command:
    name: str
    arguments: tuple[Argument, ...]
    help: str
    sends: tuple[str, dict[str, Any]] | None  # message, fields with {argument} placeholders

    @property
    def usage(self) -> str:
        shape = {False: "<{}>", True: "[{}]"}
        return " ".join([f"/{self.name}", *(shape[a.optional].format(a.name) for a in self.arguments)])


@dataclass(frozen=True)
class DisplayLine:
    message: str
    answers: str  # the message that the reply must answer, or empty
    when: dict[str, Any]  # field -> value that it must have
    line: str
    stream: str  # output or error


@dataclass(frozen=True)
class Vector:
    """A frame as bytes. Well-formed ones have message and fields, ill-formed ones the code of the answer."""

    name: str
    hex: str
    message: str
    fields: dict[str, Any]
    code: str
    doc: str


@dataclass(frozen=True)
class SessionStep:
    """One thing that happens in a worked session, from one actor to another; at one actor, both are the same.

    `kind` is frame, bytes (no frame that can be read), opens, ends or resets (a connection), or note, for people.
    """

    kind: str
    source: str
    target: str
    text: str  # what a chart says of it
    message: str
    fields: dict[str, Any]  # of the message and its header
    hex: str  # a group of digits for each field


@dataclass(frozen=True)
class Session:
    """A worked session: an example of who tells whom what, in order. `actors` stand from left to right in its chart."""

    name: str
    title: str
    doc: str
    given: str  # what a reader has to know before anything happens; may be empty
    actors: tuple[str, ...]
    steps: tuple[SessionStep, ...]


@dataclass(frozen=True)
class Spec:
    name: str
    short: str
    version: str
    byte_order: Literal["big", "little"]
    abstract: str
    package: str
    document: str
    exports: str  # the folder of what other tools read; empty for none
    support: dict[str, str]  # support module -> path of its copy
    frame: Frame
    numbering: tuple[NumberRange, ...]
    types: dict[str, Type]
    limits: tuple[Limit, ...]
    constants: tuple[Constant, ...]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    failures: Failures
    messages: tuple[Message, ...]
    chapters: tuple[Chapter, ...]
    commands: dict[str, tuple[Command, ...]]  # client, console
    plain: tuple[str, dict[str, Any]] | None  # what a line that is no command sends
    display: tuple[DisplayLine, ...]
    vectors: tuple[Vector, ...]
    sessions: tuple[Session, ...]
    sources: tuple[str, ...]  # the names of the files that it was read from

    def requirements(self) -> list[tuple[str, Requirement]]:
        """Every requirement with the chapter or message where it stands, in the order of the document."""
        found: list[tuple[str, Requirement]] = []
        for chapter in self.chapters:
            for block in chapter.body:
                if isinstance(block, Requirement):
                    found.append((chapter.id, block))
                elif isinstance(block, Insert) and block.what == "messages":
                    for message in self.messages:
                        found += [(message.name, rule) for rule in message.rules if isinstance(rule, Requirement)]
        return found
