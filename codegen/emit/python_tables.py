"""Python: what is neither message nor codec: states, legality, limits, failures, commands, requirements."""

from __future__ import annotations

from ..edition import edition
from ..model import Spec
from .python_syntax import WIDTH, banner, bracketed, call, class_name, comment, display, docstring, hexadecimal, literal
from .sections import Sections

_FAILURE = '''

class Failure(NamedTuple):
    """A code with which a request or a connection ends. `fatal`: it ends the connection."""

    code: %s
    fatal: bool
    retry: bool
    says: str
    trigger: str
'''

_EDITION = "The state of the spec that this was made from: eight hexadecimal digits, a fingerprint of all that binds."
_TABLES_HEAD = '''from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from . import messages as m
from .wire import Message


class Role(StrEnum):
    """The two sides of a connection."""

    CLIENT = "client"
    SERVER = "server"


class Limit(NamedTuple):
    """A limit or timer: its default, the range of its setting, its unit, and what it bounds."""

    default: int
    minimum: int
    maximum: int
    unit: str
    doc: str


class Argument(NamedTuple):
    """An argument of a command. `rest`: it takes the remainder of the line."""

    name: str
    type: str
    rest: bool
    optional: bool


class Command(NamedTuple):
    """A command of a person: what it is called, takes, does, and (for the client) sends."""

    usage: str
    arguments: tuple[Argument, ...]
    help: str
    sends: tuple[str, dict[str, Any]] | None


class DisplayLine(NamedTuple):
    """The line shown for a message, if it answers the request `answers` and has the fields `when`."""

    message: type[Message]
    answers: type[Message] | None
    when: dict[str, Any]
    line: str
    stream: str


class Requirement(NamedTuple):
    """A sentence that binds an implementation, with its section of the document."""

    level: str
    side: str
    section: str
    text: str

'''


def tables(spec: Spec) -> str:
    """The module with what is neither message nor codec: states, legality, limits, failures, commands, requirements."""
    out = banner(spec)
    out += f'"""The tables of the {spec.name}: states, limits, failures, commands and requirements."""\n\n'
    out += _TABLES_HEAD.rstrip("\n") + "\n"
    codes = " | ".join(f"m.{class_name(outcome.type.name)}" for outcome in spec.failures.outcomes)
    out += _FAILURE % codes if codes else ""
    out += "\n\n" + comment(_EDITION) + f"EDITION = {literal(edition(spec))}\n"
    for constant in spec.constants:
        out += "\n" + comment(f"{constant.doc}{f' ({constant.unit})' if constant.unit else ''}.")
        out += f"{constant.name.upper()} = {literal(constant.value)}\n"
    out += _states(spec) + _legality(spec) + _limits(spec)
    return out + (_failures(spec) if codes else "") + _commands(spec) + _requirements(spec)


def _states(spec: Spec) -> str:
    out = "\n\nclass State(Enum):\n" + docstring("The states of a connection.") + "\n"
    return out + "".join(comment(s.doc, "    ") + f"    {s.name} = {literal(s.name)}\n" for s in spec.states)


def _legality(spec: Spec) -> str:
    """Which message is legal when, what answers what, and how the types are numbered."""
    moves = {(t.message, source): t.target for t in spec.transitions for source in t.sources}
    steps = []
    for message in spec.messages:
        for sender, states in message.states.items():
            for state in states:
                key = f"(Role.{sender.upper()}, State.{state}, m.{class_name(message.name)})"
                steps.append(f"    {key}: State.{moves.get((message.name, state), state)},")
    out = "\n\n" + comment(
        "The state in which a message leaves the connection. A step that is not here is not allowed."
    )
    out += display("LEGAL: dict[tuple[Role, State, type[Message]], State] = ", "{", steps, "}")
    replies = []
    for message in spec.messages:
        if message.kind == "request":
            names = ", ".join(f"m.{class_name(reply)}" for reply in message.replies)
            replies.append(f"    m.{class_name(message.name)}: ({names}{',' if len(message.replies) == 1 else ''}),")
    out += "\n" + comment("The messages that may answer a request.")
    out += display("REPLIES: dict[type[Message], tuple[type[Message], ...]] = ", "{", replies, "}")
    events = [f"m.{class_name(message.name)}" for message in spec.messages if message.kind == "event"]
    out += "\n" + comment("The messages that nobody asks for.")
    line = f"EVENTS: tuple[type[Message], ...] = ({', '.join(events)}{',' if len(events) == 1 else ''})\n"
    wrapped = display("EVENTS: tuple[type[Message], ...] = ", "(", [f"    {event}," for event in events], ")")
    out += line if len(line) <= WIDTH else wrapped
    ranges = [
        f"    ({hexadecimal(r.first)}, {hexadecimal(r.last)}, {literal(r.sender)}, {literal(r.kind or '')}),"
        for r in spec.numbering
    ]
    out += "\n" + comment("First type, last type, sender and kind of each range of types.")
    if len(ranges) == 1:
        return out + f"NUMBERING: tuple[tuple[int, int, str, str], ...] = ({ranges[0].strip()})\n"
    return out + display("NUMBERING: tuple[tuple[int, int, str, str], ...] = ", "(", ranges, ")")


def _limits(spec: Spec) -> str:
    out = ""
    for title, name, timer in (("Limits", "LIMITS", False), ("Timers, in milliseconds", "TIMERS", True)):
        entries = []
        for limit in spec.limits:
            if limit.timer == timer:
                numbers = [str(limit.default), str(limit.minimum), str(limit.maximum)]
                values = [*numbers, literal(limit.unit), literal(limit.doc)]
                entries.append("    " + call(f"{literal(limit.name)}: Limit", values, 4, ","))
        out += "\n" + comment(f"{title}: settings of the server, announced to the client.")
        out += display(f"{name}: dict[str, Limit] = ", "{", entries, "}")
    out += "\n\n@dataclass(frozen=True, kw_only=True, slots=True)\nclass Settings:\n"
    out += docstring(
        "A value for every limit and timer, the default where none is given. Ranges stand in LIMITS and TIMERS."
    )
    settings = "".join(f"    {limit.name}: int = {limit.default}\n" for limit in spec.limits)
    return out + ("\n" + settings if settings else "") + "\n"


def _failures(spec: Spec) -> str:
    entries = []
    for outcome in spec.failures.outcomes:
        for value in outcome.type.values:
            code, fatal = f"m.{class_name(outcome.type.name)}.{value.name}", outcome is spec.failures.ending
            arguments = [code, str(fatal), str(value.retry), literal(value.says), literal(value.doc)]
            entries.append("    " + call(f"{literal(value.name)}: Failure", arguments, 4, ","))
    out = "\n" + comment("Every failure code by name.")
    return out + display("FAILURES: dict[str, Failure] = ", "{", entries, "}")


def _commands(spec: Spec) -> str:
    """What people type, and what they are shown."""
    out = ""
    for side, commands in spec.commands.items():
        entries = []
        for command in commands:
            shapes = [
                f"Argument({literal(a.name)}, {literal(a.type.name)}, {a.rest}, {a.optional})"
                for a in command.arguments
            ]
            values = [
                literal(command.usage),
                bracketed("(", shapes, ",)" if len(shapes) == 1 else ")", 8),
                literal(command.help),
                literal(command.sends),
            ]
            entries.append("    " + call(f"{literal(command.name)}: Command", values, 4, ","))
        out += "\n" + comment(f"What people may type at the {side}.")
        out += display(f"{side.upper()}_COMMANDS: dict[str, Command] = ", "{", entries, "}")
    out += "\n" + comment("What a line that is no command sends.")
    out += f"PLAIN: tuple[str, dict[str, Any]] | None = {literal(spec.plain)}\n"
    lines = []
    for line in spec.display:
        answers = f"m.{class_name(line.answers)}" if line.answers else "None"
        shown = [literal(line.when), literal(line.line), literal(line.stream)]
        lines.append("    " + call("DisplayLine", [f"m.{class_name(line.message)}", answers, *shown], 4, ","))
    out += "\n" + comment("What a client shows; the first line that fits a message counts.")
    return out + display("DISPLAY: tuple[DisplayLine, ...] = ", "(", lines, ")")


def _requirements(spec: Spec) -> str:
    sections = Sections(spec)
    places = [f"    {literal(m.name)}: {literal(sections.cited(m.name))}," for m in spec.messages]
    out = "\n" + comment("The section of the document that describes each message.")
    out += display("SECTIONS: dict[str, str] = ", "{", places, "}")
    titles = [
        f"    {literal(sections.cited(c.id))}: {literal(c.title)}," for c in spec.chapters if sections.cited(c.id)
    ]
    out += "\n" + comment("The chapters of the document: their titles by their numbers.")
    out += display("CHAPTERS: dict[str, str] = ", "{", titles, "}")
    entries = []
    for place, requirement in spec.requirements():
        text = literal(sections.resolve(" ".join(requirement.text.split())))
        values = [literal(requirement.level), literal(requirement.side), literal(sections.cited(place)), text]
        entries.append("    " + call(f"{literal(requirement.id)}: Requirement", values, 4, ","))
    out += "\n" + comment("Every requirement by its identifier.")
    return out + display("REQUIREMENTS: dict[str, Requirement] = ", "{", entries, "}")
