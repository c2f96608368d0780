"""What is under test, as values: what a target file says, or `--spawn` and `--connect`, its short forms.

A command is a template. Its placeholders are `{host}` and `{port}`, where to listen or connect; `{name}`, the user of a
client; `{dir}`, an empty folder; `{settings}`, the options for the limits and timers that a case asks for; and for
programs beside the suite `{python}`, `{package}` and `{root}`. TARGETS.md beside this folder explains every key.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from impwire import tables
from impwire.tables import LIMITS, TIMERS, Role

from ..expectations import Flaky, Known
from ..language.strict_yaml import suggestion
from .capabilities import Capability

HOST = "127.0.0.1"
#: The target files of our own programs.
REFERENCE = {role: Path(__file__).parent / f"reference-{role}.yaml" for role in Role}
SETTABLE = {**LIMITS, **TIMERS}
#: `${port}` is the shell's and `{{port}}` that of other templates.
_PLACEHOLDER = re.compile(r"(?<![${])\{([a-z_]+)\}(?!\})")
_KNOWN = {
    Role.SERVER: ("host", "port", "dir", "settings", "python", "package", "root"),
    Role.CLIENT: ("host", "port", "name", "dir", "python", "package", "root"),
}

#: What is the same for every program: our own are siblings of this package, in a checkout and in an installation.
_ALWAYS = {
    "python": sys.executable,
    "package": (__package__ or "").rpartition("conformance")[0],
    "root": str(Path(tables.__file__).resolve().parent.parent),
}


@dataclass(frozen=True)
class Setting:
    """How one limit or timer is passed: as `words` of the command with `{value}`, or as a variable of the environment."""

    words: tuple[str, ...] = ()
    variable: str = ""
    #: Whether the program takes seconds, as a decimal number, and not milliseconds.
    seconds: bool = False

    def text(self, value: int) -> str:
        """The value as the program takes it: 1500 ms are `1.5` where it takes seconds."""
        return f"{value / 1000:.3f}".rstrip("0").rstrip(".") if self.seconds else str(value)


@dataclass(frozen=True)
class Ready:
    """How it is known that a server can be spoken to: it accepts connections, or first writes a line that matches.

    `within` is how long that may take, in seconds; for a client, how long until it connects.
    """

    line: str = ""
    within: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """One program under test: either `command` or `address` is there."""

    role: Role
    name: str
    command: tuple[str, ...] = ()
    address: tuple[str, int] | None = None
    #: The folder in which the command runs; the suite's own if it is empty.
    directory: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    ready: Ready = Ready()
    #: Whether the operator's console is the standard input of the command.
    console: bool = True
    #: What tells the program to end; None if nothing does.
    stop: signal.Signals | None = signal.SIGTERM
    #: The capabilities that the target claims; None if it says nothing of them.
    claims: frozenset[Capability] | None = None
    known_failures: dict[str, Known] = field(default_factory=dict)
    known_flaky: dict[str, Flaky] = field(default_factory=dict)

    def lacks(self, capability: Capability, settings: dict[str, int]) -> str:
        """Why the target cannot offer the capability (to a case with these settings); empty if it can."""
        if self.claims is not None and capability not in (*self.claims, Capability.OWN_SERVER):
            return "'capabilities' of its target file does not name it"
        if self.address is not None and capability is not Capability.DISPLAY:
            return "it runs already, and the suite cannot start it; use --spawn or a target file with a command"
        if capability is Capability.SETTINGS and not self.settings:
            return "the command has no {settings}"
        if capability is Capability.SETTINGS and (unset := sorted(settings.keys() - self.settings.keys())):
            return f"'settings' of its target file does not tell how to set {', '.join(unset)}"
        if capability is Capability.RESTART and not any("{dir}" in text for text in self._texts()):
            return "the command has no {dir}, where it is to keep its files"
        if capability is Capability.CONSOLE and not self.console:
            return "its target file says 'console: none'"
        if capability is Capability.STOP and self.stop is None:
            return "its target file says 'stop: none'"
        return ""

    def problem(self) -> str:
        """What is wrong with the command, in words; empty if nothing is."""
        known = _KNOWN[self.role]
        for name in [name for text in self._texts() for name in _PLACEHOLDER.findall(text)]:
            if name not in known:
                placeholders = [f"{{{each}}}" for each in known]
                hint = suggestion(f"{{{name}}}", placeholders) or f"; known are {', '.join(placeholders)}"
                return f"unknown placeholder {{{name}}}{hint}"
        if not self.command:
            return "the command is empty"
        if not any("{port}" in text for text in self._texts()):
            return "{port} is missing: nothing tells the program the port that the suite has chosen"
        return ""

    def _texts(self) -> tuple[str, ...]:
        return (*self.command, *self.environment.values())

    def words(self, values: dict[str, str], settings: dict[str, int]) -> list[str]:
        """The command with its placeholders filled; `settings` in their own units, as the tables have them."""
        options = self._options(settings)
        values = {**_ALWAYS, **values, "settings": shlex.join(options)}
        words: list[str] = []
        for word in self.command:
            # As a word of its own it becomes several; inside of another, as for a shell, one text.
            words += options if word == "{settings}" else [_filled(word, values)]
        return words

    def _options(self, settings: dict[str, int]) -> list[str]:
        options: list[str] = []
        for name, value in settings.items():
            setting = self.settings[name]
            filling = {"value": setting.text(value), "option": name.replace("_", "-")}
            options += [_filled(word, filling) for word in setting.words]
        return options

    def variables(self, values: dict[str, str], settings: dict[str, int]) -> dict[str, str]:
        """The environment of the program: that of the suite with what the target adds."""
        values = {**_ALWAYS, **values}
        added = {name: _filled(text, values) for name, text in self.environment.items()}
        for name, value in settings.items():
            setting = self.settings[name]
            if setting.variable:
                added[setting.variable] = setting.text(value)
        return {**os.environ, **added}

    @property
    def folder(self) -> str | None:
        """Where the command runs."""
        return _filled(self.directory, _ALWAYS) or None


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def same_for_all(words: tuple[str, ...]) -> dict[str, Setting]:
    """Every limit and timer passed in one way."""
    return dict.fromkeys(SETTABLE, Setting(words))


def of_command(role: Role, text: str) -> Target:
    """The target of `--spawn`."""
    words = tuple(shlex.split(text))
    settings = same_for_all(("--{option}", "{value}")) if any("{settings}" in word for word in words) else {}
    return Target(role=role, name=words[0] if words else "", command=with_name(words, role), settings=settings)


def with_name(words: tuple[str, ...], role: Role) -> tuple[str, ...]:
    """The command with the name of its user, which is the last word of a client's command that does not place it."""
    placed = role is not Role.CLIENT or any("{name}" in word for word in words)
    return words if placed else (*words, "{name}")


def of_address(host: str, port: int) -> Target:
    """The target of `--connect`."""
    return Target(role=Role.SERVER, name=f"{host}:{port}", address=(host, port))
