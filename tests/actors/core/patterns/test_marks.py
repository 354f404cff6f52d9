"""Marks in order of price: which of them a bar looks at, domain 2.2 and 2.7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.patterns.marks import Mark, Marks, Waiting
from actors.core.patterns.unfinished import LIFE, finished_there, touched
from protocol.patterns import Pattern
from protocol.signals import ZoneState
from tests.actors.core.patterns.test_zones import following
from tests.makers import at, make_bar, make_signal

HIGH, LOW = Pattern.UNFINISHED_HIGH, Pattern.UNFINISHED_LOW


def mark(low, high):
    return Mark(make_signal(zone_low=low, zone_high=high), None)


def waiting(side, *zones):
    order = Waiting(side)
    for number, zone in enumerate(zones):
        order.add(mark(*zone), number)
    return order


@pytest.mark.parametrize(("price", "numbers"), [(99, []), (100, [1]), (104, [1]), (105, [1, 0])])
def test_a_high_reaches_the_marks_above_whose_bottom_it_touches(price, numbers):
    assert waiting(1, (105, 107), (100, 110)).reached(price) == numbers


@pytest.mark.parametrize(("price", "numbers"), [(111, []), (110, [1]), (108, [1]), (107, [1, 0])])
def test_a_low_reaches_the_marks_below_whose_top_it_touches(price, numbers):
    assert waiting(-1, (105, 107), (100, 110)).reached(price) == numbers


ZONES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 4)).map(lambda z: (z[0], z[0] + z[1])),
    max_size=12,
)


@given(ZONES, st.integers(-2, 26), st.data())
def test_what_is_reached_is_what_a_walk_over_all_finds(zones, price, data):
    gone = data.draw(st.sets(st.sampled_from(range(len(zones))))) if zones else set()
    above, below = waiting(1, *zones), waiting(-1, *zones)
    for number in gone:
        above.remove(mark(*zones[number]), number)
        below.remove(mark(*zones[number]), number)
    stand = [(number, zone) for number, zone in enumerate(zones) if number not in gone]
    assert sorted(above.reached(price)) == [number for number, (low, _) in stand if low <= price]
    assert sorted(below.reached(price)) == [number for number, (_, high) in stand if high >= price]


def test_a_bar_asks_only_about_the_marks_it_reaches_oldest_first():
    asked = []

    def back(level, bar):
        asked.append(level.signal.zone_low)
        return touched(level, bar)

    marks = Marks(LIFE, back, finished_there, {HIGH}, 50, False)
    first, second = following({}, {"low": 399, "sells": (5,) * 5, "buys": (5,) * 5})
    prices = (420, 402, 403, 390, 404)
    marks.place(
        [make_signal(id=str(p), pattern=HIGH, ref_price=p, zone_low=p, zone_high=p) for p in prices]
        + [make_signal(id="low", pattern=LOW, ref_price=395, zone_low=395, zone_high=395)],
        first,
    )
    changes = marks.meet(second)
    assert asked == [402, 403, 390]
    assert [(int(change.signal_id), change.state) for change in changes] == [
        (402, ZoneState.REVISITED), (402, ZoneState.REPAIRED),
        (403, ZoneState.REVISITED), (390, ZoneState.REPAIRED),
    ]  # fmt: skip
    assert [int(left.signal.zone_low) for left in marks.standing] == [420, 403, 404, 395]


def test_a_day_that_ends_without_marks_takes_none_of_the_next():
    marks = Marks(LIFE, touched, finished_there, {HIGH}, 50, False)
    bar = make_bar(start_ns=at("16:50"), end_ns=at("16:55"))
    level = make_signal(pattern=HIGH, ref_price=1, zone_low=1, zone_high=1)
    marks.place([level], bar)
    assert len(marks.clear(bar.end_ns)) == 1
    night = make_bar(start_ns=at("18:00"), end_ns=at("18:05"))
    marks.place([level], night)
    assert marks.roll(at("18:05")) == [] and len(marks.standing) == 1
    assert marks.roll(at("16:59:59.999", "2025-12-03")) == []
    (dropped,) = marks.roll(at("17:00", "2025-12-03"))
    assert (dropped.state, dropped.ts_ns) == (ZoneState.DROPPED, at("17:00", "2025-12-03"))
