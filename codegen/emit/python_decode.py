"""Python: the straight-line decoder of a message."""

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
from ..sizes import least_size, longest_short_string, scalar_base
from .python_messages import annotation
from .python_syntax import assignment, call, class_name, condition, hexadecimal, refusal, unpacking
from .straight_line import FORMATS, Module, Names, between


class _Reader:
    """Writes the lines that read one buffer from front to back.

    `place` is the position as an expression: a variable, a number, or their sum. The run holds the values of fixed size
    since then that are still to be read: code, size and name of each. `conditions` have to hold in the end. `padded`
    is a copy of the buffer with zeros behind it, which only readers of array items have.
    """

    def __init__(self, module: Module, names: Names, buffer: str, indent: str, padded: str = "") -> None:
        self.module, self.names, self.buffer, self.indent, self.padded = module, names, buffer, indent, padded
        self.lines: list[str] = []
        self.conditions: list[str] = []
        self._base, self._offset = "", 0
        self._run: list[tuple[str, int, str]] = []

    def add(self, line: str) -> None:
        self.lines.append(self.indent + line + "\n")

    def number(self, base: str, wish: str) -> str:
        """A value of fixed size; returns the variable that will hold it once `flush` was called."""
        name = self.names.new(wish)
        self._run.append((FORMATS[base], BASE_SIZES[base], name))
        return name

    def flush(self) -> None:
        """Read what is in the run."""
        if not self._run:
            return
        codes = "".join(code for code, _, _ in self._run)
        buffer = self.padded if "p" in codes else self.buffer
        arguments = buffer if self.place == "0" else f"{buffer}, {self.place}"
        names = [name for _, _, name in self._run]
        self.lines.append(unpacking(names, self.module.unpack(codes), arguments, len(self.indent)))
        self._offset += sum(size for _, size, _ in self._run)
        self._run = []

    @property
    def place(self) -> str:
        if not self._base:
            return str(self._offset)
        return f"{self._base} + {self._offset}" if self._offset else self._base

    def move_to(self, name: str) -> None:
        self._base, self._offset = name, 0

    def cut(self, low: int, high: int, base: str, wish: str) -> str:
        """The bytes behind a count of them, as an expression."""
        size = self.number(base, f"{wish}_size")
        self.conditions += between(low, size, high, base)
        self.flush()
        start = self.place
        if not start.isdigit():
            start = self.names.new(f"{wish}_at")
            self.add(f"{start} = {self.place}")
        self.add(f"at = {start} + {size}")
        self.move_to("at")
        return f"{self.buffer}[{start}:at]"

    def short(self, low: int, high: int, wish: str) -> str:
        """The bytes behind a count of one byte, as a variable.

        `struct` reads them together with the numbers before them, if the most that it may have to look at is there.
        One byte more than allowed is asked for, so that the size shows what is too long.
        """
        name = self.names.new(wish)
        self._run.append((f"{min(high + 2, 256)}p", 1, name))
        self.flush()
        size = self.names.new(f"{wish}_size")
        self.add(f"{size} = len({name})")
        self.conditions += between(low, size, high, "u8")
        step = f"at += {self._offset} + {size}" if self._base == "at" else f"at = {self.place} + {size}"
        self.add(step)
        self.move_to("at")
        return name

    # -- values --------------------------------------------------------------------------------------------------

    def value(self, type_: Type, wish: str) -> str:
        """Read a value; returns the expression that gives it once everything was read."""
        base = scalar_base(type_)
        if base:
            return self.scalar(type_, self.number(base, wish))
        if isinstance(type_, StringType):
            return self.string(type_, wish)
        if isinstance(type_, BytesType):
            data = self.cut(0, type_.maximum.bytes, type_.count, wish)
            name = self.names.new(wish)
            self.add(f"{name} = bytes({data})")
            return name
        if isinstance(type_, StructType):
            return self.struct(type_, wish)
        assert isinstance(type_, ArrayType)
        return self.array(type_, wish)

    def string(self, type_: StringType, wish: str) -> str:
        low, high = self.module.least(type_), type_.maximum.bytes
        if self.padded and type_.count == "u8":
            data = self.short(low, high, f"{wish}_data")
        else:
            data = self.cut(low, high, type_.count, wish)
        if not data.isidentifier():
            name = self.names.new(f"{wish}_data")
            self.add(f"{name} = {data}")
            data = name
        self.conditions += self.module.rules(type_, data)
        return f"{data}.decode()"

    def scalar(self, type_: Type, name: str) -> str:
        if isinstance(type_, IntegerType):
            self.conditions += between(type_.minimum, name, type_.maximum, type_.base)
        elif isinstance(type_, BoolType):
            self.conditions.append(f"{name} <= 1")
            return f"{name} == 1"
        elif isinstance(type_, EnumType):
            table = self.module.members(type_)
            return f"{table}.get({name}, {name})" if type_.open else f"{table}[{name}]"
        return name

    def fields(self, fields: tuple[Field, ...], prefix: str = "") -> list[tuple[str, str]]:
        """Read fields in their order; returns the attributes with the expressions that give them."""
        found = []
        for field in fields:
            if field.const is not None:
                name = self.number(scalar_base(field.type), prefix + field.name)
                self.conditions.append(f"{name} == {hexadecimal(field.const)}")
            else:
                found.append((field.name, self.value(field.type, prefix + field.name)))
        return found

    def struct(self, type_: StructType, wish: str) -> str:
        attributes = self.fields(type_.fields, f"{wish}_")
        self.flush()
        name = self.names.new(wish)
        self.new(name, class_name(type_.name), attributes)
        return name

    def new(self, name: str, record: str, attributes: list[tuple[str, str]]) -> None:
        """Make a record and set its attributes."""
        self.add(f"{name} = {self.module.maker(record)}")
        self.set(name, attributes)

    def set(self, name: str, attributes: list[tuple[str, str]]) -> None:
        """Set the attributes of a record."""
        for attribute, expression in attributes:
            self.lines.append(assignment(f"{name}.{attribute}", expression, len(self.indent)))

    def array(self, type_: ArrayType, wish: str) -> str:
        count = self.number(type_.count, f"{wish}_count")
        # Asked before anything is made: a lying count must cost nothing.
        limits = between(0, count, type_.maximum, type_.count)
        limits.append(f"{count} * {least_size(type_.item)} <= len({self.buffer})")
        self.flush()
        self.lines.append(refusal(limits, self.indent))
        if self.place != "at":
            self.add(f"at = {self.place}")
            self.move_to("at")
        padded, longest = self.padded, longest_short_string(type_)
        if not padded and longest >= 0:
            padded = self.names.new("padded")
            self.add(f"{padded} = {self.buffer} + bytes({longest + 2})")
        inner = _Reader(self.module, self.names, self.buffer, self.indent + "    ", padded)
        inner.move_to("at")
        items, item = self.names.new(wish), self.names.new(f"{wish}_item")
        if isinstance(type_.item, StructType):
            made = f"[{self.module.maker(class_name(type_.item.name))} for _ in range({count})]"
            self.add(call(f"{items} = tuple", [made], len(self.indent)))
            attributes = inner.fields(type_.item.fields, f"{wish}_")
            inner.finish()
            inner.set(item, attributes)
            if "".join(inner.lines):  # An item without members has nothing to read.
                self.add(f"for {item if attributes else '_'} in {items}:")
        else:
            self.add(f"{items} = []")
            self.add(f"for _ in range({count}):")
            value = inner.value(type_.item, item)
            inner.finish()
            inner.add(call(f"{items}.append", [value], len(inner.indent)))
            items = f"tuple({items})"
        self.lines += inner.lines
        return items

    def finish(self) -> None:
        """Go to the end of what was read, and refuse it unless the conditions hold."""
        self.flush()
        if self.place != "at":
            self.add(f"at = {self.place}")
        self.refuse_unless()

    def refuse_unless(self) -> None:
        """Refuse what does not hold the conditions."""
        self.lines.append(refusal(self.conditions, self.indent))
        self.conditions = []


def decoder(spec: Spec, message: Message, module: Module) -> str:
    """The function that reads a whole frame of the message."""
    name, record = message.name.lower(), class_name(message.name)
    reader = _Reader(module, Names(), "frame", " " * 8)
    reader.add("end = len(frame)")
    attributes = []
    for field in spec.frame.fields:
        value = reader.number(field.base, "kind" if field.role == "type" else field.name)
        if field.role == "length":
            reader.conditions.append(f"{value} == end - {spec.frame.prefix_size}")
        elif field.role == "type":
            reader.conditions.append(f"{value} == {hexadecimal(message.number)}")
        elif not field.role:
            reader.conditions.append(f"{value} == {hexadecimal(field.const or 0)}")
        else:
            if field.role == "flags" and spec.frame.critical_flags:
                reader.conditions.append(f"not {value} & {hexadecimal(spec.frame.critical_flags)}")
            attributes.append((field.name, value))
    attributes = reader.fields(message.fields) + attributes
    reader.flush()
    if spec.frame.extension:
        attributes += _extensions(spec, message, module, reader)
    else:
        reader.conditions.insert(0, f"end == {reader.place}")
    body = "".join(reader.lines) + condition(reader.conditions, reader.indent)
    made = _Reader(module, Names(), "frame", " " * 12)
    if attributes:
        made.new("message", record, attributes)
        made.add("return message")
    else:
        made.add(f"return {module.maker(record)}")
    return (
        f"def decode_{name}(frame: bytes) -> m.{record}:\n"
        f'    """Read a whole {message.name} frame. Raises `DecodeError`."""\n'
        f"    try:\n{body}{''.join(made.lines)}"
        f"    except Exception:\n        pass\n    return t.{message.name}.explain(frame)\n"
    )


def _extensions(spec: Spec, message: Message, module: Module, reader: _Reader) -> list[tuple[str, str]]:
    """Read what stands behind the fields."""
    if not message.optional:
        place = reader.place
        reader.add(f"extensions = () if end == {place} else _unknown(_records(frame, {place}))")
        return [("extensions", "extensions")]
    attributes = []
    names = {field.name: reader.names.new(field.name) for field in message.optional}
    reader.add("extensions: tuple[w.Extension, ...] = ()")
    for field in message.optional:
        reader.add(f"{names[field.name]}: {annotation(field.type, 'm.')} | None = None")
    reader.add(f"if end != {reader.place}:")
    reader.add(f"    records = _records(frame, {reader.place})")
    for field in message.optional:
        inner = _Reader(module, reader.names, "record", reader.indent + " " * 8)
        value = inner.value(field.type, f"{field.name}_value")
        inner.flush()
        inner.conditions.insert(0, f"len(record) == {inner.place}")
        inner.refuse_unless()
        reader.add(f"    record = records.pop({field.tag}, None)")
        reader.add("    if record is not None:")
        reader.lines += inner.lines
        reader.lines.append(assignment(names[field.name], value, len(inner.indent)))
        attributes.append((field.name, names[field.name]))
    reader.add("    extensions = _unknown(records)")
    return [*attributes, ("extensions", "extensions")]


def record_reader(spec: Spec, module: Module) -> str:
    """The functions that read extension records; nothing for a frame without them."""
    extension = spec.frame.extension
    if extension is None:
        return ""
    tag, count, most = extension.tag, extension.value.count, extension.value.maximum.bytes
    unpack = module.unpack(FORMATS[tag] + FORMATS[count])
    limit = between(0, "size", most, count)
    too_long = refusal(limit, " " * 8)
    return f'''
def _records(frame: bytes, at: int) -> dict[int, bytes]:
    """The extension records from a place to the end of the frame by tag; of equal tags the first counts."""
    found: dict[int, bytes] = {{}}
    while at < len(frame):
        tag, size = {unpack}(frame, at)
{too_long}        start = at + {BASE_SIZES[tag] + BASE_SIZES[count]}
        at = start + size
        found.setdefault(tag, bytes(frame[start:at]))
    if at != len(frame):
        raise ValueError
    return found


def _unknown(records: dict[int, bytes]) -> tuple[w.Extension, ...]:
    """Records that belong to no field. An odd tag is critical."""
    if any(tag % 2 for tag in records):
        raise ValueError
    return tuple(w.Extension(tag, value) for tag, value in records.items())

'''
