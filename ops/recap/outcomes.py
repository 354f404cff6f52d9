"""The round trips of the books joined with what led to them: bracket, signal, regime and tier."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from actors.core.analytics.marks import Holding
from actors.core.analytics.outcome import Outcome
from actors.core.orders.excursions import Extremes
from actors.core.orders.money import SIGN, tick_of
from ops.recap.told import Told
from protocol.instruments import root_of
from protocol.orders import ExitReason, PositionClosed
from protocol.patterns import FAMILY
from protocol.signals import ConditionJudged, SignalApproved

STOPPED = (ExitReason.STOP, ExitReason.BREAKEVEN, ExitReason.TRAIL)
Far = Mapping[str, Extremes | None]


def outcomes_of(told: Told, trips: Sequence[PositionClosed], far: Far) -> list[Outcome]:
    """Return each round trip with all that is told of it; `far` by bracket id."""
    together = _together(told)
    return [_outcome(told, trip, far.get(trip.bracket_id), together) for trip in trips]


def signal_of(told: Told, bracket_id: str) -> SignalApproved | None:
    """Return the signal that led to a bracket; None where the books do not tell it."""
    bracket = told.brackets.get(bracket_id)
    return None if bracket is None else told.approved.get(bracket.signal_id)


def holdings_of(told: Told) -> list[Holding]:
    """Return every position up to the date's end, those that are still held too."""
    found = []
    for bracket_id, opened in told.opened.items():
        trip = told.closed.get(bracket_id)
        last = trip or opened
        found.append(
            Holding(
                opened_ns=opened.ts_ns,
                closed_ns=None if trip is None else trip.ts_ns,
                direction=last.direction,
                quantity=last.quantity,
                entry_sum=last.entry_sum,
                entry_commission_cents=opened.commission_cents,
                net_cents=0 if trip is None else trip.pnl_cents,
                tick=tick_of(last.contract),
            )
        )
    return found


def _outcome(
    told: Told, trip: PositionClosed, far: Extremes | None, together: Mapping[str, int]
) -> Outcome:
    bracket, signal = told.brackets.get(trip.bracket_id), signal_of(told, trip.bracket_id)
    condition = _at(told, trip.opened_ns)
    size, sign = max(1, trip.quantity), SIGN[trip.direction]
    entry, left = trip.entry_sum / size, trip.exit_sum / size
    stop = told.stops.get(trip.bracket_id) if trip.reason in STOPPED else None
    return Outcome(
        opened_ns=trip.opened_ns,
        closed_ns=trip.ts_ns,
        symbol=root_of(trip.contract),
        direction=trip.direction,
        quantity=trip.quantity,
        net_cents=trip.pnl_cents,
        commission_cents=trip.commission_cents,
        risk_cents=bracket.risk_cents if bracket is not None and bracket.risk_cents > 0 else None,
        ticks=sign * (left - entry),
        mae_ticks=None if far is None else abs(far.mae_ticks(trip)),
        mfe_ticks=None if far is None else far.mfe_ticks(trip),
        slippage_ticks=None if signal is None else sign * (entry - signal.last_price),
        stop_slippage_ticks=None if stop is None else sign * (stop - left),
        reason=trip.reason,
        pattern=None if signal is None else signal.pattern,
        regime="" if signal is None else signal.regime,
        condition="" if condition is None else condition.condition,
        flow="" if condition is None else condition.flow,
        tier=_tier(told, trip.opened_ns),
        confluence=0 if signal is None else together[signal.signal_id],
        strength_ppm=None if signal is None else signal.strength_ppm,
        confidence_ppm=None if signal is None else signal.regime_confidence_ppm,
        synthetic=_simulated(told, trip.opened_ns),
    )


def _at(told: Told, ts_ns: int) -> ConditionJudged | None:
    """Return the condition that stood when a position was opened."""
    place = bisect_right(told.conditions, ts_ns, key=lambda judged: judged.ts_ns)
    return told.conditions[place - 1] if place else None


def _simulated(told: Told, ts_ns: int) -> bool:
    """Say whether the bar before an entry was made of simulated trades, and so its signal."""
    closes = told.all_closes()
    place = bisect_right(closes, ts_ns, key=lambda close: close.end_ns)
    return place > 0 and closes[place - 1].simulated


def _tier(told: Told, ts_ns: int) -> int:
    standing = [tier.tier for tier in told.tiers if tier.ts_ns <= ts_ns]
    return standing[-1] if standing else 0


def _together(told: Told) -> dict[str, int]:
    """Return by signal how many families were approved in its direction at its instant."""
    families: dict[tuple[int, str], set[str]] = {}
    for one in told.approved.values():
        families.setdefault((one.ts_ns, one.direction), set()).add(FAMILY[one.pattern])
    return {
        id: len(families[one.ts_ns, one.direction]) for id, one in told.approved.items()
    }
