"""Trades at instants of New York's clock, and the cuts between them by their place in the whole."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from actors.core.columns import Trades
from actors.core.rules import hours_of
from actors.core.session.cuts import Cuts
from protocol.market import CutReason
from protocol.risk_settings import RiskSettings
from protocol.series import parse_series
from protocol.settings import CalendarSettings
from protocol.units import NANOS_PER_S
from tests.makers import make_trades

NEW_YORK = ZoneInfo("America/New_York")
FIVE_MINUTES = 300
MANY = ("time:300", "tick:3", "volume:25", "range:2", "time:60")
BAR, SESSION, TIMER = CutReason.BAR, CutReason.SESSION, CutReason.TIMER
HOURS = hours_of(RiskSettings(), CalendarSettings())


def at(clock: str, day: str = "2025-12-03") -> int:
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)
    return round(moment.timestamp() * 1000) * 1_000_000


def clock(ts: int) -> str:
    return datetime.fromtimestamp(ts / NANOS_PER_S, NEW_YORK).strftime("%H:%M:%S")


def traded(instants: Iterable[int]) -> Trades:
    return make_trades([(int(ts), 100, "B", 1) for ts in instants])


def many_cuts(*names: str) -> Cuts:
    return Cuts(tuple(parse_series(name) for name in names), True, HOURS)


def cuts_of(parts: list[Trades], names: Sequence[str] = MANY) -> list[tuple[int, int, CutReason]]:
    """The cuts of all parts, by their row in the whole."""
    found, done, points = many_cuts(*names), 0, []
    for part in parts:
        points += [(done + index, ts, reason) for index, ts, reason in found.add(part)]
        done += len(part)
    return points


STEPS = st.lists(
    st.integers(0, 40 * 60 * 1000) | st.integers(0, 80 * 3600 * 1000) | st.just(0), max_size=25
)
STARTS = st.sampled_from(
    [at("09:20:00"), at("15:40:00"), at("16:50:00", "2025-10-31"), at("23:00:00", "2026-03-06")]
)
