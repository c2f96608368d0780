"""The case language: from YAML files to checked cases.

A file has one key, `cases`, a list. A case is a transcript: each step is a list of actor, verb and what the verb takes.
A script is written as a server sees it; with `client: ann` it is also played to a client, in the role of ann. Everything
that can be known to be wrong before a case is played is reported here, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from impwire.codecs import CODECS
from impwire.tables import LIMITS, REQUIREMENTS, TIMERS, Role

from .case import Case, Part, Step
from .strict_yaml import InvalidFile, Node, Problems, load, suggestion
from .values import all_constructs, field_constructs, misfit
from .verbs import CONSOLE, SERVER, VERBS, verbs_of

_HEADER_FIELDS = ("request_id", "flags", "extensions", "length", "type")


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


def _check_role(role: Role, nodes: list[Node], clients: tuple[str, ...]) -> None:
    """Report steps that the role cannot play: those of the actor under test against a client, all of them otherwise."""
    for node in nodes:
        words = node.value if isinstance(node.value, list) else []
        if len(words) < 2 or not isinstance(words[0].value, str) or not isinstance(words[1].value, str):
            continue
        actor, verb = words[0].value, verbs_of(words[0].value).get(words[1].value)
        if verb is None or role in verb.roles or (role is Role.CLIENT and actor not in clients):
            continue
        words[1].problem(f"'{words[1].value}' cannot be played to a {role}")


def _step(node: Node) -> Step | None:
    items = node.items()
    if len(items) < 2:
        node.problem("a step is a list of actor, verb and what the verb takes")
        return None
    actor = items[0].string()
    verbs = verbs_of(actor)
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
