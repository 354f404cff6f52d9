"""The router shell: every signal answered, setups judged when all of a bar is known."""

import dataclasses

from actors.core.plain import plain
from actors.router import RouterShell
from protocol.market import Cut, CutReason
from protocol.patterns import Direction, Pattern
from protocol.settings import Settings
from protocol.signals import (
    DropReason,
    SetupEnd,
    SetupEnded,
    SetupRecommended,
    SignalApproved,
    SignalDropped,
)
from tests.actors.core.regime.conditions import make_condition
from tests.makers import at, make_regime, make_signal

TURN = make_signal(
    pattern=Pattern.SELLING_EXHAUSTION, direction=Direction.LONG, ref_price=19_999
)
AT_THE_EDGE = make_condition(close=20_000, poc=20_010)


def shell(**settings):
    made = RouterShell()
    made.configure(dataclasses.replace(Settings(), **settings), "")
    return made


def cut(clock="10:05"):
    return Cut(number=1, ts_ns=at(clock), reason=CutReason.BAR)


def test_a_signal_is_answered_by_the_regime_of_the_same_bar():
    router = shell()
    (unknown,) = router.on_signal_raised(make_signal())
    assert (type(unknown), unknown.reason) == (SignalDropped, DropReason.UNKNOWN_REGIME)
    router.on_regime_judged(make_regime())
    (answer,) = router.on_signal_raised(make_signal())
    assert isinstance(answer, SignalApproved)


def test_a_setup_is_judged_at_the_cut_with_the_signals_of_its_own_bar():
    router = shell()
    router.on_condition_judged(AT_THE_EDGE)  # The regime is read before the detector.
    router.on_signal_raised(TURN)
    (made,) = router.on_cut(cut())
    assert isinstance(made, SetupRecommended)
    assert router.inspect()["setups"] == [plain(made)]
    assert router.on_cut(cut()) == []


def test_a_recommendation_ends_with_a_later_bar():
    router = shell()
    router.on_condition_judged(AT_THE_EDGE)
    router.on_signal_raised(TURN)
    (made,) = router.on_cut(cut())
    stop = make_condition(ts_ns=at("10:10"), close=19_990, vwap_bands=())
    router.on_condition_judged(stop)
    (ended,) = router.on_cut(cut("10:10"))
    assert ended == SetupEnded(
        id=made.id, contract="ESZ5", ts_ns=at("10:10"), setup=made.setup, reason=SetupEnd.STOPPED
    )
    assert router.on_cut(cut("10:15")) == []


def test_several_conditions_of_one_cut_are_judged_bar_by_bar():
    router = shell()
    router.on_condition_judged(AT_THE_EDGE)
    router.on_condition_judged(make_condition(ts_ns=at("10:05"), close=19_990, vwap_bands=()))
    router.on_signal_raised(TURN)
    made, ended = router.on_cut(cut())
    assert (made.id, ended.reason) == (ended.id, SetupEnd.STOPPED)


def test_low_quality_confirms_a_setup_only_where_entries_on_it_are_allowed():
    low = dataclasses.replace(TURN, low_quality=True)
    for allowed in ("deny", "allow"):
        router = shell(risk=dataclasses.replace(Settings().risk, low_quality_entries=allowed))
        router.on_condition_judged(AT_THE_EDGE)
        router.on_signal_raised(low)
        assert bool(router.on_cut(cut())) is (allowed == "allow")
