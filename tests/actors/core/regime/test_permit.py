"""The router of domain 4.5: order of the checks, codes, boundaries."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.regime.permit import RouterRule, pairs, permit
from actors.core.rules import router_rule
from protocol.patterns import DIRECTION, Direction, Pattern
from protocol.settings import BarSettings, RouterSettings
from protocol.signals import (
    PPM,
    DropReason,
    Regime,
    SignalApproved,
    SignalDropped,
    TargetNoted,
)
from protocol.units import NANOS_PER_S
from tests.makers import at, make_regime, make_signal

BAR = 300 * NANOS_PER_S
RULE = RouterRule(
    enabled=pairs(
        [
            "stacked_buy:volatile",
            "stacked_sell:volatile",
            "stacked_buy:ranging",
            "stacked_buy:trending_down",
            "stacked_buy:no_trade",
        ]
    ),
    disabled_patterns=frozenset(),
    strength_min_ppm=500_000,
    confidence_min_ppm=600_000,
    ttl_ns=BAR,
    synthetic_allowed=False,
)

DEFAULT = router_rule(RouterSettings(), BarSettings())
BOTH = (Direction.LONG, Direction.SHORT)
ALLOWED = {
    Regime.TRENDING_UP: (Direction.LONG,),
    Regime.TRENDING_DOWN: (Direction.SHORT,),
    Regime.RANGING: BOTH,
    Regime.VOLATILE: BOTH,
}


def code(signal=None, regime=None, **rule):
    answer = permit(
        signal or make_signal(), regime or make_regime(), dataclasses.replace(RULE, **rule)
    )
    return answer.reason if isinstance(answer, SignalDropped) else None


def test_t4_5_an_enabled_pattern_in_a_confident_regime_is_approved():
    """T4.5, first example; stacked buy stands for the reversal that ranging lets through."""
    regime = make_regime(regime=Regime.RANGING, confidence_ppm=800_000)
    answer = permit(make_signal(strength_ppm=710_000), regime, RULE)
    assert isinstance(answer, SignalApproved)
    assert (answer.signal_id, answer.last_price) == ("signal-1", 20_005)
    assert answer.ref_price == 20_004
    assert (answer.regime, answer.regime_confidence_ppm) == (Regime.RANGING, 800_000)


def test_t4_5_the_examples_of_the_domain_with_the_table_of_the_domain():
    """T4.5, the first two as they stand."""
    signal = make_signal(
        pattern=Pattern.SELLING_EXHAUSTION, direction=Direction.LONG, strength_ppm=710_000
    )
    ranging = make_regime(regime=Regime.RANGING, confidence_ppm=800_000)
    assert isinstance(permit(signal, ranging, DEFAULT), SignalApproved)
    falling = make_regime(regime=Regime.TRENDING_DOWN, confidence_ppm=800_000)
    answer = permit(signal, falling, DEFAULT)
    assert answer.reason is DropReason.PATTERN_NOT_ENABLED
    assert answer.detail == "selling_exhaustion in trending_down"


TABLE = """
single buy imbalance  | buy_imbalance            | ✗ | ✗ | ✗ | ✗ | ✗
single sell imbalance | sell_imbalance           | ✗ | ✗ | ✗ | ✗ | ✗
stacked buy           | stacked_buy              | ✗ | ✗ | ✗ | ✓ | ✗
stacked sell          | stacked_sell             | ✗ | ✗ | ✗ | ✓ | ✗
buying exhaustion     | buying_exhaustion        | ✗ | ✓ | ✓ | ✗ | ✗
selling exhaustion    | selling_exhaustion       | ✓ | ✗ | ✓ | ✗ | ✗
buying absorption     | buying_absorption        | ✓ | ✗ | ✓ | ✗ | ✗
selling absorption    | selling_absorption       | ✗ | ✓ | ✓ | ✗ | ✗
bullish divergence    | bullish_delta_divergence | ✓ | ✗ | ✗ | ✗ | ✗
bearish divergence    | bearish_delta_divergence | ✗ | ✓ | ✗ | ✗ | ✗
unfinished high       | unfinished_high          | ✗ | ✗ | t | ✗ | ✗
unfinished low        | unfinished_low           | ✗ | ✗ | t | ✗ | ✗
"""
# Not of the domain's table: whoever switches the metrics on (domain 3) wants their entries, where
# the bias of the regime allows them.
METRICS = """
metrics, buying       | flow_buying              | ✓ | ✗ | ✓ | ✓ | ✗
metrics, selling      | flow_selling             | ✗ | ✓ | ✓ | ✓ | ✗
"""
COLUMNS = (
    Regime.TRENDING_UP, Regime.TRENDING_DOWN, Regime.RANGING, Regime.VOLATILE, Regime.NO_TRADE,
)  # fmt: skip
CELLS = {
    Pattern(words[1]): dict(zip(COLUMNS, words[2:], strict=True))
    for line in (TABLE + METRICS).strip().splitlines()
    if line
    if (words := [word.strip() for word in line.split("|")])
}


@pytest.mark.parametrize("pattern", Pattern)
@pytest.mark.parametrize("regime", Regime)
def test_the_default_table_is_that_of_the_domain_cell_by_cell(pattern, regime):
    """Domain 4.5; a pattern that the table does not name is let through nowhere."""
    signal = make_signal(pattern=pattern, direction=DIRECTION[pattern])
    answer = permit(signal, make_regime(regime=regime), DEFAULT)
    match CELLS.get(pattern, {}).get(regime, "✗"):
        case "✓":
            assert isinstance(answer, SignalApproved)
        case "t":
            assert isinstance(answer, TargetNoted)
        case "✗" if regime is Regime.NO_TRADE:
            assert answer.reason is DropReason.NO_TRADE
        case "✗":
            assert answer.reason is DropReason.PATTERN_NOT_ENABLED


def test_an_approved_signal_keeps_its_own_stop_and_target():
    regime = make_regime(regime=Regime.RANGING)
    signal = make_signal(pattern=Pattern.FLOW_BUYING, stop_ticks=25, target_ticks=50)
    answer = permit(signal, regime, DEFAULT)
    assert (answer.stop_ticks, answer.target_ticks) == (25, 50)


def test_a_magnet_is_noted_at_its_own_level_and_never_approved():
    signal = make_signal(pattern=Pattern.UNFINISHED_HIGH, ref_price=20_010)
    answer = permit(signal, make_regime(regime=Regime.RANGING), DEFAULT)
    assert answer == TargetNoted(
        signal_id="signal-1",
        contract=signal.contract,
        ts_ns=signal.ts_ns,
        pattern=Pattern.UNFINISHED_HIGH,
        direction=Direction.LONG,
        price=20_010,
        regime=Regime.RANGING,
        regime_confidence_ppm=800_000,
    )


def test_a_magnet_that_fails_a_check_is_dropped_like_any_other():
    signal = make_signal(pattern=Pattern.UNFINISHED_HIGH, strength_ppm=499_999)
    answer = permit(signal, make_regime(regime=Regime.RANGING), DEFAULT)
    assert answer.reason is DropReason.LOW_STRENGTH


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"direction": Direction.NONE}, "stacked_buy points nowhere"),
        ({"actionable": False}, "stacked_buy too weak to act on"),
    ],
)
def test_what_points_nowhere_or_is_too_weak_says_so(fields, detail):
    assert permit(make_signal(**fields), make_regime(), DEFAULT).detail == detail


@given(
    st.sampled_from(Pattern), st.sampled_from(Direction), st.integers(0, PPM), st.booleans(),
    st.booleans(), st.none() | st.tuples(st.sampled_from(Regime), st.integers(0, PPM)),
    st.integers(-2 * BAR, 2 * BAR),
)  # fmt: skip
def test_every_signal_is_answered_once_and_the_conditions_of_approval_hold(
    pattern, direction, strength, actionable, synthetic, judged, age
):
    signal = make_signal(
        pattern=pattern, direction=direction, strength_ppm=strength, actionable=actionable,
        synthetic=synthetic,
    )
    regime = judged and make_regime(
        regime=judged[0], confidence_ppm=judged[1], ts_ns=signal.ts_ns + age
    )
    answer = permit(signal, regime, DEFAULT)
    assert answer.signal_id == signal.id
    passes = (
        regime is not None
        and -BAR <= age <= BAR
        and CELLS.get(pattern, {}).get(regime.regime, "✗") != "✗"
        and direction in ALLOWED[regime.regime]
        and strength >= 500_000
        and regime.confidence_ppm >= 600_000
        and actionable
        and not synthetic
    )
    assert isinstance(answer, SignalDropped) is not passes


def test_t4_5_the_same_pattern_in_a_regime_without_it_is_not_enabled():
    """T4.5, second example."""
    assert code(regime=make_regime(regime=Regime.TRENDING_UP)) is DropReason.PATTERN_NOT_ENABLED


def test_t4_5_the_fallback_to_volatile_never_trades():
    """T4.5, third example."""
    regime = make_regime(confidence_ppm=500_000)
    assert code(regime=regime) is DropReason.LOW_REGIME_CONFIDENCE


def test_without_a_judgement_the_regime_is_unknown():
    answer = permit(make_signal(), None, RULE)
    assert answer.reason is DropReason.UNKNOWN_REGIME
    assert (answer.regime, answer.regime_confidence_ppm) == (Regime.NO_TRADE, 0)


@pytest.mark.parametrize(
    ("regime", "wanted"),
    [
        (make_regime(contract="ESH6"), DropReason.UNKNOWN_REGIME),
        (make_regime(ts_ns=at("10:00") - 1), DropReason.UNKNOWN_REGIME),
        (make_regime(ts_ns=at("10:00")), None),
        (make_regime(ts_ns=at("10:10")), None),
        (make_regime(ts_ns=at("10:10") + 1), DropReason.EXPIRED),
        (make_regime(regime=Regime.NO_TRADE), DropReason.NO_TRADE),
        (make_regime(regime=Regime.TRENDING_DOWN), DropReason.BIAS_CONFLICT),
        (make_regime(confidence_ppm=599_999), DropReason.LOW_REGIME_CONFIDENCE),
        (make_regime(confidence_ppm=600_000), None),
    ],
)
def test_the_regime_decides(regime, wanted):
    assert code(regime=regime) is wanted


@pytest.mark.parametrize(
    ("signal", "wanted"),
    [
        (make_signal(pattern=Pattern.BUY_IMBALANCE), DropReason.PATTERN_NOT_ENABLED),
        (make_signal(direction=Direction.NONE), DropReason.PATTERN_NOT_ENABLED),
        (make_signal(actionable=False), DropReason.PATTERN_NOT_ENABLED),
        (make_signal(direction=Direction.SHORT), None),
        (make_signal(strength_ppm=499_999), DropReason.LOW_STRENGTH),
        (make_signal(strength_ppm=500_000), None),
        (make_signal(synthetic=True), DropReason.SYNTHETIC),
    ],
)
def test_the_signal_decides(signal, wanted):
    assert code(signal) is wanted


def test_synthetic_signals_pass_where_they_are_allowed():
    assert code(make_signal(synthetic=True), synthetic_allowed=True) is None


def test_of_several_failures_the_first_in_order_gives_the_code():
    regime = make_regime(
        regime=Regime.TRENDING_DOWN, confidence_ppm=0, ts_ns=at("10:10") + 1
    )
    signal = make_signal(strength_ppm=0, synthetic=True)
    mended = [
        (DropReason.PATTERN_DISABLED, {"disabled_patterns": frozenset({Pattern.STACKED_BUY})}, {}),
        (DropReason.PATTERN_NOT_ENABLED, {"enabled": frozenset()}, {}),
        (DropReason.BIAS_CONFLICT, {}, {}),
        (DropReason.LOW_STRENGTH, {}, {"direction": Direction.SHORT}),
        (DropReason.LOW_REGIME_CONFIDENCE, {"strength_min_ppm": 0}, {"direction": Direction.SHORT}),
        (
            DropReason.SYNTHETIC,
            {"strength_min_ppm": 0, "confidence_min_ppm": 0},
            {"direction": Direction.SHORT},
        ),
        (
            DropReason.EXPIRED,
            {"strength_min_ppm": 0, "confidence_min_ppm": 0, "synthetic_allowed": True},
            {"direction": Direction.SHORT},
        ),
    ]
    for wanted, rule, fields in mended:
        assert code(dataclasses.replace(signal, **fields), regime, **rule) is wanted


def test_a_repeat_gets_the_same_answer():
    assert permit(make_signal(), make_regime(), RULE) == permit(make_signal(), make_regime(), RULE)


@pytest.mark.parametrize("words", ["stacked_buy", "nothing:volatile", "stacked_buy:nowhere"])
def test_words_that_are_no_pattern_and_regime_are_refused(words):
    with pytest.raises(ValueError, match="wanted|not a valid"):
        pairs([words])
