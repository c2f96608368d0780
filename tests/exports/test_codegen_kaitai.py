"""The grammar for Kaitai Struct: the real compiler takes it, and the parsers that it makes read what our codecs read.

Each frame is sorted by what the codecs say of it. A good one has to be read, with every field as the codecs have it; an
ill-formed one has to be refused, but for the kinds in `ADMITTED`, which have to be read. Those are the limits of a grammar.
"""

from __future__ import annotations

import copy
import itertools
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from codegen.emit.kaitai import kaitai
from codegen.emit.straight_line import Alphabet
from codegen.load import load
from codegen.model import EnumType, Spec
from tests.exports.kaitai import expected
from tests.exports.kaitai.compiled import LANGUAGES, Job, Parsers, Refused, node, run
from tests.fixtures import samples
from tests.fixtures.protocols import SPECS, generate, protocol
from tests.support import ROOT

#: The grammar that is checked in, which is the one that people use.
GRAMMAR = ROOT / "spec" / "exports" / "imp.ksy"
VECTORS = ROOT / "spec" / "exports" / "vectors.json"

#: Which ill-formed frames the parsers read nevertheless, and why.
ADMITTED = {
    "unknown type": "the body is bytes, so that what a later version sends can be looked at as well",
    "pattern": "Kaitai Struct has no regular expressions, so the grammar only has such as are one set of characters behind "
    "another; of the project's own protocol, these are all",
}
#: Kinds of frames besides those.
GOOD, REFUSED = "good", "refused"

#: How many spoiled frames of each message are tried.
SPOILED = 40
#: The protocols whose parsers have to refuse what is ill-formed. The others have numbers that JavaScript cannot tell apart.
STRICT = ("impwire", "guestbook")
WIDTHS = {"u1": "u2", "u2": "u4", "u4": "u8", "u8": "u4"}


# -- what the codecs say -------------------------------------------------------------------------------------------------


class Codecs:
    """A protocol as its codecs have it; `loose` are those of the same spec without the patterns that the grammar has not."""

    def __init__(self, spec: Spec, modules: Any, loose: Any) -> None:
        self.spec, self.modules, self._loose = spec, modules, loose

    def sort(self, frame: bytes) -> tuple[str, Any]:
        """The kind of the frame, and the message in it if it has to be read."""
        try:
            return GOOD, self.modules.codecs.decode(frame)
        except self.modules.wire.DecodeError:
            if self._of_unknown_type(frame):
                return "unknown type", None
        try:
            return "pattern", self._loose.codecs.decode(frame)
        except self._loose.wire.DecodeError:
            return REFUSED, None

    def _of_unknown_type(self, frame: bytes) -> bool:
        """Whether nothing is wrong with the frame but its type."""
        layout = self.spec.frame
        if len(frame) < layout.header_size:
            return False
        header = expected.header(self.spec, frame)
        if any(field.const not in (None, header[field.name]) for field in layout.fields):
            return False
        values = {field.role: header[field.name] for field in layout.fields}
        known = {message.number for message in self.spec.messages}
        critical = values.get("flags", 0) & layout.critical_flags
        return values["length"] == len(frame) - layout.prefix_size and values["type"] not in known and not critical


@contextmanager
def codecs_of(name: str, folder: Path) -> Iterator[Codecs]:
    """The codecs of a protocol, generated into a folder, but for the project's own."""
    with protocol(name, folder) as modules, loosened(name, folder) as loose:
        yield Codecs(load(SPECS[name]), modules, loose)


@contextmanager
def loosened(name: str, folder: Path) -> Iterator[Any]:
    """The codecs of a protocol without its patterns but for plain ones; nothing where nobody asks them."""
    if name not in STRICT:
        yield None
        return
    package = f"loose_{name}"
    path = folder / package / SPECS[name].name
    shutil.copytree(SPECS[name].parent, path.parent)
    source = yaml.safe_load(path.read_text(encoding="utf-8"))
    source["outputs"] = {"package": package}
    for declared in source["types"].values():
        pattern = declared.get("allow", {}).get("pattern")
        if pattern and Alphabet.of(pattern) is None:
            del declared["allow"]
    path.write_text(yaml.safe_dump(source, sort_keys=False), encoding="utf-8")
    yield from generate(path, package, folder)


# -- frames --------------------------------------------------------------------------------------------------------------


def good_frames(codecs: Codecs) -> list[bytes]:
    """Each message with the least and the most that it can bear, and one at random."""
    every = codecs.modules.codecs.CODECS.by_type.values()
    picks: list[samples.Pick] = ["least", "most", Random(1)]
    return [codecs.modules.codecs.encode(samples.message(codec, pick)) for codec in every for pick in picks]


def spoiled_frames(codecs: Codecs) -> list[bytes]:
    """A few of each message that are spoiled somewhere."""
    found = []
    for codec in codecs.modules.codecs.CODECS.by_type.values():
        frame = codecs.modules.codecs.encode(samples.message(codec, "least"))
        spoiled = [*samples.frames(codec.layout, frame), *samples.with_records(codec, frame)]
        found += Random(codec.record.TYPE).sample(spoiled, min(SPOILED, len(spoiled)))
    return found


def vector_frames() -> list[bytes]:
    """The vectors that are checked in, written and derived."""
    return [bytes.fromhex(entry["hex"]) for entry in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]]


# -- grammars ------------------------------------------------------------------------------------------------------------


def integers(type_: Any) -> list[Any]:
    """The integers among the members of a type."""
    return [member for member in type_["seq"] if str(member.get("type")) in WIDTHS]


def widened(grammar: Any, place: int, types: list[str]) -> tuple[Any, list[str]]:
    """The grammar with another width for the integer at that place of each of the types, and which of them have one."""
    changed, found = copy.deepcopy(grammar), []
    for name in types:
        members = integers(changed["types"][name])
        if place < len(members):
            members[place]["type"] = WIDTHS[members[place]["type"]]
            found.append(name)
    return changed, found


def mutants(grammar: Any, bodies: list[str]) -> Iterator[tuple[list[str], int, Any]]:
    """Grammars with one integer of another width in each of the named types: the bodies together, all others one by one."""
    for types in [bodies, *([name] for name in grammar["types"] if name not in bodies)]:
        for place in itertools.count():
            changed, found = widened(grammar, place, types)
            if not found:
                break
            yield found, place, changed


@dataclass(frozen=True)
class Trial:
    """What the tests look at; it is made once. `kinds` has the kind and message of every frame of a protocol."""

    codecs: dict[str, Codecs]
    kinds: dict[str, dict[bytes, tuple[str, Any]]]
    grammars: dict[str, Any]
    parsers: dict[str, Parsers]
    mutants: list[tuple[list[str], int, Parsers]]
    stream: bytes

    def expected(self, name: str, frame: bytes, language: str) -> Any:
        """What the parser of a protocol has to read in a frame that it has to read."""
        _, message = self.kinds[name][frame]
        return expected.Reading(self.codecs[name].spec, language).stream(frame, message)

    def read(self, name: str, frame: bytes, language: str) -> Any:
        """What it reads. Raises `Refused`."""
        return expected.in_order(self.codecs[name].spec, self.parsers[name].read(language, frame))


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    node()  # Without it there is no use in all the rest.
    with ExitStack() as stack:
        codecs = {name: stack.enter_context(codecs_of(name, tmp_path_factory.mktemp(name))) for name in SPECS}
        frames = {name: good_frames(codecs[name]) for name in SPECS}
        stream = b"".join(frames["impwire"])
        frames["impwire"] += vector_frames()
        for name in STRICT:
            frames[name] += spoiled_frames(codecs[name])
        grammars = {name: yaml.safe_load(kaitai(codecs[name].spec)) for name in SPECS}
        grammars["impwire"] = yaml.safe_load(GRAMMAR.read_text(encoding="utf-8"))
        bodies = [message.name.lower() for message in codecs["impwire"].spec.messages]
        wrong = list(mutants(grammars["impwire"], bodies))
        streams = {name: tuple(dict.fromkeys(frames[name])) for name in SPECS}
        streams["impwire"] += (stream,)
        jobs = {name: Job(grammars[name], streams=streams[name]) for name in SPECS}
        jobs["warned"] = Job(with_warning(grammars["impwire"]))
        answers = run([*jobs.values(), *(Job(grammar, ("python",)) for _, _, grammar in wrong)])
        yield Trial(
            codecs,
            {name: {frame: codecs[name].sort(frame) for frame in frames[name]} for name in SPECS},
            grammars,
            dict(zip(jobs, answers, strict=False)),
            [(types, place, of) for (types, place, _), of in zip(wrong, answers[len(jobs) :], strict=True)],
            stream,
        )


def with_warning(grammar: Any) -> Any:
    """The grammar with a count whose name is not in the compiler's style."""
    changed = copy.deepcopy(grammar)
    count, entries = changed["types"]["roster"]["seq"][:2]
    count["id"] = entries["repeat-expr"] = "count"
    return changed


# -- the tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPECS)
def test_compiler_takes_the_grammar_without_a_warning(trial: Trial, name: str) -> None:
    assert trial.parsers[name].problem == ""


def test_warning_of_the_compiler_is_noticed(trial: Trial) -> None:
    assert "use `num_entries` instead of `count`" in trial.parsers["warned"].problem


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SPECS)
def test_good_frames_are_read_in_every_field_as_the_codecs_read_them(trial: Trial, name: str, language: str) -> None:
    good = [frame for frame, (kind, _) in trial.kinds[name].items() if kind == GOOD]
    assert {trial.kinds[name][frame][1].NAME for frame in good} == {m.name for m in trial.codecs[name].spec.messages}
    for frame in good:
        assert trial.read(name, frame, language) == trial.expected(name, frame, language), frame.hex(" ")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STRICT)
def test_ill_formed_frames_are_refused_but_for_those_that_no_grammar_can_refuse(
    trial: Trial, name: str, language: str
) -> None:
    seen: Counter[str] = Counter()
    for frame, (kind, _) in trial.kinds[name].items():
        if kind == GOOD:
            continue
        seen[kind] += 1
        if kind == REFUSED:
            with pytest.raises(Refused):
                pytest.fail(f"{frame.hex(' ')} is read as {trial.read(name, frame, language)}")
        else:
            assert trial.read(name, frame, language) == trial.expected(name, frame, language), frame.hex(" ")
    assert seen[REFUSED] > sum(seen[kind] for kind in ADMITTED)
    assert name != "impwire" or not seen["pattern"], "a pattern of the project's own protocol is not in its grammar"


@pytest.mark.parametrize("kind", ADMITTED)
def test_what_no_grammar_can_refuse_is_among_the_frames(trial: Trial, kind: str) -> None:
    assert any(found == kind for name in STRICT for found, _ in trial.kinds[name].values()), ADMITTED[kind]


@pytest.mark.parametrize("language", LANGUAGES)
def test_stream_is_read_frame_by_frame(trial: Trial, language: str) -> None:
    parsers = trial.parsers["impwire"]
    each = [parsers.read(language, frame)["frames"][0] for frame in good_frames(trial.codecs["impwire"])]
    assert parsers.read_all(language, trial.stream) == {"frames": each}


def test_frame_is_read_alone(trial: Trial) -> None:
    parsers = trial.parsers["impwire"]
    for frame in good_frames(trial.codecs["impwire"]):
        assert {"frames": [parsers.read_frame(frame)]} == parsers.read("python", frame)


@pytest.mark.parametrize("name", SPECS)
def test_enumerations_have_all_their_values(trial: Trial, name: str) -> None:
    enums = trial.grammars[name]["enums"]
    for type_ in trial.codecs[name].spec.types.values():
        if isinstance(type_, EnumType) and all(value.number < 1 << 63 for value in type_.values):
            found = {number: value["id"].upper() for number, value in enums[type_.name].items()}
            assert found == {value.number: value.name for value in type_.values}


def test_field_of_another_width_is_noticed(trial: Trial) -> None:
    """Whichever field of the grammar it is: in the header, in a message, in a struct, in an extension."""
    frames = [
        (frame, message.NAME.lower()) for frame, (kind, message) in trial.kinds["impwire"].items() if kind == GOOD
    ]
    changed = set()
    for types, place, parsers in trial.mutants:
        for name in types:
            changed.add(name)
            bodies = {body for _, body in frames}
            concerned = [frame for frame, body in frames if name not in bodies or name == body]
            assert any(reads_wrongly(trial, parsers, frame) for frame in concerned), f"integer {place} of {name}"
    types = trial.grammars["impwire"]["types"]
    assert changed == {name for name, type_ in types.items() if integers(type_)}
    assert {"frame", "user", "extension", "say"} <= changed


def reads_wrongly(trial: Trial, parsers: Parsers, frame: bytes) -> bool:
    """Whether other parsers of the protocol do not read a frame as its codecs do."""
    try:
        found = expected.in_order(trial.codecs["impwire"].spec, parsers.read("python", frame))
    except Refused:
        return True
    return bool(found != trial.expected("impwire", frame, "python"))
