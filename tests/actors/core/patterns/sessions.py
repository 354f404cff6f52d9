"""Bars that follow each other: made for a test, drawn at random, or of a real session."""

import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from actors.adapters.feeds.csv_ticks import CsvReader
from actors.adapters.feeds.port import Refusals
from actors.core.columns import Trades
from actors.core.orderflow.sides import SideInference, SideRule
from actors.core.session.calendar import last_rth_open
from protocol.market import BarClosed
from protocol.signals import SignalRaised
from protocol.units import NANOS_PER_S
from tests.actors.adapters.feeds.recordings import real
from tests.makers import at, make_bar

FIVE_MINUTES = 300 * NANOS_PER_S


def series(
    rows: Sequence[dict[str, Any]], start: str = "10:00", day: str = "2025-12-02"
) -> list[BarClosed]:
    """Return five-minute bars of `rows`: fields of a bar, what is missing is plain.

    Cumulative delta runs on from bar to bar; with `anew` it begins again at that bar.
    """
    bars: list[BarClosed] = []
    start_ns, cvd = at(start, day), 0
    for row in rows:
        fields = {"low": 20_000, "high": 20_002, "volume": 1_000, "delta": 0, **row}
        cvd = fields["delta"] + (0 if fields.pop("anew", False) else cvd)
        low, high = fields["low"], fields["high"]
        plain = {"close": low, "cvd": cvd, "start_ns": start_ns, "end_ns": start_ns + FIVE_MINUTES}
        levels = (1,) * (high - low + 1)
        bars.append(make_bar(sells=levels, buys=levels, **(plain | fields)))
        start_ns += FIVE_MINUTES
    return bars


def rows_of(bars_min: int = 0, bars_max: int = 60) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw the rows of a series that moves little and often returns to the same prices."""
    return st.lists(
        st.builds(
            _row,
            st.integers(20_000, 20_012), st.integers(0, 6), st.integers(0, 6),
            st.sampled_from([1, 90, 100, 110, 150, 300]), st.integers(-60, 60),
            st.integers(0, 6), st.sampled_from([False] * 19 + [True]),
        ),
        min_size=bars_min, max_size=bars_max,
    )  # fmt: skip


def _row(
    low: int, height: int, close: int, volume: int, delta: int, poc: int, anew: bool
) -> dict[str, Any]:
    high = low + height
    return {
        "low": low, "high": high, "close": min(low + close, high), "volume": volume,
        "delta": delta, "poc": min(low + poc, high), "anew": anew,
    }  # fmt: skip


@lru_cache(maxsize=1)
def real_trades() -> Trades:
    """Return the trades of two days of September 2013 with sides by the tick rule."""
    path = real("es-ticks-2013/tick_data.csv.gz")
    parts = list(CsvReader(path, "ES", Refusals(Path(tempfile.gettempdir()))).rows())
    ts, price, size = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ts", "ticks", "size")
    )
    none = np.zeros(len(ts), np.uint8)
    rows = Trades(ts, price.astype(np.int32), size.astype(np.int32), none, none, none)
    return SideInference(SideRule()).infer(rows)


@lru_cache(maxsize=1)
def real_bars() -> tuple[BarClosed, ...]:
    """Return the five-minute bars of `real_trades`; cumulative delta begins anew at 09:30."""
    trades = real_trades()
    slots = trades.ts_event // FIVE_MINUTES
    edges = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(slots)]
    bars, cvd, since = [], 0, 0
    for first, stop in pairwise(edges):
        start_ns = int(slots[first]) * FIVE_MINUTES
        if last_rth_open(start_ns) > since:
            cvd, since = 0, last_rth_open(start_ns)
        part = trades.slice(first, stop)
        low, high = int(part.price.min()), int(part.price.max())
        unknowns, buys, sells = (
            np.bincount((part.price - low)[part.aggressor == side],
                        part.size[part.aggressor == side], high - low + 1).astype(int).tolist()
            for side in range(3)
        )  # fmt: skip
        cvd += sum(buys) - sum(sells)
        bars.append(
            make_bar(
                low=low, sells=sells, buys=buys, unknowns=unknowns, trades=stop - first, cvd=cvd,
                open=int(part.price[0]), close=int(part.price[-1]), contract="ESU3",
                start_ns=start_ns, end_ns=start_ns + FIVE_MINUTES,
            )
        )  # fmt: skip
    return tuple(bars)


def fed(detector: Any, bars: Sequence[BarClosed]) -> list[SignalRaised]:
    """Return all signals of the bars."""
    return [signal for bar in bars for signal in detector.add(bar)]


def assert_state_follows_from_the_bars(
    make: Callable[[], Any], bars: Sequence[BarClosed], wanted_min: int
) -> None:
    """Show that a detector fed with a prefix continues as the one that saw all of it."""
    whole = [found for detector in [make()] for found in map(detector.add, bars)]
    signals = [signal for found in whole for signal in found]
    assert len(signals) >= wanted_min
    assert len({signal.id for signal in signals}) == len(signals)
    for split in np.random.default_rng(len(bars)).integers(0, len(bars), 5).tolist():
        warm = make()
        assert [warm.add(bar) for bar in bars[:split]] == whole[:split]
        assert [warm.add(bar) for bar in bars[split:]] == whole[split:]


def assert_refuses_what_does_not_follow(make: Callable[[], Any]) -> None:
    """Show that another contract, another series and an earlier bar are refused by name."""
    first, second = series([{}, {}])
    for wrong in (
        dict(contract="ESH6"), dict(series="time:60"), dict(end_ns=first.end_ns),
    ):  # fmt: skip
        detector = make()
        detector.add(first)
        fields = {"cvd": 0, "end_ns": second.end_ns, **wrong}
        try:
            detector.add(make_bar(**fields))
        except ValueError as error:
            assert "wanted" in str(error)
        else:
            raise AssertionError(f"a bar with {wrong} was taken")
