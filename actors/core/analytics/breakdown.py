"""Round trips by what they have in common (domain 9): by pattern, regime, hour and so on.

Hours and dates are those of the entry in New York, by the time of the market: the clock of
whoever runs a replay is nobody's hour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from actors.core.analytics.outcome import Outcome
from actors.core.analytics.results import Results, results_of
from actors.core.session.calendar import NEW_YORK, Phase, phase
from protocol.signals import PPM
from protocol.units import NANOS_PER_S

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BUCKET_PPM = PPM // 10  # Strength and confidence, in tenths.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """The round trips that share one value of a dimension."""

    value: str
    results: Results
    mae_ticks: float | None  # Means of those that are known.
    mfe_ticks: float | None


def _new_york(outcome: Outcome) -> datetime:
    instant = outcome.opened_ns or outcome.closed_ns
    return datetime.fromtimestamp(instant // NANOS_PER_S, UTC).astimezone(NEW_YORK)


def _session(outcome: Outcome) -> str:
    return "rth" if phase(outcome.opened_ns or outcome.closed_ns) is Phase.RTH else "eth"


def bucket(ppm: int | None) -> str:
    """Return the tenth that a share in ppm lies in, "0.6-0.7"; 1 belongs to the highest."""
    if ppm is None:
        return ""
    if not 0 <= ppm <= PPM:
        raise ValueError(f"a share of {ppm} ppm, wanted 0 to {PPM}")
    tenth = min(ppm // BUCKET_PPM, 9)
    return f"{tenth / 10:.1f}-{(tenth + 1) / 10:.1f}"


DIMENSIONS: dict[str, Callable[[Outcome], str]] = {
    "pattern": lambda o: o.pattern or "",
    "family": lambda o: o.family,
    "direction": lambda o: o.direction,
    "regime": lambda o: o.regime,
    "flow_regime": lambda o: o.flow,
    "condition": lambda o: o.condition,
    "hour_et": lambda o: f"{_new_york(o):%H}:00",
    "weekday": lambda o: WEEKDAYS[_new_york(o).weekday()],
    "month": lambda o: f"{_new_york(o):%Y-%m}",
    "session": _session,
    "symbol": lambda o: o.symbol,
    "exit_reason": lambda o: o.reason,
    "size": lambda o: str(o.quantity),
    "tier": lambda o: str(o.tier) if o.tier else "none",
    "confluence": lambda o: str(o.confluence),
    "strength": lambda o: bucket(o.strength_ppm),
    "confidence": lambda o: bucket(o.confidence_ppm),
}


def breakdown(outcomes: Sequence[Outcome], dimension: str) -> list[Group]:
    """Return the groups of a dimension, by value; what was not told is "unknown"."""
    if dimension not in DIMENSIONS:
        raise ValueError(f"dimension {dimension!r}, wanted one of {', '.join(DIMENSIONS)}")
    value_of = DIMENSIONS[dimension]
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(str(value_of(outcome)) or UNKNOWN, []).append(outcome)
    return [_group(value, found[value]) for value in sorted(found)]


def results(outcomes: Sequence[Outcome]) -> Results:
    """Return what round trips came to, in the order in which they were closed."""
    return results_of(
        [outcome.net_cents for outcome in outcomes],
        [outcome.commission_cents for outcome in outcomes],
        [outcome.risk_cents for outcome in outcomes],
    )


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _group(value: str, members: Sequence[Outcome]) -> Group:
    return Group(
        value,
        results(members),
        mean([member.mae_ticks for member in members]),
        mean([member.mfe_ticks for member in members]),
    )
