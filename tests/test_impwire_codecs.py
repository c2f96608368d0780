"""The codecs: the hand-written vectors both ways, round trips, and what becomes of bytes that are wrong."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.load import load
from impwire import Connection, DecodeError, EncodeError, Extension, Received, Refused, RemoteProtocolError, Role
from impwire.codecs import CODECS, FRAME, decode, encode
from impwire.messages import (
    MESSAGES,
    Chat,
    Error,
    ErrorCode,
    Hello,
    Leave,
    Notice,
    Ping,
    Pm,
    Roster,
    Say,
    User,
    Welcome,
)
from impwire.tables import LIMITS, SECTIONS, TIMERS
from impwire.wire import Message, excerpt
from tests.support import ROOT

VECTORS = load(ROOT / "spec" / "imp.yaml").vectors
WELL_FORMED = [pytest.param(vector, id=vector.name) for vector in VECTORS if vector.message]
FRAMES = [pytest.param(bytes.fromhex(vector.hex), id=vector.name) for vector in VECTORS if vector.message]

#: Codes that depend on who else is there or on the server's settings. The server's own tests play these vectors.
OF_THE_SERVICE = {"NAME_RESERVED", "NAME_TAKEN", "NAME_BANNED", "NO_SUCH_USER", "SELF_TARGET", "RATE_LIMITED"}

SAY = bytes.fromhex("0000000a 02 00 00000005 0002 6869")


def plain(value: Any) -> Any:
    """A message or a part of it in the notation of the vectors."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Extension):
        return [value.tag, value.value.hex()]
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.name if isinstance(value, Enum) else value


def with_length(frame: bytes) -> bytes:
    """The frame with the length that it has."""
    return (len(frame) - 4).to_bytes(4, "big") + frame[4:]


def outcome(frame: bytes, *, unchecked: bool = False) -> Message | DecodeError:
    """What reading the frame gives or raises."""
    try:
        return decode(frame, unchecked=unchecked)
    except DecodeError as error:
        return error


def refusal(frame: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as raised:
        decode(frame)
    return raised.value


# -- vectors -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", WELL_FORMED)
def test_well_formed_vector_reads_as_its_fields(vector: Any) -> None:
    expected = {"flags": 0, "extensions": [], **vector.fields}
    message = decode(bytes.fromhex(vector.hex))
    assert message.NAME == vector.message
    assert plain(message) == expected


@pytest.mark.parametrize("vector", WELL_FORMED)
def test_fields_of_a_vector_are_written_as_its_bytes(vector: Any) -> None:
    extensions = [(tag, bytes.fromhex(value)) for tag, value in vector.fields.get("extensions", ())]
    frame = CODECS.by_name[vector.message].build({**vector.fields, "extensions": extensions})
    assert frame.hex() == vector.hex
    assert encode(decode(frame)) == frame


def test_every_message_has_a_vector() -> None:
    assert {vector.message for vector in VECTORS if vector.message} == set(CODECS.by_name)


@pytest.mark.parametrize(
    "vector",
    [pytest.param(v, id=v.name) for v in VECTORS if v.code and v.code not in OF_THE_SERVICE],
)
def test_ill_formed_vector_is_answered_with_its_code(vector: Any) -> None:
    server = Connection(Role.SERVER)
    server.receive_data(encode(Hello(request_id=1, min_version=256, max_version=256, capabilities=0, name="ann")))
    assert isinstance(server.next_event(), Received)
    limits = {name: limit.default for name, limit in (LIMITS | TIMERS).items()}
    about = {"version": 256, "capabilities": 0, "session_id": 1, "name": "ann", "server_name": "x", "seq": 1, "time": 0}
    welcome: Any = Welcome
    server.send(welcome(request_id=1, **about, **limits))
    server.receive_data(bytes.fromhex(vector.hex))
    try:
        event = server.next_event()
    except RemoteProtocolError as error:
        code = error.code
    else:
        assert isinstance(event, Refused)
        code = event.code
    assert code == vector.code


def test_vectors_left_to_the_service_are_well_formed_for_the_codecs() -> None:
    left = [vector for vector in VECTORS if vector.code in OF_THE_SERVICE]
    assert left
    for vector in left:
        assert encode(decode(bytes.fromhex(vector.hex))).hex() == vector.hex


# -- sweeps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES)
def test_truncated_frame_is_malformed_at_every_byte(frame: bytes) -> None:
    for size in range(len(frame)):
        assert refusal(frame[:size]).code == "MALFORMED", size


@pytest.mark.parametrize("frame", FRAMES)
def test_frame_cut_short_with_a_length_that_agrees_is_malformed(frame: bytes) -> None:
    """Unless it is cut right behind the fields or an extension, where a frame may end."""
    whole = decode(frame)
    ends = [dataclasses.replace(whole, extensions=whole.extensions[:n]) for n in range(len(whole.extensions))]  # type: ignore[type-var, attr-defined]
    good = {encode(message) for message in ends}
    for size in range(4, len(frame)):
        cut = with_length(frame[:size])
        if cut in good:
            assert encode(decode(cut)) == cut
        else:
            assert refusal(cut).code == "MALFORMED", size


@pytest.mark.parametrize("frame", FRAMES)
def test_trailing_byte_is_malformed(frame: bytes) -> None:
    for byte in (0x00, 0x01, 0x02, 0xFF):
        longer = frame + bytes([byte])
        assert refusal(longer).code == "MALFORMED"
        assert refusal(with_length(longer)).code == "MALFORMED"


@pytest.mark.parametrize("frame", FRAMES)
def test_frame_with_one_wrong_byte_is_refused_or_is_another_message(frame: bytes) -> None:
    """No byte is ignored: what is accepted is written again as it was read. Nothing but DecodeError is raised."""
    for changed in mutations(frame):
        found = outcome(changed)
        assert isinstance(found, DecodeError) or encode(found) == changed


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_read_unchecked_is_written_unchecked_as_it_was(frame: bytes) -> None:
    """But for fields of a fixed value, which no message bears."""
    for changed in mutations(frame):
        found = outcome(changed, unchecked=True)
        if isinstance(found, DecodeError):
            assert found.code in ("MALFORMED", "UNKNOWN_TYPE"), "a value was checked"
        elif isinstance(found, Hello):
            assert encode(found, unchecked=True) == changed[:10] + b"IMP1" + changed[14:]
        else:
            assert encode(found, unchecked=True) == changed


def mutations(frame: bytes) -> list[bytes]:
    """The frame with one byte changed, to 0, to 255 and by one, at every place."""
    found = []
    for place, byte in enumerate(frame):
        for new in {0x00, 0xFF, (byte + 1) % 256, (byte - 1) % 256} - {byte}:
            found.append(frame[:place] + bytes([new]) + frame[place + 1 :])
    return found


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(MESSAGES)), st.binary(max_size=60))
def test_no_body_raises_anything_but_a_decode_error(type_: int, body: bytes) -> None:
    frame = with_length(bytes([0, 0, 0, 0, type_, 0, 0, 0, 0, 1]) + body)
    for unchecked in (False, True):
        found = outcome(frame, unchecked=unchecked)
        assert found.code if isinstance(found, DecodeError) else found.TYPE == type_


# -- errors of reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "code", "message", "field", "offset", "reason"),
    [
        ("0000000a 02 00 00000005 0003 6869", "MALFORMED", "SAY", "text", 14, "the frame ends inside this field"),
        ("00000008 02 00 00000005 0000", "TEXT_EMPTY", "SAY", "text", 12, "0 bytes are fewer than 1"),
        ("0000000a 02 00 00000005 0002 61ff", "INVALID_TEXT", "SAY", "text", 13, "not UTF-8: invalid start byte"),
        ("0000000b 02 00 00000005 0003 c3a907", "INVALID_TEXT", "SAY", "text", 14, "U+0007 is not allowed here"),
        ("0000000b 05 00 00000005 04 31616e6e", "NAME_INVALID", "RENAME", "name", 11, "U+0031 is not allowed here"),
        ("00000007 05 00 00000005 00", "NAME_INVALID", "RENAME", "name", 11, "0 bytes are fewer than 1"),
        (
            "00000020 05 00 00000005 19" + "61" * 25,
            *("NAME_INVALID", "RENAME", "name", 35, "25 bytes are more than 24"),
        ),
        ("0000000a 02 05 00000005 0002 6869", "UNSUPPORTED_CRITICAL", "SAY", "flags", 5, "flags 0x05 hold a critical flag that is not known here"),
        ("0000000d 02 00 00000005 0002 6869 03 0000", "UNSUPPORTED_CRITICAL", "SAY", "extensions", 14, "extension 3 is critical and not known here"),
        ("00000007 06 00 00000005 02", "MALFORMED", "LEAVE", "extensions", 11, "the frame ends inside this field"),
        ("00000005 06 00 000000", "MALFORMED", "LEAVE", "", 9, "the length is too small"),
        ("00000005", "MALFORMED", "", "", 4, "the frame ends inside its header"),
        ("00000005 06 00 00000005", "MALFORMED", "LEAVE", "", 9, "the length is too small"),
        ("00000009 06 00 00000005", "MALFORMED", "LEAVE", "", 10, "the frame ends before the length says"),
        ("00000006 06 00 00000005 00", "MALFORMED", "LEAVE", "", 10, "1 byte behind the end of the frame"),
        ("00000016 01 00 00000005 494d5032 0100 0100 00000000 03 616e6e", "MALFORMED", "HELLO", "magic", 10, "0x494d5032 is not 0x494d5031"),
        ("00000015 82 00 0000000b 0001 0000000000000000 03 5a6f65 01", "MALFORMED", "ROSTER", "entries[0].session_id", 12, "0 is not from 1 to 18446744073709551615"),
        ("00000009 82 00 0000000a 0000 02", "MALFORMED", "ROSTER", "more", 12, "2 is neither 0 nor 1"),
        ("00000009 82 00 0000000a 1001 00", "MALFORMED", "ROSTER", "entries", 10, "4097 items are more than 4096"),
        ("0000001a c2 00 00000000 0000000000000000 0000000000000000 03 0001 61", "MALFORMED", "NOTICE", "scope", 26, "3 is none of ALL, PRIVATE"),
    ],
)  # fmt: skip
def test_decode_error_tells_what_is_wrong_and_where(
    frame: str, code: str, message: str, field: str, offset: int, reason: str
) -> None:
    error = refusal(bytes.fromhex(frame))
    assert (error.code, error.message, error.field, error.offset) == (code, message, field, offset)
    assert error.reason == reason
    assert error.section == SECTIONS.get(message, "")


def test_decode_error_reads_as_one_line_with_an_excerpt() -> None:
    assert str(refusal(bytes.fromhex("0000000b 02 00 00000005 0003 61ff62"))) == (
        "SAY.text: not UTF-8: invalid start byte (byte 13 of the frame: … 00 00 05 00 03 61 [ff] 62) "
        "[INVALID_TEXT; protocol.txt, section 12.2]"
    )


def test_decode_error_has_the_header_as_far_as_it_was_read() -> None:
    error = refusal(bytes.fromhex("00000008 02 00 00000005 0000"))
    assert error.header is not None
    assert tuple(error.header) == (2, 0, 5)
    assert refusal(SAY[:9]).header is None


def test_error_of_a_value_has_the_message_as_it_came_and_one_of_the_layout_has_none() -> None:
    value = refusal(bytes.fromhex("0000000a 02 00 00000005 0002 61ff"))
    assert value.partial == Say(request_id=5, text=b"a\xff")  # type: ignore[arg-type]
    assert refusal(bytes.fromhex("0000000a 02 00 00000005 0003 6869")).partial is None


def test_wrong_layout_comes_before_a_wrong_value_in_front_of_it() -> None:
    """REQ-5, step 3 before step 8."""
    assert refusal(bytes.fromhex("0000000b 03 00 00000005 01 39 0002 68")).code == "MALFORMED"


def test_critical_part_comes_before_a_wrong_value_in_front_of_it() -> None:
    """REQ-5, step 7 before step 8."""
    assert refusal(bytes.fromhex("0000000b 02 00 00000005 0000 01 0000")).code == "UNSUPPORTED_CRITICAL"


def test_first_of_two_wrong_values_counts() -> None:
    """REQ-5, step 8: field by field."""
    assert refusal(bytes.fromhex("0000000a 03 00 00000005 01 39 0000")).field == "to"


def test_unknown_type_is_told_with_its_header() -> None:
    error = refusal(bytes.fromhex("00000006 3f 01 00000007"))
    assert (error.code, error.header) == ("UNKNOWN_TYPE", (0x3F, 1, 7))
    assert str(error) == (
        "type 0x3f is not known here (byte 4 of the frame: 00 00 00 06 [3f] 01 00 00 00 07) [UNKNOWN_TYPE]"
    )


def test_frame_of_another_message_is_refused_by_a_codec() -> None:
    with pytest.raises(DecodeError, match=r"PM\.type: 0x2 is not 0x3") as raised:
        CODECS.by_name["PM"].parse(SAY)
    assert raised.value.code == "MALFORMED"


def test_codec_refuses_a_frame_that_ends_inside_its_length() -> None:
    with pytest.raises(DecodeError, match="the frame ends inside its header") as raised:
        CODECS.by_name["SAY"].parse(SAY[:3])
    assert (raised.value.code, raised.value.offset, raised.value.header) == ("MALFORMED", 3, None)


def test_first_of_two_extensions_with_one_tag_counts() -> None:
    """EXT-9."""
    leave = decode(bytes.fromhex("0000000e 06 00 00000005 02 0001 aa 02 0001 bb"))
    assert leave == Leave(request_id=5, extensions=(Extension(2, b"\xaa"),))


@pytest.mark.parametrize(
    ("offset", "shown"),
    [
        (0, "[00] 01 02 …"),
        (3, "… 01 02 [03] 04 05 …"),
        (7, "… 05 06 [07]"),
        (8, "… 06 07 [end]"),
        (None, "… 06 07 [end]"),
    ],
)
def test_excerpt_marks_the_byte_and_tells_what_is_left_out(offset: int | None, shown: str) -> None:
    assert excerpt(bytes(range(8)), offset, around=2) == shown


# -- errors of writing ---------------------------------------------------------------------------------------------------


def error_fields(**changed: Any) -> Error:
    fields: dict[str, Any] = {"request_id": 1, "code": 1, "request_type": 2, "retry_after_ms": 0, "detail": ""}
    return Error(**(fields | changed))


@pytest.mark.parametrize(
    ("message", "field", "reason"),
    [
        (Say(text=5), "text", "5 is not a string"),  # type: ignore[arg-type]
        (Say(text=b"hi"), "text", "b'hi' is not a string"),  # type: ignore[arg-type]
        (Say(text=""), "text", "0 bytes are fewer than 1"),
        (Say(text="\u20ac" * 1366), "text", "4098 bytes are more than 4096"),
        (Say(text="\ud800"), "text", "not UTF-8: surrogates not allowed"),
        (Say(text="a\x00"), "text", "U+0000 is not allowed here"),
        (Say(text="hi", request_id=-1), "request_id", "-1 does not fit into 4 bytes"),
        (Say(text="hi", request_id=1 << 32), "request_id", "4294967296 does not fit into 4 bytes"),
        (Say(text="hi", flags=256), "flags", "256 does not fit into 1 byte"),
        (Say(text="hi", flags="x"), "flags", "'x' does not fit into 1 byte"),  # type: ignore[arg-type]
        (error_fields(retry_after_ms=1 << 32), "retry_after_ms", "4294967296 is not from 0 to 4294967295"),
        (error_fields(retry_after_ms=1.5), "retry_after_ms", "1.5 is not a whole number"),
        (error_fields(code="NO_SUCH_CODE"), "code", None),
        (error_fields(code=256), "code", "256 does not fit into 1 byte"),
        (error_fields(code=-1), "code", "-1 does not fit into 1 byte"),
        (error_fields(code=None), "code", None),
        (Notice(seq=0, time=0, scope=3, text="hi"), "scope", "3 is none of ALL, PRIVATE"),  # type: ignore[arg-type]
        (Roster(entries=5, more=False), "entries", "5 is not a tuple"),  # type: ignore[arg-type]
        (Roster(entries=(User(session_id=0, name="a"),), more=False), "entries[0].session_id", "0 is not from 1 to 18446744073709551615"),
        (Roster(entries=(User(session_id=1, name="1"),), more=False), "entries[0].name", "U+0031 is not allowed here"),
        (Roster(entries=(User(session_id=1, name="a"),) * 4097, more=False), "entries", "4097 items are more than 4096"),
        (Roster(entries=("ann",), more=False), "entries[0].session_id", "the field is missing"),  # type: ignore[arg-type]
        (Roster(entries=(), more=1), "more", "1 is neither True nor False"),  # type: ignore[arg-type]
        (Leave(extensions=5), "extensions", "5 is not a tuple of extensions"),  # type: ignore[arg-type]
        (Leave(extensions=(5,)), "extensions", "(5,) is not a tuple of extensions"),  # type: ignore[arg-type]
        (Leave(extensions=(Extension(256, b""),)), "extensions", "the tag 256 does not fit into 1 byte"),
        (Leave(extensions=(Extension(2, "x"),)), "extensions", "'x' is not bytes"),  # type: ignore[arg-type]
        (Leave(extensions=(Extension(2, bytes(65536)),)), "extensions", "65536 bytes are more than 65535"),
        (Leave(extensions=(Extension(2, b"a"), Extension(2, b"b"))), "extensions", "extension 2 stands here twice"),
    ],
)  # fmt: skip
def test_value_that_a_message_cannot_bear_is_refused_with_its_field(
    message: Message, field: str, reason: str | None
) -> None:
    with pytest.raises(EncodeError) as raised:
        encode(message)
    error = raised.value
    assert (error.message, error.field, error.section) == (message.NAME, field, SECTIONS[message.NAME])
    assert (error.offset, error.excerpt) == (None, "")
    assert error.code
    if reason:
        assert error.reason == reason
    else:
        assert "is none of UNKNOWN_TYPE, UNSUPPORTED_CRITICAL" in error.reason


def test_encode_error_has_the_code_that_a_peer_would_answer_with() -> None:
    with pytest.raises(EncodeError) as raised:
        encode(Pm(request_id=1, to="9", text="hi"))
    assert str(raised.value) == "PM.to: U+0039 is not allowed here [NAME_INVALID; protocol.txt, section 12.3]"


def test_missing_field_of_a_mapping_is_refused() -> None:
    with pytest.raises(EncodeError) as raised:
        CODECS.by_name["PM"].build({"request_id": 1, "to": "bob"})
    assert (raised.value.field, raised.value.reason, raised.value.code) == ("text", "the field is missing", "MALFORMED")


def test_mapping_needs_neither_fixed_fields_nor_header() -> None:
    hello = {"min_version": 256, "max_version": 256, "capabilities": 0, "name": "ann"}
    assert decode(CODECS.by_name["HELLO"].build(hello)) == Hello(**hello)  # type: ignore[arg-type]


def test_fixed_field_may_be_given_only_as_it_is() -> None:
    hello = {"min_version": 256, "max_version": 256, "capabilities": 0, "name": "ann"}
    codec = CODECS.by_name["HELLO"]
    assert codec.build({**hello, "magic": 0x494D5031}) == codec.build(hello)
    with pytest.raises(EncodeError, match=r"HELLO\.magic: 5 is not 0x494d5031"):
        codec.build({**hello, "magic": 5})
    with pytest.raises(EncodeError, match=r"HELLO\.type: 2 is not 0x1"):
        codec.build({**hello, "type": 2})


def test_name_of_a_value_stands_for_it() -> None:
    assert encode(error_fields(code="NAME_TAKEN")) == encode(error_fields(code=ErrorCode.NAME_TAKEN))


def test_message_of_another_class_is_refused() -> None:
    codec: Any = CODECS.by_name["PM"]
    with pytest.raises(EncodeError, match="expected Pm, found Say"):
        codec.build(Say(text="hi"))
    with pytest.raises(EncodeError, match="User is no message of this protocol"):
        encode(User(session_id=1, name="ann"))  # type: ignore[arg-type]


# -- unchecked -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "field", "value"),
    [
        ("00000008 02 00 00000005 0000", "text", ""),
        ("0000000a 02 00 00000005 0002 61ff", "text", b"a\xff"),
        ("0000000a 02 0f 00000005 0002 6869", "flags", 0x0F),
        ("0000000d 02 00 00000005 0002 6869 03 0000", "extensions", (Extension(3, b""),)),
        ("00000009 82 00 0000000a 0000 02", "more", 2),
        ("0000001a c2 00 00000000 0000000000000000 0000000000000000 03 0001 61", "scope", 3),
    ],
)
def test_unchecked_reading_and_writing_lets_wrong_values_through(frame: str, field: str, value: Any) -> None:
    data = bytes.fromhex(frame)
    assert refusal(data)
    message = decode(data, unchecked=True)
    assert getattr(message, field) == value
    if field not in ("flags", "extensions"):  # A sender may know more than this receiver.
        with pytest.raises(EncodeError):
            encode(message)
    assert encode(message, unchecked=True) == data


def test_unchecked_header_may_lie() -> None:
    lying = {"length": 9, "type": 0x99, "flags": 0xFF, "request_id": 0}
    assert CODECS.by_name["LEAVE"].build(lying, unchecked=True).hex() == "0000000999ff00000000"


def test_unchecked_array_may_be_longer_than_allowed_but_no_longer_than_its_count_tells() -> None:
    users = (User(session_id=1, name="a"),) * 4097
    frame = encode(Roster(entries=users, more=False), unchecked=True)
    assert frame[10:12].hex() == "1001"
    # A lying count must cost neither time nor memory, so it is refused even then.
    with pytest.raises(DecodeError, match="4097 items are more than 4096"):
        decode(frame, unchecked=True)
    with pytest.raises(EncodeError, match="the count of 65536 items does not fit into 2"):
        encode(Roster(entries=users[:1] * 65536, more=False), unchecked=True)


def test_unchecked_string_may_not_be_longer_than_its_count_tells() -> None:
    with pytest.raises(EncodeError, match="the count of 256 bytes does not fit into 1"):
        encode(Pm(to="a" * 256, text="hi"), unchecked=True)


@pytest.mark.parametrize(
    "message",
    [
        Say(text=5),  # type: ignore[arg-type]
        error_fields(retry_after_ms="x"),
        error_fields(retry_after_ms=1.5),
        error_fields(code="NO_SUCH_CODE"),
        error_fields(retry_after_ms=1 << 32),
        Roster(entries=(), more="x"),  # type: ignore[arg-type]
        Roster(entries=5, more=False),  # type: ignore[arg-type]
        Leave(extensions=(Extension(2, 5),)),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_written_at_all_is_refused_unchecked_too(message: Message) -> None:
    with pytest.raises(EncodeError):
        encode(message, unchecked=True)


def test_fixed_field_is_a_number_even_unchecked() -> None:
    hello = {"magic": "IMP2", "min_version": 256, "max_version": 256, "capabilities": 0, "name": "ann"}
    with pytest.raises(EncodeError, match="'IMP2' is not a whole number"):
        CODECS.by_name["HELLO"].build(hello, unchecked=True)


def test_unchecked_extensions_may_repeat_a_tag() -> None:
    twice = Leave(extensions=(Extension(2, b"a"), Extension(2, b"b")))
    assert encode(twice, unchecked=True).hex().endswith("0200016102000162")


# -- codecs and frames -------------------------------------------------------------------------------------------------------


def test_codecs_are_found_by_type_class_and_name() -> None:
    for type_, kind in MESSAGES.items():
        assert CODECS.by_type[type_] is CODECS.by_class[kind] is CODECS.by_name[kind.NAME]
        assert kind.TYPE == type_
    assert isinstance(decode(encode(Chat(seq=1, time=1, who=User(session_id=1, name="a"), text="b"))), Chat)


def test_frame_layout_tells_its_sizes() -> None:
    assert (FRAME.prefix_size, FRAME.header_size) == (4, 10)
    assert (FRAME.name_of("correlation"), FRAME.name_of("none such")) == ("request_id", "")


def test_frame_full_of_faults_notes_the_first_of_each_kind() -> None:
    """So that telling what is wrong costs no more than reading."""
    body = bytes.fromhex("0002 6869") + bytes.fromhex("01 0000") * 500
    error = refusal(with_length(bytes.fromhex("00000000 02 00 00000005") + body))
    assert (error.code, error.offset) == ("UNSUPPORTED_CRITICAL", 14)


def test_bytes_behind_the_frame_come_before_a_wrong_value() -> None:
    error = refusal(bytes.fromhex("00000008 05 00 00000005 01 2d 00"))
    assert (error.code, error.reason, error.partial) == ("MALFORMED", "1 byte behind the end of the frame", None)


def test_error_can_be_copied_and_sent_to_another_process() -> None:
    error = refusal(bytes.fromhex("0000000b 02 00 00000005 0003 61ff62"))
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(other) == str(error)
        assert (other.field, other.offset, other.excerpt, other.header) == ("text", 13, error.excerpt, error.header)


def test_number_that_python_will_not_print_is_refused_like_any_other() -> None:
    with pytest.raises(EncodeError, match=r"PING\.nonce: a int that cannot be shown is not from 0"):
        encode(Ping(request_id=1, nonce=10**5000))


def test_length_that_lies_costs_a_stream_no_memory(tmp_path: Path) -> None:
    (tmp_path / "frames").write_bytes(bytes.fromhex("ffffffff 02 00 00000005 0002 6869"))
    with (tmp_path / "frames").open("rb", buffering=0) as file, pytest.raises(DecodeError, match="the length says"):
        CODECS.by_name["SAY"].parse_stream(file)
