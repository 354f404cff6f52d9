"""The router of domain 4.5: order of the checks, codes, boundaries."""

import dataclasses

import pytest

from actors.core.regime.permit import RouterRule, pairs, permit
from protocol.patterns import Direction, Pattern
from protocol.signals import DropReason, Regime, SignalApproved, SignalDropped
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


def code(signal=None, regime=None, **rule):
    answer = permit(
        signal or make_signal(), regime or make_regime(), dataclasses.replace(RULE, **rule)
    )
    return answer.reason if isinstance(answer, SignalDropped) else None


def test_an_enabled_pattern_in_a_confident_regime_is_approved():
    """T4.5, first example; stacked buy stands for the reversal that ranging lets through."""
    regime = make_regime(regime=Regime.RANGING, confidence_ppm=800_000)
    answer = permit(make_signal(strength_ppm=710_000), regime, RULE)
    assert isinstance(answer, SignalApproved)
    assert (answer.signal_id, answer.last_price) == ("signal-1", 20_005)
    assert (answer.regime, answer.regime_confidence_ppm) == (Regime.RANGING, 800_000)


def test_the_same_pattern_in_a_regime_without_it_is_not_enabled():
    """T4.5, second example."""
    assert code(regime=make_regime(regime=Regime.TRENDING_UP)) is DropReason.PATTERN_NOT_ENABLED


def test_the_fallback_to_volatile_never_trades():
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
        (make_signal(direction=Direction.NONE), DropReason.BIAS_CONFLICT),
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
