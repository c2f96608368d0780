"""From YAML files to a checked `Spec`.

`load(path)` reads the file and its parts, reports every mistake at once with its place, and returns the model only if
there is none. The order of the functions is the order of the sections of a spec file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from .model import (
    BASE_SIZES,
    Argument,
    ArrayType,
    Base,
    BitsType,
    Block,
    BoolType,
    Bound,
    BytesType,
    Chapter,
    Command,
    Constant,
    DisplayLine,
    EnumType,
    EnumValue,
    Extension,
    Failures,
    Field,
    Frame,
    FrameField,
    Insert,
    IntegerType,
    Kind,
    Limit,
    Message,
    NumberRange,
    Outcome,
    Prose,
    Requirement,
    Sender,
    Spec,
    State,
    StringType,
    StructType,
    Transition,
    Type,
    Vector,
)
from .support.strict_yaml import InvalidFile, Mapping, Node, Problems, suggestion
from .support.strict_yaml import load as load_yaml

_REQUIRED = ("protocol", "outputs", "frame", "numbering", "types", "states", "messages")
_OPTIONAL = (
    *("parts", "limits", "timers", "constants", "transitions", "failures", "chapters"),
    *("commands", "display", "vectors"),
)
_REQUIREMENT = re.compile(r"([A-Z][A-Z0-9]*-[0-9]+) (MUST|SHOULD|MAY) (client|server|both)")
_CODES = ("malformed", "too_large", "unexpected", "unknown_type", "unsupported_critical")


def load(path: Path) -> Spec:
    """Read the spec at `path`. Raises `InvalidFile` with every mistake in it and in its parts."""
    problems = Problems()
    spec = _Loader(path, problems).spec()
    if problems:
        raise InvalidFile(problems)
    return spec


def _bounds(base: str) -> tuple[int, int]:
    return 0, (1 << 8 * BASE_SIZES[base]) - 1


class _Loader:
    """Holds what the sections of one spec need of each other while they are read."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self.problems = problems
        self.sources: list[str] = []
        root = load_yaml(path, problems, self._name(path))
        self.sections: dict[str, Node] = {}
        self._collect(root)
        for part in self._part(root):
            file = path.parent / part.string()
            self._collect(load_yaml(file, problems, self._name(file)))
        for key in _REQUIRED:
            if key not in self.sections:
                root.problem(f"section '{key}' is missing")
        self.root = root
        self.types: dict[str, Type] = {
            base: IntegerType(base, f"An unsigned integer of {8 * size} bits.", base, *_bounds(base))  # type: ignore[arg-type]
            for base, size in BASE_SIZES.items()
        }
        self._loading: list[str] = []

    def _name(self, path: Path) -> str:
        name = f"{path.parent.name}/{path.name}" if path.parent.name else path.name
        self.sources.append(name)
        return name

    @staticmethod
    def _part(root: Node) -> list[Node]:
        parts = root.value.get("parts") if isinstance(root.value, dict) else None
        return parts.items() if parts else []

    def _collect(self, root: Node) -> None:
        root.mapping(optional=_REQUIRED + _OPTIONAL)
        for key, place, node in root.entries():
            if key in self.sections:
                first = self.sections[key]
                place.problem(f"section '{key}' stands in {first.file} already")
            self.sections.setdefault(key, node)

    def section(self, key: str, empty: Any) -> Node:
        return self.sections.get(key) or self.root.child(empty)

    def spec(self) -> Spec:
        head = self.section("protocol", {}).mapping(("name", "short", "version", "byte_order", "abstract"))
        outputs = self.section("outputs", {}).mapping(("package",), ("document", "support"))
        self._types()
        failures = self._failures()
        limits = self._limits("limits", timer=False) + self._limits("timers", timer=True)
        states = self._states()
        messages = self._messages([s.name for s in states], limits)
        names = [message.name for message in messages]
        commands, plain = self._commands(names)
        self._check_codes(failures)
        return Spec(
            name=head.string("name"),
            short=head.string("short"),
            version=head.string("version"),
            byte_order="little"
            if head.at("byte_order", "big").one_of(("big", "little"), "byte order") == "little"
            else "big",
            abstract=head.string("abstract"),
            package=outputs.string("package"),
            document=outputs.string("document"),
            support={key: node.string() for key, _, node in outputs.entries("support")},
            frame=self._frame(),
            numbering=self._numbering(),
            types=self.types,
            limits=limits,
            constants=self._constants(),
            states=states,
            transitions=self._transitions(names, [s.name for s in states]),
            failures=failures,
            messages=messages,
            chapters=self._chapters(),
            commands=commands,
            plain=plain,
            display=self._display({message.name: message for message in messages}),
            vectors=self._vectors(names),
            sources=tuple(self.sources),
        )

    # -- types ---------------------------------------------------------------------------------------------------

    def _types(self) -> None:
        for name, place, _ in self.section("types", {}).entries():
            if name in BASE_SIZES:
                place.problem(f"'{name}' is a type already")
            self._type_named(name)

    def _type_named(self, name: str) -> Type | None:
        """The declared or built-in type of that name; declarations may stand in any order."""
        if name in self.types:
            return self.types[name]
        declared = self.section("types", {}).value
        node = declared.get(name) if isinstance(declared, dict) else None
        if node is None:
            return None
        if name in self._loading:
            node.problem(f"type '{name}' contains itself")
            return None
        self._loading.append(name)
        self.types[name] = loaded = self._type(name, node)
        self._loading.pop()
        return loaded

    def _type_at(self, node: Node, owner: str) -> Type:
        name = node.string()
        found = self._type_named(name)
        if found is None:
            known = [*BASE_SIZES, *self.section("types", {}).keys]
            if isinstance(node.value, str):
                node.problem(f"{owner} has unknown type '{name}'{suggestion(name, known)}")
            return self.types["u8"]
        return found

    def _base(self, entry: Mapping, key: str) -> Base:
        word = entry.at(key, "u8").one_of(BASE_SIZES, "base type")
        return next(base for base in get_args(Base) if base == word)

    def _type(self, name: str, node: Node) -> Type:
        kinds = {
            "integer": (("base",), ("min", "max", "unit")),
            "bool": (("base",), ()),
            "bits": (("base", "bits"), ()),
            "enum": (("base", "values"), ("open",)),
            "string": (("count", "max"), ("min", "allow", "forbid")),
            "bytes": (("count", "max"), ()),
            "struct": (("fields",), ()),
            "array": (("count", "item", "max"), ()),
        }
        declared = node.value.get("kind") if isinstance(node.value, dict) else None
        kind = declared.one_of(kinds, "kind of type") if declared else ""
        required, optional = kinds.get(kind, ((), ()))
        entry = node.mapping(("kind", "doc", *required), optional)
        doc = entry.string("doc")
        if kind == "integer":
            base = self._base(entry, "base")
            low, high = _bounds(base)
            return IntegerType(
                name, doc, base, entry.integer("min", low), entry.integer("max", high), entry.string("unit")
            )
        if kind == "bool":
            return BoolType(name, doc, self._base(entry, "base"))
        if kind == "bits":
            bits = []
            for bit, _, value in entry.entries("bits"):
                fields = value.mapping(("position", "doc"))
                bits.append((bit, fields.integer("position"), fields.string("doc")))
            return BitsType(name, doc, self._base(entry, "base"), tuple(bits))
        if kind == "enum":
            return EnumType(name, doc, self._base(entry, "base"), entry.boolean("open"), self._enum_values(entry))
        if kind == "string":
            return self._string(name, doc, entry)
        if kind == "bytes":
            return BytesType(name, doc, self._base(entry, "count"), self._bound(entry, "max", 0))
        if kind == "struct":
            return StructType(name, doc, self._fields(entry.items("fields"), f"{name}"))
        if kind == "array":
            item = self._type_at(entry.at("item"), f"type '{name}'")
            return ArrayType(name, doc, self._base(entry, "count"), item, entry.integer("max"))
        return self.types["u8"]

    def _enum_values(self, entry: Mapping) -> tuple[EnumValue, ...]:
        values: list[EnumValue] = []
        for name, _, node in entry.entries("values"):
            fields = node.mapping(("number",), ("doc", "trigger", "says", "retry"))
            number = fields.integer("number")
            if any(value.number == number for value in values):
                node.problem(f"number {number} of '{name}' is taken already")
            doc = fields.string("doc") or fields.string("trigger")
            values.append(EnumValue(name, number, doc, fields.string("says"), fields.boolean("retry")))
        return tuple(values)

    def _malformed(self) -> str:
        node = self.section("failures", {}).value.get("malformed")
        return node.string() if node else "MALFORMED"

    def _bound(self, entry: Mapping, key: str, default: int) -> Bound:
        node = entry.get(key)
        if node is None:
            return Bound(default, self._malformed())
        fields = node.mapping(("bytes",), ("else",))
        return Bound(fields.integer("bytes"), fields.string("else", self._malformed()))

    def _string(self, name: str, doc: str, entry: Mapping) -> StringType:
        pattern, code, allowed = "", self._malformed(), ""
        forbidden: tuple[str, ...] = ()
        if allow := entry.get("allow"):
            fields = allow.mapping(("pattern",), ("else",))
            pattern = allowed = fields.string("pattern")
            code = fields.string("else", code)
            try:
                re.compile(pattern)
            except re.error as error:
                fields.at("pattern").problem(f"not a regular expression: {error}")
        if forbid := entry.get("forbid"):
            if pattern:
                forbid.problem("a string type has 'allow' or 'forbid', not both")
            fields = forbid.mapping(("ranges",), ("else",))
            forbidden = tuple(item.string() for item in fields.items("ranges"))
            code = fields.string("else", code)
            pattern = f"[^{''.join(self._range(item) for item in fields.items('ranges'))}]*"
        minimum, maximum = self._bound(entry, "min", 0), self._bound(entry, "max", 0)
        return StringType(name, doc, self._base(entry, "count"), minimum, maximum, pattern, code, allowed, forbidden)

    @staticmethod
    def _range(node: Node) -> str:
        match = re.fullmatch(r"U\+([0-9A-F]{4,6})(?:-U\+([0-9A-F]{4,6}))?", node.string())
        if not match:
            node.problem(f"expected a range such as U+0000-U+001F, found '{node.value}'")
            return ""
        first, last = match[1], match[2] or match[1]
        return f"\\U{int(first, 16):08x}-\\U{int(last, 16):08x}"

    def _fields(self, nodes: list[Node], owner: str, limits: tuple[Limit, ...] = ()) -> tuple[Field, ...]:
        fields: list[Field] = []
        announced = {limit.name: limit for limit in limits}
        for node in nodes:
            entry = node.mapping(("name", "type"), ("doc", "unit", "const", "announces"))
            name = entry.string("name")
            if any(field.name == name for field in fields):
                entry.at("name").problem(f"field '{name}' stands in {owner} already")
            type_ = self._type_at(entry.at("type"), f"field '{name}' of {owner}")
            doc, unit, announces = entry.string("doc"), entry.string("unit"), ""
            if target := entry.get("announces"):
                announces = target.one_of(announced, "limit or timer")
                limit = announced.get(announces)
                if limit:
                    doc, unit = doc or limit.doc, unit or limit.unit
                    if limit.type != type_:
                        entry.at("type").problem(f"'{announces}' has type {limit.type.name}, not {type_.name}")
            if not doc:
                node.problem(f"field '{name}' of {owner} has no doc")
            const = entry.integer("const") if "const" in entry else None
            fields.append(Field(name, type_, doc, unit or getattr(type_, "unit", ""), const, announces))
        return tuple(fields)

    # -- frame, limits, states -----------------------------------------------------------------------------------

    def _frame(self) -> Frame:
        entry = self.section("frame", {}).mapping(("doc", "fields"), ("critical_flags", "extension"))
        fields = []
        for node in entry.items("fields"):
            item = node.mapping(("name", "type", "doc"), ("role", "const"))
            role = (
                item.at("role", "length").one_of(("length", "type", "flags", "correlation"), "role")
                if "role" in item
                else ""
            )
            if not role and "const" not in item:
                node.problem("a field of the frame has a role or a const")
            const = item.integer("const") if "const" in item else None
            fields.append(FrameField(item.string("name"), self._base(item, "type"), role, item.string("doc"), const))
        for role in ("length", "type"):
            if sum(field.role == role for field in fields) != 1:
                entry.at("fields").problem(f"the frame needs one field with role {role}")
        extension = None
        if declared := entry.get("extension"):
            tag, value = [*declared.mapping(("fields",)).items("fields"), declared, declared][:2]
            value_type = self._type_at(value.mapping(("name", "type", "doc")).at("type"), "the extension's value")
            count = value_type.count if isinstance(value_type, BytesType) else "u16"
            extension = Extension(self._base(tag.mapping(("name", "type", "doc")), "type"), count)
        return Frame(entry.string("doc"), tuple(fields), entry.integer("critical_flags"), extension)

    def _numbering(self) -> tuple[NumberRange, ...]:
        ranges = []
        for node in self.section("numbering", []).items():
            entry = node.mapping(("numbers", "sender", "doc"), ("kind",))
            numbers = [item.integer() for item in entry.items("numbers")]
            if len(numbers) != 2 or numbers[0] > numbers[1]:
                node.problem("numbers: expected [first, last]")
                numbers = [0, 0]
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
        for name, _, node in self.section(section, {}).entries():
            entry = node.mapping(("type", "default", "min", "max", "doc"), ("unit",))
            type_ = self._type_at(entry.at("type"), f"'{name}'")
            if not isinstance(type_, IntegerType):
                entry.at("type").problem(f"'{name}' needs an integer type")
                type_ = IntegerType("u8", "", "u8", *_bounds("u8"))
            low, default, high = entry.integer("min"), entry.integer("default"), entry.integer("max")
            if not type_.minimum <= low <= default <= high <= type_.maximum:
                node.problem(f"'{name}': min <= default <= max does not hold within {type_.name}")
            limits.append(
                Limit(name, type_, default, low, high, entry.string("unit") or type_.unit, entry.string("doc"), timer)
            )
        return tuple(limits)

    def _constants(self) -> tuple[Constant, ...]:
        constants = []
        for name, _, node in self.section("constants", {}).entries():
            entry = node.mapping(("value", "doc"), ("unit",))
            constants.append(Constant(name, entry.at("value").plain(), entry.string("unit"), entry.string("doc")))
        return tuple(constants)

    def _states(self) -> tuple[State, ...]:
        states = []
        for name, _, node in self.section("states", {}).entries():
            entry = node.mapping(("doc",), ("final",))
            states.append(State(name, entry.string("doc"), entry.boolean("final")))
        return tuple(states)

    def _transitions(self, messages: list[str], states: list[str]) -> tuple[Transition, ...]:
        transitions = []
        for node in self.section("transitions", []).items():
            entry = node.mapping(("message", "from", "to"))
            sources = tuple(item.one_of(states, "state") for item in entry.items("from"))
            message = entry.at("message").one_of(messages, "message")
            transitions.append(Transition(message, sources, entry.at("to").one_of(states, "state")))
        return tuple(transitions)

    # -- failures ------------------------------------------------------------------------------------------------

    def _failures(self) -> Failures:
        entry = self.section("failures", {}).mapping(("refusal", "ending", *_CODES))
        return Failures(
            self._outcome(entry, "refusal"), self._outcome(entry, "ending"), *(entry.string(key) for key in _CODES)
        )

    def _outcome(self, entry: Mapping, key: str) -> Outcome:
        fields = entry.at(key, {}).mapping(("message", "field", "type"))
        type_ = self._type_at(fields.at("type"), f"'{key}'")
        if not isinstance(type_, EnumType):
            entry.at(key).problem(f"'{key}' needs an enumeration")
            type_ = EnumType("", "", "u8", True, ())
        return Outcome(fields.string("message"), fields.string("field"), type_)

    def _check_codes(self, failures: Failures) -> None:
        """Every `else:` and every listed error is a code of the two enumerations."""
        codes = {value.name for outcome in (failures.refusal, failures.ending) for value in outcome.type.values}

        def check(node: Node) -> None:
            if node.value not in codes:
                node.problem(f"unknown code '{node.value}'{suggestion(str(node.value), codes)}")

        for _, _, declared in self.section("types", {}).entries():
            for key in ("min", "max", "allow", "forbid"):
                bound = declared.value.get(key) if isinstance(declared.value, dict) else None
                if bound is not None and isinstance(bound.value, dict) and "else" in bound.value:
                    check(bound.value["else"])
        for _, _, message in self.section("messages", {}).entries():
            listed = message.value.get("errors") if isinstance(message.value, dict) else None
            for item in listed.items() if listed else ():
                check(item)
        for key in _CODES:
            code = self.section("failures", {}).value.get(key)
            if code:
                check(code)

    # -- messages ------------------------------------------------------------------------------------------------

    def _messages(self, states: list[str], limits: tuple[Limit, ...]) -> tuple[Message, ...]:
        section = self.section("messages", {})
        messages: list[Message] = []
        for name, place, node in section.entries():
            entry = node.mapping(
                ("number", "kind", "sender", "states", "doc", "fields"), ("replies", "errors", "rules")
            )
            number, sender = entry.integer("number"), self._sender(entry)
            for other in messages:
                if other.number == number:
                    entry.at("number").problem(f"number {number:#04x} is that of {other.name} already")
            message = Message(
                name=name,
                number=number,
                kind=self._kind(entry.at("kind", "")),
                sender=sender,
                states=self._message_states(entry.at("states", []), sender, states),
                doc=entry.string("doc"),
                fields=self._fields(entry.items("fields"), name, limits),
                replies=tuple(item.one_of(section.keys, "message") for item in entry.items("replies")),
                errors=tuple(item.string() for item in entry.items("errors")),
                rules=self._body(entry.items("rules")),
            )
            self._check_number(place, message)
            messages.append(message)
        self._check_announced(messages, limits)
        return tuple(messages)

    def _message_states(self, node: Node, sender: Sender, states: list[str]) -> dict[str, tuple[str, ...]]:
        if sender == "either":
            entry = node.mapping(("client", "server"))
            return {
                side: tuple(item.one_of(states, "state") for item in entry.items(side)) for side in ("client", "server")
            }
        return {sender: tuple(item.one_of(states, "state") for item in node.items())}

    def _check_number(self, place: Node, message: Message) -> None:
        for allowed in self._numbering():
            if allowed.first <= message.number <= allowed.last:
                if allowed.sender != message.sender or (allowed.kind and allowed.kind != message.kind):
                    place.problem(f"{message.name} is number {message.number:#04x}, which is for {allowed.doc}")
                return
        place.problem(f"{message.name}: number {message.number:#04x} lies in no range of 'numbering'")

    def _check_announced(self, messages: list[Message], limits: tuple[Limit, ...]) -> None:
        announced = {field.announces for message in messages for field in message.fields}
        for section in ("limits", "timers"):
            for name, place, _ in self.section(section, {}).entries():
                if limits and name not in announced:
                    place.problem(f"'{name}' is announced by no field")

    # -- chapters ------------------------------------------------------------------------------------------------

    def _chapters(self) -> tuple[Chapter, ...]:
        chapters = []
        for node in self.section("chapters", []).items():
            entry = node.mapping(("id", "title", "body"))
            chapters.append(Chapter(entry.string("id"), entry.string("title"), self._body(entry.items("body"))))
        self._check_unique_requirements()
        return tuple(chapters)

    def _body(self, nodes: list[Node]) -> tuple[Block, ...]:
        blocks: list[Block] = []
        for node in nodes:
            if isinstance(node.value, str):
                blocks.append(Prose(node.value))
                continue
            for key, place, value in node.entries():
                match = _REQUIREMENT.fullmatch(key)
                if key == "insert":
                    blocks.append(Insert(value.string()))
                elif match is None:
                    place.problem(f"expected 'insert' or a requirement such as 'NAME-3 MUST server', found '{key}'")
                else:
                    text = value.string()
                    if not re.search(rf"\b{match[2]}\b", text):
                        value.problem(f"{match[1]} is a {match[2]}, but its text does not say so")
                    blocks.append(Requirement(match[1], match[2], match[3], text))
        return tuple(blocks)

    def _check_unique_requirements(self) -> None:
        seen: dict[str, Node] = {}
        bodies = [
            m.value.get("rules") for _, _, m in self.section("messages", {}).entries() if isinstance(m.value, dict)
        ]
        bodies += [c.value.get("body") for c in self.section("chapters", []).items() if isinstance(c.value, dict)]
        for body in bodies:
            for node in body.items() if body else ():
                for key, place in node.keys.items():
                    match = _REQUIREMENT.fullmatch(key)
                    if match and match[1] in seen:
                        first = seen[match[1]]
                        place.problem(f"requirement {match[1]} stands in {first.file}:{first.line} already")
                    elif match:
                        seen[match[1]] = place

    # -- commands, display, vectors ------------------------------------------------------------------------------

    def _commands(
        self, messages: list[str]
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
        type_ = self._type_at(entry.at("type"), f"argument '{entry.string('name')}'")
        return Argument(entry.string("name"), type_, entry.boolean("rest"), entry.boolean("optional"))

    @staticmethod
    def _sends(node: Node, messages: list[str]) -> tuple[str, dict[str, Any]]:
        entry = node.mapping(("message", "fields"))
        return entry.at("message").one_of(messages, "message"), {
            key: value.plain() for key, _, value in entry.entries("fields")
        }

    def _display(self, messages: dict[str, Message]) -> tuple[DisplayLine, ...]:
        lines = []
        for node in self.section("display", []).items():
            entry = node.mapping(("message", "line"), ("answers", "when", "stream"))
            message = entry.at("message").one_of(messages, "message")
            answers = entry.at("answers").one_of(messages, "message") if "answers" in entry else ""
            when = {}
            for key, place, value in entry.entries("when"):
                if message in messages and key not in [field.name for field in messages[message].fields]:
                    place.problem(f"{message} has no field '{key}'")
                when[key] = value.plain()
            stream = entry.at("stream", "output").one_of(("output", "error"), "stream")
            lines.append(DisplayLine(message, answers, when, entry.string("line"), stream))
        return tuple(lines)

    def _vectors(self, messages: list[str]) -> tuple[Vector, ...]:
        vectors = []
        for node in self.section("vectors", []).items():
            entry = node.mapping(("name", "hex"), ("message", "fields", "code", "doc", "flags", "extensions"))
            if ("message" in entry) == ("code" in entry):
                node.problem("a vector has either 'message' with 'fields', or 'code'")
            text = "".join(entry.string("hex").split())
            if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
                entry.at("hex").problem("expected pairs of lower-case hexadecimal digits")
            message = entry.at("message").one_of(messages, "message") if "message" in entry else ""
            fields = {key: value.plain() for key, _, value in entry.entries("fields")}
            for key in ("flags", "extensions"):
                if key in entry:
                    fields[key] = entry.at(key).plain()
            vectors.append(
                Vector(entry.string("name"), text, message, fields, entry.string("code"), entry.string("doc"))
            )
        return tuple(vectors)
