"""The life of the zones that stacked imbalances leave behind, domain 2.2."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.imbalance import ImbalanceRule, ZeroPolicy, imbalances
from actors.core.patterns.zones import ZONES_MAX, ZoneRule, Zones
from protocol.instruments import instrument
from protocol.pattern_settings import ImbalanceSettings
from protocol.patterns import Pattern
from protocol.signals import SignalRaised, ZoneState
from protocol.units import NANOS_PER_S
from tests.actors.core.patterns.sessions import (
    assert_refuses_what_does_not_follow,
    real_bars,
)
from tests.makers import at, make_bar

RULE = ZoneRule(
    imbalance=ImbalanceRule(
        ratio_ppm=3_000_000,
        volume_min=10,
        difference_min=0,
        zero_policy=ZeroPolicy.ONE,
        stack_min=3,
    ),
    persist=False,
)
FIVE_MINUTES = 300 * NANOS_PER_S
ACTIVE, TESTED, BROKEN, DROPPED = (
    ZoneState.ACTIVE, ZoneState.TESTED, ZoneState.BROKEN, ZoneState.DROPPED
)  # fmt: skip


def following(*bars, start="10:00", day="2025-12-02"):
    """Return bars of five minutes, one after the other, from `bars` as fields."""
    start_ns = at(start, day)
    return [
        make_bar(**{
            "start_ns": start_ns + i * FIVE_MINUTES, "end_ns": start_ns + (i + 1) * FIVE_MINUTES,
            **fields,
        })
        for i, fields in enumerate(bars)
    ]  # fmt: skip


# A zone of buying from 401 to 403, closed above it; one of selling from 400 to 402, closed below.
BUYING = {"low": 400, "sells": (1,) * 4, "buys": (0, 30, 30, 30)}
SELLING = {"low": 400, "sells": (30, 30, 30, 0), "buys": (1,) * 4, "close": 400}


def quiet(low, high, close=None, traded=None):
    """Return a bar of balanced trades at `traded`, by default everywhere from low to high."""
    traded = range(low, high + 1) if traded is None else traded
    volumes = [5 * (price in traded) for price in range(low, high + 1)]
    close = high if close is None else close
    return {"low": low, "sells": volumes, "buys": volumes, "close": close}


def fates(*bars, rule=RULE, **when):
    """Return the changes of each bar after the first as (pattern, state)."""
    zones = Zones(rule)
    found = [zones.add(bar) for bar in following(*bars, **when)]
    return [
        [(m.pattern, m.state) for m in messages if not isinstance(m, SignalRaised)]
        for messages in found[1:]
    ]


def test_the_bar_that_made_a_zone_does_not_test_it():
    zones = Zones(RULE)
    (bar,) = following(BUYING)
    assert zones.add(bar) == imbalances(bar, RULE.imbalance)
    (zone,) = zones.marks.standing
    assert (zone.state, zone.visits, zone.date) == (ACTIVE, 0, date(2025, 12, 2))
    assert (zone.signal.zone_low, zone.signal.zone_high) == (401, 403)


@pytest.mark.parametrize(
    ("later", "states"),
    [
        (quiet(404, 406), []),  # A tick above the zone.
        (quiet(403, 406), [TESTED]),  # At its top.
        (quiet(401, 406), [TESTED]),
        (quiet(400, 406, close=401), [TESTED]),  # A close at the bottom breaks nothing.
        (quiet(400, 406, close=400), [TESTED, BROKEN]),
        (quiet(396, 400, close=400), [BROKEN]),  # Price jumped over it.
        (quiet(396, 401, close=401), [TESTED]),
    ],
)
def test_a_zone_of_buying_is_tested_inside_and_broken_by_a_close_below(later, states):
    assert fates(BUYING, later) == [[(Pattern.STACKED_BUY, state) for state in states]]


@pytest.mark.parametrize(
    ("later", "states"),
    [
        (quiet(396, 399), []),
        (quiet(396, 400), [TESTED]),
        (quiet(396, 403, close=402), [TESTED]),
        (quiet(396, 403, close=403), [TESTED, BROKEN]),
        (quiet(403, 406, close=403), [BROKEN]),
    ],
)
def test_a_zone_of_selling_is_tested_inside_and_broken_by_a_close_above(later, states):
    assert fates(SELLING, later) == [[(Pattern.STACKED_SELL, state) for state in states]]


def test_prices_without_trades_test_nothing():
    around = {*range(396, 401), *range(404, 410)}
    assert fates(BUYING, quiet(396, 409, traded=around)) == [[]]
    assert fates(BUYING, quiet(396, 409, traded=around | {402})) == [
        [(Pattern.STACKED_BUY, TESTED)]
    ]


def test_trades_of_unknown_side_test_a_zone():
    later = {"low": 402, "sells": (0,), "buys": (0,), "unknowns": (1,)}
    assert fates(BUYING, later) == [[(Pattern.STACKED_BUY, TESTED)]]


def test_a_test_is_told_once_and_counted_each_time():
    zones = Zones(RULE)
    bars = following(BUYING, quiet(402, 404), quiet(402, 404), quiet(404, 405))
    changes = [zones.add(bar) for bar in bars]
    assert [len(found) for found in changes[1:]] == [1, 0, 0]
    (zone,) = zones.marks.standing
    assert (zone.state, zone.visits) == (TESTED, 2)


def test_a_broken_zone_is_gone():
    broken = quiet(390, 395, close=390)
    assert fates(BUYING, broken, broken, quiet(401, 403)) == [
        [(Pattern.STACKED_BUY, BROKEN)], [], [],
    ]  # fmt: skip


def test_a_change_names_the_signal_the_zone_and_the_close_of_the_bar():
    zones = Zones(RULE)
    first, second = following(BUYING, quiet(402, 404))
    stack = zones.add(first)[-1]
    (change,) = zones.add(second)
    assert (change.signal_id, change.contract) == (stack.id, stack.contract)
    assert (change.zone_low, change.zone_high) == (401, 403)
    assert change.ts_ns == second.end_ns


def test_zones_end_with_the_trading_day_at_17_00():
    # The first bar ends at 17:00 and belongs to the day that ends; the next opens at 18:00.
    zones = Zones(RULE)
    (last,) = following(BUYING, start="16:55")
    zones.add(last)
    (night,) = following(quiet(404, 406), start="18:00")
    (change,) = zones.add(night)
    assert (change.state, change.ts_ns) == (DROPPED, at("17:00"))
    assert zones.marks.standing == []


def test_the_bar_that_ends_at_17_00_still_meets_the_zones_of_its_day():
    zones = Zones(RULE)
    made, last = following(BUYING, quiet(402, 404), start="16:50")
    zones.add(made)
    assert [change.state for change in zones.add(last)] == [TESTED]


def test_zones_outlive_the_trading_day_where_they_persist():
    zones = Zones(dataclasses.replace(RULE, persist=True))
    zones.add(following(BUYING, start="16:55")[0])
    (change,) = zones.add(following(quiet(402, 406), start="18:00")[0])
    assert change.state is TESTED


def test_a_friday_s_zones_end_on_friday():
    zones = Zones(RULE)
    zones.add(following(BUYING, start="15:00", day="2025-12-05")[0])
    (change,) = zones.add(following(quiet(402, 406), start="18:00", day="2025-12-07")[0])
    assert (change.state, change.ts_ns) == (DROPPED, at("17:00", "2025-12-05"))


@pytest.mark.parametrize(("clock", "gone"), [("16:59:59.999", 0), ("17:00", 1), ("17:00:01", 1)])
def test_who_knows_the_time_can_end_the_day_before_the_next_bar(clock, gone):
    zones = Zones(RULE)
    zones.add(following(BUYING, start="16:50")[0])
    found = zones.marks.roll(at(clock))
    assert [(change.state, change.ts_ns) for change in found] == [(DROPPED, at("17:00"))] * gone
    assert zones.marks.roll(at(clock)) == []


def test_the_oldest_zones_give_way_beyond_the_limit():
    zones = Zones(RULE)
    # Each bar leaves one zone, far above all before it.
    bars = following(
        *({**BUYING, "low": 400 + 10 * i} for i in range(ZONES_MAX + 2)), start="18:00"
    )
    changed = [
        [m for m in zones.add(bar) if not isinstance(m, SignalRaised)] for bar in bars
    ]
    assert changed[:ZONES_MAX] == [[]] * ZONES_MAX
    for made, bar, (change,) in zip(bars, bars[ZONES_MAX:], changed[ZONES_MAX:], strict=False):
        assert (change.state, change.zone_low) == (DROPPED, made.low + 1)
        assert change.ts_ns == bar.end_ns
    assert len(zones.marks.standing) == ZONES_MAX


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(lambda: Zones(RULE))


def test_the_rule_is_that_of_the_settings():
    own = instrument("ES")
    settings = ImbalanceSettings(zones_persist=True)
    rule = ZoneRule.of(settings, own)
    assert rule == ZoneRule(imbalance=ImbalanceRule.of(settings, own), persist=True)
    assert not ZoneRule.of(ImbalanceSettings(), own).persist


LEVEL = st.sampled_from([0, 1, 5, 30])
ROWS = st.lists(
    st.integers(1, 7).flatmap(
        lambda n: st.builds(
            lambda low, sells, buys, close: {
                "low": low, "sells": sells, "buys": buys, "close": low + min(close, n - 1),
            },
            st.integers(400, 410), st.lists(LEVEL, min_size=n, max_size=n),
            st.lists(LEVEL, min_size=n, max_size=n), st.integers(0, 6),
        )
    ),
    max_size=25,
)  # fmt: skip


def slow(bars):
    """Follow each zone by itself through all later bars, from the words of domain 2.2."""
    told = []
    for made, bar in enumerate(bars):
        for stack in imbalances(bar, RULE.imbalance):
            if stack.pattern not in (Pattern.STACKED_BUY, Pattern.STACKED_SELL):
                continue
            tested = False
            for number, later in enumerate(bars[made + 1 :], start=made + 1):
                volumes = {
                    later.low + level: sells + buys
                    for level, (sells, buys) in enumerate(
                        zip(later.sells, later.buys, strict=True)
                    )
                }
                inside = [volumes.get(p, 0) for p in range(stack.zone_low, stack.zone_high + 1)]
                if any(inside) and not tested:
                    tested = True
                    told.append((number, stack.id, TESTED))
                floor = stack.pattern is Pattern.STACKED_BUY
                if later.close < stack.zone_low if floor else later.close > stack.zone_high:
                    told.append((number, stack.id, BROKEN))
                    break
    return sorted(told)


@given(ROWS)
def test_changes_are_those_of_the_slow_reference(rows):
    bars = following(*rows)
    zones = Zones(RULE)
    told = [
        (number, message.signal_id, message.state)
        for number, bar in enumerate(bars)
        for message in zones.add(bar)
        if not isinstance(message, SignalRaised)
    ]
    assert sorted(told) == slow(bars)


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    bars = real_bars()
    rule = ZoneRule.of(ImbalanceSettings(), instrument("ES"))
    zones = Zones(rule)
    whole = [zones.add(bar) for bar in bars]
    states = {m.state for found in whole for m in found if not isinstance(m, SignalRaised)}
    assert states == {TESTED, BROKEN, DROPPED}
    for split in (1, 57, 200, len(bars) - 1):
        warm = Zones(rule)
        assert [warm.add(bar) for bar in bars[:split]] == whole[:split]
        assert [warm.add(bar) for bar in bars[split:]] == whole[split:]
