"""`vectors.json`: the codecs agree with every entry, in both directions, and the entries leave nothing out.

What an entry says comes from the model alone, so here the generated decoders, their interpreted twins, the reader of streams
and the connection are compared with something that shares no line with them.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from codegen.codes import codes_of
from codegen.emit.python_syntax import class_name
from codegen.emit.vectors.reading import read
from codegen.emit.vectors.values import LONGEST, bad, good
from codegen.emit.vectors_json import vectors_json
from codegen.load import load
from codegen.model import (
    ArrayType,
    Base,
    BoolType,
    Bound,
    BytesType,
    EnumType,
    Field,
    IntegerType,
    Message,
    OptionalField,
    Spec,
    StringType,
    StructType,
    Type,
)
from impwire import Connection, Received, Refused, RemoteProtocolError, Role
from impwire.codecs import decode
from tests.fixtures.protocols import SPECS, protocol
from tests.fixtures.random_specs import specs
from tests.support import ROOT
from tests.test_codegen_random import package

#: The checked-in file of the project's own protocol.
EXPORTED = ROOT / "spec" / "exports" / "vectors.json"
PACKAGES = ["impwire", "weather", "guestbook", "edge"]


class Case:
    """One protocol: its spec, its generated modules, and its file of vectors."""

    def __init__(self, spec: Spec, modules: Any, text: str) -> None:
        self.spec, self.modules, self.text, self.file = spec, modules, text, json.loads(text)
        self.entries: list[dict[str, Any]] = self.file["vectors"]
        self.messages = {message.name: message for message in spec.messages}

    def message(self, entry: dict[str, Any]) -> Any:
        """The message that an entry tells of."""
        declared = self.messages[entry["message"]]
        said = dict(entry["fields"])
        types = {field.name: field.type for field in declared.fields} | {f.name: f.type for f in declared.optional}
        values = {name: self.value(type_, said.pop(name)) for name, type_ in types.items() if name in said}
        assert not said, f"{entry['name']} has fields that {declared.name} has not: {said}"
        values |= {name: int(value) for name, value in entry["header"].items()}
        if self.spec.frame.extension:
            records = [(int(tag), bytes.fromhex(value)) for tag, value in entry["extensions"]]
            values["extensions"] = tuple(self.modules.wire.Extension(*record) for record in records)
        return getattr(self.modules.messages, class_name(declared.name))(**values)

    def value(self, type_: Type, said: Any) -> Any:
        """A value of the package's own from one that JSON can hold."""
        if isinstance(type_, StructType):
            members = {
                field.name: self.value(field.type, said[field.name]) for field in type_.fields if field.const is None
            }
            assert len(members) == len(said)
            return getattr(self.modules.messages, class_name(type_.name))(**members)
        if isinstance(type_, ArrayType):
            return tuple(self.value(type_.item, item) for item in said)
        if isinstance(type_, BytesType):
            return bytes.fromhex(said)
        if isinstance(type_, EnumType):
            named = said in self.file["enumerations"][type_.name]
            return getattr(self.modules.messages, class_name(type_.name))[said] if named else int(said)
        if isinstance(type_, (StringType, BoolType)):
            assert isinstance(said, str if isinstance(type_, StringType) else bool)
            return said
        assert isinstance(said, str) is (type_.base == "u64"), "64 bits are a string of digits, all else is a number"
        return int(said)


@pytest.fixture(scope="module", params=PACKAGES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A protocol with its vectors: those of the project's own are the checked-in file."""
    spec = load(SPECS[request.param])
    own = request.param == "impwire"
    text = EXPORTED.read_text(encoding="utf-8") if own else vectors_json(spec)
    with protocol(request.param, tmp_path_factory.mktemp(request.param)) as modules:
        modules.framing = importlib.import_module(f"{request.param}.framing")
        yield Case(spec, modules, text)


# -- the codecs agree ----------------------------------------------------------------------------------------------------


def check_good_frames(case: Case) -> None:
    """Decoders read each as the entry says, and encoders make its bytes."""
    for entry in (entry for entry in case.entries if "message" in entry):
        frame, message = bytes.fromhex(entry["hex"]), case.message(entry)
        twin = case.modules.codecs.CODECS.by_name[entry["message"]].twin
        assert case.modules.codecs.decode(frame) == twin.parse(frame) == message, entry["name"]
        encoded = case.modules.codecs.encode(message)
        assert encoded == twin.build(message)
        assert (encoded == frame) is not entry.get("decode_only", False), entry["name"]


def check_bad_frames(case: Case) -> None:
    """Decoders refuse each with its code, for the field and at the place that the entry tells."""
    too_large = case.spec.failures.too_large
    for entry in (entry for entry in case.entries if "error" in entry and entry["error"]["code"] != too_large):
        frame = bytes.fromhex(entry["hex"])
        codec = case.modules.codecs.CODECS.by_type.get(case.modules.codecs.FRAME.type(frame))
        for parse in (case.modules.codecs.decode, *([codec.twin.parse] if codec else ())):
            with pytest.raises(case.modules.wire.DecodeError) as raised:
                parse(frame)
            found = {"code": raised.value.code, "field": raised.value.field, "offset": raised.value.offset}
            assert found == entry["error"], f"{entry['name']}: {raised.value}"


def check_streams(case: Case) -> None:
    """A reader of a stream takes each for one frame, unless it is not whole."""
    for entry in case.entries:
        frame, error = bytes.fromhex(entry["hex"]), entry.get("error")
        too_large = error is not None and error["code"] == case.spec.failures.too_large
        most = case.modules.codecs.FRAME.length(frame) - 1 if too_large else 2**64
        decoder = case.modules.framing.FrameDecoder(case.modules.codecs.CODECS, most)
        decoder.feed(frame)
        if error is None:
            assert decoder.next_message() == case.message(entry), entry["name"]
            assert not decoder.unfinished
        elif entry.get("whole", True):
            with pytest.raises(case.modules.wire.DecodeError) as raised:
                decoder.next_message()
            assert raised.value.code == error["code"], entry["name"]
        else:
            with suppress(case.modules.wire.DecodeError):
                assert decoder.next_message() is None, entry["name"]
            assert decoder.unfinished, f"{entry['name']} is a whole frame"


def test_codecs_agree_with_every_good_frame(case: Case) -> None:
    check_good_frames(case)


def test_codecs_agree_with_every_bad_frame(case: Case) -> None:
    check_bad_frames(case)


def test_reader_of_a_stream_agrees_with_every_entry(case: Case) -> None:
    check_streams(case)


@settings(
    deadline=None,
    max_examples=20,
    phases=[Phase.explicit, Phase.generate],  # A spec that fails is small enough to be read as it is.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(raw=specs())
def test_codecs_of_a_spec_at_random_agree_with_its_vectors(raw: dict[str, Any]) -> None:
    with package(raw) as (spec, modules):
        modules.framing = importlib.import_module(f"{spec.package}.framing")
        case = Case(spec, modules, vectors_json(spec))
        for check in (check_good_frames, check_bad_frames, check_streams):
            check(case)


def test_vectors_that_are_written_by_hand_are_all_there(case: Case) -> None:
    written = [(entry["name"], entry["hex"]) for entry in case.entries if entry["origin"] == "written"]
    assert written == [(vector.name, vector.hex) for vector in case.spec.vectors]


# -- the answers ---------------------------------------------------------------------------------------------------------


def test_server_side_of_a_connection_gives_every_answer_of_the_project_or_leaves_it_to_the_service() -> None:
    entries = json.loads(EXPORTED.read_text(encoding="utf-8"))["vectors"]
    hello, welcome = (
        next(bytes.fromhex(entry["hex"]) for entry in entries if entry.get("message") == name)
        for name in ("HELLO", "WELCOME")
    )
    left_to_the_service = set()
    for entry in (entry for entry in entries if "answer" in entry):
        connection = Connection(Role.SERVER)
        if entry.get("state") != "CONNECTED":
            connection.receive_data(hello)
            assert isinstance(connection.next_event(), Received)
            connection.send(decode(welcome))
        connection.receive_data(bytes.fromhex(entry["hex"]))
        told = None
        try:
            event = connection.next_event()
        except RemoteProtocolError as error:
            told = ("GOODBYE", error.code)
        else:
            if isinstance(event, Refused):
                told = ("ERROR", event.code)
        if told is None:
            left_to_the_service.add(entry["answer"]["code"])
        else:
            assert (entry["answer"]["message"], entry["answer"]["code"]) == told, entry["name"]
    assert left_to_the_service == {"NAME_RESERVED", "NO_SUCH_USER"}


# -- nothing is left out -------------------------------------------------------------------------------------------------


def test_file_says_what_made_it_and_has_an_entry_a_line_under_a_name_of_its_own(case: Case) -> None:
    assert f"Generated from {case.spec.sources[0]} by `python -m codegen`; change the spec" in case.text[:200]
    names = [entry["name"] for entry in case.entries]
    assert len(set(names)) == len(names)
    assert len({entry["hex"] for entry in case.entries if entry["origin"] == "derived"}) == sum(
        entry["origin"] == "derived" for entry in case.entries
    )
    assert sum(line.startswith('{"name": ') for line in case.text.splitlines()) == len(names)
    assert set().union(*case.entries) - {"doc"} <= set(case.file["format"])


def test_project_has_at_least_400_entries_and_of_every_message_good_and_bad_ones() -> None:
    spec = load(SPECS["impwire"])
    entries = json.loads(EXPORTED.read_text(encoding="utf-8"))["vectors"]
    assert len(entries) >= 400
    good = {entry["message"] for entry in entries if "message" in entry}
    refused = [read(spec, bytes.fromhex(entry["hex"])).message for entry in entries if "error" in entry]
    assert good == {message.name for message in spec.messages} == {message.name for message in refused if message}


def test_every_code_that_decoding_can_give_is_there(case: Case) -> None:
    failures = case.spec.failures
    due = {failures.malformed, failures.unknown_type}.union(*(codes_of(type_) for type_ in _used(case.spec)))
    if case.spec.frame.extension or case.spec.frame.critical_flags:
        due.add(failures.unsupported_critical)
    assert due <= {entry["error"]["code"] for entry in case.entries if "error" in entry}


def _used(spec: Spec) -> list[Type]:
    types: list[Type] = []
    for message in spec.messages:
        types += [*(field.type for field in message.fields), *(field.type for field in message.optional)]
    return types


def test_every_field_is_there_at_both_bounds_and_with_every_value_that_has_a_name(case: Case) -> None:
    seen: dict[tuple[str, str], set[Any]] = {}
    for entry in (entry for entry in case.entries if "message" in entry):
        for path, type_, value in _leaves(case.messages[entry["message"]], entry["fields"]):
            plain = (
                len(value)
                if isinstance(value, list)
                else len(value.encode())
                if isinstance(type_, StringType)
                else value
            )
            seen.setdefault((entry["message"], path), set()).add(str(plain))
    for (message, path), type_ in _places(case.spec):
        missing = {str(value) for value in _due(type_)} - seen.get((message, path), set())
        assert not missing, f"{message}.{path} is never {missing}"


def _due(type_: Type) -> set[Any]:
    """What has to stand in the place of a type, once each: bounds, sizes of strings, numbers of items."""
    if isinstance(type_, IntegerType):
        return {type_.minimum, type_.maximum}
    if isinstance(type_, BoolType):
        return {True, False}
    if isinstance(type_, EnumType):
        return {value.name for value in type_.values}
    if isinstance(type_, ArrayType):
        return {0, 1} | ({type_.maximum} if type_.maximum < 6 else set()) if type_.maximum else {0}
    if isinstance(type_, StringType) and type_.maximum.bytes < 5000:
        return {type_.maximum.bytes}
    return set()


def _members(fields: tuple[Any, ...]) -> Iterator[Field | OptionalField]:
    return (field for field in fields if getattr(field, "const", None) is None)


def _places(spec: Spec) -> Iterator[tuple[tuple[str, str], Type]]:
    """The fields of all messages, and those in structs and in items; `[]` stands for any item. Optional ones as a whole."""

    def within(path: str, type_: Type) -> Iterator[tuple[str, Type]]:
        yield path, type_
        if isinstance(type_, StructType):
            for member in _members(type_.fields):
                yield from within(f"{path}.{member.name}", member.type)
        elif isinstance(type_, ArrayType):
            yield from within(f"{path}[]", type_.item)

    for message in spec.messages:
        for field in _members(message.fields):
            yield from (((message.name, path), type_) for path, type_ in within(field.name, field.type))


def _leaves(message: Message, values: dict[str, Any]) -> Iterator[tuple[str, Type, Any]]:
    """Path, type and value of whatever stands in a message."""

    def within(path: str, type_: Type, value: Any) -> Iterator[tuple[str, Type, Any]]:
        yield path, type_, value
        if isinstance(type_, StructType):
            for member in _members(type_.fields):
                yield from within(f"{path}.{member.name}", member.type, value[member.name])
        elif isinstance(type_, ArrayType):
            for item in value:
                yield from within(f"{path}[]", type_.item, item)

    for field in _members((*message.fields, *message.optional)):
        if field.name in values:
            yield from within(field.name, field.type, values[field.name])


def test_every_optional_field_is_there_and_is_missing(case: Case) -> None:
    for message in case.spec.messages:
        said = [set(entry["fields"]) for entry in case.entries if entry.get("message") == message.name]
        optional = {field.name for field in message.optional}
        assert set().union(*said) >= optional
        assert any(not names & optional for names in said)


def test_each_field_can_end_too_early(case: Case) -> None:
    """A frame that ends where a field should begin, for each field of fixed size and each count."""
    told = {
        (message.name, entry["error"]["field"])
        for entry in case.entries
        if "error" in entry and (message := read(case.spec, bytes.fromhex(entry["hex"])).message)
    }
    for message in case.spec.messages:
        for field in message.fields:
            if not isinstance(field.type, StructType):
                assert (message.name, field.name) in told


def test_no_frame_is_long_however_much_a_type_allows(tmp_path: Path) -> None:
    """A string or bytes may have more than any memory holds."""
    text = SPECS["weather"].read_text(encoding="utf-8")
    most = f"max: {{bytes: {2**64 - 1}}}"
    for before in ("count: u16\n    max: {bytes: 100, else: too_long}", "count: u16\n    max: {bytes: 300}"):
        assert text.count(before) == 1
        text = text.replace(before, f"count: u64\n    {most}")
    path = tmp_path / "spec" / "toy.yaml"
    path.parent.mkdir()
    path.write_text(text[: text.index("vectors:")], encoding="utf-8")
    entries = json.loads(vectors_json(load(path)))["vectors"]
    assert {entry["message"] for entry in entries if "message" in entry} == {"REPORT", "ASK", "ANSWER", "BEAT"}
    assert max(len(entry["hex"]) for entry in entries) < 2 * (LONGEST + 1000)


def string(count: Base, least: int, most: int) -> StringType:
    """A type of strings with any characters."""
    return StringType("full", "", count, Bound(least, "malformed"), Bound(most, "malformed"), "", "malformed", "", ())


def test_string_that_its_count_can_just_tell_is_spoiled_in_no_way_that_makes_it_longer() -> None:
    spoiled = dict(bad(load(SPECS["weather"]), string("u8", 255, 255), thorough=True))
    assert len(spoiled["too-short"]) == 1 + 254
    assert all(data[0] == len(data[1:]) for data in spoiled.values())


def test_string_that_is_long_at_its_shortest_is_not_tried_with_one_character_after_another() -> None:
    """Its pattern could take a minute for each of them."""
    spec, long = load(SPECS["weather"]), string("u16", LONGEST + 2, 65535)
    assert [*good(spec, long, thorough=True), *bad(spec, long, thorough=True)] == []


def test_readme_quotes_entries_as_they_are() -> None:
    readme = (EXPORTED.parent / "README.md").read_text(encoding="utf-8")
    quoted = readme.partition("```json\n")[2].partition("```")[0]
    found = [json.loads(line) for line in quoted.replace("\n ", " ").splitlines()]
    entries = json.loads(EXPORTED.read_text(encoding="utf-8"))["vectors"]
    assert found
    assert all(entry in entries for entry in found)
