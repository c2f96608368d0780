"""Specs at random are generated, imported and spoken: what the generator makes agrees with what the constructs say.

Each spec is drawn whole by hypothesis, and shrinks. The inputs for its codecs come from a `Random` with a seed that is drawn
with it, many for each message. For every one, the straight-line functions and the twin have to agree: on what is accepted,
on the value or the bytes, types included, and on every word of the error.

With `RANDOM_SPECS=1000` in the environment so many specs are tried, and mypy looks at some of them as well.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from codegen.diff.report import changes
from codegen.emit.document import protocol_txt
from codegen.generate import emit, write
from codegen.lint.checks import check
from codegen.load import load_with_source
from codegen.model import Message, Spec, StructType
from tests.fixtures.random_inputs import Frames, NoValueError, Values, ill_typed
from tests.fixtures.random_specs import specs
from tests.support import ROOT

COUNT = int(os.environ.get("RANDOM_SPECS", "0"))
_SETTINGS = settings(
    deadline=None,
    max_examples=COUNT or 50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def loaded(raw: dict[str, Any], folder: Path) -> Spec:
    """The spec that the YAML gives. Lint and a comparison with itself have nothing that they cannot tell."""
    path = folder / "random.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    spec, source = load_with_source(path)
    check(spec, source).report()
    assert changes(spec, spec) == []
    return spec


@contextmanager
def generated(spec: Spec, folder: Path) -> Iterator[Any]:
    """The modules of the package, imported while this lasts."""
    write(emit(spec), folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        names = ("messages", "codecs", "twins", "tables", "wire")
        yield SimpleNamespace(**{name: importlib.import_module(f"{spec.package}.{name}") for name in names})
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == spec.package]:
            del sys.modules[name]


@contextmanager
def package(raw: dict[str, Any]) -> Iterator[tuple[Spec, Any]]:
    """A spec and the modules that are made of it."""
    with tempfile.TemporaryDirectory(prefix="random-spec-") as name:
        spec = loaded(raw, Path(name))
        with generated(spec, Path(name)) as modules:
            yield spec, modules


# -- what is compared ----------------------------------------------------------------------------------------------------


def deep(value: Any) -> Any:
    """A value with the types of all that is in it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), [(field.name, deep(getattr(value, field.name))) for field in dataclasses.fields(value)]
    if isinstance(value, (tuple, list)):
        return type(value), [deep(item) for item in value]
    return type(value), value


def outcome(call: Callable[[Any], Any], argument: Any, errors: type[Exception]) -> Any:
    """What a call gives, or all that its error says. No error of another kind is expected."""
    try:
        return deep(call(argument))
    except errors as error:
        attributes = {name: deep(value) for name, value in vars(error).items() if name != "path"}
        return type(error), str(error), attributes


class Trial:
    """All that is tried with one spec."""

    def __init__(self, spec: Spec, modules: Any, seed: int, inputs: int) -> None:
        self.spec, self.modules, self.inputs = spec, modules, inputs
        self.rng = Random(seed)
        self.values = Values(spec, modules.messages, self.rng)
        self.frames = Frames(spec, self.rng)
        structs = [type_ for type_ in spec.types.values() if isinstance(type_, StructType)]
        self.fixed = {f.name: f.const for struct in structs for f in struct.fields if f.const is not None}
        self.tried = 0

    def all(self) -> None:
        for message in self.spec.messages:
            good = self.round_trips(message)
            self.wrong_frames(message, good)
            self.wrong_values(message)

    def functions(self, message: Message) -> tuple[Any, Any, Any]:
        name, codecs = message.name.lower(), self.modules.codecs
        return (
            getattr(codecs, f"decode_{name}"),
            getattr(codecs, f"encode_{name}"),
            getattr(self.modules.twins, message.name),
        )

    def round_trips(self, message: Message) -> list[bytes]:
        """Good messages are written by both alike and come back as they went; returns their frames."""
        decode, encode, twin = self.functions(message)
        codecs, good = self.modules.codecs, []
        length = self.spec.frame.field("length")
        assert length is not None
        for _ in range(self.inputs // 8):
            try:
                value = self.values.message(message)
            except NoValueError:
                continue
            self.tried += 1
            frame = outcome(encode, value, self.modules.wire.EncodeError)
            assert frame == outcome(twin.build, value, self.modules.wire.EncodeError), value
            if frame[0] is not bytes:
                assert "does not fit into" in frame[1], (frame, value)  # A length of one byte, and a longer message.
                continue
            assert deep(decode(frame[1])) == deep(twin.parse(frame[1])) == deep(value), frame[1].hex(" ")
            assert deep(codecs.decode(frame[1])) == deep(codecs.decode(frame[1], unchecked=True)) == deep(value)
            assert codecs.encode(value) == codecs.encode(value, unchecked=True) == frame[1]
            for other in (bytearray, memoryview):
                assert deep(getattr(codecs, message.name).parse(other(frame[1]))) == deep(value)
                assert deep(decode(other(frame[1]))) == deep(value)
            good.append(frame[1])
        return good

    def wrong_frames(self, message: Message, good: list[bytes]) -> None:
        decode, _, twin = self.functions(message)
        short = [frame for frame in good if len(frame) < 2000] or good[:1]
        for frame in self.frames.wrong(message, short, self.inputs):
            self.tried += 1
            found = outcome(decode, frame, self.modules.wire.DecodeError)
            assert found == outcome(twin.parse, frame, self.modules.wire.DecodeError), frame.hex(" ")

    def wrong_values(self, message: Message) -> None:
        """Values just beyond what a type bears, written and then read, and values of wrong types."""
        decode, encode, twin = self.functions(message)
        wire = self.modules.wire
        for number in range(self.inputs):
            try:
                value = self.values.message(message, slips=0.2 if number % 2 else 0.0)
            except NoValueError:
                continue
            if number % 2:
                unchecked = outcome(lambda value: twin.build(value, unchecked=True), value, wire.EncodeError)
                if unchecked[0] is bytes:
                    self.tried += 1
                    frame = unchecked[1]
                    found = outcome(decode, frame, wire.DecodeError)
                    assert found == outcome(twin.parse, frame, wire.DecodeError), frame.hex(" ")
            else:
                value = ill_typed(value, self.rng, self.fixed)
            self.tried += 1
            assert outcome(encode, value, wire.EncodeError) == outcome(twin.build, value, wire.EncodeError), value


@_SETTINGS
@given(raw=specs(), seed=st.integers(0, 2**32))
def test_straight_line_code_of_any_spec_agrees_with_its_constructs(raw: dict[str, Any], seed: int) -> None:
    note(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False))
    with package(raw) as (spec, modules):
        assert [line for line in protocol_txt(spec).splitlines() if len(line) > 72 or line != line.rstrip()] == []
        Trial(spec, modules, seed, 40).all()


# -- the files -----------------------------------------------------------------------------------------------------------


def sample(count: int) -> list[dict[str, Any]]:
    """So many specs, always the same."""
    found: list[dict[str, Any]] = []

    @settings(_SETTINGS, max_examples=count, phases=[Phase.generate], derandomize=True, database=None)
    @given(raw=specs())
    def draw(raw: dict[str, Any]) -> None:
        found.append({**raw, "outputs": {"package": f"random_{len(found)}"}})

    draw()
    return found


def run(folder: Path, *command: str) -> None:
    result = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def needs_nothing(folder: Path) -> None:
    """Neither formatter nor linter finds anything to do there."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    run(folder, "ruff", "format", "--check", "--diff", "--no-cache", ".")
    run(folder, "ruff", "check", "--no-cache", ".")


def test_code_generated_from_any_spec_needs_neither_formatter_nor_linter(tmp_path: Path) -> None:
    for raw in sample(COUNT or 40):
        write(emit(loaded(raw, tmp_path)), tmp_path)
    needs_nothing(tmp_path)


@pytest.mark.skipif(not COUNT, reason="takes long: set RANDOM_SPECS")
def test_code_generated_from_any_spec_is_typed(tmp_path: Path) -> None:
    for raw in sample(min(COUNT, 60)):
        write(emit(loaded(raw, tmp_path)), tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    packages = sorted(path.name for path in tmp_path.glob("random_*") if path.is_dir())
    run(tmp_path, "mypy", "--strict", *(argument for name in packages for argument in ("-p", name)))


# -- what was found so ---------------------------------------------------------------------------------------------------


def small(types: dict[str, Any], fields: list[tuple[str, str]], **frame: Any) -> dict[str, Any]:
    """A spec with one message of these fields."""
    header = [{"name": "length", "type": "u16", "role": "length"}, {"name": "kind", "type": "u8", "role": "type"}]
    header += frame.pop("header", [])
    say = {"number": 1, "kind": "event", "sender": "client", "states": ["OPEN"], "doc": "It says so"}
    declared = {"extra": {"kind": "bytes", "count": "u16", "max": {"bytes": 999}}, **types}
    return {
        "protocol": {"name": "Small", "short": "S", "version": "1.1", "byte_order": "big", "abstract": "Small."},
        "outputs": {"package": "random_small", "document": "small.txt"},
        "frame": {"doc": "Frames.", "fields": [{"doc": "So", **field} for field in header], **frame},
        "numbering": [{"numbers": [0, 255], "sender": "client", "doc": "all"}],
        "types": {name: {"doc": "So", **type_} for name, type_ in declared.items()},
        "states": {"OPEN": {"doc": "Open."}},
        "messages": {"SAY": {**say, "fields": [{"name": n, "type": type_, "doc": "So"} for n, type_ in fields]}},
    }


EXTENSION = {
    "fields": [{"name": "tag", "type": "u64", "doc": "Tag"}, {"name": "value", "type": "extra", "doc": "Value"}]
}
SIGNAL = {"kind": "struct", "fields": [{"name": "mark", "type": "u8", "const": 7, "doc": "Seven"}]}


def test_description_and_unit_of_a_field_may_hold_quotes_and_backslashes() -> None:
    raw = small({}, [("who", "u8")])
    raw["messages"]["SAY"]["fields"][0] |= {"doc": 'Has a \\ and """', "unit": '"""\\'}
    with package(raw) as (_, modules):
        assert "who: has a \\ and ''' (0 to 255, '''\\)." in modules.messages.Say.__doc__


@pytest.mark.parametrize("wrong", [{"mark": 8}, SimpleNamespace(mark=8)])
def test_fixed_field_of_what_stands_in_a_record_s_place_is_checked(wrong: Any) -> None:
    types = {"signal": SIGNAL, "signals": {"kind": "array", "count": "u8", "item": "signal", "max": 2}}
    with package(small(types, [("one", "signal"), ("more", "signals")])) as (_, modules):
        signal, say = modules.messages.Signal(), modules.messages.Say
        for value in (say(one=wrong, more=()), say(one=signal, more=(signal, wrong))):
            with pytest.raises(modules.wire.EncodeError, match="8 is not 0x7"):
                modules.codecs.encode(value)
        assert modules.codecs.encode(say(one=signal, more=(signal,))).hex() == "000401070107"


def test_flags_that_are_a_type_are_refused_as_any_that_are_no_number() -> None:
    flags = {"name": "flags", "type": "u8", "role": "flags"}
    with package(small({}, [], header=[flags], critical_flags=1)) as (_, modules):
        for wrong in (int, "a", None):
            with pytest.raises(modules.wire.EncodeError, match="does not fit into 1 byte"):
                modules.codecs.encode(modules.messages.Say(flags=wrong))


def test_table_of_the_document_without_room_for_its_last_column_becomes_paragraphs(tmp_path: Path) -> None:
    raw = small({"a_type_with_a_long_name": {"kind": "bool", "base": "u8"}}, [], extension=EXTENSION)
    field = {"name": "a_field_with_a_long_name", "type": "a_type_with_a_long_name", "tag": 2**64 - 2, "since": "1.1"}
    raw["messages"]["SAY"]["optional"] = [{**field, "doc": "Whether it is so"}]
    text = protocol_txt(loaded(raw, tmp_path))
    assert max(map(len, text.splitlines())) <= 72
    assert (
        " a_field_with_a_long_name; Type: a_type_with_a_long_name; Tag: 18446744073709551614; Since: 1.1; "
        in " ".join(text.split())
    )


def test_code_with_whatever_is_long_quoted_or_empty_needs_no_formatter(tmp_path: Path) -> None:
    long = "a_rather_long_name_of_a_type"
    text = {"kind": "string", "count": "u8", "max": {"bytes": 99}}
    types = {
        "empty": {"kind": "enum", "base": "u8", "values": {}, "doc": '"Nothing" is in it'},
        long: {"kind": "enum", "base": "u8", "open": True, "values": {"ONE": {"number": 1, "doc": "One"}}},
        f"{long}_too": {**text, "forbid": {"ranges": ["U+0000-U+001F"]}},
        f"{long}_name": {**text, "allow": {"pattern": "[A-Za-z][A-Za-z0-9]*"}},
        f"{long}_sign": {**text, "allow": {"pattern": "[ -~][ -~]*"}},
        f"{long}_list": {"kind": "array", "count": "u8", "item": f"{long}_pair", "max": 9},
        f"{long}_bytes": {"kind": "array", "count": "u8", "item": "extra", "max": 9},
        "signal": SIGNAL,
        "signals": {"kind": "array", "count": "u8", "item": "signal", "max": 2},
    }
    kinds = (long, f"{long}_too", f"{long}_name", f"{long}_sign", "u64", f"{long}_bytes", "empty", "signals")
    fields = [{"name": f"a_rather_long_name_{n}", "type": kind, "doc": "So"} for n, kind in enumerate(kinds)]
    types |= {f"{long}_pair": {"kind": "struct", "fields": fields}}
    raw = small(types, [("a_field_with_a_rather_long_name", f"{long}_list"), *((f["name"], f["type"]) for f in fields)])
    raw["frame"]["extension"] = EXTENSION
    write(emit(loaded(raw, tmp_path)), tmp_path)
    needs_nothing(tmp_path)
