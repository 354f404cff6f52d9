"""The signal that says what was found."""

import dataclasses
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.raised import ppm, raised
from protocol.patterns import DIRECTION, Direction, Pattern
from protocol.signals import PPM
from tests.makers import make_bar

BAR = make_bar(low=400)


def signal(bar=BAR, pattern=Pattern.BUY_IMBALANCE, strength=500_000, price=401, **fields):
    return raised(bar, pattern, strength, price, (400, 402), "words", **fields)


def test_a_signal_names_the_bar_the_level_and_the_market():
    found = signal()
    assert (found.contract, found.series, found.ts_ns) == (BAR.contract, BAR.series, BAR.end_ns)
    assert (found.ref_price, found.zone_low, found.zone_high) == (401, 400, 402)
    assert found.last_price == BAR.close
    assert (found.confidence_ppm, found.actionable, found.synthetic) == (PPM, True, False)


@pytest.mark.parametrize("pattern", Pattern)
def test_the_direction_is_the_pattern_s_own_unless_one_is_given(pattern):
    assert signal(pattern=pattern).direction is DIRECTION[pattern]
    assert signal(pattern=pattern, direction=Direction.NONE).direction is Direction.NONE


def test_every_fact_makes_another_id_and_words_make_none():
    others = [
        signal(pattern=Pattern.SELL_IMBALANCE),
        signal(price=402),
        signal(about="another"),
        *(
            signal(dataclasses.replace(BAR, **changed))
            for changed in (
                {"contract": "ESH6"}, {"series": "time:60"}, {"end_ns": BAR.end_ns + 1},
                {"order": 1},
            )
        ),
    ]  # fmt: skip
    assert len({signal().id, *(other.id for other in others)}) == 1 + len(others)
    assert signal(strength=1).id == signal().id


@pytest.mark.parametrize("strength", [0, PPM])
def test_a_share_may_be_nothing_and_all(strength):
    assert signal(strength=strength).strength_ppm == strength
    assert signal(confidence_ppm=strength).confidence_ppm == strength


@pytest.mark.parametrize("share", [-1, PPM + 1])
def test_a_share_below_nothing_or_above_all_is_refused(share):
    with pytest.raises(ValueError, match=f"{share} ppm, wanted 0 to 1000000"):
        signal(strength=share)
    with pytest.raises(ValueError, match=f"{share} ppm, wanted 0 to 1000000"):
        signal(confidence_ppm=share)


@pytest.mark.parametrize(
    ("numerator", "denominator", "wanted"),
    [
        (0, 0, 0), (5, 0, 0), (5, -1, 0), (-1, 4, 0), (4, 4, PPM), (5, 4, PPM),
        (1, 2_000_000, 1), (1, 2_000_001, 0), (0.5, 1.0, 500_000), (2, 3, 666_667),
    ],
)  # fmt: skip
def test_a_share_is_rounded_halves_up_and_kept_within_bounds(numerator, denominator, wanted):
    assert ppm(numerator, denominator) == wanted


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_share_of_no_finite_number_is_refused(wrong):
    with pytest.raises(ValueError, match="wanted finite numbers"):
        ppm(wrong, 1)
    with pytest.raises(ValueError, match="wanted finite numbers"):
        ppm(1, wrong)


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_share_of_integers_is_exact(numerator, denominator):
    exact = min(Fraction(numerator, denominator), Fraction(1)) * PPM
    assert abs(ppm(numerator, denominator) - exact) <= Fraction(1, 2)
