"""The codec: every message there and back, and nothing but a message or one named refusal."""

import dataclasses
import random
import types
import typing
from enum import Enum

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import codec
from protocol.catalog import CATALOG
from protocol.codec import (
    BadFrame,
    decode,
    decode_fields,
    decode_kept,
    encode,
    encode_fields,
    kind_of,
    layout_of,
    upcast,
)
from protocol.fence import ORDERED, FenceOrdered
from protocol.market import BarClosed, Cut, CutReason, DepthBatch, Settled, TradeBatch
from protocol.message import Message
from protocol.signals import SignalRaised
from tests.makers import make_approved, make_signal

INT64 = st.integers(-(2**63), 2**63 - 1)
MUTATED_FRAMES = 100_000
SEED = 20251203


def strategy_of(hint) -> st.SearchStrategy:
    """Values of a field, by its annotation alone."""
    hint = getattr(hint, "__supertype__", hint)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Message):
        return messages_of(hint)
    if hint is int:
        return INT64
    if hint is bool:
        return st.booleans()
    if hint is str:
        return st.text(max_size=20)
    if hint is bytes:
        return st.binary(max_size=40)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if origin is tuple:
        return st.lists(strategy_of(parts[0]), max_size=5).map(tuple)
    if origin in (types.UnionType, typing.Union):  # Of a NewType it is the latter.
        return st.none() | strategy_of(parts[0])
    raise TypeError(f"no values for {hint}")


def fields_by_annotation(cls) -> dict[str, st.SearchStrategy]:
    hints = typing.get_type_hints(cls)
    return {field.name: strategy_of(hints[field.name]) for field in dataclasses.fields(cls)}


def columns(widths: dict[str, int], count: int) -> dict[str, st.SearchStrategy]:
    return {
        name: st.binary(min_size=width * count, max_size=width * count)
        for name, width in widths.items()
    }


def trade_batches(count: int, quoted: bool) -> st.SearchStrategy:
    widths = {"ts_event": 8, "price": 4, "size": 4, "aggressor": 1, "source": 1, "flags": 1}
    quotes = columns({"bid": 4, "ask": 4}, count if quoted else 0)
    given_fields = fields_by_annotation(TradeBatch) | columns(widths, count) | quotes
    return st.builds(TradeBatch, **given_fields)


def depth_batches(count: int) -> st.SearchStrategy:
    widths = {"ts_event": 8, "side": 1, "price": 4, "size": 4, "orders": 4}
    return st.builds(DepthBatch, **fields_by_annotation(DepthBatch) | columns(widths, count))


def bars(low: int, levels: int) -> st.SearchStrategy:
    level = st.lists(INT64, min_size=levels, max_size=levels).map(tuple)
    dense = dict.fromkeys(("sells", "buys", "unknowns"), level)
    ends = {"low": st.just(low), "high": st.just(low + levels - 1)}
    return st.builds(BarClosed, **fields_by_annotation(BarClosed) | dense | ends)


# The kinds whose fields must fit each other; all the others are made from annotations alone.
CHECKED = {
    TradeBatch: st.tuples(st.integers(0, 6), st.booleans()).flatmap(lambda a: trade_batches(*a)),
    DepthBatch: st.integers(0, 6).flatmap(depth_batches),
    BarClosed: st.tuples(st.integers(-9, 9), st.integers(1, 6)).flatmap(lambda a: bars(*a)),
    FenceOrdered: st.builds(
        FenceOrdered,
        ts_ns=INT64,
        cause=st.sampled_from(sorted(ORDERED)),
        detail=st.text(min_size=1, max_size=20),
    ),
}


def messages_of(cls) -> st.SearchStrategy:
    return CHECKED[cls] if cls in CHECKED else st.builds(cls, **fields_by_annotation(cls))


@pytest.mark.parametrize("cls", CATALOG, ids=lambda cls: cls.KIND)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_every_message_comes_back_equal_and_of_the_same_types(cls, data):
    message = data.draw(messages_of(cls))
    back = decode(encode(message))
    assert back == message
    assert repr(back) == repr(message)  # Equal is not enough: 1 == True, "bar" == CutReason.BAR.
    assert decode(memoryview(encode(message))) == message


@pytest.mark.parametrize("cls", CATALOG, ids=lambda cls: cls.KIND)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_the_kind_of_a_frame_is_told_by_its_first_bytes(cls, data):
    assert kind_of(encode(data.draw(messages_of(cls)))) is cls


@given(st.binary(max_size=60))
def test_any_bytes_have_a_kind_of_the_catalog_or_none(frame):
    assert kind_of(frame) is None or kind_of(frame) in CATALOG


def test_a_wrong_value_is_refused_with_its_field_after_right_ones_of_the_same_types():
    right = encode(Cut(number=1, ts_ns=2, reason=CutReason.BAR))
    for _ in range(3):
        assert decode(right) == Cut(number=1, ts_ns=2, reason=CutReason.BAR)
        with pytest.raises(BadFrame, match="market.cut.reason: found str 'bat'"):
            decode(right.replace(b"bar", b"bat"))


@pytest.mark.parametrize("cls", CATALOG, ids=lambda cls: cls.KIND)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_the_named_fields_of_a_frame_make_the_message_again(cls, data):
    message = data.draw(messages_of(cls))
    assert decode_fields(cls.KIND, cls.VERSION, encode_fields(message)) == message


CUT = ("market.cut", 1, 3, 5, "bar")
DEEP = b"\x93\xaemarket.settled\x01" + b"\x91" * 1010 + b"\x01"


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (b"", "0 bytes are not one msgpack value"),
        (b"\xc1", "1 bytes are not one msgpack value"),
        (msgpack.packb(CUT)[:-1], "bytes are not one msgpack value"),
        (msgpack.packb(CUT) + b"\0", "bytes are not one msgpack value"),
        (b"\xdd\xff\xff\xff\xff", "5 bytes are not one msgpack value"),
        (msgpack.packb(7), "found int 7, wanted an array of kind, version and fields"),
        (msgpack.packb({"a": 1}), "found dict of 1, wanted an array"),
        (msgpack.packb([]), "found tuple of 0, wanted an array"),
        (msgpack.packb(["market.cut"]), "found tuple of 1, wanted an array"),
        (msgpack.packb([1, 1]), "found tuple of 2, wanted an array"),
        (msgpack.packb(["market.cat", 1]), "kind str 'market.cat' is not in the catalog of"),
        (msgpack.packb(["x" * 10**6, 1]), "kind str 'xxxx"),
        (msgpack.packb([*CUT[:1], 2, *CUT[2:]]), "market.cut of version int 2, wanted version 1"),
        (msgpack.packb([*CUT[:1], True, *CUT[2:]]), "version bool True, wanted version 1"),
        (msgpack.packb([*CUT[:1], 1.0, *CUT[2:]]), "version float 1.0, wanted version 1"),
        (msgpack.packb(CUT[:-1]), "market.cut with 2 fields, wanted 3"),
        (msgpack.packb([*CUT, 1]), "market.cut with 4 fields, wanted 3"),
        (msgpack.packb(["market.cut", 1, "3", 5, "bar"]),
         "market.cut.number: found str '3', wanted int"),
        (msgpack.packb(["market.cut", 1, True, 5, "bar"]), "number: found bool True, wanted int"),
        (msgpack.packb(["market.cut", 1, 3, 5.0, "bar"]), "ts_ns: found float 5.0, wanted int"),
        (msgpack.packb(["market.cut", 1, 3, None, "bar"]), "ts_ns: found NoneType None, wanted"),
        (msgpack.packb(["market.cut", 1, 3, 5, "bars"]),
         "reason: found str 'bars', wanted one of bar, session, timer, end"),
        (msgpack.packb(["market.cut", 1, 3, 5, 0]), "reason: found int 0, wanted one of bar"),
        (msgpack.packb(["market.cut", 1, 3, 5, ["bar"]]), "reason: found tuple of 1, wanted one"),
        (msgpack.packb(["market.trade_batch", 1, "ES", False, b"x" * 7, *[b""] * 7]),
         "market.trade_batch: column price has 0 bytes"),
        (DEEP, "market.settled.number: found tuple of 1, wanted int"),
        (b"\x91" * 1020 + b"\x01", "found tuple of 1, wanted an array"),
    ],
)  # fmt: skip
def test_each_kind_of_bad_bytes_is_refused_with_what_was_found_and_wanted(frame, text):
    with pytest.raises(BadFrame) as error:
        decode(frame)
    assert text in str(error.value)
    assert len(str(error.value)) < 300


def test_a_frame_above_the_limit_is_refused_before_it_is_unpacked():
    with pytest.raises(BadFrame, match="frame of 67108865 bytes, wanted at most 67108864"):
        decode(memoryview(bytes(codec.FRAME_BYTES_MAX + 1)))


def test_what_no_field_may_be_does_not_travel():
    with pytest.raises(TypeError, match="object cannot travel"):
        encode(Settled(number=object()))


def sample_frames() -> list[bytes]:
    """A frame of every kind, the same ones every time."""
    frames: list[bytes] = []

    @given(data=st.data())
    @settings(max_examples=3, deadline=None, derandomize=True, database=None)
    def collect(data):
        frames.extend(encode(data.draw(messages_of(cls))) for cls in CATALOG)

    collect()
    return frames


def flip(frame: bytes, rng: random.Random) -> bytes:
    changed = bytearray(frame)
    for _ in range(rng.randrange(1, 4)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(frame: bytes, rng: random.Random) -> bytes:
    return frame[: rng.randrange(len(frame))]


def insert(frame: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(frame) + 1)
    return frame[:place] + rng.randbytes(rng.randrange(1, 9)) + frame[place:]


def noise(frame: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(len(frame))


def replace_part(frame: bytes, rng: random.Random) -> bytes:
    """Another value for the kind, the version or a field; well-formed msgpack all the same."""
    parts = list(msgpack.unpackb(frame))
    other = rng.choice([
        None, True, -1, 0, 1, 2, 2**64 - 1, -(2**63), 1.5, float("nan"), "", "bar", "market.cut",
        b"", b"\0" * 8, [], [1], [[1]], {}, {"a": 1}, msgpack.ExtType(5, b"x"),
        msgpack.Timestamp(1, 2),
    ])  # fmt: skip
    parts[rng.randrange(len(parts))] = other
    return msgpack.packb(parts)


def shuffle_parts(frame: bytes, rng: random.Random) -> bytes:
    parts = msgpack.unpackb(frame)
    rng.shuffle(parts)
    return msgpack.packb(parts)


MUTATIONS = (flip, truncate, insert, noise, replace_part, shuffle_parts)


def test_a_hundred_thousand_mutated_frames_give_a_valid_message_or_one_refusal():
    rng = random.Random(SEED)
    frames = sample_frames()
    accepted = dict.fromkeys(MUTATIONS, 0)
    for number in range(MUTATED_FRAMES):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        frame = mutation(rng.choice(frames), rng)
        try:
            message = decode(frame)
        except BadFrame:
            continue
        except Exception as error:
            raise AssertionError(f"seed {SEED}, number {number}: {frame!r}") from error
        accepted[mutation] += 1
        assert isinstance(message, Message)
        assert decode(encode(message)) == message, f"seed {SEED}, number {number}: {frame!r}"
    print({mutation.__name__: count for mutation, count in accepted.items()})
    assert accepted[truncate] == accepted[noise] == 0
    assert accepted[flip] > 0  # A flipped bit in a price is a price: the transport guards bytes.


@given(st.binary(max_size=400))
@settings(max_examples=500)
def test_any_bytes_give_a_message_or_a_refusal(frame):
    try:
        assert isinstance(decode(frame), Message)
    except BadFrame as error:
        assert str(error)


def test_a_journal_of_an_older_version_is_brought_up_step_by_step():
    # Once a cut had no reason, and before that it called its instant `ts` in milliseconds.
    upcasters = {
        ("market.cut", -1): lambda old: {"number": old["number"], "ts_ns": old["ts"] * 1_000_000},
        ("market.cut", 0): lambda old: old | {"reason": "bar"},
    }
    wanted = Cut(number=3, ts_ns=5_000_000, reason=CutReason.BAR)
    assert upcast("market.cut", -1, {"number": 3, "ts": 5}, upcasters) == wanted
    assert upcast("market.cut", 0, {"number": 3, "ts_ns": 5_000_000}, upcasters) == wanted
    today = {"number": 3, "ts_ns": 5_000_000, "reason": "bar"}
    assert upcast("market.cut", 1, today, upcasters) == wanted


@pytest.mark.parametrize(
    ("kind", "version", "today"),
    [
        ("signal.raised", 2, make_signal()),
        ("signal.approved", 1, make_approved(ref_price=20_005)),
    ],
)
def test_a_signal_from_before_it_had_a_stop_takes_the_instruments_own(kind, version, today):
    old = msgpack.unpackb(encode_fields(today))
    del old["stop_ticks"], old["target_ticks"]
    if kind == "signal.approved":
        del old["ref_price"]
    assert decode_fields(kind, version, msgpack.packb(old)) == today  # Both distances are 0.


def test_an_approved_signal_from_before_its_level_was_passed_on_stands_at_its_last_price():
    old = msgpack.unpackb(encode_fields(make_approved(last_price=20_005)))
    del old["ref_price"]
    found = decode_fields("signal.approved", 2, msgpack.packb(old))
    assert found == make_approved(ref_price=20_005)


@pytest.mark.parametrize(
    ("kind", "version", "fields", "text"),
    [
        ("market.cat", 1, {}, "kind str 'market.cat' is not in the catalog"),
        ("market.settled", 0, {"number": 1}, "of version 0: no way to version 1 is known"),
        ("market.settled", 2, {"number": 1}, "of version 2: no way to version 1 is known"),
        ("market.settled", 1, {}, r"with fields \[\], wanted \['number'\]"),
        ("market.settled", 1, {"number": 1, "x": 2}, r"with fields \['number', 'x'\], wanted"),
        ("market.settled", 1, {"number": "1"}, "market.settled.number: found str '1', wanted int"),
        ("market.settled", -7, {"n": 1}, r"version -7 with fields \['n'\], wanted 'm' too"),
    ],
)
def test_what_cannot_be_brought_up_is_refused(kind, version, fields, text):
    with pytest.raises(BadFrame, match=text):
        upcast(kind, version, fields, {("market.settled", -7): lambda old: {"number": old["m"]}})


def test_no_two_messages_share_a_kind():
    kinds = [cls.KIND for cls in CATALOG]
    assert len(set(kinds)) == len(kinds)


def test_a_kept_frame_of_today_is_read_without_asking_for_names():
    frame = encode(Settled(number=7))
    assert decode_kept(frame, None) == Settled(number=7)


def test_a_kept_frame_of_another_version_is_read_by_the_names_it_was_kept_with():
    # Version 1 of a signal had no stop and no target of its own.
    names = list(layout_of(SignalRaised))
    old = make_signal()
    values = dict(zip(names, msgpack.unpackb(encode(old))[2:], strict=True))
    for later in ("stop_ticks", "target_ticks"):
        names.remove(later)
    frame = msgpack.packb(("signal.raised", 2, *(values[name] for name in names)))
    read = decode_kept(frame, names)
    assert isinstance(read, SignalRaised)
    assert (read.id, read.stop_ticks, read.target_ticks) == (old.id, 0, 0)


def test_a_kept_frame_of_another_version_without_its_names_says_so():
    frame = msgpack.packb(("signal.raised", 2, 1, 2, 3))
    with pytest.raises(BadFrame, match="version 2 with 3 fields, and no names for them"):
        decode_kept(frame, None)
    with pytest.raises(BadFrame, match="version 2 with 3 fields, and 2 for them"):
        decode_kept(frame, ["id", "contract"])


def test_a_kept_frame_that_is_no_frame_is_refused():
    for body in (b"\x01", b"\x91\xa1x", b"\xc1"):
        with pytest.raises(BadFrame):
            decode_kept(body, None)
