"""Pieces of Python source, formatted as ruff formats them: what is generated is read by people."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from ..model import Spec

WIDTH = 120


def class_name(name: str) -> str:
    """`LAST_PAGE` and `last_page` as `LastPage`."""
    return "".join(word.capitalize() for word in name.split("_"))


def literal(value: Any, indent: int = 0) -> str:
    """A value as Python source in double quotes, on one line if it fits, else an item a line."""
    if isinstance(value, str):
        text = repr(value)
        if value.count('"') > value.count("'"):
            return text
        return text if text[0] == '"' else '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        parts = [f"{literal(k)}: {literal(v, indent + 4)}" for k, v in value.items()]
        return bracketed("{", parts, "}", indent)
    if isinstance(value, (list, tuple)):
        parts = [literal(item, indent + 4) for item in value]
        if len(parts) == 1:
            return f"({parts[0]},)"
        return bracketed("(", parts, ")", indent)
    return repr(value)


def bracketed(opening: str, parts: list[str], closing: str, indent: int) -> str:
    line = opening + ", ".join(parts) + closing
    if "\n" not in line and indent + len(line) < WIDTH:
        return line
    closing = closing.lstrip(",")
    pad = " " * (indent + 4)
    return opening + "\n" + "".join(f"{pad}{part},\n" for part in parts) + " " * indent + closing


def call(prefix: str, arguments: list[str], indent: int = 0, suffix: str = "") -> str:
    """`prefix(arguments)suffix` formatted at an indentation: one line, or the arguments on one, or one a line."""
    joined = ", ".join(arguments)
    line = f"{prefix}({joined}){suffix}"
    if indent + len(line.rstrip(",")) <= WIDTH and "\n" not in line:
        return line
    pad = " " * (indent + 4)
    if len(pad + joined) <= WIDTH and "\n" not in joined:
        return f"{prefix}(\n{pad}{joined}\n" + " " * indent + f"){suffix}"
    broken = [_broken_sum(argument, pad) for argument in arguments]
    return f"{prefix}(\n" + "".join(f"{pad}{argument},\n" for argument in broken) + " " * indent + f"){suffix}"


def _broken_sum(expression: str, pad: str) -> str:
    """`a + b` with a term a line, if the line that it stands in, a comma behind it, is too long."""
    return expression if len(f"{pad}{expression},") <= WIDTH else expression.replace(" + ", f"\n{pad}+ ")


def assignment(left: str, expression: str, indent: int) -> str:
    """`left = expression`; one that is too long for the line is broken where ruff breaks it."""
    pad = " " * indent
    line = f"{pad}{left} = {expression}"
    if len(line) <= WIDTH:
        return line + "\n"
    function, bracket, arguments = expression.partition("(")
    if bracket and arguments != ")":
        return pad + call(f"{left} = {function}", arguments[:-1].split(", "), indent) + "\n"
    if expression.endswith("]"):
        table, _, key = expression[:-1].partition("[")
        return f"{pad}{left} = {table}[\n{pad}    {key}\n{pad}]\n"
    return f"{pad}{left} = (\n{pad}    {expression}\n{pad})\n"


def unpacking(names: list[str], function: str, arguments: str, indent: int) -> str:
    """`a, b = function(arguments)`, with what is too long for a line broken where ruff breaks it."""
    pad = " " * indent
    left = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
    if indent + len(f"{left} = {function}({arguments})") <= WIDTH:
        return f"{pad}{left} = {function}({arguments})\n"
    if indent + len(f"{left} = {function}(") <= WIDTH:
        return f"{pad}{left} = {function}(\n{pad}    {arguments}\n{pad})\n"
    listed = "".join(f"{pad}    {name},\n" for name in names)
    return f"{pad}(\n{listed}{pad}) = {function}({arguments})\n"


def joined(prefix: str, parts: list[tuple[str, list[str] | None]], indent: int, suffix: str = "") -> str:
    """`prefix a(x, y) + b` with each part a name, or a function and its arguments, a part a line if need be."""
    pad = " " * indent
    flat = [name if arguments is None else f"{name}({', '.join(arguments)})" for name, arguments in parts]
    line = f"{pad}{prefix}{' + '.join(flat)}{suffix}"
    if len(line) <= WIDTH:
        return line + "\n"
    if len(parts) == 1 and parts[0][1] is not None and not prefix.endswith("("):
        return pad + call(prefix + parts[0][0], parts[0][1], indent, suffix) + "\n"
    opening, closing = ("(", ")") if not prefix.endswith("(") else ("", "")
    out = f"{pad}{prefix}{opening}\n"
    if indent + 4 + len(" + ".join(flat)) <= WIDTH:
        return out + f"{pad}    {' + '.join(flat)}\n{pad}{closing}{suffix}\n"
    for index, (name, arguments) in enumerate(parts):
        plus = "+ " if index else ""
        out += f"{pad}    " + (plus + name if arguments is None else call(plus + name, arguments, indent + 4)) + "\n"
    return out + f"{pad}{closing}{suffix}\n"


def hexadecimal(number: int) -> str:
    """A number as ruff writes it: 0x0F."""
    return f"0x{number:02X}"


def docstring(text: str, indent: int = 4) -> str:
    """A docstring of folded prose; paragraphs are separated by empty lines."""
    pad = " " * indent
    paragraphs = [
        textwrap.fill(" ".join(p.split()), WIDTH - indent - 3, break_on_hyphens=False) for p in text.split("\n\n")
    ]
    body = in_docstring("\n\n".join(paragraphs))
    if body.startswith('"'):
        body = " " + body
    if body.endswith('"'):
        body += " "
    if "\n" not in body:
        return f'{pad}"""{body}"""\n'
    return f'{pad}"""' + textwrap.indent(body, pad).removeprefix(pad) + f'\n{pad}"""\n'


def in_docstring(text: str) -> str:
    """The text as it stands within a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")


def comment(text: str, indent: str = "") -> str:
    """The comment that documents what stands in the next line."""
    return f"{indent}#: {' '.join(text.split())}\n"


def display(prefix: str, opening: str, entries: list[str], closing: str) -> str:
    """A dict or tuple with an entry a line; the entries bring their own indentation and comma."""
    return prefix + opening + ("\n" + "".join(f"{entry}\n" for entry in entries) if entries else "") + closing + "\n"


def banner(spec: Spec) -> str:
    """The first line of every generated Python module."""
    return (
        f"# Generated from {spec.sources[0]} by `python -m codegen`. Do not edit: change the spec and generate again.\n"
    )


def support_module(name: str, source: str) -> str:
    """A copy of a support module, which says where its source stands."""
    first = f"# A copy of codegen/support/{name}.py, made by `python -m codegen`. Do not edit: change the source.\n"
    return first + source


def bytes_literal(data: bytes) -> str:
    """Bytes as ruff writes them."""
    text = repr(data)[2:-1]
    return (
        f"b'{text}'" if '"' in text and "\\'" not in text else 'b"' + text.replace("\\'", "'").replace('"', '\\"') + '"'
    )


def condition(parts: list[str], indent: str, negation: str = "") -> str:
    """`if …:` with conditions that all have to hold; with the negation `not `, one of which must fail."""
    joined = " and ".join(parts)
    line = f"{indent}if {negation}({joined}):\n" if negation and len(parts) > 1 else f"{indent}if {negation}{joined}:\n"
    if len(line) <= WIDTH + 1:
        return line
    deeper = indent + "    "
    if len(parts) == 2 and parts[1].startswith("(") and not negation:
        return f"{indent}if {parts[0]} and {_broken(parts[1], indent)}:\n"
    if len(deeper) + len(joined) > WIDTH or not negation:
        joined = f"\n{deeper}and ".join(
            _broken(part, deeper) if len(f"{deeper}{'and ' if index else ''}{part}") > WIDTH else part
            for index, part in enumerate(parts)
        )
    return f"{indent}if {negation}(\n{deeper}{joined}\n{indent}):\n"


def _broken(alternatives: str, indent: str) -> str:
    """`(a or b)` over several lines."""
    deeper, inner = indent + "    ", alternatives[1:-1]
    if len(deeper + inner) > WIDTH:
        first, *others = inner.split(" or ")
        lines = [_operands(deeper + first, deeper), *(_operands(f"{deeper}or {other}", deeper) for other in others)]
        inner = "\n".join(lines).removeprefix(deeper)
    return f"(\n{deeper}{inner}\n{indent})"


def _operands(line: str, indent: str) -> str:
    """A line with `a == b` or `(a and b)`, over several lines if it is too long."""
    if len(line) <= WIDTH:
        return line
    if line.endswith(")") and " and " in line:
        left, right = line[:-1].split(" and ")
        opening, first = left.split("(", 1)
        return f"{opening}(\n{indent}    {first}\n{indent}    and {right}\n{indent})"
    return line.replace(" == ", f"\n{indent}== ")


def refusal(parts: list[str], indent: str) -> str:
    """The lines that refuse what does not hold the conditions."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].startswith("not "):
        test = condition([parts[0].removeprefix("not ")], indent)
    elif len(parts) == 1 and (match := re.fullmatch(r"(\S+) (in|is) (\w+)", parts[0])):
        test = condition([f"{match[1]} {'not in' if match[2] == 'in' else 'is not'} {match[3]}"], indent)
    else:
        test = condition(parts, indent, "not ")
    return f"{test}{indent}    raise ValueError\n"
