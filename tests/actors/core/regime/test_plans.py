"""The plans of domain 4.4: location, stop and targets of each setup, both sides."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.regime.plans import Break, PlanRule, broken, plans, view
from protocol.patterns import Direction
from protocol.signals import FlowRegime, Setup
from tests.actors.core.regime.conditions import make_condition

RULE = PlanRule(fade_ppm=800_000, bounce_ppm=750_000, breakout_ppm=750_000)
LONG, SHORT = Direction.LONG, Direction.SHORT
ROTATIONAL, BULLISH, BEARISH = FlowRegime.ROTATIONAL, FlowRegime.BULLISH, FlowRegime.BEARISH
NO_VALUE = {"value_low": None, "value_high": None, "poc": None}
TWICE = Break(1, False, 20_042)  # One close beyond, so that the next is the second.


def found(direction, before=None, composite=(None, None), **fields):
    """Return (setup, level, entry, stop, target 1, target 2) of every plan."""
    judged = make_condition(**fields)
    seen = view(judged, composite, 1 if direction is LONG else -1)
    start = Break() if before is None else before
    made = plans(judged.flow, seen, start, broken(start, seen), direction, RULE)
    return [(p.setup, p.level, p.entry, p.stop, p.target_1, p.target_2) for p in made]


@pytest.mark.parametrize(
    ("direction", "close", "wanted"),
    [
        (SHORT, 20_039, None),
        (SHORT, 20_040, (Setup.VA_FADE_SHORT, 20_040, 20_040, 20_042, 20_020, 20_018)),
        (SHORT, 20_042, (Setup.VA_FADE_SHORT, 20_040, 20_042, 20_042, 20_020, 20_018)),
        (SHORT, 20_043, None),
        (LONG, 20_001, None),
        (LONG, 20_000, (Setup.VA_FADE_LONG, 20_000, 20_000, 19_998, 20_018, 20_020)),
        (LONG, 19_998, (Setup.VA_FADE_LONG, 20_000, 19_998, 19_998, 20_018, 20_020)),
        (LONG, 19_997, None),
        (LONG, 20_040, None),
        (SHORT, 20_000, None),
    ],
)
def test_a_fade_is_at_the_edge_of_value_and_up_to_two_ticks_beyond(direction, close, wanted):
    """Seed: a tenth of a percent, some 27 ticks, from the edge."""
    made = found(direction, close=close, poc=20_018, atr_milliticks=None)
    assert made == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    ("atr", "stop"),
    [(None, 20_042), (8_000, 20_042), (8_001, 20_043), (12_000, 20_043), (40_000, 20_050)],
)
def test_the_stop_of_a_fade_is_at_least_a_quarter_of_the_range_away(atr, stop):
    ((*_, found_stop, _, _),) = found(SHORT, close=20_040, atr_milliticks=atr)
    assert found_stop == stop


@pytest.mark.parametrize(
    ("poc", "vwap", "targets"),
    [
        (20_010, 20_020, (20_020, 20_010)),
        (20_030, 20_020, (20_030, 20_020)),
        (20_010, 20_041, (20_010, 20_010)),  # The VWAP lies behind: not a target.
        (20_040, 20_020, (20_020, 20_020)),
        (20_010, None, (20_010, 20_010)),
        (20_040, 20_041, None),
    ],
)
def test_the_targets_of_a_fade_are_the_nearer_middle_and_then_the_other(poc, vwap, targets):
    bands = () if vwap is None else tuple(vwap + 50 * k for k in range(-3, 4))
    made = found(SHORT, close=20_040, poc=poc, vwap_bands=bands)
    assert [plan[-2:] for plan in made] == ([targets] if targets else [])


@pytest.mark.parametrize(
    ("direction", "close", "wanted"),
    [
        (LONG, 20_007, None),
        (LONG, 20_008, (Setup.VWAP_BOUNCE_LONG, 20_010, 20_008, 20_000, 20_020, 20_030)),
        (LONG, 20_012, (Setup.VWAP_BOUNCE_LONG, 20_010, 20_012, 20_000, 20_020, 20_030)),
        (LONG, 20_013, None),
        (SHORT, 20_027, None),
        (SHORT, 20_028, (Setup.VWAP_BOUNCE_SHORT, 20_030, 20_028, 20_040, 20_020, 20_010)),
        (SHORT, 20_032, (Setup.VWAP_BOUNCE_SHORT, 20_030, 20_032, 20_040, 20_020, 20_010)),
        (SHORT, 20_033, None),
    ],
)
def test_a_bounce_is_within_two_ticks_of_one_deviation(direction, close, wanted):
    assert found(direction, close=close) == ([wanted] if wanted else [])


def test_a_bounce_needs_no_value_area_and_a_fade_does():
    night = NO_VALUE | {"close": 20_010}
    assert [plan[0] for plan in found(LONG, **night)] == [Setup.VWAP_BOUNCE_LONG]
    assert found(LONG, **night, vwap_bands=()) == []


@pytest.mark.parametrize(
    ("before", "close", "breaks_out"),
    [
        (Break(), 20_042, False),
        (TWICE, 20_042, True),
        (TWICE, 20_041, False),
        (Break(5, True, 20_042), 20_042, True),
        (Break(0, True, 20_041), 20_042, False),  # Accepted once, but the closes start anew.
    ],
)
def test_a_breakout_needs_two_closes_two_ticks_beyond_value(before, close, breaks_out):
    made = found(LONG, before, close=close, flow=BULLISH)
    assert [plan[0] for plan in made] == ([Setup.VA_BREAKOUT_LONG] if breaks_out else [])


def test_a_breakout_is_measured_by_its_distance_from_the_poc():
    (made,) = found(LONG, TWICE, close=20_043, flow=BULLISH)
    # 23 ticks from the POC: half of it is 11.5, and 20,054.5 rounds away from zero.
    assert made == (Setup.VA_BREAKOUT_LONG, 20_040, 20_043, 20_038, 20_055, 20_066)


def test_the_mirror_of_a_breakout_rounds_away_from_zero_as_well():
    before = Break(1, False, -19_998)
    (made,) = found(SHORT, before, close=19_997, flow=BEARISH)
    # 19,985.5 rounds to 19,986: away from zero, which here is nearer.
    assert made == (Setup.VA_BREAKOUT_SHORT, 20_000, 19_997, 20_002, 19_986, 19_974)


@pytest.mark.parametrize(
    ("composite", "close", "confidence"),
    [(None, 20_050, 750_000), (20_048, 20_050, 850_000), (20_049, 20_050, 750_000)],
)
def test_a_breakout_of_composite_value_too_adds_a_tenth(composite, close, confidence):
    judged = make_condition(close=close, flow=BULLISH)
    seen = view(judged, (19_000, composite), 1)
    (made,) = plans(BULLISH, seen, TWICE, broken(TWICE, seen), LONG, RULE)
    assert (made.confidence_ppm, made.size_ppm) == (confidence, 1_000_000)


@pytest.mark.parametrize(
    ("close_before", "close", "level"),
    [
        (20_050, 20_042, 20_040),
        (20_050, 20_040, 20_040),
        (20_043, 20_041, 20_040),
        (20_042, 20_041, None),  # It never left the zone: that is no pullback.
        (20_050, 20_043, None),
        (20_050, 20_039, None),
        (20_050, 20_032, 20_030),
        (20_050, 20_030, 20_030),
        (20_050, 20_029, None),
        (20_032, 20_031, None),
        (20_020, 20_030, None),  # From below.
        (None, 20_031, None),
    ],
)
def test_a_pullback_comes_from_above_to_the_broken_edge_or_the_vwap(close_before, close, level):
    bands = tuple(20_030 + 50 * k for k in range(-3, 4))
    before = Break(0, True, close_before)
    made = found(LONG, before, close=close, flow=BULLISH, vwap_bands=bands, poc=20_010)
    wanted = [(Setup.PULLBACK_LONG, level)] if level else []
    assert [plan[:2] for plan in made] == wanted
    if level:
        distance = close - 20_010
        assert made[0][3] == level - 2
        assert made[0][4:] == (close + (distance + 1) // 2, close + distance)


def test_an_edge_that_was_not_broken_is_no_place_for_a_pullback():
    assert found(LONG, Break(0, False, 20_050), close=20_041, flow=BULLISH) == []


def test_with_the_poc_ahead_there_is_no_move_to_measure():
    assert found(LONG, TWICE, close=20_042, flow=BULLISH, poc=20_042) == []
    assert found(LONG, TWICE, close=20_042, flow=BULLISH, **NO_VALUE) == []


@pytest.mark.parametrize(("flow", "side"), [(BULLISH, LONG), (BEARISH, SHORT)])
def test_a_driven_market_is_traded_its_own_way_only(flow, side):
    for direction in (LONG, SHORT):
        close = 20_042 if direction is LONG else 19_998
        before = Break(1, False, 0)
        made = found(direction, before, close=close, flow=flow)
        assert bool(made) is (direction is side)
        assert found(direction, before, close=20_000 if direction is LONG else 20_040, flow=flow,
                     vwap_bands=()) == []  # And not faded.  # fmt: skip


@pytest.mark.parametrize(
    ("closes", "wanted"),
    [
        ([20_041], Break(0, False, 20_041)),
        ([20_042], Break(1, False, 20_042)),
        ([20_042, 20_043], Break(2, True, 20_043)),
        ([20_042, 20_041, 20_042], Break(1, False, 20_042)),
        ([20_042, 20_042, 20_040], Break(0, True, 20_040)),
        ([20_042, 20_042, 20_039], Break(0, False, 20_039)),
        ([20_042, 20_042, 20_039, 20_040], Break(0, False, 20_040)),
    ],
)
def test_an_edge_is_broken_by_two_closes_until_one_is_back_inside(closes, wanted):
    state = Break()
    for close in closes:
        state = broken(state, view(make_condition(close=close), (None, None), 1))
    assert state == wanted


def test_without_a_value_area_nothing_is_broken():
    seen = view(make_condition(**NO_VALUE), (None, None), 1)
    assert broken(Break(2, True, 20_050), seen) == Break()


PRICES = st.integers(19_950, 20_090)


@given(
    st.sampled_from(FlowRegime), PRICES, PRICES, st.lists(PRICES, min_size=3, max_size=3),
    st.none() | st.tuples(PRICES, st.integers(0, 25)), st.none() | st.integers(0, 60_000),
    st.integers(0, 3), st.booleans(),
)  # fmt: skip
def test_the_short_side_is_the_long_side_of_negated_prices(
    flow, close, close_before, value, vwap, atr, closes, accepted
):
    low, poc, high = sorted(value)
    bands = tuple(vwap[0] + k * vwap[1] for k in range(-3, 4)) if vwap else ()
    judged = make_condition(
        close=close, flow=flow, value_low=low, poc=poc, value_high=high, vwap_bands=bands,
        atr_milliticks=atr,
    )  # fmt: skip
    turned = dataclasses.replace(
        judged,
        close=-close,
        flow={BULLISH: BEARISH, BEARISH: BULLISH}.get(flow, flow),
        value_low=-high,
        poc=-poc,
        value_high=-low,
        vwap_bands=tuple(-band for band in reversed(bands)),
    )
    before = Break(closes, accepted, close_before)
    sides = []
    for made, sign, direction in ((judged, 1, LONG), (turned, -1, SHORT)):
        seen = view(made, (None, None), sign)
        sides.append(list(plans(made.flow, seen, before, broken(before, seen), direction, RULE)))
    for long, short in zip(*sides, strict=True):
        assert short.setup == long.setup.replace("long", "short")
        for name in ("level", "entry", "stop", "target_1", "target_2"):
            assert getattr(short, name) == -getattr(long, name)
        assert long.stop <= long.level
        assert long.entry == close and long.target_1 <= long.target_2
        assert long.reach == short.reach
