"""Steps of a case as they stand in a file: from a list of words to `Step` values, each with the place it came from.

A step of several actors (`[[ann, bob], sends, …]`, `[guest1..50, connects]`) is as many steps, one after another; only
`one receives` takes them together.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Any, NamedTuple

from impwire.codecs import CODECS
from impwire.tables import LEGAL, Role

from .case import Part, Step
from .fit import expression_fault, extensions_fault, header_fault, misfit
from .strict_yaml import Node, suggestion
from .values import all_constructs, field_constructs
from .verbs import CONSOLE, SERVER, Verb, verbs_of

HEADER_FIELDS = ("request_id", "flags", "extensions")
#: The messages that a server sends in some state.
OF_SERVER = frozenset(kind.NAME for role, _, kind in LEGAL if role is Role.SERVER)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RANGE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*?)([0-9]+)\.\.([0-9]+)")
_MOST_ACTORS = 1000
_FORM = "a step is a list of actor, verb and what the verb takes, such as [ann, sends, SAY, {text: hi}]"


class Placed(NamedTuple):
    """A step, the list of the file that says it, and whether nothing has been found wrong with that so far."""

    step: Step
    node: Node
    sound: bool

    @property
    def actor_place(self) -> Node:
        return self.words[0]

    @property
    def verb_place(self) -> Node:
        return self.words[1]

    @property
    def words(self) -> list[Node]:
        words: list[Node] = self.node.value
        return words


def sends_as_it_is(verb: str) -> bool:
    """Whether the verb sends what stands there, whoever could send it in earnest, right or wrong."""
    return verb.startswith(("sends", "floods")) or verb == "receives unshown"


def read_step(node: Node) -> list[Placed]:
    """The steps that a list of words stands for; none if it cannot be understood, which is reported."""
    if not isinstance(node.value, list) or len(node.value) < 2:
        node.problem(_FORM)
        return []
    words: list[Node] = node.value
    actors = _actors(words[0])
    if not actors:
        return []
    verbs = verbs_of(actors[0])
    name = words[1].string()
    if name not in verbs:
        if isinstance(words[1].value, str):
            hint = suggestion(name, verbs) or "; known are " + ", ".join(verbs)
            words[1].problem(f"unknown verb '{name}'{hint}")
        return []
    if name == "one receives" and len(actors) < 2:
        words[0].problem("'one receives' is for several actors, such as [ann, bob] or guest1..50")
    mistakes = len(node.problems)
    step = _Reader(node, actors[0], name, verbs[name]).step()
    sound = len(node.problems) == mistakes
    if name == "one receives":
        return [Placed(replace(step, group=tuple(actors)), node, sound)]
    return [Placed(replace(step, actor=actor), node, sound) for actor in actors]


def _actors(node: Node) -> list[str]:
    """The actor, or the actors of a list or range. What is none is reported."""
    if isinstance(node.value, list):
        found = [actor for item in node.value for actor in _actors(item)]
        if any(actor in (CONSOLE, SERVER) for actor in found):
            node.problem("the console and the server act alone")
            return []
        if twice := next((actor for actor in found if found.count(actor) > 1), ""):
            node.problem(f"'{twice}' stands here twice")
        if not node.value:
            node.problem("nobody acts here")
        return found
    text = node.string()
    if not text:
        return []
    if match := _RANGE.fullmatch(text):
        first, last = int(match[2]), int(match[3])
        if not first <= last < first + _MOST_ACTORS:
            node.problem(f"a range goes up, to no more than {_MOST_ACTORS} actors, such as guest1..50")
            return []
        return [f"{match[1]}{number}" for number in range(first, last + 1)]
    if not _NAME.fullmatch(text):
        node.problem(f"'{text}' is no name for an actor; it is what the user is called")
        return []
    return [text]


class _Reader:
    """Reads what a verb takes, word by word."""

    def __init__(self, node: Node, actor: str, name: str, verb: Verb) -> None:
        self.node, self.actor, self.name, self.verb = node, actor, name, verb
        self.rest: list[Node] = list(node.value[2:])
        #: Whether the values are sent as they are, right or wrong.
        self.sending = sends_as_it_is(name)

    def step(self) -> Step:
        groups: list[list[Part]] = [[]]
        values: dict[str, Any] = {}
        for word in self.verb.takes.split():
            if word.startswith("'"):
                groups.append([])
                self.between(word.strip("'"))
            elif word == "message":
                groups[-1].append(Part(self.message(), {}))
            elif word.startswith("fields"):
                message = groups[-1].pop().message
                groups[-1].append(Part(message, self.fields(message)))
            elif word == "messages":
                groups[-1] = self.pairs()
            elif word == "options?":
                values |= self.options()
            else:
                values[word] = getattr(self, word)()
        if self.rest:
            self.rest[0].problem(f"'{self.name}' takes nothing more here")
        if len(groups) > 1 and self.verb.takes.startswith("messages"):
            values["others"] = tuple(groups.pop())
        parts = tuple(part for group in groups for part in group)
        return Step(self.actor, self.name, parts, place=f"{self.node.file}:{self.node.line}", **values)

    def next(self, what: str) -> Node | None:
        """The next word, or None after a report."""
        if self.rest:
            return self.rest.pop(0)
        self.node.problem(f"'{self.name}' needs {what}")
        return None

    def between(self, word: str) -> None:
        """The word that stands between two messages; what is behind it is received."""
        found = self.rest.pop(0) if self.rest else self.node
        if found.value != word:
            found.problem(f"expected the word '{word}' between the messages")
        self.sending = False

    def message(self) -> str:
        node = self.next("a message")
        if node is None:
            return ""
        name = node.one_of(CODECS.by_name, "message")
        if name == node.value and not self.sending and name not in OF_SERVER:
            node.problem(f"{name} is never sent by a server")
        return name if name == node.value else ""

    def pairs(self) -> list[Part]:
        """`[MESSAGE, {fields}]`, as many as stand here."""
        found = []
        while self.rest and isinstance(self.rest[0].value, list):
            node = self.rest.pop(0)
            outer, self.rest = self.rest, list(node.value)
            message = self.message()
            found.append(Part(message, self.fields(message)))
            if self.rest:
                self.rest[0].problem("expected [MESSAGE, {fields}] and nothing more")
            self.rest = outer
        if not found:
            (self.rest[0] if self.rest else self.node).problem(
                f"'{self.name}' needs [MESSAGE, {{fields}}], a list each"
            )
        return found

    def fields(self, message: str) -> dict[str, Any]:
        """The fields of a message, each checked. A message that is not known has been reported, and its fields are not."""
        if not self.rest or isinstance(self.rest[0].value, (str, list)):
            if self.rest and not isinstance(self.rest[0].value, list) and self.rest[0].value not in ("until", "others"):
                self.rest.pop(0).problem("fields stand in braces, such as {text: hi}")
            return {}
        node = self.rest.pop(0)
        if not message:
            return {}
        constructs = (all_constructs if self.sending else field_constructs)(message)
        found = {}
        for name, place, value in node.entries():
            plain = value.plain()
            if name in constructs:
                wrong = misfit(plain, constructs[name], sending=self.sending)
            elif name in HEADER_FIELDS:
                wrong = extensions_fault(plain) if name == "extensions" else header_fault(name, plain)
            else:
                known = [*constructs, *HEADER_FIELDS]
                place.problem(
                    f"{message} has no field '{name}'{suggestion(name, known) or '; known are ' + ', '.join(known)}"
                )
                continue
            if wrong:
                value.problem(f"field '{name}' of {message}: {wrong}")
            found[name] = plain
        return found

    def raw(self) -> tuple[Any, ...]:
        """Segments: hexadecimal digits with spaces, or {repeat: hex, times: expression}."""
        node = self.next("hexadecimal digits or a list of them")
        if node is None:
            return ()
        return tuple(_segment(item) for item in (node.value if isinstance(node.value, list) else [node]))

    def text(self) -> str:
        node = self.next("a text")
        return "" if node is None else node.string()

    def number(self) -> int:
        node = self.next("a number")
        return 0 if node is None else node.integer()

    def options(self) -> dict[str, Any]:
        if not self.rest:
            return {}
        entry = self.rest.pop(0).mapping((), self.verb.options)
        found: dict[str, Any] = {}
        for name in ("within", "after"):
            if name in entry and name in self.verb.options:
                found[name] = entry.at(name).plain()
                if wrong := expression_fault(found[name]):
                    entry.at(name).problem(wrong)
        if "from" in entry and "from" in self.verb.options:
            found["source"] = _address(entry.at("from"))
        return found


def _segment(node: Node) -> Any:
    if not isinstance(node.value, dict):
        return _hex(node)
    entry = node.mapping(("repeat", "times"))
    times = entry.at("times").plain()
    if "times" in entry and (wrong := expression_fault(times)):
        entry.at("times").problem(wrong)
    return {"repeat": _hex(entry.at("repeat")), "times": times}


def _hex(node: Node) -> str:
    text = "".join(node.string().split())
    if not re.fullmatch(r"([0-9a-fA-F]{2})*", text):
        node.problem("expected pairs of hexadecimal digits")
        return ""
    return text


def _address(node: Node) -> str:
    text = node.string()
    try:
        if ipaddress.ip_address(text).is_loopback:
            return text
    except ValueError:
        pass
    node.problem(f"'{text}' is no address of this machine for itself, such as 127.0.0.2")
    return ""
