"""The score of domain 3 with its four examples, each metric at its threshold and beside it."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.flow.score import (
    AGGRESSIVE_PPM,
    DELTA_PPM,
    DEPTH_PPM,
    IMBALANCE_PPM,
    INTENSITY_PPM,
    score,
)
from protocol.patterns import Direction
from tests.actors.core.flow.books import make_metrics, make_rule

RULE = make_rule()
DELTA_LEADS = make_rule(require_primary=False)
WEIGHTS = (IMBALANCE_PPM, DELTA_PPM, AGGRESSIVE_PPM, DEPTH_PPM, INTENSITY_PPM)


def test_nothing_measured_has_no_direction():
    found = score(make_metrics(), RULE)
    assert (found.direction, found.confidence_ppm) == (Direction.NONE, 0)


def test_t3_ex_1_four_of_five_metrics_make_0_85_long():
    found = score(
        make_metrics(
            imbalance_ppm=720_000, delta=1_500, aggressive_ppm=650_000, depth_ppm=100_000,
            intensity=62.0,
        ),
        RULE,
    )  # fmt: skip
    assert (found.direction, found.confidence_ppm) == (Direction.LONG, 850_000)
    assert found.strength_ppm == 720_000
    assert found.reason == (
        "imbalance ratio +0.72, cumulative delta +1,500, aggressive ratio +0.65,"
        " intensity 62 a minute"
    )


def test_t3_ex_2_three_metrics_make_0_70_short():
    found = score(make_metrics(imbalance_ppm=-680_000, delta=-1_200, depth_ppm=-550_000), RULE)
    assert (found.direction, found.confidence_ppm) == (Direction.SHORT, 700_000)
    assert found.reason == (
        "imbalance ratio -0.68, cumulative delta -1,200, level-2 imbalance -0.55"
    )


def test_t3_ex_2_no_choice_of_metrics_with_these_three_makes_0_75():
    needed = {IMBALANCE_PPM, DELTA_PPM, DEPTH_PPM}
    sums = {
        sum(chosen)
        for count in range(3, 6)
        for chosen in combinations(WEIGHTS, count)
        if needed <= set(chosen)
    }
    assert sums == {700_000, 800_000, 900_000, 1_000_000}


def test_t3_ex_3_metrics_that_oppose_add_nothing():
    found = score(
        make_metrics(
            imbalance_ppm=700_000, aggressive_ppm=-800_000, depth_ppm=-600_000, intensity=80.0
        ),
        RULE,
    )
    # With weights in either direction it was 0.75.
    assert (found.direction, found.confidence_ppm) == (Direction.LONG, 400_000)
    assert found.confidence_ppm < RULE.confidence_min_ppm


@pytest.mark.parametrize(
    ("rule", "direction", "confidence"),
    [(RULE, Direction.NONE, 0), (DELTA_LEADS, Direction.LONG, 700_000)],
)
def test_t3_ex_4_without_the_imbalance_only_a_delta_that_may_lead_does(rule, direction, confidence):
    found = score(
        make_metrics(
            imbalance_ppm=200_000, delta=5_000, aggressive_ppm=600_000, depth_ppm=500_000,
            intensity=80.0,
        ),
        rule,
    )  # fmt: skip
    assert (found.direction, found.confidence_ppm) == (direction, confidence)


@pytest.mark.parametrize(
    ("field", "threshold", "weight"),
    [
        ("delta", 1_000, DELTA_PPM),
        ("aggressive_ppm", 500_000, AGGRESSIVE_PPM),
        ("depth_ppm", 400_000, DEPTH_PPM),
    ],
)
def test_a_metric_counts_beyond_its_threshold_and_not_at_it(field, threshold, weight):
    for value, added in ((threshold - 1, 0), (threshold, 0), (threshold + 1, weight)):
        for sign in (1, -1):
            lead = make_metrics(imbalance_ppm=sign * 700_000, **{field: sign * value})
            assert score(lead, RULE).confidence_ppm == IMBALANCE_PPM + added
            against = make_metrics(imbalance_ppm=-sign * 700_000, **{field: sign * value})
            assert score(against, RULE).confidence_ppm == IMBALANCE_PPM


def test_the_direction_needs_an_imbalance_beyond_0_60():
    for value, direction in (
        (600_000, Direction.NONE), (600_001, Direction.LONG),
        (-600_000, Direction.NONE), (-600_001, Direction.SHORT),
    ):  # fmt: skip
        assert score(make_metrics(imbalance_ppm=value), RULE).direction is direction


def test_intensity_counts_above_fifty_for_both_directions():
    for intensity, added in ((50.0, 0), (50.5, INTENSITY_PPM)):
        for imbalance in (700_000, -700_000):
            found = score(make_metrics(imbalance_ppm=imbalance, intensity=intensity), RULE)
            assert found.confidence_ppm == IMBALANCE_PPM + added


def test_an_unknown_depth_weighs_nothing():
    whole = {"imbalance_ppm": 900_000, "delta": 2_000, "aggressive_ppm": 900_000, "intensity": 99.0}
    assert score(make_metrics(depth_ppm=900_000, **whole), RULE).confidence_ppm == 1_000_000
    assert score(make_metrics(depth_ppm=None, **whole), RULE).confidence_ppm == 850_000


def test_the_imbalance_leads_where_it_opposes_the_delta():
    found = score(make_metrics(imbalance_ppm=-700_000, delta=5_000), DELTA_LEADS)
    assert (found.direction, found.confidence_ppm) == (Direction.SHORT, IMBALANCE_PPM)


@pytest.mark.parametrize(
    ("delta", "wanted"),
    [(1_001, 500_500), (1_999, 999_500), (2_000, 1_000_000), (9_000, 1_000_000)],
)
def test_a_delta_that_leads_is_as_strong_as_it_is_far_beyond_its_threshold(delta, wanted):
    assert score(make_metrics(delta=-delta), DELTA_LEADS).strength_ppm == wanted


def test_an_imbalance_that_leads_lends_its_own_strength_whoever_else_may_lead():
    found = make_metrics(imbalance_ppm=-650_000, delta=-9_000)
    assert score(found, RULE).strength_ppm == score(found, DELTA_LEADS).strength_ppm == 650_000


SIGNED = st.integers(-1_000_000, 1_000_000)


@given(SIGNED, st.integers(-5_000, 5_000), SIGNED, st.none() | SIGNED, st.floats(0, 200))
def test_selling_is_buying_upside_down(imbalance, delta, aggressive, depth, intensity):
    for rule in (RULE, DELTA_LEADS):
        up = score(
            make_metrics(
                imbalance_ppm=imbalance, delta=delta, aggressive_ppm=aggressive, depth_ppm=depth,
                intensity=intensity,
            ),
            rule,
        )  # fmt: skip
        down = score(
            make_metrics(
                imbalance_ppm=-imbalance, delta=-delta, aggressive_ppm=-aggressive,
                depth_ppm=None if depth is None else -depth, intensity=intensity,
            ),
            rule,
        )  # fmt: skip
        mirrored = {
            Direction.LONG: Direction.SHORT,
            Direction.SHORT: Direction.LONG,
            Direction.NONE: Direction.NONE,
        }
        assert down.direction is mirrored[up.direction]
        assert (down.confidence_ppm, down.strength_ppm) == (up.confidence_ppm, up.strength_ppm)
        assert 0 <= up.confidence_ppm <= 1_000_000
