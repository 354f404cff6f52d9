"""Cuts that come because time passes: ends of slices, and what is due in a quiet market."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.orderflow.contract_bars import ContractBars
from actors.core.session.cuts import Cuts
from protocol.market import CutReason
from protocol.series import BarKind, Series
from protocol.units import NANOS_PER_S
from tests.actors.core.orderflow.bar_reference import bar_rule, parts_of, tapes
from tests.actors.core.session.cut_points import (
    BAR,
    FIVE_MINUTES,
    HOURS,
    MANY,
    SESSION,
    STARTS,
    STEPS,
    TIMER,
    at,
    clock,
    cuts_of,
    many_cuts,
    traded,
)

GRACE = NANOS_PER_S // 2

# Slices.


def sliced(step_s: int = 5) -> Cuts:
    return Cuts((Series(BarKind.TIME, FIVE_MINUTES),), True, HOURS, step_s * NANOS_PER_S)


def seen(points) -> list[tuple[int, str, CutReason]]:
    return [(index, clock(ts), reason) for index, ts, reason in points]


def test_a_slice_with_a_trade_ends_with_a_cut_and_an_empty_one_does_not():
    found = sliced().add(traded([at("10:00:01"), at("10:00:04.999"), at("10:00:21")]))
    assert seen(found) == [(2, "10:00:05", TIMER)]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [("10:00:04.999", []), ("10:00:05", [(1, "10:00:05", TIMER)]),
     ("10:00:10", [(1, "10:00:05", TIMER)])],
)  # fmt: skip
def test_the_cut_of_a_slice_comes_before_the_first_trade_at_its_end(second, wanted):
    assert seen(sliced().add(traded([at("10:00:00"), at(second)]))) == wanted


def test_where_a_slice_ends_with_a_bar_or_the_session_the_cut_is_theirs():
    found = sliced().add(traded([at("10:04:57"), at("10:05:03"), at("10:05:06")]))
    assert seen(found) == [(1, "10:05:00", BAR), (2, "10:05:05", TIMER)]
    assert seen(sliced().add(traded([at("15:59:58"), at("16:00:01")]))) == [
        (1, "16:00:00", SESSION)
    ]


def test_slices_lie_on_multiples_of_their_length_since_1970():
    start = at("10:00:00")
    first = (start // (7 * NANOS_PER_S) + 1) * 7 * NANOS_PER_S
    found = sliced(7).add(traded([start, start + 20 * NANOS_PER_S]))
    assert found == [(1, first, TIMER)]


def test_the_clock_brings_the_cut_of_a_quiet_slice_once():
    found = sliced()
    found.add(traded([at("10:00:01")]))
    assert found.due_cuts(at("10:00:05") + GRACE - 1, GRACE) == []
    assert found.due_cuts(at("10:00:05") + GRACE, GRACE) == [(at("10:00:05"), TIMER)]
    assert found.due_cuts(at("10:01:00"), GRACE) == []
    assert seen(found.add(traded([at("10:00:04"), at("10:00:06")]))) == []


def test_the_slice_of_the_old_contract_is_cut_in_its_time():
    found = sliced()
    found.add(traded([at("10:00:01")]))
    found.renew()
    assert seen(found.add(traded([at("10:00:07")]))) == [(0, "10:00:05", TIMER)]


def test_the_next_cut_is_that_of_the_open_bar_slice_or_boundary_whichever_is_first():
    assert sliced().next_ns(at("10:05:00")) is None  # Before any trade.
    found = sliced()
    found.add(traded([at("10:00:01")]))
    for until, wanted in (("10:00:04.999", None), ("10:00:05", "10:00:05"),
                          ("17:00:00", "10:00:05")):  # fmt: skip
        told = found.next_ns(at(until))
        assert (told and clock(told)) == wanted, until
    found.due_cuts(at("10:00:06"), 0)
    assert clock(found.next_ns(at("17:00:00"))) == "10:05:00"
    found.due_cuts(at("10:05:00"), 0)
    assert found.next_ns(at("10:10:00")) is None  # Without a trade no bar is open.
    assert clock(found.next_ns(at("16:30:00"))) == clock(found.due_cuts(at("16:30:00"), 0)[0][0])


def test_the_end_of_a_bar_that_a_trade_filled_is_the_next_cut():
    found, ten = many_cuts("tick:2"), at("10:01:00")
    found.add(traded([ten, ten + 7]))
    assert (found.next_ns(ten + 7), found.next_ns(ten + 8)) == (None, ten + 8)


@given(STARTS, STEPS, st.integers(0, 10**12), st.sampled_from([0, 5]))
@settings(deadline=None)
def test_the_next_cut_is_the_first_that_the_clock_would_bring_and_asking_changes_nothing(
    start, steps, later_ns, step_s
):
    whole = traded(start + np.cumsum([0, *steps]) * 1_000_000)
    until_ns = int(whole.ts_event[-1]) + later_ns
    found = Cuts((Series(BarKind.TIME, FIVE_MINUTES),), True, HOURS, step_s * NANOS_PER_S)
    found.add(whole)
    told = found.next_ns(until_ns)
    assert told == found.next_ns(until_ns)
    brought = found.due_cuts(until_ns, 0)
    assert told == (brought[0][0] if brought else None)


@given(STARTS, STEPS, st.lists(st.integers(0, 26), max_size=5), st.sampled_from([1, 5, 7]))
@settings(deadline=None)
def test_slices_add_their_cuts_to_the_others_however_batches_are_cut(start, steps, places, step_s):
    whole = traded(start + np.cumsum([0, *steps]) * 1_000_000)
    step, times = step_s * NANOS_PER_S, whole.ts_event.tolist()
    plain = {ts: reason for _, ts, reason in cuts_of([whole], ("time:300",))}
    ends = {(ts // step + 1) * step for ts in times}
    wanted = dict.fromkeys((end for end in ends if end <= times[-1]), TIMER) | plain
    points, done, found = [], 0, sliced(step_s)
    for part in parts_of(whole, places):
        points += [(done + index, ts, reason) for index, ts, reason in found.add(part)]
        done += len(part)
    assert {ts: reason for _, ts, reason in points} == wanted
    assert len(points) == len(wanted)
    for index, ts, _ in points:
        assert all(before < ts for before in times[:index])
        assert all(after >= ts for after in times[index:])


# What the clock brings in a quiet market.

SECOND = NANOS_PER_S


def test_before_the_first_trade_nothing_is_due():
    assert many_cuts(*MANY).due_cuts(at("23:00:00"), GRACE) == []


def test_a_quiet_bar_is_due_when_its_grace_is_over_and_not_before():
    found = many_cuts("time:300")
    found.add(traded([at("10:01:00")]))
    end = at("10:05:00")
    assert found.due_cuts(end + GRACE - 1, GRACE) == []
    assert found.due_cuts(end + GRACE, GRACE) == [(end, BAR)]
    assert found.due_cuts(end + 9 * SECOND, GRACE) == []
    # The trade that comes at last does not cut again.
    assert found.add(traded([at("10:06:00")])) == []


def test_a_bar_that_a_trade_ended_is_due_after_its_grace_too():
    found, ten = many_cuts("tick:1"), at("10:00:00")
    found.add(traded([ten]))
    assert found.due_cuts(ten + GRACE, GRACE) == []
    assert found.due_cuts(ten + GRACE + 1, GRACE) == [(ten + 1, BAR)]


def test_boundaries_are_due_in_a_quiet_market_for_a_flatten_does_not_wait_for_trades():
    found = many_cuts("range:99")
    found.add(traded([at("15:41:00")]))
    assert found.due_cuts(at("15:55:00") + GRACE, GRACE) == [
        (at("15:45:00"), SESSION), (at("15:55:00"), SESSION)
    ]  # fmt: skip
    assert found.due_cuts(at("16:30:00"), GRACE) == [(at("16:00:00"), SESSION)]


@pytest.mark.parametrize("together", [True, False])
def test_a_late_trade_after_a_due_cut_makes_no_cut_in_the_past(together):
    found = many_cuts("time:300", "tick:2")
    found.add(traded([at("10:01:00")]))
    found.due_cuts(at("10:06:00"), GRACE)
    # The tick bar of 10:01 is still open, and the late trade ends it; the time has passed.
    late, timely = at("10:04:00"), at("10:07:00")
    batches = [traded([late, timely])] if together else [traded([late]), traded([timely])]
    assert [found.add(batch) for batch in batches] == [[] for _ in batches]


@given(tapes(falling=False), st.integers(0, 2 * SECOND))
@settings(deadline=None, max_examples=50)
def test_cuts_brought_by_the_clock_change_no_bar_and_no_cut(tape, grace):
    rules = tuple(bar_rule(name) for name in MANY)
    plain, timed = (ContractBars(rules, simulated=False) for _ in range(2))
    wanted = plain.add(tape) + plain.close_now(2**62)
    found, messages, instants = many_cuts(*MANY), [], []
    for row in range(len(tape)):
        part = tape.slice(row, row + 1)
        for _, ts, reason in found.add(part):
            messages += timed.close_at(ts)
            instants.append((ts, reason))
        messages += timed.add(part)
        # The clock stands as far as the next trade allows: with the grace over, none is late.
        until = int(tape.ts_event[row + 1]) if row + 1 < len(tape) else int(part.ts_event[0])
        for ts, reason in found.due_cuts(until + grace, grace):
            messages += timed.close_at(ts)
            instants.append((ts, reason))
    assert messages + timed.close_now(2**62) == wanted
    assert instants == [(ts, reason) for _, ts, reason in cuts_of([tape])]
