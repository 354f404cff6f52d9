"""What actor and connection say to each other arrives as it was said, in pieces of any size."""

from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.feeds.databento_wire import (
    Ended,
    Frames,
    Plan,
    Received,
    Subscription,
    ended_frame,
    order_of,
    plan_of,
    records_frame,
)
from actors.core.market.ends import End, Fault

PLAN = Plan(
    3, "db-secret", "GLBX.MDP3", "", 13_000, 5, "none",
    (Subscription("trades", "ES.FUT", "parent", 7), Subscription("status", "ES", "parent", None)),
)  # fmt: skip


def test_an_order_is_one_line_and_comes_out_as_it_went_in():
    line = order_of(PLAN)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert plan_of(line) == PLAN
    assert plan_of(order_of(None)) is None


def test_a_plan_that_is_printed_shows_no_key():
    assert "db-secret" not in repr(PLAN)


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.integers(1, 30), min_size=1))
def test_frames_come_out_whole_however_they_are_cut(bodies, cuts):
    told = [Received(n, n * 7, body) for n, body in enumerate(bodies)]
    told.append(Ended(9, Fault(End.ERROR, 8, "ä|\n")))
    raw = b"".join(records_frame(f.session, f.at_ns, f.raw) for f in told[:-1])
    raw += ended_frame(9, told[-1].fault)
    frames, found, start, turn = Frames(), [], 0, 0
    while start < len(raw):
        step = cuts[turn % len(cuts)]
        found += frames.add(raw[start : start + step])
        start, turn = start + step, turn + 1
    assert found == told
