"""A made-up session: one trading day of trades that looks enough like a market to show signals.

For the demo and for tests, never for claims: every chunk says `simulated`. One seed and one date
give the same trades every time.

The day runs from 18:00 to 17:00 New York. Orders arrive with the known shape of a day: thin by
night, a bump when London opens, a U between 09:30 and 16:00. The day is laid out in stretches.
Ranging ones pull the price back; trending ones drift with a mild surplus on one side; volatile
ones bring three times the volume in swings of a few minutes, each carried almost wholly by one
side, which is what leaves stacked imbalances behind. An order is filled in one print or more at
the same instant, large ones through a second level. The level of prices is arbitrary: it
begins at 20,000 ticks whatever the instrument.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from actors.adapters.feeds.port import Chunk
from actors.core.columns import Trades
from actors.core.session.calendar import day_of
from protocol.instruments import front_month, instrument
from protocol.market import Aggressor, SideSource
from protocol.units import NANOS_PER_S

FIRST_TICKS = 20_000
MINUTES = 23 * 60
RTH_START, RTH_END = 15 * 60 + 30, 22 * 60  # Minutes after 18:00.
TYPICAL_TRADES = 120_000  # The steps below are for a session of this many trades.
CHUNK_TRADES = 65_536
_DAY = date(2025, 11, 12)
_PRINT_ENDS = 0.4  # Chance that a print is the order's last: two and a half prints an order.
_REVERT_ORDERS = 200  # After so many orders a ranging stretch has given back what a step moved.
_SIZE_MAX = 500
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a stretch of the session behaves; steps in ticks per order."""

    volume: float  # Against the usual of that time of day.
    noise: float
    drift: float  # In the direction of the stretch, or of the swing.
    one_sided: float  # Share of orders on that side.
    swing_minutes: float  # The direction turns after about so long; 0 never.
    reverts: bool


RANGING = Kind(volume=0.8, noise=0.30, drift=0.0, one_sided=0.5, swing_minutes=0, reverts=True)
TRENDING = Kind(volume=1.0, noise=0.40, drift=0.02, one_sided=0.6, swing_minutes=0, reverts=False)
VOLATILE = Kind(
    volume=3.0, noise=0.45, drift=0.045, one_sided=0.86, swing_minutes=5, reverts=False
)
_DAY_CYCLE = (RANGING, VOLATILE, TRENDING)
_NIGHT_CYCLE = (RANGING, TRENDING, RANGING)


class SimulatedSession:
    """One simulated session of the front month of `symbol`, as a source."""

    def __init__(
        self, symbol: str, seed: int, trades: int = TYPICAL_TRADES, trading_date: date = _DAY
    ) -> None:
        if trades < 1:
            raise ValueError(f"a session of {trades} trades, wanted at least 1")
        self.contract = front_month(instrument(symbol).symbol, trading_date)
        self.seed = seed
        self.trades = trades
        self.trading_date = trading_date

    def __iter__(self) -> Iterator[Chunk]:
        trades = self._session()
        for start in range(0, len(trades), CHUNK_TRADES):
            part = trades.slice(start, min(start + CHUNK_TRADES, len(trades)))
            yield Chunk(part, self.contract, simulated=True)

    def _session(self) -> Trades:
        rng = np.random.default_rng((self.seed, self.trading_date.toordinal()))
        prints = rng.geometric(_PRINT_ENDS, self.trades)
        ends = np.cumsum(prints)
        orders = int(np.searchsorted(ends, self.trades)) + 1
        prints = prints[:orders]
        prints[-1] -= int(ends[orders - 1]) - self.trades
        minutes = _Minutes.laid_out(rng)
        at, minute = _arrivals(rng, minutes.volume, orders)
        middle = FIRST_TICKS + _path(rng, minutes, minute, TYPICAL_TRADES / self.trades)
        buys = rng.random(orders) < minutes.buy_share[minute]
        ts = day_of(self.trading_date).open_ns + at
        return _printed(rng, ts, np.floor(middle).astype(np.int32), buys, prints)


@dataclass(frozen=True, slots=True)
class _Minutes:
    """The plan of the session: one entry per minute."""

    volume: Floats
    noise: Floats
    drift: Floats
    buy_share: Floats
    reverts: NDArray[np.bool_]

    @classmethod
    def laid_out(cls, rng: np.random.Generator) -> "_Minutes":
        plan = cls(
            volume=_shape_of_day() * np.exp(rng.normal(0.0, 0.25, MINUTES)),
            noise=np.empty(MINUTES),
            drift=np.empty(MINUTES),
            buy_share=np.empty(MINUTES),
            reverts=np.empty(MINUTES, np.bool_),
        )
        start = 0
        while start < MINUTES:
            day = RTH_START <= start < RTH_END
            cycle, limit = (_DAY_CYCLE, RTH_END) if day else (_NIGHT_CYCLE, MINUTES)
            limit = RTH_START if start < RTH_START else limit
            for kind in cycle:
                stop = min(start + int(rng.integers(24, 40)), limit)
                plan._fill(rng, kind, slice(start, stop))
                start = stop
        return plan

    def _fill(self, rng: np.random.Generator, kind: Kind, span: slice) -> None:
        minutes = np.arange(span.stop - span.start)
        direction = np.full(len(minutes), rng.choice((-1.0, 1.0)))
        if kind.swing_minutes:
            lengths = rng.normal(kind.swing_minutes, 1.0, len(minutes) + 1).clip(min=2.0)
            swing = np.searchsorted(np.cumsum(lengths), minutes, side="right")
            direction *= np.where(swing % 2 == 0, 1.0, -1.0)
        self.volume[span] *= kind.volume
        self.noise[span] = kind.noise
        self.drift[span] = kind.drift * direction
        self.buy_share[span] = 0.5 + (kind.one_sided - 0.5) * direction
        self.reverts[span] = kind.reverts


def _shape_of_day() -> Floats:
    minute = np.arange(MINUTES, dtype=np.float64)
    shape = 0.10 + 0.15 * np.exp(-(((minute - 9 * 60) / 60) ** 2))  # London opens at 03:00.
    day = slice(RTH_START, RTH_END)
    through = (minute[day] - RTH_START) / (RTH_END - RTH_START)
    shape[day] = 0.6 + 1.6 * (2 * through - 1) ** 4 + 0.6 * np.exp(-through * 20)
    shape[RTH_END:] = 0.12
    return shape


def _arrivals(
    rng: np.random.Generator, volume: Floats, orders: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when each order comes, in nanoseconds after the open, and in which minute."""
    edges = np.concatenate(([0.0], np.cumsum(volume)))
    drawn = np.sort(rng.random(orders)) * edges[-1]
    minute = np.searchsorted(edges, drawn, side="right").clip(1, MINUTES) - 1
    share = (drawn - edges[minute]) / volume[minute]
    at = ((minute + share.clip(0.0, 0.999_999)) * 60 * NANOS_PER_S).astype(np.int64)
    return np.maximum.accumulate(at), minute


def _path(
    rng: np.random.Generator, minutes: _Minutes, minute: NDArray[np.int64], scale: float
) -> Floats:
    """Return the middle price at each order, in ticks from the first."""
    noise = minutes.noise[minute] * np.sqrt(scale) * rng.standard_normal(len(minute))
    back = np.zeros(len(minute))
    lag = max(1, int(_REVERT_ORDERS / scale))
    # Taking back each step after a while keeps the sum of steps within bounds: a range.
    back[lag:] = np.where(minutes.reverts[minute[:-lag]], noise[:-lag], 0.0)[: len(minute) - lag]
    return np.cumsum(noise - back + minutes.drift[minute] * scale)


def _printed(
    rng: np.random.Generator,
    ts: NDArray[np.int64],
    bid: NDArray[np.int32],
    buys: NDArray[np.bool_],
    prints: NDArray[np.int64],
) -> Trades:
    """Return one trade per print of each order, at the touch or, from the fourth on, behind it."""
    order = np.repeat(np.arange(len(prints)), prints)
    place = np.arange(len(order)) - np.repeat(np.cumsum(prints) - prints, prints)
    behind = np.where(place >= 3, 1, 0).astype(np.int32)
    buy, near = buys[order], bid[order]
    price = np.where(buy, near + 1 + behind, near - behind).astype(np.int32)
    sizes = np.exp(rng.normal(0.6, 1.0, len(order))).astype(np.int32) + 1
    return Trades(
        ts_event=ts[order],
        price=price,
        size=sizes.clip(1, _SIZE_MAX).astype(np.int32),
        aggressor=np.where(buy, np.uint8(Aggressor.BUY), np.uint8(Aggressor.SELL)),
        source=np.full(len(order), SideSource.FEED, np.uint8),
        flags=np.zeros(len(order), np.uint8),
        bid=np.where(buy, near, price).astype(np.int32),
        ask=np.where(buy, price, near + 1).astype(np.int32),
    )
