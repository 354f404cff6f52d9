"""Days of the whole floor, simulated: the recap's totals against the broker's fills."""

from collections import Counter
from functools import cache

import pytest

from actors.adapters.books import MemoryBooks
from actors.adapters.feeds.simulated import SimulatedSession
from actors.adapters.feeds.tape import TapeRule, tape
from ops.recap.document import document
from ops.recap.page import page
from ops.recap.told import last_date, told_of
from ops.replay import local_floor
from protocol.orders import BracketDenied, Leg
from protocol.reports import OrderFilled
from protocol.signals import SignalApproved, SignalDropped, SignalRaised
from tests.ops.recap.days import around
from tests.simulation.floor import busy_settings

SIGN = {"long": 1, "short": -1}
ES_TICK_CENTS = 1_250


@cache
def played(seed, directory):
    settings = busy_settings()
    books = MemoryBooks()
    run = local_floor(settings, books, directory)
    rule = TapeRule.of(settings.feed, settings.bars)
    run.run(tape(SimulatedSession("ES", seed, 1_500), rule))
    books.commit()
    return books, document(told_of(books, last_date(books), "time:900"), around(far={}))


def flat_results(books):
    """Return net cents by bracket, of those whose fills came to nothing held."""
    held, cents = Counter(), Counter()
    for fill in books.entries("broker"):
        if isinstance(fill, OrderFilled):
            way = SIGN[fill.direction] * (1 if fill.leg is Leg.ENTRY else -1)
            held[fill.client_id] += way * fill.quantity
            cents[fill.client_id] -= way * fill.quantity * fill.price * ES_TICK_CENTS
            cents[fill.client_id] -= fill.commission_cents
    return [cents[id] for id in cents if held[id] == 0]


@pytest.mark.parametrize("seed", [3, 11])
def test_totals_are_those_of_the_fills_of_the_broker(seed, tmp_path):
    books, found = played(seed, str(tmp_path))
    nets, summary = flat_results(books), found["summary"]
    assert len(nets) > 3, "a day on which something was traded"
    assert summary["trades"] == len(nets)
    assert round(summary["net"] * 100) == sum(nets)
    assert summary["wins"] == sum(net > 0 for net in nets)
    assert summary["losses"] == sum(net < 0 for net in nets)
    raised = [m for m in books.entries("detector") if isinstance(m, SignalRaised)]
    answers = Counter(type(m) for m in books.entries("router"))
    denied = [m for m in books.entries("risk") if isinstance(m, BracketDenied)]
    assert summary["signals"] == len(raised)
    assert summary["approved"] == answers[SignalApproved]
    by = Counter(row["rejected_by"] for row in found["signals"])
    assert (by["router"], by["risk"]) == (answers[SignalDropped], len(denied))
    assert found["session"]["simulated"] and found["analytics"]["synthetic"]
    assert "SIMULATED" in page(found)
