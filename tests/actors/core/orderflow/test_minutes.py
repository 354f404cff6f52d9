"""Profiles and made-up trades of bars without trades. Domain 1.8 and 1.9."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.columns import Trades, batch_of
from actors.core.orderflow.minutes import (
    MinuteBar,
    bulk_buy_share,
    bulk_buy_shares,
    simulated_trades,
    uniform_profile,
)
from protocol.market import Aggressor, SideSource
from protocol.units import NANOS_PER_S
from tests.makers import at

MINUTE = 60 * NANOS_PER_S


def minute(prices: tuple[int, int, int, int], volume: int, **fields: int) -> MinuteBar:
    open, high, low, close = prices
    values = {"start_ns": at("10:00"), "open": open, "high": high, "low": low, "close": close}
    return MinuteBar(**(values | {"volume": volume} | fields))


def rows_of(trades: Trades) -> list[tuple[int, int, int]]:
    columns = (trades.price, trades.size, trades.aggressor)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@st.composite
def minutes(draw: st.DrawFn) -> MinuteBar:
    low = draw(st.integers(-30, 500))
    high = low + draw(st.integers(0, 30))
    prices = st.integers(low, high)
    return minute((draw(prices), high, low, draw(prices)), draw(st.integers(0, 200)))


BUY, SELL = Aggressor.BUY, Aggressor.SELL


def test_t1_8_the_rest_goes_to_the_levels_nearest_to_the_typical_price():
    """T1.8, prices in quarter points."""
    profile = uniform_profile([minute((401, 403, 400, 402), 10)])
    assert (profile.low, profile.volumes()) == (400, [2, 3, 3, 2])
    # R2 of the seeds invents sides from the colour of the bar; here nobody knows them.
    assert profile.unknowns == (2, 3, 3, 2)
    assert profile.resolution_s == 60


def test_of_levels_equally_near_the_lower_gets_the_rest():
    assert uniform_profile([minute((1, 2, 0, 1), 4)]).volumes() == [1, 2, 1]
    assert uniform_profile([minute((1, 2, 0, 1), 5)]).volumes() == [2, 2, 1]


def test_five_minute_bars_are_flagged_as_blurred():
    bars = [minute((5, 5, 5, 5), 4), minute((6, 7, 5, 6), 4, period_s=300)]
    assert uniform_profile(bars).resolution_s == 300


def test_no_bars_and_bars_without_volume_have_no_profile():
    assert uniform_profile([]).volume == 0
    assert uniform_profile([minute((5, 9, 5, 5), 0)]).volumes() == []


def test_a_bar_of_one_price_puts_all_there():
    assert uniform_profile([minute((5, 5, 5, 5), 7)]).volumes() == [7]


def test_a_share_of_buying_divides_the_levels_and_not_their_sum():
    profile = uniform_profile([minute((401, 403, 400, 402), 10)], [691_462])
    assert profile.volumes() == [2, 3, 3, 2]
    assert (profile.buys, profile.sells) == ((1, 2, 2, 2), (1, 1, 1, 0))
    assert sum(profile.unknowns) == 0


@pytest.mark.parametrize("share", [-1, 1_000_001])
def test_a_share_of_buying_beyond_the_whole_is_refused(share):
    with pytest.raises(ValueError, match="wanted 0 to 1000000"):
        uniform_profile([minute((5, 5, 5, 5), 7)], [share])


def test_as_many_shares_as_bars_are_wanted():
    with pytest.raises(ValueError, match="2 shares of buying for 1 bars"):
        uniform_profile([minute((5, 5, 5, 5), 7)], [None, None])


@given(st.lists(minutes(), max_size=4), st.none() | st.integers(0, 1_000_000))
def test_a_profile_of_bars_holds_their_volume_and_is_even(bars, share):
    profile = uniform_profile(bars, [share] * len(bars))
    assert profile.volume == sum(bar.volume for bar in bars)
    for bar in bars:
        volumes = uniform_profile([bar], [share]).volumes()
        assert not volumes or max(volumes) - min(volumes) <= 1
    wanted = sum((bar.volume * (share or 0) + 500_000) // 1_000_000 for bar in bars)
    assert sum(profile.buys) == wanted


def test_t1_8_the_share_of_buying_is_the_normal_distribution():
    """T1.8: a move of 1.0 at a deviation of 2.0."""
    assert round(bulk_buy_share(1.0, 2.0) / 1e6, 4) == 0.6915
    assert bulk_buy_share(0.0, 2.0) == 500_000
    assert bulk_buy_share(-1.0, 2.0) == 1_000_000 - bulk_buy_share(1.0, 2.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_deviation_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="wanted a finite number above 0"):
        bulk_buy_share(1.0, bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_move_that_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="wanted a finite number"):
        bulk_buy_share(bad, 1.0)


def test_a_single_bar_and_bars_that_moved_alike_have_no_estimate():
    alike = [minute((5, 7, 5, 7), 1)] * 3
    assert bulk_buy_shares(alike) == [None, None, None]
    assert bulk_buy_shares([]) == []


def test_the_deviation_is_that_of_the_last_twenty_bars():
    wild = [minute((0, 900, 0, 900), 1)]
    calm = [minute((5, 6, 5, 6), 1), minute((6, 6, 5, 5), 1)] * 10
    shares = bulk_buy_shares(wild + calm)
    assert shares[-1] == bulk_buy_shares(calm)[-1]
    assert shares[-2] != bulk_buy_shares(calm)[-2]  # There the wild bar is still among the twenty.
    moves = [1, -1] * 10
    assert shares[-1] == bulk_buy_share(-1, float(np.std(moves, ddof=1)))


def test_t1_9_a_rising_bar_walks_over_its_low_to_its_high():
    """T1.9, prices in quarter points."""
    trades = simulated_trades(minute((400, 402, 399, 401), 20))
    assert rows_of(trades) == [
        (400, 4, BUY), (399, 4, SELL), (400, 2, BUY), (401, 2, BUY), (402, 4, BUY), (401, 4, SELL)
    ]  # fmt: skip
    assert (trades.ts_event - at("10:00")).tolist() == [s * NANOS_PER_S for s in range(5, 60, 10)]
    assert set(trades.source.tolist()) == {SideSource.TICKRULE}


def test_a_falling_bar_walks_over_its_high_and_begins_with_a_sale():
    trades = simulated_trades(minute((401, 402, 399, 400), 20))
    assert trades.price.tolist() == [401, 402, 401, 400, 399, 400]
    assert trades.aggressor.tolist() == [SELL, BUY, SELL, SELL, SELL, BUY]


def test_a_bar_that_ends_where_it_began_walks_over_its_low_first():
    trades = simulated_trades(minute((400, 401, 399, 400), 20))
    assert trades.price.tolist() == [400, 399, 400, 401, 400]
    assert trades.aggressor.tolist() == [BUY, SELL, BUY, BUY, SELL]


def test_a_bar_of_one_price_is_one_trade():
    assert rows_of(simulated_trades(minute((400, 400, 400, 400), 9))) == [(400, 9, BUY)]


def test_a_bar_without_volume_has_no_trades():
    trades = simulated_trades(minute((400, 402, 399, 401), 0))
    assert len(trades) == 0
    assert len(batch_of(trades, "ESZ5", True)) == 0


@pytest.mark.parametrize(
    ("volume", "prices"),
    [
        (1, [400]),
        (3, [400, 399, 402]),
        (4, [400, 399, 402, 401]),
        (5, [400, 399, 401, 402, 401]),
        (6, [400, 399, 400, 401, 402, 401]),
    ],
)
def test_a_volume_below_the_path_keeps_the_turning_points_first(volume, prices):
    trades = simulated_trades(minute((400, 402, 399, 401), volume))
    assert (trades.price.tolist(), trades.size.tolist()) == (prices, [1] * volume)


def test_the_points_kept_between_the_turning_points_lie_evenly():
    trades = simulated_trades(minute((400, 410, 400, 410), 5))
    assert trades.price.tolist() == [400, 402, 405, 408, 410]


@given(minutes())
def test_the_made_up_trades_keep_every_promise(bar):
    trades = simulated_trades(bar)
    prices = trades.price.tolist()
    assert trades.size.sum() == bar.volume
    assert np.all(trades.size >= 1)
    assert np.all(np.diff(trades.ts_event) > 0)
    if bar.volume >= 4:  # As many as there are turning points at the most.
        assert (prices[0], prices[-1]) == (bar.open, bar.close)
        assert (max(prices), min(prices)) == (bar.high, bar.low)
    if prices:
        assert bar.start_ns < trades.ts_event[0]
        assert trades.ts_event[-1] < bar.start_ns + MINUTE
        sides = [BUY if bar.close >= bar.open else SELL]
        for before, now in zip(prices, prices[1:], strict=False):
            assert now != before
            sides.append(BUY if now > before else SELL)
        assert trades.aggressor.tolist() == sides
    again = simulated_trades(bar)
    assert rows_of(again) == rows_of(trades)
    assert again.ts_event.tolist() == trades.ts_event.tolist()


@given(minutes())
def test_the_sizes_are_largest_remainders_of_the_weights(bar):
    trades = simulated_trades(bar)
    full = simulated_trades(minute((bar.open, bar.high, bar.low, bar.close), 1_000_000))
    path = full.price.tolist()
    if bar.volume < len(path):
        return
    weights = [round(3 * size / full.size.max()) for size in full.size.tolist()]
    shares = [bar.volume * weight / sum(weights) for weight in weights]
    order = sorted(range(len(path)), key=lambda i: (-(bar.volume * weights[i] % sum(weights)), i))
    sizes = [int(share + 1e-9) for share in shares]
    for index in order[: bar.volume - sum(sizes)]:
        sizes[index] += 1
    wanted = [(price, size) for price, size in zip(path, sizes, strict=True) if size]
    assert [(price, size) for price, size, _ in rows_of(trades)] == wanted


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prices": (403, 402, 399, 401), "volume": 1}, "wanted open and close within"),
        ({"prices": (400, 402, 399, 398), "volume": 1}, "wanted open and close within"),
        ({"prices": (400, 399, 402, 401), "volume": 1}, "wanted open and close within"),
        ({"prices": (400, 402, 399, 401), "volume": -1}, "-1 contracts"),
        ({"prices": (400, 402, 399, 401), "volume": 2**31}, "wanted 0 to 2147483647"),
        ({"prices": (0, 1_000_000, 0, 0), "volume": 1}, "wanted at most 1000000 levels"),
        ({"prices": (0, 0, 0, 0), "volume": 1, "period_s": 0}, "wanted at least 1"),
    ],
)
def test_a_bar_that_cannot_be_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        minute(**fields)
