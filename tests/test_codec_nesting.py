"""Codecs as constructs: they nest, stream, build and measure as construct's own structs do.

Where it can be compared, a plain `construct.Struct` of the same layout stands beside the codec, and both have to do the
same.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import construct as c
import pytest

from impwire import DecodeError, EncodeError
from impwire.codecs import CODECS, NAME_TYPE, ROSTER_TYPE
from impwire.messages import Pm, Roster, Say, User
from impwire.wire import FrameLayout, HeaderField
from tests.fixtures.protocols import protocol
from tests.fixtures.samples import outcome

SAY_FRAME = bytes.fromhex("0000000a 02 00 00000005 0002 6869")
#: Well formed but for its text, which is empty.
EMPTY_FRAME = bytes.fromhex("00000008 02 00 00000005 0000")
MESSAGE = Say(request_id=5, text="hi")
EMPTY = Say(request_id=5, text="")

SAY: Any = CODECS.by_name["SAY"]
PM: Any = CODECS.by_name["PM"]

#: What construct has for a frame of this layout: the length counts what follows it.
PLAIN: Any = c.Struct(
    "length" / c.Int32ub,
    "type" / c.Const(2, c.Int8ub),
    "flags" / c.Int8ub,
    "request_id" / c.Int32ub,
    "text" / c.PascalString(c.Int16ub, "utf8"),
)
HI = {"length": 10, "flags": 0, "request_id": 5, "text": "hi"}


def fields(found: Any) -> Any:
    """What was parsed, with messages and structs alike as the fields of SAY, and lists as such."""
    if isinstance(found, Say):
        return {"flags": found.flags, "request_id": found.request_id, "text": found.text}
    if isinstance(found, (list, tuple)):
        return [fields(item) for item in found]
    if isinstance(found, dict) and "text" in found:
        return {name: found[name] for name in ("flags", "request_id", "text")}
    if isinstance(found, dict):
        return {name: fields(value) for name, value in found.items() if name != "_io"}
    return found


# -- within other constructs ---------------------------------------------------------------------------------------------

#: Constructs around the codec, or the plain struct, of a SAY; bytes that they read; what they build these from.
AROUND: dict[str, tuple[Any, bytes, Any]] = {
    "Struct": (
        lambda say: c.Struct("number" / c.Int8ub, "say" / say, "end" / c.Int8ub),
        b"\x07" + SAY_FRAME + b"\x08",
        lambda say: {"number": 7, "say": say, "end": 8},
    ),
    "Struct of structs": (
        lambda say: c.Struct("inner" / c.Struct("one" / say, "other" / say)),
        SAY_FRAME * 2,
        lambda say: {"inner": {"one": say, "other": say}},
    ),
    "Sequence": (
        lambda say: c.Sequence(c.Int8ub, say, c.Int8ub),
        b"\x07" + SAY_FRAME + b"\x08",
        lambda say: [7, say, 8],
    ),
    "Array": (lambda say: c.Array(2, say), SAY_FRAME * 2, lambda say: [say, say]),
    "codec[3]": (lambda say: say[3], SAY_FRAME * 3, lambda say: [say] * 3),
    "Prefixed": (lambda say: c.Prefixed(c.Int16ub, say), b"\x00\x0e" + SAY_FRAME, lambda say: say),
    "PrefixedArray": (lambda say: c.PrefixedArray(c.Int8ub, say), b"\x02" + SAY_FRAME * 2, lambda say: [say, say]),
    "FixedSized": (lambda say: c.FixedSized(20, say), SAY_FRAME + bytes(6), lambda say: say),
    "Padded": (lambda say: c.Padded(20, say), SAY_FRAME + bytes(6), lambda say: say),
    "Aligned": (lambda say: c.Aligned(4, say), SAY_FRAME + bytes(2), lambda say: say),
    "GreedyRange": (lambda say: c.GreedyRange(say), SAY_FRAME * 3, lambda say: [say] * 3),
    "Switch": (
        lambda say: c.Struct("kind" / c.Int8ub, "body" / c.Switch(c.this.kind, {1: say}, default=c.Int8ub)),
        b"\x01" + SAY_FRAME,
        lambda say: {"kind": 1, "body": say},
    ),
    "Switch to another": (
        lambda say: c.Struct("kind" / c.Int8ub, "body" / c.Switch(c.this.kind, {1: say}, default=c.Int8ub)),
        b"\x02\x09",
        lambda say: {"kind": 2, "body": 9},
    ),
    "IfThenElse": (
        lambda say: c.Struct("is" / c.Flag, "body" / c.IfThenElse(c.this["is"], say, c.Int8ub)),
        b"\x01" + SAY_FRAME,
        lambda say: {"is": True, "body": say},
    ),
    "FocusedSeq": (
        lambda say: c.FocusedSeq("say", c.Const(b"GO"), "say" / say),
        b"GO" + SAY_FRAME,
        lambda say: say,
    ),
    "Optional": (lambda say: c.Sequence(c.Optional(say), c.Int8ub), SAY_FRAME + b"\x01", lambda say: [say, 1]),
    "Select": (lambda say: c.Select(c.Const(b"QUIT"), say), SAY_FRAME, lambda say: say),
    "RepeatUntil": (
        lambda say: c.RepeatUntil(lambda _, found, __: len(found) == 2, say),
        SAY_FRAME * 2,
        lambda say: [say] * 2,
    ),
    "Renamed": (lambda say: "say" / say, SAY_FRAME, lambda say: say),
    "Terminated": (lambda say: c.Sequence(say, c.Terminated), SAY_FRAME, lambda say: [say, None]),
    "Tell": (
        lambda say: c.Struct("say" / say, "end" / c.Tell, "size" / c.Computed(c.this.end)),
        SAY_FRAME,
        lambda say: {"say": say},
    ),
}


@pytest.mark.parametrize("name", AROUND)
def test_codec_nests_as_a_struct_does(name: str) -> None:
    around, data, whole = AROUND[name]
    codec, plain = around(SAY), around(PLAIN)
    assert fields(codec.parse(data)) == fields(plain.parse(data))
    assert codec.build(whole(MESSAGE)) == plain.build(whole(HI)) == data
    assert codec.build(whole({"request_id": 5, "text": "hi"})) == data


@pytest.mark.parametrize("name", AROUND)
def test_construct_around_a_codec_compiles_if_it_does_around_a_struct_and_checks_as_much(name: str) -> None:
    around, data, whole = AROUND[name]
    compiled, plain = (outcome(lambda say: around(say).compile(), say) for say in (SAY, PLAIN))
    if isinstance(plain, Exception):  # construct compiles no lambda, and nothing that needs a size.
        assert type(compiled) is type(plain)
        return
    assert fields(compiled.parse(data)) == fields(around(SAY).parse(data))
    assert compiled.build(whole(MESSAGE)) == data
    for bad in (data.replace(b"\0\2hi", b"\0\3hi"), data.replace(b"hi", b"h\xff"), data[: data.find(SAY_FRAME) + 13]):
        found, wanted = outcome(compiled.parse, bad), outcome(around(SAY).parse, bad)
        assert isinstance(found, c.ConstructError) == isinstance(wanted, c.ConstructError)
        if not isinstance(wanted, Exception):
            assert fields(found) == fields(wanted)


@pytest.mark.parametrize("name", AROUND)
def test_cut_frame_within_a_construct_does_what_a_cut_struct_does(name: str) -> None:
    """Both raise an error of construct, or both are passed over."""
    around, data, _ = AROUND[name]
    for size in range(len(data)):
        found, wanted = outcome(around(SAY).parse, data[:size]), outcome(around(PLAIN).parse, data[:size])
        assert isinstance(found, c.ConstructError) == isinstance(wanted, c.ConstructError), size
        if not isinstance(wanted, Exception):
            assert fields(found) == fields(wanted)


def test_greedy_range_ends_before_a_wrong_frame_and_leaves_it_in_the_stream() -> None:
    greedy: Any = c.GreedyRange(SAY)
    for rest in (SAY_FRAME[:-1], EMPTY_FRAME, b"\0\0"):
        stream = io.BytesIO(SAY_FRAME * 2 + rest)
        assert list(greedy.parse_stream(stream)) == [MESSAGE] * 2
        assert stream.read() == rest


def test_optional_codec_is_none_for_a_wrong_frame_which_stays_in_the_stream() -> None:
    stream = io.BytesIO(EMPTY_FRAME)
    optional: Any = c.Optional(SAY)
    assert optional.parse_stream(stream) is None
    assert stream.tell() == 0


def test_select_takes_the_codec_that_fits() -> None:
    either: Any = c.Select(SAY, PM)
    pm = Pm(request_id=1, to="bob", text="hi")
    assert [either.parse(SAY_FRAME), either.parse(PM.build(pm))] == [MESSAGE, pm]
    assert either.build(pm) == PM.build(pm)


# -- streams -------------------------------------------------------------------------------------------------------------


def test_stream_is_read_frame_by_frame_and_what_follows_stays() -> None:
    stream = io.BytesIO(SAY_FRAME + SAY_FRAME + b"rest")
    assert [SAY.parse_stream(stream), SAY.parse_stream(stream)] == [MESSAGE, MESSAGE]
    assert stream.read() == b"rest"


def test_parse_refuses_what_follows_the_frame() -> None:
    """A plain struct passes over it; a frame is a whole."""
    assert PLAIN.parse(SAY_FRAME + b"\0").text == "hi"
    for parse in (SAY.parse, SAY.compile().parse, SAY.twin.parse):
        with pytest.raises(DecodeError, match="1 byte behind the end of the frame"):
            parse(SAY_FRAME + b"\0")


def test_message_is_built_into_a_stream_at_its_place() -> None:
    stream = io.BytesIO(b"abc" + bytes(len(SAY_FRAME)) + b"def")
    stream.seek(3)
    SAY.build_stream(MESSAGE, stream)
    assert stream.getvalue() == b"abc" + SAY_FRAME + b"def"
    assert stream.tell() == 3 + len(SAY_FRAME)


def test_message_goes_to_a_file_and_comes_back(tmp_path: Path) -> None:
    file = str(tmp_path / "say")
    SAY.build_file(MESSAGE, file)
    assert SAY.parse_file(file) == MESSAGE


def test_stream_that_ends_within_a_frame_is_an_error_of_construct() -> None:
    for size in range(len(SAY_FRAME)):
        with pytest.raises(c.ConstructError) as raised:
            SAY.parse_stream(io.BytesIO(SAY_FRAME[:size]))
        assert isinstance(raised.value, DecodeError)
        with pytest.raises(c.StreamError):
            PLAIN.parse_stream(io.BytesIO(SAY_FRAME[:size]))


def test_length_beyond_what_any_stream_holds_reads_what_is_there() -> None:
    layout = FrameLayout(
        fields=(HeaderField("length", c.Int64ub, role="length"), HeaderField("type", c.Int8ub, role="type")),
        critical_flags=0,
        tag=None,
        value=None,
        malformed="",
        too_large="",
        unsupported_critical="",
    )
    assert layout.read(io.BytesIO(b"\xff" * 8 + b"abc")) == b"\xff" * 8 + b"abc"


# -- sizes ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with protocol("weather", tmp_path_factory.mktemp("weather")) as modules:
        yield modules


@pytest.mark.parametrize("name", list(CODECS.by_name))
def test_frame_that_may_end_with_extensions_has_no_size(name: str) -> None:
    codec = CODECS.by_name[name]
    for construct in (codec, codec.twin):
        with pytest.raises(c.SizeofError):
            construct.sizeof()
    with pytest.raises(c.SizeofError):
        PLAIN.sizeof()


def test_frame_of_fixed_members_has_a_size_where_there_are_no_extensions(weather: Any) -> None:
    codecs = weather.codecs.CODECS.by_name
    header = c.Struct("sync" / c.Int16ul, "type" / c.Int8ul, "length" / c.Int16ul)
    assert codecs["BEAT"].sizeof() == header.sizeof() == len(codecs["BEAT"].build(weather.messages.Beat())) == 5
    assert codecs["ASK"].sizeof() == 15
    assert c.Array(3, codecs["ASK"]).sizeof() == 45
    for name in ("ANSWER", "REPORT"):
        with pytest.raises(c.SizeofError):
            codecs[name].sizeof()


def test_frames_without_a_size_have_none_in_a_construct_either() -> None:
    with pytest.raises(c.SizeofError):
        c.Struct("number" / c.Int8ub, "say" / SAY).sizeof()
    assert c.FixedSized(20, SAY).sizeof() == 20


# -- members and names ---------------------------------------------------------------------------------------------------


def test_members_are_found_as_those_of_a_struct() -> None:
    assert [member.name for member in PM.subcons] == [
        *("length", "type", "flags", "request_id", "to", "text", "extensions")
    ]
    assert [member.name for member in SAY.subcons[:-1]] == [member.name for member in PLAIN.subcons]
    assert PM.to is PM.subcons[4]
    assert PM.to.parse(b"\x03bob") == "bob"
    assert PM.request_id.parse(b"\0\0\0\x05") == PLAIN.request_id.parse(b"\0\0\0\x05") == 5
    for construct in (PM, PLAIN):
        with pytest.raises(AttributeError):
            _ = construct.nobody


def test_renamed_codec_has_name_and_doc_and_reads_as_before() -> None:
    renamed: Any = "greeting" / SAY * "What is said"
    assert (renamed.name, renamed.docs) == ("greeting", "What is said")
    assert (SAY.name, SAY.docs) == (None, "")
    assert renamed.parse(SAY_FRAME) == MESSAGE
    assert renamed.build(MESSAGE) == SAY_FRAME
    assert renamed.text.parse(b"\0\2hi") == "hi"


def test_parsed_hook_sees_the_message() -> None:
    seen: list[Any] = []
    hooked: Any = "say" / SAY * (lambda message, _: seen.append(message))
    assert c.Struct(hooked).parse(SAY_FRAME)["say"] == MESSAGE
    assert seen == [MESSAGE]


def test_message_nested_in_a_container_can_be_copied_and_pickled() -> None:
    parsed: Any = c.Struct("say" / SAY).parse(SAY_FRAME)
    assert deepcopy(parsed.say) == pickle.loads(pickle.dumps(parsed.say)) == MESSAGE


def test_type_reads_and_writes_without_a_message_around_it() -> None:
    name: Any = NAME_TYPE
    roster: Any = ROSTER_TYPE
    assert name.parse(b"\x03ann") == "ann"
    assert name.build("ann") == b"\x03ann"
    with pytest.raises(DecodeError, match=r"U\+0031 is not allowed here \(byte 1 of the frame\) \[NAME_INVALID\]"):
        name.parse(b"\x011")
    with pytest.raises(EncodeError, match="NAME_INVALID"):
        name.build("1")
    with pytest.raises(EncodeError, match="b'ann' is not a string"):
        name.build(b"ann")
    assert roster.parse(roster.build((User(session_id=1, name="ann"),))) == (User(session_id=1, name="ann"),)
    assert roster.build([{"session_id": 1, "name": "ann"}]) == roster.build((User(session_id=1, name="ann"),))


# -- errors --------------------------------------------------------------------------------------------------------------


def test_nested_codec_names_its_own_field_and_place() -> None:
    struct: Any = c.Struct("number" / c.Int8ub, "say" / SAY)
    with pytest.raises(DecodeError) as raised:
        struct.parse(b"\x07" + EMPTY_FRAME)
    assert (raised.value.field, raised.value.offset, raised.value.code) == ("text", 12, "TEXT_EMPTY")
    with pytest.raises(EncodeError) as refused:
        struct.build({"number": 7, "say": EMPTY})
    assert (refused.value.field, refused.value.code) == ("text", "TEXT_EMPTY")


@pytest.mark.parametrize("unchecked", [False, True])
def test_path_of_an_error_leads_from_the_outermost_construct_to_the_field(unchecked: bool) -> None:
    """As with a plain struct, whether straight-line code or the twin reads and writes."""

    def around(say: Any) -> Any:
        return c.Struct("packet" / c.Struct("say" / say))

    cut = SAY_FRAME[:3] + b"\x08" + SAY_FRAME[4:10] + b"\0\3"
    with pytest.raises(c.StreamError) as of_plain:
        around(PLAIN).parse(cut)
    with pytest.raises(DecodeError) as raised:
        around(SAY).parse(cut, unchecked=unchecked)
    assert raised.value.path == of_plain.value.path == "(parsing) -> packet -> say -> text"
    with pytest.raises(c.ConstructError) as unbuilt:
        around(PLAIN).build({"packet": {"say": {**HI, "text": 5}}})
    with pytest.raises(EncodeError) as refused:
        around(SAY).build({"packet": {"say": Say(text=5)}}, unchecked=unchecked)  # type: ignore[arg-type]
    assert refused.value.path == unbuilt.value.path == "(building) -> packet -> say -> text"


def test_path_of_an_error_is_that_of_the_frame_where_no_field_is_to_blame() -> None:
    struct: Any = c.Struct("say" / SAY)
    with pytest.raises(DecodeError) as raised:
        struct.parse(SAY_FRAME[:3])
    assert (raised.value.field, raised.value.path) == ("", "(parsing) -> say")
    with pytest.raises(EncodeError) as refused:
        struct.build({"say": 5})
    assert (refused.value.field, refused.value.path) == ("", "(building) -> say")


def test_path_of_an_error_tells_which_item_of_an_array_it_is() -> None:
    roster = Roster(entries=(User(session_id=1, name="a"), User(session_id=1, name="1")), more=False)
    with pytest.raises(EncodeError) as refused:
        c.Struct("roster" / CODECS.by_name["ROSTER"]).build({"roster": roster})
    assert refused.value.path == "(building) -> roster -> entries[1] -> name"


def test_words_of_a_nested_error_are_those_of_the_codec_alone() -> None:
    with pytest.raises(DecodeError) as alone:
        SAY.parse(EMPTY_FRAME)
    with pytest.raises(DecodeError) as nested:
        c.Array(1, SAY).parse(EMPTY_FRAME)
    assert str(nested.value) == str(alone.value)


# -- unchecked -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Struct", "Array", "Prefixed", "GreedyRange", "Switch", "FocusedSeq", "Sequence"])
def test_unchecked_reaches_a_nested_codec_both_ways(name: str) -> None:
    around, data, whole = AROUND[name]
    data = data.replace(SAY_FRAME, EMPTY_FRAME).replace(b"\x00\x0e\x00", b"\x00\x0c\x00")
    parsed = around(SAY).parse(data, unchecked=True)
    assert fields(parsed) == fields(around(PLAIN).parse(data))
    assert around(SAY).build(whole(EMPTY), unchecked=True) == data
    with pytest.raises(EncodeError):
        around(SAY).build(whole(EMPTY))


def test_unchecked_reaches_a_codec_in_a_compiled_construct() -> None:
    compiled: Any = c.Struct("number" / c.Int8ub, "say" / SAY).compile()
    assert compiled.parse(b"\x07" + EMPTY_FRAME, unchecked=True).say == EMPTY
    assert compiled.build({"number": 7, "say": EMPTY}, unchecked=True) == b"\x07" + EMPTY_FRAME


# -- compiling -----------------------------------------------------------------------------------------------------------


def test_codec_compiles_to_itself() -> None:
    assert SAY.compile() is SAY


def test_compiled_construct_refuses_every_frame_that_is_cut() -> None:
    """What construct emits for a struct reads past the end of a string."""
    compiled: Any = c.Struct("number" / c.Int8ub, "say" / SAY).compile()
    assert compiled.parse(b"\x07" + SAY_FRAME).say == MESSAGE
    assert compiled.build({"number": 7, "say": MESSAGE}) == b"\x07" + SAY_FRAME
    for size in range(len(SAY_FRAME)):
        with pytest.raises(DecodeError):
            compiled.parse(b"\x07" + SAY_FRAME[:size])
    with pytest.raises(EncodeError):
        compiled.build({"number": 7, "say": EMPTY})


def test_type_alone_in_a_compiled_construct_checks_as_much() -> None:
    compiled: Any = c.Struct("name" / NAME_TYPE, "roster" / ROSTER_TYPE).compile()
    assert compiled.parse(b"\x01a\0\0") == {"name": "a", "roster": ()}
    with pytest.raises(DecodeError):
        compiled.parse(b"\x011\0\0")
