"""The bars shell: every bar at the cut of its end, whatever the batches, each contract anew."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from actors.bars import BarsShell
from actors.core.columns import Trades, batch_of
from protocol.market import BarClosed, Cut, CutReason, ValueJudged
from protocol.settings import BarSettings, FeedSettings, Settings
from tests.actors.adapters.feeds.recordings import Chunks, trades_from
from tests.makers import at, make_trades

NAMES = ("time:300", "tick:3", "volume:10", "range:2")
SECOND = 10**9


def shell_of(*names: str) -> BarsShell:
    shell = BarsShell()
    shell.configure(Settings(bars=BarSettings(series=names)), "")
    return shell


def played(shell: BarsShell, messages):
    """What the shell publishes, its cuts among it."""
    found = []
    for message in messages:
        found += shell.on_cut(message) if isinstance(message, Cut) else shell.on_trades(message)
        if isinstance(message, Cut):
            found.append(message)
    return found


def batch(*rows, contract="ESZ5", simulated=False):
    return batch_of(make_trades(rows), contract, simulated)


def cut(ts: int, reason: CutReason = CutReason.BAR) -> Cut:
    return Cut(number=1, ts_ns=ts, reason=reason)


def test_before_any_trade_a_cut_closes_nothing():
    shell = shell_of("time:300")
    assert list(shell.on_cut(cut(at("10:00")))) == []
    assert shell.inspect() == {}


def test_a_cut_closes_the_bar_and_judges_its_session():
    shell = shell_of("time:300")
    assert list(shell.on_trades(batch((at("10:01"), 100, "B", 5)))) == []
    bar, value = shell.on_cut(cut(at("10:05")))
    assert (bar.series, bar.end_ns) == ("time:300", at("10:05"))
    assert (value.volume, value.whole) == (5, False)
    assert shell.inspect() == {"contract": "ESZ5", "late_trades": {"time:300": 0}}


def test_the_end_of_the_tape_closes_every_open_bar():
    shell = shell_of(*NAMES)
    shell.on_trades(batch((at("10:01"), 100, "B", 5)))
    messages = shell.on_cut(cut(at("10:01") + 1, CutReason.END))
    bars = [message for message in messages if isinstance(message, BarClosed)]
    assert sorted(bar.series for bar in bars) == sorted(NAMES)


def test_a_new_contract_starts_everything_anew():
    shell = shell_of("tick:1", "time:300")
    shell.on_trades(batch((at("10:01"), 100, "B", 5)))
    bar, value = shell.on_trades(batch((at("10:02"), 300, "B", 2), contract="ESH6"))
    assert (bar.contract, bar.series, bar.cvd, value.volume) == ("ESZ5", "tick:1", 5, 5)
    bar, value, other = shell.on_cut(cut(at("10:05")))
    assert (bar.contract, bar.low, bar.cvd, bar.cvd_eth) == ("ESH6", 300, 2, 0)
    assert (value.low, value.volume) == (300, 2)
    # The open bar of the old month is lost, and never takes in a trade of the new one.
    assert (other.contract, other.series, other.volume) == ("ESH6", "time:300", 2)


def test_the_settings_of_the_bars_reach_the_bars():
    bars = BarSettings(
        series=("volume:10",), split=False, value_rows=1, value_area=0.5, cvd_reset="none"
    )
    shell = BarsShell()
    shell.configure(Settings(bars=bars), "")
    first = (at("09:29"), 100, "B", 12)
    found = shell.on_trades(
        batch(first, (at("09:30"), 100, "B", 4), (at("09:31"), 102, "S", 3),
              (at("09:32"), 101, "B", 3), (at("09:33"), 101, "B", 1))
    )  # fmt: skip
    night, day = [message for message in found if isinstance(message, BarClosed)]
    assert (night.volume, night.trades) == (12, 1)  # Not split.
    assert day.cvd == 12 + 4 - 3 + 3  # Never reset.
    # One row at a time: of 4, 3 and 3 the lowest needs only its neighbour to hold the half.
    assert (day.poc, day.value_low, day.value_high) == (100, 100, 101)


def test_made_up_trades_never_join_a_bar_of_real_ones():
    shell = shell_of("time:300")
    shell.on_trades(batch((at("10:01"), 100, "B", 5)))
    shell.on_trades(batch((at("10:02"), 100, "B", 2), simulated=True))
    bar, _ = shell.on_cut(cut(at("10:05")))
    assert (bar.simulated, bar.volume) == (True, 2)


@st.composite
def walks(draw: st.DrawFn) -> Trades:
    count = draw(st.integers(1, 60))
    steps = st.sampled_from([0, 0, 0, 1, SECOND, 200 * SECOND, 2_000 * SECOND])
    moves = draw(st.lists(st.integers(-2, 2), min_size=count, max_size=count))
    times = np.cumsum(draw(st.lists(steps, min_size=count, max_size=count)))
    return trades_from(at("08:30") + times, 100 + np.cumsum(moves), size=4)


@given(walks(), st.permutations(NAMES))
@settings(deadline=None, max_examples=40)
def test_every_bar_goes_out_by_the_cut_at_or_after_its_end_and_in_one_order(trades, names):
    rule = TapeRule.of(FeedSettings(), BarSettings(series=tuple(names)))
    outputs = [
        played(
            shell_of(*names),
            tape(Chunks(trades), dataclasses.replace(rule, batch_trades_max=most)),
        )
        for most in (1, 3, 1000)
    ]
    assert outputs[0] == outputs[1] == outputs[2]
    waiting, since = [], 0
    for message in outputs[0]:
        if isinstance(message, Cut):
            bars = [bar for bar in waiting if isinstance(bar, BarClosed)]
            ends = [bar.end_ns for bar in bars]
            assert ends == sorted(ends)
            if message.reason is not CutReason.END:
                assert all(since < end <= message.ts_ns for end in ends)
                decided = {bar.end_ns for bar in bars if bar.series == names[0]}
                assert decided <= {message.ts_ns}
            waiting, since = [], message.ts_ns
        else:
            waiting.append(message)
    assert waiting == []
    for before, message in zip(outputs[0], outputs[0][1:], strict=False):
        if isinstance(message, ValueJudged):
            assert (before.series, before.end_ns) == (names[0], message.ts_ns)


def test_a_tape_made_for_other_series_still_brings_every_bar_in_order():
    ts = at("10:00") + np.arange(20) * SECOND
    source = Chunks(trades_from(ts, 100, size=4))
    found = []
    for name in ("tick:3", "time:300"):
        rule = TapeRule.of(FeedSettings(), BarSettings(series=(name,)))
        messages = played(shell_of("tick:3", "volume:10"), tape(source, rule))
        found.append([message for message in messages if not isinstance(message, Cut)])
    assert found[0] == found[1]


def test_the_chunks_of_two_months_never_share_a_bar():
    class TwoMonths:
        def __iter__(self):
            yield Chunk(trades_from([at("10:00")], 100), "ESU3", simulated=False)
            yield Chunk(trades_from([at("10:01")], 120), "ESZ3", simulated=False)

    rule = TapeRule.of(FeedSettings(), BarSettings(series=("time:300", "tick:1")))
    found = played(shell_of("time:300", "tick:1"), tape(TwoMonths(), rule))
    bars = [(bar.contract, bar.series) for bar in found if isinstance(bar, BarClosed)]
    assert bars == [("ESU3", "tick:1"), ("ESZ3", "tick:1"), ("ESZ3", "time:300")]
