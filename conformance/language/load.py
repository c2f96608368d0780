"""The case language: from YAML files to checked cases.

A file has one key, `cases`, a list. A case is a transcript: each step is a list of actor, verb and what the verb takes.
A script is written as a server sees it; with `client: ann` it is also played to a client, in the role of ann. Everything
that can be known to be wrong before a case is played is reported here, with its place, all of it at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from impwire.tables import LIMITS, REQUIREMENTS, TIMERS, Role

from .case import IDENTIFIER, Case, Worked
from .checks import check_presence, check_role, check_variables
from .fit import misfit
from .steps import OF_SERVER, Placed, read_step
from .strict_yaml import InvalidFile, Mapping, Node, Problem, Problems, load, suggestion
from .values import field_constructs
from .verbs import CONSOLE, SERVER

SUFFIXES = (".yaml", ".yml")


def load_cases(paths: Iterable[Path]) -> list[Case]:
    """Every case in the files and folders, in order. Raises `InvalidFile` with all mistakes at once."""
    problems = Problems()
    cases: list[Case] = []
    seen: dict[str, str] = {}
    places: dict[int, str] = {}
    for file in _files(paths, problems):
        mistakes = len(problems)
        root = load(file, problems)
        if len(problems) > mistakes and root.value == {}:
            continue
        nodes = root.mapping(("cases",)).items("cases")
        if not nodes and len(problems) == mistakes:
            root.problem("there is no case in this file")
        for node in nodes:
            case = _case(node)
            if case.id and case.id in seen:
                node.problem(f"case '{case.id}' stands in {seen[case.id]} already")
            seen.setdefault(case.id, f"{node.file}:{node.line}")
            if case.worked and (other := places.setdefault(case.worked.place, case.id)) != case.id:
                node.problem(f"place {case.worked.place} among the worked sessions is that of '{other}'")
            cases.append(case)
    if problems:
        raise InvalidFile(problems)
    return cases


def _files(paths: Iterable[Path], problems: Problems) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
        elif inside := sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES):
            found += inside
        else:
            problems.append(Problem(str(path), 1, 1, "there is no case in this folder: no file ends in .yaml"))
    return found


def _case(node: Node) -> Case:
    entry = node.mapping(("id", "title", "proves", "steps"), ("with", "client", "server", "fresh", "worked"))
    id_, title = entry.string("id"), entry.string("title")
    if "id" in entry and isinstance(entry.at("id").value, str) and not IDENTIFIER.fullmatch(id_):
        entry.at("id").problem(f"'{id_}' is no identifier such as pm/unknown-recipient")
    if entry.holds("title", str) and not title.strip():
        entry.at("title").problem("a title tells what a reader should know if the case fails")
    settings = {name: _setting(name, place, value) for name, place, value in entry.entries("with")}
    server = entry.boolean("server", True)
    placed = [placed for item in entry.items("steps") for placed in read_step(item)]
    clients = _clients(entry.get("client"), placed)
    if entry.holds("steps", list) and not entry.items("steps"):
        node.problem("a case without a step proves nothing")
    if not server and "client" not in entry:
        node.problem("a case with 'server: false' needs 'client'")
    check_presence(placed)
    for role, actor in ([(Role.SERVER, "")] if server else []) + [(Role.CLIENT, actor) for actor in clients]:
        if check_role(placed, role, actor):
            check_variables(placed, role, actor)
    steps = tuple(item.step for item in placed)
    fresh, worked = entry.boolean("fresh"), _worked(entry.get("worked"), server=server)
    return Case(id_, title, _proves(entry), steps, settings, clients, server, fresh, node.file, worked)


def _proves(entry: Mapping) -> tuple[str, ...]:
    found: list[str] = []
    for item in entry.items("proves"):
        requirement = item.one_of(REQUIREMENTS, "requirement")
        if requirement == item.value and requirement in found:
            item.problem(f"'{requirement}' stands here twice")
        found.append(requirement)
    if not found and entry.holds("proves", list):
        entry.at("proves").problem("a case proves at least one requirement of protocol.txt")
    return tuple(found)


def _worked(node: Node | None, *, server: bool) -> Worked | None:
    if node is None:
        return None
    entry = node.mapping(("place", "title", "shows"), ("examples",))
    if not server:
        node.problem("only what can be played to a server can be a worked session")
    if entry.holds("place", int) and entry.integer("place") < 1:
        entry.at("place").problem("the first place is 1")
    examples: dict[str, dict[str, Any]] = {}
    for message, place, fields in entry.entries("examples"):
        if message not in OF_SERVER:
            place.problem(f"'{message}' is no message of a server{suggestion(message, OF_SERVER)}")
            continue
        constructs = field_constructs(message)
        examples[message] = {}
        for name, key, value in fields.entries():
            if name not in constructs:
                key.problem(f"{message} has no field '{name}'{suggestion(name, constructs)}")
            elif wrong := misfit(value.plain(), constructs[name], sending=True):
                value.problem(f"field '{name}' of {message}: {wrong}")
            examples[message][name] = value.plain()
    return Worked(entry.integer("place"), entry.string("title"), entry.string("shows"), examples)


def _setting(name: str, place: Node, value: Node) -> int:
    known = {**LIMITS, **TIMERS}
    number = value.integer()
    if name not in known:
        place.problem(f"unknown limit or timer '{name}'{suggestion(name, known)}")
    elif isinstance(value.value, int) and not known[name].minimum <= number <= known[name].maximum:
        value.problem(f"'{name}' goes from {known[name].minimum} to {known[name].maximum}")
    return number


def _clients(node: Node | None, placed: list[Placed]) -> tuple[str, ...]:
    if node is None:
        return ()
    actors = {item.step.actor for item in placed} - {CONSOLE, SERVER}
    found: list[str] = []
    for item in node.items() if isinstance(node.value, list) else [node]:
        if item.value in found:
            item.problem(f"'{item.value}' stands here twice")
        actor = item.one_of(sorted(actors), "actor")
        found += [actor] if actor == item.value else []
    return tuple(found)
