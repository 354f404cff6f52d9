"""The order-flow exit of domain 3: two opposing conditions, asked without a trace."""

import pytest

from actors.core.flow.exits import flow_exit, opposing
from protocol.patterns import Direction
from tests.actors.core.flow.books import make_metrics, make_rule

RULE = make_rule()
LONG, SHORT = Direction.LONG, Direction.SHORT


def test_a_quiet_market_closes_nothing():
    assert flow_exit(make_metrics(), LONG, RULE) is None
    assert flow_exit(make_metrics(), SHORT, RULE) is None


def test_one_condition_is_not_enough_and_two_are():
    one = make_metrics(imbalance_ppm=-600_000)
    two = make_metrics(imbalance_ppm=-600_000, delta=-1_500)
    assert flow_exit(one, LONG, RULE) is None
    assert flow_exit(two, LONG, RULE) == "imbalance ratio -0.60, cumulative delta -1,500"
    assert flow_exit(two, SHORT, RULE) is None


@pytest.mark.parametrize(("direction", "sign"), [(LONG, -1), (SHORT, 1)])
def test_imbalance_and_delta_oppose_beyond_their_thresholds(direction, sign):
    for imbalance, wanted in ((499_999, 0), (500_000, 0), (500_001, 1)):
        found = make_metrics(imbalance_ppm=sign * imbalance)
        assert len(opposing(found, direction, RULE)) == wanted
        assert opposing(make_metrics(imbalance_ppm=-sign * imbalance), direction, RULE) == []
    for delta, wanted in ((999, 0), (1_000, 0), (1_001, 1)):
        found = make_metrics(delta=sign * delta)
        assert len(opposing(found, direction, RULE)) == wanted
        assert opposing(make_metrics(delta=-sign * delta), direction, RULE) == []


@pytest.mark.parametrize(
    ("own", "other", "opposed"),
    [(100, 149, False), (100, 150, True), (100, 151, True), (0, 0, False), (0, 1, True),
     (3, 4, False), (3, 5, True)],
)  # fmt: skip
def test_one_and_a_half_times_our_volume_on_the_other_side_opposes(own, other, opposed):
    against_long = make_metrics(buy_volume=own, sell_volume=other)
    against_short = make_metrics(buy_volume=other, sell_volume=own)
    assert bool(opposing(against_long, LONG, RULE)) is opposed
    assert bool(opposing(against_short, SHORT, RULE)) is opposed


def test_three_conditions_are_all_named():
    found = make_metrics(imbalance_ppm=800_000, delta=2_000, buy_volume=300, sell_volume=100)
    assert flow_exit(found, SHORT, RULE) == (
        "imbalance ratio +0.80, cumulative delta +2,000, aggressive volume 300 against 100"
    )


def test_a_position_without_a_direction_is_refused():
    with pytest.raises(ValueError, match="direction none"):
        flow_exit(make_metrics(), Direction.NONE, RULE)
