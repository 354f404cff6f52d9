"""The table of contracts, the parsing of their names and the front month."""

import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.instruments import (
    INSTRUMENTS,
    MONTH_CODES,
    Contract,
    UnknownSymbol,
    front_month,
    instrument,
    parse_contract,
    roll_date,
    root_of,
)

NEAR = date(2025, 12, 1)
DATES = st.dates(date(2000, 1, 1), date(2099, 6, 30))


def test_the_twenty_contracts_of_the_specification_are_there():
    assert " ".join(INSTRUMENTS) == (
        "ES MES NQ MNQ YM MYM RTY M2K CL MCL NG GC MGC SI SIL PL HG 6E ZB ZN"
    )


@pytest.mark.parametrize(
    ("symbol", "cents"),
    [("ES", 1250), ("MES", 125), ("MYM", 50), ("GC", 1000), ("SIL", 500), ("HG", 1250),
     ("6E", 625), ("ZB", 3125), ("ZN", Fraction(3125, 2)), ("NG", 1000), ("PL", 500)],
)
def test_a_tick_is_worth_what_the_exchange_says(symbol, cents):
    found = instrument(symbol)
    assert Fraction(found.tick_cents_num, found.tick_cents_den) == cents


def test_a_tick_value_that_contradicts_multiplier_and_tick_is_refused():
    with pytest.raises(ValueError, match="ES: a tick of 1251/1 cents, wanted 1250"):
        dataclasses.replace(instrument("ES"), tick_cents_num=1251)


@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_every_tick_is_a_whole_number_of_billionths(symbol):
    found = instrument(symbol)
    assert found.tick_billionths == found.tick * 10**9
    assert Decimal(found.tick_size).quantize(found.tick) == found.tick


@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_the_stop_is_nearer_than_the_target_and_the_session_opens_before_it_closes(symbol):
    found = instrument(symbol)
    assert 0 < found.stop_ticks < found.target_ticks
    assert found.rth_open < found.rth_close
    assert found.commission_cents in (62, 225)
    assert set(found.months) <= set(MONTH_CODES)


def test_an_unknown_symbol_raises_and_names_the_known_ones():
    with pytest.raises(UnknownSymbol, match="'XX' is not known; wanted one of ES, MES, NQ"):
        instrument("XX")


@pytest.mark.parametrize(
    ("raw", "contract"),
    [
        ("ESZ5", Contract("ES", 2025, 12)),
        ("MESZ5", Contract("MES", 2025, 12)),
        ("MESZ25", Contract("MES", 2025, 12)),
        ("SILZ5", Contract("SIL", 2025, 12)),
        ("SIZ5", Contract("SI", 2025, 12)),
        ("6EH6", Contract("6E", 2026, 3)),
        ("M2KU24", Contract("M2K", 2024, 9)),
        ("ESH1", Contract("ES", 2021, 3)),
        ("ESH0", Contract("ES", 2030, 3)),  # 2020 and 2030 are equally near: the later.
        ("ESH99", Contract("ES", 1999, 3)),
    ],
)
def test_a_contract_is_its_longest_root_and_the_nearest_year(raw, contract):
    assert parse_contract(raw, NEAR) == contract


@pytest.mark.parametrize("raw", ["ESZ5-ESH6", "ES:Z5", "ESZ5-", "MES-MESZ5"])
def test_a_spread_is_refused(raw):
    with pytest.raises(UnknownSymbol, match="is a spread"):
        parse_contract(raw, NEAR)


@pytest.mark.parametrize(
    "raw", ["", "ES", "ESZ", "ESA5", "ESZ255", "XXZ5", "esz5", "ESZ5 ", "ESZ5\n", "ESZ٥"]
)
def test_what_is_no_contract_is_refused(raw):
    with pytest.raises(UnknownSymbol, match="is no contract"):
        parse_contract(raw, NEAR)


def test_the_front_month_changes_on_the_day_after_the_thursday_of_the_week_before_expiry():
    # Domain 0.1: third Friday of December 2025 is the 19th.
    assert front_month("ES", date(2025, 12, 11)) == "ESZ5"
    assert front_month("ES", date(2025, 12, 12)) == "ESH6"


@pytest.mark.parametrize(
    ("symbol", "day", "raw"),
    [
        ("ES", date(2013, 9, 3), "ESU3"),
        ("ES", date(2023, 12, 26), "ESH4"),
        ("CL", date(2026, 8, 17), "CLU6"),  # Volume moved on the 18th, measured in the field.
        ("CL", date(2026, 8, 18), "CLV6"),
        ("CL", date(2025, 12, 31), "CLG6"),
        ("GC", date(2013, 10, 7), "GCZ3"),  # October is listed but skipped.
        ("GC", date(2025, 11, 24), "GCZ5"),
        ("GC", date(2025, 11, 26), "GCG6"),
        ("ZN", date(2025, 11, 25), "ZNZ5"),
        ("ZN", date(2025, 11, 26), "ZNH6"),
        ("6E", date(2025, 12, 10), "6EZ5"),
        ("6E", date(2025, 12, 11), "6EH6"),
        ("NG", date(2025, 12, 30), "NGG6"),
    ],
)
def test_the_front_month_of_each_kind_of_product(symbol, day, raw):
    assert front_month(symbol, day) == raw


@given(st.sampled_from(sorted(INSTRUMENTS)), DATES)
def test_the_front_month_is_a_listed_month_not_yet_rolled_and_never_goes_back(symbol, day):
    today = parse_contract(front_month(symbol, day), day)
    tomorrow = parse_contract(front_month(symbol, day + timedelta(days=1)), day)
    assert MONTH_CODES[today.month - 1] in instrument(symbol).months
    assert day <= roll_date(today)
    assert today <= tomorrow
    assert (tomorrow != today) == (day == roll_date(today))


@given(st.sampled_from("GC MGC SI SIL PL HG ZB ZN".split()), DATES)
def test_a_deliverable_is_left_before_its_first_notice_day(symbol, day):
    contract = parse_contract(front_month(symbol, day), day)
    first_of_delivery = date(contract.year, contract.month, 1)
    assert (first_of_delivery - roll_date(contract)).days >= 4


@given(st.sampled_from(sorted(INSTRUMENTS)), DATES)
def test_a_raw_symbol_reads_back_as_its_contract(symbol, day):
    raw = front_month(symbol, day)
    assert root_of(raw) == symbol == root_of(symbol)
    assert parse_contract(raw, day).raw_symbol == raw
