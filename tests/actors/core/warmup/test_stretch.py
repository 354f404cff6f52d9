"""Which bars may stand for the past, domain 8.3: contract, kind, gaps and age."""

import dataclasses
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.session.calendar import Schedule
from actors.core.warmup.stretch import Refusal, Unfit, WarmRule, stretch, trading_ns
from protocol.units import NANOS_PER_S
from tests.makers import CONTRACT, at, make_bar

S = NANOS_PER_S
FIVE = 300 * S
SCHEDULE = Schedule.of(["2025-11-27"], ["2025-11-28 13:15"])
RULE = WarmRule(
    contract=CONTRACT, series="time:300", simulated=False, bars=36, bars_min=21,
    schedule=SCHEDULE,
)  # fmt: skip


def bars(count, last_ns, **fields):
    """Return `count` bars of five minutes, one behind the other, the last ending at `last_ns`."""
    first = last_ns - count * FIVE
    return [
        make_bar(start_ns=first + n * FIVE, end_ns=first + (n + 1) * FIVE, **fields)
        for n in range(count)
    ]


def refused(found, now_ns, rule=RULE):
    with pytest.raises(Unfit) as caught:
        stretch(found, rule, now_ns)
    assert str(caught.value)
    return caught.value.refusal


NOW = at("09:25")


def test_the_last_bars_are_taken_and_no_more_than_wanted():
    found = bars(50, at("09:25"))
    assert stretch(found, RULE, NOW) == tuple(found[-36:])


@pytest.mark.parametrize("count", [21, 22, 36])
def test_as_many_as_there_are_will_do_from_the_least_on(count):
    assert len(stretch(bars(count, at("09:25")), RULE, NOW)) == count


def test_one_bar_too_few_is_refused():
    assert refused(bars(20, at("09:25")), NOW) is Refusal.FEW


def test_no_bar_at_all_is_refused():
    assert refused([], NOW) is Refusal.NONE


def test_another_contract_is_refused_and_left_out_beside_the_right_one():
    other = bars(30, at("06:00"), contract="ESU5")
    assert refused(other, NOW) is Refusal.OTHER_CONTRACT
    own = bars(30, at("09:25"))
    assert stretch([*other, *own], RULE, NOW) == tuple(own)


def test_other_bars_and_made_up_trades_are_refused():
    assert refused(bars(30, NOW, series="tick:1000"), NOW) is Refusal.OTHER_SERIES
    assert refused(bars(30, NOW, simulated=True), NOW) is Refusal.SIMULATED
    own = dataclasses.replace(RULE, simulated=True)
    assert refused(bars(30, NOW), NOW, own) is Refusal.SIMULATED


def test_bars_of_the_future_are_left_out_and_alone_refused():
    found = bars(30, NOW + 3 * FIVE)
    assert stretch(found, RULE, NOW)[-1].end_ns == NOW
    assert refused(bars(5, NOW + 5 * FIVE), NOW) is Refusal.FUTURE


def test_behind_a_gap_the_rest_counts_and_is_refused_when_it_is_too_short():
    found = bars(60, NOW)
    enough = found[:30] + found[31:]
    assert stretch(enough, RULE, NOW) == tuple(found[31:])
    short = found[:41] + found[42:]
    assert refused(short, NOW) is Refusal.GAP


@pytest.mark.parametrize(
    ("close", "open_", "gap"),
    [
        (("17:00", "2025-12-01"), ("18:00", "2025-12-01"), False),  # The daily halt.
        (("16:55", "2025-12-01"), ("18:00", "2025-12-01"), True),
        (("17:00", "2025-12-01"), ("18:05", "2025-12-01"), True),
        (("17:00", "2025-12-05"), ("18:00", "2025-12-07"), False),  # The weekend.
        (("17:00", "2025-11-26"), ("18:00", "2025-11-27"), False),  # Thanksgiving.
        (("13:15", "2025-11-28"), ("18:00", "2025-11-30"), False),  # A half day, a weekend.
        (("13:10", "2025-11-28"), ("18:00", "2025-11-30"), True),
    ],
)
def test_where_nothing_is_traded_there_is_no_gap(close, open_, gap):
    before = bars(30, at(*close))
    after = bars(25, at(*open_) + 25 * FIVE)
    now_ns = after[-1].end_ns
    found = stretch([*before, *after], dataclasses.replace(RULE, bars=55), now_ns)
    assert len(found) == (25 if gap else 55)


def test_bars_of_the_trading_day_before_are_young_enough_and_older_ones_are_not():
    thursday_end = at("17:00", "2025-12-04")
    assert stretch(bars(30, thursday_end), RULE, at("16:59", "2025-12-05"))
    assert refused(bars(30, thursday_end), at("17:00", "2025-12-05")) is Refusal.OLD
    # Over a weekend, and over a holiday.
    assert stretch(bars(30, at("17:00", "2025-12-05")), RULE, at("09:25", "2025-12-08"))
    assert stretch(bars(30, at("17:00", "2025-11-26")), RULE, at("09:25", "2025-11-28"))
    assert refused(bars(30, at("17:00", "2025-11-26")), at("09:25", "2025-12-01")) is Refusal.OLD


def test_bars_out_of_order_and_bars_that_overlap_are_not_taken_for_one_stretch():
    found = bars(30, NOW)
    assert refused([*found[5:], *found[:5]], NOW) is Refusal.DISORDER
    broken = [make_bar(start_ns=NOW - FIVE - 1, end_ns=NOW)]
    assert refused([*bars(30, NOW - FIVE), *broken], NOW) is Refusal.GAP


def test_bars_that_no_clock_ends_may_have_pauses_between_them_but_no_missing_day():
    rule = dataclasses.replace(RULE, series="tick:1000", bars_min=2)
    tick = [
        make_bar(start_ns=at(clock), end_ns=at(clock) + S, series="tick:1000")
        for clock in ("03:00", "04:00", "09:00")
    ]
    assert len(stretch(tick, rule, NOW)) == 3
    old = make_bar(
        start_ns=at("09:00", "2025-11-28"), end_ns=at("09:01", "2025-11-28"), series="tick:1000"
    )
    assert len(stretch([old, *tick], rule, NOW)) == 3


def test_a_rule_that_wants_more_at_the_least_than_at_the_most_is_refused():
    for least, most in ((0, 36), (37, 36)):
        with pytest.raises(ValueError, match="wanted 1 <= least <= most"):
            dataclasses.replace(RULE, bars=most, bars_min=least)


def open_at(ts_ns):
    """Whether the exchange trades at an instant: the rules of the week, said once more."""
    local = datetime.fromtimestamp(ts_ns // S, UTC).astimezone(ZoneInfo("America/New_York"))
    minute, weekday, day = local.hour * 60 + local.minute, local.weekday(), str(local.date())
    if weekday == 5 or (weekday == 4 and minute >= 1020) or (weekday == 6 and minute < 1080):
        return False
    if 1020 <= minute < 1080 or (day == "2025-11-28" and 795 <= minute):
        return False
    return not (
        (day == "2025-11-26" and minute >= 1020) or (day == "2025-11-27" and minute < 1080)
    )


@settings(max_examples=60)
@given(st.integers(0, 14 * 96), st.integers(0, 5 * 96))
def test_time_of_trading_is_what_counting_quarters_of_an_hour_gives(start, length):
    quarter = 900 * S
    from_ns = at("00:00", "2025-11-23") + start * quarter
    slow = sum(open_at(from_ns + n * quarter) for n in range(length)) * quarter
    assert trading_ns(from_ns, from_ns + length * quarter, SCHEDULE) == slow


def test_time_that_runs_backwards_is_refused():
    with pytest.raises(ValueError, match="in order"):
        trading_ns(NOW, NOW - 1, SCHEDULE)


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.integers(1, 30))
def test_what_is_taken_is_the_longest_end_without_a_gap(present, least):
    whole = bars(len(present), NOW)
    found = [bar for bar, there in zip(whole, present, strict=True) if there]
    tail = 0
    trimmed = "".join("x" if there else " " for there in present).rstrip()
    tail = len(trimmed) - (trimmed.rfind(" ") + 1)
    rule = dataclasses.replace(RULE, bars_min=least)
    if not found or tail < least:
        with pytest.raises(Unfit):
            stretch(found, rule, NOW)
    else:
        assert stretch(found, rule, NOW) == tuple(found[-min(tail, 36):])
