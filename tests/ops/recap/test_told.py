"""What belongs to a trading date, by event time: everything rolls at 17:00 New York."""

from datetime import date

import pytest

from ops.recap.told import Gap, last_date
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.market import FeedLost, FeedRestored
from protocol.orders import PositionChanged, StopCause
from protocol.reports import LinkChanged
from tests.makers import CONTRACT, at, make_bar, make_closed, make_opened, make_signal
from tests.ops.recap.days import books_of, make_filled, streams, told, with_more


@pytest.mark.parametrize(
    ("clock", "day", "belongs"),
    [
        ("16:59:59.999", "2025-12-01", False),
        ("17:00", "2025-12-01", False),  # The end of Monday's last bar is Monday's.
        ("17:00:00.001", "2025-12-01", True),
        ("17:00", "2025-12-02", True),
        ("17:00:00.001", "2025-12-02", False),
    ],
)
def test_a_decision_belongs_to_the_date_of_the_bar_it_ends(clock, day, belongs):
    assert bool(told({"bars": [make_bar(end_ns=at(clock, day))]}).decisive()) is belongs
    assert bool(told({"detector": [make_signal(ts_ns=at(clock, day))]}).raised) is belongs


@pytest.mark.parametrize(
    ("clock", "day", "belongs"),
    [
        ("16:59:59.999", "2025-12-01", False),
        ("17:00", "2025-12-01", True),
        ("16:59:59.999", "2025-12-02", True),
        ("17:00", "2025-12-02", False),
    ],
)
def test_a_round_trip_belongs_to_the_date_of_its_last_fill_as_risk_counts_it(clock, day, belongs):
    found = told({"desk": [make_closed(ts_ns=at(clock, day))]})
    assert bool(found.of_date()) is belongs
    fill = told({"broker": [make_filled(ts_ns=at(clock, day))]})
    assert bool(fill.reported) is belongs


def test_friday_evening_belongs_to_monday():
    friday = make_bar(end_ns=at("18:05", "2025-12-05"))
    assert told({"bars": [friday]}, "2025-12-08").decisive() == [friday]


def test_the_past_is_kept_for_statistics_and_the_future_is_not_looked_at():
    past = make_closed(bracket_id="past", ts_ns=at("10:00", "2025-12-01"))
    future = make_closed(bracket_id="future", ts_ns=at("10:00", "2025-12-03"))
    bars = [make_bar(end_ns=at("10:05", f"2025-12-0{n}")) for n in (1, 2, 3)]
    found = told({"bars": bars, "desk": [past, make_closed(), future]})
    assert [trip.bracket_id for trip in found.trips()] == ["past", "bracket-1"]
    assert [trip.bracket_id for trip in found.of_date()] == ["bracket-1"]
    assert [close.end_ns for close in found.all_closes()] == [bar.end_ns for bar in bars[:2]]
    assert found.decisive() == [bars[1]]


def test_a_trip_that_was_corrected_is_one_with_its_last_figures():
    found = told(with_more(desk=[make_closed(pnl_cents=1)]))
    assert [trip.pnl_cents for trip in found.of_date()] == [1]


def test_the_stop_is_where_it_rested_last():
    moved = PositionChanged(
        bracket_id="bracket-1", contract=CONTRACT, ts_ns=at("10:10"), direction="long",
        quantity=1, entry_sum=20_000, stop_price=20_001, target_price=20_024,
        stop_cause=StopCause.BREAKEVEN, realised_cents=0, commission_cents=225, exec_id="",
    )  # fmt: skip
    assert told({"desk": [make_opened(), moved]}).stops == {"bracket-1": 20_001}


def test_the_bars_that_decide_are_those_of_the_settings_else_the_first_that_were_kept():
    other = make_bar(series="volume:400")
    assert told({"bars": [other, make_bar()]}).decisive() == [make_bar()]
    assert told({"bars": [other]}).decisive() == [other]


def test_a_lost_feed_tells_no_time_so_the_gap_runs_between_bars():
    lost = FeedLost(contract=CONTRACT, reason="silent")
    bars = [make_bar(), lost, make_bar(end_ns=at("10:25")), FeedRestored(contract=CONTRACT)]
    assert told({"bars": bars}).gaps == [
        Gap("feed", CONTRACT, at("10:05"), "silent", at("10:25"))
    ]


def test_a_link_and_each_cause_of_the_fence_have_gaps_of_their_own():
    def link(clock, up):
        return LinkChanged(ts_ns=at(clock), up=up, reason="reset")

    def fence(kind, clock, cause):
        return kind(ts_ns=at(clock), cause=cause, detail="told")

    found = told({
        "desk": [
            fence(FenceClosed, "10:00", FenceCause.KILL),
            fence(FenceClosed, "10:01", FenceCause.LINK),
            fence(FenceOpened, "10:03", FenceCause.LINK),
        ],
        "broker": [link("10:01", False), link("10:02", True), link("17:00", False)],
    })  # fmt: skip
    assert [(gap.kind, gap.what, gap.to_ns) for gap in found.gaps] == [
        ("fence", "kill", None), ("fence", "link", at("10:03")), ("link", "broker", at("10:02")),
    ]  # fmt: skip


def test_the_last_date_is_that_of_the_last_bar():
    assert last_date(books_of({})) is None
    assert last_date(books_of(streams())) == date(2025, 12, 2)
