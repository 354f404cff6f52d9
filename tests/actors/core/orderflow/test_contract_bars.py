"""All series side by side: one order whatever the batches, and warm state on a real session."""

import dataclasses
import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.core.columns import Trades, concat
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.orderflow.footprint import BarBuilder
from protocol.market import BarClosed, ValueJudged
from tests.actors.adapters.feeds.recordings import real
from tests.actors.core.orderflow.bar_reference import bar_rule, parts_of, tapes
from tests.makers import CONTRACT, at, make_trades

NAMES = ("time:300", "tick:3", "volume:25", "range:2", "tick:1")
RULES = tuple(bar_rule(name) for name in NAMES)
TEN = at("10:00")


def messages_of(parts: list[Trades], rules=RULES):
    bars = ContractBars(rules, simulated=False)
    found = [message for part in parts for message in bars.add(part)]
    return found + bars.close_now(2**62)


def keys(messages):
    return [(m.end_ns, NAMES.index(m.series), m.order) for m in messages if type(m) is BarClosed]


def test_without_trades_there_is_nothing():
    bars = ContractBars(RULES, simulated=False)
    assert bars.add(make_trades()) == bars.close_at(TEN) == bars.close_now(TEN) == []
    assert bars.late == dict.fromkeys(NAMES, 0)


def test_a_bar_ended_by_a_trade_waits_until_its_end_is_reached():
    bars = ContractBars((bar_rule("tick:1"),), simulated=False)
    assert bars.add(make_trades([(TEN, 100, "B", 1)])) == []
    assert bars.close_at(TEN) == []
    bar, value = bars.close_at(TEN + 1)
    assert (bar.end_ns, value.ts_ns) == (TEN + 1, TEN + 1)
    assert bars.close_at(TEN + 2) == []


def test_the_trade_a_nanosecond_later_brings_it_too():
    bars = ContractBars((bar_rule("tick:1"),), simulated=False)
    bars.add(make_trades([(TEN, 100, "B", 1)]))
    bar, _ = bars.add(make_trades([(TEN + 1, 100, "B", 1)]))
    assert bar.end_ns == TEN + 1


def test_bars_that_end_together_come_by_series_however_the_batch_is_cut():
    # The third trade ends the tick bar, a fourth of the same nanosecond the range bar before it.
    rules = (bar_rule("range:2"), bar_rule("tick:3"))
    rows = [(TEN, 100, "B", 1), (TEN, 100, "B", 1), (TEN + 5, 100, "B", 1), (TEN + 5, 109, "B", 1)]
    trades = make_trades([*rows, (TEN + 6, 109, "B", 1)])
    whole = messages_of([trades], rules)
    one_by_one = messages_of([trades.slice(row, row + 1) for row in range(5)], rules)
    assert whole == one_by_one
    bars = [message for message in whole if isinstance(message, BarClosed)]
    assert [bar.series for bar in bars] == ["range:2", "tick:3", "range:2", "tick:3"]
    assert [bar.end_ns - TEN for bar in bars] == [6, 6, 7, 7]


def test_only_bars_of_the_first_series_are_followed_by_a_value_area():
    rows = [(TEN + row, 100 + row, "B", 1) for row in range(9)]
    messages = messages_of([make_trades(rows)])
    for before, message in zip(messages, messages[1:], strict=False):
        if isinstance(message, ValueJudged):
            assert isinstance(before, BarClosed)
            assert (before.series, before.end_ns) == ("time:300", message.ts_ns)
    judged = [message for message in messages if isinstance(message, ValueJudged)]
    assert [value.volume for value in judged] == [9]


def test_when_a_contract_is_over_its_closed_bars_go_out_and_the_open_ones_do_not():
    bars = ContractBars((bar_rule("tick:2"),), simulated=False)
    bars.add(make_trades([(TEN, 100, "B", 1)] * 3))
    (bar, _) = bars.closed()
    assert bar.trades == 2


def test_made_up_trades_and_another_contract_do_not_fit():
    bars = ContractBars(RULES, simulated=True)
    assert bars.fits(CONTRACT, simulated=True)
    assert not bars.fits(CONTRACT, simulated=False)
    assert not bars.fits("ESH6", simulated=True)


@given(tapes(), st.lists(st.integers(0, 60), max_size=8))
@settings(deadline=None)
def test_what_goes_out_and_in_which_order_does_not_depend_on_the_batches(tape, places):
    whole = messages_of([tape])
    assert messages_of(parts_of(tape, places)) == whole
    assert keys(whole) == sorted(keys(whole))
    for name in NAMES:
        builder = BarBuilder(bar_rule(name), simulated=False)
        alone = builder.add(tape) + builder.close_now(2**62)
        assert [bar for bar in whole if type(bar) is BarClosed and bar.series == name] == alone


@cache
def real_trades() -> Trades:
    """Return 40,000 trades of a real session; it has no sides, so they follow from the price."""
    source = Recording([real("es-ticks-2013/tick_data.csv.gz")], "ES", Refusals(None))
    trades = concat([chunk.trades for chunk in source]).slice(30_000, 70_000)
    sides = (trades.price % 3).astype("u1")
    return dataclasses.replace(trades, aggressor=sides)


REAL = ("time:300", "time:60", "tick:1000", "volume:5000", "range:16", "range:4")


@pytest.mark.parametrize("seed", range(3))
def test_a_fresh_start_on_the_same_prefix_of_a_real_session_continues_alike(seed):
    dice = random.Random(seed)
    trades, rules = real_trades(), tuple(bar_rule(name) for name in REAL)
    place = dice.randrange(len(trades))
    prefix, rest = parts_of(trades, [place])
    outputs = []
    for _ in range(2):
        bars = ContractBars(rules, simulated=False)
        cut = [dice.randrange(len(prefix) + 1) for _ in range(40)]
        before = [message for part in parts_of(prefix, cut) for message in bars.add(part)]
        after = bars.add(rest) + bars.close_now(2**62)
        outputs.append((before, after))
    assert outputs[0] == outputs[1]
    assert outputs[0][0] + outputs[0][1] == messages_of([trades], rules)


def test_every_series_of_a_real_session_holds_all_its_volume():
    trades = real_trades()
    messages = messages_of([trades], tuple(bar_rule(name) for name in REAL))
    for name in REAL:
        bars = [m for m in messages if isinstance(m, BarClosed) and m.series == name]
        assert sum(bar.volume for bar in bars) == trades.size.sum()
        assert len(bars) >= 3
    full = [m for m in messages if isinstance(m, BarClosed) and m.series == "volume:5000"]
    # Only what the session or the tape ended is not full.
    assert sum(bar.volume != 5000 for bar in full) <= 4
    tall = [m for m in messages if isinstance(m, BarClosed) and m.series == "range:16"]
    assert max(bar.high - bar.low for bar in tall) <= 16
