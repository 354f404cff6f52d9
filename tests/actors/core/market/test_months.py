"""Which instrument is ours: the front month, never a spread, never another under a position."""

from datetime import date

import pytest

from actors.core.market.months import Months, asked_symbol

XMAS = date(2023, 12, 26)


def parent() -> Months:
    months = Months("ES")
    for id, name in ((1, "ESH4"), (2, "ESM4"), (3, "ESH4-ESM4"), (4, "NQH4"), (5, "ESH4 C4800")):
        months.add(id, "ES.FUT", name)
    return months


def test_of_a_parent_the_front_month_is_ours_and_a_spread_is_none_of_the_months():
    months = parent()
    assert months.ids(months.contract(XMAS, "")) == (1,)
    assert months.spreads == 3
    assert months.knows(3) and not months.knows(6)


@pytest.mark.parametrize(("on", "wanted"), [
    (date(2024, 3, 7), "ESH4"), (date(2024, 3, 8), "ESM4"), (date(2024, 3, 9), "ESM4"),
])  # fmt: skip
def test_the_front_month_changes_on_the_day_after_the_roll(on, wanted):
    assert parent().contract(on, "") == wanted


def test_under_an_open_position_its_contract_stays_ours_beyond_the_roll():
    assert parent().contract(date(2024, 3, 8), "ESH4") == "ESH4"


def test_the_gateway_says_what_its_continuous_symbol_stands_for():
    months = Months("ES")
    months.add(2, "ES.v.0", "ESM4")
    assert months.contract(XMAS, "") == "ESM4"
    assert months.contract(XMAS, "ESH4") == "ESH4"


def test_a_contract_that_was_asked_for_by_name_is_never_another():
    months = Months("ESH4")
    months.add(1, "ESH4", "ESH4")
    assert months.contract(date(2024, 6, 1), "") == "ESH4"


def test_a_definition_that_is_no_future_takes_an_instrument_out():
    months = parent()
    months.define(1, "S")
    months.define(2, "F")
    assert (months.ids("ESH4"), months.ids("ESM4")) == ((), (2,))


def test_an_id_that_is_mapped_again_stands_for_its_new_name():
    months = parent()
    months.add(3, "ES.FUT", "ESU4")
    assert (months.ids("ESU4"), months.spreads) == ((3,), 2)


def test_a_position_in_the_micro_holds_the_month_of_the_full_contract():
    assert Months("ES").holder("MESH4") == "ESH4"
    assert Months("MES").holder("ESH4") == "MESH4"
    assert Months("ES").holder("") == ""


@pytest.mark.parametrize(("symbol", "symbology", "held", "wanted"), [
    ("ES", "parent", "", ("ES.FUT", "parent")),
    ("ES", "parent", "ESH4", ("ES.FUT", "parent")),
    ("ES", "continuous", "", ("ES.v.0", "continuous")),
    ("ES", "continuous", "ESH4", ("ESH4", "raw_symbol")),
    ("ESH4", "continuous", "", ("ESH4", "raw_symbol")),
])  # fmt: skip
def test_what_is_asked_for(symbol, symbology, held, wanted):
    assert asked_symbol(symbol, symbology, "v", held) == wanted
