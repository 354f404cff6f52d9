"""A day in the books: bars of two series, signals and what became of them, round trips."""

from pathlib import Path
from typing import Any

from actors.core.risk.ledger import bracket_id
from protocol.message import Message
from protocol.orders import BracketDenied, DenyReason, PositionChanged, StopCause
from protocol.patterns import Direction, Pattern
from protocol.signals import (
    ConditionJudged,
    DropReason,
    FlowRegime,
    MarketCondition,
    Regime,
    SignalDropped,
    TargetNoted,
)
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from tests.makers import (
    CONTRACT,
    at,
    make_approved,
    make_bar,
    make_bracket,
    make_closed,
    make_opened,
    make_regime,
    make_signal,
)
from tests.web.rooms import keep

MINUTE_NS = 60 * NANOS_PER_S
START_NS = at("10:00")
SIGNALS = 12


def end_ns(number: int) -> int:
    """Return when the five-minute bar of a number ends; the first is 1."""
    return START_NS + 5 * number * MINUTE_NS


def end_ms(number: int) -> int:
    """Return the same in milliseconds."""
    return end_ns(number) // NANOS_PER_MS


def make_condition(ts_ns: int, **fields: Any) -> ConditionJudged:
    """Return a balanced market with its VWAP bands from 19,994 to 20,006 ticks."""
    values: dict[str, Any] = {
        "contract": CONTRACT, "ts_ns": ts_ns, "condition": MarketCondition.BALANCE,
        "flow": FlowRegime.ROTATIONAL, "cvd": 0, "threshold": 50, "high": 20_002, "low": 20_000,
        "close": 20_001, "atr_milliticks": None, "vwap_bands": tuple(range(19_994, 20_008, 2)),
        "value_low": None, "value_high": None, "poc": None, "reason": "",
    }  # fmt: skip
    return ConditionJudged(**(values | fields))


def bars_of(count: int) -> list[Message]:
    """Return bars of five minutes, and between two of them bars of one minute."""
    bars: list[Message] = []
    for number in range(1, count + 1):
        for minute in range(1, 6):
            bars.append(make_bar(
                series="time:60", start_ns=end_ns(number - 1) + (minute - 1) * MINUTE_NS,
                end_ns=end_ns(number - 1) + minute * MINUTE_NS,
            ))  # fmt: skip
        bars.append(make_bar(
            start_ns=end_ns(number - 1), end_ns=end_ns(number), low=20_000 + number,
        ))  # fmt: skip
    return bars


def signal_of(number: int) -> Message:
    """Return a signal at the end of a bar; every third is an exhaustion."""
    pattern = Pattern.STACKED_BUY if number % 3 else Pattern.SELLING_EXHAUSTION
    return make_signal(id=f"signal-{number}", ts_ns=end_ns(number), pattern=pattern)


def answer_to(number: int) -> Message:
    """Return what the router said of a signal: four kinds in turn, the last is nothing."""
    told: dict[str, Any] = {"signal_id": f"signal-{number}", "ts_ns": end_ns(number)}
    told["pattern"] = signal_of(number).pattern  # type: ignore[attr-defined]
    if number % 4 == 0:
        return make_approved(**told)
    if number % 4 == 1:
        return TargetNoted(
            contract=CONTRACT, direction=Direction.LONG, price=20_000, regime=Regime.RANGING,
            regime_confidence_ppm=500_000, **told,
        )  # fmt: skip
    return SignalDropped(
        contract=CONTRACT, direction=Direction.LONG, regime=Regime.RANGING,
        regime_confidence_ppm=500_000, reason=DropReason.LOW_STRENGTH, detail="<b>0.1</b>", **told,
    )  # fmt: skip


def denied(number: int) -> BracketDenied:
    """Return the refusal of a signal by risk."""
    return BracketDenied(
        signal_id=f"signal-{number}", contract=CONTRACT, ts_ns=end_ns(number),
        direction=Direction.LONG, reason=DenyReason.HALTED, detail="halted",
    )  # fmt: skip


def trip(number: int, **fields: Any) -> list[Message]:
    """Return a position of signal `number` and its end five minutes later."""
    id = bracket_id(f"signal-{number}")
    opened = make_opened(bracket_id=id, ts_ns=end_ns(number))
    when = {"opened_ns": end_ns(number), "ts_ns": end_ns(number + 1)}
    closed = make_closed(bracket_id=id, **(when | fields))
    return [opened, closed]


def changed(number: int) -> PositionChanged:
    """Return a correction that opens a position again."""
    return PositionChanged(
        bracket_id=bracket_id(f"signal-{number}"), contract=CONTRACT, ts_ns=end_ns(number + 2),
        direction=Direction.LONG, quantity=1, entry_sum=20_000, stop_price=19_984,
        target_price=20_024, stop_cause=StopCause.ANCHORED, realised_cents=0, commission_cents=0,
        exec_id="",
    )  # type: ignore[arg-type]  # fmt: skip


def approved_bracket(number: int) -> Message:
    """Return the bracket of a signal."""
    id = f"signal-{number}"
    return make_bracket(bracket_id=bracket_id(id), signal_id=id, ts_ns=end_ns(number))


def keep_day(run_dir: Path) -> None:
    """Keep a whole day: signals 4 and 8 were traded, 12 was denied."""
    numbers = range(1, SIGNALS + 1)
    judged: list[Message] = []
    for number in numbers:
        judged += [make_regime(ts_ns=end_ns(number)), make_condition(end_ns(number))]
    keep(run_dir, {
        "bars": bars_of(SIGNALS),
        "regime": judged,
        "detector": [signal_of(number) for number in numbers],
        "router": [answer_to(number) for number in numbers],
        "risk": [approved_bracket(4), approved_bracket(8), denied(12)],
        "desk": [*trip(4), *trip(8, pnl_cents=-20_450, exit_sum=19_984)],
    })  # fmt: skip
