"""A feed that falls silent in mid-day: no entry meanwhile, and the fence opens by itself."""

import dataclasses
from functools import cache

import pytest

from actors.core.columns import trades_of
from protocol.codec import decode, encode
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.market import Cut, FeedLost, FeedRestored, TradeBatch
from protocol.orders import BracketDenied, BracketSubmitted, DenyReason
from supervision.simulator import Faults
from tests.simulation.floor import Floor, busy_settings, frames

STORM = Faults(crash=0.01, loss=0.01, duplicate=0.02, delay=0.02, crashes_max=20)
FROM, TO = 106, 128  # Of the frames of the tape; trades go on, so that entries are wanted.


@cache
def interrupted() -> tuple[bytes, ...]:
    """Return the tape with what a feed would say that was lost and came back."""
    told = frames()
    (contract,) = {m.contract for m in map(decode, told) if isinstance(m, TradeBatch)}
    lost = FeedLost(contract=contract, reason="no trade for 15 s")
    back = FeedRestored(contract=contract)
    return (*told[:FROM], encode(lost), *told[FROM:TO], encode(back), *told[TO:])


def time_at(number: int) -> int:
    """Return the market's time at a frame of the tape."""
    before = [decode(frame) for frame in frames()[:number]]
    last = next(m for m in reversed(before) if isinstance(m, Cut | TradeBatch))
    return last.ts_ns if isinstance(last, Cut) else int(trades_of(last).ts_event[-1])


@pytest.fixture(scope="module")
def calm() -> Floor:
    floor = Floor(0, Faults(), None, interrupted())
    floor.run()
    return floor


def of(floor: Floor, stream: str, kind: type) -> list:
    return [message for message in floor.books.entries(stream) if isinstance(message, kind)]


def test_no_entry_is_sent_while_the_feed_is_silent_and_entries_go_on_after_it(calm):
    (closed,), (opened,) = of(calm, "desk", FenceClosed), of(calm, "desk", FenceOpened)
    assert closed.cause is opened.cause is FenceCause.SILENT_FEED
    # From the last cut before the loss to the first cut behind the return.
    assert closed.ts_ns <= time_at(FROM) < time_at(TO) <= opened.ts_ns
    sent = [order.ts_ns for order in of(calm, "desk", BracketSubmitted)]
    assert not [ts_ns for ts_ns in sent if time_at(FROM) < ts_ns < opened.ts_ns]
    assert [ts_ns for ts_ns in sent if ts_ns < closed.ts_ns]
    assert [ts_ns for ts_ns in sent if ts_ns > opened.ts_ns]
    reasons = {denied.reason for denied in of(calm, "risk", BracketDenied)}
    assert DenyReason.FENCED in reasons


def test_what_the_feed_said_is_in_the_books_of_broker_and_desk(calm):
    for stream in ("broker", "desk"):
        assert len(of(calm, stream, FeedLost)) == len(of(calm, stream, FeedRestored)) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_of_faults_leaves_no_trace_around_a_silent_feed(calm, seed):
    floor = Floor(seed, STORM, None, interrupted())
    floor.run()
    assert floor.digest == calm.digest, f"seed {seed}: another digest"


def test_a_feed_that_never_comes_back_is_never_traded_on_again():
    tape = tuple(f for f in interrupted() if not isinstance(decode(f), FeedRestored))
    floor = Floor(0, Faults(), dataclasses.replace(busy_settings()), tape)
    floor.run()
    assert of(floor, "desk", FenceOpened) == []
    assert max(order.ts_ns for order in of(floor, "desk", BracketSubmitted)) <= time_at(FROM)
