"""From records to the trades of one contract: others counted, early ones kept, repeats dropped."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.market.intake import EARLY_MAX, Intake
from actors.core.market.months import Months
from actors.core.market.records import prints_of, runs_of
from actors.core.market.seam import Seam
from tests.venues.databento.records import ESH4, ESM4, NOBODY, START_NS, Sent, made, trade

QUARTER = 250_000_000


def intake(symbol: str = "ES", **others) -> Intake:
    return Intake(Months(symbol), Seam(), QUARTER, **others)


def add(one: Intake, sent: list[Sent]):
    (records,) = runs_of(b"".join(each.raw for each in sent))
    return one.add(prints_of(records))


def name(one: Intake) -> None:
    one.months.add(ESH4, "ES.FUT", "ESH4")
    one.months.add(ESM4, "ES.FUT", "ESM4")
    one.months.add(99, "ES.FUT", "ESH4-ESM4")


def test_trades_of_a_spread_and_of_another_month_are_counted_and_left_out():
    one = intake()
    name(one)
    sent = [*made(2), trade(START_NS, QUARTER, instrument_id=99),
            trade(START_NS, QUARTER, instrument_id=ESM4)]  # fmt: skip
    (fresh,) = add(one, sent)
    assert (fresh.contract, len(fresh.prints), one.others) == ("ESH4", 2, 2)


def test_trades_before_the_mapping_of_their_instrument_come_out_with_it_in_order():
    one = intake()
    assert add(one, made(3)) == add(one, made(2)) == []
    name(one)
    assert [len(fresh.prints) for fresh in one.named()] == [3, 2]
    assert one.named() == []


def test_of_trades_that_nobody_names_only_so_many_wait():
    one = intake()
    add(one, made(EARLY_MAX))
    add(one, made(1))
    assert one.dropped == 1


def test_a_position_keeps_its_contract_ours_beyond_the_roll():
    rolled = trade(1_710_000_000_000_000_000, QUARTER, instrument_id=ESM4)  # 9 March 2024.
    free, held = intake(), intake(held="ESH4")
    name(free)
    name(held)
    assert [fresh.contract for fresh in add(free, [rolled])] == ["ESM4"]
    assert (add(held, [rolled]), held.contract) == ([], "ESH4")


def test_a_trade_that_is_sent_again_from_the_day_before_does_not_decide_the_month():
    one = intake(on=date(2024, 3, 8))
    name(one)
    assert add(one, made(1)) == []
    assert (one.contract, one.others) == ("ESM4", 1)


def test_a_contract_once_chosen_stays_for_the_session():
    one = intake()
    name(one)
    add(one, made(1))
    later = trade(1_710_000_000_000_000_000, QUARTER)
    assert [fresh.contract for fresh in add(one, [later])] == ["ESH4"]


@pytest.mark.parametrize(("price", "off", "undefined"), [
    (4 * QUARTER, False, False), (4 * QUARTER + 1, True, False), (2**63 - 1, True, True),
])  # fmt: skip
def test_a_price_off_the_grid_or_undefined_is_marked(price, off, undefined):
    one = intake()
    name(one)
    (fresh,) = add(one, [trade(START_NS, price)])
    assert (fresh.off_grid.tolist(), fresh.undefined.tolist()) == ([off], [undefined])


def test_an_undefined_time_is_marked_and_decides_no_month():
    one = intake()
    name(one)
    (fresh,) = add(one, [trade(NOBODY, QUARTER, recv=1), trade(START_NS, QUARTER)])
    assert fresh.contract == "ESH4"
    assert fresh.undefined.tolist() == [True, False]


def test_a_trade_without_a_time_alone_decides_nothing():
    one = intake()
    name(one)
    assert add(one, [trade(NOBODY, QUARTER, recv=1)]) == []
    assert (one.contract, one.others) == ("", 1)


@given(st.lists(st.sampled_from((ESH4, ESM4, 99, 7)), max_size=30), st.integers(0, 30))
def test_whenever_the_mapping_comes_every_trade_of_ours_comes_out_once(ids, place):
    sent = [trade(START_NS + n, (n + 1) * QUARTER, instrument_id=id) for n, id in enumerate(ids)]
    one, found = intake(), []
    for number, each in enumerate(sent):
        if number == place:
            name(one)
            found += one.named()
        found += add(one, [each])
    if place >= len(sent):
        name(one)
        found += one.named()
    ticks = np.concatenate([fresh.ticks for fresh in found]) if found else np.empty(0)
    assert ticks.tolist() == [n + 1 for n, id in enumerate(ids) if id == ESH4]
