"""The case language: from YAML files to checked cases.

A file has one key, `cases`, a list. A case is a transcript: each step is a list of actor, verb and what the verb takes.
A script is written as a server sees it; with `client: ann` it is also played to a client, in the role of ann. Everything
that can be known to be wrong before a case is played is reported here, with its place. `VERBS` is the whole language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from impwire.codecs import CODECS
from impwire.tables import CLIENT_COMMANDS, LIMITS, PLAIN, REQUIREMENTS, TIMERS, Role

from .strict_yaml import InvalidFile, Node, Problems, load, suggestion
from .values import all_constructs, field_constructs, misfit

CONSOLE, SERVER = "console", "server"
_HEADER_FIELDS = ("request_id", "flags", "extensions", "length", "type")


class Verb(NamedTuple):
    """What follows the verb in a step, and in which roles it can be played."""

    takes: str
    roles: tuple[Role, ...] = (Role.SERVER, Role.CLIENT)


_SERVER_ONLY = (Role.SERVER,)
_CLIENT_ONLY = (Role.CLIENT,)

VERBS: dict[str, Verb] = {
    # Coming and going.
    "connects": Verb(""),
    "joins": Verb(""),
    "leaves": Verb(""),
    "ends stream": Verb("", roles=_SERVER_ONLY),
    "drops": Verb("", roles=_SERVER_ONLY),
    "resets": Verb("", roles=_SERVER_ONLY),
    "vanishes": Verb("", roles=_SERVER_ONLY),
    "stops reading": Verb("", roles=_SERVER_ONLY),
    # Frames.
    "sends": Verb("message fields?"),
    "sends bytewise": Verb("message fields?", roles=_SERVER_ONLY),
    "sends together": Verb("messages", roles=_SERVER_ONLY),
    "sends raw": Verb("raw", roles=_SERVER_ONLY),
    "floods": Verb("message fields until message fields?", roles=_SERVER_ONLY),
    "receives": Verb("message fields? options?"),
    "reads until": Verb("message fields?", roles=_SERVER_ONLY),
    "receives raw": Verb("raw", roles=_CLIENT_ONLY),
    "receives unshown": Verb("message fields?", roles=_CLIENT_ONLY),
    "sends typed": Verb("message fields?", roles=_CLIENT_ONLY),
    "stream ends": Verb("", roles=_CLIENT_ONLY),
    "receives nothing": Verb(""),
    "is closed": Verb(""),
    "is reset": Verb("", roles=_SERVER_ONLY),
    # People at a client.
    "types": Verb("text", roles=_CLIENT_ONLY),
    "ends input": Verb("", roles=_CLIENT_ONLY),
    "sends nothing": Verb("", roles=_CLIENT_ONLY),
    "shows": Verb("text", roles=_CLIENT_ONLY),
    "shows line with": Verb("text", roles=_CLIENT_ONLY),
    "shows help": Verb("", roles=_CLIENT_ONLY),
    "complains": Verb("text", roles=_CLIENT_ONLY),
    "exits": Verb("number", roles=_CLIENT_ONLY),
}

# Verbs of those who are no client.
CONSOLE_VERBS: dict[str, Verb] = {"types": Verb("text", _SERVER_ONLY)}
SERVER_VERBS: dict[str, Verb] = {
    "is killed and restarted": Verb("", _SERVER_ONLY),
    "is told to end": Verb("", _SERVER_ONLY),
    "exits": Verb("number", _SERVER_ONLY),
}


class Part(NamedTuple):
    """A message with its fields, as a step names it."""

    message: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One line of a transcript. What the verb does not take is empty."""

    actor: str
    verb: str
    parts: tuple[Part, ...] = ()
    raw: tuple[Any, ...] = ()
    text: str = ""
    number: int = 0
    #: Milliseconds as expressions: the frame has to come within the one and not before the other.
    within: int | str | None = None
    after: int | str | None = None
    place: str = ""

    @property
    def message(self) -> str:
        return self.parts[0].message if self.parts else ""

    @property
    def fields(self) -> dict[str, Any]:
        return self.parts[0].fields if self.parts else {}

    def __str__(self) -> str:
        words = [self.actor, self.verb, *(f"{part.message} {part.fields or ''}".strip() for part in self.parts)]
        words += [str(self.raw)] if self.raw else []
        words += [repr(self.text)] if self.text else []
        return " ".join(words + ([str(self.number)] if self.verb == "exits" else []))


@dataclass(frozen=True, eq=False)
class Case:
    """A script. `settings` is what it asks of the server; `clients` are the actors that a client can be tested as."""

    id: str
    title: str
    proves: tuple[str, ...]
    steps: tuple[Step, ...]
    settings: dict[str, int] = field(default_factory=dict)
    clients: tuple[str, ...] = ()
    server: bool = True
    fresh: bool = False
    file: str = ""

    @property
    def own_server(self) -> bool:
        """Whether the case needs a server that no other case has used."""
        return self.fresh or bool(self.settings) or any(step.actor == SERVER for step in self.steps)

    @property
    def uses_files(self) -> bool:
        """Whether the server has to find again what it has written."""
        return any(step.verb == "is killed and restarted" for step in self.steps)

    @property
    def uses_console(self) -> bool:
        return any(step.actor == CONSOLE for step in self.steps)


def load_cases(paths: Iterable[Path]) -> list[Case]:
    """Every case in the files and folders, in order. Raises `InvalidFile` with all mistakes at once."""
    problems = Problems()
    cases: list[Case] = []
    seen: dict[str, str] = {}
    for file in _files(paths):
        root = load(file, problems)
        for node in root.mapping(("cases",)).items("cases"):
            case = _case(node)
            if case.id in seen:
                node.problem(f"case '{case.id}' stands in {seen[case.id]} already")
            seen[case.id] = f"{node.file}:{node.line}"
            cases.append(case)
    if problems:
        raise InvalidFile(problems)
    return cases


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return found


def _case(node: Node) -> Case:
    entry = node.mapping(("id", "title", "proves", "steps"), ("with", "client", "server", "fresh"))
    id_ = entry.string("id")
    if not re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)+", id_):
        entry.at("id", "").problem(f"'{id_}' is no identifier such as pm/unknown-recipient")
    proves = tuple(item.one_of(REQUIREMENTS, "requirement") for item in entry.items("proves"))
    settings = {name: _setting(name, place, value) for name, place, value in entry.entries("with")}
    server = entry.boolean("server", True)
    steps = tuple(step for item in entry.items("steps") if (step := _step(item)) is not None)
    clients = _clients(entry.get("client"), steps)
    if not steps:
        node.problem("a case without a step proves nothing")
    _check_presence(entry.items("steps"))
    if not server and not clients:
        node.problem("a case with 'server: false' needs 'client'")
    for role, played in ((Role.SERVER, server), (Role.CLIENT, bool(clients))):
        if played:
            _check_role(role, entry.items("steps"), clients)
    return Case(id_, entry.string("title"), proves, steps, settings, clients, server, entry.boolean("fresh"), node.file)


def _setting(name: str, place: Node, value: Node) -> int:
    known = {**LIMITS, **TIMERS}
    number = value.integer()
    if name not in known:
        place.problem(f"unknown limit or timer '{name}'{suggestion(name, known)}")
    elif not known[name].minimum <= number <= known[name].maximum:
        value.problem(f"'{name}' goes from {known[name].minimum} to {known[name].maximum}")
    return number


def _clients(node: Node | None, steps: tuple[Step, ...]) -> tuple[str, ...]:
    if node is None:
        return ()
    names = node.items() if isinstance(node.value, list) else [node]
    actors = {step.actor for step in steps}
    return tuple(item.one_of(sorted(actors), "actor") for item in names)


_COMES, _GOES = ("connects", "joins"), ("leaves", "drops", "resets", "is closed", "is reset")


def _check_presence(nodes: list[Node]) -> None:
    """Report steps of actors who are not there, and of those who come though they are."""
    present: set[str] = set()
    for node in nodes:
        words = node.value if isinstance(node.value, list) else []
        if len(words) < 2 or not all(isinstance(word.value, str) for word in words[:2]):
            continue
        actor, verb = words[0].value, words[1].value
        if actor == SERVER and verb == "is killed and restarted":
            present.clear()
        if actor in (CONSOLE, SERVER) or verb not in VERBS:
            continue
        if verb == "connects" and actor in present:
            words[0].problem(f"'{actor}' has connected already")
        elif verb not in (*_COMES, "exits") and actor not in present:
            words[0].problem(f"'{actor}' has not connected{suggestion(actor, present)}")
        (present.discard if verb in _GOES else present.add)(actor)


def _verbs(actor: str) -> dict[str, Verb]:
    return {CONSOLE: CONSOLE_VERBS, SERVER: SERVER_VERBS}.get(actor, VERBS)


def _check_role(role: Role, nodes: list[Node], clients: tuple[str, ...]) -> None:
    """Report steps that the role cannot play: those of the actor under test against a client, all of them otherwise."""
    for node in nodes:
        words = node.value if isinstance(node.value, list) else []
        if len(words) < 2 or not isinstance(words[0].value, str) or not isinstance(words[1].value, str):
            continue
        actor, verb = words[0].value, _verbs(words[0].value).get(words[1].value)
        if verb is None or role in verb.roles or (role is Role.CLIENT and actor not in clients):
            continue
        words[1].problem(f"'{words[1].value}' cannot be played to a {role}")


def _step(node: Node) -> Step | None:
    items = node.items()
    if len(items) < 2:
        node.problem("a step is a list of actor, verb and what the verb takes")
        return None
    actor = items[0].string()
    verbs = _verbs(actor)
    name = items[1].string()
    if name not in verbs:
        items[1].problem(f"unknown verb '{name}'{suggestion(name, verbs) or '; known are ' + ', '.join(verbs)}")
        return None
    return _Reader(node, actor, name, items[2:], sending=name.startswith(("sends", "floods"))).step(verbs[name].takes)


class _Reader:
    """Reads what a verb takes, word by word."""

    def __init__(self, node: Node, actor: str, verb: str, rest: list[Node], *, sending: bool) -> None:
        self.node, self.actor, self.verb, self.rest, self.sending = node, actor, verb, rest, sending

    def step(self, takes: str) -> Step:
        parts: list[Part] = []
        values: dict[str, Any] = {}
        for word in takes.split():
            if word == "message":
                parts.append(self.message())
            elif word.startswith("fields"):
                parts[-1] = Part(parts[-1].message, self.fields(parts[-1].message))
            elif word == "messages":
                parts = [self.pair(item) for item in self.take_all()]
            elif word == "until":
                if self.next("the word 'until'").value != "until":
                    self.node.problem("expected the word 'until' between the two messages")
                self.sending = False
            elif word == "raw":
                values["raw"] = self.raw()
            elif word == "text":
                values["text"] = self.next("a text").string()
            elif word == "number":
                values["number"] = self.next("a number").integer()
            elif word == "options?":
                values |= self.options()
        if self.rest:
            self.rest[0].problem(f"'{self.verb}' takes nothing more here")
        place = f"{self.node.file}:{self.node.line}"
        return Step(self.actor, self.verb, tuple(parts), place=place, **values)

    def next(self, what: str) -> Node:
        if not self.rest:
            self.node.problem(f"'{self.verb}' needs {what}")
            return self.node.child(None)
        return self.rest.pop(0)

    def take_all(self) -> list[Node]:
        taken, self.rest = self.rest, []
        return taken

    def message(self) -> Part:
        return Part(self.next("a message").one_of(CODECS.by_name, "message"), {})

    def pair(self, node: Node) -> Part:
        items = node.items()
        if not items:
            node.problem("expected [MESSAGE, {fields}]")
            return Part("", {})
        inner = _Reader(node, self.actor, self.verb, items, sending=self.sending)
        part = inner.message()
        return Part(part.message, inner.fields(part.message))

    def fields(self, message: str) -> dict[str, Any]:
        if not self.rest or not isinstance(self.rest[0].value, dict):
            return {}
        constructs = (all_constructs if self.sending else field_constructs)(message)
        found = {}
        for name, place, value in self.rest.pop(0).entries():
            plain = value.plain()
            if name not in constructs and name not in _HEADER_FIELDS:
                known = [*constructs, *_HEADER_FIELDS]
                place.problem(f"{message} has no field '{name}'{suggestion(name, known)}")
            elif name in constructs and (wrong := misfit(plain, constructs[name])):
                value.problem(f"field '{name}' of {message}: {wrong}")
            found[name] = plain
        return found

    def raw(self) -> tuple[Any, ...]:
        """Segments: hexadecimal digits with spaces, or {repeat: hex, times: expression}."""
        node = self.next("hexadecimal digits or a list of them")
        segments: list[Any] = []
        for item in node.value if isinstance(node.value, list) else [node]:
            if isinstance(item.value, dict):
                entry = item.mapping(("repeat", "times"))
                segments.append({"repeat": _hex(entry.at("repeat")), "times": entry.at("times").plain()})
            else:
                segments.append(_hex(item))
        return tuple(segments)

    def options(self) -> dict[str, Any]:
        if not self.rest:
            return {}
        entry = self.rest.pop(0).mapping((), ("within", "after"))
        return {key: entry.at(key).plain() for key in entry if key in ("within", "after")}


def _hex(node: Node) -> str:
    text = "".join(node.string().split())
    if not re.fullmatch(r"([0-9a-fA-F]{2})*", text):
        node.problem("expected pairs of hexadecimal digits")
        return ""
    return text


def typed_line(message: str, fields: dict[str, Any]) -> str | None:
    """The line that makes a client send the message, by the table of commands; None if no line does."""
    if PLAIN is not None and PLAIN[0] == message:
        text = str(fields["text"])
        return f"/{text}" if text.startswith("/") else text
    for name, command in CLIENT_COMMANDS.items():
        if command.sends is None or command.sends[0] != message:
            continue
        words = [f"/{name}"]
        for argument in command.arguments:
            holder = next(key for key, value in command.sends[1].items() if value == f"{{{argument.name}}}")
            words.append(str(fields[holder]))
        return " ".join(words)
    return None
