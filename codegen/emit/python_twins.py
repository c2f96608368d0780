"""Python: a construct for every type and message, interpreted."""

from __future__ import annotations

from ..model import (
    BASE_SIZES,
    ArrayType,
    BitsType,
    BoolType,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    Spec,
    StringType,
    StructType,
    Type,
)
from ..sizes import capacity
from .python_syntax import banner, bracketed, call, class_name, hexadecimal, literal
from .sections import Sections


class _TwinWriter:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.suffix = "b" if spec.byte_order == "big" else "l"
        self.malformed = literal(spec.failures.malformed)

    def integer(self, base: str) -> str:
        return f"c.Int{8 * BASE_SIZES[base]}u{self.suffix}"

    def type(self, type_: Type) -> str:
        """The construct of a type: the name of a declared one, an expression for a built-in integer."""
        return self.expression(type_) if type_.name in BASE_SIZES else f"{type_.name.upper()}_TYPE"

    def expression(self, type_: Type, prefix: str = "") -> str:
        """The construct of a type as Python, as it stands behind `prefix`."""
        if isinstance(type_, IntegerType):
            return f"{prefix}k.Integer({self.integer(type_.base)}, {type_.minimum}, {type_.maximum}, {self.malformed})"
        if isinstance(type_, BitsType):
            return f"{prefix}k.Integer({self.integer(type_.base)}, 0, {capacity(type_.base)}, {self.malformed})"
        if isinstance(type_, BoolType):
            return f"{prefix}k.Boolean({self.integer(type_.base)}, {self.malformed})"
        if isinstance(type_, EnumType):
            arguments = [self.integer(type_.base), f"m.{class_name(type_.name)}", self.malformed, f"open={type_.open}"]
            return call(f"{prefix}k.Enumeration", arguments)
        if isinstance(type_, StringType):
            bounds = [f"({bound.bytes}, {literal(bound.code)})" for bound in (type_.minimum, type_.maximum)]
            pattern = literal(type_.pattern)
            if "\\" in pattern and '"' not in type_.pattern and type_.pattern.isprintable():
                pattern = f'r"{type_.pattern}"'  # A pattern cannot end in a backslash.
            return call(f"{prefix}k.Text", [self.integer(type_.count), *bounds, pattern, literal(type_.pattern_code)])
        if isinstance(type_, BytesType):
            return call(
                f"{prefix}k.Blob", [self.integer(type_.count), str(type_.maximum.bytes), literal(type_.maximum.code)]
            )
        if isinstance(type_, ArrayType):
            arguments = [self.integer(type_.count), self.type(type_.item), str(type_.maximum), self.malformed]
            return call(f"{prefix}k.Many", arguments)
        return call(f"{prefix}k.Record", [f"m.{class_name(type_.name)}", *map(self.field, type_.fields)])

    def field(self, field: Field) -> str:
        if field.const is not None and isinstance(field.type, IntegerType):
            fixed = f"k.Fixed({self.integer(field.type.base)}, {hexadecimal(field.const)}, {self.malformed})"
            return f'"{field.name}" / {fixed}'
        return f'"{field.name}" / {self.type(field.type)}'


def twins(spec: Spec) -> str:
    """The module with a construct for every type, and an interpreted codec for every message."""
    writer, sections = _TwinWriter(spec), Sections(spec)
    out = banner(spec)
    out += f'"""The constructs of the {spec.name}: one for each type and one for each message\'s whole frame.\n\n'
    out += (
        "They define what is read and written. `codecs` does the same faster, and asks them whenever it is in doubt.\n"
    )
    out += '"""\n\n'
    out += "from __future__ import annotations\n\nimport construct as c\n\n"
    out += "from . import constructs as k\nfrom . import messages as m\nfrom . import wire as w\n"
    out += "from .codec import InterpretedCodec\n\n"
    fields = []
    for field in spec.frame.fields:
        extra = [f'role="{field.role}"'] if field.role else [f"const={field.const}"]
        fields.append("w.HeaderField(" + ", ".join([f'"{field.name}"', writer.integer(field.base), *extra]) + ")")
    extension = spec.frame.extension
    out += "FRAME = w.FrameLayout(\n    fields=(\n" + "".join(f"        {field},\n" for field in fields) + "    ),\n"
    out += f"    critical_flags={hexadecimal(spec.frame.critical_flags)},\n"
    out += f"    tag={writer.integer(extension.tag) if extension else None},\n"
    out += f"    value={writer.expression(extension.value) if extension else None},\n"
    out += f"    malformed={writer.malformed},\n"
    out += f"    too_large={literal(spec.failures.too_large)},\n"
    out += f"    unsupported_critical={literal(spec.failures.unsupported_critical)},\n"
    out += (f"    document={literal(spec.document)},\n" if spec.document else "") + ")\n\n"
    for type_ in in_order(spec):
        out += writer.expression(type_, f"{type_.name.upper()}_TYPE = ") + "\n"
    for message in spec.messages:
        arguments = ["FRAME", f"m.{class_name(message.name)}", literal(sections.cited(message.name))]
        arguments += [writer.field(field) for field in message.fields]
        if message.optional:
            optional = [f'{field.tag}: "{field.name}" / {writer.type(field.type)}' for field in message.optional]
            arguments.append(bracketed("optional={", optional, "}", 4))
        out += "\n" + call(f"{message.name} = InterpretedCodec", arguments) + "\n"
    return out


def in_order(spec: Spec) -> list[Type]:
    """Declared types, each behind those that it is made of."""
    done: dict[str, Type] = {}

    def visit(type_: Type) -> None:
        if isinstance(type_, ArrayType):
            visit(type_.item)
        elif isinstance(type_, StructType):
            for field in type_.fields:
                visit(field.type)
        if type_.name not in BASE_SIZES:
            done.setdefault(type_.name, type_)

    for type_ in spec.types.values():
        visit(type_)
    return list(done.values())
