"""What stands now, for programs."""

from typing import Any

from protocol.account import TradingHalted
from protocol.fence import FenceCause, FenceClosed, FenceOpened
from protocol.market import Cut, CutReason
from protocol.message import Message
from tests.makers import at, make_bar, make_closed, make_opened
from web.replica import Replica
from web.standing import positions_now, session_now

NOW = at("10:10")


def folded(*messages: Message) -> Replica:
    replica = Replica(250_000)
    for message in messages:
        replica.fold(message)
    return replica


def state(*messages: Message) -> str:
    return str(session_now(folded(*messages))["state"])


def test_the_state_is_what_stands_most_in_the_way() -> None:
    cut = Cut(number=1, ts_ns=NOW, reason=CutReason.BAR)  # type: ignore[arg-type]
    end = Cut(number=2, ts_ns=NOW, reason=CutReason.END)  # type: ignore[arg-type]
    halt = TradingHalted(ts_ns=NOW, reason="a limit", day_pnl_cents=-1, limit_cents=1)  # type: ignore
    fence = FenceClosed(ts_ns=NOW, cause=FenceCause.KILL, detail="by ann")  # type: ignore[arg-type]
    opened = FenceOpened(ts_ns=NOW, cause=FenceCause.KILL, detail="by ann")  # type: ignore[arg-type]
    assert state() == "waiting"
    assert state(cut) == "trading"
    assert state(cut, halt) == "halted"
    assert state(cut, halt, fence) == "fenced"
    assert state(cut, fence, opened) == "trading"
    assert state(cut, halt, fence, end) == "ended"
    told = session_now(folded(cut, halt, fence))
    assert (told["halted"], told["fence"]) == ("a limit", {"kill": "by ann"})


def test_a_position_is_marked_at_the_close_of_the_last_bar() -> None:
    opened = make_opened(quantity=2, entry_sum=40_001)
    (row,) = positions_now(folded(opened))["rows"]
    assert (row["mark"], row["unrealised_cents"]) == (None, None)
    (row,) = positions_now(folded(opened, make_bar(low=20_010)))["rows"]
    wanted: dict[str, Any] = {
        "entry": 5000.125, "entry_ticks": 20_000.5, "stop": 4996.0, "stop_ticks": 19_984,
        "mark": 5003.0, "unrealised_cents": 23 * 1_250, "since_ms": at("10:05:01") // 10**6,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    short = make_opened(direction="short", contract="MESZ5")
    (row,) = positions_now(folded(short, make_bar(low=20_010)))["rows"]
    assert row["unrealised_cents"] == -12 * 125


def test_what_was_closed_is_held_no_more_and_its_result_is_in_the_balance() -> None:
    told = positions_now(folded(make_opened(), make_closed()))
    assert (told["rows"], told["balance_cents"], told["day_pnl_cents"]) == ([], 279_550, 29_550)


def test_a_contract_that_nobody_knows_is_worth_nothing_that_could_be_told() -> None:
    (row,) = positions_now(folded(make_opened(contract="XYZ"), make_bar()))["rows"]
    assert (row["entry"], row["unrealised_cents"]) == (20_000.0, None)
