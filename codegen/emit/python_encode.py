"""Python: the straight-line encoder of a message."""

from __future__ import annotations

from ..model import (
    BASE_SIZES,
    ArrayType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    Message,
    Spec,
    StringType,
    StructType,
    Type,
)
from ..sizes import scalar_base
from .python_syntax import class_name, condition, hexadecimal, joined, refusal
from .straight_line import FORMATS, Module, Names, between


class _Writer:
    """Writes the lines that fetch and check values, and gathers the parts of which the bytes are joined.

    `static` counts the bytes of fixed size, `sizes` are the expressions for all others.
    """

    def __init__(self, module: Module, names: Names, indent: str) -> None:
        self.module, self.names, self.indent = module, names, indent
        self.lines: list[str] = []
        self.conditions: list[str] = []
        self.static, self.sizes = 0, list[str]()
        self._parts: list[str | list[tuple[str, str]]] = []

    def add(self, line: str) -> None:
        self.lines.append(self.indent + line + "\n")

    def number(self, base: str, expression: str) -> None:
        """Write a value of fixed size."""
        if not self._parts or isinstance(self._parts[-1], str):
            self._parts.append([])
        run = self._parts[-1]
        assert isinstance(run, list)
        run.append((base, expression))
        self.static += BASE_SIZES[base]

    def data(self, name: str, size: str) -> None:
        """Write bytes."""
        self._parts.append(name)
        self.sizes.append(size)

    def parts(self, length: str = "") -> list[tuple[str, list[str] | None]]:
        """The whole, to be joined; `length` stands in for a number that is only known now."""
        found: list[tuple[str, list[str] | None]] = []
        for part in self._parts:
            if isinstance(part, str):
                found.append((part, None))
            else:
                pack = self.module.pack("".join(FORMATS[base] for base, _ in part))
                found.append((pack, [value or length for _, value in part]))
        return found or [('b""', None)]

    def total(self, less: int = 0) -> str:
        """The size of the whole in bytes, less some, as an expression."""
        return " + ".join([str(self.static - less), *self.sizes])

    # -- values --------------------------------------------------------------------------------------------------

    def value(self, type_: Type, source: str, wish: str) -> None:
        """Write the value that the expression `source` gives."""
        base = scalar_base(type_)
        if base:
            self.number(base, self.scalar(type_, source, wish))
        elif isinstance(type_, StructType):
            self.struct(type_, source, wish)
        elif isinstance(type_, StringType):
            data = self.names.new(f"{wish}_data")
            self.add(f"{data} = str.encode({source})")  # What has an `encode` of its own is not a string for that.
            self.counted(data, self.module.least(type_), type_.maximum.bytes, type_.count, wish)
            self.conditions += self.module.rules(type_, data)
        elif isinstance(type_, BytesType):
            data = self.bound(source, wish)
            self.conditions.append(f"isinstance({data}, bytes)")
            self.counted(data, 0, type_.maximum.bytes, type_.count, wish)
        else:
            assert isinstance(type_, ArrayType)
            self.array(type_, self.bound(source, wish), wish)

    def bound(self, source: str, wish: str) -> str:
        """A variable with the value of the expression."""
        if source.isidentifier():
            return source
        name = self.names.new(wish)
        self.add(f"{name} = {source}")
        return name

    def counted(self, data: str, low: int, high: int, base: str, wish: str) -> None:
        size = self.names.new(f"{wish}_size")
        self.add(f"{size} = len({data})")
        self.conditions += between(low, size, high, base)
        self.number(base, size)
        self.data(data, size)

    def scalar(self, type_: Type, source: str, wish: str) -> str:
        if isinstance(type_, IntegerType) and between(type_.minimum, "", type_.maximum, type_.base):
            source = self.bound(source, wish)
            self.conditions += between(type_.minimum, source, type_.maximum, type_.base)
        elif isinstance(type_, BoolType):
            source = self.bound(source, wish)
            self.conditions.append(f"({source} is True or {source} is False)")
        elif isinstance(type_, EnumType) and not type_.open:
            source = self.bound(source, wish)
            self.conditions.append(f"{source} in {self.module.members(type_)}")
        return source

    def fields(self, fields: tuple[Field, ...], owner: str, prefix: str = "") -> None:
        """Write the fields of a record in their order."""
        for field in fields:
            if field.const is not None:
                self.number(scalar_base(field.type), hexadecimal(field.const))
            else:
                self.value(field.type, f"{owner}.{field.name}", prefix + field.name)

    def struct(self, type_: StructType, source: str, wish: str) -> None:
        variable = [field for field in type_.fields if field.const is None]
        name = self.bound(source, wish) if variable else source
        if len(variable) < len(type_.fields) or not variable:
            # What stands in a record's place may hold something else than the fixed values.
            self.conditions.append(f"type({name}) is {self.module.record(class_name(type_.name))}")
        self.fields(type_.fields, name, f"{wish}_")

    def array(self, type_: ArrayType, items: str, wish: str) -> None:
        count = self.names.new(f"{wish}_count")
        parts, item = self.names.new(f"{wish}_parts"), self.names.new(f"{wish}_item")
        self.add(f"{count} = len({items})")
        # Asked before anything is made: what is no tuple may have no end.
        limits = [f"isinstance({items}, (tuple, list))", *between(0, count, type_.maximum, type_.count)]
        self.lines.append(refusal(limits, self.indent))
        self.add(f"{parts} = []")
        inner = _Writer(self.module, self.names, self.indent + "    ")
        inner.value(type_.item, item, f"{wish}_part")
        inner.refuse_unless()
        self.add(f"for {item} in {items}:")
        self.lines += [*inner.lines, joined(f"{parts}.append(", inner.parts(), len(inner.indent), ")")]
        data = self.names.new(f"{wish}_data")
        self.add(f'{data} = b"".join({parts})')
        self.number(type_.count, count)
        self.data(data, f"len({data})")

    def refuse_unless(self) -> None:
        """Refuse what does not hold the conditions."""
        self.lines.append(refusal(self.conditions, self.indent))
        self.conditions = []


def encoder(spec: Spec, message: Message, module: Module) -> str:
    """The function that makes a whole frame of the message."""
    name, record = message.name.lower(), class_name(message.name)
    writer = _Writer(module, Names(), " " * 8)
    writer.conditions.append(f"type(message) is {module.record(record)}")
    for field in spec.frame.fields:
        if field.role == "length":
            writer.number(field.base, "")
        elif field.role == "type":
            writer.number(field.base, hexadecimal(message.number))
        elif not field.role:
            writer.number(field.base, hexadecimal(field.const or 0))
        else:
            value = f"message.{field.name}"
            if field.role == "flags" and spec.frame.critical_flags:
                writer.conditions.append(f"not {value} & {hexadecimal(spec.frame.critical_flags)}")
            writer.number(field.base, value)
    writer.fields(message.fields, "message")
    tail = _tail(spec, message, module, writer) if spec.frame.extension else ""
    # The extensions come on top, so that a message without them pays nothing.
    made = writer.parts(writer.total(spec.frame.prefix_size))
    whole = joined("frame = " if tail else "return ", made, len(writer.indent) + 4)
    body = "".join(writer.lines) + condition(writer.conditions, writer.indent)
    return (
        f"def encode_{name}(message: m.{record}) -> bytes:\n"
        f'    """Write a whole {message.name} frame. Raises `EncodeError`."""\n'
        f"    try:\n{body}{whole}{tail}"
        f"    except Exception:\n        pass\n    return t.{message.name}.write(message)\n"
    )


def _tail(spec: Spec, message: Message, module: Module, writer: _Writer) -> str:
    """Write the extension records that belong to fields; returns the line that gives the frame with all extensions."""
    extension = spec.frame.extension
    assert extension is not None
    if not message.optional:
        condition = "message.extensions is _NO_EXTENSIONS"
        return f"            return frame if {condition} else _extended(frame, _tail(message.extensions))\n"
    tags = ", ".join(str(field.tag) for field in message.optional)
    writer.add('tail = b""')
    head = module.pack(FORMATS[extension.tag] + FORMATS[extension.value.count])
    for field in message.optional:
        value = writer.bound(f"message.{field.name}", field.name)
        inner = _Writer(module, writer.names, writer.indent + "    ")
        inner.value(field.type, value, f"{field.name}_value")
        inner.refuse_unless()
        writer.add(f"if {value} is not None:")
        writer.lines += inner.lines
        record = [("tail", None), (head, [str(field.tag), inner.total()]), *inner.parts()]
        writer.lines.append(joined("tail = ", record, len(inner.indent)))
    writer.add("if message.extensions is not _NO_EXTENSIONS:")
    writer.add(f"    tail += _tail(message.extensions, ({tags}{',' if len(message.optional) == 1 else ''}))")
    return "            return _extended(frame, tail) if tail else frame\n"


def record_writer(spec: Spec, module: Module) -> str:
    """The function that writes extension records; nothing for a frame without them."""
    extension = spec.frame.extension
    if extension is None:
        return ""
    pack = module.pack(FORMATS[extension.tag] + FORMATS[extension.value.count])
    length, start, end = spec.frame.field("length"), spec.frame.offset("length"), spec.frame.prefix_size
    assert length is not None
    whole = f"{module.pack(FORMATS[length.base])}(len(frame) + len(tail) - {end}) + frame[{end}:] + tail"
    limit = between(0, "len(value)", extension.value.maximum.bytes, extension.value.count)
    parts = [
        "isinstance(extension, (tuple, list))",
        "tag not in tags",
        "not tag % 2",
        "isinstance(value, bytes)",
        *limit,
    ]
    return f'''
def _tail(extensions: tuple[w.Extension, ...], known: Collection[int] = ()) -> bytes:
    """Extension records as bytes. None may have the tag of another, one that belongs to a field, or one that is odd."""
    if not isinstance(extensions, (tuple, list)):
        raise ValueError
    data, tags = b"", list(known)
    for extension in extensions:
        tag, value = extension
{refusal(parts, " " * 8)}        tags.append(tag)
        data += {pack}(tag, len(value)) + value
    return data


def _extended(frame: bytes, tail: bytes) -> bytes:
    """A frame with extension records behind its fields."""
    return {f"frame[:{start}] + " if start else ""}{whole}

'''
