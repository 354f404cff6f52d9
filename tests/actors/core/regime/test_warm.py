"""States on real sessions: a fresh one that reads the same goes on alike, wherever it begins."""

import gzip
import random
from datetime import datetime
from functools import cache
from statistics import stdev
from zoneinfo import ZoneInfo

import pytest

from actors.adapters.feeds.ingest import Recording
from actors.adapters.feeds.port import Refusals
from actors.core.columns import Trades
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.orderflow.sides import SideInference, SideRule
from actors.core.regime.flow import FlowRegimeRule, FlowState
from actors.core.regime.indicators import SessionVwap
from actors.core.regime.market import MarketState
from actors.core.regime.setups import SetupRule, Setups
from actors.core.rules import bar_rules, regime_rule
from protocol.instruments import instrument
from protocol.market import BarClosed
from protocol.patterns import DIRECTION, Pattern
from protocol.settings import BarSettings, ConditionSettings, Settings, SetupSettings
from protocol.signals import ConditionJudged, FlowRegime, Regime, RegimeJudged, SetupRecommended
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import real
from tests.makers import make_bar, make_signal

ES = instrument("ES")
CONTRACT = "ESU3"
CHICAGO = ZoneInfo("America/Chicago")
FLOW = FlowRegimeRule.of(ConditionSettings(volume_share=0.001), ES)  # So low that it turns often.


@cache
def chunks(folder) -> tuple[Trades, ...]:
    source = Recording([real("es-ticks-2013/tick_data.csv.gz")], "ES", Refusals(folder))
    inference = SideInference(SideRule())
    return tuple(inference.infer(chunk.trades) for chunk in source)


def bars_of(parts):
    """Return bars and value areas in their order."""
    bars = ContractBars(bar_rules(BarSettings(), CONTRACT), simulated=False)
    return [message for part in parts for message in bars.add(part)]


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return bars_of(chunks(tmp_path_factory.mktemp("refused")))


def fresh():
    return MarketState(regime_rule(Settings(), ES, CONTRACT), FLOW)


def judged_by(state, messages):
    """Return what each message brought, the condition that still waits at the end."""
    answers = [
        state.add(message) if isinstance(message, BarClosed) else state.add_value(message)
        for message in messages
    ]
    return [*answers, state.complete()]


def test_the_session_shows_every_kind_of_judgement(market):
    judged = [one for several in judged_by(fresh(), market) for one in several]
    regimes = [one.regime for one in judged if isinstance(one, RegimeJudged)]
    conditions = [one for one in judged if isinstance(one, ConditionJudged)]
    assert len(regimes) == len(conditions) == len(market) // 2 == 460
    assert regimes[:20] == [Regime.NO_TRADE] * 20 and set(regimes) == set(Regime)
    assert {one.flow for one in conditions} == set(FlowRegime)
    assert sum(one.poc is not None for one in conditions) > 60


@pytest.mark.parametrize("seed", range(4))
def test_regime_and_condition_go_on_alike_from_any_point(market, seed):
    cut = random.Random(seed).randrange(len(market))
    whole, warm = judged_by(fresh(), market), fresh()
    judged = [
        warm.add(message) if isinstance(message, BarClosed) else warm.add_value(message)
        for message in market[:cut]
    ]
    assert judged + judged_by(warm, market[cut:]) == whole


def test_how_the_trades_were_cut_into_batches_does_not_matter(tmp_path, market):
    source = random.Random(5)
    pieces = []
    for part in chunks(tmp_path):
        ends = sorted(source.sample(range(1, len(part)), min(20, len(part) - 1)))
        for start, stop in zip([0, *ends], [*ends, len(part)], strict=True):
            pieces.append(part.slice(start, stop))
    one = [one for several in judged_by(fresh(), bars_of(pieces)) for one in several]
    assert one == [one for several in judged_by(fresh(), market) for one in several]


def test_both_averages_are_those_of_all_trades_since_their_anchor(tmp_path, market):
    vwap = SessionVwap()
    bars = [message for message in market if isinstance(message, BarClosed)]
    for bar in bars:
        vwap.add(bar)
    last = bars[-1]
    parts = chunks(tmp_path)
    for average, clock in ((vwap.globex, (2, 17, 0)), (vwap.regular, (3, 8, 30))):
        since = datetime(2013, 9, *clock, tzinfo=CHICAGO).timestamp() * NANOS_PER_S
        volume = price_volume = 0
        for part in parts:
            rows = (part.ts_event >= since) & (part.ts_event < last.end_ns)
            sizes = part.size[rows].astype("int64")
            volume += int(sizes.sum())
            price_volume += int((part.price[rows] * sizes).sum())
        assert (average.volume, average.price_volume) == (volume, price_volume)


def signals_of(bar):
    """Return a turn at each end of the bar, from the facts of the bar alone."""
    return [
        make_signal(
            id=f"{bar.end_ns}{pattern}", contract=bar.contract, ts_ns=bar.end_ns, pattern=pattern,
            direction=DIRECTION[pattern], strength_ppm=300_000, ref_price=price,
        )  # fmt: skip
        for pattern, price in (
            (Pattern.BUYING_EXHAUSTION, bar.high),
            (Pattern.SELLING_EXHAUSTION, bar.low),
            (Pattern.STACKED_BUY if bar.delta > 0 else Pattern.STACKED_SELL, bar.close),
        )
    ]


@pytest.mark.parametrize("seed", range(4))
def test_setups_go_on_alike_from_any_point(market, seed):
    bars = {message.end_ns: message for message in market if isinstance(message, BarClosed)}
    judged = [one for several in judged_by(fresh(), market) for one in several]
    conditions = [one for one in judged if isinstance(one, ConditionJudged)]
    rule = SetupRule.of(SetupSettings(), low_quality_allowed=True)

    def told(state, part):
        answers = []
        for condition in part:
            for signal in signals_of(bars[condition.ts_ns]):
                state.signal(signal)
            answers.append(state.condition(condition))
        return answers

    cut = random.Random(seed).randrange(len(conditions))
    whole, warm = told(Setups(rule), conditions), Setups(rule)
    assert told(warm, conditions[:cut]) + told(warm, conditions[cut:]) == whole
    made = [one for several in whole for one in several if isinstance(one, SetupRecommended)]
    assert len({one.setup for one in made}) > 3


@cache
def quarter():
    """Return bars of thirty sessions of 2023, of one price each: times, delta and volume count."""
    path = real("es-5m-2023-2024/ESH23-CME.scid_BarData__5m.txt.gz")
    bars, cvd, dates = [], 0, set()
    with gzip.open(path, "rt") as file:
        next(file)
        for line in file:
            day, clock, *_, volume, _, sold, bought = line.split(", ")
            moment = datetime.strptime(f"{day} {clock}", "%Y/%m/%d %H:%M:%S")
            moment = moment.replace(tzinfo=CHICAGO)
            dates.add(day)
            if len(dates) > 40:
                break
            if clock == "08:30:00":
                cvd = 0
            delta = int(bought) - int(sold)
            cvd += delta
            start = int(moment.timestamp()) * NANOS_PER_S
            bars.append(
                make_bar(
                    sells=(int(sold),), buys=(int(bought),), cvd=cvd, delta=delta,
                    volume=int(volume), start_ns=start, end_ns=start + 300 * NANOS_PER_S,
                )  # fmt: skip
            )
    return bars


def test_the_threshold_of_a_quarter_is_that_of_a_slow_reading():
    closes, found, wanted = {}, [], []
    state = FlowState(FlowRegimeRule.of(ConditionSettings(), ES))
    for bar in quarter():
        moment = datetime.fromtimestamp(bar.start_ns / NANOS_PER_S, CHICAGO)
        minute = moment.hour * 60 + moment.minute
        flow = state.add(bar)
        if minute == 12 * 60 + 5 and len(closes) >= 2:
            found.append(flow.threshold)
            wanted.append(round(0.25 * stdev(list(closes.values())[-20:])))
        if minute == 14 * 60 + 55:  # The last five minutes of a full session.
            closes[moment.date()] = bar.cvd
    assert found == wanted and len(found) > 20
    assert min(found) > 300  # Contracts: of the order of thousands, where the seed has fifty.


@pytest.mark.parametrize("seed", range(2))
def test_flow_goes_on_alike_from_any_point_of_a_quarter(seed):
    rule = FlowRegimeRule.of(ConditionSettings(), ES)
    bars = quarter()
    cut = random.Random(seed).randrange(len(bars))
    state, warm = FlowState(rule), FlowState(rule)
    whole = [state.add(bar) for bar in bars]
    for bar in bars[:cut]:
        warm.add(bar)
    assert [warm.add(bar) for bar in bars[cut:]] == whole[cut:]
    assert {flow.regime for flow in whole} == set(FlowRegime)
