"""A tape that grows is the tape that would be written afterwards, whatever interrupts it."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades, concat, trades_of
from actors.core.market.live_tape import (
    LiveRule,
    LiveTape,
    end_of,
    lost_in,
    trades_since,
)
from actors.core.rules import hours_of
from protocol.market import Cut, CutReason, FeedLost, FeedRestored, TradeBatch
from protocol.risk_settings import RiskSettings
from protocol.series import parse_series
from protocol.settings import CalendarSettings
from tests.actors.adapters.feeds.recordings import Chunks, trades_from

S = 1_000_000_000
FROM = 1_703_545_200 * S  # 2023-12-25 23:00 UTC, 18:00 New York: the open.
HOURS = hours_of(RiskSettings(), CalendarSettings())
KINDS = ("time:300", "tick:4", "volume:5", "range:3")


def rule_of(series: str = "time:300", step_s: int = 0, most: int = 1024) -> LiveRule:
    return LiveRule(
        series=(parse_series(series),), split=True, hours=HOURS, step_ns=step_s * S,
        batch_trades_max=most, grace_ns=S // 2, overlap_ns=2 * S,
    )  # fmt: skip


def rows(rng_seed: int, count: int) -> Trades:
    """Trades some seconds to minutes apart, some at the same instant, a third without a side."""
    rng = np.random.default_rng(rng_seed)
    steps = rng.choice([0, 0, S, 40 * S, 200 * S], count)
    made = trades_from(FROM + S + np.cumsum(steps), 19_200 + rng.integers(-3, 4, count))
    side = rng.integers(0, 3, count).astype(np.uint8)
    size = rng.integers(1, 4, count).astype(np.int32)
    return dataclasses.replace(made, aggressor=side, source=(side > 0).astype(np.uint8), size=size)


def flat(messages) -> tuple[list, list]:
    """All trades as rows, and every cut with how many trades stand before it."""
    trades, cuts, seen = [], [], 0
    for message in messages:
        if isinstance(message, TradeBatch):
            trades.append(trades_of(message))
            seen += len(message)
        elif isinstance(message, Cut) and message.reason is not CutReason.END:
            cuts.append((message.number, message.ts_ns, message.reason, seen))
    if not trades:
        return [], cuts
    one = concat(trades)
    columns = (one.ts_event, one.price, one.size, one.aggressor, one.source)
    return list(zip(*(column.tolist() for column in columns), strict=True)), cuts


def written_afterwards(trades: Trades, rule: LiveRule) -> tuple[list, list]:
    same = TapeRule(series=rule.series, split=rule.split, batch_trades_max=rule.batch_trades_max,
                    step_ns=rule.step_ns, hours=rule.hours)  # fmt: skip
    return flat(tape(Chunks(trades, contract="ESH4"), same))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from(KINDS), st.sampled_from((0, 5)),
       st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))  # fmt: skip
def test_pieces_and_restarts_leave_no_trace(seed, count, series, step_s, pieces, restarts):
    trades, rule = rows(seed, count), rule_of(series, step_s)
    stream, live = [], LiveTape(rule)
    places = sorted({0, count, *(p for p in pieces | restarts if p < count)})
    for start, stop in zip(places, places[1:], strict=False):
        stream += live.add(trades.slice(start, stop), "ESH4")
        if stop in restarts:
            live = LiveTape(rule)
            live.resume(end_of(reversed(stream), rule))
    assert flat(stream) == written_afterwards(trades, rule)


def test_a_quiet_bar_is_closed_by_the_gateways_clock_and_not_before_its_grace_is_over():
    live = LiveTape(rule_of())
    live.add(trades_from([FROM + 10 * S], 19_200, 1), "ESH4")
    assert live.clock(FROM + 300 * S + S // 2 - 1) == []
    (cut,) = live.clock(FROM + 300 * S + S // 2)
    assert (cut.number, cut.ts_ns, cut.reason) == (1, FROM + 300 * S, CutReason.BAR)
    assert live.clock(FROM + 301 * S) == []


def test_a_cut_of_the_clock_does_not_come_again_with_the_trade_behind_it_or_after_a_restart():
    live = LiveTape(rule_of())
    stream = live.add(trades_from([FROM + 10 * S], 19_200, 1), "ESH4")
    stream += live.clock(FROM + 400 * S)
    again = LiveTape(rule_of())
    again.resume(end_of(reversed(stream), rule_of()))
    behind = trades_from([FROM + 320 * S, FROM + 620 * S], 19_201, 1)
    for one in (live, again):
        found = one.add(behind, "ESH4")
        assert [m.ts_ns for m in found if isinstance(m, Cut)] == [FROM + 600 * S]
        assert one.cut == 2


def test_the_end_of_a_slice_that_the_clock_brought_does_not_come_again_after_a_restart():
    rule = rule_of(step_s=5)
    live = LiveTape(rule)
    stream = live.add(trades_from([FROM + 11 * S], 19_200, 1), "ESH4")
    stream += live.clock(FROM + 16 * S)
    assert [m.ts_ns - FROM for m in stream if isinstance(m, Cut)] == [15 * S]
    again = LiveTape(rule)
    again.resume(end_of(reversed(stream), rule))
    found = again.add(trades_from([FROM + 21 * S], 19_200, 1), "ESH4")
    assert [m for m in found if isinstance(m, Cut)] == []


def test_a_side_is_inferred_after_a_restart_from_a_change_of_price_long_ago():
    live, stream = LiveTape(rule_of()), []
    stream += live.add(trades_from([FROM + S, FROM + 2 * S], [19_200, 19_201]), "ESH4")
    for second in range(310, 900, 10):
        stream += live.add(trades_from([FROM + second * S], 19_201), "ESH4")
    again = LiveTape(rule_of())
    again.resume(end_of(reversed(stream), rule_of()))
    for one in (live, again):
        (batch,) = [m for m in one.add(trades_from([FROM + 890 * S + 1], 19_201), "ESH4")
                    if isinstance(m, TradeBatch)]  # fmt: skip
        assert trades_of(batch).aggressor.tolist() == [1]


def test_without_a_trade_the_clock_brings_nothing_and_a_clock_that_stands_still_neither():
    live = LiveTape(rule_of())
    assert live.clock(FROM + 3_600 * S) == []
    live.add(trades_from([FROM + 10 * S], 19_200, 1), "ESH4")
    assert live.clock(0) == live.clock(FROM + 10 * S) == []


def test_no_trade_gives_nothing():
    assert LiveTape(rule_of()).add(trades_from([], 0), "ESH4") == []


def test_a_batch_holds_no_more_than_its_limit():
    found = LiveTape(rule_of(most=3)).add(trades_from([FROM + S] * 7, 19_200, 1), "ESH4")
    assert [len(batch) for batch in found] == [3, 3, 1]


def test_times_that_fall_are_refused():
    live = LiveTape(rule_of())
    live.add(trades_from([FROM + 2 * S], 19_200, 1), "ESH4")
    with pytest.raises(ValueError, match="wanted times that never fall"):
        live.add(trades_from([FROM + S], 19_200, 1), "ESH4")


def test_another_contract_begins_its_own_bars_and_infers_nothing_from_the_old_prices():
    live = LiveTape(rule_of())
    live.add(trades_from([FROM + S, FROM + 2 * S], [19_200, 19_201]), "ESH4")
    (batch,) = live.add(trades_from([FROM + 3 * S], 19_300), "ESM4")
    assert (batch.contract, trades_of(batch).aggressor.tolist()) == ("ESM4", [0])
    assert live.contract == "ESM4"


def test_the_end_that_is_read_reaches_over_the_overlap_and_a_change_of_price_and_no_further():
    live, stream = LiveTape(rule_of()), []
    for second in range(0, 1200, 10):
        stream += live.add(trades_from([FROM + second * S], 19_200 + second % 20, 1), "ESH4")
    found = end_of(reversed(stream), rule_of())
    assert found == stream[-len(found) :]
    cuts = [m for m in found if isinstance(m, Cut)]
    assert [cut.ts_ns for cut in cuts] == [FROM + 900 * S]
    assert len(found) == 31


def test_the_known_trades_of_a_seam_are_those_of_the_contract_back_to_its_instant():
    live, stream = LiveTape(rule_of()), []
    for second, name in ((1, "ESH4"), (2, "ESM4"), (3, "ESM4"), (4, "ESM4")):
        stream += live.add(trades_from([FROM + second * S], 19_200, 1), name)
    times = [t.ts_event[0] - FROM for t in trades_since(reversed(stream), FROM + 3 * S, "ESM4")]
    assert times == [4 * S, 3 * S]
    assert len(trades_since(reversed(stream), 0, "ESM4")) == 3


def test_who_was_lost_and_not_restored_is_still_lost():
    told = [FeedLost(contract="A", reason=""), FeedLost(contract="B", reason=""),
            FeedRestored(contract="A")]  # fmt: skip
    assert lost_in(told) == ("B",)
    assert lost_in([]) == ()
