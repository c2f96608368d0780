"""From YAML files to a checked `Spec`.

`load(path)` reads the file and its parts, reports every mistake at once with its place, and returns the model only if
there is none. `load_with_source(path)` also returns the source, for those who have more to say about places. What a section means is
read by the module of `read` that bears its name; what it may break stands in `lint.rules`.
"""

from __future__ import annotations

from pathlib import Path

from .model import Spec
from .read.commands import read_commands, read_display
from .read.failures import check_codes, code_of, read_failures
from .read.frame import read_frame, read_numbering
from .read.limits import read_constants, read_limits
from .read.messages import read_messages
from .read.outputs import read_outputs
from .read.plain_chapters import plain_chapters
from .read.prose import ProseReader
from .read.sessions import read_sessions
from .read.source import Source
from .read.states import read_states, read_transitions
from .read.types import TypeReader
from .read.vectors import read_vectors
from .support.strict_yaml import InvalidFile, Problems


def load(path: Path) -> Spec:
    """Read the spec at `path`. Raises `InvalidFile` with every mistake in it and in its parts."""
    return load_with_source(path)[0]


def load_with_source(path: Path) -> tuple[Spec, Source]:
    """The spec at `path`, and the YAML that it was read from. Raises `InvalidFile` as `load` does."""
    problems = Problems()
    source = Source.read(path, problems)
    spec = _spec(source)
    if problems:
        raise InvalidFile(problems)
    return spec, source


def _spec(source: Source) -> Spec:
    head = source.section("protocol", {}).mapping(("name", "short", "version", "byte_order", "abstract"))
    package, document, exports, support = read_outputs(source)
    order = head.at("byte_order", "big").one_of(("big", "little"), "byte order")
    types = TypeReader(source, code_of(source, "malformed"))
    types.read()
    prose = ProseReader(source.section("chapters", []))
    frame = read_frame(source, types)
    numbering = read_numbering(source, frame)
    limits = read_limits(source, types)
    states = read_states(source)
    messages = read_messages(source, types, prose, frame, numbering, limits, states)
    by_name = {message.name: message for message in messages}
    failures = read_failures(source, types, by_name)
    check_codes(source, failures)
    commands, plain = read_commands(source, types, by_name)
    constants, vectors = read_constants(source), read_vectors(source, by_name, frame)
    sessions = read_sessions(source)
    return Spec(
        name=head.string("name"),
        short=head.string("short"),
        version=head.string("version"),
        byte_order="little" if order == "little" else "big",
        abstract=head.string("abstract"),
        package=package,
        document=document,
        exports=exports,
        support=support,
        frame=frame,
        numbering=numbering,
        types=types.types,
        limits=limits,
        constants=constants,
        states=states,
        transitions=read_transitions(source, by_name, states),
        failures=failures,
        messages=messages,
        chapters=prose.chapters()
        if "chapters" in source
        else plain_chapters(
            order, frame, failures, limits=bool(limits or constants), sessions=bool(sessions), vectors=bool(vectors)
        ),
        commands=commands,
        plain=plain,
        display=read_display(source, by_name),
        vectors=vectors,
        sessions=sessions,
        sources=source.names,
    )
