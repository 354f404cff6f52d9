"""What the desk is told of a preflight that says NO-GO."""

from ops.preflight.fence import orders_of
from protocol.fence import FenceCause


def one(code, verdict, found="bad"):
    return {"code": code, "verdict": verdict, "found": found}


def test_a_go_and_warnings_order_nothing():
    assert orders_of([], 7) == []
    assert orders_of([one("disk", "go"), one("bars", "warn"), one("clock", "warn")], 7) == []


def test_all_that_is_not_well_is_one_cause_in_words_and_the_clock_another():
    checks = [one("disk", "no_go", "3 MB"), one("clock", "no_go", "9000 ms by the kernel"),
              one("memory", "warn"), one("account", "no_go", "0.00 dollars")]  # fmt: skip
    orders = orders_of(checks, 7)
    assert [(order.cause, order.detail, order.ts_ns) for order in orders] == [
        (FenceCause.PREFLIGHT, "disk: 3 MB; account: 0.00 dollars", 7),
        (FenceCause.CLOCK_SKEW, "clock: 9000 ms by the kernel", 7),
    ]
