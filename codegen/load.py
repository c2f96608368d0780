"""From YAML files to a checked `Spec`.

`load(path)` reads the file and its parts, reports every mistake at once with its place, and returns the model only if
there is none. Types are read by `read_types`, prose by `read_prose`, all else here, in the order of the sections.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from .model import (
    Argument,
    BitsType,
    BytesType,
    Command,
    Constant,
    DisplayLine,
    EnumType,
    Extension,
    Failures,
    Frame,
    FrameField,
    IntegerType,
    Kind,
    Limit,
    Message,
    NumberRange,
    Outcome,
    Sender,
    Spec,
    State,
    StructType,
    Transition,
    Vector,
)
from .read_prose import PLAIN_CHAPTERS, ProseReader
from .read_types import TypeReader, capacity, check_name
from .support.strict_yaml import InvalidFile, Mapping, Node, Problems, suggestion
from .support.strict_yaml import load as load_yaml

_REQUIRED = ("protocol", "outputs", "frame", "numbering", "types", "states", "messages")
_OPTIONAL = (
    *("parts", "limits", "timers", "constants", "transitions", "failures", "chapters"),
    *("commands", "display", "vectors"),
)
_CODES = ("malformed", "too_large", "unexpected", "unknown_type", "unsupported_critical")
_ROLES = ("length", "type", "flags", "correlation")
_SUPPORT = ("wire", "strict_yaml")


def load(path: Path) -> Spec:
    """Read the spec at `path`. Raises `InvalidFile` with every mistake in it and in its parts."""
    problems = Problems()
    root, sections, sources = _read(path, problems)
    spec = _Loader(root, sections).spec(sources)
    if problems:
        raise InvalidFile(problems)
    return spec


def _read(path: Path, problems: Problems) -> tuple[Node, dict[str, Node], tuple[str, ...]]:
    """The file, the sections in it and its parts, and the names of these files.

    Raises `InvalidFile` if one of them holds no sections at all: what it lacks would only be reported again elsewhere.
    """
    root = load_yaml(path, problems, _name(path))
    files, names = [root], [_name(path)]
    parts = root.value.get("parts") if isinstance(root.value, dict) else None
    for part in parts.items() if parts else ():
        if part.string():
            file = path.parent / part.string()
            files.append(load_yaml(file, problems, _name(file)))
            names.append(_name(file))
    sections: dict[str, Node] = {}
    for file_root in files:
        file_root.mapping(optional=_REQUIRED + _OPTIONAL)
        for key, place, node in file_root.entries():
            if key in sections:
                place.problem(f"section '{key}' stands in {sections[key].file} already")
            sections.setdefault(key, node)
    if not all(isinstance(file_root.value, dict) and file_root.value for file_root in files):
        raise InvalidFile(problems)
    for key in _REQUIRED:
        if key not in sections:
            root.problem(f"section '{key}' is missing")
    return root, sections, tuple(names)


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


class _Loader:
    """Holds what the sections of one spec need of each other while they are read."""

    def __init__(self, root: Node, sections: dict[str, Node]) -> None:
        self.root, self.sections = root, sections
        self.types = TypeReader(self.section("types", {}), self._code("malformed"))
        self.prose = ProseReader(self.section("chapters", []))

    def section(self, key: str, empty: Any) -> Node:
        return self.sections.get(key) or self.root.child(empty)

    def spec(self, sources: tuple[str, ...]) -> Spec:
        head = self.section("protocol", {}).mapping(("name", "short", "version", "byte_order", "abstract"))
        outputs = self.section("outputs", {}).mapping(("package",), ("document", "support"))
        for _, place, _ in outputs.entries("support"):
            place.one_of(_SUPPORT, "support module")
        package = outputs.string("package")
        self.types.read()
        frame = self._frame()
        numbering = self._numbering(frame)
        limits = self._limits("limits", timer=False) + self._limits("timers", timer=True)
        states = self._states()
        messages = self._messages([state.name for state in states], limits, frame, numbering)
        by_name = {message.name: message for message in messages}
        failures = self._failures(by_name)
        self._check_codes(failures)
        commands, plain = self._commands(by_name)
        order = head.at("byte_order", "big").one_of(("big", "little"), "byte order")
        return Spec(
            name=head.string("name"),
            short=head.string("short"),
            version=head.string("version"),
            byte_order="little" if order == "little" else "big",
            abstract=head.string("abstract"),
            package=package,
            document=outputs.string("document"),
            support={"wire": f"{package}/wire.py"}
            | {key: node.string() for key, _, node in outputs.entries("support")},
            frame=frame,
            numbering=numbering,
            types=self.types.types,
            limits=limits,
            constants=self._constants(),
            states=states,
            transitions=self._transitions(by_name, [state.name for state in states]),
            failures=failures,
            messages=messages,
            chapters=self.prose.chapters() if "chapters" in self.sections else PLAIN_CHAPTERS,
            commands=commands,
            plain=plain,
            display=self._display(by_name),
            vectors=self._vectors(by_name, frame),
            sources=sources,
        )

    # -- frame, limits, states -----------------------------------------------------------------------------------

    def _frame(self) -> Frame:
        entry = self.section("frame", {}).mapping(("doc", "fields"), ("critical_flags", "extension"))
        fields: list[FrameField] = []
        for node in entry.items("fields"):
            item = node.mapping(("name", "type", "doc"), ("role", "const"))
            name, base = item.string("name"), self.types.base(item, "type")
            if "name" in item:
                check_name(item.at("name"), name)
            if any(field.name == name for field in fields):
                item.at("name").problem(f"field '{name}' stands in the frame already")
            role = item.at("role").one_of(_ROLES, "role") if "role" in item else ""
            if item.at("role").value != role:
                role = ""
            if ("role" in item) == ("const" in item):
                node.problem("a field of the frame has either a role or a const")
            const = item.integer("const") if "const" in item else None
            if const is not None and not 0 <= const <= capacity(base):
                item.at("const").problem(f"{const} does not lie within {base}")
            fields.append(FrameField(name, base, role, item.string("doc"), const))
        for role in _ROLES:
            count = sum(field.role == role for field in fields)
            if count > 1 or (not count and role in ("length", "type")):
                entry.at("fields").problem(f"the frame needs one field with role {role}, and has {count}")
        frame = Frame(entry.string("doc"), tuple(fields), entry.integer("critical_flags"), self._extension(entry))
        flags = frame.field("flags")
        if not 0 <= frame.critical_flags <= (capacity(flags.base) if flags else 0):
            entry.at("critical_flags").problem("the critical flags do not lie within the field with role flags")
        return frame

    def _extension(self, frame: Mapping) -> Extension | None:
        declared = frame.get("extension")
        if declared is None:
            return None
        fields = declared.mapping(("fields",)).at("fields", [])
        if len(fields.items()) != 2:
            fields.problem("an extension has two fields, the tag and the value")
            return None
        tag, value = (field.mapping(("name", "type", "doc")) for field in fields.items())
        type_ = self.types.at(value.at("type"), "the extension's value")
        if not isinstance(type_, BytesType):
            value.at("type").problem("the extension's value needs a type of kind bytes")
            return None
        return Extension(self.types.base(tag, "type"), type_)

    def _numbering(self, frame: Frame) -> tuple[NumberRange, ...]:
        ranges: list[NumberRange] = []
        type_field = frame.field("type")
        most = capacity(type_field.base) if type_field else 0
        for node in self.section("numbering", []).items():
            entry = node.mapping(("numbers", "sender", "doc"), ("kind",))
            numbers = [item.integer() for item in entry.items("numbers")]
            if len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1] <= most:
                node.problem(f"numbers: expected [first, last] within 0 and {most}")
                numbers = [0, 0]
            elif any(numbers[0] <= other.last and other.first <= numbers[1] for other in ranges):
                node.problem(f"numbers {numbers[0]:#04x} to {numbers[1]:#04x} overlap with a range above")
            kind = self._kind(entry.at("kind")) if "kind" in entry else None
            ranges.append(NumberRange(numbers[0], numbers[1], kind, self._sender(entry), entry.string("doc")))
        return tuple(ranges)

    @staticmethod
    def _kind(node: Node) -> Kind:
        word = node.one_of(get_args(Kind), "kind of message")
        return next(kind for kind in get_args(Kind) if kind == word)

    @staticmethod
    def _sender(entry: Mapping) -> Sender:
        word = entry.at("sender", "either").one_of(get_args(Sender), "sender")
        return next(sender for sender in get_args(Sender) if sender == word)

    def _limits(self, section: str, *, timer: bool) -> tuple[Limit, ...]:
        limits = []
        for name, place, node in self.section(section, {}).entries():
            check_name(place, name)
            entry = node.mapping(("type", "default", "min", "max", "doc"), ("unit",))
            type_ = self.types.at(entry.at("type"), f"'{name}'")
            if not isinstance(type_, IntegerType):
                entry.at("type").problem(f"'{name}' needs an integer type")
                continue
            low, default, high = entry.integer("min"), entry.integer("default"), entry.integer("max")
            if not type_.minimum <= low <= default <= high <= type_.maximum:
                node.problem(f"'{name}': min <= default <= max does not hold within {type_.name}")
            unit = entry.string("unit") or type_.unit
            limits.append(Limit(name, type_, default, low, high, unit, entry.string("doc"), timer))
        return tuple(limits)

    def _constants(self) -> tuple[Constant, ...]:
        constants = []
        for name, place, node in self.section("constants", {}).entries():
            check_name(place, name)
            entry = node.mapping(("value", "doc"), ("unit",))
            constants.append(Constant(name, entry.at("value").plain(), entry.string("unit"), entry.string("doc")))
        return tuple(constants)

    def _states(self) -> tuple[State, ...]:
        states = []
        for name, place, node in self.section("states", {}).entries():
            check_name(place, name, upper=True)
            entry = node.mapping(("doc",), ("final",))
            states.append(State(name, entry.string("doc"), entry.boolean("final")))
        return tuple(states)

    def _transitions(self, messages: dict[str, Message], states: list[str]) -> tuple[Transition, ...]:
        transitions: list[Transition] = []
        for node in self.section("transitions", []).items():
            entry = node.mapping(("message", "from", "to"))
            message = entry.at("message", "").one_of(messages, "message")
            sources = []
            for item in entry.items("from"):
                source = item.one_of(states, "state")
                allowed = messages[message].states.values() if message in messages else ()
                if source == item.value and not any(source in side for side in allowed):
                    item.problem(f"{message} is not allowed in state {source}")
                if any(source in other.sources and other.message == message for other in transitions):
                    item.problem(f"what {message} does in state {source} is told above")
                sources.append(source)
            transitions.append(Transition(message, tuple(sources), entry.at("to", "").one_of(states, "state")))
        return tuple(transitions)

    # -- failures ------------------------------------------------------------------------------------------------

    def _code(self, key: str) -> str:
        """The word for a kind of failure: the code that the spec names for it, or else its key."""
        section = self.section("failures", {}).value
        node = section.get(key) if isinstance(section, dict) else None
        return node.value if node and isinstance(node.value, str) else key

    def _failures(self, messages: dict[str, Message]) -> Failures:
        codes = [self._code(key) for key in _CODES]
        if "failures" not in self.sections:
            return Failures(None, None, *codes)
        entry = self.sections["failures"].mapping(("refusal", "ending", *_CODES))
        return Failures(self._outcome(entry, "refusal", messages), self._outcome(entry, "ending", messages), *codes)

    def _outcome(self, failures: Mapping, key: str, messages: dict[str, Message]) -> Outcome | None:
        node = failures.get(key)
        if node is None:
            return None
        entry = node.mapping(("message", "field", "type"))
        message, field = entry.at("message", "").one_of(messages, "message"), entry.string("field")
        type_ = self.types.at(entry.at("type", ""), f"'{key}'")
        if not isinstance(type_, EnumType):
            entry.at("type").problem(f"'{key}' needs an enumeration")
            return None
        if message in messages and not any(f.name == field and f.type == type_ for f in messages[message].fields):
            node.problem(f"{message} has no field '{field}' of type {type_.name}")
        return Outcome(message, field, type_)

    def _check_codes(self, failures: Failures) -> None:
        """Every `else:`, every listed error and the code of every vector is one of the two enumerations."""
        if not (failures.refusal and failures.ending):
            return  # There are no enumerations, or it is told already that one of them cannot be read.
        codes = [value.name for outcome in failures.outcomes for value in outcome.type.values]
        found = [self.sections["failures"].mapping(optional=self.sections["failures"].keys).get(key) for key in _CODES]
        for _, _, declared in self.section("types", {}).entries():
            for key in ("min", "max", "allow", "forbid"):
                bound = declared.value.get(key) if isinstance(declared.value, dict) else None
                found.append(bound.value.get("else") if bound and isinstance(bound.value, dict) else None)
        for _, _, message in self.section("messages", {}).entries():
            listed = message.value.get("errors") if isinstance(message.value, dict) else None
            found += listed.items() if listed else ()
        for vector in self.section("vectors", []).items():
            found.append(vector.value.get("code") if isinstance(vector.value, dict) else None)
        for node in found:
            if node is not None and isinstance(node.value, str) and node.value not in codes:
                node.problem(f"unknown code '{node.value}'{suggestion(node.value, codes)}")

    # -- messages ------------------------------------------------------------------------------------------------

    def _messages(
        self, states: list[str], limits: tuple[Limit, ...], frame: Frame, numbering: tuple[NumberRange, ...]
    ) -> tuple[Message, ...]:
        section = self.section("messages", {})
        taken = (*(field.name for field in frame.fields), *(("extensions",) if frame.extension else ()))
        messages: list[Message] = []
        for name, place, node in section.entries():
            self._check_message_name(place, name)
            entry = node.mapping(
                ("number", "kind", "sender", "states", "doc", "fields"),
                ("optional", "replies", "errors", "rules", "since"),
            )
            number, sender = entry.integer("number"), self._sender(entry)
            for other in messages:
                if other.number == number:
                    entry.at("number").problem(f"number {number:#04x} is that of {other.name} already")
            fields = self.types.fields(entry.items("fields"), name, limits, taken)
            known = (*taken, *(field.name for field in fields))
            message = Message(
                name=name,
                number=number,
                kind=self._kind(entry.at("kind", "request")),
                sender=sender,
                states=self._message_states(entry.at("states", {} if sender == "either" else []), sender, states),
                doc=entry.string("doc"),
                fields=fields,
                optional=self.types.optional(entry.items("optional"), name, frame.extension, known),
                replies=tuple(item.one_of(section.keys, "message") for item in entry.items("replies")),
                errors=tuple(item.string() for item in entry.items("errors")),
                rules=self.prose.body(entry.items("rules")),
                since=entry.string("since"),
            )
            if "number" in entry and "kind" in entry:
                self._check_number(entry.at("number"), message, numbering)
            messages.append(message)
        self._check_replies(messages)
        self._check_announced(messages)
        return tuple(messages)

    def _check_message_name(self, place: Node, name: str) -> None:
        check_name(place, name, upper=True)
        if isinstance(self.types.types.get(name.lower()), (EnumType, StructType, BitsType)):
            place.problem(f"message {name} and type '{name.lower()}' would be classes of the same name")

    @staticmethod
    def _message_states(node: Node, sender: Sender, states: list[str]) -> dict[str, tuple[str, ...]]:
        if sender == "either":
            entry = node.mapping(("client", "server"))
            return {
                side: tuple(item.one_of(states, "state") for item in entry.items(side)) for side in ("client", "server")
            }
        return {sender: tuple(item.one_of(states, "state") for item in node.items())}

    @staticmethod
    def _check_number(place: Node, message: Message, numbering: tuple[NumberRange, ...]) -> None:
        for allowed in numbering:
            if allowed.first <= message.number <= allowed.last:
                if allowed.sender != message.sender or (allowed.kind and allowed.kind != message.kind):
                    place.problem(f"{message.name} is number {message.number:#04x}, which is for {allowed.doc}")
                return
        place.problem(f"{message.name}: number {message.number:#04x} lies in no range of 'numbering'")

    def _check_replies(self, messages: list[Message]) -> None:
        """Only requests have replies, only replies are such, and each of them answers something."""
        kinds = {message.name: message.kind for message in messages}
        answers = {reply for message in messages for reply in message.replies}
        for name, place, node in self.section("messages", {}).entries():
            replies = node.value.get("replies") if isinstance(node.value, dict) else None
            if replies and kinds[name] != "request":
                replies.problem(f"{name} is no request and has no replies")
            for item in replies.items() if replies else ():
                if kinds.get(str(item.value), "reply") != "reply":
                    item.problem(f"{item.value} is no reply")
            if kinds[name] == "reply" and name not in answers:
                place.problem(f"the reply {name} answers no request")

    def _check_announced(self, messages: list[Message]) -> None:
        announced = {field.announces for message in messages for field in message.fields}
        for section in ("limits", "timers"):
            for name, place, _ in self.section(section, {}).entries():
                if name not in announced:
                    place.problem(f"'{name}' is announced by no field")

    # -- commands, display, vectors ------------------------------------------------------------------------------

    def _commands(
        self, messages: dict[str, Message]
    ) -> tuple[dict[str, tuple[Command, ...]], tuple[str, dict[str, Any]] | None]:
        entry = self.section("commands", {}).mapping((), ("client", "console", "plain"))
        commands = {}
        for side in ("client", "console"):
            found = []
            for node in entry.items(side):
                fields = node.mapping(("name", "help"), ("arguments", "sends"))
                arguments = tuple(self._argument(item) for item in fields.items("arguments"))
                sends = self._sends(fields.at("sends"), messages) if "sends" in fields else None
                found.append(Command(fields.string("name"), arguments, fields.string("help"), sends))
            commands[side] = tuple(found)
        plain = self._sends(entry.at("plain"), messages) if "plain" in entry else None
        return commands, plain

    def _argument(self, node: Node) -> Argument:
        entry = node.mapping(("name", "type"), ("rest", "optional"))
        type_ = self.types.at(entry.at("type"), f"argument '{entry.string('name')}'")
        return Argument(entry.string("name"), type_, entry.boolean("rest"), entry.boolean("optional"))

    @staticmethod
    def _sends(node: Node, messages: dict[str, Message]) -> tuple[str, dict[str, Any]]:
        entry = node.mapping(("message", "fields"))
        message = entry.at("message", "").one_of(messages, "message")
        return message, _field_values(entry, "fields", messages.get(message))

    def _display(self, messages: dict[str, Message]) -> tuple[DisplayLine, ...]:
        lines = []
        for node in self.section("display", []).items():
            entry = node.mapping(("message", "line"), ("answers", "when", "stream"))
            message = entry.at("message", "").one_of(messages, "message")
            answers = entry.at("answers").one_of(messages, "message") if "answers" in entry else ""
            when = _field_values(entry, "when", messages.get(message))
            stream = entry.at("stream", "output").one_of(("output", "error"), "stream")
            lines.append(DisplayLine(message, answers, when, entry.string("line"), stream))
        return tuple(lines)

    def _vectors(self, messages: dict[str, Message], frame: Frame) -> tuple[Vector, ...]:
        vectors: list[Vector] = []
        correlation = frame.field("correlation")
        header = (correlation.name,) if correlation else ()
        for node in self.section("vectors", []).items():
            entry = node.mapping(("name", "hex"), ("message", "fields", "code", "doc", "flags", "extensions"))
            name = entry.string("name")
            if ("message" in entry) == ("code" in entry):
                node.problem("a vector has either 'message' with 'fields', or 'code'")
            if any(vector.name == name for vector in vectors):
                entry.at("name").problem(f"vector '{name}' stands here a second time")
            text = "".join(entry.string("hex").split())
            if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
                entry.at("hex").problem("expected pairs of lower-case hexadecimal digits")
            message = entry.at("message").one_of(messages, "message") if "message" in entry else ""
            fields = _field_values(entry, "fields", messages.get(message), header)
            for field in messages[message].fields if message in messages else ():
                if field.const is None and field.name not in fields:
                    place = entry.at("fields")
                    place.problem(f"vector '{name}' gives no '{field.name}'; its hex, too, has to follow {message}")
            fields |= {key: entry.at(key).plain() for key in ("flags", "extensions") if key in entry}
            vectors.append(Vector(name, text, message, fields, entry.string("code"), entry.string("doc")))
        return tuple(vectors)


def _field_values(entry: Mapping, key: str, message: Message | None, header: tuple[str, ...] = ()) -> dict[str, Any]:
    """The plain values of fields of a message; reports those that it does not have."""
    values = {}
    for name, place, node in entry.entries(key):
        known = [*header, *message.names] if message else [name]
        if message and name not in known:
            place.problem(f"{message.name} has no field '{name}'{suggestion(name, known)}")
        values[name] = node.plain()
    return values
