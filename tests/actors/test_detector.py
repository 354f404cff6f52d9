"""The shell of the detectors: which message in, which messages out, and what it shows."""

import dataclasses

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from actors.core.book.changes import changes_of, depth_batch
from actors.core.columns import batch_of
from actors.core.patterns.tape_absorption import CHUNK_TRADES
from actors.detector import DetectorShell
from protocol.market import (
    Cut,
    CutReason,
    DepthBatch,
    FeedLost,
    TradeBatch,
    ValueJudged,
    Window,
)
from protocol.message import Message
from protocol.pattern_settings import FlowSettings
from protocol.patterns import Direction, Pattern
from protocol.settings import FeedSettings, Settings
from protocol.signals import SignalRaised, ZoneChanged, ZoneState
from protocol.units import NANOS_PER_S
from tests.makers import CONTRACT, at, make_bar, make_trades

# A stack of buying from 401 to 403 under a high where both sides traded.
STACKED = make_bar(low=400, sells=(1, 1, 1, 30), buys=(0, 90, 90, 90))
BELOW = make_bar(low=395, sells=(5,) * 7, buys=(5,) * 7, close=395, end_ns=at("10:10"))


def detector() -> DetectorShell:
    shell = DetectorShell()
    shell.configure(Settings(), "")
    return shell


def kinds(messages):
    return [
        message.pattern if isinstance(message, SignalRaised) else (message.pattern, message.state)
        for message in messages
    ]


def test_a_closed_bar_raises_its_signals():
    assert kinds(detector().on_bar_closed(STACKED)) == [
        Pattern.BUY_IMBALANCE,
        Pattern.BUY_IMBALANCE,
        Pattern.BUY_IMBALANCE,
        Pattern.STACKED_BUY,
        Pattern.UNFINISHED_HIGH,
    ]


def test_a_later_bar_tells_what_it_did_to_the_zone():
    shell = detector()
    shell.on_bar_closed(STACKED)
    changes = [m for m in shell.on_bar_closed(BELOW) if isinstance(m, ZoneChanged)]
    assert kinds(changes) == [
        (Pattern.STACKED_BUY, ZoneState.TESTED), (Pattern.STACKED_BUY, ZoneState.BROKEN),
    ]  # fmt: skip


def test_the_cut_at_the_end_of_the_day_gives_up_what_stands():
    shell = detector()
    early, end = (
        Cut(number=n, ts_ns=at(clock), reason=CutReason.SESSION)
        for n, clock in enumerate(("16:00", "17:00"), start=1)
    )
    assert list(shell.on_cut(end)) == []
    shell.on_bar_closed(STACKED)
    assert list(shell.on_cut(early)) == []
    assert kinds(shell.on_cut(end)) == [
        (Pattern.STACKED_BUY, ZoneState.DROPPED), (Pattern.UNFINISHED_HIGH, ZoneState.DROPPED),
    ]  # fmt: skip
    assert shell.inspect()["zones"] == []


def test_trades_raise_what_the_tape_confirms():
    shell = detector()
    rows = [(at("10:00") + i * NANOS_PER_S, 400 + i % 3, "BS"[i % 2], 2) for i in range(200)]
    assert list(shell.on_trades(batch_of(make_trades(rows), "ESZ5", False))) == []
    heavy = make_trades([(at("10:05") + i, 402, "B", 90) for i in range(5)])
    assert kinds(shell.on_trades(batch_of(heavy, "ESZ5", False))) == [
        Pattern.TAPE_SELLING_ABSORPTION
    ]
    assert shell.inspect()["signals"] == {"tape_selling_absorption": 1}


def test_depth_and_values_bring_nothing_by_themselves():
    shell = detector()
    depth = DepthBatch(
        contract="ESZ5", simulated=False, ts_event=b"", side=b"", price=b"", size=b"", orders=b""
    )
    assert list(shell.on_depth(depth)) == []
    judged = ValueJudged(
        contract="ESZ5", ts_ns=at("10:05"), window=Window.RTH, date="2025-12-02", low=400,
        high=403, value_low=401, value_high=402, poc=401, volume=300, whole=True,
    )  # fmt: skip
    assert shell.on_value_judged(judged) is None
    shell.on_bar_closed(STACKED)
    shell.on_value_judged(judged)
    assert shell.detectors.bars.initiative.values == [judged]


def test_a_cut_judges_the_slice_that_is_over_and_the_page_shows_its_metrics():
    shell = DetectorShell()
    loose = FlowSettings(enabled=True, require_primary=False, delta_min=4, confidence_min=0.4)
    shell.configure(dataclasses.replace(Settings(), flow=loose), "")
    rows = [(at("10:00:01") + i, 400, "B", 5) for i in range(60)]
    assert list(shell.on_trades(batch_of(make_trades(rows), "ESZ5", False))) == []
    early, end = (
        Cut(number=n, ts_ns=at(clock), reason=CutReason.TIMER)
        for n, clock in enumerate(("10:00:04.999", "10:00:05"), start=1)
    )
    assert list(shell.on_cut(early)) == []
    turned, signal = shell.on_cut(end)
    assert (turned.ts_ns, turned.against) == (end.ts_ns, Direction.SHORT)
    assert (signal.pattern, signal.ts_ns) == (Pattern.FLOW_BUYING, end.ts_ns)
    assert shell.inspect()["signals"] == {"flow_buying": 1}
    assert shell.inspect()["metrics"]["delta"] == 300


def depth(ts: int, *rows: tuple[int, int, int]) -> DepthBatch:
    changes = changes_of([(ts, *row, 1) for row in rows], [len(rows)])
    return depth_batch(changes, CONTRACT, False)


def level_2(shell: DetectorShell, number: int) -> int | None:
    """Let a slice pass; return the level-2 imbalance at its end."""
    ts = at("10:00") + number * 5 * NANOS_PER_S
    shell.on_trades(batch_of(make_trades([(ts, 400, "B", 1)]), CONTRACT, False))
    shell.on_cut(Cut(number=number + 1, ts_ns=ts + 5 * NANOS_PER_S, reason=CutReason.TIMER))
    return shell.inspect()["metrics"]["depth_ppm"]


def test_a_lost_feed_has_no_level_2_imbalance_until_it_tells_its_book_and_another_has():
    shell = DetectorShell()
    shell.configure(dataclasses.replace(Settings(), flow=FlowSettings(enabled=True)), "")
    shell.on_feed_lost(FeedLost(contract=CONTRACT, reason="away"))  # Before any trade.
    shell.on_depth(depth(at("10:00"), (1, 400, 30), (2, 401, 10)))
    assert level_2(shell, 0) == 41_667  # Half of one for five of sixty seconds.
    shell.on_feed_lost(FeedLost(contract="ESH6", reason="away"))
    assert level_2(shell, 1) == 83_333
    shell.on_feed_lost(FeedLost(contract=CONTRACT, reason="away"))
    assert level_2(shell, 2) is None
    shell.on_depth(depth(at("10:00:15"), (1, 400, 30), (2, 401, 10)))
    assert level_2(shell, 3) is not None


def test_that_the_feed_is_lost_is_heard_of_the_feed_alone():
    assert [source for kind, source in DetectorShell.handlers if kind is FeedLost] == ["feed"]


def test_a_shell_before_its_first_bar_shows_empty_tables():
    assert detector().inspect() == {"signals": {}, "zones": [], "unfinished": [], "metrics": {}}


def test_it_shows_counts_by_pattern_and_what_stands():
    shell = detector()
    shell.on_bar_closed(STACKED)
    shown = shell.inspect()
    assert shown["signals"]["buy_imbalance"] == 3
    assert shown["signals"]["stacked_buy"] == 1
    zone = {
        "pattern": "stacked_buy", "low": 401, "high": 403, "since_ns": STACKED.end_ns,
        "state": "active", "visits": 0,
    }  # fmt: skip
    assert shown["zones"] == [zone]
    level = {**zone, "pattern": "unfinished_high", "low": 403}
    assert shown["unfinished"] == [level]


def test_a_shell_that_reads_again_arrives_where_it_was():
    shell, again = detector(), detector()
    for each in (shell, again):
        each.on_bar_closed(STACKED)
        each.on_bar_closed(BELOW)
    assert shell.inspect() == again.inspect()


def test_the_volumes_are_those_of_the_symbol():
    bar = make_bar(low=400, sells=(1, 0), buys=(0, 10))
    found = {}
    for symbol in ("ES", "MES", "MESZ5"):
        shell = DetectorShell()
        shell.configure(Settings(feed=FeedSettings(symbol=symbol)), "")
        found[symbol] = kinds(shell.on_bar_closed(bar))
    assert found["ES"] == []  # Ten contracts: enough of the small one alone.
    assert found["MES"] == found["MESZ5"] == [Pattern.BUY_IMBALANCE]


@pytest.mark.parametrize("message", [STACKED, dataclasses.replace(STACKED, contract="ESH6")])
def test_what_comes_out_is_messages(message):
    assert all(isinstance(found, Message) for found in detector().on_bar_closed(message))


@st.composite
def tapes(draw: st.DrawFn) -> list[TradeBatch]:
    """Batches in which much is absorbed; now and then of another month, or made up."""
    ts, found = at("10:00"), []
    months = st.sampled_from(["ESZ5"] * 3 + ["ESH6"])
    for _ in range(draw(st.integers(2, 12))):
        rows = []
        for size in draw(st.lists(st.sampled_from([1, 1, 60]), max_size=12)):
            ts += draw(st.sampled_from([0, 1, NANOS_PER_S, 6 * NANOS_PER_S]))
            rows.append((ts, 400 + draw(st.integers(0, 1)), draw(st.sampled_from("BS")), size))
        simulated = draw(st.integers(0, 7)) == 0
        found.append(batch_of(make_trades(rows), draw(months), simulated))
    return found


@given(tapes(), st.integers(1, 12), st.sampled_from([5, CHUNK_TRADES]))
@settings(deadline=None, max_examples=100)
def test_who_knows_what_will_come_raises_the_same_at_the_same_trades(batches, most, chunk):
    base = Settings()
    loose = dataclasses.replace(
        base.tape_absorption, window_trades=2, windows_max=3, ratio_min=1.0, repeat_s=1
    )
    ahead, live = DetectorShell(), DetectorShell()
    for shell in (ahead, live):
        shell.configure(dataclasses.replace(base, tape_absorption=loose), "")
    for start in range(0, len(batches), most):
        with pytest.MonkeyPatch.context() as changed:
            changed.setattr("actors.core.patterns.detectors.CHUNK_TRADES", chunk)
            ahead.foresee(batches[start : start + most])
        for batch in batches[start : start + most]:
            assert list(ahead.on_trades(batch)) == list(live.on_trades(batch))
    assert ahead.inspect() == live.inspect()
    event(f"{sum(live.counts.values()) > 0} that something was raised")


def test_who_is_told_of_nothing_to_come_or_looks_for_no_absorption_goes_on_as_ever():
    off = dataclasses.replace(Settings().tape_absorption, enabled=False)
    shell = DetectorShell()
    shell.configure(dataclasses.replace(Settings(), tape_absorption=off), "")
    batch = batch_of(make_trades([(at("10:00"), 400, "B", 5)]), "ESZ5", False)
    shell.foresee([Cut(number=1, ts_ns=at("10:00"), reason=CutReason.BAR)])
    shell.foresee([batch])
    assert list(shell.on_trades(batch)) == []
