"""The live feed beside the bare client: every trade of the gateway arrives with each of them."""

import time
from functools import partial

import pytest

from actors.adapters.apart import Died, apart
from actors.core.book.ten import TenBook
from actors.core.market.records import levels_of, runs_of
from ops.bench import market
from ops.bench.gateway import ID, TEN, TICK, TRADED, ten_levels, trades
from ops.bench.market import READERS, Watch

COUNT = 2_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_each_reader_gets_every_trade_of_the_gateway(read):
    # Who missed one would wait for it until the limit, and raise.
    assert market._measured(read, COUNT, 0).per_s > 0


@pytest.mark.parametrize("read", [market.book, market.no_book])
def test_with_and_without_the_book_every_trade_among_ten_levels_arrives(read):
    assert market._measured(read, COUNT, 0, TEN).per_s > 0


def test_of_ten_levels_every_record_is_sound_and_changes_little():
    (records,) = runs_of(ten_levels(COUNT).tobytes())
    book = TenBook()
    rows = levels_of(records, (ID,), TICK)
    assert rows is not None
    changes = book.apply(rows)
    assert (book.checks.malformed, book.checks.crossed) == (0, 0)
    assert book.checks.events == COUNT - COUNT // TRADED
    assert 1 < len(changes) / book.checks.events < 4


def test_paced_trades_tell_how_late_they_are_and_come_no_faster_than_they_are_sent():
    found = market._measured(market.callback, 500, 1_000)
    # Unpaced they come by the hundred thousand; how slow a busy machine is says nothing.
    assert 0 < found.per_s < 20_000
    assert 0 < found.p50_ms <= found.p99_ms


def test_a_reader_that_misses_a_trade_is_an_error_and_no_rate(monkeypatch):
    monkeypatch.setattr(market, "LIMIT_S", 0.5)

    def deaf(port, watch):
        watch.came(trades(COUNT - 1)["ts_event"], time.time_ns())
        while watch.waits():
            time.sleep(0.01)

    with pytest.raises(Died):
        apart(partial(market._arrivals, deaf, 0, COUNT, timed=False))


def test_the_rate_is_that_behind_the_first_arrival():
    watch = Watch(10, timed=True)
    watch.came(trades(4)["ts_event"], 2 * time.time_ns())
    watch.came(trades(6)["ts_event"], 2 * time.time_ns())
    assert not watch.waits()
    assert watch.arrivals().per_s == pytest.approx(6 / (watch._last_s - watch._first_s))
