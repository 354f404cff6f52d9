"""Unfinished auctions and the register of their levels, domain 2.7."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.unfinished import (
    Unfinished,
    UnfinishedRule,
    unfinished_extremes,
    unfinished_high,
    unfinished_low,
)
from protocol.instruments import instrument
from protocol.pattern_settings import UnfinishedSettings
from protocol.patterns import Direction, Pattern
from protocol.signals import SignalRaised, ZoneState
from tests.actors.core.patterns.sessions import (
    assert_refuses_what_does_not_follow,
    real_bars,
)
from tests.actors.core.patterns.test_zones import following
from tests.makers import at, make_bar

RULE = UnfinishedRule(dominant_above=0, opposite_min=1, levels_max=50, persist=False)
HIGH, LOW, AGAIN = (
    Pattern.UNFINISHED_HIGH, Pattern.UNFINISHED_LOW, Pattern.UNFINISHED_REVISITED
)  # fmt: skip
REVISITED, REPAIRED, DROPPED = ZoneState.REVISITED, ZoneState.REPAIRED, ZoneState.DROPPED

# A bar from 398 to 401 with B=4 and A=22 at its high, finished at its low.
TOP = {"low": 398, "sells": (9, 9, 9, 4), "buys": (0, 9, 9, 22)}
BOTTOM = {"low": 401, "sells": (22, 9, 9, 0), "buys": (4, 9, 9, 9), "close": 401}


def finished(low, high):
    """Return a bar whose extremes are both finished."""
    count = high - low
    return {"low": low, "sells": (9,) * count + (0,), "buys": (0,) + (9,) * count}


def told(*bars, rule=RULE):
    """Return what each bar says: (pattern) of signals, (pattern, state) of changes."""
    register = Unfinished(rule)
    return [
        [m.pattern if isinstance(m, SignalRaised) else (m.pattern, m.state) for m in found]
        for found in map(register.add, following(*bars))
    ]


def test_t2_7_a_high_where_both_sides_traded_is_unfinished_and_draws_price_up():
    (bar,) = following(TOP)
    (found,) = unfinished_extremes(bar, RULE)
    assert (found.pattern, found.direction) == (HIGH, Direction.LONG)
    assert (found.ref_price, found.strength_ppm) == (401, 600_000)
    assert (found.zone_low, found.zone_high) == (401, 401)
    assert found.detail == "22 bought and 4 sold at the high"


def test_t2_7_a_high_where_nobody_sold_is_finished():
    assert told({**TOP, "sells": (9, 9, 9, 0)}) == [[]]


def test_a_low_where_both_sides_traded_is_unfinished_and_draws_price_down():
    (found,) = unfinished_extremes(make_bar(**BOTTOM), RULE)
    assert (found.pattern, found.direction, found.ref_price) == (LOW, Direction.SHORT, 401)
    assert found.detail == "22 sold and 4 bought at the low"


def test_t2_7_the_bar_that_made_a_level_never_revisits_it():
    """The seed asks the same bar, so every level is created and deleted at once."""
    register = Unfinished(RULE)
    assert [m.pattern for m in register.add(following(TOP)[0])] == [HIGH]
    (level,) = register.marks.standing
    assert (level.state, level.visits) == (ZoneState.ACTIVE, 0)


@pytest.mark.parametrize(
    ("later", "wanted"),
    [
        (finished(395, 400), []),  # A tick below it.
        (finished(395, 401), [AGAIN, (HIGH, REVISITED), (HIGH, REPAIRED)]),
        (finished(395, 402), [AGAIN, (HIGH, REVISITED), (HIGH, REPAIRED)]),
        (finished(401, 405), [AGAIN, (HIGH, REVISITED), (HIGH, REPAIRED)]),
        (finished(402, 405), [(HIGH, REPAIRED)]),  # Price jumped over it.
        ({**finished(395, 401), "sells": (9,) * 7}, [AGAIN, (HIGH, REVISITED), HIGH]),
    ],
)
def test_a_high_is_revisited_within_a_range_and_repaired_beyond_or_finished(later, wanted):
    assert told(TOP, later) == [[HIGH], wanted]


@pytest.mark.parametrize(
    ("later", "wanted"),
    [
        (finished(402, 405), []),
        (finished(401, 405), [AGAIN, (LOW, REVISITED), (LOW, REPAIRED)]),
        (finished(400, 405), [AGAIN, (LOW, REVISITED), (LOW, REPAIRED)]),
        (finished(395, 400), [(LOW, REPAIRED)]),
        ({**finished(401, 405), "buys": (9,) * 5}, [AGAIN, (LOW, REVISITED), LOW]),
    ],
)
def test_a_low_is_revisited_within_a_range_and_repaired_beyond_or_finished(later, wanted):
    assert told(BOTTOM, later) == [[LOW], wanted]


def test_an_extreme_of_unknown_sides_repairs_nothing():
    later = {**finished(395, 401), "unknowns": (0,) * 6 + (1,)}
    assert told(TOP, later) == [[HIGH], [AGAIN, (HIGH, REVISITED)]]
    later = {**finished(401, 405), "unknowns": (1,) + (0,) * 4}
    assert told(BOTTOM, later) == [[LOW], [AGAIN, (LOW, REVISITED)]]


def test_a_level_is_revisited_once_and_its_visits_are_counted():
    register = Unfinished(RULE)
    unsure = {**finished(395, 401), "unknowns": (0,) * 6 + (1,)}
    found = [register.add(bar) for bar in following(TOP, unsure, unsure, unsure)]
    assert [len(each) for each in found] == [1, 2, 0, 0]
    (level,) = register.marks.standing
    assert (level.state, level.visits) == (REVISITED, 3)


def test_a_revisit_is_information_and_names_the_level_and_its_signal():
    register = Unfinished(RULE)
    first, second = following(TOP, finished(395, 402))
    (made,) = register.add(first)
    again, change, repaired = register.add(second)
    assert (again.direction, again.strength_ppm) == (Direction.NONE, 500_000)
    assert (again.ref_price, again.actionable) == (401, False)
    assert (again.zone_low, again.zone_high) == (401, 401)
    assert made.id in again.detail
    assert change.signal_id == repaired.signal_id == made.id
    assert change.ts_ns == repaired.ts_ns == second.end_ns


def test_two_levels_at_one_price_are_revisited_each_for_itself():
    register = Unfinished(RULE)
    both, later = following({"low": 401, "sells": (5,), "buys": (5,)}, finished(395, 405))
    made = register.add(both)
    found = register.add(later)
    revisits = [m for m in found if isinstance(m, SignalRaised)]
    assert [m.ref_price for m in revisits] == [401, 401]
    assert len({m.id for m in revisits}) == 2
    repaired = [m.signal_id for m in found if m not in revisits and m.state is REPAIRED]
    assert repaired == [m.id for m in made]


def test_a_bar_of_one_price_is_unfinished_both_ways():
    assert told({"low": 401, "sells": (5,), "buys": (5,)}) == [[HIGH, LOW]]


def test_the_oldest_level_gives_way_beyond_the_limit():
    rule = dataclasses.replace(RULE, levels_max=2)
    tops = [{**TOP, "low": 398 - 10 * i} for i in range(4)]
    assert told(*tops, rule=rule) == [[HIGH], [HIGH], [HIGH, (HIGH, DROPPED)],
                                      [HIGH, (HIGH, DROPPED)]]  # fmt: skip


def test_levels_end_with_the_trading_day_unless_they_persist():
    for persist, wanted in ((False, [(DROPPED, at("17:00"))]), (True, [])):
        register = Unfinished(dataclasses.replace(RULE, persist=persist))
        register.add(following(TOP, start="16:55")[0])
        (night,) = following(finished(390, 395), start="18:00")
        assert [(m.state, m.ts_ns) for m in register.add(night)] == wanted


@pytest.mark.parametrize(
    ("bought", "sold", "wanted"),
    [(5, 3, False), (6, 3, True), (7, 3, True), (6, 2, False), (6, 4, True)],
)
def test_the_boundaries_of_both_sides(bought, sold, wanted):
    rule = dataclasses.replace(RULE, dominant_above=5, opposite_min=3)
    assert unfinished_high((9, sold), (9, bought), rule) is wanted
    assert unfinished_low((bought, 9), (sold, 9), rule) is wanted


@pytest.mark.parametrize("find", [unfinished_high, unfinished_low])
def test_no_levels_are_not_unfinished_and_unsound_ones_are_refused(find):
    assert find((), (), RULE) is False
    with pytest.raises(ValueError, match="wanted none below 0"):
        find((-1, 1), (1, 1), RULE)


def test_an_extreme_of_unknown_sides_alone_is_not_unfinished():
    assert told({"low": 400, "sells": (0, 0), "buys": (0, 0), "unknowns": (9, 9)}) == [[]]


def test_bars_that_do_not_follow_are_refused():
    assert_refuses_what_does_not_follow(lambda: Unfinished(RULE))


def test_the_rule_is_that_of_the_settings():
    assert UnfinishedRule.of(UnfinishedSettings(), instrument("ES")) == RULE
    settings = UnfinishedSettings(dominant_above=3, opposite_min=2, levels_max=7, persist=True)
    assert UnfinishedRule.of(settings, instrument("ES")) == UnfinishedRule(
        dominant_above=3, opposite_min=2, levels_max=7, persist=True
    )


LEVEL = st.sampled_from([0, 0, 1, 9])
ROWS = st.lists(
    st.integers(1, 5).flatmap(
        lambda n: st.builds(
            lambda low, *columns: {"low": low} | dict(
                zip(("sells", "buys", "unknowns"), columns, strict=True)
            ),
            st.integers(400, 410),
            *(st.lists(LEVEL, min_size=n, max_size=n) for _ in range(3)),
        )
    ),
    max_size=25,
)  # fmt: skip


def slow(bars):
    """Follow each level by itself through all later bars, from the words of domain 2.7."""
    found = []
    for made, bar in enumerate(bars):
        for up in (True, False):
            end, price = (-1, bar.high) if up else (0, bar.low)
            if not (bar.buys[end] and bar.sells[end]):
                continue
            revisited = False
            for number, later in enumerate(bars[made + 1 :], start=made + 1):
                if later.low <= price <= later.high and not revisited:
                    revisited = True
                    found.append((number, made, up, REVISITED))
                beyond = later.high > price if up else later.low < price
                opposite = later.sells if up else later.buys
                at_end = price == (later.high if up else later.low)
                if beyond or (at_end and opposite[end] == later.unknowns[end] == 0):
                    found.append((number, made, up, REPAIRED))
                    break
    return sorted(found)


@given(ROWS)
def test_changes_are_those_of_the_slow_reference(rows):
    bars = following(*rows)
    register = Unfinished(RULE)
    made, changes = {}, []
    for number, bar in enumerate(bars):
        revisits = 0
        for message in register.add(bar):
            if not isinstance(message, SignalRaised):
                up = message.pattern is HIGH
                changes.append((number, made[message.signal_id], up, message.state))
                revisits -= message.state is REVISITED
            elif message.pattern is AGAIN:
                revisits += 1
            else:
                made[message.id] = number
        assert revisits == 0
    assert sorted(changes) == slow(bars)


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    # The sides of this tape follow the tick rule, by which nobody sells at a high that rose to it;
    # so the volume of each level is dealt out to both.
    bars = []
    for bar in real_bars():
        volumes = [sum(level) for level in zip(bar.sells, bar.buys, strict=True)]
        sells = tuple(volume // 2 for volume in volumes)
        buys = tuple(volume - sold for volume, sold in zip(volumes, sells, strict=True))
        bars.append(dataclasses.replace(bar, sells=sells, buys=buys))
    register = Unfinished(RULE)
    whole = [register.add(bar) for bar in bars]
    states = {m.state for found in whole for m in found if not isinstance(m, SignalRaised)}
    assert states == {REVISITED, REPAIRED, DROPPED}
    for split in (1, 57, 200, len(bars) - 1):
        warm = Unfinished(RULE)
        assert [warm.add(bar) for bar in bars[:split]] == whole[:split]
        assert [warm.add(bar) for bar in bars[split:]] == whole[split:]
