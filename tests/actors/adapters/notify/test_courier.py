"""The thread that carries notices: order, safety before sending, and every kind of answer."""

from threading import Event

import pytest

from actors.adapters.notify.courier import Courier
from actors.adapters.notify.port import FakeNotifier, Refused, RetryAfter, Sent, Unreachable
from actors.core.notices.delivery import Delivery, Pace
from actors.core.notices.notice import Notice, Severity
from actors.core.notices.outbox import Outbox

LIMIT_S = 10.0
PACE = Pace(per_minute=1000, backoff_s=0.01, backoff_max_s=0.02)
INFO, WARNING, CRITICAL = Severity


class Watched(FakeNotifier):
    """Says when the notice of a title arrived."""

    def __init__(self, *answers):
        super().__init__(answers)
        self.calls = []
        self.seen = {}

    def send(self, notices):
        self.calls.append([notice.title for notice in notices])
        answer = super().send(notices)
        for notice in self.told:
            self.event(notice.title).set()
        return answer

    def event(self, title):
        return self.seen.setdefault(title, Event())


def note(title, severity=INFO):
    return Notice(severity=severity, code="X", title=title, ts_ns=0)


@pytest.fixture
def carrying():
    couriers = []

    def make(*answers, pace=PACE):
        notifier = Watched(*answers)
        courier = Courier(Outbox(5), notifier, Delivery(pace), lambda: 0.0)
        couriers.append(courier)
        return courier, notifier

    yield make
    for courier in couriers:
        courier.stop()


def deliver(courier, *notices):
    """Put notices, as if they were written, and begin to send."""
    for notice in notices:
        courier.put(notice)
    courier.written(courier.take()[1])
    courier.start()


def test_what_was_written_is_sent_in_its_order(carrying):
    courier, notifier = carrying()
    deliver(courier, note("1"), note("2"), note("3"))
    assert notifier.event("3").wait(LIMIT_S)
    assert [notice.title for notice in notifier.told] == ["1", "2", "3"]


def test_what_is_not_written_is_not_sent(carrying):
    courier, notifier = carrying()
    courier.put(note("1"))
    courier.written(courier.take()[1])
    courier.put(note("2"))
    courier.start()
    assert notifier.event("1").wait(LIMIT_S)
    assert notifier.calls == [["1"]]
    courier.written(2)
    assert notifier.event("2").wait(LIMIT_S)


def test_what_was_taken_in_part_goes_on_behind_it(carrying):
    courier, notifier = carrying(Sent(1))
    deliver(courier, note("1"), note("2"))
    assert notifier.event("2").wait(LIMIT_S)
    assert notifier.calls == [["1", "2"], ["2"]]


@pytest.mark.parametrize("answer", [RetryAfter(0.01), Unreachable("answer 500")])
def test_what_did_not_arrive_is_sent_again(carrying, answer):
    courier, notifier = carrying(answer, answer)
    deliver(courier, note("1"))
    assert notifier.event("1").wait(LIMIT_S)
    assert notifier.calls == [["1"]] * 3


def test_a_service_that_asks_for_time_blocks_nobody_and_stopping_does_not_wait_for_it(carrying):
    courier, notifier = carrying(RetryAfter(3_000))
    deliver(courier, note("1"))
    while not courier.state.startswith("told to wait"):
        notifier.event("never").wait(0.005)
    courier.put(note("2", CRITICAL))
    courier.stop()
    assert [one.title for one in courier.outbox.notices.values()] == ["1", "2"]


def test_the_one_that_is_not_accepted_is_found_and_the_others_arrive(carrying):
    bad, alone = Refused(3, "400", gone=False), Refused(1, "400", gone=False)
    courier, notifier = carrying(bad, alone)
    deliver(courier, note("1", CRITICAL), note("2"), note("3"))
    assert notifier.event("3").wait(LIMIT_S)
    assert notifier.calls == [["1", "2", "3"], ["1"], ["2", "3"]]
    assert [notice.title for notice in courier.outbox.refused] == ["1"]
    assert courier.inspect()["refused"] == 1


def test_a_webhook_that_is_gone_is_left_alone_and_critical_notices_are_kept(carrying):
    courier, notifier = carrying(Refused(2, "404: deleted", gone=True))
    deliver(courier, note("1"), note("2", CRITICAL))
    courier._thread.join(LIMIT_S)
    courier.put(note("3"))
    courier.put(note("4", CRITICAL))
    courier.written(courier.take()[1])
    assert notifier.calls == [["1", "2"]]
    assert [one.title for one in courier.outbox.notices.values()] == ["2", "4"]
    assert courier.inspect()["state"] == "stopped: 404: deleted"


def test_no_more_messages_go_out_in_a_minute_than_allowed(carrying):
    courier, notifier = carrying(Sent(1), Sent(1), Sent(1), pace=Pace(
        per_minute=2, backoff_s=1.0, backoff_max_s=1.0,
    ))  # fmt: skip
    deliver(courier, note("1"), note("2"), note("3"))
    assert notifier.event("2").wait(LIMIT_S)
    courier.stop()
    assert len(notifier.calls) == 2
    assert [one.title for one in courier.outbox.notices.values()] == ["3"]
