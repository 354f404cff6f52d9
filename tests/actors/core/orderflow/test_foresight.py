"""What may be built before its turn: as far as nothing comes between that changes a bar."""

import pytest

from actors.core.columns import batch_of
from actors.core.orderflow.contract_bars import ContractBars
from actors.core.orderflow.foresight import known_ahead
from protocol.market import BarWarm, Cut, CutReason, FeedLost, TradeBatch
from protocol.message import Message
from tests.actors.core.orderflow.bar_reference import bar_rule
from tests.makers import CONTRACT, at, make_bar, make_trades

TEN = at("10:00")


def fresh() -> ContractBars:
    return ContractBars((bar_rule("time:300"),), simulated=False)


def batch(*times: int, contract: str = CONTRACT, simulated: bool = False) -> TradeBatch:
    return batch_of(make_trades([(ts, 100, "B", 1) for ts in times]), contract, simulated)


def cut(ts_ns: int, reason: CutReason = CutReason.BAR) -> Cut:
    return Cut(number=1, ts_ns=ts_ns, reason=reason)


def times_known(messages: list[Message], bars: ContractBars) -> list[list[int]]:
    return [part.ts_event.tolist() for part in known_ahead(messages, bars)]


def test_of_a_tape_in_order_every_batch_is_known_whatever_cuts_come_between():
    lost = FeedLost(contract=CONTRACT, reason="silent")
    messages = [batch(TEN, TEN + 1), cut(TEN + 2), lost, batch(TEN + 2), cut(TEN + 5), batch()]
    # A batch without trades is one all the same: each is taken off in its turn.
    assert times_known(messages, fresh()) == [[TEN, TEN + 1], [TEN + 2], []]


def test_of_nothing_nothing_is_known():
    assert known_ahead([], fresh()) == []


@pytest.mark.parametrize(
    "between",
    [
        cut(TEN, CutReason.END),
        BarWarm(bar=make_bar()),
        batch(TEN, contract="ESH6"),
        batch(TEN, simulated=True),
        batch(contract="ESH6"),
    ],
)
def test_what_changes_the_bars_themselves_ends_what_is_known(between):
    assert times_known([batch(TEN), between, batch(TEN)], fresh()) == [[TEN]]
    assert times_known([between, batch(TEN)], fresh()) == []


def test_a_trade_of_the_instant_of_a_cut_is_known_and_one_from_before_it_is_not():
    before, after = batch(TEN - 9), batch(TEN + 9)
    in_time, late = batch(TEN), batch(TEN, TEN - 1)
    assert times_known([before, cut(TEN), in_time, after], fresh()) == [[TEN - 9], [TEN], [TEN + 9]]
    assert times_known([before, cut(TEN), late, after], fresh()) == [[TEN - 9]]


def test_a_cut_that_runs_backwards_opens_no_time_that_is_over():
    messages = [cut(TEN), cut(TEN - 5), batch(TEN - 1)]
    assert times_known(messages, fresh()) == []


def test_what_the_bars_have_reached_is_over_too():
    bars = fresh()
    bars.add(make_trades([(TEN, 100, "B", 1)]))
    assert times_known([batch(TEN)], bars) == [[TEN]]
    assert times_known([batch(TEN - 1)], bars) == []


def test_trades_that_run_backwards_are_known_where_no_cut_parts_them():
    assert times_known([batch(TEN), batch(TEN - 9)], fresh()) == [[TEN], [TEN - 9]]


def test_asking_changes_nothing():
    bars, messages = fresh(), [batch(TEN), cut(TEN + 1), batch(TEN + 1)]
    assert times_known(messages, bars) == times_known(messages, bars) == [[TEN], [TEN + 1]]
    assert bars.close_now(TEN + 2) == []
