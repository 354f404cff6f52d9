"""The order-flow score of domain 4.4: weights, agreement, and the example."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.absorption import LEVEL_RATIO_OF_FULL_STRENGTH
from actors.core.patterns.tape_absorption import RATIO_OF_FULL_STRENGTH
from actors.core.regime.flow_score import (
    ABSORPTION_RATIO,
    TAPE_RATIO,
    FlowEvidence,
    FlowScore,
    Pull,
    evidence_of,
    flow_score,
    supported,
)
from protocol.patterns import DIRECTION, Direction, Pattern
from protocol.signals import FlowRegime
from tests.makers import make_signal

LONG, SHORT, NONE = Direction.LONG, Direction.SHORT, Direction.NONE


def long(ratio):
    return Pull(LONG, round(ratio * 1_000_000))


def short(ratio):
    return Pull(SHORT, round(ratio * 1_000_000))


def test_t4_4_the_example_that_the_seed_bought_is_no_entry():
    """Seed: adds the points of all four whatever their direction, gets 100 and buys."""
    score = flow_score(FlowEvidence(absorption=long(4.5), book=long(2.4), tape=short(1.6)))
    assert score == FlowScore(direction=LONG, net_ppm=1_900_000, confidence_ppm=550_000)


def test_with_the_location_the_example_gains_its_points():
    evidence = FlowEvidence(absorption=long(4.5), book=long(2.4), tape=short(1.6), profile=LONG)
    assert flow_score(evidence).confidence_ppm == 800_000


@pytest.mark.parametrize(
    ("evidence", "net"),
    [
        (FlowEvidence(absorption=long(6.0)), 2_000_000),
        (FlowEvidence(absorption=long(60.0)), 2_000_000),
        (FlowEvidence(absorption=long(5.9997)), 1_999_900),
        (FlowEvidence(book=long(3.0)), 1_500_000),
        (FlowEvidence(book=long(30.0)), 1_500_000),
        (FlowEvidence(tape=short(3.0)), -1_500_000),
        (FlowEvidence(tape=short(30.0)), -1_500_000),
        (FlowEvidence(profile=LONG), 0),
        (FlowEvidence(), 0),
        (FlowEvidence(absorption=long(3.0), book=short(2.0)), 0),
    ],
)
def test_every_weight_grows_with_its_ratio_up_to_its_limit(evidence, net):
    assert flow_score(evidence).net_ppm == net


@pytest.mark.parametrize(("ratio", "direction"), [(0.999998, NONE), (1.0, LONG), (1.01, LONG)])
def test_a_net_of_one_half_is_a_direction_and_less_is_none(ratio, direction):
    score = flow_score(FlowEvidence(book=long(ratio)))
    assert score.direction is direction
    assert score.confidence_ppm == (250_000 if direction is LONG else 0)


def found(pattern, strength):
    return make_signal(
        pattern=pattern, direction=DIRECTION[pattern], strength_ppm=round(strength * 1_000_000)
    )


def test_each_kind_of_signal_speaks_for_its_own_component():
    signals = [
        found(Pattern.LEVEL_BUYING_ABSORPTION, 0.9),
        found(Pattern.TAPE_SELLING_ABSORPTION, 0.16),
        found(Pattern.FLOW_BUYING, 7 / 17),  # 12 bid, 5 offered: 2.4.
        found(Pattern.BUYING_EXHAUSTION, 1.0),
    ]
    assert evidence_of(signals, LONG) == FlowEvidence(
        absorption=long(4.5), book=Pull(LONG, 2_400_001), tape=short(1.6), profile=LONG
    )
    assert evidence_of([], NONE) == FlowEvidence()


def test_of_several_signals_the_strongest_speaks_and_the_first_of_equals():
    weak, strong = found(Pattern.BUYING_ABSORPTION, 0.2), found(Pattern.SELLING_ABSORPTION, 0.4)
    equal = found(Pattern.EFFORT_BUYING_ABSORPTION, 0.4)
    for signals in ([weak, strong, equal], [strong, weak, equal], [strong, equal, weak]):
        assert evidence_of(signals, NONE).absorption == short(2.0)
    assert evidence_of([equal, strong], NONE).absorption == long(2.0)


def test_a_full_strength_is_the_ratio_that_the_patterns_take_for_it():
    assert ABSORPTION_RATIO == LEVEL_RATIO_OF_FULL_STRENGTH
    assert TAPE_RATIO == RATIO_OF_FULL_STRENGTH


def test_a_book_of_one_side_alone_is_ten_to_one():
    assert evidence_of([found(Pattern.FLOW_SELLING, 1.0)], NONE).book == short(10.0)


def test_a_negative_ratio_is_refused():
    with pytest.raises(ValueError, match="ratio -1 ppm"):
        Pull(LONG, -1)


@pytest.mark.parametrize(
    ("flow", "close", "accepted", "wanted"),
    [
        (FlowRegime.ROTATIONAL, 100, NONE, LONG),
        (FlowRegime.ROTATIONAL, 99, NONE, LONG),
        (FlowRegime.ROTATIONAL, 101, NONE, NONE),
        (FlowRegime.ROTATIONAL, 119, NONE, NONE),
        (FlowRegime.ROTATIONAL, 120, NONE, SHORT),
        (FlowRegime.ROTATIONAL, 121, LONG, SHORT),
        (FlowRegime.BULLISH, 121, LONG, LONG),
        (FlowRegime.BULLISH, 121, NONE, NONE),
        (FlowRegime.BULLISH, 120, LONG, NONE),
        (FlowRegime.BULLISH, 99, SHORT, NONE),
        (FlowRegime.BEARISH, 99, SHORT, SHORT),
        (FlowRegime.BEARISH, 99, NONE, NONE),
        (FlowRegime.BEARISH, 100, SHORT, NONE),
        (FlowRegime.BEARISH, 121, LONG, NONE),
    ],
)
def test_the_location_supports_only_what_the_regime_trades_there(flow, close, accepted, wanted):
    """Seed: gives the points of the profile almost always."""
    assert supported(flow, close, (100, 120), accepted) is wanted


def test_without_a_value_area_or_on_one_price_nothing_is_supported():
    assert supported(FlowRegime.ROTATIONAL, 100, None, NONE) is NONE
    assert supported(FlowRegime.ROTATIONAL, 100, (100, 100), NONE) is NONE


PULLS = st.none() | st.builds(Pull, st.sampled_from([LONG, SHORT]), st.integers(0, 10**7))


@given(PULLS, PULLS, PULLS, st.sampled_from(Direction))
def test_only_what_agrees_gives_points(absorption, book, tape, profile):
    score = flow_score(FlowEvidence(absorption=absorption, book=book, tape=tape, profile=profile))
    agreeing = 0
    for pull, points in ((absorption, 30), (book, 25), (tape, 20)):
        if pull is not None and pull.direction is score.direction:
            agreeing += points
    agreeing += 25 if profile is score.direction and profile is not NONE else 0
    assert score.confidence_ppm == agreeing * 10_000
    assert (score.direction is NONE) is (abs(score.net_ppm) < 500_000)
