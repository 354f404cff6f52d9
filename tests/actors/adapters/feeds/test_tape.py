"""The tape: batches, cuts in their places, and the same tape however its source is chunked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import Tally, TapeRule, tape, write_tape
from actors.adapters.frames import FrameLog
from actors.core.columns import trades_of
from protocol.codec import decode, encode
from protocol.market import Aggressor, Cut, CutReason, SideSource, TradeBatch
from protocol.pattern_settings import FlowSettings
from protocol.series import BarKind, Series, parse_series
from protocol.settings import BarSettings, FeedSettings
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from tests.actors.adapters.feeds.recordings import Chunks, all_trades, trades_from
from tests.makers import at

FIVE_MINUTES = (Series(BarKind.TIME, 300),)
RULE = TapeRule(series=FIVE_MINUTES, split=True, batch_trades_max=4)


def shape(messages):
    """Batches by their length, cuts by their clock minute and reason."""
    return [
        (found.number, found.reason) if isinstance(found, Cut) else len(found)
        for found in messages
    ]


def test_no_trades_make_no_tape():
    assert list(tape(Chunks(), RULE)) == []
    assert list(tape(Chunks(trades_from([], [])), RULE)) == []


def test_a_tape_ends_with_a_cut_just_behind_its_last_trade():
    *_, last = tape(Chunks(trades_from([at("10:00")], 100)), RULE)
    assert last == Cut(number=1, ts_ns=at("10:00") + 1, reason=CutReason.END)


def test_batches_hold_at_most_the_limit_and_never_span_a_cut():
    ts = [at("10:04")] * 6 + [at("10:05")] * 5
    assert shape(tape(Chunks(trades_from(ts, 100)), RULE)) == [
        4, 2, (1, CutReason.BAR), 4, 1, (2, CutReason.END)
    ]


def test_every_cut_stands_between_the_trades_before_and_at_its_instant():
    rng = np.random.default_rng(3)
    ts = at("09:20") + np.sort(rng.integers(0, 8 * 3600 * NANOS_PER_S, 500))
    before, numbers = 0, []
    latest = None
    for message in tape(Chunks(trades_from(ts, 100)), RULE):
        if isinstance(message, Cut):
            assert before < message.ts_ns
            latest = message.ts_ns
            numbers.append(message.number)
        else:
            column = trades_of(message).ts_event
            assert latest is None or column[0] >= latest
            before = int(column[-1])
    assert numbers == list(range(1, len(numbers) + 1))


def test_at_a_speed_a_batch_spans_no_more_than_its_share_of_event_time():
    feed = FeedSettings(batch_ms=10, speed=2.0, batch_trades_max=1000)
    rule = TapeRule.of(feed, BarSettings())
    assert rule.batch_ns == 20 * NANOS_PER_MS
    ts = [at("10:00") + ms * NANOS_PER_MS for ms in (0, 19, 20, 39, 41)]
    assert shape(tape(Chunks(trades_from(ts, 100)), rule))[:-1] == [2, 2, 1]


def test_at_speed_zero_no_clock_limits_a_batch():
    assert TapeRule.of(FeedSettings(speed=0.0), BarSettings()).batch_ns == 0


@pytest.mark.parametrize(
    ("flow", "step_s"),
    [
        (FlowSettings(), 0),
        (FlowSettings(enabled=True), 5),
        (FlowSettings(enabled=True, step_s=7), 7),
        (FlowSettings(enabled=True, exits=False), 0),
        (FlowSettings(exits=True), 0),
    ],
)
def test_slices_are_cut_only_where_the_metrics_may_demand_an_exit(flow, step_s):
    rule = TapeRule.of(FeedSettings(), BarSettings(), flow)
    assert rule.step_ns == step_s * NANOS_PER_S
    assert TapeRule.of(FeedSettings(), BarSettings()).step_ns == 0


def test_a_new_contract_starts_a_new_batch_and_forgets_the_old_prices():
    class TwoMonths:
        def __iter__(self):
            yield Chunk(trades_from([at("10:00")] * 2, [100, 101]), "ESU3", simulated=False)
            yield Chunk(trades_from([at("10:01")] * 2, [120, 120]), "ESZ3", simulated=False)

    first, second, _ = tape(TwoMonths(), RULE)
    assert (first.contract, second.contract) == ("ESU3", "ESZ3")
    assert trades_of(first).aggressor.tolist() == [Aggressor.UNKNOWN, Aggressor.BUY]
    assert trades_of(second).aggressor.tolist() == [Aggressor.UNKNOWN, Aggressor.UNKNOWN]


STEPS = st.lists(
    st.tuples(st.sampled_from([0, 1, 5, 90, 400, 20_000]), st.integers(-1, 1)), max_size=40
)


SERIES = st.lists(
    st.sampled_from(["time:300", "time:7", "tick:3", "volume:10", "range:2"]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip


@given(
    STEPS, st.lists(st.integers(0, 40), max_size=6), st.sampled_from([0, 10, 300]), SERIES,
    st.booleans(),
)  # fmt: skip
def test_how_a_source_is_chunked_makes_no_difference(steps, cuts, span_s, names, split):
    series = tuple(parse_series(name) for name in names)
    rule = TapeRule(
        series=series, split=split, batch_trades_max=3, batch_ns=span_s * NANOS_PER_S
    )
    ts = at("09:00") + np.cumsum([seconds for seconds, _ in steps] or [0]) * NANOS_PER_S
    whole = trades_from(ts, 1000 + np.cumsum([move for _, move in steps] or [0]), size=3)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    parts = [whole.slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]
    expected = list(tape(Chunks(whole), rule))
    assert list(tape(Chunks(*parts), rule)) == expected
    assert all_trades(expected).ts_event.tolist() == whole.ts_event.tolist()


def ticks_of(size: int) -> TapeRule:
    return TapeRule(series=(Series(BarKind.TICK, size),), split=True, batch_trades_max=2)


def test_trades_of_the_nanosecond_that_ends_a_bar_come_before_its_cut_in_whatever_batch():
    ten = at("10:00")
    ts = [ten, ten + 5, ten + 5, ten + 5, ten + 9]
    assert shape(tape(Chunks(trades_from(ts, 100)), ticks_of(2))) == [
        2, 2, (1, CutReason.BAR), 1, (2, CutReason.END)
    ]  # fmt: skip


def test_a_bar_that_the_last_trade_ends_is_cut_by_the_end_of_the_tape():
    ten = at("10:00")
    *_, last = tape(Chunks(trades_from([ten, ten + 5], 100)), ticks_of(2))
    assert last == Cut(number=1, ts_ns=ten + 6, reason=CutReason.END)


def test_the_bars_of_a_new_contract_are_counted_anew():
    class TwoMonths:
        def __iter__(self):
            yield Chunk(trades_from([at("10:00")], 100), "ESU3", simulated=False)
            yield Chunk(trades_from([at("10:01"), at("10:02")], 120), "ESZ3", simulated=False)
            yield Chunk(trades_from([at("10:03")], 120), "ESZ3", simulated=False)

    assert shape(tape(TwoMonths(), ticks_of(2))) == [
        1, 2, (1, CutReason.BAR), 1, (2, CutReason.END)
    ]  # fmt: skip


def test_only_the_series_decided_on_brings_cuts():
    bars = BarSettings(series=("tick:7", "time:60"), split=False)
    rule = TapeRule.of(FeedSettings(), bars)
    assert [str(series) for series in rule.series] == ["tick:7"]
    assert not rule.split


def test_the_tally_counts_volume_by_side_and_source():
    tally = Tally()
    list(tape(Chunks(trades_from([at("10:00")] * 4, [100, 101, 101, 99], size=3)), RULE, tally))
    summary = tally.summary(tally.volumes.__class__(), None)
    assert summary.volumes == {
        (Aggressor.UNKNOWN, SideSource.NONE): 3,
        (Aggressor.BUY, SideSource.TICKRULE): 6,
        (Aggressor.SELL, SideSource.TICKRULE): 3,
    }
    assert (summary.volume, summary.buy_volume, summary.sell_volume, summary.none_volume) == (
        12, 6, 3, 3
    )


def test_a_written_tape_holds_the_messages_in_order(tmp_path):
    ts = [at("10:04")] * 6 + [at("10:05")] * 5
    messages = list(tape(Chunks(trades_from(ts, 100)), RULE))
    seen = []
    count = write_tape(tmp_path / "t", messages, lambda trades, ts: seen.append(trades))
    log = FrameLog.open(tmp_path / "t")
    assert count == log.last == len(messages)
    assert [decode(frame) for frame in log.frames()] == messages
    assert [encode(message) for message in messages] == list(log.frames())
    assert seen == [6, 11]


def test_a_tape_that_could_not_be_finished_leaves_the_old_one_alone(tmp_path):
    path = tmp_path / "t"
    write_tape(path, tape(Chunks(trades_from([at("10:00")], 100)), RULE))
    before = path.read_bytes()

    def broken():
        yield from tape(Chunks(trades_from([at("11:00")], 100)), RULE)
        raise KeyError("the source broke")

    with pytest.raises(KeyError):
        write_tape(path, broken())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_cut_is_short_and_a_batch_longer_so_that_a_reader_can_tell_them_by_size():
    cut = Cut(number=2**31, ts_ns=2**62, reason=CutReason.SESSION)
    (batch, _) = tape(Chunks(trades_from([at("10:00")], 100), contract="ES"), RULE)
    assert isinstance(batch, TradeBatch)
    assert len(encode(cut)) <= 64
