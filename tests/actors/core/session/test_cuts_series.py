"""Cuts at the ends of bars of every kind, of several series, batches and contracts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.orderflow.contract_bars import ContractBars
from actors.core.session.cuts import Cuts
from protocol.market import BarClosed
from protocol.series import parse_series
from tests.actors.core.orderflow.bar_reference import bar_rule, parts_of, tapes
from tests.actors.core.session.cut_points import (
    BAR,
    HOURS,
    MANY,
    SESSION,
    STARTS,
    STEPS,
    at,
    cuts_of,
    many_cuts,
    traded,
)
from tests.makers import make_trades


def test_all_trades_of_the_nanosecond_that_ends_a_bar_come_before_its_cut():
    ten = at("10:00:00")
    trades = traded([ten, ten + 5, ten + 5, ten + 5, ten + 6])
    assert many_cuts("tick:2").add(trades) == [(4, ten + 6, BAR)]


def test_the_cut_of_a_bar_that_the_last_trade_ended_comes_with_the_next_trade():
    ten, found = at("10:00:00"), many_cuts("tick:2")
    assert found.add(traded([ten, ten + 5])) == []
    assert found.add(traded([ten + 5])) == []
    assert found.add(traded([ten + 9])) == [(0, ten + 6, BAR)]


def test_bars_of_several_series_that_end_together_make_one_cut():
    ten = at("10:00:00")
    trades = traded([ten, ten + 5, ten + 9])
    assert many_cuts("tick:2", "volume:2", "tick:1").add(trades) == [
        (1, ten + 1, BAR), (2, ten + 6, BAR)
    ]  # fmt: skip


def test_a_bar_that_a_trade_ends_just_before_a_boundary_is_cut_by_the_session():
    boundary = at("16:00:00")
    assert many_cuts("tick:1").add(traded([boundary - 1, boundary])) == [(1, boundary, SESSION)]


def test_a_range_bar_is_cut_behind_the_trade_that_did_not_fit():
    ten = at("10:00:00")
    rows = [(ten, 100, "B", 1), (ten + 3, 103, "B", 1), (ten + 9, 103, "B", 1)]
    assert many_cuts("range:2").add(make_trades(rows)) == [(2, ten + 4, BAR)]


def test_without_splitting_a_volume_bar_ends_elsewhere():
    ten = at("10:00:00")
    rows = [(ten + row, 100, "B", 7) for row in range(5)]
    series = (parse_series("volume:10"),)
    ends = [
        [ts - ten for _, ts, _ in Cuts(series, split, HOURS).add(make_trades(rows))]
        for split in (True, False)
    ]
    assert ends == [[2, 3], [2, 4]]


def test_another_contract_counts_anew():
    ten, found = at("10:01:00"), many_cuts("tick:3")
    found.add(traded([ten, ten + 1]))
    found.renew()
    assert found.add(traded([ten + 2, ten + 3, ten + 4])) == []
    assert found.add(traded([ten + 9])) == [(0, ten + 5, BAR)]


def test_the_open_bar_of_the_old_contract_is_cut_in_its_time():
    found = many_cuts("time:300", "tick:2")
    found.add(traded([at("10:01:00"), at("10:01:00")]))
    found.renew()
    assert found.add(traded([at("10:06:00")])) == [
        (0, at("10:01:00") + 1, BAR), (0, at("10:05:00"), BAR)
    ]  # fmt: skip


@pytest.mark.parametrize("instants", [(5, 4), (3,)])
def test_times_that_fall_are_refused(instants):
    found, ten = many_cuts("time:300"), at("10:00:00")
    found.add(traded([ten + 4]))
    with pytest.raises(ValueError, match="wanted times that never fall"):
        found.add(traded([ten + ts for ts in instants]))


@given(STARTS, STEPS, st.lists(st.integers(0, 26), max_size=5))
@settings(deadline=None)
def test_where_a_batch_is_cut_makes_no_difference_to_cuts_by_the_clock(start, steps, places):
    whole = traded(start + np.cumsum([0, *steps]) * 1_000_000)
    assert cuts_of(parts_of(whole, places), ("time:300",)) == cuts_of([whole], ("time:300",))


@given(tapes(falling=False), st.lists(st.integers(0, 60), max_size=6))
@settings(deadline=None)
def test_where_a_batch_is_cut_makes_no_difference(tape, places):
    assert cuts_of(parts_of(tape, places)) == cuts_of([tape])


@given(tapes(falling=False))
@settings(deadline=None)
def test_there_is_a_cut_at_the_end_of_every_bar_and_nowhere_else(tape):
    bars = ContractBars(tuple(bar_rule(name) for name in MANY), simulated=False)
    ends = {bar.end_ns for bar in bars.add(tape) if isinstance(bar, BarClosed)}
    points = cuts_of([tape])
    assert {ts for _, ts, reason in points if reason is BAR} <= ends
    assert ends <= {ts for _, ts, _ in points}
    ts_event = tape.ts_event.tolist()
    assert points == sorted(points, key=lambda point: point[:2])
    for index, ts, _ in points:
        assert all(before < ts for before in ts_event[:index])
        assert all(after >= ts for after in ts_event[index:])
