"""The signals of a date: what was raised, what became of each, and what the market did then."""

from bisect import bisect_right
from typing import Any

from actors.core.analytics.results import LOW_N
from actors.core.analytics.study import HORIZONS, Closes, study_of
from ops.recap.figures import instant, price, ratio
from ops.recap.told import Told
from protocol.patterns import FAMILY
from protocol.signals import PPM, SignalRaised

Section = dict[str, Any]


def signal_rows(told: Told) -> list[Section]:
    """Return every signal of the date in its order, those that were rejected with the reason."""
    taken = {bracket.signal_id: bracket.bracket_id for bracket in told.brackets.values()}
    raised = sorted(told.raised.values(), key=lambda signal: signal.ts_ns)
    return [_row(told, signal, taken.get(signal.id)) for signal in raised]


def _row(told: Told, signal: SignalRaised, bracket_id: str | None) -> Section:
    dropped, denied = told.dropped.get(signal.id), told.denied.get(signal.id)
    rejected_by: str | None = None
    reason: str | None = None
    detail: str | None = None
    if dropped is not None:
        rejected_by, reason, detail = "router", dropped.reason, dropped.detail
    elif denied is not None:
        rejected_by, reason, detail = "risk", denied.reason, denied.detail
    return {
        "id": signal.id,
        "ts": instant(signal.ts_ns),
        "contract": signal.contract,
        "pattern": signal.pattern,
        "family": FAMILY[signal.pattern],
        "direction": signal.direction,
        "strength": ratio(signal.strength_ppm / PPM),
        "ref_price": price(signal.ref_price, signal.contract),
        "last_price": price(signal.last_price, signal.contract),
        "regime": regime_of(told, signal),
        "approved": signal.id in told.approved,
        "target": signal.id in told.noted,
        "rejected_by": rejected_by,
        "reject_reason": reason,
        "reject_detail": detail,
        "bracket_id": bracket_id,
        "low_quality": signal.low_quality,
        "synthetic": signal.synthetic,
    }


def regime_of(told: Told, signal: SignalRaised) -> str:
    """Return the regime a signal was judged in; of one nobody judged that of its instant."""
    for answers in (told.dropped, told.approved, told.noted):
        if (answer := answers.get(signal.id)) is not None:
            return answer.regime
    place = bisect_right(told.regimes, signal.ts_ns, key=lambda judged: judged.ts_ns)
    return told.regimes[place - 1].regime if place else ""


def signal_study(told: Told) -> list[Section]:
    """Return what the market did after the signals of the date, by pattern and regime."""
    closes: dict[str, Closes] = {}
    for contract in {bar.contract for bar in told.decisive()}:
        own = [bar for bar in told.decisive() if bar.contract == contract]
        closes[contract] = Closes([bar.end_ns for bar in own], [bar.close for bar in own])
    signals = [one for one in told.raised.values() if one.contract in closes]
    pairs = [(one, regime_of(told, one)) for one in signals]
    return [
        {
            "pattern": study.pattern,
            "regime": study.regime,
            "n": study.n,
            "low_n": study.n < LOW_N,
            "moves_ticks": {
                str(bars): ratio(move) for bars, move in zip(HORIZONS, study.moves, strict=True)
            },
            "known": {
                str(bars): known for bars, known in zip(HORIZONS, study.known, strict=True)
            },
            "at_end_ticks": ratio(study.at_end),
        }
        for study in study_of(pairs, [closes[one.contract] for one in signals])
    ]
