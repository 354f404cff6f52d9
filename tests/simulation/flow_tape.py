"""A morning with depth for the metrics: buyers press, then sellers do, and both sides go on."""

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache

from actors.adapters.feeds.port import Chunk
from actors.adapters.feeds.tape import TapeRule, tape
from protocol.market import Cut, DepthBatch, TradeBatch
from protocol.pattern_settings import FlowSettings
from protocol.settings import FeedSettings, Settings
from protocol.units import NANOS_PER_S
from tests.actors.core.flow.books import ASK, BID, make_depth
from tests.makers import at, make_trades

CONTRACTS = {"ES": "ESZ5", "GC": "GCZ5"}
PRICE = 27_000
OPEN, PRESS, TURN, END = (at(clock) for clock in ("09:30", "10:04", "10:05:30", "10:16"))
QUIET_S = 15  # Until somebody presses, there is a trade and a change in so many seconds.
Change = tuple[int, int, int, int]  # Time, side, price, size.
# Since when who presses: the sizes at the touch and the side that crosses the spread.
ACTS = ((OPEN, 50, 50, "BS"), (PRESS, 95, 5, "BB"), (TURN, 5, 95, "SS"))


def flow_settings(symbol: str = "ES", **flow: object) -> Settings:
    """Settings under which the metrics trade that morning, and nothing else does."""
    base = Settings()
    return dataclasses.replace(
        base,
        feed=FeedSettings(symbol=symbol),
        bars=dataclasses.replace(base.bars, series=("time:60",)),
        flow=FlowSettings(**({"enabled": True} | flow)),
        regime=dataclasses.replace(base.regime, bars_min=2, volume_ratio_min=0.0),
        router=dataclasses.replace(
            base.router,
            enabled=tuple(
                f"flow_{side}:{regime}"
                for side in ("buying", "selling")
                for regime in ("trending_up", "trending_down", "ranging", "volatile")
            ),
            confidence_min=0.0,
        ),
        risk=dataclasses.replace(base.risk, daily_loss_dollars=1_500.0),
    )


@cache
def morning() -> tuple[tuple[tuple[int, int, str, int], ...], tuple[Change, ...]]:
    """Return the trades, two a second once somebody presses, and the changes of the book."""
    trades, changes = [], []
    for second in range((END - OPEN) // NANOS_PER_S):
        now = OPEN + second * NANOS_PER_S
        if now < PRESS and second % QUIET_S:
            continue
        _, bid, ask, sides = max(act for act in ACTS if act[0] <= now)
        changes += [(now, BID, PRICE, bid + second % 2), (now, ASK, PRICE + 1, ask)]
        # The price stays: no stop or target is reached, and the regime has nothing to follow.
        rows = enumerate(sides, start=1)
        trades += [(now + n * NANOS_PER_S // 3, PRICE + n % 2, side, 3) for n, side in rows]
    return tuple(trades), tuple(changes)


def with_depth(
    messages: Iterator[TradeBatch | Cut], changes: Sequence[Change], contract: str, most: int
) -> Iterator[TradeBatch | Cut | DepthBatch]:
    """Yield `messages` with the changes in their time, at most `most` to a batch.

    What a slice brings is there before the next slice begins, as on a tape in order of time.
    """
    done = 0
    for message in messages:
        cut = isinstance(message, Cut)
        last_ns = message.ts_ns - 1 if cut else int.from_bytes(message.ts_event[-8:], "little")
        stop = next((n for n in range(done, len(changes)) if changes[n][0] > last_ns), len(changes))
        for start in range(done, stop, most):
            yield make_depth(changes[start : min(start + most, stop)], contract=contract)
        done = stop
        yield message


def flow_tape(
    settings: Settings, batch: int = 1_024, chunk: int = 2**62, depth: int = 1_024
) -> Iterator[TradeBatch | Cut | DepthBatch]:
    """Return the tape of the morning, its trades and changes cut into batches as said."""
    rows, changes = morning()
    contract = CONTRACTS[settings.feed.symbol]
    rule = dataclasses.replace(
        TapeRule.of(settings.feed, settings.bars, settings.flow), batch_trades_max=batch
    )
    whole = make_trades(rows)
    chunk = min(chunk, len(whole))
    source = [
        Chunk(whole.slice(start, min(start + chunk, len(whole))), contract, False)
        for start in range(0, len(whole), chunk)
    ]
    return with_depth(tape(source, rule), changes, contract, depth)
