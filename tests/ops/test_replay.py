"""What a replay says: counted by day and part of it, the same whatever keeps the books."""

import dataclasses
import io
import zipfile
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.tape import Summary
from actors.adapters.store import SqlBooks, database_for
from ops.replay import (
    JUDGING,
    PatternCount,
    SessionCount,
    counts_by_day,
    replay_local,
    result_of,
    session_of,
)
from ops.report import EXIT_DATA, show_counts, show_local_replay, show_result
from protocol.market import Window
from protocol.patterns import Direction, Pattern
from protocol.settings import FeedSettings, RunSettings, Settings
from protocol.signals import (
    ConditionJudged,
    DropReason,
    FlowRegime,
    MarketCondition,
    Regime,
    SignalDropped,
    TargetNoted,
)
from tests.actors.adapters.feeds.recordings import real
from tests.makers import CONTRACT, at, make_approved, make_bar, make_regime, make_signal
from tests.simulation.floor import busy_settings

TUESDAY = date(2025, 12, 2)
GOLD = "gc-es-lean-2013/future/comex/tick/gc/20131007_trade.zip"
SUMMARY = Summary(
    contracts=(CONTRACT,), trades=1, volume=1, volumes={}, cuts=1, first_ns=0, last_ns=1,
    refused={}, quarantine=None,
)  # fmt: skip


def make_dropped(**fields):
    values = {
        "signal_id": "signal-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "pattern": Pattern.STACKED_BUY,
        "direction": Direction.LONG,
        "regime": Regime.VOLATILE,
        "regime_confidence_ppm": 800_000,
        "reason": DropReason.LOW_STRENGTH,
        "detail": "weak",
    }
    return SignalDropped(**(values | fields))


def make_noted(**fields):
    values = {
        "signal_id": "signal-1",
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "pattern": Pattern.UNFINISHED_HIGH,
        "direction": Direction.LONG,
        "price": 20_000,
        "regime": Regime.RANGING,
        "regime_confidence_ppm": 800_000,
    }
    return TargetNoted(**(values | fields))


def make_condition(**fields):
    values = {
        "contract": CONTRACT,
        "ts_ns": at("10:05"),
        "condition": MarketCondition.BALANCE,
        "flow": FlowRegime.ROTATIONAL,
        "cvd": 0,
        "threshold": 50,
        "high": 20_004,
        "low": 20_000,
        "close": 20_002,
        "vwap_bands": (),
        "atr_milliticks": None,
        "value_low": None,
        "value_high": None,
        "poc": None,
        "reason": "",
    }
    return ConditionJudged(**(values | fields))


def books_of(**streams):
    books = MemoryBooks()
    for stream, messages in streams.items():
        for seq, message in enumerate(messages, start=1):
            books.add(stream, seq, message)
    books.commit()
    return books


def printed(counts, width=100):
    stream = io.StringIO()
    show_counts(counts, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("clock", "window"),
    [
        ("09:25", Window.OVERNIGHT),
        ("09:30", Window.OVERNIGHT),  # The bar that ends here is the last one of the night.
        ("09:30:00.001", Window.RTH),
        ("16:00", Window.RTH),
        ("16:00:00.001", Window.OVERNIGHT),
        ("17:00", Window.OVERNIGHT),
    ],
)
def test_a_decision_belongs_to_the_part_of_the_day_that_it_looks_back_on(clock, window):
    assert session_of(at(clock)) == (TUESDAY, window)


def test_the_trading_date_turns_behind_17_00_and_over_the_weekend():
    assert session_of(at("17:00"))[0] == TUESDAY
    assert session_of(at("17:00:00.001"))[0] == date(2025, 12, 3)
    assert session_of(at("18:05", "2025-12-05")) == (date(2025, 12, 8), Window.OVERNIGHT)


def test_empty_books_count_nothing_and_print_nothing_but_the_end():
    assert counts_by_day(MemoryBooks()) == ()
    assert printed(()).strip() == ""


def test_each_message_counts_where_it_belongs():
    books = books_of(
        bars=[make_bar()],
        detector=[
            make_signal(),
            make_signal(id="2"),
            make_signal(id="3", ts_ns=at("03:00")),
            make_signal(id="4", pattern=Pattern.UNFINISHED_HIGH),
        ],
        regime=[make_regime(), make_regime(regime=Regime.RANGING), make_condition()],
        router=[
            make_approved(),
            make_dropped(signal_id="2"),
            make_dropped(signal_id="3", ts_ns=at("03:00"), reason=DropReason.NO_TRADE),
            make_noted(signal_id="4"),
        ],
    )
    night, day = counts_by_day(books)
    assert night == SessionCount(
        date=TUESDAY,
        window=Window.OVERNIGHT,
        patterns={
            Pattern.STACKED_BUY: PatternCount(raised=1, dropped=Counter({DropReason.NO_TRADE: 1}))
        },
    )
    assert day == SessionCount(
        date=TUESDAY,
        window=Window.RTH,
        patterns={
            Pattern.STACKED_BUY: PatternCount(
                raised=2, approved=1, dropped=Counter({DropReason.LOW_STRENGTH: 1})
            ),
            Pattern.UNFINISHED_HIGH: PatternCount(raised=1, noted=1),
        },
        regimes=Counter({Regime.VOLATILE: 1, Regime.RANGING: 1}),
        conditions=Counter({MarketCondition.BALANCE: 1}),
    )


def test_days_stand_in_order_and_the_night_before_its_day():
    hours = [("10:05", "2025-12-03"), ("10:05", "2025-12-02"), ("03:00", "2025-12-03")]
    books = books_of(detector=[make_signal(ts_ns=at(*hour)) for hour in hours])
    assert [(found.date.day, found.window) for found in counts_by_day(books)] == [
        (2, Window.RTH),
        (3, Window.OVERNIGHT),
        (3, Window.RTH),
    ]


MINUTES = st.integers(0, 3 * 24 * 60).map(lambda minute: at("00:00") + minute * 60 * 10**9)
MESSAGES = st.one_of(
    st.builds(make_signal, ts_ns=MINUTES, pattern=st.sampled_from(Pattern)),
    st.builds(make_approved, ts_ns=MINUTES, pattern=st.sampled_from(Pattern)),
    st.builds(make_noted, ts_ns=MINUTES, pattern=st.sampled_from(Pattern)),
    st.builds(make_dropped, ts_ns=MINUTES, reason=st.sampled_from(DropReason)),
    st.builds(make_regime, ts_ns=MINUTES, regime=st.sampled_from(Regime)),
    st.builds(make_condition, ts_ns=MINUTES, condition=st.sampled_from(MarketCondition)),
)


@given(st.lists(st.tuples(st.sampled_from(JUDGING), MESSAGES), max_size=30))
def test_nothing_is_counted_twice_or_lost_and_the_print_stays_on_the_page(pairs):
    books = books_of(
        **{stream: [m for place, m in pairs if place == stream] for stream in JUDGING}
    )
    counts = counts_by_day(books)
    patterns = [found for session in counts for found in session.patterns.values()]
    total = sum(p.raised + p.approved + p.noted + p.dropped.total() for p in patterns)
    total += sum(session.regimes.total() + session.conditions.total() for session in counts)
    assert total == len(pairs)
    assert len(counts) == len({session_of(message.ts_ns) for _, message in pairs})
    for width in (80, 100):
        assert all(len(line) <= width for line in printed(counts, width).splitlines())


def test_the_print_names_part_pattern_and_fate_and_folds_long_reasons_between_words():
    patterns = {
        Pattern.STACKED_BUY: PatternCount(
            raised=1_234,
            approved=7,
            dropped=Counter({reason: 1_000 - n for n, reason in enumerate(DropReason)}),
        ),
        Pattern.UNFINISHED_LOW: PatternCount(raised=3, noted=2),
    }
    regimes = Counter({Regime.RANGING: 40, Regime.VOLATILE: 38})
    lines = printed((SessionCount(TUESDAY, Window.RTH, patterns, regimes),)).splitlines()
    assert lines[1] == "2025-12-02 RTH"
    assert "ranging=40, volatile=38" in lines[2]
    stacked, *folded = [line for line in lines if "stacked" in line or line.startswith(" " * 30)]
    assert stacked.split()[:3] == ["stacked_buy", "1,234", "7"]
    (unfinished,) = [line for line in lines if line.startswith("unfinished_low")]
    assert unfinished.split() == ["unfinished_low", "3", "2"]
    words = " ".join([stacked, *folded]).split()
    for number, reason in enumerate(DropReason):
        assert f"{reason}={1_000 - number:,}" in [word.rstrip(",") for word in words]


def test_books_in_a_database_count_the_same(tmp_path):
    detector, router = [make_signal(), make_signal(id="2")], [make_approved(), make_dropped()]
    books = SqlBooks(database_for("", str(tmp_path), "books"))
    for stream, messages in {"detector": detector, "router": router}.items():
        for seq, message in enumerate(messages, start=1):
            books.add(stream, seq, message)
    books.commit()
    memory = books_of(detector=detector, router=router)
    assert result_of(books, 0.0) == result_of(memory, 0.0)
    books.close()


@pytest.mark.parametrize(("simulated", "told"), [(True, True), (False, False)])
def test_a_result_of_simulated_trades_says_so(simulated, told):
    result = result_of(books_of(bars=[make_bar(simulated=simulated)]), 1.0)
    assert result.simulated_bars == int(simulated)
    stream = io.StringIO()
    show_result(SUMMARY, result, Settings(), Console(file=stream, width=100))
    assert ("SIMULATED: the trades of 1 of these bars" in stream.getvalue()) is told


def minute_archive(path):
    """Five hours of minute bars that wander, with volumes that come and go."""
    lines = [
        f"{60_000 * number},{1667 + number % 7},{1669 + number % 7},{1666 + number % 5},"
        f"{1667 + number % 6},{200 + 40 * (number % 9)}"
        for number in range(300)
    ]
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("20131008_es_minute_trade_201312.csv", "\n".join(lines))
    return path


def test_a_replay_of_minute_bars_says_that_they_are_simulated(tmp_path):
    path = minute_archive(tmp_path / "a.zip")
    settings = dataclasses.replace(Settings(), run=RunSettings(directory=str(tmp_path)))
    stream = io.StringIO()
    assert show_local_replay([path], settings, Console(file=stream, width=100)) == 0
    text = " ".join(stream.getvalue().split())
    assert "they are simulated from minute bars or by the demonstration" in text
    assert "contracts ESZ3" in text


def test_files_without_a_usable_trade_are_refused_in_words_and_not_replayed_as_nothing(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("20131008_es_tick_trade_201312.csv", "rubbish\n")
    settings = dataclasses.replace(Settings(), run=RunSettings(directory=str(tmp_path)))
    stream = io.StringIO()
    assert show_local_replay([path], settings, Console(file=stream, width=100)) == EXIT_DATA
    assert "found no trade of ES that could be used" in " ".join(stream.getvalue().split())


@pytest.mark.parametrize("synthetic", ["deny", "allow"])
def test_signals_from_minute_bars_are_synthetic_and_approved_only_where_that_is_allowed(
    tmp_path, synthetic
):
    busy = busy_settings()
    settings = dataclasses.replace(
        busy,
        bars=Settings().bars,  # Long enough a history for a regime.
        router=dataclasses.replace(busy.router, synthetic=synthetic),
    )
    _, result = replay_local([minute_archive(tmp_path / "a.zip")], settings, tmp_path)
    assert result.simulated_bars == result.bars > 0
    found = [found for session in result.counts for found in session.patterns.values()]
    refused = sum(count.dropped[DropReason.SYNTHETIC] for count in found)
    assert (refused > 0) is (synthetic == "deny")
    assert (result.approved > 0) is (synthetic == "allow")


def test_every_signal_of_a_real_day_is_answered_once_in_the_counts(tmp_path):
    settings = dataclasses.replace(Settings(), feed=FeedSettings(symbol="GC"))
    summary, result = replay_local([real(GOLD)], settings, tmp_path)
    assert (summary.volume, result.bars, result.simulated_bars) == (51_866, 279, 0)
    for session in result.counts:
        for pattern, found in session.patterns.items():
            answered = found.approved + found.noted + found.dropped.total()
            assert answered == found.raised, (session.date, session.window, pattern)
    found = [found for session in result.counts for found in session.patterns.values()]
    assert sum(count.raised for count in found) == result.signals > 0
    assert sum(count.approved for count in found) == result.approved
    assert sum(session.regimes.total() for session in result.counts) == result.bars
