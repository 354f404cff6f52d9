"""The regime shell: which bars it judges, and when."""

from actors.regime import RegimeShell
from protocol.market import Cut, CutReason
from protocol.settings import Settings
from protocol.signals import ConditionJudged, RegimeJudged
from tests.actors.core.regime.conditions import make_value
from tests.makers import at, make_bar


def shell():
    made = RegimeShell()
    made.configure(Settings(), "")
    return made


def cut(clock="10:05"):
    return Cut(number=1, ts_ns=at(clock), reason=CutReason.BAR)


def test_a_bar_brings_a_regime_and_its_value_area_a_condition():
    regime = shell()
    (judged,) = regime.on_bar_closed(make_bar())
    assert isinstance(judged, RegimeJudged)
    (condition,) = regime.on_value_judged(make_value())
    assert isinstance(condition, ConditionJudged) and condition.poc == 20_020
    assert regime.on_cut(cut()) == []


def test_without_a_value_area_the_condition_comes_with_the_cut():
    regime = shell()
    regime.on_bar_closed(make_bar())
    (condition,) = regime.on_cut(cut())
    assert (condition.ts_ns, condition.poc) == (at("10:05"), None)


def test_bars_that_no_decision_is_taken_on_are_passed_over():
    regime = shell()
    assert regime.on_bar_closed(make_bar(series="tick:1000")) == ()
    assert regime.on_cut(cut()) == () == regime.on_value_judged(make_value())
    assert regime.inspect() == {}


def test_another_contract_starts_with_an_empty_history():
    regime = shell()
    regime.on_bar_closed(make_bar())
    old, judged = regime.on_bar_closed(make_bar(contract="ESH6", start_ns=at("09:55")))
    assert (old.contract, type(old)) == ("ESZ5", ConditionJudged)
    assert (judged.contract, judged.bars) == ("ESH6", 1)
    assert regime.inspect()["contract"] == "ESH6"


def test_the_calendar_and_the_news_of_the_settings_count():
    regime = RegimeShell()
    settings = Settings()
    calendar = type(settings.calendar)(closed=("2025-12-02",), news=("2025-12-02T15:00:00Z ISM",))
    values = {name: getattr(settings, name) for name in ("regime", "bars", "condition", "feed")}
    regime.configure(Settings(**values, calendar=calendar), "")
    start, step = at("08:00"), 300 * 10**9
    for number in range(22):
        end = start + (number + 1) * step
        (judged,) = regime.on_bar_closed(make_bar(start_ns=end - step, end_ns=end))[-1:]
    assert (judged.reason, judged.confidence_ppm) == ("2025-12-02 is closed", 1_000_000)
