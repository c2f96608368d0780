"""The frame decoder: the same frames however the stream is cut, and no byte kept behind a length that is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impwire import DecodeError, FrameDecoder, FramingError
from impwire.codecs import CODECS, encode
from impwire.messages import Leave, Say
from impwire.tables import MAX_FRAME_BEFORE_WELCOME


def frame(size: int, filler: int = 0) -> bytes:
    """A frame with a length of `size`."""
    return size.to_bytes(4, "big") + bytes([filler]) * size


def frames(decoder: FrameDecoder) -> list[bytes]:
    """All whole frames that are there."""
    found = []
    while (one := decoder.next_frame()) is not None:
        found.append(one)
    return found


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(6, 40), max_size=6), st.binary(max_size=3), st.data())
def test_any_cut_of_the_stream_gives_the_same_frames(sizes: list[int], rest: bytes, data: st.DataObject) -> None:
    """TRANSPORT-1."""
    whole = [frame(size, number) for number, size in enumerate(sizes)]
    stream = b"".join(whole) + rest
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    decoder, found = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        decoder.feed(stream[start:end])
        found += frames(decoder)
    assert found == whole
    assert decoder.unfinished == bool(rest)


def test_frames_come_out_byte_by_byte() -> None:
    stream, decoder, found = frame(6, 1) + frame(9, 2), FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME), []
    for byte in stream:
        decoder.feed(bytes([byte]))
        found += frames(decoder)
    assert found == [frame(6, 1), frame(9, 2)]


def test_frames_may_be_asked_for_late() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(6, 1) + frame(7, 2)[:5])
    decoder.feed(frame(7, 2)[5:])
    assert frames(decoder) == [frame(6, 1), frame(7, 2)]


# -- the length ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "code"),
    [(0, "MALFORMED"), (5, "MALFORMED"), (513, "FRAME_TOO_LARGE"), (0xFFFFFFFF, "FRAME_TOO_LARGE")],
)
def test_length_is_judged_at_its_fourth_byte(length: int, code: str) -> None:
    """FRAME-3: no byte behind it is waited for."""
    decoder, prefix = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME), length.to_bytes(4, "big")
    for end in range(3):
        decoder.feed(prefix[end : end + 1])
        assert decoder.next_frame() is None
    decoder.feed(prefix[3:])
    with pytest.raises(DecodeError) as raised:
        decoder.next_frame()
    assert (raised.value.code, raised.value.offset) == (code, 0)


@pytest.mark.parametrize("length", [6, MAX_FRAME_BEFORE_WELCOME])
def test_shortest_and_longest_length_are_allowed(length: int) -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(length))
    assert decoder.next_frame() == frame(length)


def test_refused_length_is_told_in_numbers() -> None:
    decoder = FrameDecoder(CODECS, 100)
    decoder.feed(frame(101))
    with pytest.raises(DecodeError, match="a length of 101 is more than 100"):
        decoder.next_frame()


def test_there_is_no_way_on_behind_a_refused_length() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(5) + frame(6))
    for _ in range(2):
        with pytest.raises(DecodeError, match="a length of 5 is less than the header's 6"):
            decoder.next_frame()


def test_frames_in_front_of_a_refused_length_still_come_out() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(6) + frame(0))
    assert decoder.next_frame() == frame(6)
    with pytest.raises(DecodeError):
        decoder.next_frame()


def test_limit_may_rise_between_two_frames_that_came_together() -> None:
    """FRAME-5: what stands right behind HELLO is held to the limit of WELCOME."""
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(10) + frame(5000))
    assert decoder.next_frame() == frame(10)
    decoder.max_length = 5000
    assert decoder.next_frame() == frame(5000)


def test_limit_may_fall_between_two_frames_that_came_together() -> None:
    decoder = FrameDecoder(CODECS, 100)
    decoder.feed(frame(50) + frame(50))
    assert decoder.next_frame() == frame(50)
    decoder.max_length = 49
    with pytest.raises(DecodeError, match="a length of 50 is more than 49"):
        decoder.next_frame()


# -- what is left --------------------------------------------------------------------------------------------------------


def test_frame_is_unfinished_from_its_first_byte_to_its_last() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    assert not decoder.unfinished
    for byte in frame(6)[:-1]:
        decoder.feed(bytes([byte]))
        assert decoder.next_frame() is None
        assert decoder.unfinished
    decoder.feed(frame(6)[-1:])
    assert decoder.next_frame() == frame(6)
    assert not decoder.unfinished


def test_cleared_decoder_begins_anew() -> None:
    """STATE-5: what came before counts no more, also a frame that was half read."""
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(6) + frame(9)[:7])
    decoder.next_frame()
    decoder.clear()
    assert not decoder.unfinished
    assert decoder.next_frame() is None
    decoder.feed(frame(7))
    assert decoder.next_frame() == frame(7)


# -- messages ------------------------------------------------------------------------------------------------------------


def test_messages_come_out_in_order() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(encode(Say(request_id=1, text="hi")) + encode(Leave(request_id=2)) + b"\x00")
    assert decoder.next_message() == Say(request_id=1, text="hi")
    assert decoder.next_message() == Leave(request_id=2)
    assert decoder.next_message() is None


def test_message_that_cannot_be_read_does_not_stop_those_behind_it() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(bytes.fromhex("00000008 02 00 00000005 0000") + encode(Leave(request_id=2)))
    with pytest.raises(DecodeError, match="TEXT_EMPTY"):
        decoder.next_message()
    assert decoder.next_message() == Leave(request_id=2)


def test_behind_a_length_that_is_refused_nothing_is_taken_until_all_is_dropped() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(frame(1) + frame(6))
    for _ in range(3):
        with pytest.raises(FramingError):
            decoder.next_frame()
        decoder.feed(bytes(1000))
        assert not decoder.unfinished
    decoder.clear()
    decoder.feed(frame(6))
    assert decoder.next_frame() == frame(6)


def test_message_with_a_fault_is_taken_and_the_next_one_follows() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    decoder.feed(encode(Say(request_id=1, text=""), unchecked=True) + encode(Leave(request_id=2)))
    with pytest.raises(DecodeError) as raised:
        decoder.next_message()
    assert not isinstance(raised.value, FramingError)
    assert decoder.next_message() == Leave(request_id=2)


def test_pieces_of_any_kind_of_buffer_are_taken_and_a_number_is_not() -> None:
    decoder = FrameDecoder(CODECS, MAX_FRAME_BEFORE_WELCOME)
    for piece in (bytearray(frame(8)[:5]), memoryview(frame(8)[5:7]), frame(8)[7:]):
        decoder.feed(piece)
    assert decoder.next_frame() == frame(8)
    with pytest.raises(TypeError):
        decoder.feed(6)  # type: ignore[arg-type]
    assert not decoder.unfinished
