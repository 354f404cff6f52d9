"""The bars shell: every bar at the cut of its end, whatever the batches, each contract anew."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from actors.bars import BarsShell
from actors.core.columns import Trades, batch_of
from actors.core.orderflow.footprint import CHUNK_TRADES
from protocol.market import BarClosed, BarWarm, Cut, CutReason, ValueJudged
from protocol.message import Message
from protocol.settings import BarSettings, FeedSettings, Settings
from tests.actors.adapters.feeds.recordings import Chunks, trades_from
from tests.makers import at, make_bar, make_trades

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


@st.composite
def disorder(draw: st.DrawFn) -> list[list[Message]]:
    """A tape in blocks: trades behind their cut, another month, a warm bar, an end too early."""
    ts, found = at("08:30"), list[Message]()
    for kind in draw(st.lists(st.sampled_from("tttttttccccmwe"), min_size=1, max_size=30)):
        if kind == "t":
            rows = []
            for _ in range(draw(st.integers(0, 6))):
                ts += draw(st.sampled_from([0, 0, 1, SECOND, 200 * SECOND, -SECOND, -400 * SECOND]))
                rows.append((ts, draw(st.integers(98, 102)), "B", draw(st.integers(1, 30))))
            found.append(batch(*rows, contract="ESH6" if any(map(is_month, found)) else "ESZ5"))
        elif kind == "w":
            found.append(BarWarm(bar=make_bar(start_ns=ts - 300 * SECOND, end_ns=ts)))
        elif kind == "m":
            found.append(MONTH)
        else:
            reason = CutReason.END if kind == "e" else CutReason.BAR
            found.append(cut(ts + draw(st.sampled_from([0, 1, 150 * SECOND])), reason))
    tape = [message for message in found if not is_month(message)]
    stops = sorted(draw(st.sets(st.integers(0, len(tape)), max_size=3)) | {0, len(tape)})
    return [tape[start:stop] for start, stop in pairwise(stops) if start < stop]


MONTH = Cut(number=0, ts_ns=0, reason=CutReason.END)  # From here on it is another.


def is_month(message: Message) -> bool:
    return message is MONTH


def heard(shell: BarsShell, message: Message) -> list[Message]:
    if isinstance(message, BarWarm):
        return list(shell.on_bar_warm(message))
    return list(shell.on_cut(message) if isinstance(message, Cut) else shell.on_trades(message))


@given(disorder(), st.permutations(NAMES), st.sampled_from([3, CHUNK_TRADES]))
@settings(deadline=None, max_examples=150)
def test_who_knows_what_will_come_says_the_same_at_the_same_time(blocks, names, chunk):
    ahead, live = shell_of(*names), shell_of(*names)
    for block in blocks:
        with pytest.MonkeyPatch.context() as changed:
            changed.setattr("actors.core.orderflow.contract_bars.CHUNK_TRADES", chunk)
            ahead.foresee(block)
        for message in block:
            assert heard(ahead, message) == heard(live, message)
    assert ahead.inspect() == live.inspect()


def test_a_bar_of_a_time_that_is_over_goes_out_with_its_own_trades():
    ts = at("10:01")
    three = batch(*[(ts, 100, "B", 1)] * 3)
    ahead, live = shell_of("tick:3"), shell_of("tick:3")
    for block in ([three, cut(ts + 1)], [three, three]):
        ahead.foresee(block)
        found = [heard(ahead, message) for message in block]
        assert found == [heard(live, message) for message in block]
    assert [len(messages) for messages in found] == [2, 2]  # A bar and its value area each.


def test_a_trade_from_before_a_cut_is_late_however_early_it_is_known():
    trades = batch((at("10:01"), 100, "B", 5)), batch((at("10:04"), 100, "B", 2))
    tape = [trades[0], cut(at("10:05")), trades[1], cut(at("10:10"))]
    shell = shell_of("time:300")
    shell.foresee(tape)
    bars = [m for message in tape for m in heard(shell, message) if isinstance(m, BarClosed)]
    assert [(bar.end_ns, bar.volume) for bar in bars] == [(at("10:05"), 5)]
    assert shell.inspect()["late_trades"] == {"time:300": 1}


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
