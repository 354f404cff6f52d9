"""The frame by itself: what is proven, what is refused, and how much is held until then."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.frames import BODY_BYTES_MIN, HEADER_BYTES, MAGIC, Forged, FrameBuffer, Seal

LIMIT = 4096
SEAL = Seal(b"k" * 32, LIMIT)
OTHER = Seal(b"x" * 32, LIMIT)
BODY = pickle.dumps(("somebody", "a message of some length"))
FRAME = SEAL.frame(BODY)


def feed(data: bytes, step: int = LIMIT) -> FrameBuffer:
    """Give `data` to a buffer as a socket would: no more at a time than it asks for."""
    buffer = FrameBuffer(SEAL)
    while data and not buffer.isDone():
        size = min(step, buffer.remainingAmount())
        buffer.addMore(data[:size])
        data = data[size:]
    return buffer


@given(st.integers(1, len(FRAME)))
def test_a_frame_is_whole_however_it_is_cut(step: int) -> None:
    buffer = feed(FRAME, step)
    assert buffer.isDone() and buffer.proven
    assert buffer.completed() == (pickle.loads(BODY), b"")


@given(st.integers(0, len(FRAME) - 1), st.integers(1, 255))
def test_a_frame_with_any_byte_changed_is_refused(place: int, flip: int) -> None:
    changed = bytearray(FRAME)
    changed[place] ^= flip
    with pytest.raises(Forged):
        feed(bytes(changed))


@given(st.binary(min_size=len(MAGIC)))
def test_garbage_is_refused_and_never_holds_more_than_a_header(data: bytes) -> None:
    buffer = FrameBuffer(SEAL)
    with pytest.raises(Forged):
        while data:
            assert buffer.remainingAmount() <= HEADER_BYTES + BODY_BYTES_MIN
            buffer.addMore(data[:1])
            data = data[1:] or b"?"
    assert buffer.forged and not buffer.proven


def test_a_frame_of_another_run_is_refused_at_its_header() -> None:
    with pytest.raises(Forged, match="header"):
        feed(OTHER.frame(BODY)[:HEADER_BYTES])


def test_a_true_header_before_another_body_is_refused() -> None:
    with pytest.raises(Forged, match="body"):
        feed(FRAME[:HEADER_BYTES] + bytes(len(BODY)))


def test_a_buffer_never_asks_for_a_byte_of_the_next_frame() -> None:
    shortest = SEAL.frame(bytes(BODY_BYTES_MIN))
    assert FrameBuffer(SEAL).remainingAmount() == len(shortest)
    assert feed(shortest).remainingAmount() == 0


def test_more_bytes_than_were_asked_for_are_refused() -> None:
    with pytest.raises(Forged, match="more bytes"):
        FrameBuffer(SEAL).addMore(FRAME + b"?")


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_a_body_up_to_the_limit_is_taken(size: int) -> None:
    assert feed(SEAL.frame(bytes(size))).isDone()


def test_a_body_over_the_limit_is_neither_made_nor_taken() -> None:
    with pytest.raises(ValueError, match="4097 bytes: wanted at most 4096"):
        SEAL.frame(bytes(LIMIT + 1))
    generous = Seal(b"k" * 32, LIMIT + 1)
    with pytest.raises(Forged, match="4097 bytes"):
        feed(generous.frame(bytes(LIMIT + 1))[:HEADER_BYTES])
