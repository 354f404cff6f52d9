"""What the bench feeds to the floor: a recording told again is the recording, but for its dates."""

import numpy as np

from actors.adapters.feeds.port import Chunk
from ops.bench.floor import WEEK_NS, Weekly
from tests.makers import make_trades


def make_chunk(*rows: tuple[int, int, str, int]) -> Chunk:
    return Chunk(make_trades(list(rows)), "ESU3", simulated=False)


def test_each_week_has_every_trade_of_the_recording_a_week_later():
    chunks = make_chunk((5, 100, "B", 1), (6, 101, "S", 2)), make_chunk((9, 99, "B", 3))
    weekly = Weekly(chunks, weeks=3)
    told = [chunk.trades for chunk in weekly]
    assert weekly.count == sum(map(len, told)) == 9
    later = np.concatenate([trades.ts_event for trades in told])
    assert later.tolist() == [week * WEEK_NS + ts for week in range(3) for ts in (5, 6, 9)]
    assert np.concatenate([trades.price for trades in told]).tolist() == [100, 101, 99] * 3


def test_a_recording_told_once_is_itself():
    (chunk,) = Weekly((make_chunk((5, 100, "B", 1)),), weeks=1)
    assert (chunk.contract, chunk.trades.ts_event.tolist()) == ("ESU3", [5])
