"""An honest week of one market: the hours of the exchange day by day, and a random walk in them.

Hours, dates and the instants of every action stand here in words of their own: no code of ours is
asked, so that a mistake of ours in them shows. A walk is seeded; buyers and sellers take turns of
some minutes, which is what leaves imbalances behind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from actors.core.columns import Trades, trades_of
from protocol.codec import encode
from protocol.market import Aggressor, Cut, SideSource, TradeBatch
from protocol.settings import Settings
from protocol.units import NANOS_PER_S

NEW_YORK = ZoneInfo("America/New_York")
CONTRACT = "ESZ5"
PER_MINUTE, PER_MINUTE_OF_NIGHT = 5.0, 0.7  # Trades on average: some thousand a day.
TURN_MINUTES = 6
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
REGULAR = {
    "warmup": "07:00", "preflight": "09:25", "rth_open": "09:30", "first_entry": "09:35",
    "last_entry": "15:45", "flatten_time": "15:55", "rth_close": "16:00", "digest": "16:00",
    "watch_end": "16:15", "hard_stop": "16:59:30", "roll": "17:00", "recap": "17:01",
    "export": "17:01",
}  # fmt: skip
SHORT = {  # What differs on a day that closes at so many hours.
    "13:15": {
        "last_entry": "13:00", "flatten_time": "13:10", "rth_close": "13:15",
        "digest": "13:15", "watch_end": "13:30",
    },
    "13:00": {
        "last_entry": "12:45", "flatten_time": "12:55", "rth_close": "13:00",
        "digest": "13:00", "watch_end": "13:15",
    },
}  # fmt: skip
# Up to when an action makes sense, by the name of the action that ends it; the rest always does.
UNTIL = {
    "globex_open": "rth_open", "warmup": "rth_open", "preflight": "rth_open",
    "rth_open": "rth_close", "first_entry": "last_entry", "last_entry": "roll",
    "flatten_time": "roll", "rth_close": "roll", "watch_end": "roll", "hard_stop": "reopening",
}  # fmt: skip


def at(day: date, clock: str) -> int:
    """Return the instant of a clock of New York, UTC ns."""
    moment = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=NEW_YORK)
    return int(moment.timestamp()) * NANOS_PER_S


@dataclass(frozen=True, slots=True)
class MarketWeek:
    """A stretch of days around a week, by the clock of New York."""

    first: datetime
    last: datetime
    closed: tuple[date, ...] = ()
    early: dict[date, str] = field(default_factory=dict)
    announced: bool = False  # The days that differ stand in a file and in no library.

    @property
    def dates(self) -> list[date]:
        """The trading dates that are over when the week is."""
        days = (self.last.date() - self.first.date()).days
        every = (self.first.date() + timedelta(days=number) for number in range(days))
        return [day for day in every if day.weekday() < SATURDAY and day not in self.closed]

    def is_open(self, moment: datetime) -> bool:
        """Say whether the exchange trades in the minute of `moment`."""
        minute, weekday, day = moment.hour * 60 + moment.minute, moment.weekday(), moment.date()
        if weekday == SATURDAY or 17 * 60 <= minute < 18 * 60:
            return False
        if weekday == FRIDAY and minute >= 17 * 60 or weekday == SUNDAY and minute < 18 * 60:
            return False
        evening = minute >= 18 * 60
        if (day + timedelta(days=evening)) in self.closed:
            return False
        return evening or day not in self.early or f"{moment:%H:%M}" < self.early[day]

    def clocks(self, day: date) -> dict[str, str]:
        """Return the clock of every action of a trading date but the open the evening before."""
        return REGULAR | SHORT[self.early[day]] if day in self.early else REGULAR

    def due(self) -> dict[tuple[str, str], tuple[int, int | None]]:
        """Return when each action is due and until when, by action and trading date."""
        found: dict[tuple[str, str], tuple[int, int | None]] = {}
        for day in [*self.dates, _next_weekday(self.last.date())]:
            dues = {name: at(day, clock) for name, clock in self.clocks(day).items()}
            dues |= {"globex_open": at(day - timedelta(days=1), "18:00")}
            ends = dues | {"reopening": at(day, "18:00")}
            for name, due in dues.items():
                until = ends[UNTIL[name]] if name in UNTIL else None
                if due < self.last_ns:
                    found[name, str(day)] = due, until
        return found

    @property
    def first_ns(self) -> int:
        """The first instant."""
        return at(self.first.date(), f"{self.first:%H:%M}")

    @property
    def last_ns(self) -> int:
        """The instant behind the last."""
        return at(self.last.date(), f"{self.last:%H:%M}")


def _next_weekday(day: date) -> date:
    return next(
        one for one in (day + timedelta(days=n) for n in range(1, 4)) if one.weekday() < SATURDAY
    )


# The clocks go back on the first Sunday; Wednesday and Thursday differ by the exchange's notice.
CLOCKS_GO_BACK = MarketWeek(
    datetime(2025, 10, 31, 12, 0),
    datetime(2025, 11, 9, 18, 30),
    (date(2025, 11, 5),),
    {date(2025, 11, 6): "13:15"},
    announced=True,
)
THANKSGIVING = MarketWeek(
    datetime(2025, 11, 23, 18, 0),
    datetime(2025, 11, 30, 18, 30),
    early={date(2025, 11, 27): "13:00", date(2025, 11, 28): "13:15"},
)


def instants(week: MarketWeek, rng: np.random.Generator) -> Iterator[int]:
    """Yield the instants of the trades, those on the lines between two days among them."""
    moment, last = week.first.replace(tzinfo=NEW_YORK).astimezone(UTC), week.last_ns
    while (base := int(moment.timestamp()) * NANOS_PER_S) < last:
        local = moment.astimezone(NEW_YORK)
        if week.is_open(local):
            regular = 9.5 <= local.hour + local.minute / 60 < 16
            count = int(rng.poisson(PER_MINUTE if regular else PER_MINUTE_OF_NIGHT))
            yield from sorted((base + rng.integers(0, 60 * NANOS_PER_S, count)).tolist())
            if (local.hour, local.minute) == (16, 59):
                yield base + 60 * NANOS_PER_S - 1
                if local.date() + timedelta(days=1) not in week.closed:
                    yield base + 60 * NANOS_PER_S  # 17:00:00.000 is of the next date.
        moment += timedelta(minutes=1)


@cache
def walk(week_name: str) -> Trades:
    """Return the trades of a week."""
    week = WEEKS[week_name]
    rng = np.random.default_rng(20_251)
    times = np.fromiter(instants(week, rng), np.int64)
    turn = (times // (60 * NANOS_PER_S * TURN_MINUTES)).astype(np.int64)
    leans = np.random.default_rng(7).uniform(0.15, 0.85, int(turn[-1] - turn[0]) + 1)
    buys = rng.random(len(times)) < leans[turn - turn[0]]
    steps = np.where(rng.random(len(times)) < 0.35, np.where(buys, 1, -1), 0)
    return Trades(
        times,
        (24_000 + np.cumsum(steps) + buys).astype(np.int32),
        rng.geometric(0.3, len(times)).astype(np.int32),
        np.where(buys, np.uint8(Aggressor.BUY), np.uint8(Aggressor.SELL)),
        np.full(len(times), SideSource.FEED, np.uint8),
        np.zeros(len(times), np.uint8),
        None,
        None,
    )


WEEKS = {"clocks_go_back": CLOCKS_GO_BACK, "thanksgiving": THANKSGIVING}


def frames_of(week_name: str, settings: Settings) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """Return the encoded tape of a week and, for each frame, the instant at which it is there."""
    rule = TapeRule.of(
        settings.feed, settings.bars, settings.flow, settings.risk, settings.calendar
    )
    messages = list(tape([Chunk(walk(week_name), CONTRACT, simulated=False)], rule))
    return tuple(map(encode, messages)), tuple(_there_ns(message) for message in messages)


def _there_ns(message: TradeBatch | Cut) -> int:
    return message.ts_ns if isinstance(message, Cut) else int(trades_of(message).ts_event[-1])
