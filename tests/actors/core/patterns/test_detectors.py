"""All detectors together: what holds for every signal, the order, and who begins anew when."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.columns import batch_of
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.patterns.detectors import DetectorSet
from actors.core.rules import bar_rules
from protocol.instruments import instrument
from protocol.market import BarClosed, DepthBatch, ValueJudged, Window
from protocol.pattern_settings import FlowSettings, HorizontalSettings, ImbalanceSettings
from protocol.patterns import DIRECTION, Pattern
from protocol.settings import BarSettings, Settings
from protocol.signals import PPM, FlowTurned, SignalRaised, ZoneState
from protocol.units import NANOS_PER_S
from tests.actors.core.patterns.sessions import real_trades
from tests.makers import at, make_bar, make_trades

OWN = instrument("ES")
ALL = Settings(horizontal=HorizontalSettings(enabled=True))
FIVE_MINUTES = 300 * NANOS_PER_S

# In the order of the module's text, each section with the patterns that it alone can raise.
SECTIONS = {
    "imbalance": "buy_imbalance sell_imbalance stacked_buy stacked_sell",
    "horizontal": "horizontal_buy horizontal_sell",
    "exhaustion": "buying_exhaustion selling_exhaustion",
    "trend_exhaustion": "uptrend_exhaustion downtrend_exhaustion",
    "absorption": "buying_absorption selling_absorption",
    "level_absorption": "level_buying_absorption level_selling_absorption",
    "effort": "effort_buying_absorption effort_selling_absorption",
    "divergence": "bullish_delta_divergence bearish_delta_divergence hidden_bullish_divergence"
    " hidden_bearish_divergence bullish_bar_divergence bearish_bar_divergence",
    "participation": "lack_of_buyers lack_of_sellers poc_without_buyers poc_without_sellers",
    "unfinished": "unfinished_high unfinished_low unfinished_revisited",
    "trapped": "trapped_buyers trapped_sellers",
    "initiative": "initiative_buying initiative_selling responsive_buying responsive_selling",
}
SECTION = {Pattern(name): part for part, names in SECTIONS.items() for name in names.split()}
# Of a pattern over several bars the level may lie outside the last one.
ONE_BAR = {
    pattern for pattern, part in SECTION.items()
    if part in ("imbalance", "horizontal", "exhaustion", "absorption", "level_absorption")
} | {Pattern.UNFINISHED_HIGH, Pattern.UNFINISHED_LOW}  # fmt: skip


def value_of(bar):
    """Return the value judged after `bar`, of a regular session that was seen whole."""
    return ValueJudged(
        contract=bar.contract,
        ts_ns=bar.end_ns,
        window=Window.RTH,
        date="2025-12-01",
        low=400,
        high=420,
        value_low=406,
        value_high=412,
        poc=410,
        volume=1_000,
        whole=True,
    )


def fed(detectors, messages):
    """Return what each bar of `messages` brings; values are taken in."""
    found = []
    for message in messages:
        if isinstance(message, BarClosed):
            found.append(detectors.add(message))
        else:
            detectors.value(message)
    return found


@st.composite
def sessions(draw, bars_min=0):
    """Draw bars that wander, with uneven levels, and a value after the first."""
    count = draw(st.integers(bars_min, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    messages, low, cvd = [], 410, 0
    for number in range(count):
        low = max(low + int(random.integers(-4, 5)), 1)
        levels = int(random.integers(1, 12))
        sells, buys, unknowns = (
            (random.integers(0, 90, levels) * (random.random(levels) < share)).tolist()
            for share in (0.8, 0.8, 0.1)
        )
        cvd += sum(buys) - sum(sells)
        start_ns = at("10:00") + number * FIVE_MINUTES
        bar = make_bar(
            low=low, sells=sells, buys=buys, unknowns=unknowns, cvd=cvd,
            close=low + int(random.integers(0, levels)),
            start_ns=start_ns, end_ns=start_ns + FIVE_MINUTES,
        )  # fmt: skip
        messages += [bar, value_of(bar)] if number == 0 else [bar]
    return messages


def signals_of(messages):
    return [message for message in messages if isinstance(message, SignalRaised)]


@given(sessions())
def test_every_signal_keeps_within_its_bounds(session):
    found = fed(DetectorSet(ALL, OWN), session)
    bars = [message for message in session if isinstance(message, BarClosed)]
    for bar, messages in zip(bars, found, strict=True):
        signals = signals_of(messages)
        assert len({signal.id for signal in signals}) == len(signals)
        for signal in signals:
            assert 0 <= signal.strength_ppm <= PPM
            assert 0 <= signal.confidence_ppm <= PPM
            assert signal.direction is DIRECTION[signal.pattern]
            assert (signal.ts_ns, signal.last_price) == (bar.end_ns, bar.close)
            assert (signal.contract, signal.series) == (bar.contract, bar.series)
            assert signal.zone_low <= signal.zone_high
            if signal.pattern in ONE_BAR:
                assert bar.low <= signal.zone_low <= signal.ref_price <= signal.zone_high
                assert signal.zone_high <= bar.high


@given(sessions())
def test_signals_come_in_the_order_of_the_specification(session):
    order = list(SECTIONS)
    for messages in fed(DetectorSet(ALL, OWN), session):
        places = [order.index(SECTION[message.pattern]) for message in messages]
        assert places == sorted(places)


@given(sessions(bars_min=1), st.data())
def test_the_signals_are_a_function_of_the_bars(session, data):
    whole = fed(DetectorSet(ALL, OWN), session)
    warm = DetectorSet(ALL, OWN)
    split = data.draw(st.integers(0, len(session)))
    assert fed(warm, session[:split]) + fed(warm, session[split:]) == whole


@settings(max_examples=10)
@given(sessions(bars_min=25))
@pytest.mark.parametrize("part", SECTIONS)
def test_a_section_that_is_switched_off_takes_its_own_patterns_away(part, session):
    off = dataclasses.replace(getattr(ALL, part), enabled=False)
    without = fed(DetectorSet(dataclasses.replace(ALL, **{part: off}), OWN), session)
    whole = fed(DetectorSet(ALL, OWN), session)
    kept = [[m for m in found if SECTION[m.pattern] != part] for found in whole]
    assert without == kept


def test_bars_of_another_series_than_the_first_are_left_alone():
    detectors = DetectorSet(Settings(bars=BarSettings(series=("tick:100", "time:300"))), OWN)
    stacked = {"sells": (1,) * 4, "buys": (0, 90, 90, 90)}
    assert detectors.add(make_bar(**stacked, series="time:300")) == []
    assert detectors.bars is None
    assert len(detectors.add(make_bar(**stacked, series="tick:100"))) >= 4


@pytest.mark.parametrize("side", ["sells", "buys"])
def test_a_bar_with_a_volume_below_nothing_is_refused_before_any_detector_reads_it(side):
    detectors = DetectorSet(Settings(), instrument("ES"))
    with pytest.raises(ValueError, match="-1 contracts at level 1, wanted none below 0"):
        detectors.add(make_bar(**{side: (5, -1, 5)}))


def test_a_new_contract_begins_anew_and_gives_up_what_the_old_one_left():
    detectors = DetectorSet(ALL, OWN)
    bar = make_bar(low=400, sells=(1, 1, 1, 30), buys=(0, 90, 90, 90))
    detectors.add(bar)
    assert [zone.signal.pattern for zone in detectors.zones()] == [Pattern.STACKED_BUY]
    assert [level.signal.ref_price for level in detectors.unfinished()] == [403]
    # Earlier by the clock, as a tape of another month may be: it has nothing to follow.
    new = dataclasses.replace(bar, contract="ESH6", end_ns=bar.end_ns - 1)
    zone, level, *rest = detectors.add(new)
    assert (zone.state, zone.contract, zone.ts_ns) == (ZoneState.DROPPED, "ESZ5", new.end_ns)
    assert (level.pattern, level.state) == (Pattern.UNFINISHED_HIGH, ZoneState.DROPPED)
    assert rest == DetectorSet(ALL, OWN).add(new)
    assert [zone.signal.contract for zone in detectors.zones()] == ["ESH6"]


def test_made_up_bars_do_not_continue_real_ones():
    detectors = DetectorSet(ALL, OWN)
    bar = make_bar(low=400, sells=(1, 1, 1, 0), buys=(0, 90, 90, 90))
    detectors.add(bar)
    made_up = dataclasses.replace(bar, simulated=True)
    dropped, *rest = detectors.add(made_up)
    assert dropped.state is ZoneState.DROPPED
    assert rest == DetectorSet(ALL, OWN).add(made_up)


def test_trades_of_the_new_contract_do_not_end_the_bars_of_the_old():
    """At a roll the trades come first, then the last bar of the old month."""
    detectors = DetectorSet(ALL, OWN)
    bars = [
        make_bar(low=400, sells=(1,) * 4, buys=(0, 90, 90, 90)),
        make_bar(low=402, end_ns=at("10:10")),
    ]
    alone = fed(DetectorSet(ALL, OWN), bars)
    assert detectors.add(bars[0]) == alone[0]
    detectors.add_trades(batch_of(make_trades([(at("10:10"), 400, "B", 1)]), "ESH6", False))
    assert detectors.add(bars[1]) == alone[1]


def test_a_value_without_bars_of_its_contract_is_left_alone():
    detectors = DetectorSet(ALL, OWN)
    bar = make_bar()
    detectors.value(value_of(bar))
    assert detectors.bars is None
    detectors.add(bar)
    detectors.value(dataclasses.replace(value_of(bar), contract="ESH6"))
    assert detectors.bars.initiative.values == []
    detectors.value(value_of(bar))
    assert len(detectors.bars.initiative.values) == 1


def test_the_end_of_a_day_can_be_told_before_the_next_bar():
    detectors = DetectorSet(ALL, OWN)
    assert detectors.roll(at("17:00")) == []
    detectors.add(make_bar(low=400, sells=(1, 1, 1, 30), buys=(0, 90, 90, 90)))
    assert detectors.roll(at("16:59")) == []
    assert [change.state for change in detectors.roll(at("17:00"))] == [ZoneState.DROPPED] * 2
    assert detectors.zones() == detectors.unfinished() == []


def test_zones_persist_where_the_settings_say_so():
    persist = dataclasses.replace(ALL, imbalance=ImbalanceSettings(zones_persist=True))
    detectors = DetectorSet(persist, OWN)
    detectors.add(make_bar(low=400, sells=(1, 1, 1, 0), buys=(0, 90, 90, 90)))
    assert detectors.roll(at("17:00")) == []
    assert len(detectors.zones()) == 1


def absorbing(count=200):
    """Return trades whose last five are heavy buying that went nowhere."""
    rows = [(at("10:00") + i * NANOS_PER_S, 400 + i % 3, "BS"[i % 2], 2) for i in range(count)]
    end = at("10:00") + count * NANOS_PER_S
    return make_trades(rows + [(end + i, 402, "B", 90) for i in range(5)])


@pytest.mark.parametrize("cuts", [(), (1,), (50, 51, 203)])
def test_the_tape_is_watched_however_its_batches_are_cut(cuts):
    detectors, trades = DetectorSet(ALL, OWN), absorbing()
    found = [
        signal
        for start, stop in pairwise((0, *cuts, len(trades)))
        for signal in detectors.add_trades(batch_of(trades.slice(start, stop), "ESZ5", True))
    ]
    assert [signal.pattern for signal in found] == [Pattern.TAPE_SELLING_ABSORPTION]
    assert found[0].synthetic


@given(st.sets(st.integers(1, 899), max_size=12))
@settings(max_examples=40)
def test_metrics_and_absorption_come_in_one_order_however_the_trades_are_batched(cuts):
    loose = FlowSettings(
        enabled=True, require_primary=False, delta_min=20, confidence_min=0.1, cooldown_s=1
    )
    chosen = dataclasses.replace(ALL, flow=loose)
    rows = [
        (at("10:00") + i * NANOS_PER_S // 5, 400 + (i % 3 if i % 60 < 50 else 2), "B",
         5 if i % 60 < 50 else 90)
        for i in range(900)
    ]  # fmt: skip
    trades = make_trades(rows)

    def found(*places):
        detectors = DetectorSet(chosen, OWN)
        return [
            message
            for start, stop in pairwise((0, *places, len(trades)))
            for message in detectors.add_trades(batch_of(trades.slice(start, stop), "ESZ5", True))
        ]

    whole = found()
    patterns = [one.pattern for one in whole if isinstance(one, SignalRaised)]
    assert {Pattern.FLOW_BUYING, Pattern.TAPE_SELLING_ABSORPTION} <= set(patterns)
    assert found(*sorted(cuts)) == whole


def test_a_new_contract_begins_anew_on_the_tape():
    detectors, trades = DetectorSet(ALL, OWN), absorbing()
    detectors.add_trades(batch_of(trades.slice(0, 200), "ESZ5", False))
    assert detectors.add_trades(batch_of(trades.slice(200, 205), "ESH6", False)) == []
    assert detectors.tape.contract == "ESH6"
    detectors.add_trades(batch_of(trades.slice(0, 200), "ESH6", True))
    assert detectors.tape.simulated


def test_the_tape_is_left_alone_where_its_patterns_are_switched_off():
    off = dataclasses.replace(ALL.tape_absorption, enabled=False)
    detectors = DetectorSet(dataclasses.replace(ALL, tape_absorption=off), OWN)
    assert detectors.add_trades(batch_of(absorbing(), "ESZ5", False)) == []
    assert detectors.tape.flow is None


def test_the_metrics_are_asked_where_they_are_switched_on():
    empty = DepthBatch(
        contract="ESZ5", simulated=False, ts_event=b"", side=b"", price=b"", size=b"", orders=b""
    )
    assert DetectorSet(ALL, OWN).add_depth(empty) == []
    loose = FlowSettings(
        enabled=True, require_primary=False, delta_min=100, confidence_min=0.4, cooldown_s=1
    )
    detectors = DetectorSet(dataclasses.replace(ALL, flow=loose), OWN)
    rows = [(at("10:00") + i * NANOS_PER_S // 10, 400 + i % 4, "B", 5) for i in range(900)]
    found = detectors.add_trades(batch_of(make_trades(rows), "ESZ5", False))
    assert any(isinstance(m, FlowTurned) for m in found)
    assert Pattern.FLOW_BUYING in {m.pattern for m in found if isinstance(m, SignalRaised)}
    assert detectors.add_depth(empty) == []
    other = dataclasses.replace(empty, contract="ESH6")
    assert detectors.add_depth(other) == []
    assert detectors.tape.contract == "ESH6"


def test_a_warm_state_goes_on_as_a_fresh_one_on_a_real_session():
    trades = real_trades()
    bars = ContractBars(bar_rules(BarSettings(), "ESU3"), simulated=False)
    session = [*bars.add(trades), *bars.close_now(int(trades.ts_event[-1]))]
    whole = fed(DetectorSet(ALL, OWN), session)
    signals = [signal for found in whole for signal in signals_of(found)]
    assert len({signal.id for signal in signals}) == len(signals)
    assert {SECTION[signal.pattern] for signal in signals} >= {
        *SECTIONS
    } - {"initiative", "effort"}  # No day before; no effort without result on these days.
    for split in np.random.default_rng(3).integers(0, len(session), 3).tolist():
        warm = DetectorSet(ALL, OWN)
        assert fed(warm, session[:split]) + fed(warm, session[split:]) == whole
