"""The statistics of domain 9 as they stand in the document: of the day, and of all days so far.

Both are there because they answer different questions: what happened today, and what it means.
Of a single day most numbers are marked as taken of too few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from actors.core.analytics.activity import activity_of
from actors.core.analytics.breakdown import DIMENSIONS, breakdown, results
from actors.core.analytics.daily import days_of
from actors.core.analytics.equity import Drawdown, drawdown_of, equity_of, recovery_factor
from actors.core.analytics.marks import marked
from actors.core.analytics.outcome import Outcome
from actors.core.analytics.results import Results
from actors.core.session.calendar import day_of, trading_date
from ops.recap.figures import dollars, mean_dollars, ratio
from ops.recap.outcomes import holdings_of
from ops.recap.signals import signal_study
from ops.recap.told import Told, decided_on

Section = dict[str, Any]
Curve = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Account:
    """The balance before the first round trip of the books and at the start of the date."""

    first_cents: int
    start_cents: int


def analytics(told: Told, outcomes: Sequence[Outcome], account: Account, model: str) -> Section:
    """Return the statistics over `outcomes`, every round trip up to the date's end."""
    today = [one for one in outcomes if trading_date(one.closed_ns) == told.date]
    dates = sorted({decided_on(close.end_ns) for close in told.all_closes()} | {told.date})
    curve = marked_from(told, account.first_cents)
    late = [point for point in curve if decided_on(point[0]) == told.date]
    return {
        "fill_model": model,
        "synthetic": any(one.synthetic for one in outcomes),
        "day": statistics(today, account.start_cents, [told.date], late),
        "to_date": statistics(outcomes, account.first_cents, dates, curve),
        "breakdowns": {name: groups(outcomes, name) for name in DIMENSIONS},
        "signals": signal_study(told),
    }


def statistics(
    outcomes: Sequence[Outcome], start_cents: int, dates: Sequence[Any], curve: Curve
) -> Section:
    """Return the statistics of round trips closed on `dates`, from a balance on."""
    nets = [one.net_cents for one in outcomes]
    by_date = dict.fromkeys(dates, 0)
    for one in outcomes:
        on = trading_date(one.closed_ns)
        by_date[on] = by_date.get(on, 0) + one.net_cents
    days = days_of([by_date[on] for on in sorted(by_date)], start_cents)
    fall = drawdown_of(equity_of(start_cents, nets))
    marks = [start_cents, *(balance for _, balance in curve)]
    open_ns = sum(day_of(on).rth_close_ns - day_of(on).rth_open_ns for on in by_date)
    activity = activity_of(outcomes, len(by_date), open_ns)
    return _results(results(outcomes)) | {
        "drawdown": _drawdown(fall),
        "drawdown_marked": _drawdown(drawdown_of(marks)),
        "recovery_factor": ratio(recovery_factor(sum(nets), fall)),
        "days": {
            "n": days.n, "low_n": days.low_n,
            "winning": days.winning, "losing": days.losing, "flat": days.flat,
            "best": None if days.best_cents is None else dollars(days.best_cents),
            "worst": None if days.worst_cents is None else dollars(days.worst_cents),
            "average": mean_dollars(days.average_cents),
            "sharpe": ratio(days.sharpe), "sortino": ratio(days.sortino),
            "calmar": ratio(days.calmar), "under_water": days.under_water,
        },
        "activity": {
            "trades_per_day": ratio(activity.trades_per_day),
            "held_s": ratio(activity.held_s),
            "exposure_of_rth": ratio(activity.exposure),
            "sizes": {str(size): count for size, count in activity.sizes},
            "mae_ticks": ratio(activity.mae_ticks), "mfe_ticks": ratio(activity.mfe_ticks),
            "efficiency": ratio(activity.efficiency),
            "slippage_ticks": ratio(activity.slippage_ticks),
            "stop_slippage_ticks": ratio(activity.stop_slippage_ticks),
        },
    }  # fmt: skip


def groups(outcomes: Sequence[Outcome], dimension: str) -> list[Section]:
    """Return the groups of one dimension."""
    return [
        {"value": group.value}
        | _results(group.results)
        | {"mae_ticks": ratio(group.mae_ticks), "mfe_ticks": ratio(group.mfe_ticks)}
        for group in breakdown(outcomes, dimension)
    ]


def marked_from(told: Told, first_cents: int) -> Curve:
    """Return the balance at every close so far, what is held marked by it."""
    closes = [(close.end_ns, close.price) for close in told.all_closes()]
    return marked(first_cents, holdings_of(told), closes)


def first_balance(start_cents: int, earlier: Iterable[Outcome]) -> int:
    """Return the balance before all round trips that came before the date."""
    return start_cents - sum(one.net_cents for one in earlier)


def _results(found: Results) -> Section:
    return {
        "n": found.n, "low_n": found.low_n,
        "wins": found.wins, "losses": found.losses, "breakeven": found.breakeven,
        "win_rate": ratio(found.win_rate),
        "win_rate_low": ratio(found.win_rate_low), "win_rate_high": ratio(found.win_rate_high),
        "gross": dollars(found.gross_cents), "commission": dollars(found.commission_cents),
        "net": dollars(found.net_cents),
        "profit_factor": ratio(found.profit_factor),
        "expectancy": mean_dollars(found.expectancy_cents),
        "expectancy_r": ratio(found.expectancy_r),
        "average_win": mean_dollars(found.average_win_cents),
        "average_loss": mean_dollars(found.average_loss_cents),
        "payoff": ratio(found.payoff), "breakeven_rate": ratio(found.breakeven_rate),
        "wins_in_a_row": found.wins_in_a_row, "losses_in_a_row": found.losses_in_a_row,
    }  # fmt: skip


def _drawdown(fall: Drawdown) -> Section:
    return {
        "amount": dollars(fall.cents),
        "share": ratio(fall.share),
        "peak": dollars(fall.peak_cents),
        "trough": dollars(fall.trough_cents),
        "under_water": fall.under_water,
    }
