"""What every broker behind the port does: one suite, whoever fills the orders.

A venue joins by a class in a test module of its own that inherits `Conformance` and gives the
fixture `bench`: the broker, and a way to move its market. Prices are ticks of ES around 1000, times
milliseconds after 10:05; an event of the market carries as many contracts as may be filled by it.
"""

from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import pytest

from actors.adapters.brokers.port import BrokerEvent, BrokerPort
from protocol.orders import ExitReason, Leg, StopCause
from protocol.patterns import Direction
from protocol.reports import (
    AccountReported,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderModified,
    OrderRejected,
    OrderReported,
)
from tests.actors.core.orders.paper_market import account, cancel, limit, modify, ms, status
from tests.makers import CONTRACT, make_flatten, make_submitted

LONG, SHORT = Direction.LONG, Direction.SHORT


class Bench(Protocol):
    """A broker and its market."""

    venue: BrokerPort

    def market(self, *rows: tuple[int, int, int]) -> None:
        """Trade (milliseconds, price, contracts); time goes on and never back."""

    def wait(self, at_ms: int) -> None:
        """Let time pass without a trade."""

    def reconnect(self) -> None:
        """Lose the line, or the process, and come back; nothing at the venue is lost."""

    def events(self) -> list[BrokerEvent]:
        """Return what has arrived since the last call, once nothing more is on its way."""


def fills(events: list[BrokerEvent]) -> list[OrderFilled]:
    """Return the executions, each once."""
    found = {event.exec_id: event for event in events if isinstance(event, OrderFilled)}
    return list(found.values())


def one(events: list[BrokerEvent], kind: type) -> Any:
    """Return the only event of a kind."""
    (found,) = [event for event in events if type(event) is kind]
    return found


class Conformance:
    """The suite."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise NotImplementedError("a venue gives its own bench")

    @pytest.fixture
    def held(self, bench: Bench) -> Callable[..., list[BrokerEvent]]:
        """Return what makes a position: a bracket of 16 and 24 ticks entered at the market."""

        def hold(quantity: int = 1, **fields: Any) -> list[BrokerEvent]:
            bench.venue.submit(make_submitted(quantity=quantity, **fields))
            bench.market((100, 1000, quantity))
            return bench.events()

        return hold

    def asked(self, bench: Bench, at_ms: int, since_ms: int = 0) -> AccountReported:
        bench.venue.ask_account(account(since_ms, at_ms))
        return one(bench.events(), AccountReported)

    def works(self, bench: Bench, at_ms: int) -> list[tuple[str, str, int]]:
        found = self.asked(bench, at_ms)
        columns = (found.order_ids, found.order_legs, found.order_quantities)
        return sorted(zip(*columns, strict=True))

    # Entries.

    def test_a_bracket_is_accepted_then_filled_and_says_where_it_rests(self, bench, held):
        events = held()
        accepted, fill = one(events, OrderAccepted), one(events, OrderFilled)
        assert (accepted.client_id, accepted.leg, accepted.quantity) == ("client-1", Leg.ENTRY, 1)
        assert (fill.leg, fill.quantity, fill.left, fill.corrects) == (Leg.ENTRY, 1, 0, "")
        assert fill.price >= 1000
        assert (fill.stop_price, fill.target_price) == (fill.price - 16, fill.price + 24)
        assert fill.ts_ns >= accepted.ts_ns

    def test_a_short_rests_the_other_way_round(self, bench, held):
        fill = one(held(direction=SHORT), OrderFilled)
        assert fill.price <= 1000
        assert (fill.stop_price, fill.target_price) == (fill.price + 16, fill.price - 24)

    def test_a_bracket_that_comes_again_is_placed_once(self, bench, held):
        held()
        bench.venue.submit(make_submitted())
        bench.venue.submit(make_submitted(attempt=2, ts_ns=ms(200)))
        bench.market((300, 1000, 9))
        assert fills(bench.events()) == []
        assert self.asked(bench, 400).quantities == (1,)

    def test_a_bracket_that_makes_no_sense_is_rejected_and_holds_nothing(self, bench):
        bench.venue.submit(make_submitted(quantity=0))
        bench.market((100, 1000, 9))
        rejected = one(bench.events(), OrderRejected)
        assert (rejected.request_id, rejected.leg) == ("", Leg.ENTRY)
        assert rejected.reason
        assert self.works(bench, 200) == []

    def test_a_limit_entry_that_is_not_filled_in_time_expires(self, bench):
        bench.venue.submit(limit(900, expires_ns=ms(1_000)))
        bench.market((500, 1000, 9))
        bench.wait(1_001)
        events = bench.events()
        assert one(events, OrderExpired).left == 1
        assert fills(events) == []
        bench.market((2_000, 800, 9))
        assert fills(bench.events()) == []

    def test_a_limit_entry_is_filled_no_worse_than_its_price(self, bench):
        bench.venue.submit(limit(990))
        bench.market((100, 995, 9), (200, 989, 9))
        assert one(bench.events(), OrderFilled).price <= 990

    # Protection.

    def test_stop_and_target_rest_from_the_first_fill_on_for_all_that_is_held(self, bench):
        bench.venue.submit(make_submitted(quantity=3))
        bench.market((100, 1000, 1))
        held = sum(fill.quantity for fill in fills(bench.events()))
        rest = [work for work in self.works(bench, 110) if work[1] != "entry"]
        assert held >= 1
        assert rest == [("client-1", "stop", held), ("client-1", "target", held)]

    def test_stop_and_target_are_anchored_to_the_average_of_the_entry(self, bench):
        if not bench.venue.capabilities.partial_fills:
            pytest.skip("this venue fills whole")
        bench.venue.submit(make_submitted(quantity=3))
        bench.market((100, 1000, 1), (200, 1005, 2))
        entered = fills(bench.events())
        assert [fill.left for fill in entered] == [2, 0]
        total = sum(fill.price * fill.quantity for fill in entered)
        average = -(-total // 3)
        assert (entered[-1].stop_price, entered[-1].target_price) == (average - 16, average + 24)
        assert self.works(bench, 300) == [("client-1", "stop", 3), ("client-1", "target", 3)]

    @pytest.mark.parametrize(("price", "leg"), [(900, Leg.STOP), (1_100, Leg.TARGET)])
    def test_one_cancels_the_other(self, bench, held, price, leg):
        held()
        bench.market((200, price, 9))
        (left,) = fills(bench.events())
        assert (left.leg, left.left) == (leg, 0)
        assert self.works(bench, 300) == []
        bench.market((400, 2_000 - price, 9))
        assert fills(bench.events()) == []
        assert self.asked(bench, 500).contracts == ()

    def test_a_stop_fills_no_better_than_the_market_and_a_target_at_its_price(self, bench, held):
        target = one(held(), OrderFilled).target_price
        bench.market((200, 1_100, 9))
        assert fills(bench.events())[0].price == target
        bench.venue.submit(make_submitted(client_id="client-2", ts_ns=ms(300)))
        bench.market((400, 1000, 9), (500, 950, 9))
        assert fills(bench.events())[-1].price <= 950

    def test_break_even_moves_the_stop_if_the_venue_does_that(self, bench, held):
        if not bench.venue.capabilities.trails:
            pytest.skip("this venue moves no stop by itself")
        entry = one(held(breakeven_ticks=8, breakeven_offset_ticks=1), OrderFilled).price
        bench.market((200, entry + 8, 1))
        moved = one(bench.events(), OrderModified)
        assert (moved.price, moved.cause, moved.request_id) == (entry + 1, StopCause.BREAKEVEN, "")
        bench.market((300, entry + 1, 9))
        assert fills(bench.events())[0].leg is Leg.STOP

    # Requests.

    def test_the_rest_of_an_entry_is_given_up_and_what_was_filled_stays_protected(self, bench):
        if not bench.venue.capabilities.partial_fills:
            pytest.skip("this venue fills whole")
        bench.venue.submit(make_submitted(quantity=3))
        bench.market((100, 1000, 1))
        bench.venue.cancel(cancel(200))
        bench.wait(1_000)
        ended = one(bench.events(), OrderCancelled)
        assert (ended.request_id, ended.leg, ended.left) == ("cancel-1", Leg.ENTRY, 2)
        assert self.works(bench, 1_100) == [("client-1", "stop", 1), ("client-1", "target", 1)]

    def test_a_cancel_that_crosses_the_fill_is_refused_by_its_id(self, bench):
        bench.venue.submit(limit(1000))
        bench.wait(100)
        bench.venue.cancel(cancel(100))
        bench.market((101, 990, 9))
        bench.wait(1_000)
        events = bench.events()
        refused = one(events, OrderRejected)
        assert (refused.request_id, refused.client_id) == ("cancel-1", "client-1")
        assert "too late" in refused.reason
        assert len(fills(events)) == 1
        assert self.asked(bench, 1_100).quantities == (1,)

    def test_a_cancel_that_comes_again_ends_nothing_more(self, bench):
        bench.venue.submit(limit(900))
        bench.wait(100)
        bench.venue.cancel(cancel(100))
        bench.venue.cancel(cancel(100))
        bench.wait(1_000)
        assert one(bench.events(), OrderCancelled).left == 1

    @pytest.mark.parametrize(
        ("leg", "price", "reached"), [(Leg.STOP, 995, 994), (Leg.TARGET, 1_005, 1_006)]
    )
    def test_a_stop_or_a_target_is_moved_and_fills_where_it_rests(
        self, bench, held, leg, price, reached
    ):
        held()
        bench.venue.modify(modify(200, price, leg))
        bench.market((1_000, 1000, 1))
        moved = one(bench.events(), OrderModified)
        assert (moved.leg, moved.price, moved.request_id) == (leg, price, "modify-1")
        assert moved.cause is StopCause.AMENDED
        bench.market((1_100, reached, 9))
        assert fills(bench.events())[0].leg is leg

    def test_a_stop_on_the_wrong_side_of_the_market_is_refused_and_the_old_one_stays(
        self, bench, held
    ):
        held()
        bench.venue.modify(modify(200, 1_010))
        bench.market((1_000, 1000, 1))
        assert one(bench.events(), OrderRejected).request_id == "modify-1"
        bench.market((1_100, 980, 9))
        assert fills(bench.events())[0].leg is Leg.STOP

    def test_a_request_about_an_unknown_order_is_refused(self, bench):
        bench.venue.cancel(cancel(100, client_id="nobody"))
        bench.wait(1_000)
        refused = one(bench.events(), OrderRejected)
        assert (refused.client_id, refused.request_id) == ("nobody", "cancel-1")
        bench.venue.ask_status(status("nobody", 1_100))
        assert not one(bench.events(), OrderReported).known

    # Flattening.

    def test_a_flatten_leaves_everything_and_gives_up_what_works(self, bench, held):
        held(quantity=2)
        bench.venue.submit(limit(900, client_id="client-2", ts_ns=ms(150)))
        bench.venue.flatten(make_flatten(ts_ns=ms(200)))
        bench.market((1_000, 1000, 9), (1_100, 1000, 9))
        events = bench.events()
        (left,) = fills(events)
        assert (left.leg, left.client_id, left.quantity) == (Leg.FLATTEN, "client-1", 2)
        assert one(events, OrderCancelled).client_id == "client-2"
        assert self.works(bench, 1_200) == []
        assert self.asked(bench, 1_300).contracts == ()

    def test_a_flatten_that_is_repeated_flattens_once(self, bench, held):
        held()
        for attempt, at_ms in enumerate((200, 5_200, 10_200), 1):
            bench.venue.flatten(make_flatten(ts_ns=ms(at_ms), attempt=attempt))
        bench.market((11_000, 1000, 9), (11_100, 1000, 9))
        assert sum(fill.quantity for fill in fills(bench.events())) == 1
        bench.venue.flatten(make_flatten(ts_ns=ms(15_200), attempt=4))
        bench.market((16_000, 1000, 9))
        assert fills(bench.events()) == []

    def test_a_flatten_names_its_reason_where_it_is_accepted(self, bench, held):
        held()
        bench.venue.flatten(make_flatten(ts_ns=ms(200)))
        accepted = [e for e in bench.events() if isinstance(e, OrderAccepted)]
        assert [(a.leg, a.reason) for a in accepted] == [(Leg.FLATTEN, ExitReason.AUTO_FLATTEN)]

    # Questions.

    def test_the_status_of_an_order_repeats_its_events_under_their_ids(self, bench, held):
        said = held()
        bench.venue.ask_status(status(at_ms=200))
        *again, reported = bench.events()
        assert [event.exec_id for event in fills(again)] == [e.exec_id for e in fills(said)]
        assert (reported.known, reported.filled, reported.left, reported.held) == (True, 1, 0, 1)
        assert reported.request_id == "status-1"

    def test_the_account_says_what_is_held_signed_and_what_it_cost(self, bench, held):
        fill = one(held(quantity=2, direction=SHORT), OrderFilled)
        found = self.asked(bench, 200)
        assert (found.contracts, found.quantities) == ((CONTRACT,), (-2,))
        assert found.entry_sums == (2 * fill.price,)
        assert found.exec_ids == (fill.exec_id,)

    def test_executions_are_told_from_an_instant_on(self, bench, held):
        if not bench.venue.capabilities.executions_since:
            pytest.skip("this venue does not say")
        first = one(held(), OrderFilled)
        bench.market((200, 900, 9))
        (second,) = fills(bench.events())
        assert set(self.asked(bench, 300).exec_ids) == {first.exec_id, second.exec_id}
        assert self.asked(bench, 300, since_ms=150).exec_ids == (second.exec_id,)
        assert self.asked(bench, 300, since_ms=250).exec_ids == ()

    # The line.

    def test_after_a_reconnect_everything_stands_and_repeats_keep_their_ids(self, bench, held):
        said = fills(held(quantity=2))
        before = self.works(bench, 150)
        bench.reconnect()
        again = fills(bench.events())
        assert {fill.exec_id for fill in again} <= {fill.exec_id for fill in said}
        assert self.works(bench, 200) == before
        bench.venue.submit(make_submitted(quantity=2))
        bench.market((300, 900, 9))
        (left,) = fills(bench.events())
        assert (left.leg, left.quantity) == (Leg.STOP, 2)
        assert left.exec_id not in {fill.exec_id for fill in said}

    def test_all_that_was_bought_is_sold_and_no_execution_counts_twice(self, bench):
        told: list[BrokerEvent] = []
        numbers = count(1)
        for number in range(6):
            at_ms = 1_000 * next(numbers)
            side = SHORT if number % 2 else LONG
            fields = {"direction": side, "quantity": 1 + number % 3, "ts_ns": ms(at_ms)}
            bench.venue.submit(make_submitted(client_id=f"client-{number}", **fields))
            for step, price in enumerate((1000, 1003, 970, 1040)):
                bench.market((at_ms + 100 + 100 * step, price, 2))
            told += bench.events()
        bench.venue.flatten(make_flatten(ts_ns=ms(7_000)))
        bench.market((7_100, 1000, 9), (7_200, 1000, 9))
        told += bench.events()
        bought: dict[str, int] = {}
        for fill in fills(told):
            sign = 1 if fill.leg is Leg.ENTRY else -1
            bought[fill.client_id] = bought.get(fill.client_id, 0) + sign * fill.quantity
            assert fill.commission_cents == 62 * fill.quantity
        assert len(bought) == 6
        assert set(bought.values()) == {0}
        assert self.asked(bench, 8_000).contracts == ()
