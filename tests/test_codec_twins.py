"""The straight-line code does what the interpreted constructs, its twins, do: over tens of thousands of frames and values.

Four protocols are swept: the project's own, the toy, the guest book, and one that has everything that a spec can say. The
straight-line code asks the twin whenever it is in doubt, so what it refuses is refused with the twin's own error. What is
left to prove: it takes by itself all that the twin takes and nothing else, and makes the same of it.
"""

from __future__ import annotations

import ast
import dataclasses
import gc
import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegen.load import load
from tests.fixtures import samples
from tests.fixtures.protocols import SPECS, protocol
from tests.fixtures.samples import outcome
from tests.fixtures.strategies import bodies, edited, messages

SEED = 20240229

#: How many drawn messages are swept beside the shortest, a long one and the vectors.
DRAWN = {"impwire": 0, "weather": 2, "guestbook": 0, "edge": 0}

PROPERTY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


class Doubt(Exception):
    """The straight-line code asks its twin."""


class Sweep:
    """The inputs of one protocol, and what the twins say of them: each is asked once."""

    def __init__(self, modules: Any) -> None:
        self.modules, self.package = modules, modules.package
        self.codecs: list[Any] = list(modules.codecs.CODECS.by_name.values())
        #: All but those whose long functions are made of what the others have.
        self.to_break = [codec for codec in self.codecs if codec.record.NAME not in ("NESTS", "SHADOWS", "OPTIONAL")]
        self.vectors = load(SPECS[self.package]).vectors
        self.good_frames = cache(self._good_frames)
        self.frames = cache(self._frames)
        self.values = cache(self._values)

    def _good_frames(self, codec: Any) -> list[bytes]:
        """A few frames of a message: of the shortest, a long one and drawn ones, and the spec's vectors."""
        rng = Random(SEED)
        picks: list[samples.Pick] = ["least", *[rng] * DRAWN[self.package]]
        if codec.record.NAME != "SHADOWS":
            picks.insert(1, "most")
        made = [codec.twin.build(samples.message(codec, pick)) for pick in picks]
        return made + [bytes.fromhex(vector.hex) for vector in self.vectors if vector.message == codec.record.NAME]

    def _frames(self, codec: Any) -> dict[bytes, Any]:
        """Every frame to try with a codec, and what the twin makes of it."""
        layout, good = codec.layout, self.good_frames(codec)
        found = dict.fromkeys(frame for one in good for frame in samples.frames(layout, one))
        if codec.optional or len(codec.fields) < 4:
            found |= dict.fromkeys(samples.with_records(codec, good[0]))
        others = [frame for other in self.codecs for frame in self.good_frames(other)]
        found |= dict.fromkeys([*others, *samples.spliced(layout, good + others[:3], Random(SEED), 100)])
        for value, _ in self.values(codec):  # What breaks a rule of values, in frames of good layout.
            frame = outcome(lambda wrong: codec.twin.build(wrong, unchecked=True), value)
            if isinstance(frame, bytes):
                found[frame] = None
        return {frame: outcome(codec.twin.parse, frame) for frame in found}

    def _values(self, codec: Any) -> list[tuple[Any, Any]]:
        """Every message and other thing to write with a codec, and what the twin makes of it."""
        other = next(other for other in self.codecs if other is not codec)
        return [(value, outcome(codec.twin.build, value)) for value in samples.spoiled(codec, other)]

    def functions(self, codec: Any) -> tuple[Any, Any]:
        """The decoder and the encoder of a codec."""
        name = codec.record.NAME.lower()
        return getattr(self.modules.codecs, f"decode_{name}"), getattr(self.modules.codecs, f"encode_{name}")


@pytest.fixture(scope="module", params=list(SPECS))
def sweep(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweep]:
    with protocol(request.param, tmp_path_factory.mktemp(request.param)) as modules:
        gc.disable()  # It would go through all inputs again and again, and nothing here is a cycle.
        yield Sweep(modules)
        gc.enable()


@pytest.fixture
def in_doubt(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twins answer whoever asks with `Doubt`."""

    def doubt(_: Any) -> Any:
        raise Doubt

    for codec in sweep.codecs:
        monkeypatch.setattr(codec.twin, "explain", doubt)
        monkeypatch.setattr(codec.twin, "write", doubt)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of equal types through and through."""
    if type(one) is not type(other):
        return False
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return all(same(getattr(one, name, ...), getattr(other, name, ...)) for name in names)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def facts(found: Any) -> Any:
    """All that can be told of an outcome: of an error every attribute, its class and its words."""
    if not isinstance(found, BaseException):
        return found
    return {"class": type(found), "text": str(found), **vars(found)}


def same_outcome(one: Any, other: Any) -> bool:
    if not isinstance(one, BaseException) or not isinstance(other, BaseException):
        return same(one, other)
    facts_of_one, facts_of_other = facts(one), facts(other)
    return facts_of_one.keys() == facts_of_other.keys() and all(
        same(fact, facts_of_other[name]) or (fact is not fact) for name, fact in facts_of_one.items()
    )


def reading_differs(decode: Callable[[bytes], Any], expected: Iterable[tuple[bytes, Any]]) -> Iterator[str]:
    """Frames of which a decoder, by itself, makes something else than the twin. It has to raise `Doubt` for others."""
    for frame, wanted in expected:
        found = outcome(decode, frame)
        if isinstance(wanted, Exception):
            if not isinstance(found, Doubt):
                yield f"{frame.hex(' ')}: gives {found!r}; the twin refuses it: {wanted}"
        elif not same(found, wanted):
            yield f"{frame.hex(' ')}: gives {found!r}; the twin reads {wanted!r}"


def writing_differs(encode: Callable[[Any], Any], expected: list[tuple[Any, Any]], twin: Any) -> Iterator[str]:
    """Values of which an encoder, by itself, makes something else than the twin, or has no need to ask it."""
    for value, wanted in expected:
        found = outcome(encode, value)
        if isinstance(found, Doubt):
            if isinstance(wanted, bytes) and same(outcome(twin.parse, wanted), value):
                yield f"{value!r}: is left to the twin, and well typed"
        elif not same_outcome(found, wanted):
            yield f"{value!r}: gives {found!r}; the twin says {wanted!r}"


def some(differences: Iterator[str]) -> list[str]:
    """The first few, which are enough to see."""
    return [difference for difference, _ in zip(differences, range(5), strict=False)]


# -- the sweep -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_doubt")
def test_decoder_takes_what_its_twin_takes_and_nothing_else(sweep: Sweep) -> None:
    counted = 0
    for codec in sweep.codecs:
        expected = sweep.frames(codec)
        counted += len(expected)
        assert not some(reading_differs(sweep.functions(codec)[0], expected.items())), codec.record.NAME
        taken = sum(not isinstance(wanted, Exception) for wanted in expected.values())
        assert 0 < taken < len(expected)
    print(f"\n{sweep.package}: {counted} frames")
    assert counted >= {"impwire": 50_000, "edge": 30_000}.get(sweep.package, 5_000)


@pytest.mark.usefixtures("in_doubt")
def test_encoder_writes_what_its_twin_writes_and_nothing_else(sweep: Sweep) -> None:
    counted = 0
    for codec in sweep.codecs:
        expected = sweep.values(codec)
        counted += len(expected)
        assert not some(writing_differs(sweep.functions(codec)[1], expected, codec.twin)), codec.record.NAME
    print(f"\n{sweep.package}: {counted} values")
    assert counted >= {"impwire": 15_000}.get(sweep.package, 500)


def test_wrong_frame_is_refused_with_the_error_of_the_twin(sweep: Sweep) -> None:
    """Code, message, field, offset, excerpt, section, header, partial message, path and words."""
    for codec in sweep.codecs:
        decode, expected = sweep.functions(codec)[0], sweep.frames(codec)
        for frame in list(expected)[::23]:
            found = outcome(decode, frame)
            assert same_outcome(found, expected[frame]), f"{frame.hex(' ')}: {facts(found)} {facts(expected[frame])}"
            assert isinstance(found, (sweep.modules.wire.DecodeError, codec.record)), repr(found)


def test_wrong_value_is_refused_with_the_error_of_the_twin(sweep: Sweep) -> None:
    for codec in sweep.codecs:
        encode, expected = sweep.functions(codec)[1], sweep.values(codec)
        for value, wanted in expected[::13]:
            found = outcome(encode, value)
            assert same_outcome(found, wanted), f"{value!r}: {facts(found)} {facts(wanted)}"
            # What a value's own methods raise is its own affair.
            assert isinstance(found, (sweep.modules.wire.EncodeError, bytes, ZeroDivisionError)), repr(found)


def test_functions_that_choose_a_codec_give_what_the_table_of_codecs_gives(sweep: Sweep) -> None:
    """Also where the frame ends before its type can be told."""
    m = sweep.modules.codecs
    for codec in sweep.codecs:
        frames = [one[:size] for one in sweep.good_frames(codec) for size in range(codec.layout.header_size + 2)]
        for frame in [*frames, *list(sweep.frames(codec))[::101]]:
            assert same_outcome(outcome(m.decode, frame), outcome(m.CODECS.decode, frame)), frame.hex(" ")
        for value, _ in sweep.values(codec)[::41]:
            assert same_outcome(outcome(m.encode, value), outcome(m.CODECS.encode, value)), repr(value)


@pytest.mark.parametrize("buffer", [bytearray, memoryview])
def test_other_buffers_read_as_bytes_do(sweep: Sweep, buffer: Callable[[bytes], Any]) -> None:
    for codec in sweep.codecs:
        decode = sweep.functions(codec)[0]
        for one in sweep.good_frames(codec):
            for frame in (one, one[:-1], one + b"\0"):
                wanted = outcome(codec.twin.parse, frame)
                assert same_outcome(outcome(decode, buffer(frame)), wanted), frame.hex(" ")
                assert same_outcome(outcome(codec.parse, buffer(frame)), wanted), frame.hex(" ")


# -- properties ----------------------------------------------------------------------------------------------------------


@PROPERTY
@given(data=st.data())
def test_message_comes_back_as_it_went_by_every_way(sweep: Sweep, data: Any) -> None:
    m = sweep.modules.codecs
    codec = data.draw(st.sampled_from(sweep.codecs))
    message = data.draw(messages(codec))
    frame = codec.twin.build(message)
    assert frame == m.encode(message) == codec.build(message) == m.encode(message, unchecked=True)
    wanted = codec.twin.parse(frame)
    assert wanted == message
    for found in (m.decode(frame), codec.parse(frame), m.decode(frame, unchecked=True)):
        assert same(found, wanted)


@PROPERTY
@given(data=st.data())
def test_edited_frame_is_taken_or_refused_as_by_the_twin(sweep: Sweep, data: Any) -> None:
    codec = data.draw(st.sampled_from(sweep.codecs))
    frame = codec.twin.build(data.draw(messages(codec)))
    edit = data.draw(edited(frame))
    for changed in (edit, samples.with_length(codec.layout, edit)):
        assert same_outcome(outcome(sweep.functions(codec)[0], changed), outcome(codec.twin.parse, changed))


@PROPERTY
@given(data=st.data())
def test_any_body_behind_a_right_header_is_taken_or_refused_as_by_the_twin(sweep: Sweep, data: Any) -> None:
    codec = data.draw(st.sampled_from(sweep.codecs))
    header = codec.twin.build(samples.message(codec, "least"))[: codec.layout.header_size]
    frame = samples.with_length(codec.layout, header + data.draw(bodies()))
    assert same_outcome(outcome(sweep.functions(codec)[0], frame), outcome(codec.twin.parse, frame))


# -- the sweep itself ----------------------------------------------------------------------------------------------------


class _Spoiler(ast.NodeTransformer):
    """Leaves out one check of a function: a part of an `and`, one side of `a <= b <= c`, an `if` that only raises.

    `what` then tells which it was; it stays empty if there are not so many.
    """

    def __init__(self, number: int) -> None:
        self.number, self.what = number, ""

    def _is_it(self, what: ast.AST) -> bool:
        self.number -= 1
        if self.number == -1:
            self.what = ast.unparse(what)
        return self.number == -1

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if isinstance(node.op, ast.And):
            for value in node.values:
                if self._is_it(value):
                    rest = [other for other in node.values if other is not value]
                    return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if len(node.ops) == 2:
            low = ast.Compare(node.left, node.ops[:1], node.comparators[:1])
            high = ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])
            if self._is_it(low):
                return high
            if self._is_it(high):
                return low
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.body[0], ast.Raise) and self._is_it(node.test):
            return ast.Pass()
        return self.generic_visit(node)


def is_needless(check: str) -> bool:
    """Whether a check only saves time: what it refuses is refused behind it, too, or would be written all the same."""
    empty_guest = re.search(
        r"^1 <= (name|entries_by_data|entry_by|entries_part_by)_size$", check
    )  # No guest matches ''.
    return "<= len(" in check or bool(empty_guest) or check.endswith("_Void")


def broken_functions(source: ast.Module, name: str, module: Any) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The function and its helpers, each time with one check left out; and what that was."""
    helpers = {"decode": ("_records", "_unknown"), "encode": ("_tail",)}[name.partition("_")[0]]
    functions = [node for node in source.body if isinstance(node, ast.FunctionDef) and node.name in (name, *helpers)]
    for target in functions:
        number = 0
        while True:
            spoiler = _Spoiler(number)
            broken = spoiler.visit(deepcopy(target))
            if not spoiler.what:
                break
            number += 1
            if is_needless(spoiler.what):
                continue
            tree = ast.Module([broken, *(node for node in functions if node is not target)], [])
            namespace = dict(vars(module))
            exec(compile(ast.fix_missing_locations(tree), name, "exec"), namespace)
            yield f"{target.name}: {spoiler.what}", namespace[name]


@pytest.mark.usefixtures("in_doubt")
def test_sweep_finds_every_check_that_a_decoder_lacks(sweep: Sweep) -> None:
    source = ast.parse((sweep.modules.folder / sweep.package / "codecs.py").read_text(encoding="utf-8"))
    missed, tried = [], 0
    for codec in sweep.to_break:
        name = f"decode_{codec.record.NAME.lower()}"
        refused = [item for item in sweep.frames(codec).items() if isinstance(item[1], Exception)]
        Random(SEED).shuffle(
            refused
        )  # What is alike stands side by side, and would be tried in vain one after the other.
        for check, decode in broken_functions(source, name, sweep.modules.codecs):
            tried += 1
            if next(reading_differs(decode, refused), None) is None:
                missed.append(f"{name}: {check}")
    assert not missed
    print(f"\n{sweep.package}: {tried} broken decoders")


@pytest.mark.usefixtures("in_doubt")
def test_sweep_finds_every_check_that_an_encoder_lacks(sweep: Sweep) -> None:
    source = ast.parse((sweep.modules.folder / sweep.package / "codecs.py").read_text(encoding="utf-8"))
    missed, tried = [], 0
    for codec in sweep.to_break:
        name = f"encode_{codec.record.NAME.lower()}"
        values = [item for item in sweep.values(codec) if isinstance(item[1], Exception)]
        Random(SEED).shuffle(values)
        for check, encode in broken_functions(source, name, sweep.modules.codecs):
            tried += 1
            if next(writing_differs(encode, values, codec.twin), None) is None:
                missed.append(f"{name}: {check}")
    assert not missed
    print(f"\n{sweep.package}: {tried} broken encoders")
