"""What the back-test is measured on, and how it is compared."""

from actors.core.session.calendar import day_of, trading_day
from ops.bench.backtest import Rival, Turns, regular_session
from tests.makers import at, make_trades


def trades_at(*times):
    return make_trades([(ts_ns, 100, "B", 1) for ts_ns in times])


def test_a_regular_session_is_that_of_the_last_date_from_its_open_to_before_its_close():
    last = trading_day(at("09:30"))
    eve = day_of(last.date).start_ns - 1
    inside = (last.rth_open_ns, last.rth_close_ns - 1)
    found = regular_session(trades_at(eve, last.rth_open_ns - 1, *inside, last.rth_close_ns))
    assert found.ts_event.tolist() == list(inside)


def test_a_recording_that_ends_before_the_open_has_no_regular_session():
    assert len(regular_session(trades_at(at("03:00"), at("09:29")))) == 0


def test_each_turn_is_compared_with_the_rival_of_the_same_minute():
    rivals = [Rival("slow", 10.0), Rival("slow", 20.0), Rival("slow", 5.0)]
    assert Turns([300.0, 200.0, 100.0], rivals).ratios == [10.0, 20.0, 30.0]
