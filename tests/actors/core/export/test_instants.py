"""When messages happened."""

import pytest

from actors.core.columns import batch_of
from actors.core.export.instants import day_end_ns, instant_ns
from protocol.market import Cut, CutReason, DepthBatch, Settled
from tests.makers import at, make_trades


def test_a_batch_happened_with_its_first_row():
    rows = [(at("16:59"), 1, "B", 1), (at("17:01"), 1, "B", 1)]
    assert instant_ns(batch_of(make_trades(rows), "ESZ5", False)) == at("16:59")


def test_a_cut_has_its_own_instant_and_an_empty_batch_or_a_settlement_none():
    assert instant_ns(Cut(number=1, ts_ns=at("17:00"), reason=CutReason.BAR)) == at("17:00")
    assert instant_ns(batch_of(make_trades(), "ESZ5", False)) is None
    empty = DepthBatch(
        contract="ESZ5", simulated=False, ts_event=b"", side=b"", price=b"", size=b"", orders=b""
    )
    assert instant_ns(empty) is None
    assert instant_ns(Settled(number=1)) is None


@pytest.mark.parametrize(
    ("clock", "days"), [("16:59:59.999", 0), ("17:00", 1), ("17:00:00.001", 1)]
)
def test_a_day_ends_at_17_00(clock, days):
    assert day_end_ns(at(clock)) == at("17:00", f"2025-12-0{2 + days}")
