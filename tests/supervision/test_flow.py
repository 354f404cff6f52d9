"""Numbered streams: each number once, in order, whatever the transport does."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.system import Subscribe, Tail
from supervision.flow import Inlet, MemoryWindow, Outlet, Taken


def make_outlet(count: int, keep_max: int | None = None) -> Outlet[str]:
    window: MemoryWindow[str] = MemoryWindow(keep_max)
    for number in range(1, count + 1):
        window.append(f"body {number}")
    return Outlet("bars", window)


def wish(
    after: int,
    room: int,
    *,
    rewind: bool = True,
    lazy: bool = False,
    unhurried: tuple[str, ...] = (),
) -> Subscribe:
    return Subscribe(
        reader="desk", stream="bars", after=after, room=room, rewind=rewind, lazy=lazy,
        unhurried=unhurried,
    )  # fmt: skip


def can_wait(outlet: Outlet[str], enough: int) -> bool:
    """Ask with the first word of a body as its kind."""
    return outlet.can_wait("desk", enough, lambda body: body.split()[0])


def sent(outlet: Outlet[str], most: int = 100) -> list[int]:
    return [seq for seq, _ in outlet.due("desk", most)]


def test_a_reader_with_no_room_is_sent_nothing():
    outlet = make_outlet(5)
    outlet.subscribe(wish(after=0, room=0))
    assert sent(outlet) == []


def test_a_reader_is_sent_what_it_has_room_for_and_no_number_twice():
    outlet = make_outlet(5)
    outlet.subscribe(wish(after=1, room=4))
    assert sent(outlet, most=2) == [2, 3]
    assert sent(outlet) == [4]
    assert sent(outlet) == []


def test_a_lazy_reader_can_wait_until_there_is_enough_that_it_has_room_for():
    outlet = make_outlet(5)
    outlet.subscribe(wish(after=0, room=4, lazy=True))
    assert can_wait(outlet, 5)
    assert not can_wait(outlet, 4)
    assert sent(outlet, most=1) == [1]
    assert can_wait(outlet, 4)


def test_a_reader_that_is_not_lazy_waits_only_for_nothing():
    outlet = make_outlet(5)
    outlet.subscribe(wish(after=0, room=4))
    assert not can_wait(outlet, 100)
    assert sent(outlet) == [1, 2, 3, 4]
    assert can_wait(outlet, 100)


def test_what_a_reader_does_not_hurry_for_waits_until_something_else_follows():
    outlet = make_outlet(0)
    outlet.subscribe(wish(after=0, room=9, unhurried=("echo", "mark")))
    for body, waits in (("echo 1", True), ("mark 2", True), ("order 3", False)):
        outlet.window.append(body)
        assert can_wait(outlet, 100) is waits
    assert sent(outlet) == [1, 2, 3]


def test_what_there_is_no_room_for_hurries_nobody():
    outlet = make_outlet(0)
    outlet.subscribe(wish(after=0, room=1, unhurried=("echo",)))
    outlet.window.append("echo 1")
    outlet.window.append("order 2")
    assert can_wait(outlet, 100)


def test_a_reader_that_stands_before_what_is_still_held_does_not_wait():
    outlet = make_outlet(9, keep_max=2)
    outlet.subscribe(wish(after=0, room=9, unhurried=("body",)))
    assert not can_wait(outlet, 100)


def test_more_room_without_rewind_does_not_send_again_what_is_on_its_way():
    outlet = make_outlet(5)
    outlet.subscribe(wish(after=0, room=3))
    assert sent(outlet) == [1, 2, 3]
    outlet.subscribe(wish(after=1, room=5, rewind=False))
    assert sent(outlet) == [4, 5]


def test_a_rewind_sends_again_from_the_number_asked_for():
    outlet = make_outlet(3)
    outlet.subscribe(wish(after=0, room=9))
    assert sent(outlet) == [1, 2, 3]
    outlet.subscribe(wish(after=1, room=9))
    assert sent(outlet) == [2, 3]


def test_a_number_that_could_not_be_sent_is_sent_next():
    outlet = make_outlet(3)
    outlet.subscribe(wish(after=0, room=9))
    for seq, _ in outlet.due("desk", 9):
        outlet.unsend("desk", seq)
        break
    assert sent(outlet) == [1, 2, 3]


def test_what_the_window_has_forgotten_is_told_and_not_sent():
    outlet = make_outlet(25, keep_max=10)
    tail = outlet.subscribe(wish(after=0, room=99))
    assert tail == Tail(stream="bars", first=outlet.window.first, last=25, keeper="")
    assert outlet.window.first > 1
    assert sent(outlet) == []
    assert Inlet("desk", "bars").lost(tail) == outlet.window.first - 1


def test_a_publisher_that_is_behind_its_reader_sends_nothing_until_it_has_caught_up():
    outlet = make_outlet(3)
    outlet.subscribe(wish(after=5, room=99))
    assert sent(outlet) == []
    for number in range(4, 8):
        outlet.window.append(f"body {number}")
    assert sent(outlet) == [6, 7]


def test_how_far_a_reader_is_behind_counts_what_it_has_not_taken():
    outlet = make_outlet(5)
    outlet.subscribe(wish(after=2, room=99))
    assert outlet.behind() == {"desk": 3}


def test_an_inlet_takes_each_number_once_and_in_order():
    inlet = Inlet("desk", "bars", after=3)
    seen = [inlet.take(seq) for seq in (3, 5, 4, 4, 5)]
    assert seen == [Taken.DUPLICATE, Taken.GAP, Taken.NEW, Taken.DUPLICATE, Taken.NEW]


def test_an_inlet_wants_room_when_half_of_it_is_used():
    inlet = Inlet("desk", "bars", room=4)
    inlet.wish(rewind=True)
    wants = []
    for seq in (1, 2, 3):
        inlet.take(seq)
        wants.append(inlet.wants_room())
    assert wants == [False, True, True]


@given(
    numbers=st.integers(0, 40),
    losses=st.lists(st.booleans(), max_size=200),
    keep=st.sampled_from([None, 60]),
)
def test_whatever_is_lost_on_the_way_every_number_arrives_once(numbers, losses, keep):
    outlet = make_outlet(numbers, keep)
    inlet = Inlet("desk", "bars", room=7)
    coins = iter(losses)
    arrived: list[int] = []
    rewind = True
    for _ in range(500):
        if not next(coins, False):
            outlet.subscribe(inlet.wish(rewind=rewind))
        rewind = False
        if "desk" not in outlet.cursors:
            rewind = True
            continue
        for seq, _ in list(outlet.due("desk", 3)):
            if next(coins, False):
                continue
            taken = inlet.take(seq)
            if taken is Taken.NEW:
                arrived.append(seq)
            rewind = rewind or taken is Taken.GAP
        if len(arrived) == numbers:
            break
        rewind = True  # An idle moment.
    assert arrived == list(range(1, numbers + 1))
