"""Reads target files. Every mistake is told as `file:line:column`, all at once, before anything is played."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

from impwire.tables import TIMERS, Role

from ..expectations import Flaky, Known, load_failures, load_flaky, read_failures, read_flaky
from ..language.strict_yaml import InvalidFile, Mapping, Node, Problems, load, suggestion
from .capabilities import CLAIMABLE, Capability
from .target import SETTABLE, Ready, Setting, Target, of_address, of_command, same_for_all, with_name

_KEYS = ("name", "command", "address", "directory", "environment", "ready", "capabilities")
_SERVER_KEYS = ("settings", "console", "stop")
_LISTS = ("known_failures", "known_flaky")
KEYS = ("role", *_KEYS, *_SERVER_KEYS, *_LISTS)
_STOPS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "none")
_LONGEST_START = 3600


def target_of(role: Role, values: dict[str, str]) -> Target:
    """The target of an entry of `Plan.targets`. Raises `InvalidFile`."""
    if "file" in values:
        return load_target(Path(values["file"]))
    if "connect" in values:
        host, _, port = values["connect"].rpartition(":")
        return of_address(host, int(port))
    return of_command(role, values["spawn"])


def load_target(path: Path) -> Target:
    """Read a target file. Raises `InvalidFile` with all its mistakes."""
    problems = Problems()
    root = load(path, problems)
    if problems:  # It cannot be read at all, so nothing can be said of what it lacks.
        raise InvalidFile(problems)
    target = _target(root, path)
    if problems:
        raise InvalidFile(problems)
    return target


def _target(root: Node, path: Path) -> Target:
    entry = root.mapping(("role",), KEYS[1:])
    role = Role(entry.at("role", Role.SERVER.value).one_of([str(role) for role in Role], "role"))
    if role is Role.CLIENT:
        for key in (*_SERVER_KEYS, "address"):
            if key in entry:
                root.keys[key].problem(f"'{key}' is for servers alone")
    environment = {name: node.string() for name, _, node in entry.entries("environment")}
    command = _command(entry.get("command"))
    if ("command" in entry) == ("address" in entry):
        root.problem("a target has either 'command' or 'address'")
    target = Target(
        role=role,
        name=entry.string("name", path.stem),
        command=with_name(command, role),
        address=_address(entry.get("address")),
        directory=_directory(entry, path),
        environment=environment,
        settings=_settings(entry.get("settings")),
        ready=_ready(entry.get("ready"), role),
        console=entry.at("console", "stdin").one_of(("stdin", "none"), "console") == "stdin",
        stop=_stop(entry),
        claims=_claims(entry, role),
        known_failures=_known_failures(entry.get("known_failures"), path),
        known_flaky=_known_flaky(entry.get("known_flaky"), path),
    )
    _check(target, entry)
    return target


def _command(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(item.string() for item in node.items()) if isinstance(node.value, list) else _words(node)


def _words(node: Node) -> tuple[str, ...]:
    """The words of a text, with the quotes of a shell."""
    try:
        return tuple(shlex.split(node.string()))
    except ValueError as error:
        node.problem(f"{str(error).lower()}: {node.value}")
        return ()


def _address(node: Node | None) -> tuple[str, int] | None:
    if node is None:
        return None
    host, _, port = node.string().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        node.problem(f"'{node.value}' is not host:port, such as 127.0.0.1:8092")
        return "", 0
    return host.strip("[]"), int(port)


def _directory(entry: Mapping, path: Path) -> str:
    """The folder of the command: that of the file, or one that is named from there."""
    node = entry.at("directory", ".")
    text = node.string()
    if text.startswith("{root}"):
        return text
    folder = (path.parent / text).resolve()
    if not folder.is_dir():
        node.problem(f"there is no folder {folder}")
    return str(folder)


def _settings(node: Node | None) -> dict[str, Setting]:
    if node is None:
        return {}
    if isinstance(node.value, str):
        if "{option}" not in node.value or "{value}" not in node.value:
            node.problem("one way for all settings needs {option} and {value}, as in '--{option} {value}'")
        return same_for_all(_words(node))
    found = {}
    for name, place, value in node.entries():
        if name not in SETTABLE:
            place.problem(f"unknown limit or timer '{name}'{suggestion(name, SETTABLE)}")
        found[name] = _setting(name, value)
    return found


def _setting(name: str, node: Node) -> Setting:
    if isinstance(node.value, str):
        return Setting(_setting_words(node))
    entry = node.mapping((), ("option", "variable", "unit"))
    if ("option" in entry) == ("variable" in entry):
        node.problem("a setting has either 'option' or 'variable'")
    unit = entry.at("unit", "ms").one_of(("ms", "s"), "unit")
    if "unit" in entry and name not in TIMERS:
        node.keys["unit"].problem(f"'{name}' is no timer, and has no unit of time")
    option = entry.get("option")
    return Setting(_setting_words(option) if option else (), entry.string("variable"), unit == "s")


def _setting_words(node: Node) -> tuple[str, ...]:
    words = _words(node)
    if "{value}" not in node.string():
        node.problem("{value} is missing, as in '--burst {value}'")
    return words


def _ready(node: Node | None, role: Role) -> Ready:
    if node is None:
        return Ready()
    entry = node.mapping((), ("line", "within"))
    line, within = entry.string("line"), entry.integer("within")
    if line and role is Role.CLIENT:
        node.keys["line"].problem("a client is ready when it connects; 'line' is for servers alone")
    try:
        re.compile(line)
    except re.error as error:
        entry.at("line").problem(f"no regular expression: {error}")
    if "within" in entry and not 0 < within <= _LONGEST_START:
        entry.at("within").problem(f"seconds go from 1 to {_LONGEST_START}")
    return Ready(line, within)


def _stop(entry: Mapping) -> signal.Signals | None:
    name = entry.at("stop", "SIGTERM").one_of(_STOPS, "signal")
    return None if name == "none" else signal.Signals[name]


def _claims(entry: Mapping, role: Role) -> frozenset[Capability] | None:
    if "capabilities" not in entry:
        return None
    known = [str(capability) for capability in CLAIMABLE[role]]
    return frozenset(
        Capability(word) for node in entry.items("capabilities") if (word := node.one_of(known, "capability")) in known
    )


def _check(target: Target, entry: Mapping) -> None:
    """Report what does not go together."""
    if "command" in entry and not entry.node.problems and (problem := target.problem()):
        entry.at("command").problem(problem)
    for node in entry.items("capabilities") if target.claims else []:
        if node.value in list(Capability) and (reason := target.lacks(Capability(node.value), {})):
            node.problem(f"'{node.value}' is claimed, and {reason}")
    placed = any("{settings}" in word for word in target.command)
    if any(setting.words for setting in target.settings.values()) and not placed:
        entry.at("settings").problem("the command has no {settings} for these options")
    if placed and "settings" not in entry:
        entry.at("command").problem("'settings' is missing: nothing tells what {settings} stands for")


def _known_failures(node: Node | None, path: Path) -> dict[str, Known]:
    if node is None:
        return {}
    named = isinstance(node.value, str)
    return load_failures(path.parent / node.string(), node.problems) if named else read_failures(node)


def _known_flaky(node: Node | None, path: Path) -> dict[str, Flaky]:
    if node is None:
        return {}
    named = isinstance(node.value, str)
    return load_flaky(path.parent / node.string(), node.problems) if named else read_flaky(node)
