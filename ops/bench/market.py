"""The live feed beside the bare client: how many records a second, and how late a trade is.

Ours goes all the way: out of the process that has the connection, past the seam and the rules of
every feed, onto the tape and into the file from which readers have it. The client is measured in
both its forms with a callback that only counts. All read from one gateway on loopback
(`ops.bench.gateway`), each in a child of its own: the client costs 90 MB.
"""

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import numpy as np

from actors.adapters.apart import apart
from actors.core.columns import trades_of
from ops.bench.gateway import CONTRACT, TEN, TRADED
from ops.bench.row import Row
from protocol.codec import decode
from protocol.databento_settings import TradeSchema
from protocol.market import TradeBatch
from protocol.settings import Settings
from protocol.units import NANOS_PER_MS

KEY = "db-" + "b" * 29  # The gateway takes any.
LOOK_S = 0.005  # As the shell looks.
LIMIT_S = 120.0
TRADE = 0  # What a record of a trade is marked with.
RATES = (1_000, 100_000)
Depth = Literal["none", "ten"]
ROOT = Path(__file__).resolve().parents[2]


class Arrivals(NamedTuple):
    """What came of one connection."""

    per_s: float  # From the first arrival to the last.
    p50_ms: float  # From the gateway's socket to whoever asked; of paced trades alone.
    p99_ms: float


Reader = Callable[[int, "Watch"], None]  # Port of the gateway, and who counts.


def market_rows(*, quick: bool) -> Iterator[Row]:
    """Compare rate and lag of the live feed with those of the client alone."""
    count = 100_000 if quick else 1_000_000
    rates = [_measured(read, count, 0).per_s for read in READERS]
    yield Row(
        "live feed, socket to batch on file",
        f"{rates[0] / 1e6:.2f} M trades/s",
        f"a bare callback {rates[1] / 1e6:.2f} M (ratio {rates[0] / rates[1]:.1f}),"
        f" DatabentoLiveProtocol {rates[2] / 1e6:.2f} M (ratio {rates[0] / rates[2]:.1f})",
    )
    with_book, without = (_measured(read, count // 4, 0, TEN).per_s for read in (book, no_book))
    yield Row(
        "live feed of ten levels, socket to batch on file",
        f"{with_book * TRADED / 1e3:,.0f} thousand records/s",
        f"the same with its trades alone {without * TRADED / 1e3:,.0f} thousand"
        f" (ratio {with_book / without:.2f})",
    )
    for rate in RATES:
        seconds = 2 if quick else 10
        found = [_measured(read, rate * seconds, rate) for read in READERS]
        lags = [
            f"p50 {one.p50_ms:.2f} ms, p99 {one.p99_ms:.2f} ms of {one.per_s:,.0f}/s"
            for one in found
        ]
        yield Row(
            f"live feed, lag at {rate:,} trades/s",
            lags[0],
            f"a bare callback {lags[1]}; DatabentoLiveProtocol {lags[2]}",
        )


def _measured(read: Reader, count: int, rate: int, schema: str = "trades") -> Arrivals:
    server = subprocess.Popen(
        [sys.executable, "-m", "ops.bench.gateway", schema, str(count), str(rate)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    trades = count // TRADED if schema == TEN else count
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        return apart(partial(_arrivals, read, port, trades, timed=rate > 0))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def _arrivals(read: Reader, port: int, count: int, *, timed: bool) -> Arrivals:
    watch = Watch(count, timed=timed)
    read(port, watch)
    return watch.arrivals()


def ours(port: int, watch: "Watch", schema: TradeSchema = "trades", depth: Depth = "ten") -> None:
    """Read by the live feed, as its actor drives it."""
    from actors.adapters.feeds.databento import ChildConnection
    from actors.adapters.feeds.live import LiveFeed

    base = Settings()
    chosen = dataclasses.replace(
        base.databento, gateway="127.0.0.1", port=port, lag_max_s=0, beside=(), schema=schema
    )
    own = dataclasses.replace(base.feed, symbol=CONTRACT, depth=depth)
    settings = dataclasses.replace(base, databento=chosen, feed=own)
    with TemporaryDirectory(prefix="fw-bench-") as directory:
        feed = LiveFeed(settings, Path(directory), ChildConnection(), KEY, lambda: 0)
        told = feed.log.last
        while watch.waits():
            feed.at(time.monotonic_ns())
            now_ns = time.time_ns()
            for number in range(told + 1, feed.log.last + 1):
                message = decode(feed.log.get(number))
                if isinstance(message, TradeBatch):
                    watch.came(trades_of(message).ts_event, now_ns)
            told = feed.log.last
            time.sleep(LOOK_S)
        feed.close()


def book(port: int, watch: "Watch") -> None:
    """Read trades and ten levels by the live feed."""
    ours(port, watch, TEN)


def no_book(port: int, watch: "Watch") -> None:
    """Read the trades among ten levels by the live feed, and leave the levels out."""
    ours(port, watch, TEN, "none")


def callback(port: int, watch: "Watch") -> None:
    """Read by the client with a callback."""
    from ops.bench.client import by_callback

    by_callback(port, CONTRACT, KEY, watch.record, watch.waits)


def protocol(port: int, watch: "Watch") -> None:
    """Read by the client's protocol in a loop of our own."""
    from ops.bench.client import by_protocol

    by_protocol(port, CONTRACT, KEY, watch.record, watch.waits)


READERS: tuple[Reader, ...] = (ours, callback, protocol)


class Watch:
    """Counts trades as they arrive and, if they are timed, how late they are."""

    def __init__(self, count: int, *, timed: bool) -> None:
        self._missing, self._timed = count, timed
        self._until_s = time.monotonic() + LIMIT_S
        self._first = self._behind = 0  # Trades of the first arrival, and of all after it.
        self._first_s = self._last_s = 0.0
        self._lags: list[Any] = []

    def waits(self) -> bool:
        """Say whether trades are still missing; not for ever."""
        if time.monotonic() > self._until_s:
            raise TimeoutError(f"{self._missing} trades have not come within {LIMIT_S:g} s")
        return self._missing > 0

    def came(self, ts_event: Any, now_ns: int) -> None:
        """Note trades that are there at `now_ns`."""
        self._note(len(ts_event))
        if self._timed:
            self._lags.append(now_ns - ts_event)

    def record(self, record: Any) -> None:
        """Note one record of the client; only trades count."""
        if record.rtype == TRADE:
            self._note(1)
            if self._timed:
                self._lags.append(time.time_ns() - record.ts_event)

    def _note(self, count: int) -> None:
        self._last_s = time.perf_counter()
        self._missing -= count
        if self._first:
            self._behind += count
        else:
            self._first, self._first_s = count, self._last_s

    def arrivals(self) -> Arrivals:
        """Return what came of it."""
        p50 = p99 = 0.0
        if self._timed:
            lags = np.concatenate([np.atleast_1d(one) for one in self._lags]) / NANOS_PER_MS
            p50, p99 = (float(one) for one in np.percentile(lags, (50, 99)))
        return Arrivals(self._behind / max(self._last_s - self._first_s, 1e-9), p50, p99)
